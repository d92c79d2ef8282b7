"""Read one département on a day: the convention that counts, whose turn it is, what shows that it lives."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from traitdunion.conventions.kinds import Fact, State, Step, Turn
from traitdunion.conventions.rules import (
    Life,
    Practice,
    Vitality,
    state_on,
    state_since,
    turn_on,
    vitality,
)
from traitdunion.identity.kinds import Side
from traitdunion.identity.rules import Holding, vacancy

# A link sent for a quarter can still be answered this many days after the quarter ends.
DAYS_TO_ANSWER = 30
HISTORY_YEARS = 5
ENDED = frozenset({State.ECHUE, State.DENONCEE})
# A side that never had a post of référent: vacant, without a day to count from.
NO_POST = date.min


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """A declared step, its day, and the side whose turn it became."""

    step: Step
    on: date
    turn: Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One convention as the rules read it.

    Attributes:
        key: what the caller uses to find the convention again.
        life: its dated facts.
        handings: the declared steps with whose turn each opened, oldest first.
    """

    key: int
    life: Life
    handings: Sequence[Handing] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """A stay of one person in one post of référent, first and last day included."""

    person: int
    since: date
    until: date | None
    is_titulaire: bool

    def runs_on(self, day: date) -> bool:
        """Whether the person is in the post on ``day``."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A post of référent of one side, with the stays in it, in any order."""

    key: int
    side: Side
    opened_on: date
    closed_on: date | None
    tenures: Sequence[Tenure] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a contact answered on a day about its own details."""

    post: int
    person: int
    on: date
    is_right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The dated facts of one département.

    Attributes:
        records: its conventions, avenants left out.
        seats: its posts of référent.
        meetings: days of the meetings held with both sides present, oldest first.
        answers: what its contacts answered, oldest first.
        reviews: days on which a convention was read again, oldest first.
    """

    records: Sequence[Record] = ()
    seats: Sequence[Seat] = ()
    meetings: Sequence[date] = ()
    answers: Sequence[Answer] = ()
    reviews: Sequence[date] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a département stands on a day.

    Attributes:
        record: the convention that counts, None when there is none.
        state, since: its state and the first day of it.
        draft: a text being written while the convention that counts has ended.
        turn, turn_since: who is expected to act, and since when; no date when nobody is.
        practice, vitality: the facts and what they say.
    """

    record: Record | None
    state: State | None
    since: date | None
    draft: Record | None
    turn: Turn
    turn_since: date | None
    practice: Practice
    vitality: Vitality


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The three counts on a day, over ``total`` départements."""

    day: date
    signed: int
    in_force: int
    applied: int
    total: int


def standing(history: History, day: date) -> Standing:
    """Return where the département stands on ``day``."""
    record, draft = _choose(history.records, day)
    state = state_on(record.life, day) if record else None
    turn, turn_since = _turn(draft or record, day)
    facts = practice_on(history, day)
    return Standing(
        record=record,
        state=state,
        since=state_since(record.life, day) if record else None,
        draft=draft,
        turn=turn,
        turn_since=turn_since,
        practice=facts,
        vitality=_vitality(state, facts, day),
    )


def _vitality(state: State | None, facts: Practice, day: date) -> Vitality:
    """Return what the rules say, and say « no post » where there is no day to count from."""
    without_post = [side for side, since in facts.vacant_since.items() if since == NO_POST]
    if not without_post:
        return vitality(state=state, practice=facts, day=day)
    counted = replace(
        facts, vacant_since={side: None if since == NO_POST else since for side, since in facts.vacant_since.items()}
    )
    read = vitality(state=state, practice=counted, day=day)
    [referents] = [status for status in read.facts if status.fact is Fact.REFERENTS]
    sentences = [f"{side.label} : aucun poste de référent connu" for side in without_post]
    if not referents.holds:
        sentences.append(referents.sentence)
    missing = replace(referents, holds=False, sentence=" ; ".join(sentences))
    return replace(
        read, facts=tuple(missing if status.fact is Fact.REFERENTS else status for status in read.facts)
    )


def _choose(records: Iterable[Record], day: date) -> tuple[Record | None, Record | None]:
    """Return the convention that counts, and the draft meant to follow it once it has ended."""
    in_force: list[tuple[date, int, Record]] = []
    signed: list[tuple[date, int, Record]] = []
    drafts: list[tuple[date, int, Record]] = []
    for record in records:
        state = state_on(record.life, day)
        if state is None:
            continue
        if state is State.EN_VIGUEUR:
            pile, when = in_force, record.life.fully_signed_on
        elif state in {State.SIGNEE, *ENDED}:
            pile, when = signed, record.life.fully_signed_on
        else:
            pile, when = drafts, state_since(record.life, day)
        pile.append((when or day, record.key, record))
    best = [max(pile, key=lambda item: item[:2])[2] for pile in (in_force, signed, drafts) if pile]
    if not best:
        return None, None
    chosen = best[0]
    follows = drafts and chosen is not best[-1] and state_on(chosen.life, day) in ENDED
    return chosen, best[-1] if follows else None


