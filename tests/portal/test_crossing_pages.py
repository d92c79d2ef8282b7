"""The pages that cross several apps: a département, the homes, the public page and its PDF, search."""

import hashlib
import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from traitdunion.conventions.actions_practice import hold_meeting
from traitdunion.conventions.models import LastVisit
from traitdunion.identity.kinds import Role
from traitdunion.plan.models import Evidence, Measure, Statement
from traitdunion.portal import queries

pytestmark = pytest.mark.django_db


def text(answer):
    words = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
    return re.sub(r"\s+", " ", words)


def test_the_two_institutions_stand_face_to_face(stage, sign_in):
    page = text(sign_in(Role.REFERENT_ARS).get("/departements/67/"))

    assert page.index("Préfecture du Bas-Rhin") < page.rindex("ARS Grand Est")
    assert stage.persona[Role.REFERENT_PREFECTURE].person.name in page
    assert stage.persona[Role.REFERENT_ARS].person.name in page
    assert "Signée des deux côtés" in page


def test_the_seat_of_the_prefet_has_the_title_that_the_departement_gives_it(stage, sign_in):
    assert "Préfet de police" in text(sign_in(Role.DESK_SANTE).get("/departements/75/"))
    assert "Préfet de police" not in text(sign_in(Role.DESK_SANTE).get("/departements/67/"))


def test_what_changed_is_told_since_the_last_visit_and_not_since_a_reload(stage):
    mandate = stage.persona[Role.REFERENT_ARS]
    start = timezone.now()
    LastVisit.objects.filter(person=mandate.person).delete()  # the story lets everyone have come ten days ago
    assert queries.visit(stage.departement, person=mandate.person, at=start) is None
    again = queries.visit(stage.departement, person=mandate.person, at=start + timedelta(minutes=5))
    later = queries.visit(stage.departement, person=mandate.person, at=start + timedelta(hours=3))

    assert again == start  # the first visit is told once
    assert later == start + timedelta(minutes=5)
    assert LastVisit.objects.get(person=mandate.person, departement=stage.departement).visited_at > later


def test_a_meeting_held_since_shows_in_what_changed(stage):
    mandate = stage.persona[Role.REFERENT_ARS]
    before = timezone.now() - timedelta(minutes=1)
    hold_meeting(
        stage.objects["meeting"],
        held_on=timezone.localdate(),
        today=timezone.localdate(),
        prefecture_present=True,
        ars_present=True,
        actor=mandate.as_actor(),
        at=timezone.now(),
    )

    page = queries.dyad(stage.departement, mandate=mandate, day=timezone.localdate(), previous_visit=before)

    assert any("Réunion tenue : Réunion des essais" in change.text for change in page.changes)
    assert all(change.recorded_at > before for change in page.changes)


def test_a_mandate_on_one_departement_is_led_to_its_page(stage, sign_in):
    assert sign_in(Role.PREFET).get("/accueil/").url == "/departements/67/"


def test_the_country_is_counted_with_its_denominator(stage, sign_in):
    page = text(sign_in(Role.DESK_SANTE).get("/accueil/"))

    assert "101 départements" in page
    assert page.count("sur 101") >= 3


def test_the_public_page_shows_each_statement_with_what_proves_it(stage, client):
    answer = client.get("/")
    page = answer.content.decode()

    for statement in Statement.objects.filter(retired_on=None):
        assert statement.text in html.unescape(page)
    for evidence in Evidence.objects.filter(statements__isnull=False):
        assert reverse("portal:public_evidence", args=[evidence.public_id]) in page
    assert stage.persona[Role.PREFET].person.name not in page


def test_an_evidence_that_proves_nothing_published_is_not_public(stage, client):
    address = reverse("portal:public_evidence", args=[stage.objects["document"].public_id])
    assert client.get(address).status_code == 404


def test_the_pdf_is_tagged_and_the_same_each_time(stage, client):
    first, second = client.get("/plan.pdf"), client.get("/plan.pdf")

    assert first["Content-Type"] == "application/pdf"
    assert b"/StructTreeRoot" in first.content or b"pdfuaid" in first.content
    assert hashlib.sha256(first.content).digest() == hashlib.sha256(second.content).digest()


