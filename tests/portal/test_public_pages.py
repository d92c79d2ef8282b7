"""The public pages: what a figure counts and what proves a statement, on a day, without signing in."""

import html
import re
import shutil
import subprocess
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.conventions import facts
from tests.identity.conftest import house, territories  # noqa: F401  # fixtures
from tests.plan.scene import START, at
from tests.plan.scene import plan as a_plan
from traitdunion.audit.actors import task
from traitdunion.conventions.models import Convention
from traitdunion.identity.kinds import Side
from traitdunion.plan import actions
from traitdunion.portal import public

pytestmark = pytest.mark.django_db
LATER = START + timedelta(days=20)


@pytest.fixture
def plan(house):  # noqa: F811  # the fixture above
    return a_plan(house)


def words(answer):
    text = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
    return re.sub(r"\s+", " ", text)


def ago(days):
    return timezone.localdate() - timedelta(days=days)


# What proves a statement


def retired(plan):
    """A statement with its proof, both of the first day, taken out of the page twenty days later."""
    piece = plan.evidence(actor=task("essais"), at=at(START))
    said = plan.publish(figure="100 %", evidence=[piece], at=at(START))
    actions.retire_statement(said, retired_on=LATER, actor=task("essais"), at=at(LATER))
    return piece, said


def test_a_piece_is_read_as_of_the_day_of_the_page_that_links_to_it(client, plan):
    piece, said = retired(plan)
    address = reverse("portal:public_evidence", args=[piece.public_id])
    day = LATER - timedelta(days=1)

    page = client.get("/", {"au": day.isoformat()}).content.decode()
    assert said.text in html.unescape(page)
    assert f'href="{address}?au={day}"' in page

    answer = client.get(address, {"au": day.isoformat()})
    assert said.text in words(answer)
    assert f'href="/?au={day}"' in answer.content.decode()
    assert client.get(address, {"au": LATER.isoformat()}).status_code == 404
    assert client.get(address).status_code == 404


def test_a_proof_added_later_does_not_prove_an_earlier_day(client, plan):
    piece = plan.evidence(at=at(START))
    said = plan.publish(at=at(START))
    actions.prove_statement(said, evidence=piece, actor=task("essais"), at=at(LATER))
    address = reverse("portal:public_evidence", args=[piece.public_id])

    assert client.get(address, {"au": START.isoformat()}).status_code == 404
    assert said.text in words(client.get(address, {"au": LATER.isoformat()}))


# What a figure counts


@pytest.fixture
def country():
    """Two départements signed, one of them over; a third applied; the first told to the tool ten days ago."""
    first = facts.departement("67", "Bas-Rhin")
    facts.convention(first, signed_on=ago(40), starts_on=ago(40), at=timezone.now() - timedelta(days=10))
    over = facts.departement("68", "Haut-Rhin")
    facts.convention(over, signed_on=ago(900), starts_on=ago(900), ends_on=ago(100))
    living = facts.departement("88", "Vosges")
    facts.living(living, ago(0))
    facts.departement("57", "Moselle")
    return first, over, living


@pytest.mark.parametrize(
    ("key", "count", "named"),
    [
        ("signee", "3 sur 4", {"Bas-Rhin", "Haut-Rhin", "Vosges"}),
        ("en-vigueur", "2 sur 4", {"Bas-Rhin", "Vosges"}),
        ("appliquee", "1 sur 4", set()),
    ],
)
def test_a_figure_leads_to_what_it_counts(client, country, key, count, named):
    address = reverse("portal:public_figure", args=[key])
    assert f'href="{address}"' in client.get("/").content.decode()

    page = words(client.get(address))

    assert count in page
    assert {name for name in ("Bas-Rhin", "Haut-Rhin", "Vosges", "Moselle") if name in page} == named
    for part in ("Ce qui est compté", "Sur", "Source", "À la date du"):
        assert part in page


def test_the_figure_of_what_is_applied_tells_facts_and_names_nobody(client, country):
    page = words(client.get(reverse("portal:public_figure", args=["appliquee"])))

    assert "Réunion tenue dans les six derniers mois 1 sur 4" in page
    assert "Camille" not in page
    assert "ne sont pas nommés" in page


