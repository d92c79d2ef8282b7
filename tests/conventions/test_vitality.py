"""What shows that a convention lives, at the border of each time limit."""

from datetime import date, timedelta

import pytest

from traitdunion.conventions.kinds import Fact, State, Step, Turn
from traitdunion.conventions.rules import Life, Practice, months_before, vitality
from traitdunion.conventions.rules_practice import (
    History,
    Record,
    Seat,
    Tenure,
    last_day_to_answer,
    month_ends,
    points,
    practice_on,
    quarter_ends_on,
    silence_days,
    standing,
)
from traitdunion.identity.kinds import Side

DAY = date(2026, 11, 24)
CONFIRMED = [(date(2026, 10, 5), True)]
WRONG = [(date(2026, 10, 5), False)]


def practice(**values):
    return Practice(
        **{
            "vacant_since": dict.fromkeys(Side),
            "last_meeting_on": DAY,
            "contacts_confirmed_on": dict.fromkeys(Side, DAY),
            "last_review_on": DAY,
        }
        | values
    )


def status(fact, facts, day=DAY, state=State.EN_VIGUEUR):
    [found] = [each for each in vitality(state=state, practice=facts, day=day).facts if each.fact is fact]
    return found


def seat(side, *tenures, opened_on=date(2020, 1, 1), closed_on=None):
    return Seat(side=side, opened_on=opened_on, closed_on=closed_on, tenures=tenures)


def stay(since, until=None, answers=(), is_titulaire=True):
    return Tenure(since=since, until=until, is_titulaire=is_titulaire, answers=answers)


def life(**values):
    return Life(
        **{"steps": [], "signed_on": {}, "starts_on": None, "ends_on": None, "denounced_on": None} | values
    )


def signed(on, **values):
    return life(signed_on=dict.fromkeys(Side, on), **{"starts_on": on} | values)


@pytest.mark.parametrize(("days", "holds"), [(0, True), (182, True), (183, True), (184, False)])
def test_a_meeting_counts_for_183_days(days, holds):
    facts = practice(last_meeting_on=DAY - timedelta(days=days))
    assert status(Fact.MEETING, facts).holds is holds


@pytest.mark.parametrize(
    ("day", "last", "holds"),
    [
        (date(2026, 6, 30), date(2026, 2, 28), True),  # February has no 30th
        (date(2026, 6, 30), date(2026, 2, 27), False),
        (date(2026, 7, 31), date(2026, 3, 31), True),
        (date(2026, 7, 31), date(2026, 3, 30), False),
        (date(2026, 8, 31), date(2026, 4, 30), True),  # April has no 31st
        (date(2026, 8, 31), date(2026, 4, 29), False),
        (date(2028, 6, 30), date(2028, 2, 29), True),  # leap year
        (date(2028, 6, 30), date(2028, 2, 28), False),
        (date(2026, 2, 15), date(2025, 10, 15), True),  # over the new year
        (date(2026, 2, 15), date(2025, 10, 14), False),
    ],
)
def test_a_review_counts_for_four_months_to_the_day(day, last, holds):
    assert status(Fact.REVIEW, practice(last_review_on=last), day=day).holds is holds


@pytest.mark.parametrize("month", range(1, 13))
def test_four_months_before_never_leaves_its_month(month):
    for day in range(28, 32):
        try:
            start = date(2027, month, day)
        except ValueError:
            continue
        before = months_before(start, 4)
        assert before.month == (month - 5) % 12 + 1
        assert before.day == day or (before + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("day", "confirmed", "holds"),
    [
        (date(2026, 3, 31), date(2025, 10, 1), True),  # the quarter before counts
        (date(2026, 3, 31), date(2025, 9, 30), False),
        (date(2026, 4, 1), date(2025, 12, 31), False),  # the quarter turns in the night
        (date(2026, 4, 1), date(2026, 1, 1), True),
        (date(2026, 1, 1), date(2025, 10, 1), True),  # the new year
        (date(2026, 1, 1), date(2025, 9, 30), False),
    ],
)
@pytest.mark.parametrize("side", list(Side))
def test_a_contact_counts_for_its_quarter_and_the_next(side, day, confirmed, holds):
    facts = practice(contacts_confirmed_on={side: confirmed, side.other: day})
    assert status(Fact.CONTACTS, facts, day=day).holds is holds


