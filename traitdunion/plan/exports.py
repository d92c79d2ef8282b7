"""The tables that leave the plan: the whole ledger, a list of actions, the values of an indicator."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast
from uuid import UUID

from django.db.models import QuerySet

from traitdunion.exchange.writers import CONTENT_TYPES, Format, Written, write_table
from traitdunion.plan import lines, queries
from traitdunion.plan.kinds import LineKind, Unit
from traitdunion.plan.models import Action, Indicator, IndicatorValue, Target

FORMATS: dict[str, str] = {str(name): content_type for name, content_type in CONTENT_TYPES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table ready to be written."""

    title: str
    headers: Sequence[str]
    rows: Iterable[Sequence[Written]]


def write(sheet: Sheet, name: str) -> bytes:
    """Return the bytes of the table in the format ``name``, one of ``FORMATS``."""
    return write_table(sheet.headers, sheet.rows, format=cast("Format", name), title=sheet.title)


def plan_table(
    day: date, *, actions: QuerySet[Action], values: QuerySet[IndicatorValue], targets: QuerySet[Target]
) -> Sheet:
    """Return the ledger on ``day`` as the table that the import takes back."""
    ledger = lines.ledger(day, actions=actions, values=values, targets=targets)
    return Sheet(
        title=f"Plan au {day:%d-%m-%Y}",
        headers=lines.HEADERS,
        rows=[_row(key, fields) for key, fields in ledger.items()],
    )


def _row(key: lines.Key, fields: lines.Fields) -> Sequence[Written]:
    told: dict[str, object] = {"type": key.kind, **fields}
    if key.kind in {LineKind.CIBLE, LineKind.VALEUR}:
        told |= {"parent": key.code, "territoire": key.territory, "date": key.day}
    elif key.kind is LineKind.FAIT:
        told |= {"parent": key.code, "date": key.day, "fait": key.fact}
    else:
        told["code"] = key.code
    return [_written(told.get(header)) for header in lines.HEADERS]


def _written(value: object) -> Written:
    if isinstance(value, tuple):
        return lines.BETWEEN_NAMES.join(value)
    return str(value) if isinstance(value, UUID) else cast("Written", value)


def action_table(found: Iterable[queries.ActionLine]) -> Sheet:
    """Return a list of actions with their state and its reason."""
    return Sheet(
        title="Actions",
        headers=(
            "identifiant",
            "intitulé",
            "mesure",
            "code du département",
            "département",
            "à la charge de",
            "état",
            "motif de l’état",
            "depuis le",
            "ouverte le",
            "échéance",
            "pilote",
            "origine",
            "provenance",
        ),
        rows=[
            (
                str(line.public_id),
                line.title,
                line.measure_code,
                line.departement,
                line.departement_name,
                line.owner,
                line.status.state,
                line.status.reason,
                line.status.since,
                line.opened_on,
                line.due_on,
                line.pilot,
                line.origin_label or line.origin,
                line.provenance,
            )
            for line in found
        ],
    )


def value_table(indicator: Indicator, values: QuerySet[IndicatorValue], day: date) -> Sheet:
    """Return the values of an indicator known on ``day``, by territory and date."""
    rows = (
        values.filter(indicator=indicator, measured_on__lte=day, recorded_at__lt=queries.end_of(day))
        .order_by("departement_id", "measured_on", "-recorded_at", "-id")
        .distinct("departement_id", "measured_on")
        .select_related("departement", "indicator")
    )
    return Sheet(
        title=f"Indicateur {indicator.code}",
        headers=(
            "indicateur",
            "code du département",
            "territoire",
            "date",
            "numérateur",
            "dénominateur",
            "valeur",
            "provenance",
        ),
        rows=[
            (
                indicator.code,
                value.departement_id or "",
                "France entière" if value.departement is None else value.departement.name,
                reading.measured_on,
                reading.numerator,
                reading.denominator,
                reading.value,
                reading.provenance,
            )
            for value in rows
            for reading in [queries.reading_of(value, Unit(indicator.unit))]
        ],
    )
