"""Home of each role, the départements it reads, page of one of them, search."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from traitdunion.barometer.access_results import waves_of_departement
from traitdunion.conventions.access import may_draft
from traitdunion.conventions.rules import evening
from traitdunion.identity import access
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.reading import reading_day
from traitdunion.plan.access import may_open_in
from traitdunion.portal import pdf, queries, search
from traitdunion.portal import restitution as guide
from traitdunion.reviews.queries_turns import told_of, with_bilans
from traitdunion.territories.rules import UnknownDepartementError, departement_code


@mandate_required
@require_safe
def home(request: SignedInRequest) -> HttpResponseBase:
    """Lead a mandate on one département to its page; show the others where theirs stand and what is awaited.

    It is about today's work: asked for a past day it leads to the départements of that day.
    """
    mandate, reading = request.mandate, reading_day(request, today=timezone.localdate())
    if mandate.post.departement_id is not None:
        return redirect(reverse("portal:dyad", args=[mandate.post.departement_id]) + reading.query)
    if not reading.is_today:
        return redirect(reverse("portal:departement_list") + reading.query)
    overview = queries.overview(mandate, day=reading.day)
    context = {
        "overview": overview,
        "awaited": queries.awaited(overview.rows, mandate.side),
        "reading": reading,
    }
    return render(request, "portal/home.html", context)


@mandate_required
@require_safe
def departement_list(request: SignedInRequest) -> HttpResponse:
    """List the départements that the mandate reads."""
    reading = reading_day(request, today=timezone.localdate())
    overview = queries.overview(request.mandate, day=reading.day, known_before=reading.known_before)
    wanted = request.GET.get("q", "").strip()
    rows = [row for row in overview.rows if search.matches(wanted, row.situation.place)]
    context = {"reading": reading, "rows": rows, "wanted": wanted, "total": len(overview.rows)}
    return render(request, "portal/departement_list.html", context)


@mandate_required
@require_safe
def dyad(request: SignedInRequest, code: str) -> HttpResponse:
    """Show the two institutions of a département face to face, today or on a past day."""
    reading = reading_day(request, today=timezone.localdate())
    visible = access.departements_visible_to(request.mandate)
    departement = get_object_or_404(with_bilans(visible, day=reading.day), code=code)
    # To read the past is no visit: what changed since the last one stays to be read.
    previous = (
        queries.visit(departement, person=request.user, at=timezone.now())  # noqa: TID251  # a page reads the clock
        if reading.is_today
        else None
    )
    page = queries.dyad(
        departement,
        mandate=request.mandate,
        day=reading.day,
        bilans=told_of(departement),
        known_before=None if reading.is_today else evening(reading.day, departement.time_zone),
        previous_visit=previous,
    )
    context = {
        "reading": reading,
        "dyad": page,
        "may_draft": reading.is_today and may_draft(request.mandate, departement),
        "may_open": reading.is_today and may_open_in(request.mandate, departement),
    }
    return render(request, "portal/dyad.html", context)


@mandate_required
@require_safe
def restitution(request: SignedInRequest, code: str) -> HttpResponse:
    """Give the guide of the restitution meeting of a département as a one-page tagged PDF, for a wave it may read."""
    departement = get_object_or_404(access.departements_visible_to(request.mandate), code=code)
    day = timezone.localdate()
    waves = waves_of_departement(request.mandate, departement, day=day)
    named = request.GET.get("vague", "")
    wave = next((each for each in waves if each.name == named or not named), None)
    found = None if wave is None else guide.document_of(departement, wave, request.mandate, day=day)
    if wave is None or found is None:
        raise Http404
    headers = {"Content-Disposition": f'inline; filename="{guide.file_name(departement, wave)}"'}
    return HttpResponse(pdf.render("restitution", found), content_type="application/pdf", headers=headers)


@mandate_required
@require_safe
def find(request: SignedInRequest) -> HttpResponseBase:
    """Search départements, measures, actions and conventions; a code that is no number leads to its département."""
    wanted = request.GET.get("q", "").strip()[:100]
    places = dict(access.departements_visible_to(request.mandate).values_list("code", "name"))
    nearest: list[tuple[str, str]] = []
    code = ""
    if wanted:
        try:
            code = departement_code(wanted, places)
        except UnknownDepartementError as unknown:
            nearest = [(near, places[near]) for near in unknown.nearest]
    if code and not search.is_bare_number(wanted):
        return redirect("portal:dyad", code)
    found = (
        search.find(wanted, mandate=request.mandate, day=timezone.localdate(), code=code) if wanted else None
    )
    return render(request, "portal/search.html", {"wanted": wanted, "found": found, "nearest": nearest})
