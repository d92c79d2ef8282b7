"""What is served of a small country: nothing of a side of one or two people, in any page or file, for any reader.

Two attacks. One changes the answers of the hidden sides, and who gave which sheet of the others, and looks for a single
byte that moves: over three waves, one of them under embargo, one a pulse, over every page, filter, file format, printed
guide, and what is opened to everyone as data. It needs no idea of what to look for. The other lists, from the sheets
and not from our own list, every total that the figures of the waves and of their editions could tell, question by
question, and solves for what rests on one or two people.
"""

import csv
import io
import json
import random
import re
import shutil
import subprocess
from datetime import date
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from tests.barometer.results import (
    ACTOR,
    EXAMPLE,
    HIDDEN,
    REGIONS,
    SIZES,
    country,
    drawn,
    reader,
    sheet,
    wave,
)
from tests.conventions import facts
from traitdunion.barometer import actions_results, queries_pistes
from traitdunion.barometer.disclosure import Guard, IsolatesError
from traitdunion.barometer.kinds import Standing
from traitdunion.barometer.models import Cut, Piste, Proposal, Result, Sheet, Wave
from traitdunion.exchange.tables import read_table
from traitdunion.exchange.writers import FORMATS
from traitdunion.identity.kinds import Role

pytestmark = pytest.mark.django_db  # each test in a savepoint of the world, undone after it
WHO = {"actor": ACTOR, "at": timezone.now()}
PULSE = {item.id for item in EXAMPLE.items if item.in_pulse}
# From the first wave to the last: a shown side loses one person, another wins one, a hidden side too, one loses one.
LATER = {**SIZES, ("67", "prefecture"): 3, ("69", "prefecture"): 6, ("01", "ars"): 2, ("68", "prefecture"): 1}
SMALL = {cell for cell, size in LATER.items() if size < 3}
BARE = re.compile(
    rb'value="[A-Za-z0-9]{64}"|(pistes|propositions|vagues|questionnaires)/[0-9a-f-]{36}'
)  # drawn at each request


# The world, once


def pulse_of(answers):
    return {
        cell: [{item: value for item, value in given.items() if item in PULSE} for given in sheets]
        for cell, sheets in answers.items()
    }


def truth():
    """Return the answers of the three waves: the same people, one more or less, some answers changed."""
    first, last = drawn(1), drawn(2, LATER)
    return [first, pulse_of(drawn(3)), last]


def with_other_hidden(worlds):
    """Return the same but for the answers of hidden sides, with the sheets of every other side handed round."""
    changed = []
    for rank, answers in enumerate(worlds):
        hidden = {cell for cell, sheets in answers.items() if len(sheets) < 3}
        assert hidden == (SMALL if rank == 2 else HIDDEN)
        other = {
            cell: [
                sheet(random.Random(f"other {rank}{cell}{number}"), cell[1], 2 - 4 * number)
                for number in range(len(answers[cell]))
            ]
            for cell in hidden
        }
        shown = {cell: sheets[::-1] for cell, sheets in answers.items() if cell not in hidden}
        changed.append({**shown, **(pulse_of(other) if rank == 1 else other)})
    return changed


def published(worlds):
    """Write the three waves and their results: published, a pulse, and one under embargo."""
    asked = None
    for (name, days_ago, form), answers in zip(
        [("V1", 200, "full"), ("Point", 100, "pulse"), ("V2", 2, "full")], worlds, strict=True
    ):
        made = wave(name, days_ago=days_ago, format=form, answers=answers, asked=asked)
        asked = made.questionnaire
        actions_results.compute(made, **WHO)
        if form == "full" and days_ago > 7:
            decided(made)


def decided(made):
    """Bring some pistes of a wave to each standing, so that each filter has some; a later wave sees what was kept."""
    ordered = made.pistes.order_by("departement", "dimension", "rule", "side").select_related(
        "wave__questionnaire"
    )
    for rank, piste in enumerate(ordered):
        standing = list(Standing)[rank % len(Standing)]
        if standing is Standing.PROPOSED:
            Proposal.objects.create(
                piste=piste, side="ars", decision="left", reason="Essai", **facts.authored()
            )
        elif standing is not Standing.OPEN:
            piste.decision, piste.decided_at, piste.decided_by = standing.value, facts.AT, "essai"
            piste.due_on, piste.measured_by = date(2027, 1, 1), queries_pistes.questions_for(piste)[0].id
            piste.save()


