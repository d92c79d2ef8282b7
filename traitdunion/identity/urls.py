from django.urls import path

from traitdunion.identity import views

app_name = "identity"
urlpatterns = [
    # Come in, choose in what capacity, leave
    path("connexion/", views.sign_in, name="sign_in"),
    path("connexion/fournisseur/", views.OIDCRequest.as_view(), name="oidc_request"),
    path("connexion/retour/", views.OIDCCallback.as_view(), name="oidc_callback"),
    path("mandat/", views.mandate_choice, name="mandate_choice"),
    path("mandat/choisir/", views.mandate_select, name="mandate_select"),
    path("deconnexion/", views.sign_out, name="sign_out"),
    path("deconnexion/faite/", views.signed_out, name="signed_out"),
    # Everyone who works here
    path("postes-vacants/", views.vacancy_list, name="vacancy_list"),
    # Administrators
    path("administration/", views.administration, name="administration"),
    path("administration/organisations/", views.organisation_list, name="organisation_list"),
    path("administration/organisations/nouvelle/", views.organisation_open, name="organisation_open"),
    path(
        "administration/organisations/<uuid:public_id>/",
        views.organisation_detail,
        name="organisation_detail",
    ),
    path("administration/organisations/<uuid:public_id>/poste/", views.post_open, name="post_open"),
    path("administration/personnes/", views.person_list, name="person_list"),
    path("administration/personnes/nouvelle/", views.person_register, name="person_register"),
    path("administration/personnes/<uuid:public_id>/", views.person_detail, name="person_detail"),
    path("administration/personnes/<uuid:public_id>/acces/", views.person_access, name="person_access"),
    path("administration/personnes/<uuid:public_id>/mandat/", views.mandate_grant, name="mandate_grant"),
    path("administration/mandats/<uuid:public_id>/fin/", views.mandate_end, name="mandate_end"),
    path("administration/delegations/", views.delegation_list, name="delegation_list"),
    path("administration/delegations/nouvelle/", views.delegation_give, name="delegation_give"),
    path("administration/delegations/<uuid:public_id>/fin/", views.delegation_end, name="delegation_end"),
]
