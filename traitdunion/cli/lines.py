"""Long files of facts, one measure a line: read, shared between processes and answered in order, in flat memory."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import batched
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO, Final

from traitdunion.cli.files import CommandRefusedError
from traitdunion.law.deadlines import MOST_BYTES

BATCH: Final = 500
"""Measures handed to a process at once."""
AHEAD: Final = 3
"""Batches waiting for each process: memory stays flat however long the file."""


def opened(name: str) -> BinaryIO:
    """Open a file to read, « - » being the standard input.

    Raises:
        CommandRefusedError: it cannot be read.
    """
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as fault:
        raise CommandRefusedError(
            f"Le fichier « {name} » ne peut pas être lu : vérifiez son nom et vos droits."
        ) from fault


def batches(source: BinaryIO) -> Iterator[tuple[bytes, ...]]:
    """Yield the lines by batches; a line too long to be facts is cut, and refused where it stands."""
    return batched(_lines(source), BATCH)


def _lines(source: BinaryIO) -> Iterator[bytes]:
    while line := source.readline(MOST_BYTES + 2):
        if not line.endswith(b"\n") and len(line) > MOST_BYTES:
            while (rest := source.readline(MOST_BYTES)) and not rest.endswith(b"\n"):
                pass
        if line.strip():
            yield line


def mapped[T](
    work: Callable[[tuple[bytes, ...]], T], shares: Iterable[tuple[bytes, ...]], jobs: int
) -> Iterator[T]:
    """Yield what ``work`` makes of each batch, in order, with a few batches ahead and no more."""
    source = iter(shares)
    first = next(source, None)
    if first is None:
        return
    if jobs == 1 or len(first) < BATCH:
        yield work(first)
        yield from map(work, source)
        return
    waiting: deque[Future[T]] = deque()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting.append(pool.submit(work, first))
        for batch in source:
            waiting.append(pool.submit(work, batch))
            if len(waiting) > jobs * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
