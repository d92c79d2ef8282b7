from django.apps import AppConfig


class BarometerConfig(AppConfig):
    name = "traitdunion.barometer"
    verbose_name = "Baromètre croisé"
