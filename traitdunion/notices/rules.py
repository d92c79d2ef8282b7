"""When to try again, when periodic work is due, and what may enter an e-mail."""

import unicodedata
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

PARIS: Final = ZoneInfo("Europe/Paris")
MOST_TRIES: Final = 8
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)


def wait_before_retry(tries: int, *, draw: float) -> timedelta:
    """Return how long to wait after ``tries`` failed tries: four times longer each time, six hours at most.

    Args:
        tries: failed tries so far, one at least.
        draw: a random number in [0, 1[, which spreads the wait over ±20 % so that a thousand notices
            refused together do not come back together.

    >>> wait_before_retry(3, draw=0.5)
    datetime.timedelta(seconds=960)
    """
    longest = 5  # 4⁵ minutes are past the longest wait: a larger power is never needed
    wait = min(FIRST_WAIT * (1 << 2 * min(tries - 1, longest)), LONGEST_WAIT)
    return wait * (0.8 + 0.4 * draw)


def one_line(text: str, *, limit: int) -> str:
    r"""Return ``text`` on one line without control characters: nothing in it can start a header.

    >>> one_line("Terme proche\r\nBcc: intrus@example.org", limit=200)
    'Terme proche Bcc: intrus@example.org'
    """
    # split() knows every separator of words and lines, U+2028 included.
    line = " ".join("".join(sign if _is_text(sign) else " " for sign in text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def plain(text: str) -> str:
    r"""Return ``text`` with its line breaks and no other control character.

    >>> plain("Bonjour,\r\n\x00Fin")
    'Bonjour,\nFin'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(sign for sign in line if _is_text(sign)) for line in lines)


def _is_text(sign: str) -> bool:
    """Whether a character is one to read: neither a control, nor an invisible mark that reorders the line."""
    kind = unicodedata.category(sign)
    return not kind.startswith("C") and kind not in {"Zl", "Zp"}


def is_hour_past(at: datetime, hour: int) -> bool:
    """Return whether the clock of Paris shows ``hour`` or later.

    The worker's calendar counts in UTC: a task of six o'clock ticks at 4:00 and 5:00 UTC and asks this.
    """
    return at.astimezone(PARIS).hour >= hour


def quarter_opens_on(day: date) -> date:
    """Return the first working day of the quarter of ``day``.

    >>> quarter_opens_on(date(2024, 5, 2))  # 1 April 2024 was Easter Monday
    datetime.date(2024, 4, 2)
    """
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    off = {date(day.year, 1, 1), easter_monday(day.year)}  # the public holidays that a quarter may open on
    while first.weekday() >= 5 or first in off:
        first += timedelta(days=1)
    return first


def easter_monday(year: int) -> date:
    """Return Easter Monday of a Gregorian year.

    Source:
        Meeus, Jones, Butcher: the anonymous Gregorian computation of Easter.

    >>> easter_monday(2026)
    datetime.date(2026, 4, 6)
    """
    golden = year % 19
    century, rest = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leap_centuries - correction + 15) % 30
    leaps, leap_rest = divmod(rest, 4)
    sunday = (32 + 2 * century_rest + 2 * leaps - moon - leap_rest) % 7
    shift = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1) + timedelta(days=1)
