"""The two profiles of a département face to face: where each mark stands, what is said of it, what changed.

Plain Python: from the rows of a result that are shown to what a page draws. Nothing here decides what may be shown:
a row that was hidden carries no figure, and none is made up for it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from traitdunion.barometer.reading import OTHER, SIDES, THE, Finding, Reading, read
from traitdunion.barometer.rules_effect import Interval, gain, points, signed

SCALE: Final = ("jamais", "rarement", "parfois", "souvent", "toujours")
NAMES: Final = {"prefecture": "Préfecture", "ars": "ARS"}
GAPS: Final = {
    "agreement": "Écart entre les deux réponses sur le même objet (préfecture moins ARS)",
    "asymmetry": "Écart entre ce que chacun dit de l’autre (préfecture moins ARS)",
    "accuracy_prefecture": "Erreur de la préfecture sur la réponse de l’ARS",
    "accuracy_ars": "Erreur de l’ARS sur la réponse de la préfecture",
    "congruency_prefecture": "Ce que la préfecture croit que l’ARS répond, moins ce qu’elle répond elle-même",
    "congruency_ars": "Ce que l’ARS croit que la préfecture répond, moins ce qu’elle répond elle-même",
}
# Where each side describes the other, its own answer is about something else: no agreement is measured.
RECIPROCITY: Final = {
    "congruency_prefecture": (
        "Réciprocité supposée par la préfecture : ce qu’elle croit que l’ARS dit d’elle, moins ce qu’elle dit de l’ARS"
    ),
    "congruency_ars": (
        "Réciprocité supposée par l’ARS : ce qu’elle croit que la préfecture dit d’elle, moins ce qu’elle dit de la "
        "préfecture"
    ),
}
_FIRST, _LAST = 3.0, 97.0  # per cent of the width at which 1 and 5 stand: their marks are drawn whole

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a value and its interval stand on the width of a drawing, as SVG writes it: « 52.25% »."""

    at: str
    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What the other side thought that this one would answer to one question, beside what it did answer to it.

    A dimension is measured by several questions: its estimate is not what was guessed.

    Attributes:
        question: the question, as the side that answers it reads it; empty when the result does not keep it.
        interval: what the other side expected, and its 95 % interval.
        n: how many of the other side guessed.
        answer: what this side answers to that very question, None when it is not shown.
        answer_n: how many answered it.
    """

    question: str
    interval: Interval
    n: int
    answer: Interval | None
    answer_n: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one side answers on a dimension.

    Attributes:
        side: ``prefecture`` or ``ars``.
        interval: the estimate and its 95 % interval, None when nothing is shown.
        n: respondents, None when it is not shown either.
        dont_know: share of « ne sait pas », 0 to 1.
        is_divided: the people of the side disagree among themselves: a mean would mislead.
        reason: why nothing is shown, empty when it is.
        spot: where to draw it, None when there is nothing to draw.
        guessed: what the other side thought this one would answer to one question, None when nothing is shown of it.
        guess_spot: where to draw it, with its interval.
        answer_spot: where to draw what this side answers to that very question.
    """

    side: str
    interval: Interval | None
    n: int | None
    dont_know: float | None
    is_divided: bool
    reason: str
    spot: Spot | None
    guessed: Guess | None
    guess_spot: Spot | None
    answer_spot: Spot | None

    @property
    def name(self) -> str:
        """The side, as a page names it."""
        return NAMES[self.side]

    @property
    def value(self) -> str:
        """The estimate and its interval in words, empty when no mean is shown."""
        return between(self.interval) if self.spot is not None and self.interval is not None else ""

    @property
    def other(self) -> str:
        """The side that guessed, with its article."""
        return THE[OTHER[self.side]]

    @property
    def sentence(self) -> str:
        """The same as the drawing, for those who hear the page."""
        if self.interval is None:
            return f"{self.name} : {self.reason}"
        said = f"{self.name} : {between(self.interval)}"
        if self.is_divided:
            said = f"{self.name} : avis partagés, sans moyenne"
        if self.guessed is not None:
            said += f" ; à une question, {self.other} s’attendait à {between(self.guessed.interval)}"
            if self.guessed.answer is not None:
                said += f", la réponse est {between(self.guessed.answer)}"
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One gap of a dimension, with its interval."""

    label: str
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One dimension of a département.

    Attributes:
        identifier: of the dimension.
        label: its name.
        reading: what it tells, in words.
        marks: préfecture then ARS.
        gaps: those that can be computed.
        changes: what moved beyond the interval since the wave before.
        broken: why the wave before cannot be compared, empty when it can.
    """

    identifier: str
    label: str
    reading: Reading
    marks: Sequence[Mark]
    gaps: Sequence[Gap]
    changes: Sequence[str]
    broken: str

    @property
    def sentence(self) -> str:
        """The drawing in words."""
        return ". ".join(mark.sentence for mark in self.marks) + "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a département reads of a wave."""

    lines: Sequence[Line]

    @property
    def groups(self) -> Sequence[tuple[Finding, Sequence[Line]]]:
        """The dimensions by what they tell, in the order in which one should talk about them."""
        found: dict[Finding, list[Line]] = defaultdict(list)
        for line in self.lines:
            found[line.reading.finding].append(line)
        return [(finding, found[finding]) for finding in ORDER if finding in found]

    @property
    def hidden_sides(self) -> Sequence[str]:
        """The sides, with their article, of which no figure at all is shown."""
        return [
            THE[side]
            for place, side in enumerate(SIDES)
            if all(line.marks[place].interval is None for line in self.lines)
        ]

    @property
    def has_figures(self) -> bool:
        """Whether at least one figure is shown."""
        return any(mark.interval for line in self.lines for mark in line.marks)

    @property
    def changes(self) -> Sequence[tuple[str, str]]:
        """The dimension and the sentence of everything that moved."""
        return [(line.label, change) for line in self.lines for change in line.changes]

    @property
    def breaks(self) -> Sequence[tuple[str, str]]:
        """The dimension and the reason of everything that cannot be compared any more."""
        return [(line.label, line.broken) for line in self.lines if line.broken]


