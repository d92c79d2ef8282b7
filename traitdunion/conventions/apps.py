from django.apps import AppConfig


class ConventionsConfig(AppConfig):
    name = "traitdunion.conventions"
    verbose_name = "Conventions"
