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
            identifier), the numbers given to one question (its own), or the guesses about the dimension
            (« identifier supposé »). What two bases could tell together is refused before: ``Bases.questions``.
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
        items: by question that measures a dimension, those who gave a number to it.
        patterns: by dimension, on each side, how many people gave a number to exactly such and such questions of it.
        guesses: by dimension, those who guessed what the other side answers to the question that is guessed there.
        paired: by dimension, those who guessed it and answered that very question themselves.
        targets: by dimension and side, the question that the side guesses.
    """

    respondents: Counts
    numbers: Mapping[str, Counts]
    items: Mapping[str, Counts]
    patterns: Mapping[str, Mapping[Cell, Mapping[frozenset[str], int]]]
    guesses: Mapping[str, Counts]
    paired: Mapping[str, Counts]
    targets: Mapping[tuple[str, str], str]

    def shown(self) -> dict[str, Collection[Cell]]:
        """Return, by dimension, the sides that are shown."""
        everyone = alone(self.respondents)
        return {dimension: alone(numbers, within=everyone) for dimension, numbers in self.numbers.items()}

    def questions(self, dimension: str, cell: Cell) -> Collection[str]:
        """Return the questions of a dimension of which a figure may be shown beside that of the dimension.

        Where those who left out the same questions are three or more, each question that three people answered.
        Else one alone, that which the other side guesses first: with two, subtracting them from the dimension would
        leave the answer of whoever left one out. Even then, what is left of the dimension must rest on three people.
        """
        answered = self.patterns[dimension].get(cell, {})
        counts = {
            item: sum(n for inside, n in answered.items() if item in inside)
            for item in sorted({item for inside in answered for item in inside})
        }
        enough = [item for item, n in counts.items() if n >= LEAST]
        if all(n >= LEAST for n in answered.values()):
            return frozenset(enough)
        aimed = {self.targets.get((dimension, side)) for side in SIDES if side != cell.side}
        for item in sorted(enough, key=lambda item: (item not in aimed, -counts[item], item)):
            others = sum(n for inside, n in answered.items() if inside != {item})
            if others == 0 or others >= LEAST:
                return frozenset({item})
        return frozenset()

    def pairs_tell_no_one(self, dimension: str, cell: Cell) -> bool:
        """Whether a guess minus one's own answer may be shown beside the mean of each.

        It rests on those who gave both: when one person gave the one without the other, subtracting would leave them
        alone.
        """
        target = self.targets[dimension, cell.side]
        both = self.paired[dimension].get(cell, 0)
        rests = [each.get(cell, 0) - both for each in (self.items[target], self.guesses[dimension])]
        return both >= LEAST and all(rest == 0 or rest >= LEAST for rest in rests)


def bases(answers: WaveAnswers, asked: Questionnaire) -> Bases:
    """Return who gave what."""
    numbers: dict[str, Counts] = {}
    items: dict[str, Counts] = {}
    patterns: dict[str, Mapping[Cell, Mapping[frozenset[str], int]]] = {}
    guesses: dict[str, dict[Cell, int]] = {}
    paired: dict[str, dict[Cell, int]] = {}
    targets: dict[tuple[str, str], str] = {}
    for dimension in (each.id for each in asked.dimensions):
        scored = asked.scored(dimension)
        gave = {item.id: _gave(answers, [item]) for item in scored}
        numbers[dimension] = _count(answers, _gave(answers, scored))
        items |= {item: _count(answers, who) for item, who in gave.items()}
        patterns[dimension] = _patterns(answers, gave)
        guesses[dimension], paired[dimension] = {}, {}
        for number, side in enumerate(SIDES):
            guess = asked.guess(dimension, side)
            if guess is None:
                continue
            targets[dimension, side] = guess.guesses
            guessed = _gave(answers, [guess]) & (answers.side == number)
            guesses[dimension] |= _count(answers, guessed)
            paired[dimension] |= _count(answers, guessed & gave[guess.guesses])
    return Bases(
        respondents=_count(answers, np.ones(len(answers.side), dtype=np.bool_)),
        numbers=numbers,
        items=items,
        patterns=patterns,
        guesses=guesses,
        paired=paired,
        targets=targets,
    )


def _patterns(
    answers: WaveAnswers, gave: Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]]
) -> Mapping[Cell, Mapping[frozenset[str], int]]:
    """Return how many people of each side gave a number to exactly such and such questions, one at least."""
    names = list(gave)
    found: dict[Cell, dict[frozenset[str], int]] = {}
    for told in np.unique(np.array(list(gave.values())).T, axis=0):
        inside = frozenset(name for name, is_told in zip(names, told, strict=True) if is_told)
        if inside:
            who = np.all([gave[name] == is_told for name, is_told in zip(names, told, strict=True)], axis=0)
            for cell, n in _count(answers, who).items():
                found.setdefault(cell, {})[inside] = n
    return found


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
        "items": [row for row in wave["items"] if _is_question_told(row, [row["side"]], told, who)],
        "item_gaps": [row for row in wave["item_gaps"] if _is_question_told(row, SIDES, told, who)],
        "guesses": [
            row
            for row in wave["guesses"]
            if row["estimate"] is not None and (row["dimension"], _of(row)) in told
        ],
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


def _is_question_told(
    row: Mapping[str, Any], sides: Sequence[str], told: set[tuple[str, Cell]], who: Bases
) -> bool:
    """Whether a figure about one question may be shown of these sides, beside those of its dimension."""
    cells = [Cell(row["departement"], side) for side in sides]
    return row["estimate"] is not None and all(
        (row["dimension"], cell) in told and row["item"] in who.questions(row["dimension"], cell)
        for cell in cells
    )


def _is_safe(gap: Mapping[str, Any], told: set[tuple[str, Cell]], who: Bases) -> bool:
    """Whether what a gap compares is shown on each side: dimensions, or a guess and the question that it guesses."""
    kind, _, side = gap["kind"].partition("_")
    cells = {each: Cell(gap["departement"], each) for each in SIDES}
    if kind not in {"accuracy", "congruency"}:
        return all((gap["dimension"], cell) in told for cell in cells.values())
    if (gap["dimension"], cells[side]) not in told:
        return False
    if kind == "accuracy":
        return _is_question_told(gap, [each for each in SIDES if each != side], told, who)
    return who.pairs_tell_no_one(gap["dimension"], cells[side]) and _is_question_told(gap, [side], told, who)


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
    for row in wave["items"]:
        yield _question(row["item"], _of(row), who)
    for row in wave["item_gaps"]:
        yield from (_question(row["item"], Cell(row["departement"], side), who) for side in SIDES)
    for row in wave["guesses"]:
        yield _guess(row["dimension"], _of(row), who)
    for gap in wave["gaps"]:
        kind, _, side = gap["kind"].partition("_")
        if kind in {"accuracy", "congruency"}:
            guessing = Cell(gap["departement"], side)
            [other] = [Cell(gap["departement"], each) for each in SIDES if each != side]
            yield _guess(gap["dimension"], guessing, who)
            yield _question(gap["item"], other if kind == "accuracy" else guessing, who)


def _question(item: str, cell: Cell, who: Bases) -> Shown:
    return Shown(base=item, cell=cell, n=who.items[item][cell])


def _guess(dimension: str, cell: Cell, who: Bases) -> Shown:
    return Shown(base=f"{dimension} {GUESS}", cell=cell, n=who.guesses[dimension][cell])


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
