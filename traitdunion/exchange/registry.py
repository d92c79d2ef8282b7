"""The kinds of tables the site imports. Each app that has one registers it here; this app knows none."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from traitdunion.audit.actors import Actor
from traitdunion.exchange.difference import Difference
from traitdunion.exchange.errors import CellError
from traitdunion.exchange.tables import Table
from traitdunion.identity.models import Mandate

# Called with the number of rows done and the number of rows to do.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, as the help of the page shows it."""

    name: str
    required: bool
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What reading a table gave: what is wrong in it, and what it would change or has changed.

    ``notes`` are sentences that who sends the table must know beside the difference.
    """

    difference: Difference
    errors: Sequence[CellError] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)

    def summary(self) -> str:
        """Return the difference in one sentence, and the notes."""
        return (
            " ".join((f"{self.difference.summary()}.", *self.notes))
            if self.notes
            else self.difference.summary()
        )


class Importer(Protocol):
    """How an app reads a table."""

    kind: str
    label: str
    columns: Sequence[Column]

    def may_import(self, mandate: Mandate) -> bool:
        """Whether ``mandate`` may send such a table."""
        ...

    def check(self, table: Table, *, at: datetime, progress: Progress) -> Outcome:
        """Return what the table would change; write nothing."""
        ...

    def apply(self, table: Table, *, actor: Actor, at: datetime, progress: Progress) -> Outcome:
        """Write the table, all or nothing; with errors, nothing is written."""
        ...


_importers: dict[str, Importer] = {}


def register(importer: Importer) -> None:
    """Make a kind of table known. Called once, when the app is ready."""
    _importers[importer.kind] = importer


def importer(kind: str) -> Importer | None:
    """Return the importer of ``kind``, None when there is none."""
    return _importers.get(kind)


def importers_for(mandate: Mandate) -> Iterable[Importer]:
    """Return the kinds of tables that ``mandate`` may send."""
    return [each for each in _importers.values() if each.may_import(mandate)]
