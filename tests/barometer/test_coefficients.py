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

# R's own data set ``attitude`` (Chatterjee and Price, 1977): thirty departments, seven items.
ATTITUDE = np.array([
    [43, 51, 30, 39, 61, 92, 45], [63, 64, 51, 54, 63, 73, 47], [71, 70, 68, 69, 76, 86, 48],
    [61, 63, 45, 47, 54, 84, 35], [81, 78, 56, 66, 71, 83, 47], [43, 55, 49, 44, 54, 49, 34],
    [58, 67, 42, 56, 66, 68, 35], [71, 75, 50, 55, 70, 66, 41], [72, 82, 72, 67, 71, 83, 31],
    [67, 61, 45, 47, 62, 80, 41], [64, 53, 53, 58, 58, 67, 34], [67, 60, 47, 39, 59, 74, 41],
    [69, 62, 57, 42, 55, 63, 25], [68, 83, 83, 45, 59, 77, 35], [77, 77, 54, 72, 79, 77, 46],
    [81, 90, 50, 72, 60, 54, 36], [74, 85, 64, 69, 79, 79, 63], [65, 60, 65, 75, 55, 80, 60],
    [65, 70, 46, 57, 75, 85, 46], [50, 58, 68, 54, 64, 78, 52], [50, 40, 33, 34, 43, 64, 33],
    [64, 61, 52, 62, 66, 80, 41], [53, 66, 52, 50, 63, 80, 37], [40, 37, 42, 58, 50, 57, 49],
    [63, 54, 42, 48, 66, 75, 33], [66, 77, 66, 63, 88, 76, 72], [78, 75, 58, 74, 80, 78, 49],
    [48, 57, 44, 45, 51, 83, 38], [85, 85, 71, 71, 77, 74, 55], [82, 82, 39, 59, 64, 78, 39],
], dtype=float)  # fmt: skip
# Row and column of the answers that are taken away to see what psych does without them.
ABSENT = [(1, 0), (4, 2), (4, 3), (10, 6), (16, 1), (22, 5), (29, 4)]
# Columns, then raw_alpha and omega.tot printed by R 4.2.2 with psych 2.2.9: alpha(x), omega(x, nfactors = 1).
PRINTED_BY_PSYCH = [
    ([0, 1, 2, 3, 4, 5, 6], 0.8431428, 0.8509925),
    ([0, 2, 3, 4, 5], 0.7740840, 0.7903584),
    ([1, 4, 5, 6], None, 0.7484751),
    ([2, 3, 4], None, 0.7776184),
    ([0, 1], None, 0.9043603),
    ([5, 6], None, 0.4415704),
    ([3, 4, 5], 0.6470174, 0.7146949),  # one item is all factor: psych stops 0.0003 away
    ([0, 1, 2], 0.8222013, 0.8435483),  # the same
]


def test_the_six_forms_of_shrout_and_fleiss():
    found = astuple(c.intraclass_correlations(SHROUT_FLEISS))
    assert [round(each, 3) for each in found] == [0.166, 0.290, 0.715, 0.443, 0.620, 0.909]


def test_groups_of_equal_size_give_the_one_way_form():
    one, mean = c.icc_of_groups(np.ravel(SHROUT_FLEISS), np.repeat(range(6), 4))
    assert (round(one, 3), round(mean, 3)) == (0.166, 0.443)


@pytest.mark.parametrize(("columns", "alpha", "omega"), PRINTED_BY_PSYCH)
def test_alpha_and_omega_are_those_that_psych_prints(columns, alpha, omega):
    answers = ATTITUDE[:, columns]
    if alpha is not None:
        assert c.alpha(answers) == pytest.approx(alpha, abs=1e-7)
    assert c.omega(answers) == pytest.approx(omega, abs=5e-4)


def test_missing_answers_are_left_out_pair_by_pair_as_psych_does():
    answers = ATTITUDE.copy()
    answers[tuple(zip(*ABSENT, strict=True))] = NOTHING
    complete = answers[~np.isnan(answers).any(axis=1)]
    assert (c.alpha(answers), c.omega(answers)) == pytest.approx((0.8416845, 0.8474083), abs=5e-7)
    assert (c.alpha(complete), c.omega(complete)) == pytest.approx((0.8364662, 0.8457357), abs=5e-7)


