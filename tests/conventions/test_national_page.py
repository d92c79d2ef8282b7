"""The page that shows where the country stands."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.conventions import facts
from traitdunion.audit import actions as audit
from traitdunion.audit.actors import task
from traitdunion.conventions.kinds import Step, Turn
from traitdunion.identity.kinds import Role, Side

pytestmark = pytest.mark.django_db
PAGE = "conventions:national"
MOST_QUERIES = 12


def today():
    return timezone.localdate()


@pytest.fixture
def country():
    """Three départements in two régions: one applied, one over and one without anything."""
    east = facts.region("44", "Grand Est")
    south = facts.region("93", "Provence-Alpes-Côte d’Azur")
    living = facts.departement("67", "Bas-Rhin", east)
    facts.living(living, today())
    over = facts.departement("68", "Haut-Rhin", east)
    facts.convention(
        over,
        title="Ancienne convention",
        reference="HR-2019",
        signed_on=today() - timedelta(days=900),
        starts_on=today() - timedelta(days=900),
        ends_on=today() - timedelta(days=30),
    )
    empty = facts.departement("13", "Bouches-du-Rhône", south)
    return living, over, empty


@pytest.fixture
def reader(client, country):
    return facts.sign_in(client, facts.national_mandate())


def text(response):
    """The words of a page, without tags, every space alike."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def names(response):
    return [row.place.name for row in response.context["page"]]


def get(reader, **query):
    return reader.get(reverse(PAGE), query)


def test_a_visitor_is_sent_to_sign_in(client):
    assert client.get(reverse(PAGE)).status_code == 302


def test_the_three_counts_carry_their_denominator(reader):
    page = text(get(reader))
    for words in (
        "2 sur 3 conventions signées",
        "1 sur 3 conventions en vigueur",
        "1 sur 3 conventions appliquées",
    ):
        assert words in page, words


def test_every_departement_is_in_the_table_and_on_the_map(reader):
    response = get(reader)
    assert names(response) == ["Bouches-du-Rhône", "Bas-Rhin", "Haut-Rhin"]
    areas = {area["code"]: area["value"] for area in response.context["areas"]}
    assert areas == {"13": "aucune", "67": "en_vigueur", "68": "finie"}
    assert reverse("portal:dyad", args=["67"]) in response.content.decode()


def test_the_legend_counts_add_up(reader):
    for indicator in ("etat", "appliquee", "referents", "meeting", "contacts", "review"):
        response = get(reader, indicateur=indicator)
        assert sum(entry["count"] for entry in response.context["legend"]) == 3
        known = {entry["value"] for entry in response.context["legend"]}
        assert {area["value"] for area in response.context["areas"]} <= known


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"region": "44"}, ["Bas-Rhin", "Haut-Rhin"]),
        ({"etat": "echue"}, ["Haut-Rhin"]),
        ({"etat": "aucune"}, ["Bouches-du-Rhône"]),
        ({"tour": "nobody"}, ["Bas-Rhin"]),
        ({"tour": "ars"}, ["Bouches-du-Rhône", "Haut-Rhin"]),  # what both owe, each owes
        ({"manque": "meeting"}, ["Bouches-du-Rhône", "Haut-Rhin"]),
        ({"q": "haut rhin"}, ["Haut-Rhin"]),
        ({"q": "COTE d'azur"}, ["Bouches-du-Rhône"]),
        ({"q": "hr-2019"}, ["Haut-Rhin"]),
        ({"q": "67"}, ["Bas-Rhin"]),
        ({"tri": "nom"}, ["Bas-Rhin", "Bouches-du-Rhône", "Haut-Rhin"]),
        ({"tri": "-code"}, ["Haut-Rhin", "Bas-Rhin", "Bouches-du-Rhône"]),
        ({"region": "44", "manque": "review", "q": "rhin"}, ["Haut-Rhin"]),
    ],
)
def test_filters_are_in_the_address(reader, query, kept):
    assert names(get(reader, **query)) == kept


@pytest.mark.parametrize("order", ["-signed", "appliquee", "etat", "depuis", "faits"])
def test_no_order_ranks_the_departements(reader, order):
    assert names(get(reader, tri=order)) == names(get(reader))


def test_the_region_changes_the_denominator(reader):
    assert "1 sur 2 conventions en vigueur" in text(get(reader, region="44"))


def test_nothing_found_says_what_to_do(reader):
    page = text(get(reader, q="introuvable"))
    assert "Aucun département ne répond à ces filtres" in page
    assert "Tout afficher" in page


def test_the_past_is_read_at_its_date(reader, country):
    day = today() - timedelta(days=500)
    response = get(reader, au=day.isoformat())
    assert response.context["counts"].in_force == 1
    assert [row.state.value for row in response.context["page"] if row.state] == ["en_vigueur"]


