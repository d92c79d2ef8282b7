"""What is said in words of a dimension, what is drawn of it, and what may be compared. Plain Python: no database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.barometer import comparison, questionnaire
from traitdunion.barometer.profile import NAMES, ORDER, RECIPROCITY, between, pieces, place, profile
from traitdunion.barometer.reading import Finding, read

DIMENSION = {"id": "roles", "label": "Connaissance du rôle"}


def cell(side, estimate=3.6, half=0.4, shown=True, **other):
    figures = {"estimate": estimate, "low": estimate - half, "high": estimate + half} if shown else {}
    if shown:
        figures["probability_below_3"] = float(estimate + half / 2 < 3)
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
        ([gap("asymmetry", 0.1)], Finding.ALIKE),  # two things: nobody agrees on them
        ([gap("asymmetry", 0.5, half=0.9)], Finding.UNDECIDED),
        ([gap("agreement", 1.4, probability=0.9)], Finding.DISAGREEMENT),
        ([gap("agreement", 1.4, probability=0.79)], Finding.UNDECIDED),  # not sure enough
        ([gap("asymmetry", -1.5, probability=0.95)], Finding.ASYMMETRY),
        ([gap("accuracy_ars", 1.3, probability=0.85), gap("asymmetry", 0.0)], Finding.MISTAKEN),
        (
            [gap("accuracy_ars", 1.3, probability=0.85), gap("asymmetry", 2.0, probability=0.9)],
            Finding.MISTAKEN,
        ),
        ([gap("accuracy_ars", 1.3, probability=0.85), gap("agreement", 0.0)], Finding.MISUNDERSTANDING),
        (
            [gap("accuracy_ars", 1.3, probability=0.85), gap("agreement", 0.8, probability=0.4)],
            Finding.MISTAKEN,
        ),
        (
            [gap("accuracy_ars", 1.3, probability=0.85), gap("agreement", 1.4, probability=0.9)],
            Finding.DISAGREEMENT,
        ),
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
    told = said(gaps=[gap("accuracy_prefecture", 1.4, probability=0.9), gap("agreement", 0.1)])

    assert told.finding.heading == "Un malentendu plutôt qu’un désaccord"
    assert told.sentence.startswith(
        "Les deux côtés répondent presque la même chose, et pourtant la préfecture s’attend à une réponse plus "
        "favorable que celle que l’ARS donne."
    )


@pytest.mark.parametrize(
    ("beside", "says"),
    [
        (gap("asymmetry", 0.1), "Chacun parle de l’autre : ce n’est ni un accord ni un désaccord."),
        (gap("agreement", 0.8, probability=0.5), "Rien n’établit si les deux côtés s’accordent sur le fond."),
    ],
)
def test_a_wrong_guess_alone_is_no_misunderstanding(beside, says):
    told = said(gaps=[gap("accuracy_prefecture", -1.4, probability=0.9), beside])

    assert told.finding.heading == "Une idée fausse de ce que l’autre répond"
    assert told.sentence == (
        f"La préfecture s’attend à une réponse moins favorable que celle que l’ARS donne. {says}"
    )


@pytest.mark.parametrize(
    ("guesses", "says"),
    [
        ([], ""),
        ([gap("accuracy_ars", 0.1)], " L’ARS le sait."),
        ([gap("accuracy_ars", 0.1), gap("accuracy_prefecture", 0.1)], " Les deux côtés le savent."),
        ([gap("accuracy_ars", 0.6, probability=0.4)], ""),  # nothing sure
        (
            [gap("accuracy_ars", 1.4, probability=0.9)],
            " L’ARS s’attend à une réponse plus favorable que celle que la préfecture donne.",
        ),
    ],
)
def test_a_disagreement_says_who_knows_of_it(guesses, says):
    told = said(gaps=[gap("agreement", 1.4, probability=0.9), *guesses])

    assert told.sentence == (
        f"La préfecture décrit la même chose plus favorablement que l’ARS, d’au moins un point.{says}"
    )


def test_two_views_of_two_things_are_no_disagreement():
    told = said(gaps=[gap("asymmetry", 1.5, probability=0.9)])

    assert told.sentence.startswith("La préfecture décrit l’ARS plus favorablement qu’elle n’en est décrite")
    assert "pas un désaccord" in told.sentence


VIEWS = "Ce que la préfecture dit de l’ARS et ce que l’ARS dit de la préfecture sont"


@pytest.mark.parametrize(
    ("estimate", "sentence"),
    [
        (
            3.6,
            f"{VIEWS} à moins d’un point, au moins « parfois » vrai. Ce n’est pas un accord : chacun parle de l’autre.",
        ),
        (
            3.1,
            f"{VIEWS} à moins d’un point. Ce n’est pas un accord : chacun parle de l’autre.",
        ),
    ],
)
def test_two_views_alike_are_no_agreement(estimate, sentence):
    told = said(**{side: cell(side, estimate) for side in NAMES}, gaps=[gap("asymmetry", 0.1)])

    assert told.finding.heading == "Chacun dit de l’autre la même chose"
    assert told.sentence == sentence


FINDINGS_OF_ONE_OBJECT = {
    Finding.AGREEMENT, Finding.DISAGREEMENT, Finding.MISUNDERSTANDING, Finding.SHARED_LOW,
}  # fmt: skip


@given(
    asymmetry=st.builds(
        lambda estimate, half, probability: gap("asymmetry", estimate, half, probability),
        st.floats(-4, 4), st.floats(0.01, 4), st.floats(0, 1),
    ),
    wrong=st.floats(0, 1),
    level=st.floats(1, 5),
)  # fmt: skip
def test_nothing_of_an_asymmetry_is_ever_said_as_of_one_object(asymmetry, wrong, level):
    gaps = [asymmetry, gap("accuracy_ars", 1.2, probability=wrong)]
    told = said(**{side: cell(side, level) for side in NAMES}, gaps=gaps)

    assert told.finding not in FINDINGS_OF_ONE_OBJECT
    assert "s’accordent" not in f"{told.finding.heading} {told.sentence}"


def test_both_low_is_a_difficulty_that_both_know():
    low = {"prefecture": cell("prefecture", 2.0), "ars": cell("ars", 2.2)}

    assert said(**low, gaps=[gap("agreement", -0.2)]).finding is Finding.SHARED_LOW
    assert said(**low, gaps=[gap("asymmetry", -0.2)]).finding is Finding.MUTUAL_LOW
    assert said(prefecture=low["prefecture"], gaps=[gap("agreement", -0.2)]).finding is Finding.AGREEMENT


@pytest.mark.parametrize(("probability", "finding"), [(0.8, Finding.SHARED_LOW), (0.79, Finding.AGREEMENT)])
def test_what_is_low_is_what_the_analysis_says_so(probability, finding):
    """The page keeps no formula of its own: it reads the probability from which the pistes are opened."""
    cells = {side: cell(side, 2.9, probability_below_3=probability) for side in NAMES}

    assert said(**cells, gaps=[gap("agreement", 0.0)]).finding is finding


# The profile


def rows(*cells, gaps=(), within=()):
    return {"cells": list(cells), "gaps": list(gaps), "within": list(within)}


def line(now, **how):
    [found] = profile(now, [DIMENSION], **how).lines
    return found


def guessed(side, estimate, half=0.5, **other):
    """What a side thinks that the other answers to « connaitre »."""
    return {
        "departement": "67", "dimension": "roles", "side": side, "item": "deviner", "guesses": "connaitre", "n": 5,
        "estimate": estimate, "low": estimate - half, "high": estimate + half, "shown": True, **other,
    }  # fmt: skip


def answered(side, estimate, half=0.2):
    return {
        "departement": "67", "dimension": "roles", "side": side, "item": "connaitre", "n": 3,
        "estimate": estimate, "low": estimate - half, "high": estimate + half, "shown": True,
    }  # fmt: skip


def test_the_guess_of_the_other_side_stands_beside_the_answers_to_the_question_guessed():
    """The dimension, at 4.0, holds other questions: the guess is right, though it is far from the dimension."""
    now = {
        **rows(cell("prefecture", 3.0), cell("ars", 4.0)),
        "guesses": [guessed("prefecture", 2.5)],
        "items": [answered("prefecture", 4.9), answered("ars", 2.6)],
    }
    asked = {
        **DIMENSION,
        "guesses": {"prefecture": {"asks": "La préfecture sait ce que nous pouvons faire."}},
    }
    [found] = profile(now, [asked]).lines
    prefecture, ars = found.marks

    assert (prefecture.guessed, ars.guessed.interval.estimate) == (None, 2.5)
    assert (ars.guessed.n, ars.guessed.answer_n) == (5, 3)
    assert between(ars.guessed.interval) == "2,5 (de 2,0 à 3,0)"
    assert ars.guessed.answer.estimate == 2.6
    assert ars.guessed.question == "La préfecture sait ce que nous pouvons faire."
    assert (ars.guess_spot.at, ars.guess_spot.end) == (place(2.5), place(3.0))
    assert ars.answer_spot.at == place(2.6)
    assert ars.sentence == (
        "ARS : 4,0 (de 3,6 à 4,4) ; à une question, la préfecture s’attendait à 2,5 (de 2,0 à 3,0), la réponse est "
        "2,6 (de 2,4 à 2,8)"
    )


def test_a_guess_whose_question_is_hidden_stands_alone():
    now = {**rows(cell("prefecture"), cell("ars")), "guesses": [guessed("prefecture", 2.5)]}
    ars = line(now).marks[1]

    assert (ars.guessed.interval.estimate, ars.guessed.answer, ars.answer_spot) == (2.5, None, None)
    assert ars.sentence.endswith("la préfecture s’attendait à 2,5 (de 2,0 à 3,0)")


def test_a_hidden_side_gives_no_figure_at_all_and_no_guess_about_it():
    now = {
        **rows(cell("prefecture", 3.0), cell("ars", shown=False, n=2, dont_know_share=0.5)),
        "guesses": [guessed("prefecture", 2.5)],
    }
    ars = line(now).marks[1]

    assert (ars.interval, ars.n, ars.dont_know, ars.guessed, ars.spot) == (None, None, None, None, None)
    assert ars.sentence == "ARS : moins de trois réponses"


@pytest.mark.parametrize(
    ("beside", "label"),
    [
        ("agreement", "Ce que l’ARS croit que la préfecture répond, moins ce qu’elle répond elle-même"),
        ("asymmetry", RECIPROCITY["congruency_ars"]),
    ],
)
def test_a_congruency_between_two_things_is_an_assumed_reciprocity(beside, label):
    now = rows(cell("prefecture"), cell("ars"), gaps=[gap("congruency_ars", 0.2), gap(beside, 0.0)])

    assert label in [each.label for each in line(now).gaps]
    assert RECIPROCITY["congruency_ars"] == (
        "Réciprocité supposée par l’ARS : ce qu’elle croit que la préfecture dit d’elle, moins ce qu’elle dit de la "
        "préfecture"
    )


def test_every_finding_has_its_place_among_the_words():
    for finding in Finding:
        assert finding in ORDER, finding
        assert finding.heading


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
COMMON = EXAMPLE.item("rester_dans_mission")  # nobody guesses it: one side may be asked alone


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


# Comparing one question


GUESS = next(each for each in EXAMPLE.items if each.guesses and each.dimension == "joignabilite")


def why_question(before, after, justified=(), **about):
    kept = [comparison.dimensions(each, {item.id for item in each.items}) for each in (before, after)]
    return comparison.broken_question(*kept, set(justified), **about)


@pytest.mark.parametrize(
    ("after", "about", "why"),
    [
        (EXAMPLE, {"item": GUESS.guesses}, ""),
        (EXAMPLE, {"item": GUESS.guesses, "guessed_by": "ars"}, ""),
        (changed(EXAMPLE.item("repondre_a_temps"), wording_version=2, **NEW_WORDS), {"item": "joindre"}, ""),
        (changed(EXAMPLE.item("repondre_a_temps")), {"item": "joindre"}, ""),  # a sister question left out
        (changed(EXAMPLE.item("joindre"), wording_version=2, **NEW_WORDS), {"item": "joindre"}, "a changé de form"),
        (changed(GUESS, wording_version=2, **NEW_WORDS), {"item": "joindre"}, ""),
        (
            changed(GUESS, wording_version=2, **NEW_WORDS),
            {"item": "joindre", "guessed_by": "ars"},
            f"la question « {GUESS.id} » a changé",
        ),
        (changed(GUESS, guesses="repondre_a_temps"), {"item": "joindre", "guessed_by": "ars"}, "dans les deux vagues"),
        (changed(GUESS), {"item": "joindre", "guessed_by": "ars"}, "n’est pas posée dans les deux vagues"),
        (EXAMPLE, {"item": "inconnue"}, "n’est pas posée dans les deux vagues"),
    ],
)  # fmt: skip
def test_a_question_is_compared_whatever_becomes_of_the_others(after, about, why):
    said = why_question(EXAMPLE, after, **about)

    assert (why in said) if why else not said


def test_a_guess_kept_before_it_had_a_target_is_compared_with_nothing():
    old = changed(GUESS, guesses="")

    assert "deux vagues" in why_question(old, EXAMPLE, item="joindre", guessed_by="ars")
    assert why_question(old, EXAMPLE, item="joindre") == ""
