"""What of an analysis is kept to be shown, and which groups of respondents it tells about. Plain Python.

The analysis counts a side with too few respondents in no figure. Here nothing of such a side is kept either, not even
how many answered each question. Every figure that is kept is made of whole sides: recorded one by one as cuts, they
are what the differencing guard needs (``disclosure.py``), and it judges them all before anything is stored.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from traitdunion.barometer.answers import WaveAnswers
from traitdunion.barometer.disclosure import (
    LEAST,
    RESPONDENTS,
    Cell,
    People,
    Recorded,
    alone,
    guards_of,
    unknown,
)
from traitdunion.barometer.questionnaire import DONT_KNOW, NOT_APPLICABLE, SIDES, Family, Item, Questionnaire

TOO_FEW: Final = "Trop peu de réponses de ce côté pour montrer un chiffre."
ONE_PLACE: Final = "Un seul département compte ici : son chiffre est sur sa page."
FEWEST_PLACES: Final = 2  # départements of a région, else its figure is that of one of them
GUESS: Final = "supposé"
TOKEN_LENGTH: Final = 20  # 80 bits: no two sheets of a wave alike

Counts = Mapping[Cell, int]


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Shown:
    """A side of which figures are kept.

    Attributes:
        base: what is added up: everyone who answered (``RESPONDENTS``), the numbers given on a dimension (its
            identifier), or the guesses about it (« identifier supposé »). Figures of two bases are not subtracted.
        cell: the side.
        n: its people on that base.
    """

    base: str
    cell: Cell
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """Who gave what in a wave.

    Attributes:
        respondents: people of each side.
        numbers: by dimension, those who gave a number on it.
        guesses: by dimension, those who gave a guess about it.
        paired: by dimension, those who gave both.
    """

    respondents: Counts
    numbers: Mapping[str, Counts]
    guesses: Mapping[str, Counts]
    paired: Mapping[str, Counts]

    def shown(self) -> dict[str, Collection[Cell]]:
        """Return, by dimension, the sides that are shown."""
        everyone = alone(self.respondents)
        return {dimension: alone(numbers, within=everyone) for dimension, numbers in self.numbers.items()}

    def pairs_tell_no_one(self, dimension: str, cell: Cell) -> bool:
        """Whether a guess minus an own view may be shown beside the mean of each.

        It rests on those who gave both: when one person gave the one without the other, subtracting would leave them
        alone.
        """
        both = self.paired[dimension].get(cell, 0)
        rests = [each[dimension].get(cell, 0) - both for each in (self.numbers, self.guesses)]
        return both >= LEAST and all(rest == 0 or rest >= LEAST for rest in rests)


def bases(answers: WaveAnswers, asked: Questionnaire) -> Bases:
    """Return who gave what."""
    every = {
        dimension.id: [item for item in asked.items if item.dimension == dimension.id]
        for dimension in asked.dimensions
    }
    numbers, guesses, paired = {}, {}, {}
    for dimension, items in every.items():
        own = _gave(answers, [item for item in items if item.family is not Family.META])
        guess = _gave(answers, [item for item in items if item.family is Family.META])
        numbers[dimension] = _count(answers, own)
        guesses[dimension] = _count(answers, guess)
        paired[dimension] = _count(answers, own & guess)
    everyone = _count(answers, np.ones(len(answers.side), dtype=np.bool_))
    return Bases(respondents=everyone, numbers=numbers, guesses=guesses, paired=paired)


def _gave(answers: WaveAnswers, items: Sequence[Item]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return (N,) whether each respondent gave a number to one of ``items`` asked of their side."""
    gave = np.zeros(len(answers.side), dtype=np.bool_)
    for item in items:
        asked = np.isin(answers.side, [number for number, side in enumerate(SIDES) if item.is_asked_of(side)])
        gave |= asked & ~np.isnan(answers.value[:, answers.items.index(item.id)])
    return gave


