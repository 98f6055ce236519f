"""`history`: every version of a pupil's marks, who made it, when and why."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import SessionsClosed
from ledger.events.register import (
    AbsencePlanned,
    MarkCorrected,
    PlanChanged,
    PlanWithdrawn,
    SourceRestated,
)
from ledger.events.school import StaffChanged
from ledger.store.facts import Fact
from tests.projections.history.examples import SESSION, amended, ask
from tests.projections.ledgers import enrolled, instant, marked, on_mark

AT = instant(2025, 9, 8, 8)


def rows(book, who="U-ann", session=None, **asked):
    """The rows of one pupil."""
    return ask(book, session, who, **asked).rows()


def planned(event):
    """What is planned for the session."""
    return Fact(streams.plan("ann", SESSION), event)


def test_every_version_is_kept_with_its_kind(school):
    """Entry, correction and amendment are numbered from 1 in order of the log; plans too."""
    school.add(AT - 3, planned(AbsencePlanned(code="C", reason="trip", by="s1")))
    school.add(AT - 2, planned(PlanChanged(original="C", code="M", by="s1")))
    school.add(AT - 1, planned(PlanWithdrawn(original="M", by="s1")))
    school.add(AT, marked("ann", SESSION, "N", by="s1", comment="rang"))
    school.add(AT + 1, on_mark("ann", SESSION, MarkCorrected(original="N", code="L", by="s1")))
    school.add(AT + 2, amended(original="L"))
    found = rows(school)
    assert [(r["version"], r["kind"], r["replaced"], r["code"]) for r in found] == [
        (1, "plan", None, "C"),
        (2, "plan", "C", "M"),
        (3, "plan", "M", None),
        (1, "entry", None, "N"),
        (2, "taking", "N", "L"),
        (3, "amendment", "L", "I"),
    ]
    assert (found[0]["reason"], found[3]["comment"]) == ("trip", "rang")


def test_an_amendment_keeps_the_name_and_title_of_then(school):
    """Name and title are those kept with the amendment, whatever the staff list says now."""
    school.add(AT, marked("ann", SESSION, "N", by="s1"), amended())
    assert rows(school)[1]["by"] == {
        "name": "Mrs Then",
        "job_title": "Clerk",
        "authenticated": "operating-system account; name as stated",
    }


def test_an_entry_names_its_author_as_on_the_day(school):
    """Without a name of its own a version takes the row of the staff list in force that day."""
    changed = StaffChanged(name="Mrs Wed", job_title="Head", since=date(2025, 9, 9))
    school.add(AT, Fact(streams.staff("s1"), changed))
    school.add(AT, marked("ann", SESSION, "N", by="s1"))
    school.add(instant(2025, 9, 9, 9), marked("ann", "2025-09-08/PM", "N", by="s1", late=True))
    names = [(r["by"]["name"], r["by"]["job_title"]) for r in rows(school)]
    assert names == [("Mrs Register", "Officer"), ("Mrs Wed", "Head")]


def test_an_author_not_on_the_staff_that_day_is_shown_by_id(school):
    """Mr Teacher left on 30 September; a mark of his in October shows his id."""
    late = instant(2025, 10, 2, 9)
    school.add(late, marked("ann", SESSION, "N", by="s2"), marked("ann", "2025-09-08/PM", "N"))
    found = rows(school)
    assert (found[0]["by"]["name"], found[0]["by"]["job_title"]) == ("s2", None)
    assert found[1]["by"] is None


def test_an_imported_version_says_when_its_source_stated_it(school):
    """Second-hand facts carry the source's time, and the author as stated by its source."""
    stated = instant(2025, 9, 10, 9)
    school.add(
        instant(2025, 9, 12, 9),
        marked("ann", SESSION, "N", stated=instant(2025, 9, 8, 8), by="s1", row=2),
        amended(stated=stated, row=2, name=None, job_title=None),
        marked("ann", "2025-09-08/PM", "N", by="s2", row=3),
        imported=True,
    )
    first, second, undated = rows(school)
    assert first["stated_at"] == "2025-09-08T08:00:00Z"
    assert second["recorded_at"] == "2025-09-12T09:00:00Z"
    assert second["by"]["authenticated"] == "as stated by its source"
    assert (first["late_by_school_days"], second["late_by_school_days"]) == (0, 2)
    assert (undated["stated_at"], undated["late_by_school_days"]) == (None, None)
    assert undated["by"]["name"] == "Mr Teacher"


