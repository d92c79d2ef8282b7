"""From answers to RESULT.json: what is counted, what is hidden, what opens a piste."""

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from traitdunion.barometer import rules_patterns, rules_pistes, simulation
from traitdunion.barometer.analysis import analyse
from traitdunion.barometer.answers import COLUMNS, read_csv
from traitdunion.barometer.questionnaire import SIDES, Family, example
from traitdunion.barometer.rules_pistes import MOST_TELLING

# Three régions, six départements: the 67 is alone in its own.
REGIONS = {"01": "84", "03": "84", "07": "84", "02": "32", "59": "32", "67": "44"}
NAMES = {code: f"Département {code}" for code in REGIONS}
EXAMPLE = example()
SCORED = [item for item in EXAMPLE.items if item.family is not Family.META]


def table(rows):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


def result(rows, **options):
    return analyse(read_csv(table(rows), EXAMPLE, NAMES), EXAMPLE, REGIONS, questions=True, **options)


def rows(levels, *, wave="T1", people=4, items=EXAMPLE.items):
    """Everyone of a side answers the level of that side, one person a point beside it on the first item."""
    for code in REGIONS:
        for side in SIDES:
            level = levels.get((code, side), levels.get(side, 4))
            count = people if isinstance(people, int) else people.get((code, side), 4)
            for number in range(count):
                for item in items:
                    value = (
                        level.get(item.id, level.get(item.family.value, 4))
                        if isinstance(level, dict)
                        else level
                    )
                    yield wave, code, side, f"{code}{side}{number}", item.id, value


def one(content, name, **where):
    [row] = [row for row in content[name] if where.items() <= row.items()]
    return row


def test_every_list_has_a_row_for_everything_it_speaks_of():
    [wave] = result(rows({}))["waves"]
    assert len(wave["cells"]) == len(REGIONS) * 2 * 9
    assert len(wave["national"]) == len(wave["reliability"]) == 2 * 9
    assert len(wave["regional"]) == 3 * 2 * 9
    assert len(wave["gaps"]) == len(REGIONS) * 9 * 6
    assert {(row["estimate"] is not None, row["reason"] == "") for row in wave["gaps"]} == {
        (True, True), (False, False),
    }  # fmt: skip
    assert all(row["shown"] == (row["estimate"] is not None) for row in wave["gaps"])
    assert {row["divided"] for row in wave["cells"]} == {False}
    assert Counter(row["kind"] for row in wave["gaps"] if row["shown"]) == {
        "agreement": 4 * 6, "asymmetry": 5 * 6,
        **{f"{kind}_{side}": 4 * 6 for kind in ("accuracy", "congruency") for side in SIDES},
    }  # fmt: skip
    assert len(wave["items"]) == len(REGIONS) * 2 * 14
    assert len(wave["item_gaps"]) == len(REGIONS) * 14
    assert len(wave["guesses"]) == len(REGIONS) * 2 * 4
    json.dumps(wave, allow_nan=False)


@pytest.mark.parametrize(
    ("dimension", "kind", "says"),
    [
        ("joignabilite", "agreement", "Chaque côté décrit l’autre : ce n’est ni un accord ni un désaccord."),
        ("buts", "asymmetry", "Les deux côtés décrivent la même chose : il n’y a pas d’asymétrie."),
        ("roles", "accuracy_ars", "Ce côté n’a rien à deviner sur cette dimension dans cette vague."),
        (
            "roles",
            "congruency_prefecture",
            "Ce côté n’a rien à deviner sur cette dimension dans cette vague.",
        ),
    ],
)
def test_a_gap_without_figures_says_why(dimension, kind, says):
    [wave] = result(rows({}))["waves"]
    gap = one(wave, "gaps", departement="01", dimension=dimension, kind=kind)
    figures = ("estimate", "low", "high", "probability_ge_1", "again")
    assert (gap["shown"], gap["reason"], *(gap[name] for name in figures)) == (False, says, *[None] * 5)


