"""One line per step, with the time it took."""

import contextlib
import sys
import time
from collections.abc import Iterator


@contextlib.contextmanager
def step(label: str) -> Iterator[None]:
    """Show ``label`` while the block runs, then how long it took."""
    started = time.perf_counter()
    live = sys.stdout.isatty()
    if live:
        print(f"  … {label}", end="", flush=True)
    try:
        yield
    except BaseException:
        print(f"\r  ✗ {label}" if live else f"  ✗ {label}", flush=True)
        raise
    took = f"{time.perf_counter() - started:.1f}".replace(".", ",")
    print(f"{chr(13) if live else ''}  ✓ {label} ({took} s)", flush=True)
