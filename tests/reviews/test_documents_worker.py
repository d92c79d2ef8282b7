"""The worker that makes the documents of a quarter may die in the middle: nothing is lost, nothing is made twice."""

import os
import signal
import threading
from contextlib import suppress

import pytest
from django.db import DatabaseError, connection, connections, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

from tests.notices.test_worker import empty_queue, environment, wait_until, worker  # noqa: F401  # a fixture among them
from tests.reviews.scene import BY, T3, open_all
from traitdunion.reviews import actions_documents, queries_documents, tasks
from traitdunion.reviews.models import DocumentFile, DocumentRun, DocumentSet
from traitdunion.territories.models import Departement

KILLED_AT = int(os.environ.get("TRAITDUNION_DOCUMENTS_KILLED_AT", "20"))  # make kills: 60
LEFT = 7

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def country(territories):
    """Enough départements for the worker to die on the way and to have some left."""
    [model] = Departement.objects.filter(code="67")
    Departement.objects.bulk_create(
        Departement(
            code=f"{rank:02}", name=f"Essai {rank:02}", name_with_link=f"Essai {rank:02}", region=model.region,
            ars=model.ars, zone="metro", prefecture_name="Essai", representative="préfet",
            time_zone="Europe/Paris", source=model.source, read_on=model.read_on,
        )
        for rank in range(1, KILLED_AT + LEFT)
        if rank not in {35, 67}
    )  # fmt: skip
    return Departement.objects.count()


@pytest.fixture
def quarter(territories):
    """The bilans of the quarter, open."""
    return open_all()


def done():
    return DocumentSet.objects.filter(made_at__isnull=False).count()


def test_killed_on_the_way_the_next_worker_goes_on(country, quarter, capsys):
    run = actions_documents.ask(T3, **BY)
    tasks.prepare_documents(run.pk)
    with worker(environment(0)) as first:
        wait_until(lambda: done() >= KILLED_AT, within=120)
        first.send_signal(signal.SIGKILL)
        first.wait()
    # What it held is free again once the database sees that it is gone.
    kept = dict(DocumentFile.objects.values_list("pk", "documents__version__review__departement"))
    made = done()
    assert KILLED_AT <= made < country
    assert ProcrastinateJob.objects.filter(task_name="reviews.make_documents", status="doing").exists()
    assert not DocumentRun.objects.filter(finished_at__isnull=False).exists()

    # What thirty seconds of silence would do.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    with suppress(AlreadyEnqueued):  # the worker may have asked for its next run before it died
        app.configure_task("notices.resume_stalled_jobs").defer()
    with worker(environment(0)):
        wait_until(lambda: DocumentRun.objects.filter(finished_at__isnull=False).exists(), within=120)

    assert done() == country
    after = dict(DocumentFile.objects.values_list("pk", "documents__version__review__departement"))
    assert kept.items() <= after.items(), "what was made before the death is neither lost nor made again"
    assert sorted(after.values()) == sorted(
        code for code in Departement.objects.values_list("code", flat=True) for _ in range(4)
    )
    archive = queries_documents.archive(run)
    with capsys.disabled():
        print(
            f"\nworker killed after {made} bilans of {country}: {len(after)} files, zip of {len(archive) / 1e6:.1f} MB"
        )


def test_a_connection_cut_in_the_middle_of_a_bilan_leaves_it_to_be_made(quarter):
    run = actions_documents.ask(T3, **BY)

    def cut():
        with transaction.atomic():
            actions_documents.make_next(run, **BY)
            connection.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseError):
        cut()
    connections.close_all()

    assert not DocumentFile.objects.exists()
    tasks.make_all(run.pk)
    assert DocumentFile.objects.count() == 8
    assert DocumentRun.objects.get().finished_at is not None


def test_two_workers_share_the_bilans_and_one_ends_the_run(quarter):
    run = actions_documents.ask(T3, **BY)
    gate = threading.Barrier(2)

    def work():
        gate.wait()
        try:
            tasks.make_all(run.pk)
        finally:
            connections.close_all()

    hands = [threading.Thread(target=work) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    assert DocumentFile.objects.count() == 8
    assert DocumentRun.objects.get().finished_at is not None


def test_two_desks_that_ask_at_once_get_one_run(quarter):
    gate, runs = threading.Barrier(2), []

    def ask():
        gate.wait()
        try:
            runs.append(actions_documents.ask(T3, **BY).pk)
        finally:
            connections.close_all()

    hands = [threading.Thread(target=ask) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    assert len(runs) == 2
    assert len(set(runs)) == 1
    assert DocumentSet.objects.count() == 2
