"""When a wave opens, closes and is published; when people are reminded; how a code is written and read.

Plain Python: no database, no clock.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from traitdunion.barometer.kinds import State

EMBARGO_DAYS: Final = 7
FEWEST, MOST = 3, 6  # people asked on each side
FEWEST_PAIRS, FEWEST_PLACES = (
    10,
    5,
)  # people followed by a code, and their départements, for a national change
LOW_ANSWERS: Final = frozenset({"1", "2"})  # below « parfois »: the open box appears
CODE_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: read aloud and copied without doubt
CODE_LENGTH: Final = 12  # the last sign is a check


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The dates of a wave and what was done.

    Attributes:
        closes_on: last day on which one may answer, included, on the clock of Paris.
        is_opened: whether the roster was frozen and the invitations written.
        is_sealed: whether the sheets were rewritten without their keys.
        is_cancelled: whether it was given up.
    """

    closes_on: date
    is_opened: bool
    is_sealed: bool
    is_cancelled: bool


def state_on(life: Life, day: date) -> State:
    """Return where a wave stands on ``day``.

    Nobody answers after ``closes_on``, even before the sheets are sealed; nothing is published before they are.

    >>> life = Life(closes_on=date(2026, 6, 30), is_opened=True, is_sealed=True, is_cancelled=False)
    >>> state_on(life, date(2026, 7, 7)).label, state_on(life, date(2026, 7, 8)).label
    ('close, sous embargo', 'publiée')
    """
    if life.is_cancelled:
        return State.CANCELLED
    if not life.is_opened:
        return State.PREPARED
    if day <= life.closes_on and not life.is_sealed:
        return State.OPEN
    if not life.is_sealed or day < published_on(life.closes_on):
        return State.EMBARGO
    return State.PUBLISHED


def published_on(closes_on: date) -> date:
    """Return the first day on which everyone reads the results: the embargo lasts seven whole days.

    >>> published_on(date(2026, 6, 30))
    datetime.date(2026, 7, 8)
    """
    return closes_on + timedelta(days=EMBARGO_DAYS + 1)


def reminder_days(opens_on: date, closes_on: date) -> Sequence[date]:
    """Return the days of the reminders: a week after the opening and three days before the end, if they lie between.

    >>> [day.day for day in reminder_days(date(2026, 6, 1), date(2026, 6, 21))]
    [8, 18]
    >>> [day.day for day in reminder_days(date(2026, 6, 1), date(2026, 6, 10))]
    [7]
    """
    last = closes_on - timedelta(days=3)
    first = opens_on + timedelta(days=7)
    days = [first, last] if first < last - timedelta(days=1) else [last]
    return [day for day in days if opens_on < day <= closes_on]


def sides_out_of_bounds(
    asked: Mapping[tuple[str, str], int], sides: Collection[str]
) -> list[tuple[str, str, int]]:
    """Return the sides of a frozen list with fewer than three people or more than six: département, side, how many.

    Only where someone is asked: a département that nobody was named in is not part of the wave.

    >>> sides_out_of_bounds({("67", "ars"): 3, ("67", "prefecture"): 2, ("68", "ars"): 4}, ["prefecture", "ars"])
    [('67', 'prefecture', 2), ('68', 'prefecture', 0)]
    """
    counted = {
        (code, side): asked.get((code, side), 0)
        for code in sorted({code for code, _ in asked})
        for side in sides
    }
    return [(code, side, number) for (code, side), number in counted.items() if not FEWEST <= number <= MOST]


# Codes


def write_code(drawn: Sequence[int]) -> str:
    """Return the code made of eleven numbers below 32 and their check, in groups of four.

    >>> write_code([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    '1234-5678-9ABJ'
    """
    signs = "".join(CODE_SIGNS[number] for number in drawn)
    return group_code(signs + _check(signs))


def read_code(typed: str) -> str | None:
    """Return the twelve signs of a code as it was typed, None when one of them was miscopied.

    >>> read_code(" 1234 5678-9abj "), read_code("1234-5678-9ABC")
    ('123456789ABJ', None)
    """
    signs = re.sub(r"[\s\-–]", "", typed).upper().translate(str.maketrans("OIL", "011"))
    if len(signs) != CODE_LENGTH or any(sign not in CODE_SIGNS for sign in signs):
        return None
    return signs if _check(signs[:-1]) == signs[-1] else None


def group_code(signs: str) -> str:
    """Return a code as it is shown.

    >>> group_code("123456789ABJ")
    '1234-5678-9ABJ'
    """
    return "-".join(signs[start : start + 4] for start in range(0, len(signs), 4))


def _check(signs: str) -> str:
    """Odd weights modulo 32: every wrong sign is seen, and most swaps of two neighbours."""
    total = sum((2 * place + 1) * CODE_SIGNS.index(sign) for place, sign in enumerate(signs))
    return CODE_SIGNS[total % len(CODE_SIGNS)]
