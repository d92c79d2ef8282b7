"""The 101 départements and their particular cases, read from the official geographic code fetched at set-up."""

import json

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from traitdunion.audit.actors import task
from traitdunion.territories import actions
from traitdunion.territories.models import Ars, Departement, Region
from traitdunion.territories.queries import departement, names_by_code
from traitdunion.territories.rules import UnknownDepartementError, departement_code, name_with_link
from traitdunion.territories.sources import GeographicCodeError, read_geographic_code

pytestmark = pytest.mark.django_db
OVERSEAS = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}


@pytest.fixture(scope="module")
def country(django_db_setup, django_db_blocker):
    """The country, loaded once for the module and rolled back after it."""
    code = read_geographic_code(settings.ASSETS / "geographic-code")
    with django_db_blocker.unblock(), transaction.atomic():
        yield actions.load(code, actor=task("essai"), at=timezone.now())
        transaction.set_rollback(True)


def test_there_are_101_departements_in_18_regions_with_one_ars_each(country):
    assert country == Departement.objects.count() == 101
    assert Region.objects.count() == Ars.objects.count() == 18
    assert not Departement.objects.exclude(source__startswith="@etalab/decoupage-administratif ").exists()


def test_loading_twice_changes_nothing(country):
    before = list(Departement.objects.order_by("code").values())
    actions.load(
        read_geographic_code(settings.ASSETS / "geographic-code"), actor=task("essai"), at=timezone.now()
    )
    assert list(Departement.objects.order_by("code").values()) == before


def test_in_paris_the_prefet_de_police_stands_for_the_state(country):
    paris = departement("75")
    assert (paris.prefecture_name, paris.representative) == ("Préfecture de police", "préfet de police")


def test_corse_has_two_departements_and_one_ars(country):
    south, north = departement("2a"), departement("2B")
    assert (south.name, north.name) == ("Corse-du-Sud", "Haute-Corse")
    assert south.ars == north.ars


def test_the_rhone_is_one_departement_with_one_prefecture(country):
    assert departement("69").prefecture_name == "Préfecture du Rhône"


@pytest.mark.parametrize(("code", "zone"), OVERSEAS.items())
def test_overseas_departements_keep_their_own_clock(country, code, zone):
    found = departement(code)
    assert (found.time_zone, found.zone) == (zone, "drom")


def test_la_reunion_and_mayotte_have_an_ars_each(country):
    assert departement("974").ars.name == "ARS La Réunion"
    assert departement("976").ars.name == "ARS Mayotte"
    assert departement("974").ars != departement("976").ars


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("20", ("2A", "2B")),
        ("69M", ("69",)),
        ("69D", ("69",)),
        ("6AE", ("67", "68")),
        ("977", ("971",)),
        ("978", ("971",)),
        ("67000", ("67",)),
        ("20200", ("2A", "2B")),
        ("97410", ("974",)),
        ("bas rhin", ("67",)),
        ("Corse du sud", ("2A",)),
        ("Cote d'or", ("21",)),
    ],
)
def test_a_wrong_or_retired_code_is_refused_with_the_nearest_valid_ones(country, typed, nearest):
    with pytest.raises(UnknownDepartementError) as refusal:
        departement(typed)

    assert refusal.value.nearest[: len(nearest)] == nearest
    assert all(code in str(refusal.value) for code in nearest)


@pytest.mark.parametrize(
    "typed", ["975", "987", "988", "99", "", "ZZZZZZ", "000", "12345678901234567890" * 9]
)
def test_what_is_near_nothing_is_refused_all_the_same(country, typed):
    with pytest.raises(
        UnknownDepartementError, match=r"n’est pas le code .*(dans la liste des|les plus proches)"
    ):
        departement(typed)


@pytest.mark.parametrize(("typed", "code"), [("1", "01"), (" 2a ", "2A"), ("2 b", "2B"), ("974", "974")])
def test_small_slips_of_the_hand_are_understood(country, typed, code):
    assert departement_code(typed, names_by_code()) == code


@pytest.mark.parametrize(
    ("name", "link", "said"),
    [("Ain", 5, "de l’Ain"), ("Landes", 4, "des Landes"), ("Mayotte", 0, "de Mayotte")],
)
def test_the_name_follows_its_linking_word(name, link, said):
    assert name_with_link(name, link) == said


def test_a_missing_or_short_list_is_refused(tmp_path):
    with pytest.raises(GeographicCodeError, match="traitdunion assets"):
        read_geographic_code(tmp_path)
    for name in ("departements", "regions"):
        (tmp_path / f"{name}.json").write_text("[]")
    (tmp_path / "package.json").write_text(json.dumps({"name": "x", "version": "1"}))
    with pytest.raises(GeographicCodeError, match="compte 0 départements"):
        read_geographic_code(tmp_path)
