"""Synthetic truth and answers of a baromètre, and the precision to expect from a campaign. Plain Python.

Nothing here describes a real département. A person answers an item by where a normal latent value falls between four
thresholds: what the département is, plus what the person is, plus what the item is, plus chance. The truth of a side
on a dimension is the mean that infinitely many of its respondents would give, on the scale from 1 to 5; it is
computed, not drawn. Everything follows from the seed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from traitdunion.barometer.estimation import Bounds, Floats, Group, Integers, pool, respondent_scores

SIDES: Final = ("prefecture", "ars")

# Share of each answer, 1 to 5, over all départements.
SHAPES: Final[Mapping[str, tuple[float, ...]]] = {
    "symmetric": (0.10, 0.20, 0.40, 0.20, 0.10),
    "skewed": (0.03, 0.07, 0.20, 0.40, 0.30),
    "ceiling": (0.02, 0.03, 0.10, 0.25, 0.60),
    "polarised": (0.25, 0.15, 0.10, 0.20, 0.30),
}

# Départements of the 13 metropolitan régions by code, then of the five overseas ones.
REGION_SIZES: Final = (8, 6, 8, 5, 5, 10, 5, 4, 12, 13, 12, 6, 2, 1, 1, 1, 1, 1)

_ITEM_SPREAD: Final = (
    0.25  # from the easiest item of a dimension to the mean one, in latent standard deviations
)
_ACCURACY, _PROJECTION = 0.5, 0.4  # how much of a guess is what the others think, and what one thinks oneself


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """How départements, people and answers vary.

    Attributes:
        icc: share of the variance of respondents' scores that lies between départements, on the scale 1 to 5.
        shape: a key of ``SHAPES``.
        items: items of a dimension.
        missing: share of « ne sait pas » and « sans objet », at random.
        regional_part: share of the variance between départements that is between régions.
        apart: how far the first région lies from the others, in latent standard deviations.
        consistency: share of what differs between two people of one side, on one item, that they keep on the others
            of the dimension.
        halo: part of that which they keep on every dimension.
        side_correlation: between the two sides of a département.
        common_correlation: the same when both sides describe one common thing.
        dimension_correlation: between the dimensions of one side of a département.
        persistence: correlation of a département with itself one wave later.
        heavy_tails: a few départements far from the others (Student's law, 4 degrees of freedom).
        uneven: how unlike the sides are in how much their people differ (standard deviation of a logarithm).
    """

    icc: float = 0.2
    shape: str = "skewed"
    items: int = 2
    missing: float = 0.08
    regional_part: float = 0.25
    apart: float = 0.0
    consistency: float = 0.5
    halo: float = 0.4
    side_correlation: float = 0.3
    common_correlation: float = 0.6
    dimension_correlation: float = 0.5
    persistence: float = 0.8
    heavy_tails: bool = False
    uneven: float = 0.0


class Item(NamedTuple):
    """What a simulated person needs to know of a question.

    Attributes:
        identifier: its name in the file of answers.
        dimension: what it measures.
        family: ``proxy``, ``common`` or ``meta``.
        sides: who answers it.
    """

    identifier: str
    dimension: str
    family: str
    sides: tuple[str, ...] = SIDES


class Row(NamedTuple):
    """One line of ANSWERS.csv."""

    wave: str
    departement: str
    side: str
    respondent: str
    item: str
    value: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One dimension of both sides, with its truth.

    Attributes:
        truth: (2, C) what infinitely many respondents would give, préfecture then ARS.
        groups: the respondents of each side, scored.
        region: (C,) région of each département.
    """

    truth: Floats
    groups: tuple[Group, Group]
    region: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """What a campaign can expect: half-widths of 95 % intervals, in points of the scale.

    Attributes:
        respondents: on each side of each département.
        alone: one département by its own respondents only (Student), infinite for a single one.
        departement: one département, drawn toward its région and the nation.
        region: the mean of a région, averaged over régions of several départements.
        nation: the mean of the départements.
    """

    respondents: int
    alone: float
    departement: float
    region: float
    nation: float


def regions_of_france() -> Integers:
    """Return the région, 0 to 17, of 101 départements grouped by région."""
    return np.repeat(np.arange(len(REGION_SIZES)), REGION_SIZES)


def draw_sample(
    population: Population,
    *,
    seed: int,
    respondents: tuple[int, int] = (2, 6),
    region: Integers | None = None,
) -> Sample:
    """Draw one dimension answered by both sides.

    Args:
        population: how everything varies.
        seed: two draws with one seed are the same.
        respondents: fewest and most people of a side, each number as likely.
        region: (C,) région of each département; those of France by default.
    """
    random = np.random.default_rng(seed)
    regions = regions_of_france() if region is None else region
    between = latent_variance(population.icc, population.shape, population.items, population.consistency)
    shared, first, second = (_territorial(random, regions, population) for _ in (*SIDES, "both"))
    mix = population.side_correlation
    truth, groups = [], []
    for own in (first, second):
        latent = np.sqrt(between) * (np.sqrt(mix) * shared + np.sqrt(1.0 - mix) * own)
        latent = latent - population.apart * (regions == 0)
        spread = np.exp(population.uneven * random.standard_normal(len(regions)))
        cell = np.repeat(
            np.arange(len(regions)), random.integers(respondents[0], respondents[1] + 1, len(regions))
        )
        person = np.sqrt((1.0 - between) * population.consistency) * random.standard_normal(len(cell))
        values = _answers(random, latent[cell] + spread[cell] * person, population, between)
        answered = np.where(random.random(values.shape) < population.missing, np.nan, values)
        scores, spreads = respondent_scores(answered)
        kept = ~np.isnan(scores)
        groups.append(Group(scores[kept], spreads[kept], cell[kept]))
        truth.append(_expected(latent, spread, population, between))
    return Sample(np.array(truth), (groups[0], groups[1]), regions)


def draw_answers(
    items: Sequence[Item],
    region_of: Mapping[str, str],
    *,
    waves: Sequence[str],
    seed: int,
    population: Population | None = None,
    respondents: tuple[int, int] = (3, 6),
) -> Iterator[Row]:
    """Yield the answers of every département over several waves, as lines of ANSWERS.csv.

    Args:
        items: the questions.
        region_of: the région of each département, by code.
        waves: their names, oldest first. Départements keep most of what they are from one to the next, people keep
            their code and what they are.
        seed: two calls with one seed yield the same lines.
        population: how everything varies.
        respondents: fewest and most people of a side.
    """
    people = population or Population()
    random = np.random.default_rng(seed)
    codes = sorted(region_of)
    names = sorted(set(region_of.values()))
    regions = np.array([names.index(region_of[code]) for code in codes], dtype=np.int64)
    # What a dimension is about is what is guessed there: one thing for both sides, or each other.
    dimensions = dict.fromkeys(sorted({item.dimension for item in items}), "proxy")
    dimensions |= {item.dimension: item.family for item in items if item.family == "common"}
    between = latent_variance(people.icc, people.shape, people.items, people.consistency)
    seats = [
        (departement, side, f"{code}-{name[0]}{number + 1}")
        for departement, code in enumerate(codes)
        for side, name in enumerate(SIDES)
        for number in range(int(random.integers(respondents[0], respondents[1] + 1)))
    ]
    departement_of = np.array([seat[0] for seat in seats], dtype=np.int64)
    side_of = np.array([seat[1] for seat in seats], dtype=np.int64)
    effects: dict[tuple[str, str, int], Floats] = {}
    easiness = _easiness(items)
    always = random.standard_normal(len(seats))
    person = {
        dimension: np.sqrt(people.halo) * always
        + np.sqrt(1.0 - people.halo) * random.standard_normal(len(seats))
        for dimension in dimensions
    }
    noise = np.sqrt((1.0 - between) * (1.0 - people.consistency))
    for wave in waves:
        effects = _next_effects(random, effects, dimensions, regions, people)
        values = np.zeros((len(items), len(seats)))
        for number, item in enumerate(items):
            of_sides = np.array([effects[item.dimension, item.family, side] for side in (0, 1)])
            latent = np.sqrt(between) * of_sides[side_of, departement_of]
            latent -= people.apart * (regions[departement_of] == 0)
            latent += np.sqrt((1.0 - between) * people.consistency) * person[item.dimension]
            latent += easiness[item.identifier] + noise * random.standard_normal(len(seats))
            values[number] = 1 + np.searchsorted(_thresholds(people.shape), latent)
        absent = random.random(values.shape)
        for seat, (departement, side, respondent) in enumerate(seats):
            for number, item in enumerate(items):
                if SIDES[side] not in item.sides:
                    continue
                value = str(int(values[number, seat]))
                if absent[number, seat] < people.missing:
                    value = "NSP" if absent[number, seat] < 0.7 * people.missing else "SO"
                yield Row(wave, codes[departement], SIDES[side], respondent, item.identifier, value)


def precision(
    *, respondents: Sequence[int], icc: float, sd: float, region: Integers | None = None
) -> tuple[Precision, ...]:
    """Return the intervals to expect for each number of respondents.

    What is analysed, by the very estimation that will read the answers, is a campaign whose scores vary within
    départements, between them and between régions exactly as expected: no draw, so that a few milliseconds are enough
    and that more respondents never seem to do harm.

    Args:
        respondents: numbers of respondents on each side of each département, 1 or more.
        icc: share of the variance that lies between départements, 0 to below 1.
        sd: standard deviation of respondents' scores over the country, in points.
        region: (C,) région of each département; those of France by default.

    Raises:
        ValueError: a number of respondents below 1, or ``icc`` or ``sd`` out of range.
    """
    if min(respondents, default=0) < 1 or not 0.0 <= icc < 1.0 or sd <= 0.0:
        raise ValueError("respondents: 1 or more; icc: 0 to below 1; sd: above 0")
    regions = regions_of_france() if region is None else region
    several = np.bincount(regions) > 1
    found = []
    for number in respondents:
        pooled = pool(*_expected_scores(number, icc, sd, regions), regions, bounds=Bounds(-np.inf, np.inf))
        halves = [(each.high - each.low) / 2.0 for each in (pooled, pooled.regional, pooled.national)]
        found.append(
            Precision(
                respondents=number,
                alone=_alone(number, sd * float(np.sqrt(1.0 - icc))),
                departement=float(halves[0].mean()),
                region=float(halves[1][several if several.any() else ~several].mean()),
                nation=float(halves[2][0]),
            )
        )
    return tuple(found)


def _expected_scores(number: int, icc: float, sd: float, regions: Integers) -> Group:
    """Return scores whose three variances are what ``icc`` and ``sd`` make them on average."""
    random = np.random.default_rng(0)
    within, between = sd**2 * (1.0 - icc), sd**2 * icc
    part = Population().regional_part * between
    own_variance = between - part + within / number
    sizes = np.bincount(regions)
    own = random.standard_normal(len(regions))
    own -= (np.bincount(regions, own) / sizes)[regions]
    if (own**2).sum() > 0.0:
        own *= np.sqrt(own_variance * (len(regions) - len(sizes)) / (own**2).sum())
    of_region = random.standard_normal(len(sizes))
    of_region -= of_region.mean()
    if len(sizes) > 1:
        of_region *= np.sqrt((part + (own_variance / sizes).mean()) / of_region.var(ddof=1))
    person = random.standard_normal((len(regions), number))
    person -= person.mean(axis=1, keepdims=True)
    if number > 1:
        person *= np.sqrt(within * len(regions) * (number - 1) / (person**2).sum())
    score = own[:, None] + of_region[regions][:, None] + person
    return Group(score.ravel(), np.ones(score.size), np.repeat(np.arange(len(regions)), number))


def _alone(number: int, sd: float) -> float:
    return float(stdtrit(number - 1, 0.975)) * sd / float(np.sqrt(number)) if number > 1 else float("inf")


@lru_cache(maxsize=256)
def latent_variance(icc: float, shape: str, items: int, consistency: float) -> float:
    """Return the latent variance between départements that gives scores on the scale 1 to 5 the wanted ``icc``.

    Cutting into five answers blurs: a latent share of 0.44 may show as 0.40. Found by halving, the variances being
    computed by quadrature over the latent values.
    """
    low, high = 0.0, 0.98
    for _ in range(40):
        middle = (low + high) / 2.0
        if _observed_icc(middle, shape, items, consistency) < icc:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _observed_icc(between: float, shape: str, items: int, consistency: float) -> float:
    node, weight = np.polynomial.hermite_e.hermegauss(40)
    weight = weight / weight.sum()
    centre = (
        np.sqrt(between) * node[:, None] + np.sqrt((1.0 - between) * consistency) * node
    )  # (truth, person)
    noise = np.sqrt((1.0 - between) * (1.0 - consistency))
    shares = ndtr((centre[..., None, None] + _offsets(items)[:, None] - _thresholds(shape)) / noise)
    mean = 1.0 + shares.sum(
        axis=-1
    )  # of one item; the square of an answer is 1 + the sum of (2k + 1) steps passed
    square = 1.0 + (shares * (2.0 * np.arange(1, 5) + 1.0)).sum(axis=-1)
    score = mean.mean(axis=-1)
    chance = (square - mean**2).sum(axis=-1) / items**2
    truth = score @ weight
    within = (score**2 + chance) @ weight - truth**2
    variance = float(weight @ truth**2 - (weight @ truth) ** 2)
    return variance / (variance + float(weight @ within))


def _thresholds(shape: str) -> Floats:
    return np.asarray(ndtri(np.cumsum(SHAPES[shape])[:4]), dtype=np.float64)


def _offsets(items: int) -> Floats:
    return np.linspace(-_ITEM_SPREAD, _ITEM_SPREAD, items) if items > 1 else np.zeros(1)


def _easiness(items: Sequence[Item]) -> dict[str, float]:
    found: dict[str, float] = {}
    for dimension in {item.dimension for item in items}:
        names = [item.identifier for item in items if item.dimension == dimension]
        found |= dict(zip(names, map(float, _offsets(len(names))), strict=True))
    return found


def _territorial(random: np.random.Generator, regions: Integers, population: Population) -> Floats:
    """Return (C,) values of variance one, part of it between régions."""
    own = random.standard_normal(len(regions))
    if population.heavy_tails:
        own = own / np.sqrt(random.chisquare(4, len(regions)) / 4.0) / np.sqrt(2.0)
    region = random.standard_normal(int(regions.max()) + 1)[regions]
    part = population.regional_part
    return np.asarray(np.sqrt(part) * region + np.sqrt(1.0 - part) * own)


def _answers(random: np.random.Generator, person: Floats, population: Population, between: float) -> Floats:
    noise = np.sqrt((1.0 - between) * (1.0 - population.consistency))
    latent = person[:, None] + _offsets(population.items)
    latent = latent + noise * random.standard_normal(latent.shape)
    return np.asarray(1.0 + np.searchsorted(_thresholds(population.shape), latent))


def _expected(latent: Floats, spread: Floats, population: Population, between: float) -> Floats:
    part = population.consistency
    sd = np.sqrt((1.0 - between) * (spread**2 * part + 1.0 - part))
    away = latent[:, None, None] + _offsets(population.items)[:, None] - _thresholds(population.shape)
    return np.asarray(1.0 + ndtr(away / sd[:, None, None]).sum(axis=2).mean(axis=1))


def _next_effects(
    random: np.random.Generator,
    before: Mapping[tuple[str, str, int], Floats],
    dimensions: Mapping[str, str],
    regions: Integers,
    population: Population,
) -> dict[tuple[str, str, int], Floats]:
    """Return what each side thinks on each dimension and family, variance one, one wave after ``before``.

    ``dimensions`` gives, by name, the family of the questions that are guessed there.
    """

    def mixed(correlation: float, shared: Floats) -> Floats:
        own = _territorial(random, regions, population)
        return np.asarray(np.sqrt(correlation) * shared + np.sqrt(1.0 - correlation) * own)

    fresh: dict[tuple[str, str, int], Floats] = {}
    both = _territorial(random, regions, population)
    of_side = [mixed(population.side_correlation, both) for _ in SIDES]
    for dimension, guessed in dimensions.items():
        alike = population.common_correlation if guessed == "common" else population.side_correlation
        common = _territorial(random, regions, population)
        for side in (0, 1):
            fresh[dimension, "proxy", side] = mixed(population.dimension_correlation, of_side[side])
            fresh[dimension, "common", side] = mixed(population.common_correlation, common)
        for side in (0, 1):
            rest = np.sqrt(
                max(
                    0.0,
                    1.0 - _ACCURACY**2 - _PROJECTION**2 - 2 * _ACCURACY * _PROJECTION * alike,
                )
            )
            fresh[dimension, "meta", side] = (
                _ACCURACY * fresh[dimension, guessed, 1 - side]
                + _PROJECTION * fresh[dimension, guessed, side]
                + rest * _territorial(random, regions, population)
            )
    if not before:
        return fresh
    kept, new = population.persistence, np.sqrt(1.0 - population.persistence**2)
    return {key: kept * before[key] + new * value for key, value in fresh.items()}
