"""What everyone reads without signing in: the plan, what proves it, how it is counted, who publishes."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from traitdunion.portal import pdf, public
from traitdunion.reviews import keyring


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
    told = public.document(page, request.build_absolute_uri("/"), is_demo=settings.DEMO)
    content = pdf.render("plan", told)
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
def proof_keys(request: HttpRequest) -> HttpResponse:
    """Publish the keys with which the site signs the bilans, and how to check one without the site."""
    chain = keyring.published_chain()
    keys = [] if chain is None else list(reversed(chain.keys))
    return render(request, "portal/proof_keys.html", {"keys": keys})


@require_safe
def proof_keys_file(_request: HttpRequest) -> HttpResponse:
    """Give the public keys as the verifier reads them."""
    chain = keyring.published_chain()
    if chain is None:
        raise Http404("Ce site n’a pas encore de clé.")
    headers = {"Content-Disposition": 'attachment; filename="cles.json"'}
    return HttpResponse(chain.to_bytes(), content_type="application/json", headers=headers)


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """Say what was checked and what was not."""
    return render(request, "portal/accessibility.html")


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
