"""How far answers may be trusted: reliability of scores, agreement of raters. Plain Python.

Each function is the published formula and nothing more; ``docs/adr/0011-reliability-coefficients.md`` says why no
library carries them here. What cannot be computed is None, never zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtrc

Floats = NDArray[np.float64]

# Variance of answers given at random on five points (uniform law): what r_wg compares with.
RANDOM_VARIANCE: Final = 2.0
# A sixth of the number of points: above, people of one side do not agree (Burke and Dunlap 2002).
DIVIDED_FROM: Final = 5.0 / 6.0
# Our own words for « more than is ordinary », to be set by the pilot like the other thresholds.
WIDE: Final = 1.5  # times the standard deviation of people of one side elsewhere
SURE: Final = 0.8
# What is ordinary before anything is known: as in the model, two people of the planned standard deviation.
PLANNED_SD: Final = 0.8
PLANNED_PEOPLE: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntraclassCorrelations:
    """The six forms of Shrout and Fleiss (1979), for one rater then for the mean of the raters."""

    one_way: float
    two_way_random: float
    two_way_fixed: float
    one_way_mean: float
    two_way_random_mean: float
    two_way_fixed_mean: float


def intraclass_correlations(ratings: ArrayLike) -> IntraclassCorrelations:
    """Return the six intraclass correlations of (N targets, K raters), none missing.

    Raises:
        ValueError: fewer than two targets or raters, or a missing rating.

    Source:
        Shrout and Fleiss (1979), Psychological Bulletin 86, 420-428.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2 or np.isnan(table).any():
        raise ValueError("ratings: a full table of two targets and two raters at least")
    targets, raters = table.shape
    grand = table.mean()
    between = raters * float(((table.mean(axis=1) - grand) ** 2).sum())
    judges = targets * float(((table.mean(axis=0) - grand) ** 2).sum())
    total = float(((table - grand) ** 2).sum())
    bms = between / (targets - 1)
    jms = judges / (raters - 1)
    wms = (total - between) / (targets * (raters - 1))
    ems = (total - between - judges) / ((targets - 1) * (raters - 1))
    return IntraclassCorrelations(
        one_way=(bms - wms) / (bms + (raters - 1) * wms),
        two_way_random=(bms - ems) / (bms + (raters - 1) * ems + raters * (jms - ems) / targets),
        two_way_fixed=(bms - ems) / (bms + (raters - 1) * ems),
        one_way_mean=(bms - wms) / bms,
        two_way_random_mean=(bms - ems) / (bms + (jms - ems) / targets),
        two_way_fixed_mean=(bms - ems) / bms,
    )


def icc_of_groups(score: ArrayLike, group: ArrayLike) -> tuple[float, float] | None:
    """Return ICC(1) and ICC(2) of respondents nested in groups of unequal sizes; None when it cannot be computed.

    Args:
        score: (N,) one score a respondent, NaN left out.
        group: (N,) group of each.

    Source:
        Bliese (2000), in Klein and Kozlowski (eds), Multilevel theory, 349-381. The size is that of the one-way
        analysis of variance, (N - sum n²/N) / (groups - 1).
    """
    values, groups = np.asarray(score, dtype=np.float64), np.asarray(group)
    kept = ~np.isnan(values)
    values, groups = values[kept], groups[kept]
    _, place, size = np.unique(groups, return_inverse=True, return_counts=True)
    number, many = len(values), len(size)
    if many < 2 or number <= many:
        return None
    mean = np.bincount(place, values) / size
    within = float(((values - mean[place]) ** 2).sum()) / (number - many)
    between = float((size * (mean - values.mean()) ** 2).sum()) / (many - 1)
    typical = (number - float((size**2).sum()) / number) / (many - 1)
    if between <= 0.0 or between + (typical - 1) * within <= 0.0:
        return None
    return (between - within) / (between + (typical - 1) * within), (between - within) / between


def alpha(answers: ArrayLike) -> float | None:
    """Return Cronbach's alpha of (N respondents, J items), NaN for a missing answer.

    The covariance of two items is that of the respondents who answered both, as R's psych does.

    Source:
        Cronbach (1951), Psychometrika 16, 297-334: ``raw_alpha`` of R's psych.
    """
    moments = _pairwise(answers)
    if moments is None:
        return None
    covariances, _ = moments
    items = len(covariances)
    total = float(covariances.sum())
    if total < 1e-9:
        return None  # everybody has the same score
    return float(items / (items - 1) * (1.0 - np.trace(covariances) / total))


def omega(answers: ArrayLike) -> float | None:
    """Return McDonald's omega total of one common factor, for (N respondents, J items), NaN for a missing answer.

    It is ``omega.tot`` of ``psych::omega(nfactors = 1)``: one factor fitted to the correlations by minimum residuals.
    Two items cannot tell their loadings apart: they are taken as equal, and omega is Spearman and Brown's formula.
    Items are never turned round: one that goes against the others lowers omega, as it should.

    Source:
        McDonald (1999), Test theory; Harman and Jones (1966), Psychometrika 31, 351-368, for the minimum residuals.
    """
    moments = _pairwise(answers)
    if moments is None:
        return None
    covariances, variances = moments
    if (variances <= 0.0).any():
        return None  # an item to which all answer the same has no correlation
    return omega_of_correlations(covariances / np.sqrt(variances * variances.T))


