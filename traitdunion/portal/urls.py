from django.urls import path

from traitdunion.portal import views, views_open_data

app_name = "portal"
urlpatterns = [
    # Everyone, without signing in
    path("", views.public_plan, name="public_plan"),
    path("plan.pdf", views.public_plan_pdf, name="public_plan_pdf"),
    path("preuve/<uuid:public_id>/", views.public_evidence, name="public_evidence"),
    path("chiffre/<slug:key>/", views.public_figure, name="public_figure"),
    path("accessibilite/", views.accessibility, name="accessibility"),
    path("mentions-legales/", views.legal_notice, name="legal_notice"),
    path("donnees-personnelles/", views.privacy, name="privacy"),
    path("donnees-ouvertes/", views_open_data.tables, name="open_data"),
    path("donnees-ouvertes/datapackage.json", views_open_data.package, name="open_data_package"),
    path("donnees-ouvertes/<slug:name>.csv", views_open_data.table_csv, name="open_data_csv"),
    path("donnees-ouvertes/<slug:name>.schema.json", views_open_data.table_schema, name="open_data_schema"),
    # Under a mandate
    path("accueil/", views.home, name="home"),
    path("departements/", views.departement_list, name="departement_list"),
    path("departements/<str:code>/", views.dyad, name="dyad"),
    path("departements/<str:code>/guide-de-restitution.pdf", views.restitution, name="restitution"),
    path("recherche/", views.find, name="search"),
]
