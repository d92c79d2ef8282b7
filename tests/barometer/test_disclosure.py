"""No comparison of what is shown isolates fewer than three people: attacks over every cut, base and edition.

The attacks share nothing with the guard. One solves exactly for the linear combinations of totals; one combines cuts by
intersection and difference until nothing new appears; one exchanges the answers of two people and looks at every
figure.
"""

import random
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traitdunion.barometer.disclosure import (
    RESPONDENTS,
    Cell,
    Guard,
    IsolatesError,
    Recorded,
    alone,
    guards_of,
    withdrawn,
)

SIDES = ("ars", "prefecture")
REGION_OF = {"01": "84", "02": "32", "03": "84", "04": "93", "05": "93", "06": "93"}
CELLS = [Cell(code, side) for code in REGION_OF for side in SIDES]
FEW = 3


# Attacks


def alike(cuts):
    """Group people by the cuts they are in: a combination of totals gives one weight to all of a group."""
    groups = defaultdict(set)
    for person in frozenset().union(*cuts):
        groups[tuple(person in cut for cut in cuts)].add(person)
    return groups


def rank(rows):
    rows, found = [[Fraction(value) for value in row] for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in rows[found:] if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(found, pivot)
        for number in range(found + 1, len(rows)):
            factor = rows[number][column] / pivot[column]
            if factor:
                rows[number] = [a - factor * b for a, b in zip(rows[number], pivot, strict=True)]
        found += 1
    return found


def attack_by_algebra(cuts):
    """Return one or two people on whom alone some combination of totals rests, None when there is none.

    A combination that vanishes on everyone but ``few`` exists when taking ``few`` away lowers the rank.
    """
    cuts = list(dict.fromkeys(cuts))
    groups = alike(cuts)
    small = [seen for seen, people in groups.items() if len(people) < FEW]
    if not small:
        return None
    whole = rank([list(row) for row in zip(*groups, strict=True)])
    for few in chain(combinations(small, 1), combinations(small, 2)):
        people = frozenset().union(*(groups[seen] for seen in few))
        rest = [seen for seen in groups if seen not in few]
        if len(people) < FEW and rank([list(row) for row in zip(*rest, strict=True)]) < whole:
            return people
    return None


def attack_by_comparison(cuts):
    """Return one or two people left by intersecting and subtracting cuts, again and again, None when none is."""
    known = set(cuts)
    fresh = set(known)
    while fresh:
        found = {
            people
            for one in fresh
            for other in known
            for people in (one & other, one - other, other - one)
            if people and people not in known
        }
        isolated = next((people for people in found | fresh if 0 < len(people) < FEW), None)
        if isolated:
            return isolated
        known |= found
        fresh = found
    return None


def attack_by_exchange(cuts):
    """Return someone whose answer can be told from those of all but one other, None when there is nobody.

    Any figure of a cut is a function of the answers of its people in some order. Everyone answers otherwise here, so
    that the figures stay the same only when no figure at all could see the exchange.
    """
    answer = {person: number for number, person in enumerate(sorted(frozenset().union(*cuts)))}

    def figures():
        return [sorted(answer[person] for person in cut) for cut in cuts]

    shown = figures()
    for one in list(answer):
        confused = 0
        for other in list(answer):
            answer[one], answer[other] = answer[other], answer[one]
            confused += figures() == shown
            answer[one], answer[other] = answer[other], answer[one]
        if confused < FEW:
            return one
    return None


# Worlds


@dataclass(frozen=True)
class World:
    """Who was asked and who gave a number, by cell."""

    asked: dict[Cell, frozenset[str]]
    answered: dict[Cell, frozenset[str]]

    @classmethod
    def of(cls, sizes):
        """Build it from (respondents, how many of them gave a number) for each cell."""
        asked, answered = {}, {}
        for cell, (respondents, numbers) in sizes.items():
            people = [f"{cell.departement}:{cell.side}:{number}" for number in range(respondents)]
            asked[cell], answered[cell] = frozenset(people), frozenset(people[:numbers])
        return cls(asked, answered)

    def shown(self):
        """Return the sides that may be shown: by all who answered, by those who gave a number."""
        wide = alone(counted(self.asked))
        return wide, alone(counted(self.answered), within=wide)


def counted(people_of):
    return {cell: len(people) for cell, people in people_of.items()}


def everything_shown(cells, of_cell):
    """Return every cut made of these sides: themselves, their régions, the nation."""
    wider = [[cell for cell in cells if cell.side == side] for side in SIDES]
    wider += [
        [c for c in of if REGION_OF[c.departement] == code]
        for of in wider
        for code in set(REGION_OF.values())
    ]
    return [of_cell[cell] for cell in cells] + [
        frozenset().union(*(of_cell[cell] for cell in some)) for some in wider if some
    ]


def isolated(world, wide, narrow):
    """Attack the answers, then who does not know: by its shares, and by the counts printed beside the means."""
    answers = everything_shown(narrow, world.answered)
    ignorance = everything_shown(wide, world.asked) + everything_shown(narrow, world.asked)
    return attack_by_algebra(answers) or attack_by_algebra(ignorance)


POSSIBLE = [(respondents, numbers) for respondents in range(5) for numbers in range(respondents + 1)]
worlds = st.fixed_dictionaries({cell: st.sampled_from(POSSIBLE) for cell in CELLS}).map(World.of)


def same_answers(sizes):
    return World.of({cell: (size, size) for cell, size in sizes.items()})


# The attacks are real


def naive(cuts):
    """Show every cut of three people or more."""
    return [cut for cut in cuts if len(cut) >= FEW]


def pairwise(cuts):
    """Look at the difference with each cut shown, one at a time."""
    shown = []
    for cut in naive(cuts):
        if all(not 0 < len(rest) < FEW for other in shown for rest in (cut - other, other - cut)):
            shown.append(cut)
    return shown


@pytest.mark.parametrize("attack", [attack_by_algebra, attack_by_comparison, attack_by_exchange])
def test_the_attacks_beat_a_guard_that_counts_each_cut_alone(attack):
    cuts = naive([frozenset("abcd"), frozenset("abc")])

    assert len(cuts) == 2
    assert attack(cuts)


@pytest.mark.parametrize("attack", [attack_by_algebra, attack_by_comparison, attack_by_exchange])
def test_the_attacks_beat_a_guard_that_subtracts_cuts_two_by_two(attack):
    """The nation, then its régions one by one: only all of them together leave one person."""
    cuts = pairwise([frozenset("abcdefg"), frozenset("abc"), frozenset("def")])

    assert len(cuts) == 3
    assert attack(cuts)


def test_overlaps_are_refused_even_where_totals_alone_would_not_tell():
    cuts = [frozenset("abcd"), frozenset("defg")]
    guard = Guard(cuts[:1])

    assert attack_by_algebra(cuts) is None
    assert attack_by_comparison(cuts) == frozenset("d")
    assert not guard.admits(cuts[1])


def test_the_exact_rank_agrees_with_known_matrices():
    assert rank([[1, 1, 0], [0, 1, 1], [1, 2, 1]]) == 2
    assert rank([[1, 1, 0], [0, 1, 1], [1, 0, 1]]) == 3
    assert rank([]) == 0


# The guard

SMALL = [dict(zip("wxyz", sizes, strict=True)) for sizes in product((1, 2, 3, 4), repeat=4)]


def all_cuts(sizes):
    atoms = [frozenset(f"{name}{number}" for number in range(size)) for name, size in sizes.items()]
    chosen = chain.from_iterable(combinations(atoms, many) for many in range(1, len(atoms) + 1))
    return [frozenset().union(*some) for some in chosen]


def asked_one_after_the_other(requests):
    guard = Guard()
    for cut in requests:
        if guard.admits(cut):
            guard.show(cut)
        else:  # it is not refused for nothing
            assert attack_by_comparison([*guard.shown, cut])
    return guard


def test_every_cut_of_every_small_world_asked_in_turn_isolates_nobody():
    for sizes in SMALL:
        cuts = all_cuts(sizes)
        for requests in (cuts, cuts[::-1]):
            shown = asked_one_after_the_other(requests).shown
            assert not shown or (attack_by_comparison(shown) or attack_by_algebra(shown)) is None


@pytest.mark.parametrize("sizes", [(1, 2, 3, 4), (4, 4, 1, 1), (2, 2, 2, 2), (3, 3, 3, 1)])
def test_any_three_requests_in_any_order_isolate_nobody(sizes):
    for requests in permutations(all_cuts(dict(zip("wxyz", sizes, strict=True))), 3):
        shown = asked_one_after_the_other(requests).shown
        assert not shown or attack_by_comparison(shown) is None


@st.composite
def requests_after_the_sides(draw):
    """Filters, exports and questions to the API: cells at will, or people at will."""
    world = draw(worlds)
    everyone = sorted(frozenset().union(*world.answered.values()))
    by_cell = st.sets(st.sampled_from(CELLS), min_size=1).map(
        lambda cells: frozenset().union(*(world.answered[cell] for cell in cells))
    )
    by_person = st.sets(st.sampled_from(everyone)).map(frozenset) if everyone else st.just(frozenset())
    return world, draw(st.lists(by_cell | by_person, max_size=12))


@given(requests_after_the_sides())
@settings(max_examples=60, deadline=None)
def test_requests_after_the_sides_isolate_nobody(case):
    world, requests = case
    guard = Guard(everything_shown(world.shown()[1], world.answered))

    for cut in requests:
        if guard.admits(cut):
            guard.show(cut)

    shown = [cut for cut in guard.shown if cut]
    assert not shown or (attack_by_algebra(shown) or attack_by_exchange(shown)) is None


@given(requests_after_the_sides(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_state_does_not_depend_on_the_order_of_what_was_shown(case, shuffler):
    first = Guard(case[1])
    mixed = list(case[1])
    shuffler.shuffle(mixed)

    assert set(Guard(mixed).blocks) == set(first.blocks)
    assert sorted(map(len, first.blocks)) == sorted(map(len, alike(case[1]).values()) if case[1] else [])


def test_what_was_shown_is_never_forgotten():
    guard = Guard()
    guard.show("abcdef")
    with pytest.raises(IsolatesError, match="moins de 3 personnes"):
        guard.show("abcd")
    guard.show("abc")

    assert guard.shown == (frozenset("abcdef"), frozenset("abc"))
    assert guard.admits("def")
    assert not guard.admits("abcdefg")
    assert Guard(guard.shown).admits("def")


def test_whoever_was_never_shown_needs_no_company():
    guard = Guard(["abc"])

    assert guard.admits("defg")  # « h » is in no figure


def test_a_cut_already_shown_may_be_shown_again_under_a_stricter_threshold():
    guard = Guard(["abcd"], least=5)

    assert guard.admits("abcd")
    assert not guard.admits("efgh")


@pytest.mark.parametrize("build", [lambda: Guard(least=2), lambda: alone({}, least=2)])
def test_the_threshold_is_never_below_three(build):
    with pytest.raises(ValueError, match="expected 3 or more"):
        build()


# Two bases


def test_a_guess_minus_an_own_view_asks_both_guards():
    """Four guess, three of them have a view: guess, view and difference of the three give the guess of the fourth."""
    guesses, views = Guard(["abcd"]), Guard(["abc"])

    assert views.admits("abc")
    assert not guesses.admits("abc")


# The sides of a wave


@given(worlds)
@settings(max_examples=150, deadline=None)
def test_the_sides_of_any_wave_isolate_nobody(world):
    wide, narrow = world.shown()

    assert isolated(world, wide, narrow) is None
    assert wide == {cell for cell in CELLS if len(world.asked[cell]) >= FEW}
    assert narrow == {cell for cell in CELLS if len(world.answered[cell]) >= FEW}
    for cells, of_cell in ((wide, world.asked), (narrow, world.answered)):
        guard = Guard()
        for cut in everything_shown(cells, of_cell):
            guard.show(cut)


def test_every_wave_of_three_sides_isolates_nobody():
    for sizes in product(POSSIBLE, repeat=3):
        world = World.of(dict(zip(CELLS[:3], sizes, strict=True)))
        assert isolated(world, *world.shown()) is None


def test_a_total_that_counts_a_small_side_is_beaten():
    """What the sites of other surveys do: hide the side of two, and leave it in the nation."""
    world = same_answers({CELLS[0]: 4, CELLS[2]: 2})
    careless = [world.asked[CELLS[0]], world.asked[CELLS[0]] | world.asked[CELLS[2]]]

    assert attack_by_algebra(careless) == world.asked[CELLS[2]]


def test_a_side_of_four_who_mostly_do_not_know_shows_its_share_and_no_mean():
    world = World.of({Cell("01", "ars"): (4, 2), Cell("01", "prefecture"): (5, 5)})
    wide, narrow = world.shown()

    assert wide == {Cell("01", "ars"), Cell("01", "prefecture")}
    assert narrow == {Cell("01", "prefecture")}


# Editions of one wave


def on_record(cells, of_cell, base=RESPONDENTS):
    return [Recorded(base, cell, of_cell[cell]) for cell in sorted(cells)]


def corrected(of_cell, cell, lost):
    return of_cell | {cell: frozenset(sorted(of_cell[cell])[lost:])}


def test_what_is_on_record_of_a_base_is_in_its_guard_and_in_no_other():
    cell = Cell("01", "ars")
    guards = guards_of([Recorded("roles", cell, frozenset("abcd")), Recorded("buts", cell, frozenset("abc"))])

    assert not guards["roles"].admits("abc")
    assert guards["buts"].admits("abc")
    assert guards["secret"].admits("abc")


def test_a_second_edition_with_one_sheet_fewer_is_refused():
    world = same_answers({Cell("01", "ars"): 5, Cell("03", "ars"): 4})
    first = world.shown()[1]
    after = corrected(world.answered, Cell("01", "ars"), 1)
    guard = Guard(everything_shown(first, world.answered))
    again = everything_shown(alone(counted(after)), after)

    assert attack_by_algebra([*guard.shown, *again])
    assert not guard.admits(after[Cell("01", "ars")])
    assert not guard.admits(after[Cell("01", "ars")] | after[Cell("03", "ars")])


def test_a_second_edition_withdraws_the_side_that_changed_and_keeps_the_others():
    world = same_answers({Cell("01", "ars"): 5, Cell("03", "ars"): 4})
    record = on_record(world.shown()[0], world.asked)

    assert withdrawn(record, world.asked) == set()
    assert withdrawn(record, corrected(world.asked, Cell("01", "ars"), 1)) == {Cell("01", "ars")}
    assert withdrawn(record, {Cell("03", "ars"): world.asked[Cell("03", "ars")]}) == {Cell("01", "ars")}
    assert withdrawn(record, world.asked | {Cell("02", "ars"): frozenset("xyz")}) == set()


def test_a_sheet_corrected_in_place_is_somebody_else():
    cell = Cell("01", "ars")

    assert withdrawn(on_record([cell], {cell: frozenset("abc")}), {cell: frozenset("abd")}) == {cell}


def test_a_side_that_lost_three_of_six_may_be_shown_again():
    guard = Guard(["abcdef"])

    assert guard.admits("abc")
    assert not guard.admits("ab")
    assert not guard.admits("abcg")


@given(worlds, st.lists(st.tuples(st.sampled_from(CELLS), st.integers(1, 4)), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_editions_compared_isolate_nobody(world, corrections):
    asked, answered = world.asked, world.answered
    record, answers, ignorance = [], [], []
    for cell, lost in [(CELLS[0], 0), *corrections]:
        asked = corrected(asked, cell, lost)
        answered = answered | {cell: answered[cell] & asked[cell]}
        gone = withdrawn(record, asked)
        now = World(
            {c: asked[c] for c in CELLS if c not in gone}, {c: answered[c] for c in CELLS if c not in gone}
        )
        wide, narrow = now.shown()
        record += on_record(wide, asked)
        answers += everything_shown(narrow, answered)
        ignorance += everything_shown(wide, asked) + everything_shown(narrow, asked)

    assert (attack_by_algebra(answers) or attack_by_algebra(ignorance)) is None
    guard = Guard()
    for each in record:
        guard.show(each.people)


def test_a_wave_of_the_whole_country_shows_every_side_of_three():
    chance = random.Random(7)
    asked = {Cell(f"{number:03}", side): chance.randint(0, 6) for number in range(101) for side in SIDES}
    for _ in range(9):
        answered = {cell: sum(chance.random() < 0.85 for _ in range(size)) for cell, size in asked.items()}

        assert alone(answered, within=alone(asked)) == {cell for cell in asked if answered[cell] >= FEW}
