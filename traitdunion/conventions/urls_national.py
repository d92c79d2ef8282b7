"""Addresses of the national view, the contacts and the meetings."""

from django.urls import URLPattern, path

from traitdunion.conventions.views import national, practice

patterns: list[URLPattern] = [
    path("vue-nationale/", national.national, name="national"),
    path("vue-nationale/export/", national.national_export, name="national_export"),
    path("differences/", national.difference, name="difference"),
    path("tableau/export/", national.table_export, name="table_export"),
    path("departements/<str:code>/reunions/", practice.meeting_list, name="meeting_list"),
    path("departements/<str:code>/reunions/nouvelle/", practice.meeting_plan, name="meeting_plan"),
    path("reunions/<uuid:public_id>/tenue/", practice.meeting_hold, name="meeting_hold"),
    path("reunions/<uuid:public_id>/annulation/", practice.meeting_cancel, name="meeting_cancel"),
    path("departements/<str:code>/contacts/", practice.contact_list, name="contact_list"),
    path("<uuid:public_id>/revue/", practice.review_record, name="review_record"),
    path("contact/<str:token>/", practice.contact_answer, name="contact_answer"),
]
