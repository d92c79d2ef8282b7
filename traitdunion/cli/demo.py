"""``traitdunion demo``: the two sites on this machine, with synthetic data and one-click personas.

Each site is a process of its own, with its own role, database and keys on one PostgreSQL server: nothing that the
processes of one are given opens what the other holds.

The state is in ``.cache/demo`` (or ``TRAITDUNION_HOME``). Run by root, PostgreSQL takes another identity, which may
not be able to reach the checkout: its folder is then ``/var/tmp/traitdunion-0-…``, one per state folder.
"""

import argparse
import contextlib
import hashlib
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

import django

from traitdunion.cli import assets
from traitdunion.cli.checkout import ROOT, assets_folder, demo_folder
from traitdunion.cli.embedded_postgres import OWNER, REGISTER_OWNER, EmbeddedPostgres
from traitdunion.cli.errors import LauncherError
from traitdunion.cli.files import CommandRefusedError
from traitdunion.cli.folders import no_room, own_folder, refusal_of, write_private
from traitdunion.cli.port import ADDRESS, refusal_of_ports
from traitdunion.cli.postgres_binaries import COPIES
from traitdunion.cli.processes import Guarded
from traitdunion.cli.progress import step
from traitdunion.register import keyring as register_keyring
from traitdunion.reviews import keyring

DATABASE: Final = "traitdunion_demo"
BILAN_KEY: Final = "bilan-key.pem"
BILAN_KEYS: Final = "bilan-keys.json"
RUNNING: Final = "running.json"
STORY: Final = timedelta(days=365)
REGISTER_DATABASE: Final = "registre_demo"
REGISTER_SECRET: Final = "register-secret-key"  # noqa: S105  # the name of a file
REGISTER_KEYS: Final = "register-keys.json"

