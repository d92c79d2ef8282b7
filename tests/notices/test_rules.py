from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.notices import rules


def test_each_wait_is_four_times_longer_up_to_six_hours():
    waits = [rules.wait_before_retry(tries, draw=0.5) for tries in range(1, rules.MOST_TRIES)]
    assert waits == [timedelta(minutes=m) for m in (1, 4, 16, 64, 256, 360, 360)]


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_the_draw_spreads_the_wait_by_a_fifth_at_most(tries, draw):
    middle = rules.wait_before_retry(tries, draw=0.5)
    assert abs(rules.wait_before_retry(tries, draw=draw) - middle) <= middle / 5 + timedelta(seconds=1)


@given(st.text())
def test_one_line_never_breaks_and_never_grows(text):
    line = rules.one_line(text, limit=40)
    assert len(line.splitlines()) <= 1
    assert len(line) <= 40


@pytest.mark.parametrize(
    ("at", "is_past"),
    [
        (datetime(2026, 1, 5, 4, 0, tzinfo=UTC), False),  # five in winter
        (datetime(2026, 1, 5, 5, 0, tzinfo=UTC), True),
        (datetime(2026, 7, 6, 4, 0, tzinfo=UTC), True),  # six in summer
    ],
)
def test_six_in_paris_follows_the_seasons(at, is_past):
    assert rules.is_hour_past(at, 6) is is_past


@pytest.mark.parametrize(
    ("day", "opens_on"),
    [
        (date(2026, 11, 24), date(2026, 10, 1)),
        (date(2027, 1, 1), date(2027, 1, 4)),  # a holiday on a Friday
        (date(2022, 1, 1), date(2022, 1, 3)),  # a holiday on a Saturday
        (date(2024, 4, 1), date(2024, 4, 2)),  # Easter Monday
        (date(2018, 4, 1), date(2018, 4, 3)),  # Easter Sunday, then Monday
        (date(2023, 7, 31), date(2023, 7, 3)),
    ],
)
def test_a_quarter_opens_on_its_first_working_day(day, opens_on):
    assert rules.quarter_opens_on(day) == opens_on