@pytest.fixture(scope="module")
def everyone(django_db_setup, django_db_blocker):
    """One country and one reader of each reach, for the whole file."""
    with django_db_blocker.unblock(), transaction.atomic():
        country()
        yield {
            "nation": reader(Role.DESK_SANTE),
            "67": reader(Role.REFERENT_ARS, "67"),
            "01": reader(Role.REFERENT_PREFECTURE, "01"),
            "68": reader(Role.DG_ARS, "68"),
            "public": SimpleNamespace(client=Client()),
        }
        transaction.set_rollback(True)


# One attack: a byte that moves


DEPARTEMENT = [
    "departements/{}/",
    "departements/{}/?vague=V1",
    "departements/{}/?vague=Point",
    "departements/{}/pistes/",
    *("departements/{}/pistes/?vague=V1&etat=" + each.value for each in Standing),
    *("departements/{}/export/?format=" + each for each in FORMATS),
    *("departements/{}/export/?vague=V1&format=" + each for each in ("csv", "ods")),
]
NATION = [
    "", "resultats/", "resultats/?vague=Point", "resultats/fiabilite/?vague=V1", "pistes/", "pistes/?vague=V1",
    *(f"resultats/?vague=V1&dimension={each.id}" for each in EXAMPLE.dimensions),
    *(f"resultats/export/?vague={name}&format={each}" for name in ("V1", "Point") for each in FORMATS),
]  # fmt: skip

# Opened to everyone, who is not signed in: the whole file, then the API whole, page by page and filter by filter.
ROWS_A_PAGE = 30
API = [
    "nombre=500",
    *(f"nombre={ROWS_A_PAGE}&debut={ROWS_A_PAGE * page}" for page in range(4)),
    *(f"vague={name}" for name in ("V1", "Point", "V2")),
    *(f"perimetre={scope}" for scope in ("nation", "region")),
    *(f"cote={side}&perimetre={scope}" for side in ("prefecture", "ars") for scope in ("nation", "region")),
    *(f"dimension={each.id}" for each in EXAMPLE.dimensions),
]
OPENED = {
    **{f"api {asked}": f"/api/v1/barometre?{asked}" for asked in API},
    "csv": "/donnees-ouvertes/barometre.csv",
    "package": "/donnees-ouvertes/datapackage.json",  # the hash and the size of the file
    "opened": "/donnees-ouvertes/",
}


def pages():
    """Return who asks for what, and under which name: every page of a département by those who have it in reach."""
    for code in ("67", "01", "68"):
        for page in DEPARTEMENT:
            yield code, page.format(code), f"/barometre/{page.format(code)}"
        yield code, f"{code} dyad", f"/departements/{code}/"
        yield code, f"{code} guide", f"/departements/{code}/guide-de-restitution.pdf"
    for page in NATION:
        yield "nation", page, f"/barometre/{page}"
    for name, address in OPENED.items():
        yield "public", name, address
    for code in ("67", "68", "01"):
        yield "nation", f"nation {code}", f"/barometre/departements/{code}/"
        yield "nation", f"nation {code} file", f"/barometre/departements/{code}/export/?format=csv"
    for each in Wave.objects.order_by("pk"):
        yield "nation", f"vague {each.name}", f"/barometre/vagues/{each.public_id}/"
    ordered = Piste.objects.order_by("wave_id", "rule", "departement", "dimension", "side")
    for each in ordered.distinct("wave_id", "rule").select_related("wave"):  # one of each rule
        name = " ".join([each.wave.name, each.departement_id, each.rule, each.dimension, each.side])
        who = each.departement_id if each.departement_id in ("67", "01", "68") else "nation"
        yield who, f"piste {name}", f"/barometre/pistes/{each.public_id}/"


