import pytest
from django.urls import reverse

from tests.conventions.scene import BY, act_as
from traitdunion.conventions import access
from traitdunion.identity import actions as identity
from traitdunion.identity.kinds import Role, Side

pytestmark = pytest.mark.django_db
DRAFTERS = {Role.PREFET, Role.REFERENT_PREFECTURE, Role.DG_ARS, Role.REFERENT_ARS}

READ = ("convention_detail", "convention_text")
WRITTEN = (
    "convention_revise",
    "convention_headings",
    "convention_circuits",
    "circuit_add",
    "convention_clauses",
    "clause_add",
    "convention_step",
    "convention_sign",
    "signature_withdraw",
    "convention_denounce",
    "avenant_start",
)
POSTED = ("matrix_take_over",)


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


@pytest.mark.parametrize("role", Role)
def test_each_role_reads_its_territory_and_the_two_institutions_write(client, dyad, mandate, role):
    convention = dyad.draft()
    act_as(client, mandate(role))
    for page in READ:
        assert client.get(reverse(f"conventions:{page}", args=[convention.public_id])).status_code == 200
    for page in WRITTEN:
        answer = client.get(reverse(f"conventions:{page}", args=[convention.public_id]))
        assert (answer.status_code == 200) is (role in DRAFTERS), page
        if role not in DRAFTERS:
            assert answer.status_code == 403
    for page in POSTED:
        answer = client.post(reverse(f"conventions:{page}", args=[convention.public_id]))
        assert answer.status_code == (302 if role in DRAFTERS else 403)


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


# The model


@pytest.mark.parametrize("role", Role)
def test_the_administrator_alone_keeps_the_model(client, dyad, mandate, role):
    act_as(client, mandate(role))
    expected = 200 if role is Role.ADMINISTRATEUR else 403
    for page in ("template_list", "alignment"):
        assert client.get(reverse(f"conventions:{page}")).status_code == 200
    detail = reverse("conventions:template_detail", args=[dyad.template.public_id])
    assert client.get(detail).status_code == 200
    assert client.get(reverse("conventions:template_prepare")).status_code == expected
    for page in ("template_rename", "template_adopt", "template_circuit_add"):
        address = reverse(f"conventions:{page}", args=[dyad.template.public_id])
        assert client.get(address).status_code == expected
