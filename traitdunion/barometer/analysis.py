"""From the answers of waves to what may be said of them: RESULT.json. Plain Python, no file is opened here.

For each wave: what each side of each département answers (``cells``), how far the two sides are (``gaps``), whether
people of one side agree (``within``), whether the measure holds (``reliability``), the country and its régions, and
the ``pistes`` that the rules open. Model, assumptions and limits: ``docs/barometre.md``.

A side with fewer respondents than the threshold counts in no figure at all, neither its own, nor that of its région,
nor that of the nation: no subtraction can bring it back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

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
from traitdunion.barometer.questionnaire import SIDES, Dimension, Family, Questionnaire

ENGINE: Final = "1"
MIN_ANSWERS: Final = 3
LOW: Final = 3.0  # « parfois »
DIGITS: Final = 4
NOTHING: Final[Mapping[str, None]] = {"estimate": None, "low": None, "high": None}
LIMITS: Final = (
    "Ce sont des perceptions, pas des performances.",
    "Peu de voix de chaque côté ; d’une vague à l’autre, les personnes changent.",
    "La hiérarchie peut colorer les réponses.",
    (
        "Un chiffre haut ne dit pas que les personnes sont mieux protégées ; un chiffre bas peut venir d’agents "
        "qui, à raison, gardent le secret."
    ),
    "Le chiffre national est solide, le régional est indicatif, celui d’un département ouvre une conversation.",
)


def analyse(
    waves: Sequence[WaveAnswers],
    questionnaire: Questionnaire,
    regions: Mapping[str, str],
    *,
    min_answers: int = MIN_ANSWERS,
) -> dict[str, Any]:
    """Return RESULT.json for waves of one questionnaire, in the order in which they took place.

    Args:
        waves: what was answered.
        questionnaire: what was asked.
        regions: the région of each département, by code.
        min_answers: respondents under which a side is not shown and counts nowhere.
    """
    found: list[dict[str, Any]] = []
    for wave in waves:
        found.append(_Wave(wave, questionnaire, regions, min_answers).result(found))
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
        dont_know: (C,) share of « ne sait pas » among the answers that the question called for, NaN without any.
        shown: (C,) whether the side may be shown.
        pooled: estimates, None when no side is shown.
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


class _Wave:
    def __init__(
        self, wave: WaveAnswers, questionnaire: Questionnaire, regions: Mapping[str, str], min_answers: int
    ) -> None:
        self._wave = wave
        self._questionnaire = questionnaire
        self._min = min_answers
        self._codes = list(wave.departements)
        self._region_codes = sorted({regions[code] for code in self._codes})
        number = {code: rank for rank, code in enumerate(self._region_codes)}
        self._region = np.array([number[regions[code]] for code in self._codes], dtype=np.int64)
        self._item = {name: rank for rank, name in enumerate(wave.items)}
        self._of_side = [np.flatnonzero(wave.side == number) for number in range(len(SIDES))]

    def result(self, before: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        content: dict[str, Any] = {
            "wave": self._wave.wave,
            "dimensions": [],
            "cells": [],
            "gaps": [],
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
            content["dimensions"].append({"id": dimension.id, "title": dimension.title})
            for name, side in zip(SIDES, sides, strict=True):
                content["cells"] += self._cells(dimension, name, side)
                content["within"] += self._within(dimension, name, side)
                content["reliability"].append(self._reliability(dimension, name, side))
                content["national"] += self._national(dimension, name, side)
                content["regional"] += self._regional(dimension, name, side)
            content["gaps"] += self._gaps(dimension, sides)
        content["pistes"] = rules_pistes.find(content, [*before, content], self._questionnaire)
        return content

    # One side

    def _side(self, dimension: Dimension, number: int) -> _Side:
        items = [
            self._item[item.id]
            for item in self._questionnaire.scored(dimension.id)
            if item.is_asked_of(SIDES[number])
        ]
        return self._answers(items, number)

    def _answers(self, items: Sequence[int], number: int) -> _Side:
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
        total = np.bincount(place, ignorance + answers, many)
        return _Side(
            score=score,
            spread=spread,
            cell=place,
            raw=raw,
            n=n,
            mean=np.divide(np.bincount(place, own, many), n, out=np.full(many, np.nan), where=n > 0),
            dont_know=np.divide(
                np.bincount(place, ignorance, many), total, out=np.full(many, np.nan), where=total > 0
            ),
            shown=shown,
            pooled=self._pooled(score, spread, place),
        )

    def _pooled(self, score: Floats, spread: Floats, cell: Integers) -> Pooled | None:
        try:
            return pool(score, spread, cell, self._region)
        except NobodyAnsweredError:
            return None

    def _cells(self, dimension: Dimension, name: str, side: _Side) -> Iterator[dict[str, Any]]:
        shown = side.shown.tolist()
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

    def _within(self, dimension: Dimension, name: str, side: _Side) -> Iterator[dict[str, Any]]:
        inside = coefficients.agreement(side.raw, side.cell, len(self._codes))
        agreed, deviation = _column(inside.r_wg), _column(inside.average_deviation)
        divided = inside.is_divided.tolist()
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

    # Between the sides

    def _gaps(self, dimension: Dimension, sides: Sequence[_Side]) -> Iterator[dict[str, Any]]:
        scored = self._questionnaire.scored(dimension.id)
        kind = "agreement" if scored[0].family is Family.COMMON else "asymmetry"
        yield from self._difference(dimension, kind, sides[0], sides[1])
        for number, name in enumerate(SIDES):
            guesses = [
                self._item[item.id]
                for item in self._questionnaire.items
                if item.family is Family.META and item.dimension == dimension.id and item.is_asked_of(name)
            ]
            if not any(self._wave.asked(rank) for rank in guesses):
                continue
            guess = self._answers(guesses, number)
            yield from self._difference(dimension, f"accuracy_{name}", guess, sides[1 - number])
            yield from self._paired(dimension, f"congruency_{name}", guess, sides[number])

    def _difference(
        self, dimension: Dimension, kind: str, left: _Side, right: _Side
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
        yield from self._gap_rows(dimension, kind, shown, pooled)

    def _paired(self, dimension: Dimension, kind: str, guess: _Side, own: _Side) -> Iterator[dict[str, Any]]:
        """Compare a guess and an own view person by person: the same people answer both."""
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
        yield from self._gap_rows(dimension, kind, shown, pooled)

    def _gap_rows(
        self,
        dimension: Dimension,
        kind: str,
        shown: np.ndarray[Any, np.dtype[np.bool_]],
        pooled: Pooled | None,
    ) -> Iterator[dict[str, Any]]:
        beyond = _column(None if pooled is None else pooled.probability_beyond(1.0))
        intervals = _intervals(pooled)
        for rank, code in enumerate(self._codes):
            is_shown = bool(shown[rank])
            yield {
                "departement": code,
                "dimension": dimension.id,
                "kind": kind,
                **(intervals[rank] if is_shown and intervals else NOTHING),
                "probability_ge_1": beyond[rank] if is_shown and beyond else None,
                "shown": is_shown,
            }


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
