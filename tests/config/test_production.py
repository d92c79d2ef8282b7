"""A site in production refuses to start half-configured, with one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from traitdunion.identity.models import Person
from traitdunion.portal.startup import UnsafeStartError, refuse_unsafe_start

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "DATABASE_URL": "postgresql://site@base/site",
    "TRAITDUNION_SECRET_KEY": "clé aléatoire " * 5,
    "TRAITDUNION_BASE_URL": "https://coordination.example",
    "TRAITDUNION_ALLOWED_HOSTS": "coordination.example",
    "TRAITDUNION_OIDC_ISSUER": "https://fournisseur.example",
    "TRAITDUNION_OIDC_CLIENT_ID": "site",
    "TRAITDUNION_OIDC_CLIENT_SECRET": "secret",
    "TRAITDUNION_OIDC_ACR_ALLOWED": "eidas2",
    "TRAITDUNION_SMTP_HOST": "courrier.example",
    "TRAITDUNION_MAIL_FROM": "site@example.org",
}


def start(**changes):
    settings = {name: value for name, value in {**COMPLETE, **changes}.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", "import config.settings.coordination as c; print(c.IN_PRODUCTION, c.DEBUG)"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_configuration_starts():
    done = start()
    assert done.stdout.split() == ["True", "False"], done.stderr


@pytest.mark.parametrize("name", COMPLETE)
def test_a_missing_setting_stops_the_start(name):
    done = start(**{name: None})

    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TRAITDUNION_DEBUG": "1"}, "TRAITDUNION_DEBUG est activé"),
        ({"TRAITDUNION_DEMO": "1"}, "personnages de démonstration"),
        ({"TRAITDUNION_SECRET_KEY": "courte"}, "moins de 50 caractères"),
        ({"TRAITDUNION_BASE_URL": "http://coordination.example"}, "https://"),
        ({"TRAITDUNION_SMTP_PORT": "vingt-cinq"}, "nombre entier"),
        ({"TRAITDUNION_DEBUG": "peut-être"}, "on attend 1 ou 0"),
    ],
)
def test_a_dangerous_setting_stops_the_start(changes, said):
    done = start(**changes)

    assert done.returncode != 0
    assert said in done.stderr.splitlines()[-1]


@pytest.mark.django_db
def test_a_base_that_may_lose_writes_is_refused():
    """The server of the tests is forgetful on purpose."""
    with pytest.raises(UnsafeStartError, match="fsync = off"):
        refuse_unsafe_start()


@pytest.fixture
def durable(monkeypatch):
    monkeypatch.setattr("traitdunion.portal.startup.DURABLE", {})


@pytest.mark.django_db
def test_a_base_with_a_persona_is_refused(durable):
    refuse_unsafe_start()
    Person.objects.create(issuer="demonstration", subject="prefet", name="Personne fictive")

    with pytest.raises(UnsafeStartError, match="personnages de démonstration"):
        refuse_unsafe_start()


@pytest.mark.django_db
def test_the_role_of_the_site_is_not_a_superuser():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
