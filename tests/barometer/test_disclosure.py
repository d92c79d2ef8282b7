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
    Cell,
    Guard,
    IsolatesError,
    Plan,
    Scope,
    plan,
    show_figures,
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

    def plans(self):
        wide = plan(counted(self.asked), REGION_OF)
        return wide, plan(counted(self.answered), REGION_OF, within=wide)


def counted(people_of):
    return {cell: len(people) for cell, people in people_of.items()}


def people(blocks, of_cell):
    return frozenset().union(*(block.people(of_cell) for block in blocks))


def everything_shown(found: Plan, of_cell):
    """Return every cut of a plan: blocks, régions, nation."""
    wider = [found.nation(side) for side in SIDES]
    wider += [found.region(code, side) for code in set(REGION_OF.values()) for side in SIDES]
    return found.cuts(of_cell) + [people(blocks, of_cell) for blocks in wider if blocks]


def isolated_by_plans(world, wide, narrow):
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
def requests_after_a_plan(draw):
    """Filters, exports and questions to the API: cells at will, or people at will."""
    world = draw(worlds)
    everyone = sorted(frozenset().union(*world.answered.values()))
    by_cell = st.sets(st.sampled_from(CELLS), min_size=1).map(
        lambda cells: frozenset().union(*(world.answered[cell] for cell in cells))
    )
    by_person = st.sets(st.sampled_from(everyone)).map(frozenset) if everyone else st.just(frozenset())
    return world, draw(st.lists(by_cell | by_person, max_size=12))


@given(requests_after_a_plan())
@settings(max_examples=60, deadline=None)
def test_requests_after_the_plan_isolate_nobody(case):
    world, requests = case
    guard = Guard(everything_shown(world.plans()[1], world.answered))

    for cut in requests:
        if guard.admits(cut):
            guard.show(cut)

    shown = [cut for cut in guard.shown if cut]
    assert not shown or (attack_by_algebra(shown) or attack_by_exchange(shown)) is None


@given(requests_after_a_plan(), st.randoms(use_true_random=False))
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


@pytest.mark.parametrize("build", [lambda: Guard(least=2), lambda: plan({}, {}, least=2)])
def test_the_threshold_is_never_below_three(build):
    with pytest.raises(ValueError, match="expected 3 or more"):
        build()


# Two bases


def test_a_mean_is_refused_when_the_count_beside_it_would_tell_who_did_not_know():
    """Shares of four then mean of the four and one more: the same three numbers, one more « ne sait pas »."""
    respondents, numbers = Guard(["abcd"]), Guard(["abc"])

    assert numbers.admits("abc")
    with pytest.raises(IsolatesError):
        show_figures(frozenset("abcde"), frozenset("abc"), respondents=respondents, numbers=numbers)


def test_a_refusal_for_want_of_numbers_is_remembered():
    respondents, numbers = Guard(), Guard()

    with pytest.raises(IsolatesError):
        show_figures(frozenset("abcd"), frozenset("ab"), respondents=respondents, numbers=numbers)

    assert respondents.shown == (frozenset("abcd"),)
    assert numbers.shown == ()
    assert not respondents.admits("abcde")


def test_who_answered_was_asked():
    with pytest.raises(ValueError, match="those asked"):
        show_figures(frozenset("abc"), frozenset("abcd"), respondents=Guard(), numbers=Guard())


def test_a_guess_minus_an_own_view_asks_both_guards():
    """Four guess, three of them have a view: guess, view and difference of the three give the guess of the fourth."""
    guesses, views = Guard(["abcd"]), Guard(["abc"])

    assert views.admits("abc")
    assert not guesses.admits("abc")


# The plan


@given(worlds)
@settings(max_examples=150, deadline=None)
def test_the_plan_of_any_wave_isolates_nobody(world):
    wide, narrow = world.plans()

    assert isolated_by_plans(world, wide, narrow) is None
    for found, of_cell in ((wide, world.asked), (narrow, world.answered)):
        guard = Guard()
        for cut in everything_shown(found, of_cell):
            guard.show(cut)
    respondents = Guard(everything_shown(wide, world.asked))
    for cut in everything_shown(narrow, world.asked):
        respondents.show(cut)


def test_every_wave_of_three_sides_isolates_nobody():
    for sizes in product(POSSIBLE, repeat=3):
        world = World.of(dict(zip(CELLS[:3], sizes, strict=True)))
        assert isolated_by_plans(world, *world.plans()) is None


def test_a_plan_for_numbers_that_forgets_the_respondents_is_beaten():
    """67: four asked, two numbers; its other side two and one. Merged, their count tells who of the two knew."""
    sizes = dict.fromkeys(CELLS, (0, 0)) | {CELLS[0]: (4, 2), CELLS[1]: (2, 1)}
    world = World.of(sizes)
    wide, narrow = world.plans()
    careless = plan(counted(world.answered), REGION_OF)

    assert isolated_by_plans(world, wide, careless)
    assert isolated_by_plans(world, wide, narrow) is None


