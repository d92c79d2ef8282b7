from django.urls import path

from traitdunion.portal import urls_frame
from traitdunion.portal.views import dyads, open_data, public

app_name = "portal"
urlpatterns = [
    # Everyone, without signing in
    path("", public.public_plan, name="public_plan"),
    path("plan.pdf", public.public_plan_pdf, name="public_plan_pdf"),
    path("preuve/<uuid:public_id>/", public.public_evidence, name="public_evidence"),
    path("chiffre/<slug:key>/", public.public_figure, name="public_figure"),
    path("verifier-un-bilan/", public.proof_keys, name="proof_keys"),
    path("verifier-un-bilan/cles.json", public.proof_keys_file, name="proof_keys_file"),
    path("accessibilite/", public.accessibility, name="accessibility"),
    *urls_frame.urlpatterns,
    path("donnees-personnelles/", public.privacy, name="privacy"),
    path("donnees-ouvertes/", open_data.tables, name="open_data"),
    path("donnees-ouvertes/datapackage.json", open_data.package, name="open_data_package"),
    path("donnees-ouvertes/<slug:name>.csv", open_data.table_csv, name="open_data_csv"),
    path("donnees-ouvertes/<slug:name>.schema.json", open_data.table_schema, name="open_data_schema"),
    # Under a mandate
    path("accueil/", dyads.home, name="home"),
    path("departements/", dyads.departement_list, name="departement_list"),
    path("departements/<str:code>/", dyads.dyad, name="dyad"),
    path("departements/<str:code>/guide-de-restitution.pdf", dyads.restitution, name="restitution"),
    path("recherche/", dyads.find, name="search"),
]
