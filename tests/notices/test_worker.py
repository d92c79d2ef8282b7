"""The real worker on a real database and a real mail server: it may die at any moment."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

from tests.conventions import facts
from tests.notices.test_write import write
from traitdunion.notices import actions
from traitdunion.notices.kinds import NoticeState
from traitdunion.notices.models import Notice

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("TRAITDUNION_KILLS", "6"))  # make kills: 300
SEED = int(os.environ.get("TRAITDUNION_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
WITHIN = 30  # seconds in which what must come has come

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def empty_queue(transactional_db):
    """Empty the queue on both sides: its tables are not Django's, the flush passes them by."""
    yield empty()
    empty()


def empty():
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE procrastinate_jobs, procrastinate_periodic_defers, procrastinate_workers CASCADE"
        )


@pytest.fixture
def surroundings(mail_server):
    return environment(mail_server.port)


def environment(port):
    """Return the environment of a worker of these tests, which sends to the mail server of ``port``."""
    config = connection.settings_dict
    database = {
        name: config[name] for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
    }
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.notices.worker_settings",
        "WORKER_DATABASE": json.dumps(database),
        "WORKER_SMTP_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def running(arguments, surroundings, **options):
    process = subprocess.Popen(arguments, cwd=ROOT, env=surroundings, start_new_session=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def worker(surroundings):
    """Start the worker with the command of production."""
    command = [sys.executable, "-m", "django", "procrastinate", "worker"]
    return running(command, surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Nursery:
    """Workers forked on demand from a process that has loaded everything."""

    def __init__(self, process):
        self.process = process
        self.port = 0
        self.alive = []

    def start(self):
        self.process.stdin.write(f"{self.port}\n")
        self.process.stdin.flush()
        self.alive.append(int(self.process.stdout.readline()))

    def kill(self, rank=0):
        os.kill(self.alive.pop(rank), signal.SIGKILL)

    def kill_one(self, chance):
        self.kill(chance.randrange(len(self.alive)))

    def kill_all(self):
        while self.alive:
            self.kill()


@pytest.fixture(scope="module")
def loaded(django_db_setup):
    """Load everything once; the workers of every test are forked from there."""
    command = [sys.executable, "-m", "tests.notices.nursery"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with running(command, environment(0), **pipes) as process:
        yield Nursery(process)


@pytest.fixture
def nursery(loaded, mail_server):
    loaded.port = mail_server.port
    yield loaded
    loaded.kill_all()


def wait_until(what, within=WITHIN):
    end = time.monotonic() + within
    while not what():
        if time.monotonic() > end:
            pytest.fail(f"not within {within} s: {what.__name__}")
        time.sleep(0.02)


def everything_is_sent():
    return not Notice.objects.exclude(state=NoticeState.SENT.value).exists()


def test_a_commit_wakes_the_worker(reader, surroundings, mail_server):
    with worker(surroundings):
        wait_until(lambda: workers() == 1)
        write(reader, at=timezone.now())
        wait_until(everything_is_sent)
    assert len(mail_server.messages) == 1


def workers():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        return cursor.fetchone()[0]


def test_the_work_of_a_killed_worker_is_taken_up_by_the_next(reader, nursery, mail_server):
    mail_server.pause = 1
    write(reader, at=timezone.now())
    nursery.start()
    wait_until(lambda: Notice.objects.filter(state=NoticeState.SENDING.value).exists())
    nursery.kill()
    mail_server.pause = 0
    left = ProcrastinateJob.objects.get(task_name=actions.SEND_TASK, status="doing")
    # What thirty seconds of silence would do.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    with suppress(AlreadyEnqueued):  # the worker may have asked for its next run before it died
        app.configure_task("notices.resume_stalled_jobs").defer()

    nursery.start()
    wait_until(everything_is_sent)
    wait_until(lambda: ProcrastinateJob.objects.get(pk=left.pk).status != "doing")
    assert len(mail_server.ids()) == 1


def test_two_workers_defer_a_tick_once(nursery):
    nursery.start()
    nursery.start()
    wait_until(lambda: workers() == 2)
    wait_until(lambda: ProcrastinateJob.objects.filter(task_name="conventions.tell_terms").exists())
    time.sleep(1)
    for task in ("conventions.tell_terms", "conventions.ask_contacts", "portal.write_digests"):
        assert ProcrastinateJob.objects.filter(task_name=task).count() == 1


def test_killed_at_random_the_worker_loses_and_doubles_nothing(reader, nursery, mail_server, capsys):
    """Two workers send, one dies at a random moment and is replaced; every notice arrives under one name."""
    chance = random.Random(SEED)
    mail_server.pause = 0.002
    others = [facts.person(f"Lecteur {rank}", email=f"lecteur{rank}@example.org") for rank in range(5)]
    written = 0
    caught = 0
    nursery.start()
    for _ in range(KILLS):
        nursery.start()
        # A few are left over from the round before; never so many that the end would last.
        waiting = Notice.objects.exclude(state=NoticeState.SENT.value).count()
        with transaction.atomic():
            for _ in range(max(2, chance.randrange(5, 25) - waiting)):
                write(chance.choice(others), key=f"essai:{written}", at=timezone.now())
                written += 1
        seen = len(mail_server.messages)
        # The worker that died may have held the request to send: the run of the next minute makes up for it.
        wait_until(lambda: len(mail_server.messages) > seen or everything_is_sent(), within=90)  # noqa: B023
        time.sleep(chance.random() * 0.1)
        nursery.kill_one(chance)
        caught += Notice.objects.filter(state=NoticeState.SENDING.value).exists()
    Notice.objects.filter(state=NoticeState.PENDING.value).update(next_try_at=timezone.now())
    nursery.start()
    actions._wake_the_worker()
    wait_until(everything_is_sent, within=90)
    nursery.kill_all()

    ids = mail_server.ids()
    expected = {
        actions.message_id(public_id) for public_id in Notice.objects.values_list("public_id", flat=True)
    }
    twice = sum(count > 1 for count in ids.values())
    with capsys.disabled():
        print(
            f"\nkills {KILLS} (seed {SEED}), with a notice in hand {caught}; written {written}, "
            f"Message-IDs received {len(ids)}, lost {len(expected - set(ids))}, "
            f"doubled under two Message-IDs {len(set(ids) - expected)}, "
            f"received again under the same Message-ID {twice}"
        )
    assert Notice.objects.count() == written
    assert set(ids) == expected
    subjects = {message["Message-ID"]: message.as_bytes() for message in mail_server.messages}
    assert all(subjects[message["Message-ID"]] == message.as_bytes() for message in mail_server.messages)
    assert Notice.objects.filter(sent_at__gt=timezone.now() + timedelta(minutes=1)).count() == 0