def test_a_side_of_two_counts_nowhere():
    shown = result(rows({}, people={("67", "ars"): 2}))["waves"][0]
    louder = result(rows({("67", "ars"): 1}, people={("67", "ars"): 2}))["waves"][0]

    hidden = one(louder, "cells", departement="67", side="ars", dimension="buts")
    assert {key: hidden[key] for key in ("n", "shown", "mean", "estimate", "low", "high", "dont_know_share")} == {
        "n": 2, "shown": False, "mean": None, "estimate": None, "low": None, "high": None, "dont_know_share": None,
    }  # fmt: skip
    assert hidden["reason"] == "2 personnes ont répondu de ce côté : il en faut 3 pour montrer un chiffre."
    assert louder == shown  # what the two answered changes no figure of anyone
    assert one(louder, "regional", region="44", side="ars", dimension="buts")["shown"] is False
    assert one(louder, "national", side="ars", dimension="buts")["departements"] == 5
    gaps = [row for row in louder["gaps"] if row["departement"] == "67"]
    assert {row["shown"] for row in gaps if not row["kind"].startswith("congruency_prefecture")} == {False}
    assert one(louder, "gaps", departement="67", dimension="buts", kind="agreement")["reason"] == (
        "Un côté a moins de 3 réponses : il en faut autant des deux."
    )


def test_hidden_answers_do_not_even_tell_which_items_are_easy():
    """Someone elsewhere skips an item: what is easy serves to complete their score."""

    def with_an_absence(level):
        given = rows({("67", "ars"): level}, people={("67", "ars"): 2})
        return [row for row in given if (row[3], row[4]) != ("01ars0", "joindre")]

    uneven = {"joindre": 1, "repondre_a_temps": 5}
    assert result(with_an_absence(uneven)) == result(with_an_absence({}))


def test_the_mean_is_that_of_the_answers_given_and_the_estimate_fills_the_gap():
    given = rows({"ars": {"joindre": 5, "repondre_a_temps": 3}})
    given = [row for row in given if (row[3], row[4]) != ("01ars0", "joindre")]
    cell = one(result(given)["waves"][0], "cells", departement="01", side="ars", dimension="joignabilite")
    assert cell["mean"] == (3 + 4 + 4 + 4) / 4
    assert cell["estimate"] == pytest.approx(4, abs=0.1)


def test_the_threshold_may_be_lowered_to_study_the_method():
    wave = result(rows({}, people={("67", "ars"): 2}), min_answers=2)["waves"][0]
    assert one(wave, "cells", departement="67", side="ars", dimension="buts")["shown"]


def test_dont_know_and_not_applicable_are_kept_and_never_a_number():
    given = list(rows({}))
    given = [(*row[:5], "NSP") if row[3] == "01ars0" and row[4] == "but_commun" else row for row in given]
    given = [(*row[:5], "SO") if row[3] == "01ars1" and row[4] == "but_commun" else row for row in given]
    cell = one(
        result(given, min_answers=2)["waves"][0], "cells", departement="01", side="ars", dimension="buts"
    )
    assert (cell["n"], cell["mean"], cell["dont_know_share"]) == (
        2,
        4.0,
        0.25,
    )  # one of the four who were asked


def test_the_pulse_tells_only_what_it_asks():
    wave = result(rows({}, items=[item for item in EXAMPLE.items if item.in_pulse]))["waves"][0]
    assert [each["id"] for each in wave["dimensions"]] == [
        "joignabilite", "utilite_transmis", "convention", "effet_personnes",
    ]  # fmt: skip
    assert {row["kind"] for row in wave["gaps"] if row["shown"]} == {"agreement", "asymmetry"}


