"""The database really restarts during a signature, stopped or killed: nothing is lost, nothing is doubled.

A server of its own, which keeps its writes as in production. Another connection holds the log, so that the signature
stands between its row and its entry when the server goes.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.settings.environment import database
from tests.conventions.scene import act_as
from tests.reviews.scene import LATER
from tests.reviews.test_pages import site_key  # noqa: F401  # a fixture
from traitdunion.audit.models import Entry
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.reviews import rules
from traitdunion.reviews.kinds import Party, State
from traitdunion.reviews.models import BilanSignature

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO \"audit_%'"


@pytest.fixture(scope="module", autouse=True)
def server(django_db_setup, django_db_blocker, checkout):
    """A durable server, to which the site is connected for the time of this module."""
    home = EmbeddedPostgres.for_tests().home
    made = EmbeddedPostgres(home, durable=True)
    ours = connections["default"]
    before = dict(ours.settings_dict)
    with made, django_db_blocker.unblock():
        made.create_database("essais")
        url = made.url("essais")
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
            env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
            cwd=checkout, check=True,
        )  # fmt: skip
        ours.close()
        ours.settings_dict.update(database(url))
        yield made
        ours.close()
        ours.settings_dict.update(before)
    shutil.rmtree(home)


@pytest.fixture(autouse=True)
def that_day(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LATER)


def stopped(server):
    server.stop()


def killed(server):
    """Kill the server as a power cut does: it has no time to write anything."""
    pid = int((Path(server.home) / "data" / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    server.stop()


def press(bilan, mandate):
    return act_as(Client(raise_request_exception=False), mandate).post(
        reverse("reviews:sign", args=[bilan.review.public_id]),
        {"has_read": "on", "sha256": bilan.version.document_sha256},
    )


def wait_until_blocked(watch):
    deadline = time.monotonic() + 60
    while watch.execute(BLOCKED).fetchone()[0] == 0:
        assert time.monotonic() < deadline, "the signature never came to the log"
        time.sleep(0.02)


@pytest.mark.parametrize("how", [stopped, killed])
@pytest.mark.usefixtures("site_key")
def test_a_restart_during_a_signature_leaves_none_and_it_is_given_again(server, bilan, how):
    bilan.offer()
    answers = []

    with (
        closing(psycopg.connect(server.url("essais"))) as hold,
        closing(psycopg.connect(server.url("essais"), autocommit=True)) as watch,
    ):
        hold.execute("LOCK TABLE audit_entry IN EXCLUSIVE MODE")

        def sign():
            try:
                answers.append(press(bilan, bilan.dyad.dg).status_code)
            finally:
                connections.close_all()

        hand = threading.Thread(target=sign)
        hand.start()
        wait_until_blocked(watch)
        connections.close_all()
        how(server)
        server.start()
    hand.join(60)

    assert answers == [500], "the person is told that it failed"
    assert not BilanSignature.objects.exists()
    assert not Entry.objects.filter(event="reviews.version.signed").exists()
    assert rules.state_of(bilan.version.life) is State.A_SIGNER

    assert press(bilan, bilan.dyad.dg).status_code == 302
    assert BilanSignature.objects.count() == 1
    assert Entry.objects.filter(event="reviews.version.signed").count() == 1


@pytest.mark.parametrize("how", [stopped, killed])
def test_a_signature_that_was_acknowledged_outlives_the_restart(server, bilan, how):
    bilan.offer()
    signed = bilan.sign(Party.ARS).signatures.get()

    connections.close_all()
    how(server)
    server.start()

    kept = BilanSignature.objects.get()
    assert (kept.statement, kept.signature) == (signed.statement, signed.signature)
    assert rules.state_of(bilan.sign(Party.PREFECTURE).life) is State.SIGNE
    assert Entry.objects.filter(event="reviews.version.signed").count() == 2
