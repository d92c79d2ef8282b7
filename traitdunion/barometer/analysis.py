"""From the answers of waves to what may be said of them: RESULT.json. Plain Python, no file is opened here.

For each wave: what each side of each département answers (``cells``), how far the two sides are (``gaps``), whether
people of one side agree (``within``), whether the measure holds (``reliability``), the country and its régions, and
the ``pistes`` that the rules open. ``gaps`` has the six kinds of each département and dimension asked; one that does
not apply has no figure and says why. ``guesses`` holds what each side thought that the other would answer to a
question; a guess is only ever compared with the answers to that very question. When asked, question by question as
well: what each side answers to it (``items``), how far the two sides are on it (``item_gaps``). Model, assumptions and
limits, and the shape of the file: ``docs/barometre.md``.

A side with fewer respondents than the threshold counts in no figure at all, neither its own, nor that of its région,
nor that of the nation: no subtraction can bring it back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from traitdunion.barometer import coefficients, rules_pistes
from traitdunion.barometer.answers import WaveAnswers
from traitdunion.barometer.estimation import (
    GAP_SCALE,
    Estimates,
    Floats,
    Group,
    Integers,
    NobodyAnsweredError,
    Pooled,
    pool,
    pool_difference,
    respondent_scores,
)
from traitdunion.barometer.limits import LIMITS
from traitdunion.barometer.questionnaire import SIDES, Dimension, Family, Item, Questionnaire

ENGINE: Final = "3"  # « divided » beyond what is ordinary; one piste a dimension; a gap of each kind
MIN_ANSWERS: Final = 3
LOW: Final = 3.0  # « parfois »
DIGITS: Final = 4
# Why a kind of gap has no figure anywhere on a dimension.
NO_ASYMMETRY: Final = "Les deux côtés décrivent la même chose : il n’y a pas d’asymétrie."
NO_AGREEMENT: Final = "Chaque côté décrit l’autre : ce n’est ni un accord ni un désaccord."
NOT_GUESSED: Final = "Ce côté n’a rien à deviner sur cette dimension dans cette vague."
NO_TARGET: Final = "Aucune question posée n’est celle que ce côté devine."
NOT_ITS_QUESTION: Final = "La question devinée n’est pas posée à ce côté."
_OTHER_KIND: Final = {"agreement": ("asymmetry", NO_ASYMMETRY), "asymmetry": ("agreement", NO_AGREEMENT)}
NOTHING: Final[Mapping[str, None]] = {"estimate": None, "low": None, "high": None}


def analyse(
    waves: Sequence[WaveAnswers],
    questionnaire: Questionnaire,
    regions: Mapping[str, str],
    *,
    min_answers: int = MIN_ANSWERS,
    questions: bool = False,
) -> dict[str, Any]:
    """Return RESULT.json for waves of one questionnaire, in the order in which they took place.

    Args:
        waves: what was answered.
        questionnaire: what was asked.
        regions: the région of each département, by code.
        min_answers: respondents under which a side is not shown and counts nowhere.
        questions: whether to estimate each question too, which takes half as long again. What a piste measures again
            is one question.
    """
    found: list[dict[str, Any]] = []
    for wave in waves:
        found.append(_Wave(wave, questionnaire, regions, min_answers, questions).result(found))
    return {
        "engine": ENGINE,
        "questionnaire": {"name": questionnaire.name, "version": questionnaire.version},
        "is_example": questionnaire.is_example,
        "min_answers": min_answers,
        "limits": list(LIMITS),
        "waves": found,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """What one side answers on one dimension.

    Attributes:
        score: (N,) one a respondent; NaN where the side of the département is not shown.
        spread: (N,) relative variance of the score.
        cell: (N,) département.
        raw: (N, J) their answers to each item, NaN where the side is not shown.
        n: (C,) respondents who answered an item at least.
        mean: (C,) of the plain means of respondents.
        dont_know: (C,) « ne sait pas » out of all that the side was asked: respondents × items, NaN without any.
        shown: (C,) whether the side may be shown.
        pooled: estimates, None when no side is shown or none is asked for.
    """

    score: Floats
    spread: Floats
    cell: Integers
    raw: Floats
    n: Integers
    mean: Floats
    dont_know: Floats
    shown: np.ndarray[Any, np.dtype[np.bool_]]
    pooled: Pooled | None


class _Inside(NamedTuple):
    """How much the people of one side agree, by département; and where they differ too much for a mean."""

    agreement: coefficients.Agreement
    divided: np.ndarray[Any, np.dtype[np.bool_]]


class _Wave:
    def __init__(
        self,
        wave: WaveAnswers,
        questionnaire: Questionnaire,
        regions: Mapping[str, str],
        min_answers: int,
        questions: bool,
    ) -> None:
        self._wave = wave
        self._questions = questions
        self._questionnaire = questionnaire
        self._min = min_answers
        self._codes = list(wave.departements)
        self._region_codes = sorted({regions[code] for code in self._codes})
        number = {code: rank for rank, code in enumerate(self._region_codes)}
        self._region = np.array([number[regions[code]] for code in self._codes], dtype=np.int64)
        self._item = {name: rank for rank, name in enumerate(wave.items)}
        self._alone: dict[tuple[int, int], _Side] = {}  # by item and side
        self._of_side = [np.flatnonzero(wave.side == number) for number in range(len(SIDES))]

    def result(self, before: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        content: dict[str, Any] = {
            "wave": self._wave.wave,
            "dimensions": [],
            "notes": [],
            "cells": [],
            "items": [],
            "guesses": [],
            "gaps": [],
            "item_gaps": [],
            "within": [],
            "reliability": [],
            "national": [],
            "regional": [],
        }
        for dimension in self._questionnaire.dimensions:
            ranks = [self._item[item.id] for item in self._questionnaire.scored(dimension.id)]
            if not any(self._wave.asked(rank) for rank in ranks):
                continue  # the quarterly pulse asks only some
            sides = [self._side(dimension, number) for number in range(len(SIDES))]
            content["dimensions"].append(
                {
                    "id": dimension.id,
                    "title": dimension.title,
                    "items": [self._wave.items[rank] for rank in ranks if self._wave.asked(rank)],
                }
            )
            for name, side in zip(SIDES, sides, strict=True):
                inside = self._inside(side)
                content["cells"] += self._cells(dimension, name, side, inside)
                content["within"] += self._within(dimension, name, side, inside)
                content["reliability"].append(self._reliability(dimension, name, side))
                content["national"] += self._national(dimension, name, side)
                content["regional"] += self._regional(dimension, name, side)
            content["gaps"] += self._gaps(dimension, sides)
            for item in self._questionnaire.scored(dimension.id) if self._questions else ():
                if self._wave.asked(self._item[item.id]):
                    self._question(content, dimension, item)
            content["guesses"] += self._guesses(dimension)
        content["notes"] = self._notes()
        content["pistes"] = rules_pistes.find(content, [*before, content], self._questionnaire)
        return content

    def _notes(self) -> list[str]:
        """Say what this version of the questionnaire does not let one compare."""
        aimless = [
            f"« {item.id} »"
            for item in self._questionnaire.aimless()
            if self._wave.asked(self._item[item.id])
        ]
        if not aimless:
            return []
        said = (
            f"Cette version du questionnaire ne dit pas quelle question devine {', '.join(aimless)} : "
            "l’exactitude et la congruence n’y sont pas calculées."
        )
        return [said]

    # One side

    def _side(self, dimension: Dimension, number: int) -> _Side:
        items = [
            self._item[item.id]
            for item in self._questionnaire.scored(dimension.id)
            if item.is_asked_of(SIDES[number])
        ]
        return self._answers(items, number)

    def _one(self, item: Item, number: int) -> _Side:
        """Return what a side answers to one question; where it alone measures its dimension, they are the same."""
        rank = self._item[item.id]
        if (rank, number) not in self._alone:
            asked = [rank] if item.is_asked_of(SIDES[number]) else []
            is_pooled = self._questions or item.family is Family.META
            self._alone[rank, number] = self._answers(asked, number, is_pooled=is_pooled)
        return self._alone[rank, number]

    def _answers(self, items: Sequence[int], number: int, *, is_pooled: bool = True) -> _Side:
        who = self._of_side[number]
        place = self._wave.departement[who]
        asked = [item for item in items if self._wave.asked(item)]
        given = self._wave.value[np.ix_(who, asked)]
        many = len(self._codes)
        answers = (~np.isnan(given)).sum(axis=1)
        n = np.bincount(place[answers > 0], minlength=many)
        shown = n >= max(self._min, 1)
        # Hidden answers are put aside before anything is computed: they would tell which items are easy.
        raw = np.where(shown[place, None], given, np.nan)
        score, spread = respondent_scores(raw) if asked else (np.full(len(who), np.nan),) * 2
        own = np.divide(np.nansum(raw, axis=1), answers, out=np.zeros(len(who)), where=answers > 0)
        ignorance = self._wave.dont_know[np.ix_(who, asked)].sum(axis=1).astype(np.float64)
        put = np.bincount(place, minlength=many) * float(len(asked))
        found = _Side(
            score=score,
            spread=spread,
            cell=place,
            raw=raw,
            n=n,
            mean=np.divide(np.bincount(place, own, many), n, out=np.full(many, np.nan), where=n > 0),
            dont_know=np.divide(
                np.bincount(place, ignorance, many), put, out=np.full(many, np.nan), where=put > 0
            ),
            shown=shown,
            pooled=self._pooled(score, spread, place) if is_pooled else None,
        )
        if len(asked) == 1:
            self._alone[asked[0], number] = found
        return found

    def _pooled(self, score: Floats, spread: Floats, cell: Integers) -> Pooled | None:
        try:
            return pool(score, spread, cell, self._region)
        except NobodyAnsweredError:
            return None

    def _inside(self, side: _Side) -> _Inside:
        many = len(self._codes)
        agreement = coefficients.agreement(side.raw, side.cell, many)
        wider = coefficients.wider_than_elsewhere(side.score, side.spread, side.cell, many)
        return _Inside(agreement, coefficients.is_divided(agreement.average_deviation, wider))

    def _cells(
        self, dimension: Dimension, name: str, side: _Side, inside: _Inside
    ) -> Iterator[dict[str, Any]]:
        shown, divided = side.shown.tolist(), inside.divided.tolist()
        means, ignorance = _column(side.mean), _column(side.dont_know)
        low = _column(None if side.pooled is None else side.pooled.probability_below(LOW))
        intervals = _intervals(side.pooled)
        for rank, code in enumerate(self._codes):
            is_shown = shown[rank]
            yield {
                "departement": code,
                "side": name,
                "dimension": dimension.id,
                "n": int(side.n[rank]),
                "dont_know_share": ignorance[rank] if is_shown else None,
                "mean": means[rank] if is_shown else None,
                **(intervals[rank] if is_shown and intervals else NOTHING),
                "probability_below_3": low[rank] if is_shown and low else None,
                "divided": divided[rank] if is_shown else None,
                "shown": is_shown,
                "reason": "" if is_shown else self._why_hidden(int(side.n[rank])),
            }

    def _why_hidden(self, n: int) -> str:
        if n == 0:
            return "Personne n’a répondu de ce côté."
        people = "une seule personne a répondu" if n == 1 else f"{n} personnes ont répondu"
        return (
            f"{people[:1].upper()}{people[1:]} de ce côté : il en faut {self._min} pour montrer un chiffre."
        )

    def _within(
        self, dimension: Dimension, name: str, side: _Side, inside: _Inside
    ) -> Iterator[dict[str, Any]]:
        agreed, deviation = _column(inside.agreement.r_wg), _column(inside.agreement.average_deviation)
        divided = inside.divided.tolist()
        for rank in np.flatnonzero(side.shown & (side.n >= 2)).tolist():
            yield {
                "departement": self._codes[rank],
                "side": name,
                "dimension": dimension.id,
                "n": int(side.n[rank]),
                "r_wg": agreed[rank],
                "average_deviation": deviation[rank],
                "divided": divided[rank],
            }

    def _reliability(self, dimension: Dimension, name: str, side: _Side) -> dict[str, Any]:
        counted = ~np.isnan(side.score)
        of_groups = coefficients.icc_of_groups(side.score, side.cell)
        components = None if side.pooled is None else side.pooled.components
        return {
            "side": name,
            "dimension": dimension.id,
            "items": int(side.raw.shape[1]),
            "n": int(counted.sum()),
            "alpha": _rounded(coefficients.alpha(side.raw[counted])),
            "omega": _rounded(coefficients.omega(side.raw[counted])),
            "icc1": None if of_groups is None else _rounded(of_groups[0]),
            "icc2": None if of_groups is None else _rounded(of_groups[1]),
            "components": None
            if components is None
            else {
                "within": _rounded(components.within),
                "between": _rounded(components.between),
                "regional": _rounded(components.regional),
                "icc": _rounded(components.icc),
                "icc_low": _rounded(components.icc_low),
                "icc_high": _rounded(components.icc_high),
            },
        }

    # The country

    def _national(self, dimension: Dimension, name: str, side: _Side) -> Iterator[dict[str, Any]]:
        shown = side.pooled is not None
        yield {
            "side": name,
            "dimension": dimension.id,
            "departements": int(side.shown.sum()),
            "asked": len(self._codes),
            "n": int(side.n[side.shown].sum()),
            **(_intervals(side.pooled.national)[0] if side.pooled else NOTHING),
            "shown": shown,
        }

    def _regional(self, dimension: Dimension, name: str, side: _Side) -> Iterator[dict[str, Any]]:
        intervals = _intervals(side.pooled.regional if side.pooled else None)
        for rank, code in enumerate(self._region_codes):
            inside = self._region == rank
            counted = side.shown & inside
            shown = bool(counted.any())
            yield {
                "region": code,
                "side": name,
                "dimension": dimension.id,
                "departements": int(counted.sum()),
                "asked": int(inside.sum()),
                "n": int(side.n[counted].sum()),
                **(intervals[rank] if shown and intervals else NOTHING),
                "shown": shown,
            }

    # Question by question

    def _question(self, content: dict[str, Any], dimension: Dimension, item: Item) -> None:
        asked = [name for name in SIDES if item.is_asked_of(name)]
        of_item = [self._one(item, number) for number in range(len(SIDES))]
        for name in asked:
            content["items"] += self._rows_of(dimension, name, of_item[SIDES.index(name)], item=item.id)
        if len(asked) < len(SIDES):
            return
        measures = [
            each for each in self._questionnaire.scored(dimension.id) if self._wave.asked(self._item[each.id])
        ]
        if len(measures) > 1:
            content["item_gaps"] += self._difference(
                dimension, _kind(item), of_item[0], of_item[1], item=item.id
            )
        else:  # it is all that measures the dimension: the same figures, not computed twice
            content["item_gaps"] += [
                {**row, "item": item.id}
                for row in content["gaps"]
                if (row["dimension"], row["kind"]) == (dimension.id, _kind(item))
            ]

    def _guesses(self, dimension: Dimension) -> Iterator[dict[str, Any]]:
        """Yield what each side thought that the other would answer to one question, whatever it answered."""
        for number, name in enumerate(SIDES):
            item = self._questionnaire.guess(dimension.id, name)
            if item is not None and self._wave.asked(self._item[item.id]):
                yield from self._rows_of(
                    dimension, name, self._one(item, number), item=item.id, guesses=item.guesses
                )

    def _rows_of(
        self, dimension: Dimension, name: str, side: _Side, **about: str
    ) -> Iterator[dict[str, Any]]:
        intervals = _intervals(side.pooled)
        for rank, code in enumerate(self._codes):
            is_shown = bool(side.shown[rank])
            yield {
                "departement": code,
                "side": name,
                "dimension": dimension.id,
                **about,
                "n": int(side.n[rank]),
                **(intervals[rank] if is_shown and intervals else NOTHING),
                "shown": is_shown,
            }

    # Between the sides

    def _gaps(self, dimension: Dimension, sides: Sequence[_Side]) -> Iterator[dict[str, Any]]:
        """Yield the six kinds of gaps of every département; one that does not apply has no figure and says why."""
        kind = _kind(self._questionnaire.scored(dimension.id)[0])
        yield from self._difference(dimension, kind, sides[0], sides[1])
        yield from self._without(dimension, *_OTHER_KIND[kind])
        for number, name in enumerate(SIDES):
            item = self._questionnaire.guess(dimension.id, name)
            if item is None or not self._wave.asked(self._item[item.id]):
                yield from self._without(dimension, f"accuracy_{name}", NOT_GUESSED)
                yield from self._without(dimension, f"congruency_{name}", NOT_GUESSED)
                continue
            target = self._questionnaire.item(item.guesses)
            if target is None or not self._wave.asked(self._item[target.id]):
                yield from self._without(dimension, f"accuracy_{name}", NO_TARGET)
                yield from self._without(dimension, f"congruency_{name}", NO_TARGET)
                continue
            guess, other = self._one(item, number), self._one(target, 1 - number)
            yield from self._difference(dimension, f"accuracy_{name}", guess, other, item=target.id)
            if target.is_asked_of(name):
                own = self._one(target, number)
                yield from self._paired(dimension, f"congruency_{name}", guess, own, item=target.id)
            else:
                yield from self._without(dimension, f"congruency_{name}", NOT_ITS_QUESTION)

    def _without(self, dimension: Dimension, kind: str, reason: str) -> Iterator[dict[str, Any]]:
        nobody = np.zeros(len(self._codes), dtype=np.bool_)
        yield from self._gap_rows(dimension, kind, nobody, None, None, reason=reason)

    def _difference(
        self, dimension: Dimension, kind: str, left: _Side, right: _Side, item: str | None = None
    ) -> Iterator[dict[str, Any]]:
        shown = left.shown & right.shown
        pooled = None
        if shown.any():
            kept = [
                Group(
                    np.where(shown[side.cell], side.score, np.nan),
                    side.spread,
                    side.cell,
                )
                for side in (left, right)
            ]
            pooled = pool_difference(kept[0], kept[1], self._region)
        reason = f"Un côté a moins de {self._least} : il en faut autant des deux."
        yield from self._gap_rows(dimension, kind, shown, pooled, item, reason=reason)

    def _paired(
        self, dimension: Dimension, kind: str, guess: _Side, own: _Side, item: str
    ) -> Iterator[dict[str, Any]]:
        """Compare a guess and one's own answer person by person: the same people give both.

        On a common object it says whether one expects the other to see things alike. Where each side describes the
        other, it says whether one expects to be judged as one judges: an assumed reciprocity, no agreement.
        """
        away = guess.score - own.score
        n = np.bincount(own.cell[~np.isnan(away)], minlength=len(self._codes))
        shown = n >= max(self._min, 1)
        away = np.where(shown[own.cell], away, np.nan)
        pooled = None
        if shown.any():
            spread = (guess.spread + own.spread) / 2.0
            pooled = pool(
                away, np.where(np.isnan(away), 1.0, spread), own.cell, self._region, bounds=GAP_SCALE
            )
        reason = f"Les deux questions ensemble ont moins de {self._least} des mêmes personnes."
        yield from self._gap_rows(dimension, kind, shown, pooled, item, reason=reason)

    def _gap_rows(
        self,
        dimension: Dimension,
        kind: str,
        shown: np.ndarray[Any, np.dtype[np.bool_]],
        pooled: Pooled | None,
        item: str | None,
        *,
        reason: str,
    ) -> Iterator[dict[str, Any]]:
        beyond = _column(None if pooled is None else pooled.probability_beyond(1.0))
        again = _column(None if pooled is None else pooled.again)
        intervals = _intervals(pooled)
        for rank, code in enumerate(self._codes):
            is_shown = bool(shown[rank])
            yield {
                "departement": code,
                "dimension": dimension.id,
                "kind": kind,
                "item": item,
                **(intervals[rank] if is_shown and intervals else NOTHING),
                "probability_ge_1": beyond[rank] if is_shown and beyond else None,
                "again": again[rank] if is_shown and again else None,
                "shown": is_shown,
                "reason": "" if is_shown else reason,
            }

    @property
    def _least(self) -> str:
        return "1 réponse" if self._min <= 1 else f"{self._min} réponses"


def _kind(item: Item) -> str:
    """Return what a difference of the two sides is: a disagreement on one object, or two views of two things."""
    return "agreement" if item.family is Family.COMMON else "asymmetry"


def _intervals(estimates: Estimates | None) -> list[dict[str, float | None]]:
    """Return one object a row, none at all when nothing was estimated."""
    if estimates is None:
        return []
    columns = (_column(estimates.estimate), _column(estimates.low), _column(estimates.high))
    return [
        {"estimate": estimate, "low": low, "high": high} for estimate, low, high in zip(*columns, strict=True)
    ]


def _column(values: Floats | None) -> list[float | None]:
    """Return numbers that JSON can carry, None for those that are not; nothing for nothing."""
    if values is None:
        return []
    return [None if value != value else value for value in (np.round(values, DIGITS) + 0.0).tolist()]


def _rounded(value: float | np.floating[Any] | None) -> float | None:
    """Return a number that JSON can carry, None for what is not one."""
    if value is None or not np.isfinite(value):
        return None
    return round(float(value), DIGITS) + 0.0
