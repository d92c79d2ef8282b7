from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.identity.conftest import ACTOR, ISSUER, NOW, OPENED
from traitdunion.identity import actions, urls
from traitdunion.identity.kinds import Holding, Role
from traitdunion.identity.models import Delegation, Mandate, Organisation, Person, Post

pytestmark = pytest.mark.django_db
BACKEND = "traitdunion.identity.oidc.StrictOIDCBackend"
EVERYONE, ADMINISTRATORS, NOT_FOUND = 200, 200, 404

#                            visitor  no mandate  référent  administrator
PAGES = {
    "sign_in":              (200,     302,        302,      302),
    "oidc_request":         (404,     404,        404,      404),  # no provider is declared in these tests
    "oidc_callback":        (404,     404,        404,      404),
    "mandate_choice":       (302,     200,        200,      200),
    "mandate_select":       (405,     405,        405,      405),
    "sign_out":             (405,     405,        405,      405),
    "signed_out":           (302,     302,        302,      302),
    "vacancy_list":         (302,     302,        200,      200),
    "administration":       (302,     302,        404,      200),
    "organisation_list":    (302,     302,        404,      200),
    "organisation_open":    (302,     302,        404,      200),
    "organisation_detail":  (302,     302,        404,      200),
    "post_open":            (302,     302,        404,      200),
    "person_list":          (302,     302,        404,      200),
    "person_register":      (302,     302,        404,      200),
    "person_detail":        (302,     302,        404,      200),
    "person_access":        (405,     405,        405,      405),
    "mandate_grant":        (302,     302,        404,      200),
    "mandate_end":          (302,     302,        404,      200),
    "delegation_list":      (302,     302,        404,      200),
    "delegation_give":      (302,     302,        404,      200),
    "delegation_end":       (302,     302,        404,      200),
}  # fmt: skip
COLUMNS = ["visitor", "no mandate", Role.REFERENT_PREFECTURE, Role.ADMINISTRATEUR]


@pytest.fixture
def address(house):
    """Return the address of a page on an object that exists."""
    marie = house.person("Marie")
    mandate = house.mandate(Role.REFERENT_ARS, person=marie)
    delegation = actions.delegate(
        given_by=house.posts[Role.PREFET], given_to=marie, reference="Arrêté n° 1", starts_on=OPENED,
        ends_on=None, actor=ACTOR, at=NOW,
    )  # fmt: skip
    shown = {
        "organisation_detail": mandate.post.organisation, "post_open": mandate.post.organisation,
        "person_detail": marie, "person_access": marie, "mandate_grant": marie,
        "mandate_end": mandate, "delegation_end": delegation,
    }  # fmt: skip

    def find(page):
        return reverse(f"identity:{page}", args=[shown[page].public_id] if page in shown else [])

    return find


def test_every_page_is_in_the_table():
    assert sorted(pattern.name for pattern in urls.urlpatterns) == sorted(PAGES)


@pytest.mark.parametrize(("column", "who"), list(enumerate(COLUMNS)))
@pytest.mark.parametrize("page", PAGES)
def test_answer(client, house, address, acting, page, column, who):
    if isinstance(who, Role):
        acting(who)
    elif who == "no mandate":
        client.force_login(house.person("Paul"), backend=BACKEND)
    assert client.get(address(page)).status_code == PAGES[page][column]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATEUR])
def test_a_forbidden_act_does_not_exist_and_changes_nothing(client, house, address, acting, role):
    # The address fixture already gave this post to someone.
    if role is Role.REFERENT_ARS:
        actions.end(
            Mandate.objects.get(), last_day=timezone.localdate() - timedelta(days=1), actor=ACTOR, at=NOW
        )
        client.force_login(house.mandate(role, starts_on=timezone.localdate()).person, backend=BACKEND)
        client.get(reverse("identity:mandate_choice"))
    else:
        acting(role)
    before = (
        Person.objects.count(),
        Mandate.objects.count(),
        Post.objects.count(),
        Organisation.objects.count(),
    )

    for page in (
        "person_access",
        "person_register",
        "mandate_grant",
        "mandate_end",
        "organisation_open",
        "post_open",
    ):
        assert client.post(address(page), {"acces": "ferme"}).status_code == 404

    after = (
        Person.objects.count(),
        Mandate.objects.count(),
        Post.objects.count(),
        Organisation.objects.count(),
    )
    assert after == before
    assert Person.objects.get(name="Marie").is_active