def test_gaps_have_the_announced_sign():
    wave = result(
        rows(
            {"prefecture": {"common": 5, "proxy": 4, "meta": 5}, "ars": {"common": 3, "proxy": 2, "meta": 2}}
        )
    )
    wave = wave["waves"][0]
    where = {"departement": "01"}
    assert one(wave, "gaps", kind="agreement", dimension="buts", **where)["estimate"] == pytest.approx(
        2, abs=0.2
    )
    about = {**where, "dimension": "joignabilite"}
    assert one(wave, "gaps", kind="asymmetry", **about)["estimate"] == pytest.approx(2, abs=0.2)
    assert one(wave, "gaps", kind="accuracy_prefecture", **about)["estimate"] == pytest.approx(3, abs=0.2)
    assert one(wave, "gaps", kind="accuracy_ars", **about)["estimate"] == pytest.approx(-2, abs=0.2)
    assert one(wave, "gaps", kind="congruency_prefecture", **about)["estimate"] == pytest.approx(1, abs=0.2)
    assert one(wave, "gaps", kind="congruency_ars", **about)["estimate"] == pytest.approx(0, abs=0.2)
    assert one(wave, "gaps", kind="agreement", dimension="buts", **where)["probability_ge_1"] > 0.99


# Guesses


def test_a_perfect_guess_is_no_error_whatever_the_rest_of_the_dimension():
    """The préfecture guesses « joindre » right; the other question of the dimension is answered three points higher."""
    told = {"joindre": 2, "repondre_a_temps": 5}
    wave = result(rows({"prefecture": {"deviner_joignabilite": 2}, "ars": told}))["waves"][0]
    where = {"departement": "01", "dimension": "joignabilite"}

    gap = one(wave, "gaps", kind="accuracy_prefecture", **where)
    assert gap["item"] == "joindre"
    assert gap["estimate"] == pytest.approx(0.0, abs=0.05)
    assert gap["probability_ge_1"] < 0.01
    assert one(wave, "cells", side="ars", **where)["estimate"] == pytest.approx(3.5, abs=0.1)
    assert one(wave, "items", side="ars", item="joindre", departement="01")["estimate"] == pytest.approx(
        2, abs=0.1
    )
    assert one(wave, "guesses", side="prefecture", **where)["estimate"] == pytest.approx(2, abs=0.1)
    assert not any(rule == "misunderstanding" for rule, *_ in pistes(wave))


def test_an_assumed_reciprocity_is_counted_on_the_question_that_is_guessed():
    own = {"joindre": 2, "repondre_a_temps": 5, "deviner_joignabilite": 4}
    wave = result(rows({"prefecture": own}))["waves"][0]
    found = one(wave, "gaps", kind="congruency_prefecture", departement="01", dimension="joignabilite")

    assert found["item"] == "joindre"
    assert found["estimate"] == pytest.approx(2, abs=0.1)


def test_a_guess_is_compared_where_enough_people_answered_that_very_question():
    """Four of the ARS answer the dimension, two of them the question that the préfecture guesses."""
    given = [
        (*row[:5], "NSP") if row[3] in {"01ars0", "01ars1"} and row[4] == "joindre" else row
        for row in rows({})
    ]
    wave = result(given)["waves"][0]
    where = {"departement": "01", "dimension": "joignabilite"}

    assert one(wave, "cells", side="ars", **where)["shown"]
    assert one(wave, "gaps", kind="accuracy_prefecture", **where)["estimate"] is None
    assert one(wave, "gaps", kind="accuracy_ars", **where)["shown"]
    hidden = one(wave, "items", side="ars", item="joindre", departement="01")
    assert (hidden["n"], hidden["shown"], hidden["estimate"]) == (2, False, None)


def test_what_two_people_guess_changes_no_figure():
    def guessing(value):
        given = rows({}, people={("01", "ars"): 2})
        return [
            (*row[:5], value) if row[1:3] == ("01", "ars") and row[4] == "deviner_circuit" else row
            for row in given
        ]

    assert result(guessing(1)) == result(guessing(5))


def test_a_version_whose_guesses_have_no_target_says_so_and_compares_nothing():
    old = replace(EXAMPLE, items=tuple(replace(item, guesses="") for item in EXAMPLE.items))
    [wave] = analyse(read_csv(table(rows({})), old, NAMES), old, REGIONS)["waves"]

    assert {row["kind"] for row in wave["gaps"] if row["shown"]} == {"agreement", "asymmetry"}
    assert wave["guesses"] == []
    assert wave["notes"][0].startswith(
        "Cette version du questionnaire ne dit pas quelle question devine « deviner_jo"
    )
    assert result(rows({}))["waves"][0]["notes"] == []