def served(everyone, worlds, only=None):
    """Return every byte that readers get (of ``only`` some pages), and what is kept of it; written and undone."""
    cache.clear()  # how often the API was asked
    with transaction.atomic():
        published(worlds)
        found = {}
        for who, name, address in pages():
            if only is None or (name, who) in only:
                answer = everyone[who].client.get(address)
                found[name, who] = b"%d " % answer.status_code + BARE.sub(b"", answer.content)
        found |= {
            (row["wave__name"], "kept"): row["content"]
            for row in Result.objects.values("wave__name", "content")
        }
        transaction.set_rollback(True)
    return found


@pytest.fixture(scope="module")
def as_drawn(everyone):
    return served(everyone, truth())


def test_no_byte_depends_on_a_hidden_side_nor_on_who_gave_which_sheet(everyone, as_drawn):
    other = with_other_hidden(truth())
    again = served(everyone, other)

    assert other != truth()
    assert as_drawn.keys() == again.keys()
    assert [place for place in as_drawn if as_drawn[place] != again[place]] == []


def test_the_attack_read_real_pages_and_sees_what_a_shown_side_answers(everyone, as_drawn):
    """The attack is worth something: every address answers, and a side that is shown does move the bytes."""
    worlds = truth()
    for answers in worlds:
        answers["67", "ars"] = [sheet(random.Random(rank), "ars", 1.5) for rank in range(3)]
    worlds[1] = pulse_of(worlds[1])
    looked_at = {
        ("departements/67/", "67"), ("67 guide", "67"), ("departements/67/?vague=Point", "67"),
        ("resultats/", "nation"),
        *((f"api {asked}", "public") for asked in API if "vague=V2" not in asked and "cote=p" not in asked),
        ("csv", "public"), ("package", "public"),
        *((f"departements/67/export/?format={each}", "67") for each in FORMATS),
        *((f"resultats/export/?vague=V1&format={each}", "nation") for each in FORMATS),
    }  # fmt: skip
    again = served(everyone, worlds, looked_at)

    pages_read = {place: content for place, content in as_drawn.items() if place[1] != "kept"}
    embargo = {place for place in pages_read if place[0].startswith("piste V2") and place[1] == "nation"}
    assert {place for place, content in pages_read.items() if content[:4] != b"200 "} == embargo
    assert {place for place, content in pages_read.items() if len(content) < 400} == {
        ("api vague=V2", "public")  # under embargo: no row
    }
    assert {place for place in looked_at if as_drawn[place] == again[place]} == set()


def test_the_attack_read_every_row_of_the_api_and_a_piste_of_every_standing(as_drawn):
    def rows(asked):
        return json.loads(as_drawn[f"api {asked}", "public"][4:])["lignes"]

    whole = rows("nombre=500")
    paged = [row for asked in API if "debut=" in asked for row in rows(asked)]
    said = as_drawn["departements/67/pistes/", "67"].decode()

    assert paged == whole
    assert {row["vague"] for row in whole} == {"V1", "Point"}
    assert {row["montre"] for row in whole} == {True, False}
    for standing in Standing:
        assert standing.label in said
        listed = as_drawn[f"departements/67/pistes/?vague=V1&etat={standing.value}", "67"].decode()
        assert "Aucune piste ne répond" not in listed
    assert "Vu depuis" in said


def test_a_hidden_side_has_no_figure_in_any_file_nor_in_the_printed_guide(everyone):
    published(truth())
    for kind in FORMATS:
        content = everyone["68"].client.get(f"/barometre/departements/68/export/?format={kind}").content
        if kind in {"xlsx", "ods", "csv"}:
            table = read_table(content, file_name=f"x.{kind}")
            for row in table.rows:
                line = dict(zip(table.headers, row.values, strict=False))
                if line["côté"] == "Préfecture":
                    assert line["estimation"] in {None, ""}
                    assert line["remarque"] == "Trop peu de réponses de ce côté pour montrer un chiffre."
    guide = everyone["68"].client.get("/departements/68/guide-de-restitution.pdf").content
    if shutil.which("pdftotext"):
        said = subprocess.run(
            ["pdftotext", "-layout", "-", "-"], input=guide, capture_output=True, check=True
        ).stdout.decode()
        assert "ce guide n’a pas de chiffre" in " ".join(said.split())
        assert not re.search(r"\d,\d \(de", said)
        assert "ouvre une conversation" in " ".join(said.split())


# The other attack: totals, question by question