# Administrators


@pytest.fixture
def admin(client, acting):
    acting(Role.ADMINISTRATEUR)
    return client


def text(response):
    return response.content.decode()


def test_an_account_is_opened_for_an_identity(admin):
    form = {"name": "Marie", "issuer": ISSUER, "subject": "marie-67", "email": "marie@example.org"}

    response = admin.post(reverse("identity:person_register"), form, follow=True)

    person = Person.objects.get(subject="marie-67")
    assert response.redirect_chain[-1][0] == reverse("identity:person_detail", args=[person.public_id])
    assert "Confiez-lui maintenant un mandat" in text(response)


def test_an_account_is_not_opened_twice(admin, house):
    house.person("Marie", subject="marie-67")
    form = {"name": "Marie", "issuer": ISSUER, "subject": "marie-67"}
    assert "a déjà un compte" in text(admin.post(reverse("identity:person_register"), form))


def test_an_identifier_may_be_as_long_as_openid_allows(admin):
    form = {"name": "Marie", "issuer": ISSUER}

    admin.post(reverse("identity:person_register"), {**form, "subject": "é" * 255})
    refused = admin.post(reverse("identity:person_register"), {**form, "subject": "a" * 256})

    assert Person.objects.filter(name="Marie").values_list("subject", flat=True).get() == "é" * 255
    assert list(refused.context["form"].errors) == ["subject"]


@pytest.mark.parametrize(
    "wrong", [{"issuer": "pas une adresse"}, {"subject": ""}, {"name": ""}, {"email": "x"}], ids=str
)
def test_a_wrong_account_is_refused_field_by_field(admin, wrong):
    form = {"name": "Marie", "issuer": ISSUER, "subject": "marie-67", **wrong}
    response = admin.post(reverse("identity:person_register"), form)
    assert list(response.context["form"].errors) == list(wrong)
    assert "Rien n’a été enregistré" in text(response)


def test_the_access_of_a_person_is_closed_and_opened(admin, house):
    marie = house.person("Marie")
    url = reverse("identity:person_access", args=[marie.public_id])

    admin.post(url, {"acces": "ferme"})
    assert not Person.objects.get(pk=marie.pk).is_active
    admin.post(url, {"acces": "ouvert"})
    assert Person.objects.get(pk=marie.pk).is_active


def test_an_administrator_is_told_why_their_own_access_stays_open(admin):
    person = Person.objects.get(pk=admin.session["_auth_user_id"])
    url = reverse("identity:person_access", args=[person.public_id])
    assert "votre propre accès" in text(admin.post(url, {"acces": "ferme"}, follow=True))


def test_a_mandate_is_granted_from_the_posts_of_a_territory(admin, house, today):
    marie = house.person("Marie")
    url = reverse("identity:mandate_grant", args=[marie.public_id])
    post = house.posts[Role.REFERENT_ARS]
    assert str(post.public_id) not in text(admin.get(url, {"territoire": "35"}))
    assert str(post.public_id) in text(admin.get(url, {"territoire": "67"}))
    assert str(house.posts[Role.DG_ARS].public_id) in text(admin.get(url, {"territoire": "r44"}))
    assert str(house.posts[Role.DPO].public_id) in text(admin.get(url, {"territoire": "national"}))

    form = {"post": post.public_id, "holding": Holding.TITULAIRE.value, "starts_on": today.isoformat()}
    response = admin.post(f"{url}?territoire=67", form, follow=True)

    assert Mandate.objects.get(person=marie).post == post
    assert "Marie reçoit le mandat" in text(response)


def test_a_second_titulaire_is_refused_in_one_sentence(admin, house, today):
    house.mandate(Role.REFERENT_ARS)
    url = reverse("identity:mandate_grant", args=[house.person("Marie").public_id])
    form = {
        "post": house.posts[Role.REFERENT_ARS].public_id,
        "holding": "titulaire",
        "starts_on": today.isoformat(),
    }
    assert "a déjà un titulaire" in text(admin.post(f"{url}?territoire=67", form))


