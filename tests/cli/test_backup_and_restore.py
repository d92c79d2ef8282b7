"""The commands of docs/deploy.md, run for real: what is restored is what was saved."""

import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.filled import copy, django, environment_of
from traitdunion.cli.postgres_binaries import find_installation, unprivileged_account

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def documented(name):
    """Return the shell command that the page gives for ``name``."""
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    [line] = [line for line in page.splitlines() if line.startswith(f"{name} ")]
    return line


def contents(url):
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY relname"
        ).fetchall()
        rows = {
            name: connection.execute(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t"
            ).fetchone()
            for (name,) in tables
        }
        constraints = connection.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY conname, 2"
        ).fetchall()
    return rows, [(name, _bare(definition)) for name, definition in constraints]


def _bare(definition):
    """Return a constraint without its casts and brackets, which PostgreSQL rewrites when it reads it back."""
    return re.sub(r"::(?:text|character varying)(?:\[\])?|[()\s]", "", definition)


def test_a_restored_backup_holds_the_same_rows_and_the_same_refusals(tmp_path, filled, worker_name):
    with (
        copy(f"saved_{worker_name}", model=filled) as saved,
        copy(f"restored_{worker_name}", model="template0") as restored,
    ):
        binaries = find_installation(unprivileged_account()).binaries
        variables = {
            **os.environ,
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "DATABASE_URL": saved,
            "RESTORED_URL": restored,
        }

        def shell(command):
            subprocess.run(
                ["sh", "-ec", command], cwd=tmp_path, env=variables, check=True, capture_output=True
            )

        shell(documented("pg_dump"))
        shell(documented("pg_restore"))

        assert contents(restored) == contents(saved)
        django("migrate", "--check", "--skip-checks", environment=environment_of(restored))
        with psycopg.connect(restored) as connection, pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("DELETE FROM audit_entry")


def test_the_page_names_each_command_once():
    assert re.search(r"--format=custom", documented("pg_dump"))
    assert re.search(r"--exit-on-error", documented("pg_restore"))
