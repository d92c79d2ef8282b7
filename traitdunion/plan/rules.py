"""The state of an action, of a measure and of a statement: computed from facts, never declared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from traitdunion.plan.kinds import ActionState, BlockerCause, EventKind, MeasureState, ProofState, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFact:
    """Something that happened to an action."""

    kind: EventKind
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockerFact:
    """An obstacle: its cause, who can lift it, since when, the day it was lifted (None while it stands)."""

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
        # The last day to do it is not late yet.
        first_late_day = due_on + timedelta(days=1)
        return ActionStatus(state=ActionState.EN_RETARD, since=first_late_day, reason=_late(due_on, standing))
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


def allowed_events(*, last: EventKind | None, is_started: bool) -> frozenset[EventKind]:
    """Return what may happen next to an action whose last event is ``last``."""
    if last in {EventKind.REALISEE, EventKind.ABANDONNEE}:
        return frozenset({EventKind.ROUVERTE})
    closing = {EventKind.REALISEE, EventKind.ABANDONNEE}
    return frozenset(closing if is_started else {EventKind.LANCEE, *closing})


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureStatus:
    """The state of a measure on a day and the French reason."""

    state: MeasureState
    reason: str


def measure_status(counts: Mapping[ActionState, int]) -> MeasureStatus:
    """Return the state of a measure, and why, from how many actions stand in each state."""
    present = {state: count for state, count in counts.items() if count}
    state = measure_state(list(present))
    total = sum(count for kind, count in present.items() if kind is not ActionState.ABANDONNEE)
    if total == 0:
        return MeasureStatus(state=state, reason="aucune action n’est ouverte sur cette mesure")
    told = [f"{present[kind]} {_in_state(kind, present[kind])}" for kind in ActionState if kind in present]
    noun = "action suivie" if total == 1 else "actions suivies"
    return MeasureStatus(state=state, reason=f"{total} {noun} : {', '.join(told)}")


def _in_state(state: ActionState, count: int) -> str:
    agrees = state in {ActionState.BLOQUEE, ActionState.REALISEE, ActionState.ABANDONNEE}
    return f"{state.label}s" if agrees and count > 1 else state.label


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

    def ended_on(self, day: date) -> date | None:
        """Return the first day on which the piece no longer proved, None when it had not ended by ``day``."""
        after_expiry = None if self.expires_on is None else self.expires_on + timedelta(days=1)
        ends = [end for end in (after_expiry, self.withdrawn_on) if end is not None and end <= day]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofStatus:
    """Whether a statement is proved on a day; ``expired_on`` is the first day on which nothing proved it."""

    state: ProofState
    expired_on: date | None = None

    @property
    def is_greyed(self) -> bool:
        """Whether the sentence may no longer be read as proved."""
        return self.state is not ProofState.PROVEN


def proof_status(proofs: Sequence[ProofFact], *, day: date) -> ProofStatus:
    """Return whether at least one piece still proves the statement on ``day``."""
    if any(proof.holds(day) for proof in proofs):
        return ProofStatus(state=ProofState.PROVEN)
    ends = [end for proof in proofs if (end := proof.ended_on(day)) is not None]
    if not ends:
        return ProofStatus(state=ProofState.UNPROVEN)
    return ProofStatus(state=ProofState.EXPIRED, expired_on=max(ends))


def reading(unit: Unit, numerator: Decimal, denominator: Decimal | None) -> Decimal:
    """Return the figure that is read: a percentage for a share, a mean when days have a denominator.

    >>> reading(Unit.SHARE, Decimal(98), Decimal(101))
    Decimal('97.030')
    """
    if unit is Unit.COUNT or denominator is None:
        return numerator
    factor = 100 if unit is Unit.SHARE else 1
    return (factor * numerator / denominator).quantize(Decimal("0.001"))


def value_problem(unit: Unit, numerator: Decimal, denominator: Decimal | None) -> str | None:
    """Return in French what is wrong with a value, None when nothing is."""
    if numerator < 0:
        return f"le numérateur ({numerator:f}) est négatif ; on attend zéro ou plus"
    if denominator is not None and denominator <= 0:
        return f"le dénominateur ({denominator:f}) doit être plus grand que zéro"
    if unit is Unit.SHARE and denominator is None:
        return "une part attend un dénominateur ; donnez sur combien porte le numérateur"
    if unit is Unit.SHARE and denominator is not None and numerator > denominator:
        return (
            f"le numérateur ({numerator:f}) dépasse le dénominateur ({denominator:f}) : "
            "une part ne peut pas dépasser 100 %"
        )
    return None


def went_back(before: Decimal, after: Decimal, *, higher_is_better: bool) -> bool:
    """Whether a corrected or new value of an indicator is worse than the one before.

    >>> went_back(Decimal(98), Decimal(95), higher_is_better=True)
    True
    """
    return after < before if higher_is_better else after > before
