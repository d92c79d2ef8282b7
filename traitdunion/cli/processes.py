"""Commands that never outlive the process that started them."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_GUARD: Final = Path(__file__).with_name("guard.py")


class Guarded:
    """One command run by a guard (see ``guard.py``), which stops it when we end, even by ``kill -9``.

    Args:
        command: program and arguments.
        stop_signal: name of the signal that asks the command to end well.
        grace_seconds: time it has before being killed.
        log: file that receives what it prints, opened by us so that the command needs no right on it.
        identity: user and group numbers to take, None to stay who we are.
        environment: whole environment of the command.
        remove_at_end: folders the guard removes once the command has ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        stop_signal: str,
        grace_seconds: float,
        log: Path,
        environment: Mapping[str, str],
        identity: tuple[int, int] | None = None,
        remove_at_end: Sequence[Path] = (),
        folder: Path = Path("/"),
    ) -> None:
        arguments = [f"--stop-signal={stop_signal}", f"--grace={grace_seconds}"]
        if identity is not None:
            arguments += [f"--user={identity[0]}", f"--group={identity[1]}"]
        arguments += [f"--remove={path}" for path in remove_at_end]
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        try:
            self._guard = subprocess.Popen(  # noqa: S603  # our own guard, run by our own interpreter
                [sys.executable, "-I", "-S", str(_GUARD), *arguments, "--", *command],
                stdin=subprocess.PIPE,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
                cwd=folder,
                env=dict(environment),
            )
        finally:
            os.close(descriptor)

    def exit_status(self) -> int | None:
        """Return the exit status of the command, None while it runs."""
        return self._guard.poll()

    def stop(self) -> None:
        """Ask the command to end, and wait until it has."""
        if self._guard.stdin is not None and not self._guard.stdin.closed:
            self._guard.stdin.close()
        self._guard.wait()