def test_the_past_can_be_read_as_it_was_known(reader, country):
    _living, _, _ = country
    day = today() - timedelta(days=10)
    facts.convention(
        facts.departement("90", "Belfort"),
        signed_on=day - timedelta(days=30),
        starts_on=day - timedelta(days=30),
        at=timezone.now(),
    )
    assert get(reader, au=day.isoformat()).context["counts"].in_force == 2
    assert get(reader, au=day.isoformat(), connu="alors").context["counts"].in_force == 1


@pytest.mark.parametrize("asked", ["hier", "2026-13-01", "01/03/2026", "2026-02-30", "x" * 500])
def test_an_unreadable_date_is_said_and_changes_nothing(reader, asked):
    response = get(reader, au=asked)
    assert response.status_code == 200
    assert "illisible" in text(response)
    assert response.context["wanted"].day == today()


def test_a_day_to_come_is_read_as_today(reader):
    assert get(reader, au="2999-01-01").context["wanted"].day == today()


@pytest.mark.parametrize(
    "query", [{"etat": "inconnu"}, {"tour": "x"}, {"manque": "'"}, {"region": "zz"}, {"page": "99"}]
)
def test_an_address_that_means_nothing_still_answers(reader, query):
    assert get(reader, **query).status_code == 200


def test_a_region_sees_its_departements_and_its_denominator(client, country):
    held = facts.region_mandate(facts.region())
    page = get(facts.sign_in(client, held))
    assert names(page) == ["Bas-Rhin", "Haut-Rhin"]
    assert "1 sur 2 conventions en vigueur" in text(page)


def test_a_departement_sees_itself_alone(client, country):
    living, _, _ = country
    held = living.posts.first().mandates.first()
    page = get(facts.sign_in(client, held))
    assert names(page) == ["Bas-Rhin"]
    assert "1 sur 1 conventions appliquées" in text(page)


def test_the_slider_offers_five_years_by_month(reader):
    stops = get(reader).context["stops"]
    assert len(stops) == 61
    assert stops[-1][0] == today().isoformat()


def test_the_history_has_its_table(reader):
    response = get(reader)
    history = response.context["history"]
    assert len(history) == 21
    assert history[-1].in_force == 1
    assert response.content.decode().count("sur\u00a03") >= 3 * len(history)


def test_the_history_follows_what_changes(reader, country):
    _, _, empty = country
    assert get(reader).context["history"][-1].signed == 2
    made = facts.convention(empty, signed_on=today(), starts_on=today())
    facts.step(made, Step.PROJET, today(), Turn.ARS)
    # Every action writes in the log; the makers of these tests do not.
    audit.record(event="conventions.essai", subject="essai", actor=task("essai"), at=timezone.now())
    assert get(reader).context["history"][-1].signed == 3


def test_a_partial_answer_is_a_piece_of_the_page(reader):
    url = reverse(PAGE)
    page = reader.get(url).content.decode()
    part = reader.get(url, headers={"HX-Request": "true"}).content.decode()
    assert part.strip() in page
    assert "<h1" not in part


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx", "ods"])
def test_the_export_follows_the_filters(reader, kind):
    response = reader.get(reverse("conventions:national_export"), {"format": kind, "region": "44"})
    assert response.status_code == 200
    assert f".{kind}" in response["Content-Disposition"]
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
        assert [row[2] for row in rows[1:]] == ["Bas-Rhin", "Haut-Rhin"]
    if kind == "json":
        assert len(json.loads(response.content)["rows"]) == 2


def test_an_unknown_format_does_not_exist(reader):
    assert reader.get(reverse("conventions:national_export"), {"format": "exe"}).status_code == 404


def test_the_page_costs_the_same_whatever_the_rows(reader, django_assert_max_num_queries):
    with django_assert_max_num_queries(MOST_QUERIES):
        get(reader)
    east = facts.region()
    for rank in range(30):
        place = facts.departement(f"9{rank:02}", f"Essai {rank}", east)
        facts.living(place, today())
    with django_assert_max_num_queries(MOST_QUERIES):
        response = get(reader, au=(today() - timedelta(days=1)).isoformat())
    assert response.context["counts"].total == 33


@pytest.mark.parametrize("role", [Role.DPO, Role.INSPECTEUR, Role.SG_CIPDR, Role.ADMINISTRATEUR])
def test_every_national_role_reads_the_country(client, country, role):
    assert len(names(get(facts.sign_in(client, facts.national_mandate(role))))) == 3


def test_no_side_sees_a_score(reader):
    page = text(get(reader)).casefold()
    for word in ("score", "classement :", "rang ", "palmarès", "note globale"):
        assert word not in page


def test_the_facts_of_a_vacant_post_say_since_when(reader, country):
    living, _, _ = country
    held = living.posts.get(role=facts.REFERENT[Side.ARS].value).mandates.get()
    held.ends_on = today() - timedelta(days=5)
    held.save()
    assert f"poste vacant depuis le {today() - timedelta(days=4):%d/%m/%Y}" in text(get(reader))
