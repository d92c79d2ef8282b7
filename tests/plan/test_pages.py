import hashlib
import re
import tomllib
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files

import pytest
from django.test import Client
from django.urls import reverse

from tests.plan.scene import BY, START, TODAY, act_as, at
from traitdunion.identity.kinds import Role
from traitdunion.plan import actions, queries
from traitdunion.plan.actions import Deposit, MeasureText, Origin
from traitdunion.plan.kinds import BlockerCause, EvidenceKind, OriginKind, Owner, Provenance
from traitdunion.plan.models import Action

PDF = b"%PDF-1.7 bilan"
READ = (
    "plan",
    "plan_difference",
    "action_list",
    "measure_detail",
    "action_detail",
    "indicator_detail",
    "evidence_detail",
)


@pytest.fixture
def pages(plan):
    """The address of each page that is read."""
    piece = plan.evidence(kind=EvidenceKind.FILE, deposit=Deposit(name="bilan signé.pdf", content=PDF))
    plan.publish(evidence=[piece], figure="100 %")
    plan.value(98)
    plan.value(90, departement=plan.house.bas_rhin)
    objects = {
        "measure_detail": plan.measure,
        "action_detail": plan.local,
        "indicator_detail": plan.indicator,
        "evidence_detail": piece,
        "evidence_file": piece,
        "indicator_export": plan.indicator,
    }
    names = (*READ, "evidence_file", "indicator_export", "plan_export", "action_export", "action_open")
    return {
        name: reverse(f"plan:{name}", args=[objects[name].public_id] if name in objects else [])
        for name in names
    }


@pytest.mark.parametrize("role", [Role.REFERENT_ARS, Role.DESK_SANTE, Role.PSYCHIATRE, Role.DPO])
@pytest.mark.parametrize("name", READ)
def test_every_mandate_reads_the_plan(client, plan, pages, role, name):
    answer = act_as(client, plan.mandate(role)).get(pages[name])

    assert answer.status_code == 200
    assert answer.content.decode().count("<h1") == 1


@pytest.mark.parametrize("name", READ)
def test_a_visitor_signs_in_first(client, plan, pages, name):
    assert client.get(pages[name]).status_code == 302


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("asked", ["hier", "2026-02-30", "2999-01-01", "0001-01-01", "9999-12-31"])
def test_a_wrong_date_is_told_and_the_page_is_read_today(client, plan, pages, name, asked):
    answer = act_as(client, plan.mandate(Role.DESK_SANTE)).get(pages[name], {"au": asked})

    assert answer.status_code == 200
    assert "La page est lue aujourd’hui" in answer.content.decode() or "la page est lue aujourd’hui" in (
        answer.content.decode()
    )


@pytest.mark.parametrize("name", READ)
def test_a_page_is_read_before_its_object_existed(client, plan, pages, name):
    answer = act_as(client, plan.mandate(Role.DESK_SANTE)).get(pages[name], {"au": "2025-12-31"})

    assert answer.status_code == 200


def test_a_page_read_in_the_past_offers_no_act(client, plan, pages):
    act_as(client, plan.mandate(Role.DESK_SANTE))

    now = client.get(pages["measure_detail"]).content.decode()
    then = client.get(pages["measure_detail"], {"au": TODAY.isoformat()}).content.decode()
    assert "Publier un énoncé" in now
    assert "Publier un énoncé" not in then


@pytest.mark.parametrize("name", READ)
def test_a_page_costs_at_most_twelve_queries_whatever_the_rows(
    client, plan, pages, name, django_assert_max_num_queries
):
    plan.crowd(30)
    act_as(client, plan.mandate(Role.DESK_SANTE))

    with django_assert_max_num_queries(12):
        client.get(pages[name])