# What is shared comes first: people talk better from there.
ORDER: Final = (
    Finding.AGREEMENT,
    Finding.ALIKE,
    Finding.SHARED_LOW,
    Finding.MUTUAL_LOW,
    Finding.MISUNDERSTANDING,
    Finding.MISTAKEN,
    Finding.DISAGREEMENT,
    Finding.ASYMMETRY,
    Finding.DIVIDED,
    Finding.UNDECIDED,
    Finding.HIDDEN,
)


def profile(
    now: Mapping[str, Sequence[Row]],
    dimensions: Sequence[Mapping[str, Any]],
    *,
    before: Mapping[str, Sequence[Row]] | None = None,
    since: str = "",
    broken: Mapping[str, str] | None = None,
) -> Profile:
    """Return the profile of one département.

    Args:
        now: its ``cells``, ``gaps``, ``within``, ``items`` and ``guesses`` of the wave.
        dimensions: ``id``, ``label`` and ``guesses`` of each (``comparison.dimensions``), in the order of the
            questionnaire.
        before: the same rows of the wave to compare with.
        since: its name.
        broken: by dimension, why that wave cannot be compared.
    """
    lines = []
    for dimension in dimensions:
        identifier = dimension["id"]
        cells = _by(now["cells"], identifier, "side")
        gaps = _by(now["gaps"], identifier, "kind")
        divided = [row["side"] for row in now["within"] if row["dimension"] == identifier and row["divided"]]
        why = (broken or {}).get(identifier, "")
        then = {} if before is None or why else _by(before["cells"], identifier, "side")
        lines.append(
            Line(
                identifier=identifier,
                label=dimension["label"],
                reading=read(cells=cells, gaps=gaps, divided=divided),
                marks=[
                    _mark(side, cells, _guess(side, now, dimension), is_divided=side in divided)
                    for side in SIDES
                ],
                gaps=[
                    Gap(label=_label(kind, label, gaps), interval=interval)
                    for kind, label in GAPS.items()
                    if (interval := _interval(gaps.get(kind))) is not None
                ],
                changes=_changes(then, cells, divided, since),
                broken=why if before is not None else "",
            )
        )
    return Profile(lines=lines)


def _by(rows: Sequence[Row], dimension: str, key: str) -> dict[str, Row]:
    return {row[key]: row for row in rows if row["dimension"] == dimension}


def _interval(row: Row | None) -> Interval | None:
    if row is None or row["estimate"] is None or row["low"] is None:
        return None
    return Interval(estimate=row["estimate"], low=row["low"], high=row["high"])


def _label(kind: str, label: str, gaps: Mapping[str, Row]) -> str:
    return RECIPROCITY.get(kind, label) if "asymmetry" in gaps else label


