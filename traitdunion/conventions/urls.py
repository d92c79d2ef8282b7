"""Addresses of the conventions: drafting here, national view and contacts in ``urls_national``."""

from django.urls import URLPattern, path

from traitdunion.conventions import urls_national
from traitdunion.conventions.views import drafting, lists, reading, template

app_name = "conventions"
conventions: list[URLPattern] = [
    path("", lists.convention_list, name="convention_list"),
    path("export/", lists.convention_list_export, name="convention_list_export"),
    path("departements/<str:code>/", lists.departement_history, name="departement_history"),
    path("departements/<str:code>/nouvelle/", drafting.convention_start, name="convention_start"),
    path("<uuid:public_id>/", reading.convention_detail, name="convention_detail"),
    path("<uuid:public_id>/texte/", reading.convention_text, name="convention_text"),
    path("<uuid:public_id>/modifier/", drafting.convention_revise, name="convention_revise"),
    path("<uuid:public_id>/rubriques/", drafting.convention_headings, name="convention_headings"),
    path("<uuid:public_id>/rubriques/<int:number>/", drafting.heading_write, name="heading_write"),
    path("<uuid:public_id>/rubriques/<int:number>/retirer/", drafting.heading_leave, name="heading_leave"),
    path("<uuid:public_id>/circuits/", drafting.convention_circuits, name="convention_circuits"),
    path("<uuid:public_id>/circuits/ajouter/", drafting.circuit_add, name="circuit_add"),
    path("<uuid:public_id>/circuits/reprendre/", drafting.matrix_take_over, name="matrix_take_over"),
    path("<uuid:public_id>/circuits/<uuid:circuit_id>/", drafting.circuit_edit, name="circuit_edit"),
    path(
        "<uuid:public_id>/circuits/<uuid:circuit_id>/retirer/", drafting.circuit_remove, name="circuit_remove"
    ),
    path("<uuid:public_id>/engagements/", drafting.convention_clauses, name="convention_clauses"),
    path("<uuid:public_id>/engagements/ajouter/", drafting.clause_add, name="clause_add"),
    path("<uuid:public_id>/engagements/<uuid:clause_id>/", drafting.clause_edit, name="clause_edit"),
    path(
        "<uuid:public_id>/engagements/<uuid:clause_id>/retirer/", drafting.clause_remove, name="clause_remove"
    ),
    path("<uuid:public_id>/etape/", drafting.convention_step, name="convention_step"),
    path("<uuid:public_id>/abandonner/", drafting.convention_abandon, name="convention_abandon"),
    path("<uuid:public_id>/signer/", drafting.convention_sign, name="convention_sign"),
    path("<uuid:public_id>/retirer-signature/", drafting.signature_withdraw, name="signature_withdraw"),
    path("<uuid:public_id>/denoncer/", drafting.convention_denounce, name="convention_denounce"),
    path("<uuid:public_id>/avenant/", drafting.avenant_start, name="avenant_start"),
]
templates: list[URLPattern] = [
    path("modeles/", template.template_list, name="template_list"),
    path("modeles/nouveau/", template.template_prepare, name="template_prepare"),
    path("modeles/<uuid:public_id>/", template.template_detail, name="template_detail"),
    path("modeles/<uuid:public_id>/nom/", template.template_rename, name="template_rename"),
    path(
        "modeles/<uuid:public_id>/rubriques/<int:number>/",
        template.template_heading_write,
        name="template_heading_write",
    ),
    path(
        "modeles/<uuid:public_id>/circuits/ajouter/",
        template.template_circuit_add,
        name="template_circuit_add",
    ),
    path(
        "modeles/<uuid:public_id>/circuits/<uuid:circuit_id>/",
        template.template_circuit_edit,
        name="template_circuit_edit",
    ),
    path(
        "modeles/<uuid:public_id>/circuits/<uuid:circuit_id>/retirer/",
        template.template_circuit_remove,
        name="template_circuit_remove",
    ),
    path("modeles/<uuid:public_id>/adopter/", template.template_adopt, name="template_adopt"),
    path("alignement/", template.alignment, name="alignment"),
    path("alignement/export/", template.alignment_export, name="alignment_export"),
]
urlpatterns: list[URLPattern] = [*conventions, *templates, *urls_national.patterns]
