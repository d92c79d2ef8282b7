"""Addresses of the register."""

from django.apps import apps
from django.urls import include, path

urlpatterns = [
    path("", include("traitdunion.register.urls")),
    path("", include("traitdunion.portal.urls_frame")),
    path("identite/", include("traitdunion.identity.urls")),
]
if apps.is_installed("traitdunion.demo"):
    urlpatterns.append(path("demonstration/", include("traitdunion.demo.urls_register")))
