"""Write the lines of an imported table, in bulk: one entry in the log, and the author on every row."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

from django.db import transaction
from django.db.models import Max

from traitdunion.audit import actions as audit
from traitdunion.audit.actions import Authorship
from traitdunion.audit.actors import Actor
from traitdunion.exchange.cells import normalised
from traitdunion.identity.models import Organisation
from traitdunion.plan import actions_table_proofs
from traitdunion.plan.kinds import LineKind, Progress
from traitdunion.plan.lines import Line, actions_by_code, public_id
from traitdunion.plan.models import (
    Action,
    ActionRevision,
    Axis,
    Indicator,
    IndicatorRevision,
    IndicatorValue,
    Measure,
    MeasureRevision,
    Section,
    Target,
)

BATCH = 1000


@transaction.atomic
def write_lines(
    lines: Sequence[Line], *, documents: Mapping[str, Path], summary: str, actor: Actor, at: datetime
) -> None:
    """Write lines that were checked, parents first, in a number of queries that does not depend on the lines.

    Args:
        lines: checked: every parent exists or is among them, every organisation is known by its name.
        documents: the deposited documents that come beside the table, by SHA-256; the others are on the site.
        summary: the sentence kept in the log.
        actor: who imports.
        at: when.
    """
    by_kind: dict[LineKind, list[Line]] = defaultdict(list)
    for line in lines:
        by_kind[line.key.kind].append(line)
    writer = _Writer(lines, audit.authorship(actor=actor, at=at))
    writer.axes(by_kind[LineKind.AXE])
    writer.sections(by_kind[LineKind.SECTION])
    writer.measures(by_kind[LineKind.MESURE])
    writer.indicators(by_kind[LineKind.INDICATEUR])
    writer.targets(by_kind[LineKind.CIBLE])
    writer.values(by_kind[LineKind.VALEUR])
    writer.actions(by_kind[LineKind.ACTION])
    proofs = actions_table_proofs.Writer(writer.author, actor, at)
    proofs.facts(by_kind[LineKind.FAIT])
    proofs.blockers(by_kind[LineKind.BLOCAGE])
    proofs.evidence(by_kind[LineKind.PREUVE], documents)
    proofs.statements(by_kind[LineKind.ENONCE])
    audit.record(
        event="plan.table.imported",
        subject="plan",
        actor=actor,
        at=at,
        detail={
            "summary": summary,
            "lines": {kind.value: len(found) for kind, found in by_kind.items() if found},
        },
    )


class _Writer:
    def __init__(self, lines: Iterable[Line], author: Authorship) -> None:
        self.author = author
        wanted = {normalised(name) for line in lines for name in line.organisations}
        running = Organisation.objects.filter(closed_on=None) if wanted else Organisation.objects.none()
        self.organisations = {normalised(each.name): each.pk for each in running}

    def axes(self, lines: Sequence[Line]) -> None:
        Axis.objects.bulk_create(
            [
                Axis(
                    number=int(line.key.code),
                    title=line.after["intitulé"],
                    provenance=_value(line, "provenance"),
                )
                for line in lines
            ],
            update_conflicts=True,
            unique_fields=["number"],
            update_fields=["title", "provenance"],
        )

    def sections(self, lines: Sequence[Line]) -> None:
        Section.objects.bulk_create(
            [
                Section(
                    axis_id=int(str(line.after["parent"])),
                    code=line.key.code,
                    title=line.after["intitulé"],
                    provenance=_value(line, "provenance"),
                )
                for line in lines
            ],
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["title", "provenance"],
        )

    def measures(self, lines: Sequence[Line]) -> None:
        if not lines:
            return
        sections = dict(Section.objects.values_list("code", "pk"))
        fresh = [line for line in lines if line.before is None]
        last = Measure.objects.aggregate(last=Max("position"))["last"] or 0
        Measure.objects.bulk_create(
            [
                Measure(
                    section_id=sections[str(line.after["parent"])],
                    code=line.key.code,
                    position=_position(line, last + rank),
                )
                for rank, line in enumerate(fresh, start=1)
            ]
        )
        measures = dict(Measure.objects.values_list("code", "pk"))
        revisions = MeasureRevision.objects.bulk_create(
            [
                MeasureRevision(
                    measure_id=measures[line.key.code],
                    title=line.after["intitulé"],
                    wording=line.after["texte"],
                    pilot_id=self._pilot(line),
                    due_on=line.after["échéance"],
                    provenance=_value(line, "provenance"),
                    **self.author,
                )
                for line in lines
            ]
        )
        self._link(MeasureRevision.copilots.through, "measurerevision_id", lines, revisions)

    def indicators(self, lines: Sequence[Line]) -> None:
        if not lines:
            return
        measures = dict(Measure.objects.values_list("code", "pk"))
        Indicator.objects.bulk_create(
            [
                Indicator(
                    measure_id=measures[str(line.after["parent"])],
                    code=line.key.code,
                    unit=_value(line, "unité"),
                    higher_is_better=line.after["sens"] is Progress.HAUSSE,
                )
                for line in lines
                if line.before is None
            ]
        )
        indicators = self._indicators()
        IndicatorRevision.objects.bulk_create(
            [
                IndicatorRevision(
                    indicator_id=indicators[line.key.code],
                    name=line.after["intitulé"],
                    definition=line.after["définition"],
                    numerator_label=line.after["libellé numérateur"],
                    denominator_label=line.after["libellé dénominateur"],
                    source=line.after["source"],
                    periodicity=_value(line, "périodicité"),
                    provenance=_value(line, "provenance"),
                    **self.author,
                )
                for line in lines
            ]
        )

    def targets(self, lines: Sequence[Line]) -> None:
        if not lines:
            return
        indicators = self._indicators()
        Target.objects.bulk_create(
            [
                Target(
                    indicator_id=indicators[line.key.code],
                    departement_id=line.key.territory or None,
                    due_on=_day(line),
                    value=line.after["cible"],
                    **self.author,
                )
                for line in lines
            ],
            batch_size=BATCH,
        )

    def values(self, lines: Sequence[Line]) -> None:
        if not lines:
            return
        indicators = self._indicators()
        IndicatorValue.objects.bulk_create(
            [
                IndicatorValue(
                    indicator_id=indicators[line.key.code],
                    departement_id=line.key.territory or None,
                    measured_on=_day(line),
                    numerator=line.after["numérateur"],
                    denominator=line.after["dénominateur"],
                    provenance=_value(line, "provenance"),
                    **self.author,
                )
                for line in lines
            ],
            batch_size=BATCH,
        )

    def actions(self, lines: Sequence[Line]) -> None:
        if not lines:
            return
        measures = dict(Measure.objects.values_list("code", "pk"))
        Action.objects.bulk_create(
            [
                Action(
                    **_named(line.key.code),
                    measure_id=measures.get(str(line.after["parent"])),
                    departement_id=line.after["territoire"] or None,
                    owner=_value(line, "à la charge de"),
                    origin=_value(line, "origine"),
                    origin_label=line.after["libellé d’origine"],
                    origin_reference=line.after["référence d’origine"],
                    opened_on=line.after["date"],
                    provenance=_value(line, "provenance"),
                    **self.author,
                )
                for line in lines
                if line.before is None
            ],
            batch_size=BATCH,
        )
        known = actions_by_code()
        revisions = ActionRevision.objects.bulk_create(
            [
                ActionRevision(
                    action_id=known[line.key.code],
                    title=line.after["intitulé"],
                    pilot_id=self._pilot(line),
                    due_on=line.after["échéance"],
                    **self.author,
                )
                for line in lines
            ],
            batch_size=BATCH,
        )
        self._link(ActionRevision.copilots.through, "actionrevision_id", lines, revisions)

    def _link(
        self,
        through: Any,  # noqa: ANN401  # an automatic model has no name
        column: str,
        lines: Sequence[Line],
        revisions: Sequence[MeasureRevision | ActionRevision],
    ) -> None:
        through.objects.bulk_create(
            [
                through(**{column: revision.pk, "organisation_id": self.organisations[normalised(name)]})
                for line, revision in zip(lines, revisions, strict=True)
                for name in line.names("copilotes")
            ],
            batch_size=BATCH,
        )

    def _pilot(self, line: Line) -> int | None:
        names = line.names("pilote")
        return self.organisations[normalised(names[0])] if names else None

    def _indicators(self) -> Mapping[str, int]:
        return dict(Indicator.objects.values_list("code", "pk"))


def _value(line: Line, header: str) -> str:
    """Return what is stored of a member of a closed list, "" when there is none."""
    member = line.after[header]
    return "" if member is None else str(getattr(member, "value", member))


def _named(code: str) -> Mapping[str, Any]:
    """Return what names a new action: the public identifier that an export gave it, else its code."""
    identifier = public_id(LineKind.ACTION, code)
    return {"public_id": identifier, "code": ""} if str(identifier) == code else {"code": code}


def _day(line: Line) -> date:
    """Return the day of a target or of a value, which always has one."""
    return cast("date", line.key.day)


def _position(line: Line, otherwise: int) -> int:
    """Return the rank of a new measure: said, else its number, else after the others."""
    code, rank = line.key.code, line.after["rang"]
    if rank is not None:
        return int(rank)
    return int(code) if code.isascii() and code.isdigit() and int(code) < 30_000 else min(otherwise, 30_000)
