"""Each page, each role: what is answered. The table is in ``tests/pages.py``."""

import re

import pytest
from django.db import transaction
from django.urls import reverse

from tests.pages import QUERIES, TABLE, address, url_names
from traitdunion.identity.kinds import COORDINATION_ROLES, Role

pytestmark = pytest.mark.django_db


def expected(page, who):
    if who in {"visitor", "stranger"}:
        return getattr(page, who)
    return page.status if who in page.roles else page.otherwise


def ask(client, name, url):
    page = TABLE[name]
    return client.post(url) if page.method == "POST" else client.get(url, QUERIES.get(name))


def test_every_page_is_in_the_table():
    assert url_names() == sorted(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_each_reader_gets_the_answer_of_the_table(stage, sign_in, name):
    readers, answered = ["visitor", "stranger", *COORDINATION_ROLES], {}
    for who in readers:
        with transaction.atomic():  # what one reader does, the next does not see
            url = address(name, stage, who if isinstance(who, Role) else None)
            answered[who] = ask(sign_in(who), name, url).status_code
            transaction.set_rollback(True)

    assert answered == {who: expected(TABLE[name], who) for who in readers}


@pytest.mark.parametrize("name", [name for name, page in TABLE.items() if page.method == "GET"])
def test_a_page_asks_at_most_twelve_queries(stage, sign_in, name, django_assert_max_num_queries):
    page = TABLE[name]
    role = next(
        (role for role in (Role.DESK_SANTE, Role.REFERENT_ARS, Role.ADMINISTRATEUR) if role in page.roles),
        None,
    )
    if role is None:
        pytest.skip("the page answers no role here")
    client = sign_in(role)
    client.get(
        reverse("portal:accessibility")
    )  # once a minute, a request also writes that the person was here
    url = address(name, stage, role)

    with django_assert_max_num_queries(12):
        ask(client, name, url)


def said(answer, code):
    """Return the answer without what changes at each request: the token of the forms, the code asked for."""
    return re.sub(rb'value="[A-Za-z0-9]{64}"', b"", answer.content).replace(code, b"")


@pytest.mark.parametrize(
    "name", [name for name, page in TABLE.items() if page.method == "GET" and page.otherwise == 404]
)
def test_a_departement_elsewhere_does_not_exist(stage, sign_in, name):
    """Whoever acts in the Bas-Rhin gets for the Ain what they get for a département that is no département."""
    if "/67/" not in (url := address(name, stage, Role.REFERENT_PREFECTURE)):
        pytest.skip("the page is not about one département")
    client = sign_in(Role.REFERENT_PREFECTURE)

    elsewhere, nowhere = client.get(url.replace("/67/", "/01/")), client.get(url.replace("/67/", "/00/"))

    assert (elsewhere.status_code, nowhere.status_code) == (404, 404)
    assert said(elsewhere, b"/01/") == said(nowhere, b"/00/")
