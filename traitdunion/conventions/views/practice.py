"""Meetings, reviews and contacts of a département, and the page of the signed link."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from traitdunion.conventions import access_practice as access
from traitdunion.conventions import actions_practice as actions
from traitdunion.conventions import queries
from traitdunion.conventions.forms_practice import HoldForm, MeetingForm, ReviewForm
from traitdunion.conventions.models import ContactCheck, Meeting
from traitdunion.conventions.rules import evening, local_day, quarter_of
from traitdunion.conventions.views.answers import attempt, get_or_post, now, say
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.kinds import Side
from traitdunion.identity.reading import Reading, reading_day
from traitdunion.territories.models import Departement

MEETINGS_A_PAGE = 25


# Meetings


@mandate_required
@require_safe
def meeting_list(request: SignedInRequest, code: str) -> HttpResponse:
    """List the meetings of a département: those to come or to close, then those closed."""
    departement = _departement(request, code)
    reading = reading_day(request, today=timezone.localdate())
    day, by = _day(reading, departement)
    meetings = access.meetings_visible_to(request.mandate).filter(departement=departement)
    if by is not None:
        meetings = meetings.filter(recorded_at__lt=by)
    closed = queries.closed_meetings(meetings, known_before=by)
    page = Paginator(closed, MEETINGS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "reading": reading,
        "departement": departement,
        "open_meetings": queries.open_meetings(meetings, known_before=by),
        "page": page,
        "closed": [(meeting, *queries.outcome(meeting)) for meeting in page],
        "today": day,
        "may_keep": reading.is_today and access.may_keep(request.mandate, departement),
    }
    return render(request, "conventions/meeting_list.html", context)


@mandate_required
@get_or_post
def meeting_plan(request: SignedInRequest, code: str) -> HttpResponseBase:
    """Plan a meeting."""
    departement = _kept_departement(request, code)
    form = MeetingForm(_typed(request))
    if attempt(
        form,
        lambda says: actions.plan_meeting(departement, **says, actor=request.mandate.as_actor(), at=now()),
    ):
        messages.success(request, "La réunion est inscrite. Le jour venu, dites qui était présent.")
        return redirect("conventions:meeting_list", departement.code)
    return _form(request, "conventions/meeting_plan.html", form, {"departement": departement})


@mandate_required
@get_or_post
def meeting_hold(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Say that a meeting was held, and who came."""
    meeting = _kept_meeting(request, public_id)
    # Nobody is presumed to have been there.
    form = HoldForm(_typed(request), initial={"held_on": meeting.planned_on})
    if attempt(
        form,
        lambda says: actions.hold_meeting(
            meeting,
            **says,
            today=_today(meeting.departement),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    ):
        messages.success(request, "La réunion est enregistrée comme tenue.")
        return redirect("conventions:meeting_list", meeting.departement_id)
    context = {"meeting": meeting, "departement": meeting.departement}
    return _form(request, "conventions/meeting_hold.html", form, context)


@mandate_required
@get_or_post
def meeting_cancel(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Cancel a meeting, once confirmed on a page."""
    meeting = _kept_meeting(request, public_id)
    if request.method == "POST":
        say(
            request,
            lambda: actions.cancel_meeting(
                meeting,
                cancelled_on=_today(meeting.departement),
                actor=request.mandate.as_actor(),
                at=now(),
            ),
            "La réunion est annulée. Planifiez-en une autre si besoin.",
        )
        return redirect("conventions:meeting_list", meeting.departement_id)
    context = {"meeting": meeting, "departement": meeting.departement}
    return render(request, "conventions/meeting_cancel.html", context)


# Reviews


@mandate_required
@get_or_post
def review_record(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Say that the parties read their convention again and what they concluded."""
    convention = get_object_or_404(access.conventions_kept_by(request.mandate), public_id=public_id)
    departement = convention.departement
    if not access.may_keep(request.mandate, departement):
        raise PermissionDenied(
            "Seuls les mandats des deux institutions du département enregistrent la revue d’une convention."
        )
    today = _today(departement)
    form = ReviewForm(_typed(request), initial={"reviewed_on": today})
    if attempt(
        form,
        lambda says: actions.review(
            convention, **says, today=today, actor=request.mandate.as_actor(), at=now()
        ),
    ):
        messages.success(request, "La revue est enregistrée.")
        return redirect("conventions:convention_detail", convention.public_id)
    context = {
        "convention": convention,
        "departement": departement,
        "reviews": convention.reviews.order_by("-reviewed_on", "-pk")[:10],
    }
    return _form(request, "conventions/practice_review.html", form, context)


# Contacts


@mandate_required
@require_safe
def contact_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show the contacts of both sides, their last confirmation, and the silence in days."""
    departement = _departement(request, code)
    reading = reading_day(request, today=timezone.localdate())
    day, by = _day(reading, departement)
    contacts = queries.contacts(departement, day, known_before=by)
    context = {
        "reading": reading,
        "departement": departement,
        "sides": [
            (departement.prefecture_name, Side.PREFECTURE.value, contacts[Side.PREFECTURE]),
            (departement.ars.name, Side.ARS.value, contacts[Side.ARS]),
        ],
        "quarter": quarter_of(day),
        "own_link": _own_link(request, departement, day) if reading.is_today else "",
    }
    return render(request, "conventions/contact_list.html", context)


def _own_link(request: SignedInRequest, departement: Departement, today: date) -> str:
    """Return the path of the reader's own confirmation, empty when nothing is asked of them."""
    check = (
        access.checks_visible_to(request.mandate)
        .filter(departement=departement, person=request.user, quarter=quarter_of(today))
        .exclude(is_right=True)
        .first()
    )
    return actions.contact_path(check) if check else ""


# The link itself is the authority: no session is read, so a forged request has nothing to borrow. And with
# « no-referrer » browsers send « Origin: null », which the protection of sessions would refuse.
@csrf_exempt
@never_cache
@get_or_post
def contact_answer(request: HttpRequest, token: str) -> HttpResponse:
    """Let the holder of a signed link confirm a contact. Reading writes nothing: mail scanners read."""
    check = actions.read_token(token)
    if check is None:
        return _sealed(render(request, "conventions/contact_unknown.html", status=404))
    today = _today(check.departement)
    closed = queries.why_closed(check, today)
    if closed:
        return _sealed(render(request, "conventions/contact_closed.html", {"reason": closed}, status=410))
    if request.method == "POST":
        said = request.POST.get("reponse")
        if said not in {"exact", "a_corriger"}:
            return _sealed(_contact_page(request, check, status=400))
        actions.answer(
            check,
            is_right=said == "exact",
            today=today,
            actor=actions.link_holder(check),
            at=now(),
        )
        check.refresh_from_db(fields=["is_right", "confirmed_at", "confirmed_on"])
    return _sealed(_contact_page(request, check))


def _contact_page(request: HttpRequest, check: ContactCheck, *, status: int = 200) -> HttpResponse:
    return render(request, "conventions/contact_answer.html", {"check": check}, status=status)


def _sealed(response: HttpResponse) -> HttpResponse:
    """Keep the address of the page, which is a key, out of other sites' logs and of search engines."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


# Shared


def _today(departement: Departement) -> date:
    """Return the day it is in the département."""
    return local_day(now(), departement.time_zone)


def _day(reading: Reading, departement: Departement) -> tuple[date, datetime | None]:
    """Return the day of reading and the instant its evening ends in the département; no instant for today."""
    if reading.is_today:
        return _today(departement), None
    return reading.day, evening(reading.day, departement.time_zone)


def _typed(request: SignedInRequest) -> QueryDict | None:
    """Return what was sent, even empty; None when the form is only shown."""
    return request.POST if request.method == "POST" else None


def _departement(request: SignedInRequest, code: str) -> Departement:
    return get_object_or_404(departements_visible_to(request.mandate), code=code)


def _kept_departement(request: SignedInRequest, code: str) -> Departement:
    departement = _departement(request, code)
    _refuse_reader(request, departement)
    return departement


def _kept_meeting(request: SignedInRequest, public_id: UUID) -> Meeting:
    meeting = get_object_or_404(access.meetings_visible_to(request.mandate), public_id=public_id)
    _refuse_reader(request, meeting.departement)
    return meeting


def _refuse_reader(request: SignedInRequest, departement: Departement) -> None:
    if not access.may_keep(request.mandate, departement):
        raise PermissionDenied(
            "Seuls les mandats des deux institutions du département inscrivent ses réunions."
        )


def _form(request: HttpRequest, template: str, form: Any, context: dict[str, Any]) -> HttpResponse:  # noqa: ANN401  # three forms
    status = 400 if form.is_bound else 200
    return render(request, template, {**context, "form": form}, status=status)
