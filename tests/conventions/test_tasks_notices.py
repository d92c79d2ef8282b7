"""The expiry ladder and the quarterly question: who is told what, on which day, once."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.conventions import facts
from traitdunion.audit.actors import task
from traitdunion.audit.models import Entry
from traitdunion.conventions import actions_notices, tasks
from traitdunion.conventions.models import ContactCheck
from traitdunion.identity.kinds import OrganisationKind, Role, Side
from traitdunion.identity.models import Post
from traitdunion.notices.models import Notice

TERM = date(2027, 6, 30)
START = date(2024, 7, 1)
ACTOR = task("essai")


@pytest.fixture
def dyad(db):
    """A convention in force, both référents, the préfet and the director of the ARS in post."""
    place = facts.departement()
    made = facts.convention(place, signed_on=START, starts_on=START, ends_on=TERM)
    held = {
        Role.REFERENT_PREFECTURE: facts.mandate(facts.post(Side.PREFECTURE, place), facts.person("R1")),
        Role.REFERENT_ARS: facts.mandate(facts.post(Side.ARS, place), facts.person("R2")),
        Role.PREFET: prefet_of(place),
        Role.DG_ARS: facts.region_mandate(place.region, Role.DG_ARS),
    }
    return made, held


def prefet_of(place):
    seat = Post.objects.create(
        organisation=facts.organisation(OrganisationKind.PREFECTURE, place)
        if not place.organisation_set.filter(kind="prefecture").exists()
        else place.organisation_set.get(kind="prefecture"),
        role=Role.PREFET.value,
        departement=place,
        opened_on=date(2000, 1, 1),
    )
    return facts.mandate(seat, facts.person(f"Préfet {place.code}"))


def tell(day):
    at = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
    return actions_notices.tell_terms(day, actor=ACTOR, at=at)


def rungs():
    return [key.split(":")[2] for key in Notice.objects.order_by("pk").values_list("key", flat=True)]


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (181, []),
        (180, ["180"] * 2),
        (91, ["180"] * 2),
        (90, ["90"] * 2),
        (31, ["90"] * 2),
        (30, ["30"] * 4),
        (0, ["30"] * 4),
        (-1, ["0"] * 4),
        (-400, ["0"] * 4),
    ],
)
def test_the_rung_reached_is_told_alone_to_those_it_concerns(dyad, left, told):
    assert tell(TERM - timedelta(days=left)) == len(told)
    assert rungs() == told


def test_a_worker_stopped_for_two_days_tells_the_same(dyad):
    tell(TERM - timedelta(days=178))
    assert rungs() == ["180", "180"]


def test_day_after_day_each_rung_is_told_once(dyad):
    day = TERM - timedelta(days=200)
    while day < TERM + timedelta(days=30):
        tell(day)
        day += timedelta(days=1)
    assert sorted(rungs()) == sorted(["180"] * 2 + ["90"] * 2 + ["30"] * 4 + ["0"] * 4)
    assert Entry.objects.filter(event="conventions.convention.term_told").count() == 4


def test_a_run_repeated_tells_nothing_more(dyad):
    day = TERM - timedelta(days=30)
    assert (tell(day), tell(day)) == (4, 0)


def test_who_takes_a_post_between_two_rungs_is_told_the_one_in_progress(dyad):
    _, held = dyad
    tell(TERM - timedelta(days=180))
    leaving = held[Role.REFERENT_ARS]
    leaving.ends_on = TERM - timedelta(days=150)
    leaving.save()
    facts.mandate(leaving.post, facts.person("Nouveau"), since=TERM - timedelta(days=149))
    assert tell(TERM - timedelta(days=140)) == 1
    assert tell(TERM - timedelta(days=90)) == 2
    assert not Notice.objects.filter(key__contains=":90:", person=leaving.person).exists()


def test_a_person_with_two_posts_is_told_once(dyad):
    made, held = dyad
    seat = facts.post(Side.ARS, made.departement)
    facts.mandate(seat, held[Role.REFERENT_PREFECTURE].person)
    assert tell(TERM - timedelta(days=180)) == 2


def test_a_prefet_whose_departement_has_the_code_of_the_region_is_not_told(dyad):
    twin = facts.departement("44", "Loire-Atlantique", facts.region("52", "Pays de la Loire"))
    far = prefet_of(twin)
    tell(TERM - timedelta(days=30))
    assert not Notice.objects.filter(person=far.person).exists()


def test_a_convention_followed_without_a_gap_is_not_told(dyad):
    made, _ = dyad
    facts.convention(
        made.departement, signed_on=TERM - timedelta(days=60), starts_on=TERM + timedelta(days=1)
    )
    assert tell(TERM - timedelta(days=30)) == 0
    assert tell(TERM + timedelta(days=1)) == 0


def test_a_gap_before_the_next_convention_is_told(dyad):
    made, _ = dyad
    facts.convention(made.departement, signed_on=TERM, starts_on=TERM + timedelta(days=40))
    assert tell(TERM + timedelta(days=1)) == 4
    assert tell(TERM + timedelta(days=40)) == 0


@pytest.mark.parametrize("change", ["denounced", "unsigned", "later", "endless"])
def test_other_conventions_are_not_on_the_ladder(dyad, change):
    made, _ = dyad
    values = {
        "denounced": {"denounced_on": TERM - timedelta(days=100)},
        "unsigned": {"signed_on": None},
        "later": {"starts_on": TERM - timedelta(days=10)},
        "endless": {"ends_on": None},
    }
    type(made).objects.filter(pk=made.pk).update(**values[change])
    assert tell(TERM - timedelta(days=30)) == 0


def test_the_letter_says_when_and_what_to_do_and_names_nobody(dyad, settings):
    made, _ = dyad
    tell(TERM - timedelta(days=28))
    notice = Notice.objects.order_by("pk").first()
    assert notice.subject == "Convention du Bas-Rhin : terme dans 28 jours"
    assert "arrive à son terme le 30 juin 2027, dans 28 jours." in notice.body
    assert f"{settings.BASE_URL}/conventions/{made.public_id}/" in notice.body
    assert not any(name in notice.body for name in ("R1", "R2", "Préfet 67", "Signataire"))


def test_the_last_day_and_the_day_after_are_worded(dyad):
    tell(TERM)
    tell(TERM + timedelta(days=1))
    subjects = set(Notice.objects.values_list("subject", flat=True))
    assert subjects == {
        "Convention du Bas-Rhin : terme aujourd’hui",
        "Convention du Bas-Rhin : échue depuis le 1er juillet 2027",
    }


def test_the_ladder_costs_the_same_for_ten_conventions(dyad, django_assert_max_num_queries):
    for rank in range(10):
        place = facts.departement(f"9{rank}", f"Essai {rank}", facts.region())
        facts.convention(place, signed_on=START, starts_on=START, ends_on=TERM)
    day = TERM - timedelta(days=180)
    tell(day)
    with django_assert_max_num_queries(3):
        tell(day)


# Contacts


def test_each_referent_is_asked_once_a_quarter_with_a_link_of_its_own(dyad):
    day = date(2027, 4, 1)
    at = datetime(2027, 4, 1, 5, tzinfo=UTC)
    assert actions_notices.ask_contacts(day, actor=ACTOR, at=at) == 2
    assert actions_notices.ask_contacts(day + timedelta(days=1), actor=ACTOR, at=at) == 0
    assert ContactCheck.objects.count() == 2
    first, second = Notice.objects.order_by("pk")
    assert first.body != second.body
    assert "/conventions/contact/" in first.body
    assert "Il vaut jusqu’au 30 juillet 2027." in first.body


def test_a_tick_before_six_in_paris_does_nothing(dyad, monkeypatch):
    ran = []
    monkeypatch.setattr(actions_notices, "tell_terms", lambda *_, **__: ran.append("terms"))
    monkeypatch.setattr(actions_notices, "ask_contacts", lambda *_, **__: ran.append("contacts"))
    for hour in (4, 5):
        tick = int(datetime(2026, 1, 20, hour, tzinfo=UTC).timestamp())
        tasks.tell_terms(tick)
    assert ran == ["terms"]
