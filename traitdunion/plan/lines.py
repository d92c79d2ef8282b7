"""The ledger as one long table: the same lines are exported, compared and imported."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet

from traitdunion.plan.kinds import LineKind, Owner, Periodicity, Progress, Provenance, Unit
from traitdunion.plan.models import (
    Action,
    ActionRevision,
    Axis,
    IndicatorRevision,
    IndicatorValue,
    MeasureRevision,
    Section,
    Target,
)
from traitdunion.plan.queries import end_of

# The columns of the table, in the order of the file; the lines below use them as names of fields.
HEADERS = (
    "type",
    "code",
    "parent",
    "intitulé",
    "texte",
    "pilote",
    "copilotes",
    "échéance",
    "territoire",
    "à la charge de",
    "unité",
    "sens",
    "définition",
    "libellé numérateur",
    "libellé dénominateur",
    "source",
    "périodicité",
    "date",
    "numérateur",
    "dénominateur",
    "cible",
    "provenance",
)
BETWEEN_NAMES = " ; "

# By header; each header has one type per kind of line (see ``imports.EXPECTED``).
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What makes a line unique: its code; for a target or a value, its indicator, its territory and its day."""

    kind: LineKind
    code: str
    territory: str = ""
    day: date | None = None

    @property
    def subject(self) -> str:
        """The line as a person names it."""
        if self.day is None:
            return f"{self.kind.label} {self.code}"
        where = self.territory or "France entière"
        return f"{self.kind.label} de {self.code}, {where}, {self.day:%d/%m/%Y}"


def ledger(
    day: date,
    *,
    actions: QuerySet[Action],
    values: QuerySet[IndicatorValue],
    targets: QuerySet[Target],
) -> dict[Key, Fields]:
    """Return every line of the plan on ``day``, in the order of the table, in seven queries.

    Args:
        day: the day looked at.
        actions: those to include.
        values: those to include.
        targets: those to include.
    """
    lines: dict[Key, Fields] = {}
    for axis in Axis.objects.order_by("number"):
        lines[Key(kind=LineKind.AXE, code=str(axis.number))] = {
            "intitulé": axis.title,
            "provenance": Provenance(axis.provenance),
        }
    for section in Section.objects.order_by("code"):
        lines[Key(kind=LineKind.SECTION, code=section.code)] = {
            "parent": str(section.axis_id),
            "intitulé": section.title,
            "provenance": Provenance(section.provenance),
        }
    lines.update(_measures(day))
    lines.update(_indicators(day))
    lines.update(_targets(targets, day))
    lines.update(_values(values, day))
    lines.update(_actions(actions, day))
    return lines


def _measures(day: date) -> Mapping[Key, Fields]:
    names = MeasureRevision.copilots.through.objects.filter(measurerevision=OuterRef("pk"))
    revisions = (
        MeasureRevision.objects.filter(recorded_at__lt=end_of(day))
        .order_by("measure_id", "-recorded_at", "-id")
        .distinct("measure_id")
        .select_related("measure__section", "pilot")
        .annotate(
            copilot_names=ArraySubquery(names.order_by("organisation__name").values("organisation__name"))
        )
    )
    return {
        Key(kind=LineKind.MESURE, code=each.measure.code): {
            "parent": each.measure.section.code,
            "intitulé": each.title,
            "texte": each.wording,
            "pilote": each.pilot.name if each.pilot is not None else "",
            "copilotes": tuple(each.copilot_names),
            "échéance": each.due_on,
            "provenance": Provenance(each.provenance),
        }
        for each in sorted(revisions, key=lambda one: (one.measure.position, one.measure.code))
    }


def _indicators(day: date) -> Mapping[Key, Fields]:
    revisions = (
        IndicatorRevision.objects.filter(recorded_at__lt=end_of(day))
        .order_by("indicator__code", "-recorded_at", "-id")
        .distinct("indicator__code")
        .select_related("indicator__measure")
    )
    return {
        Key(kind=LineKind.INDICATEUR, code=each.indicator.code): {
            "parent": each.indicator.measure.code,
            "intitulé": each.name,
            "unité": Unit(each.indicator.unit),
            "sens": Progress.HAUSSE if each.indicator.higher_is_better else Progress.BAISSE,
            "définition": each.definition,
            "libellé numérateur": each.numerator_label,
            "libellé dénominateur": each.denominator_label,
            "source": each.source,
            "périodicité": Periodicity(each.periodicity),
            "provenance": Provenance(each.provenance),
        }
        for each in revisions
    }


def _targets(targets: QuerySet[Target], day: date) -> Mapping[Key, Fields]:
    rows = (
        targets.filter(recorded_at__lt=end_of(day))
        .order_by("indicator__code", "departement_id", "due_on", "-recorded_at", "-id")
        .distinct("indicator__code", "departement_id", "due_on")
        .values_list("indicator__code", "departement_id", "due_on", "value")
    )
    return {
        Key(kind=LineKind.CIBLE, code=code, territory=departement or "", day=due_on): {"cible": value}
        for code, departement, due_on, value in rows
    }


def _values(values: QuerySet[IndicatorValue], day: date) -> Mapping[Key, Fields]:
    rows = (
        values.filter(recorded_at__lt=end_of(day), measured_on__lte=day)
        .order_by("indicator__code", "departement_id", "measured_on", "-recorded_at", "-id")
        .distinct("indicator__code", "departement_id", "measured_on")
        .values_list(
            "indicator__code", "departement_id", "measured_on", "numerator", "denominator", "provenance"
        )
    )
    return {
        Key(kind=LineKind.VALEUR, code=code, territory=departement or "", day=measured_on): {
            "numérateur": numerator,
            "dénominateur": denominator,
            "provenance": Provenance(provenance),
        }
        for code, departement, measured_on, numerator, denominator, provenance in rows
    }


def _actions(actions: QuerySet[Action], day: date) -> Mapping[Key, Fields]:
    names = ActionRevision.copilots.through.objects.filter(actionrevision=OuterRef("pk"))
    revisions = (
        ActionRevision.objects.filter(
            Q(action__in=actions), recorded_at__lt=end_of(day), action__opened_on__lte=day
        )
        .order_by("action_id", "-recorded_at", "-id")
        .distinct("action_id")
        .select_related("action__measure", "pilot")
        .annotate(
            copilot_names=ArraySubquery(names.order_by("organisation__name").values("organisation__name"))
        )
    )
    return {
        Key(kind=LineKind.ACTION, code=each.action.code or str(each.action.public_id)): {
            "parent": each.action.measure.code if each.action.measure is not None else "",
            "intitulé": each.title,
            "pilote": each.pilot.name if each.pilot is not None else "",
            "copilotes": tuple(each.copilot_names),
            "échéance": each.due_on,
            "territoire": each.action.departement_id or "",
            "à la charge de": Owner(each.action.owner) if each.action.owner else None,
            "date": each.action.opened_on,
            "provenance": Provenance(each.action.provenance),
        }
        for each in revisions
    }
