"""The facts of the conventions that the baromètre shows beside what people say: neither app knows the other."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from traitdunion.barometer.facts import Fact
from traitdunion.conventions import kinds
from traitdunion.conventions import queries as conventions

IN_FORCE: Final = "convention_in_force"
# The référents are read by the baromètre itself, with the days of vacancy.
TOLD: Final = (kinds.Fact.MEETING, kinds.Fact.CONTACTS, kinds.Fact.REVIEW)


def facts(codes: Sequence[str], *, day: date) -> Mapping[str, Sequence[Fact]]:
    """Return whether the convention is in force, a meeting was held, contacts are confirmed, the text was reviewed."""
    found = conventions.situation(day, departements=codes)
    return {code: _facts(found[code]) for code in codes if code in found}


def _facts(situation: conventions.Situation) -> list[Fact]:
    vitality = situation.vitality
    in_force = Fact(
        key=IN_FORCE,
        side=None,
        label="convention en vigueur",
        holds=vitality.in_force,
        sentence=f"{situation.state.label if situation.state else 'aucune convention'}.",
    )
    return [
        in_force,
        *(
            Fact(
                key=status.fact.value,
                side=None,
                label=status.fact.label,
                holds=status.holds,
                sentence=status.sentence,
            )
            for status in vitality.facts
            if status.fact in TOLD
        ),
    ]