def _turn(record: Record | None, day: date) -> tuple[Turn, date | None]:
    """Return whose turn it is and since when."""
    if record is None:
        return Turn.BOTH, None
    past = [handing for handing in record.handings if handing.on <= day]
    turn = turn_on(record.life, day, reviewers=past[-1].turn if past else Turn.BOTH)
    if turn is Turn.NOBODY:
        return turn, None
    state = state_on(record.life, day)
    if state is State.A_SIGNER:
        opened = state_since(record.life, day)
        return turn, max([on for on in record.life.signed_on.values() if on <= day] + [opened])
    if state in ENDED:
        return turn, state_since(record.life, day)
    since = past[-1].on if past else state_since(record.life, day)
    for handing in reversed(past):
        if handing.turn is not turn:
            break
        since = handing.on
    return turn, since


def practice_on(history: History, day: date) -> Practice:
    """Return the facts of vitality as they stood on ``day``."""
    return Practice(
        vacant_since={side: vacant_since(history.seats, side, day) for side in Side},
        last_meeting_on=_last(history.meetings, day),
        contacts_confirmed_on={side: _confirmed_on(history, side, day) for side in Side},
        last_review_on=_last(history.reviews, day),
    )


def vacant_since(seats: Iterable[Seat], side: Side, day: date) -> date | None:
    """Return since when a side has no référent, ``NO_POST`` when it never had a post.

    A side with several posts is vacant only when all are; the most recent departure then counts.
    """
    since: list[date] = []
    has_post = False
    for seat in seats:
        if seat.side is not side or seat.opened_on > day:
            continue
        if seat.closed_on is not None and seat.closed_on < day:
            continue
        has_post = True
        stays = [Holding(since=stay.since, until=stay.until) for stay in seat.tenures if stay.is_titulaire]
        free = vacancy(stays, opened_on=seat.opened_on, day=day).vacant_since
        if free is None:
            return None
        since.append(free)
    if has_post:
        return max(since)
    closed = [
        seat.closed_on for seat in seats if seat.side is side and seat.closed_on and seat.closed_on < day
    ]
    return max(closed) + timedelta(days=1) if closed else NO_POST


def _confirmed_on(history: History, side: Side, day: date) -> date | None:
    """Return the last day on which someone in post on that side said that the contact is right."""
    in_post = {
        (seat.key, stay.person)
        for seat in history.seats
        if seat.side is side
        for stay in seat.tenures
        if stay.runs_on(day)
    }
    last: dict[tuple[int, int], Answer] = {}
    for answer in history.answers:
        if answer.on > day:
            break
        if (answer.post, answer.person) in in_post:
            last[answer.post, answer.person] = answer
    return max((answer.on for answer in last.values() if answer.is_right), default=None)


def _last(days: Sequence[date], day: date) -> date | None:
    rank = bisect_right(days, day)
    return days[rank - 1] if rank else None


def point(histories: Iterable[History], day: date) -> Point:
    """Return the three counts on ``day``."""
    signed = in_force = applied = total = 0
    for history in histories:
        total += 1
        record, _ = _choose(history.records, day)
        state = state_on(record.life, day) if record else None
        signed += state in {State.SIGNEE, State.EN_VIGUEUR, *ENDED}
        if state is not State.EN_VIGUEUR:
            continue
        in_force += 1
        # The facts are read only where they can change the answer.
        applied += _vitality(state, practice_on(history, day), day).applied
    return Point(day=day, signed=signed, in_force=in_force, applied=applied, total=total)


def month_ends(until: date, *, years: int = HISTORY_YEARS) -> list[date]:
    """Return the last day of each month over ``years`` years, oldest first; the last one is ``until`` itself.

    >>> month_ends(date(2026, 3, 15), years=1)[0], month_ends(date(2026, 3, 15), years=1)[-2:]
    (datetime.date(2025, 3, 31), [datetime.date(2026, 2, 28), datetime.date(2026, 3, 15)])
    """
    days = [until]
    first = until.replace(day=1)
    for _ in range(12 * years):
        last = first - timedelta(days=1)
        days.append(last)
        first = last.replace(day=1)
    return days[::-1]


def quarter_ends_on(quarter: str) -> date:
    """Return the last day of a quarter.

    >>> quarter_ends_on("2026-T4")
    datetime.date(2026, 12, 31)
    """
    year, rank = int(quarter[:4]), int(quarter[-1])
    return (
        date(year + 1, 1, 1) - timedelta(days=1)
        if rank == 4
        else date(year, 3 * rank + 1, 1) - timedelta(days=1)
    )


def last_day_to_answer(quarter: str) -> date:
    """Return the last day on which the link of a quarter is answered.

    >>> last_day_to_answer("2026-T4")
    datetime.date(2027, 1, 30)
    """
    return quarter_ends_on(quarter) + timedelta(days=DAYS_TO_ANSWER)


def silence_days(*, asked_on: date | None, answered_on: date | None, day: date) -> int | None:
    """Return for how many days a question has had no answer; None when nothing is waited for.

    >>> silence_days(asked_on=date(2026, 10, 1), answered_on=None, day=date(2026, 11, 24))
    54
    """
    if asked_on is None or answered_on is not None or asked_on > day:
        return None
    return (day - asked_on).days
