"""attendance pupil move: groups over time."""

from datetime import date

import pytest

from commands.roll.enrol import MovePupil
from ledger.events.roll import GroupJoined, GroupLeft

MONDAY = date(2026, 11, 23)
SUNDAY = date(2026, 11, 22)


def move(**fields):
    given = {"pupil": "P1", "kind": "registration", "to": "7B", "from_": MONDAY}
    return MovePupil(**(given | fields))


def leave(**fields):
    return move(to=None, **({"leave": "7A"} | fields))


def events(recorded):
    return [event for _, event in recorded]


def test_new_registration_group_takes_the_place_of_the_old(desk):
    """The old ends on the day before."""
    assert events(desk.recorded(move())) == [
        GroupLeft(kind="registration", name="7A", since=date(2026, 9, 2), until=SUNDAY),
        GroupJoined(kind="registration", name="7B", since=MONDAY),
    ]


def test_cohorts_are_held_beside_each_other(desk):
    """Joining one leaves none."""
    desk.do(move(kind="cohort", to="FSM"))
    assert events(desk.recorded(move(kind="cohort", to="SEND"))) == [
        GroupJoined(kind="cohort", name="SEND", since=MONDAY)
    ]


def test_group_can_be_left_without_joining_another(desk):
    """The last day is the day before."""
    assert events(desk.recorded(leave())) == [
        GroupLeft(kind="registration", name="7A", since=date(2026, 9, 2), until=SUNDAY)
    ]


def test_move_put_right_on_its_own_day_replaces_it(desk):
    """The group joined by mistake ends before it began."""
    desk.do(move())
    assert events(desk.recorded(move(to="7C"))) == [
        GroupLeft(kind="registration", name="7B", since=MONDAY, until=SUNDAY),
        GroupJoined(kind="registration", name="7C", since=MONDAY),
    ]


def test_repeated_move_records_nothing(desk):
    """Who belongs to the group already stays."""
    desk.do(move())
    assert "nothing was recorded" in desk.do(move()).says[0]


def test_repeated_leaving_is_refused(desk):
    """There is nothing left to leave."""
    desk.do(leave())
    assert desk.refused(leave()).code == "not-a-member"


def test_move_under_a_later_one_is_refused(desk):
    """What follows would have to be undone; another cohort does not mind."""
    desk.do(move())
    desk.do(move(kind="cohort", to="FSM"))
    early = date(2026, 11, 16)
    assert desk.refused(move(to="7C", from_=early)).code == "later-group"
    assert desk.refused(move(kind="cohort", to="FSM", from_=early)).code == "later-group"
    assert desk.do(move(kind="cohort", to="SEND", from_=early)).header is not None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": None}, "join-or-leave"),
        ({"leave": "7A"}, "join-or-leave"),
        ({"to": " "}, "to-missing"),
        ({"from_": date(2026, 9, 1)}, "not-on-roll"),
        ({"to": None, "leave": "9Z"}, "not-a-member"),
    ],
)
def test_move_that_cannot_be_is_refused(desk, fields, code):
    """Neither or both ways, nowhere, off roll, or out of a group never held."""
    assert desk.refused(move(**fields)).code == code
