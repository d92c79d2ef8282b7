"""Few respondents, many départements: exactness, limits, invariances, calibration."""

import numpy as np
import pytest

from traitdunion.barometer.estimation import GAP_SCALE, Group, NobodyAnsweredError, pool, pool_difference

REGIONS = np.repeat(np.arange(6), [5, 4, 4, 3, 1, 1])


def some_respondents(seed: int = 3):
    random = np.random.default_rng(seed)
    truth = 3.4 + random.normal(0, 0.3, 6)[REGIONS] + random.normal(0, 0.4, len(REGIONS))
    cell = np.repeat(np.arange(len(REGIONS)), random.integers(0, 7, len(REGIONS)))
    return Group(truth[cell] + random.normal(0, 0.7, len(cell)), np.ones(len(cell)), cell)


def test_a_shift_of_every_score_shifts_every_result():
    score, spread, cell = some_respondents()
    here = pool(score, spread, cell, REGIONS, bounds=(-100.0, 100.0))
    there = pool(score + 10, spread, cell, REGIONS, bounds=(-100.0, 100.0))
    np.testing.assert_allclose(there.low, here.low + 10)
    np.testing.assert_allclose(there.national.high, here.national.high + 10)
    assert there.components.icc == pytest.approx(here.components.icc)


def test_nobody_answered():
    with pytest.raises(NobodyAnsweredError):
        pool([np.nan], [1.0], [0], REGIONS)


def test_a_gap_needs_both_sides():
    left, right = some_respondents(1), some_respondents(2)
    gaps = pool_difference(left, right, REGIONS)
    swapped = pool_difference(right, left, REGIONS)
    np.testing.assert_allclose(gaps.estimate, -swapped.estimate, atol=1e-9)
    np.testing.assert_allclose(gaps.probability_beyond(1.0), swapped.probability_beyond(1.0), atol=1e-9)
    assert (gaps.low >= GAP_SCALE[0]).all()
    with pytest.raises(NobodyAnsweredError):
        pool_difference(Group([3.0], [1.0], [0]), Group([3.0], [1.0], [1]), REGIONS)