def test_one_vacant_post_is_enough_to_miss_the_referents():
    facts = practice(vacant_since={Side.PREFECTURE: None, Side.ARS: date(2026, 9, 1)})
    found = status(Fact.REFERENTS, facts)
    assert not found.holds
    assert "01/09/2026" in found.sentence


@pytest.mark.parametrize("state", [state for state in State if state is not State.EN_VIGUEUR])
def test_nothing_is_applied_that_is_not_in_force(state):
    assert not vitality(state=state, practice=practice(), day=DAY).applied


def test_each_fact_alone_is_enough_to_miss_application():
    missing = [
        {"vacant_since": {Side.PREFECTURE: DAY, Side.ARS: None}},
        {"last_meeting_on": None},
        {"contacts_confirmed_on": {Side.PREFECTURE: DAY, Side.ARS: None}},
        {"last_review_on": None},
    ]
    assert vitality(state=State.EN_VIGUEUR, practice=practice(), day=DAY).applied
    for values in missing:
        read = vitality(state=State.EN_VIGUEUR, practice=practice(**values), day=DAY)
        assert (read.applied, len(read.missing)) == (False, 1)


# From facts to practice


@pytest.mark.parametrize(
    ("day", "since"),
    [
        (date(2026, 5, 31), None),  # last day of the mandate
        (date(2026, 6, 1), date(2026, 6, 1)),  # first day of the vacancy
        (date(2026, 6, 30), date(2026, 6, 1)),
        (date(2026, 7, 1), None),  # first day of the successor
    ],
)
def test_a_vacancy_starts_the_day_after_the_last_one_and_ends_with_the_successor(day, since):
    history = History(
        seats=[
            seat(Side.ARS, stay(date(2020, 1, 1), date(2026, 5, 31)), stay(date(2026, 7, 1))),
            seat(Side.PREFECTURE, stay(date(2020, 1, 1))),
        ]
    )
    assert practice_on(history, day).vacant_since[Side.ARS] == since


def test_a_stand_in_does_not_fill_the_post():
    history = History(seats=[seat(Side.ARS, stay(date(2020, 1, 1), is_titulaire=False))])
    assert practice_on(history, DAY).vacant_since[Side.ARS] == date(2020, 1, 1)


def test_a_side_without_any_post_is_said_so_and_not_dated():
    read = standing(History(seats=[seat(Side.ARS, stay(date(2020, 1, 1)))]), DAY)
    [referents] = [each for each in read.vitality.facts if each.fact is Fact.REFERENTS]
    assert (referents.holds, referents.sentence) == (False, "préfecture : aucun poste de référent connu")


def test_a_closed_post_without_successor_is_vacant_since_the_day_after():
    history = History(seats=[seat(Side.ARS, stay(date(2020, 1, 1)), closed_on=date(2026, 3, 31))])
    assert practice_on(history, DAY).vacant_since[Side.ARS] == date(2026, 4, 1)


def test_the_answer_of_someone_who_left_no_longer_counts():
    answers = [(date(2026, 10, 5), True)]
    left = History(seats=[seat(Side.ARS, stay(date(2020, 1, 1), date(2026, 10, 31), answers))])
    assert practice_on(left, date(2026, 10, 31)).contacts_confirmed_on[Side.ARS] == date(2026, 10, 5)
    assert practice_on(left, date(2026, 11, 1)).contacts_confirmed_on[Side.ARS] is None


@pytest.mark.parametrize(
    ("tenures", "said"),
    [
        # Someone else confirmed: the one in post never did.
        ([stay(date(2020, 1, 1), date(2026, 10, 31), CONFIRMED), stay(date(2026, 11, 1))],
         "pas confirmé par le titulaire actuel"),
        ([stay(date(2020, 1, 1), date(2026, 10, 31), CONFIRMED)], "poste vacant"),
        ([stay(date(2020, 1, 1))], "jamais confirmé"),
        ([stay(date(2020, 1, 1), date(2026, 10, 31), WRONG), stay(date(2026, 11, 1))], "jamais confirmé"),
        ([stay(date(2020, 1, 1), answers=[*CONFIRMED, (date(2026, 10, 9), False)])], "coordonnées à corriger"),
        ([], "poste vacant"),
        (None, "aucun poste"),
    ],
)  # fmt: skip
def test_the_silence_of_a_side_says_what_is_true_of_the_one_in_post(tenures, said):
    seats = [] if tenures is None else [seat(Side.ARS, *tenures)]
    prefecture = seat(Side.PREFECTURE, stay(date(2020, 1, 1), answers=CONFIRMED))
    read = practice_on(History(seats=[*seats, prefecture]), DAY)
    assert status(Fact.CONTACTS, read).sentence == f"Silence : ARS ({said})"


