"""How the answers of a département move over all its waves of one form: words first, then a drawing and its table.

Plain Python: from the rows of results that are shown to what a page draws. A point is there only where a side is shown
and its people agree enough for a mean; a line joins two waves only where they ask the same, in the same words or in
words that someone justified. A change is said only when it lies beyond the interval, never otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

from traitdunion.barometer.profile import NAMES
from traitdunion.barometer.reading import SIDES
from traitdunion.barometer.rules_effect import Interval, gain, points

MOST_WAVES: Final = 8  # four years at two waves a year; more would not be read on a telephone
NOT_SHOWN: Final = "non montré"
DIVIDED: Final = "avis partagés"
TOP, HEIGHT = 12.0, 96.0  # pixels: where 5 stands, and how far below it 1 stands
_MARGIN: Final = 10.0  # per cent of the width left on each side
_APART: Final = {"prefecture": -0.9, "ars": 0.9}  # per cent: the two intervals of a wave do not overlap

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waved:
    """What one wave shows of a département.

    Attributes:
        name: of the wave.
        closed_on: its last day.
        rows: its ``cells`` and ``within``.
        broken: by dimension, why it cannot be compared with the wave before it in the list.
    """

    name: str
    closed_on: date
    rows: Mapping[str, Sequence[Row]]
    broken: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one side answers in one wave; ``y``, ``high`` and ``low`` are pixels from the top."""

    side: str
    interval: Interval
    x: str
    y: float
    high: float
    low: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A line from one wave to the next that may be compared with it."""

    side: str
    x1: str
    y1: float
    x2: str
    y2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where the series stops: between two waves, and why."""

    x: str
    wave: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One wave of a trend: where it stands, what each side answers there in words, and the break before it."""

    name: str
    closed_on: date
    x: str
    values: Sequence[str]
    broken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One dimension over the waves, oldest first."""

    identifier: str
    label: str
    columns: Sequence[Column]
    marks: Sequence[Point]
    segments: Sequence[Segment]
    breaks: Sequence[Break]
    changes: Sequence[str]

    @property
    def sentence(self) -> str:
        """The drawing in words, for those who hear the page."""
        told = [
            f"{column.name} : "
            + ", ".join(f"{NAMES[side]} {value}" for side, value in zip(SIDES, column.values, strict=True))
            + (f", rupture de série, {column.broken}" if column.broken else "")
            for column in self.columns
        ]
        return ". ".join(told) + "."


def trends(waves: Sequence[Waved], dimensions: Sequence[Mapping[str, Any]]) -> list[Trend]:
    """Return the trend of each dimension that two waves at least show, in the order of the questionnaire.

    Args:
        waves: oldest first; the latest ``MOST_WAVES`` are kept.
        dimensions: ``id`` and ``label`` of those of the latest wave.
    """
    kept = waves[-MOST_WAVES:]
    found = (_trend(kept, dimension["id"], dimension["label"]) for dimension in dimensions)
    return [trend for trend in found if len({mark.x for mark in trend.marks}) > 1 and len(kept) > 1]


def _trend(waves: Sequence[Waved], dimension: str, label: str) -> Trend:
    read = [{side: _of(wave, dimension, side) for side in SIDES} for wave in waves]
    # The first wave kept is compared with nothing here, whatever came before it.
    broken = [wave.broken.get(dimension, "") if rank else "" for rank, wave in enumerate(waves)]
    place = [_MARGIN + (100 - 2 * _MARGIN) * (rank + 0.5) / len(waves) for rank in range(len(waves))]
    marks, segments, changes = [], [], []
    for side in SIDES:
        dots = [_point(side, each[side][0], at + _APART[side]) for each, at in zip(read, place, strict=True)]
        marks += [dot for dot in dots if dot is not None]
        for rank, (first, last) in enumerate(pairwise(dots), start=1):
            if first is not None and last is not None and not broken[rank]:
                segments.append(Segment(side=side, x1=first.x, y1=first.y, x2=last.x, y2=last.y))
        changes += _changes(side, waves, dots, broken)
    return Trend(
        identifier=dimension,
        label=label,
        columns=[
            Column(
                name=wave.name,
                closed_on=wave.closed_on,
                x=f"{at:.2f}%",
                values=[each[side][1] for side in SIDES],
                broken=why,
            )
            for wave, each, at, why in zip(waves, read, place, broken, strict=True)
        ],
        marks=marks,
        segments=segments,
        breaks=[
            Break(x=f"{(place[rank - 1] + place[rank]) / 2:.2f}%", wave=waves[rank].name, why=why)
            for rank, why in enumerate(broken)
            if why
        ],
        changes=changes,
    )


def _of(wave: Waved, dimension: str, side: str) -> tuple[Interval | None, str]:
    """Return what a side answers in a wave, and the same in words; no mean where its people disagree."""
    mine = [row for row in wave.rows["cells"] if row["dimension"] == dimension and row["side"] == side]
    cell = mine[0] if mine else None
    if cell is None or not cell["shown"] or cell["estimate"] is None or cell["low"] is None:
        return None, NOT_SHOWN
    if any(
        row["divided"] for row in wave.rows["within"] if (row["dimension"], row["side"]) == (dimension, side)
    ):
        return None, DIVIDED
    interval = Interval(estimate=cell["estimate"], low=cell["low"], high=cell["high"])
    return (
        interval,
        f"{points(interval.estimate)} (de {points(interval.low)} à {points(interval.high)})",
    )


def _point(side: str, interval: Interval | None, at: float) -> Point | None:
    if interval is None:
        return None
    return Point(
        side=side,
        interval=interval,
        x=f"{at:.2f}%",
        y=height(interval.estimate),
        high=height(interval.high),
        low=height(interval.low),
    )


def height(value: float) -> float:
    """Return how far from the top a value of the scale stands, in pixels.

    >>> height(5), height(3), height(1)
    (12.0, 60.0, 108.0)
    """
    return round(TOP + HEIGHT * (5.0 - min(5.0, max(1.0, value))) / 4.0, 1)


def _changes(
    side: str, waves: Sequence[Waved], dots: Sequence[Point | None], broken: Sequence[str]
) -> list[str]:
    """Say what moved beyond the interval: from one wave to the next, then over the whole series that is not broken."""
    last = len(waves) - 1
    start = max((rank for rank, why in enumerate(broken) if why), default=0)
    compared = [(rank - 1, rank) for rank in range(1, len(waves)) if not broken[rank]]
    if last - start > 1:
        compared.append((start, last))
    said = []
    for first, then in compared:
        before, after = dots[first], dots[then]
        if before is None or after is None:
            continue
        moved = gain(before.interval, after.interval)
        if moved.low > 0 or moved.high < 0:
            way = "plus" if moved.low > 0 else "moins"
            who = "La préfecture" if side == "prefecture" else "L’ARS"
            said.append(
                f"{who} répond {way} souvent à « {waves[then].name} » qu’à « {waves[first].name} », au-delà de "
                f"l’intervalle : de {points(before.interval.estimate)} à {points(after.interval.estimate)}."
            )
    return said
