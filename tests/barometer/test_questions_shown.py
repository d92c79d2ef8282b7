"""Which questions may be shown beside their dimension, and of whom: no subtraction may leave one or two people."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traitdunion.barometer import analysis, showing
from traitdunion.barometer.answers import read_csv
from traitdunion.barometer.disclosure import LEAST, Cell
from traitdunion.barometer.questionnaire import example

EXAMPLE = example()
DIMENSION = "joignabilite"
ITEMS = [item.id for item in EXAMPLE.scored(DIMENSION)]
# A third question, so that two may be shown without the last.
THREE = replace(EXAMPLE, items=(*EXAMPLE.items, replace(EXAMPLE.item("joindre"), id="rappeler")))
REGIONS = {"67": "44", "68": "44", "01": "84"}
ARS = Cell("67", "ars")


def laid_out(sheets, asked=EXAMPLE):
    """Return the answers of sheets (item and value) by side; the préfecture of the Bas-Rhin answers everything."""
    whole = {each.id: "4" for each in asked.items if each.dimension == DIMENSION}
    rows = ["wave,departement,side,respondent,item,value"]
    for cell, given_here in {Cell("67", "prefecture"): [whole] * 4, **sheets}.items():
        for rank, told in enumerate(given_here):
            rows += [f"V1,{cell.departement},{cell.side},{cell.side}{cell.departement}{rank},{item},{value}"
                     for item, value in {**dict.fromkeys(whole, "NSP"), **told}.items()]  # fmt: skip
    [wave] = read_csv("\n".join(rows).encode(), asked, {code: code for code in REGIONS})
    return wave


def bases(*patterns, asked=EXAMPLE):
    """Return who gave what, where each person of the ARS gave a number to such and such questions."""
    return showing.bases(laid_out({ARS: [dict.fromkeys(told, "2") for told in patterns]}, asked), asked)


FIRST, SECOND = ITEMS


@pytest.mark.parametrize(
    ("patterns", "shown"),
    [
        ([ITEMS] * 3, {FIRST, SECOND}),  # the same people
        ([ITEMS] * 3 + [[SECOND]], {FIRST}),  # the question that is guessed, and not the other beside it
        ([ITEMS] * 3 + [[SECOND]] * 3, {FIRST, SECOND}),  # those who left it out are three
        ([ITEMS] * 2 + [[FIRST]], set()),  # the other question rests on two people
        ([[FIRST]] * 3 + [[SECOND]], set()),
        ([[FIRST]] * 3, {FIRST}),
        ([ITEMS] * 2, set()),
    ],
)
def test_the_questions_of_a_side_that_are_shown_beside_its_dimension(patterns, shown):
    assert set(bases(*patterns).questions(DIMENSION, ARS)) == shown


def isolated(people, figures):
    """Return a group smaller than the threshold whose answers alone some combination of ``figures`` tells."""
    rank = np.linalg.matrix_rank(figures)
    for size in range(1, LEAST):
        for group in combinations(range(len(people)), size):
            rest = np.array([person not in group for person, _ in people_and_items(people)])
            if np.linalg.matrix_rank(figures[:, rest]) < rank:
                return group
    return None


def people_and_items(people):
    return [(person, item) for person, told in enumerate(people) for item in sorted(told)]


def figures(people, shown):
    """Return what each figure adds up, over the answers given: the dimension, then each question shown."""
    answers = people_and_items(people)
    dimension = [1.0 / len(people[person]) for person, _ in answers]
    return np.array([dimension, *([float(item == each) for _, item in answers] for each in shown)])


@given(st.lists(st.sets(st.sampled_from([*ITEMS, "rappeler"]), min_size=1), min_size=LEAST, max_size=7))
@settings(deadline=None, max_examples=150)
def test_no_combination_of_a_dimension_and_its_questions_leaves_one_or_two_people(people):
    shown = sorted(bases(*people, asked=THREE).questions(DIMENSION, ARS))

    assert isolated(people, figures(people, shown)) is None


def test_the_attack_finds_what_the_rule_refuses():
    people = [set(ITEMS)] * 3 + [{SECOND}]

    assert isolated(people, figures(people, ITEMS)) is not None


# What is kept of an analysis


def kept(sheets):
    wave = laid_out(sheets)
    [found] = analysis.analyse([wave], EXAMPLE, REGIONS, questions=True)["waves"]
    who = showing.bases(wave, EXAMPLE)
    content = showing.kept(found, who, {code: code for code in REGIONS.values()})
    return content, who


def test_a_guess_is_kept_when_the_question_guessed_is_shown_on_the_other_side():
    guess = EXAMPLE.guess(DIMENSION, "prefecture").id
    right = {FIRST: "2", SECOND: "5"}
    content, who = kept({ARS: [right] * 3 + [{SECOND: "5", guess: "2"}]})
    kinds = {gap["kind"]: gap for gap in content["gaps"]}

    assert kinds["accuracy_prefecture"]["item"] == FIRST
    assert "accuracy_ars" not in kinds  # one person guessed
    assert {(row["side"], row["item"]) for row in content["items"]} == {
        ("prefecture", FIRST), ("prefecture", SECOND), ("ars", FIRST),
    }  # fmt: skip
    assert [row["item"] for row in content["item_gaps"]] == [FIRST]
    assert [(row["side"], row["n"]) for row in content["guesses"]] == [("prefecture", 4)]
    told = {(each.base, each.cell.side): each.n for each in showing.groups(content, who)}
    assert told == {
        ("répondants", "ars"): 4, ("répondants", "prefecture"): 4, (DIMENSION, "ars"): 4, (DIMENSION, "prefecture"): 4,
        (FIRST, "ars"): 3, (FIRST, "prefecture"): 4, (SECOND, "prefecture"): 4,
        (f"{DIMENSION} supposé", "prefecture"): 4,
    }  # fmt: skip


def test_nothing_is_kept_of_a_guess_whose_question_two_people_answered():
    content, who = kept({ARS: [{FIRST: "2", SECOND: "5"}] * 2 + [{SECOND: "5"}] * 2})

    assert {gap["kind"] for gap in content["gaps"]} == {"asymmetry", "congruency_prefecture"}
    assert not any(row["side"] == "ars" and row["item"] == FIRST for row in content["items"])
    assert (FIRST, "ars") not in {(each.base, each.cell.side) for each in showing.groups(content, who)}


def test_a_reciprocity_rests_on_those_who_gave_both():
    guess = EXAMPLE.guess(DIMENSION, "ars").id
    both = {FIRST: "2", SECOND: "5", guess: "3"}
    whole, _ = kept({ARS: [both] * 4})
    one_left_out, _ = kept({ARS: [both] * 3 + [{FIRST: "2", SECOND: "5"}]})

    assert "congruency_ars" in {gap["kind"] for gap in whole["gaps"]}
    assert "congruency_ars" not in {gap["kind"] for gap in one_left_out["gaps"]}
