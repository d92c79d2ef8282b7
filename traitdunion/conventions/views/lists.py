"""List the conventions, today or « à la date du … »: those of a reader, those of a département."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from traitdunion.conventions import access, queries_as_of, queries_drafting, rules
from traitdunion.conventions.indicators import plain
from traitdunion.conventions.kinds import State
from traitdunion.conventions.models import Convention, ConventionQuerySet
from traitdunion.conventions.queries_drafting import Row
from traitdunion.conventions.views.answers import export_links, now, table_file
from traitdunion.exchange.writers import Written
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.kinds import Role
from traitdunion.identity.reading import Reading, reading_day

ROWS_A_PAGE = 25


@mandate_required
@require_safe
def convention_list(request: SignedInRequest) -> HttpResponse:
    """List the conventions in scope, with where each stands and what the reader is expected to do."""
    reading = reading_day(request, today=timezone.localdate())
    chosen = Filters.read(request.GET)
    visible = access.conventions_visible_to(request.mandate)
    asked = request.GET.get("page")
    if chosen.state or not reading.is_today:
        rows, total = _rows(visible, chosen, reading, request.mandate.role)
        page: Any = Paginator(rows, ROWS_A_PAGE).get_page(asked)
    else:
        total = visible.count()
        page = Paginator(chosen.of(visible).with_life(), ROWS_A_PAGE).get_page(asked)
        page.object_list = queries_drafting.rows(
            page.object_list, day=reading.day, reader=request.mandate.role
        )
    departements = list(departements_visible_to(request.mandate).order_by("code"))
    own = departements[0] if len(departements) == 1 else None
    return render(
        request,
        "conventions/convention_list.html",
        {
            "reading": reading,
            "page": page,
            "total": total,
            "filters": chosen,
            "departements": [(each.code, f"{each.code} {each.name}") for each in departements],
            "states": [(state.value, state.label) for state in State],
            "own": own,
            "may_start": own is not None and access.may_draft(request.mandate, own) and reading.is_today,
            "exports": export_links(request, "conventions:convention_list_export"),
        },
    )


@mandate_required
@require_safe
def convention_list_export(request: SignedInRequest) -> HttpResponse:
    """Give the list, filters and day applied, as a file."""
    chosen = Filters.read(request.GET)
    visible = access.conventions_visible_to(request.mandate)
    rows, _ = _rows(visible, chosen, reading_day(request, today=timezone.localdate()), request.mandate.role)
    return table_file(
        request,
        name="conventions",
        title="Conventions",
        headers=(
            "code",
            "département",
            "intitulé",
            "référence",
            "avenant",
            "état",
            "depuis",
            "attendu",
            "premier jour",
            "dernier jour",
            "signée le",
            "modèle",
            "provenance",
        ),
        rows=(_exported(row) for row in rows),
    )


def _rows(
    conventions: ConventionQuerySet, chosen: "Filters", reading: Reading, reader: Role
) -> tuple[list[Row], int]:
    """Return every row that the address asks for, and how many there are whatever it asks.

    Of a past evening, the words then written are searched.
    """
    if reading.is_today:
        total = conventions.count()
        rows = queries_drafting.rows(chosen.of(conventions).with_life(), day=reading.day, reader=reader)
    else:
        known, _ = queries_as_of.as_known(conventions, day=reading.day)
        total = len(known)
        asked = sorted((each for each in known if chosen.is_past(each)), key=_latest_first)
        rows = queries_drafting.rows(
            asked, day=reading.day, reader=reader, beside=queries_as_of.known_on(reading.day)
        )
    return (chosen.in_state(rows) if chosen.state else rows), total


def _latest_first(convention: Convention) -> tuple[str, int, int]:
    """Order as ``Filters.of`` does: a convention without a first day yet comes first."""
    starts_on = convention.starts_on or date.max
    return convention.departement_id, -starts_on.toordinal(), -convention.pk


def _exported(row: Row) -> tuple[Written, ...]:
    convention, situation = row.convention, row.situation
    return (
        convention.departement_id,
        convention.departement.name,
        convention.title,
        convention.reference,
        convention.number or None,
        situation.state if situation else None,
        situation.since if situation else None,
        row.sentence,
        convention.starts_on,
        convention.ends_on,
        convention.signed_on,
        str(convention.template) if convention.template else None,
        convention.get_provenance_display(),
    )


class Filters:
    """What the address of a list asks for."""

    def __init__(self, *, departement: str, state: str, words: str) -> None:
        self.departement = departement
        self.state = state
        self.words = words

    @classmethod
    def read(cls, asked: Mapping[str, Any]) -> "Filters":
        """Read the address; an unknown state asks for nothing."""
        state = str(asked.get("etat", ""))
        return cls(
            departement=str(asked.get("departement", ""))[:3],
            state=state if state in State else "",
            words=" ".join(str(asked.get("q", "")).split())[:100],  # copied from a page, its spaces are bound
        )

    @property
    def is_asked(self) -> bool:
        """Whether the address filters anything."""
        return bool(self.departement or self.state or self.words)

    def of(self, conventions: ConventionQuerySet) -> ConventionQuerySet:
        """Return the conventions asked for, whatever their state, département by département."""
        if self.departement:
            conventions = conventions.filter(departement=self.departement)
        if self.words:
            conventions = conventions.filter(
                Q(title__icontains=self.words)
                | Q(reference__icontains=self.words)
                | Q(departement__name__icontains=self.words)
            )
        return conventions.order_by("departement_id", "-starts_on", "-pk")

    def is_past(self, convention: Convention) -> bool:
        """Whether a convention read as of a day is in the département and has the words asked for."""
        if self.departement not in {"", convention.departement_id}:
            return False
        said = (convention.title, convention.reference, convention.departement.name)
        return not self.words or any(plain(self.words) in plain(each) for each in said)

    def in_state(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows in the state asked for."""
        return [row for row in rows if row.situation is not None and row.situation.state == self.state]


@mandate_required
@require_safe
def departement_history(request: SignedInRequest, code: str) -> HttpResponse:
    """Show every convention of a département, the latest first, each with its avenants."""
    reading = reading_day(request, today=timezone.localdate())
    departement = get_object_or_404(departements_visible_to(request.mandate), code=code)
    visible = access.conventions_visible_to(request.mandate).filter(departement=departement)
    if reading.is_today:
        day = rules.local_day(now(), departement.time_zone)
        acts, beside = list(visible.order_by("-starts_on", "-number", "-pk").with_life()), None
    else:
        day = reading.day
        known, _ = queries_as_of.as_known(visible, day=day)
        acts, beside = sorted(known, key=_latest_first), queries_as_of.known_on(day)
    rows = queries_drafting.rows(acts, day=day, reader=request.mandate.role, beside=beside)
    wholes = [row for row in rows if not row.convention.is_avenant]
    return render(
        request,
        "conventions/departement_history.html",
        {
            "reading": reading,
            "departement": departement,
            "conventions": [
                (row, [each for each in rows if each.convention.parent_id == row.convention.pk])
                for row in wholes
            ],
            "may_start": reading.is_today
            and access.may_draft(request.mandate, departement)
            and not any(row.situation is not None and row.situation.is_draft for row in wholes),
        },
    )
