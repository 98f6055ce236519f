"""The day of a move between groups, put right; what it stops from counting; the way back."""

from datetime import date

import pytest

from commands.core.execute import look
from commands.roll.enrol import MovePupil
from commands.roll.moves import CorrectMove
from ledger.events.calendar import SessionsClosed
from ledger.events.register import MarksUncounted
from ledger.events.roll import AdmissionAmended, GroupJoined, GroupLeft
from tests.commands.conftest import MO

MOVED, RIGHT = date(2026, 11, 16), date(2026, 11, 18)
SEPTEMBER = date(2026, 9, 2)


def correct(**fields):
    given = {"pupil": "P1", "kind": "registration", "from_": MOVED, "to": RIGHT}
    return CorrectMove(**(given | {"reason": "The form says so"} | fields))


def move(**fields):
    given = {"pupil": "P1", "kind": "registration", "from_": MOVED}
    return MovePupil(**(given | fields))


@pytest.fixture
def moved(desk):
    """Ada went from 7A to 7B, by what was recorded on Monday."""
    desk.do(move(to="7B"))
    return desk


def test_both_memberships_change_at_the_right_day_and_the_five_are_kept(moved):
    """What began on the wrong day was never held; the amendment names both days."""
    assert moved.events(correct()) == [
        GroupLeft(kind="registration", name="7B", since=MOVED, until=date(2026, 11, 15)),
        GroupJoined(kind="registration", name="7B", since=RIGHT),
        GroupLeft(kind="registration", name="7A", since=SEPTEMBER, until=date(2026, 11, 17)),
        AdmissionAmended(
            field="registration",
            original="moves from 7A to 7B on 2026-11-16",
            amended="moves from 7A to 7B on 2026-11-18",
            reason="The form says so",
            **MO,
        ),
    ]


@pytest.mark.parametrize("right", [date(2026, 11, 17), date(2026, 9, 3), date(2026, 11, 27)])
def test_it_may_be_sooner_or_later_and_is_taken_back_the_same_way(moved, right):
    """The day before and after are those of the groups; nothing is left of the wrong day."""
    before = _groups(moved)
    said = moved.do(correct(to=right)).says[0]
    assert said.startswith("Ada Quill: moves from 7A to 7B on 2026-11-16, amended to ")
    eve = date.fromordinal(right.toordinal() - 1)
    assert _groups(moved) == {("7A", SEPTEMBER, eve), ("7B", right, None)}
    moved.do(correct(from_=right, to=MOVED, reason="It was right"))
    assert _groups(moved) == before


def _groups(desk):
    """Return the registration groups held: name, first and last day."""

    def held(state):
        memberships = state.pupil("P1").memberships.items()
        return {
            (name, since, until)
            for (kind, name, since), until in memberships
            if kind == "registration" and (until is None or since is None or since <= until)
        }

    return look(desk.context, held)


def test_a_cohort_that_was_joined_or_left(desk):
    """Each by itself; where there are several on a day, one is named."""
    desk.do(move(kind="cohort", to="FSM", new_group=True))
    desk.do(move(kind="cohort", to="SEND", new_group=True))
    desk.refused(correct(kind="cohort"), "several-moves", "'FSM', 'SEND'")
    _, joined, amended = desk.events(correct(kind="cohort", group="fsm"))
    assert joined == GroupJoined(kind="cohort", name="FSM", since=RIGHT)
    assert amended.original == "joins FSM on 2026-11-16"
    leaves = date(2026, 11, 20)
    desk.do(move(kind="cohort", leave="FSM", from_=leaves))
    left, amended = desk.events(correct(kind="cohort", from_=leaves, to=date(2026, 11, 19)))
    assert left == GroupLeft(kind="cohort", name="FSM", since=RIGHT, until=RIGHT)
    assert amended.amended == "leaves FSM on 2026-11-19"


def test_what_was_joined_and_left_keeps_its_last_day(moved):
    """Only its first day moves."""
    moved.do(move(leave="7B", from_=date(2026, 11, 25)))
    joined = moved.events(correct())[1]
    assert joined.until == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"from_": date(2026, 11, 17)}, "no-move", "was joined or left on 2026-11-17"),
        ({"kind": "year"}, "no-move", "no year was"),
        ({"to": date(2026, 9, 1)}, "not-on-roll", "2026-09-01"),
        ({"to": SEPTEMBER}, "moves-cross", "7A would not be held"),
        ({"reason": " "}, "reason-missing", ""),
        ({"pupil": "nobody"}, "pupil-unknown", ""),
    ],
)
def test_a_day_that_cannot_be_is_refused(moved, fields, code, words):
    """Nothing moved that day, not on roll, a group that would end before it began."""
    moved.refused(correct(**fields), code, words)


def test_a_day_beyond_another_move_is_refused(moved):
    """No two groups at once, and none for no day at all."""
    moved.do(move(to="7A", from_=date(2026, 11, 23)))
    moved.refused(correct(to=date(2026, 11, 23)), "moves-cross", "7B would not be held")
    moved.refused(correct(to=date(2026, 11, 24)), "moves-cross")
    assert "2026-11-23 (7A joined)" in moved.refused(correct(to=date(2026, 11, 24))).remedy
    left = correct(from_=date(2026, 11, 23), to=MOVED)
    moved.refused(left, "moves-cross", "7B would not be held")


def test_the_same_day_records_nothing_and_a_dry_run_says_what_would_be(moved):
    """Nothing is recorded by either."""
    head = moved.folder.head()
    assert "that is the day recorded" in moved.do(correct(to=MOVED)).says[0]
    assert "would be amended to Wednesday 18 November" in moved.do(correct(dry_run=True)).says[0]
    assert moved.folder.head() == head


def test_marks_that_stop_counting_are_told_first_and_kept(moved):
    """By the reason of the amendment: 7A was closed on Tuesday, and Ada is in it once more."""
    moved.mark("P1", "2026-11-17/AM", "/")
    closed = {"date": date(2026, 11, 17), "sessions": ("AM",), "groups": ("7A",)}
    moved.put("calendar", SessionsClosed(**closed, reason="Building"))
    said = moved.do(correct(dry_run=True)).says
    assert "1 mark of 1 pupil would stop counting" in said
    [alert] = [each for each in moved.events(correct()) if isinstance(each, MarksUncounted)]
    assert alert.reason == "The form says so"