def _count(answers: WaveAnswers, who: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[Cell, int]:
    found: dict[Cell, int] = {}
    for number, side in enumerate(SIDES):
        inside = answers.departement[who & (answers.side == number)]
        for code, n in zip(
            answers.departements, np.bincount(inside, minlength=len(answers.departements)), strict=True
        ):
            if n:
                found[Cell(code, side)] = int(n)
    return found


def kept(wave: Mapping[str, Any], who: Bases, region_names: Mapping[str, str]) -> dict[str, Any]:
    """Return the wave's object of RESULT.json without anything of the sides that are not shown.

    Args:
        wave: that object.
        who: who gave what.
        region_names: the name of each région, by code.
    """
    shown = who.shown()
    cells = [
        _cell(row, is_shown=row["shown"] and _of(row) in shown[row["dimension"]]) for row in wave["cells"]
    ]
    told = {(row["dimension"], _of(row)) for row in cells if row["shown"]}
    return {
        **wave,
        "cells": cells,
        "gaps": [row for row in wave["gaps"] if row["estimate"] is not None and _is_safe(row, told, who)],
        "within": [row for row in wave["within"] if (row["dimension"], _of(row)) in told],
        "national": [_nation(row) for row in wave["national"]],
        "regional": [_region(row, region_names[row["region"]]) for row in wave["regional"]],
    }


def _of(row: Mapping[str, Any]) -> Cell:
    return Cell(row["departement"], row["side"])


def _cell(row: Mapping[str, Any], *, is_shown: bool) -> dict[str, Any]:
    if is_shown:
        # The plain mean beside the estimate, which weights people by what they answered, would tell the two apart.
        return {name: value for name, value in row.items() if name != "mean"}
    return _without_figures(row, ("departement", "side", "dimension"), TOO_FEW)


def _region(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the figures of a région, none when one département alone counts in it: they would be its own."""
    if row["shown"] and row["departements"] >= FEWEST_PLACES:
        return {**row, "name": name, "reason": ""}
    reason = ONE_PLACE if row["departements"] else TOO_FEW
    return {**_without_figures(row, ("region", "side", "dimension"), reason), "name": name}


def _nation(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of the country, none when one département alone counts: a pilot is not a nation."""
    if row["shown"] and row["departements"] >= FEWEST_PLACES:
        return {**row, "reason": ""}
    reason = ONE_PLACE if row["departements"] else TOO_FEW
    return _without_figures(row, ("side", "dimension", "departements", "asked"), reason)


def _without_figures(row: Mapping[str, Any], place: Sequence[str], reason: str) -> dict[str, Any]:
    figures = [name for name in row if name not in {*place, "shown", "reason"}]
    return {**{name: row[name] for name in place}, **dict.fromkeys(figures), "shown": False, "reason": reason}


def _is_safe(gap: Mapping[str, Any], told: set[tuple[str, Cell]], who: Bases) -> bool:
    """Whether both sides that a gap compares are shown; a guess against an own view is about one side's people."""
    code, dimension = gap["departement"], gap["dimension"]
    alone = [side for side in SIDES if gap["kind"] == f"congruency_{side}"]
    if alone and not who.pairs_tell_no_one(dimension, Cell(code, alone[0])):
        return False
    return all((dimension, Cell(code, side)) in told for side in alone or SIDES)


def distribution(answers: WaveAnswers, asked: Questionnaire, wave: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return how many answers of each kind the country gave, by side and dimension, hidden sides left out.

    Returns:
        ``side``, ``dimension``, ``counts`` by value: 1 to 5, NSP, SO.
    """
    told = {(row["dimension"], _of(row)) for row in wave["cells"] if row["shown"]}
    found = []
    for dimension in asked.dimensions:
        for number, side in enumerate(SIDES):
            items = [
                answers.items.index(item.id) for item in asked.scored(dimension.id) if item.is_asked_of(side)
            ]
            is_told = np.array([(dimension.id, Cell(code, side)) in told for code in answers.departements])
            who = np.flatnonzero((answers.side == number) & is_told[answers.departement])
            place = np.ix_(who, items)
            if (
                is_told.sum() >= FEWEST_PLACES
                and items
                and _counts_alike(answers.departement[who], ~np.isnan(answers.value[place]))
            ):
                counts = {str(value): int((answers.value[place] == value).sum()) for value in range(1, 6)}
                counts[DONT_KNOW] = int(answers.dont_know[place].sum())
                counts[NOT_APPLICABLE] = int(answers.not_applicable[place].sum())
                found.append({"side": side, "dimension": dimension.id, "counts": counts})
    return found


def _counts_alike(
    departement: np.ndarray[Any, np.dtype[np.int64]], answered: np.ndarray[Any, np.dtype[np.bool_]]
) -> bool:
    """Whether people may be counted by their answers beside means where each person weighs one.

    Who left a question out weighs less here than there. Where everyone of a side left out as many, its mean says the
    same; elsewhere the two tell apart those who answered otherwise than most: they must be nobody, or three.

    Args:
        departement: (N,) of each person of one side.
        answered: (N, J) the questions of the dimension to which they gave a number.
    """
    given = answered.sum(axis=1)
    apart = 0
    for place in np.unique(departement).tolist():
        sizes = np.bincount(given[(departement == place) & (given > 0)])
        apart += int(sizes.sum() - sizes.max(initial=0))
    return apart == 0 or apart >= LEAST


def groups(wave: Mapping[str, Any], who: Bases) -> list[Shown]:
    """Return every side whose figures a result tells, base by base; a région, the country, a gap are made of them.

    Args:
        wave: the wave's object, as ``kept`` returns it.
        who: who gave what.
    """
    return sorted(set(_groups(wave, who)))


def _groups(wave: Mapping[str, Any], who: Bases) -> Iterator[Shown]:
    for row in wave["cells"]:
        if row["shown"]:
            cell, dimension = _of(row), row["dimension"]
            yield Shown(base=RESPONDENTS, cell=cell, n=who.respondents[cell])
            yield Shown(base=dimension, cell=cell, n=who.numbers[dimension][cell])
    for gap in wave["gaps"]:
        kind, _, side = gap["kind"].partition("_")
        if kind in {"accuracy", "congruency"}:
            cell, dimension = Cell(gap["departement"], side), gap["dimension"]
            yield Shown(base=f"{dimension} {GUESS}", cell=cell, n=who.guesses[dimension][cell])


Sheets = Mapping[Cell, Mapping[str, Mapping[str, str]]]  # by side: the answers of each sheet, by its token


def token(name: str, given: Mapping[str, str]) -> str:
    """Return what stands for a sheet on record: another one once an answer changed, and nothing leads back from it.

    Args:
        name: the random identifier that the sheet was given at the closing.
        given: item and answer.
    """
    told = json.dumps([name, sorted(given.items())], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:TOKEN_LENGTH]


def people_of(shown: Shown, sheets: Sheets, asked: Questionnaire) -> People:
    """Return who is added up in a group, from the sheets themselves.

    Raises:
        ValueError: they are not as many as the group says: what is shown and what is recorded would differ.
    """
    items = [
        item.id for item in asked.items if item.is_asked_of(shown.cell.side) and _is_of(item, shown.base)
    ]
    people = frozenset(
        person
        for person, given in sheets[shown.cell].items()
        if shown.base == RESPONDENTS or any(given.get(item, "").isdigit() for item in items)
    )
    if len(people) != shown.n:
        raise ValueError(f"{shown}: {len(people)} sheets")
    return people


def _is_of(item: Item, base: str) -> bool:
    """Whether a number given to ``item`` counts in ``base``: a dimension, the guesses about it, or the item alone."""
    guesses = f"{item.dimension} {GUESS}"
    return base in {guesses if item.family is Family.META else item.dimension, item.id}


def judge(recorded: Sequence[Recorded], cuts: Sequence[Recorded]) -> list[Recorded]:
    """Ask the guard of each base, which knows every cut on record of the wave, whether ``cuts`` may be shown as well.

    Returns:
        Those that were not on record: to write before any figure leaves.

    Raises:
        IsolatesError: fewer than three people could be isolated: nothing may be stored.
    """
    guards = guards_of(recorded)
    for cut in cuts:
        guards[cut.base].show(cut.people)
    return unknown(recorded, cuts)


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return the bytes that the fingerprint of a result is made of, the same whatever the order of its keys."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
