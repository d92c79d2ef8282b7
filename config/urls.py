"""Addresses of the coordination site."""

from django.apps import apps
from django.urls import include, path

from traitdunion.portal.api import api

urlpatterns = [
    path("", include("traitdunion.portal.urls")),
    path("identite/", include("traitdunion.identity.urls")),
    path("plan/", include("traitdunion.plan.urls")),
    path("conventions/", include("traitdunion.conventions.urls")),
    path("barometre/", include("traitdunion.barometer.urls")),
    path("bilans/", include("traitdunion.reviews.urls")),
    path("echanges/", include("traitdunion.exchange.urls")),
    path("avis/", include("traitdunion.notices.urls")),
    path("api/v1/", api.urls),
]
if apps.is_installed("traitdunion.demo"):
    urlpatterns.append(path("demonstration/", include("traitdunion.demo.urls")))
