"""Who fills the calendars and finishes the letters: apps above name a function, read once every app is ready."""

from dataclasses import dataclass
from typing import Final

_sources: Final[list[str]] = []
_makers: Final[dict[str, "Maker"]] = {}


def register(source: str) -> None:
    """Add the dotted name of a function that gives the events of a mandate on a day."""
    if source not in _sources:
        _sources.append(source)


def sources() -> tuple[str, ...]:
    """Return the dotted names, in the order they came."""
    return tuple(_sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who finishes a letter when it leaves.

    Attributes:
        source: dotted name of a function ``(about: UUID, body: str, *, at: datetime) -> str | None``: the body as it
            leaves, the same at each try. It raises ``Refusal`` when the letter has lost its object.
        is_discreet: the function may also return None, nothing to send, and nothing stored may tell that from a letter
            that left.
    """

    source: str
    is_discreet: bool


def register_maker(name: str, source: str, *, is_discreet: bool = False) -> None:
    """Let letters be finished by ``source`` under the short name that their rows keep."""
    _makers[name] = Maker(source=source, is_discreet=is_discreet)


def maker(name: str) -> Maker | None:
    """Return the maker of that name, None when no app of this site has it."""
    return _makers.get(name)
