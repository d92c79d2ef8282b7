"""Pistes d’amélioration: those of a département, one of them, what is decided together, the country in counts."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from traitdunion.barometer import access_pistes as access
from traitdunion.barometer import access_results
from traitdunion.barometer import actions_pistes as actions
from traitdunion.barometer import queries_pistes as queries
from traitdunion.barometer.forms_pistes import ChangeForm, DeclineForm, KeepForm, LeaveForm
from traitdunion.barometer.kinds import Answer, Decision, Outcome, Standing, State
from traitdunion.barometer.models import Piste, Proposal
from traitdunion.barometer.rules_effect import NOT_A_PROOF
from traitdunion.barometer.views.doors import attempt, get_or_post, now, posted, say, show_form, today
from traitdunion.core.choices import choices_of
from traitdunion.identity.access import departements_visible_to
from traitdunion.identity.http import SignedInRequest, mandate_required
from traitdunion.identity.kinds import Side

PISTES_A_PAGE = 20


# Reading


@mandate_required
@require_safe
def piste_list(request: SignedInRequest, code: str) -> HttpResponse:
    """List the pistes of a département, latest wave first; the filters are in the address."""
    departement = get_object_or_404(departements_visible_to(request.mandate), code=code)
    visible = access.pistes_visible_to(request.mandate, day=today()).filter(departement=departement)
    waves = list(
        dict(visible.order_by("-wave__opens_on").values_list("wave__name", "wave__name").distinct()).items()
    )
    asked = {
        "etat": next((each for each in Standing if each.value == request.GET.get("etat")), None),
        "vague": next((name for name, _ in waves if name == request.GET.get("vague")), ""),
    }
    found = visible.filter(wave__name=asked["vague"]) if asked["vague"] else visible
    if isinstance(asked["etat"], Standing):
        found = queries.standing_in(found, asked["etat"])
    reader = request.mandate.side if access.may_decide(request.mandate, departement) else None
    in_order = found.order_by("-wave__opens_on", "decision", "dimension", "pk")
    awaited = queries.awaiting(in_order, reader)
    page = Paginator(
        queries.in_lists(in_order.exclude(pk__in=[each.pk for each in awaited])), PISTES_A_PAGE
    ).get_page(request.GET.get("page"))
    context = {
        "departement": departement,
        "page": page,
        "awaited": [queries.line(piste, reader) for piste in awaited] if page.number == 1 else [],
        "lines": [queries.line(piste, reader) for piste in page],
        "total": page.paginator.count + len(awaited),
        "asked": asked,
        "choices": {"etat": choices_of(Standing), "vague": waves},
        "is_empty": not waves,
        "not_a_proof": NOT_A_PROOF,
    }
    return render(request, "barometer/pistes/piste_list.html", context)


@mandate_required
@require_safe
def piste_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Show a piste: what it rests on, what was proposed and decided, the two actions, what was seen since."""
    piste = _visible(request, public_id)
    may_decide = access.may_decide(request.mandate, piste.departement)
    line = queries.line(piste, request.mandate.side if may_decide else None)
    proposals = queries.proposals_of(piste)
    pending = next((each for each in proposals if each.answered_at is None), None)
    in_force = next((each for each in proposals if each.answer == Answer.CONFIRMED.value), None)
    context = {
        "line": line,
        "piste": piste,
        "departement": piste.departement,
        "pending": pending,
        "asks_again": "" if pending is None else queries.question_of(piste, pending.measured_by),
        "in_force": in_force,
        "asked_again": "" if in_force is None else queries.question_of(piste, in_force.measured_by),
        "history": queries.history(proposals),
        "actions": queries.actions_of(piste, request.mandate, day=today()),
        "effects": queries.effects_of(piste),
        "earlier": queries.same_before(piste),
        "is_embargo": piste.wave.state_on(today()) is State.EMBARGO,
        "may_decide": may_decide,
        "side": request.mandate.side,
        "not_a_proof": NOT_A_PROOF,
    }
    return render(request, "barometer/pistes/piste_detail.html", context)


@mandate_required
@require_safe
def piste_counts(request: SignedInRequest) -> HttpResponse:
    """Count the pistes of the country by pattern, out of how many départements; nothing ranks them."""
    waves = access_results.waves_of_the_country(request.mandate, day=today())
    wave = next(
        (each for each in waves if each.name == request.GET.get("vague")), waves[0] if waves else None
    )
    context = {
        "wave": wave,
        "waves": [(each.name, each.name) for each in waves],
        "counts": None if wave is None else queries.counts(wave),
        "standings": list(Standing),
        "outcomes": list(Outcome),
        "not_a_proof": NOT_A_PROOF,
    }
    return render(request, "barometer/pistes/piste_counts.html", context)


# Deciding


