"""What a wave found: one département face to face, the country, how reliable it is, and the same as files."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from traitdunion.barometer import access_results, comparison, facts, queries_results, trend
from traitdunion.barometer.kinds import State
from traitdunion.barometer.limits import LIMITS, READ_AS
from traitdunion.barometer.models import Wave
from traitdunion.barometer.profile import NAMES, SCALE, Piece, Profile, Spot, pieces, profile, scale, spot
from traitdunion.barometer.reading import SIDES
from traitdunion.barometer.rules_campaign import FEWEST, FEWEST_PAIRS, FEWEST_PLACES
from traitdunion.barometer.rules_effect import Interval
from traitdunion.barometer.trend import MOST_WAVES, Trend, Waved
from traitdunion.barometer.views.doors import today
from traitdunion.exchange.writers import CONTENT_TYPES, FORMATS, Written, write_table
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.territories.models import Departement

ROWS_A_PAGE = 25


# One département


@mandate_required
@require_safe
def departement_result(request: SignedInRequest, code: str) -> HttpResponse:
    """Show what both institutions of a département answered, in words first."""
    place = get_object_or_404(departements_visible_to(request.mandate), code=code)
    day = today()
    waves = access_results.waves_of_departement(request.mandate, place, day=day)
    context: dict[str, Any] = {
        "place": place,
        "waves": [(each.name, each.name) for each in waves],
        "fewest": FEWEST,
    }
    if waves:
        wave = _asked(request, waves)
        now, told, trends = _told(waves, wave, place)
        context |= {
            "wave": wave,
            "is_embargo": wave.state_on(day) is State.EMBARGO,
            "result": now,
            "profile": told,
            "trends": trends,
            "levels": LEVELS,
            "before": _before(waves, wave),
            "facts": facts.facts([place.code], day=day)[place.code],
            "remarks": list(access_results.remarks_readable(request.mandate, wave, place, day=day)),
            "is_pair": request.mandate.side is not None,
            "scale": scale(),
            "exports": _links(request, reverse("barometer:departement_export", args=[place.code])),
        }
    elif request.GET.get("vague"):
        raise Http404
    return render(request, "barometer/results/departement.html", context)


@mandate_required
@require_safe
def departement_export(request: SignedInRequest, code: str) -> HttpResponse:
    """Give the figures of the page as a file: what is hidden on the one is not in the other."""
    place = get_object_or_404(departements_visible_to(request.mandate), code=code)
    waves = access_results.waves_of_departement(request.mandate, place, day=today())
    if not waves:
        raise Http404
    wave = _asked(request, waves)
    _, told, _ = _told(waves, wave, place)
    return _file(
        request,
        name=f"barometre-{place.code}-{_slug(wave.name)}",
        title=f"Baromètre {wave.name}, {place.name}",
        headers=LOCAL_HEADERS,
        rows=_local_rows(wave, place, told),
    )


LOCAL_HEADERS = (
    "vague", "code", "département", "dimension", "objet", "côté", "réponses", "ne sait pas", "estimation",
    "borne basse", "borne haute", "remarque",
)  # fmt: skip


def _local_rows(wave: Wave, place: Departement, told: Profile) -> Iterable[Sequence[Written]]:
    for line in told.lines:
        start: list[Written] = [wave.name, place.code, place.name, line.label]
        for mark in line.marks:
            figures = _figures(None if mark.is_divided else mark.interval)
            note = "avis partagés, sans moyenne" if mark.is_divided else mark.reason
            yield [*start, "réponse", mark.name, mark.n, _rounded(mark.dont_know), *figures, note]
        for gap in line.gaps:
            yield [*start, gap.label, "", None, None, *_figures(gap.interval), ""]


def _told(
    waves: Sequence[Wave], wave: Wave, place: Departement
) -> tuple[queries_results.Local, Profile, Sequence[Trend]]:
    """Return what a wave says of a département, and how it moved over the waves of its form that the reader may see."""
    earlier = _earlier(waves, wave)[: MOST_WAVES - 1]
    found = queries_results.local([wave, *earlier], place.code)
    now = found[0]
    if len(found) == 1:
        return now, profile(now.rows, now.dimensions), []
    pairs = list(zip(found[1:], found, strict=False))  # each wave with the one after it
    breaks = [comparison.broken(then.dimensions, after.dimensions, set()) for then, after in pairs]
    if any(breaks):  # most waves ask the same: nothing to look up
        justified = queries_results.justified()
        breaks = [comparison.broken(then.dimensions, after.dimensions, justified) for then, after in pairs]
    told = profile(now.rows, now.dimensions, before=found[1].rows, since=found[1].wave.name, broken=breaks[0])
    waved = [
        Waved(name=each.wave.name, closed_on=each.wave.closes_on, rows=each.rows, broken=why)
        for each, why in zip(found, [*breaks, {}], strict=True)
    ]
    return now, told, trend.trends(waved[::-1], now.dimensions)


LEVELS = [(f"{trend.height(value):g}", label) for value, label in enumerate(SCALE, start=1) if value % 2]


def _earlier(waves: Sequence[Wave], wave: Wave) -> list[Wave]:
    """Return the waves of the same form that ended before, latest first."""
    return [each for each in waves if each.format == wave.format and each.closes_on < wave.closes_on]


def _before(waves: Sequence[Wave], wave: Wave) -> Wave | None:
    """Return the wave to compare with, None when there is none."""
    earlier = _earlier(waves, wave)
    return earlier[0] if earlier else None


# The country


@mandate_required
@require_safe
def national(request: SignedInRequest) -> HttpResponse:
    """Show the country and the régions, and who took part where. Nothing is ranked."""
    waves = access_results.waves_of_the_country(request.mandate, day=today())
    context: dict[str, Any] = {"waves": [(each.name, each.name) for each in waves], "fewest": FEWEST}
    if waves:
        wave = _asked(request, waves)
        result = _country(wave)
        dimension = _dimension(request, result)
        places = list(departements_visible_to(request.mandate).values_list("code", "name"))
        turnouts = queries_results.turnouts(wave)
        context |= {
            "wave": wave,
            "result": result,
            "dimensions": [(each["id"], each["label"]) for each in result.content["dimensions"]],
            "dimension": dimension,
            "country": _national_lines(result),
            "regions": _regional_lines(result, dimension["id"]),
            "scale": scale(),
            "page": Paginator(_turnout_rows(places, turnouts), ROWS_A_PAGE).get_page(request.GET.get("page")),
            "rates": _rates(turnouts),
            "areas": _areas(places, turnouts),
            "legend": _legend(places, turnouts),
            "place_count": len(places),
            "is_everywhere": request.mandate.is_national,
            "exports": _links(request, reverse("barometer:results_export")),
        }
    elif request.GET.get("vague"):
        raise Http404
    return render(request, "barometer/results/national.html", context)


@mandate_required
@require_safe
def results_export(request: SignedInRequest) -> HttpResponse:
    """Give the national and regional figures as a file, régions in the order of their code."""
    waves = access_results.waves_of_the_country(request.mandate, day=today())
    if not waves:
        raise Http404
    wave = _asked(request, waves)
    return _file(
        request,
        name=f"barometre-{_slug(wave.name)}",
        title=f"Baromètre {wave.name}",
        headers=COUNTRY_HEADERS,
        rows=_country_rows(wave, _country(wave)),
    )


COUNTRY_HEADERS = (
    "vague", "niveau", "code", "nom", "dimension", "côté", "estimation", "borne basse", "borne haute",
    *(f"réponses « {label} »" for label in (*SCALE, "ne sait pas")),
)  # fmt: skip


def _country_rows(wave: Wave, result: queries_results.Country) -> Iterable[Sequence[Written]]:
    labels = {each["id"]: each["label"] for each in result.content["dimensions"]}
    blank = [None] * (len(SCALE) + 1)
    for line in _national_lines(result):
        for each in line.sides:
            counts = [piece.count for piece in each.pieces] if each.pieces else blank
            yield [wave.name, "pays", "", "France", line.label, each.name, *_figures(each.interval), *counts]
    for row in sorted(
        result.content["regional"], key=lambda row: (row["region"], row["dimension"], row["side"])
    ):
        interval = _interval(row)
        if interval is not None:
            yield [
                wave.name, "région", row["region"], row["name"], labels[row["dimension"]], NAMES[row["side"]],
                *_figures(interval), *blank,
            ]  # fmt: skip


@mandate_required
@require_safe
def reliability(request: SignedInRequest) -> HttpResponse:
    """Show the coefficients that a statistician asks for, side by side and dimension by dimension."""
    waves = access_results.waves_of_the_country(request.mandate, day=today())
    context: dict[str, Any] = {"waves": [(each.name, each.name) for each in waves], "fewest": FEWEST}
    if waves:
        wave = _asked(request, waves)
        result = _country(wave)
        labels = {each["id"]: each["label"] for each in result.content["dimensions"]}
        context |= {
            "wave": wave,
            "result": result,
            "rows": [
                {**row, "label": labels[row["dimension"]], "name": NAMES[row["side"]]}
                for row in result.content["reliability"]
                if row["dimension"] in labels
            ],
            "paired": [
                {
                    **row,
                    "label": labels[row["dimension"]],
                    "name": NAMES[row["side"]],
                    "interval": interval,
                    "said": _moved(interval),
                }
                for row in result.content["paired"]
                if (interval := _interval(row)) is not None
            ],
            "fewest_pairs": FEWEST_PAIRS,
            "fewest_places": FEWEST_PLACES,
        }
    elif request.GET.get("vague"):
        raise Http404
    return render(request, "barometer/results/reliability.html", context)


def _moved(change: Interval) -> str:
    """Say what a change is worth: something only beyond its interval."""
    if change.low > 0:
        return "plus souvent, au-delà de l’intervalle"
    return "moins souvent, au-delà de l’intervalle" if change.high < 0 else "on ne peut pas conclure"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideOfCountry:
    """What one side of the country answers on a dimension, and in how many of the départements asked it counts."""

    name: str
    interval: Interval | None
    spot: Spot | None
    pieces: Sequence[Piece]
    answers: int
    counted: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOfCountry:
    """One dimension over the country."""

    identifier: str
    label: str
    sides: Sequence[SideOfCountry]


def _country(wave: Wave) -> queries_results.Country:
    found = queries_results.country(wave)
    if found is None:
        raise Http404
    return found


def _national_lines(result: queries_results.Country) -> list[LineOfCountry]:
    found = {(row["dimension"], row["side"]): row for row in result.content["national"]}
    counts = {(row["dimension"], row["side"]): row["counts"] for row in result.content["distribution"]}
    lines = []
    for dimension in result.content["dimensions"]:
        sides = []
        for side in SIDES:
            row = found.get((dimension["id"], side))
            interval = _interval(row) if row else None
            bar = pieces(counts[dimension["id"], side]) if (dimension["id"], side) in counts else []
            sides.append(
                SideOfCountry(
                    name=NAMES[side],
                    interval=interval,
                    spot=spot(interval) if interval else None,
                    pieces=bar,
                    answers=sum(piece.count for piece in bar),
                    counted=row["departements"] if row else 0,
                    asked=row["asked"] if row else 0,
                )
            )
        lines.append(LineOfCountry(identifier=dimension["id"], label=dimension["label"], sides=sides))
    return lines


def _regional_lines(result: queries_results.Country, dimension: str) -> list[dict[str, Any]]:
    """Return the régions as a reader looks for them, by name; there is no other order."""
    found: dict[str, dict[str, Any]] = {}
    for row in result.content["regional"]:
        if row["dimension"] == dimension:
            region = found.setdefault(row["region"], {"name": row["name"], "sides": {}})
            interval = _interval(row)
            region["sides"][row["side"]] = {
                "key": row["side"],
                "interval": interval,
                "spot": spot(interval) if interval else None,
                "reason": row.get("reason") or "",
            }
    rows = sorted(found.values(), key=lambda region: _plain(region["name"]))
    return [{"name": row["name"], "sides": [row["sides"].get(side) for side in SIDES]} for row in rows]


# Who took part: categories about what can be shown, never about how well


BOTH, ONE, NONE, NOBODY = "deux", "un", "aucun", "personne"
CATEGORIES = (
    (BOTH, f"au moins {FEWEST} réponses de chaque côté", "full"),
    (ONE, f"au moins {FEWEST} réponses d’un seul côté", "hatch"),
    (NONE, f"moins de {FEWEST} réponses de chaque côté", "dots"),
    (NOBODY, "personne n’était interrogé", "empty"),
)

Turnouts = Mapping[str, Mapping[str, tuple[int, int]]]


def _category(sides: Mapping[str, tuple[int, int]]) -> str:
    if not sides:
        return NOBODY
    enough = sum(submitted >= FEWEST for submitted, _ in sides.values())
    return (NONE, ONE, BOTH)[enough]


def _areas(places: Sequence[tuple[str, str]], turnouts: Turnouts) -> list[dict[str, str]]:
    return [
        {
            "code": code,
            "name": name,
            "value": _category(turnouts.get(code, {})),
            "url": reverse("barometer:departement_result", args=[code]),
        }
        for code, name in places
    ]


def _legend(places: Sequence[tuple[str, str]], turnouts: Turnouts) -> list[dict[str, str | int]]:
    found = [_category(turnouts.get(code, {})) for code, _ in places]
    return [
        {"value": value, "label": label, "fill": fill, "count": found.count(value)}
        for value, label, fill in CATEGORIES
    ]


def _turnout_rows(places: Sequence[tuple[str, str]], turnouts: Turnouts) -> list[dict[str, Any]]:
    return [
        {"code": code, "name": name, "sides": [turnouts.get(code, {}).get(side) for side in SIDES]}
        for code, name in places
    ]


def _rates(turnouts: Turnouts) -> list[tuple[str, int, int]]:
    found = []
    for side in SIDES:
        counts = [sides[side] for sides in turnouts.values() if side in sides]
        found.append(
            (NAMES[side], sum(submitted for submitted, _ in counts), sum(asked for _, asked in counts))
        )
    return found


# What the address asks for


def _asked(request: SignedInRequest, waves: Sequence[Wave]) -> Wave:
    """Return the wave named by the address, the latest one by default.

    Raises:
        Http404: the reader has no such wave.
    """
    name = request.GET.get("vague", "")
    if not name:
        return waves[0]
    wave = next((each for each in waves if each.name == name), None)
    if wave is None:
        raise Http404
    return wave


def _dimension(request: SignedInRequest, result: queries_results.Country) -> Mapping[str, Any]:
    dimensions = result.content["dimensions"]
    wanted = request.GET.get("dimension", "")
    return next((each for each in dimensions if each["id"] == wanted), dimensions[0])


def _links(request: SignedInRequest, address: str) -> list[tuple[str, str]]:
    asked = request.GET.copy()
    for name in [name for name in asked if name != "vague"]:
        del asked[name]
    links = []
    for each in FORMATS:
        asked["format"] = each
        links.append((each.upper(), f"{address}?{asked.urlencode()}"))
    return links


def _file(
    request: SignedInRequest,
    *,
    name: str,
    title: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[Written]],
) -> HttpResponse:
    wanted = next((each for each in FORMATS if each == request.GET.get("format")), None)
    if wanted is None:
        raise Http404
    if (
        wanted == "csv"
    ):  # no second sheet there, and no comment that every reader knows: a last column says it
        headers, rows = (*headers, "à lire avec"), ([*row, READ_AS] for row in rows)
    answer = HttpResponse(
        write_table(headers, rows, format=wanted, title=title, limits=LIMITS),
        content_type=CONTENT_TYPES[wanted],
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.{wanted}"'
    return answer


def _interval(row: Mapping[str, Any]) -> Interval | None:
    if row["estimate"] is None:
        return None
    return Interval(estimate=row["estimate"], low=row["low"], high=row["high"])


def _figures(interval: Interval | None) -> list[Written]:
    if interval is None:
        return [None, None, None]
    return [_rounded(interval.estimate), _rounded(interval.low), _rounded(interval.high)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _plain(text: str) -> str:
    """Return a text as it is looked for: « Île-de-France » among the I."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()


def _slug(text: str) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in _plain(text)).strip("-")
