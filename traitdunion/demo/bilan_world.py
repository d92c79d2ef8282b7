"""The bilans of the last quarter, open and to be played: the criteria were frozen the day it began."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from traitdunion.audit.actors import Actor
from traitdunion.reviews import actions_opening, rules
from traitdunion.reviews.rules import Quarter

PARIS = ZoneInfo("Europe/Paris")


def build(*, today: date, actor: Actor) -> int:
    """Open the bilans of the quarter before ``today`` and return how many."""
    running = Quarter.of(today)
    last = running.previous
    for quarter in (last, running):
        day = quarter.first_day
        actions_opening.freeze_criteria(quarter, today=day, actor=actor, at=_noon(day))
    opens_on = rules.timetable(last).opens_on
    return actions_opening.open_quarter(last, today=opens_on, actor=actor, at=_noon(opens_on))


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=PARIS)