def test_a_territory_without_a_post_says_what_to_do(admin, house):
    url = reverse("identity:mandate_grant", args=[house.person("Marie").public_id])
    assert "Aucun poste sur ce territoire" in text(admin.get(url, {"territoire": "r53"}))


def test_a_mandate_is_ended(admin, house, today):
    mandate = house.mandate(Role.REFERENT_ARS)
    admin.post(reverse("identity:mandate_end", args=[mandate.public_id]), {"last_day": today.isoformat()})
    assert Mandate.objects.get(pk=mandate.pk).ends_on == today


def test_the_mandate_in_use_is_not_ended(admin, today):
    mandate = Mandate.objects.get(person=admin.session["_auth_user_id"])
    url = reverse("identity:mandate_end", args=[mandate.public_id])
    assert "sous lequel vous agissez" in text(admin.post(url, {"last_day": today.isoformat()}))


def test_a_delegation_is_declared_listed_and_ended(admin, house, today):
    marie = house.person("Marie")
    form = {"given_by": house.posts[Role.PREFET].public_id, "given_to": marie.public_id,
            "reference": "Arrêté n° 12", "starts_on": today.isoformat()}  # fmt: skip
    assert "Arrêté n° 12" in text(admin.post(reverse("identity:delegation_give"), form, follow=True))

    delegation = Delegation.objects.get()
    url = reverse("identity:delegation_end", args=[delegation.public_id])
    early = {"last_day": (today - timedelta(days=1)).isoformat()}
    assert "précède le premier" in text(admin.post(url, early))
    admin.post(url, {"last_day": today.isoformat()})
    assert Delegation.objects.get().ends_on == today


def test_only_signatories_may_delegate(admin, house, today):
    form = {"given_by": house.posts[Role.REFERENT_ARS].public_id, "given_to": house.person("Marie").public_id,
            "reference": "Arrêté n° 12", "starts_on": today.isoformat()}  # fmt: skip
    response = admin.post(reverse("identity:delegation_give"), form)
    assert list(response.context["form"].errors) == ["given_by"]


def test_an_organisation_and_its_post_are_opened(admin, house, today):
    form = {
        "kind": "cell",
        "name": "Cellule du Bas-Rhin",
        "departement": "67",
        "opened_on": today.isoformat(),
    }
    admin.post(reverse("identity:organisation_open"), form)
    cell = Organisation.objects.get(kind="cell")
    url = reverse("identity:post_open", args=[cell.public_id])
    form = {"role": Role.COORDINATEUR_CPRAF.value, "opened_on": today.isoformat()}

    assert "n’a pas de région" in text(admin.post(url, {**form, "scope": "region"}))
    response = admin.post(url, {**form, "scope": "departement"}, follow=True)

    assert "vacant depuis" in text(response)
    assert Post.objects.get(organisation=cell).departement_id == "67"


def test_persons_are_found_without_their_accents_and_filtered(admin, house):
    house.person("Hélène Müller", subject="h")
    house.person("Paul Closed", subject="p", is_active=False)
    url = reverse("identity:person_list")

    assert "Hélène Müller" in text(admin.get(url, {"recherche": "helene mul"}))
    assert "Hélène Müller" not in text(admin.get(url, {"acces": "ferme"}))
    assert "Paul Closed" in text(admin.get(url, {"acces": "ferme"}))
    assert "Personne ne répond à cette recherche" in text(admin.get(url, {"recherche": "zzz"}))


def test_persons_are_shown_fifty_a_page(admin, house):
    for number in range(60):
        house.person(f"Personne {number:02}")
    url = reverse("identity:person_list")

    assert "Personne 55" not in text(admin.get(url))
    assert "Personne 55" in text(admin.get(url, {"page": 2}))
    assert (
        "Personne 55" in text(admin.get(url, {"page": "trop"}))
        or admin.get(url, {"page": "x"}).status_code == 200
    )


def test_a_list_of_persons_costs_the_same_for_forty(admin, house, django_assert_max_num_queries):
    for number in range(40):
        house.mandate(Role.DPO, person=house.person(f"Personne {number}"),
                      starts_on=OPENED + timedelta(days=number), ends_on=OPENED + timedelta(days=number))  # fmt: skip
    with django_assert_max_num_queries(7):  # session, person, mandate, count, persons, mandates
        assert admin.get(reverse("identity:person_list")).status_code == 200


