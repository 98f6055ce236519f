"""The rectangle: pupils by sessions, with what stood, what was met and what was cancelled."""

from datetime import date

from ledger.events import streams
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.store.facts import Fact
from ledger.values import Session
from projections.queries import view
from projections.queries.question import PointInTime
from projections.queries.rectangle import rectangle
from tests.projections.ledgers import NOW, instant, joined, marked, term

AT = instant(2025, 9, 8, 9)
MONDAY = date(2025, 9, 8)


def taken(book, first=MONDAY, last=MONDAY, **asked):
    """A rectangle, and the codes by pupil in it."""
    with view.open_view(book.folder, PointInTime(**asked), lambda: NOW) as opened:
        whole = rectangle(opened, first, last)
    return whole, [[whole.book[c] for c in row] for row in whole.codes]


def test_columns_are_the_weekday_sessions_in_terms(school):
    """In order, closed or not, across the half term."""
    whole, _ = taken(school, date(2025, 10, 23), date(2025, 11, 3))
    days = [date(2025, 10, 23), date(2025, 10, 24), date(2025, 11, 3)]
    assert whole.sessions == [Session(day, half) for day in days for half in ("AM", "PM")]


def test_columns_reach_over_the_years_of_the_grid(school):
    """July and September are different files and one rectangle."""
    school.add(AT, marked("ann", "2025-07-18/PM", "\\"), marked("ann", "2025-09-03/AM", "L"))
    _, codes = taken(school, date(2025, 7, 18), date(2025, 9, 3))
    assert codes[0] == ["", "\\", "L", ""]


def test_a_cancelled_session_stands_as_its_code_for_who_is_on_roll(school):
    """Whatever was marked; whoever is not on roll has no entry, and their mark is kept apart."""
    school.add(
        AT,
        marked("ann", "2025-10-01/AM", "/"),
        Fact(streams.CALENDAR, SessionCancelled(date=date(2025, 10, 1))),
        imported=True,
    )
    whole, codes = taken(school, date(2025, 10, 1), date(2025, 10, 1))
    assert codes == [["Y4", "Y4"], ["Y4", "Y4"], ["", ""]]
    assert not whole.counted.any()
    assert not whole.undated.any()


def test_the_cancelling_code_is_not_added_twice(school):
    """Where the code stands in the book already it keeps its number."""
    school.add(
        AT,
        marked("bob", "2025-09-08/AM", "Y4"),
        Fact(streams.CALENDAR, SessionCancelled(date=MONDAY)),
    )
    whole, _ = taken(school)
    assert whole.book.count("Y4") == 1


def test_closures_outside_the_range_and_the_terms_change_nothing(school):
    """A closure in the holidays has no column."""
    school.add(AT, Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 10, 29))))
    whole, _ = taken(school, date(2025, 10, 24), date(2025, 11, 3))
    assert whole.met.all()


def test_a_closure_for_a_group_follows_membership_on_its_day(school):
    """Bob joins 9X on Tuesday; on Monday its closure does not concern him."""
    school.add(
        AT,
        joined("bob", "registration", "9X", since=date(2025, 9, 9)),
        *(Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, d), groups=("9X",)))
          for d in (8, 9)),
    )  # fmt: skip
    whole, _ = taken(school, MONDAY, date(2025, 9, 9))
    assert whole.met[1].tolist() == [True, True, False, False]


def test_a_ledger_without_pupils_or_terms_has_an_empty_rectangle(empty):
    """Nothing to count, and nothing fails."""
    whole, _ = taken(empty)
    assert whole.codes.shape == (0, 0)
    empty.add(AT, term("Autumn", MONDAY, MONDAY))
    whole, _ = taken(empty)
    assert whole.codes.shape == (0, 2)
