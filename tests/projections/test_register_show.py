"""`register show`: a group's grid for a week, as it stood."""

from datetime import date

import pytest

from ledger import streams
from ledger.errors import Refused
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.events.register import AbsencePlanned, MarkAmended
from ledger.store import Fact
from projections import register_show
from projections.register_show import RegisterShow
from tests.projections.ledgers import instant, marked, on_mark

AT = instant(2025, 9, 8, 9)
WEEK = {"group": "9A", "week": date(2025, 9, 10), "on": date(2025, 9, 30)}


def cells(book, **asked):
    """The cells by name and session."""
    document = book.ask(register_show, RegisterShow(**WEEK | asked)).document
    return {r["name"]: {c["session"]: c for c in r["cells"]} for r in document["rows"]}


def test_a_week_has_ten_cells_for_each_pupil(school):
    """Monday to Friday, AM and PM, for each pupil of the group, by surname."""
    found = cells(school)
    assert list(found) == ["Ann Able", "Bob Baker"]
    assert len(found["Ann Able"]) == 10


def test_the_mark_that_stood_is_shown_and_whether_it_was_changed(school):
    """As amended (reg 6(2)), with a sign; at an earlier instant as entered."""
    school.add(AT, marked("ann", "2025-09-08/AM", "N"), marked("bob", "2025-09-08/AM", "/"))
    school.add(AT, Fact(streams.plan("bob", "2025-09-08/AM"), AbsencePlanned(code="C")))
    amended = MarkAmended(original="N", code="I", reason="ill", by="s1")
    school.add(AT + 3_600_000_000, on_mark("ann", "2025-09-08/AM", amended))
    found = cells(school)
    assert found["Ann Able"]["2025-09-08/AM"] == {
        "session": "2025-09-08/AM", "code": "I", "met": True, "cancelled": False, "changed": True,
    }  # fmt: skip
    assert found["Bob Baker"]["2025-09-08/AM"]["changed"] is False
    before = cells(school, known_at="2025-09-08T09:30:00Z")["Ann Able"]["2025-09-08/AM"]
    assert (before["code"], before["changed"]) == ("N", False)
    grid = school.ask(register_show, RegisterShow(**WEEK)).blocks[0]
    assert [row[:4] for row in grid.rows] == [
        ("Ann Able", "I*", "-", "-"), ("Bob Baker", "/", "-", "-"),
    ]  # fmt: skip


def test_a_cancelled_session_shows_its_code_and_a_closed_one_none(school):
    """Y4 for everyone on roll, whatever was marked; a planned closure shows a dot."""
    school.add(
        AT,
        marked("ann", "2025-09-08/AM", "/"),
        Fact(streams.CALENDAR, SessionCancelled(date=date(2025, 9, 8), sessions=("AM",))),
        Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 9))),
    )
    found = cells(school)
    assert [found[name]["2025-09-08/AM"]["code"] for name in found] == ["Y4", "Y4"]
    assert found["Ann Able"]["2025-09-08/AM"]["met"] is False
    grid = school.ask(register_show, RegisterShow(**WEEK)).blocks[0]
    assert grid.rows[1][1:4] == ("Y4", "-", "·")


def test_days_outside_the_term_are_not_met(school):
    """The first school day of September was a Wednesday."""
    found = cells(school, week=date(2025, 9, 3))["Ann Able"]
    assert [c["met"] for c in found.values()] == [False] * 4 + [True] * 6


def test_a_pupil_is_listed_in_the_weeks_on_roll_and_in_the_group(school):
    """Cy left 9B and the school on 30 September, a Tuesday."""
    assert "Cy Cole" in cells(school, group="9B", week=date(2025, 9, 29))
    assert not cells(school, group="9B", week=date(2025, 10, 6))


def test_the_week_is_that_of_the_date_when_left_out(school):
    """Without --week the week that holds --on is shown."""
    document = school.ask(register_show, RegisterShow(group="9A", on=date(2025, 9, 30))).document
    assert document["week"] == "2025-09-29"


def test_an_unknown_group_is_refused(school):
    """A group to which nobody ever belonged has no register."""
    with pytest.raises(Refused, match="no group is called '9Z'"):
        cells(school, group="9Z")
    with pytest.raises(Refused, match="no group is called ''"):
        cells(school, group=None)


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event there is no register, and that is no refusal."""
    answer = school.ask(register_show, RegisterShow(**WEEK, known_at="2025-07-01"))
    assert answer.document["knows_nothing"] is True
    assert not answer.rows()
