"""How the law counts time: hours, days and months, in the zone of the département concerned.

An instant is a whole number of microseconds since 1 January 1970, UTC (``Instant``): two instants compare and subtract
exactly, and a clock change cannot bend an hour. A day is its ordinal (``date.toordinal``) on the clock of a zone. Every
limit is told as the **first instant that is too late**, so that nobody has to ask whether the last day is inside.

A way of counting states its first day, its rounding and its extension: none of the three has a default.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from traitdunion.law.citation import Mark

type Instant = int
type Day = int

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY: Final = EPOCH.toordinal()
MOST_CACHED: Final = 200_000  # hours, twenty-two years: a mass run must not keep every date it met

OVERSEAS: Final = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}
HOLIDAYS: Final = {code: code for code in OVERSEAS} | {"57": "57", "67": "6AE", "68": "6AE"}
"""Départements with public holidays of their own, and their name in the library."""

MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_CLOCK: Final = tuple(f"{minute // 60:02}:{minute % 60:02}:00".encode() for minute in range(24 * 60))
_HEURE: Final = tuple(f"{minute // 60} h {minute % 60:02}".encode() for minute in range(24 * 60))


class FirstDay(StrEnum):
    """Whether the day of the starting event is the first day of the delay."""

    COUNTED = "le jour de départ compte"
    NOT_COUNTED = "le jour de départ ne compte pas"
    BY_THE_HOUR = "d’heure à heure"


class Rounding(StrEnum):
    """Where a delay ends inside its last unit."""

    EXACT = "à la minute"
    END_OF_DAY = "à 24 heures le dernier jour"
    CLEAR_DAY = "le lendemain du dernier jour, à 24 heures (jours francs)"


class Extension(StrEnum):
    """Whether a delay that ends on a day off runs on."""

    NONE = "sans report"
    NEXT_WORKING_DAY = "reporté au premier jour ouvrable suivant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """One family of delays (§ 3.2 of the legal file), each answer stated.

    Attributes:
        id: « C1 ».
        family: what it applies to.
        basis: text or decision that says so.
    """

    id: str
    family: str
    first_day: FirstDay
    rounding: Rounding
    extension: Extension
    basis: str
    status: Mark

    @property
    def words(self) -> str:
        """Tell in French how the delay is counted."""
        return ", ".join(dict.fromkeys((self.first_day, self.rounding, self.extension)))


class Zone:
    """The clock of a département. Offsets are remembered by the hour: clocks only ever change on the hour.

    Examples:
        >>> zone_of("973").iso(read("2026-04-24T02:30:00+02:00"))
        '2026-04-23T21:30:00-03:00'
    """

    __slots__ = ("_days", "_midnights", "_offsets", "_told", "_zone", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = ZoneInfo(name)
        self._offsets: dict[int, int] = {}
        self._midnights: dict[Day, Instant] = {}
        self._days: dict[Day, tuple[bytes, bytes]] = {}
        self._told: dict[Instant, tuple[bytes, bytes]] = {}  # midnights only: most limits end on one

    def offset(self, at: Instant) -> int:
        """Return what the local clock adds to UTC at that instant, in microseconds."""
        hour = at // HOUR
        found = self._offsets.get(hour)
        if found is None:
            if len(self._offsets) > MOST_CACHED:
                self._offsets.clear()
            ahead = (EPOCH + timedelta(hours=hour)).astimezone(self._zone).utcoffset() or timedelta()
            found = self._offsets[hour] = ahead // timedelta(microseconds=1)
        return found

    def day(self, at: Instant) -> Day:
        """Return the local day of an instant."""
        return (at + self.offset(at)) // DAY + EPOCH_DAY

    def midnight(self, day: Day) -> Instant:
        """Return the first instant of a local day."""
        found = self._midnights.get(day)
        if found is None:
            if len(self._midnights) > MOST_CACHED:
                self._midnights.clear()
                self._told.clear()
            local = datetime.combine(date.fromordinal(day), datetime.min.time(), tzinfo=self._zone)
            found = self._midnights[day] = instant(local)
            self._told[found] = self.told(found)
        return found

    def told(self, at: Instant) -> tuple[bytes, bytes]:
        """Return an instant on the local clock twice, in UTF-8: ISO 8601 with its offset, and in French words."""
        known = self._told.get(at)
        if known is not None:
            return known
        ahead = self.offset(at)
        day, rest = divmod(at + ahead, DAY)
        names = self._days.get(day)
        if names is None:
            if len(self._days) > MOST_CACHED:
                self._days.clear()
            names = self._days[day] = _names(day + EPOCH_DAY)
        minute, below = divmod(rest, MINUTE)
        if not below:
            return names[0] + _CLOCK[minute] + _offset_name(ahead), names[1] + _HEURE[minute]
        seconds, fraction = divmod(below, SECOND)
        clock = (
            _CLOCK[minute][:-2] + (f"{seconds:02}.{fraction:06}" if fraction else f"{seconds:02}").encode()
        )
        return names[0] + clock + _offset_name(ahead), names[1] + _HEURE[minute] + f" {seconds:02} s".encode()

    def iso(self, at: Instant) -> str:
        """Return an instant in ISO 8601 on the local clock."""
        return self.told(at)[0].decode()

    def words(self, at: Instant) -> str:
        """Return an instant in French words on the local clock: « 24 avril 2026 à 16 h 40 »."""
        return self.told(at)[1].decode()

    def moment(self, at: Instant) -> datetime:
        """Return an instant as a datetime of this zone."""
        return (EPOCH + timedelta(microseconds=at)).astimezone(self._zone)


def instant(moment: datetime) -> Instant:
    """Return a moment as an instant.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment must carry a time zone")
    return (moment - EPOCH) // timedelta(microseconds=1)


