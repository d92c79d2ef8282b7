"""Addresses of the pistes d’amélioration."""

from django.urls import URLPattern, path

from traitdunion.barometer.views import pistes

patterns: list[URLPattern] = [
    path("pistes/", pistes.piste_counts, name="piste_counts"),
    path("pistes/<uuid:public_id>/", pistes.piste_detail, name="piste_detail"),
    path("pistes/<uuid:public_id>/retenir/", pistes.piste_keep, name="piste_keep"),
    path("pistes/<uuid:public_id>/ecarter/", pistes.piste_leave, name="piste_leave"),
    path("propositions/<uuid:public_id>/confirmer/", pistes.proposal_confirm, name="proposal_confirm"),
    path("propositions/<uuid:public_id>/refuser/", pistes.proposal_decline, name="proposal_decline"),
    path("propositions/<uuid:public_id>/retirer/", pistes.proposal_withdraw, name="proposal_withdraw"),
    path("departements/<str:code>/pistes/", pistes.piste_list, name="piste_list"),
]
