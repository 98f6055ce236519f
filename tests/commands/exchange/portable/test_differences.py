"""What a source states otherwise than before is told, by count and place; nothing is recorded."""

import shutil

import pytest

from commands.core.execute import execute
from commands.register.take import MarkSession
from ledger.values import parse_session

ADA = "K999200018001"
CLEO = "N999200018003"
HEAD = "upn,date,session,code,minutes_late,nature,comment,recorded_by,recorded_on\n"
CHANGES = "upn,date,session,original,amended,reason,amended_by,amended_on\n"
ALL_HELD = "the ledger already holds all of this"
DIFFERS = "differs from what is held, kept as first stated: "
FEVERISH = "2026-11-10,AM,N,I,Mother telephoned: feverish,A01,2026-11-10T09:40:00Z"


def told(ledger, path, **options):
    """Return what is told, and how many marks and changes are recorded."""
    names = ("SessionMarked", "MarkAmended", "SourceRestated", "SourceConflicted")
    before = ledger.counts()
    says = ledger.bring(path, **options).says
    after = ledger.counts()
    found = {name: after.get(name, 0) - before.get(name, 0) for name in names}
    return says, {name: count for name, count in found.items() if count}


def only(folder, marks, amendments=None):
    """Write a folder of marks, and of amendments where given."""
    folder.mkdir(exist_ok=True)
    (folder / "marks.csv").write_text(HEAD + marks, "utf-8")
    if amendments is not None:
        (folder / "amendments.csv").write_text(CHANGES + amendments, "utf-8")
    return folder


@pytest.mark.parametrize(
    "now",
    [
        FEVERISH.replace("feverish", "cold"),
        FEVERISH.replace("A01", "H01"),
        FEVERISH.replace("09:40", "09:50"),
    ],
)
def test_a_changed_row_of_an_amendment_is_told(known, changed, now):
    """Its reason, its author, its time: what was stated first is kept."""
    says, found = told(known, changed("amendments.csv", (FEVERISH, now)))
    assert found == {}
    assert says[0] == "nothing was recorded"
    assert f"{DIFFERS}1 amendment (amendments.csv:3)" in says
    assert not any("no longer" in line for line in says)


def test_an_amendment_inserted_before_one_that_is_held_is_told(known, changed):
    """The chain is another one, and ends as the held one does."""
    first = f"{ADA},2026-11-10,AM,N,M,Card,A01,2026-11-10T09:30:00Z,,\n{ADA},2026-11-10,AM,M,I"
    path = changed("amendments.csv", (f"{ADA},2026-11-10,AM,N,I", first))
    says, found = told(known, path)
    assert found == {}
    assert f"{DIFFERS}2 amendments (amendments.csv:3, amendments.csv:4)" in says


def test_a_new_amendment_after_changed_ones_is_recorded(known, changed):
    """It goes on from what is held; those before it are told."""
    row = f"{ADA},2026-11-10,AM,I,M,Card seen,A01,2026-11-20T10:00:00Z,,\n"
    path = changed("amendments.csv", (FEVERISH, FEVERISH.replace("09:40", "09:50")), more=row)
    says, found = told(known, path)
    assert found == {"MarkAmended": 1}
    assert f"{DIFFERS}1 amendment (amendments.csv:3)" in says
    says, found = told(known, path)
    assert found == {}


def test_a_new_amendment_after_an_inserted_one_is_recorded(known, changed):
    """The inserted one is not."""
    first = f"{ADA},2026-11-10,AM,N,M,Card,A01,2026-11-10T09:30:00Z,,\n{ADA},2026-11-10,AM,M,I"
    row = f"{ADA},2026-11-10,AM,I,M,Card seen,A01,2026-11-20T10:00:00Z,,\n"
    path = changed("amendments.csv", (f"{ADA},2026-11-10,AM,N,I", first), more=row)
    assert told(known, path)[1] == {"MarkAmended": 1}
    assert told(known, path)[1] == {}


