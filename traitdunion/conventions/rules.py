"""The life of a convention: its state on a day, whose turn it is, who may sign, whether it lives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from traitdunion.conventions.kinds import Fact, State, Step, Turn
from traitdunion.identity.kinds import SIGNATORIES, Role, Side

REVIEW_MONTHS = 4
MEETING_DAYS = 183
LADDER_DAYS = (180, 90, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The dated facts of one convention or avenant.

    Attributes:
        steps: what the parties declared, with the day, oldest first.
        signed_on: the day each side signed; a side that has not is absent.
        starts_on: first day in force; None means the day of the last signature.
        ends_on: last day in force, included; None means no term.
        denounced_on: first day on which it no longer applies, by denunciation.
    """

    steps: Sequence[tuple[Step, date]]
    signed_on: dict[Side, date]
    starts_on: date | None
    ends_on: date | None
    denounced_on: date | None

    @property
    def fully_signed_on(self) -> date | None:
        """The day of the last of the two signatures, None while one is missing."""
        return max(self.signed_on.values()) if len(self.signed_on) == len(Side) else None


def state_on(life: Life, day: date) -> State | None:
    """Return the state on ``day``; None before the first step."""
    signed = life.fully_signed_on
    if signed is not None and signed <= day:
        if life.denounced_on is not None and day >= life.denounced_on:
            return State.DENONCEE
        if life.ends_on is not None and day > life.ends_on:
            return State.ECHUE
        if day >= (life.starts_on or signed):
            return State.EN_VIGUEUR
        return State.SIGNEE
    declared = [step for step, on in life.steps if on <= day]
    return State(declared[-1].value) if declared else None


def state_since(life: Life, day: date) -> date:
    """Return the first day of the state that holds on ``day``.

    Raises:
        ValueError: the convention did not exist on ``day``.
    """
    state = state_on(life, day)
    signed = life.fully_signed_on
    if state is None:
        raise ValueError("the convention did not exist on that day")
    if signed is not None and signed <= day:
        since = {
            State.DENONCEE: life.denounced_on,
            State.ECHUE: life.ends_on + timedelta(days=1) if life.ends_on else None,
            State.EN_VIGUEUR: max(signed, life.starts_on or signed),
            State.SIGNEE: signed,
        }[state]
        # A term already past when the last side signed: the state starts with the signature.
        return max(since or signed, signed)
    return [on for _, on in life.steps if on <= day][-1]


NEXT_STEPS: dict[State, tuple[Step, ...]] = {
    State.PROJET: (Step.RELECTURE,),
    State.RELECTURE: (Step.PROJET, Step.A_SIGNER),
    State.A_SIGNER: (Step.RELECTURE,),
}


def turn_on(life: Life, day: date, *, reviewers: Turn) -> Turn:
    """Return whose turn it is on ``day``.

    Args:
        life: the dated facts.
        day: the day looked at.
        reviewers: the side to which the draft was last handed.
    """
    state = state_on(life, day)
    if state in {State.PROJET, State.RELECTURE}:
        return reviewers
    if state is State.A_SIGNER:
        missing = [side for side in Side if side not in life.signed_on or life.signed_on[side] > day]
        return Turn(missing[0].value) if len(missing) == 1 else Turn.BOTH
    if state in {State.ECHUE, State.DENONCEE}:
        return Turn.BOTH
    return Turn.NOBODY


def turn_sentence(state: State, turn: Turn, *, reader: Side | None) -> str:
    """Return, for the reader's side, what is expected now."""
    deed = {
        State.PROJET: "compléter le projet",
        State.RELECTURE: "relire le texte",
        State.A_SIGNER: "signer",
        State.ECHUE: "préparer une nouvelle convention",
        State.DENONCEE: "préparer une nouvelle convention",
    }.get(state)
    if deed is None or turn is Turn.NOBODY:
        return "Rien n’est attendu pour l’instant."
    if turn is Turn.BOTH:
        return f"À vous et à l’autre partie de {deed}." if reader else f"Aux deux parties de {deed}."
    if reader is None:
        who = "À la préfecture" if turn is Turn.PREFECTURE else "À l’ARS"
        return f"{who} de {deed}."
    if turn.value == reader.value:
        return f"À vous de {deed}."
    other = "la préfecture" if turn is Turn.PREFECTURE else "l’ARS"
    return f"Vous attendez {other}, qui doit {deed}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """One reason for which a person could sign for a side.

    Attributes:
        role: the role of the post held, or of the post that delegated.
        since, until: days of the mandate or of the delegation, both included; None means no end.
        reference: reference of the delegation's act; empty for a signatory in his own right.
    """

    role: Role
    since: date
    until: date | None
    reference: str = ""


def power_to_sign(powers: Sequence[Power], *, side: Side, on: date) -> Power | None:
    """Return the power under which a person may sign for ``side`` on that day, None when there is none.

    Own right comes before a delegation.
    """
    valid = [
        power
        for power in powers
        if power.role is SIGNATORIES[side]
        and power.since <= on
        and (power.until is None or on <= power.until)
    ]
    own = [power for power in valid if not power.reference]
    return next(iter(own or valid), None)


def ladder_step(ends_on: date | None, day: date) -> int | None:
    """Return the rung of the expiry ladder reached on ``day``: 180, 90, 30, or 0 once the term is past.

    >>> ladder_step(date(2026, 12, 1), date(2026, 11, 24))
    30
    >>> ladder_step(date(2026, 12, 1), date(2026, 12, 2))
    0
    """
    if ends_on is None:
        return None
    left = (ends_on - day).days
    if left < 0:
        return 0
    reached = [rung for rung in LADDER_DAYS if left <= rung]
    return min(reached) if reached else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactStatus:
    """One fact of vitality on a day: whether it holds and the French sentence that says why."""

    fact: Fact
    holds: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitality:
    """Signature told apart from force and from practice. Not a score: three answers and their facts."""

    signed: bool
    in_force: bool
    facts: Sequence[FactStatus]

    @property
    def applied(self) -> bool:
        """Whether the convention is in force and every fact holds."""
        return self.in_force and all(status.holds for status in self.facts)

    @property
    def missing(self) -> list[FactStatus]:
        """The facts that do not hold."""
        return [status for status in self.facts if not status.holds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What happened around a convention, as known on a day."""

    vacant_since: dict[Side, date | None]
    last_meeting_on: date | None
    contacts_confirmed_on: dict[Side, date | None]
    last_review_on: date | None


