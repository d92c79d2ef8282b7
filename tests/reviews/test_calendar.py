"""The worker opens the quarter, reminds each person once, tells the région with the clock, and watches the sources."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from tests.conventions import facts
from tests.reviews.scene import KEY_FROM, T3
from traitdunion.audit.actors import task
from traitdunion.identity.models import Person
from traitdunion.notices.models import Notice
from traitdunion.reviews import actions_notices, rules, tasks
from traitdunion.reviews.kinds import Party, State
from traitdunion.reviews.models import CriteriaVersion, Review
from traitdunion.reviews.rules import Quarter, timetable

BY = {"actor": task("essais"), "at": KEY_FROM}
TABLE = timetable(T3)


def tell(day):
    return actions_notices.tell_rungs(T3, day, **BY)


def told(bilan, subject=""):
    return {
        notice.person.name
        for notice in Notice.objects.filter(
            subject__contains=subject, body__contains=str(bilan.review.public_id)
        )
    }


class TestReminders:
    def test_the_referents_hear_of_the_opening_once(self, bilan):
        assert tell(TABLE.opens_on) == 2
        assert tell(TABLE.opens_on) == 0
        assert told(bilan) == {"referent_prefecture", "referent_ars"}

    def test_nothing_is_told_before_the_opening(self, bilan):
        assert tell(date(2026, 9, 30)) == 0

    def test_only_the_side_awaited_is_reminded(self, bilan):
        bilan.read_by(Party.ARS)

        tell(TABLE.first_reminder_on)

        assert told(bilan) == {"referent_ars"}
        assert "Son silence" not in Notice.objects.get().body
        assert "ne vaut jamais accord" in Notice.objects.get().body

    def test_who_must_sign_hears_of_it(self, bilan):
        bilan.offer()
        bilan.sign(Party.ARS)

        tell(TABLE.first_reminder_on)

        assert told(bilan) == {"referent_prefecture", "prefet"}

    def test_the_region_is_told_with_the_clock_whichever_side_is_late(self, bilan):
        bilan.offer()
        bilan.sign(Party.ARS)

        tell(TABLE.escalates_on)

        assert told(bilan, "la région est avertie") == {"referent_prefecture", "prefet", "dg_ars"}
        letter = Notice.objects.get(person__name="dg_ars")
        assert "Terme passé depuis 15 jours" in letter.body
        assert "signé par une seule partie" in letter.body

    def test_who_refused_in_writing_is_not_reminded(self, bilan):
        bilan.offer()
        bilan.decline(Party.PREFECTURE)

        tell(TABLE.first_reminder_on)

        assert told(bilan) == {"referent_ars", "dg_ars"}
        assert "La préfecture a refusé de signer" in Notice.objects.first().body

    def test_a_signature_facing_a_refusal_ends_the_calendar(self, bilan):
        bilan.offer()
        bilan.decline(Party.PREFECTURE)
        bilan.sign(Party.ARS)

        assert tell(TABLE.escalates_on) == 0

    def test_a_signed_bilan_reminds_nobody(self, bilan):
        bilan.signed()

        assert tell(TABLE.escalates_on) == 0

    def test_silence_signs_nothing(self, bilan):
        bilan.offer()
        for day in (TABLE.first_reminder_on, TABLE.due_on, TABLE.escalates_on):
            tell(day)

        assert rules.state_of(bilan.version.life) is State.A_SIGNER

    def test_a_closed_access_is_told_nothing(self, bilan):
        Person.objects.filter(name="referent_ars").update(is_active=False)

        tell(TABLE.opens_on)

        assert told(bilan) == {"referent_prefecture"}


class TestTheWorker:
    @pytest.fixture(autouse=True)
    def morning(self, monkeypatch):
        self.at = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)  # six in Paris, in summer
        monkeypatch.setattr(timezone, "now", lambda: self.at)

    def run(self, work=tasks.open_quarter):
        work(timestamp=int(self.at.timestamp()))

    def test_it_freezes_the_criteria_and_opens_the_quarter(self, dyad):
        self.run()

        frozen = CriteriaVersion.objects.filter(quarter="2026-T4")
        assert [(row.level, row.came_late) for row in frozen] == [("departement", False), ("national", False)]
        assert Review.objects.filter(quarter="2026-T3", level="departement").count() == 2
        assert Review.objects.filter(quarter="2026-T3", level="national").count() == 1
        assert Notice.objects.count() == 2

    def test_a_departement_of_the_antilles_is_open_at_the_same_tick(self, dyad):
        facts.departement("972", "Martinique", facts.region("02", "Martinique"))
        dyad.departement.__class__.objects.filter(code="972").update(time_zone="America/Martinique")

        self.run()

        assert Review.objects.filter(quarter="2026-T3", departement="972").exists()

    def test_the_tick_of_the_other_season_does_nothing(self, dyad):
        self.at = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)  # five in Paris, in winter

        self.run()

        assert not Review.objects.exists()

    def test_a_worker_that_was_stopped_catches_up(self, dyad):
        self.at = datetime(2026, 10, 9, 4, 0, tzinfo=UTC)
        self.run()
        self.run()

        assert Review.objects.filter(level="departement").count() == 2
        assert Notice.objects.count() == 2

    def test_it_sees_what_changed_after_the_signatures(self, bilan):
        bilan.signed()
        facts.meeting(bilan.dyad.departement, date(2026, 9, 10))
        self.at = datetime(2026, 10, 21, 4, 0, tzinfo=UTC)

        self.run(tasks.watch_sources)

        assert rules.state_of(bilan.version.life) is State.PERIME

    def test_the_queue_knows_both_works(self):
        from procrastinate.contrib.django import app  # the app is ready once Django is

        assert {"reviews.open_quarter", "reviews.watch_sources"} <= set(app.tasks)
        periodic = {each.task.name for each in app.periodic_registry.periodic_tasks.values()}
        assert {"reviews.open_quarter", "reviews.watch_sources"} <= periodic


def test_the_quarter_to_open_is_the_one_before_today():
    assert Quarter.of(date(2026, 10, 1)).previous == T3