def test_a_dimension_of_one_question_says_the_same_of_the_question():
    wave = result(rows({"ars": {"but_commun": 2}}))["waves"][0]
    where = {"departement": "01", "dimension": "buts"}
    figures = ("n", "estimate", "low", "high")
    cell, item = (one(wave, name, side="ars", **where) for name in ("cells", "items"))
    gap, of_item = (one(wave, name, kind="agreement", **where) for name in ("gaps", "item_gaps"))

    assert [cell[name] for name in figures] == [item[name] for name in figures]
    assert {**gap, "item": "but_commun"} == of_item


def test_a_gap_on_one_question_is_that_of_the_question():
    wave = result(rows({"prefecture": {"circuit_reel": 5, "convention_connue": 3}, "ars": 3}))["waves"][0]

    for item, size in (("circuit_reel", 2), ("convention_connue", 0)):
        found = one(wave, "item_gaps", departement="01", item=item)
        assert (found["kind"], found["estimate"]) == ("agreement", pytest.approx(size, abs=0.2))


# Pistes


def pistes(content, code="01"):
    return {
        (row["rule"], row["pattern"], row["dimension"], row["side"])
        for row in content["pistes"]
        if row["departement"] == code
    }


def test_nothing_low_and_nobody_apart_opens_nothing():
    assert result(rows({}))["waves"][0]["pistes"] == []


def test_low_on_both_sides_is_a_shared_problem():
    found = pistes(result(rows({"prefecture": 2, "ars": 2}))["waves"][0])
    assert ("low", "shared_problem", "buts", "") in found
    assert {pattern for _, pattern, _, _ in found} == {"shared_problem"}


def test_low_on_one_side_is_a_disagreement_when_the_other_knows_it():
    known = {"prefecture": {"proxy": 5, "common": 5, "meta": 2}, "ars": {"proxy": 2, "common": 5, "meta": 5}}
    assert ("low", "disagreement", "joignabilite", "ars") in pistes(result(rows(known))["waves"][0])
    unknown = {
        "prefecture": {"proxy": 5, "common": 5, "meta": 5},
        "ars": {"proxy": 2, "common": 5, "meta": 5},
    }
    [wave] = result(rows(unknown))["waves"]
    assert ("low", "unaware", "joignabilite", "ars") in pistes(wave)
    assert one(wave, "pistes", departement="01", dimension="joignabilite")["reading"] == (
        "Joignabilité et délais : pour l’ARS, c’est moins souvent que « parfois » ; la préfecture s’attend à mieux. "
        "À lire avec : la préfecture se trompe d’un point ou plus sur ce que l’ARS répond."
    )


def test_what_the_other_side_knows_is_not_said_where_nobody_asked_it():
    """« Connaissance du rôle » has no question to guess."""
    low = {"prefecture": {"proxy": 5, "common": 5, "meta": 5}, "ars": {"proxy": 2, "common": 5, "meta": 5}}
    found = one(result(rows(low))["waves"][0], "pistes", departement="01", dimension="roles")
    assert (found["rule"], found["pattern"], found["side"]) == ("low", "one_side", "ars")
    assert found["reading"].endswith("; ce que la préfecture en sait n’est pas mesuré.")


@pytest.mark.parametrize("guess", ["deviner_but", "deviner_circuit"])
def test_a_misunderstanding_is_told_from_a_disagreement_on_a_common_object(guess):
    [wave] = result(rows({"prefecture": {guess: 1}}))["waves"]
    found = [row for row in wave["pistes"] if row["departement"] == "01"]
    assert [(row["rule"], row["pattern"], row["side"]) for row in found] == [
        ("misunderstanding", "unaware", "prefecture")
    ]
    assert found[0]["reading"].endswith("répond, un malentendu plutôt qu’un désaccord.")


