from django.apps import AppConfig


class FrameConfig(AppConfig):
    """The frame of the pages alone, for a site that has none of what the portal of the coordination site reads."""

    name = "traitdunion.portal"
    verbose_name = "Cadre des pages"


class PortalConfig(AppConfig):
    default = True
    name = "traitdunion.portal"
    verbose_name = "Portail"

    def ready(self) -> None:
        # The models exist only once every app is loaded.
        from traitdunion.barometer import facts
        from traitdunion.notices import registry
        from traitdunion.portal import barometer_facts
        from traitdunion.reviews import papers

        registry.register("traitdunion.portal.calendars.events")
        papers.register("pdf", "traitdunion.portal.bilan.render")
        papers.register("docx", "traitdunion.portal.bilan.render_word")
        papers.register("ods", "traitdunion.portal.bilan.render_workbook")
        facts.register(barometer_facts.facts)
