"""Periodic work on the bilans, at six in the morning in Paris. Two ticks in UTC, for winter and summer.

At six in Paris the day has begun in every département: midnight is past in the Antilles too.
"""

from datetime import UTC, datetime
from typing import Final

from django.utils import timezone
from procrastinate.contrib.django import app

from traitdunion.audit import actors
from traitdunion.notices import rules
from traitdunion.reviews import actions_notices, actions_opening, actions_signing
from traitdunion.reviews.rules import Quarter

SIX_IN_PARIS: Final = "0 4,5 * * *"
HOUR: Final = 6
ACTOR: Final = actors.task("calendrier des bilans")


@app.periodic(cron=SIX_IN_PARIS)
@app.task(name="reviews.open_quarter", queueing_lock="reviews.open_quarter")
def open_quarter(timestamp: int) -> None:
    """Freeze the criteria of the quarter that runs, open the bilans of the one that is over, then remind.

    Each day, and not on the first only: a worker that was stopped that morning catches up the next one.
    """
    if not rules.is_hour_past(datetime.fromtimestamp(timestamp, UTC), HOUR):
        return
    today, at = timezone.localdate(), timezone.now()
    running = Quarter.of(today)
    actions_opening.freeze_criteria(running, today=today, actor=ACTOR, at=at)
    actions_opening.open_quarter(running.previous, today=today, actor=ACTOR, at=at)
    actions_notices.tell_rungs(running.previous, today, actor=ACTOR, at=at)


@app.periodic(cron=SIX_IN_PARIS)
@app.task(name="reviews.watch_sources", queueing_lock="reviews.watch_sources")
def watch_sources(timestamp: int) -> None:
    """See whether a source says something else than what was signed."""
    if rules.is_hour_past(datetime.fromtimestamp(timestamp, UTC), HOUR):
        today = timezone.localdate()
        actions_signing.watch_sources(Quarter.of(today).previous, today=today, actor=ACTOR, at=timezone.now())
