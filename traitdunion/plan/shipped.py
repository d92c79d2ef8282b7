"""Load the part of the plan that ships with the product. What is already there is left as it stands."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from traitdunion.audit.actors import Actor
from traitdunion.plan import actions
from traitdunion.plan.actions import Definition, MeasureText
from traitdunion.plan.kinds import EvidenceKind, Periodicity, Provenance, Unit
from traitdunion.plan.models import Axis, Evidence, Indicator, Measure, Section, Statement

SECTION_4_1_1 = Path(__file__).parent / "data" / "section_4_1_1.toml"


@transaction.atomic
def load(*, actor: Actor, at: datetime) -> int:
    """Open what is missing of the shipped plan and dated by the day of ``at``; return how many objects it opened.

    An axis, a section, a measure or an indicator is known by its code, a statement by its text and a piece of
    evidence by its title: what an administrator reworded since is never overwritten.
    """
    data = tomllib.loads(SECTION_4_1_1.read_text(encoding="utf-8"))
    opened = 0
    for entry in data["axes"]:
        if not Axis.objects.filter(number=entry["number"]).exists():
            actions.write_axis(**{**entry, "provenance": Provenance(entry["provenance"])}, actor=actor, at=at)
            opened += 1
    for entry in data["sections"]:
        if not Section.objects.filter(code=entry["code"]).exists():
            actions.write_section(
                axis=Axis.objects.get(number=entry["axis"]),
                code=entry["code"],
                title=entry["title"],
                provenance=Provenance(entry["provenance"]),
                actor=actor,
                at=at,
            )
            opened += 1
    for entry in data["measures"]:
        opened += _load_measure(entry, actor, at)
    return opened


def _load_measure(entry: Mapping[str, Any], actor: Actor, at: datetime) -> int:
    opened = 0
    measure = Measure.objects.filter(code=entry["code"]).first()
    if measure is None:
        measure = actions.open_measure(
            section=Section.objects.get(code=entry["section"]),
            code=entry["code"],
            position=entry["position"],
            text=MeasureText(
                title=entry["title"],
                wording=entry["wording"].strip(),
                provenance=Provenance(entry["provenance"]),
            ),
            actor=actor,
            at=at,
        )
        opened += 1
    today = timezone.localdate(at)
    pieces: dict[str, Evidence] = {}
    for piece in entry["evidence"]:
        known = Evidence.objects.filter(measure=measure, title=piece["title"]).first()
        dated_on = _on(piece["dated_on"], today)
        if known is None and dated_on <= today:
            known = _add_evidence(measure, {**piece, "dated_on": dated_on}, actor, at)
            opened += 1
        if known is not None:
            pieces[piece["key"]] = known
    for position, statement in enumerate(entry["statements"], start=1):
        opened += _publish(measure, statement, position, pieces, actor, at)
    for indicator in entry.get("indicators", ()):
        opened += _open_indicator(measure, indicator, actor, at)
    return opened


def _add_evidence(measure: Measure, entry: Mapping[str, Any], actor: Actor, at: datetime) -> Evidence:
    return actions.add_evidence(
        measure=measure,
        kind=EvidenceKind(entry["kind"]),
        title=entry["title"],
        reference=entry["reference"],
        address=entry.get("address", ""),
        dated_on=entry["dated_on"],
        provenance=Provenance(entry["provenance"]),
        actor=actor,
        at=at,
    )


def _on(written: date | str, today: date) -> date:
    """Return the day written in the file, the day of loading when the official text carries none."""
    return written if isinstance(written, date) else today


def _publish(
    measure: Measure,
    entry: Mapping[str, Any],
    position: int,
    pieces: Mapping[str, Evidence],
    actor: Actor,
    at: datetime,
) -> int:
    today = timezone.localdate(at)
    published_on = _on(entry["published_on"], today)
    if max(published_on, entry.get("not_before", published_on)) > today:
        return 0
    statement = Statement.objects.filter(measure=measure, text=entry["text"]).first()
    wanted = [pieces[key] for key in entry["proofs"] if key in pieces]
    if statement is None:
        actions.publish_statement(
            measure=measure,
            text=entry["text"],
            figure=entry.get("figure", ""),
            position=position,
            published_on=published_on,
            provenance=Provenance(entry["provenance"]),
            evidence=wanted,
            actor=actor,
            at=at,
        )
        return 1
    # A piece dated after a former load completes the sentence.
    missing = [piece for piece in wanted if not statement.proofs.filter(pk=piece.pk).exists()]
    for piece in missing:
        actions.prove_statement(statement, evidence=piece, actor=actor, at=at)
    return len(missing)


def _open_indicator(measure: Measure, entry: Mapping[str, Any], actor: Actor, at: datetime) -> int:
    if Indicator.objects.filter(code=entry["code"]).exists():
        return 0
    actions.open_indicator(
        measure=measure,
        code=entry["code"],
        unit=Unit(entry["unit"]),
        higher_is_better=entry["higher_is_better"],
        definition=Definition(
            name=entry["name"],
            definition=entry["definition"],
            numerator_label=entry["numerator_label"],
            denominator_label=entry["denominator_label"],
            source=entry["source"],
            periodicity=Periodicity(entry["periodicity"]),
            provenance=Provenance(entry["provenance"]),
        ),
        actor=actor,
        at=at,
    )
    return 1
