"""What the two institutions of the national bilan are called on a day: dated reference data. Plain Python.

A ministry changes its name, a unit is replaced by another. What no source gives is « à renseigner », never guessed.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from traitdunion.reviews.kinds import Party

SHIPPED: Final = Path(__file__).parent / "data" / "parties.toml"
UNKNOWN: Final = "nom à renseigner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name between two days, the last one included.

    Attributes:
        party: whose name it is.
        name: what it is called; empty when no source gives it.
        short: its usual letters; may be empty.
        since, until: days; ``until`` is None while nothing says that it ended.
        source: where it was read.
    """

    party: Party
    name: str
    short: str
    since: date
    until: date | None
    source: str

    def covers(self, day: date) -> bool:
        """Whether it is the name on ``day``."""
        return self.since <= day and (self.until is None or day <= self.until)

    @property
    def said(self) -> str:
        """The name as a page says it."""
        if not self.name:
            return UNKNOWN
        return f"{self.name} ({self.short})" if self.short else self.name


def read(text: str) -> tuple[Name, ...]:
    """Return the names written in TOML."""
    return tuple(
        Name(
            party=Party(row["partie"]),
            name=row["nom"],
            short=row["sigle"],
            since=row["du"],
            until=row.get("au"),
            source=row["source"],
        )
        for row in tomllib.loads(text)["nom"]
    )


def shipped() -> tuple[Name, ...]:
    """Return the names that come with the product."""
    return read(SHIPPED.read_text(encoding="utf-8"))


def name_on(party: Party, day: date, names: Iterable[Name]) -> Name | None:
    """Return the name of ``party`` on ``day``: of those that cover it, the first that is known, else the first.

    Args:
        party: an institution of the national level.
        day: the day asked.
        names: those to look in; what an administrator wrote comes before what is shipped.
    """
    covering = [each for each in names if each.party is party and each.covers(day)]
    return next((each for each in covering if each.name), covering[0] if covering else None)


def label(party: Party, day: date, names: Sequence[Name]) -> str:
    """Return how a page names ``party`` on ``day``: its role, then its name that day.

    >>> label(Party.INTERIEUR, date(2019, 6, 30), shipped())
    'ministère de l’intérieur : Unité de coordination de la lutte antiterroriste (UCLAT)'
    >>> label(Party.INTERIEUR, date(2026, 9, 30), shipped())
    'ministère de l’intérieur (nom à renseigner)'
    """
    found = name_on(party, day, names)
    if found is None or not found.name:
        return f"{party.label} ({UNKNOWN})"
    return f"{party.label} : {found.said}"


def limit(party: Party, day: date, names: Sequence[Name]) -> str:
    """Return the sentence that the signed document keeps about the name of ``party``, with its source."""
    found = name_on(party, day, names)
    said = label(party, day, names)
    said = said[:1].upper() + said[1:]
    if found is None or not found.name:
        return f"{said} au {day:%d/%m/%Y}."
    return f"{said}, au {day:%d/%m/%Y}. Source : {found.source}."
