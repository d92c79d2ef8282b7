"""Two synthetic waves of the baromètre: one published, one under embargo, with their rosters, answers and results.

Answers are drawn by ``barometer.simulation``: nothing in them is a fact. A few sides answer too little to be shown,
one département has nobody asked, some people were not there the first time.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Final

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import actions_results, simulation
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
from traitdunion.identity.kinds import Side
from traitdunion.territories.models import Departement

# Names of the waves and the days between their closing and the day of the demonstration.
WAVES: Final = (("Printemps (synthétique)", 190), ("Automne (synthétique)", 3))
DAYS_TO_ANSWER: Final = 21
ROLES: Final = {side.value: [role for role in RosterRole if role.side is side] for side in Side}
SHORT: Final = 0.06  # share of the sides of which too few answer
REMARKS: Final = (
    "Nous savons qui appeler depuis la réunion de septembre ; avant, c’était au hasard.",
    "Un point trimestriel suffirait, à date fixe.",
    "Il manque un suppléant pendant les congés.",
)

Respondent = tuple[str, str, str]  # département, side, name of the respondent in the simulation


@dataclass(slots=True)
class Story:
    """What is written in bulk once every wave is drawn."""

    entries: list[RosterEntry] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    counts: list[Participation] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def build(
    *, today: date, departements: Sequence[Departement], home: str, actor: Actor, seed: int = 38
) -> list[Wave]:
    """Write the two waves and compute their results; return them, oldest first.

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
        at=_at(today - timedelta(days=WAVES[0][1] + 60)),
    )
    asked = read(version.text)
    waves = [_wave(name, today - timedelta(days=days), version, actor) for name, days in WAVES]
    Wave.objects.bulk_create(waves)
    answers = _answers(asked, departements, seed)
    story = Story()
    known: set[str] = set()
    for wave in waves:
        before, known = known, set()
        people: dict[tuple[str, str], list[str]] = defaultdict(list)
        for code, side, name in answers[wave.name]:
            people[code, side].append(name)
        for (code, side), names in sorted(people.items()):
            if code != home and code == departements[-1].code:
                continue  # nobody is asked there
            kept = names[: chance.choice((1, 2))] if code != home and chance.random() < SHORT else names
            asked_there = max(len(names), min(6, len(kept) + chance.choice((0, 0, 1, 2))))
            for rank in range(asked_there):
                entry = _entry(wave, code, side, rank, actor, chance, before)
                story.entries.append(entry)
                known.add(entry.email)
            story.counts.append(
                Participation(
                    wave=wave, departement_id=code, side=side, invited=asked_there, submitted=len(kept),
                    counted_on=wave.closes_on,
                )
            )  # fmt: skip
            story.sheets += [
                Sheet(
                    wave=wave, departement_id=code, side=side, is_submitted=True,
                    answers=answers[wave.name][code, side, name],
                    pair_hash=hashlib.sha256(f"{seed}{code}{side}{name}".encode()).hexdigest(),
                )
                for name in kept
            ]  # fmt: skip
        for side in Side:
            story.remarks += [
                Remark(wave=wave, departement_id=home, side=side.value, text=text, is_released=rank != 1)
                for rank, text in enumerate(REMARKS)
            ]
    chance.shuffle(story.sheets)
    RosterEntry.objects.bulk_create(story.entries)
    Participation.objects.bulk_create(story.counts)
    Sheet.objects.bulk_create(story.sheets)
    Remark.objects.bulk_create(story.remarks)
    for wave in waves:
        if wave.sealed_at is not None:
            actions_results.compute(wave, actor=actor, at=wave.sealed_at)
    return waves


def _at(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


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
        opened_at=_at(opened),
        sealed_at=_at(closed + timedelta(days=1)),
        **audit.authorship(actor=actor, at=_at(opened - timedelta(days=30))),
    )


def _answers(
    asked: Questionnaire, departements: Sequence[Departement], seed: int
) -> dict[str, dict[Respondent, dict[str, str]]]:
    """Return the answers of every wave, by respondent."""
    items = [
        simulation.Item(
            item.id,
            item.dimension,
            item.family.value,
            tuple(side for side in simulation.SIDES if item.is_asked_of(side)),
        )
        for item in asked.items
    ]
    rows: Iterator[simulation.Row] = simulation.draw_answers(
        items,
        {each.code: each.region_id for each in departements},
        waves=[name for name, _ in WAVES],
        seed=seed,
    )
    found: dict[str, dict[Respondent, dict[str, str]]] = {name: defaultdict(dict) for name, _ in WAVES}
    for row in rows:
        found[row.wave][row.departement, row.side, row.respondent][row.item] = row.value
    return found


def _entry(
    wave: Wave, code: str, side: str, rank: int, actor: Actor, chance: random.Random, before: set[str]
) -> RosterEntry:
    roles = ROLES[side]
    replaced = bool(before) and chance.random() < 0.15
    email = f"{side}-{rank + 1}{'-bis' if replaced else ''}.{code.lower()}@exemple.invalid"
    return RosterEntry(
        wave=wave,
        departement_id=code,
        side=side,
        role=roles[rank % len(roles)].value,
        name=f"Personne fictive {code}-{side}-{rank + 1}",
        email=email,
        is_new=bool(before) and email not in before,
        **audit.authorship(actor=actor, at=_at(wave.opens_on - timedelta(days=10))),
    )
