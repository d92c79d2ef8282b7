from datetime import timedelta

import pytest
from django.urls import reverse

from tests.identity.conftest import ACTOR, NOW
from traitdunion.identity import actions, sessions
from traitdunion.identity.kinds import Role
from traitdunion.identity.middleware import SESSION_KEY

pytestmark = pytest.mark.django_db
BACKEND = "traitdunion.identity.oidc.StrictOIDCBackend"
PAGE = "identity:vacancy_list"


def mandate_in_header(response):
    return response.context["mandate"] and response.context["mandate"].public_id


def test_the_only_mandate_is_chosen_by_itself(client, house):
    mandate = house.mandate(Role.REFERENT_ARS)
    client.force_login(mandate.person, backend=BACKEND)

    assert client.get(reverse("identity:mandate_choice")).status_code == 302
    response = client.get(reverse(PAGE))
    assert mandate_in_header(response) == mandate.public_id
    assert "Référent".lower() in response.content.decode().lower()


def test_a_visitor_is_sent_to_sign_in_and_comes_back(client, db):
    response = client.get(reverse(PAGE))
    assert response.url == f"{reverse('identity:sign_in')}?next={reverse(PAGE)}"


def test_without_a_mandate_the_person_is_told_what_to_do(client, house):
    client.force_login(house.person("Marie"), backend=BACKEND)

    assert client.get(reverse(PAGE)).url == reverse("identity:mandate_choice")
    assert "aucun mandat en cours" in client.get(reverse("identity:mandate_choice")).content.decode()


def test_two_mandates_are_offered_and_one_is_chosen(client, house):
    person = house.person("Marie")
    first = house.mandate(Role.REFERENT_ARS, person=person)
    second = house.mandate(Role.DG_ARS, person=person)
    client.force_login(person, backend=BACKEND)

    page = client.get(reverse("identity:mandate_choice")).content.decode()
    assert str(first.public_id) in page
    before = client.session.session_key
    answer = client.post(
        reverse("identity:mandate_select"), {"mandate": second.public_id, "next": reverse(PAGE)}
    )

    assert answer.url == reverse(PAGE)
    assert client.session.session_key != before
    assert mandate_in_header(client.get(reverse(PAGE))) == second.public_id


@pytest.mark.parametrize("wanted", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_mandate_that_is_not_ours_does_not_exist(client, house, wanted):
    client.force_login(house.person("Marie"), backend=BACKEND)
    assert client.post(reverse("identity:mandate_select"), {"mandate": wanted}).status_code == 404


def test_another_persons_mandate_does_not_exist(client, house):
    other = house.mandate(Role.REFERENT_ARS)
    client.force_login(house.person("Marie"), backend=BACKEND)

    answer = client.post(reverse("identity:mandate_select"), {"mandate": other.public_id})

    assert answer.status_code == 404
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_way_back_never_leaves_the_site(client, house, wanted):
    mandate = house.mandate(Role.REFERENT_ARS)
    client.force_login(mandate.person, backend=BACKEND)
    answer = client.post(reverse("identity:mandate_select"), {"mandate": mandate.public_id, "next": wanted})
    assert answer.url == reverse("portal:home")


def test_a_mandate_that_ended_yesterday_is_chosen_no_longer(client, acting, yesterday):
    mandate = acting(Role.REFERENT_ARS)
    assert client.get(reverse(PAGE)).status_code == 200

    actions.end(mandate, last_day=yesterday, actor=ACTOR, at=NOW)

    assert client.get(reverse(PAGE)).url == reverse("identity:mandate_choice")


def test_a_mandate_that_ends_today_still_runs(client, acting, today):
    actions.end(acting(Role.REFERENT_ARS), last_day=today, actor=ACTOR, at=NOW)
    assert client.get(reverse(PAGE)).status_code == 200


def test_a_mandate_that_starts_tomorrow_cannot_be_chosen(client, house, today):
    mandate = house.mandate(Role.REFERENT_ARS, starts_on=today + timedelta(days=1))
    client.force_login(mandate.person, backend=BACKEND)
    answer = client.post(reverse("identity:mandate_select"), {"mandate": mandate.public_id})
    assert answer.status_code == 404


def test_a_closed_access_ends_at_the_next_request(client, acting):
    mandate = acting(Role.REFERENT_ARS)
    actions.set_access(mandate.person, is_active=False, actor=ACTOR, at=NOW)
    assert client.get(reverse(PAGE)).url.startswith(reverse("identity:sign_in"))


def shift(client, mark, seconds):
    session = client.session
    session[mark] -= seconds
    session.save()


@pytest.mark.parametrize(("mark", "seconds"), [(sessions.SEEN_AT, 1801), (sessions.SIGNED_IN_AT, 36_001)])
def test_a_session_ends_after_half_an_hour_of_silence_or_ten_hours(client, acting, mark, seconds):
    acting(Role.REFERENT_ARS)
    shift(client, mark, seconds)

    assert client.get(reverse(PAGE)).url.startswith(reverse("identity:sign_in"))
    assert "_auth_user_id" not in client.session


def test_a_page_keeps_the_session_alive(client, acting):
    acting(Role.REFERENT_ARS)
    shift(client, sessions.SEEN_AT, 1700)
    before = client.session[sessions.SEEN_AT]

    assert client.get(reverse(PAGE)).status_code == 200
    assert client.session[sessions.SEEN_AT] >= before + 1700


def test_a_session_that_does_not_say_when_it_began_is_over(client, acting):
    acting(Role.REFERENT_ARS)
    session = client.session
    del session[sessions.SIGNED_IN_AT]
    session.save()
    assert client.get(reverse(PAGE)).url.startswith(reverse("identity:sign_in"))


def test_signing_out_without_a_provider_leads_to_the_public_page(client, acting):
    acting(Role.REFERENT_ARS)

    assert client.post(reverse("identity:sign_out")).url == reverse("portal:public_plan")
    assert client.get(reverse(PAGE)).url.startswith(reverse("identity:sign_in"))


def test_signing_out_by_a_link_is_refused(client, acting):
    acting(Role.REFERENT_ARS)
    assert client.get(reverse("identity:sign_out")).status_code == 405
