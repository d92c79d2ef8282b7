"""What is served of a small country: nothing of a side of one or two people, in any page or file, for any reader.

Two attacks. One changes the answers of the hidden sides and looks for a single byte that moves, over every page and
file of every reader: it needs no idea of what to look for. The other lists every group of people whose figures are
served, from the sheets and not from our own list, and combines them by algebra, by comparison and by exchange.
"""

import random
import re
from functools import cache

import pytest
from django.db import transaction
from django.utils import timezone

from tests.barometer.results import (
    ACTOR,
    EXAMPLE,
    HIDDEN,
    REGIONS,
    SIZES,
    country,
    drawn,
    observers,
    reader,
    sheet,
    wave,
)
from tests.barometer.test_disclosure import attack_by_algebra, attack_by_comparison, attack_by_exchange
from traitdunion.barometer import actions_results
from traitdunion.barometer.disclosure import Guard, IsolatesError
from traitdunion.barometer.models import Cut, Piste, Result
from traitdunion.exchange.writers import FORMATS
from traitdunion.identity.kinds import Role

pytestmark = pytest.mark.django_db
WHO = {"actor": ACTOR, "at": timezone.now()}
ATTACKS = [attack_by_algebra, attack_by_comparison, attack_by_exchange]
PAGES = [
    *(f"departements/{code}/" for code in REGIONS),
    "resultats/",
    "resultats/?dimension=roles",
    "resultats/fiabilite/",
    *(f"resultats/export/?format={each}" for each in ("csv", "json")),
    *(f"departements/{code}/export/?format={each}" for code in REGIONS for each in ("csv", "json")),
    *(f"{code}/pistes/" for code in REGIONS),
]
BARE = re.compile(
    rb'value="[A-Za-z0-9]{64}"|pistes/[0-9a-f-]{36}'
)  # what changes at each request or each row


def served(answers, **values):
    """Return every byte that readers get of a wave, by page and reader, and what is kept of it; written and undone."""
    with transaction.atomic():
        result = actions_results.compute(wave(answers=answers, **values), **WHO)
        asking = observers()
        found = {(page, str(who)): BARE.sub(b"", who.get(page).content) for page in PAGES for who in asking}
        kept = (
            result.content,
            list(Piste.objects.order_by("pk").values_list("departement", "rule", "reading")),
        )
        transaction.set_rollback(True)
    return found, kept


@cache
def as_drawn(days_ago):
    """Return what is served of the answers as drawn: read once, compared with several times."""
    return served(drawn(), days_ago=days_ago)


def with_other_hidden(seed):
    """Return the same answers but for those of the hidden sides."""
    answers = drawn()
    for cell in HIDDEN:
        answers[cell] = [
            sheet(random.Random(f"{seed}{cell}{rank}"), cell[1], 2 - 4 * rank) for rank in range(SIZES[cell])
        ]
    return answers


@pytest.fixture(autouse=True)
def _country(db):
    country()


@pytest.mark.parametrize("days_ago", [2, 30], ids=["under embargo", "published"])
def test_no_byte_depends_on_what_a_hidden_side_answered(days_ago):
    first, kept = as_drawn(days_ago)
    second, kept_too = served(with_other_hidden(7), days_ago=days_ago)

    assert drawn() != with_other_hidden(7)
    assert [place for place in first if first[place] != second[place]] == []
    assert kept == kept_too


def test_the_attack_sees_what_a_shown_side_answers():
    """The attack is worth something: a side that is shown does move the bytes."""
    answers = drawn()
    answers["67", "ars"] = [sheet(random.Random(rank), "ars", 1.5) for rank in range(3)]

    first, _ = as_drawn(30)
    second, _ = served(answers)

    moved = {page for page, who in first if first[page, who] != second[page, who]}
    assert {"departements/67/", "resultats/", "resultats/export/?format=csv"} <= moved


def test_no_byte_tells_two_people_of_one_side_apart():
    first, kept = as_drawn(30)
    second, kept_too = served({cell: list(reversed(sheets)) for cell, sheets in drawn().items()})

    assert first == second
    assert kept == kept_too


# What is served, as groups of people


def holding(answers, cell, dimension, families):
    """Return who gave a number to a question of these families on the dimension."""
    items = [
        item.id for item in EXAMPLE.items if item.dimension == dimension and item.family.value in families
    ]
    return frozenset(
        (*cell, rank)
        for rank, given in enumerate(answers[cell])
        if any(given.get(item, "").isdigit() for item in items)
    )


