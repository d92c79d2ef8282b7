from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "traitdunion.demo"
    verbose_name = "Démonstration"
