"""Addresses of the baromètre. Those under ``repondre/`` see no session: see ``middleware.py``."""

from django.urls import URLPattern, path

from traitdunion.barometer import urls_pistes, urls_results
from traitdunion.barometer.views import campaign, campaign_answers, campaign_questionnaires, campaign_roster

app_name = "barometer"
waves: list[URLPattern] = [
    path("", campaign.wave_list, name="wave_list"),
    path("vagues/nouvelle/", campaign.wave_prepare, name="wave_prepare"),
    path("vagues/<uuid:public_id>/", campaign.wave_detail, name="wave_detail"),
    path("vagues/<uuid:public_id>/calendrier/", campaign.wave_revise, name="wave_revise"),
    path("vagues/<uuid:public_id>/ouvrir/", campaign.wave_open, name="wave_open"),
    path("vagues/<uuid:public_id>/clore/", campaign.wave_close, name="wave_close"),
    path("vagues/<uuid:public_id>/annuler/", campaign.wave_cancel, name="wave_cancel"),
]
rosters: list[URLPattern] = [
    path("vagues/<uuid:public_id>/departements/<str:code>/", campaign_roster.roster, name="roster"),
    path(
        "vagues/<uuid:public_id>/departements/<str:code>/<slug:side>/ajouter/",
        campaign_roster.entry_add,
        name="entry_add",
    ),
    path("personnes/<uuid:public_id>/modifier/", campaign_roster.entry_revise, name="entry_revise"),
    path("personnes/<uuid:public_id>/retirer/", campaign_roster.entry_remove, name="entry_remove"),
    path("personnes/<uuid:public_id>/remplacer/", campaign_roster.entry_replace, name="entry_replace"),
    path("personnes/<uuid:public_id>/lien/", campaign_roster.entry_link, name="entry_link"),
]
questionnaires: list[URLPattern] = [
    path("questionnaires/", campaign_questionnaires.questionnaire_list, name="questionnaire_list"),
    path(
        "questionnaires/importer/", campaign_questionnaires.questionnaire_import, name="questionnaire_import"
    ),
    path(
        "questionnaires/<uuid:public_id>/",
        campaign_questionnaires.questionnaire_detail,
        name="questionnaire_detail",
    ),
    path(
        "questionnaires/<uuid:public_id>/toml/",
        campaign_questionnaires.questionnaire_file,
        name="questionnaire_file",
    ),
    path(
        "questionnaires/<uuid:public_id>/questions/<slug:item>/justifier/",
        campaign_questionnaires.wording_justify,
        name="wording_justify",
    ),
]
answers: list[URLPattern] = [
    path("repondre/remarques/", campaign_answers.remark_list, name="remark_list"),
    path("repondre/<str:token>/", campaign_answers.answer, name="answer"),
    path("repondre/<str:token>/<int:number>/", campaign_answers.answer_screen, name="answer_screen"),
    path("repondre/<str:token>/envoi/", campaign_answers.answer_review, name="answer_review"),
]
urlpatterns: list[URLPattern] = [
    *waves,
    *rosters,
    *questionnaires,
    *answers,
    *urls_pistes.patterns,
    *urls_results.patterns,
]