def vitality(*, state: State | None, practice: Practice, day: date) -> Vitality:
    """Return what is signed, in force and applied on ``day``."""
    return Vitality(
        signed=state in {State.SIGNEE, State.EN_VIGUEUR, State.ECHUE, State.DENONCEE},
        in_force=state is State.EN_VIGUEUR,
        facts=(
            _referents(practice),
            _recent(
                Fact.MEETING, practice.last_meeting_on, day - timedelta(days=MEETING_DAYS), "Dernière réunion"
            ),
            _contacts(practice, day),
            _recent(
                Fact.REVIEW, practice.last_review_on, months_before(day, REVIEW_MONTHS), "Dernière revue"
            ),
        ),
    )


def _referents(practice: Practice) -> FactStatus:
    vacant = [
        f"{side.label} : poste vacant depuis le {since:%d/%m/%Y}"
        for side in Side
        if (since := practice.vacant_since.get(side)) is not None
    ]
    return FactStatus(
        fact=Fact.REFERENTS,
        holds=not vacant,
        sentence=" ; ".join(vacant) or "Les deux référents sont en poste",
    )


def _recent(fact: Fact, last: date | None, since: date, words: str) -> FactStatus:
    if last is None:
        return FactStatus(fact=fact, holds=False, sentence=f"{words} : aucune connue")
    return FactStatus(fact=fact, holds=last >= since, sentence=f"{words} : {last:%d/%m/%Y}")


def _contacts(practice: Practice, day: date) -> FactStatus:
    expected = {quarter_of(day), quarter_before(quarter_of(day))}
    silent = []
    for side in Side:
        last = practice.contacts_confirmed_on.get(side)
        if last is None or quarter_of(last) not in expected:
            silent.append(
                side.label + (f" (dernière confirmation : {last:%d/%m/%Y})" if last else " (jamais confirmé)")
            )
    sentence = "Silence : " + ", ".join(silent) if silent else "Contacts confirmés des deux côtés"
    return FactStatus(fact=Fact.CONTACTS, holds=not silent, sentence=sentence)


def quarter_of(day: date) -> str:
    """Return the quarter of a day.

    >>> quarter_of(date(2026, 11, 24))
    '2026-T4'
    """
    return f"{day.year}-T{(day.month - 1) // 3 + 1}"


def quarter_before(quarter: str) -> str:
    """Return the quarter before.

    >>> quarter_before("2026-T1")
    '2025-T4'
    """
    year, rank = int(quarter[:4]), int(quarter[-1])
    return f"{year - 1}-T4" if rank == 1 else f"{year}-T{rank - 1}"


def months_before(day: date, months: int) -> date:
    """Return the same day number some months earlier, or the last day of that month when it is shorter.

    >>> months_before(date(2026, 6, 30), 4)
    datetime.date(2026, 2, 28)
    """
    rank = day.year * 12 + day.month - 1 - months
    year, month = divmod(rank, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingVersion:
    """The text of one heading in one act: the convention itself or one of its avenants."""

    number: int
    text: str
    act: str
    in_force_from: date


def consolidated(versions: Sequence[HeadingVersion], *, on: date) -> dict[int, HeadingVersion]:
    """Return, for each heading, the text in force on that day: the latest act that rewrites it."""
    result: dict[int, HeadingVersion] = {}
    for version in sorted(versions, key=lambda item: item.in_force_from):
        if version.in_force_from <= on:
            result[version.number] = version
    return result
