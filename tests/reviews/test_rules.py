"""The cycle of a bilan, without a database: quarters, calendar, states, whose turn it is."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.reviews import rules
from traitdunion.reviews.kinds import Level, Party, Rung, State, Step
from traitdunion.reviews.rules import SIDES, Life, Quarter, QuarterError, timetable

T3 = Quarter(2026, 3)
quarters = st.builds(Quarter, st.integers(2000, 2199), st.integers(1, 4))
days = st.dates(date(2000, 1, 1), date(2199, 12, 31))
zones = st.sampled_from(
    [
        "Europe/Paris",
        "Indian/Reunion",
        "Indian/Mayotte",
        "America/Cayenne",
        "America/Martinique",
        "America/Guadeloupe",
    ]
)


def life(**values):
    return Life(**{"level": Level.DEPARTEMENT, "step": Step.ECRITURE, **values})


every_life = st.builds(
    lambda level, step, turn, signed, declined, is_outdated: Life(
        level=level,
        step=step,
        turn=None if turn is None else SIDES[level][turn],
        signed=frozenset(SIDES[level][rank] for rank in signed) if step is not None else (),
        declined=frozenset(SIDES[level][rank] for rank in declined - signed) if step is Step.A_SIGNER else (),
        is_outdated=is_outdated,
    ),
    st.sampled_from(Level),
    st.sampled_from([None, *Step]),
    st.sampled_from([None, 0, 1]),
    st.frozensets(st.integers(0, 1)),
    st.frozensets(st.integers(0, 1)),
    st.booleans(),
)


class TestQuarters:
    @given(quarters)
    def test_what_is_written_is_read_back(self, quarter):
        assert Quarter.read(str(quarter)) == quarter

    @given(quarters)
    def test_the_next_quarter_begins_the_day_after_the_last_one(self, quarter):
        assert quarter.next.first_day == quarter.last_day + timedelta(days=1)
        assert quarter.next.previous == quarter

    @given(days)
    def test_a_day_falls_in_its_own_quarter_only(self, day):
        quarter = Quarter.of(day)

        assert quarter.contains(day)
        assert not quarter.next.contains(day)
        assert not quarter.previous.contains(day)

    @given(quarters, zones)
    def test_the_instants_of_a_quarter_are_read_on_the_clock_of_the_departement(self, quarter, zone):
        first, after = quarter.starts_at(zone), quarter.ends_at(zone)

        assert Quarter.at(first, zone) == quarter
        assert Quarter.at(first.astimezone(UTC) - timedelta(microseconds=1), zone) == quarter.previous
        assert Quarter.at(after.astimezone(UTC) - timedelta(microseconds=1), zone) == quarter
        assert Quarter.at(after, zone) == quarter.next

    def test_la_reunion_closes_its_quarter_before_paris_and_martinique_after(self):
        moment = datetime(
            2026, 9, 30, 21, 30, tzinfo=UTC
        )  # 1:30 in La Réunion, 23:30 in Paris, 17:30 in Martinique

        assert rules.due_quarter(moment, "Indian/Reunion") == T3
        assert rules.due_quarter(moment, "Europe/Paris") == T3.previous
        assert rules.due_quarter(moment, "America/Martinique") == T3.previous

    def test_the_quarter_after_december_is_of_the_next_year(self):
        assert Quarter(2026, 4).next == Quarter(2027, 1)
        assert Quarter(2027, 1).previous == Quarter(2026, 4)

    def test_labels(self):
        assert Quarter(2026, 1).label == "1er trimestre 2026"
        assert T3.label == "3e trimestre 2026"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2026",
            "2026-T5",
            "2026-T0",
            "2026-t3",
            "26-T3",
            "2026-T3 ",
            "2026-T3\n",
            "1999-T1",
            "2200-T1",
            "２０２６-T3",
        ],
    )
    def test_anything_else_is_refused_with_an_example(self, text):
        with pytest.raises(QuarterError, match="2026-T3"):
            Quarter.read(text)

    @given(st.text(max_size=12))
    def test_reading_never_breaks_otherwise(self, text):
        try:
            quarter = Quarter.read(text)
        except QuarterError:
            return
        assert str(quarter) == text

    def test_a_moment_without_a_zone_is_a_fault(self):
        with pytest.raises(ValueError, match="time zone"):
            Quarter.at(datetime(2026, 9, 30, 12), "Europe/Paris")


class TestCalendar:
    @given(quarters)
    def test_the_days_follow_one_another(self, quarter):
        table = timetable(quarter)

        assert (
            quarter.last_day
            < table.opens_on
            < table.first_reminder_on
            < table.last_reminder_on
            < table.due_on
            < table.escalates_on
        )

    def test_a_bilan_opens_the_day_after_its_quarter(self):
        assert timetable(T3).opens_on == date(2026, 10, 1)

    def test_a_bilan_is_over_before_the_next_one_opens_its_own_reminders(self):
        assert timetable(T3).escalates_on < timetable(T3.next).opens_on

    @pytest.mark.parametrize(
        ("day", "rung"),
        [
            (date(2026, 9, 30), None),
            (date(2026, 10, 1), Rung.OPENING),
            (date(2026, 10, 14), Rung.OPENING),
            (date(2026, 10, 15), Rung.FIRST),
            (date(2026, 11, 6), Rung.FIRST),
            (date(2026, 11, 7), Rung.LAST),
            (date(2026, 11, 14), Rung.LAST),
            (date(2026, 11, 15), Rung.LATE),
            (date(2026, 11, 28), Rung.LATE),
            (date(2026, 11, 29), Rung.ESCALATION),
            (date(2027, 6, 1), Rung.ESCALATION),
        ],
    )
    def test_the_rung_reached(self, day, rung):
        assert timetable(T3).rung(day) is rung

    @given(quarters, st.integers(-10, 200))
    def test_the_calendar_never_goes_back(self, quarter, offset):
        table, order = timetable(quarter), [None, *Rung]
        day = quarter.last_day + timedelta(days=offset)

        assert order.index(table.rung(day)) <= order.index(table.rung(day + timedelta(days=1)))

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            (date(2026, 11, 12), "Encore 2 jours pour signer, jusqu’au 14/11/2026."),
            (date(2026, 11, 13), "Encore 1 jour pour signer, jusqu’au 14/11/2026."),
            (date(2026, 11, 14), "Dernier jour pour signer : 14/11/2026."),
            (
                date(2026, 11, 16),
                "Terme passé depuis 2 jours (14/11/2026). La région sera avertie dans 13 jours, le 29/11/2026.",
            ),
            (
                date(2026, 11, 29),
                "Terme passé depuis 15 jours (14/11/2026). La région est avertie depuis le 29/11/2026.",
            ),
        ],
    )
    def test_the_clock_is_shown(self, day, said):
        assert timetable(T3).clock(day) == said


class TestStates:
    @pytest.mark.parametrize(
        ("facts", "state"),
        [
            ({"step": None}, State.A_OUVRIR),
            ({}, State.OUVERT),
            ({"step": Step.RELECTURE, "turn": Party.ARS}, State.RELECTURE),
            ({"step": Step.A_SIGNER}, State.A_SIGNER),
            ({"step": Step.A_SIGNER, "signed": [Party.ARS]}, State.UNE_PARTIE),
            ({"step": Step.A_SIGNER, "signed": [Party.ARS, Party.PREFECTURE]}, State.SIGNE),
            ({"step": Step.A_SIGNER, "signed": [Party.ARS], "is_outdated": True}, State.PERIME),
            (
                {"step": Step.A_SIGNER, "signed": list(SIDES[Level.DEPARTEMENT]), "is_outdated": True},
                State.PERIME,
            ),
            ({"is_outdated": True}, State.OUVERT),
        ],
    )
    def test_the_state_follows_from_the_facts(self, facts, state):
        assert rules.state_of(life(**facts)) is state

    @given(every_life)
    def test_only_two_signatures_make_it_signed(self, facts):
        if rules.state_of(facts) is State.SIGNE:
            assert set(facts.signed) == set(SIDES[facts.level])

    def test_silence_is_never_agreement(self):
        # Neither the state nor the awaited party has a day among its arguments: no date can sign.
        waiting = life(step=Step.A_SIGNER, signed=[Party.PREFECTURE])

        assert timetable(T3).rung(date(2030, 1, 1)) is Rung.ESCALATION
        assert rules.state_of(waiting) is State.UNE_PARTIE
        assert rules.awaited(waiting) == (Party.ARS,)
        assert "Son silence ne vaut pas accord." in rules.turn_sentence(waiting, reader=Party.PREFECTURE)

    def test_the_signature_of_the_pair_of_another_level_signs_nothing(self):
        national = life(level=Level.NATIONAL, step=Step.A_SIGNER, signed=[Party.PREFECTURE, Party.ARS])

        assert rules.state_of(national) is State.UNE_PARTIE
        assert rules.awaited(national) == (Party.SANTE, Party.INTERIEUR)


class TestTurn:
    @pytest.mark.parametrize(
        ("facts", "who"),
        [
            ({"step": None}, ()),
            ({}, (Party.PREFECTURE, Party.ARS)),
            ({"turn": Party.ARS}, (Party.ARS,)),
            ({"step": Step.RELECTURE, "turn": Party.PREFECTURE}, (Party.PREFECTURE,)),
            ({"step": Step.A_SIGNER, "turn": Party.ARS}, (Party.PREFECTURE, Party.ARS)),
            ({"step": Step.A_SIGNER, "signed": [Party.PREFECTURE]}, (Party.ARS,)),
            ({"step": Step.A_SIGNER, "signed": [Party.PREFECTURE, Party.ARS]}, ()),
            ({"step": Step.A_SIGNER, "declined": [Party.PREFECTURE]}, (Party.ARS,)),
            ({"step": Step.A_SIGNER, "declined": [Party.PREFECTURE], "signed": [Party.ARS]}, ()),
            (
                {"step": Step.A_SIGNER, "declined": [Party.PREFECTURE, Party.ARS]},
                (Party.PREFECTURE, Party.ARS),
            ),
            (
                {"step": Step.A_SIGNER, "signed": [Party.PREFECTURE, Party.ARS], "is_outdated": True},
                (Party.PREFECTURE, Party.ARS),
            ),
        ],
    )
    def test_who_is_awaited(self, facts, who):
        assert rules.awaited(life(**facts)) == who

    @given(every_life, st.sampled_from([None, *Party]))
    def test_the_sentence_says_you_exactly_to_those_awaited(self, facts, reader):
        said = rules.turn_sentence(facts, reader=reader)

        assert said.startswith("À vous") == (reader in rules.awaited(facts))

    def test_who_waits_is_told_for_whom(self):
        said = rules.turn_sentence(life(step=Step.RELECTURE, turn=Party.ARS), reader=Party.PREFECTURE)

        assert said == "Vous attendez l’ARS, qui doit relire le bilan. Son silence ne vaut pas accord."

    @pytest.mark.parametrize(
        ("facts", "reader", "said"),
        [
            (
                {"declined": [Party.ARS]},
                Party.PREFECTURE,
                "À vous de signer le bilan. L’ARS a refusé de signer, et dit pourquoi.",
            ),
            (
                {"declined": [Party.ARS], "signed": [Party.PREFECTURE]},
                Party.PREFECTURE,
                "L’ARS a refusé de signer, et dit pourquoi.",
            ),
            (
                {"declined": [Party.PREFECTURE, Party.ARS]},
                None,
                " ".join(
                    [
                        "Aux deux institutions de reprendre le texte, que les deux ont refusé de signer.",
                        "La préfecture et l’ARS ont refusé de signer, et disent pourquoi.",
                    ]
                ),
            ),
        ],
    )
    def test_a_refusal_is_said_and_is_an_answer(self, facts, reader, said):
        assert rules.turn_sentence(life(step=Step.A_SIGNER, **facts), reader=reader) == said

    def test_who_reads_from_elsewhere_is_told_the_institution(self):
        assert (
            rules.turn_sentence(life(turn=Party.PREFECTURE), reader=None)
            == "À la préfecture de compléter le bilan."
        )
        assert (
            rules.turn_sentence(life(), reader=Party.SANTE) == "Aux deux institutions de compléter le bilan."
        )
        assert (
            rules.turn_sentence(life(), reader=Party.ARS)
            == "À vous et à la préfecture de compléter le bilan."
        )


class TestWhatMayHappen:
    @given(every_life)
    def test_a_signed_version_never_moves(self, facts):
        if facts.signed:
            assert rules.allowed_steps(facts) == frozenset()
            assert not rules.may_write(facts)

    @given(every_life)
    def test_it_is_written_or_signed_but_never_both(self, facts):
        for party in Party:
            assert not (rules.may_write(facts) and rules.may_sign(facts, party))

    @given(every_life)
    def test_it_is_amended_only_after_a_signature(self, facts):
        assert rules.may_amend(facts) == bool(facts.signed)

    @given(every_life)
    def test_nobody_signs_twice_nor_for_another_pair(self, facts):
        for party in Party:
            if rules.may_sign(facts, party):
                assert party not in facts.signed
                assert party in SIDES[facts.level]

    @given(every_life)
    def test_who_may_refuse_may_sign_and_refuses_once(self, facts):
        for party in Party:
            if rules.may_decline(facts, party):
                assert rules.may_sign(facts, party)
                assert party not in facts.declined

    def test_who_refused_may_still_sign(self):
        assert rules.may_sign(life(step=Step.A_SIGNER, declined=[Party.ARS]), Party.ARS)

    def test_what_is_offered_for_signature_can_be_taken_back_until_someone_signs(self):
        assert rules.allowed_steps(life(step=Step.A_SIGNER)) == {Step.ECRITURE}
        assert rules.allowed_steps(life(step=Step.A_SIGNER, signed=[Party.ARS])) == frozenset()

    def test_an_outdated_version_is_not_signed_any_more(self):
        facts = life(step=Step.A_SIGNER, signed=[Party.ARS], is_outdated=True)

        assert not rules.may_sign(facts, Party.PREFECTURE)
        assert rules.may_amend(facts)

    @pytest.mark.parametrize(("level", "rank"), list(product(Level, (0, 1))))
    def test_each_faces_the_other_of_its_pair(self, level, rank):
        assert rules.other(level, SIDES[level][rank]) is SIDES[level][1 - rank]

    def test_no_pair_mixes_levels(self):
        with pytest.raises(ValueError, match="does not sign"):
            rules.other(Level.NATIONAL, Party.ARS)


def test_a_quarter_is_read_on_the_wall_clock_across_the_change_of_hour():
    # The night of 25 October 2026 has 25 hours: the quarter neither gains nor loses one.
    last = Quarter(2026, 4).starts_at("Europe/Paris")

    assert last == datetime(2026, 10, 1, tzinfo=ZoneInfo("Europe/Paris"))
    assert Quarter(2026, 4).ends_at("Europe/Paris").utcoffset() == timedelta(hours=1)
