"""Files that a command reads and writes."""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from traitdunion.core.errors import Refusal


class CommandRefusedError(Refusal):
    """The command cannot do what was asked; nothing was changed."""


_REASONS: Final = {
    errno.ENOENT: "il n’existe pas, ou son dossier n’existe pas",
    errno.ENOTDIR: "son dossier n’en est pas un",
    errno.EISDIR: "c’est un dossier",
    errno.EACCES: "vous n’en avez pas le droit",
    errno.EPERM: "vous n’en avez pas le droit",
    errno.EROFS: "ce disque est en lecture seule",
    errno.ENOSPC: "le disque est plein",
    errno.ENAMETOOLONG: "ce nom est trop long",
}


def reason(fault: OSError) -> str:
    """Return in French why the system refused; in its own words when we have none."""
    return _REASONS.get(fault.errno or 0) or fault.strerror or str(fault)


def read_in(path: Path, *, most: int) -> bytes:
    """Return what a file of ``most`` bytes at most holds.

    Raises:
        CommandRefusedError: it cannot be read, or holds more.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as fault:
        raise CommandRefusedError(
            f"Le fichier « {path} » ne peut pas être lu : {reason(fault)}. Vérifiez son nom et vos droits."
        ) from fault
    if len(content) > most:
        raise CommandRefusedError(
            f"Le fichier « {path} » dépasse {most // 1_000_000} Mo, le plus que cette commande lise : est-ce le bon ?"
        )
    return content


def write_out(content: bytes, path: Path | None) -> int:
    """Write an export whole, or not at all; return the exit status.

    Raises:
        CommandRefusedError: it cannot be written.
    """
    if path is None:
        sys.stdout.buffer.write(content)
        return 0
    target = path.resolve()  # a link is followed, not replaced
    # Beside the file, so that the last step is one change of name; one draft a process, so that two never mix.
    draft = target.parent / f".{target.name}.{os.getpid()}.partiel"
    try:
        if target.exists() and not target.is_file():  # a pipe or /dev/null is written to, never replaced
            target.write_bytes(content)
            return 0
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as fault:
        raise CommandRefusedError(
            f"Le fichier « {path} » ne peut pas être écrit : {reason(fault)}. Choisissez un autre fichier."
        ) from fault
    finally:
        with suppress(OSError):
            draft.unlink()
    return 0
