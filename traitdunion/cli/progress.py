"""One line per step, with the time it took."""

import contextlib
import sys
import time
from collections.abc import Iterator


@contextlib.contextmanager
def step(label: str, *, live: bool = True) -> Iterator[None]:
    """Show ``label`` while the block runs, then how long it took.

    Args:
        label: what is being done, in French.
        live: rewrite the line at the end; False when the block prints lines of its own.
    """
    started = time.perf_counter()
    live = live and sys.stdout.isatty()
    start = "\r" if live else ""
    print(f"  … {label}", end="" if live else "\n", flush=True)
    try:
        yield
    except BaseException:
        print(f"{start}  ✗ {label}", flush=True)
        raise
    took = f"{time.perf_counter() - started:.1f}".replace(".", ",")
    print(f"{start}  ✓ {label} ({took} s)", flush=True)
