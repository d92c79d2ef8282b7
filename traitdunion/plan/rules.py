"""The state of an action, of a measure and of a statement: computed from facts, never declared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from traitdunion.plan.kinds import ActionState, BlockerCause, EventKind, MeasureState, ProofState


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFact:
    """Something that happened to an action."""

    kind: EventKind
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockerFact:
    """An obstacle: its cause, who can lift it, since when, and the day it was lifted (None while it stands)."""

    cause: BlockerCause
    lifter: str
    since: date
    lifted_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStatus:
    """The state of an action on a day, since when, and the French reason."""

    state: ActionState
    since: date
    reason: str

    @property
    def is_open(self) -> bool:
        """Whether something is still expected."""
        return self.state not in {ActionState.REALISEE, ActionState.ABANDONNEE}


def action_status(
    *,
    opened_on: date,
    due_on: date | None,
    events: Sequence[EventFact],
    blockers: Sequence[BlockerFact],
    day: date,
) -> ActionStatus:
    """Return the state of an action on ``day``.

    Args:
        opened_on: the day it entered the ledger.
        due_on: last day to do it, included; None when no day was set.
        events: what happened, in any order; two events of one day count in the order given.
        blockers: the obstacles, lifted or not.
        day: the day looked at.
    """
    past = sorted((event for event in events if event.on <= day), key=lambda event: event.on)
    last = past[-1] if past else None
    if last is not None and last.kind is EventKind.REALISEE:
        return ActionStatus(state=ActionState.REALISEE, since=last.on, reason="déclarée réalisée")
    if last is not None and last.kind is EventKind.ABANDONNEE:
        return ActionStatus(state=ActionState.ABANDONNEE, since=last.on, reason="abandonnée")
    standing = sorted(
        (
            blocker
            for blocker in blockers
            if blocker.since <= day and (blocker.lifted_on is None or blocker.lifted_on > day)
        ),
        key=lambda blocker: blocker.since,
    )
    if due_on is not None and day > due_on:
        return ActionStatus(state=ActionState.EN_RETARD, since=due_on, reason=_late(due_on, standing))
    if standing:
        first = standing[0]
        reason = f"{first.cause.label} ; peut être levé par : {first.lifter}"
        return ActionStatus(state=ActionState.BLOQUEE, since=first.since, reason=reason)
    started = [event for event in past if event.kind in {EventKind.LANCEE, EventKind.ROUVERTE}]
    if started:
        return ActionStatus(state=ActionState.EN_COURS, since=started[-1].on, reason=started[-1].kind.label)
    return ActionStatus(state=ActionState.A_LANCER, since=opened_on, reason="pas encore lancée")


def _late(due_on: date, standing: Sequence[BlockerFact]) -> str:
    sentence = f"échéance du {due_on:%d/%m/%Y} dépassée"
    if standing:
        return f"{sentence} ; {standing[0].cause.label}, peut être levé par : {standing[0].lifter}"
    return sentence


def measure_state(actions: Sequence[ActionState]) -> MeasureState:
    """Return the state of a measure from the states of its actions.

    An abandoned action neither proves nor hinders; a late or blocked one puts the measure in difficulty.
    """
    kept = [state for state in actions if state is not ActionState.ABANDONNEE]
    if not kept:
        return MeasureState.SANS_ACTION
    if any(state in {ActionState.BLOQUEE, ActionState.EN_RETARD} for state in kept):
        return MeasureState.EN_DIFFICULTE
    if all(state is ActionState.REALISEE for state in kept):
        return MeasureState.REALISEE
    if all(state is ActionState.A_LANCER for state in kept):
        return MeasureState.A_LANCER
    return MeasureState.EN_COURS


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFact:
    """A piece of evidence as a statement sees it: since when, until when it proves (last day included)."""

    dated_on: date
    expires_on: date | None
    withdrawn_on: date | None

    def holds(self, day: date) -> bool:
        """Whether the piece still proves something on ``day``."""
        return (
            self.dated_on <= day
            and (self.expires_on is None or day <= self.expires_on)
            and (self.withdrawn_on is None or day < self.withdrawn_on)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofStatus:
    """Whether a statement is proved on a day, and since when it is not."""

    state: ProofState
    expired_on: date | None = None


def proof_status(proofs: Sequence[ProofFact], *, day: date) -> ProofStatus:
    """Return whether at least one piece still proves the statement on ``day``."""
    if not proofs:
        return ProofStatus(state=ProofState.UNPROVEN)
    if any(proof.holds(day) for proof in proofs):
        return ProofStatus(state=ProofState.PROVEN)
    ends = [end for proof in proofs for end in (proof.expires_on, proof.withdrawn_on) if end and end <= day]
    if not ends:
        return ProofStatus(state=ProofState.UNPROVEN)
    return ProofStatus(state=ProofState.EXPIRED, expired_on=max(ends))


def went_back(before: Decimal, after: Decimal, *, higher_is_better: bool) -> bool:
    """Whether a corrected or new value of an indicator is worse than the one before.

    >>> went_back(Decimal(98), Decimal(95), higher_is_better=True)
    True
    """
    return after < before if higher_is_better else after > before
