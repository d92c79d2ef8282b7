"""``traitdunion demo``: the coordination site on this machine, with synthetic data and one-click personas.

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
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

import django

from traitdunion.cli import assets
from traitdunion.cli.checkout import ROOT, assets_folder, demo_folder
from traitdunion.cli.embedded_postgres import EmbeddedPostgres
from traitdunion.cli.errors import LauncherError
from traitdunion.cli.files import CommandRefusedError
from traitdunion.cli.folders import no_room, own_folder, refusal_of, write_private
from traitdunion.cli.postgres_binaries import COPIES
from traitdunion.cli.processes import Guarded
from traitdunion.cli.progress import step
from traitdunion.reviews import keyring

ADDRESS: Final = "127.0.0.1"
DATABASE: Final = "traitdunion_demo"
BILAN_KEY: Final = "bilan-key.pem"
BILAN_KEYS: Final = "bilan-keys.json"
RUNNING: Final = "running.json"
STORY: Final = timedelta(days=365)

_OURS: Final = ("TRAITDUNION_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
_UNFINISHED: Final = f"{DATABASE}_new"
_WORKER_COMMAND: Final = ("django", "procrastinate", "worker")
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WORKERS: Final = 4
_THREADS: Final = 2
_ANSWER_SECONDS: Final = 60
_SERVER_ERROR: Final = 500


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--port", type=int, default=8000, metavar="PORT", help="port à ouvrir (8000)")
    parser.add_argument("--reset", action="store_true", help="efface les données et recommence à neuf")


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    started = time.perf_counter()
    with _interrupted_by_any_signal(), contextlib.ExitStack() as running:
        _check_port(options.port)
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
        try:
            _prepare_database(server, environment)
        except LauncherError as error:
            # A full disk fells the server: the command that was loading only saw it fall.
            raise no_room(server.home) if server.ran_out_of_room() else error from error
        with step("site et tâches de fond"):
            web = _start(state, "web", _web_command(options.port), environment)
            running.callback(web.stop)
            people = _personas(environment)
            _wait_for_answer(web, state / "web.log", options.port)
            # After the first page: the two would otherwise share the processors while someone waits.
            worker = _start(state, "worker", _WORKER_COMMAND, environment)
            running.callback(worker.stop)
        running.callback(forget, state)
        remember(state, environment)
        _announce(options.port, people, time.perf_counter() - started)
        try:
            _watch((web, worker), state)
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
    print("Toutes les données sont synthétiques. Personnages à essayer, d’un clic depuis « Se connecter » :")
    for label in people:
        print(f"  – {label}")
    print(
        "Dans un autre terminal, « traitdunion --demo plan export --format ods --out plan.ods » lit ce site."
    )
    print("Ctrl-C arrête tout.", flush=True)


def _watch(processes: Sequence[Guarded], state: Path) -> None:
    """Return never while all is well.

    Raises:
        LauncherError: a process ended by itself.
    """
    while all(process.exit_status() is None for process in processes):
        time.sleep(0.5)
    raise LauncherError(
        f"Un processus de la démonstration s’est arrêté de lui-même : lisez {state / 'web.log'} et "
        f"{state / 'worker.log'}, puis relancez."
    )


def _check_port(port: int) -> None:
    if not 1 <= port <= 65535:
        raise LauncherError(f"Le port {port} n’existe pas : donnez un nombre entre 1 et 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except PermissionError:
            raise LauncherError(
                f"Le port {port} est réservé à root : choisissez-en un au-dessus de 1024, "
                "par exemple « make demo PORT=8001 »."
            ) from None
        except OSError:
            raise LauncherError(
                f"Le port {port} est déjà pris sur {ADDRESS} : arrêtez ce qui l’occupe, ou choisissez-en un autre, "
                f"par exemple « make demo PORT={port + 1 if port < 65535 else 8001} »."
            ) from None


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
            for name in ("secret-key", BILAN_KEY, BILAN_KEYS):
                (state / name).unlink(missing_ok=True)
    if not (state / "secret-key").exists():
        write_private(state / "secret-key", secrets.token_urlsafe(64))
    _prepare_signing_key(state)
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
        **{name: value for name, value in os.environ.items() if not name.startswith("PG")},
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


def _prepare_database(server: EmbeddedPostgres, environment: Mapping[str, str]) -> None:
    """Bring the database up to date. A new one bears its name only once complete."""
    schema = _schema_fingerprint()
    if DATABASE in server.databases():
        if server.note(DATABASE) != schema:
            with step("migrations"):
                _django(environment, "migrate", "--no-input", "--verbosity=0")
            server.leave_note(DATABASE, schema)
        return
    server.drop_database(_UNFINISHED)
    server.create_database(_UNFINISHED)
    environment = {**environment, "DATABASE_URL": server.url(_UNFINISHED)}
    with step("base de données et migrations"):
        _django(environment, "migrate", "--no-input", "--verbosity=0")
    with step("données synthétiques, environ quinze secondes", live=False):
        _django(environment, "demo_data")
    server.leave_note(_UNFINISHED, schema)
    server.rename_database(_UNFINISHED, DATABASE)


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


def _web_command(port: int) -> Sequence[str]:
    return [
        "gunicorn",
        "config.wsgi",
        f"--bind={ADDRESS}:{port}",
        "--preload",
        "--worker-class=gthread",
        f"--workers={_WORKERS}",
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
