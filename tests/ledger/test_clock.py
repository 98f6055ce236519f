"""Instants and London time: exact microseconds, summer time, what people may write."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock
from tests.ledger.refusals import refused_with

INSTANTS = st.integers(-60_000_000_000_000_000, 250_000_000_000_000_000)


def test_an_instant_counts_microseconds():
    """As every event and every file of the ledger holds them."""
    assert clock.SECOND == 1_000_000
    later = datetime(2026, 11, 20, 9, 30, 1, tzinfo=UTC)
    assert clock.to_instant(later) - clock.to_instant(later - timedelta(seconds=1)) == clock.SECOND


READ = [
    ("2026-11-20T09:30", "2026-11-20T09:30:00Z"),
    ("2026-06-20T09:30", "2026-06-20T08:30:00Z"),
    ("2026-06-20 09:30:01", "2026-06-20T08:30:01Z"),
    ("2026-11-20T09:30Z", "2026-11-20T09:30:00Z"),
    ("2026-11-20T09:30+05:30", "2026-11-20T04:00:00Z"),
    ("2026-11-20T09:30:00.000001Z", "2026-11-20T09:30:00.000001Z"),
    ("2026-11-20T09:30:00.999999-01:00", "2026-11-20T10:30:00.999999Z"),
    ("2026-11-20", "2026-11-20T23:59:59.999999Z"),
    ("20261120", "2026-11-20T23:59:59.999999Z"),
    ("2026-06-20", "2026-06-20T22:59:59.999999Z"),
    ("2026-03-29", "2026-03-29T22:59:59.999999Z"),
    ("2026-10-25", "2026-10-25T23:59:59.999999Z"),
    ("2026-03-29T00:59:59", "2026-03-29T00:59:59Z"),
    ("2026-03-29T02:00", "2026-03-29T01:00:00Z"),
    ("2026-10-25T01:30", "2026-10-25T00:30:00Z"),
    ("2026-10-25T01:30Z", "2026-10-25T01:30:00Z"),
    ("2026-10-25T02:00", "2026-10-25T02:00:00Z"),
    ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text for text, _ in READ])
def test_an_instant_is_read(text, expected):
    assert clock.iso(clock.parse_instant(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-02-30", "2026-11-20T25:00", "20/11/2026", "2026-11-20T", "9999-12-31"],
)
def test_what_is_no_instant_is_refused(text):
    with refused_with("instant", match="not a date or time") as refused:
        clock.parse_instant(text)
    assert "2026-11-20T09:30" in refused.value.remedy


@pytest.mark.parametrize("wall", ["01:00", "01:30", "01:59:59.999999"])
def test_a_london_time_that_the_clocks_skip_is_refused(wall):
    """On 29 March 2026 there is no half past one."""
    with refused_with("time-does-not-exist", match="does not exist in London"):
        clock.parse_instant(f"2026-03-29T{wall}")


@given(INSTANTS)
def test_an_instant_written_is_read_back(instant):
    """Writing and reading are exact to the microsecond."""
    assert clock.parse_instant(clock.iso(instant)) == instant


@given(INSTANTS)
def test_integer_instants_agree_with_datetimes(instant):
    """Days, seconds and microseconds of a timedelta add up to the same instant."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    assert clock.to_instant(moment) == instant
    assert clock.to_instant(moment.astimezone(timezone(timedelta(hours=-7)))) == instant
    assert clock.local(instant) == moment
    assert clock.local_date(instant) == clock.local(instant).date()


@given(st.dates(date(1972, 1, 1), date(2100, 1, 1)))
def test_a_day_ends_where_the_next_begins(day):
    end = clock.end_of_day(day)
    assert clock.local_date(end) == day
    assert end + 1 == clock.at_london(day + timedelta(days=1), time())


def test_the_clock_is_in_whole_microseconds():
    """The one reading of the machine's clock, which a test can freeze."""
    with freeze_time("2026-11-20 09:15:00"):
        assert clock.iso(clock.now()) == "2026-11-20T09:15:00Z"
    assert isinstance(clock.now(), int)
