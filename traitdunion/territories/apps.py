from django.apps import AppConfig


class TerritoriesConfig(AppConfig):
    name = "traitdunion.territories"
    verbose_name = "Territoires"
