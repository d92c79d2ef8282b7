"""Periodic work on conventions, at six in the morning in Paris. Two ticks in UTC, for winter and summer."""

from datetime import UTC, datetime
from typing import Final

from django.utils import timezone
from procrastinate.contrib.django import app

from traitdunion.audit import actors
from traitdunion.conventions import actions_notices
from traitdunion.notices import rules

SIX_IN_PARIS: Final = "0 4,5 * * *"
HOUR: Final = 6


@app.periodic(cron=SIX_IN_PARIS)
@app.task(name="conventions.tell_terms", queueing_lock="conventions.tell_terms")
def tell_terms(timestamp: int) -> None:
    """Climb the expiry ladder. In summer the second tick finds everything told."""
    if rules.is_hour_past(datetime.fromtimestamp(timestamp, UTC), HOUR):
        actions_notices.tell_terms(
            timezone.localdate(), actor=actors.task("échelle des termes"), at=timezone.now()
        )


@app.periodic(cron=SIX_IN_PARIS)
@app.task(name="conventions.ask_contacts", queueing_lock="conventions.ask_contacts")
def ask_contacts(timestamp: int) -> None:
    """Ask the contacts from the quarter's first working day on: later, those who took a post since."""
    day = timezone.localdate()
    if day < rules.quarter_opens_on(day) or not rules.is_hour_past(
        datetime.fromtimestamp(timestamp, UTC), HOUR
    ):
        return
    actions_notices.ask_contacts(day, actor=actors.task("confirmation des contacts"), at=timezone.now())
