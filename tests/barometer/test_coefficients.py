"""The coefficients, against published figures and exact cases."""

from dataclasses import astuple

import numpy as np
import pytest

from traitdunion.barometer import coefficients as c

# Shrout and Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
NOTHING = np.nan
# Krippendorff (2011), the example with missing data: four observers, twelve units.
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NOTHING, NOTHING, NOTHING],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NOTHING, 3],
    [NOTHING, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NOTHING],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NOTHING],
]


def test_the_six_forms_of_shrout_and_fleiss():
    found = astuple(c.intraclass_correlations(SHROUT_FLEISS))
    assert [round(each, 3) for each in found] == [0.166, 0.290, 0.715, 0.443, 0.620, 0.909]


def test_groups_of_equal_size_give_the_one_way_form():
    one, mean = c.icc_of_groups(np.ravel(SHROUT_FLEISS), np.repeat(range(6), 4))
    assert (round(one, 3), round(mean, 3)) == (0.166, 0.443)


def test_alpha_is_the_two_way_fixed_form_of_the_mean():
    assert round(c.alpha(SHROUT_FLEISS), 3) == 0.909


@pytest.mark.parametrize(("level", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorff_s_example(level, expected):
    assert round(c.krippendorff(KRIPPENDORFF, level=level), 3) == expected


@pytest.mark.parametrize("loadings", [[0.8, 0.7, 0.6], [0.9, 0.5, 0.4, 0.7], [0.3, 0.4, 0.5, 0.6, 0.7]])
def test_omega_of_an_exact_factor_is_its_formula(loadings):
    loadings = np.array(loadings)
    matrix = np.outer(loadings, loadings)
    np.fill_diagonal(matrix, 1.0)
    exact = loadings.sum() ** 2 / (loadings.sum() ** 2 + (1 - loadings**2).sum())
    assert c.omega_of_correlations(matrix) == pytest.approx(exact, abs=5e-4)


def test_omega_of_equal_loadings_is_alpha():
    matrix = np.full((4, 4), 0.45) + np.eye(4) * 0.55
    random = np.random.default_rng(1).multivariate_normal(np.zeros(4), matrix, 400)
    centred = random - random.mean(axis=0)
    exact = centred @ np.linalg.inv(np.linalg.cholesky(np.cov(centred, rowvar=False))).T
    answers = exact @ np.linalg.cholesky(matrix).T
    assert c.omega(answers) == pytest.approx(c.alpha(answers), abs=1e-6)
    assert c.alpha(answers) == pytest.approx(4 / 3 * (1 - 4 / matrix.sum()), abs=1e-9)


def test_what_cannot_be_computed_is_none():
    assert c.alpha([[1, 2]]) is None
    assert c.alpha([[3, 3], [3, 3]]) is None
    assert c.omega([[1, 2], [2, 3], [4, 4]]) is None
    assert c.icc_of_groups([1, 2, 3], ["a", "b", "c"]) is None
    assert c.krippendorff([[1, 1], [1, 1]], level="interval") is None


def test_agreement_inside_groups():
    answers = [[4, 4], [4, 4], [4, NOTHING], [1, 5], [5, 1], [3, NOTHING], [2, 2]]
    inside = c.agreement(answers, [0, 0, 0, 1, 1, 1, 2], 4)
    assert inside.average_deviation.tolist()[:2] == [0.0, pytest.approx((4 / 3 + 2) / 2)]
    assert inside.r_wg.tolist()[:2] == [1.0, 0.0]
    assert np.isnan(inside.r_wg[2:]).all()
    assert inside.is_divided.tolist() == [False, True, False, False]


def test_r_wg_is_the_published_formula():
    """Two items of variance 0.5 and 1: J (1 - v/s²) / (J (1 - v/s²) + v/s²), with v their mean and s² = 2."""
    answers = np.array([[3.0, 2.0], [4.0, 4.0], [3.0, 3.0], [4.0, 3.0]])
    ratio = answers.var(axis=0, ddof=1).mean() / 2
    inside = c.agreement(answers, [0, 0, 0, 0], 1)
    assert inside.r_wg[0] == pytest.approx(2 * (1 - ratio) / (2 * (1 - ratio) + ratio))