@pytest.mark.parametrize(
    "now",
    [
        "On crutches,T01,2026-11-09T08:51:00Z",
        ",T02,2026-11-09T08:51:00Z",
        ",T01,2026-11-09T08:52:00Z",
    ],
)
def test_a_changed_row_of_a_mark_is_told(known, changed, now):
    """Its comment, its author, its time."""
    row = f"{ADA},2026-11-09,AM,/,,,"
    says, found = told(
        known, changed("marks.csv", (f"{row},T01,2026-11-09T08:51:00Z", f"{row}{now}"))
    )
    assert found == {}
    assert f"{DIFFERS}1 mark (marks.csv:2)" in says


def test_an_empty_cell_is_no_difference(known, changed):
    """It states nothing."""
    row = f"{ADA},2026-11-09,AM,/,,,,"
    says, _ = told(known, changed("marks.csv", (f"{row}T01,2026-11-09T08:51:00Z", f"{row},")))
    assert says[0].startswith(ALL_HELD)


def test_many_places_are_told_in_part(known, changed):
    """The first three."""
    says, _ = told(known, changed("marks.csv", ("T01,2026-11-09T08", "T02,2026-11-09T08")))
    (line,) = [line for line in says if line.startswith(DIFFERS)]
    assert line.endswith("(marks.csv:2, marks.csv:3, marks.csv:4, …)")


def test_a_comment_that_is_held_is_no_difference(known, tmp_path):
    """It is opened to be compared."""
    row = f"{ADA},2026-11-06,AM,/,,,On crutches,T01,2026-11-06T08:51:00Z\n"
    path = only(tmp_path / "day", row)
    told(known, path)
    assert told(known, path)[0][0].startswith(ALL_HELD)
    says, _ = told(known, only(path, row.replace("crutches", "wheels")))
    assert f"{DIFFERS}1 mark (marks.csv:2)" in says


def test_a_restated_row_is_compared_with_what_it_restated(known, changed):
    """The same once more is held; another author is told."""
    row = f"{ADA},2026-11-09,AM"
    path = changed("marks.csv", (f"{row},/", f"{row},M"))
    told(known, path)
    assert told(known, path)[0][0].startswith(ALL_HELD)
    changed("marks.csv", (f"{row},M,,,,T01", f"{row},M,,,,T02"))
    assert f"{DIFFERS}1 mark (marks.csv:2)" in told(known, path)[0]


def test_a_row_that_gives_the_final_code_is_told(known, changed):
    """The amended code as the mark itself: the held mark keeps its first code."""
    path = changed("marks.csv", (f"{ADA},2026-11-10,AM,N", f"{ADA},2026-11-10,AM,I"))
    changed("amendments.csv", (f"{ADA},{FEVERISH},,\n", ""))
    says, found = told(known, path)
    assert found == {}
    assert any(line.startswith(f"{DIFFERS}1 mark (marks.csv:") for line in says)
    assert any(line.endswith("(nothing was changed): 1 amendment") for line in says)


def test_a_changed_amendment_of_a_top_up_is_told(known, tmp_path):
    """With its mark or without; it is not refused for what stands."""
    row = f"{ADA},{FEVERISH.replace('09:40', '09:50')}\n"
    for marks in ("", f"{ADA},2026-11-10,AM,N,,,,T02,2026-11-10T08:51:00Z\n"):
        says, found = told(known, only(tmp_path / "day", marks, row))
        assert found == {}
        assert any("1 amendment (amendments.csv:2)" in line for line in says)


def test_only_the_newest_amendment_beside_a_changed_mark_tells_of_the_mark(known, tmp_path):
    """It goes on from one that is not repeated."""
    path = only(
        tmp_path / "day",
        f"{CLEO},2026-11-09,AM,N,,,,T02,2026-11-09T08:51:00Z\n",
        f"{CLEO},2026-11-09,AM,I,M,Card seen,A01,2026-11-20T15:00:00Z\n",
    )
    says, found = told(known, path)
    assert found == {"MarkAmended": 1}
    assert f"{DIFFERS}1 mark (marks.csv:2)" in says


def test_what_a_person_here_did_is_no_difference(known, tmp_path, amend_here):
    """The source repeats it, or what was told as a conflict."""
    amend_here("2026-11-09/AM", "M")
    for code in ("M", "L", "L"):
        row = f"{ADA},2026-11-09,AM,{code},,,,T01,2026-11-09T08:51:00Z\n"
        says, _ = told(known, only(tmp_path / "day", row))
        assert not any(line.startswith(DIFFERS) for line in says)


