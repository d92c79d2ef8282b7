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


def voices(level: Level) -> tuple[Voice, Voice, Voice]:
    """Return who may speak in a bilan: both together, then each of the pair where they differ."""
    first, second = SIDES[level]
    return Voice.COMMUNE, Voice(first.value), Voice(second.value)
