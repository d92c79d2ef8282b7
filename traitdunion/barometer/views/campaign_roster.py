"""The roster of a département in a wave: who is asked on each side."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from traitdunion.barometer import access, queries
from traitdunion.barometer import actions_roster as actions
from traitdunion.barometer.forms import LinkForm, RespondentForm
from traitdunion.barometer.kinds import State
from traitdunion.barometer.models import RosterEntry, Wave
from traitdunion.barometer.rules_campaign import FEWEST, MOST
from traitdunion.barometer.views.doors import attempt, get_or_post, now, only, posted, say, show_form, today
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.kinds import Side
from traitdunion.territories.models import Departement


@mandate_required
@require_safe
def roster(request: SignedInRequest, public_id: UUID, code: str) -> HttpResponse:
    """Show who is asked on each side: names to those who keep the side, functions to the others."""
    wave, departement = _place(request, public_id, code)
    state = wave.state_on(today())
    entries: dict[str, list[RosterEntry]] = {side.value: [] for side in Side}
    for entry in wave.entries.filter(departement=departement).select_related("replaced_by"):
        entries[entry.side].append(entry)
    counted = {each.side: each for each in queries.sides_of(wave, [departement.code])[departement.code]}
    context = {
        "wave": wave,
        "state": state,
        "departement": departement,
        "sides": [
            _side(request, departement, side, entries[side.value], counted[side], state) for side in Side
        ],
        "is_prepared": state is State.PREPARED,
        "is_open": state is State.OPEN,
        "fewest": FEWEST,
        "most": MOST,
    }
    return render(request, "barometer/roster.html", context)


def _side(
    request: SignedInRequest,
    departement: Departement,
    side: Side,
    entries: list[RosterEntry],
    counted: queries.SideOfRoster,
    state: State,
) -> dict[str, Any]:
    asked = [entry for entry in entries if entry.revoked_at is None]
    may_keep = access.may_keep(request.mandate, departement, side)
    return {
        "kind": side.value,
        "name": departement.prefecture_name if side is Side.PREFECTURE else departement.ars.name,
        "entries": entries,
        "asked": len(asked),
        "missing": max(0, FEWEST - len(asked)),
        "counted": counted,
        "may_keep": may_keep,
        "may_add": may_keep and state is State.PREPARED and len(asked) < MOST,
    }


@mandate_required
@get_or_post
def entry_add(request: SignedInRequest, public_id: UUID, code: str, side: str) -> HttpResponseBase:
    """Put someone on the roster of a side."""
    wave, departement = _place(request, public_id, code)
    if side not in set(Side):
        raise Http404
    where = Side(side)
    only(access.may_keep(request.mandate, departement, where))
    form = RespondentForm(posted(request), side=where)
    return _write(
        request,
        form,
        lambda _: actions.add(
            wave,
            departement,
            where,
            respondent=form.respondent(),
            today=today(),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
        wave=wave,
        departement=departement,
        title="Ajouter une personne à interroger",
        button="Ajouter à la liste",
        done="La personne est sur la liste. Le lien partira à l’ouverture.",
    )


@mandate_required
@get_or_post
def entry_revise(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Change a line of the roster before the opening."""
    entry = _entry(request, public_id)
    form = RespondentForm(
        posted(request),
        side=Side(entry.side),
        initial={"role": entry.role, "name": entry.name, "email": entry.email},
    )
    return _write(
        request,
        form,
        lambda _: actions.revise(
            entry,
            respondent=form.respondent(),
            today=today(),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
        wave=entry.wave,
        departement=entry.departement,
        title=f"Modifier la ligne de {entry.name}",
        button="Enregistrer",
        done="La ligne est enregistrée.",
    )


@mandate_required
@get_or_post
def entry_remove(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Take someone off the roster, once confirmed on a page."""
    entry = _entry(request, public_id)
    if request.method == "POST":
        say(
            request,
            lambda: actions.remove(entry, today=today(), actor=request.mandate.as_actor(), at=now()),
            "La personne est retirée : son lien ne répond pas.",
        )
        return _to_roster(entry.wave, entry.departement)
    context = {
        "entry": entry,
        "wave": entry.wave,
        "departement": entry.departement,
        "is_prepared": entry.wave.state_on(today()) is State.PREPARED,
    }
    return render(request, "barometer/entry_remove.html", context)


@mandate_required
@get_or_post
def entry_replace(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Ask someone else while the wave is open."""
    entry = _entry(request, public_id)
    form = RespondentForm(posted(request), side=Side(entry.side), initial={"role": entry.role})
    return _write(
        request,
        form,
        lambda _: actions.replace(
            entry,
            respondent=form.respondent(),
            today=today(),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
        wave=entry.wave,
        departement=entry.departement,
        title=f"Remplacer {entry.name}",
        button="Remplacer et envoyer le lien",
        done="Le lien précédent est fermé ; la nouvelle personne reçoit le sien.",
        help_text=(
            "Le lien de la personne qui part se ferme. Ce qu’elle aurait déjà envoyé reste compté : personne ne sait "
            "quelle feuille est la sienne. La personne qui arrive est marquée « nouveau »."
        ),
    )


@mandate_required
@get_or_post
def entry_link(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Send a new link to the same person."""
    entry = _entry(request, public_id)
    form = LinkForm(posted(request), initial={"email": entry.email})
    return _write(
        request,
        form,
        lambda says: actions.renew_link(
            entry, email=says["email"], today=today(), actor=request.mandate.as_actor(), at=now()
        ),
        wave=entry.wave,
        departement=entry.departement,
        title=f"Renvoyer un lien à {entry.name}",
        button="Fermer l’ancien lien et envoyer le nouveau",
        done="Un nouveau lien part ; l’ancien ne répond plus. Les réponses commencées sont gardées.",
    )


def _write(
    request: SignedInRequest,
    form: RespondentForm | LinkForm,
    do: Callable[[dict[str, Any]], object],
    *,
    wave: Wave,
    departement: Departement,
    title: str,
    button: str,
    done: str,
    help_text: str = "",
) -> HttpResponseBase:
    if attempt(form, do):
        messages.success(request, done)
        return _to_roster(wave, departement)
    context = {
        "wave": wave,
        "departement": departement,
        "title": title,
        "button": button,
        "help_text": help_text,
    }
    return show_form(request, "barometer/entry_form.html", form, context)


def _to_roster(wave: Wave, departement: Departement) -> HttpResponse:
    return redirect("barometer:roster", wave.public_id, departement.code)


def _place(request: SignedInRequest, public_id: UUID, code: str) -> tuple[Wave, Departement]:
    wave = get_object_or_404(access.waves_visible_to(request.mandate), public_id=public_id)
    return wave, get_object_or_404(departements_visible_to(request.mandate), code=code)


def _entry(request: SignedInRequest, public_id: UUID) -> RosterEntry:
    return get_object_or_404(
        access.entries_kept_by(request.mandate).filter(revoked_at=None), public_id=public_id
    )
