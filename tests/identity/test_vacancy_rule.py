from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from traitdunion.identity.rules import Holding, vacancy

DAY = date(2026, 3, 2)
days = st.integers(min_value=-500, max_value=60).map(lambda shift: DAY + timedelta(days=shift))


@st.composite
def stays(draw):
    since = draw(days)
    length = draw(st.none() | st.integers(min_value=0, max_value=300))
    return Holding(since=since, until=None if length is None else since + timedelta(days=length))


def is_held(holdings, day):
    return any(stay.since <= day and (stay.until is None or day <= stay.until) for stay in holdings)


@given(holdings=st.lists(stays(), max_size=6), opened_on=days)
@example(holdings=[], opened_on=DAY)
@example(holdings=[], opened_on=DAY + timedelta(days=1))
def test_the_rule_says_what_counting_day_by_day_says(holdings, opened_on):
    every_day = [opened_on + timedelta(days=n) for n in range((DAY - opened_on).days + 1)]
    empty = [day for day in every_day if not is_held(holdings, day)]
    run = 0
    for day in reversed(every_day):
        if is_held(holdings, day):
            break
        run += 1

    found = vacancy(holdings, opened_on=opened_on, day=DAY)

    assert found.days == run
    assert found.vacant_since == (DAY - timedelta(days=run - 1) if run else None)
    assert found.days_over_a_year == sum((DAY - day).days < 365 for day in empty)


@given(holdings=st.lists(stays(), max_size=6))
def test_the_order_of_the_stays_does_not_matter(holdings):
    opened_on = DAY - timedelta(days=400)
    found = vacancy(holdings, opened_on=opened_on, day=DAY)
    assert vacancy(holdings[::-1], opened_on=opened_on, day=DAY) == found


def test_a_holder_whose_last_day_is_today_still_holds():
    stay = Holding(since=DAY - timedelta(days=9), until=DAY)
    assert vacancy([stay], opened_on=stay.since, day=DAY).vacant_since is None


def test_a_holder_who_starts_tomorrow_does_not_hold_yet():
    stay = Holding(since=DAY + timedelta(days=1), until=None)
    assert vacancy([stay], opened_on=DAY, day=DAY).days == 1
