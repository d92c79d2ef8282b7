"""Home of each role, page of a département, public page of the plan, search."""

from datetime import date
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from traitdunion.barometer.access_results import waves_of_departement
from traitdunion.conventions.access import may_draft
from traitdunion.identity import access
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.portal import pdf, public, queries, search
from traitdunion.portal import restitution as guide
from traitdunion.territories.rules import UnknownDepartementError, departement_code


@mandate_required
@require_safe
def home(request: SignedInRequest) -> HttpResponseBase:
    """Lead a mandate on one département to its page; show the others where theirs stand and what is awaited."""
    mandate = request.mandate
    if mandate.post.departement_id is not None:
        return redirect("portal:dyad", mandate.post.departement_id)
    overview = queries.overview(mandate, day=timezone.localdate())
    context = {
        "overview": overview,
        "awaited": queries.awaited(overview.rows, mandate.side),
        "late": sum(row.late for row in overview.rows),
        "today": timezone.localdate(),
    }
    return render(request, "portal/home.html", context)


@mandate_required
@require_safe
def departement_list(request: SignedInRequest) -> HttpResponse:
    """List the départements that the mandate reads."""
    overview = queries.overview(request.mandate, day=timezone.localdate())
    wanted = request.GET.get("q", "").strip()
    rows = [row for row in overview.rows if search.matches(wanted, row.situation.place)]
    return render(
        request, "portal/departement_list.html", {"rows": rows, "wanted": wanted, "total": len(overview.rows)}
    )


@mandate_required
@require_safe
def dyad(request: SignedInRequest, code: str) -> HttpResponse:
    """Show the two institutions of a département face to face."""
    departement = get_object_or_404(access.departements_visible_to(request.mandate), code=code)
    at = timezone.now()
    previous = queries.visit(departement, person=request.user, at=at)
    page = queries.dyad(
        departement, mandate=request.mandate, day=timezone.localdate(), previous_visit=previous
    )
    context = {
        "dyad": page,
        "today": timezone.localdate(),
        "may_draft": may_draft(request.mandate, departement),
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
    page = public.page(day=_day(request, today))
    return render(request, "portal/public_plan.html", {"page": page, "day": page.day, "today": today})


@require_safe
def public_plan_pdf(request: HttpRequest) -> HttpResponse:
    """Publish the same page as a tagged PDF."""
    page = public.page(day=_day(request, timezone.localdate()))
    content = pdf.render("plan", public.document(page, request.build_absolute_uri("/")))
    name = f"plan-section-4-1-1-au-{page.day.isoformat()}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@require_safe
def public_evidence(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a piece that proves a published statement; any other piece does not exist here."""
    found = public.evidence(public_id, day=timezone.localdate())
    if found is None:
        raise Http404
    return render(request, "portal/public_evidence.html", {"found": found, "piece": found.piece})


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
