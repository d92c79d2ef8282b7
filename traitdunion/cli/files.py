"""Files that a command reads and writes."""

import sys
from pathlib import Path

from traitdunion.core.errors import Refusal


class CommandRefusedError(Refusal):
    """The command cannot do what was asked; nothing was changed."""


def write_out(content: bytes, path: Path | None) -> int:
    """Write an export whole, or not at all; return the exit status."""
    if path is None:
        sys.stdout.buffer.write(content)
        return 0
    draft = path.with_name(f".{path.name}.partiel")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as fault:
        draft.unlink(missing_ok=True)
        raise CommandRefusedError(
            f"Le fichier « {path} » ne peut pas être écrit ({fault.strerror}). Choisissez un autre dossier."
        ) from fault
    return 0