def test_lag_is_counted_in_school_days(school):
    """A weekend and a day closed for everyone do not count, a day closed for some does."""
    school.add(
        AT,
        Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 9))),
        Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 10), groups=("9A",))),
        marked("ann", SESSION, "N"),
    )
    school.add(instant(2025, 9, 15, 9), amended())
    assert rows(school)[1]["late_by_school_days"] == 4


def test_the_range_bounds_the_sessions(school):
    """From the first day of the school year to the date; one session is shown whenever it was."""
    school.add(
        instant(2025, 12, 1),
        marked("ann", "2025-07-18/PM", "/"),
        marked("ann", SESSION, "/"),
        marked("ann", "2025-09-30/PM", "\\"),
        marked("ann", "2025-10-01/AM", "/"),
    )
    assert [r["session"] for r in rows(school)] == [SESSION, "2025-09-30/PM"]
    assert rows(school, from_=date(2025, 7, 1))[0]["session"] == "2025-07-18/PM"
    assert [r["session"] for r in rows(school, session="2025-07-18/PM")] == ["2025-07-18/PM"]


def test_only_what_was_known_is_shown(school):
    """By the ledger's clock, and by that of the source along the chain."""
    school.add(AT, marked("ann", SESSION, "N", stated=AT - 10, row=2), imported=True)
    restated = SourceRestated(original="N", code="I", stated=AT - 20, row=2)
    school.add(AT + 5, on_mark("ann", SESSION, restated), imported=True)
    assert len(rows(school, known_at="2025-09-08T08:00:00Z")) == 1
    assert len(rows(school, clock="source", known_at="2025-09-08T07:59:59.999990Z")) == 2
    assert not rows(school, clock="source", known_at="2025-09-08T07:59:59.999989Z")


def test_a_pupil_not_known_yet_is_shown_by_what_was_asked(school):
    """Between the founding and the enrolment the pupil has no name and no marks."""
    answer = ask(school, who="L-ann", known_at="2025-08-15")
    assert answer.blocks[0].title == "L-ann"
    assert answer.document["upn"] is None


def test_nobody_of_that_name_is_refused(school):
    """An unknown UPN is refused with a remedy."""
    with pytest.raises(Refused, match="no pupil has"):
        rows(school, who="nobody")


def test_a_local_id_and_a_former_upn_name_the_pupil(school):
    """Each value that ever named the pupil finds the same marks."""
    school.add(AT, marked("ann", SESSION, "N"), enrolled("ann", date(2025, 11, 3), upn="U-new"))
    assert rows(school, who="L-ann") == rows(school, who="U-ann") == rows(school, who="U-new")


def test_the_table_says_what_was_and_what_became(school):
    """For reading: kind in words, who, when, and whether that was stated by a source."""
    school.add(
        AT, marked("ann", SESSION, "N", stated=AT, row=2), amended(stated=None, row=None),
        imported=True,
    )  # fmt: skip
    answer = ask(school)
    grid = answer.blocks[0]
    assert "Ann Able" in grid.title
    assert grid.rows[0][1:6] == ("entry, as stated by other-system", "", "N", "", "not stated")
    assert "2025-09-08" in grid.rows[0][6]
    assert grid.rows[1][1:5] == ("amendment, as stated by other-system", "N", "I", "ill")
    by = "Mrs Register, Officer (s1, account office)"
    assert grid.rows[1][6] == f"not stated; imported 2025-09-08 09:00 by {by}"
