from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "traitdunion.notices"
    verbose_name = "Avis et calendriers"
