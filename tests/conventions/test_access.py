"""Who reads and writes a convention, beside what each role gets of each page: ``tests/pages.py`` says that."""

import pytest
from django.urls import reverse

from tests.conventions.scene import BY, act_as
from traitdunion.conventions import access
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import Role, Side

pytestmark = pytest.mark.django_db

READ = ("convention_detail", "convention_text")
WRITTEN = (
    "convention_revise",
    "convention_headings",
    "convention_circuits",
    "circuit_add",
    "convention_clauses",
    "clause_add",
    "convention_step",
    "convention_abandon",
    "convention_sign",
    "signature_withdraw",
    "convention_denounce",
    "avenant_start",
)


@pytest.fixture
def mandate(dyad):
    mandates = {
        each.role: each for each in (dyad.prefet, dyad.dg, dyad.referent_prefecture, dyad.referent_ars)
    }
    return lambda role: mandates.get(role) or dyad.house.mandate(role)


def stranger(dyad):
    return identity.grant(
        person=dyad.house.person("Ailleurs"),
        post=dyad.house.far_posts[Role.REFERENT_PREFECTURE],
        starts_on=dyad.prefet.starts_on,
        **BY,
    )


def test_another_departement_does_not_exist(client, dyad):
    convention = dyad.draft()
    act_as(client, stranger(dyad))
    pages = [reverse(f"conventions:{page}", args=[convention.public_id]) for page in READ + WRITTEN]
    pages += [
        reverse(f"conventions:{page}", args=["67"]) for page in ("departement_history", "convention_start")
    ]
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 404)


@pytest.mark.parametrize("role", [Role.PSYCHIATRE, Role.DESK_SANTE, Role.ADMINISTRATEUR])
def test_a_reader_does_not_start_a_convention(client, dyad, mandate, role):
    act_as(client, mandate(role))
    assert client.get(reverse("conventions:convention_start", args=["67"])).status_code == 403


def test_a_list_holds_only_what_the_mandate_reads(client, dyad):
    dyad.draft()
    act_as(client, stranger(dyad))
    content = client.get(reverse("conventions:convention_list")).content.decode()
    assert "Aucune convention" in content
    exported = client.get(reverse("conventions:convention_list_export"), {"format": "csv"})
    assert b"Bas-Rhin" not in exported.content


def test_a_visitor_is_sent_to_sign_in(client, dyad):
    convention = dyad.draft()
    answer = client.get(reverse("conventions:convention_detail", args=[convention.public_id]))
    assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("identity:sign_in"))


def test_the_powers_to_sign_are_those_of_the_side_and_the_territory(dyad):
    people = {
        title.person for title in access.titles_to_sign(dyad.departement, side=Side.ARS, on=BY["at"].date())
    }
    assert people == {dyad.dg.person}
