"""Where the départements stand for a quarter, and the criteria of the quarters."""

from collections import Counter

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.reviews import access, actions_opening, queries, rules
from traitdunion.reviews.forms import CriteriaForm
from traitdunion.reviews.kinds import Conclusion, Level, State
from traitdunion.reviews.models import CriteriaVersion
from traitdunion.reviews.rules import Quarter, QuarterError
from traitdunion.reviews.views.frame import attempt, form_page, get_or_post, now, posted

QUARTERS_OFFERED = 6
CRITERIA_SHOWN = 12


@mandate_required
@require_safe
def review_list(request: SignedInRequest) -> HttpResponse:
    """List the départements of the mandate for a quarter, with counts over their number; never in order of merit."""
    today = timezone.localdate()
    latest = Quarter.of(today).previous
    asked, unreadable = latest, False
    try:
        asked = Quarter.read(request.GET.get("trimestre", str(latest)))
    except QuarterError:
        unreadable = True
    lines = queries.country(asked, departements_visible_to(request.mandate))
    states = Counter(line.state for line in lines)
    conclusions = Counter(line.judgement.conclusion for line in lines if line.judgement is not None)
    table = rules.timetable(asked)
    context = {
        "quarter": asked,
        "national": access.reviews_visible_to(request.mandate)
        .filter(level=Level.NATIONAL.value, quarter=str(asked))
        .first(),
        "unreadable": unreadable,
        "quarters": _offered(latest),
        "lines": [(line, rules.turn_sentence(line.life, reader=None)) for line in lines],
        "states": [(state, states[state]) for state in State],
        "conclusions": [(conclusion, conclusions[conclusion]) for conclusion in Conclusion],
        "judged": conclusions.total(),
        "total": len(lines),
        "clock": table.clock(today) if today >= table.opens_on else "",
        "opens_on": table.opens_on,
        "reads_every_document": access.reads_every_document(request.mandate),
    }
    return render(request, "reviews/review_list.html", context)


def _offered(latest: Quarter) -> list[Quarter]:
    offered = [latest]
    while len(offered) < QUARTERS_OFFERED:
        offered.append(offered[-1].previous)
    return offered


@mandate_required
@require_safe
def criteria_list(request: SignedInRequest) -> HttpResponse:
    """Show the criteria of each quarter: what is looked at, over what, from where on it is met."""
    rows = [(row, queries.criteria_of(row.text)) for row in CriteriaVersion.objects.all()[:CRITERIA_SHOWN]]
    context = {"rows": rows, "may_prepare": access.may_keep_criteria(request.mandate)}
    return render(request, "reviews/criteria_list.html", context)


@mandate_required
@get_or_post
def criteria_prepare(request: SignedInRequest) -> HttpResponseBase:
    """Write the criteria of a quarter to come."""
    if not access.may_keep_criteria(request.mandate):
        raise PermissionDenied("Seul l’administrateur prépare les critères des trimestres à venir.")
    today = timezone.localdate()
    level = Level.NATIONAL if request.GET.get("niveau") == Level.NATIONAL.value else Level.DEPARTEMENT
    last = CriteriaVersion.objects.filter(level=level.value).first()
    text = last.text if last is not None else actions_opening.EXAMPLES[level].read_text(encoding="utf-8")
    initial = {"level": level.value, "quarter": str(Quarter.of(today).next), "text": text}
    form = CriteriaForm(posted(request), initial=initial)
    if attempt(
        form,
        lambda says: actions_opening.prepare_criteria(
            Quarter.read(says["quarter"]),
            text=says["text"],
            level=says["level"],
            today=today,
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    ):
        messages.success(request, "Les critères sont prêts. Ils seront fixés au premier jour du trimestre.")
        return redirect("reviews:criteria_list")
    return form_page(request, "reviews/criteria_prepare.html", form, {})
