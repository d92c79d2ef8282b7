from django.urls import path

from traitdunion.plan.views import reading, writing

app_name = "plan"
urlpatterns = [
    path("", reading.plan, name="plan"),
    path("export/", reading.plan_export, name="plan_export"),
    path("differences/", reading.plan_difference, name="plan_difference"),
    path("mesures/<uuid:public_id>/", reading.measure_detail, name="measure_detail"),
    path("mesures/<uuid:public_id>/rediger/", writing.measure_revise, name="measure_revise"),
    path("mesures/<uuid:public_id>/enonce/", writing.statement_publish, name="statement_publish"),
    path("mesures/<uuid:public_id>/preuve/", writing.measure_prove, name="measure_prove"),
    path("mesures/<uuid:public_id>/indicateur/", writing.indicator_open, name="indicator_open"),
    path("enonces/<uuid:public_id>/prouver/", writing.statement_prove, name="statement_prove"),
    path("enonces/<uuid:public_id>/retirer/", writing.statement_retire, name="statement_retire"),
    path("actions/", reading.action_list, name="action_list"),
    path("actions/export/", reading.action_export, name="action_export"),
    path("actions/ouvrir/", writing.action_open, name="action_open"),
    path("actions/<uuid:public_id>/", reading.action_detail, name="action_detail"),
    path("actions/<uuid:public_id>/rediger/", writing.action_revise, name="action_revise"),
    path("actions/<uuid:public_id>/fait/", writing.action_note, name="action_note"),
    path("actions/<uuid:public_id>/blocage/", writing.action_block, name="action_block"),
    path("actions/<uuid:public_id>/preuve/", writing.action_prove, name="action_prove"),
    path("blocages/<uuid:public_id>/lever/", writing.blocker_lift, name="blocker_lift"),
    path("indicateurs/<uuid:public_id>/", reading.indicator_detail, name="indicator_detail"),
    path("indicateurs/<uuid:public_id>/export/", reading.indicator_export, name="indicator_export"),
    path("indicateurs/<uuid:public_id>/definir/", writing.indicator_define, name="indicator_define"),
    path("indicateurs/<uuid:public_id>/valeur/", writing.indicator_record, name="indicator_record"),
    path("indicateurs/<uuid:public_id>/cible/", writing.indicator_target, name="indicator_target"),
    path("preuves/<uuid:public_id>/", reading.evidence_detail, name="evidence_detail"),
    path("preuves/<uuid:public_id>/document/", reading.evidence_file, name="evidence_file"),
    path("preuves/<uuid:public_id>/retirer/", writing.evidence_withdraw, name="evidence_withdraw"),
]
