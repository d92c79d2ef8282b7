"""What a later wave may say of a piste that was kept. The rule is plain Python: no database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.barometer.kinds import Outcome
from traitdunion.barometer.rules_effect import (
    IN_A_MEETING,
    Compared,
    Interval,
    Quantity,
    Witness,
    compare,
    effect,
    effect_on_fact,
    gain,
    improvement,
    judge,
)

CAUSAL = ("grâce", "permis", "parce que", "efficace", "effet de", "dû ", "causé")


def around(estimate, half):
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def level(before, after, half=0.3):
    return Compared(about="ce que répond l’ARS", before=around(before, half), after=around(after, half))


intervals = st.builds(
    lambda estimate, down, up: Interval(estimate=estimate, low=estimate - down, high=estimate + up),
    st.floats(-4, 5), st.floats(0, 4), st.floats(0, 4),
)  # fmt: skip


# The rule


@pytest.mark.parametrize(
    ("before", "after", "half", "outcome"),
    [
        (2.0, 3.5, 0.3, Outcome.SEEN),  # 1.5 ± 0.42
        (2.0, 2.3, 0.1, Outcome.SEEN),  # 0.3 ± 0.14: small, but sure
        (2.0, 2.05, 0.2, Outcome.NOT_SEEN),  # 0.05 ± 0.28: below half a point
        (3.0, 1.0, 0.3, Outcome.NOT_SEEN),  # it fell
        (2.0, 3.0, 1.0, Outcome.UNDECIDED),  # a point more, among three people: 1.0 ± 1.41
        (2.0, 2.0, 1.0, Outcome.UNDECIDED),  # the same, but 0 ± 1.41 hides a real progress as well
    ],
)
def test_a_level_is_judged_on_the_interval_of_its_change(before, after, half, outcome):
    assert effect(Quantity.LEVEL, [level(before, after, half)], since="V1").outcome is outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (around(1.8, 0.3), around(0.2, 0.3), Outcome.SEEN),
        (around(-1.8, 0.3), around(0.2, 0.3), Outcome.SEEN),  # the sign of a distance does not matter
        (around(1.5, 0.3), around(-1.5, 0.3), Outcome.NOT_SEEN),  # it turned round, it did not shrink
        (around(1.5, 0.2), around(1.5, 0.2), Outcome.NOT_SEEN),
        (around(1.5, 0.9), around(0.6, 0.9), Outcome.UNDECIDED),
    ],
)
def test_a_distance_improves_when_it_shrinks(before, after, outcome):
    compared = [Compared(about="l’écart", before=before, after=after)]

    assert effect(Quantity.AGREEMENT, compared, since="V1").outcome is outcome


@pytest.mark.parametrize("second", [level(2.0, 2.05, 0.2), level(2.0, 3.0, 1.0), level(3.0, 1.0)])
def test_one_side_that_improves_alone_concludes_nothing(second):
    assert effect(Quantity.LEVEL, [level(2.0, 3.5), second], since="V1").outcome is Outcome.UNDECIDED


@given(before=intervals, after=intervals)
def test_more_doubt_never_makes_an_effect_seen(before, after):
    wider = Interval(estimate=after.estimate, low=after.low - 0.5, high=after.high + 0.5)

    assert judge(gain(before, wider)) is not Outcome.SEEN or judge(gain(before, after)) is Outcome.SEEN


@given(before=intervals, after=intervals)
def test_the_interval_of_a_change_holds_its_estimate_and_turns_with_time(before, after):
    forth, back = gain(before, after), gain(after, before)

    assert forth.low <= forth.estimate <= forth.high
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low))


@given(
    quantity=st.sampled_from([Quantity.AGREEMENT, Quantity.ACCURACY_ARS]), before=intervals, after=intervals
)
def test_a_distance_does_not_depend_on_who_stands_higher(quantity, before, after):
    def turned(each):
        return Interval(estimate=-each.estimate, low=-each.high, high=-each.low)

    one = improvement(quantity, Compared(about="", before=before, after=after))
    other = improvement(quantity, Compared(about="", before=turned(before), after=turned(after)))

    assert one == other


def test_a_distance_that_comes_back_by_itself_is_no_progress():
    """A gap of 1.8 was opened because it is extreme; asked again, 1.1 is what one expects had nothing changed."""
    back = Compared(about="l’écart", before=around(1.8, 0.3), after=around(1.1, 0.3), expected=1.1)
    more = Compared(about="l’écart", before=around(1.8, 0.3), after=around(0.2, 0.3), expected=1.1)

    assert effect(Quantity.AGREEMENT, [back], since="V1").outcome is not Outcome.SEEN
    seen = effect(Quantity.AGREEMENT, [more], since="V1")
    assert seen.outcome is Outcome.SEEN
    assert (
        "va de 1,8 à 0,2 (progrès +0,9, de +0,5 à +1,3, hors retour attendu vers la moyenne)" in seen.sentence
    )
    without = Compared(about="l’écart", before=back.before, after=back.after)
    assert effect(Quantity.AGREEMENT, [without], since="V1").outcome is Outcome.SEEN


# The words


@pytest.mark.parametrize("quantity", [Quantity.LEVEL, Quantity.AGREEMENT])
@pytest.mark.parametrize("after", [1.0, 2.0, 3.5])
def test_a_sentence_says_since_and_no_cause(quantity, after):
    said = effect(quantity, [level(2.0, after)], since="2026-1").sentence

    assert said.startswith("Depuis la vague « 2026-1 », ")
    assert not any(word in said.casefold() for word in CAUSAL)


def test_a_sentence_gives_both_values_and_the_interval_of_the_change():
    said = effect(Quantity.LEVEL, [level(2.0, 3.5)], since="V1").sentence

    assert "va de 2,0 à 3,5 (progrès +1,5, de +1,1 à +1,9)" in said


def test_the_longest_sentence_fits_its_column():
    both = [
        Compared(about=f"ce que répond {name}", before=around(2, 0.5), after=around(4, 0.5))
        for name in ("la préfecture", "l’ARS")
    ]

    assert len(effect(Quantity.LEVEL, both, since="V" * 60).sentence) <= 500


# What a result holds


def answer(side, estimate=2.0, *, item="joindre", code="67", shown=True):
    figures = {"estimate": estimate, "low": estimate - 0.5, "high": estimate + 0.5} if shown else {}
    return {
        "departement": code, "side": side, "dimension": "delais", "item": item, "shown": shown,
        "estimate": None, "low": None, "high": None, **figures,
    }  # fmt: skip


def apart(kind, estimate, *, item="joindre", half=0.5):
    return {
        "departement": "67", "dimension": "delais", "kind": kind, "item": item,
        "estimate": estimate, "low": estimate - half, "high": estimate + half,
    }  # fmt: skip


def wave(*, items=(), gaps=(), item_gaps=(), divided=()):
    within = [{"departement": "67", "dimension": "delais", "side": side, "divided": True} for side in divided]
    return {"items": list(items), "gaps": list(gaps), "item_gaps": list(item_gaps), "within": within}


def compared(quantity, before, after, *, sides=("prefecture", "ars")):
    return compare(
        quantity, departement="67", dimension="delais", item="joindre", sides=sides, before=before, after=after
    )  # fmt: skip


BOTH = wave(items=[answer("prefecture"), answer("ars")])


def test_a_level_compares_the_question_named_and_no_other_of_its_dimension():
    before = wave(
        items=[answer("prefecture"), answer("ars", 1.8), answer("ars", 4.0, item="repondre_a_temps")]
    )
    after = wave(
        items=[answer("ars", 5.0, code="35"), answer("ars", 1.0, item="repondre_a_temps"), answer("ars", 3.0),
               answer("prefecture")]
    )  # fmt: skip

    found = compared(Quantity.LEVEL, before, after)

    assert [(each.about, each.before.estimate, each.after.estimate) for each in found] == [
        ("ce que répond la préfecture", 2.0, 2.0),
        ("ce que répond l’ARS", 1.8, 3.0),
    ]


def test_a_level_of_one_side_compares_that_side_alone():
    assert len(compared(Quantity.LEVEL, BOTH, BOTH, sides=["ars"])) == 1


def test_a_side_hidden_in_either_wave_is_not_compared():
    hidden = wave(items=[answer("prefecture"), answer("ars", shown=False)])
    older = {"within": []}  # an analysis that told nothing of questions

    for other in (hidden, older):
        assert compared(Quantity.LEVEL, BOTH, other) is None
        assert compared(Quantity.LEVEL, other, BOTH) is None


def test_a_gap_is_compared_with_the_gap_of_its_kind_on_the_same_question():
    asked = {**apart("agreement", 1.7), "again": 1.2}
    before = wave(item_gaps=[apart("agreement", 0.2, item="repondre_a_temps"), asked])

    [found] = compared(Quantity.AGREEMENT, before, before)

    assert (found.before.estimate, found.expected) == (1.7, 1.2)
    assert compared(Quantity.ASYMMETRY, before, before) is None


def test_an_error_is_that_about_the_question_guessed():
    before = wave(
        gaps=[apart("accuracy_ars", 2.0), apart("accuracy_prefecture", 1.5, item="repondre_a_temps")]
    )

    [found] = compared(Quantity.ACCURACY_ARS, before, before)

    assert found.before.estimate == 2.0
    assert compared(Quantity.ACCURACY_PREFECTURE, before, before) is None


def test_a_side_that_is_divided_is_not_compared_and_does_not_hide_the_other():
    divided = wave(items=[answer("prefecture"), answer("ars")], divided=["ars"])

    assert compared(Quantity.LEVEL, BOTH, divided) is None
    assert compared(Quantity.LEVEL, BOTH, divided, sides=["ars"]) is None
    assert compared(Quantity.LEVEL, BOTH, divided, sides=["prefecture"]) is not None


def test_the_spread_of_one_side_has_no_interval_hence_no_verdict():
    assert compared(Quantity.SPREAD, BOTH, BOTH, sides=["ars"]) is None
    assert IN_A_MEETING.startswith("Cette piste se juge en réunion")


# Facts


CHANGED = "Depuis la vague « V1 », le fait a changé (référent radicalisation de l’ARS : en poste)."
UNCHANGED = "Depuis la vague « V1 », le fait n’a pas changé (référent radicalisation de l’ARS : vacant depuis 9 jours)."
UNKNOWN = "Ce fait n’est plus suivi : rien ne dit s’il a changé."


def witness(*, holds, sentence="en poste."):
    return Witness(label="référent radicalisation de l’ARS", holds=holds, sentence=sentence)


@pytest.mark.parametrize(
    ("now", "answers", "outcome", "says"),
    [
        (
            witness(holds=True), Outcome.UNDECIDED, Outcome.SEEN,
            f"{CHANGED} À part, la question suivie : on ne peut pas conclure.",
        ),
        (
            witness(holds=False, sentence="vacant depuis 9 jours."), Outcome.SEEN, Outcome.NOT_SEEN,
            f"{UNCHANGED} À part, la question suivie : effet observé.",
        ),
        (witness(holds=True), None, Outcome.SEEN, CHANGED),
        (None, Outcome.SEEN, Outcome.UNDECIDED, f"{UNKNOWN} À part, la question suivie : effet observé."),
    ],
)  # fmt: skip
def test_a_piste_on_a_fact_is_judged_by_the_fact_and_the_answers_are_said_apart(now, answers, outcome, says):
    found = effect_on_fact(now, since="V1", answers=answers)

    assert (found.outcome, found.sentence) == (outcome, says)


def test_the_longest_fact_fits_its_column():
    found = effect_on_fact(
        witness(holds=False, sentence="mot " * 200), since="V" * 60, answers=Outcome.UNDECIDED
    )

    assert len(found.sentence) <= 500
