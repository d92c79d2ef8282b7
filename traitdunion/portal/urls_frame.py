"""Pages that every site has, whatever it holds."""

from django.urls import path

from traitdunion.portal.views import frame

app_name = "portal"
urlpatterns = [path("mentions-legales/", frame.legal_notice, name="legal_notice")]