def weights(given, items):
    """Return what a person weighs in their own mean: each question they answered, the same part of one."""
    answered = [item for item in items if given.get(item, "").isdigit()]
    return {item: 1 / len(answered) for item in answered}


def totals_told(answers, content):
    """Return, by dimension, every total that the figures of a result could tell, as weights of (person, question).

    An estimate is taken for the total behind it: whoever knows the components of the model can undo it.
    """
    found = {dimension["id"]: [] for dimension in content["dimensions"]}
    people = {
        cell: [((*cell, rank), given) for rank, given in enumerate(sheets)]
        for cell, sheets in answers.items()
    }

    def scored(dimension, side):
        return [item.id for item in EXAMPLE.scored(dimension) if item.is_asked_of(side)]

    def mean(items, cell, among=None):
        return {
            (person, item): part
            for person, given in people[cell]
            if among is None or person in among
            for item, part in weights(given, items).items()
        }

    def question(item, cell, among=None):
        return {
            (person, item): 1.0
            for person, given in people[cell]
            if given.get(item, "").isdigit() and (among is None or person in among)
        }

    own = {
        (cell["dimension"], (cell["departement"], cell["side"])): mean(
            scored(cell["dimension"], cell["side"]), (cell["departement"], cell["side"])
        )
        for cell in content["cells"]
        if cell["shown"]
    }
    for (dimension, _), row in own.items():
        found[dimension].append(row)
    for row in [*content["national"], *(row for row in content["regional"] if row["estimate"] is not None)]:
        inside = [
            own[dimension, cell]
            for dimension, cell in own
            if (dimension, cell[1]) == (row["dimension"], row["side"])
            and row.get("region", REGIONS[cell[0]][0]) == REGIONS[cell[0]][0]
        ]
        found[row["dimension"]].append({key: part for each in inside for key, part in each.items()})
    for row in content["distribution"]:  # each answer counts for one, not for its part of a mean
        cells = [cell for dimension, cell in own if (dimension, cell[1]) == (row["dimension"], row["side"])]
        keys = {key: 1.0 for cell in cells for key in own[row["dimension"], cell]}
        assert len(keys) == sum(row["counts"][str(value)] for value in range(1, 6))
        found[row["dimension"]].append(keys)
    for row in content.get("items", []):
        found[row["dimension"]].append(question(row["item"], (row["departement"], row["side"])))
    for row in content.get("item_gaps", []):
        found[row["dimension"]] += [
            question(row["item"], (row["departement"], side)) for side in ("prefecture", "ars")
        ]
    for gap in content["gaps"]:
        kind, _, side = gap["kind"].partition("_")
        if kind not in {"accuracy", "congruency"}:
            continue
        cell, other = (
            (gap["departement"], side),
            (gap["departement"], "ars" if side == "prefecture" else "prefecture"),
        )
        guess = next(
            item.id
            for item in EXAMPLE.items
            if item.dimension == gap["dimension"] and item.family.value == "meta" and item.is_asked_of(side)
        )
        # What is guessed: one question, or the whole dimension.
        aimed = [gap["item"]] if "item" in gap else scored(gap["dimension"], other[1])
        own_too = [gap["item"]] if "item" in gap else scored(gap["dimension"], side)
        both = {
            person
            for person, given in people[cell]
            if given.get(guess, "").isdigit() and any(given.get(item, "").isdigit() for item in own_too)
        }
        if kind == "accuracy":
            found[gap["dimension"]] += [question(guess, cell), mean(aimed, other)]
        else:
            found[gap["dimension"]] += [question(guess, cell, both), mean(own_too, cell, both)]
    return found


def rank(rows):
    return np.linalg.matrix_rank(rows) if rows.size else 0


def isolated(told):
    """Return one or two people on whom alone some combination of totals rests, None when there is none."""
    keys = sorted({key for row in told for key in row})
    rows = np.array([[row.get(key, 0.0) for key in keys] for row in told])
    columns = {}
    for place, (person, _) in enumerate(keys):
        columns.setdefault(person, []).append(place)
    alike = {}
    for person, places in columns.items():
        alike.setdefault(rows[:, places].tobytes(), []).append(person)
    # Three people who weigh the same everywhere cannot be told apart: only the others may be isolated.
    few = [person for group in alike.values() if len(group) < 3 for person in group]
    whole = rank(rows)
    for people in [*combinations(few, 1), *combinations(few, 2)]:
        rest = [place for place in range(len(keys)) if keys[place][0] not in people]
        if rank(rows[:, rest]) < whole:
            return people
    return None


