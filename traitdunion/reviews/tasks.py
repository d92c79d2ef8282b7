"""Work on the bilans: periodic, at six in the morning in Paris (two ticks in UTC, for winter and summer), and asked.

At six in Paris the day has begun in every département: midnight is past in the Antilles too.
"""

import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from django.db import close_old_connections, transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from traitdunion.audit import actors
from traitdunion.notices import rules
from traitdunion.reviews import (
    actions_documents,
    actions_notices,
    actions_opening,
    actions_signing,
    actions_stamps,
    dating,
)
from traitdunion.reviews.kinds import Level
from traitdunion.reviews.models import BilanSignature, DocumentRun
from traitdunion.reviews.rules import Quarter
from traitdunion.reviews.timestamp import TimestampError

logger = logging.getLogger(__name__)

SIX_IN_PARIS: Final = "0 4,5 * * *"
HOUR: Final = 6
ACTOR: Final = actors.task("calendrier des bilans")
DOCUMENTS: Final = actors.task("documents des bilans")
STAMPING: Final = actors.task("horodatage des signatures")
SHARES: Final = 2  # of the making of documents, which takes the processor: one a core of the smallest machine
STAMPS_A_TICK: Final = 200
FAILURES_BORNE: Final = 3


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
    for level in Level:
        actions_opening.freeze_criteria(running, level=level, today=today, actor=ACTOR, at=at)
    actions_opening.open_quarter(running.previous, today=today, actor=ACTOR, at=at)
    actions_opening.open_national(running.previous, today=today, actor=ACTOR, at=at)
    actions_notices.tell_rungs(running.previous, today, actor=ACTOR, at=at)
    actions_notices.tell_national_rungs(running.previous, today, actor=ACTOR, at=at)


@app.periodic(cron=SIX_IN_PARIS)
@app.task(name="reviews.watch_sources", queueing_lock="reviews.watch_sources")
def watch_sources(timestamp: int) -> None:
    """See whether a source says something else than what was signed."""
    if rules.is_hour_past(datetime.fromtimestamp(timestamp, UTC), HOUR):
        today = timezone.localdate()
        actions_signing.watch_sources(Quarter.of(today).previous, today=today, actor=ACTOR, at=timezone.now())


# Documents of a quarter


def prepare_documents(run_id: int) -> None:
    """Ask the workers to make the files of a run: they share the bilans, one each at a time.

    Asked again while they work, or after one died, nothing is made twice.
    """
    for share in range(SHARES):
        with suppress(AlreadyEnqueued), transaction.atomic():  # refused, the page goes on
            make_documents.configure(queueing_lock=f"reviews.make_documents:{run_id}:{share}").defer(
                run_id=run_id
            )


@app.task(name="reviews.make_documents", queue="documents", retry=RetryStrategy(max_attempts=5, wait=30))
def make_documents(run_id: int) -> None:
    """Make the files that a run still lacks."""
    close_old_connections()  # the database may have restarted since the last work
    make_all(run_id)


def make_all(run_id: int) -> None:
    """Make the files that a run still lacks, one bilan a transaction. A run that was replaced is left."""
    run = DocumentRun.objects.filter(pk=run_id, finished_at=None).first()
    while run is not None and actions_documents.make_next(run, actor=DOCUMENTS, at=timezone.now()):
        pass


# Time-stamps


def ask_stamps() -> None:
    """Have the worker ask the dates of the signatures that have none, when the site has an authority."""
    if dating.is_set():
        with suppress(AlreadyEnqueued), transaction.atomic():  # refused, the page goes on
            stamp_signatures.defer()


@app.periodic(cron="*/5 * * * *")
@app.task(name="reviews.stamp_signatures", queueing_lock="reviews.stamp_signatures")
def stamp_signatures(timestamp: int = 0) -> None:  # noqa: ARG001  # a periodic task is given its tick
    """Ask the authority the date of each signature that has none. What fails is asked again at the next tick."""
    close_old_connections()
    stamp_all()


def stamp_all() -> None:
    """Ask the date of each signature that has none."""
    try:
        authority = dating.authority()
    except TimestampError as refusal:
        logger.error("No time-stamp asked: %s", refusal)  # noqa: TRY400  # a setting to mend, not a fault of ours
        return
    if authority is None:
        return
    failures = 0
    for signature in BilanSignature.objects.filter(stamp=None).order_by("pk")[:STAMPS_A_TICK]:
        try:
            actions_stamps.stamp(signature, authority=authority, actor=STAMPING, at=timezone.now())
        except TimestampError as refusal:
            failures += 1
            logger.warning("Signature %s has no time-stamp yet: %s", signature.public_id, refusal)
            if failures == FAILURES_BORNE:  # it does not answer: leave it in peace until the next tick
                return
