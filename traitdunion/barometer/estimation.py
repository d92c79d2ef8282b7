"""Few respondents a side, many départements: estimates drawn toward the région then the nation. Plain Python.

Model of a pool (one side and one dimension, or one gap), ``i`` a respondent of the département ``c`` in région ``r``::

    score_i  = truth_c + noise_i,   noise_i  ~ Normal(0, within² × spread_i)
    truth_c  = region_r + own_c,    own_c    ~ Normal(0, between²)
    region_r = nation + shift_r,    shift_r  ~ Normal(0, regional²)

Nothing is plugged in: the nation and within² are integrated by formula, the ratios between² / within² and
regional² / within² on a grid, so that every interval carries the uncertainty of the variances.

Answers from 1 to 5 are not normal: people differ less near the ends of the scale. The estimates, linear in the scores,
stand that well; intervals follow it: their width goes by the square root of (estimate - 1) × (5 - estimate), and they
reach further toward the middle than toward the end, as a beta law would have it.

Why this and not another estimator: ``docs/adr/0010-partial-pooling.md``. How well it is calibrated:
``python -m bench calibration``.

Source:
    Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013), Bayesian Data Analysis, 3rd ed., ch. 5, for the model;
    Morris (1983), Natural exponential families with quadratic variance functions: statistical theory, Annals of
    Statistics 11(2), for a linear estimate whose variance goes by the variance function.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Bounds(NamedTuple):
    """What a truth can be.

    Attributes:
        low: the least.
        high: the most.
        narrowing: people differ less near the bounds, as answers on a scale must. A gap knows no such law.
    """

    low: float
    high: float
    narrowing: bool = False


SCALE: Final = Bounds(1.0, 5.0, narrowing=True)  # the five labelled frequencies
GAP_SCALE: Final = Bounds(-4.0, 4.0)  # what a difference of two such scores can be

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

    score: ArrayLike
    spread: ArrayLike
    cell: ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """Values with their 95 % interval, one per row; all arrays have the same shape."""

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
        icc: share of the variance that is between départements, régions included.
        icc_low: lower end of its 95 % interval.
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
        again: (C,) the estimate to expect of as many other people asked again, had nothing changed: what is far from
            its région is drawn toward it once more, and part of any extreme comes back by itself.
        regional: (R,) arrays; NaN at a number that no département carries.
        national: arrays of shape (1,).
        components: the variances behind the estimates.
    """

    count: Integers
    again: Floats
    regional: Estimates
    national: Estimates
    components: Components
    _posterior: "_Posterior" = field(repr=False)

    def probability_below(self, threshold: float) -> Floats:
        """Return, for each département (C,), the probability that its truth lies below ``threshold``."""
        return self._posterior.probability_below(threshold)

    def probability_beyond(self, size: float = 1.0) -> Floats:
        """Return, for each département (C,), the probability that its truth is ``size`` or more away from zero."""
        return self.probability_below(-size) + 1.0 - self.probability_below(size)


def respondent_scores(values: ArrayLike) -> tuple[Floats, Floats]:
    """Return one score per respondent, freed from which items were left out, and its relative variance.

    Args:
        values: (N, J) answers 1 to 5 of N respondents to the J items of a dimension, NaN when there is none.

    Returns:
        ``score``: (N,) what the mean of the J items would be, had the respondent answered as on the others: an easy
        item left out does not pull the score down. It may then lie a little beyond the scale: bringing it back would
        pull high answers down. NaN for a respondent without any answer.
        ``spread``: (N,) 1 for a complete respondent, more when items are missing, NaN when all are.
    """
    answers = np.asarray(values, dtype=np.float64)
    given = ~np.isnan(answers)
    answered = given.sum(axis=1)
    items = answers.shape[1]
    some = answered > 0
    filled = np.where(given, answers, 0.0)
    per_item = np.maximum(given.sum(axis=0), 1)
    per_person = np.maximum(answered, 1)
    item = np.zeros(items)
    person = filled.sum(axis=1) / per_person
    for _ in range(8):  # two-way fit by turns; one turn is exact when nothing is missing
        item = (filled - given * person[:, None]).sum(axis=0) / per_item
        item -= item.mean()
        person = (filled - given * item).sum(axis=1) / per_person
    score = np.where(some, person, np.nan)
    complete = answered == items
    spread = np.where(some, 1.0, np.nan)
    if items == 1 or complete.all():
        return score, spread
    # A complete respondent varies by what they are and by chance over J answers; only the second grows with absences.
    freedom = float((answered[some] - 1).sum() - (items - 1))
    of_complete = float(score[complete].var()) if complete.sum() > 1 else 0.0
    if (
        freedom <= 0.0 or of_complete <= 0.0
    ):  # nothing to tell one from the other: the number of answers decides
        return score, spread * items / per_person
    chance = float((given * (filled - person[:, None] - item) ** 2).sum()) / freedom
    return score, spread * (1.0 + min(chance / of_complete, float(items)) * (1.0 / per_person - 1.0 / items))


