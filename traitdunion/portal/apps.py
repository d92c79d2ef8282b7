from django.apps import AppConfig

from traitdunion.notices import registry


class PortalConfig(AppConfig):
    name = "traitdunion.portal"
    verbose_name = "Portail"

    def ready(self) -> None:
        # The models exist only once every app is loaded.
        from traitdunion.barometer import facts
        from traitdunion.portal import barometer_facts
        from traitdunion.reviews import papers

        registry.register("traitdunion.portal.calendars.events")
        papers.register("pdf", "traitdunion.portal.bilan.render")
        papers.register("docx", "traitdunion.portal.bilan.render_word")
        papers.register("ods", "traitdunion.portal.bilan.render_workbook")
        facts.register(barometer_facts.facts)
