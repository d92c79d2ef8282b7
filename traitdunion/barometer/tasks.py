"""The calendar of campaigns. Each task does what is due on the day: late, twice or by two workers, it does the same.

Ticks are in UTC; hours in Paris tick twice, for winter and summer.
"""

import contextlib
from datetime import UTC, date, datetime
from typing import Final

from django.db import close_old_connections, connection
from django.db.models import QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app

from traitdunion.audit import actors
from traitdunion.barometer import actions, actions_notices
from traitdunion.barometer.models import Remark, Sheet, Wave
from traitdunion.notices import rules

EIGHT_IN_PARIS: Final = "0 6,7 * * *"
HOUR: Final = 8
CALENDAR: Final = actors.task("calendrier du baromètre")
ANALYSIS: Final = actors.task("analyse du baromètre")


@app.periodic(cron=EIGHT_IN_PARIS)
@app.task(name="barometer.open_waves", queueing_lock="barometer.open_waves")
def open_waves(timestamp: int) -> None:
    """Open the waves whose day has come and send the reminders of the day."""
    close_old_connections()
    if rules.is_hour_past(datetime.fromtimestamp(timestamp, UTC), HOUR):
        open_and_remind(timezone.localdate(), at=timezone.now())


@app.periodic(cron="5 * * * *")
@app.task(name="barometer.close_waves", queueing_lock="barometer.close_waves")
def close_waves(timestamp: int = 0) -> None:  # noqa: ARG001  # a periodic task is given its tick
    """Close the waves whose last day is over in Paris, and tell whom it concerns."""
    close_old_connections()
    close_and_tell(timezone.localdate(), at=timezone.now())


@app.periodic(cron="0 2 * * *")
@app.task(name="barometer.count_participation", queueing_lock="barometer.count_participation")
def count_participation(timestamp: int = 0) -> None:  # noqa: ARG001  # see above
    """Count, once a night and every side at once, who took part in the open waves."""
    close_old_connections()
    today, at = timezone.localdate(), timezone.now()
    for wave in _running():
        actions.count_participation(wave, today=today, actor=CALENDAR, at=at)


def open_and_remind(today: date, *, at: datetime) -> None:
    """Open what opens on ``today`` or should have, then remind."""
    due = Wave.objects.filter(opened_at=None, cancelled_at=None, opens_on__lte=today, closes_on__gte=today)
    for wave in due:
        if wave.entries.in_use().exists():
            # A wave whose lists are short waits for its manager, who reads why on its page; the others open.
            with contextlib.suppress(actions.RosterRefusedError):
                actions.open_wave(wave, today=today, actor=CALENDAR, at=at)
    for wave in _running():
        actions_notices.remind(wave, today=today, actor=CALENDAR, at=at)


def close_and_tell(today: date, *, at: datetime) -> None:
    """Close what ended before ``today``, then tell the pairs, and everyone once the embargo is over."""
    for wave in _running().filter(closes_on__lt=today):
        actions.close(wave, today=today, actor=CALENDAR, at=at)
    for wave in Wave.objects.filter(sealed_at__isnull=False).order_by("-closes_on", "-pk")[:2]:
        actions_notices.announce(wave, today=today, actor=CALENDAR, at=at)


def _running() -> QuerySet[Wave]:
    return Wave.objects.filter(opened_at__isnull=False, sealed_at=None, cancelled_at=None).order_by("pk")


@app.task(name=actions.SWEEP_TASK, queueing_lock=actions.SWEEP_TASK)
def sweep() -> None:
    """Remove from the files of the database the row versions that the answers left while they were written."""
    close_old_connections()
    with connection.cursor() as cursor:
        for model in (Sheet, Remark):
            cursor.execute(f"VACUUM {connection.ops.quote_name(model._meta.db_table)}")


@app.periodic(cron="*/10 * * * *")
@app.task(name="barometer.compute_results", queueing_lock="barometer.compute_results")
def compute_results(timestamp: int = 0) -> None:  # noqa: ARG001  # see above
    """Analyse the closed waves that have no result yet; a crash leaves a wave to do again."""
    from traitdunion.barometer import (
        actions_results,
    )  # not at the top, read by every process: it brings scipy

    close_old_connections()
    actions_results.compute_missing(actor=ANALYSIS, at=timezone.now())
