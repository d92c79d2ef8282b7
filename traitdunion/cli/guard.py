"""Run one command, and stop it when the process that asked for it is gone, however it went.

Run as a file by ``processes.Guarded`` (``python -I -S guard.py …``), so it imports the standard library only.
Its standard input is a pipe whose other end the parent holds and never writes to: the kernel closes that end
on a normal stop, on an exception and on ``kill -9`` alike, and the read below returns. The guard lives in a
session of its own: a Ctrl-C typed in the terminal reaches the parent alone, which stops what it runs in order.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the command of the arguments and return its exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stop-signal", required=True)
    parser.add_argument("--grace", type=float, required=True, help="seconds before the command is killed")
    parser.add_argument("--user", type=int)
    parser.add_argument("--group", type=int)
    parser.add_argument("--remove", action="append", default=[], help="folder to remove at the end")
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A handler and not SIG_IGN, which the command would inherit.
        signal.signal(ignored, lambda *_: None)
    try:
        child = subprocess.Popen(  # noqa: S603  # the command our caller built
            asked.command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            user=asked.user,
            group=asked.group,
            extra_groups=None if asked.user is None else [],
            umask=0o077,
        )
    except OSError as error:
        print(f"{asked.command[0]}: {error}", file=sys.stderr)
        return 127
    threading.Thread(
        target=_stop_at_the_end_of_the_parent,
        args=(child, signal.Signals[asked.stop_signal], asked.grace),
        daemon=True,
    ).start()
    status = child.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)  # whatever the command left in its own session
    for folder in asked.remove:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _stop_at_the_end_of_the_parent(
    child: subprocess.Popen[bytes], stop_signal: signal.Signals, grace: float
) -> None:
    while os.read(0, 1024):
        pass
    child.send_signal(stop_signal)
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main() % 256)
