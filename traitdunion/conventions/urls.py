"""Addresses of the conventions: drafting here, national view and contacts in ``urls_national``."""

from django.urls import URLPattern

from traitdunion.conventions import urls_national

app_name = "conventions"
drafting: list[URLPattern] = []
urlpatterns: list[URLPattern] = [*drafting, *urls_national.patterns]
