from django.urls import path

from traitdunion.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.persona_list, name="personas"),
    path("entrer/<slug:key>/", views.persona_sign_in, name="persona_sign_in"),
    path("courrier/", views.letter_list, name="letter_list"),
    path("composants/", views.components, name="components"),
]
