"""Whom a table names as signatory: held to a power that day when the site knows the name, told apart otherwise."""

from datetime import date

import pytest

from tests.conventions import facts
from tests.conventions.test_import_conventions import (  # noqa: F401  # the territories, and one table
    SIGNED,
    apply,
    check,
    country,
    only,
    said,
    table,
)
from traitdunion.conventions.kinds import Basis
from traitdunion.conventions.models import Signature
from traitdunion.conventions.queries_drafting import signature_note
from traitdunion.identity.kinds import OrganisationKind, Role, Side
from traitdunion.identity.models import Delegation, Organisation, Post

pytestmark = pytest.mark.django_db
NAMED = SIGNED | {"signataire préfecture": "Anne Durand", "qualité préfecture": "préfète"}


@pytest.fixture
def prefect():
    """The post of the prefect of the Bas-Rhin, held by Anne Durand from 2024 on."""
    seat = Organisation.objects.get(kind=OrganisationKind.PREFECTURE.value, departement="67")
    post = Post.objects.create(
        organisation=seat, role=Role.PREFET.value, departement_id="67", opened_on=date(2000, 1, 1)
    )
    facts.mandate(post, facts.person("Anne Durand"), since=date(2024, 1, 1), until=date(2025, 12, 31))
    return post


def basis(side=Side.PREFECTURE):
    return Basis(Signature.objects.get(side=side.value).basis)


@pytest.mark.parametrize("name", ["Anne Durand", "Mme DURAND Anne", "anne  durand"])
def test_someone_known_who_could_sign_is_checked(prefect, name):
    outcome = apply(table(NAMED | {"signataire préfecture": name}))

    assert outcome.errors == ()
    signature = Signature.objects.get(side=Side.PREFECTURE.value)
    assert (basis(), signature.signatory.name, signature.post) == (Basis.CHECKED, "Anne Durand", prefect)
    assert signature_note(signature) == "déclarée à l’import, pouvoir vérifié à cette date"


def test_someone_known_who_could_not_sign_that_day_is_refused_with_the_cell(prefect):
    outcome = apply(table(NAMED | {"signée préfecture le": date(2023, 12, 31)}))

    error = only(outcome)
    assert error.startswith("G2 : Le 31/12/2023, Anne Durand ne pouvait pas signer pour la préfecture")
    assert "du 01/01/2024 au 31/12/2025" in error
    assert "second prénom" in error
    assert not Signature.objects.exists()


def test_someone_known_without_any_power_is_refused_and_who_could_is_told(prefect):
    facts.person("Paul Petit")

    error = only(check(table(NAMED | {"signataire préfecture": "Paul Petit"})))

    assert "ni mandat de signataire ni délégation" in error
    assert "Anne Durand (préfet, du 01/01/2024" in error


def test_a_delegation_counts_on_its_days_only(prefect):
    deputy = facts.person("Paul Petit")
    Delegation.objects.create(
        given_by=prefect,
        given_to=deputy,
        reference="2024-12",
        starts_on=date(2024, 3, 1),
        ends_on=date(2024, 3, 1),
        **facts.authored(),
    )
    by_deputy = NAMED | {"signataire préfecture": "Paul Petit"}

    assert check(table(by_deputy)).errors == ()
    assert "délégation 2024-12" in only(check(table(by_deputy | {"signée préfecture le": date(2024, 3, 2)})))


def test_a_power_of_another_side_or_place_is_none_here(prefect):
    on_the_other_side = SIGNED | {"signataire ars": "Anne Durand"}
    elsewhere = NAMED | {"département": "68"}

    assert "pour l’ARS" in only(check(table(on_the_other_side)))
    assert "pour la préfecture" in only(check(table(elsewhere)))


def test_the_power_of_a_region_holds_in_its_departements():
    ars = Organisation.objects.get(kind=OrganisationKind.ARS.value)
    post = Post.objects.create(
        organisation=ars, role=Role.DG_ARS.value, region_id="44", opened_on=date(2000, 1, 1)
    )
    facts.mandate(post, facts.person("Un Directeur"))

    assert apply(table(SIGNED)).errors == ()
    assert (basis(Side.ARS), basis()) == (Basis.CHECKED, Basis.DECLARED)


def test_those_taken_at_their_word_are_counted_apart(prefect):
    unnamed = {"département": "68", "signataire ars": None, "qualité ars": None}

    [note] = check(table(NAMED, SIGNED | unnamed)).notes

    assert note == (
        "Signatures du tableau : 4, dont 1 au pouvoir vérifié à leur date et 3 déclarées sans vérification "
        "(1 sans nom de signataire)."
    )


def test_a_table_without_signature_has_no_note():
    assert check(table({"département": "67", "intitulé": "Projet"})).notes == ()


def test_what_was_checked_once_is_not_asked_again(prefect):
    apply(table(NAMED))
    prefect.mandates.update(ends_on=date(2024, 1, 31))

    outcome = apply(table(NAMED | {"qualité préfecture": "préfète du Bas-Rhin"}))

    assert said(outcome) == []
    assert outcome.difference.summary() == "1 valeur change"
    assert basis() is Basis.CHECKED


def test_another_signatory_is_no_longer_checked(prefect):
    apply(table(NAMED))

    assert apply(table(NAMED | {"signataire préfecture": "Une inconnue"})).errors == ()
    signature = Signature.objects.get(side=Side.PREFECTURE.value)
    assert (basis(), signature.signatory, signature.post) == (Basis.DECLARED, None, None)


def test_the_number_of_queries_does_not_depend_on_the_signatories(prefect, django_assert_max_num_queries):
    rows = [
        NAMED | {"référence": f"R{year}", "signée préfecture le": date(2024, 2, 1), "signée ars le": date(2024, 2, 1),
                 "entrée en vigueur": date(year, 3, 1), "fin": date(year, 4, 1)}
        for year in range(2024, 2044)
    ]  # fmt: skip

    with django_assert_max_num_queries(20):
        assert check(table(*rows)).errors == ()