def test_this_attack_beats_a_total_that_counts_one_more_person():
    three = {(f"{place}{rank}", "a"): 1.0 for place in "xy" for rank in range(3)}
    halves = {(f"x{rank}", "a"): 0.5 if rank == 0 else 1.0 for rank in range(4)}

    assert isolated([three]) is None
    assert isolated([three, {**three, ("z", "a"): 1.0}]) == ("z",)
    assert isolated([halves]) is None
    assert isolated([halves, dict.fromkeys(halves, 1.0)]) == ("x0",)


@pytest.mark.parametrize("seed", range(2))
def test_no_combination_of_what_is_served_isolates_fewer_than_three(everyone, seed):
    counted = 0
    for name, answers in (("V1", drawn(seed)), ("V2", drawn(seed + 100, LATER))):
        content = actions_results.compute(wave(name, answers=answers), **WHO).content
        for dimension, told in totals_told(answers, content).items():
            counted += len(told)
            assert isolated(told) is None, (name, dimension)
    assert counted > 200


def test_counts_of_those_who_do_not_know_rest_on_the_people_of_shown_sides_alone(everyone):
    answers = drawn()
    content = actions_results.compute(wave(answers=answers), **WHO).content

    for row in content["distribution"]:
        cells = [
            (cell["departement"], cell["side"])
            for cell in content["cells"]
            if cell["shown"] and (cell["dimension"], cell["side"]) == (row["dimension"], row["side"])
        ]
        items = [item.id for item in EXAMPLE.scored(row["dimension"]) if item.is_asked_of(row["side"])]
        for value in ("NSP", "SO"):
            given = sum(
                sheet.get(item) == value for cell in cells for sheet in answers[cell] for item in items
            )
            assert row["counts"][value] == given
        assert not set(cells) & HIDDEN
    for cell in content["cells"]:
        if (cell["departement"], cell["side"]) in HIDDEN:
            figures = {name: value for name, value in cell.items() if isinstance(value, int | float)}
            assert figures == {"shown": False}


def test_the_bar_of_the_country_is_left_out_where_one_person_answered_half_of_it(everyone):
    """Beside the means, where each person weighs one, it would tell what that person answered."""
    answers = drawn()
    dimension = next(each.id for each in EXAMPLE.dimensions if len(EXAMPLE.scored(each.id)) > 1)
    items = [item.id for item in EXAMPLE.scored(dimension) if item.is_asked_of("ars")]
    for cell, sheets in answers.items():
        for given in sheets:
            given |= dict.fromkeys(items, "4") if cell[1] == "ars" else {}
    answers["67", "ars"][0][items[0]] = "NSP"
    told = actions_results.compute(wave(answers=answers), **WHO).content["distribution"]
    sides = {row["side"] for row in told if row["dimension"] == dimension}

    assert "ars" not in sides


# What is on record


def cells_of(content):
    return {(cell["departement"], cell["side"]) for cell in content["cells"] if cell["shown"]}


def test_every_side_that_is_shown_is_on_record_with_its_sheets(everyone):
    made = wave()
    result = actions_results.compute(made, **WHO)
    recorded = {
        (base, member): people
        for base, [member], people in Cut.objects.values_list("base", "members", "people")
    }
    names = {key.hex for key in Sheet.objects.values_list("pk", flat=True)}

    for cell in result.content["cells"]:
        name = f"{cell['departement']}:{cell['side']}"
        assert ((cell["dimension"], name) in recorded) is cell["shown"]
        if cell["shown"]:
            assert len(recorded[cell["dimension"], name]) == cell["n"]
    assert not names & {person for people in recorded.values() for person in people}


