"""« À la date du … » : the day at which a page is read, and the two days that a page of differences compares."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.http import HttpRequest
from django.utils import timezone

A_QUARTER = timedelta(days=91)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The day a page is read at, today, and the sentence to show when the address asked for another day."""

    day: date
    today: date
    note: str = ""

    @property
    def is_today(self) -> bool:
        """Whether the page shows the present, where acts are offered."""
        return self.day == self.today

    @property
    def known_before(self) -> datetime | None:
        """The first instant after the day on the clock of Paris; None today, where everything known is read."""
        if self.is_today:
            return None
        return timezone.make_aware(datetime.combine(self.day + timedelta(days=1), time.min))

    @property
    def query(self) -> str:
        """The end of an address that keeps the date of reading, empty today."""
        return "" if self.is_today else f"?au={self.day.isoformat()}"

    @property
    def more(self) -> str:
        """The same for an address that already asks for something."""
        return "" if self.is_today else f"&au={self.day.isoformat()}"


def reading_day(request: HttpRequest, *, today: date, name: str = "au") -> Reading:
    """Return the day that the address asks for; a wrong or future one is told and replaced by ``today``."""
    typed = request.GET.get(name, "").strip()
    if not typed:
        return Reading(day=today, today=today)
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        note = f"« {typed[:40]} » n’est pas une date : on attend par exemple 2026-03-31. La page est lue aujourd’hui."
        return Reading(day=today, today=today, note=note)
    if day > today:
        note = f"Le {day:%d/%m/%Y} est à venir : la page est lue aujourd’hui, le {today:%d/%m/%Y}."
        return Reading(day=today, today=today, note=note)
    if day.year < 2000:
        note = f"Le {day:%d/%m/%Y} précède tout ce que l’outil contient : la page est lue aujourd’hui."
        return Reading(day=today, today=today, note=note)
    return Reading(day=day, today=today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two days, the earlier first, and what was wrong in the address."""

    first: date
    second: date
    today: date
    notes: tuple[str, ...]


def compared_days(request: HttpRequest, *, today: date) -> Compared:
    """Return the two days that the address asks for; without a first one, three months before the second."""
    second = reading_day(request, today=today)
    first = reading_day(request, today=today, name="du")
    earlier = first.day if request.GET.get("du") else second.day - A_QUARTER
    days = sorted((earlier, second.day))
    return Compared(
        first=days[0],
        second=days[1],
        today=today,
        notes=tuple(note for note in (first.note, second.note) if note),
    )