def _guess(side: str, now: Mapping[str, Sequence[Row]], dimension: Mapping[str, Any]) -> Guess | None:
    """Return what the other side thought that ``side`` would answer, beside its answer to the same question."""
    guess = _by(now.get("guesses", ()), dimension["id"], "side").get(OTHER[side])
    expected = _interval(guess)
    if guess is None or expected is None:
        return None
    answer = next(
        (row for row in now.get("items", ()) if (row["item"], row["side"]) == (guess["guesses"], side)), None
    )
    answered = _interval(answer)
    return Guess(
        question=dimension.get("guesses", {}).get(OTHER[side], {}).get("asks", ""),
        interval=expected,
        n=guess["n"],
        answer=answered,
        answer_n=None if answer is None or answered is None else answer["n"],
    )


def _mark(side: str, cells: Mapping[str, Row], guess: Guess | None, *, is_divided: bool) -> Mark:
    cell = cells.get(side, {})
    interval = _interval(cell) if cell.get("shown") else None
    guessed = guess if interval is not None and not is_divided else None
    return Mark(
        side=side,
        interval=interval,
        n=cell.get("n") if interval is not None else None,
        dont_know=cell.get("dont_know_share") if interval is not None else None,
        is_divided=is_divided and interval is not None,
        reason="" if interval is not None else cell.get("reason") or "personne n’a répondu",
        spot=None if interval is None or is_divided else spot(interval),
        guessed=guessed,
        guess_spot=None if guessed is None else spot(guessed.interval),
        answer_spot=None if guessed is None or guessed.answer is None else spot(guessed.answer),
    )


def _changes(
    then: Mapping[str, Row], cells: Mapping[str, Row], divided: Sequence[str], since: str
) -> list[str]:
    said = []
    for side in SIDES:
        first, last = _shown(then.get(side)), _shown(cells.get(side))
        if first is None or last is None or side in divided:
            continue
        moved = gain(first, last)
        if moved.low > 0 or moved.high < 0:
            way = "plus souvent" if moved.low > 0 else "moins souvent"
            said.append(
                f"{THE[side].capitalize() if side == 'prefecture' else 'L’ARS'} répond {way} que lors de "
                f"« {since} » : de {points(first.estimate)} à {points(last.estimate)} "
                f"({signed(moved.estimate)}, de {signed(moved.low)} à {signed(moved.high)})."
            )
    return said


def _shown(cell: Row | None) -> Interval | None:
    return _interval(cell) if cell is not None and cell["shown"] else None


# Drawing


def place(value: float) -> str:
    """Return where a value of the scale stands on the width.

    >>> place(1), place(3), place(5), place(9)
    ('3.00%', '50.00%', '97.00%', '97.00%')
    """
    share = (min(5.0, max(1.0, value)) - 1.0) / 4.0
    return f"{_FIRST + share * (_LAST - _FIRST):.2f}%"


def scale() -> list[tuple[str, str]]:
    """Return where each answer of the scale stands, and its words."""
    return [(place(value), label) for value, label in enumerate(SCALE, start=1)]


def spot(interval: Interval) -> Spot:
    """Return where an estimate and its interval stand."""
    return Spot(at=place(interval.estimate), start=place(interval.low), end=place(interval.high))


def between(interval: Interval) -> str:
    """Return an estimate and its interval, in words.

    >>> between(Interval(estimate=3.41, low=2.9, high=3.9))
    '3,4 (de 2,9 à 3,9)'
    """
    return f"{points(interval.estimate)} (de {points(interval.low)} à {points(interval.high)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One answer of a distribution: how many, and the room it takes in the bar."""

    label: str
    fill: str
    count: int
    share: float
    start: str
    width: str


# From « jamais » to « toujours », then what is not an answer on the scale; told apart by pattern as well.
FILLS: Final = (
    ("1", "jamais", "cross"),
    ("2", "rarement", "dots"),
    ("3", "parfois", "empty"),
    ("4", "souvent", "hatch"),
    ("5", "toujours", "full"),
    ("NSP", "ne sait pas", "lines"),
)


def pieces(counts: Mapping[str, int]) -> list[Piece]:
    """Return a bar of answers, « sans objet » left out: it says that the question does not arise.

    >>> [(piece.label, piece.start, piece.width) for piece in pieces({"1": 1, "5": 3}) if piece.count]
    [('jamais', '0.00%', '25.00%'), ('toujours', '25.00%', '75.00%')]
    """
    total = sum(counts.get(key, 0) for key, _, _ in FILLS)
    found, start = [], 0.0
    for key, label, fill in FILLS:
        count = counts.get(key, 0)
        share = count / total if total else 0.0
        found.append(
            Piece(
                label=label,
                fill=fill,
                count=count,
                share=share,
                start=f"{100 * start:.2f}%",
                width=f"{100 * share:.2f}%",
            )
        )
        start += share
    return found
