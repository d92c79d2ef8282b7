"""Open the pistes of a result, decide on them together, and say what a later wave shows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from traitdunion.audit import actions as audit
from traitdunion.audit.actors import Actor
from traitdunion.barometer import facts
from traitdunion.barometer import queries_pistes as queries
from traitdunion.barometer import rules_patterns as patterns
from traitdunion.barometer.kinds import Answer, Decision, State
from traitdunion.barometer.models import Effect, Piste, Proposal, Result
from traitdunion.core.errors import Refusal
from traitdunion.identity.kinds import Side
from traitdunion.identity.models import Mandate
from traitdunion.plan import actions as ledger
from traitdunion.plan.kinds import EventKind, OriginKind, Owner, Provenance
from traitdunion.plan.models import Action


class PisteRefusedError(Refusal):
    """The piste cannot be decided on as asked."""


# Opening


@transaction.atomic
def open_from(result: Result, *, actor: Actor, at: datetime) -> int:
    """Open the pistes that the rules found in ``result``, and those of the facts of the day; return how many are new.

    A piste found again, in another edition of the same wave, keeps its first words and what was decided on it.
    """
    rows = queries.by_departement(result.content)
    asked = queries.departements_asked(result.wave) | set(rows)
    known_facts = facts.facts(sorted(asked), day=timezone.localdate(at))
    found = {
        (each.departement, each.rule, each.dimension, each.side): each
        for each in [
            *patterns.found_in(result.content),
            *(
                piste
                for code, told in known_facts.items()
                for piste in patterns.pistes_of_facts(code, told, rows.get(code, queries.NOTHING)["cells"])
            ),
        ]
    }
    known = set(result.wave.pistes.values_list("departement", "rule", "dimension", "side"))
    opened = Piste.objects.bulk_create(
        [
            Piste(
                wave=result.wave,
                departement_id=each.departement,
                rule=each.rule,
                pattern=each.pattern,
                dimension=each.dimension,
                side=each.side,
                reading=each.reading,
                remedy=each.remedy,
                **audit.authorship(actor=actor, at=at),
            )
            for key, each in sorted(found.items())
            if key not in known
        ]
    )
    audit.record(
        event="barometer.pistes.opened",
        subject=str(result.public_id),
        actor=actor,
        at=at,
        detail={"opened": len(opened), "found": len(found)},
    )
    return len(opened)


# Deciding


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaking:
    """What both institutions undertake when they keep a piste.

    Attributes:
        tasks: what each side will do, in a few words.
        owners: by side, the mandate that answers for it.
        due_on: the day by which both have done it.
        measured_by: identifier of the question whose answers will be compared at a later wave.
    """

    tasks: Mapping[Side, str]
    owners: Mapping[Side, Mandate]
    due_on: date
    measured_by: str


@transaction.atomic
def propose_to_keep(
    piste: Piste,
    *,
    side: Side,
    undertaking: Undertaking,
    reason: str = "",
    today: date,
    actor: Actor,
    at: datetime,
) -> Proposal:
    """Propose to the other institution to keep a piste. Nothing is decided until it confirms.

    Raises:
        PisteRefusedError: the wave is not published, something is pending, the date is past, an owner is not in post
            on their side, the question cannot be compared, or a change of decision says no reason.
    """
    locked = _locked(piste, today)
    _refuse_pending(locked)
    if locked.decision and not reason.strip():
        raise PisteRefusedError("Une décision est déjà prise : dites pourquoi elle change.")
    if undertaking.due_on <= today:
        raise PisteRefusedError(
            f"L’échéance, le {undertaking.due_on:%d/%m/%Y}, n’est pas à venir. Choisissez un jour après aujourd’hui."
        )
    for each in Side:
        _refuse_owner(undertaking.owners[each], each, locked, today)
    if undertaking.measured_by not in {question.id for question in queries.questions_for(locked)}:
        raise PisteRefusedError(
            "Cette question ne mesure pas ce dont parle la piste : choisissez-en une de la liste."
        )
    return _propose(
        locked,
        Proposal(
            side=side.value,
            decision=Decision.KEPT.value,
            reason=reason.strip(),
            due_on=undertaking.due_on,
            measured_by=undertaking.measured_by,
            prefecture_owner=undertaking.owners[Side.PREFECTURE],
            ars_owner=undertaking.owners[Side.ARS],
            prefecture_task=undertaking.tasks[Side.PREFECTURE],
            ars_task=undertaking.tasks[Side.ARS],
        ),
        actor=actor,
        at=at,
    )


@transaction.atomic
def propose_to_leave(
    piste: Piste, *, side: Side, reason: str, today: date, actor: Actor, at: datetime
) -> Proposal:
    """Propose to the other institution to leave a piste, and say why.

    Raises:
        PisteRefusedError: the wave is not published, something is pending, no reason is given, or it is left already.
    """
    locked = _locked(piste, today)
    _refuse_pending(locked)
    if not reason.strip():
        raise PisteRefusedError(
            "Une piste écartée dit pourquoi : écrivez le motif, l’autre institution le lira."
        )
    if locked.decision == Decision.LEFT.value:
        raise PisteRefusedError("Cette piste est déjà écartée : il n’y a rien à changer.")
    return _propose(
        locked,
        Proposal(side=side.value, decision=Decision.LEFT.value, reason=reason.strip()),
        actor=actor,
        at=at,
    )


def _propose(piste: Piste, proposal: Proposal, *, actor: Actor, at: datetime) -> Proposal:
    proposal.piste = piste
    proposal.author_label, proposal.author_mandate, proposal.recorded_at = actor.label, actor.mandate, at
    proposal.save(force_insert=True)
    _log("proposed", proposal, actor=actor, at=at, decision=proposal.decision)
    return proposal


@transaction.atomic
def withdraw(proposal: Proposal, *, side: Side, actor: Actor, at: datetime) -> None:
    """Take back what one's own institution proposed, before the other answers.

    Raises:
        PisteRefusedError: the other institution proposed it, or it was answered already.
    """
    locked = _pending(proposal)
    if locked.side != side.value:
        raise PisteRefusedError(
            "L’autre institution a fait cette proposition : vous pouvez la confirmer ou la refuser."
        )
    _answer(locked, Answer.WITHDRAWN, actor=actor, at=at)


@transaction.atomic
def decline(proposal: Proposal, *, side: Side, reason: str, actor: Actor, at: datetime) -> None:
    """Refuse what the other institution proposed, and say why; either may then propose anew.

    Raises:
        PisteRefusedError: one's own institution proposed it, it was answered already, or the reason is missing.
    """
    locked = _pending(proposal)
    _refuse_own(locked, side)
    if not reason.strip():
        raise PisteRefusedError("Un refus dit pourquoi : écrivez le motif, l’autre institution le lira.")
    _answer(locked, Answer.DECLINED, reason=reason.strip(), actor=actor, at=at)


@transaction.atomic
def confirm(proposal: Proposal, *, side: Side, today: date, actor: Actor, at: datetime) -> None:
    """Confirm what the other institution proposed: the piste is decided, and kept it opens an action on each side.

    Raises:
        PisteRefusedError: one's own institution proposed it, it was answered already, its date is past, or an owner
            is no longer in post.
    """
    locked = _pending(proposal)
    _refuse_own(locked, side)
    piste = _locked(locked.piste, today)
    if locked.decision == Decision.KEPT.value:
        _refuse_stale(locked, piste, today)
    _answer(locked, Answer.CONFIRMED, actor=actor, at=at)
    piste.decision, piste.decided_at = locked.decision, at
    piste.decided_by = f"{locked.author_label} ; {actor.label}"[:250]
    piste.reason, piste.due_on, piste.measured_by = locked.reason, locked.due_on, locked.measured_by
    piste.save(update_fields=["decision", "decided_at", "decided_by", "reason", "due_on", "measured_by"])
    if locked.decision == Decision.KEPT.value:
        _open_actions(piste, locked, today, actor=actor, at=at)
    else:
        _give_up_actions(piste, locked.reason, today, actor=actor, at=at)


def _answer(proposal: Proposal, answer: Answer, *, reason: str = "", actor: Actor, at: datetime) -> None:
    proposal.answer, proposal.answered_at, proposal.answered_by = answer.value, at, actor.label
    proposal.answer_reason = reason
    proposal.save(update_fields=["answer", "answered_at", "answered_by", "answer_reason"])
    _log(answer.value, proposal, actor=actor, at=at, decision=proposal.decision)


# The ledger


_OPEN: Final = (None, EventKind.LANCEE.value, EventKind.ROUVERTE.value)


def _open_actions(piste: Piste, proposal: Proposal, today: date, *, actor: Actor, at: datetime) -> None:
    """Open what each side undertook; where a former decision opened it already, word it anew."""
    for side, task, owner in (
        (Side.PREFECTURE, proposal.prefecture_task, proposal.prefecture_owner),
        (Side.ARS, proposal.ars_task, proposal.ars_owner),
    ):
        text = ledger.ActionText(
            title=task,
            pilot=None if owner is None else owner.post.organisation,
            due_on=proposal.due_on,
        )
        known = _actions(piste).filter(owner=side.value).first()
        if known is None:
            ledger.open_action(
                text=text,
                opened_on=today,
                provenance=Provenance.OURS,
                departement=piste.departement,
                owner=Owner(side.value),
                origin=ledger.Origin(
                    kind=OriginKind.BAROMETER_GAP,
                    reference=piste.public_id,
                    label=f"Baromètre, vague « {piste.wave.name} »",
                ),
                actor=actor,
                at=at,
            )
            continue
        if _last_event(known) not in _OPEN:
            ledger.note_event(
                known,
                kind=EventKind.ROUVERTE,
                happened_on=today,
                reason=proposal.reason[:300],
                actor=actor,
                at=at,
            )
        ledger.revise_action(known, text=text, actor=actor, at=at)


def _give_up_actions(piste: Piste, reason: str, today: date, *, actor: Actor, at: datetime) -> None:
    """Give up what a former decision opened and was not done."""
    for action in _actions(piste):
        if _last_event(action) in _OPEN:
            ledger.note_event(
                action,
                kind=EventKind.ABANDONNEE,
                happened_on=today,
                reason=f"Piste écartée : {reason}"[:300],
                actor=actor,
                at=at,
            )


def _actions(piste: Piste) -> QuerySet[Action]:
    return Action.objects.filter(
        origin=OriginKind.BAROMETER_GAP.value, origin_reference=piste.public_id
    ).order_by("pk")


def _last_event(action: Action) -> str | None:
    return action.events.order_by("happened_on", "pk").values_list("kind", flat=True).last()


# What a later wave shows


@transaction.atomic
def observe(result: Result, *, actor: Actor, at: datetime) -> int:
    """Say of each piste kept before this wave opened what the wave shows of it; return how many were looked at.

    A piste whose question the wave does not ask is left for a later one. Computed again, an effect is corrected.
    """
    outcomes: dict[str, int] = defaultdict(int)
    for piste, seen in queries.effects_in(result, day=timezone.localdate(at)):
        Effect.objects.update_or_create(
            piste=piste,
            wave=result.wave,
            defaults={
                "outcome": seen.outcome.value,
                "sentence": seen.sentence,
                **audit.authorship(actor=actor, at=at),
            },
        )
        outcomes[seen.outcome.value] += 1
    audit.record(
        event="barometer.pistes.observed",
        subject=str(result.public_id),
        actor=actor,
        at=at,
        detail=dict(outcomes),
    )
    return sum(outcomes.values())


# Refusals


def _locked(piste: Piste, today: date) -> Piste:
    locked = (
        Piste.objects.select_for_update(of=("self",))
        .select_related("wave__questionnaire", "departement")
        .get(pk=piste.pk)
    )
    if locked.wave.state_on(today) is not State.PUBLISHED:
        raise PisteRefusedError(
            f"Les résultats sont sous embargo jusqu’au {locked.wave.published_on:%d/%m/%Y} : préparez la réunion avec "
            "le guide, la décision s’enregistre à partir de ce jour."
        )
    return locked


def _refuse_pending(piste: Piste) -> None:
    pending = piste.proposals.filter(answered_at=None).first()
    if pending is not None:
        who = Side(pending.side).label
        raise PisteRefusedError(
            f"Une décision est déjà proposée ({who}) : elle attend une réponse. Répondez-y, ou retirez-la d’abord."
        )


def _pending(proposal: Proposal) -> Proposal:
    # The piste first, then its proposal: everyone locks in the same order.
    Piste.objects.select_for_update(of=("self",)).get(pk=proposal.piste_id)
    locked = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related(
            "piste",
            "prefecture_owner__person",
            "prefecture_owner__post__organisation",
            "ars_owner__person",
            "ars_owner__post__organisation",
        )
        .get(pk=proposal.pk)
    )
    if locked.answered_at is not None:
        raise PisteRefusedError(
            f"Cette proposition a déjà été {Answer(locked.answer).label} : rechargez la page."
        )
    return locked


def _refuse_own(proposal: Proposal, side: Side) -> None:
    if proposal.side == side.value:
        raise PisteRefusedError(
            "Votre institution a fait cette proposition : c’est à l’autre de répondre. Vous pouvez la retirer."
        )


def _refuse_stale(proposal: Proposal, piste: Piste, today: date) -> None:
    if proposal.due_on is not None and proposal.due_on <= today:
        raise PisteRefusedError(
            f"L’échéance proposée, le {proposal.due_on:%d/%m/%Y}, est passée : refusez, et proposez une autre date."
        )
    for side, owner in (
        (Side.PREFECTURE, proposal.prefecture_owner),
        (Side.ARS, proposal.ars_owner),
    ):
        if owner is not None:
            _refuse_owner(owner, side, piste, today)


def _refuse_owner(owner: Mandate, side: Side, piste: Piste, today: date) -> None:
    runs = owner.starts_on <= today and (owner.ends_on is None or owner.ends_on >= today)
    if not (runs and owner.side is side and owner.covers(piste.departement)):
        raise PisteRefusedError(
            f"{owner.person.name} n’est pas en poste côté {side.label} dans ce département : "
            "choisissez une autre personne."
        )


def _log(what: str, proposal: Proposal, *, actor: Actor, at: datetime, decision: str) -> None:
    audit.record(
        event=f"barometer.piste.{what}",
        subject=str(proposal.piste.public_id),
        actor=actor,
        at=at,
        detail={"proposal": str(proposal.public_id), "decision": decision},
    )