@pytest.mark.parametrize("day", ["hier", "2026-02-30", "2999-01-01", "1; DROP TABLE", "\x00"])
def test_a_day_that_is_no_past_day_does_not_exist(stage, client, day):
    assert client.get("/", {"au": day}).status_code == 404


def test_before_anything_was_published_the_page_says_so(stage, client):
    assert "Rien n’était encore publié" in client.get("/", {"au": "2001-01-01"}).content.decode()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("conventions-cadres", "Mesure 38"),
        ("etats generaux", "Mesure 37"),
        ("bas-rhi", "Bas-Rhin"),
        ("zzz", "Rien ne répond"),
    ],
)
def test_search_ignores_case_and_accents(stage, sign_in, words, found):
    assert found in text(sign_in(Role.DESK_SANTE).get("/recherche/", {"q": words}))


@pytest.mark.parametrize("words", ["38", "mesure 38", "Mesure n° 38"])
def test_a_measure_is_found_by_its_number(stage, sign_in, words):
    found = sign_in(Role.DESK_SANTE).get("/recherche/", {"q": words}).context["found"]
    assert [revision.measure.code for revision in found.measures] == ["38"]


def test_a_bare_number_lists_the_departement_rather_than_jumping_to_it(stage, sign_in):
    client = sign_in(Role.DESK_SANTE)
    found = client.get("/recherche/", {"q": "67"})
    assert [place.code for place in found.context["found"].departements] == ["67"]
    assert "/departements/67/" in found.content.decode()


def test_a_code_with_a_letter_leads_straight_to_its_departement(stage, sign_in):
    assert sign_in(Role.DESK_SANTE).get("/recherche/", {"q": "2a"}).url == "/departements/2A/"


def test_search_finds_nothing_of_another_territory(stage, sign_in):
    page = text(sign_in(Role.REFERENT_PREFECTURE).get("/recherche/", {"q": "DEMO-01"}))

    assert "Rien ne répond" in page


def test_what_a_mandate_reads_stays_out_of_caches(stage, sign_in):
    assert "no-store" in sign_in(Role.PREFET).get("/departements/67/")["Cache-Control"]


def test_late_actions_are_counted_over_those_that_are_open(stage, sign_in):
    client = sign_in(Role.DESK_SANTE)
    overview = client.get(reverse("portal:home")).context["overview"]
    listed = client.get(reverse("plan:action_list"), {"etat": "en_retard"}).context
    assert overview.actions.late == listed["page"].paginator.count
    assert 0 < overview.actions.late < overview.actions.total < listed["total"]
    words = text(client.get(reverse("plan:action_list")))
    assert f"{listed['total']} actions sur {listed['total']} au registre" in words.replace("\xa0", " ")
    held = text(client.get(reverse("conventions:convention_list"), {"departement": "67"})).replace(
        "\xa0", " "
    )
    assert re.search(
        r"\d+ (conventions et avenants|convention ou avenant) sur \d+ dans votre territoire", held
    )
    row = next(row for row in overview.rows if row.actions.total)
    page = text(client.get("/departements/")).replace("\xa0", " ")
    assert f"{row.actions.late} sur {row.actions.total}" in page


@pytest.mark.parametrize(
    ("role", "section", "indicator"),
    [
        (Role.DESK_SANTE, "Importer un tableau", "Définir un indicateur"),
        (Role.PREFET, "l’administrateur l’importe", "un bureau des ministères peut en définir un"),
    ],
)
def test_what_the_plan_lacks_says_who_may_fill_it(stage, sign_in, role, section, indicator):
    client = sign_in(role)
    plan = text(client.get(reverse("plan:plan")))
    said = plan.index("Aucune section de cet axe n’est encore saisie")
    assert section in plan[said : said + 200]
    measure = Measure.objects.filter(indicators=None).first()
    sheet = text(client.get(reverse("plan:measure_detail", args=[measure.public_id])))
    said = sheet.index("Aucun indicateur n’est défini sur cette mesure")
    assert indicator in sheet[said : said + 200]