def pool(
    score: ArrayLike,
    spread: ArrayLike,
    cell: ArrayLike,
    region_of_cell: ArrayLike,
    *,
    bounds: Bounds = SCALE,
) -> Pooled:
    """Estimate every département from its respondents, its région and the nation.

    Args:
        score: (N,) one score per respondent (see ``respondent_scores``), or a difference paired by respondent; NaN is
            ignored.
        spread: (N,) its relative sampling variance, above zero.
        cell: (N,) département of the respondent, 0 to C-1.
        region_of_cell: (C,) région of the département, 0 to R-1.
        bounds: what a truth can be; estimates and intervals stay there. ``GAP_SCALE`` for differences.

    Raises:
        NobodyAnsweredError: no score at all.
        ValueError: arrays of different lengths, or a département or région outside its range.
    """
    regions = _regions(region_of_cell)
    return _pooled(_cell_means(Group(score, spread, cell), len(regions)), regions, bounds)


def pool_difference(
    left: Group,
    right: Group,
    region_of_cell: ArrayLike,
    *,
    scale: Bounds = SCALE,
    bounds: Bounds = GAP_SCALE,
) -> Pooled:
    """Estimate, in every département, the truth of ``left`` minus the truth of ``right``, two groups of other people.

    The gaps themselves are drawn together, toward the gap of the région then of the nation; each group keeps its own
    variance within. ``probability_beyond(1)`` is the probability of a gap of one point or more.

    Args:
        left: respondents of the first group (a plain triple of arrays will do).
        right: respondents of the second one.
        region_of_cell: (C,) région of the département, 0 to R-1.
        scale: what the truth of either group can be; gaps between high scores are known better than between middling
            ones.
        bounds: what a gap can be.

    Raises:
        NobodyAnsweredError: no département has respondents on both sides.
        ValueError: arrays of different lengths, or a département or région outside its range.
    """
    regions = _regions(region_of_cell)
    one, other = (_cell_means(Group(*group), len(regions)) for group in (left, right))
    both = (one.weight > 0) & (other.weight > 0)
    if not both.any():
        raise NobodyAnsweredError("no département has respondents on both sides")
    noise = [means.within_variance / np.where(means.weight > 0, means.weight, 1.0) for means in (one, other)]
    # Each group brings its own variance, taken as known; what is left to estimate is a factor near one, in units of the
    # gap between one respondent of each group.
    freedom = one.freedom + other.freedom
    of_pair = one.within_variance + other.within_variance
    gaps = _Means(
        mean=np.where(both, one.mean - other.mean, 0.0),
        weight=np.where(both, of_pair / (noise[0] + noise[1]), 0.0),
        count=np.minimum(one.count, other.count),
        squares=freedom * of_pair,
        freedom=freedom,
        prior_variance=of_pair,
    )
    rooms = [_room(means.roughly_pooled(), scale) for means in (one, other)]
    room = (noise[0] * rooms[0] + noise[1] * rooms[1]) / (noise[0] + noise[1])
    return _pooled(gaps, regions, bounds, room)


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

    def roughly_pooled(self) -> Floats:
        """Return (C,) means drawn toward their mean by the method of moments: good enough to say where on the scale."""
        total = float(self.weight.sum())
        centre = float(self.weight @ self.mean) / total
        away = (
            float(self.weight @ (self.mean - centre) ** 2)
            - float((self.weight > 0).sum() - 1) * self.within_variance
        )
        spare = total - float(self.weight @ self.weight) / total
        between = max(0.0, away / spare) if spare > 0.0 else 0.0
        drawn = between * self.weight / (between * self.weight + self.within_variance)
        return centre + drawn * (self.mean - centre)