def test_a_contact_said_to_be_wrong_is_not_confirmed_until_it_is_right_again():
    answers = [(date(2026, 7, 1), True), (date(2026, 10, 5), False), (date(2026, 10, 20), True)]
    history = History(seats=[seat(Side.ARS, stay(date(2020, 1, 1), answers=answers))])
    read = [
        practice_on(history, day).contacts_confirmed_on[Side.ARS]
        for day in (date(2026, 6, 30), date(2026, 10, 4), date(2026, 10, 5), date(2026, 10, 20))
    ]
    assert read == [None, date(2026, 7, 1), None, date(2026, 10, 20)]


# Which convention counts


def test_the_one_in_force_comes_before_a_later_signature():
    running = Record(key=1, life=signed(date(2024, 1, 1), ends_on=date(2026, 12, 31)))
    following = Record(key=2, life=signed(date(2026, 11, 1), starts_on=date(2027, 1, 1)))
    read = standing(History(records=[following, running]), DAY)
    assert (read.record.key, read.state, read.draft) == (1, State.EN_VIGUEUR, None)


def test_once_over_the_turn_is_that_of_the_text_meant_to_follow():
    over = Record(key=1, life=signed(date(2020, 1, 1), ends_on=date(2026, 6, 30)))
    steps = [(Step.PROJET, date(2026, 7, 10)), (Step.RELECTURE, date(2026, 9, 1))]
    draft = Record(
        key=2,
        life=life(steps=steps),
        handed=[(Turn.PREFECTURE, date(2026, 7, 10)), (Turn.ARS, date(2026, 9, 1))],
    )
    read = standing(History(records=[over, draft]), DAY)
    assert (read.record.key, read.draft.key) == (1, 2)
    assert (read.state, read.since) == (State.ECHUE, date(2026, 7, 1))
    assert (read.turn, read.turn_since) == (Turn.ARS, date(2026, 9, 1))


def test_without_any_convention_both_are_expected_and_no_date_is_invented():
    read = standing(History(), DAY)
    assert (read.state, read.turn, read.turn_since) == (None, Turn.BOTH, None)


def test_in_force_nobody_is_expected():
    read = standing(History(records=[Record(key=1, life=signed(date(2024, 1, 1)))]), DAY)
    assert (read.turn, read.turn_since) == (Turn.NOBODY, None)


def test_the_points_of_the_history_turn_on_the_right_day():
    record = Record(
        key=1, life=signed(date(2024, 3, 1), starts_on=date(2024, 4, 1), ends_on=date(2024, 12, 31))
    )
    days = [
        date(2024, 2, 29),
        date(2024, 3, 1),
        date(2024, 3, 31),
        date(2024, 4, 1),
        date(2024, 12, 31),
        date(2025, 1, 1),
    ]
    read = points([History(records=[record]), History()], days)
    assert [(point.signed, point.in_force, point.total) for point in read] == [
        (0, 0, 2),
        (1, 0, 2),
        (1, 0, 2),
        (1, 1, 2),
        (1, 1, 2),
        (1, 0, 2),
    ]


# Small rules


def test_months_end_on_their_last_day_and_stop_today():
    days = month_ends(DAY)
    assert (len(days), days[0], days[-2], days[-1]) == (61, date(2021, 11, 30), date(2026, 10, 31), DAY)
    assert all((day + timedelta(days=1)).day == 1 for day in days[:-1])


@pytest.mark.parametrize(
    ("quarter", "end", "last"),
    [
        ("2026-T1", date(2026, 3, 31), date(2026, 4, 30)),
        ("2026-T2", date(2026, 6, 30), date(2026, 7, 30)),
        ("2026-T4", date(2026, 12, 31), date(2027, 1, 30)),
    ],
)
def test_a_link_lives_thirty_days_more_than_its_quarter(quarter, end, last):
    assert (quarter_ends_on(quarter), last_day_to_answer(quarter)) == (end, last)


def test_silence_stops_with_the_answer():
    asked = date(2026, 10, 1)
    assert silence_days(asked_on=asked, answered_on=None, day=asked) == 0
    assert silence_days(asked_on=asked, answered_on=None, day=DAY) == 54
    assert silence_days(asked_on=asked, answered_on=DAY, day=DAY) is None
    assert silence_days(asked_on=None, answered_on=None, day=DAY) is None
