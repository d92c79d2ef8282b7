from django.apps import AppConfig


class RegisterConfig(AppConfig):
    name = "traitdunion.register"
    verbose_name = "Registre des soins psychiatriques sans consentement"
