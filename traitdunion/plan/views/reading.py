"""Read the plan: the tree, a measure, the ledger of actions, an indicator, a piece of evidence, two dates."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from traitdunion.audit.kept import Kept
from traitdunion.core.choices import choices_of
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.reading import Reading, compared_days, reading_day
from traitdunion.plan import access, differences, exports, origins, queries
from traitdunion.plan.kinds import (
    MEASURE_OF_ORIGIN,
    ActionState,
    EvidenceKind,
    OriginKind,
    Owner,
    Provenance,
    Unit,
)
from traitdunion.plan.models import EvidenceFile
from traitdunion.plan.views.frame import export_links

PAGE_SIZE = 25
SHOWN_ACTIONS = 10
NATIONAL = "FR"
PER_CENT = (0, 100)


@mandate_required
@require_safe
def plan(request: SignedInRequest) -> HttpResponse:
    """Show the axes, the sections and the measures with their state, figures and statements."""
    reading = reading_day(request, today=timezone.localdate())
    context = {
        "reading": reading,
        "axes": queries.sheets(reading.day),
        "may_edit": access.may_edit_plan(request.mandate) and reading.is_today,
        "exports": export_links(reverse("plan:plan_export"), _asked(reading)),
    }
    return render(request, "plan/plan.html", context)


@mandate_required
@require_safe
def plan_export(request: SignedInRequest) -> HttpResponse:
    """Give the whole ledger that the mandate reads as one table, which the import takes back."""
    reading = reading_day(request, today=timezone.localdate())
    table = exports.plan_table(
        reading.day,
        actions=access.actions_visible_to(request.mandate),
        values=access.values_visible_to(request.mandate),
        targets=access.targets_visible_to(request.mandate),
    )
    return _file(request, table, f"plan-{reading.day:%Y-%m-%d}")


@mandate_required
@require_safe
def plan_difference(request: SignedInRequest) -> HttpResponse:
    """Show what changed between two days."""
    days = compared_days(request, today=timezone.localdate())
    found = differences.seen_by(request.mandate, days.first, days.second)
    context = {
        "days": days,
        "differences": found,
        "shown": differences.SHOWN,
        "went_back": sum(each.went_back_total for each in found),
        "changes": sum(each.changes for each in found),
    }
    return render(request, "plan/plan_difference.html", context)


@mandate_required
@require_safe
def measure_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show a measure: what it asks, where it stands and why, what proves it."""
    reading = reading_day(request, today=timezone.localdate())
    measure = get_object_or_404(access.measures_visible_to(request.mandate), public_id=public_id)
    sheet = queries.sheet(measure, reading.day)
    if sheet is None:
        return _not_yet(request, reading, f"Mesure {measure.code}")
    visible = queries.known(access.actions_visible_to(request.mandate), reading.day)
    actions = queries.with_state(visible.filter(measure=measure), reading.day)
    context = {
        "reading": reading,
        "measure": measure,
        "sheet": sheet,
        "actions": queries.lines(queries.by_urgency(actions)[:SHOWN_ACTIONS], reading.day),
        "born_elsewhere": [
            (origin, visible.filter(origin=origin.value).count())
            for origin, code in MEASURE_OF_ORIGIN.items()
            if code == measure.code
        ],
        "evidence": queries.pieces_of(measure.evidence.all(), reading.day),
        "history": [
            {"at": each.recorded_at, "text": each.title, "author": each.author} for each in sheet.wordings
        ],
        "may_edit": access.may_edit_plan(request.mandate) and reading.is_today,
        "may_open": access.may_open(request.mandate) and reading.is_today,
    }
    return render(request, "plan/measure_detail.html", context)


