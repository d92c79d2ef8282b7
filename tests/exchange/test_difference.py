"""What a table would change, in one sentence and line by line."""

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traitdunion.exchange.difference import Change, ChangeKind, Difference, compare, shown

texts = st.text(max_size=20)
changes = st.builds(Change, st.sampled_from(ChangeKind), texts, texts, st.none() | texts, st.none() | texts)


def of(**numbers):
    return Difference(
        [Change(ChangeKind(kind), "Mesure 38") for kind, number in numbers.items() for _ in range(number)]
    )


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({}, "aucune valeur ne change"),
        ({"changed": 14, "regressed": 3}, "17 valeurs changent, 3 reculent"),
        ({"changed": 1}, "1 valeur change"),
        ({"regressed": 1}, "1 valeur change, 1 recule"),
        ({"added": 12}, "12 lignes nouvelles"),
        ({"added": 1, "removed": 1}, "1 ligne nouvelle, 1 ligne retirée"),
        ({"changed": 2, "removed": 2}, "2 valeurs changent, 2 lignes retirées"),
        ({"added": 1200}, "1\u202f200 lignes nouvelles"),
    ],
)
def test_the_summary_is_a_french_sentence(numbers, sentence):
    assert of(**numbers).summary() == sentence


def test_only_values_that_differ_are_told():
    before = {"Pilote": "ARS", "Échéance": date(2026, 3, 1), "Part": Decimal("0.50"), "Note": ""}
    after = {"Pilote": "ARS", "Échéance": date(2026, 6, 1), "Part": Decimal("0.4"), "Visa": True}
    told = list(
        compare("Mesure 38", before, after, is_worse=lambda label, old, new: label == "Part" and new < old)
    )
    assert told == [
        Change(ChangeKind.CHANGED, "Mesure 38", "Échéance", "01/03/2026", "01/06/2026"),
        Change(ChangeKind.REGRESSED, "Mesure 38", "Part", "0,5", "0,4"),
        Change(ChangeKind.CHANGED, "Mesure 38", "Visa", None, "oui"),
    ]


def test_values_are_shown_in_french():
    values = (None, "", "x", False, 12, 1.5, Decimal("1E+3"), datetime(2026, 3, 1, 14, 20), ChangeKind.ADDED)
    assert [shown(value) for value in values] == [
        None, None, "x", "non", "12", "1,5", "1000", "01/03/2026 14:20", "nouvelle ligne",
    ]  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(changes, max_size=10), st.integers(0, 12))
def test_a_difference_survives_its_storage(kept, limit):
    difference = Difference(kept)
    assert Difference.from_json(json.loads(json.dumps(difference.as_json()))) == difference

    short = Difference.from_json(json.loads(json.dumps(difference.as_json(limit=limit))))
    assert len(short.changes) == min(limit, len(kept))
    assert (short.counts, short.summary()) == (difference.counts, difference.summary())
    assert bool(short) == bool(difference)


@pytest.mark.parametrize("stored", [{}, {"changes": [], "hidden": 3}, {"changes": [{}], "hidden": {}}])
def test_what_is_not_a_difference_is_refused(stored):
    with pytest.raises(ValueError, match="a stored"):
        Difference.from_json(stored)
