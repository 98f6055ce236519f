"""Which sessions the school meets, for whom, and when registers close."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock
from ledger.state.calendar import Calendar, Closure, RegisterTimes, Term
from ledger.values import HALVES, Session

AUTUMN = Term(date(2026, 9, 1), date(2026, 10, 23), "Autumn 1")
LATER = Term(date(2026, 11, 2), date(2026, 12, 18), "Autumn 2")
MONDAY = date(2026, 9, 7)


def closed(day=MONDAY, half="AM", *groups, cancelled=False, reason=""):
    return Closure(day, half, frozenset(groups), cancelled, reason)


@pytest.mark.parametrize(
    ("day", "meets"),
    [
        (AUTUMN.first, True),
        (AUTUMN.first - timedelta(days=1), False),
        (AUTUMN.last, True),
        (AUTUMN.last + timedelta(days=3), False),
        (date(2026, 9, 5), False),
        (date(2026, 9, 6), False),
        (MONDAY, True),
    ],
)
def test_the_school_meets_on_weekdays_inside_terms(day, meets):
    calendar = Calendar([LATER, AUTUMN])
    assert calendar.in_term(day) is meets
    assert [calendar.meets(Session(day, half)) for half in HALVES] == [meets, meets]
    assert [calendar.meets_everyone(Session(day, half)) for half in HALVES] == [meets, meets]


def test_a_closure_concerns_its_session_and_groups():
    """One half day, for the groups it names or for everyone."""
    calendar = Calendar([AUTUMN], [closed(MONDAY, "AM", "Y7"), closed(MONDAY, "PM")])
    morning, afternoon = (Session(MONDAY, half) for half in HALVES)
    assert not calendar.meets(morning, ["Y7", "7B"])
    assert calendar.meets(morning, ["Y8"])
    assert calendar.meets(morning)
    assert not calendar.meets(afternoon)
    assert not calendar.meets(afternoon, ["Y8"])
    assert calendar.closures_on(morning) == [closed(MONDAY, "AM", "Y7")]
    assert [calendar.meets_everyone(each) for each in (morning, afternoon)] == [False, False]


def test_a_cancellation_is_told_before_a_planned_closure():
    """Where both close a session, what happened on the day counts."""
    planned, cancelled = closed(MONDAY, "AM", "Y7"), closed(cancelled=True)
    session = Session(MONDAY, "AM")
    assert Calendar([AUTUMN], [planned, cancelled]).closure(session, ["Y7"]) == cancelled
    assert Calendar([AUTUMN], [cancelled, planned]).closure(session, ["Y7"]) == cancelled
    assert Calendar([AUTUMN], [planned]).closure(session, ["Y7"]) == planned
    assert Calendar([AUTUMN]).closure(session) is None


def test_a_day_counts_as_a_school_day_while_anybody_meets():
    """Closed for some groups, or for half the day, it still counts; closed for all it does not."""
    days = [MONDAY + timedelta(days=n) for n in range(3)]
    calendar = Calendar(
        [Term(days[0], days[2], "Short")],
        [
            closed(days[0], "AM", "Y7"),
            closed(days[0], "PM", "Y7"),
            closed(days[1], "AM"),
            closed(days[2], "AM"),
            closed(days[2], "PM"),
        ],
    )
    assert calendar.school_days() == days[:2]


@given(st.dates(date(2026, 8, 25), date(2026, 12, 25)), st.integers(0, 60))
def test_sessions_of_a_range_are_those_of_its_days_in_term(first, length):
    """Counted day by day, both halves, in order."""
    calendar = Calendar([LATER, AUTUMN], [closed()])
    days = [first + timedelta(days=n) for n in range(length + 1)]
    by_day = [Session(day, half) for day in days if calendar.in_term(day) for half in HALVES]
    assert list(calendar.sessions(first, days[-1])) == by_day


def times(since: date, hour: int) -> RegisterTimes:
    return RegisterTimes(
        since, (time(hour, 45), time(hour, 55)), (time(hour + 5, 0), time(hour + 5, 10))
    )


def test_a_register_closes_at_the_time_in_force_on_the_day():
    """From its first day on, until the next times begin; London time, winter and summer."""
    calendar = Calendar(times=[times(date(2026, 9, 14), 9), times(date(2026, 9, 1), 8)])
    found = [
        calendar.closing(Session(day, half))
        for day, half in (
            (date(2026, 9, 1), "AM"),
            (date(2026, 9, 13), "PM"),
            (date(2026, 9, 14), "AM"),
            (date(2026, 11, 20), "PM"),
        )
    ]
    assert list(map(clock.iso, found)) == [
        "2026-09-01T07:55:00Z",
        "2026-09-13T12:10:00Z",
        "2026-09-14T08:55:00Z",
        "2026-11-20T14:10:00Z",
    ]


def test_before_any_times_were_set_nobody_knows_when_a_register_closes():
    """None, and no guess."""
    assert Calendar(times=[times(date(2026, 9, 1), 8)]).closing(Session(MONDAY, "AM")) is not None
    earlier = Session(date(2026, 8, 31), "AM")
    assert Calendar(times=[times(date(2026, 9, 1), 8)]).closing(earlier) is None
    assert Calendar().closing(Session(MONDAY, "AM")) is None
