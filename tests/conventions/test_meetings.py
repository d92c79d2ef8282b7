"""Meetings are planned, then held or cancelled; a convention is read again from time to time."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.conventions import facts
from traitdunion.audit.actors import task
from traitdunion.audit.models import Entry
from traitdunion.conventions import actions_practice as actions
from traitdunion.conventions import queries
from traitdunion.conventions.kinds import Fact, Step
from traitdunion.conventions.models import Meeting, Review
from traitdunion.identity.kinds import Side

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
BY = {"actor": task("essai"), "at": AT}


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def place():
    return facts.departement()


@pytest.fixture
def referent(client, place):
    held = facts.mandate(facts.post(Side.PREFECTURE, place))
    return facts.sign_in(client, held)


@pytest.fixture
def planned(place):
    return actions.plan_meeting(place, planned_on=TODAY, subject="Point d’étape", **BY)


def holds(place, fact, day=TODAY):
    read = queries.departement_situation(place, day)
    return next(status.holds for status in read.vitality.facts if status.fact is fact)


def hold(meeting, **values):
    said = {"held_on": TODAY, "prefecture_present": True, "ars_present": True, "today": TODAY} | values
    actions.hold_meeting(meeting, **said, **BY)


def test_a_meeting_counts_once_both_sides_were_there(place, planned):
    assert not holds(place, Fact.MEETING)
    hold(planned)
    assert holds(place, Fact.MEETING)
    assert holds(place, Fact.MEETING, TODAY + timedelta(days=183))
    assert not holds(place, Fact.MEETING, TODAY + timedelta(days=184))
    assert not holds(place, Fact.MEETING, TODAY - timedelta(days=1))


@pytest.mark.parametrize("absent", ["prefecture_present", "ars_present"])
def test_one_side_alone_does_not_count(place, planned, absent):
    hold(planned, **{absent: False})
    assert not holds(place, Fact.MEETING)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"held_on": TODAY + timedelta(days=1)}, "à venir"),
        ({"prefecture_present": False, "ars_present": False}, "Aucun des deux côtés"),
    ],
)
def test_what_did_not_happen_is_refused(planned, values, words):
    with pytest.raises(actions.MeetingRefusedError, match=words):
        hold(planned, **values)
    planned.refresh_from_db()
    assert planned.held_on is None


def test_what_is_closed_does_not_change(place, planned):
    hold(planned)
    with pytest.raises(actions.MeetingRefusedError, match="déjà enregistrée"):
        hold(planned)
    with pytest.raises(actions.MeetingRefusedError, match="déjà enregistrée"):
        actions.cancel_meeting(planned, cancelled_on=TODAY, **BY)
    other = actions.plan_meeting(place, planned_on=TODAY, subject="Autre", **BY)
    actions.cancel_meeting(other, cancelled_on=TODAY, **BY)
    with pytest.raises(actions.MeetingRefusedError, match="annulée"):
        hold(other)


def test_each_act_is_logged(planned):
    hold(planned)
    events = list(Entry.objects.order_by("id").values_list("event", flat=True))
    assert events == ["conventions.meeting.planned", "conventions.meeting.held"]


# Pages


def test_a_referent_plans_then_closes_a_meeting(referent, place):
    today = timezone.localdate()
    response = referent.post(
        reverse("conventions:meeting_plan", args=["67"]),
        {"planned_on": today.isoformat(), "subject": "Préparer le bilan"},
        follow=True,
    )
    assert "Préparer le bilan" in text(response)
    meeting = Meeting.objects.get()
    response = referent.post(
        reverse("conventions:meeting_hold", args=[meeting.public_id]),
        {"held_on": today.isoformat(), "prefecture_present": "on", "ars_present": "on"},
        follow=True,
    )
    assert "Tenue, préfecture et ARS présentes" in text(response)


def test_a_referent_cancels_after_a_page_that_asks(referent, planned):
    url = reverse("conventions:meeting_cancel", args=[planned.public_id])
    assert referent.get(url).status_code == 200
    planned.refresh_from_db()
    assert planned.cancelled_on is None
    assert "Annulée" in text(referent.post(url, follow=True))


def test_an_empty_form_says_what_was_expected(referent):
    response = referent.post(reverse("conventions:meeting_plan", args=["67"]), {})
    assert response.status_code == 400
    assert "Aucune date" in text(response)
    assert not Meeting.objects.exists()


def test_a_refusal_is_said_on_the_form(referent, planned):
    response = referent.post(
        reverse("conventions:meeting_hold", args=[planned.public_id]), {"held_on": "2020-01-01"}
    )
    assert response.status_code == 400
    assert "Aucun des deux côtés" in text(response)


def test_a_reader_sees_the_meetings_and_writes_none(client, place, planned):
    reader = facts.sign_in(client, facts.national_mandate())
    page = reader.get(reverse("conventions:meeting_list", args=["67"]))
    assert "Point d’étape" in text(page)
    assert "Inscrire une réunion" not in text(page)
    for name, args in (
        ("meeting_plan", ["67"]),
        ("meeting_hold", [planned.public_id]),
        ("meeting_cancel", [planned.public_id]),
    ):
        assert reader.post(reverse(f"conventions:{name}", args=args), {}).status_code == 403


def test_a_stranger_finds_no_meeting(client, planned):
    other = facts.departement("68", "Haut-Rhin")
    stranger = facts.sign_in(client, facts.mandate(facts.post(Side.ARS, other)))
    for name, args in (
        ("meeting_list", ["67"]),
        ("meeting_plan", ["67"]),
        ("meeting_hold", [planned.public_id]),
        ("meeting_cancel", [planned.public_id]),
    ):
        assert stranger.get(reverse(f"conventions:{name}", args=args)).status_code == 404


def test_the_list_costs_the_same_for_ten_times_the_rows(referent, place, django_assert_max_num_queries):
    for rank in range(60):
        facts.meeting(place, date(2024, 1, 1) + timedelta(days=rank))
    with django_assert_max_num_queries(12):
        response = referent.get(reverse("conventions:meeting_list", args=["67"]))
    assert len(response.context["page"].object_list) == 25


# Reviews


@pytest.fixture
def signed(place):
    return facts.convention(place, signed_on=date(2026, 1, 10), starts_on=date(2026, 2, 1))


def test_a_review_counts_for_four_months(place, signed):
    actions.review(signed, reviewed_on=date(2026, 6, 30), conclusion="Rien à changer", today=TODAY, **BY)
    # Four months before 31 October is 30 June: June has no 31st.
    assert holds(place, Fact.REVIEW, date(2026, 10, 31))
    assert not holds(place, Fact.REVIEW, date(2026, 11, 1))


def test_a_text_that_is_not_signed_has_no_review(place):
    draft = facts.convention(place)
    facts.step(draft, Step.PROJET, date(2026, 1, 1))
    with pytest.raises(actions.ReviewRefusedError, match="projet"):
        actions.review(draft, reviewed_on=TODAY, conclusion="Vu", today=TODAY, **BY)


def test_a_review_is_never_to_come_nor_before_the_signature(signed):
    with pytest.raises(actions.ReviewRefusedError, match="à venir"):
        actions.review(signed, reviewed_on=TODAY + timedelta(days=1), conclusion="Vu", today=TODAY, **BY)
    with pytest.raises(actions.ReviewRefusedError, match="inexistante"):
        actions.review(signed, reviewed_on=date(2025, 12, 31), conclusion="Vu", today=TODAY, **BY)


def test_a_referent_records_a_review(referent, signed):
    response = referent.post(
        reverse("conventions:review_record", args=[signed.public_id]),
        {"reviewed_on": timezone.localdate().isoformat(), "conclusion": "Avenant à préparer"},
    )
    assert response.status_code == 302
    assert Review.objects.get().conclusion == "Avenant à préparer"


def test_a_reader_records_no_review(client, signed):
    reader = facts.sign_in(client, facts.national_mandate())
    assert reader.post(reverse("conventions:review_record", args=[signed.public_id]), {}).status_code == 403
