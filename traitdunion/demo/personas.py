"""One-click identities of the demonstration. They exist nowhere else."""

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from traitdunion.identity.models import Person

ISSUER = "demonstration"


class PersonaBackend(BaseBackend):
    """Sign in one of the demonstration's personas by its name."""

    def authenticate(self, request: HttpRequest | None, *, persona: str | None = None) -> Person | None:  # type: ignore[override]  # narrower on purpose
        """Return the persona, or None when it is not one."""
        if persona is None:
            return None
        return Person.objects.filter(issuer=ISSUER, subject=persona, is_active=True).first()

    def get_user(self, user_id: int) -> Person | None:
        """Return the person of a session."""
        return Person.objects.filter(pk=user_id, is_active=True).first()
