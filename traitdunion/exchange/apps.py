from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "traitdunion.exchange"
    verbose_name = "Échange de fichiers"
