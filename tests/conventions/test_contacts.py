"""Contacts are asked every quarter and answered by the holder of a signed link."""

import random
import re
import string
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conventions import facts
from traitdunion.audit.actors import task
from traitdunion.audit.models import Entry
from traitdunion.conventions import actions_practice as actions
from traitdunion.conventions import queries
from traitdunion.conventions.models import ContactCheck
from traitdunion.conventions.rules import quarter_of
from traitdunion.conventions.rules_practice import last_day_to_answer
from traitdunion.identity.kinds import Holding, Role, Side
from traitdunion.identity.models import Post

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
BY = {"actor": task("essai"), "at": AT}


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def place():
    return facts.departement()


@pytest.fixture
def held(place):
    return {
        side: facts.mandate(facts.post(side, place), facts.person(f"Contact {side.value}")) for side in Side
    }


@pytest.fixture
def check(held):
    today = timezone.localdate()
    return facts.check(held[Side.ARS], asked_on=today)


def rows():
    return list(ContactCheck.objects.order_by("pk").values())


# Ask


def test_each_referent_in_post_is_asked_once_a_quarter(held):
    created = actions.ask_contacts(DAY, **BY)
    assert {each.person.name for each in created} == {"Contact prefecture", "Contact ars"}
    assert {each.quarter for each in created} == {"2026-T4"}
    assert actions.ask_contacts(DAY + timedelta(days=20), **BY) == []
    assert len(actions.ask_contacts(date(2027, 1, 1), **BY)) == 2


def test_a_stand_in_is_asked_too_and_a_past_holder_is_not(place, held):
    post = held[Side.ARS].post
    facts.mandate(post, facts.person("Suppléante"), holding=Holding.SUPPLEANT)
    facts.mandate(post, facts.person("Partie"), until=DAY - timedelta(days=1), holding=Holding.SUPPLEANT)
    facts.mandate(post, facts.person("Attendue"), since=DAY + timedelta(days=1), holding=Holding.SUPPLEANT)
    asked = {each.person.name for each in actions.ask_contacts(DAY, **BY)}
    assert asked == {"Contact prefecture", "Contact ars", "Suppléante"}


def test_a_successor_is_asked_within_the_same_quarter(held):
    actions.ask_contacts(DAY, **BY)
    first = held[Side.ARS]
    first.ends_on = DAY
    first.save()
    facts.mandate(first.post, facts.person("Suivante"), since=DAY + timedelta(days=1))
    assert [each.person.name for each in actions.ask_contacts(DAY + timedelta(days=1), **BY)] == ["Suivante"]


def test_someone_without_access_or_in_a_closed_post_is_not_asked(held):
    held[Side.ARS].person.is_active = False
    held[Side.ARS].person.save()
    Post.objects.filter(pk=held[Side.PREFECTURE].post_id).update(closed_on=DAY - timedelta(days=1))
    assert actions.ask_contacts(DAY, **BY) == []


def test_nothing_asked_is_not_logged(held):
    actions.ask_contacts(DAY, **BY)
    actions.ask_contacts(DAY, **BY)
    assert Entry.objects.filter(event="conventions.contact.asked").count() == 1


def test_asking_costs_the_same_for_ten_times_the_posts(django_assert_max_num_queries):
    region = facts.region()
    for rank in range(12):
        place = facts.departement(f"{rank:02}", f"D{rank}", region)
        for side in Side:
            facts.mandate(facts.post(side, place))
    with django_assert_max_num_queries(8):
        assert len(actions.ask_contacts(DAY, **BY)) == 24


# The link


def link(check):
    return reverse("conventions:contact_answer", args=[actions.contact_token(check)])


def test_the_link_is_whole_and_stays_the_same(check, settings):
    assert actions.contact_link(check) == f"{settings.BASE_URL}{link(check)}"
    assert actions.contact_token(check) == actions.contact_token(check)


def test_reading_the_page_writes_nothing(client, check):
    before, entries = rows(), Entry.objects.count()
    for method in (client.get, client.head, client.get):
        response = method(link(check))
        assert response.status_code == 200
    assert (rows(), Entry.objects.count()) == (before, entries)


def test_the_page_says_who_and_for_what_and_offers_the_button(client, check):
    page = text(client.get(link(check)))
    for words in ("Contact ars", "Bas-Rhin (67)", check.quarter, "Ces coordonnées sont exactes"):
        assert words in page, words


def test_the_address_stays_out_of_logs_and_search_engines(client, check):
    response = client.get(link(check))
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert "no-store" in response["Cache-Control"]


def test_one_click_confirms_without_signing_in(client, check):
    response = client.post(link(check), {"reponse": "exact"})
    check.refresh_from_db()
    assert response.status_code == 200
    assert check.is_right is True
    assert check.confirmed_on == timezone.localdate()
    [entry] = Entry.objects.filter(event="conventions.contact.confirmed")
    assert entry.actor_person == check.person.public_id


def test_a_browser_that_hides_its_origin_is_accepted(check):
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(link(check), {"reponse": "exact"}, headers={"Origin": "null"})
    assert response.status_code == 200


def test_a_second_click_changes_nothing(client, check):
    client.post(link(check), {"reponse": "exact"})
    before = rows()
    client.post(link(check), {"reponse": "exact"})
    client.post(link(check), {"reponse": "a_corriger"})
    assert rows() == before
    assert Entry.objects.filter(event__startswith="conventions.contact.").count() == 1


