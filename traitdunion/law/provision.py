"""What a decree says, item by item, with the days each wording holds: a decree that changes is a difference."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from traitdunion.law.citation import Mark


class Subject(StrEnum):
    """What an item is about."""

    CONTROLLER = "responsable"
    PURPOSE = "finalité"
    DATA = "donnée"
    ACCESS = "accédant"
    RECIPIENT = "destinataire"
    RETENTION = "conservation"
    RIGHT = "droit de la personne"
    LINK = "mise en relation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One item in one wording.

    Attributes:
        item: name that stays when the wording or the number changes.
        subject: what it is about.
        place: where the text puts it under this wording, « article 1, 6° ».
        says: what it says, in our own words, never those of the text.
        since: first day of this wording.
        until: first day it no longer holds; None while it does.
        status: how far it was read.
        source: act or commentary that carries it.
        limit: what a decision of the Conseil d'État holds back, empty when nothing.
    """

    item: str
    subject: Subject
    place: str
    says: str
    since: date
    until: date | None
    status: Mark
    source: str
    limit: str = ""

    def holds(self, day: date) -> bool:
        """Say whether this wording is in force on a day."""
        return self.since <= day and (self.until is None or day < self.until)


class Change(StrEnum):
    """What happened to an item between two days."""

    ADDED = "ajouté"
    REMOVED = "supprimé"
    REWORDED = "modifié"
    MOVED = "renuméroté"
    LIMITED = "limité"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One item that two days do not tell alike; ``before`` or ``after`` is None when it is not there."""

    change: Change
    before: Wording | None
    after: Wording | None

    @property
    def item(self) -> str:
        """Return the name of the item."""
        return (self.after or self.before).item  # type: ignore[union-attr]


def on(wordings: Iterable[Wording], day: date) -> list[Wording]:
    """Return the wordings in force on a day, in the order of the text."""
    return [wording for wording in wordings if wording.holds(day)]


def differences(wordings: Iterable[Wording], start: date, end: date) -> list[Difference]:
    """Return what changed between two days, in the order of the text."""
    kept = list(wordings)
    before = {wording.item: wording for wording in on(kept, start)}
    after = {wording.item: wording for wording in on(kept, end)}
    found = []
    for item in dict.fromkeys(wording.item for wording in kept):
        change = _change(before.get(item), after.get(item))
        if change is not None:
            found.append(Difference(change=change, before=before.get(item), after=after.get(item)))
    return found


def _change(before: Wording | None, after: Wording | None) -> Change | None:
    if before is None or after is None:
        return None if before is after else Change.ADDED if before is None else Change.REMOVED
    if before.says != after.says:
        return Change.REWORDED
    if before.limit != after.limit:
        return Change.LIMITED
    return Change.MOVED if before.place != after.place else None
