"""Each site loads nothing of the other, and refuses to start beside its secrets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REGISTER = {
    "TRAITDUNION_REGISTER_DATABASE_URL": "postgresql://registre@base/registre",
    "TRAITDUNION_REGISTER_SECRET_KEY": "clé aléatoire " * 5,
    "TRAITDUNION_REGISTER_KEYS": "/etc/traitdunion/registre-cles.json",
    "TRAITDUNION_REGISTER_BASE_URL": "https://registre.example",
    "TRAITDUNION_REGISTER_ALLOWED_HOSTS": "registre.example",
    "TRAITDUNION_REGISTER_OIDC_CLIENT_ID": "registre",
    "TRAITDUNION_REGISTER_OIDC_CLIENT_SECRET": "secret",
    "TRAITDUNION_OIDC_ISSUER": "https://fournisseur.example",
    "TRAITDUNION_OIDC_ACR_ALLOWED": "eidas2",
}
COORDINATION = {
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
SAY = "import config.settings.{site} as s; print(s.IN_PRODUCTION, s.DEBUG, s.SESSION_COOKIE_NAME, s.ROOT_URLCONF)"
LOADED = """
import django, importlib, sys
django.setup()
from django.conf import settings
from django.urls import get_resolver
importlib.import_module(settings.ROOT_URLCONF)
get_resolver().reverse_dict
importlib.import_module("config.wsgi")
print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith("traitdunion.")}))
"""


def run(program, settings, **more):
    environment = {name: value for name, value in settings.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def start(site="register", **changes):
    settings = {**(REGISTER if site == "register" else COORDINATION), **changes}
    return run(SAY.format(site=site), settings)


def test_a_complete_register_starts():
    done = start()

    assert done.stdout.split() == ["True", "False", "__Host-session", "config.urls_register"], done.stderr


@pytest.mark.parametrize("name", REGISTER)
def test_a_missing_setting_stops_the_register(name):
    done = start(**{name: None})

    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("site", "name"),
    [
        ("register", "DATABASE_URL"),
        ("register", "TRAITDUNION_SECRET_KEY"),
        ("register", "TRAITDUNION_BILAN_KEY"),
        ("register", "TRAITDUNION_OIDC_CLIENT_SECRET"),
        ("coordination", "TRAITDUNION_REGISTER_DATABASE_URL"),
        ("coordination", "TRAITDUNION_REGISTER_KEYS"),
        ("coordination", "TRAITDUNION_REGISTER_SECRET_KEY"),
    ],
)
def test_a_site_does_not_start_beside_a_secret_of_the_other(site, name):
    done = start(site, **{name: "postgresql://autre@base/autre"})

    assert done.returncode != 0
    assert f"{name} est un secret d’un autre site" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TRAITDUNION_DEBUG": "1"}, "TRAITDUNION_DEBUG est activé"),
        ({"TRAITDUNION_DEMO": "1"}, "personnages de démonstration"),
        ({"TRAITDUNION_REGISTER_SECRET_KEY": "courte"}, "TRAITDUNION_REGISTER_SECRET_KEY manque"),
        ({"TRAITDUNION_REGISTER_BASE_URL": "http://registre.example"}, "https://"),
    ],
)
def test_a_dangerous_setting_stops_the_register(changes, said):
    done = start(**changes)

    assert done.returncode != 0
    assert said in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("settings", "secret", "absent"),
    [
        (
            "demo_register",
            "TRAITDUNION_REGISTER_SECRET_KEY",
            {"plan", "conventions", "barometer", "reviews", "notices", "exchange"},
        ),
        ("demo", "TRAITDUNION_SECRET_KEY", {"register"}),
    ],
)
def test_the_process_of_a_site_loads_no_module_of_the_other(settings, secret, absent):
    done = run(LOADED, {secret: "essai"}, DJANGO_SETTINGS_MODULE=f"config.settings.{settings}")

    loaded = {*done.stdout.split()}
    assert {"identity", "portal", "audit"} <= loaded, done.stderr
    assert not loaded & absent
