"""Statistical secrecy of a table before it is opened to everyone. Plain Python.

A count of people is shown from three on; a figure of a région that rests on one département is that of the
département; and what is left when the régions shown are taken from the nation must not be one or two people either.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from traitdunion.core.errors import Refusal

LEAST: Final = 3

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell that may not be opened. ``line`` counts from 1, the header being line 1 as in a spreadsheet."""

    line: int
    column: str
    why: str

    @property
    def sentence(self) -> str:
        """What is wrong and where, without the value."""
        return f"ligne {self.line}, colonne « {self.column} » : {self.why}"


class SecrecyError(Refusal):
    """A table holds what may not be opened: nothing of it is released."""

    def __init__(self, table: str, cells: Sequence[Cell]) -> None:
        self.table = table
        self.cells = cells
        first = cells[0].sentence
        more = f" ({len(cells) - 1} autre(s) cellule(s))" if len(cells) > 1 else ""
        super().__init__(
            f"La table « {table} » n’est pas publiée : {first}{more}. "
            "Corrigez sa source ; les autres tables ne sont pas touchées."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How a table counts people.

    Attributes:
        column: the count of people a row rests on.
        units: the count of départements a row rests on, when the rows are of larger territories.
        estimates: columns that must be empty when the row is not shown.
        shown: column that says whether the row shows its figures.
        total: whether a row is the whole of its group; the other rows of the group are its parts.
        group: what the total and its parts have in common.
    """

    column: str
    units: str
    estimates: Sequence[str]
    shown: str
    total: Callable[[Row], bool]
    group: Callable[[Row], Hashable]


def faults(rows: Sequence[Row], counted: Counted) -> list[Cell]:
    """Return the cells of ``rows`` that may not be opened, in the order of the table."""
    found = [cell for line, row in enumerate(rows, start=2) for cell in _of_row(line, row, counted)]
    return sorted([*found, *_by_difference(rows, counted)], key=lambda cell: (cell.line, cell.column))


def without_remainders(rows: Sequence[Row], counted: Counted) -> list[Row]:
    """Return ``rows`` with as few parts hidden as it takes for no subtraction to isolate anyone.

    The part of the fewest people goes first: it is the one that says least. Its figures are emptied, its line stays.
    """
    kept = list(rows)
    while wrong := _by_difference(kept, counted):
        group = counted.group(kept[wrong[0].line - 2])
        parts = [
            (row[counted.column], rank)
            for rank, row in enumerate(kept)
            if row[counted.shown] and not counted.total(row) and counted.group(row) == group
        ]
        _, rank = min(parts)
        empty = dict.fromkeys((counted.column, counted.units, *counted.estimates))
        kept[rank] = {**kept[rank], **empty, counted.shown: False}
    return kept


def _of_row(line: int, row: Row, counted: Counted) -> list[Cell]:
    if not row[counted.shown]:
        return [
            Cell(line=line, column=name, why="cette ligne n’est pas montrée, la case doit être vide")
            for name in (counted.column, *counted.estimates)
            if row[name] is not None
        ]
    cells = []
    people = row[counted.column]
    if people is None or people < LEAST:
        cells.append(Cell(line=line, column=counted.column, why=f"moins de {LEAST} personnes"))
    if row[counted.units] is None or row[counted.units] < 2:
        cells.append(
            Cell(line=line, column=counted.units, why="un seul département, qui se lirait donc seul")
        )
    return cells


def _by_difference(rows: Sequence[Row], counted: Counted) -> list[Cell]:
    """Return the totals from which the parts shown leave too few people, or one département."""
    totals: dict[Hashable, tuple[int, Row]] = {}
    parts: dict[Hashable, list[Row]] = defaultdict(list)
    for line, row in enumerate(rows, start=2):
        if not row[counted.shown]:
            continue
        if counted.total(row):
            totals[counted.group(row)] = line, row
        else:
            parts[counted.group(row)].append(row)
    cells = []
    for group, (line, total) in totals.items():
        shown = parts[group]
        people, units = (
            (total[name] or 0) - sum(row[name] or 0 for row in shown)
            for name in (counted.column, counted.units)
        )
        if shown and (0 < people < LEAST or units == 1):
            why = "les parties montrées, retirées du total, laissent trop peu de personnes ou un seul département"
            cells.append(Cell(line=line, column=counted.column, why=why))
    return cells