def all_that_is_read(sheets):
    """Go from sheets (an answer, None for « ne sait pas », by cell and number) to all that pages could print."""
    asked, answered = defaultdict(dict), defaultdict(dict)
    for (cell, number), answer in sheets.items():
        asked[cell][number] = answer
        if answer is not None:
            answered[cell][number] = answer
    wide = plan(counted(asked), REGION_OF)
    narrow = plan({cell: len(answered[cell]) for cell in asked}, REGION_OF, within=wide)
    ignorance = [
        sum(answer is None for cell in block.cells for answer in asked[cell].values())
        for block in wide.blocks
    ]
    answers = [
        sorted(answer for block in blocks for cell in block.cells for answer in answered[cell].values())
        for blocks in [
            *([block] for block in narrow.blocks),
            *(narrow.nation(side) for side in SIDES),
            *(narrow.region(code, side) for code in set(REGION_OF.values()) for side in SIDES),
        ]
    ]
    return ignorance, answers, narrow, narrow.reasons()


@given(st.dictionaries(st.sampled_from(CELLS), st.sampled_from(POSSIBLE[1:]), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_not_even_the_plan_and_its_reasons_tell_who_did_not_know(sizes):
    """Two people who exchange their whole sheets: nothing printed changes, for at least three people each."""
    sheets = {
        (cell, number): f"{cell}{number}" if number < numbers else None
        for cell, (respondents, numbers) in sizes.items()
        for number in range(respondents)
    }
    read = all_that_is_read(sheets)

    for one in sheets:
        unseen = all_that_is_read(sheets | {one: None}) == read == all_that_is_read(sheets | {one: "other"})
        confused = [
            other
            for other in sheets
            if all_that_is_read(sheets | {one: sheets[other], other: sheets[one]}) == read
        ]
        assert unseen or len(confused) >= FEW


@given(worlds)
@settings(max_examples=100, deadline=None)
def test_the_plan_shows_all_that_can_be(world):
    """Every side of three; every pair of small sides that makes three; no total could count one more side."""
    of_cell = world.asked
    found = world.plans()[0]
    guard = Guard(everything_shown(found, of_cell))
    counts = counted(of_cell)

    assert found.alone == {cell for cell in CELLS if counts[cell] >= FEW}
    pairs = {block.cells[0].departement for block in found.blocks if block.scope is Scope.PAIR}
    for code in REGION_OF:
        sizes = [counts[Cell(code, side)] for side in SIDES]
        assert (code in pairs) == (max(sizes) < FEW <= sum(sizes))
    missing = [cell for cell in found.left_out if counts[cell]]
    for side in SIDES:
        left = [cell for cell in missing if cell.side == side]
        assert sum(counts[cell] for cell in left) < FEW
        for some in chain.from_iterable(combinations(left, many) for many in (1, 2)):
            wider = people(found.nation(side), of_cell).union(*(of_cell[cell] for cell in some))
            assert not guard.admits(wider)
    for code, side in product(set(REGION_OF.values()), SIDES):
        inside = {cell for block in found.region(code, side) for cell in block.cells}
        outside = [
            c for c in CELLS if REGION_OF[c.departement] == code and c.side == side and c not in inside
        ]
        for some in chain.from_iterable(combinations(outside, many) for many in (1, 2, 3)):
            added = frozenset().union(*(of_cell[cell] for cell in some))
            whole_pairs = all(cell.departement in pairs for cell in some)
            assert (
                not added
                or whole_pairs
                or not guard.admits(people(found.region(code, side), of_cell) | added)
            )


@given(worlds)
@settings(max_examples=150, deadline=None)
def test_a_block_never_mixes_what_a_figure_keeps_apart(world):
    wide, narrow = world.plans()

    for found in (wide, narrow):
        cells = [cell for block in found.blocks for cell in block.cells]
        assert sorted([*cells, *found.left_out]) == CELLS
        assert all(world.asked[cell] for cell in cells)
        for block in found.blocks:
            departements = {cell.departement for cell in block.cells}
            sides = {cell.side for cell in block.cells}
            regions = {REGION_OF[code] for code in departements}
            assert block.side == (None if block.scope is Scope.PAIR else block.cells[0].side)
            assert {
                Scope.SIDE: len(block.cells) == 1,
                Scope.PAIR: len(block.cells) == 2 and len(departements) == 1,
                Scope.REGION: len(sides) == len(regions) == 1 < len(departements),
                Scope.NATION: len(sides) == 1 < len(regions),
            }[block.scope]
        for code, side in product(set(REGION_OF.values()), SIDES):
            counted_there = [cell for block in found.region(code, side) for cell in block.cells]
            assert all(REGION_OF[cell.departement] == code and cell.side == side for cell in counted_there)


@given(worlds, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_plan_does_not_depend_on_the_order_of_the_cells(world, shuffler):
    counts = counted(world.asked)
    mixed = list(counts.items())
    shuffler.shuffle(mixed)

    assert plan(dict(mixed), REGION_OF) == plan(counts, REGION_OF)


def test_one_small_departement_silences_neither_its_region_nor_the_nation():
    world = same_answers({Cell("04", "ars"): 4, Cell("05", "ars"): 2, Cell("06", "ars"): 5})
    found = world.plans()[1]

    assert [block.n for block in found.region("93", "ars")] == [4, 5]
    assert found.left_out == (Cell("05", "ars"),)
    assert "guide d’échange" in found.reasons()[Cell("05", "ars")]


def test_small_sides_are_merged_as_near_as_they_can_be():
    world = same_answers(
        {
            Cell("01", "ars"): 2,
            Cell("01", "prefecture"): 1,
            Cell("03", "ars"): 2,
            Cell("02", "ars"): 1,
            Cell("04", "ars"): 1,
            Cell("05", "ars"): 2,
            Cell("06", "ars"): 6,
        }
    )
    found = world.plans()[1]
    reasons = found.reasons()

    assert [(block.scope, block.n) for block in found.blocks] == [
        (Scope.PAIR, 3),
        (Scope.NATION, 3),
        (Scope.REGION, 3),
        (Scope.SIDE, 6),
    ]
    assert found.left_out == ()
    assert reasons[Cell("06", "ars")] == ""
    assert "les deux côtés" in reasons[Cell("01", "prefecture")]
    assert "de la région" in reasons[Cell("05", "ars")]
    assert "de la France" in reasons[Cell("02", "ars")]


def test_a_side_of_four_who_mostly_do_not_know_shows_its_share_and_no_mean():
    world = World.of({Cell("01", "ars"): (4, 2), Cell("01", "prefecture"): (5, 5)})
    wide, narrow = world.plans()

    assert wide.alone == {Cell("01", "ars"), Cell("01", "prefecture")}
    assert narrow.alone == {Cell("01", "prefecture")}


def test_a_reason_never_tells_how_many():
    """One of two answered, or both: the words are the same."""
    one = World.of({Cell("01", "ars"): (2, 1)}).plans()[1].reasons()
    both = World.of({Cell("01", "ars"): (2, 2)}).plans()[1].reasons()

    assert one == both


# Editions of one wave


def corrected(of_cell, cell, lost):
    return of_cell | {cell: frozenset(sorted(of_cell[cell])[lost:])}


def test_a_second_edition_with_one_sheet_fewer_is_refused():
    world = same_answers({Cell("01", "ars"): 5, Cell("03", "ars"): 4})
    first = world.plans()[1]
    after = corrected(world.answered, Cell("01", "ars"), 1)
    guard = Guard(everything_shown(first, world.answered))
    again = everything_shown(plan(counted(after), REGION_OF), after)

    assert attack_by_algebra([*guard.shown, *again])
    assert not guard.admits(after[Cell("01", "ars")])
    assert not guard.admits(after[Cell("01", "ars")] | after[Cell("03", "ars")])


def test_a_second_edition_withdraws_the_corrected_side_and_keeps_the_others():
    world = same_answers({Cell("01", "ars"): 5, Cell("03", "ars"): 4})
    first = world.plans()[1]
    second = first.without([Cell("01", "ars")])

    assert second.alone == {Cell("03", "ars")}
    assert [block.n for block in second.region("84", "ars")] == [4]
    assert "corrigées" in second.reasons()[Cell("01", "ars")]


def test_a_side_that_lost_three_of_six_may_be_shown_again():
    guard = Guard(["abcdef"])

    assert guard.admits("abc")
    assert not guard.admits("ab")
    assert not guard.admits("abcg")


@given(worlds, st.lists(st.tuples(st.sampled_from(CELLS), st.integers(1, 4)), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_editions_compared_isolate_nobody(world, corrections):
    wide, narrow = world.plans()
    asked, answered = world.asked, world.answered
    changed = set()
    answers = everything_shown(narrow, answered)
    ignorance = everything_shown(wide, asked) + everything_shown(narrow, asked)
    for cell, lost in corrections:
        asked = corrected(asked, cell, lost)
        answered = answered | {cell: answered[cell] & asked[cell]}
        changed |= {cell} if asked[cell] != world.asked[cell] else set()
        answers += everything_shown(narrow.without(changed), answered)
        ignorance += everything_shown(wide.without(changed), asked)
        ignorance += everything_shown(narrow.without(changed), asked)

    assert (attack_by_algebra(answers) or attack_by_algebra(ignorance)) is None


# The whole country


def test_a_wave_of_the_whole_country_shows_every_side_of_three():
    chance = random.Random(7)
    region_of = {f"{number:03}": f"{number % 18:02}" for number in range(101)}
    cells = [Cell(code, side) for code in region_of for side in SIDES]
    asked = {cell: chance.randint(0, 6) for cell in cells}
    wide = plan(asked, region_of)
    for _ in range(9):
        answered = {cell: sum(chance.random() < 0.85 for _ in range(size)) for cell, size in asked.items()}
        narrow = plan(answered, region_of, within=wide)

        assert narrow.alone == {cell for cell in cells if answered[cell] >= FEW}
        assert all(block.n >= FEW for block in narrow.blocks)
        parts = [set(block.cells) for block in wide.blocks]
        assert all(part <= set(b.cells) or not part & set(b.cells) for part in parts for b in narrow.blocks)
