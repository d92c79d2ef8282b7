"""The synthetic baromètre: two published waves, one under embargo, one that anyone may answer, and what came of them.

Answers are drawn by ``barometer.simulation`` and bent where something is the matter (``barometer_scenes``): nothing
in them is a fact. A few sides answer too little to be shown, one département has nobody asked, some people were not
there the first time. Rosters and sheets of the closed waves are written in bulk; results, pistes, decisions, actions
of the ledger and effects come from the same actions as on a real site, one wave after the other.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import files
from typing import Final

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import actions_notices, actions_results, simulation
from traitdunion.barometer.actions_questionnaire import import_text
from traitdunion.barometer.kinds import Format, RosterRole
from traitdunion.barometer.models import (
    Participation,
    QuestionnaireVersion,
    Remark,
    RosterEntry,
    Sheet,
    Wave,
)
from traitdunion.barometer.questionnaire import Questionnaire, read
from traitdunion.demo import barometer_decisions as decisions
from traitdunion.demo import barometer_scenes as scenes
from traitdunion.demo.barometer_decisions import noon
from traitdunion.demo.barometer_pulse import open_pulse
from traitdunion.identity.kinds import Side
from traitdunion.notices.kinds import NoticeState
from traitdunion.notices.models import Notice
from traitdunion.territories.models import Departement

# Names of the closed waves and the days between their closing and the day of the demonstration.
WAVES: Final = (
    ("n° 1 (synthétique)", 380),
    ("n° 2 (synthétique)", 190),
    ("n° 3 (synthétique)", 3),
)
# What was decided on the pistes of each: nothing under embargo.
COURSES: Final[Sequence[decisions.Courses]] = (decisions.OF_THE_PAST, decisions.OF_TODAY, {})
DAYS_TO_ANSWER: Final = 21
PLACES: Final = 8  # départements where something is the matter and two institutions decide
ROLES: Final = {side.value: [role for role in RosterRole if role.side is side] for side in Side}
SHORT: Final = 0.06  # share of the sides of which too few answer
# Départements more unlike, hence easier to tell apart, than a real campaign may find them.
POPULATION: Final = simulation.Population(icc=0.4)
REMARKS: Final = (
    "Nous savons qui appeler depuis la réunion de septembre ; avant, c’était au hasard.",
    "Un point trimestriel suffirait, à date fixe.",
    "Il manque un suppléant pendant les congés.",
)

Respondent = tuple[str, str, str]  # département, side, name of the respondent in the simulation


@dataclass(slots=True)
class Rows:
    """What is written in bulk for one wave."""

    entries: list[RosterEntry] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    counts: list[Participation] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """What every wave has in common.

    Attributes:
        asked: the questionnaire.
        empty: code of the département where nobody is asked.
        home: code of the département that is looked at first.
        places: codes of those where something is the matter, ``home`` first.
        actor: who is said to have made it up.
        seed: of the draw.
        chance: drawn from it.
    """

    asked: Questionnaire
    empty: str
    home: str
    places: Sequence[str]
    actor: Actor
    seed: int
    chance: random.Random


def build(
    *, today: date, departements: Sequence[Departement], home: str, actor: Actor, seed: int = 38
) -> list[Wave]:
    """Write the waves, compute their results, decide on their pistes and open a pulse; return them, oldest first.

    Args:
        today: the day of the demonstration.
        departements: those that take part.
        home: code of the département whose pages are looked at first: both its sides answer.
        actor: who is said to have made it up.
        seed: of the draw.
    """
    chance = random.Random(seed)  # noqa: S311  # a story, not a secret
    shipped = files("traitdunion.barometer") / "data" / "questionnaire_exemple.toml"
    version = import_text(
        shipped.read_text(encoding="utf-8"),
        may_justify=False,
        actor=actor,
        at=noon(today - timedelta(days=WAVES[0][1] + 60)),
    )
    empty = next(each.code for each in reversed(departements) if each.code != home)
    others = [each.code for each in departements if each.code not in {home, empty}]
    country = Country(
        asked=read(version.text),
        empty=empty,
        home=home,
        places=[home, *chance.sample(others, min(PLACES - 1, len(others)))],
        actor=actor,
        seed=seed,
        chance=chance,
    )
    drawn = _answers(country.asked, departements, seed)
    levels = scenes.staged(country.places, scenes.FIRST)
    waves: list[Wave] = []
    known: set[str] = set()
    for (name, days), courses in zip(WAVES, COURSES, strict=True):
        wave = _wave(name, today - timedelta(days=days), version, actor)
        wave.save(force_insert=True)
        known = _write(wave, drawn[name], levels, country, known)
        actions_results.compute(wave, actor=actor, at=noon(wave.closes_on + timedelta(days=1)))
        waves.append(wave)
        for each in decisions.decide(wave, country.places, courses, today=today):
            levels = scenes.moved(
                levels,
                departement=each.piste.departement_id,
                dimension=each.piste.dimension,
                side=each.piste.side,
                quantity=each.quantity,
                fate=each.fate,
            )
        if len(waves) == 1:
            levels |= scenes.staged(country.places, scenes.SECOND)
    _announce(waves, today=today, actor=actor)
    region = next(each.region_id for each in departements if each.code == home)
    pulse = open_pulse(
        today=today,
        departements={each.code for each in departements if each.region_id == region},
        home=home,
        version=version,
        actor=actor,
        chance=chance,
    )
    return [*waves, pulse]


def _wave(name: str, closed: date, version: QuestionnaireVersion, actor: Actor) -> Wave:
    opened = closed - timedelta(days=DAYS_TO_ANSWER)
    return Wave(
        name=name,
        format=Format.FULL.value,
        questionnaire=version,
        covers_since=opened - timedelta(days=182),
        covers_until_on=opened,
        opens_on=opened,
        closes_on=closed,
        opened_at=noon(opened),
        sealed_at=noon(closed + timedelta(days=1)),
        **audit.authorship(actor=actor, at=noon(opened - timedelta(days=30))),
    )


def _answers(
    asked: Questionnaire, departements: Sequence[Departement], seed: int
) -> dict[str, dict[Respondent, dict[str, str]]]:
    """Return the answers of every wave as chance alone draws them, by respondent."""
    items = [
        simulation.Item(
            item.id,
            item.dimension,
            item.family.value,
            tuple(side for side in simulation.SIDES if item.is_asked_of(side)),
        )
        for item in asked.items
    ]
    rows = simulation.draw_answers(
        items,
        {each.code: each.region_id for each in departements},
        waves=[name for name, _ in WAVES],
        seed=seed,
        population=POPULATION,
    )
    found: dict[str, dict[Respondent, dict[str, str]]] = {name: defaultdict(dict) for name, _ in WAVES}
    for row in rows:
        found[row.wave][row.departement, row.side, row.respondent][row.item] = row.value
    return found


def _write(
    wave: Wave,
    drawn: Mapping[Respondent, dict[str, str]],
    levels: scenes.Levels,
    country: Country,
    before: set[str],
) -> set[str]:
    """Write who was asked and what they answered in a closed wave; return the addresses of those asked."""
    chance, rows = country.chance, Rows()
    bent: dict[tuple[str, str], list[tuple[scenes.Topic, float]]] = defaultdict(list)
    for topic, level in levels.items():
        bent[topic.departement, topic.side].append((topic, level))
    people: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, side, name in drawn:
        people[code, side].append(name)
    for (code, side), names in sorted(people.items()):
        if code == country.empty:
            continue
        is_short = code not in country.places and chance.random() < SHORT
        kept = names[: chance.choice((1, 2))] if is_short else names
        asked_there = max(len(names), min(6, len(kept) + chance.choice((0, 0, 1, 2))))
        rows.entries += [_entry(wave, code, side, rank, country, before) for rank in range(asked_there)]
        rows.counts.append(
            Participation(
                wave=wave, departement_id=code, side=side, invited=asked_there, submitted=len(kept),
                counted_on=wave.closes_on,
            )
        )  # fmt: skip
        rows.sheets += [
            Sheet(
                wave=wave, departement_id=code, side=side, is_submitted=True,
                answers=scenes.bend(drawn[code, side, name], bent[code, side], country.asked, chance),
                pair_hash=hashlib.sha256(f"{country.seed}{code}{side}{name}".encode()).hexdigest(),
            )
            for name in kept
        ]  # fmt: skip
    rows.remarks += [
        Remark(wave=wave, departement_id=country.home, side=side.value, text=text, is_released=rank != 1)
        for side in Side
        for rank, text in enumerate(REMARKS)
    ]
    chance.shuffle(rows.sheets)
    RosterEntry.objects.bulk_create(rows.entries)
    Participation.objects.bulk_create(rows.counts)
    Sheet.objects.bulk_create(rows.sheets)
    Remark.objects.bulk_create(rows.remarks)
    return {entry.email for entry in rows.entries}


def _entry(wave: Wave, code: str, side: str, rank: int, country: Country, before: set[str]) -> RosterEntry:
    roles = ROLES[side]
    replaced = bool(before) and country.chance.random() < 0.15
    email = f"{side}-{rank + 1}{'-bis' if replaced else ''}.{code.lower()}@exemple.invalid"
    return RosterEntry(
        wave=wave,
        departement_id=code,
        side=side,
        role=roles[rank % len(roles)].value,
        name=f"Personne fictive {code}-{side}-{rank + 1}",
        email=email,
        is_new=bool(before) and email not in before,
        **audit.authorship(actor=country.actor, at=noon(wave.opens_on - timedelta(days=10))),
    )


def _announce(waves: Sequence[Wave], *, today: date, actor: Actor) -> None:
    """Tell the référents where the last two waves stand, as the worker does: these letters left in their time.

    Else the worker would write them at its first round, and they would bury the invitations.
    """
    for wave in waves[-2:]:
        day = wave.published_on if wave.published_on <= today else wave.closes_on + timedelta(days=1)
        actions_notices.announce(wave, today=day, actor=actor, at=noon(day))
        Notice.objects.filter(key__contains=wave.public_id.hex).update(
            state=NoticeState.SENT.value, sent_at=noon(day), next_try_at=None, attempts=1
        )