@mandate_required
@get_or_post
def piste_keep(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Propose to keep a piste: who answers for it on each side, for when, and the question asked again."""
    piste = _decided_by(request, public_id)
    side = _side(request)
    form = (ChangeForm if piste.decision else KeepForm)(
        posted(request),
        owners={each: queries.owners(piste.departement, each, day=today()) for each in Side},
        questions=[(each.id, each.label) for each in queries.questions_for(piste)],
        initial=queries.last_terms(piste),
    )
    done = attempt(
        form,
        lambda says: actions.propose_to_keep(
            piste,
            side=side,
            undertaking=form.undertaking(),
            reason=says["reason"],
            today=today(),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    )
    if done:
        return _proposed(request, piste, side)
    return show_form(request, "barometer/pistes/piste_keep.html", form, _about(piste))


@mandate_required
@get_or_post
def piste_leave(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Propose to leave a piste, with the reason."""
    piste = _decided_by(request, public_id)
    side = _side(request)
    form = LeaveForm(posted(request))
    done = attempt(
        form,
        lambda says: actions.propose_to_leave(
            piste,
            side=side,
            reason=says["reason"],
            today=today(),
            actor=request.mandate.as_actor(),
            at=now(),
        ),
    )
    if done:
        return _proposed(request, piste, side)
    return show_form(request, "barometer/pistes/piste_leave.html", form, _about(piste))


@mandate_required
@require_POST
def proposal_confirm(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Confirm what the other institution proposed."""
    proposal = _proposal(request, public_id)
    side = _side(request)
    kept = proposal.decision == Decision.KEPT.value
    say(
        request,
        lambda: actions.confirm(
            proposal, side=side, today=today(), actor=request.mandate.as_actor(), at=now()
        ),
        "La piste est retenue : une action est ouverte de chaque côté." if kept else "La piste est écartée.",
    )
    return redirect("barometer:piste_detail", proposal.piste.public_id)


@mandate_required
@get_or_post
def proposal_decline(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Refuse what the other institution proposed, with the reason."""
    proposal = _proposal(request, public_id)
    side = _side(request)
    form = DeclineForm(posted(request))
    done = attempt(
        form,
        lambda says: actions.decline(
            proposal, side=side, reason=says["reason"], actor=request.mandate.as_actor(), at=now()
        ),
    )
    if done:
        messages.success(request, "Le refus est enregistré. Proposez à votre tour, ou parlez-en d’abord.")
        return redirect("barometer:piste_detail", proposal.piste.public_id)
    context = {
        **_about(proposal.piste),
        "proposal": proposal,
        "question": queries.question_of(proposal.piste, proposal.measured_by),
    }
    return show_form(request, "barometer/pistes/proposal_decline.html", form, context)


@mandate_required
@require_POST
def proposal_withdraw(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Take back what one's own institution proposed."""
    proposal = _proposal(request, public_id)
    side = _side(request)
    say(
        request,
        lambda: actions.withdraw(proposal, side=side, actor=request.mandate.as_actor(), at=now()),
        "La proposition est retirée.",
    )
    return redirect("barometer:piste_detail", proposal.piste.public_id)


# Shared


def _visible(request: SignedInRequest, public_id: UUID) -> Piste:
    visible = queries.in_lists(access.pistes_visible_to(request.mandate, day=today()))
    return get_object_or_404(visible, public_id=public_id)


def _decided_by(request: SignedInRequest, public_id: UUID) -> Piste:
    piste = _visible(request, public_id)
    _refuse_reader(request, piste)
    return piste


def _proposal(request: SignedInRequest, public_id: UUID) -> Proposal:
    visible = access.proposals_visible_to(request.mandate, day=today()).select_related(
        "piste__wave__questionnaire",
        "piste__departement__region",
        "piste__departement__ars",
        "prefecture_owner__person",
        "prefecture_owner__post__organisation",
        "ars_owner__person",
        "ars_owner__post__organisation",
    )
    proposal = get_object_or_404(visible, public_id=public_id)
    _refuse_reader(request, proposal.piste)
    return proposal


def _refuse_reader(request: SignedInRequest, piste: Piste) -> None:
    if not access.may_decide(request.mandate, piste.departement):
        raise PermissionDenied(
            "Seuls le préfet, le directeur général de l’ARS et les deux référents décident des pistes du département."
        )


def _side(request: SignedInRequest) -> Side:
    """Return the institution that the mandate speaks for; ``may_decide`` was asked first."""
    side = request.mandate.side
    if side is None:
        raise PermissionDenied
    return side


def _proposed(request: SignedInRequest, piste: Piste, side: Side) -> HttpResponseBase:
    other = "l’ARS" if side is Side.PREFECTURE else "la préfecture"
    messages.success(
        request,
        f"La proposition est enregistrée : elle attend la réponse de {other}. Vous pouvez la retirer d’ici là.",
    )
    return redirect("barometer:piste_detail", piste.public_id)


def _about(piste: Piste) -> dict[str, Any]:
    return {
        "piste": piste,
        "departement": piste.departement,
        "title": queries.title_of(piste),
        "seen": queries.seen_in(piste),
    }
