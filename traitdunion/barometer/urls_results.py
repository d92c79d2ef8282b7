"""Addresses of the results."""

from django.urls import URLPattern, path

from traitdunion.barometer.views import results

patterns: list[URLPattern] = [
    path("resultats/", results.national, name="national"),
    path("resultats/fiabilite/", results.reliability, name="reliability"),
    path("resultats/export/", results.results_export, name="results_export"),
    path("departements/<str:code>/", results.departement_result, name="departement_result"),
    path("departements/<str:code>/export/", results.departement_export, name="departement_export"),
]
