"""Read settings from the environment, and say in one sentence what is missing.

Every variable read here is described in ``docs/environment.md`` (a test compares the two).
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url

from traitdunion.core.errors import Refusal


class SettingError(Refusal):
    """A setting is missing or wrong; the message is one French sentence for the operator."""


ROOT = Path(__file__).resolve().parents[2]


def text(name: str, default: str | None = None) -> str:
    """Return the variable ``name``.

    Raises:
        SettingError: it is absent and has no default.
    """
    value = os.environ.get(name, default)
    if value is None:
        raise SettingError(
            f"Le réglage {name} manque : donnez-lui une valeur dans l'environnement (voir docs/environment.md)."
        )
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """Return whether the variable ``name`` says yes (``1``, ``oui``, ``true``)."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in {"1", "oui", "true", "yes"}:
        return True
    if value.lower() in {"0", "non", "false", "no", ""}:
        return False
    raise SettingError(f"Le réglage {name} vaut « {value} » : on attend 1 ou 0.")


def number(name: str, default: int) -> int:
    """Return the variable ``name`` as a whole number."""
    value = os.environ.get(name)
    if value is None:
        return default
    if not value.isdigit():
        raise SettingError(f"Le réglage {name} vaut « {value} » : on attend un nombre entier.")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """Return the variable ``name`` split at commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def database(url: str) -> dict[str, Any]:
    """Return the Django settings of the database at ``url``."""
    parsed: dict[str, Any] = {**dj_database_url.parse(url)}
    options: dict[str, Any] = {**parsed.get("OPTIONS", {})}
    # Compiling a plan costs more than running it: a page asks for few rows through many small subqueries.
    options.setdefault("options", "-c jit=off")
    return {
        **parsed,
        "OPTIONS": options,
        "CONN_MAX_AGE": number("TRAITDUNION_DATABASE_CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
    }