def omega_of_correlations(correlations: ArrayLike) -> float | None:
    """Return omega total of one factor from a (J, J) matrix of correlations.

    Omega is one minus the share of the variance of the total that is unique to items; unique variances are the
    diagonal that the factor leaves.
    """
    matrix = np.asarray(correlations, dtype=np.float64)
    total = float(matrix.sum())
    if total < 1e-9:
        return None  # items that cancel one another: no score is left to be relied upon
    found = 1.0 - float((1.0 - _one_factor(matrix) ** 2).sum()) / total
    if found > 1.0:
        return None  # pairs answered by different people may contradict one another
    return max(found, 0.0)


_LEAST_UNIQUE: Final = 0.005  # no item is only the common factor; the bound of psych
_MOST_TURNS: Final = 200


def _one_factor(matrix: Floats) -> Floats:
    """Return the loadings of one factor that leave the least squares beside the unique variances.

    The factor is the first principal axis once what is unique to each item is taken off the diagonal; what is unique
    follows from the factor, and so on until nothing moves: at that point the least squares are reached. A weak factor
    moves slowly, hence two turns then a leap in their direction (Varadhan and Roland 2008, Scandinavian Journal of
    Statistics 35, 335-353).
    """
    if len(matrix) == 2:
        either = np.sqrt(abs(matrix[0, 1]))
        return np.array([either, np.copysign(either, matrix[0, 1])])
    shared = np.full(len(matrix), 0.5)
    loadings = _axis(matrix, shared)
    for _ in range(_MOST_TURNS):
        first = _shared(loadings)
        second = _shared(_axis(matrix, first))
        step, bend = first - shared, second - 2.0 * first + shared
        length = float(np.linalg.norm(bend))
        leap = max(1.0, float(np.linalg.norm(step)) / length) if length > 0.0 else 1.0
        shared = np.clip(shared + 2.0 * leap * step + leap**2 * bend, 0.0, 1.0 - _LEAST_UNIQUE)
        loadings = _axis(matrix, shared)
        if float(np.abs(_shared(loadings) - shared).max()) < 1e-7:
            break
    return loadings


def _axis(matrix: Floats, shared: Floats) -> Floats:
    reduced = matrix.copy()
    np.fill_diagonal(reduced, shared)
    value, vector = np.linalg.eigh(reduced)
    return np.asarray(vector[:, -1] * np.sqrt(max(value[-1], 0.0)))


def _shared(loadings: Floats) -> Floats:
    return np.minimum(loadings**2, 1.0 - _LEAST_UNIQUE)


