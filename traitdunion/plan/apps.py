from django.apps import AppConfig


class PlanConfig(AppConfig):
    name = "traitdunion.plan"
    verbose_name = "Plan d’action"

    def ready(self) -> None:
        """Make the plan's table known to the imports."""
        from traitdunion.exchange import registry  # models must be loaded first
        from traitdunion.plan.imports import PlanImporter

        registry.register(PlanImporter())
