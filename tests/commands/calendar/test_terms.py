"""Terms and register times: when the school meets, and when registers are open."""

from datetime import date

import pytest

from commands.calendar.terms import SetRegisterTimes, SetTerm
from commands.core.execute import look
from commands.core.ranges import CALENDAR, Range
from commands.register.take import MarkSession
from ledger.events.calendar import RegisterTimesSet, TermSet
from ledger.values import parse_session


def term(**fields):
    given = {"name": "Spring 1", "first": date(2027, 1, 4), "last": date(2027, 2, 12)}
    return SetTerm(**(given | fields))


def test_term_is_recorded(desk):
    """Name, first and last day; the same days again are no news."""
    event = TermSet(name="Spring 1", first=date(2027, 1, 4), last=date(2027, 2, 12))
    assert desk.recorded(term()) == [("calendar", event)]
    assert "nothing was recorded" in desk.do(term()).says[0]


def test_name_set_again_in_the_year_replaces_the_term(desk):
    """A term may move, also over its own former days; next year it is another term."""
    desk.do(term())
    assert len(desk.recorded(term(first=date(2027, 1, 5)))) == 1
    next_year = term(first=date(2028, 1, 4), last=date(2028, 2, 11))
    assert len(desk.recorded(next_year)) == 1


def test_a_term_may_be_one_day_and_border_on_others(desk):
    """The school is in its second half of autumn from 2 November to 18 December."""
    days = [(date(2026, 10, 24), date(2026, 11, 1)), (date(2026, 12, 19), date(2026, 12, 19))]
    for n, (first, last) in enumerate(days):
        assert len(desk.recorded(term(name=f"New {n}", first=first, last=last))) == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"last": date(2027, 1, 3)}, "dates-reversed"),
        ({"first": date(2026, 12, 18)}, "terms-overlap"),
        ({"first": date(2026, 10, 24), "last": date(2026, 11, 2)}, "terms-overlap"),
        ({"name": " "}, "name-missing"),
    ],
)
def test_term_that_cannot_be_is_refused(desk, fields, code):
    """Backwards, over another term, or without a name."""
    desk.refused(term(**fields), code)


def autumn(first=date(2026, 11, 2), last=date(2026, 12, 18), name="Autumn 2"):
    return SetTerm(name=name, first=first, last=last)


@pytest.fixture
def marked(desk):
    """Marks of two pupils on 3 and 17 November."""
    for day, pupil in (("2026-11-03", "P1"), ("2026-11-17", "P1"), ("2026-11-17", "P2")):
        desk.at(f"{day}T08:50").mark(pupil, f"{day}/AM")
    return desk.at("2026-11-20T09:30")


@pytest.mark.parametrize(
    ("days", "what"),
    [
        ({"first": date(2026, 11, 4)}, "1 mark of 1 pupil outside every term, the first for"),
        ({"last": date(2026, 11, 16)}, "2 marks of 2 pupils outside every term, the first"),
        ({"first": date(2026, 11, 4), "last": date(2026, 11, 16)}, "3 marks of 2 pupils outside"),
        ({"first": date(2026, 11, 10), "last": date(2026, 11, 10)}, "3 marks of 2 pupils outside"),
        ({"first": date(2026, 11, 23), "last": date(2026, 12, 1)}, "3 marks of 2 pupils outside"),
        ({"first": date(2026, 10, 26), "last": date(2026, 10, 30)}, "3 marks of 2 pupils outside"),
    ],
)
def test_term_does_not_move_away_from_marks(marked, days, what):
    """They would be in no figure any more; how many, of how many pupils, the first named."""
    found = marked.refused(autumn(**days), "marks-stand", what)
    first = "2026-11-17/AM" if what.startswith("2") else "2026-11-03/AM"
    assert found.what.endswith(f"the first for {first}")
    assert "session cancel" in found.remedy


def test_term_may_move_where_no_mark_stands(marked):
    """Up to the last mark, and over days without any; another term leaves nothing out."""
    assert len(marked.recorded(autumn(date(2026, 11, 3), date(2026, 11, 17)))) == 1
    assert len(marked.recorded(autumn(date(2026, 10, 29), date(2026, 11, 20)))) == 1
    assert len(marked.recorded(autumn(date(2026, 12, 1), date(2026, 12, 18), "Late"))) == 1


def test_marks_made_meanwhile_are_seen(marked):
    """What was read is guarded: the marks on the days left out, and no others."""
    state = look(marked.context, lambda state: state)
    asked = list(autumn(date(2026, 11, 4), date(2026, 12, 17)).reads(state))
    ada = marked.id("P1")
    assert Range(f"mark:{ada}:2026-11-02/AM", f"mark:{ada}:2026-11-03/PM\x00") in asked
    assert Range(f"mark:{ada}:2026-12-18/AM", f"mark:{ada}:2026-12-18/PM\x00") in asked
    marks = [each for each in asked if each.first.startswith("mark:")]
    assert len(marks) == 2 * len(state.school.pupils)
    for one_end in (autumn(last=date(2026, 12, 17)), autumn(first=date(2026, 11, 4))):
        marks = [each for each in one_end.reads(state) if each.first.startswith("mark:")]
        assert len(marks) == len(state.school.pupils)
    backwards = list(autumn(date(2026, 12, 18), date(2026, 11, 2)).reads(state))
    assert backwards == [state.own_row, CALENDAR]


def test_nobody_named_is_refused(desk):
    """Whoever writes is named."""
    desk.by(None).refused(term(), "author-missing")


# attendance register times: when registers are open.

FROM = date(2026, 11, 20)


TIMES = {"am_opens": "08:45", "am_closes": "09:45", "pm_opens": "13:00", "pm_closes": "13:15"}


def times(**fields):
    return SetRegisterTimes(**({"from_": FROM} | TIMES | fields))


def test_times_are_recorded_to_the_second(desk):
    """As events keep them; the same times again are no news, other times replace them."""
    event = RegisterTimesSet(since=FROM, **{at: f"{time}:00" for at, time in TIMES.items()})
    assert desk.recorded(times()) == [("calendar", event)]
    assert "nothing was recorded" in desk.do(times()).says[0]
    assert len(desk.recorded(times(am_closes="09:10"))) == 1


def test_times_decide_what_is_late(desk):
    """At 09:30 a register that closes at 09:45 is still open."""
    desk.do(times())
    mark = MarkSession(pupil="P1", session=parse_session("2026-11-20/AM"), code="/")
    [event] = desk.events(mark)
    assert not event.late


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
    desk.refused(times(**fields), code)
