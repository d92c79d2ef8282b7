"""The country on a day: three counts and their denominator, a map, the same as a table, and the history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from traitdunion.conventions import convention_table, differences, imports, queries
from traitdunion.conventions.indicators import (
    FACT_CHOICES,
    INDICATORS,
    STATE_CHOICES,
    TURN_CHOICES,
    Filters,
    Indicator,
    plain,
)
from traitdunion.conventions.kinds import Fact
from traitdunion.conventions.queries import Situation
from traitdunion.conventions.rules_practice import Point, month_ends
from traitdunion.conventions.views.answers import export_links, table_file
from traitdunion.exchange.writers import Written
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.reading import compared_days
from traitdunion.plan.queries import end_of

AS_KNOWN = "alors"
ROWS_A_PAGE = 25
MONTHS_BETWEEN_POINTS = 3
# Names are ordered as a reader looks for them: « Hérault » before « Yonne », accents aside.
ORDERS: dict[str, Callable[[Situation], str]] = {
    "code": lambda situation: situation.place.code,
    "nom": lambda situation: plain(situation.place.name),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the address asks for."""

    day: date
    today: date
    as_known: bool
    filters: Filters
    indicator: Indicator
    order: str
    unreadable: bool

    @property
    def past(self) -> str:
        """The end of an address that keeps the day, empty today."""
        return "" if self.day == self.today else f"?au={self.day.isoformat()}"

    @property
    def known_at(self) -> datetime | None:
        """The end of the day when the page is read as it was known then, None when as known now."""
        return end_of(self.day) if self.as_known else None


@mandate_required
@require_safe
@vary_on_headers("HX-Request")
def national(request: SignedInRequest) -> HttpResponse:
    """Show where the départements of the mandate stand on a day. An HTMX request gets the results only."""
    wanted = _wanted(request)
    codes = _codes(request)
    every = _situations(wanted, codes)
    regions = sorted({(each.place.region_code, each.place.region_name) for each in every}, key=itemgetter(1))
    in_region = [each for each in every if wanted.filters.region in {"", each.place.region_code}]
    kept = wanted.filters.keep(in_region)
    history = queries.series(
        month_ends(wanted.today)[::MONTHS_BETWEEN_POINTS],
        departements=[each.place.code for each in in_region],
    )
    counts = queries.counts(in_region)
    context = {
        "wanted": wanted,
        "counts": counts,
        "fact_counts": [(fact.value, fact.label, count) for fact, count in counts.facts.items()],
        "kept": kept,
        "page": Paginator(_ordered(kept, wanted.order), ROWS_A_PAGE).get_page(request.GET.get("page")),
        "indicators": [(each.key, each.label) for each in INDICATORS.values()],
        "map_title": f"{wanted.indicator.label} au {wanted.day:%d/%m/%Y}",
        "areas": _areas(kept, wanted),
        "past": wanted.past,
        "legend": wanted.indicator.legend(kept),
        "stops": _stops(wanted),
        "stop": wanted.day.isoformat(),
        "regions": regions,
        "states": STATE_CHOICES,
        "turns": TURN_CHOICES,
        "facts": FACT_CHOICES,
        "readings": [(AS_KNOWN, "Tel qu’on le connaissait ce jour-là")],
        "reading": AS_KNOWN if wanted.as_known else "",
        "exports": export_links(request, "conventions:national_export"),
        "table_exports": export_links(request, "conventions:table_export"),
        "history": history,
        "history_labels": [f"{point.day:%m/%Y}" for point in history],
        "curves": _curves(history),
    }
    template = "conventions/national.html"
    return render(request, f"{template}#results" if request.htmx else template, context)


@mandate_required
@require_safe
def national_export(request: SignedInRequest) -> HttpResponse:
    """Give the same rows as a file, with every fact and its reason."""
    wanted = _wanted(request)
    kept = wanted.filters.keep(_situations(wanted, _codes(request)))
    return table_file(
        request,
        name=f"conventions-{wanted.day.isoformat()}",
        title=f"Conventions au {wanted.day:%d-%m-%Y}",
        headers=HEADERS,
        rows=[_exported(each, wanted.day) for each in _ordered(kept, wanted.order)],
    )


@mandate_required
@require_safe
def difference(request: SignedInRequest) -> HttpResponse:
    """Show what changed in the conventions of the mandate between two days, each as it was known that evening."""
    days, codes = compared_days(request, today=timezone.localdate()), _codes(request)
    before, after = (
        queries.situation(day, known_at=None if day == days.today else end_of(day), departements=codes)
        for day in (days.first, days.second)
    )
    context = {
        "days": days,
        "difference": differences.compare(before, after),
        "past": "" if days.second == days.today else f"?au={days.second.isoformat()}",
    }
    return render(request, "conventions/convention_difference.html", context)


