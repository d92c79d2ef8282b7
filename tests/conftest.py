"""One PostgreSQL for the whole run, and a closed network.

The server starts before the first test and serves every xdist worker, each with its own database
(``test_traitdunion_gw0``…). ``DATABASE_URL`` in the environment replaces it.
"""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings
from pytest_socket import socket_allow_hosts

from config.settings.environment import database
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.cli.errors import LauncherError

SERVER = pytest.StashKey[EmbeddedPostgres]()
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
    # pytest-django reads the settings before this file; nothing is connected yet.
    settings.DATABASES["default"].update(database(os.environ["DATABASE_URL"]))


def pytest_unconfigure(config):
    server = config.stash.get(SERVER, None)
    if server is not None:
        server.stop()
        del os.environ["DATABASE_URL"]


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item):
    socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@pytest.fixture(scope="session")
def checkout():
    return Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True, scope="session")
def empty_append_only_tables():
    """Let the tests that commit empty the tables afterwards, the log included: it refuses TRUNCATE by trigger."""
    empty = TransactionTestCase._fixture_teardown

    def teardown(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 <> 0"
            )
            guards = cursor.fetchall()
            for table, guard in guards:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
            empty(self)
            for table, guard in guards:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {guard}")

    TransactionTestCase._fixture_teardown = teardown
    yield
    TransactionTestCase._fixture_teardown = empty
