"""How our e-mails are laid out: plain French text, a link back to the page, why it came."""

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse


def absolute(path: str) -> str:
    """Return the full address of a page of this site."""
    return f"{settings.BASE_URL}{path}"


def letter(paragraphs: Sequence[str], *, path: str) -> str:
    """Return the body of a notice: its paragraphs, then the page where the reader can act."""
    return "\n\n".join(["Bonjour,", *paragraphs, f"Voir la page :\n{absolute(path)}"])


def with_foot(body: str) -> str:
    """Return ``body`` as it leaves: signed, with the reason why it came and where to choose."""
    choices = absolute(reverse("notices:preferences"))
    return (
        f"{body}\n\n"
        "-- \n"
        "Trait d’union, outil commun des préfectures et des agences régionales de santé\n"
        "Vous recevez ce message parce que vous avez un mandat dans Trait d’union. "
        "Il part d’une adresse qui ne lit pas les réponses.\n"
        f"Choisir ce que vous recevez : {choices}\n"
    )
