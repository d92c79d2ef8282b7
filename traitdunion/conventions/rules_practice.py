"""Read one département on a day: the convention that counts, whose turn it is, what shows that it lives."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from traitdunion.conventions.kinds import State, Turn, Unconfirmed
from traitdunion.conventions.rules import (
    OVER,
    Life,
    Practice,
    Situation,
    Vitality,
    first_day_after,
    situation,
    state_on,
    vitality,
)
from traitdunion.identity.kinds import Side
from traitdunion.identity.rules import Holding, vacancy

# A link sent for a quarter can still be answered this many days after the quarter ends.
DAYS_TO_ANSWER = 30
HISTORY_YEARS = 5
# A side that never had a post of référent: vacant, without a day to count from.
NO_POST = date.min


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One convention as the rules read it.

    Attributes:
        key: what the caller uses to find the convention again.
        life: its dated facts.
        handed: the side to which each step handed the pen, with the day, oldest first.
    """

    key: int
    life: Life
    handed: Sequence[tuple[Turn, date]] = ()

    def situation(self, day: date) -> Situation | None:
        """Return where it stands on ``day``; None before its first step."""
        return situation(self.life, day, handed=self.handed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """A stay of one person in one post of référent, first and last day included.

    Attributes:
        since, until: the stay; None while it lasts.
        is_titulaire: whether the person is the first in the post or stands in.
        answers: what the person said of the contact: the day, and whether it is right, oldest first.
    """

    since: date
    until: date | None
    is_titulaire: bool
    answers: Sequence[tuple[date, bool]] = ()

    def runs_on(self, day: date) -> bool:
        """Whether the person is in post on ``day``."""
        return self.since <= day and (self.until is None or day <= self.until)

    def last_answer(self, day: date) -> tuple[date, bool] | None:
        """Return what the person had last said of the contact by ``day``, in post or not."""
        past = bisect_right(self.answers, (day, True))
        return self.answers[past - 1] if past else None

    def confirmed_on(self, day: date) -> date | None:
        """Return when the contact of who is in post on ``day`` was confirmed, None when it is not."""
        said = self.last_answer(day) if self.runs_on(day) else None
        return said[0] if said and said[1] else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A post of référent of one side, with the stays in it, in any order."""

    side: Side
    opened_on: date
    closed_on: date | None
    tenures: Sequence[Tenure] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The dated facts of one département.

    Attributes:
        records: its conventions, avenants left out.
        seats: its posts of référent.
        meetings: days of the meetings held with both sides present, oldest first.
        reviews: days on which a convention was read again, oldest first.
    """

    records: Sequence[Record] = ()
    seats: Sequence[Seat] = ()
    meetings: Sequence[date] = ()
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
    read = record.situation(day) if record else None
    awaited = draft.situation(day) if draft else read
    state = read.state if read else None
    turn = awaited.turn if awaited else Turn.BOTH
    facts = practice_on(history, day)
    return Standing(
        record=record,
        state=state,
        since=read.since if read else None,
        draft=draft,
        turn=turn,
        turn_since=awaited.turn_since if awaited and turn is not Turn.NOBODY else None,
        practice=facts,
        vitality=vitality(state=state, practice=facts, day=day),
    )


def _choose(records: Iterable[Record], day: date) -> tuple[Record | None, Record | None]:
    """Return the convention that counts, and the draft meant to follow it once it is over.

    In force first, then the latest signed, then the latest draft. A draft given up counts no more.
    """
    best: dict[int, tuple[date, int, Record]] = {}
    for record in records:
        state = state_on(record.life, day)
        if state in {None, State.ABANDONNEE}:
            continue
        rank = 0 if state is State.EN_VIGUEUR else 1 if state is State.SIGNEE or state in OVER else 2
        when = (
            max(on for _, on in record.life.steps if on <= day) if rank == 2 else record.life.fully_signed_on
        )
        candidate = (when or day, record.key, record)
        if rank not in best or candidate[:2] > best[rank][:2]:
            best[rank] = candidate
    if not best:
        return None, None
    chosen = best[min(best)][2]
    follows = 2 in best and state_on(chosen.life, day) in OVER
    return chosen, best[2][2] if follows else None


def practice_on(history: History, day: date) -> Practice:
    """Return the facts of vitality as they stood on ``day``."""
    confirmed = {side: _confirmed_on(history, side, day) for side in Side}
    return Practice(
        vacant_since={side: vacant_since(history.seats, side, day) for side in Side},
        last_meeting_on=_last(history.meetings, day),
        contacts_confirmed_on=confirmed,
        last_review_on=_last(history.reviews, day),
        unconfirmed={side: _why_unconfirmed(history, side, day) for side in Side if confirmed[side] is None},
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
    said = [
        on
        for seat in history.seats
        if seat.side is side
        for stay in seat.tenures
        if (on := stay.confirmed_on(day)) is not None
    ]
    return max(said, default=None)


def _why_unconfirmed(history: History, side: Side, day: date) -> Unconfirmed:
    """Return why nobody in post confirmed the contact of a side."""
    stays = [stay for seat in history.seats if seat.side is side for stay in seat.tenures]
    answered = [(stay.runs_on(day), said[1]) for stay in stays if (said := stay.last_answer(day))]
    if any(in_post for in_post, _ in answered):
        return Unconfirmed.DISPUTED
    return Unconfirmed.BY_A_FORMER if any(is_right for _, is_right in answered) else Unconfirmed.NEVER


def _last(days: Sequence[date], day: date) -> date | None:
    rank = bisect_right(days, day)
    return days[rank - 1] if rank else None


def points(histories: Iterable[History], days: Sequence[date]) -> list[Point]:
    """Return the three counts on each day: what ``standing`` says, without what only a page needs."""
    signed, in_force, applied = ([0] * len(days) for _ in range(3))
    total = 0
    for history in histories:
        total += 1
        spans = [span for record in history.records if (span := _span(record.life)) is not None]
        first_signed = min((span[0] for span in spans), default=date.max)
        for rank, day in enumerate(days):
            if day < first_signed:
                continue
            signed[rank] += 1
            if not any(start <= day < stop for _, start, stop in spans):
                continue
            in_force[rank] += 1
            # The facts are read only where they can change the answer.
            applied[rank] += vitality(
                state=State.EN_VIGUEUR, practice=practice_on(history, day), day=day
            ).applied
    return [
        Point(day=day, signed=signed[rank], in_force=in_force[rank], applied=applied[rank], total=total)
        for rank, day in enumerate(days)
    ]


def _span(life: Life) -> tuple[date, date, date] | None:
    """Return the day of the last signature, the first day in force and the first day after; None unsigned."""
    signed = life.fully_signed_on
    if signed is None:
        return None
    stop = first_day_after(ends_on=life.ends_on, denounced_on=life.denounced_on)
    return signed, max(signed, life.starts_on or signed), stop or date.max


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