def test_the_measure_of_conventions_counts_their_actions_apart(client, plan):
    bas_rhin = plan.house.bas_rhin
    state = queries.sheet(plan.measure, TODAY).status
    origin = Origin(kind=OriginKind.CONVENTION_CLAUSE, label="Rubrique 15")
    for rank in range(4):
        plan.open(f"Engagement {rank}", measure=None, departement=bas_rhin, owner=Owner.BOTH, origin=origin)
    act_as(client, plan.mandate(Role.REFERENT_PREFECTURE))
    page = reverse("plan:measure_detail", args=[plan.measure.public_id])

    now, then = (client.get(page, asked).content.decode() for asked in ({}, {"au": "2026-02-01"}))

    assert "4\N{NO-BREAK SPACE}actions nées des conventions" in now
    assert f"{reverse('plan:action_list')}?origine=convention_clause" in now
    assert "0\N{NO-BREAK SPACE}action née des conventions" in then
    assert queries.sheet(plan.measure, TODAY).status == state


def test_another_measure_does_not_count_the_actions_of_conventions(client, plan):
    other = actions.open_measure(
        section=plan.measure.section, code="39", position=39,
        text=MeasureText(title="Données", wording="Veiller.", provenance=Provenance.OURS), **BY,
    )  # fmt: skip
    act_as(client, plan.mandate(Role.DESK_SANTE))

    answer = client.get(reverse("plan:measure_detail", args=[other.public_id]))

    assert answer.status_code == 200
    assert "nées des conventions" not in answer.content.decode()


def test_an_action_out_of_the_territory_does_not_exist(client, plan, territories):
    far = plan.open(departement=territories["35"], owner=Owner.BOTH)
    act_as(client, plan.mandate(Role.REFERENT_PREFECTURE))

    for name in ("action_detail", "action_note", "action_block", "action_prove", "action_revise"):
        assert client.get(reverse(f"plan:{name}", args=[far.public_id])).status_code == 404
    assert "Ille-et-Vilaine" not in client.get(reverse("plan:action_list")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_list_kept_for_a_territory_is_not_given_in_another_and_ends_with_an_act(plan, territories):
    plan.open("Réunir au loin", departement=territories["35"], owner=Owner.BOTH)
    nation, here = (
        act_as(Client(), plan.mandate(role)) for role in (Role.DESK_SANTE, Role.REFERENT_PREFECTURE)
    )

    def listed(client):
        return {line.title for line in client.get(reverse("plan:action_list")).context["lines"]}

    near = {"Écrire le modèle", "Nommer un référent"}
    assert (listed(nation), listed(here)) == (near | {"Réunir au loin"}, near)
    assert listed(nation) == near | {"Réunir au loin"}

    plan.open("Former", departement=plan.house.bas_rhin, owner=Owner.BOTH)

    assert (listed(nation), listed(here)) == (near | {"Réunir au loin", "Former"}, near | {"Former"})


def test_a_document_is_downloaded_and_never_opened(client, plan, pages):
    answer = act_as(client, plan.mandate(Role.DPO)).get(pages["evidence_file"])

    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    page = client.get(pages["evidence_detail"]).content.decode()
    assert hashlib.sha256(PDF).hexdigest() in page


@pytest.mark.parametrize("name", ["plan_export", "action_export", "indicator_export"])
@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv", "json"])
def test_the_same_data_are_given_as_a_file(client, plan, pages, name, kind):
    answer = act_as(client, plan.mandate(Role.DESK_SANTE)).get(pages[name], {"format": kind})

    assert answer.status_code == 200
    assert f".{kind}" in answer["Content-Disposition"]


def test_an_unknown_format_does_not_exist(client, plan, pages):
    assert (
        act_as(client, plan.mandate(Role.DPO)).get(pages["plan_export"], {"format": "exe"}).status_code == 404
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"etat": "bloquee"}, {"Bloquée"}),
        ({"etat": "a_lancer"}, {"Nommer un référent", "Écrire le modèle"}),
        ({"territoire": "FR"}, {"Écrire le modèle"}),
        ({"territoire": "67", "cote": "ars"}, {"Bloquée"}),
        ({"origine": "convention_clause"}, {"Bloquée"}),
        ({"mesure": "38", "q": "un\xa0référent"}, {"Nommer un référent"}),  # copied from a page
        ({"mesure": "99"}, set()),
        ({"etat": "inconnu", "page": "x", "tri": "-secret"}, set()),
        ({"tri": "-echeance"}, {"Bloquée", "Nommer un référent", "Écrire le modèle"}),
    ],
)
def test_the_list_is_filtered_by_the_address(client, plan, query, found):
    blocked = plan.clause(owner=Owner.ARS, title="Bloquée")
    actions.block(blocked, cause=BlockerCause.DECISION, lifter="DGS", since=START, **BY)
    act_as(client, plan.mandate(Role.DESK_SANTE))

    answer = client.get(reverse("plan:action_list"), query)

    assert {line.title for line in answer.context["lines"]} == found


