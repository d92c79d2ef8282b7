"""Calendars: the apps above offer dated events, this writes them as iCalendar (RFC 5545)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string
from icalendar import Alarm, Calendar
from icalendar import Event as Entry

from traitdunion.identity.models import Mandate
from traitdunion.notices import letters, registry, rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A whole day that matters to a mandate. It names no person.

    Attributes:
        uid: stable name of the event, unique on this site.
        day: the day.
        summary: one line.
        path: the page that tells more.
        changed_at: when the facts behind it last changed.
        is_cancelled: the event was announced and will not happen.
        alarm_days: how many days before the calendar should warn; None for no warning.
    """

    uid: str
    day: date
    summary: str
    path: str
    changed_at: datetime
    is_cancelled: bool = False
    alarm_days: int | None = None


Source = Callable[[Mandate, date], Iterable[Event]]


def events_for(mandate: Mandate, *, day: date) -> list[Event]:
    """Return what ``mandate`` may see on ``day``, soonest first."""
    sources: list[Source] = [import_string(name) for name in registry.sources()]
    events = [event for source in sources for event in source(mandate, day)]
    return sorted(events, key=lambda event: (event.day, event.uid))


def write(events: Iterable[Event], *, name: str) -> bytes:
    """Return the calendar as a file. The same events give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Trait d’union//Calendrier//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", rules.one_line(name, limit=150))
    calendar.add("refresh-interval", timedelta(hours=12), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT12H")
    for event in events:
        calendar.add_component(_entry(event))
    return bytes(calendar.to_ical())


def _entry(event: Event) -> Entry:
    entry = Entry()
    entry.add("uid", f"{event.uid}@{urlsplit(settings.BASE_URL).hostname}")
    # The moment of the facts, not of the reading: an unchanged calendar keeps its fingerprint.
    entry.add("dtstamp", event.changed_at)
    entry.add("last-modified", event.changed_at)
    entry.add("sequence", 1 if event.is_cancelled else 0)
    entry.add("dtstart", event.day)
    entry.add("dtend", event.day + timedelta(days=1))
    entry.add("transp", "TRANSPARENT")
    entry.add("status", "CANCELLED" if event.is_cancelled else "CONFIRMED")
    summary = rules.one_line(event.summary, limit=200)
    entry.add("summary", f"Annulé : {summary}" if event.is_cancelled else summary)
    entry.add("url", letters.absolute(event.path))
    if event.alarm_days is not None and not event.is_cancelled:
        entry.add_component(_alarm(summary, event.alarm_days))
    return entry


def _alarm(summary: str, days: int) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", timedelta(days=-days))
    return alarm