def test_a_mark_first_made_here_is_no_difference(known, tmp_path):
    """Its author and time are ours."""
    given = {"pupil": ADA, "session": parse_session("2026-11-06/AM"), "code": "/"}
    execute(known.by("A01"), MarkSession(**given))
    row = f"{ADA},2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z\n"
    assert told(known, only(tmp_path / "day", row))[0][0].startswith(ALL_HELD)


def test_a_dry_run_speaks_of_what_would_be(known, changed, school):
    """Of recording, of findings, of nothing."""
    assert told(known, school, dry_run=True)[0][0] == f"{ALL_HELD}; nothing would be recorded"
    path = changed("amendments.csv", (FEVERISH, FEVERISH.replace("A01", "H01")))
    assert told(known, path, dry_run=True)[0][0] == "nothing would be recorded"
    changed("marks.csv", more=f"{ADA},2026-11-06,AM,X,,,,T01,2026-11-06T08:51:00Z\n")
    says, _ = told(known, path, dry_run=True, accept_findings=True)
    assert says[0] == "would be recorded: 1 entry"
    assert "would be recorded as stated, with 1 finding:" in says


def test_a_whole_folder_without_marks_tells_of_every_one_gone(known, changed):
    """Also outside the dates of any row: marks, and amendments of the source's."""
    (changed() / "amendments.csv").unlink()
    (changed() / "marks.csv").write_text(HEAD, "utf-8")
    says, found = told(known, changed())
    assert found == {}
    assert any(line.endswith("(nothing was changed): 129 marks, 8 amendments") for line in says), (
        says
    )


def test_marks_outside_the_dates_of_the_rows_are_gone_too(known, changed):
    """A whole folder says everything that its source holds."""
    text = (changed() / "marks.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in text[1:] if "2026-11-09" in line]
    (changed() / "marks.csv").write_text("".join([text[0], *kept]), "utf-8")
    (changed() / "amendments.csv").unlink()
    says, _ = told(known, changed())
    assert any("marks, 8 amendments" in line for line in says)


def test_one_of_two_amendments_gone_is_told(known, changed):
    """The mark is there, and what is left of its chain is held."""
    row = f'{CLEO},2026-11-09,AM,O,I,"Hospital letter seen, dated 9 November"'
    path = changed("amendments.csv", (f"{row},A01,2026-11-19T10:05:00Z,,\n", ""))
    says, found = told(known, path)
    assert found == {}
    assert any(line.endswith("(nothing was changed): 1 amendment") for line in says)


def test_amendments_without_their_mark_are_told_apart_from_those_gone(known, changed):
    """The mark is gone, its amendment is stated."""
    lines = (changed() / "marks.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(f"{CLEO},2026-11-09,AM")]
    (changed() / "marks.csv").write_text("".join(kept), "utf-8")
    says, _ = told(known, changed())
    assert not any("amendment" in line for line in says)


def test_a_top_up_tells_of_marks_inside_the_dates_of_its_rows_only(known, changed, tmp_path):
    """And of no amendments: it says little of what it leaves out."""
    folder = tmp_path / "day"
    folder.mkdir()
    shutil.copy(changed() / "marks.csv", folder)
    text = (folder / "marks.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in text[2:] if "2026-11-09" in line]
    (folder / "marks.csv").write_text("".join([text[0], *kept]), "utf-8")
    says, _ = told(known, folder)
    assert any(line.endswith("(nothing was changed): 1 mark") for line in says)


def test_a_conflict_is_settled_when_the_source_comes_to_state_what_stands(
    known, changed, amend_here
):
    """Once; the same again records nothing."""
    amend_here("2026-11-09/AM", "I")
    row = f"{ADA},2026-11-09,AM"
    path = changed("marks.csv", (f"{row},/", f"{row},L"))
    assert told(known, path)[1] == {"SourceConflicted": 1}
    changed("marks.csv", (f"{row},L", f"{row},I"))
    says, found = told(known, path)
    assert found == {"SourceConflicted": 1}
    assert says[0] == "recorded: 1 conflict settled"
    assert told(known, path)[1] == {}