def test_empty_lists_say_what_to_do_next(admin):
    assert "Aucune délégation" in text(admin.get(reverse("identity:delegation_list")))
    assert "Aucune organisation ne répond" in text(
        admin.get(reverse("identity:organisation_list"), {"recherche": "zz"})
    )


# Vacancies


def vacancies(client, **query):
    """The vacant posts of a page, by place and role; of both référents unless another post is asked for."""
    query = {"poste": "referents"} | query
    response = client.get(reverse("identity:vacancy_list"), query)
    return [(seat.post.departement_id, seat.post.role) for seat in response.context["seats"]]


def test_every_post_of_the_two_institutions_is_counted_with_its_denominator(client, acting, house):
    acting(Role.DESK_SANTE)
    house.mandate(Role.REFERENT_ARS)
    response = client.get(reverse("identity:vacancy_list"))

    assert response.context["counts"] == [
        ("préfet", 1, 1),
        ("référent radicalisation de la préfecture", 2, 2),
        ("coordinateur de la CPRAF", 1, 1),
        ("directeur général de l’ARS", 1, 1),
        ("référent radicalisation de l’ARS", 1, 2),
    ]
    page = text(response).replace("\N{NO-BREAK SPACE}", " ")
    assert "Postes vacants : 6 sur 7" in page
    assert "Grand Est (région)" in page
    assert vacancies(client, poste="dg_ars") == [(None, "dg_ars")]
    assert vacancies(client, poste="dg_ars", region="53") == []
    assert vacancies(client, poste="prefet", cote="ars") == []
    assert len(vacancies(client, poste="autre")) == 6


def test_a_national_role_sees_every_vacancy_with_its_denominator(client, acting, house):
    house.mandate(Role.REFERENT_ARS)
    acting(Role.DESK_SANTE)

    assert vacancies(client) == [
        ("35", "referent_ars"),
        ("35", "referent_prefecture"),
        ("67", "referent_prefecture"),
    ]
    page = text(client.get(reverse("identity:vacancy_list"), {"poste": "referents"}))
    assert "3 sur 4" in page.replace("\N{NO-BREAK SPACE}", " ")


def test_vacancies_are_filtered_by_side_and_by_region(client, acting):
    acting(Role.DESK_SANTE)

    assert vacancies(client, cote="ars") == [("35", "referent_ars"), ("67", "referent_ars")]
    assert vacancies(client, region="44") == [("67", "referent_ars"), ("67", "referent_prefecture")]
    assert vacancies(client, cote="ars", region="44") == [("67", "referent_ars")]
    assert vacancies(client, cote="autre", region="99") == []


@pytest.mark.parametrize("role", [Role.REFERENT_PREFECTURE, Role.PSYCHIATRE, Role.PREFET, Role.DG_ARS])
def test_a_local_role_sees_the_vacancies_of_its_territory_only(client, acting, role):
    acting(role)
    assert {code for code, _ in vacancies(client)} == {"67"}


def test_a_vacancy_is_counted_in_days(client, acting, house, today):
    acting(Role.DESK_SANTE)
    house.mandate(Role.REFERENT_ARS, ends_on=today - timedelta(days=10))

    asked = {"poste": "referent_ars", "region": "44"}
    response = client.get(reverse("identity:vacancy_list"), asked)

    [seat] = response.context["seats"]
    assert (seat.vacancy.days, seat.vacancy.vacant_since) == (10, today - timedelta(days=9))


def test_a_territory_whose_posts_are_all_held_says_so(client, acting, house):
    acting(Role.REFERENT_PREFECTURE)
    house.mandate(Role.REFERENT_ARS)
    page = client.get(reverse("identity:vacancy_list"), {"poste": "referents"})
    assert "Aucun de ces postes n’est vacant" in text(page)


def test_vacancies_cost_the_same_whatever_their_number(client, acting, house, django_assert_max_num_queries):
    acting(Role.DESK_SANTE)
    with django_assert_max_num_queries(7):  # session, person, mandate, départements, posts, stays
        client.get(reverse("identity:vacancy_list"))
