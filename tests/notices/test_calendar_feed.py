from datetime import date, timedelta

import pytest
from django.utils import timezone
from icalendar import Calendar

from tests.conventions import facts
from traitdunion.conventions.models import ContactCheck, Meeting
from traitdunion.identity.kinds import Role, Side
from traitdunion.notices import actions
from traitdunion.plan.kinds import OriginKind, Owner, Provenance
from traitdunion.plan.models import Action, ActionRevision


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def feed(client):
    """Read the calendar of a mandate, as a calendar program does: without a session."""

    def read(mandate, **headers):
        secret = actions.create_link(mandate, actor=mandate.as_actor(), at=timezone.now())
        return read_again(secret, **headers)

    def read_again(secret, **headers):
        return client.get(f"/avis/calendrier/{secret}.ics", headers=headers)

    read.again = read_again
    return read


def events(answer):
    assert answer.status_code == 200
    every = {
        str(event["uid"]).partition("@")[0]: event for event in Calendar.from_ical(answer.content).events
    }
    # Whoever writes bilans always reads when the next one opens: tests/reviews/test_around.py.
    return {uid: event for uid, event in every.items() if not uid.startswith("bilan-")}


def action(title, due_on, place=None, owner="", at=facts.AT):
    made = Action.objects.create(
        departement=place,
        owner=owner,
        origin=OriginKind.MEASURE.value,
        opened_on=at.date(),
        provenance=Provenance.SYNTHETIC.value,
        **facts.authored(at),
    )
    ActionRevision.objects.create(action=made, title=title, due_on=due_on, **facts.authored(at))
    return made


def meeting(place, planned_on, cancelled_on=None):
    return Meeting.objects.create(
        departement=place,
        planned_on=planned_on,
        subject="Point d’étape",
        cancelled_on=cancelled_on,
        outcome_recorded_at=facts.AT if cancelled_on else None,
        **facts.authored(),
    )


def test_a_referent_reads_terms_meetings_deadlines_and_contacts(feed, referent, bas_rhin, today):
    term = today + timedelta(days=100)
    made = facts.convention(bas_rhin, signed_on=date(2020, 1, 1), starts_on=date(2020, 1, 1), ends_on=term)
    planned = meeting(bas_rhin, today + timedelta(days=10))
    owed = action("Former les relais", today + timedelta(days=5), bas_rhin, Owner.PREFECTURE.value)
    check = facts.check(referent, asked_on=today)

    found = events(feed(referent))

    assert set(found) == {
        f"convention-{made.public_id}-terme",
        f"reunion-{planned.public_id}",
        f"action-{owed.public_id}-echeance",
        f"contact-{check.public_id}",
    }
    event = found[f"convention-{made.public_id}-terme"]
    assert event.start == term
    assert str(event["summary"]) == "Terme de la convention du Bas-Rhin"
    assert str(event["url"]).endswith(f"/conventions/{made.public_id}/")
    assert event.walk("VALARM")


def test_nothing_of_another_departement_nor_of_the_other_side_is_read(feed, referent, bas_rhin, today):
    far = facts.departement("35", "Ille-et-Vilaine", facts.region("53", "Bretagne"))
    facts.convention(
        far, signed_on=date(2020, 1, 1), starts_on=date(2020, 1, 1), ends_on=today + timedelta(days=9)
    )
    meeting(far, today)
    action("Ailleurs", today, far, Owner.PREFECTURE.value)
    action("À l’ARS", today, bas_rhin, Owner.ARS.value)
    action("Nationale", today)
    other = facts.mandate(facts.post(Side.ARS, bas_rhin))
    facts.check(other, asked_on=today)
    assert events(feed(referent)) == {}


def test_a_ministry_reads_the_national_actions_only(feed, bas_rhin, today):
    action("Locale", today, bas_rhin, Owner.ARS.value)
    national = action("Nationale", today)
    found = events(feed(facts.national_mandate()))
    assert set(found) == {f"action-{national.public_id}-echeance"}


def test_a_cancelled_meeting_keeps_its_name_and_says_so(feed, referent, bas_rhin, today):
    made = meeting(bas_rhin, today + timedelta(days=10), cancelled_on=today)
    event = events(feed(referent))[f"reunion-{made.public_id}"]
    assert str(event["status"]) == "CANCELLED"
    assert int(event["sequence"]) == 1
    assert not event.walk("VALARM")


def test_no_person_is_named(feed, referent, bas_rhin, today):
    facts.check(referent, asked_on=today)
    meeting(bas_rhin, today)
    assert "Camille" not in feed(referent).content.decode()


def test_an_unchanged_calendar_answers_304(feed, referent, bas_rhin, today):
    meeting(bas_rhin, today)
    secret = actions.create_link(referent, actor=referent.as_actor(), at=timezone.now())
    first = feed.again(secret)
    same = feed.again(secret, if_none_match=first["ETag"])
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    meeting(bas_rhin, today)
    assert feed.again(secret, if_none_match=first["ETag"]).status_code == 200


def test_the_calendar_is_private(feed, referent):
    answer = feed(referent)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "private" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"


def test_an_unknown_secret_does_not_exist(feed, db):
    assert feed.again("inconnu").status_code == 404


def test_the_calendar_ends_with_the_mandate_the_access_or_the_link(feed, referent, today):
    secret = actions.create_link(referent, actor=referent.as_actor(), at=timezone.now())
    referent.ends_on = today - timedelta(days=1)
    referent.save()
    assert feed.again(secret).status_code == 404
    referent.ends_on = None
    referent.save()
    assert feed.again(secret).status_code == 200
    referent.person.is_active = False
    referent.person.save()
    assert feed.again(secret).status_code == 404
    referent.person.is_active = True
    referent.person.save()
    link = referent.person.calendar_links.get()
    actions.revoke_link(link, actor=referent.as_actor(), at=timezone.now())
    assert feed.again(secret).status_code == 404


def test_a_role_of_the_region_reads_its_departements(feed, bas_rhin, today):
    made = facts.convention(
        bas_rhin, signed_on=date(2020, 1, 1), starts_on=date(2020, 1, 1), ends_on=today + timedelta(days=9)
    )
    chief = facts.region_mandate(bas_rhin.region, Role.DG_ARS)
    assert f"convention-{made.public_id}-terme" in events(feed(chief))
    assert ContactCheck.objects.count() == 0
