from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "traitdunion.audit"
    verbose_name = "Journal des actes"
