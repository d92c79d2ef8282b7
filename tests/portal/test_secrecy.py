"""What a table may not open: too few people, one département, or either by subtraction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.portal.secrecy import LEAST, Counted, SecrecyError, faults, without_remainders

COUNTED = Counted(
    column="people",
    units="places",
    estimates=("estimate",),
    shown="shown",
    total=lambda row: row["scope"] == "nation",
    group=lambda row: row["side"],
)


def row(scope, people, places, *, side="ars", estimate=3.2, shown=True):
    return {
        "scope": scope,
        "side": side,
        "people": people,
        "places": places,
        "estimate": estimate,
        "shown": shown,
    }


def hidden(scope, **values):
    return row(scope, None, None, estimate=None, shown=False, **values)


def where(rows):
    return [(cell.line, cell.column) for cell in faults(rows, COUNTED)]


def test_nothing_is_wrong_with_a_table_that_keeps_the_secret():
    assert where([row("nation", 30, 10), row("region", 12, 4), row("region", 9, 3), hidden("region")]) == []


@pytest.mark.parametrize("people", [None, 0, 1, 2])
def test_too_few_people_are_refused(people):
    assert where([row("nation", people, 4)]) == [(2, "people")]


@pytest.mark.parametrize("places", [None, 0, 1])
def test_one_departement_is_refused(places):
    assert where([row("nation", 30, places)]) == [(2, "places")]


def test_a_line_that_is_not_shown_says_nothing():
    assert where([{**hidden("region"), "estimate": 3.1}]) == [(2, "estimate")]
    assert where([{**hidden("region"), "people": 2}]) == [(2, "people")]


@pytest.mark.parametrize("left", [1, 2])
def test_people_left_by_a_subtraction_are_refused(left):
    assert where([row("nation", 20 + left, 10), row("region", 20, 8), hidden("region")]) == [(2, "people")]


def test_a_departement_left_by_a_subtraction_is_refused():
    assert where([row("nation", 30, 9), row("region", 20, 8), hidden("region")]) == [(2, "people")]


def test_groups_are_judged_apart():
    rows = [
        row("nation", 22, 10),
        row("region", 11, 5, side="prefecture"),
        row("region", 22, 10),
        row("nation", 30, 12, side="prefecture"),
    ]
    assert where(rows) == []


def test_the_refusal_names_the_cells_and_no_value():
    cells = faults([row("nation", 1, 4), row("nation", 2, 1, side="prefecture")], COUNTED)
    said = str(SecrecyError("barometre", cells))
    assert said == (
        "La table « barometre » n’est pas publiée : ligne 2, colonne « people » : moins de 3 personnes "
        "(2 autre(s) cellule(s)). Corrigez sa source ; les autres tables ne sont pas touchées."
    )


parts = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.booleans()), min_size=1, max_size=6)


@given(parts)
def test_no_subtraction_of_an_accepted_table_isolates_anyone(regions):
    """Every shown part, and what any total leaves when its parts are taken away, is nobody or enough people."""
    rows = [row("nation", sum(p for p, _, _ in regions), sum(d for _, d, _ in regions))]
    rows += [row("region", p, d) if shown else hidden("region") for p, d, shown in regions]
    if faults(rows, COUNTED):
        return
    shown = [(p, d) for p, d, is_shown in regions if is_shown]
    left = rows[0]["people"] - sum(p for p, _ in shown), rows[0]["places"] - sum(d for _, d in shown)
    assert all(p >= LEAST and d >= 2 for p, d in shown)
    assert not shown or left[0] == 0 or left[0] >= LEAST
    assert not shown or left[1] != 1


def test_the_smallest_part_is_hidden_when_a_subtraction_would_isolate():
    rows = [row("nation", 30, 9), row("region", 20, 6), row("region", 8, 2), hidden("region")]
    kept = without_remainders(rows, COUNTED)
    assert kept == [rows[0], rows[1], hidden("region"), hidden("region")]
    assert faults(kept, COUNTED) == []


@given(parts)
def test_what_is_hidden_is_enough_and_nothing_else_changes(regions):
    rows = [row("nation", sum(p for p, _, _ in regions), sum(d for _, d, _ in regions))]
    rows += [row("region", p, d) if shown else hidden("region") for p, d, shown in regions]
    kept = without_remainders(rows, COUNTED)
    assert [cell for cell in faults(kept, COUNTED) if "retirées du total" in cell.why] == []
    assert all(new in (old, hidden(old["scope"])) for old, new in zip(rows, kept, strict=True))