def _pairwise(answers: ArrayLike) -> tuple[Floats, Floats] | None:
    """Return (J, J) covariances of each pair of items over the respondents of both, and the variances over the same.

    Row i and column j of the variances hold that of item i over those who also answered j. None with fewer than two
    items, or two items that fewer than two people answered together.
    """
    table = np.asarray(answers, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        return None
    given = ~np.isnan(table)
    together = given.T.astype(np.float64) @ given
    if together.min() < 2:
        return None
    centre = np.where(given, table, 0.0).sum(axis=0) / given.sum(axis=0)
    away = np.where(given, table - centre, 0.0)
    total = away.T @ given
    covariances = (away.T @ away - total * total.T / together) / (together - 1.0)
    variances = (away.T**2 @ given - total**2 / together) / (together - 1.0)
    return covariances, variances


# Agreement


def krippendorff(ratings: ArrayLike, *, level: str) -> float | None:
    """Return Krippendorff's alpha of (raters, units), NaN where a rater said nothing; None when no two units differ.

    Args:
        ratings: values as numbers.
        level: ``nominal``, ``ordinal`` or ``interval``.

    Source:
        Krippendorff (2011), Computing Krippendorff's alpha-reliability, University of Pennsylvania.
    """
    table = np.asarray(ratings, dtype=np.float64)
    known = np.unique(table[~np.isnan(table)])
    coincidences = np.zeros((len(known), len(known)))
    for unit in table.T:
        said = unit[~np.isnan(unit)]
        if len(said) < 2:
            continue
        counts = (said[:, None] == known).sum(axis=0).astype(np.float64)
        coincidences += (np.outer(counts, counts) - np.diag(counts)) / (len(said) - 1)
    total = coincidences.sum(axis=0)
    number = float(total.sum())
    distance = _DISTANCES[level](known, total)
    expected = float((np.outer(total, total) * distance).sum()) / (number - 1.0) if number > 1.0 else 0.0
    if expected == 0.0:
        return None
    return 1.0 - float((coincidences * distance).sum()) / expected


def _nominal(known: Floats, _: Floats) -> Floats:
    return 1.0 - np.eye(len(known))


def _ordinal(_: Floats, total: Floats) -> Floats:
    upto = np.cumsum(total)
    middle = upto - total / 2.0
    away: Floats = np.abs(np.subtract.outer(middle, middle)) ** 2
    return away


def _interval(known: Floats, _: Floats) -> Floats:
    away: Floats = np.subtract.outer(known, known) ** 2
    return away


_DISTANCES: Final[dict[str, Callable[[Floats, Floats], Floats]]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How much the people of each of C groups agree.

    Attributes:
        r_wg: (C,) 1 when all say the same, 0 when they differ as if at random or more.
        average_deviation: (C,) mean distance to the mean of their item, in points.
    """

    r_wg: Floats
    average_deviation: Floats


def agreement(answers: ArrayLike, group: ArrayLike, groups: int) -> Agreement:
    """Return the agreement inside groups; an item that fewer than two people of a group answered is left out of it.

    Args:
        answers: (N, J) 1 to 5, NaN for a missing one.
        group: (N,) group of each respondent, 0 to C-1.
        groups: C.

    Source:
        r_wg(J): James, Demaree and Wolf (1984), Journal of Applied Psychology 69, 85-98; null law: uniform on five
        points. AD around the mean: Burke, Finkelstein and Dusig (1999), Organizational Research Methods 2, 49-68.
    """
    table, place = np.asarray(answers, dtype=np.float64), np.asarray(group, dtype=np.int64)
    items = table.shape[1]
    counted, variance, away = (np.zeros((groups, items)) for _ in range(3))
    for number in range(items):
        given = ~np.isnan(table[:, number])
        value, of = table[given, number], place[given]
        size = np.bincount(of, minlength=groups)
        mean = np.bincount(of, value, groups) / np.maximum(size, 1)
        apart = value - mean[of]
        counted[:, number] = size >= 2
        variance[:, number] = np.bincount(of, apart**2, groups) / np.maximum(size - 1, 1)
        away[:, number] = np.bincount(of, np.abs(apart), groups) / np.maximum(size, 1)
    several = counted.sum(axis=1)
    some = np.where(several > 0, several, np.nan)
    ratio = (variance * counted).sum(axis=1) / some / RANDOM_VARIANCE
    left = np.maximum(1.0 - ratio, 0.0)
    return Agreement(
        r_wg=several * left / (several * left + np.minimum(ratio, 1.0)),
        average_deviation=(away * counted).sum(axis=1) / some,
    )


def wider_than_elsewhere(score: ArrayLike, spread: ArrayLike, group: ArrayLike, groups: int) -> Floats:
    """Return (C,) the probability that people of a group differ by more than 1.5 times what they do elsewhere.

    Two to six scores say little of a spread: both variances carry their uncertainty. That of a group follows its chi
    square law with n - 1 degrees of freedom; that of the others, together with two people of the planned spread, its
    own; their ratio follows Fisher's law. NaN where fewer than two people answered.

    Args:
        score: (N,) one a respondent, NaN left out.
        spread: (N,) relative variance of the score.
        group: (N,) group of each respondent, 0 to C-1.
        groups: C.

    Source:
        Box and Tiao (1973), Bayesian inference in statistical analysis, 2.6: ratio of two variances, flat on their
        logarithms.
    """
    value, place = np.asarray(score, dtype=np.float64), np.asarray(group, dtype=np.int64)
    kept = ~np.isnan(value)
    value, place, weight = value[kept], place[kept], 1.0 / np.asarray(spread, dtype=np.float64)[kept]
    n = np.bincount(place, minlength=groups)
    heavy = np.bincount(place, weight, groups)
    mean = np.bincount(place, weight * value, groups) / np.where(n > 0, heavy, 1.0)
    squares = np.bincount(place, weight * (value - mean[place]) ** 2, groups)
    free = np.maximum(n - 1, 0).astype(np.float64)
    around = free.sum() - free + PLANNED_PEOPLE
    ordinary = (squares.sum() - squares + PLANNED_PEOPLE * PLANNED_SD**2) / around
    inside = np.maximum(squares / np.maximum(free, 1.0), 1e-12)
    beyond = fdtrc(around, np.maximum(free, 1.0), WIDE**2 * ordinary / inside)
    found: Floats = np.where(free > 0, beyond, np.nan)
    return found


def is_divided(average_deviation: ArrayLike, wider: ArrayLike) -> NDArray[np.bool_]:
    """Return (C,) whether people of a group disagree too much for a mean to speak for them.

    The published threshold alone would say so, by chance, of one side in five: what separates them must also be
    wider than elsewhere, with a probability of 0.8.

    Args:
        average_deviation: (C,) of the answers, in points.
        wider: (C,) what ``wider_than_elsewhere`` returns.
    """
    beyond = np.nan_to_num(np.asarray(average_deviation, dtype=np.float64)) > DIVIDED_FROM
    found: NDArray[np.bool_] = beyond & (np.nan_to_num(np.asarray(wider, dtype=np.float64)) >= SURE)
    return found