def test_a_second_edition_leaves_out_the_side_that_lost_a_sheet_and_isolates_nobody(everyone):
    answers = drawn()
    made = wave(answers=answers)
    first = actions_results.compute(made, **WHO).content
    gone = Sheet.objects.filter(departement="69", side="prefecture").first()
    left = next(rank for rank, given in enumerate(answers["69", "prefecture"]) if given == gone.answers)
    gone.delete()
    second = actions_results.compute_again(made, reason="Feuille retirée", **WHO)

    said = reader(Role.REFERENT_PREFECTURE, "69").get("departements/69/").content.decode()
    assert second.edition == 2
    assert second.content["withdrawn"] == ["69:prefecture"]
    assert "Édition 2" in said
    assert "chiffres retirés" in said
    assert cells_of(first) - cells_of(second.content) == {("69", "prefecture")}
    after = {**answers, ("69", "prefecture"): answers["69", "prefecture"]}
    for dimension, told in totals_told(answers, first).items():
        assert isolated([*told, *totals_told(after, second.content)[dimension]]) is None
    # Shown again with one person fewer, it would have isolated them.
    careless = {
        key: part for key, part in totals_told(answers, first)["roles"][0].items() if key[0][2] != left
    }
    assert careless


def test_a_sheet_corrected_in_place_withdraws_its_side_and_a_new_side_may_come_in(everyone):
    made = wave()
    actions_results.compute(made, **WHO)
    changed = Sheet.objects.filter(departement="67", side="ars").first()
    changed.answers = {**changed.answers, EXAMPLE.items[0].id: "SO", EXAMPLE.asked_of("ars")[0].id: "SO"}
    changed.save()
    for rank in range(2):
        Sheet.objects.create(
            wave=made,
            departement_id="01",
            side="ars",
            answers=sheet(random.Random(rank), "ars"),
            is_submitted=True,
        )
    again = cells_of(actions_results.compute_again(made, reason="Correction", **WHO).content)

    assert ("67", "ars") not in again
    assert ("01", "ars") in again


def test_what_is_on_record_is_asked_and_a_refusal_keeps_nothing(everyone):
    """A cut on record that the new edition would cut in two and three, however it came there."""
    made = wave()
    actions_results.compute(made, **WHO)
    cut = Cut.objects.exclude(base="répondants").filter(members=["69:prefecture"]).first()
    Cut.objects.create(
        wave=made, base=cut.base, members=cut.members, people=[*cut.people[:3], "x", "y"], fingerprint="other",
        author_label="essai", recorded_at=WHO["at"],
    )  # fmt: skip
    cut.delete()
    before = Cut.objects.count()
    Result.objects.update(sha256="0" * 64)  # as an older analysis would have written it

    with pytest.raises(IsolatesError):
        actions_results.compute_again(made, reason="Essai", **WHO)
    assert Result.objects.count() == 1
    assert Cut.objects.count() == before


def test_nothing_is_stored_when_the_guard_refuses(everyone, monkeypatch):
    def isolates(*args):
        raise IsolatesError(3)

    monkeypatch.setattr(Guard, "show", isolates)
    with pytest.raises(IsolatesError):
        actions_results.compute(wave(), **WHO)

    assert not Result.objects.exists()
    assert not Cut.objects.exists()


def test_a_wave_is_analysed_again_from_the_command_line(everyone):
    made = wave()
    actions_results.compute(made, **WHO)
    Sheet.objects.filter(departement="67", side="ars").first().delete()
    said = io.StringIO()
    call_command("analyse_again", "V1", "--reason", "Feuille retirée", stdout=said)

    assert "édition 2" in said.getvalue()
    with pytest.raises(CommandError, match="Aucune vague"):
        call_command("analyse_again", "V9", "--reason", "x")


def test_every_format_of_a_file_is_served_and_no_other(everyone):
    actions_results.compute(wave(), **WHO)
    who = everyone["nation"]

    assert {who.get("resultats/export/", format=each).status_code for each in FORMATS} == {200}
    assert who.get("resultats/export/", format="pdf").status_code == 404
    rows = list(
        csv.DictReader(
            io.StringIO(who.get("resultats/export/", format="csv").content.decode("utf-8-sig")), delimiter=";"
        )
    )
    assert {"ouvre une conversation." in row["à lire avec"] for row in rows} == {True}
    assert who.get("resultats/export/", format="json").json()["limits"][-1].startswith("Le chiffre national")
