"""A draft change of the law, tried on facts: whose deadlines, rights and retention would move. Nothing is written.

A draft is told in TOML::

    titre = "Projet de décret (exemple)"
    [[delai]]
    regle = "J2"                # key of the rule, or its row when it has one rule
    depuis = 2027-01-01         # first day of the new number: measures whose clock starts from then on
    nombre = 10                 # in the unit of the rule
    [[conservation]]
    depuis = 2027-01-01         # measures lifted from then on
    annees = 5
    [[destinataire]]            # or [[donnee]]
    nom = "…"
    depuis = 2027-01-01
    modes = ["SPDRE"]           # every mode when left out
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Final

from traitdunion.law import d2018
from traitdunion.law.counting import Instant
from traitdunion.law.deadline import Deadline, State
from traitdunion.law.deadlines import LAW, decode, found
from traitdunion.law.facts import Facts, FactsError, Mode
from traitdunion.law.obligation import Law

MOST_CHANGES: Final = 200
SHAPES: Final = {
    "delai": {"regle": str, "depuis": date, "nombre": int},
    "conservation": {"depuis": date, "annees": int},
    "destinataire": {"nom": str, "depuis": date, "modes": list},
    "donnee": {"nom": str, "depuis": date, "modes": list},
}
OPTIONAL: Final = frozenset({"modes"})
MOST_NUMBER: Final = 10_000


class DraftError(ValueError):
    """A draft cannot be read; the message is one French sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A recipient or a field that a draft adds, and the measures it would reach."""

    kind: str
    name: str
    since: date
    modes: frozenset[Mode]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change of the law that is not in force.

    Attributes:
        touched: the rules it changes, as they stand.
        changed: the same rules, as they would stand.
        retention: years of conservation by first day of lifting.
    """

    title: str
    touched: Law
    changed: Law
    retention: Mapping[date, int]
    reaches: tuple[Reach, ...]


def read_draft(content: str) -> Draft:
    """Read a draft.

    Raises:
        DraftError: it is not one; the sentence names the place.
    """
    try:
        told = tomllib.loads(content)
    except tomllib.TOMLDecodeError as fault:
        raise DraftError(f"Le projet n’est pas du TOML valable : {fault}.") from None
    title = told.pop("titre", None)
    if not isinstance(title, str) or not title.strip():
        raise DraftError("Le projet doit porter « titre ».")
    for name in told.keys() - SHAPES.keys():
        raise DraftError(f"« {name[:40]} » est inconnu ; un projet porte [[{']], [['.join(SHAPES)}]].")
    changes = {name: _tables(name, told.get(name, [])) for name in SHAPES}
    if not any(changes.values()):
        raise DraftError(
            "Le projet ne change rien : ajoutez-y [[delai]], [[conservation]], [[destinataire]]…"
        )
    law, touched = LAW, {}
    for change in changes["delai"]:
        key = _key(str(change["regle"]))
        touched[key] = LAW.rules[key]
        law = law.changed(key, _day(change), _number(change, "nombre"), source=f"projet : {title}")
    return Draft(
        title=title,
        touched=Law(touched),
        changed=Law({key: law.rules[key] for key in touched}),
        retention={_day(change): _number(change, "annees") for change in changes["conservation"]},
        reaches=tuple(
            Reach(kind=kind, name=str(change["nom"]), since=_day(change), modes=_modes(change))
            for kind in ("destinataire", "donnee")
            for change in changes[kind]
        ),
    )


def _tables(name: str, told: object) -> list[dict[str, object]]:
    if not isinstance(told, list) or len(told) > MOST_CHANGES:
        raise DraftError(f"« {name} » doit être une suite de tables [[{name}]], {MOST_CHANGES} au plus.")
    for rank, table in enumerate(told, start=1):
        shape = SHAPES[name]
        if not isinstance(table, dict):
            raise DraftError(f"[[{name}]] n° {rank} doit être une table.")
        for field_name in shape.keys() - table.keys() - OPTIONAL:
            raise DraftError(f"[[{name}]] n° {rank} doit porter « {field_name} ».")
        for field_name, value in table.items():
            wanted = shape.get(field_name)
            if wanted is None or type(value) is not wanted:
                raise DraftError(f"[[{name}]] n° {rank} : « {field_name[:40]} » n’a pas la forme attendue.")
    return told


def _day(change: Mapping[str, object]) -> date:
    day = change["depuis"]
    if not isinstance(day, date):
        raise DraftError("« depuis » est un jour.")
    return day


def _number(change: Mapping[str, object], name: str) -> int:
    number = change[name]
    if not isinstance(number, int) or not 0 < number <= MOST_NUMBER:
        raise DraftError(f"« {name} » est un nombre entre 1 et {MOST_NUMBER}.")
    return number


def _key(told: str) -> str:
    if told in LAW.rules:
        key = told
    else:
        same = [rule.key for rule in LAW.rules.values() if rule.row == told]
        if len(same) != 1:
            listed = f" : précisez {', '.join(same)}" if same else " ; « traitdunion law show » les liste"
            raise DraftError(f"« {told[:40]} » n’est pas le nom d’une règle{listed}.")
        [key] = same
    if LAW.rules[key].versions[-1].number is None:
        raise DraftError(
            f"La règle « {key} » n’a pas de délai chiffré : un projet ne peut pas en changer le nombre."
        )
    return key