def test_a_dimension_opens_one_piste_at_most():
    """A side is low, the other guesses wrong, and both are a point apart on the same thing."""
    level = {"prefecture": {"circuit_reel": 5, "convention_connue": 5, "deviner_circuit": 5}, "ars": 1}
    [wave] = result(rows(level))["waves"]
    assert set(Counter((row["departement"], row["dimension"]) for row in wave["pistes"]).values()) == {1}
    found = one(wave, "pistes", departement="01", dimension="convention")
    assert found["reading"].count("À lire avec : ") == 1
    assert "à un point d’écart ou plus ; la préfecture se trompe" in found["reading"]
    assert {row["pattern"] for row in wave["pistes"]} <= set(rules_pistes.REMEDIES) == set(MOST_TELLING)
    assert set(rules_pistes.REMEDIES) <= set(rules_patterns.LABELS)


def test_a_reading_never_outgrows_its_column():
    """Everything is wrong at once, under the longest title that a questionnaire may give."""
    titled = replace(EXAMPLE, dimensions=tuple(replace(each, title="T" * 150) for each in EXAMPLE.dimensions))
    level = {"prefecture": {"circuit_reel": 5, "convention_connue": 5, "deviner_circuit": 5}, "ars": 1}
    [wave] = analyse(read_csv(table(rows(level)), titled, NAMES), titled, REGIONS)["waves"]
    assert max(len(row["reading"]) for row in wave["pistes"]) <= rules_pistes.LONGEST


def test_a_gap_on_the_same_object_is_a_disagreement():
    apart = {"prefecture": {"common": 5, "proxy": 4, "meta": 4}, "ars": {"common": 3, "proxy": 4, "meta": 4}}
    assert ("agreement", "disagreement", "buts", "") in pistes(result(rows(apart))["waves"][0])


def test_people_of_one_side_who_differ_clarify_first():
    given = [
        (*row[:5], 1 if int(row[3][-1]) % 2 else 5)
        if (row[1], row[2], row[4]) == ("01", "ars", "but_commun")
        else row
        for row in rows({})
    ]
    wave = result(given)["waves"][0]
    assert one(wave, "within", departement="01", side="ars", dimension="buts")["divided"]
    assert pistes(wave) == {("spread", "internal", "buts", "ars")}


def test_two_falls_in_a_row_beyond_the_interval():
    given = [
        row for wave, level in (("T1", 5), ("T2", 4), ("T3", 3)) for row in rows({"ars": level}, wave=wave)
    ]
    waves = result(given)["waves"]
    assert ("fall", "falling", "buts", "ars") in pistes(waves[2])
    assert not any(rule == "fall" for wave in waves[:2] for rule, *_ in pistes(wave))


def test_a_fall_that_both_sides_tell_is_shared():
    given = [row for wave, level in (("T1", 5), ("T2", 4), ("T3", 3)) for row in rows(
        {"prefecture": level, "ars": level}, wave=wave
    )]  # fmt: skip
    assert ("fall", "shared_problem", "buts", "") in pistes(result(given)["waves"][2])


def test_a_pulse_in_between_does_not_hide_two_falls():
    pulse = [item for item in EXAMPLE.items if item.in_pulse]
    falling = [
        row for wave, level in (("T1", 5), ("T3", 4), ("T5", 3)) for row in rows({"ars": level}, wave=wave)
    ]
    between = [row for wave in ("T2", "T4") for row in rows({"ars": 5}, wave=wave, items=pulse)]
    found = pistes(result(falling + between)["waves"][4])
    assert ("fall", "falling", "buts", "ars") in found
    # Of « convention » the pulse asks one question out of two: it is no measure of the same thing.
    assert ("fall", "falling", "convention", "ars") in found
    # « Utilité pour les personnes » has one question, which the pulse asks: it was well in between.
    assert ("fall", "falling", "effet_personnes", "ars") not in found