def test_a_contact_to_correct_can_be_confirmed_once_corrected(client, check):
    client.post(link(check), {"reponse": "a_corriger"})
    check.refresh_from_db()
    assert check.is_right is False
    client.post(link(check), {"reponse": "exact"})
    check.refresh_from_db()
    assert check.is_right is True


@pytest.mark.parametrize("said", ["", "oui", "EXACT", "a_corriger "])
def test_another_answer_writes_nothing(client, check, said):
    before = rows()
    assert client.post(link(check), {"reponse": said}).status_code == 400
    assert rows() == before


def forged(check):
    """Fifty keys that were not made for this confirmation."""
    token = actions.contact_token(check)
    content, _, signature = token.rpartition(":")
    chance = random.Random(7)
    letters = string.ascii_letters + string.digits
    yield from ("x", content, f"{content}:", f":{signature}", token + "A", token[:-1], token.upper())
    yield signing.dumps([check.public_id.hex, check.quarter])
    yield signing.dumps([check.public_id.hex, check.quarter], salt=actions.SALT)
    yield signing.Signer(key="autre", salt=actions.SALT).sign_object([check.public_id.hex, check.quarter])
    yield signing.Signer(salt="autre").sign_object([check.public_id.hex, check.quarter])
    for other in ("2020-T1", "2027-T1", ""):
        yield signing.Signer(salt=actions.SALT).sign_object([check.public_id.hex, other])
    for _ in range(18):
        place = chance.randrange(len(token))
        swapped = chance.choice(letters.replace(token[place], ""))
        yield token[:place] + swapped + token[place + 1 :]
    for _ in range(18):
        made = "".join(chance.choice(letters) for _ in range(len(signature)))
        yield f"{content}:{made}"


def test_no_forged_key_opens_anything(client, check):
    before = rows()
    tokens = list(forged(check))
    assert len(tokens) >= 50
    for token in tokens:
        url = reverse("conventions:contact_answer", args=[token])
        for response in (client.get(url), client.post(url, {"reponse": "exact"})):
            assert response.status_code == 404, token
            assert "Referrer-Policy" in response
    assert rows() == before
    assert "pas valable" in text(client.get(reverse("conventions:contact_answer", args=["x"])))


def test_a_link_dies_thirty_days_after_its_quarter(client, held):
    today = timezone.localdate()
    asked = today
    while last_day_to_answer(quarter_of(asked)) >= today:
        asked -= timedelta(days=31)
    old = facts.check(held[Side.ARS], asked_on=asked)
    before = rows()
    response = client.post(link(old), {"reponse": "exact"})
    assert response.status_code == 410
    assert "ne sert plus" in text(response)
    assert rows() == before


def test_the_last_day_is_still_good_and_the_next_is_not(held):
    check = facts.check(held[Side.ARS], asked_on=date(2026, 11, 2))
    assert queries.why_closed(check, date(2027, 1, 30)) == ""
    assert "2026-T4" in queries.why_closed(check, date(2027, 1, 31))
    with pytest.raises(actions.AnswerRefusedError):
        actions.answer(check, is_right=True, today=date(2027, 1, 31), **BY)


def test_who_left_the_post_has_nothing_to_confirm(client, check, held):
    held[Side.ARS].ends_on = timezone.localdate() - timedelta(days=1)
    held[Side.ARS].save()
    response = client.post(link(check), {"reponse": "exact"})
    assert response.status_code == 410
    assert "n’occupe plus ce poste" in text(response)


# The page of the contacts


def test_silence_shows_in_days(client, place, held):
    asked = timezone.localdate() - timedelta(days=1)
    facts.check(held[Side.ARS], asked_on=asked)
    page = text(
        facts.sign_in(client, held[Side.PREFECTURE]).get(reverse("conventions:contact_list", args=["67"]))
    )
    assert "sans réponse depuis 1 jour" in page
    assert "jamais confirmé" in page


def test_a_vacant_post_shows_in_days(client, place, held):
    held[Side.ARS].ends_on = timezone.localdate() - timedelta(days=3)
    held[Side.ARS].save()
    page = text(
        facts.sign_in(client, held[Side.PREFECTURE]).get(reverse("conventions:contact_list", args=["67"]))
    )
    assert "poste vacant" in page
    assert "soit 3 jours" in page


def test_a_contact_finds_the_way_to_answer(client, place, held):
    check = facts.check(held[Side.ARS], asked_on=timezone.localdate())
    response = facts.sign_in(client, held[Side.ARS]).get(reverse("conventions:contact_list", args=["67"]))
    assert link(check) in response.content.decode()


def test_the_contacts_of_another_departement_do_not_exist(client, place, held):
    other = facts.departement("68", "Haut-Rhin")
    stranger = facts.mandate(facts.post(Side.ARS, other))
    url = reverse("conventions:contact_list", args=["67"])
    assert facts.sign_in(client, stranger).get(url).status_code == 404


def test_the_contacts_cost_the_same_whatever_their_past(client, place, held, django_assert_max_num_queries):
    for year in range(2000, 2026):
        for month in (1, 4, 7, 10):
            facts.check(held[Side.ARS], date(year, month, 3))
    facts.sign_in(client, facts.national_mandate(Role.INSPECTEUR))
    with django_assert_max_num_queries(12):
        assert client.get(reverse("conventions:contact_list", args=["67"])).status_code == 200