_OURS: Final = ("TRAITDUNION_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
# What opens one site. The environment of the other never holds it, whatever ours holds.
_OF_COORDINATION: Final = (
    "DATABASE_URL",
    "TRAITDUNION_BILAN_",
    "TRAITDUNION_OIDC_CLIENT_",
    "TRAITDUNION_SECRET_KEY",
    "TRAITDUNION_SMTP_",
)
_OF_REGISTER: Final = ("TRAITDUNION_REGISTER_",)
_WORKER_COMMAND: Final = ("django", "procrastinate", "worker")
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_THREADS: Final = 2
_ANSWER_SECONDS: Final = 180  # a busy machine takes one minute; a site that falls is seen at once
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One of the sites that the demonstration serves.

    Attributes:
        name: of its web process, hence of its log.
        database: its database.
        owner: the role of PostgreSQL that owns it.
        variable: the variable of the environment that says where the database is.
        fill: the command of Django that fills it.
        filling: what is told meanwhile.
        workers: processes that answer.
    """

    name: str
    database: str
    owner: str
    variable: str
    fill: str
    filling: str
    workers: int

    @property
    def unfinished(self) -> str:
        """The name that the database bears until it is complete."""
        return f"{self.database}_new"


COORDINATION: Final = Site(
    name="web",
    database=DATABASE,
    owner=OWNER,
    variable="DATABASE_URL",
    fill="demo_data",
    filling="données synthétiques, environ quinze secondes",
    workers=4,
)
REGISTER: Final = Site(
    name="register",
    database=REGISTER_DATABASE,
    owner=REGISTER_OWNER,
    variable="TRAITDUNION_REGISTER_DATABASE_URL",
    fill="demo_register",
    filling="dossiers synthétiques du registre",
    workers=2,
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument(
        "--port",
        type=int,
        default=8000,
        metavar="PORT",
        help="port à ouvrir (8000), le registre prend le suivant",
    )
    parser.add_argument("--reset", action="store_true", help="efface les données et recommence à neuf")


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    started = time.perf_counter()
    with _interrupted_by_any_signal(), contextlib.ExitStack() as running:
        if refused := refusal_of_ports(options.port):
            raise LauncherError(refused)
        assets.fetch(assets_folder())
        state = demo_folder()
        server = EmbeddedPostgres(_postgres_folder(state), durable=True)
        try:
            _prepare_state(state, server, reset=options.reset)
        except OSError as error:
            raise refusal_of(error, state) from error
        with step("PostgreSQL"):
            running.enter_context(server)
        environment = _environment(state, server.url(DATABASE), options.port)
        apart = _register_environment(
            state, server.url(REGISTER_DATABASE, owner=REGISTER_OWNER), options.port + 1
        )
        try:
            _prepare_database(server, COORDINATION, environment)
            _prepare_database(server, REGISTER, apart)
        except LauncherError as error:
            # A full disk fells the server: the command that was loading only saw it fall.
            raise no_room(server.home) if server.ran_out_of_room() else error from error
        with step("sites et tâches de fond"):
            web = _start(state, COORDINATION.name, _web_command(COORDINATION, options.port), environment)
            running.callback(web.stop)
            people = _personas(environment)
            _wait_for_answer(web, state / "web.log", options.port)
            register = _start(state, REGISTER.name, _web_command(REGISTER, options.port + 1), apart)
            running.callback(register.stop)
            _wait_for_answer(register, state / "register.log", options.port + 1)
            # After the first page: the two would otherwise share the processors while someone waits.
            worker = _start(state, "worker", _WORKER_COMMAND, environment)
            running.callback(worker.stop)
        running.callback(forget, state)
        remember(state, environment)
        _announce(options.port, people, time.perf_counter() - started)
        try:
            _watch({"web": web, "register": register, "worker": worker}, state)
        except KeyboardInterrupt:
            print("\nArrêt…", flush=True)
    return 0


def remember(state: Path, environment: Mapping[str, str]) -> None:
    """Keep the settings of the site that runs, for « traitdunion --demo … »; only this account reads them."""
    kept = {name: environment[name] for name in environment if name.startswith(_OURS)}
    forget(state)
    write_private(state / RUNNING, json.dumps(kept))


def forget(state: Path) -> None:
    """Say that no site runs any more."""
    (state / RUNNING).unlink(missing_ok=True)


def aim(state: Path) -> None:
    """Give this process the settings of the demonstration that runs.

    Raises:
        CommandRefusedError: none runs here.
    """
    try:
        kept = json.loads((state / RUNNING).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandRefusedError(
            "Aucune démonstration ne tourne ici : lancez « make demo » dans un autre terminal, puis recommencez."
        ) from error
    os.environ.update(kept)


def _announce(port: int, people: Sequence[str], seconds: float) -> None:
    print(f"\nTrait d’union est servi sur http://{ADDRESS}:{port}/ (prêt en {seconds:.0f} s).")
    print(f"Le registre des soins sans consentement, site à part, l’est sur http://{ADDRESS}:{port + 1}/.")
    print("Toutes les données sont synthétiques. Personnages à essayer, d’un clic depuis « Se connecter » :")
    for label in people:
        print(f"  – {label}")
    print(
        "Dans un autre terminal, « traitdunion --demo plan export --format ods --out plan.ods » lit ce site."
    )
    print("Ctrl-C arrête tout.", flush=True)


def _watch(processes: Mapping[str, Guarded], state: Path) -> None:
    """Return never while all is well.

    Raises:
        LauncherError: a process ended by itself.
    """
    while True:
        for name, process in processes.items():
            if process.exit_status() is not None:
                raise LauncherError(
                    f"Un processus de la démonstration s’est arrêté de lui-même : lisez {state / f'{name}.log'}, "
                    "puis relancez."
                )
        time.sleep(0.5)


def _postgres_folder(state: Path) -> Path:
    if os.geteuid() != 0:
        return state / "postgres"
    return COPIES / f"traitdunion-0-{hashlib.sha256(os.fsencode(state)).hexdigest()[:12]}"


def _prepare_state(state: Path, server: EmbeddedPostgres, *, reset: bool) -> None:
    own_folder(state, mode=0o700)
    if reset:
        with step("effacement des données précédentes"):
            server.erase()
            shutil.rmtree(state / "mail", ignore_errors=True)
            for name in ("secret-key", BILAN_KEY, BILAN_KEYS, REGISTER_SECRET, REGISTER_KEYS):
                (state / name).unlink(missing_ok=True)
    for name in ("secret-key", REGISTER_SECRET):
        if not (state / name).exists():
            write_private(state / name, secrets.token_urlsafe(64))
    _prepare_signing_key(state)
    if not (state / REGISTER_KEYS).exists():
        write_private(state / REGISTER_KEYS, register_keyring.new_keys(at=datetime.now(UTC)).to_text())
    (state / "mail").mkdir(exist_ok=True)


def _prepare_signing_key(state: Path) -> None:
    """Draw the key that signs the bilans of the demonstration, unless there is one: bilans rest on it."""
    if (state / BILAN_KEY).exists() and (state / BILAN_KEYS).exists():
        return
    # The story it signs began before today.
    private, chain = keyring.new_key(at=datetime.now(UTC) - STORY)
    write_private(state / BILAN_KEY, private.decode())
    write_private(state / BILAN_KEYS, chain.decode())


def _environment(state: Path, database_url: str, port: int) -> Mapping[str, str]:
    """Return the environment of what we start: ours, with the settings of the demonstration."""
    return {
        **_surroundings(_OF_REGISTER),
        "DJANGO_SETTINGS_MODULE": "config.settings.demo",
        "DATABASE_URL": database_url,
        "PYTHONUNBUFFERED": "1",
        "TRAITDUNION_ASSETS": str(assets_folder().absolute()),
        "TRAITDUNION_BASE_URL": f"http://{ADDRESS}:{port}",
        "TRAITDUNION_BILAN_KEY": str((state / BILAN_KEY).absolute()),
        "TRAITDUNION_BILAN_KEYS": str((state / BILAN_KEYS).absolute()),
        "TRAITDUNION_DEMO_MAIL": str(state / "mail"),
        "TRAITDUNION_SECRET_KEY": (state / "secret-key").read_text(encoding="utf-8"),
    }


def _register_environment(state: Path, database_url: str, port: int) -> Mapping[str, str]:
    """Return the environment of the register: nothing in it opens the coordination site."""
    return {
        **_surroundings(_OF_COORDINATION),
        "DJANGO_SETTINGS_MODULE": "config.settings.demo_register",
        "PYTHONUNBUFFERED": "1",
        "TRAITDUNION_ASSETS": str(assets_folder().absolute()),
        "TRAITDUNION_REGISTER_BASE_URL": f"http://{ADDRESS}:{port}",
        "TRAITDUNION_REGISTER_DATABASE_URL": database_url,
        "TRAITDUNION_REGISTER_KEYS": str((state / REGISTER_KEYS).absolute()),
        "TRAITDUNION_REGISTER_SECRET_KEY": (state / REGISTER_SECRET).read_text(encoding="utf-8"),
    }


def _surroundings(others: Sequence[str]) -> dict[str, str]:
    """Return our own environment without what aims psql, and without what opens the other site."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", *others))}