def test_a_pulse_that_asks_the_lower_question_makes_nothing_fall():
    """« joindre » is answered 2, its sister question 5; a full wave says 3.5, a pulse 2, the next 1."""
    pulse = [item for item in EXAMPLE.items if item.in_pulse]
    level = {"ars": {"joindre": 2, "repondre_a_temps": 5}}
    waves = (("T1", EXAMPLE.items), ("T2", pulse), ("T3", pulse), ("T4", EXAMPLE.items))
    given = [row for wave, items in waves for row in rows(level, wave=wave, items=items)]
    lower = [
        (*row[:5], 1) if row[0] == "T3" and row[2] == "ars" and row[4] == "joindre" else row for row in given
    ]
    for wave in result(lower)["waves"]:
        assert not any(rule == "fall" for rule, *_ in pistes(wave))


def test_what_is_hidden_opens_nothing():
    few = {(code, side): 2 for code in REGIONS for side in SIDES if code == "01"}
    assert pistes(result(rows({"prefecture": 1, "ars": 5}, people=few))["waves"][0]) == set()


# Whole


def test_without_the_questions_every_other_figure_is_the_same():
    waves = read_csv(table(rows({"ars": {"joindre": 2, "circuit_reel": 5}})), EXAMPLE, NAMES)
    [short], [long] = (
        analyse(waves, EXAMPLE, REGIONS, questions=questions)["waves"] for questions in (False, True)
    )

    assert (short["items"], short["item_gaps"]) == ([], [])
    assert {**long, "items": [], "item_gaps": []} == short


def test_the_same_answers_in_another_order_give_the_same_result():
    items = [
        simulation.Item(item.id, item.dimension, item.family.value, tuple(item.wording))
        for item in EXAMPLE.items
    ]
    drawn = list(simulation.draw_answers(items, REGIONS, waves=["T1"], seed=3, respondents=(2, 6)))
    assert result(drawn) == result(drawn[::-1])


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_answered_the_figures_stay_where_they_can_be(seed):
    """Few people, few levels, most answers missing, some items asked of one side only."""
    random = Random(seed)
    levels, absent = random.choice([[5], [1, 5], [1, 2, 3, 4, 5]]), random.choice([0.0, 0.3, 0.8])
    lone = [
        replace(item, wording={"ars": "Seuls."}) if item.id == "joindre" else item for item in EXAMPLE.items
    ]
    asked = replace(EXAMPLE, items=tuple(lone if seed % 2 else EXAMPLE.items))
    given = [
        (*row[:5], random.choice(["NSP", "SO"]) if random.random() < absent else random.choice(levels))
        for row in rows({}, people={(code, side): random.randint(1, 4) for code in REGIONS for side in SIDES})
        if (row[4], row[2]) != ("joindre", "prefecture") or not seed % 2
    ]
    [wave] = analyse(read_csv(table(given), asked, NAMES), asked, REGIONS, min_answers=2)["waves"]

    json.dumps(wave, allow_nan=False)
    for cell in wave["cells"]:
        assert cell["shown"] == (cell["n"] >= 2) == (cell["reason"] == "")
        if cell["shown"]:
            assert 1 <= cell["low"] <= cell["estimate"] <= cell["high"] <= 5
            assert 1 <= cell["mean"] <= 5
            assert 0 <= cell["dont_know_share"] <= 1
        else:
            hidden = ("mean", "estimate", "low", "high", "dont_know_share", "probability_below_3")
            assert {cell[key] for key in hidden} == {None}
    shown = {
        (cell["departement"], cell["side"], cell["dimension"]) for cell in wave["cells"] if cell["shown"]
    }
    for gap in wave["gaps"]:
        if gap["shown"]:
            assert -4 <= gap["low"] <= gap["estimate"] <= gap["high"] <= 4
            assert 0 <= gap["probability_ge_1"] <= 1
        if gap["shown"] and gap["kind"] in ("agreement", "asymmetry"):
            assert {(gap["departement"], side, gap["dimension"]) for side in SIDES} <= shown
    for row in (*wave["national"], *wave["regional"]):
        assert row["estimate"] is None if not row["shown"] else 1 <= row["low"] <= row["high"] <= 5
