from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in

from traitdunion.identity.sessions import start_session


class IdentityConfig(AppConfig):
    name = "traitdunion.identity"
    verbose_name = "Personnes et mandats"

    def ready(self) -> None:
        user_logged_in.connect(start_session, dispatch_uid="identity.start_session")
