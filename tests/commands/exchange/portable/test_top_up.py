"""A day's marks for a ledger that knows the school: marks.csv, with amendments.csv or without."""

import pytest

from ledger.errors import ImportRefused, Refused

HEAD = "upn,date,session,code,minutes_late,nature,comment,recorded_by,recorded_on\n"
CHANGES = "upn,date,session,original,amended,reason,amended_by,amended_on\n"
UPN = "K999200018001"
NEW = f"{UPN},2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z\n"


@pytest.fixture
def top_up(tmp_path):
    """Return a function that writes a folder of marks, and of amendments where given."""

    def write(marks, amendments=""):
        folder = tmp_path / "today"
        folder.mkdir(exist_ok=True)
        (folder / "marks.csv").write_text(HEAD + marks, "utf-8")
        if amendments:
            (folder / "amendments.csv").write_text(CHANGES + amendments, "utf-8")
        return folder

    return write


def grown(ledger, path, **options):
    """Return by how many marks, amendments and restatements a ledger grows."""
    names = ("SessionMarked", "MarkAmended", "SourceRestated", "SourceConflicted")
    before = ledger.counts()
    ledger.bring(path, **options)
    after = ledger.counts()
    found = {name: after.get(name, 0) - before.get(name, 0) for name in names}
    return {name: count for name, count in found.items() if count}


def test_new_marks_are_recorded_and_known_ones_are_not(known, top_up):
    """A day that restates the day before."""
    path = top_up(NEW + f"{UPN},2026-11-09,AM,/,,,,T01,2026-11-09T08:51:00Z\n")
    assert grown(known, path) == {"SessionMarked": 1}
    assert grown(known, path) == {}


def test_a_mark_whose_amendment_is_not_repeated_is_left_as_it_is(known, top_up):
    """The mark as first entered, without its amendments: nothing new."""
    path = top_up(f"{UPN},2026-11-10,AM,N,,,,T01,2026-11-10T08:51:00Z\n")
    assert grown(known, path) == {}


def test_a_change_may_come_without_its_mark(known, top_up):
    """The mark came on the day, its amendment two days later."""
    path = top_up(NEW, "F999200018006,2026-11-19,AM,N,I,Call,A01,2026-11-20T15:00:00Z\n")
    assert grown(known, path) == {"SessionMarked": 1, "MarkAmended": 1}
    assert grown(known, path) == {}


def test_a_change_may_go_on_from_one_that_is_not_repeated(known, top_up):
    """The mark as first entered, and only the newest of its amendments."""
    path = top_up(
        "N999200018003,2026-11-09,AM,N,,,,T01,2026-11-09T08:51:00Z\n",
        "N999200018003,2026-11-09,AM,I,M,Card seen,A01,2026-11-20T15:00:00Z\n",
    )
    assert grown(known, path) == {"MarkAmended": 1}
    assert grown(known, path) == {}


def test_a_change_that_does_not_follow_from_what_stands_is_refused(known, top_up):
    """The ledger's mark is what it must follow from."""
    path = top_up(NEW, "F999200018006,2026-11-19,AM,O,I,Call,A01,2026-11-20T15:00:00Z\n")
    with pytest.raises(ImportRefused, match="1 problem") as caught:
        known.bring(path)
    assert "original is O, but N stood" in caught.value.problems[0].what


def test_a_change_of_a_mark_amended_here_is_a_conflict(known, top_up, amend_here):
    """Whoever sent the change did not know of ours."""
    amend_here("2026-11-09/AM", "M")
    path = top_up(NEW, f"{UPN},2026-11-09,AM,/,I,Call,A01,2026-11-20T15:00:00Z\n")
    assert grown(known, path) == {"SessionMarked": 1, "SourceConflicted": 1}


def test_a_cancelled_session_of_the_ledger_counts(known, top_up):
    """Cancelled in the calendar; the top-up states another code."""
    path = top_up("R999200018005,2026-11-18,PM,\\,,,,T03,2026-11-18T13:54:00Z\n")
    assert grown(known, path) == {}


def test_a_pupil_nobody_knows_is_refused(known, top_up):
    """In marks and in amendments."""
    row = "Y999200018009,2026-11-06,AM,/,,,,,\n"
    change = "Y999200018009,2026-11-06,AM,N,I,Call,A01,2026-11-06T15:00:00Z\n"
    with pytest.raises(ImportRefused) as caught:
        known.bring(top_up(row, change))
    assert [p.code for p in caught.value.problems] == ["pupil-unknown", "pupil-unknown"]


def test_a_ledger_that_does_not_know_the_school_needs_a_whole_folder(ledger, top_up):
    """Marks alone cannot be the beginning."""
    with pytest.raises(Refused) as caught:
        ledger.bring(top_up(NEW))
    assert caught.value.code == "school-unknown"


def test_plans_may_come_with_a_top_up(known, top_up):
    """Also ours; an empty marks.csv is a file with a header."""
    folder = top_up("")
    (folder / "plans.csv").write_text(
        "upn,date,session,code,reason,nature,planned_by,planned_on,step\n"
        f"{UPN},2026-11-25,AM,M,,,A01,2026-11-12T10:00:00Z,planned\n"
        "Y999200018009,2026-11-25,AM,M,,,A01,2026-11-12T10:00:00Z,planned\n",
        "utf-8",
    )
    with pytest.raises(ImportRefused, match="1 problem"):
        known.bring(folder)


def test_an_amendment_that_was_made_here_too_is_no_conflict(known, top_up, amend_here):
    """Both came to the same code."""
    amend_here("2026-11-09/AM", "I")
    path = top_up("", f"{UPN},2026-11-09,AM,/,I,Call,A01,2026-11-20T15:00:00Z\n")
    assert grown(known, path) == {}


def test_an_amendment_earlier_than_one_held_is_refused(known, top_up):
    """It would have to stand between two that are recorded."""
    path = top_up("", "N999200018003,2026-11-09,AM,I,M,Card,A01,2026-11-17T10:00:00Z\n")
    with pytest.raises(ImportRefused, match="1 problem") as caught:
        known.bring(path)
    assert caught.value.problems[0].code == "amended-before-mark"


def test_only_the_pupils_named_are_read_where_nothing_was_cancelled(ledger, changed, top_up):
    """And nothing is recorded for the others."""
    text = (changed() / "school.toml").read_text("utf-8")
    (changed() / "school.toml").write_text(text.replace('kind = "cancelled"', 'kind = "planned"'))
    lines = (changed() / "marks.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if ",2026-11-18,PM," not in line]
    (changed() / "marks.csv").write_text("".join(kept), "utf-8")
    ledger.bring(changed())
    path = top_up(f"{UPN},2026-11-09,AM,M,,,,T01,2026-11-09T08:51:00Z\n")
    assert grown(ledger, path) == {"SourceRestated": 1}
