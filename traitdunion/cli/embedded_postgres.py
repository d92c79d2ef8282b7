"""A PostgreSQL server of our own for the demo and the tests, without any service on the machine.

What one server may touch is one folder, its ``home``::

    home/               ours; 0700, or 0711 when the server runs as another user, who only passes through
        lock            held while the server is ours
        passwords       0600, libpq format, of every role; ours alone
        passwords.ROLE  0600, of one role: what the processes of its site are given
        server.log      0600
        data/           0700, the server's
        run/            0700, the server's: the Unix socket, the only door

PostgreSQL refuses to run as root: there the server takes the identity of an existing account without rights
(``postgres``, else ``nobody``), and no permission is ever opened on a folder that is not ours.
"""

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from traitdunion.cli.errors import LauncherError
from traitdunion.cli.folders import no_room, own_folder, refusal_of, write_private
from traitdunion.cli.postgres_binaries import (
    Installation,
    find_installation,
    is_reachable,
    server_environment,
    unprivileged_account,
)
from traitdunion.cli.processes import Guarded

OWNER: Final = "traitdunion"
REGISTER_OWNER: Final = "registre"
# Roles of the sites, and what each may do beside owning its databases. None has a right on the other's.
_ROLES: Final = {OWNER: "CREATEDB", REGISTER_OWNER: "NOCREATEDB"}

_ADMIN: Final = "postgres"
_PORT: Final = 5432  # no TCP port is opened: it only names the socket file
_SOCKET_PATH_LIMIT: Final = 103  # the shortest of the systems' limits (macOS; Linux takes 107)
_TEMPORARY: Final = ("/tmp", "/var/tmp")  # noqa: S108  # only parents of private folders
_DISK_FULL: Final = "No space left on device"
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 30
_QUIET: Final = ("-c", "log_min_messages=warning", "-c", "log_checkpoints=off")
# Of the tests. Their databases are dropped within minutes, which a worker of autovacuum inside would refuse.
_FORGETFUL: Final = (
    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
    *("-c", "autovacuum=off"),
)


