"""Home of each role, page of a département, public page of the plan, search."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
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
from traitdunion.portal import pdf, public, queries, search
from traitdunion.portal import restitution as guide
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
        "late": sum(row.late for row in overview.rows),
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
    departement = get_object_or_404(access.departements_visible_to(request.mandate), code=code)
    # To read the past is no visit: what changed since the last one stays to be read.
    previous = (
        queries.visit(departement, person=request.user, at=timezone.now()) if reading.is_today else None
    )
    page = queries.dyad(
        departement,
        mandate=request.mandate,
        day=reading.day,
        known_before=None if reading.is_today else evening(reading.day, departement.time_zone),
        previous_visit=previous,
    )
    context = {
        "reading": reading,
        "dyad": page,
        "may_draft": reading.is_today and may_draft(request.mandate, departement),
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
    """Search départements, measures, actions and conventions; a code leads straight to its département."""
    wanted = request.GET.get("q", "").strip()[:100]
    places = dict(access.departements_visible_to(request.mandate).values_list("code", "name"))
    nearest: list[tuple[str, str]] = []
    if wanted:
        try:
            return redirect("portal:dyad", departement_code(wanted, places))
        except UnknownDepartementError as unknown:
            nearest = [(code, places[code]) for code in unknown.nearest]
    found = search.find(wanted, mandate=request.mandate, day=timezone.localdate()) if wanted else None
    return render(request, "portal/search.html", {"wanted": wanted, "found": found, "nearest": nearest})


@require_safe
def public_plan(request: HttpRequest) -> HttpResponse:
    """Publish the plan: measure, statements, their figures and what proves them. No sign-in."""
    today = timezone.localdate()
    page = public.page(day=_day(request, today), today=today)
    return render(request, "portal/public_plan.html", {"page": page, **_read(page.day, today)})


@require_safe
def public_plan_pdf(request: HttpRequest) -> HttpResponse:
    """Publish the same page as a tagged PDF."""
    today = timezone.localdate()
    page = public.page(day=_day(request, today), today=today)
    content = pdf.render("plan", public.document(page, request.build_absolute_uri("/")))
    name = f"plan-section-4-1-1-au-{page.day.isoformat()}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@require_safe
def public_evidence(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a piece that proves a published statement; any other piece does not exist here."""
    today = timezone.localdate()
    day = _day(request, today)
    found = public.evidence(public_id, day=day)
    if found is None:
        raise Http404
    context = {"found": found, "piece": found.piece, **_read(day, today)}
    return render(request, "portal/public_evidence.html", context)


@require_safe
def public_figure(request: HttpRequest, key: str) -> HttpResponse:
    """Show how a figure of the conventions is computed, and what it counts."""
    today = timezone.localdate()
    found = public.figure(key, day=_day(request, today), today=today)
    if found is None:
        raise Http404
    return render(request, "portal/public_figure.html", {"found": found, **_read(found.day, today)})


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """Say what was checked and what was not."""
    return render(request, "portal/accessibility.html")


@require_safe
def legal_notice(request: HttpRequest) -> HttpResponse:
    """Say who publishes the site."""
    return render(request, "portal/legal_notice.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say which personal data the site holds, and which it never holds."""
    return render(request, "portal/privacy.html")


def _read(day: date, today: date) -> Mapping[str, object]:
    """Return what a public page says of its day of reading; ``past`` ends the addresses that keep it."""
    return {"day": day, "today": today, "past": "" if day == today else f"?au={day.isoformat()}"}


def _day(request: HttpRequest, today: date) -> date:
    """Return the day asked for by ``?au=``, today when there is none.

    Raises:
        Http404: the day does not exist or is not past.
    """
    asked = request.GET.get("au", "")
    if not asked:
        return today
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        raise Http404(f"« {asked[:20]} » n’est pas une date : on attend AAAA-MM-JJ.") from None
    if day > today:
        raise Http404("Cette date n’est pas encore passée.")
    return day
