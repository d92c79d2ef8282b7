"""Pages of the demonstration on the register."""

from django.urls import path

from traitdunion.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.register_persona_list, name="personas"),
    path("entrer/<slug:key>/", views.persona_sign_in, name="persona_sign_in"),
]
