"""Addresses of the bilans."""

from django.urls import URLPattern, path

from traitdunion.reviews.views import country, documents, national, public, reading, signing, writing

app_name = "reviews"
urlpatterns: list[URLPattern] = [
    path("", country.review_list, name="review_list"),
    path("criteres/", country.criteria_list, name="criteria_list"),
    path("criteres/preparer/", country.criteria_prepare, name="criteria_prepare"),
    # Everyone, without signing in
    path("publies/", public.public_list, name="public_list"),
    path("publies/<str:quarter>/", public.public_detail, name="public_detail"),
    path("publies/<str:quarter>/v<int:number>/", public.public_detail, name="public_version"),
    path("publies/<str:quarter>/v<int:number>/<slug:kind>/", public.public_file, name="public_file"),
    # Under a mandate
    path("noms/", national.party_list, name="party_list"),
    path("noms/ajouter/", national.party_register, name="party_register"),
    path("<uuid:public_id>/departements/", national.themes, name="themes"),
    path("<uuid:public_id>/citer/<uuid:paragraph_id>/", national.cite, name="cite"),
    path("documents/<str:quarter>/", documents.documents, name="documents"),
    path("documents/<str:quarter>/preparer/", documents.documents_prepare, name="documents_prepare"),
    path("documents/<str:quarter>/zip/", documents.documents_zip, name="documents_zip"),
    path("<uuid:public_id>/", reading.review_detail, name="review_detail"),
    path("<uuid:public_id>/versions/<int:number>/", reading.version_detail, name="version_detail"),
    path("<uuid:public_id>/versions/<int:number>/pdf/", reading.version_pdf, name="version_pdf"),
    path("<uuid:public_id>/versions/<int:number>/docx/", reading.version_word, name="version_word"),
    path("<uuid:public_id>/versions/<int:number>/ods/", reading.version_workbook, name="version_workbook"),
    path("<uuid:public_id>/versions/<int:number>/json/", reading.version_json, name="version_json"),
    path("<uuid:public_id>/versions/<int:number>/preuve/", reading.version_proof, name="version_proof"),
    path(
        "<uuid:public_id>/parties/<slug:section>/<slug:voice>/",
        writing.paragraph_write,
        name="paragraph_write",
    ),
    path("<uuid:public_id>/relire/", writing.figures_again, name="figures_again"),
    path("<uuid:public_id>/conclusion/", writing.conclusion, name="conclusion"),
    path("<uuid:public_id>/engagements/", writing.promise, name="promise"),
    path("<uuid:public_id>/engagements/<uuid:commitment_id>/", writing.settle, name="settle"),
    path("<uuid:public_id>/reunion/", writing.meeting, name="meeting"),
    path("<uuid:public_id>/transmettre/", signing.hand_over, name="hand_over"),
    path("<uuid:public_id>/reprendre/", signing.take_back, name="take_back"),
    path("<uuid:public_id>/proposer/", signing.offer, name="offer"),
    path("<uuid:public_id>/signer/", signing.sign, name="sign"),
    path("<uuid:public_id>/refuser/", signing.decline, name="decline"),
    path("<uuid:public_id>/rectifier/", signing.amend, name="amend"),
]
