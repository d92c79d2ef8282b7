"""The worker's part of an import."""

from django.db import close_old_connections
from django.utils import timezone
from procrastinate.contrib.django import app

from traitdunion.exchange import actions
from traitdunion.exchange.models import ImportRun


@app.task(name="exchange.check", queue="imports", pass_context=False)
def check(run_id: int) -> None:
    """Read a file that was sent."""
    close_old_connections()
    actions.check(ImportRun.objects.get(pk=run_id), at=timezone.now())


@app.task(name="exchange.apply", queue="imports", pass_context=False)
def apply(run_id: int) -> None:
    """Apply a file that was confirmed."""
    close_old_connections()
    actions.apply(ImportRun.objects.get(pk=run_id), at=timezone.now())