def _room(mean: Floats, bounds: Bounds) -> Floats:
    """Return (mean - low) × (high - mean), by which variances go on a scale of answers; ones when they do not.

    Never quite none: everybody answering the same is not everybody thinking the same.
    """
    if not bounds.narrowing:
        return np.ones(mean.shape)
    return np.maximum((mean - bounds.low) * (bounds.high - mean), 0.005 * (bounds.high - bounds.low) ** 2)


def _regions(region_of_cell: ArrayLike) -> Integers:
    regions = np.asarray(region_of_cell, dtype=np.int64)
    if regions.ndim != 1 or len(regions) == 0 or regions.min() < 0:
        raise ValueError("region_of_cell: one number from 0 for each cell, at least one cell")
    return regions


def _cell_means(group: Group, cells: int) -> _Means:
    score = np.asarray(group.score, dtype=np.float64)
    spread = np.asarray(group.spread, dtype=np.float64)
    cell = np.asarray(group.cell, dtype=np.int64)
    if not (score.shape == spread.shape == cell.shape and score.ndim == 1):
        raise ValueError("score, spread and cell: one value each per respondent")
    kept = ~np.isnan(score)
    score, spread, cell = score[kept], spread[kept], cell[kept]
    if len(score) == 0:
        raise NobodyAnsweredError("no respondent has a score")
    if cell.min() < 0 or cell.max() >= cells:
        raise ValueError(f"cell: a number from 0 to {cells - 1}")
    if not (np.isfinite(score).all() and np.isfinite(spread).all() and (spread > 0).all()):
        raise ValueError("score: finite; spread: finite and above zero")
    precision = 1.0 / spread
    weight = np.bincount(cell, precision, cells)
    total = np.bincount(cell, precision * score, cells)
    mean = np.divide(total, weight, out=np.zeros(cells), where=weight > 0)
    return _Means(
        mean=mean,
        weight=weight,
        count=np.bincount(cell, minlength=cells),
        squares=float((precision * (score - mean[cell]) ** 2).sum()),
        freedom=float(len(score) - (weight > 0).sum()),
        prior_variance=_PRIOR_WITHIN**2,
    )


def _grid() -> tuple[Floats, Floats, Floats]:
    """Return the ratios between² / within² and regional² / within², and the logarithm of their prior mass, (G,) each.

    between² / within²: density as its power -1/3, between the two usual choices, flat on the standard deviation (power
    -1/2: intervals too short when départements differ little) and flat on the variance (power 0: too long), then
    falling beyond 4, an ICC of 0.8. regional / within: half-Cauchy of scale 1/4, so that régions are thought alike
    until they show otherwise, and one that stands apart is believed.
    Gauss-Legendre nodes: a smooth function is integrated almost exactly.
    """
    node, mass = np.polynomial.legendre.leggauss(24)
    share = (node + 1.0) / 2.0  # of variance that is between départements, were régions alike
    between = share / (1.0 - share)
    log_between = (
        np.log(mass) - 2.0 * np.log(1.0 - share) - np.log(between) / 3.0 - np.log1p(between / 4.0) * 5.0 / 3.0
    )
    node, mass = np.polynomial.legendre.leggauss(10)
    regional = (0.25 * np.tan(np.pi * (node + 1.0) / 4.0)) ** 2
    return (
        np.repeat(between, len(regional)),
        np.tile(regional, len(between)),
        np.add.outer(log_between, np.log(mass)).ravel(),
    )


_BETWEEN, _REGIONAL, _LOG_PRIOR = _grid()


