from django.urls import path

from traitdunion.register import views

app_name = "register"
urlpatterns = [
    # Everyone, without signing in
    path("", views.about, name="about"),
    path("accessibilite/", views.accessibility, name="accessibility"),
]
