"""Folders and files that are ours alone."""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from traitdunion.cli.errors import LauncherError


def own_folder(folder: Path, *, mode: int) -> None:
    """Make ``folder`` ours, with ``mode``, or check that the one that is there is.

    Raises:
        LauncherError: something else bears that name: a link, a file, a folder of someone else or one that
            others may write in.
    """
    with contextlib.suppress(FileExistsError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=mode)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise LauncherError(
            f"{folder} existe mais n’est pas un dossier à nous seuls (lien, autre propriétaire, ou écriture "
            "ouverte à d’autres) : par prudence rien n’y est lu ; supprimez-le, puis relancez."
        )
    folder.chmod(mode)


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read; one that is there is replaced in one step."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)


def refusal_of(error: OSError, folder: Path) -> LauncherError:
    """Return the sentence that tells a failure of the file system."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return no_room(folder)
    return LauncherError(
        f"{error.filename or folder} ne peut pas être écrit ({error.strerror}) : vérifiez les droits, ou "
        "choisissez un autre dossier avec TRAITDUNION_HOME."
    )


def no_room(folder: Path) -> LauncherError:
    """Return the sentence that tells a full disk."""
    return LauncherError(
        f"Le disque qui porte {folder} est plein : libérez environ 300 Mo, puis relancez ; "
        "rien n’est à réparer."
    )
