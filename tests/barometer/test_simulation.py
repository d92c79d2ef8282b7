"""Synthetic truth and answers: the same for a seed, and as said."""

from collections import Counter

import numpy as np
import pytest

from traitdunion.barometer import simulation
from traitdunion.barometer.estimation import Bounds, pool
from traitdunion.barometer.simulation import Item, Population

ITEMS = [
    Item("delais-1", "delais", "proxy"),
    Item("delais-2", "delais", "proxy"),
    Item("circuit-1", "circuit", "common"),
    Item("devine-1", "delais", "meta", ("ars",)),
]
REGION_OF = {"01": "84", "2A": "94", "2B": "94", "971": "01"}


def test_one_seed_one_file():
    first, second, other = (
        list(simulation.draw_answers(ITEMS, REGION_OF, waves=["2026-1", "2026-2"], seed=seed))
        for seed in (4, 4, 5)
    )
    assert first == second
    assert first != other


def test_answers_are_lines_of_the_file():
    rows = list(simulation.draw_answers(ITEMS, REGION_OF, waves=["2026-1"], seed=4, respondents=(3, 6)))
    people = Counter((row.departement, row.side) for row in rows if row.item == "delais-1")
    assert set(people) == {(code, side) for code in REGION_OF for side in simulation.SIDES}
    assert set(people.values()) <= {3, 4, 5, 6}
    assert {row.value for row in rows} <= {"1", "2", "3", "4", "5", "NSP", "SO"}
    assert {row.side for row in rows if row.item == "devine-1"} == {"ars"}
    assert len({(row.respondent, row.item) for row in rows}) == len(rows)


def test_people_keep_their_code_from_one_wave_to_the_next():
    rows = list(simulation.draw_answers(ITEMS, REGION_OF, waves=["2026-1", "2026-2"], seed=4))
    first, second = ({row.respondent for row in rows if row.wave == wave} for wave in ("2026-1", "2026-2"))
    assert first == second


@pytest.mark.parametrize("shape", simulation.SHAPES)
def test_scores_have_the_icc_asked_for(shape):
    population = Population(icc=0.3, shape=shape, missing=0.0, regional_part=0.0, side_correlation=0.0)
    sample = simulation.draw_sample(population, seed=8, respondents=(20, 20), region=np.arange(1500))
    scores = sample.groups[0].score.reshape(1500, 20)
    within = scores.var(axis=1, ddof=1).mean()
    between = scores.mean(axis=1).var(ddof=1) - within / 20
    assert between / (between + within) == pytest.approx(0.3, abs=0.03)
    # What many respondents give on average is the truth that was computed without drawing any.
    assert np.corrcoef(scores.mean(axis=1), sample.truth[0])[0, 1] > 0.93
    assert (scores.mean(axis=1) - sample.truth[0]).mean() == pytest.approx(0.0, abs=0.02)


def test_one_region_can_stand_apart():
    sample = simulation.draw_sample(Population(icc=0.1, apart=1.0), seed=2)
    assert sample.truth[:, sample.region == 0].mean() < sample.truth[:, sample.region > 0].mean() - 0.5


def test_france_has_101_departements_and_five_regions_of_one():
    regions = simulation.regions_of_france()
    assert len(regions) == 101
    assert (np.bincount(regions) == 1).sum() == 5


@pytest.mark.parametrize("icc", [0.0, 0.1, 0.2, 0.4, 0.8])
def test_each_respondent_more_narrows_every_interval(icc):
    expected = simulation.precision(respondents=range(2, 9), icc=icc, sd=0.8)
    for kind in ("departement", "region", "nation"):
        assert (np.diff([getattr(each, kind) for each in expected]) < 0).all()


def test_expected_intervals_are_those_of_simulated_campaigns():
    [expected] = simulation.precision(respondents=(4,), icc=0.2, sd=0.8)
    random = np.random.default_rng(3)
    regions, halves = simulation.regions_of_france(), []
    for _ in range(20):
        truth = random.normal(0, np.sqrt(0.05), 18)[regions] + random.normal(0, np.sqrt(0.15), 101)
        cell = np.repeat(np.arange(101), 4)
        score = 0.8 * (truth[cell] + random.normal(0, np.sqrt(0.8), 404))
        pooled = pool(score, np.ones(404), cell, regions, bounds=Bounds(-100, 100))
        halves.append([np.mean(each.high - each.low) / 2 for each in (pooled, pooled.national)])
    assert np.mean(halves, axis=0) == pytest.approx([expected.departement, expected.nation], rel=0.06)


def test_more_respondents_are_more_precise():
    few, many = simulation.precision(respondents=(2, 6), icc=0.2, sd=0.8)
    assert few.alone > few.departement > few.region > few.nation
    assert many.departement < few.departement
    assert many.nation < few.nation
    # Six respondents, by the textbook: 2.571 × 0.8 × √0.8 / √6.
    assert many.alone == pytest.approx(0.751, abs=0.001)


@pytest.mark.parametrize("wrong", [{"respondents": (0,)}, {"icc": 1.0}, {"sd": 0.0}, {"respondents": ()}])
def test_precision_refuses_what_makes_no_sense(wrong):
    with pytest.raises(ValueError, match="1 or more"):
        simulation.precision(**({"respondents": (3,), "icc": 0.2, "sd": 0.8} | wrong))
