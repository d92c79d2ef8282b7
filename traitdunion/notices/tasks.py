"""Periodic work of the outbox and of the queue itself. Ticks are in UTC."""

import logging
from datetime import timedelta
from typing import Final

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from traitdunion.notices import actions

logger = logging.getLogger(__name__)

BATCH: Final = 50
KEPT_JOBS: Final = timedelta(days=3)


@app.periodic(cron="* * * * *")
@app.task(name=actions.SEND_TASK, queueing_lock=actions.SEND_TASK)
def send(timestamp: int = 0) -> None:  # noqa: ARG001  # a periodic task is given its tick
    """Empty the outbox. Also asked for on each commit that writes a notice."""
    run = actions.send_pending(at=timezone.now(), limit=BATCH)
    while run.left and run.sent:
        run = actions.send_pending(at=timezone.now(), limit=BATCH)


@app.periodic(cron="* * * * *")
@app.task(name="notices.resume_stalled_jobs", queueing_lock="notices.resume_stalled_jobs", pass_context=True)
async def resume_stalled_jobs(context: JobContext, timestamp: int = 0) -> None:  # noqa: ARG001  # see above
    """Give back to the queue the jobs of workers that no longer say they are alive."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        try:
            await manager.retry_job(job)
        except ConnectorException:
            # The same work already waits in the queue (its queueing lock): this copy is dropped.
            await manager.finish_job(job, status=Status.FAILED, delete_job=False)
        logger.warning("The worker of job %s (%s) died: it runs again.", job.id, job.task_name)


@app.periodic(cron="20 3 * * *")
@app.task(name="notices.forget_old_jobs", queueing_lock="notices.forget_old_jobs", pass_context=True)
async def forget_old_jobs(context: JobContext, timestamp: int = 0) -> None:  # noqa: ARG001  # see above
    """Remove the jobs that ended: a run a minute would fill the table."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=KEPT_JOBS // timedelta(hours=1), include_failed=True, include_cancelled=True
    )
