"""`history`: a mark that stands and does not count says why, since when, and by whom."""

from datetime import date

import pytest

from ledger.clock import iso
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.register import MarkAmended
from ledger.events.roll import EnrolmentWithdrawn, PupilRemoved
from ledger.store.store import Fact
from projections.history.history import History
from projections.rendering.text import as_text
from tests.projections.ledgers import enrolled, instant, joined, marked, on_mark

SESSION = "2025-09-08/AM"
AT = instant(2025, 9, 8, 7, 50)
LATER = instant(2025, 9, 20, 9)
MONDAY = date(2025, 9, 8)
ON = {"on": date(2025, 9, 30)}


def ask(book, session=None, **asked):
    """The answer of Ann's history."""
    return book.ask(History(who="U-ann", session=session, **ON | asked))


def rows(book, **asked):
    """What the document lists."""
    return ask(book, **asked).document["uncounted"]


def text(answer):
    """An answer as it is read."""
    return "\n".join(as_text(answer.blocks))


def on_calendar(event):
    """A fact of the calendar."""
    return Fact(streams.CALENDAR, event)


def on_pupil(event):
    """A fact of Ann's roll."""
    return Fact(streams.pupil("ann"), event)


CLOSED = on_calendar(SessionsClosed(date=MONDAY, sessions=("AM",), reason="INSET"))


@pytest.fixture
def book(school):
    """Ann has two marks on a Monday; one of them is amended."""
    school.add(AT, marked("ann", SESSION, "N", by="s1"))
    school.add(AT + 1, marked("ann", "2025-09-08/PM", "/", by="s1"))
    clerk = {"by": "s1", "name": "Mrs Then", "job_title": "Clerk"}
    amended = MarkAmended(original="N", code="I", reason="ill", **clerk)
    school.add(AT + 2, on_mark("ann", SESSION, amended))
    return school


def test_marks_that_count_are_not_listed(book):
    """Nor is anything said of them."""
    assert rows(book) == []
    assert "do not count" not in text(ask(book))
    assert "does not count" not in text(ask(book, SESSION))


def test_a_planned_closure_is_shown_with_reason_author_and_time(book):
    """In the rows, the table and the page of the session; not before it was recorded."""
    head = book.add(LATER, CLOSED)
    assert rows(book) == [
        {
            "session": SESSION,
            "code": "I",
            "why": "closed",
            "words": "the school was closed: INSET",
            "by": {
                "name": "Mrs Register",
                "job_title": "Officer",
                "authenticated": "operating-system account; name as stated",
            },
            "source": None,
            "recorded_at": iso(LATER),
            "position": head,
        }
    ]
    table = text(ask(book))
    assert "Marks that stand but do not count" in table
    assert "the school was closed: INSET" in table
    assert "2025-09-20 10:00" in table
    page = text(ask(book, SESSION))
    assert "This mark stands but does not count: the school was closed: INSET" in page
    assert f"Recorded         Saturday 20 September 2025, 10:00, as entry {head}" in page
    assert "By               Mrs Register, Officer" in page
    assert page.count("does not count") == 1
    assert "does not count" not in text(ask(book, "2025-09-08/PM"))
    assert rows(book, position=head - 2) == []


def test_a_closure_withdrawn_lets_the_mark_count_again(book):
    """As it stands, and as it stood."""
    head = book.add(LATER, CLOSED)
    book.add(LATER + 1, on_calendar(ClosureWithdrawn(date=MONDAY, sessions=("AM",))))
    assert rows(book) == []
    assert len(rows(book, position=head)) == 1


def test_an_import_is_named_where_nobody_is(book):
    """A source's closure of both sessions, with no operator named."""
    book.add(LATER, on_calendar(SessionsClosed(date=MONDAY, row=3)), imported=True, by=None)
    found = rows(book)
    assert [(r["session"], r["by"], r["source"]) for r in found] == [
        (SESSION, None, "other-system"),
        ("2025-09-08/PM", None, "other-system"),
    ]
    assert found[0]["words"] == "the school was closed"
    assert "By               import of other-system" in text(ask(book, SESSION))


