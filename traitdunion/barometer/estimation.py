"""Few respondents a side, many départements: estimates drawn toward the région then the nation. Plain Python.

Model of a pool (one side and one dimension, or one gap), ``c`` a département of région ``r``, ``i`` a respondent::

    score_i  = truth_c + noise_i,   noise_i  ~ Normal(0, within² × spread_i)
    truth_c  = region_r + own_c,    own_c    ~ Normal(0, between²)
    region_r = nation + shift_r,    shift_r  ~ Normal(0, regional²)

Nothing is plugged in: the nation (flat prior) and within² are integrated by formula, the two ratios between² / within²
and regional² / within² on a grid of numbers, so that every interval carries their uncertainty. Why this and not
another estimator: docs/adr/0010-partial-pooling.md; how well it is calibrated: ``python -m bench calibration``.

Source:
    Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013), Bayesian Data Analysis, 3rd ed., § 5.4 and § 11.6.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SCALE: Final = (1.0, 5.0)  # the five labelled frequencies
GAP_SCALE: Final = (-4.0, 4.0)  # what a difference of two such scores can be

# What is believed of within² before any answer: worth two respondents who differ as people usually do on five points.
# It decides only when there is nothing else: a single respondent, or answers that are all the same.
_PRIOR_RESPONDENTS: Final = 2.0
_PRIOR_WITHIN: Final = 0.8


class NobodyAnsweredError(ValueError):
    """No respondent has a score: there is nothing to pool."""


class Group(NamedTuple):
    """The respondents who speak of one thing.

    Attributes:
        score: (N,) one mean per respondent; NaN for a respondent who answered no item, who is then ignored.
        spread: (N,) sampling variance of that score, relative to a respondent who answered every item.
        cell: (N,) the département of each respondent, 0 to C-1.
    """

    score: Floats
    spread: Floats
    cell: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """Values with their interval, one per row; all arrays have the same shape."""

    estimate: Floats
    low: Floats
    high: Floats
    sd: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """How much people, départements and régions differ (posterior means, in points of the scale).

    Attributes:
        within: standard deviation between respondents of one side of one département.
        between: standard deviation between départements of one région.
        regional: standard deviation between régions.
        icc: share of the variance that is between départements, régions included; with its interval.
        icc_low: lower end.
        icc_high: upper end.
    """

    within: float
    between: float
    regional: float
    icc: float
    icc_low: float
    icc_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled(Estimates):
    """The départements of a pool, then their régions and the nation.

    The nation and a région are the plain mean of their départements, each counting once. A région of one département
    is that département: whoever hides the one must hide the other.

    Attributes:
        count: (C,) respondents in each département. Without any, the estimate is what its région suggests.
        regional: (R,) arrays.
        national: arrays of shape (1,).
        components: the variances behind the estimates.
    """

    count: Integers
    regional: Estimates
    national: Estimates
    components: Components
    _weight: Floats = field(repr=False)
    _centre: Floats = field(repr=False)
    _scale: Floats = field(repr=False)
    _freedom: float = field(repr=False)

    def probability_below(self, threshold: float) -> Floats:
        """Return, for each département (C,), the probability that its truth lies below ``threshold``."""
        return _mixture_cdf(
            np.full(self._centre.shape[1], threshold), self._weight, self._centre, self._scale, self._freedom
        )

    def probability_beyond(self, size: float = 1.0) -> Floats:
        """Return, for each département (C,), the probability that its truth is ``size`` or more away from zero."""
        return self.probability_below(-size) + 1.0 - self.probability_below(size)


def respondent_scores(values: ArrayLike) -> tuple[Floats, Floats]:
    """Return one score per respondent, freed from which items were left out, and its relative variance.

    Args:
        values: (N, J) answers 1 to 5 of N respondents to the J items of a dimension, NaN when there is none.

    Returns:
        ``score``: (N,) what the mean of the J items would be, had the respondent answered as on the others: an easy
        item left out does not pull the score down. NaN for a respondent without any answer.
        ``spread``: (N,) 1 for a complete respondent, more when items are missing (NaN when all are).
    """
    answers = np.asarray(values, dtype=np.float64)
    given = ~np.isnan(answers)
    answered = given.sum(axis=1)
    filled = np.where(given, answers, 0.0)
    per_item = np.maximum(given.sum(axis=0), 1)
    person = np.full(len(answers), filled.sum() / max(given.sum(), 1))
    item = np.zeros(answers.shape[1])
    for _ in range(8):  # two-way fit; what is missing is rare, so that a few rounds are enough
        item = np.where(given, filled - person[:, None], 0.0).sum(axis=0) / per_item
        item -= item.mean()
        person = np.where(given, filled - item, 0.0).sum(axis=1) / np.maximum(answered, 1)
    score = np.where(answered > 0, person, np.nan)
    spread = np.where(answered > 0, 1.0, np.nan)
    items = answers.shape[1]
    freedom = int((answered - 1)[answered > 0].sum()) - (items - 1)
    if items == 1 or freedom <= 0 or (answered == items).all():
        return score, spread
    noise = np.where(given, filled - person[:, None] - item, 0.0)
    per_answer = float((noise**2).sum()) / freedom
    complete = score[answered == items]
    of_complete = float(complete.var()) if len(complete) > 1 else 0.0
    if of_complete <= 0.0:  # nothing to compare with: only the count of answers speaks
        return score, np.where(answered > 0, items / np.maximum(answered, 1), np.nan)
    missing = 1.0 / np.maximum(answered, 1) - 1.0 / items
    return score, spread * (1.0 + per_answer * missing / of_complete)


def pool(
    score: ArrayLike,
    spread: ArrayLike,
    cell: ArrayLike,
    region_of_cell: ArrayLike,
    *,
    bounds: tuple[float, float] = SCALE,
) -> Pooled:
    """Estimate every département from its respondents, its région and the nation.

    Args:
        score: (N,) one score per respondent (see ``respondent_scores``), or a difference paired by respondent; NaN is
            ignored.
        spread: (N,) its relative sampling variance, above zero.
        cell: (N,) département of the respondent, 0 to C-1.
        region_of_cell: (C,) région of the département, 0 to R-1.
        bounds: what a truth can be; estimates and intervals are cut there. ``GAP_SCALE`` for differences.

    Raises:
        NobodyAnsweredError: no score at all.
        ValueError: arrays of different lengths, or a département or région outside its range.
    """
    regions = _regions(region_of_cell)
    means = _cell_means(Group(*_checked(score, spread, cell, len(regions))), len(regions))
    return _pooled(means, regions, bounds)


def pool_difference(
    left: Group,
    right: Group,
    region_of_cell: ArrayLike,
    *,
    bounds: tuple[float, float] = GAP_SCALE,
) -> Pooled:
    """Estimate, in every département, the truth of ``left`` minus the truth of ``right``, two groups of other people.

    The gaps themselves are drawn together, toward the gap of the région then of the nation; each group keeps its own
    variance within. ``probability_beyond(1)`` is the probability of a gap of one point or more.

    Args:
        left: respondents of the first group (a plain triple of arrays will do).
        right: respondents of the second one.
        region_of_cell: (C,) région of the département, 0 to R-1.
        bounds: what a gap can be.

    Raises:
        NobodyAnsweredError: no département has respondents on both sides.
        ValueError: arrays of different lengths, or a département or région outside its range.
    """
    regions = _regions(region_of_cell)
    one, other = (
        _cell_means(Group(*_checked(*group, len(regions))), len(regions)) for group in (left, right)
    )
    both = (one.weight > 0) & (other.weight > 0)
    if not both.any():
        raise NobodyAnsweredError("no département has respondents on both sides")
    variance = np.zeros(len(regions))
    for means in (one, other):
        variance[both] += means.within_variance / means.weight[both]
    weight = np.zeros(len(regions))
    weight[both] = 1.0 / variance[both]
    freedom = one.freedom + other.freedom
    gaps = _Means(
        mean=np.where(both, one.mean - other.mean, 0.0),
        weight=weight,
        count=np.minimum(one.count, other.count),
        squares=freedom,  # the variances are already those of each group: the common factor is about one
        freedom=freedom,
        prior_variance=1.0,
    )
    return _pooled(gaps, regions, bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """What a pool needs to know of its respondents.

    Attributes:
        mean: (C,) mean score of each cell, 0 where nobody answered.
        weight: (C,) its precision when within² is one.
        count: (C,) respondents.
        squares: weighted sum of squares of respondents around the mean of their cell.
        freedom: its degrees of freedom.
        prior_variance: what within² is expected to be.
    """

    mean: Floats
    weight: Floats
    count: Integers
    squares: float
    freedom: float
    prior_variance: float

    @property
    def within_variance(self) -> float:
        return (self.squares + _PRIOR_RESPONDENTS * self.prior_variance) / (self.freedom + _PRIOR_RESPONDENTS)


def _regions(region_of_cell: ArrayLike) -> Integers:
    regions = np.asarray(region_of_cell, dtype=np.int64)
    if regions.ndim != 1 or len(regions) == 0 or regions.min() < 0:
        raise ValueError("region_of_cell: one number from 0 for each cell, at least one cell")
    return regions


def _checked(
    score: ArrayLike, spread: ArrayLike, cell: ArrayLike, cells: int
) -> tuple[Floats, Floats, Integers]:
    values = np.asarray(score, dtype=np.float64)
    spreads = np.asarray(spread, dtype=np.float64)
    numbers = np.asarray(cell, dtype=np.int64)
    if not (values.shape == spreads.shape == numbers.shape and values.ndim == 1):
        raise ValueError("score, spread and cell: one value each per respondent")
    kept = ~np.isnan(values)
    values, spreads, numbers = values[kept], spreads[kept], numbers[kept]
    if len(values) == 0:
        raise NobodyAnsweredError("no respondent has a score")
    if numbers.min() < 0 or numbers.max() >= cells:
        raise ValueError(f"cell: a number from 0 to {cells - 1}")
    if not (np.isfinite(values).all() and np.isfinite(spreads).all() and (spreads > 0).all()):
        raise ValueError("score: finite; spread: finite and above zero")
    return values, spreads, numbers


def _cell_means(group: Group, cells: int) -> _Means:
    precision = 1.0 / group.spread
    weight = np.bincount(group.cell, precision, cells)
    total = np.bincount(group.cell, precision * group.score, cells)
    mean = np.divide(total, weight, out=np.zeros(cells), where=weight > 0)
    return _Means(
        mean=mean,
        weight=weight,
        count=np.bincount(group.cell, minlength=cells),
        squares=float((precision * (group.score - mean[group.cell]) ** 2).sum()),
        freedom=float(len(group.score) - (weight > 0).sum()),
        prior_variance=_PRIOR_WITHIN**2,
    )


def _grid() -> tuple[Floats, Floats, Floats]:
    """Return the ratios between² / within² and regional² / within², and the logarithm of their prior, (G,) each.

    The share of variance that is between départements is uniform on ]0, 1[, and so is the part of it that is between
    régions: Gauss-Legendre nodes, so that a smooth posterior is integrated almost exactly.
    """
    share, of_share = np.polynomial.legendre.leggauss(32)
    part, of_part = np.polynomial.legendre.leggauss(8)
    share, part = (share + 1.0) / 2.0, (part + 1.0) / 2.0
    total = share / (1.0 - share)
    return (
        np.outer(total, 1.0 - part).ravel(),
        np.outer(total, part).ravel(),
        np.log(np.outer(of_share, of_part)).ravel(),
    )


_BETWEEN, _REGIONAL, _LOG_PRIOR = _grid()


def _pooled(means: _Means, regions: Integers, bounds: tuple[float, float]) -> Pooled:
    number = int(regions.max()) + 1
    member = np.zeros((len(regions), number))
    member[np.arange(len(regions)), regions] = 1.0
    # Around the mean of all respondents: a shift of every score shifts every result, to the last digit but one.
    origin = float(np.average(means.mean, weights=means.weight))
    mean = np.where(means.weight > 0, means.mean - origin, 0.0)
    between, regional, logarithm = _BETWEEN[:, None], _REGIONAL[:, None], _LOG_PRIOR

    # The likelihood of each grid point, the nation and within² integrated out.
    kept = 1.0 / (1.0 + between * means.weight)  # (G, C) how much of a cell is left to its région
    precision = means.weight * kept
    of_region = precision @ member
    sum_of_region = (precision * mean) @ member
    left = 1.0 / (1.0 + regional * of_region)  # (G, R) how much of a région is left to the nation
    of_nation = (of_region * left).sum(axis=1)
    nation = (sum_of_region * left).sum(axis=1) / of_nation
    squares = (
        means.squares
        + (precision * mean**2).sum(axis=1)
        - (sum_of_region**2 * regional * left).sum(axis=1)
        - of_nation * nation**2
    )
    freedom = means.freedom + float((means.weight > 0).sum()) - 1.0 + _PRIOR_RESPONDENTS
    within = (np.maximum(squares, 0.0) + _PRIOR_RESPONDENTS * means.prior_variance) / freedom  # (G,)
    logarithm = logarithm - 0.5 * (
        freedom * np.log(within) - np.log(kept).sum(axis=1) - np.log(left).sum(axis=1) + np.log(of_nation)
    )
    weight = np.exp(logarithm - logarithm.max())
    used = weight > 1e-6  # what is far from every plausible variance costs time and changes nothing
    weight = weight[used] / weight[used].sum()
    between, regional, within = between[used], regional[used], within[used]
    kept, left, of_region, sum_of_region = kept[used], left[used], of_region[used], sum_of_region[used]
    nation, of_nation = nation[used][:, None], of_nation[used][:, None]

    # Nation, then régions given the nation, then départements given their région (all variances in within²).
    region = regional * left * sum_of_region + left * nation
    region_variance = regional * left + left**2 / of_nation
    centre = (1.0 - kept) * mean + kept * (region @ member.T)
    variance = between * kept + kept**2 * (region_variance @ member.T)

    # A région is the mean of its départements: what they share does not average out, what is their own does.
    size = member.sum(axis=0)
    shared = (kept @ member) / size
    own = (between * kept @ member) / size**2
    region_centre = centre @ member / size
    region_mean_variance = shared**2 * region_variance + own
    cells = float(len(regions))
    through_region = shared * size / cells
    nation_variance = (
        (through_region * left).sum(axis=1, keepdims=True) ** 2 / of_nation
        + (through_region**2 * regional * left).sum(axis=1, keepdims=True)
        + (own * size**2).sum(axis=1, keepdims=True) / cells**2
    )
    nation_centre = centre.mean(axis=1, keepdims=True)

    def summed_up(middle: Floats, squared: Floats) -> tuple[Floats, Floats, Estimates]:
        middle = middle + origin
        scale = np.sqrt(squared * within[:, None])
        return middle, scale, _summary(weight, middle, scale, freedom, bounds)

    centre, scale, cell_values = summed_up(centre, variance)
    return Pooled(
        estimate=cell_values.estimate,
        low=cell_values.low,
        high=cell_values.high,
        sd=cell_values.sd,
        count=means.count,
        regional=summed_up(region_centre, region_mean_variance)[2],
        national=summed_up(nation_centre, nation_variance)[2],
        components=_components(weight, within, between[:, 0], regional[:, 0]),
        _weight=weight,
        _centre=centre,
        _scale=scale,
        _freedom=freedom,
    )


def _components(weight: Floats, within: Floats, between: Floats, regional: Floats) -> Components:
    share = (between + regional) / (1.0 + between + regional)
    order = np.argsort(share)
    cumulated = np.cumsum(weight[order]) - weight[order] / 2.0
    low, high = np.interp([0.025, 0.975], cumulated, share[order])
    return Components(
        within=float(weight @ np.sqrt(within)),
        between=float(weight @ np.sqrt(within * between)),
        regional=float(weight @ np.sqrt(within * regional)),
        icc=float(weight @ share),
        icc_low=float(low),
        icc_high=float(high),
    )


def _summary(
    weight: Floats, centre: Floats, scale: Floats, freedom: float, bounds: tuple[float, float]
) -> Estimates:
    """Return mean, 95 % interval and standard deviation of each column of a mixture, cut at ``bounds``."""
    estimate = weight @ centre
    inflation = freedom / (freedom - 2.0) if freedom > 2.5 else 5.0
    sd = np.sqrt(weight @ (scale**2 * inflation + (centre - estimate) ** 2))
    low, high = (_quantile(level, estimate, sd, weight, centre, scale, freedom) for level in (0.025, 0.975))
    return Estimates(
        estimate=np.clip(estimate, *bounds), low=np.clip(low, *bounds), high=np.clip(high, *bounds), sd=sd
    )


def _quantile(
    level: float, mean: Floats, sd: Floats, weight: Floats, centre: Floats, scale: Floats, freedom: float
) -> Floats:
    """Return the point of each column below which a mixture of Student laws has mass ``level``."""
    target = float(ndtri(level))
    point = mean + target * sd
    for _ in range(
        6
    ):  # on the normal scale the distribution function is almost a line: two or three rounds do
        reached = ndtri(np.clip(_mixture_cdf(point, weight, centre, scale, freedom), 1e-12, 1.0 - 1e-12))
        step = (target - reached) * sd
        point = point + step
        if float(np.abs(step / sd).max()) < 1e-5:
            break
    return point


def _mixture_cdf(point: Floats, weight: Floats, centre: Floats, scale: Floats, freedom: float) -> Floats:
    """Return the distribution function of a mixture of Student laws, column by column.

    Student's law through the normal one by Abramowitz and Stegun (1964), 26.7.8: error below 1e-4 from ten degrees of
    freedom, and a hundred times faster than the incomplete beta function.
    """
    away = (point - centre) / scale
    return np.asarray(weight @ ndtr(away * (1.0 - 0.25 / freedom) / np.sqrt(1.0 + away**2 / (2.0 * freedom))))