def test_a_long_list_is_cut_in_pages(client, plan):
    for rank in range(30):
        plan.clause(title=f"Action {rank}")
    act_as(client, plan.mandate(Role.DESK_SANTE))

    pages = [client.get(reverse("plan:action_list"), {"page": page}).context["lines"] for page in (1, 2)]

    assert [len(page) for page in pages] == [25, 7]
    assert Action.objects.count() == 32


def test_a_greyed_statement_says_since_when(client, plan):
    plan.publish(evidence=[plan.evidence(expires_on=START)])
    act_as(client, plan.mandate(Role.DPO))

    page = client.get(reverse("plan:measure_detail", args=[plan.measure.public_id])).content.decode()

    assert "preuve expirée" in page
    assert f'datetime="{START + timedelta(days=1)}"' in page


def test_the_provenance_of_each_text_is_shown(client, plan, pages):
    page = act_as(client, plan.mandate(Role.DPO)).get(pages["measure_detail"]).content.decode()

    for word in ("officiel", "rédaction Trait d’union", "synthétique"):
        assert word in page


def test_two_dates_in_any_order_give_the_same_difference(client, plan):
    act_as(client, plan.mandate(Role.DESK_SANTE))
    url = reverse("plan:plan_difference")
    first, second = date(2025, 12, 1).isoformat(), TODAY.isoformat()

    forth = client.get(url, {"du": first, "au": second}).context
    back = client.get(url, {"du": second, "au": first}).context

    assert (forth["days"], forth["changes"]) == (back["days"], back["changes"])
    assert forth["changes"] > 0


# Units, and the day of a piece that bears none


def test_values_that_change_carry_their_unit(client, plan):
    plan.value(98, at=at(START))
    plan.value(90, on=TODAY)
    act_as(client, plan.mandate(Role.DESK_SANTE))

    page = client.get(reverse("plan:plan_difference"), {"du": START.isoformat(), "au": TODAY.isoformat()})

    cells = re.findall(r'<td class="td-number">(.*?)</td>', page.content.decode())
    assert cells == ["97,03 %", "89,109 %"]


def test_a_share_is_drawn_from_nought_to_a_hundred_and_its_table_says_per_cent(client, plan):
    plan.value(98)
    plan.value(90, on=TODAY)
    actions.set_target(plan.indicator, due_on=TODAY, value=Decimal(95), **BY)
    act_as(client, plan.mandate(Role.DESK_SANTE))

    page = client.get(reverse("plan:indicator_detail", args=[plan.indicator.public_id])).content.decode()

    assert 'y-min="0" y-max="100"' in page
    cells = re.findall(r'<td class="td-number">(.*?)</td>', page)
    assert [cell for cell in cells if "%" in cell] == ["97,03 %", "89,109 %", "95 %"]


def test_a_piece_that_bears_no_date_is_lent_none(client, plan):
    dated = plan.evidence()
    undated = plan.evidence(title="Page d’avancement", reference="Page non datée : versée ici")
    act_as(client, plan.mandate(Role.DPO))

    def read(piece):
        return client.get(reverse("plan:evidence_detail", args=[piece.public_id])).content.decode()

    assert "Datée du" in read(dated)
    assert "Datée du" not in read(undated)
    assert "Non datée, versée ici le" in read(undated)


def test_every_shipped_piece_without_a_date_says_so_in_its_reference():
    shipped = tomllib.loads(
        (files("traitdunion.plan") / "data" / "section_4_1_1.toml").read_text(encoding="utf-8")
    )
    pieces = [piece for measure in shipped["measures"] for piece in measure["evidence"]]
    undated = [piece for piece in pieces if piece["dated_on"] == "chargement"]

    assert undated
    assert [piece for piece in pieces if queries.UNDATED in piece["reference"]] == undated