def _pooled(means: _Means, regions: Integers, bounds: Bounds, room: Floats | None = None) -> Pooled:
    """Return what is known of every truth; ``room`` (C,) when it is not to be read from the estimates."""
    bounds = Bounds(*bounds)
    present, place = np.unique(regions, return_inverse=True)
    member = np.zeros((len(regions), len(present)))
    member[np.arange(len(regions)), place] = 1.0
    size = member.sum(axis=0)
    # Around the mean of all, so that a shift of every score shifts every result and costs no digit.
    origin = float(np.average(means.mean, weights=means.weight))
    mean = np.where(means.weight > 0, means.mean - origin, 0.0)

    # How likely each point of the grid is, the nation and within² integrated out. Variances are in within².
    between, regional = _BETWEEN[:, None], _REGIONAL[:, None]
    kept = 1.0 / (1.0 + between * means.weight)  # (G, C) how much of a cell is left to its région
    precision = means.weight * kept
    of_region = precision @ member
    sum_of_region = (precision * mean) @ member
    left = 1.0 / (1.0 + regional * of_region)  # (G, R) how much of a région is left to the nation
    of_nation = (of_region * left).sum(axis=1)
    nation = (sum_of_region * left).sum(axis=1) / of_nation
    squares = means.squares + precision @ mean**2 - of_nation * nation**2
    squares -= (sum_of_region**2 * regional * left).sum(axis=1)
    freedom = means.freedom + float((means.weight > 0).sum()) - 1.0 + _PRIOR_RESPONDENTS
    within = (np.maximum(squares, 0.0) + _PRIOR_RESPONDENTS * means.prior_variance) / freedom
    logarithm = (
        np.log(kept).sum(axis=1) + np.log(left).sum(axis=1) - np.log(of_nation) - freedom * np.log(within)
    )
    logarithm = _LOG_PRIOR + logarithm / 2.0
    weight = np.exp(logarithm - logarithm.max())
    used = weight > 1e-4  # what is far from every plausible variance costs time and changes nothing
    weight = weight[used] / weight[used].sum()
    between, regional, within = between[used], regional[used], within[used][:, None]
    kept, left, sum_of_region = kept[used], left[used], sum_of_region[used]
    nation, of_nation = nation[used][:, None], of_nation[used][:, None]

    # The régions given the nation, then the départements given their région.
    region = left * (regional * sum_of_region + nation)
    region_variance = regional * left + left**2 / of_nation
    centre = (1.0 - kept) * mean + kept * (region @ member.T)
    variance = between * kept + kept**2 * (region_variance @ member.T)

    # The mean of several départements: what they share does not average out, what is their own does.
    shared = kept @ member / size
    own = between * kept @ member / size**2
    part = size / len(regions)
    national_variance = (
        (part * shared * left).sum(axis=1, keepdims=True) ** 2 / of_nation
        + ((part * shared) ** 2 * regional * left).sum(axis=1, keepdims=True)
        + (part**2 * own).sum(axis=1, keepdims=True)
    )
    everyone = np.ones((len(regions), 1)) / len(regions)

    departements = _Posterior.build(
        weight, centre + origin, np.sqrt(variance * within), freedom, bounds, room
    )
    regional_means, national_means = (
        departements.mean_of(averaging, np.sqrt(of_mean * within))
        for averaging, of_mean in (
            (member / size, shared**2 * region_variance + own),
            (everyone, national_variance),
        )
    )
    of_cells = departements.estimates()
    return Pooled(
        estimate=of_cells.estimate,
        low=of_cells.low,
        high=of_cells.high,
        sd=of_cells.sd,
        count=means.count,
        again=np.clip(weight @ ((1.0 - kept) * centre + kept * (region @ member.T)) + origin, *bounds[:2]),
        regional=_spread_out(regional_means.estimates(), present),
        national=national_means.estimates(),
        components=_components(weight, within[:, 0], between[:, 0], regional[:, 0]),
        _posterior=departements,
    )