@mandate_required
@require_safe
def action_list(request: SignedInRequest) -> HttpResponse:
    """List the actions of the ledger; an HTMX request gets the results only."""
    reading = reading_day(request, today=timezone.localdate())
    listed = _listed(request, reading.day)
    context = {
        "reading": reading,
        "page": listed.page,
        "total": listed.total,
        "lines": listed.lines,
        "filters": {name: request.GET.get(name, "") for name in FILTERS},
        "choices": {
            "mesure": listed.measures,
            "territoire": [(NATIONAL, "Actions nationales"), *listed.territories],
            "cote": choices_of(Owner),
            "etat": choices_of(ActionState),
            "origine": choices_of(OriginKind),
        },
        "may_open": access.may_open(request.mandate) and reading.is_today,
        "exports": export_links(
            reverse("plan:action_export"), urlencode({k: v for k, v in request.GET.items() if k != "page"})
        ),
    }
    return render(request, "plan/action_list.html", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of the ledger, and the measures and territories by which a mandate may filter it.

    Attributes:
        total: how many actions the mandate reads that day, whatever the filters.
    """

    page: Page[Any]
    total: int
    lines: Sequence[queries.ActionLine]
    measures: Sequence[tuple[str, str]]
    territories: Sequence[tuple[str, str]]


def _listed(request: SignedInRequest, day: datetime.date) -> Listed:
    """Return the page that the address asks for, kept for every reader of the territory until an act is written."""
    asked = tuple(request.GET.get(name, "") for name in (*FILTERS, "tri", "page"))

    def read() -> Listed:
        page = Paginator(_filtered(request, day), PAGE_SIZE).get_page(request.GET.get("page"))
        measures = access.measures_visible_to(request.mandate).order_by("position", "code")
        departements = access.departements_of(request.mandate).values_list("code", "name")
        return Listed(
            page=page,
            total=queries.known(access.actions_visible_to(request.mandate), day).count(),
            lines=queries.lines(cast("queries.Ledger", page.object_list), day),
            measures=list(measures.values_list("code", "code")),
            territories=[(code, f"{code} – {name}") for code, name in departements],
        )

    return _kept.get((access.territory_of(request.mandate), day, asked), read)


_kept: Kept[Listed] = Kept(64)


@mandate_required
@require_safe
def action_export(request: SignedInRequest) -> HttpResponse:
    """Give the actions of the list, with its filters, as a table."""
    reading = reading_day(request, today=timezone.localdate())
    table = exports.action_table(queries.lines(_filtered(request, reading.day), reading.day))
    return _file(request, table, f"actions-{reading.day:%Y-%m-%d}")


FILTERS = ("mesure", "territoire", "cote", "etat", "origine", "q")
SORTS = {"echeance": "due_on", "ouverte": "opened_on", "territoire": "departement_id"}


def _filtered(request: SignedInRequest, day: datetime.date) -> queries.Ledger:
    """Return the visible actions that the address asks for, in its order; a value that means nothing filters all."""
    asked = {name: " ".join(request.GET.get(name, "").split())[:100] for name in FILTERS}
    actions = queries.with_state(queries.known(access.actions_visible_to(request.mandate), day), day)
    if asked["mesure"]:
        actions = actions.filter(measure__code=asked["mesure"])
    if asked["territoire"]:
        code = None if asked["territoire"] == NATIONAL else asked["territoire"]
        actions = actions.filter(departement=code)
    if asked["cote"]:
        actions = actions.filter(owner=asked["cote"])
    if asked["etat"]:
        actions = actions.filter(state=asked["etat"])
    if asked["origine"]:
        actions = actions.filter(origin=asked["origine"])
    if asked["q"]:
        actions = queries.worded_like(actions, asked["q"], day)
    sort = request.GET.get("tri", "")
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        return queries.by_urgency(actions)
    return queries.sorted_by(actions, column, descending=sort.startswith("-"))


@mandate_required
@require_safe
def action_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show an action: its state and why, its obstacles, what happened, its evidence, its wordings."""
    reading = reading_day(request, today=timezone.localdate())
    action = get_object_or_404(
        access.actions_visible_to(request.mandate).select_related("departement", "measure"),
        public_id=public_id,
    )
    line = queries.action_line(action, reading.day)
    if line is None:
        return _not_yet(request, reading, "Action")
    revisions = list(queries.action_revisions(action, reading.day))
    context = {
        "reading": reading,
        "action": action,
        "line": line,
        "origin_url": origins.address(action),
        "copilots": revisions[0].copilot_names if revisions else [],
        "obstacles": queries.obstacles(action, reading.day),
        "events": [
            {
                "at": each.happened_on,
                "text": each.get_kind_display().capitalize(),
                "author": each.author_label,
                "reason": each.reason,
            }
            for each in queries.action_events(action, reading.day)
        ],
        "evidence": queries.pieces_of(action.evidence.all(), reading.day),
        "history": [
            {
                "at": each.recorded_at,
                "text": f"{each.title} – échéance : {each.due_on:%d/%m/%Y}" if each.due_on else each.title,
                "author": each.author_label,
            }
            for each in revisions
        ],
        "may_act": access.may_act_on(request.mandate, action) and reading.is_today,
        "may_block": access.may_block(request.mandate, action) and reading.is_today,
    }
    return render(request, "plan/action_detail.html", context)


@mandate_required
@require_safe
def indicator_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show an indicator: its definition, its last value by territory, its trajectory."""
    reading = reading_day(request, today=timezone.localdate())
    indicator = get_object_or_404(access.indicators_visible_to(request.mandate), public_id=public_id)
    figure = queries.figure(indicator, reading.day)
    if figure is None:
        return _not_yet(request, reading, f"Indicateur {indicator.code}")
    values = access.values_visible_to(request.mandate)
    territories = queries.last_by_territory(values, indicator, reading.day)
    names = {code or NATIONAL: name or "France entière" for code, name, _ in territories}
    wanted = (request.GET.get("territoire", ""), request.mandate.post.departement_id, NATIONAL, *names)
    chosen = next((each for each in wanted if each in names), NATIONAL)
    code = "" if chosen == NATIONAL else chosen
    points = queries.series(values, indicator, code, reading.day)
    targets = access.targets_visible_to(request.mandate)
    goals = queries.trajectory(targets, indicator, code, reading.day)
    if code and not goals:
        goals = queries.trajectory(targets, indicator, "", reading.day)
    days = sorted({point.measured_on for point in points} | {goal.due_on for goal in goals})
    measured = {point.measured_on: point for point in points}
    expected = {goal.due_on: goal.value for goal in goals}
    context = {
        "reading": reading,
        "indicator": indicator,
        "figure": figure,
        "territories": territories,
        "names": sorted(names.items(), key=lambda pair: (pair[0] != NATIONAL, pair[0])),
        "chosen": chosen,
        "chosen_name": names.get(chosen, "France entière"),
        "rows": [(day, measured.get(day), expected.get(day)) for day in days],
        "x": [f"{day:%d/%m/%Y}" for day in days],
        "axis": PER_CENT if figure.unit is Unit.SHARE else None,
        "series": _chart(days, {day: point.value for day, point in measured.items()}, expected),
        "may_edit": access.may_edit_plan(request.mandate) and reading.is_today,
        "may_record": access.may_open(request.mandate) and reading.is_today,
        "exports": export_links(
            reverse("plan:indicator_export", args=[indicator.public_id]), _asked(reading)
        ),
    }
    return render(request, "plan/indicator_detail.html", context)


def _chart(days: Sequence[datetime.date], *curves: Mapping[datetime.date, Decimal]) -> list[dict[str, Any]]:
    """Return the curves that have at least one point; a day without one is left empty."""
    found = []
    for name, curve in zip(("Valeur", "Cible"), curves, strict=True):
        if curve:
            found.append({"name": name, "values": [curve.get(day) for day in days]})
    return found


@mandate_required
@require_safe
def indicator_export(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Give every value of an indicator that the mandate reads as a table."""
    reading = reading_day(request, today=timezone.localdate())
    indicator = get_object_or_404(access.indicators_visible_to(request.mandate), public_id=public_id)
    table = exports.value_table(indicator, access.values_visible_to(request.mandate), reading.day)
    return _file(request, table, f"indicateur-{indicator.code}-{reading.day:%Y-%m-%d}")


@mandate_required
@require_safe
def evidence_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show a piece of evidence, its hash, and the statements it proves."""
    reading = reading_day(request, today=timezone.localdate())
    evidence = get_object_or_404(access.evidence_visible_to(request.mandate), public_id=public_id)
    if evidence.recorded_at >= queries.end_of(reading.day):
        return _not_yet(request, reading, "Preuve")
    context = {
        "reading": reading,
        "evidence": evidence,
        "piece": queries.piece(evidence, reading.day),
        "is_file": evidence.kind == EvidenceKind.FILE.value,
        "file": EvidenceFile.objects.filter(evidence=evidence).defer("content").first(),
        "sentences": evidence.statements.filter(
            recorded_at__lt=queries.end_of(reading.day), published_on__lte=reading.day
        ).select_related("measure"),
        "may_withdraw": access.may_prove(request.mandate, evidence)
        and evidence.withdrawn_on is None
        and reading.is_today,
        "provenance": Provenance(evidence.provenance),
    }
    return render(request, "plan/evidence_detail.html", context)


@mandate_required
@require_safe
def evidence_file(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Give the deposited document as a download: the browser never opens it in our pages."""
    evidence = get_object_or_404(access.evidence_visible_to(request.mandate), public_id=public_id)
    document = get_object_or_404(EvidenceFile, evidence=evidence)
    response = HttpResponse(bytes(document.content), content_type=document.media_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=document.name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _asked(reading: Reading) -> str:
    return "" if reading.is_today else urlencode({"au": reading.day.isoformat()})


def _not_yet(request: SignedInRequest, reading: Reading, title: str) -> HttpResponse:
    """Say that the object exists, but was not recorded yet on the day asked for."""
    return render(request, "plan/not_yet.html", {"reading": reading, "title": title})


def _file(request: SignedInRequest, table: exports.Sheet, name: str) -> HttpResponse:
    wanted = request.GET.get("format", "csv")
    if wanted not in exports.FORMATS:
        raise Http404
    response = HttpResponse(exports.write(table, wanted), content_type=exports.FORMATS[wanted])
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{name}.{wanted}"
    )
    return response
