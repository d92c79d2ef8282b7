"""The parts of a bilan, in reading order: what changed comes first. Plain Python."""

from typing import Final

from traitdunion.reviews.kinds import Level, Voice
from traitdunion.reviews.rules import SIDES

TITLES: Final[dict[str, str]] = {
    "changements": "Ce qui a changé depuis le dernier bilan",
    "engagements": "Engagements des bilans précédents",
    "convention": "Convention",
    "referents": "Référents et contacts",
    "reunions": "Réunions",
    "presence": "Demandes de présence de santé",
    "barometre": "Baromètre croisé et pistes d’amélioration",
    "blocages": "Blocages et actions en retard",
}

# At national level: where the départements stand and what they conclude come first, what they write comes last.
NATIONAL_TITLES: Final[dict[str, str]] = {
    "changements": "Ce qui a changé depuis le dernier bilan national",
    "etat": "Où en sont les bilans des départements",
    "conclusions": "Ce que concluent les départements",
    "criteres": "Les critères des départements, un par un",
    "engagements": "Engagements",
    "convention": "Conventions",
    "referents": "Référents et contacts",
    "reunions": "Réunions",
    "presence": "Demandes de présence de santé",
    "barometre": "Pistes d’amélioration",
    "blocages": "Blocages et actions en retard",
    "themes": "Ce qu’écrivent les départements",
}
EVERY_TITLE: Final[dict[str, str]] = {**NATIONAL_TITLES, **TITLES}


def titles(level: Level) -> dict[str, str]:
    """Return the parts of a bilan of that level, in reading order."""
    return NATIONAL_TITLES if level is Level.NATIONAL else TITLES


def voices(level: Level) -> tuple[Voice, Voice, Voice]:
    """Return who may speak in a bilan: both together, then each of the pair where they differ."""
    first, second = SIDES[level]
    return Voice.COMMUNE, Voice(first.value), Voice(second.value)