def _spread_out(estimates: Estimates, numbers: Integers) -> Estimates:
    """Return the estimates at their own number, NaN at the numbers that nothing carries."""
    wide = np.full((4, int(numbers.max()) + 1), np.nan)
    wide[:, numbers] = estimates.estimate, estimates.low, estimates.high, estimates.sd
    return Estimates(estimate=wide[0], low=wide[1], high=wide[2], sd=wide[3])


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Posterior:
    """What is known of K truths: a mixture of Student laws, stretched where answers narrow.

    With ``z`` a point of the mixture in standard deviations from its mean, the truth is at
    ``mean + sd × (z + bend × (z² - 1))``: Cornish and Fisher's first term for the skewness of the beta law.

    Attributes:
        weight: (G,) of each member.
        centre: (G, K).
        scale: (G, K).
        freedom: of the Student laws.
        bounds: what a truth can be.
        mean: (K,) of the mixture.
        plain_sd: (K,) of the mixture.
        sd: (K,) once stretched.
        bend: (K,) a sixth of the skewness, positive toward high values.
        room: (K,) see ``_room``; averaged over départements for a région or the nation.
        typical_room: the mean over départements.
    """

    weight: Floats
    centre: Floats
    scale: Floats
    freedom: float
    bounds: Bounds
    mean: Floats
    plain_sd: Floats
    sd: Floats
    bend: Floats
    room: Floats
    typical_room: float

    @classmethod
    def build(
        cls,
        weight: Floats,
        centre: Floats,
        scale: Floats,
        freedom: float,
        bounds: Bounds,
        room: Floats | None = None,
        typical_room: float | None = None,
    ) -> Self:
        mean = weight @ centre
        student = freedom / (freedom - 2.0) if freedom > 2.5 else 5.0
        plain_sd = np.sqrt(weight @ (scale**2 * student + (centre - mean) ** 2))
        if room is None:
            room = _room(mean, bounds)
        if typical_room is None:
            typical_room = float(room.mean())
        sd = plain_sd * np.sqrt(room / typical_room)
        skewness = 2.0 * (bounds.low + bounds.high - 2.0 * mean) * sd / room if bounds.narrowing else 0.0 * sd
        return cls(
            weight=weight,
            centre=centre,
            scale=scale,
            freedom=freedom,
            bounds=bounds,
            mean=mean,
            plain_sd=plain_sd,
            sd=sd,
            bend=np.clip(skewness, -1.0, 1.0) / 6.0,
            room=room,
            typical_room=typical_room,
        )

    def mean_of(self, averaging: Floats, scale: Floats) -> Self:
        """Return what is known of means of the truths: ``averaging`` (K, M), ``scale`` (G, M) of those means."""
        return self.build(
            self.weight,
            self.centre @ averaging,
            scale,
            self.freedom,
            self.bounds,
            self.room @ averaging,
            self.typical_room,
        )

    def estimates(self) -> Estimates:
        """Return the mean and the 95 % interval of each truth, within the bounds.

        Where scores lie a little beyond the scale (``respondent_scores``) the mean may as well. It is brought back with
        its interval, which would otherwise have no width: high answers, and some missing, are no certainty.
        """
        low, high = (self._quantile(level) for level in (0.025, 0.975))
        inside = self.bounds[:2]
        estimate = np.clip(self.mean, *inside)
        back = estimate - self.mean
        return Estimates(
            estimate=estimate,
            low=np.clip(low + back, *inside),
            high=np.clip(high + back, *inside),
            sd=self.sd,
        )

    def probability_below(self, threshold: float) -> Floats:
        """Return the probability that each truth lies below ``threshold``."""
        away = (threshold - self.mean) / self.sd
        from_turn = away + self.bend
        steps = 2.0 * from_turn / (1.0 + np.sqrt(np.maximum(1.0 + 4.0 * self.bend * from_turn, 0.0)))
        below = self._cdf(self.mean + self.plain_sd * steps)
        return np.where(threshold <= self.bounds.low, 0.0, np.where(threshold > self.bounds.high, 1.0, below))

    def _quantile(self, level: float) -> Floats:
        """Return the point below which each truth lies with probability ``level``."""
        target = float(ndtri(level))
        steps = np.full(self.mean.shape, target)
        for _ in range(
            8
        ):  # on the normal scale the distribution function is almost a line: two or three rounds do
            reached = ndtri(np.clip(self._cdf(self.mean + self.plain_sd * steps), 1e-12, 1.0 - 1e-12))
            steps += target - reached
            if float(np.abs(target - reached).max()) < 0.01:  # and that step has left a hundredth of it
                break
        return np.asarray(self.mean + self.sd * (steps + self.bend * (steps**2 - 1.0)))

    def _cdf(self, point: Floats) -> Floats:
        """Return the distribution function of each mixture.

        Student's law through the normal one by Abramowitz and Stegun (1964), 26.7.8: wrong by less than 1e-4 from ten
        degrees of freedom, and a hundred times faster than the incomplete beta function.
        """
        away = (point - self.centre) / self.scale
        away *= (1.0 - 0.25 / self.freedom) / np.sqrt(1.0 + away**2 / (2.0 * self.freedom))
        return np.asarray(self.weight @ ndtr(away))
