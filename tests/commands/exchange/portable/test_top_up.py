"""A day's marks for a ledger that knows the school: marks.csv, with amendments.csv or without."""

import pytest

from ledger.errors import Refused
from tests.commands.exchange.portable.conftest import ADA, CLEO

NEW = f"{ADA},2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z\n"
CALL = "I,Call,A01,2026-11-20T15:00:00Z\n"
DEX = "F999200018006,2026-11-19,AM"


def test_new_marks_are_recorded_and_known_ones_are_not(known, top_up):
    """A day that restates the day before."""
    path = top_up(NEW + f"{ADA},2026-11-09,AM,/,,,,T01,2026-11-09T08:51:00Z\n")
    known.once(path, SessionMarked=1)


def test_a_mark_whose_amendment_is_not_repeated_is_left_as_it_is(known, top_up):
    """The mark as first entered, without its amendments: nothing new."""
    path = top_up(f"{ADA},2026-11-10,AM,N,,,,T01,2026-11-10T08:51:00Z\n")
    assert known.brought(path).found == {}


def test_a_change_may_come_without_its_mark(known, top_up):
    """The mark came on the day, its amendment two days later."""
    known.once(top_up(NEW, amendments=f"{DEX},N,{CALL}"), SessionMarked=1, MarkAmended=1)


def test_a_change_may_go_on_from_one_that_is_not_repeated(known, top_up):
    """The mark as first entered, and only the newest of its amendments."""
    path = top_up(
        f"{CLEO},2026-11-09,AM,N,,,,T01,2026-11-09T08:51:00Z\n",
        amendments=f"{CLEO},2026-11-09,AM,I,M,Card seen,A01,2026-11-20T15:00:00Z\n",
    )
    known.once(path, MarkAmended=1)


def test_a_change_that_does_not_follow_from_what_stands_is_refused(known, top_up):
    """The ledger's mark is what it must follow from."""
    (problem,) = known.faults(top_up(NEW, amendments=f"{DEX},O,{CALL}")).problems
    assert "original is O, but N stood" in problem.what


def test_a_change_of_a_mark_amended_here_is_a_conflict(known, top_up, amend_here):
    """Whoever sent the change did not know of ours."""
    amend_here("2026-11-09/AM", "M")
    path = top_up(NEW, amendments=f"{ADA},2026-11-09,AM,/,{CALL}")
    assert known.brought(path).found == {"SessionMarked": 1, "SourceConflicted": 1}


def test_a_cancelled_session_of_the_ledger_counts(known, top_up):
    """Cancelled in the calendar; the top-up states another code."""
    path = top_up("R999200018005,2026-11-18,PM,\\,,,,T03,2026-11-18T13:54:00Z\n")
    assert known.brought(path).found == {}


def test_a_pupil_nobody_knows_is_refused(known, top_up):
    """In marks and in amendments."""
    change = "Y999200018009,2026-11-06,AM,N,I,Call,A01,2026-11-06T15:00:00Z\n"
    path = top_up("Y999200018009,2026-11-06,AM,/,,,,,\n", amendments=change)
    assert known.codes(path) == ["pupil-unknown", "pupil-unknown"]


def test_a_ledger_that_does_not_know_the_school_needs_a_whole_folder(ledger, top_up):
    """Marks alone cannot be the beginning."""
    with pytest.raises(Refused) as caught:
        ledger.bring(top_up(NEW))
    assert caught.value.code == "school-unknown"


def test_plans_may_come_with_a_top_up(known, top_up):
    """Also ours; an empty marks.csv is a file with a header."""
    step = ",2026-11-25,AM,M,,,A01,2026-11-12T10:00:00Z,planned\n"
    assert known.codes(top_up("", plans=f"{ADA}{step}Y999200018009{step}")) == ["pupil-unknown"]


def test_an_amendment_that_was_made_here_too_is_no_conflict(known, top_up, amend_here):
    """Both came to the same code."""
    amend_here("2026-11-09/AM", "I")
    path = top_up("", amendments=f"{ADA},2026-11-09,AM,/,{CALL}")
    assert known.brought(path).found == {}


def test_an_amendment_earlier_than_one_held_is_refused(known, top_up):
    """It would have to stand between two that are recorded."""
    change = f"{CLEO},2026-11-09,AM,I,M,Card,A01,2026-11-17T10:00:00Z\n"
    assert known.codes(top_up("", amendments=change)) == ["amended-before-mark"]


def test_only_the_pupils_named_are_read_where_nothing_was_cancelled(ledger, changed, top_up):
    """And nothing is recorded for the others."""
    changed("school.toml", ('kind = "cancelled"', 'kind = "planned"'))
    ledger.bring(changed("marks.csv", less=(",2026-11-18,PM,",)))
    path = top_up(f"{ADA},2026-11-09,AM,M,,,,T01,2026-11-09T08:51:00Z\n")
    assert ledger.brought(path).found == {"SourceRestated": 1}
