"""Send a file, check it, apply it."""

import hashlib
from datetime import datetime
from time import monotonic

from django.db import connections, transaction

from traitdunion.audit import actions as audit
from traitdunion.core.errors import Refusal
from traitdunion.exchange import registry
from traitdunion.exchange.errors import UnreadableTableError
from traitdunion.exchange.kinds import RunState
from traitdunion.exchange.models import ImportProgress, ImportRun
from traitdunion.exchange.registry import Importer, Outcome, Progress
from traitdunion.exchange.tables import read_table
from traitdunion.identity.models import Mandate

SHOWN_ERRORS = 500
SHOWN_CHANGES = 2000
SECONDS_BETWEEN_PROGRESS = 0.3


class ImportRefusedError(Refusal):
    """The import cannot go on from where it stands."""


@transaction.atomic
def send(*, importer: Importer, file_name: str, content: bytes, mandate: Mandate, at: datetime) -> ImportRun:
    """Keep a file for checking; nothing else is read yet."""
    actor = mandate.as_actor()
    run = ImportRun.objects.create(
        kind=importer.kind,
        mandate=mandate,
        file_name=file_name[:150],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        state=RunState.CHECKING.value,
        **audit.authorship(actor=actor, at=at),
    )
    ImportProgress.objects.create(run=run)
    audit.record(event="exchange.run.sent", subject=str(run.public_id), actor=actor, at=at)
    return run


def check(run: ImportRun, *, at: datetime) -> None:
    """Read the file and keep what it would change, or what is wrong in it."""
    importer = _importer(run)
    try:
        table = read_table(bytes(run.content or b""), file_name=run.file_name)
        outcome = importer.check(table, at=at, progress=progress_of(run))
    except (UnreadableTableError, Refusal) as refusal:
        _close(run, RunState.REFUSED, message=str(refusal), at=at)
        return
    _keep(run, outcome)
    if outcome.errors:
        _close(run, RunState.REFUSED, message=_errors_sentence(outcome), at=at)
    else:
        run.state, run.message = RunState.READY.value, outcome.summary()[:500]
        run.save(update_fields=["state", "message", "difference", "errors"])


@transaction.atomic
def confirm(run: ImportRun, *, mandate: Mandate, at: datetime) -> None:
    """Say that the checked file is to be applied; the worker does it.

    Raises:
        ImportRefusedError: the file is not ready, or was already applied.
    """
    locked = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if locked.state != RunState.READY.value:
        raise ImportRefusedError(
            f"Cet import est « {RunState(locked.state).label} » : seul un import prêt peut être appliqué. "
            "Envoyez de nouveau le fichier."
        )
    locked.state = RunState.APPLYING.value
    locked.save(update_fields=["state"])
    ImportProgress.objects.filter(run=locked).update(done=0)
    audit.record(event="exchange.run.confirmed", subject=str(run.public_id), actor=mandate.as_actor(), at=at)


@transaction.atomic
def abandon(run: ImportRun, *, mandate: Mandate, at: datetime) -> None:
    """Give up a checked file; the bytes are dropped.

    Raises:
        ImportRefusedError: it is already applied or being applied.
    """
    locked = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if locked.state not in {RunState.READY.value, RunState.REFUSED.value, RunState.FAILED.value}:
        raise ImportRefusedError(
            f"Cet import est « {RunState(locked.state).label} » : il ne peut plus être abandonné."
        )
    locked.state, locked.content, locked.finished_at = RunState.ABANDONED.value, None, at
    locked.save(update_fields=["state", "content", "finished_at"])
    audit.record(event="exchange.run.abandoned", subject=str(run.public_id), actor=mandate.as_actor(), at=at)


@transaction.atomic
def apply(run: ImportRun, *, at: datetime) -> None:
    """Write the file in one transaction with the state of the import: killed in the middle, nothing is written.

    When the data moved since the check, nothing is written either: the new difference is shown first.
    """
    locked = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if locked.state != RunState.APPLYING.value:
        return  # a second worker, or a job run again after a crash: it is already done
    importer = _importer(locked)
    table = read_table(bytes(locked.content or b""), file_name=locked.file_name)
    fresh = importer.check(table, at=at, progress=lambda _done, _total: None)
    if fresh.errors or fresh.difference.as_json(limit=SHOWN_CHANGES) != locked.difference:
        _keep(locked, fresh)
        if fresh.errors:
            _close(locked, RunState.REFUSED, message=_errors_sentence(fresh), at=at)
            return
        locked.state = RunState.READY.value
        locked.message = (
            "Les données ont changé depuis le contrôle : relisez la nouvelle différence avant d’appliquer."
        )
        locked.save(update_fields=["state", "message", "difference", "errors"])
        return
    actor = locked.mandate.as_actor()
    outcome = importer.apply(table, actor=actor, at=at, progress=progress_of(locked))
    if outcome.errors:
        _keep(locked, outcome)
        _close(locked, RunState.REFUSED, message=_errors_sentence(outcome), at=at)
        return
    _close(locked, RunState.APPLIED, message=outcome.summary(), at=at)
    audit.record(
        event="exchange.run.applied",
        subject=str(locked.public_id),
        actor=actor,
        at=at,
        detail={"kind": locked.kind, "sha256": locked.sha256, "summary": outcome.difference.summary()},
    )


def fail(run: ImportRun, *, message: str, at: datetime) -> None:
    """Say that the import stopped for a reason that is not in the file."""
    _close(run, RunState.FAILED, message=message, at=at)


def progress_of(run: ImportRun) -> Progress:
    """Return the function that tells the page how far the import is.

    It writes through a connection of its own, so that the page sees it while the import's transaction is open,
    and at most three times a second.
    """
    state = {"next": 0.0}

    def tell(done: int, total: int) -> None:
        if monotonic() < state["next"] and done < total:
            return
        state["next"] = monotonic() + SECONDS_BETWEEN_PROGRESS
        _aside(run.pk, done, total)

    return tell


def _aside(run: int, done: int, total: int) -> None:
    connection = connections.create_connection("default")
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE exchange_importprogress SET done = %s, total = %s WHERE run_id = %s",
                [done, total, run],
            )
    finally:
        connection.close()


def _importer(run: ImportRun) -> Importer:
    importer = registry.importer(run.kind)
    if importer is None:
        raise ImportRefusedError(f"Aucun import de nature « {run.kind} » n’est connu de ce site.")
    return importer


def _keep(run: ImportRun, outcome: Outcome) -> None:
    run.difference = outcome.difference.as_json(limit=SHOWN_CHANGES)
    run.errors = [
        {"reference": error.reference, "column": error.column, "message": error.message}
        for error in outcome.errors[:SHOWN_ERRORS]
    ]


def _errors_sentence(outcome: Outcome) -> str:
    count = len(outcome.errors)
    noun = "erreur" if count == 1 else "erreurs"
    return f"{count} {noun} dans le fichier : rien n’a été changé. Corrigez les cellules citées, puis renvoyez-le."


def _close(run: ImportRun, state: RunState, *, message: str, at: datetime) -> None:
    run.state, run.message, run.finished_at = state.value, message[:500], at
    if state is RunState.APPLIED:
        run.content = None
    run.save(update_fields=["state", "message", "finished_at", "difference", "errors", "content"])
