"""``traitdunion demo`` as a person runs it: real processes, from the first start to the last signal."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from traitdunion.cli import demo
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.reviews import keyring

pytestmark = pytest.mark.slow
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="seul root peut monter un disque")
with_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="ce système n'a pas /proc")


def free_port():
    """Return a port that is free, and whose next is too: the register takes it."""
    while True:
        with socket.socket() as probe, socket.socket() as after:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            try:
                after.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@pytest.fixture
def state():
    """A state folder that any account can reach, and its database's folder, which root has elsewhere."""
    folder = EmbeddedPostgres.for_tests().home
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(demo._postgres_folder(folder), ignore_errors=True)


@pytest.fixture
def run(state):
    started = []

    def start(*words, port):
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        process = subprocess.Popen(
            [sys.executable, "-m", "traitdunion.cli.main", "demo", "--port", str(port), *words],
            env={**environment, "TRAITDUNION_HOME": str(state), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
    assert wait_for_silence(state) == []


def read_until(process, words):
    printed = ""
    for line in process.stdout:
        printed += line
        if words in line:
            return printed
    raise AssertionError(f"la commande s'est arrêtée avant « {words} » :\n{printed}")


def processes_of(state):
    """Every process that names the state folder in its words or its environment, our own excepted."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            surroundings = (folder / "environ").read_bytes()
        except OSError:
            continue
        if int(folder.name) == os.getpid():
            continue
        if any(os.fsencode(place) in words + surroundings for place in (state, demo._postgres_folder(state))):
            found.append(words.replace(b"\0", b" ").decode())
    return found


def wait_for_silence(state):
    deadline = time.monotonic() + 30
    while processes_of(state) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes_of(state)


def served(settings):
    """Return the environment of every process that runs with these settings, as the system keeps it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            pairs = (folder / "environ").read_bytes().decode().split("\0")
        except OSError:
            continue
        variables = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        if variables.get("DJANGO_SETTINGS_MODULE") == settings:
            found.append(variables)
    return found


def check_that_the_sites_are_apart(state):
    """Read what the processes of each site were given, and try it on the other."""
    home = str(state)
    of = {
        name: [each for each in served(settings) if each.get("TRAITDUNION_HOME") == home]
        for name, settings in (
            ("coordination", "config.settings.demo"),
            ("register", "config.settings.demo_register"),
        )
    }
    assert all(len(environments) >= 2 for environments in of.values()), "a master and its workers"
    kept = {name: environments[0] for name, environments in of.items()}
    secrets = {
        "coordination": ("DATABASE_URL", "TRAITDUNION_SECRET_KEY", "TRAITDUNION_BILAN_KEY"),
        "register": (
            "TRAITDUNION_REGISTER_DATABASE_URL",
            "TRAITDUNION_REGISTER_SECRET_KEY",
            "TRAITDUNION_REGISTER_KEYS",
        ),
    }
    for name, other in (("coordination", "register"), ("register", "coordination")):
        values = {kept[other][secret] for secret in secrets[other]}
        for environment in of[name]:
            assert not {*secrets[other]} & {*environment}
            assert not values & {*environment.values()}
    for name, other in (("coordination", "register"), ("register", "coordination")):
        mine, theirs = (conninfo_to_dict(kept[each][secrets[each][0]]) for each in (name, other))
        with psycopg.connect(**mine) as connection:
            assert connection.execute("SELECT count(*) FROM audit_entry").fetchone() != (0,)
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(**{**mine, "dbname": theirs["dbname"]})
        # Nor does the file of its password hold another.
        passwords = Path(mine["passfile"]).read_text(encoding="utf-8").splitlines()
        assert [line.split(":")[3] for line in passwords] == [mine["user"]]


def on_demo(state, *words):
    """Run a command on the demonstration that runs, with nothing else in the environment that says where it is."""
    kept = {"PATH", "HOME", "LANG"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    return subprocess.run(
        [sys.executable, "-m", "traitdunion.cli.main", "--demo", *words],
        env={**environment, "TRAITDUNION_HOME": str(state), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def status_of(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


@with_proc
def test_the_demonstration_lives_and_dies_in_one_piece(run, state):
    """One scenario, because loading is long: kill while loading, start, stop, start again, kill, reset."""
    port = free_port()

    unlucky = run(port=port)
    read_until(unlucky, "… données synthétiques")
    unlucky.kill()
    unlucky.wait()
    assert wait_for_silence(state) == []
    with EmbeddedPostgres(demo._postgres_folder(state), durable=True) as server:
        assert not {demo.DATABASE, demo.REGISTER_DATABASE} & server.databases()

    first = run(port=port)
    printed = read_until(first, "Ctrl-C arrête tout")
    assert f"http://127.0.0.1:{port}/" in printed
    assert "Toutes les données sont synthétiques" in printed
    assert (status_of(port), status_of(port + 1)) == (200, 200)
    check_that_the_sites_are_apart(state)
    assert (state / "secret-key").stat().st_mode & 0o777 == 0o600
    assert (state / demo.RUNNING).stat().st_mode & 0o777 == 0o600
    assert "REGISTER" not in (state / demo.RUNNING).read_text()
    read = on_demo(state, "plan", "export", "--format", "csv")
    assert (read.returncode, "mesure" in read.stdout) == (0, True), read.stderr
    first.send_signal(signal.SIGINT)
    assert first.wait(40) == 0
    assert wait_for_silence(state) == []
    refused = on_demo(state, "plan", "export", "--format", "csv")
    assert (refused.returncode, refused.stderr) == (
        2,
        "Aucune démonstration ne tourne ici : lancez « make demo » dans un autre terminal, puis recommencez.\n",
    )

    second = run(port=port)
    printed = read_until(second, "Ctrl-C arrête tout")
    assert "données synthétiques, environ" not in printed
    assert "migrations" not in printed
    second.kill()
    second.wait()
    assert wait_for_silence(state) == []

    third = run("--reset", port=port)
    read_until(third, "effacement des données précédentes")
    third.send_signal(signal.SIGTERM)
    assert third.wait(40) == 130
    assert wait_for_silence(state) == []


def test_a_taken_port_is_one_sentence_before_anything_is_made(run, state):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = run(port=port)
        printed, _ = process.communicate(timeout=60)

    assert process.returncode == 2
    assert printed.count("\n") == 1
    assert f"Le port {port} est déjà pris" in printed
    assert f"make demo PORT={port + 1}" in printed
    assert list(state.iterdir()) == []


def test_a_port_that_does_not_exist_is_refused(run):
    process = run(port=70000)
    printed, _ = process.communicate(timeout=60)

    assert (process.returncode, printed.count("\n")) == (2, 1)
    assert "entre 1 et 65535" in printed


def test_resetting_touches_only_what_the_demonstration_made(state):
    (state / "lettre.txt").write_text("à moi")
    server = EmbeddedPostgres(demo._postgres_folder(state), durable=False)
    with server:
        server.create_database("essai")

    demo._prepare_state(state, server, reset=True)

    assert (state / "lettre.txt").read_text() == "à moi"
    assert not server.home.exists()


@as_root
def test_a_disk_that_fills_up_while_loading_is_one_sentence(run, state):
    home = demo._postgres_folder(state)
    home.mkdir(mode=0o711)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=56m,mode=0711", "tmpfs", home], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("ce système ne laisse pas monter de disque en mémoire")
    try:
        process = run(port=free_port())
        printed, _ = process.communicate(timeout=90)

        assert process.returncode == 2
        assert f"Le disque qui porte {home} est plein" in printed.splitlines()[-1]
        assert wait_for_silence(state) == []
    finally:
        subprocess.run(["umount", home], check=True)


def test_what_aims_psql_or_opens_the_other_site_does_not_leak_into_a_site(state, monkeypatch):
    of_a_site = (
        "OIDC_CLIENT_SECRET",
        "SMTP_PASSWORD",
        "BILAN_KEY",
        "REGISTER_KEYS",
        "REGISTER_OIDC_CLIENT_SECRET",
    )
    for name in ("PGPASSWORD", "PGHOST", "DATABASE_URL", *(f"TRAITDUNION_{each}" for each in of_a_site)):
        monkeypatch.setenv(name, "secret")
    for name in ("secret-key", demo.REGISTER_SECRET):
        (state / name).write_text("clé")

    coordination = demo._environment(state, "postgresql:///x", 8000)
    register = demo._register_environment(state, "postgresql:///y", 8001)

    assert [name for name in (*coordination, *register) if name.startswith("PG")] == []
    assert [name for name in coordination if "REGISTER" in name] == []
    assert [name for name, value in register.items() if value == "secret"] == [
        "TRAITDUNION_REGISTER_OIDC_CLIENT_SECRET"
    ]


def test_the_key_that_signs_bilans_is_drawn_once_and_read_by_us_alone(state, settings):
    demo._prepare_signing_key(state)
    private = (state / demo.BILAN_KEY).read_bytes()

    demo._prepare_signing_key(state)

    settings.BILAN_KEY, settings.BILAN_KEYS = str(state / demo.BILAN_KEY), str(state / demo.BILAN_KEYS)
    assert (state / demo.BILAN_KEY).read_bytes() == private
    assert len(keyring.site_key().chain.keys) == 1  # it refuses a file that others may read


def test_the_fingerprint_changes_with_a_migration(tmp_path, monkeypatch):
    migrations = tmp_path / "traitdunion" / "plan" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_initial.py").write_text("")
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    before = demo._schema_fingerprint()

    (migrations / "0002_more.py").write_text("")

    assert demo._schema_fingerprint() != before


def test_a_note_of_another_schema_asks_for_migrations(state, monkeypatch):
    asked = []
    monkeypatch.setattr(demo, "_django", lambda environment, *words: asked.append(words[0]))
    with EmbeddedPostgres(demo._postgres_folder(state), durable=False) as server:
        for site in (demo.COORDINATION, demo.REGISTER):
            demo._prepare_database(server, site, {})
            demo._prepare_database(server, site, {})
            server.leave_note(site.database, "un autre schéma")
            demo._prepare_database(server, site, {})

            with psycopg.connect(server.url(site.database, owner=site.owner)) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)

    assert asked == ["migrate", "demo_data", "migrate", "migrate", "demo_register", "migrate"]
