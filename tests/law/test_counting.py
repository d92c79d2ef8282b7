"""Time as the law counts it: hours elapse, days are those of the place, months keep their number."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traitdunion.law import counting, families
from traitdunion.law.counting import (
    DAY,
    HOUR,
    Counting,
    FirstDay,
    end_of_day_after,
    end_of_month_after,
    end_of_working_day_after,
    hours_after,
    is_holiday,
    months_after,
    read,
    zone_of,
)

PLACES = ["67", "75", "2A", *counting.OVERSEAS]
INSTANTS = st.integers(read("2011-08-01T00:00:00+00:00"), read("2060-01-01T00:00:00+00:00"))
PARIS = zone_of("67")


@given(INSTANTS, st.sampled_from(PLACES))
def test_an_instant_is_told_as_the_standard_library_tells_it(at, place):
    zone = zone_of(place)
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(ZoneInfo(zone.name))
    assert zone.iso(at) == moment.isoformat()
    assert zone.day(at) == moment.date().toordinal()
    assert zone.moment(at) == moment
    assert read(zone.iso(at)) == at


@given(INSTANTS, st.sampled_from(PLACES))
def test_a_day_starts_at_its_midnight(at, place):
    zone = zone_of(place)
    day = zone.day(at)
    assert zone.midnight(day) <= at < zone.midnight(day + 1)
    assert zone.day(zone.midnight(day) - 1) == day - 1


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-24T16:40:00",
        "2026-04-24",
        "24/04/2026",
        "2026-02-30T00:00:00+01:00",
        "",
    ],
)
def test_what_is_not_an_instant_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  # the reason is told by facts
        read(text)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-04-24T16:40:00Z", "2026-04-24T18:40:00+02:00"),
        ("2026-04-24T16:40+02:00", "2026-04-24T16:40:00+02:00"),
        ("2026-04-24t16:40:00+02:00", "2026-04-24T16:40:00+02:00"),
        ("2026-04-24T16:40:00.000001+02:00", "2026-04-24T16:40:00.000001+02:00"),
    ],
)
def test_an_instant_has_several_writings(text, same):
    assert PARIS.iso(read(text)) == same


@given(INSTANTS, st.integers(0, 500))
def test_hours_elapse(at, hours):
    assert hours_after(at, hours) - at == hours * HOUR


@pytest.mark.parametrize(
    ("start", "after"),
    [
        ("2026-03-28T10:30:00+01:00", "2026-03-29T11:30:00+02:00"),
        ("2026-10-24T10:30:00+02:00", "2026-10-25T09:30:00+01:00"),
        ("2026-10-25T02:30:00+02:00", "2026-10-26T01:30:00+01:00"),
    ],
)
def test_a_clock_change_bends_no_hour(start, after):
    assert PARIS.iso(hours_after(read(start), 24)) == after


def test_the_day_of_cayenne_is_not_that_of_paris():
    at = read("2026-04-24T02:30:00+02:00")
    assert date.fromordinal(zone_of("973").day(at)) == date(2026, 4, 23)
    assert date.fromordinal(zone_of("75").day(at)) == date(2026, 4, 24)


@pytest.mark.parametrize(
    ("first_day", "end"),
    [(FirstDay.COUNTED, "2026-08-11T00:00:00+02:00"), (FirstDay.NOT_COUNTED, "2026-08-12T00:00:00+02:00")],
)
def test_the_first_day_counts_or_not(first_day, end):
    start = date(2026, 8, 3).toordinal()
    assert PARIS.iso(end_of_day_after(start, 8, first_day=first_day, zone=PARIS)) == end


def test_days_are_not_counted_by_the_hour():
    with pytest.raises(ValueError, match="by the hour"):
        end_of_day_after(1, 1, first_day=FirstDay.BY_THE_HOUR, zone=PARIS)


@given(st.dates(date(2011, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_months_keep_the_number_of_the_day_or_end_with_the_month(day, months):
    end = date.fromordinal(months_after(day.toordinal(), months))
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == day.day or (end.day < day.day and (end + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 2, 28), 1, date(2026, 3, 28)),
    ],
)
def test_the_ends_of_months(start, months, end):
    assert date.fromordinal(months_after(start.toordinal(), months)) == end
    assert end_of_month_after(start.toordinal(), months, zone=PARIS) == PARIS.midnight(end.toordinal() + 1)


@pytest.mark.parametrize(
    ("place", "day", "is_off"),
    [
        ("75", date(2026, 5, 1), True),
        ("75", date(2026, 5, 4), False),
        ("67", date(2026, 12, 26), True),
        ("57", date(2026, 12, 26), True),
        ("68", date(2026, 4, 3), True),
        ("75", date(2026, 4, 3), False),
        ("971", date(2026, 5, 27), True),
        ("972", date(2026, 5, 22), True),
        ("973", date(2026, 6, 10), True),
        ("974", date(2026, 12, 20), True),
        ("976", date(2026, 4, 27), True),
        ("75", date(2026, 4, 27), False),
    ],
)
def test_public_holidays_are_those_of_the_place(place, day, is_off):
    assert is_holiday(day.toordinal(), place) is is_off


@given(st.dates(date(2011, 1, 1), date(2060, 1, 1)), st.integers(1, 30), st.sampled_from(PLACES))
def test_a_delay_of_appeal_never_ends_on_a_day_off(day, days, place):
    zone = zone_of(place)
    end, why = end_of_working_day_after(day.toordinal(), days, place, zone=zone)
    last = date.fromordinal(zone.day(end) - 1)
    assert last.weekday() < 5
    assert not is_holiday(last.toordinal(), place)
    assert bool(why) is (last != day + timedelta(days=days))


def test_a_way_of_counting_that_leaves_one_answer_out_does_not_load():
    whole = {
        "id": "C0",
        "family": "essai",
        "first_day": FirstDay.COUNTED,
        "rounding": counting.Rounding.END_OF_DAY,
        "extension": counting.Extension.NONE,
        "basis": "essai",
        "status": families.C1.status,
    }
    Counting(**whole)
    for name in whole:
        with pytest.raises(TypeError):
            Counting(**{key: value for key, value in whole.items() if key != name})


def test_memory_of_a_zone_is_bounded(monkeypatch):
    monkeypatch.setattr(counting, "MOST_CACHED", 10)
    zone = counting.Zone("Europe/Paris")
    for day in range(40):
        zone.told(day * DAY)
        zone.midnight(counting.EPOCH_DAY + day)
    assert max(len(zone._offsets), len(zone._midnights), len(zone._days)) <= 11
