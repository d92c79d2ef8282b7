from django.apps import AppConfig


class ConventionsConfig(AppConfig):
    name = "traitdunion.conventions"
    verbose_name = "Conventions"

    def ready(self) -> None:
        # The models exist only once every app is loaded.
        from traitdunion.conventions.imports import ConventionImporter
        from traitdunion.exchange import registry

        registry.register(ConventionImporter())
