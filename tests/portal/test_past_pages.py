"""« À la date du … » on the pages that cross several apps, and what changed in the conventions between two dates."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.conventions import facts
from traitdunion.conventions.kinds import State
from traitdunion.conventions.models import Convention, LastVisit
from traitdunion.identity.kinds import Role, Side
from traitdunion.portal import queries

pytestmark = pytest.mark.django_db


def ago(days):
    return timezone.localdate() - timedelta(days=days)


def noon(day):
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


@pytest.fixture
def place():
    """A convention in force for 40 days, told to the tool 30 days ago, in a département that has its référents."""
    found = facts.departement()
    facts.convention(found, signed_on=ago(40), starts_on=ago(40), at=noon(ago(30)))
    for side in Side:
        facts.mandate(facts.post(side, found), facts.person(f"Personne {side.label}"), at=noon(ago(30)))
    facts.meeting(found, ago(30), at=noon(ago(30)))
    return found


@pytest.fixture
def desk(client, place):
    return facts.sign_in(client, facts.national_mandate())


def words(answer):
    text = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
    return re.sub(r"\s+", " ", text)


def read(client, page, day, *args, **query):
    return client.get(reverse(page, args=args), {"au": day.isoformat(), **query})


# The two institutions


def test_the_two_institutions_of_a_past_day_are_those_then_known(desk):
    before, after = read(desk, "portal:dyad", ago(35), "67"), read(desk, "portal:dyad", ago(30), "67")

    assert "aucune convention" in words(before)
    assert "Personne ARS" not in words(before)
    assert "en vigueur" in words(after)
    assert "Personne ARS" in words(after)
    for answer in (before, after):
        assert "rien ne s’y écrit" in words(answer)
        assert "Ce qui s’était passé jusqu’à cette date" in words(answer)


def test_every_link_of_a_past_page_keeps_the_day(desk, place):
    page = read(desk, "portal:dyad", ago(20), "67").content.decode()
    made = Convention.objects.get()

    for address in (
        reverse("portal:departement_list"),
        reverse("conventions:convention_detail", args=[made.public_id]),
        reverse("conventions:departement_history", args=["67"]),
        reverse("conventions:meeting_list", args=["67"]),
        reverse("conventions:contact_list", args=["67"]),
    ):
        assert f'href="{address}?au={ago(20)}"' in page, address
    assert f'href="{reverse("plan:action_list")}?territoire=67&amp;au={ago(20)}"' in page


def test_a_past_page_opens_no_draft_and_loads_no_result_of_today(client, place):
    prefet = facts.mandate(facts.post(Side.PREFECTURE, facts.departement("68", "Haut-Rhin")))
    facts.sign_in(client, prefet)
    start = reverse("conventions:convention_start", args=["68"])

    assert start in client.get(reverse("portal:dyad", args=["68"])).content.decode()
    past = read(client, "portal:dyad", ago(9), "68").content.decode()
    assert start not in past
    assert "hx-trigger" not in past


def test_to_read_the_past_is_no_visit(desk):
    read(desk, "portal:dyad", ago(9), "67")
    assert not LastVisit.objects.exists()

    first = words(desk.get(reverse("portal:dyad", args=["67"])))
    assert "C’est votre première visite" in first
    mark = LastVisit.objects.get().visited_at
    read(desk, "portal:dyad", ago(9), "67")
    assert LastVisit.objects.get().visited_at == mark


def test_a_second_visit_tells_only_what_changed_since(desk):
    desk.get(reverse("portal:dyad", args=["67"]))
    LastVisit.objects.update(visited_at=timezone.now() - timedelta(days=2))

    page = words(desk.get(reverse("portal:dyad", args=["67"])))

    assert "Ce qui a changé depuis votre visite" in page
    assert "Rien n’a changé depuis votre dernière visite." in page
    assert "première visite" not in page


def test_a_day_that_is_no_day_is_told_and_read_today(desk):
    page = words(desk.get(reverse("portal:dyad", args=["67"]), {"au": "hier"}))
    assert "« hier » n’est pas une date" in page
    assert "Page lue" not in page


# Homes and lists


def test_the_home_of_a_past_day_is_the_departements_of_that_day(desk, place, client):
    assert read(desk, "portal:home", ago(9)).url == f"{reverse('portal:departement_list')}?au={ago(9)}"
    assert reverse("portal:departement_list") in desk.get(reverse("portal:home")).content.decode()

    facts.sign_in(client, facts.mandate(facts.post(Side.ARS, place), since=ago(900)))
    assert read(client, "portal:home", ago(9)).url == f"/departements/67/?au={ago(9)}"


def test_the_departements_of_a_past_day_stand_where_they_stood(desk):
    before, after = (
        read(desk, "portal:departement_list", ago(35)),
        read(desk, "portal:departement_list", ago(30)),
    )

    assert "aucune convention" in words(before)
    assert "en vigueur" in words(after)
    assert f'href="/departements/67/?au={ago(30)}"' in after.content.decode()


def test_a_post_recorded_later_was_vacant_that_day(desk):
    before, after = read(desk, "identity:vacancy_list", ago(35)), read(desk, "identity:vacancy_list", ago(30))

    assert "2 sur 2" in words(before)
    assert "0 sur 2" in words(after)
    assert f'value="{ago(35)}"' in before.content.decode()


def test_a_list_is_filtered_without_leaving_the_day(desk):
    page = read(desk, "portal:departement_list", ago(30), q="rhin").content.decode()

    assert f'<input type="hidden" name="au" value="{ago(30)}">' in page
    assert f'href="{reverse("portal:departement_list")}?au={ago(30)}">Tout afficher' in page


# Whose turn it is


@pytest.mark.parametrize(
    ("role", "said"),
    [
        (Role.DESK_SANTE, "Aucune convention : la préfecture ou l’ARS doit ouvrir un projet."),
        (Role.DPO, "Aucune convention : on attend la préfecture ou l’ARS. Rien ne vous est demandé."),
    ],
)
def test_whose_turn_it_is_depends_on_who_reads(client, role, said):
    facts.departement("68", "Haut-Rhin")
    facts.sign_in(client, facts.national_mandate(role))
    assert said in words(client.get(reverse("portal:dyad", args=["68"])))


def test_the_turn_is_that_of_the_draft_once_the_convention_is_over(place):
    Convention.objects.update(ends_on=ago(5))
    draft = facts.convention(place, title="La suite", at=noon(ago(4)))
    facts.step(draft, facts.Step.RELECTURE, ago(3), facts.Turn.ARS, at=noon(ago(3)))

    page = queries.dyad(place, mandate=facts.national_mandate(), day=ago(0))

    assert page.situation.state is State.ECHUE
    assert page.turn == (
        f"L’ARS doit relire le texte depuis le {ago(3):%d/%m/%Y} (référent radicalisation de l’ARS)."
    )


# Two dates


def test_what_changed_in_the_conventions_between_two_dates(desk):
    other = facts.departement("68", "Haut-Rhin")
    facts.convention(other, signed_on=ago(400), starts_on=ago(400), ends_on=ago(10))
    facts.living(facts.departement("13", "Bouches-du-Rhône"), ago(20))

    answer = desk.get(
        reverse("conventions:difference"), {"du": ago(35).isoformat(), "au": ago(1).isoformat()}
    )
    page = words(answer)

    assert "sur 3 départements" in page
    assert "Convention entrée en vigueur : 1 sur 3" in page  # told to the tool between the two days
    assert "Bas-Rhin (67) : aucune convention, puis en vigueur" in page
    assert "Convention échue : 1 sur 3" in page
    assert "Haut-Rhin (68) : en vigueur, puis échue" in page
    assert "Référents en poste des deux côtés" in page
    assert f'href="/departements/67/?au={ago(1)}"' in answer.content.decode()


def test_a_denunciation_and_a_vitality_lost_are_told(desk, place):
    Convention.objects.update(
        denounced_on=ago(3), denounced_reason="Refonte", denounced_recorded_at=noon(ago(4))
    )
    made = facts.departement("13", "Bouches-du-Rhône")
    facts.living(made, ago(180))

    page = words(
        desk.get(reverse("conventions:difference"), {"du": ago(175).isoformat(), "au": ago(0).isoformat()})
    )

    assert "Convention dénoncée : 1 sur 2" in page
    assert "Convention qui n’est plus appliquée : 1 sur 2" in page
    assert "ne tient plus dans 1 sur 2" in page


def test_two_conventions_dates_in_any_order_give_the_same_difference(desk):
    address, days = reverse("conventions:difference"), (ago(35).isoformat(), ago(1).isoformat())
    forth = desk.get(address, {"du": days[0], "au": days[1]}).context["difference"]
    back = desk.get(address, {"du": days[1], "au": days[0]}).context["difference"]

    assert forth == back
    assert forth.changes > 0


def test_nothing_changed_between_a_day_and_itself(desk):
    day = ago(1).isoformat()
    assert "Rien n’a changé" in words(desk.get(reverse("conventions:difference"), {"du": day, "au": day}))


def test_a_difference_stays_in_the_territory_of_the_mandate(client, place):
    far = facts.departement("13", "Bouches-du-Rhône", facts.region("93", "Provence-Alpes-Côte d’Azur"))
    facts.convention(far, signed_on=ago(20), starts_on=ago(20), at=noon(ago(20)))
    facts.sign_in(client, facts.region_mandate(place.region))

    page = words(client.get(reverse("conventions:difference"), {"du": ago(35).isoformat()}))

    assert "Bas-Rhin" in page
    assert "Bouches-du-Rhône" not in page


# Whatever the rows


PAGES = {
    "portal:home": (),
    "portal:departement_list": (),
    "portal:dyad": ("67",),
    "identity:vacancy_list": (),
    "conventions:convention_list": (),
    "conventions:departement_history": ("67",),
    "conventions:meeting_list": ("67",),
    "conventions:contact_list": ("67",),
    "conventions:alignment": (),
    "conventions:national": (),
    "conventions:difference": (),
}


def crowd():
    """Three départements with five years of conventions, meetings, contacts and people in post, and more rows here."""
    for rank in range(3):
        facts.random_history(facts.departement(f"9{rank}", f"Lieu {rank}"), rank)
    here = Convention.objects.filter(departement="67").first().departement
    for rank in range(3):
        made = facts.convention(here, title=f"Projet {rank}", at=noon(ago(50)))
        facts.step(made, facts.Step.PROJET, ago(50 - rank), at=noon(ago(50 - rank)))
        facts.meeting(here, ago(rank + 1), at=noon(ago(rank + 1)))
        facts.mandate(facts.post(Side.ARS, here), at=noon(ago(40)))


@pytest.mark.parametrize("day", [0, 9])
def test_the_pages_cost_the_same_whatever_the_rows(desk, day, django_assert_max_num_queries):
    desk.get(reverse("portal:accessibility"))  # once a minute, a request also writes that the person was here

    def costs():
        found = {}
        for page, args in PAGES.items():
            with django_assert_max_num_queries(12) as asked:
                answer = desk.get(reverse(page, args=args), {"au": ago(day).isoformat()} if day else {})
            assert answer.status_code in {200, 302}, page
            found[page] = len(asked)
        return found

    # One convention at least is over: what follows it is read too.
    for rank in range(3):
        facts.random_history(facts.departement(f"8{rank}", f"Autre lieu {rank}"), rank)
    few = costs()
    crowd()
    assert costs() == few