class EmbeddedPostgres:
    """One server in one folder, started on entering the context and stopped on leaving it.

    It also stops when this process ends in any other way, ``kill -9`` included.

    Args:
        home: folder of the server, created when absent; reused otherwise.
        durable: keep every acknowledged write across a power cut; False for tests, about three times faster.
        remove: erase ``home`` once the server has stopped.
    """

    def __init__(self, home: Path, *, durable: bool, remove: bool = False) -> None:
        self.home = home
        self._durable = durable
        self._remove = remove
        self._account = unprivileged_account()
        self._data = home / "data"
        self._pid_file = self._data / "postmaster.pid"
        self._run = home / "run"
        self._passwords = home / "passwords"
        self._log = home / "server.log"
        self._lock: int | None = None
        self._server: Guarded | None = None

    @classmethod
    def for_tests(cls) -> Self:
        """Return a server in a new temporary folder, which disappears with it."""
        account = unprivileged_account()
        for parent in (tempfile.gettempdir(), *_TEMPORARY):
            if account is None or is_reachable(Path(parent), account):
                home = tempfile.mkdtemp(prefix="traitdunion-", dir=parent)
                return cls(Path(home), durable=False, remove=True)
        raise LauncherError(
            "Aucun dossier temporaire n’est accessible au compte sous lequel PostgreSQL doit tourner : "
            "donnez à TMPDIR un dossier que tous les comptes peuvent traverser."
        )

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()

    def start(self) -> None:
        """Start the server, making its folder and its roles the first time.

        Raises:
            LauncherError: no binaries, no room, no account, or the folder is in use or not ours.
        """
        self._take_home()
        try:
            self._end_orphan()
            installation = find_installation(self._account, major=self._major_of_data())
            with self._readable_refusals():
                if not (self._data / "PG_VERSION").exists():
                    self._initialise(installation)
                self._launch(installation)
                self._wait_until_ready()
                self._prepare_roles()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server: running queries are cancelled, what is committed is kept."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._remove:
            shutil.rmtree(self.home, ignore_errors=True)

    def url(self, database: str, *, owner: str = OWNER) -> str:
        """Return the address of ``database`` for its owner; the password stays in a file that holds no other."""
        where = {
            "host": str(self._socket_folder),
            "port": _PORT,
            "user": owner,
            "passfile": str(self._passwords_of(owner)),
        }
        return f"postgresql:///{quote(database)}?{urlencode(where)}"

    def databases(self) -> set[str]:
        """Return the names of the databases."""
        with self._admin() as connection:
            return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}

    def create_database(self, name: str, *, owner: str = OWNER) -> None:
        """Make an empty database that belongs to the role of a site; no other role may connect to it."""
        self._run_sql("CREATE DATABASE {} OWNER {} TEMPLATE template0", name, owner)
        self.close_to_others(name)

    def close_to_others(self, name: str) -> None:
        """Let no role but its owner connect to a database: by default PostgreSQL lets them all."""
        self._run_sql("REVOKE ALL ON DATABASE {} FROM PUBLIC", name)

    def rename_database(self, old: str, new: str) -> None:
        """Give the database ``old`` the name ``new``; nobody may be connected to it."""
        self._run_sql("ALTER DATABASE {} RENAME TO {}", old, new)

    def drop_database(self, name: str) -> None:
        """Erase a database, if it exists, closing the connections to it."""
        self._run_sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def note(self, database: str) -> str | None:
        """Return the note left on ``database``; None when there is no note or no such database."""
        with self._admin() as connection:
            row = connection.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database]
            ).fetchone()
        return row[0] if row else None

    def leave_note(self, database: str, note: str) -> None:
        """Leave a note on ``database``, which it keeps when renamed."""
        with self._readable_refusals(), self._admin() as connection:
            statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
            connection.execute(statement.format(sql.Identifier(database), sql.Literal(note)))

    def ran_out_of_room(self) -> bool:
        """Return whether the server said, since it started, that its disk is full."""
        try:
            return _DISK_FULL in self._log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False

    def erase(self) -> None:
        """Erase the server's folder and all it holds; it must not be running.

        Raises:
            LauncherError: it is in use, or the folder is not ours.
        """
        if not self.home.exists():
            return
        self._take_home()
        try:
            self._end_orphan()
            shutil.rmtree(self.home)
        except OSError as error:
            raise refusal_of(error, self.home) from error
        finally:
            self.stop()

    @property
    def _socket_folder(self) -> Path:
        longest = self._run / f".s.PGSQL.{_PORT}.lock"
        if len(os.fsencode(longest)) <= _SOCKET_PATH_LIMIT:
            return self._run
        raise LauncherError(
            f"Le chemin {self.home} est trop long pour une prise Unix : choisissez un dossier plus court "
            "avec TRAITDUNION_HOME."
        )

    def _take_home(self) -> None:
        _ = self._socket_folder
        try:
            own_folder(self.home, mode=0o700 if self._account is None else 0o711)
            self._lock = os.open(
                self.home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError as error:
            raise refusal_of(error, self.home) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
            raise LauncherError(
                f"Une base de données tourne déjà dans {self.home} : arrêtez l’autre commande (Ctrl-C) "
                "avant de relancer celle-ci."
            ) from None
        if self._account is not None and not is_reachable(self.home, self._account):
            raise LauncherError(
                f"Le compte « {self._account.name} », sous lequel PostgreSQL tourne, ne peut pas atteindre "
                f"{self.home} : choisissez un dossier sous /var/tmp."
            )

    def _end_orphan(self) -> None:
        """Stop a server left in this folder by a run that was killed together with its guard."""
        deadline = time.monotonic() + _STOP_SECONDS
        while (pid := self._running_pid()) is not None:
            if not Path("/proc").is_dir() or time.monotonic() > deadline:
                raise LauncherError(
                    f"Un ancien serveur PostgreSQL (processus {pid}) occupe {self.home} : "
                    f"arrêtez-le (kill {pid}), puis relancez."
                )
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.05)

    def _running_pid(self) -> int | None:
        """Return the process that serves this very folder, if any; a number reused by a stranger is none."""
        try:
            pid = int(self._pid_file.read_text(encoding="utf-8").split("\n")[0])
            os.kill(pid, 0)
            if Path("/proc").is_dir() and not Path(f"/proc/{pid}/cwd").samefile(self._data):
                return None
        except (OSError, ValueError):
            return None
        return pid

    def _major_of_data(self) -> int | None:
        try:
            return int((self._data / "PG_VERSION").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def _initialise(self, installation: Installation) -> None:
        """Make the cluster beside its place, then move it there: half a cluster never bears its name."""
        for leftover in (self._data, self.home / "data.new"):
            shutil.rmtree(leftover, ignore_errors=True)
        first = secrets.token_urlsafe(32)
        write_private(self._passwords, _line(_ADMIN, first))
        self._own_subfolder(self.home / "data.new")
        first_password = self.home / "data.new.password"
        write_private(first_password, first)
        if self._account is not None:
            os.chown(first_password, self._account.uid, self._account.gid)
        command = [
            str(installation.binaries / "initdb"),
            f"--pgdata={self.home / 'data.new'}",
            f"--username={_ADMIN}",
            f"--pwfile={first_password}",
            "--auth-local=scram-sha-256",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
            "--data-checksums" if self._durable else "--no-sync",
        ]
        account = self._account
        try:
            done = subprocess.run(  # noqa: S603  # our own binaries, fixed arguments
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                cwd="/",
                env=server_environment(),
                user=None if account is None else account.uid,
                group=None if account is None else account.gid,
                extra_groups=None if account is None else [],
                umask=0o077,
                check=False,
            )
        finally:
            first_password.unlink()
        if done.returncode != 0:
            shutil.rmtree(self.home / "data.new", ignore_errors=True)
            raise self._failure(done.stderr)
        (self.home / "data.new").rename(self._data)

    def _launch(self, installation: Installation) -> None:
        self._own_subfolder(self._run)
        self._log.unlink(missing_ok=True)
        self._pid_file.unlink(missing_ok=True)  # of a server that is no more: see _end_orphan
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._run),
            "unix_socket_permissions": "0700",
            "port": str(_PORT),
            "timezone": "UTC",
        }
        command = [str(installation.binaries / "postgres"), "-D", str(self._data), *_QUIET]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        if not self._durable:
            command += _FORGETFUL
        self._server = Guarded(
            command,
            stop_signal="SIGINT",
            grace_seconds=_STOP_SECONDS,
            log=self._log,
            identity=None if self._account is None else (self._account.uid, self._account.gid),
            environment=server_environment(),
            remove_at_end=[self.home] if self._remove else [],
        )

    def _wait_until_ready(self) -> None:
        assert self._server is not None  # noqa: S101  # called right after _launch
        deadline = time.monotonic() + _START_SECONDS
        while not self._says_ready():
            if self._server.exit_status() is not None or time.monotonic() > deadline:
                raise self._failure(self._log.read_text(encoding="utf-8", errors="replace"))
            time.sleep(0.01)

    def _says_ready(self) -> bool:
        """Return whether the server wrote « ready » in its own file, where ``pg_ctl`` reads it too."""
        try:
            lines = self._pid_file.read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return lines[7:8] == ["ready   "]

    def _prepare_roles(self) -> None:
        with self._admin() as connection:
            there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role, right in _ROLES.items():
                if role not in there:
                    password = self._draw_password(role)
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
                            sql.Identifier(role), sql.SQL(right), sql.Literal(password)
                        )
                    )
                write_private(self._passwords_of(role), _line(role, self._password(role)))

    def _draw_password(self, role: str) -> str:
        """Draw the password of a new role and keep it; one left by a start that was cut short is replaced."""
        kept = self._passwords.read_text(encoding="utf-8").splitlines(keepends=True)
        others = "".join(line for line in kept if line.split(":")[3] != role)
        password = secrets.token_urlsafe(32)
        write_private(self._passwords, others + _line(role, password))
        return password

    def _passwords_of(self, role: str) -> Path:
        return self.home / f"{self._passwords.name}.{role}"

    def _password(self, role: str) -> str:
        for line in self._passwords.read_text(encoding="utf-8").splitlines():
            if line.split(":")[3] == role:
                return line.split(":", maxsplit=4)[4]
        raise LauncherError(
            f"Le fichier {self._passwords} ne contient plus le mot de passe de « {role} » : "
            "relancez avec « make demo RESET=1 »."
        )

    @contextlib.contextmanager
    def _admin(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(
            host=str(self._socket_folder),
            port=_PORT,
            user=_ADMIN,
            dbname="postgres",
            passfile=str(self._passwords),
            autocommit=True,
        ) as connection:
            yield connection

    def _run_sql(self, statement: str, *names: str) -> None:
        with self._readable_refusals(), self._admin() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    @contextlib.contextmanager
    def _readable_refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise refusal_of(error, self.home) from error
        except psycopg.Error as error:
            raise self._failure(str(error)) from error

    def _own_subfolder(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(folder, self._account.uid, self._account.gid)

    def _failure(self, printed: str) -> LauncherError:
        if _DISK_FULL in printed or "Disk quota exceeded" in printed:
            return no_room(self.home)
        lines = [line.strip() for line in printed.splitlines() if line.strip()]
        faults = [
            found[0] for found in map(re.compile(r"(FATAL|PANIC|ERROR|error): .*").search, lines) if found
        ]
        telling = faults or lines or ["(rien)"]
        return LauncherError(
            f"PostgreSQL n’a pas démarré dans {self.home} ; il dit : « {telling[0]} ». "
            "Corrigez cette cause, ou recommencez à neuf avec « make demo RESET=1 »."
        )


def _line(role: str, password: str) -> str:
    """Return the line of a libpq password file: any host, any port, any database."""
    return f"*:*:*:{role}:{password}\n"
