"""The same people from one wave to the next: what is given, what is refused, and an interval that covers."""

import random

import pytest

from tests.barometer.test_disclosure import attack_by_algebra, attack_by_comparison, attack_by_exchange
from traitdunion.barometer import pairing, questionnaire
from traitdunion.barometer.disclosure import Cell, Recorded, guards_of
from traitdunion.barometer.pairing import Followed

EXAMPLE = questionnaire.example()
DIMENSION = EXAMPLE.dimensions[0].id
ITEMS = [item.id for item in EXAMPLE.scored(DIMENSION) if item.is_asked_of("ars")]


def cells(sizes):
    return {Cell(f"{place:02}", "ars"): size for place, size in enumerate(sizes, start=1)}


def followed(wave, sizes, answer, *, without=()):
    """Return a wave in which everyone gave a number and kept a code, but for ``without``; its sides are on record."""
    sheets, codes = {}, {}
    for cell, size in cells(sizes).items():
        names = [f"{wave} {cell.departement} {rank}" for rank in range(size)]
        sheets[cell] = {
            name: dict.fromkeys(ITEMS, str(answer(cell, rank))) for rank, name in enumerate(names)
        }
        codes |= {
            name: f"{cell.departement} {rank}"
            for rank, name in enumerate(names)
            if (cell.departement, rank) not in without
        }
    record = [
        Recorded(DIMENSION, cell, frozenset(inside)) for cell, inside in sheets.items() if len(inside) >= 3
    ]
    return Followed(sheets=sheets, codes=codes, guards=guards_of(record)), record


def between(sizes, *, then=lambda cell, rank: 2, now=lambda cell, rank: 4, without=()):
    before, _ = followed("V1", sizes, then)
    after, _ = followed("V2", sizes, now, without=without)
    return pairing.paired(before, after, EXAMPLE, [DIMENSION])


def test_the_change_is_that_of_the_people_followed():
    [found] = between([3, 4, 3, 4, 3]).changes

    assert (found.side, found.n, found.departements) == ("ars", 17, 5)
    assert (found.estimate, found.low, found.high) == (2.0, 2.0, 2.0)


def test_departements_count_by_their_people_and_the_interval_by_departement():
    """Worked by hand: totals 3, 0, 0, 0, 6 over 3, 3, 3, 3, 6 people; D = 9/18, t(4; 0.975) = 2.776."""
    moved = {"01", "05"}
    [found] = between(
        [3, 3, 3, 3, 6], then=lambda *_: 2, now=lambda cell, _: 3 if cell.departement in moved else 2
    ).changes

    assert found.estimate == 0.5
    assert found.high - found.estimate == pytest.approx(
        2.7764 * (1.25 * (1.5**2 * 4 + 3**2)) ** 0.5 / 18, abs=1e-3
    )


@pytest.mark.parametrize("sizes", [[3, 3, 3], [6, 6, 6, 6], [3] * 4])
def test_few_pairs_or_few_departements_have_no_figure_and_leave_no_cut(sizes):
    found = between(sizes)

    assert (found.changes, found.before, found.after) == ([], [], [])


def test_a_side_where_one_person_did_not_type_the_code_is_left_out():
    found = between([4] * 6, without={("06", 0)})

    assert found.changes[0].departements == 5
    assert {cut.cell.departement for cut in found.after} == {"01", "02", "03", "04", "05"}


def test_a_side_of_six_splits_in_two_threes_and_not_otherwise():
    three = between([6] * 5, without={("05", rank) for rank in range(3)})
    two = between([6] * 5, without={("05", rank) for rank in range(2)})

    assert three.changes[0].n == 27
    assert two.changes == []


def test_a_wave_whose_sheets_were_corrected_since_is_left_out():
    before, _ = followed("V1", [3] * 6, lambda *_: 2)
    record = [Recorded(DIMENSION, Cell("06", "ars"), frozenset({"V1 06 0", "V1 06 1", "as it was"}))]
    _, kept = followed("V1", [3] * 5, lambda *_: 2)
    before = Followed(sheets=before.sheets, codes=before.codes, guards=guards_of([*kept, *record]))
    after, _ = followed("V2", [3] * 6, lambda *_: 3)

    assert pairing.paired(before, after, EXAMPLE, [DIMENSION]).changes[0].departements == 5


@pytest.mark.parametrize("seed", range(20))
def test_what_is_shown_of_the_two_waves_with_the_change_isolates_nobody(seed):
    dice = random.Random(seed)
    sizes = [dice.randint(2, 6) for _ in range(9)]
    without = {
        (f"{place:02}", rank)
        for place, size in enumerate(sizes, start=1)
        for rank in range(size)
        if dice.random() < 0.15
    }
    before, first = followed("V1", sizes, lambda *_: 2)
    after, second = followed("V2", sizes, lambda *_: 3, without=without)
    found = pairing.paired(before, after, EXAMPLE, [DIMENSION])

    for record, cuts in ((first, found.before), (second, found.after)):
        shown = [cut.people for cut in [*record, *cuts]]
        for attack in (attack_by_algebra, attack_by_comparison, attack_by_exchange):
            assert attack(shown) is None


def test_the_interval_covers():
    """Five-point answers, people of one département who change together, twelve départements: 95 %, give or take 3."""
    dice = random.Random(3)
    covered = 0
    for _ in range(600):
        drift = {f"{place:02}": dice.gauss(0, 0.4) for place in range(1, 13)}
        moves = [[dice.gauss(0.3, 0.8) + drift[code] for _ in range(dice.randint(3, 6))] for code in drift]
        found = pairing._change(DIMENSION, "ars", moves)
        covered += found.low <= 0.3 <= found.high
    assert 0.92 <= covered / 600 <= 0.98
