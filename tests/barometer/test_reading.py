"""What is said in words of a dimension, what is drawn of it, and what may be compared. Plain Python: no database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.barometer import comparison, questionnaire
from traitdunion.barometer.profile import NAMES, between, pieces, place, profile
from traitdunion.barometer.reading import Finding, below_sometimes, read

DIMENSION = {"id": "roles", "label": "Connaissance du rôle"}


def cell(side, estimate=3.6, half=0.4, shown=True, **other):
    figures = {"estimate": estimate, "low": estimate - half, "high": estimate + half} if shown else {}
    return {
        "departement": "67", "dimension": "roles", "side": side, "shown": shown,
        "n": 4 if shown else None, "dont_know_share": 0.1 if shown else None,
        "estimate": None, "low": None, "high": None, "reason": "" if shown else "moins de trois réponses",
        **figures, **other,
    }  # fmt: skip


def gap(kind, estimate, half=0.3, probability=0.0):
    return {
        "departement": "67", "dimension": "roles", "kind": kind, "estimate": estimate,
        "low": estimate - half, "high": estimate + half, "probability_ge_1": probability,
    }  # fmt: skip


def said(*, prefecture=None, ars=None, gaps=(), divided=()):
    cells = {"prefecture": prefecture or cell("prefecture"), "ars": ars or cell("ars")}
    return read(cells=cells, gaps={each["kind"]: each for each in gaps}, divided=divided)


# In words


@pytest.mark.parametrize(
    ("gaps", "finding"),
    [
        ([gap("agreement", 0.1)], Finding.AGREEMENT),
        ([gap("asymmetry", 0.1)], Finding.AGREEMENT),
        ([gap("agreement", 1.4, probability=0.9)], Finding.DISAGREEMENT),
        ([gap("agreement", 1.4, probability=0.79)], Finding.UNDECIDED),  # not sure enough
        ([gap("asymmetry", -1.5, probability=0.95)], Finding.ASYMMETRY),
        ([gap("accuracy_ars", 1.3, probability=0.85), gap("asymmetry", 0.0)], Finding.MISUNDERSTANDING),
        ([gap("agreement", 0.5, half=0.9)], Finding.UNDECIDED),
        ([], Finding.UNDECIDED),
    ],
)
def test_what_the_gaps_tell(gaps, finding):
    assert said(gaps=gaps).finding is finding


def test_nothing_is_said_of_a_side_that_is_hidden():
    told = said(ars=cell("ars", shown=False), gaps=[gap("agreement", 2, probability=1.0)])

    assert told.finding is Finding.HIDDEN
    assert "l’ARS" in told.sentence
    assert "préfecture" not in told.sentence


def test_a_divided_side_comes_before_any_gap():
    told = said(divided=["ars"], gaps=[gap("agreement", 2, probability=1.0)])

    assert told.finding is Finding.DIVIDED
    assert "une moyenne tromperait" in told.sentence


def test_a_misunderstanding_says_who_mistakes_whom_and_which_way():
    told = said(gaps=[gap("accuracy_prefecture", 1.4, probability=0.9)])

    assert told.sentence.startswith(
        "La préfecture s’attend à une réponse plus favorable que celle que l’ARS donne"
    )


def test_two_views_of_two_things_are_no_disagreement():
    told = said(gaps=[gap("asymmetry", 1.5, probability=0.9)])

    assert told.sentence.startswith("La préfecture décrit l’ARS plus favorablement qu’elle n’en est décrite")
    assert "pas un désaccord" in told.sentence


def test_both_low_is_a_difficulty_that_both_know():
    low = {"prefecture": cell("prefecture", 2.0), "ars": cell("ars", 2.2)}

    assert said(**low, gaps=[gap("agreement", -0.2)]).finding is Finding.SHARED_LOW
    assert said(prefecture=low["prefecture"], gaps=[gap("agreement", -0.2)]).finding is Finding.AGREEMENT


@given(st.floats(1, 5), st.floats(0.01, 4))
def test_the_probability_to_lie_below_sometimes_follows_the_estimate(estimate, half):
    found = below_sometimes({"estimate": estimate, "low": estimate - half, "high": estimate + half})

    assert 0 <= found <= 1
    assert (found > 0.5) is (estimate < 3) or found == pytest.approx(0.5, abs=1e-6)


# The profile


def rows(*cells, gaps=(), within=()):
    return {"cells": list(cells), "gaps": list(gaps), "within": list(within)}


def line(now, **how):
    [found] = profile(now, [DIMENSION], **how).lines
    return found


def test_the_guess_of_the_other_side_stands_on_the_row_of_the_one_it_is_about():
    [prefecture, ars] = line(
        rows(cell("prefecture", 3.0), cell("ars", 4.0), gaps=[gap("accuracy_prefecture", -1.5)])
    ).marks

    assert (prefecture.guess, ars.guess) == (None, 2.5)
    assert ars.guess_spot.at == place(2.5)
    assert "la préfecture s’attendait à 2,5" in ars.sentence


def test_a_hidden_side_gives_no_figure_at_all_and_no_guess_about_it():
    now = rows(
        cell("prefecture", 3.0), cell("ars", shown=False, n=2, dont_know_share=0.5),
        gaps=[gap("accuracy_prefecture", -1.5)],
    )  # fmt: skip
    ars = line(now).marks[1]

    assert (ars.interval, ars.n, ars.dont_know, ars.guess, ars.spot) == (None, None, None, None, None)
    assert ars.sentence == "ARS : moins de trois réponses"


def test_a_divided_side_has_no_mean_to_draw():
    within = [{"departement": "67", "dimension": "roles", "side": "ars", "divided": True}]
    ars = line(rows(cell("prefecture"), cell("ars"), within=within)).marks[1]

    assert ars.spot is None
    assert ars.value == ""
    assert "avis partagés" in ars.sentence


@pytest.mark.parametrize(
    ("before", "after", "half", "words"),
    [
        (2.0, 3.5, 0.3, "La préfecture répond plus souvent que lors de « V1 » : de 2,0 à 3,5"),
        (3.5, 2.0, 0.3, "La préfecture répond moins souvent que lors de « V1 » : de 3,5 à 2,0"),
        (2.0, 3.5, 1.2, ""),  # the interval of the change holds zero
    ],
)
def test_a_change_is_told_beyond_its_interval_only(before, after, half, words):
    then, now = rows(cell("prefecture", before, half)), rows(cell("prefecture", after, half))
    changes = line(now, before=then, since="V1").changes

    assert [change[: len(words)] for change in changes] == ([words] if words else [])


def test_a_broken_series_is_shown_and_never_compared():
    then, now = rows(cell("prefecture", 1.5)), rows(cell("prefecture", 4.5))
    found = profile(now, [DIMENSION], before=then, since="V1", broken={"roles": "la question a changé"})

    assert found.changes == []
    assert found.breaks == [(DIMENSION["label"], "la question a changé")]


def test_what_is_shared_is_said_first_and_what_is_hidden_last():
    dimensions = [{"id": name, "label": name} for name in ("a", "b")]
    shown = [cell(side, dimension="b") for side in NAMES]
    now = rows(
        cell("prefecture", shown=False, dimension="a"),
        *shown,
        gaps=[{**gap("agreement", 0), "dimension": "b"}],
    )

    assert [finding for finding, _ in profile(now, dimensions).groups] == [Finding.AGREEMENT, Finding.HIDDEN]
    assert profile(now, dimensions).hidden_sides == []
    assert profile(rows(*shown), dimensions[1:]).has_figures


def test_a_side_hidden_everywhere_calls_for_the_guide():
    now = rows(cell("prefecture"), cell("ars", shown=False))

    assert profile(now, [DIMENSION]).hidden_sides == ["l’ARS"]


@given(st.floats(-10, 10))
def test_a_mark_never_leaves_the_drawing(value):
    assert 3.0 <= float(place(value).rstrip("%")) <= 97.0


@given(st.dictionaries(st.sampled_from(["1", "2", "3", "4", "5", "NSP", "SO"]), st.integers(0, 400)))
def test_a_bar_is_full_and_leaves_out_what_does_not_arise(counts):
    bar = pieces(counts)

    assert sum(piece.count for piece in bar) == sum(counts.values()) - counts.get("SO", 0)
    assert sum(piece.share for piece in bar) == pytest.approx(
        1.0 if any(piece.count for piece in bar) else 0.0
    )


def test_an_interval_is_said_in_french():
    [prefecture, _] = line(rows(cell("prefecture", 3.41, 0.5))).marks

    assert between(prefecture.interval) == "3,4 (de 2,9 à 3,9)"


# Comparing two waves


EXAMPLE = questionnaire.example()
COMMON = next(each for each in EXAMPLE.items if each.family.value == "common")


def changed(item, **changes):
    """Return the example with one item changed, or left out."""
    items = [replace(each, **changes) if each.id == item.id else each for each in EXAMPLE.items]
    return replace(
        EXAMPLE, items=items if changes else [each for each in EXAMPLE.items if each.id != item.id]
    )


def why_broken(before, after, justified=()):
    kept = [comparison.dimensions(each, {item.id for item in each.items}) for each in (before, after)]
    return comparison.broken(*kept, set(justified))


NEW_WORDS = {"wording": {"prefecture": "Autrement.", "ars": "Autrement."}}


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (EXAMPLE, EXAMPLE, ""),
        (EXAMPLE, changed(COMMON, wording_version=2, **NEW_WORDS), f"la question « {COMMON.id} » a changé"),
        (EXAMPLE, changed(COMMON, **NEW_WORDS), f"la question « {COMMON.id} » a changé"),
        (EXAMPLE, changed(COMMON, wording_version=2, justification="même sens", **NEW_WORDS), ""),
        (changed(COMMON), EXAMPLE, ""),
        (EXAMPLE, changed(COMMON, wording={"ars": "Seule."}, justification="même sens"), "les questions ne sont plus"),
    ],
    ids=["same", "new version", "new words", "justified", "added", "one side"],
)  # fmt: skip
def test_a_dimension_is_compared_as_its_questionnaires_allow(before, after, why):
    found = why_broken(before, after)
    for dimension in after.dimensions:
        is_broken = not questionnaire.comparable(before, after, dimension.id)
        assert (dimension.id in found) is is_broken
    if why:
        assert list(found) == [COMMON.dimension]
        assert found[COMMON.dimension].startswith(why)


def test_an_administrator_may_justify_a_wording_afterwards():
    now = changed(COMMON, wording_version=2, **NEW_WORDS)

    assert why_broken(EXAMPLE, now, {(COMMON.id, "1", "2")}) == {}
    assert list(why_broken(EXAMPLE, now, {(COMMON.id, "1", "3")})) == [COMMON.dimension]


def test_a_guess_reworded_breaks_no_score():
    guess = next(each for each in EXAMPLE.items if each.family.value == "meta")

    assert why_broken(EXAMPLE, changed(guess, wording_version=2, **NEW_WORDS)) == {}
