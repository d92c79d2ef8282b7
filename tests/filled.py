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
OF_ONE_ROLE = ("barometer:entry_", "notices:notice_detail")
# Shown once, to whom it is given.
SECRET = ("notices:calendar_feed",)
# The demonstration's data, an object in every state that a page shows, and a wave that three people may answer.
FILL = f"""
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
from tests import pages
from traitdunion.audit.actors import task
from traitdunion.barometer import actions, keys
from traitdunion.barometer.kinds import Format
from traitdunion.barometer.models import QuestionnaireVersion
call_command("demo_data", years=2, verbosity=0, stdout=open("/dev/null", "w"))
stage = pages.stage()
for name, page in pages.TABLE.items():
    if page.method == "GET" and name not in {SECRET}:
        for role in [None, *page.roles] if name.startswith({OF_ONE_ROLE}) else [None]:
            print(name, role or "-", pages.address(name, stage, role))
at, today = timezone.now(), timezone.localdate()
who = {{"actor": task("essais"), "at": at}}
wave = actions.prepare(
    name="Essai au navigateur", form=Format.FULL, questionnaire=QuestionnaireVersion.objects.first(),
    calendar=actions.Calendar(covers_since=today, covers_until_on=today, opens_on=today,
                              closes_on=today + timedelta(days=9)),
    today=today, **who)
actions.open_wave(wave, today=today, roster_reason="Personnes en poste", **who)
for rank, entry in enumerate(wave.entries.filter(departement="67", side="ars")[:3]):
    print("answering", rank, f"/barometre/repondre/{{keys.token(entry)}}/")
"""
# A few départements, whose tests undo what they write: in the tests' own settings, which sign their links.
FEW = ["01", "54", "57", "67", "68", "75", "88", "974"]
FILL_FEW = f"""
import io
from django.core.management import call_command
from django.utils import timezone
from traitdunion.demo import world
for command in ("load_territories", "load_plan", "load_convention_template"):
    call_command(command, stdout=io.StringIO())
world.build(today=timezone.localdate(), years=2, codes={FEW})
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


def fill(name, lines, **surroundings):
    """Make the database ``name``, run lines of Python on it and return what they print."""
    model = os.environ.get("TRAITDUNION_TEST_MODEL")
    with copy(name, model=model or "template1", keep=True) as database:
        environment = {**environment_of(database), **surroundings}
        if model is None:
            django("migrate", "--verbosity", "0", environment=environment)
        return django("shell", "--no-imports", "-c", lines, environment=environment)