def test_a_figure_of_a_past_day_counts_what_was_known_then(client, country):
    for day, count in ((ago(11), "1 sur 4"), (ago(10), "2 sur 4")):
        query = {"au": day.isoformat()}
        assert count in words(client.get(reverse("portal:public_figure", args=["en-vigueur"]), query)), day
        assert f"{count} Convention en vigueur" in words(client.get("/", query)), day
    assert f"?au={ago(11)}" in client.get("/", {"au": ago(11).isoformat()}).content.decode()


@pytest.mark.parametrize("key", ["inconnu", "vitalite"])
def test_another_figure_does_not_exist(client, key):
    assert client.get(reverse("portal:public_figure", args=[key])).status_code == 404


def test_a_figure_of_no_past_day_does_not_exist(client):
    assert (
        client.get(reverse("portal:public_figure", args=["signee"]), {"au": "2999-01-01"}).status_code == 404
    )


def test_the_document_links_each_figure_to_what_it_counts(country):
    page = public.page(day=ago(1), today=ago(0))

    figures = public.document(page, "https://site.example/", is_demo=False)["figures"]

    assert [figure["address"] for figure in figures] == [
        f"https://site.example/chiffre/{key}/?au={ago(1)}" for key in ("signee", "en-vigueur", "appliquee")
    ]


def test_the_public_pages_cost_the_same_whatever_the_rows(client, plan, django_assert_max_num_queries):
    here = plan.house.bas_rhin
    facts.convention(here, signed_on=ago(40), starts_on=ago(40))
    piece = plan.evidence()
    plan.publish(evidence=[piece])
    addresses = (
        "/",
        reverse("portal:public_figure", args=["en-vigueur"]),
        reverse("portal:public_figure", args=["appliquee"]),
        reverse("portal:public_evidence", args=[piece.public_id]),
    )

    def costs():
        found = []
        for address in addresses:
            with django_assert_max_num_queries(12) as asked:
                assert client.get(address).status_code == 200
            found.append(len(asked))
        return found

    few = costs()
    plan.crowd(4)
    plan.publish("Encore un.", evidence=[piece])
    for rank in range(3):
        place = facts.departement(f"9{rank}", f"Lieu {rank}")
        facts.random_history(place, rank)
    facts.mandate(facts.post(Side.ARS, Convention.objects.first().departement))
    assert costs() == few


# The document, and the demonstration


def read_of(content):
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext reads what the PDF shows")
    found = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return re.sub(r"\s+", " ", found.stdout.decode())


def test_every_page_of_the_pdf_of_the_demonstration_says_so(client, plan, settings):
    plan.crowd(40)
    said = [client.get("/plan.pdf").content]
    settings.DEMO = False
    said.append(client.get("/plan.pdf").content)

    demo, real = map(read_of, said)
    pages = int(re.search(r"page 1 sur (\d+)", demo)[1])
    assert pages > 1
    assert demo.count(public.DEMONSTRATION) == pages
    assert "Démonstration" not in real


def test_the_page_of_the_demonstration_says_so_in_the_words_of_its_pdf(client, plan):
    assert public.DEMONSTRATION in words(client.get("/"))


def test_the_state_of_a_measure_tells_what_it_rests_on(client, plan):
    basis = "après 2 actions suivies : 2 à lancer (synthétiques)"

    assert basis in words(client.get("/"))
    assert basis in read_of(client.get("/plan.pdf").content)


def test_an_undated_piece_is_not_lent_a_date(client, plan):
    piece = plan.evidence(reference="Page non datée : versée ici", at=at(START))
    plan.publish(evidence=[piece], at=at(START))

    page = words(client.get(reverse("portal:public_evidence", args=[piece.public_id])))

    assert "Non datée, versée ici le" in page
    assert "Datée du" not in page
    assert f"(non datée, versée ici le {START:%d/%m/%Y})" in read_of(client.get("/plan.pdf").content)