def test_an_item_that_goes_against_the_others_is_not_turned_round():
    answers = ATTITUDE[:, [0, 1, 2]] * [1, 1, -1]
    assert c.omega(answers) < c.omega(ATTITUDE[:, [0, 1, 2]]) - 0.2
    assert c.omega([[1, 5], [2, 4], [4, 2], [5, 1]]) is None  # nothing is left of the total
    assert c.omega([[1, 5], [2, 4], [5, 3], [5, 1]]) == pytest.approx(0.0)


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
    assert c.alpha([[1, NOTHING], [2, NOTHING], [NOTHING, 4]]) is None
    assert c.omega([[1], [2], [4]]) is None
    assert c.omega([[1, 2, 3], [2, 2, 4], [4, 2, 3]]) is None
    assert c.icc_of_groups([1, 2, 3], ["a", "b", "c"]) is None
    assert c.krippendorff([[1, 1], [1, 1]], level="interval") is None


def test_agreement_inside_groups():
    answers = [[4, 4], [4, 4], [4, NOTHING], [1, 5], [5, 1], [3, NOTHING], [2, 2]]
    inside = c.agreement(answers, [0, 0, 0, 1, 1, 1, 2], 4)
    assert inside.average_deviation.tolist()[:2] == [0.0, pytest.approx((4 / 3 + 2) / 2)]
    assert inside.r_wg.tolist()[:2] == [1.0, 0.0]
    assert np.isnan(inside.r_wg[2:]).all()


def test_r_wg_is_the_published_formula():
    """Two items of variance 0.5 and 1: J (1 - v/s²) / (J (1 - v/s²) + v/s²), with v their mean and s² = 2."""
    answers = np.array([[3.0, 2.0], [4.0, 4.0], [3.0, 3.0], [4.0, 3.0]])
    ratio = answers.var(axis=0, ddof=1).mean() / 2
    inside = c.agreement(answers, [0, 0, 0, 0], 1)
    assert inside.r_wg[0] == pytest.approx(2 * (1 - ratio) / (2 * (1 - ratio) + ratio))


# Divided


def divided(score, cell, groups):
    inside = c.agreement(score[:, None], cell, groups)
    wider = c.wider_than_elsewhere(score, np.ones(len(score)), cell, groups)
    return inside.average_deviation > c.DIVIDED_FROM, c.is_divided(inside.average_deviation, wider)


@pytest.mark.parametrize("sd", [0.8, 1.0])
@pytest.mark.parametrize("people", [3, 4, 6])
def test_people_no_more_spread_than_elsewhere_are_seldom_said_to_be_divided(people, sd):
    """Five points, 101 départements. The published threshold alone says so of one side in ten, or in three."""
    draw = np.random.default_rng(people)
    cell, alone, found = np.repeat(np.arange(101), people), [], []
    for _ in range(20):
        score = 3.0 + 0.4 * draw.standard_normal(101)[cell] + sd * draw.standard_normal(len(cell))
        for kept, each in zip(
            (alone, found), divided(np.clip(np.round(score), 1, 5), cell, 101), strict=True
        ):
            kept.append(each.mean())
    assert np.mean(alone) > 0.09
    assert np.mean(found) <= 0.025


def test_two_camps_inside_a_side_are_said_to_be_divided():
    cell = np.repeat(np.arange(20), 4)
    score = np.tile([3.0, 3.0, 4.0, 4.0], 20)
    score[:4] = [1, 1, 5, 5]
    assert np.flatnonzero(divided(score, cell, 20)[1]).tolist() == [0]


def test_the_probability_is_that_of_the_ratio_of_two_variances():
    """Against draws of both."""
    cell = np.repeat([0, 1, 2], [2, 6, 40])
    score = np.concatenate([np.tile([2.0, 4.0], 4), np.tile([2.5, 3.5], 20)])
    few, many, _ = c.wider_than_elsewhere(score, np.ones(48), cell, 3)
    draw = np.random.default_rng(4)
    for found, squares, free, rest in ((few, 2.0, 1, 6 + 10 + 1.28), (many, 6.0, 5, 2 + 10 + 1.28)):
        drawn = squares / draw.chisquare(free, 200_000) > 1.5**2 * rest / draw.chisquare(47 - free, 200_000)
        assert found == pytest.approx(drawn.mean(), abs=0.005)


def test_one_person_or_none_is_never_divided():
    inside = c.agreement([[1.0], [5.0], [1.0]], [0, 1, 1], 3)
    wider = c.wider_than_elsewhere([1.0, 5.0, np.nan], np.ones(3), [0, 1, 1], 3)
    assert np.isnan(wider).all()
    assert not c.is_divided(inside.average_deviation, wider).any()
