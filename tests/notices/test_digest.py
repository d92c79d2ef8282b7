"""The weekly digest: each role is told what concerns it, once a week, and only if there is something."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.conventions import facts
from tests.notices.test_calendar_feed import action
from traitdunion.conventions.kinds import Step, Turn
from traitdunion.conventions.models import Convention
from traitdunion.identity.kinds import OrganisationKind, Role, Side
from traitdunion.identity.models import Mandate, Post
from traitdunion.notices.models import Notice, Preference
from traitdunion.plan.kinds import Owner
from traitdunion.portal import digest, tasks

MONDAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 6, tzinfo=UTC)


def write(day=MONDAY):
    return tasks.write_week(day, at=AT)


def told(mandate, day=MONDAY):
    """Return what a mandate is told: the lines of each section."""
    mandate = Mandate.objects.select_related("person", "post__organisation").get(pk=mandate.pk)
    found = digest.sections(mandate, digest.read(day))
    return {section.title: [line.text for line in section.lines] for section in found}


@pytest.fixture
def quiet(bas_rhin):
    """A département where nothing is waited for: a convention applied, no term in sight."""
    made, held = facts.living(bas_rhin, MONDAY)
    Convention.objects.filter(pk=made.pk).update(ends_on=MONDAY + timedelta(days=500))
    return made, held


def test_nothing_to_say_sends_nothing(quiet):
    assert write() == 0
    assert not Notice.objects.exists()


def test_each_side_is_told_its_own_turn(bas_rhin):
    made = facts.convention(bas_rhin)
    facts.step(made, Step.RELECTURE, MONDAY - timedelta(days=9), Turn.ARS)
    prefecture, ars = (facts.mandate(facts.post(side, bas_rhin)) for side in Side)
    assert told(ars)["À vous de jouer"] == ["Bas-Rhin (67) : À vous de relire le texte depuis le 21/02/2026."]
    assert told(prefecture)["Vous attendez l’ARS"] == [
        "Bas-Rhin (67) : L’ARS doit relire le texte depuis le 21/02/2026."
    ]
    assert "À vous de jouer" not in told(prefecture)


def test_a_departement_without_convention_is_told_to_both(bas_rhin):
    held = [facts.mandate(facts.post(side, bas_rhin)) for side in Side]
    for mandate in held:
        [line] = told(mandate)["À vous de jouer"]
        assert line.startswith("Bas-Rhin (67) : Aucune convention : à vous ou à ")


@pytest.mark.parametrize(("left", "is_told"), [(181, False), (180, True), (0, True)])
def test_a_term_within_the_ladder_is_told(quiet, left, is_told):
    made, held = quiet
    Convention.objects.filter(pk=made.pk).update(ends_on=MONDAY + timedelta(days=left))
    assert ("Termes qui approchent" in told(held[Side.ARS])) is is_told


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (-1, "en retard depuis le 2 mars 2026"),
        (0, "à rendre le 2 mars 2026"),
        (14, "à rendre le 16 mars 2026"),
    ],
)
def test_an_action_late_or_due_in_fourteen_days_is_told_to_its_side(quiet, bas_rhin, due, words):
    _, held = quiet
    action("Former les relais", MONDAY + timedelta(days=due), bas_rhin, Owner.PREFECTURE.value)
    assert told(held[Side.PREFECTURE]) == {
        "Actions en retard ou à rendre dans les 14 jours": [f"Bas-Rhin (67) : Former les relais, {words}."]
    }
    assert told(held[Side.ARS]) == {}


def test_an_action_due_later_is_not_told(quiet, bas_rhin):
    _, held = quiet
    action("Plus tard", MONDAY + timedelta(days=15), bas_rhin, Owner.BOTH.value)
    assert told(held[Side.ARS]) == {}


def test_a_silent_contact_is_told_by_its_side_not_by_its_name(quiet, bas_rhin):
    _, held = quiet
    stand_in = facts.mandate(held[Side.ARS].post, facts.person("Nom Secret"), holding=facts.Holding.SUPPLEANT)
    facts.check(stand_in, asked_on=MONDAY - timedelta(days=10))
    assert told(held[Side.PREFECTURE])["Contacts sans réponse ce trimestre"] == [
        "Bas-Rhin (67) : contact de l’ARS, demandé le 20 février 2026, sans réponse."
    ]
    [own] = told(stand_in)["Contacts sans réponse ce trimestre"]
    assert "vous n’avez pas confirmé" in own


def test_a_vacancy_is_told_to_the_other_side_and_to_the_caregivers(quiet, bas_rhin):
    _, held = quiet
    gone = held[Side.ARS]
    gone.ends_on = MONDAY - timedelta(days=10)
    gone.save()
    line = "Bas-Rhin (67) : référent radicalisation de l’ARS, vacant depuis le 21 février 2026 (10 jours)."
    assert told(held[Side.PREFECTURE])["Postes vacants"] == [line]
    seat = Post.objects.create(
        organisation=facts.organisation(OrganisationKind.ESTABLISHMENT, bas_rhin),
        role=Role.PSYCHIATRE.value,
        departement=bas_rhin,
        opened_on=date(2000, 1, 1),
    )
    assert told(facts.mandate(seat)) == {"Vos interlocuteurs": [line]}


def test_a_ministry_is_told_counts_with_their_denominator(quiet):
    facts.departement("35", "Ille-et-Vilaine", facts.region("53", "Bretagne"))
    action("Nationale", MONDAY - timedelta(days=1))
    assert told(facts.national_mandate())["La nation cette semaine"] == [
        "Départements sans convention en vigueur sur 2 : 1.",
        "Actions nationales en retard : 1.",
    ]


@pytest.mark.parametrize("role", [Role.DPO, Role.INSPECTEUR])
def test_who_only_consults_is_told_nothing(bas_rhin, role):
    assert told(facts.national_mandate(role)) == {}


def test_a_long_list_is_cut_and_says_how_much_is_left(quiet, bas_rhin):
    _, held = quiet
    for rank in range(20):
        action(f"Action {rank}", MONDAY, bas_rhin, Owner.ARS.value)
    [lines] = told(held[Side.ARS]).values()
    assert len(lines) == digest.MOST_LINES
    assert lines[-1] == "Et 13 autres, à lire sur le site."


def test_one_message_a_week_whatever_the_number_of_mandates_and_runs(bas_rhin):
    reader = facts.person("Deux Mandats", email="deux@example.org")
    for side in Side:
        facts.mandate(facts.post(side, bas_rhin), reader)
    assert write() == 1
    assert write(MONDAY + timedelta(days=2)) == 0
    assert write(MONDAY + timedelta(days=7)) == 1
    notice = Notice.objects.order_by("pk").first()
    assert notice.subject == "Votre semaine du 2 mars 2026"
    assert notice.body.count("==\n") == 2
    assert "http://127.0.0.1:8000/" in notice.body
    assert "Deux Mandats" not in notice.body


def test_who_turned_it_off_or_lost_access_receives_nothing(bas_rhin):
    off, closed = facts.person("Sans résumé"), facts.person("Fermé", is_active=False)
    Preference.objects.create(person=off, weekly_digest=False)
    facts.mandate(facts.post(Side.ARS, bas_rhin), off)
    facts.mandate(facts.post(Side.PREFECTURE, bas_rhin), closed)
    assert write() == 0


@pytest.mark.parametrize("departements", [1, 10])
def test_reading_the_week_costs_the_same_for_ten_departements(
    db, departements, django_assert_max_num_queries
):
    for rank in range(departements):
        facts.living(facts.departement(f"9{rank}", f"Essai {rank}", facts.region()), MONDAY)
    with django_assert_max_num_queries(17):
        digest.read(MONDAY)


def test_a_tick_before_seven_in_paris_does_nothing(bas_rhin, monkeypatch):
    ran = []
    monkeypatch.setattr(tasks, "write_week", lambda *_, **__: ran.append(1))
    for hour in (5, 6):
        tasks.write_digests(int(datetime(2026, 1, 19, hour, tzinfo=UTC).timestamp()))
    assert ran == [1]
