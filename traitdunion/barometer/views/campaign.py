"""Waves: the calendar, preparing, opening, closing, who took part."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from traitdunion.barometer import access, actions, queries
from traitdunion.barometer.forms import CancelForm, OpenForm, ReviseForm, WaveForm
from traitdunion.barometer.kinds import Format, State
from traitdunion.barometer.models import Wave
from traitdunion.barometer.rules_campaign import FEWEST, reminder_days
from traitdunion.barometer.views.doors import attempt, get_or_post, now, only, posted, say, show_form, today
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.kinds import Side

WAVES_A_PAGE = 20
PLACES_A_PAGE = 25


@mandate_required
@require_safe
def wave_list(request: SignedInRequest) -> HttpResponse:
    """List the waves with their state and their participation."""
    day = today()
    page = Paginator(access.waves_visible_to(request.mandate), WAVES_A_PAGE).get_page(request.GET.get("page"))
    rates = queries.rates_of(page.object_list)
    context = {
        "page": page,
        "waves": [
            {"wave": wave, "state": wave.state_on(day), "rates": rates.get(wave.pk, {})} for wave in page
        ],
        "may_manage": access.may_manage(request.mandate),
    }
    return render(request, "barometer/wave_list.html", context)


@mandate_required
@get_or_post
def wave_prepare(request: SignedInRequest) -> HttpResponseBase:
    """Prepare a wave, with the precision to expect and the participation of the last ones in view."""
    only(access.may_manage(request.mandate))
    form = WaveForm(posted(request))
    done = attempt(
        form,
        lambda says: actions.prepare(
            name=says["name"],
            form=Format(says["format"]),
            questionnaire=says["questionnaire"],
            calendar=form.calendar(),
            today=today(),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    )
    if done:
        messages.success(
            request, "La vague est préparée. Les référents de chaque côté complètent maintenant leur liste."
        )
        return redirect("barometer:wave_detail", done[0].public_id)
    return show_form(request, "barometer/wave_prepare.html", form, _outlook())


def _outlook() -> dict[str, Any]:
    """Return what helps to plan: the precision to expect, and how many answered before."""
    before = list(Wave.objects.filter(sealed_at__isnull=False, cancelled_at=None)[:4])
    rates = queries.rates_of(before)
    return {
        "precision": queries.expected_precision(),
        "fewest": FEWEST,
        "past": [{"wave": each, "rates": rates.get(each.pk, {})} for each in before],
    }


@mandate_required
@require_safe
def wave_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show a wave: its calendar, how far the invitations are, who took part where."""
    wave = _wave(request, public_id)
    state = wave.state_on(today())
    places = departements_visible_to(request.mandate)
    page = Paginator(places, PLACES_A_PAGE).get_page(request.GET.get("page"))
    sides = queries.sides_of(wave, [place.code for place in page])
    is_prepared = state is State.PREPARED
    context = {
        "wave": wave,
        "state": state,
        "is_prepared": is_prepared,
        "is_open": state is State.OPEN,
        "is_cancelled": state is State.CANCELLED,
        "may_manage": access.may_manage(request.mandate),
        "reminders": reminder_days(wave.opens_on, wave.closes_on),
        "page": page,
        "rows": [{"place": place, "sides": sides[place.code]} for place in page],
        "rates": queries.rates_of([wave]).get(wave.pk, {}),
        "dispatch": queries.dispatch_of(wave) if wave.opened_at and not is_prepared else None,
    }
    if is_prepared:
        total = page.paginator.count
        context |= {
            "short": queries.short_sides(wave, places, total),
            "side_count": 2 * total,
            "waits": wave.opens_on < today()
            and bool(queries.lists_out_of_bounds(wave))
            and not wave.roster_reason,
        }
        if context["may_manage"]:
            context |= _outlook()
    return render(request, "barometer/wave_detail.html", context)


@mandate_required
@get_or_post
def wave_revise(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Change the days of a wave."""
    wave = _managed(request, public_id)
    fields = ("name", "covers_since", "covers_until_on", "opens_on", "closes_on", "roster_reason")
    form = ReviseForm(posted(request), initial={name: getattr(wave, name) for name in fields})
    done = attempt(
        form,
        lambda says: actions.revise(
            wave,
            name=says["name"],
            calendar=form.calendar(),
            today=today(),
            actor=request.mandate.as_actor(),
            at=now(),
            roster_reason=says["roster_reason"],
        ),
    )
    if done:
        messages.success(request, "Le calendrier est enregistré.")
        return redirect("barometer:wave_detail", wave.public_id)
    context = {"wave": wave, "is_open": wave.state_on(today()) is State.OPEN}
    return show_form(request, "barometer/wave_revise.html", form, context)


@mandate_required
@get_or_post
def wave_open(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Open a wave now, once confirmed on a page that says what is missing."""
    wave = _managed(request, public_id)
    out_of_bounds = queries.lists_out_of_bounds(wave)
    form = OpenForm(
        posted(request), initial={"roster_reason": wave.roster_reason}, is_needed=bool(out_of_bounds)
    )
    done = attempt(
        form,
        lambda says: actions.open_wave(
            wave,
            today=today(),
            actor=request.mandate.as_actor(),
            at=now(),
            roster_reason=says.get("roster_reason"),
        ),
    )
    if done:
        messages.success(request, "La vague est ouverte : les invitations partent.")
        return redirect("barometer:wave_detail", wave.public_id)
    context = {
        "wave": wave,
        "asked": wave.entries.in_use().count(),
        "out_of_bounds": [
            {"code": code, "side": Side(side).label, "number": number} for code, side, number in out_of_bounds
        ],
    }
    return show_form(request, "barometer/wave_open.html", form, context)


@mandate_required
@get_or_post
def wave_close(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Close a wave before its last day, once confirmed on a page."""
    wave = _managed(request, public_id)
    if request.method == "POST":
        say(
            request,
            lambda: actions.close(wave, today=today(), actor=request.mandate.as_actor(), at=now()),
            "La vague est close : les réponses sont scellées, l’embargo commence.",
        )
        return redirect("barometer:wave_detail", wave.public_id)
    return render(request, "barometer/wave_close.html", {"wave": wave})


@mandate_required
@get_or_post
def wave_cancel(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Give a wave up, with its reason."""
    wave = _managed(request, public_id)
    form = CancelForm(posted(request))
    done = attempt(
        form,
        lambda says: actions.cancel(
            wave, reason=says["reason"], today=today(), actor=request.mandate.as_actor(), at=now()
        ),
    )
    if done:
        messages.success(request, "La vague est annulée : ses liens sont fermés, ses réponses sont effacées.")
        return redirect("barometer:wave_detail", wave.public_id)
    return show_form(request, "barometer/wave_cancel.html", form, {"wave": wave})


def _wave(request: SignedInRequest, public_id: UUID) -> Wave:
    return get_object_or_404(access.waves_visible_to(request.mandate), public_id=public_id)


def _managed(request: SignedInRequest, public_id: UUID) -> Wave:
    only(access.may_manage(request.mandate))
    return _wave(request, public_id)
