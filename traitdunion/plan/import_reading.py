"""What reading a table of the plan gave so far."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from traitdunion.exchange.cells import Cell
from traitdunion.exchange.difference import Change
from traitdunion.exchange.errors import CellError
from traitdunion.exchange.tables import Row
from traitdunion.plan.import_columns import KEYED
from traitdunion.plan.kinds import LineKind
from traitdunion.plan.lines import Fields, Key, Line


@dataclass(slots=True)
class Reading:
    """The lines known before, those that the table says, what is wrong in it.

    Attributes:
        documents: those brought beside the table, by SHA-256.
        facts: how many times each fact was read.
    """

    before: Mapping[Key, Fields]
    today: date
    headers: Sequence[str]  # those of ours that the table has
    documents: Mapping[str, Path]
    errors: list[CellError] = field(default_factory=list)
    rows: dict[Key, Row] = field(default_factory=dict)
    after: dict[Key, Fields] = field(default_factory=dict)
    facts: Counter[Key] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    changed: list[Line] = field(default_factory=list)

    def fields(self, kind: LineKind, code: str) -> Fields:
        """Return what is known of a line once the table is applied, nothing when there is no such line."""
        key = Key(kind=kind, code=code)
        return {**self.before.get(key, {}), **self.after.get(key, {})}

    def codes(self) -> Mapping[LineKind, set[str]]:
        """Return the codes of each kind, known before or in the table."""
        known: dict[LineKind, set[str]] = defaultdict(set)
        for key in (*self.before, *self.after):
            known[key.kind].add(key.code)
        return known

    def cell(self, key: Key, *headers: str) -> Cell:
        """Return the first of these cells of a line that the table has, else the one that names the line."""
        row = self.rows[key]
        found = (row.get(header) for header in (*headers, KEYED[key.kind][0]))
        return next((cell for cell in found if cell is not None), row["type"])
