from django.urls import path

from traitdunion.register import views

app_name = "register"
urlpatterns = [
    # Everyone, without signing in
    path("", views.about, name="about"),
    path("accessibilite/", views.accessibility, name="accessibility"),
    # Under a mandate
    path("accueil/", views.home, name="home"),
    path("echeancier/", views.schedule, name="schedule"),
    path("recherche/", views.search, name="search"),
    path("dossiers/ouvrir/", views.dossier_open, name="dossier_open"),
    path("dossiers/<uuid:public_id>/", views.dossier_detail, name="dossier_detail"),
    path("dossiers/<uuid:public_id>/identite/", views.identity_correct, name="identity_correct"),
    path("dossiers/<uuid:public_id>/mesure/", views.measure_open, name="measure_open"),
    path("mesures/<uuid:public_id>/", views.measure_detail, name="measure_detail"),
    path("mesures/<uuid:public_id>/fait/", views.fact_record, name="fact_record"),
    path("faits/<uuid:public_id>/corriger/", views.fact_correct, name="fact_correct"),
    path("faits/<uuid:public_id>/retirer/", views.fact_withdraw, name="fact_withdraw"),
]