def test_a_session_cancelled_is_shown_where_its_own_code_does_not_stand(book):
    """The law's own code counts as what it is; another entry is superseded."""
    cancelled = SessionCancelled(date=MONDAY, sessions=("AM",), reason="Flood")
    book.add(LATER, on_calendar(cancelled))
    assert [(r["why"], r["words"]) for r in rows(book)] == [
        ("cancelled", "the session was cancelled: Flood")
    ]
    clerk = {"by": "s1", "name": "Mrs Then", "job_title": "Clerk"}
    law = MarkAmended(original="I", code="Y4", reason="Flood", **clerk)
    book.add(LATER + 1, on_mark("ann", SESSION, law))
    assert rows(book) == []


def test_a_term_that_moved_is_shown_by_what_moved_it(book):
    """Not by an earlier change that left the day inside."""
    for last in (date(2025, 10, 23), date(2025, 10, 22)):
        book.add(LATER, on_calendar(TermSet(name="Autumn 1", first=MONDAY, last=last)))
    moved = TermSet(name="Autumn 1", first=date(2025, 9, 9), last=date(2025, 10, 24))
    head = book.add(LATER + 1, on_calendar(moved))
    found = rows(book, from_=date(2025, 9, 1))
    assert [(r["session"], r["why"], r["position"]) for r in found] == [
        (SESSION, "outside-term", head),
        ("2025-09-08/PM", "outside-term", head),
    ]
    assert "does not count: outside every term" in text(ask(book, SESSION))


def test_a_last_day_before_the_mark_is_shown(book):
    """With the day, and what ended the time on roll."""
    first = date(2025, 6, 2)
    removed = PupilRemoved(starts_on=first, leaves_on=date(2025, 9, 5), ground="a", by="s1")
    head = book.add(LATER, on_pupil(removed))
    found = [(r["why"], r["words"], r["position"]) for r in rows(book)]
    assert found == [("not-on-roll", "last day on roll: 2025-09-05", head)] * 2


def test_a_spell_withdrawn_is_shown(book):
    """There is no last day then."""
    clerk = {"by": "s1", "name": "Mrs Then", "job_title": "Clerk"}
    gone = EnrolmentWithdrawn(starts_on=date(2025, 6, 2), reason="another pupil", **clerk)
    head = book.add(LATER, on_pupil(gone))
    found = [(r["words"], r["position"]) for r in rows(book)]
    assert found == [("the pupil was not on roll", head)] * 2


def test_a_group_joined_since_takes_the_mark_out_from_then(book):
    """The closure was there before; the membership did it."""
    closed = SessionsClosed(date=MONDAY, sessions=("AM",), groups=("Choir",), reason="Trip")
    book.add(LATER, on_calendar(closed))
    assert rows(book) == []
    book.add(LATER + 1, joined("ann", "cohort", "Band", since=MONDAY))
    head = book.add(LATER + 2, joined("ann", "cohort", "Choir", since=MONDAY))
    assert [(r["words"], r["position"]) for r in rows(book)] == [
        ("the school was closed for Choir: Trip", head)
    ]


def test_a_mark_on_a_day_that_was_never_met_says_so_without_an_author(school):
    """A source may state one in its own order; nobody took it out."""
    school.add(AT, enrolled("new", date(2025, 9, 15)))
    school.add(AT + 1, marked("new", SESSION, "/"))
    found = school.ask(History(who="U-new", **ON)).document["uncounted"]
    assert [(r["words"], r["by"], r["position"]) for r in found] == [
        ("the pupil was not on roll", None, None)
    ]
    told = text(school.ask(History(who="U-new", session=SESSION, **ON)))
    assert "does not count: the pupil was not on roll" in told
    table = text(school.ask(History(who="U-new", **ON)))
    assert "not stated" in table
