"""A bilan is told where people look: the page of the département, the home, the digest, the calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conventions.scene import act_as
from tests.reviews.scene import LATER, LATER_DAY, T3
from tests.reviews.test_pages import text_of
from traitdunion.identity.kinds import Role
from traitdunion.portal import calendars, digest
from traitdunion.reviews.kinds import Party


@pytest.fixture(autouse=True)
def that_day(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LATER)


def page(mandate, path):
    return act_as(Client(), mandate).get(path)


def told(mandate, day=LATER_DAY):
    found = digest.sections(mandate, digest.read(day))
    return {
        section.title: [line.text for line in section.lines if "bilan" in line.text.casefold()]
        for section in found
    }


def days(mandate, day=LATER_DAY):
    return {
        event.uid: (event.day, event.summary)
        for event in calendars.events(mandate, day)
        if event.uid.startswith("bilan-")
    }


class TestTheDepartement:
    def test_the_page_says_where_the_bilan_stands_since_when_and_whose_turn_it_is(self, bilan):
        bilan.offer()
        bilan.sign(Party.ARS)

        answer = page(bilan.dyad.prefet, "/departements/67/")

        said = text_of(answer)
        assert "signé par une seule partie depuis le 20 octobre 2026 . À vous de signer le bilan" in said
        assert "Encore 25 jours pour signer" in said
        assert reverse("reviews:review_detail", args=[bilan.review.public_id]) in answer.content.decode()
        assert "Bilan du 3e trimestre 2026 : signé par l’ARS" in said  # among what happened

    def test_a_past_day_says_that_bilans_are_read_by_quarter(self, bilan):
        said = text_of(page(bilan.dyad.prefet, "/departements/67/?au=2026-10-02"))
        assert "Les bilans se lisent trimestre par trimestre" in said


class TestTheHome:
    def test_the_region_reads_those_that_await_it(self, bilan):
        bilan.read_by(Party.ARS)
        said = text_of(page(bilan.dyad.dg, "/accueil/"))
        assert "Bas-Rhin (67), bilan du 3e trimestre 2026" in said
        assert "À vous de relire le bilan." in said

    def test_a_desk_reads_its_own_and_the_country_in_counts(self, nation):
        said = text_of(page(nation.desks[Party.SANTE], "/accueil/"))
        assert "Nation, bilan du 3e trimestre 2026" in said
        assert "signés par les deux institutions : 0 sur 2" in said
        assert "Bas-Rhin (67), bilan" not in said


class TestTheDigest:
    def test_each_side_is_told_its_turn_and_whom_it_waits_for(self, bilan):
        bilan.read_by(Party.ARS)
        [mine] = told(bilan.dyad.referent_ars)["À vous de jouer"]
        [theirs] = told(bilan.dyad.referent_prefecture)["Vous attendez l’ARS"]
        assert mine.startswith(
            "Bas-Rhin (67), bilan du 3e trimestre 2026 : À vous de relire le bilan. Depuis le 1er oct"
        )
        assert "Son silence ne vaut pas accord" in theirs
        assert "Encore 25 jours pour signer" in theirs

    def test_a_signed_one_is_no_longer_told(self, bilan):
        bilan.signed()
        assert [line for lines in told(bilan.dyad.referent_ars).values() for line in lines] == []

    def test_a_desk_is_told_its_own_and_counts(self, nation):
        found = told(nation.desks[Party.INTERIEUR])
        [mine] = found["À vous de jouer"]
        assert mine.startswith("Nation, bilan du 3e trimestre 2026 : À vous et à ")
        [count] = found["La nation cette semaine"]
        assert count.startswith("Bilans du 3e trimestre 2026 non signés par les deux institutions, sur 2")


class TestTheCalendar:
    def test_it_holds_the_next_opening_and_the_last_day_to_sign(self, bilan):
        assert days(bilan.dyad.referent_ars) == {
            "bilan-2026-T4-ouverture": (date(2027, 1, 1), "Ouverture du bilan du 4e trimestre 2026"),
            f"bilan-{bilan.review.public_id}-terme": (
                date(2026, 11, 14),
                "Dernier jour pour signer le bilan Bas-Rhin, 3e trimestre 2026",
            ),
        }

    def test_once_signed_or_long_past_it_says_no_more(self, bilan):
        assert len(days(bilan.dyad.dg, date(2027, 1, 13))) == 2
        assert len(days(bilan.dyad.dg, date(2027, 1, 14))) == 1
        bilan.signed()
        assert len(days(bilan.dyad.dg)) == 1

    def test_who_writes_none_reads_none(self, nation):
        house = nation.dyad.house
        assert days(house.mandate(Role.DPO)) == {}
        assert len(days(nation.desks[Party.SANTE])) == 2

    def test_it_changes_only_with_its_facts(self, bilan):
        mandate = bilan.dyad.referent_ars
        assert list(calendars.events(mandate, LATER_DAY)) == list(
            calendars.events(mandate, LATER_DAY + timedelta(days=1))
        )
        assert T3.ends_at("Europe/Paris") <= datetime(2026, 10, 1, tzinfo=UTC)
