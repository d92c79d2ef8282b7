"""Databases that stand beside those of the tests: filled once in a run, copied in half a second, served or saved."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[1]
# Only a letter leads to these pages.
LETTERS = (
    "conventions:contact_answer",
    "barometer:answer",
    "barometer:answer_screen",
    "barometer:answer_review",
)
# The demonstration's data, and an object in every state that a page shows.
FILL = f"""
from django.core.management import call_command
from tests import pages
call_command("demo_data", years=2, verbosity=0, stdout=open("/dev/null", "w"))
stage = pages.stage()
for name in {LETTERS}:
    print(pages.address(name, stage, None))
"""


def environment_of(database):
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.demo",
        "TRAITDUNION_SECRET_KEY": "navigateur " * 6,
        "DATABASE_URL": database,
    }


@contextmanager
def copy(name, *, model, keep=False):
    """Copy a database beside those of the other tests, and drop the copy afterwards unless it is to be kept."""
    place = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(place._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{model}"')
        yield place._replace(path=f"/{name}").geturl()
        if not keep:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def django(*words, environment):
    """Run a command of Django and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "django", *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.fail(f"{words[0]} : {done.stderr[-3000:]}", pytrace=False)
    return done.stdout


def fill(name, *, letters):
    """Make the database ``name`` and return an address of each page that only a letter leads to."""
    model = os.environ.get("TRAITDUNION_TEST_MODEL")
    with copy(name, model=model or "template1", keep=True) as database:
        surroundings = {**environment_of(database), "TRAITDUNION_DEMO_MAIL": str(letters)}
        if model is None:
            django("migrate", "--verbosity", "0", environment=surroundings)
        return django("shell", "--no-imports", "-c", FILL, environment=surroundings)
