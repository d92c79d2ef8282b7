"""One PostgreSQL for the whole run, and a closed network.

The server starts before the first test and serves every xdist worker, each with its own database
(``test_traitdunion_gw0``…). The migrations are played once, in a database that the others copy.
``DATABASE_URL`` in the environment replaces the server; each database is then migrated by itself.
"""

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from hypothesis import settings as hypothesis_settings
from pytest_socket import socket_allow_hosts

from config.settings.environment import database
from tests.filled import FILL, FILL_FEW, copy, fill
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.cli.errors import LauncherError

SERVER = pytest.StashKey[EmbeddedPostgres]()
# Some images ask for no bytecode: the dozens of processes of a run would each compile the house again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
MODEL = "TRAITDUNION_TEST_MODEL"  # name of the migrated database, for the workers and the servers we start
hypothesis_settings.register_profile("house", deadline=None)  # a test never asserts a time
hypothesis_settings.load_profile("house")
hypothesis_settings.register_profile("fuzz", max_examples=20_000, deadline=None)  # make fuzz
LOOPBACK = ["127.0.0.1", "::1"]


def pytest_configure(config):
    if "DATABASE_URL" in os.environ or config.getoption("help") or config.option.collectonly:
        return
    try:
        server = EmbeddedPostgres.for_tests()
        server.start()
    except LauncherError as refusal:
        pytest.exit(str(refusal), returncode=pytest.ExitCode.USAGE_ERROR)
    config.stash[SERVER] = server
    os.environ["DATABASE_URL"] = server.url("traitdunion")  # the workers of xdist and every command we start
    os.environ[MODEL] = _migrated(server)
    # pytest-django reads the settings before this file; nothing is connected yet.
    settings.DATABASES["default"].update(database(os.environ["DATABASE_URL"]))


def _migrated(server):
    server.create_database(name := "modele")
    done = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity", "0"],
        env={**os.environ, "DATABASE_URL": server.url(name), "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        cwd=Path(__file__).resolve().parents[1], capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        server.stop()
        pytest.exit(
            f"Les migrations ont échoué : {done.stderr[-3000:]}", returncode=pytest.ExitCode.USAGE_ERROR
        )
    return name


def pytest_unconfigure(config):
    server = config.stash.get(SERVER, None)
    if server is not None:
        server.stop()
        del os.environ["DATABASE_URL"]
        os.environ.pop(MODEL, None)  # absent when the migrations failed


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix(django_db_modify_db_settings_xdist_suffix):
    """Copy the migrated database instead of playing the migrations again in each worker."""
    if model := os.environ.get(MODEL):
        settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = model
        connection.settings_dict["TEST"]["TEMPLATE"] = model


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Send away, before a database is dropped, whoever is still connected to it.

    The browser keeps an event loop in the thread of the tests: Django then opens a second connection there, which
    nobody closes when the browser leaves first.
    """
    yield
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = %s",
            [connection.settings_dict["NAME"], "client backend"],
        )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Put first what lasts, an equal part in each share of the run, after pytest-randomly has drawn the order.

    xdist gives each worker as many tests in a row and lets the first to finish take from the other: a long test met
    last would keep one worker busy alone. The worker that has the browser first is not the one that starts processes
    first.
    """
    shares = getattr(config, "workerinput", {}).get("workercount", 1)
    long = [
        item for item in items if {"slow", "browser"}.intersection(mark.name for mark in item.iter_markers())
    ]
    short = [item for item in items if item not in {*long}]
    long.sort(key=lambda item: item.get_closest_marker("browser") is None)
    width, ordered = -(-len(items) // shares), []
    for rank in range(shares):
        mine = long[rank::shares]
        mine = mine if rank % 2 == 0 else mine[::-1]
        room = len(items) - len(ordered) if rank == shares - 1 else width - len(mine)
        ordered += mine
        ordered += short[:room]
        del short[:room]
    items[:] = ordered


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item):
    socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@pytest.fixture(scope="session")
def checkout():
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """Return a folder that every process of this run sees."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def worker_name():
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def filled(shared_folder):
    """Return the name of a filled database, made by the first process that asks. Nobody writes in it: copy it."""
    letters = {"TRAITDUNION_DEMO_MAIL": str(shared_folder / "mail")}
    return _made_once(shared_folder, "filled", lambda name: fill(name, FILL, **letters))


def _made_once(shared_folder, kind, make):
    name, ready = f"{kind}_{shared_folder.name.replace('-', '_')}", shared_folder / kind
    with (shared_folder / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            ready.write_text(make(name), encoding="utf-8")
    return name


@pytest.fixture(scope="session")
def few(shared_folder, worker_name):
    """Return the name of a database of this process where a few départements have two years of history."""
    tests = {"DJANGO_SETTINGS_MODULE": "config.settings.test", "TRAITDUNION_SECRET_KEY": settings.SECRET_KEY}
    model = _made_once(shared_folder, "few", lambda name: fill(name, FILL_FEW, **tests))
    with copy(name := f"few_{worker_name}", model=model):
        yield name


@pytest.fixture(scope="module")
def country(few, django_db_setup, django_db_blocker):
    """Let the tests of a module read the few départements; what they write is undone after the last of them."""
    with django_db_blocker.unblock():
        own = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = few
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        connection.close()
        connection.settings_dict["NAME"] = own


# Django fills these when it migrates; to empty them is to fill them again, a third of a second each time.
OF_DJANGO = {"django_content_type", "auth_permission"}


@pytest.fixture(autouse=True, scope="session")
def empty_the_tables_that_hold_rows():
    """Let the tests that commit empty the tables afterwards, the log included: it refuses it by trigger.

    A test writes a few rows in ten tables of a hundred: DELETE takes them away, where TRUNCATE makes new files for all.
    """
    before = TransactionTestCase._fixture_teardown

    def teardown(self):
        with transaction.atomic(), connection.cursor() as cursor:
            names = connection.introspection.django_table_names(only_existing=True, include_views=False)
            looks = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in {*names} - OF_DJANGO)
            cursor.execute(" UNION ALL ".join(looks))
            full = [name for (name,) in cursor.fetchall()]
            for table in full:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in full:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    TransactionTestCase._fixture_teardown = teardown
    yield
    TransactionTestCase._fixture_teardown = before


# The spaces that ``portal.typography`` binds in a page.
BOUND = re.compile(r"[\u00a0\u202f](?=[;!?:%€»])|(?<=[«°])\u00a0")


@pytest.fixture(autouse=True, scope="session")
def pages_are_compared_with_ordinary_spaces():
    """Let a test write « Qui ? » as it is typed; ``as_sent`` keeps the page with its bound spaces."""
    before = Client.request

    def request(self, **asked):
        answer = before(self, **asked)
        if answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming:
            answer.as_sent = answer.content.decode()
            answer.content = BOUND.sub(" ", answer.as_sent)
        return answer

    Client.request = request
    yield
    Client.request = before
