"""attendance register times: when registers are open."""

from datetime import date

import pytest

from commands.calendar.terms import SetRegisterTimes
from commands.register.take import MarkSession
from ledger.events.calendar import RegisterTimesSet
from ledger.values import parse_session

FROM = date(2026, 11, 20)


def times(**fields):
    given = {
        "from_": FROM,
        "am_opens": "08:45",
        "am_closes": "09:45",
        "pm_opens": "13:00",
        "pm_closes": "13:15",
    }
    return SetRegisterTimes(**(given | fields))


def test_times_are_recorded_to_the_second(desk):
    """As events keep them."""
    event = RegisterTimesSet(
        since=FROM,
        am_opens="08:45:00",
        am_closes="09:45:00",
        pm_opens="13:00:00",
        pm_closes="13:15:00",
    )
    assert desk.recorded(times()) == [("calendar", event)]


def test_times_decide_what_is_late(desk):
    """At 09:30 a register that closes at 09:45 is still open."""
    desk.do(times())
    mark = MarkSession(pupil="P1", session=parse_session("2026-11-20/AM"), code="/")
    [(_, event)] = desk.recorded(mark)
    assert not event.late


def test_repeated_times_record_nothing(desk):
    """The same times again are no news; other times replace them."""
    desk.do(times())
    assert "nothing was recorded" in desk.do(times()).says[0]
    assert len(desk.recorded(times(am_closes="09:10"))) == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"am_opens": "quarter to nine"}, "time"),
        ({"am_opens": "10:00"}, "times-order"),
        ({"pm_opens": "09:45"}, "times-order"),
    ],
)
def test_times_that_cannot_be_are_refused(desk, fields, code):
    """No times of day, or out of order."""
    assert desk.refused(times(**fields)).code == code
