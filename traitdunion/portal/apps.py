from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "traitdunion.portal"
    verbose_name = "Portail"
