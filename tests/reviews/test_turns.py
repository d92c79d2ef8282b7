"""Where the last bilans stand, told around them: the same facts as their own page, in one query."""

from datetime import UTC, date, datetime

import pytest

from tests.reviews.scene import BY, LATER_DAY, T3, open_all
from traitdunion.reviews import actions_signing, queries_turns
from traitdunion.reviews.kinds import Party, State, Step
from traitdunion.reviews.queries_turns import deeds, standing, told
from traitdunion.territories.models import Departement


def of(bilan, day=LATER_DAY):
    return [text for text in told(day=day) if text.departement == bilan.review.departement_id]


class TestWhereItStands:
    def test_it_reads_what_the_page_reads(self, bilan):
        bilan.offer()
        bilan.decline(Party.PREFECTURE)
        for step in (lambda: None, lambda: bilan.sign(Party.ARS), lambda: bilan.sign(Party.PREFECTURE)):
            step()
            [text] = of(bilan)
            assert text.life == bilan.version.life
            assert (text.review, text.quarter) == (bilan.review.public_id, T3)

    def test_since_is_the_day_of_the_last_act(self, bilan):
        [text] = of(bilan)
        assert (text.state, text.since) == (State.OUVERT, date(2026, 10, 1))
        bilan.offer()
        bilan.sign(Party.ARS)
        [text] = of(bilan)
        assert (text.state, text.since, text.awaited) == (
            State.UNE_PARTIE,
            date(2026, 10, 20),
            (Party.PREFECTURE,),
        )
        assert "pour signer" in text.clock(LATER_DAY)

    def test_the_day_is_that_of_the_departement(self, bilan):
        Departement.objects.filter(code="67").update(time_zone="Indian/Reunion")
        bilan.offer()
        bilan.sign(Party.ARS, at=datetime(2026, 10, 20, 21, tzinfo=UTC))
        [text] = of(bilan)
        assert text.since == date(2026, 10, 21)

    def test_an_outdated_one_says_since_when(self, bilan):
        bilan.signed()
        type(bilan.version).objects.filter(review=bilan.review).update(outdated_on=date(2026, 11, 2))
        [text] = of(bilan)
        assert (text.state, text.since) == (State.PERIME, date(2026, 11, 2))


class TestWhatIsTold:
    def test_an_earlier_one_is_told_while_it_awaits_someone(self, bilan):
        open_all(T3.next, today=date(2027, 1, 1), at=datetime(2027, 1, 1, 6, tzinfo=UTC))
        assert [text.quarter for text in standing(of(bilan, date(2027, 1, 4)))] == [T3.next, T3]
        bilan.signed()
        assert [text.quarter for text in standing(of(bilan, date(2027, 1, 4)))] == [T3.next]

    def test_after_a_year_it_is_no_longer_told(self, bilan):
        assert of(bilan, date(2027, 9, 30)) != []
        assert of(bilan, date(2027, 10, 1)) == []

    def test_of_a_corrected_one_the_last_version_stands(self, bilan):
        bilan.signed()
        bilan.amend()
        texts = of(bilan)
        assert [text.number for text in texts] == [1, 2]
        assert [text.number for text in standing(texts)] == [2]

    def test_a_departement_carries_its_own_in_its_own_query(self, bilan, django_assert_num_queries):
        with django_assert_num_queries(1):
            place = queries_turns.with_bilans(Departement.objects.all(), day=LATER_DAY).get(code="67")
            texts = queries_turns.told_of(place)
        assert texts == of(bilan)

    @pytest.mark.parametrize("signed", [False, True])
    def test_it_costs_one_query_whatever_is_signed(self, bilan, signed, django_assert_num_queries):
        if signed:
            bilan.signed()
        with django_assert_num_queries(1):
            told(day=LATER_DAY)


class TestWhatHappened:
    def test_each_act_is_told_with_its_author_and_its_reason(self, bilan):
        bilan.read_by(Party.ARS)
        [text] = of(bilan)
        assert [deed.text for deed in deeds(text)] == [
            "Bilan du 3e trimestre 2026 : ouvert",
            "Bilan du 3e trimestre 2026 : à relire par l’ARS",
        ]
        actions_signing.hand_over(bilan.version, step=Step.ECRITURE, side=Party.ARS, **BY)
        bilan.offer()
        bilan.decline(Party.PREFECTURE, "Motif écrit.")
        bilan.sign(Party.ARS)
        bilan.amend("Une réunion oubliée.")

        first, second = of(bilan)

        said = [(deed.text.partition(" : ")[2], deed.reason) for deed in deeds(first)]
        assert said == [
            ("ouvert", ""),
            ("proposé à la signature", ""),
            ("signé par l’ARS", ""),
            ("la préfecture refuse de signer", "Motif écrit."),
        ]
        [opened] = deeds(second)
        assert (opened.text.partition(" : ")[2], opened.reason) == (
            "version 2, rectificative, ouverte",
            "Une réunion oubliée.",
        )
        assert all(deed.recorded_at is not None for deed in deeds(first))