def _prepare_database(server: EmbeddedPostgres, site: Site, environment: Mapping[str, str]) -> None:
    """Bring the database of a site up to date. A new one bears its name only once complete."""
    schema = _schema_fingerprint()
    if site.database in server.databases():
        if server.note(site.database) != schema:
            with step(f"migrations ({site.name})"):
                _django(environment, "migrate", "--no-input", "--verbosity=0")
            server.close_to_others(site.database)  # made by a version that had one site
            server.leave_note(site.database, schema)
        return
    server.drop_database(site.unfinished)
    server.create_database(site.unfinished, owner=site.owner)
    environment = {**environment, site.variable: server.url(site.unfinished, owner=site.owner)}
    with step(f"base de données et migrations ({site.name})"):
        _django(environment, "migrate", "--no-input", "--verbosity=0")
    with step(site.filling, live=False):
        _django(environment, site.fill)
    server.leave_note(site.unfinished, schema)
    server.rename_database(site.unfinished, site.database)


def _schema_fingerprint() -> str:
    """Return a digest that changes with any migration, ours or a library's."""
    digest = hashlib.sha256()
    for file in (ROOT / "uv.lock", *sorted((ROOT / "traitdunion").glob("*/migrations/*.py"))):
        if file.exists():
            digest.update(f"{file.name}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _django(environment: Mapping[str, str], *words: str) -> None:
    """Run a command of Django to its end, out of reach of the Ctrl-C of the terminal, which stops it from here."""
    with subprocess.Popen(  # noqa: S603  # our own interpreter, fixed words
        [sys.executable, "-m", "django", *words],
        env=dict(environment),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        try:
            _, printed = command.communicate()
        except BaseException:
            command.kill()
            raise
    if command.returncode != 0:
        if "No space left on device" in printed:
            raise LauncherError(
                "Le disque est plein : libérez environ 300 Mo, puis relancez ; rien n’est à réparer."
            )
        lines = [line for line in printed.splitlines() if line.strip()] or ["sans explication"]
        raise LauncherError(
            f"La commande « {words[0]} » a échoué : {lines[-1]} — relancez avec « make demo RESET=1 » si cela persiste."
        )


def _web_command(site: Site, port: int) -> Sequence[str]:
    return [
        "gunicorn",
        "config.wsgi",
        f"--bind={ADDRESS}:{port}",
        "--preload",
        "--worker-class=gthread",
        f"--workers={site.workers}",
        f"--threads={_THREADS}",
        "--graceful-timeout=3",
        "--no-control-socket",
    ]


def _start(state: Path, name: str, words: Sequence[str], environment: Mapping[str, str]) -> Guarded:
    log = state / f"{name}.log"
    log.unlink(missing_ok=True)
    return Guarded(
        [sys.executable, "-m", *words],
        stop_signal="SIGTERM",
        grace_seconds=10,
        log=log,
        environment=environment,
        folder=ROOT,
    )


def _personas(environment: Mapping[str, str]) -> Sequence[str]:
    """Return the labels of the personas, read here while the site starts."""
    os.environ.update(environment)
    django.setup()
    from traitdunion.demo.personas import personas  # not at the top: it needs the settings above

    return [persona.label for persona in personas()]


def _wait_for_answer(web: Guarded, log: Path, port: int) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    status = 0
    while time.monotonic() < deadline and web.exit_status() is None:
        connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
        try:
            connection.request("GET", "/")
            status = connection.getresponse().status
            break
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    if status == 0:
        raise LauncherError(f"Le site n’a pas démarré : la cause est à la fin de {log}.")
    if status >= _SERVER_ERROR:
        raise LauncherError(f"La page d’accueil répond par l’erreur {status} : la cause est dans {log}.")


@contextlib.contextmanager
def _interrupted_by_any_signal() -> Iterator[None]:
    """Let the end of the terminal and a polite ``kill`` stop us as Ctrl-C does, even started in the background."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = {number: signal.signal(number, interrupt) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