@mandate_required
@require_safe
def table_export(request: SignedInRequest) -> HttpResponse:
    """Give the table of conventions that the import reads: sent back as it is, it changes nothing."""
    codes = departements_visible_to(request.mandate).values_list("code", flat=True)
    return table_file(
        request,
        name="tableau-des-conventions",
        title="Conventions",
        headers=convention_table.HEADERS,
        rows=imports.rows(codes),
    )


def _exported(situation: Situation, day: date) -> list[Written]:
    place, deed = situation.place, situation.convention
    row: list[Written] = [
        day,
        place.code,
        place.name,
        place.region_name,
        deed.title if deed else "",
        deed.reference if deed else "",
        situation.state.label if situation.state else "aucune convention",
        situation.since,
        situation.turn.label,
        situation.turn_since,
        deed.starts_on if deed else None,
        deed.ends_on if deed else None,
        situation.vitality.signed,
        situation.vitality.in_force,
        situation.vitality.applied,
    ]
    for status in situation.vitality.facts:
        row += [status.holds, status.sentence]
    return row


HEADERS = (
    "situation au",
    "code",
    "département",
    "région",
    "convention",
    "référence",
    "état",
    "état depuis",
    "à la charge de",
    "à la charge depuis",
    "entrée en vigueur",
    "fin",
    "signée",
    "en vigueur",
    "appliquée",
    *(title for fact in Fact for title in (fact.label, f"{fact.label} : constat")),
)


def _wanted(request: SignedInRequest) -> Wanted:
    today = timezone.localdate()
    asked = request.GET.get("au", "")
    day, unreadable = today, False
    if asked:
        try:
            day = min(date.fromisoformat(asked), today)
        except ValueError:
            unreadable = True
    return Wanted(
        day=day,
        today=today,
        as_known=request.GET.get("connu") == AS_KNOWN,
        filters=Filters(
            region=request.GET.get("region", ""),
            state=_among(request, "etat", STATE_CHOICES),
            turn=_among(request, "tour", TURN_CHOICES),
            missing=_among(request, "manque", FACT_CHOICES),
            text=" ".join(request.GET.get("q", "").split())[:100],
        ),
        indicator=INDICATORS.get(request.GET.get("indicateur", ""), INDICATORS["etat"]),
        order=request.GET.get("tri", "code"),
        unreadable=unreadable,
    )


def _among(request: SignedInRequest, name: str, choices: Sequence[tuple[str, str]]) -> str:
    value = request.GET.get(name, "")
    return value if value in dict(choices) else ""


def _codes(request: SignedInRequest) -> list[str] | None:
    """Return the départements of the mandate, None when it reads the nation."""
    if request.mandate.is_national:
        return None
    return list(departements_visible_to(request.mandate).values_list("code", flat=True))


def _situations(wanted: Wanted, codes: Sequence[str] | None) -> list[Situation]:
    return list(queries.situation(wanted.day, known_at=wanted.known_at, departements=codes).values())


def _ordered(situations: Sequence[Situation], order: str) -> list[Situation]:
    """Order by the official code or by name, both ways; never by a count."""
    wanted = order.removeprefix("-")
    if wanted not in ORDERS:
        return list(situations)
    return sorted(situations, key=ORDERS[wanted], reverse=order.startswith("-"))


def _areas(situations: Sequence[Situation], wanted: Wanted) -> list[dict[str, str]]:
    return [
        {
            "code": each.place.code,
            "name": each.place.name,
            "value": wanted.indicator.read(each),
            "url": reverse("portal:dyad", args=[each.place.code]) + wanted.past,
        }
        for each in situations
    ]


def _stops(wanted: Wanted) -> list[tuple[str, str]]:
    days = sorted({*month_ends(wanted.today), wanted.day})
    return [
        (day.isoformat(), f"{day:%d/%m/%Y}" + (" (aujourd’hui)" if day == wanted.today else ""))
        for day in days
    ]


def _curves(points: Sequence[Point]) -> list[dict[str, Any]]:
    """Return the three curves as the chart reads them."""
    return [
        {"name": "signées", "values": [point.signed for point in points]},
        {"name": "en vigueur", "values": [point.in_force for point in points]},
        {"name": "appliquées", "values": [point.applied for point in points]},
    ]