def groups_served(answers, content):
    """Return, by base, every group of people of whom the result tells a figure; from the sheets themselves."""
    found = {}

    def add(base, people):
        found.setdefault(base, []).append(frozenset(people))

    own = {
        (cell["dimension"], cell["departement"], cell["side"]): holding(
            answers, (cell["departement"], cell["side"]), cell["dimension"], {"proxy", "common"}
        )
        for cell in content["cells"]
        if cell["shown"]
    }
    for (dimension, _, _), people in own.items():
        add(dimension, people)
    for row in content["national"]:
        inside = [own[key] for key in own if key[0] == row["dimension"] and key[2] == row["side"]]
        add(row["dimension"], frozenset().union(*inside))
    for row in content["regional"]:
        if row["estimate"] is not None:
            inside = [
                own[key]
                for key in own
                if (key[0], key[2], REGIONS[key[1]][0]) == (row["dimension"], row["side"], row["region"])
            ]
            add(row["dimension"], frozenset().union(*inside))
    for gap in content["gaps"]:
        kind, _, side = gap["kind"].partition("_")
        if kind in {"accuracy", "congruency"}:
            cell = (gap["departement"], side)
            guess = holding(answers, cell, gap["dimension"], {"meta"})
            if kind == "congruency":
                both = guess & own[gap["dimension"], *cell]
                add(gap["dimension"], both)
                add(f"{gap['dimension']} supposé", both)
            else:
                add(f"{gap['dimension']} supposé", guess)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_no_combination_of_what_is_served_isolates_fewer_than_three(seed):
    answers = drawn(seed)
    content = actions_results.compute(wave(answers=answers), **WHO).content
    served_groups = groups_served(answers, content)

    assert len(served_groups) > len(EXAMPLE.dimensions)
    for base, cuts in served_groups.items():
        for attack in ATTACKS:
            assert attack(cuts) is None, (base, attack.__name__)


def test_a_guess_against_an_own_view_is_left_out_when_one_person_gave_no_guess():
    """The mean of four, and the difference of the three who also guessed, would leave the fourth alone."""
    answers = drawn()
    guess = next(item for item in EXAMPLE.items if item.family.value == "meta")
    own = [item.id for item in EXAMPLE.scored(guess.dimension)]
    for rank, given in enumerate(answers["67", "prefecture"]):
        given |= dict.fromkeys(own, "4") | {guess.id: "NSP" if rank == 0 else "3"}
    for given in answers["69", "prefecture"]:
        given |= dict.fromkeys(own, "4") | {guess.id: "3"}
    content = actions_results.compute(wave(answers=answers), **WHO).content
    kept = {
        (gap["departement"], gap["kind"]) for gap in content["gaps"] if gap["dimension"] == guess.dimension
    }

    assert ("67", "congruency_prefecture") not in kept
    assert ("69", "congruency_prefecture") in kept
    assert ("67", "accuracy_prefecture") in kept  # another thing is added up: three guesses


def test_every_side_that_is_shown_is_recorded_before_its_figures_can_be_read():
    result = actions_results.compute(wave(), **WHO)
    recorded = {(base, member) for base, [member] in Cut.objects.values_list("base", "members")}

    for cell in result.content["cells"]:
        name = f"{cell['departement']}:{cell['side']}"
        assert ((cell["dimension"], name) in recorded) is cell["shown"]
        assert ((cell["departement"], cell["side"]) in HIDDEN) <= (not cell["shown"])


def test_nothing_is_stored_when_the_guard_refuses(monkeypatch):
    def isolates(*args):
        raise IsolatesError(3)

    monkeypatch.setattr(Guard, "show", isolates)
    with pytest.raises(IsolatesError):
        actions_results.compute(wave(), **WHO)

    assert not Result.objects.exists()
    assert not Cut.objects.exists()


def test_a_hidden_side_has_no_count_by_question():
    content = actions_results.compute(wave(), **WHO).content

    for cell in content["cells"]:
        if (cell["departement"], cell["side"]) in HIDDEN:
            figures = {name: value for name, value in cell.items() if isinstance(value, int | float)}
            assert figures == {"shown": False}


def test_every_format_of_a_file_is_served_and_no_other():
    actions_results.compute(wave(), **WHO)
    who = reader(Role.DESK_SANTE)

    assert {who.get("resultats/export/", format=each).status_code for each in FORMATS} == {200}
    assert who.get("resultats/export/", format="pdf").status_code == 404
    assert who.get("departements/67/export/").status_code == 404