_DATES: Final[dict[str, int]] = {}
_TIMES: Final[dict[str, int]] = {}
_OFFSETS: Final[dict[str, int]] = {}
USUAL: Final = len("2026-04-24T16:40:00+02:00")


def read(text: str) -> Instant:
    """Return the instant that a text tells, in ISO 8601 with an offset.

    The three parts of the usual form are remembered apart: a mass run meets the same days and minutes again and again.

    Raises:
        ValueError: it tells none, or has no offset.
    """
    usual = len(text) == USUAL and text[10] == "T"
    if usual:
        try:
            return _DATES[text[:10]] + _TIMES[text[11:19]] - _OFFSETS[text[19:]]
        except KeyError:
            pass
    moment = datetime.fromisoformat(text)
    at = instant(moment)
    if usual and len(_DATES) + len(_OFFSETS) < MOST_CACHED:
        _DATES[text[:10]] = (moment.toordinal() - EPOCH_DAY) * DAY
        _TIMES[text[11:19]] = (moment.hour * 3600 + moment.minute * 60 + moment.second) * SECOND
        _OFFSETS[text[19:]] = (moment.utcoffset() or timedelta()) // timedelta(microseconds=1)
    return at


@cache
def zone_named(name: str) -> Zone:
    """Return the clock of that name; one object, so that its memory is shared."""
    return Zone(name)


def zone_of(departement: str) -> Zone:
    """Return the clock of a département: Paris time in metropolitan France, the local zone overseas."""
    return zone_named(OVERSEAS.get(departement, "Europe/Paris"))


def hours_after(start: Instant, hours: int) -> Instant:
    """Return the instant that many elapsed hours after, whatever the clocks do.

    >>> paris = zone_of("67")
    >>> paris.iso(hours_after(read("2026-03-28T10:30:00+01:00"), 24))
    '2026-03-29T11:30:00+02:00'
    """
    return start + hours * HOUR


def end_of_day_after(start: Day, days: int, *, first_day: FirstDay, zone: Zone) -> Instant:
    """Return the first instant that is too late for a limit of ``days`` days.

    Raises:
        ValueError: days are not counted by the hour.

    >>> paris, day = zone_of("67"), date(2026, 8, 3).toordinal()
    >>> paris.iso(end_of_day_after(day, 8, first_day=FirstDay.COUNTED, zone=paris))
    '2026-08-11T00:00:00+02:00'
    """
    if first_day is FirstDay.BY_THE_HOUR:
        raise ValueError("days are not counted by the hour")
    return zone.midnight(start + days + (first_day is FirstDay.NOT_COUNTED))


@lru_cache(maxsize=65_536)
def months_after(start: Day, months: int) -> Day:
    """Return the day with the same number ``months`` later, or the last day of that month.

    >>> date.fromordinal(months_after(date(2026, 8, 31).toordinal(), 6)).isoformat()
    '2027-02-28'
    """
    day = date.fromordinal(start)
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1])).toordinal()


def end_of_month_after(start: Day, months: int, *, zone: Zone) -> Instant:
    """Return the first instant that is too late for a limit of ``months`` months: the end of its last day."""
    return zone.midnight(months_after(start, months) + 1)


def next_working_day(day: Day, departement: str) -> Day:
    """Return that day, or the first after it that is neither a Saturday, a Sunday nor a public holiday there.

    >>> date.fromordinal(next_working_day(date(2026, 5, 1).toordinal(), "75")).isoformat()
    '2026-05-04'
    """
    while date.fromordinal(day).weekday() > 4 or is_holiday(day, departement):
        day += 1
    return day


PUT_OFF: Final = "Le dernier jour est chômé ou férié : reporté au premier jour ouvrable."


def end_of_working_day_after(start: Day, days: int, departement: str, *, zone: Zone) -> tuple[Instant, str]:
    """Return the end of a delay whose first day does not count and whose last is put off, and the sentence saying so.

    >>> end, why = end_of_working_day_after(date(2026, 4, 21).toordinal(), 10, "75", zone=zone_of("75"))
    >>> zone_of("75").iso(end)
    '2026-05-05T00:00:00+02:00'
    """
    last = start + days
    kept = next_working_day(last, departement)
    return zone.midnight(kept + 1), "" if kept == last else PUT_OFF


@lru_cache(maxsize=8192)
def is_holiday(day: Day, departement: str) -> bool:
    """Say whether a day is a public holiday in a département (Alsace-Moselle and overseas have theirs)."""
    when = date.fromordinal(day)
    return when in _holidays(HOLIDAYS.get(departement), when.year)


@lru_cache(maxsize=512)
def _holidays(subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FR", subdiv=subdivision, years=[year]))


def _names(day: Day) -> tuple[bytes, bytes]:
    when = date.fromordinal(day)
    number = "1er" if when.day == 1 else when.day
    words = f"{number} {MONTHS[when.month - 1]} {when.year} à "
    return f"{when.isoformat()}T".encode(), words.encode()


@lru_cache(maxsize=64)
def _offset_name(ahead: int) -> bytes:
    minutes = abs(ahead) // MINUTE
    return f"{'-' if ahead < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}".encode()
