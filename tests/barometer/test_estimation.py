"""Few respondents, many départements: exactness, limits, invariances, calibration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtr

from traitdunion.barometer.estimation import (
    GAP_SCALE,
    SCALE,
    Bounds,
    Group,
    NobodyAnsweredError,
    pool,
    pool_difference,
    respondent_scores,
)
from traitdunion.barometer.simulation import Population, draw_sample

REGIONS = np.repeat(np.arange(6), [5, 4, 4, 3, 1, 1])
WIDE = Bounds(-1000.0, 1000.0)


def some_respondents(seed: int = 3):
    random = np.random.default_rng(seed)
    truth = 3.4 + random.normal(0, 0.3, 6)[REGIONS] + random.normal(0, 0.4, len(REGIONS))
    cell = np.repeat(np.arange(len(REGIONS)), random.integers(0, 7, len(REGIONS)))
    return Group(truth[cell] + random.normal(0, 0.7, len(cell)), np.ones(len(cell)), cell)


def by_brute_force(group, regions, points):
    """Integrate the model on dense matrices and a fine grid: mean of each truth, and mass below ``points``.

    Nothing is shared with the module: the covariance of all respondents is written out, the nation is a column of
    the design, Student's law is scipy's.
    """
    score, spread, cell = group
    people, cells = len(score), len(regions)
    of_cell = np.eye(cells)[cell]
    together = (regions[:, None] == regions).astype(float)
    ones = np.ones((people, 1))
    log_weight, means, below = [], [], []
    for between in np.exp(np.linspace(-11, 8, 90)):
        for regional in (0.25 * np.tan(np.pi / 2 * (np.arange(40) + 0.5) / 40)) ** 2:
            truths = between * np.eye(cells) + regional * together
            inverse = np.linalg.inv(of_cell @ truths @ of_cell.T + np.diag(spread))
            of_nation = float((ones.T @ inverse @ ones).item())
            nation = float((ones.T @ inverse @ score).item()) / of_nation
            rest = score - nation
            freedom = people - 1 + 2.0
            squares = rest @ inverse @ rest + 2.0 * 0.8**2
            log_prior = (2.0 / 3.0) * np.log(between) - (5.0 / 3.0) * np.log1p(between / 4.0)
            log_weight.append(
                log_prior
                + 0.5 * (np.linalg.slogdet(inverse)[1] - np.log(of_nation))
                - 0.5 * freedom * np.log(squares)
            )
            gain = truths @ of_cell.T @ inverse
            left = 1.0 - (gain @ ones)[:, 0]
            variance = np.diag(truths - gain @ of_cell @ truths) + left**2 / of_nation
            means.append(nation + gain @ rest)
            scale = np.sqrt(variance * squares / freedom)
            below.append(stdtr(freedom, (points - means[-1]) / scale))
    weight = np.exp(np.array(log_weight) - max(log_weight))
    weight /= weight.sum()
    return weight @ np.array(means), np.einsum("g,gpc->pc", weight, np.array(below))


def test_the_grid_agrees_with_brute_force():
    regions = np.array([0, 0, 0, 1, 1, 2])
    random = np.random.default_rng(5)
    cell = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 4])  # nobody in the last one
    score = random.normal([3.0, 3.4, 2.8, 4.1, 3.9, 3.0], 0.1)[cell] + random.normal(0, 0.6, len(cell))
    group = Group(score, random.choice([1.0, 1.4], len(cell)), cell)
    pooled = pool(*group, regions, bounds=WIDE)
    mean, below = by_brute_force(group, regions, np.array([pooled.low, pooled.high, np.full(6, 3.5)]))
    np.testing.assert_allclose(pooled.estimate, mean, atol=2e-3)
    np.testing.assert_allclose(below[0], 0.025, atol=2e-3)
    np.testing.assert_allclose(below[1], 0.975, atol=2e-3)
    np.testing.assert_allclose(pooled.probability_below(3.5), below[2], atol=4e-3)


def test_alike_departements_are_drawn_to_the_nation():
    cell = np.repeat(np.arange(101), 4)
    score = np.tile([2.5, 3.0, 3.5, 4.0], 101)  # the same in all, so that nothing says they differ
    pooled = pool(score, np.ones(404), cell, np.arange(101) % 18)
    np.testing.assert_allclose(pooled.estimate, 3.25, atol=1e-9)
    assert pooled.components.icc < 0.02
    assert (pooled.high - pooled.low).max() < 0.4


def test_very_different_departements_keep_their_own_mean():
    random = np.random.default_rng(1)
    truth = random.normal(0, 100, 101)
    cell = np.repeat(np.arange(101), 4)
    score = truth[cell] + random.normal(0, 0.5, 404)
    pooled = pool(score, np.ones(404), cell, np.arange(101) % 18, bounds=WIDE)
    raw = np.bincount(cell, score) / 4
    assert np.abs(pooled.estimate - raw).max() < 0.01 * np.abs(raw).max()
    assert pooled.components.icc > 0.98


def test_an_estimate_lies_between_its_mean_and_what_the_others_suggest():
    group = some_respondents()
    pooled = pool(*group, REGIONS, bounds=WIDE)
    everyone = group.score.mean()
    for number in np.flatnonzero(pooled.count):
        raw = group.score[group.cell == number].mean()
        assert min(raw, everyone) - 0.3 < pooled.estimate[number] < max(raw, everyone) + 0.3
    spread_of_raw = np.std(
        [group.score[group.cell == number].mean() for number in np.flatnonzero(pooled.count)]
    )
    assert pooled.estimate[pooled.count > 0].std() < spread_of_raw


def test_more_respondents_narrow_the_interval_and_none_widens_it():
    pooled = pool(*some_respondents(), REGIONS, bounds=WIDE)
    inside = REGIONS == 0
    order = np.argsort(pooled.count[inside])
    assert (np.diff(pooled.sd[inside][order]) < 1e-9).all()


def test_a_shift_of_every_score_shifts_every_result():
    score, spread, cell = some_respondents()
    here = pool(score, spread, cell, REGIONS, bounds=WIDE)
    there = pool(score + 10, spread, cell, REGIONS, bounds=WIDE)
    np.testing.assert_allclose(there.low, here.low + 10)
    np.testing.assert_allclose(there.national.high, here.national.high + 10)
    np.testing.assert_allclose(there.probability_below(13.0), here.probability_below(3.0))
    assert there.components.icc == pytest.approx(here.components.icc)


def test_the_order_of_departements_and_of_respondents_says_nothing():
    score, spread, cell = some_respondents()
    renamed = np.random.default_rng(0).permutation(len(REGIONS))
    shuffled = np.random.default_rng(1).permutation(len(score))
    regions = np.empty_like(REGIONS)
    regions[renamed] = REGIONS
    here = pool(score, spread, cell, REGIONS)
    there = pool(score[shuffled], spread[shuffled], renamed[cell][shuffled], regions)
    for name in ("estimate", "low", "high", "count"):
        np.testing.assert_allclose(getattr(there, name)[renamed], getattr(here, name), rtol=1e-9)
    np.testing.assert_allclose(there.regional.low, here.regional.low)


def test_answers_seen_through_a_mirror_give_mirrored_results():
    score, spread, cell = some_respondents()
    here, there = pool(score, spread, cell, REGIONS), pool(6.0 - score, spread, cell, REGIONS)
    np.testing.assert_allclose(there.low, 6.0 - here.high, atol=1e-3)
    np.testing.assert_allclose(there.estimate, 6.0 - here.estimate)
    np.testing.assert_allclose(there.probability_below(2.5), 1.0 - here.probability_below(3.5), atol=1e-6)


def test_intervals_and_probabilities_tell_the_same_story():
    pooled = pool(*some_respondents(), REGIONS)
    for number in range(len(REGIONS)):
        assert pooled.probability_below(pooled.low[number])[number] == pytest.approx(0.025, abs=1e-3)
        assert pooled.probability_below(pooled.high[number])[number] == pytest.approx(0.975, abs=1e-3)
    assert (pooled.probability_below(1.0) == 0).all()
    assert (pooled.probability_below(5.01) == 1).all()


def test_a_region_of_one_departement_is_that_departement():
    pooled = pool(*some_respondents(), REGIONS)
    for name in ("estimate", "low", "high", "sd"):
        np.testing.assert_allclose(getattr(pooled.regional, name)[4:], getattr(pooled, name)[16:], rtol=1e-3)


def test_the_nation_is_the_mean_of_the_departements():
    pooled = pool(*some_respondents(), REGIONS)
    assert pooled.national.estimate[0] == pytest.approx(pooled.estimate.mean())
    assert pooled.national.sd[0] < pooled.regional.sd.min()


def test_high_estimates_are_known_better_than_middling_ones():
    random = np.random.default_rng(4)
    cell = np.repeat(np.arange(100), 4)
    truth = np.where(np.arange(100) < 50, 4.6, 3.0)
    score = np.clip(truth[cell] + random.normal(0, np.where(truth[cell] > 4, 0.4, 0.8)), 1, 5)
    pooled = pool(score, np.ones(400), cell, np.arange(100) % 10)
    width = pooled.high - pooled.low
    assert width[:50].mean() < 0.75 * width[50:].mean()
    # And more room is left toward the middle than toward the end.
    assert ((pooled.estimate - pooled.low)[:50] > (pooled.high - pooled.estimate)[:50]).all()


def test_intervals_hold_the_truth_as_often_as_they_say():
    inside = []
    for seed in range(40):
        sample = draw_sample(Population(icc=0.2, shape="skewed"), seed=seed)
        for truth, group in zip(sample.truth, sample.groups, strict=True):
            pooled = pool(*group, sample.region)
            inside.append(((pooled.low <= truth) & (truth <= pooled.high)).mean())
    assert 0.93 < np.mean(inside) < 0.97


def test_a_gap_needs_both_sides():
    left, right = some_respondents(1), some_respondents(2)
    gaps = pool_difference(left, right, REGIONS)
    swapped = pool_difference(right, left, REGIONS)
    np.testing.assert_allclose(gaps.estimate, -swapped.estimate, atol=1e-9)
    np.testing.assert_allclose(gaps.probability_beyond(1.0), swapped.probability_beyond(1.0), atol=1e-9)
    assert (gaps.low >= GAP_SCALE.low).all()
    with pytest.raises(NobodyAnsweredError):
        pool_difference(Group([3.0], [1.0], [0]), Group([3.0], [1.0], [1]), REGIONS)


def test_a_large_gap_is_seen_and_no_gap_is_not():
    random = np.random.default_rng(6)
    cell = np.repeat(np.arange(60), 5)
    gap = np.where(np.arange(60) < 10, 2.0, 0.0)
    left = Group(2.5 + gap[cell] + random.normal(0, 0.5, 300), np.ones(300), cell)
    right = Group(2.5 + random.normal(0, 0.5, 300), np.ones(300), cell)
    chance = pool_difference(left, right, np.arange(60) % 6).probability_beyond(1.0)
    assert chance[:10].min() > 0.8
    assert chance[10:].max() < 0.2


def test_paired_differences_pool_on_their_own_scale():
    group = some_respondents()
    pooled = pool(group.score - 3.4, group.spread, group.cell, REGIONS, bounds=GAP_SCALE)
    assert pooled.low.min() < 0 < pooled.high.max()
    assert pooled.probability_beyond(0.0) == pytest.approx(1.0)


def test_scores_do_not_depend_on_which_item_was_left_out():
    person = np.array([-0.5, 0.0, 0.5, 1.0, 0.25])
    answers = 3.0 + person[:, None] + np.array([-0.5, 0.5])
    answers[1, 0] = answers[4, 1] = np.nan
    score, spread = respondent_scores(answers)
    np.testing.assert_allclose(score, 3.0 + person, atol=0.02)
    assert (spread[[0, 2, 3]] == 1.0).all()
    assert (spread >= 1.0).all()


def test_missing_answers_weigh_less():
    random = np.random.default_rng(2)
    answers = np.round(3 + random.normal(0, 0.5, 60)[:, None] + random.normal(0, 0.8, (60, 3)))
    answers[:20, 0] = np.nan
    answers[0] = np.nan
    score, spread = respondent_scores(answers)
    assert np.isnan(score[0])
    assert np.isnan(spread[0])
    assert (spread[1:20] > 1.05).all()
    assert (spread[1:20] <= 3 / 2 * 1.001).all()
    assert (spread[20:] == 1.0).all()


def test_complete_answers_are_their_plain_mean():
    answers = np.array([[1.0, 3.0], [4.0, 5.0], [2.0, 2.0]])
    score, spread = respondent_scores(answers)
    np.testing.assert_allclose(score, answers.mean(axis=1))
    assert (spread == 1.0).all()


@pytest.mark.parametrize(
    ("score", "spread", "cell", "regions", "says"),
    [
        ([3.0], [1.0], [6], [0] * 6, "0 to 5"),
        ([3.0], [1.0], [-1], [0] * 6, "0 to 5"),
        ([3.0], [0.0], [0], [0] * 6, "above zero"),
        ([np.inf], [1.0], [0], [0] * 6, "finite"),
        ([3.0, 4.0], [1.0], [0], [0] * 6, "one value each"),
        ([3.0], [1.0], [0], [], "at least one cell"),
        ([3.0], [1.0], [0], [-1], "from 0"),
    ],
)
def test_nonsense_is_refused(score, spread, cell, regions, says):
    with pytest.raises(ValueError, match=says):
        pool(score, spread, cell, regions)


def test_nobody_answered():
    with pytest.raises(NobodyAnsweredError):
        pool([np.nan], [1.0], [0], REGIONS)


respondents = st.lists(
    st.tuples(
        st.sampled_from([1.0, 1.5, 2.0, 3.0, 4.5, 5.0]), st.sampled_from([1.0, 1.5]), st.integers(0, 5)
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(respondents, respondents, st.lists(st.integers(0, 7), min_size=6, max_size=6))
def test_any_answers_give_finite_results_in_order(left, right, regions):
    one, other = (Group(*map(np.array, zip(*people, strict=True))) for people in (left, right))
    results = [pool(*one, regions)]
    if set(one.cell) & set(other.cell):
        results.append(pool_difference(one, other, regions))
    for pooled, bounds in zip(results, (SCALE, GAP_SCALE), strict=False):
        for part in (pooled, pooled.regional, pooled.national):
            for values in (part.estimate, part.low, part.high, part.sd):
                kept = np.unique(regions) if part is pooled.regional else slice(None)
                assert np.isfinite(values[kept]).all()
            assert not (part.low < bounds.low).any()
            assert not (part.low > part.high).any()
            assert not (part.high > bounds.high).any()
        chances = pooled.probability_beyond(1.0)
        assert ((chances >= -1e-9) & (chances <= 1.0 + 1e-9)).all()
        assert 0.0 <= pooled.components.icc_low <= pooled.components.icc_high <= 1.0


def test_high_answers_with_an_item_left_out_are_no_certainty():
    """Everyone of the last place answers « toujours » to the hard item alone: their score lies beyond the scale."""
    hard_and_easy = np.array([[3.0, 5.0]] * 12 + [[5.0, np.nan]] * 4)
    score, spread = respondent_scores(hard_and_easy)
    pooled = pool(score, spread, np.repeat(np.arange(4), 4), np.zeros(4, dtype=np.int64))

    assert score[12:].min() > 5.0
    assert pooled.estimate[3] == pooled.high[3] == 5.0
    assert pooled.low[3] < 4.95  # it was 5, as the mean and the other end


def test_what_is_extreme_comes_back_by_itself_as_much_as_expected():
    """Asked again, nothing having changed, the estimates of what stood out are those that were expected."""
    random = np.random.default_rng(8)
    regions = np.arange(101) % 13
    cell = np.repeat(np.arange(101), 4)
    away, left = [], []
    for _ in range(40):
        truth = random.normal(0, 0.5, 101)
        first, second = (
            pool(truth[cell] + random.normal(0, 0.8, 404), np.ones(404), cell, regions, bounds=GAP_SCALE)
            for _ in range(2)
        )
        far = np.abs(first.estimate) > 0.7
        sign = np.sign(first.estimate[far])
        away += list(sign * (second.estimate - first.estimate)[far])
        left += list(sign * (second.estimate - first.again)[far])
    assert np.mean(away) < -0.2
    assert abs(np.mean(left)) < 0.05
