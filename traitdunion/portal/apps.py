from django.apps import AppConfig

from traitdunion.notices import registry


class PortalConfig(AppConfig):
    name = "traitdunion.portal"
    verbose_name = "Portail"

    def ready(self) -> None:
        registry.register("traitdunion.portal.calendars.events")
