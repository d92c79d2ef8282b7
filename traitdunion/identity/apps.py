from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "traitdunion.identity"
    verbose_name = "Personnes et mandats"