def _modes(change: Mapping[str, object]) -> frozenset[Mode]:
    told = change.get("modes")
    if not isinstance(told, list):
        return frozenset(Mode) - {Mode.COMMISSION}
    known = {mode.value: mode for mode in Mode}
    for name in told:
        if name not in known:
            raise DraftError(f"« {str(name)[:40]} » n’est pas un mode.")
    return frozenset(known[name] for name in told)


@dataclass(slots=True)
class Impact:
    """What a draft would move, by rule or item, then by département. Two of them add up.

    Attributes:
        moved: deadlines whose limit changes.
        sooner: among them, those that end sooner.
        newly_late: those that would be late and are not.
        no_longer_late: those that are late and would not be.
        retention: dossiers kept longer or less.
        reached: dossiers that a new recipient or field would reach.
        dossiers: measures read, by département.
        touched: identifiers of the measures that something moves in, at most ``MOST_LISTED``.
    """

    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    sooner: Counter[tuple[str, str]] = field(default_factory=Counter)
    newly_late: Counter[tuple[str, str]] = field(default_factory=Counter)
    no_longer_late: Counter[tuple[str, str]] = field(default_factory=Counter)
    retention: Counter[tuple[str, str]] = field(default_factory=Counter)
    reached: Counter[tuple[str, str]] = field(default_factory=Counter)
    dossiers: Counter[str] = field(default_factory=Counter)
    touched: list[str] = field(default_factory=list)
    refused: int = 0

    def add(self, other: "Impact") -> None:
        """Add what another share of the base says."""
        for name in ("moved", "sooner", "newly_late", "no_longer_late", "retention", "reached", "dossiers"):
            getattr(self, name).update(getattr(other, name))
        self.touched += other.touched[: MOST_LISTED - len(self.touched)]
        self.refused += other.refused


MOST_LISTED: Final = 100_000


def impact(lines: Iterable[bytes], draft: Draft, at: Instant, *, reading: str) -> Impact:
    """Return what a draft would move in measures told one a line.

    Args:
        lines: facts in JSON; « id » names a measure.
        draft: the change.
        at: instant at which one looks.
        reading: reading A or B of the retention rule, chosen by the controller.
    """
    seen = Impact()
    for line in lines:
        try:
            facts = decode(line)
        except FactsError:
            seen.refused += 1
            continue
        seen.dossiers[facts.departement] += 1
        if _try(facts, draft, at, reading, seen) and facts.name and len(seen.touched) < MOST_LISTED:
            seen.touched.append(facts.name)
    return seen


def _try(facts: Facts, draft: Draft, at: Instant, reading: str, seen: Impact) -> bool:
    touched = _deadlines(facts, draft, at, seen) if draft.touched.rules else False
    touched = _retention(facts, draft, at, reading, seen) or touched
    start = facts.events[0]
    for reach in draft.reaches:
        if facts.mode in reach.modes and date.fromordinal(facts.events[-1].day) >= reach.since:
            seen.reached[f"{reach.kind} : {reach.name}", start.departement] += 1
            touched = True
    return touched


def _deadlines(facts: Facts, draft: Draft, at: Instant, seen: Impact) -> bool:
    """Compare the same rule from the same event; a slice that only one law tells counts as moved."""
    before, after = _by_start(found(facts, at, draft.touched)), _by_start(found(facts, at, draft.changed))
    touched = False
    for place in before.keys() | after.keys():
        for old, new in zip_longest(before.get(place, ()), after.get(place, ())):
            touched = _compare(old, new, seen) or touched
    return touched


def _by_start(deadlines: list[Deadline]) -> dict[tuple[str, Instant], list[Deadline]]:
    places: dict[tuple[str, Instant], list[Deadline]] = {}
    for one in deadlines:
        places.setdefault((one.applied.rule.key, one.start.at), []).append(one)
    return places


def _compare(old: Deadline | None, new: Deadline | None, seen: Impact) -> bool:
    told = new or old
    if told is None or (old and new and old.late == new.late and old.state is new.state):
        return False
    where = told.applied.rule.key, told.start.departement
    was, would = (old is not None and old.state is State.LATE), (new is not None and new.state is State.LATE)
    seen.moved[where] += 1
    if old and new and old.late is not None and new.late is not None and new.late < old.late:
        seen.sooner[where] += 1
    if would and not was:
        seen.newly_late[where] += 1
    if was and not would:
        seen.no_longer_late[where] += 1
    return True


def _retention(facts: Facts, draft: Draft, at: Instant, reading: str, seen: Impact) -> bool:
    if not draft.retention:
        return False
    lifted = next(
        (event for event in facts.events if event.kind in {"levee", "deces"} and event.at <= at), None
    )
    if lifted is None:
        return False
    day = date.fromordinal(lifted.day)
    years = max(((since, years) for since, years in draft.retention.items() if since <= day), default=None)
    if years is None or years[1] == d2018.RETENTION_YEARS:
        return False
    kept = d2018.kept_until(day, reading=reading)
    longer = years[1] > d2018.RETENTION_YEARS
    if kept.toordinal() < lifted.zone.day(at) and not longer:
        return False
    seen.retention["gardés plus longtemps" if longer else "gardés moins longtemps", lifted.departement] += 1
    return True
