"""Who fills the calendars: apps above name a function, which is read once every app is ready."""

from typing import Final

_sources: Final[list[str]] = []


def register(source: str) -> None:
    """Add the dotted name of a function that gives the events of a mandate on a day."""
    if source not in _sources:
        _sources.append(source)


def sources() -> tuple[str, ...]:
    """Return the dotted names, in the order they came."""
    return tuple(_sources)
