from django.apps import AppConfig


class PlanConfig(AppConfig):
    name = "traitdunion.plan"
    verbose_name = "Plan d’action"
