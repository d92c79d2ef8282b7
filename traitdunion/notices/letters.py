"""How our e-mails are laid out: plain French text, a link back to the page, why it came."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from django.conf import settings
from django.urls import reverse

MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def absolute(path: str) -> str:
    """Return the full address of a page of this site."""
    return f"{settings.BASE_URL}{path}"


def letter(paragraphs: Sequence[str], *, path: str) -> str:
    """Return the body of a notice: its paragraphs, then the page where the reader can act."""
    return "\n\n".join(["Bonjour,", *paragraphs, f"Voir la page :\n{absolute(path)}"])


def with_foot(body: str, *, has_account: bool = True) -> str:
    """Return ``body`` as it leaves: signed, with the reason why it came, and where to choose for who has an account."""
    if has_account:
        why = "vous avez un mandat dans Trait d’union"
        choice = f"Choisir ce que vous recevez : {absolute(reverse('notices:preferences'))}\n"
    else:
        why = "votre fonction vous place parmi les personnes interrogées"
        choice = ""
    return (
        f"{body}\n\n"
        "-- \n"
        "Trait d’union, outil commun des préfectures et des agences régionales de santé\n"
        f"Vous recevez ce message parce que {why}. Il part d’une adresse qui ne lit pas les réponses.\n{choice}"
    )


def french_day(day: date) -> str:
    """Return a day as a French letter writes it.

    >>> french_day(date(2026, 3, 1))
    '1er mars 2026'
    """
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return the number and its noun.

    >>> counted(1, "jour"), counted(3, "action en retard", "actions en retard")
    ('1 jour', '3 actions en retard')
    """
    return f"{number} {singular if number < 2 else plural or singular + 's'}"
