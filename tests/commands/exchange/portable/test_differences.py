"""What a source states otherwise than before is told, by count and place; nothing is recorded."""

import pytest

from commands.register.take import MarkSession
from ledger.values import parse_session
from tests.commands.exchange.portable.conftest import ADA, CLEO

ALL_HELD = "the ledger already holds all of this"
DIFFERS = "differs from what is held, kept as first stated: "
GONE = "(nothing was changed): "
ROW = f"{ADA},2026-11-09,AM"
FEVERISH = f"{ADA},2026-11-10,AM,N,I,Mother telephoned: feverish,A01,2026-11-10T09:40:00Z"
LATER = FEVERISH.replace("09:40", "09:50")
CARD = f"{ADA},2026-11-10,AM,I,M,Card seen,A01,2026-11-20T10:00:00Z,,\n"
INSERTED = (
    f"{ADA},2026-11-10,AM,N,I",
    f"{ADA},2026-11-10,AM,N,M,Card,A01,2026-11-10T09:30:00Z,,\n{ADA},2026-11-10,AM,M,I",
)


MARK = f"{ROW},/,,,,T01,2026-11-09T08:51:00Z"
KEPT = {
    "reason of an amendment": ("amendments.csv", FEVERISH, FEVERISH.replace("feverish", "cold")),
    "author of an amendment": ("amendments.csv", FEVERISH, FEVERISH.replace("A01", "H01")),
    "time of an amendment": ("amendments.csv", FEVERISH, LATER),
    "comment of a mark": ("marks.csv", MARK, MARK.replace(",T01", "On crutches,T01")),
    "author of a mark": ("marks.csv", MARK, MARK.replace("T01", "T02")),
    "time of a mark": ("marks.csv", MARK, MARK.replace("08:51", "08:52")),
}


@pytest.mark.parametrize(("file", "was", "now"), KEPT.values(), ids=KEPT)
def test_a_changed_row_is_told(known, changed, file, was, now):
    """What was stated first is kept."""
    found, says = known.brought(changed(file, (was, now)))
    assert found == {}
    assert says[0] == "nothing was recorded"
    place = "1 mark (marks.csv:2)" if file == "marks.csv" else "1 amendment (amendments.csv:3)"
    assert f"{DIFFERS}{place}" in says
    assert not any("no longer" in line for line in says)


def test_an_amendment_inserted_before_one_that_is_held_is_told(known, changed):
    """The chain is another one, and ends as the held one does."""
    found, says = known.brought(changed("amendments.csv", INSERTED))
    assert found == {}
    assert f"{DIFFERS}2 amendments (amendments.csv:3, amendments.csv:4)" in says


def test_a_new_amendment_after_changed_ones_is_recorded(known, changed):
    """It goes on from what is held; those before it are told."""
    path = changed("amendments.csv", (FEVERISH, LATER), more=CARD)
    found, says = known.brought(path)
    assert found == {"MarkAmended": 1}
    assert f"{DIFFERS}1 amendment (amendments.csv:3)" in says
    assert known.brought(path).found == {}


def test_a_new_amendment_after_an_inserted_one_is_recorded(known, changed):
    """The inserted one is not."""
    known.once(changed("amendments.csv", INSERTED, more=CARD), MarkAmended=1)


def test_an_empty_cell_is_no_difference(known, changed):
    """It states nothing."""
    path = changed("marks.csv", (f"{ROW},/,,,,T01,2026-11-09T08:51:00Z", f"{ROW},/,,,,,"))
    assert known.brought(path).says[0].startswith(ALL_HELD)


def test_many_places_are_told_in_part(known, changed):
    """The first three."""
    says = known.brought(changed("marks.csv", ("T01,2026-11-09T08", "T02,2026-11-09T08"))).says
    (line,) = [line for line in says if line.startswith(DIFFERS)]
    assert line.endswith("(marks.csv:2, marks.csv:3, marks.csv:4, …)")


def test_a_comment_that_is_held_is_no_difference(known, top_up):
    """It is opened to be compared."""
    row = f"{ADA},2026-11-06,AM,/,,,On crutches,T01,2026-11-06T08:51:00Z\n"
    path = top_up(row)
    known.bring(path)
    assert known.bring(path).says[0].startswith(ALL_HELD)
    assert (
        f"{DIFFERS}1 mark (marks.csv:2)"
        in known.bring(top_up(row.replace("crutches", "wheels"))).says
    )


def test_a_restated_row_is_compared_with_what_it_restated(known, changed):
    """The same once more is held; another author is told."""
    path = changed("marks.csv", (f"{ROW},/", f"{ROW},M"))
    known.bring(path)
    assert known.bring(path).says[0].startswith(ALL_HELD)
    changed("marks.csv", (f"{ROW},M,,,,T01", f"{ROW},M,,,,T02"))
    assert f"{DIFFERS}1 mark (marks.csv:2)" in known.bring(path).says


def test_a_row_that_gives_the_final_code_is_told(known, changed):
    """The amended code as the mark itself: the held mark keeps its first code."""
    changed("marks.csv", (f"{ADA},2026-11-10,AM,N", f"{ADA},2026-11-10,AM,I"))
    found, says = known.brought(changed("amendments.csv", less=(FEVERISH,)))
    assert found == {}
    assert any(line.startswith(f"{DIFFERS}1 mark (marks.csv:") for line in says)
    assert any(line.endswith(f"{GONE}1 amendment") for line in says)


@pytest.mark.parametrize("marks", ["", f"{ADA},2026-11-10,AM,N,,,,T02,2026-11-10T08:51:00Z\n"])
def test_a_changed_amendment_of_a_top_up_is_told(known, top_up, marks):
    """With its mark or without; it is not refused for what stands."""
    brought = known.brought(top_up(marks, amendments=f"{LATER}\n"))
    assert brought.found == {}
    assert brought.told("1 amendment (amendments.csv:2)")


def test_only_the_newest_amendment_beside_a_changed_mark_tells_of_the_mark(known, top_up):
    """It goes on from one that is not repeated."""
    path = top_up(
        f"{CLEO},2026-11-09,AM,N,,,,T02,2026-11-09T08:51:00Z\n",
        amendments=f"{CLEO},2026-11-09,AM,I,M,Card seen,A01,2026-11-20T15:00:00Z\n",
    )
    found, says = known.brought(path)
    assert found == {"MarkAmended": 1}
    assert f"{DIFFERS}1 mark (marks.csv:2)" in says


def test_what_a_person_here_did_is_no_difference(known, top_up, amend_here):
    """The source repeats it, or what was told as a conflict."""
    amend_here("2026-11-09/AM", "M")
    for code in ("M", "L", "L"):
        path = top_up(f"{ROW},{code},,,,T01,2026-11-09T08:51:00Z\n")
        assert not known.brought(path).told(DIFFERS)


def test_a_mark_first_made_here_is_no_difference(known, top_up):
    """Its author and time are ours."""
    known.by("A01").do(MarkSession(pupil=ADA, session=parse_session("2026-11-06/AM"), code="/"))
    path = top_up(f"{ADA},2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z\n")
    assert known.bring(path).says[0].startswith(ALL_HELD)


def test_a_dry_run_speaks_of_what_would_be(known, changed, school):
    """Of recording, of findings, of nothing."""
    assert known.bring(school, dry_run=True).says[0] == f"{ALL_HELD}; nothing would be recorded"
    path = changed("amendments.csv", (FEVERISH, FEVERISH.replace("A01", "H01")))
    assert known.bring(path, dry_run=True).says[0] == "nothing would be recorded"
    changed("marks.csv", more=f"{ADA},2026-11-06,AM,X,,,,T01,2026-11-06T08:51:00Z\n")
    says = known.bring(path, dry_run=True, accept_findings=True).says
    assert says[0] == "would be recorded: 1 entry"
    assert "would be recorded as stated, with 1 finding:" in says


def test_a_whole_folder_without_marks_tells_of_every_one_gone(known, changed):
    """Also outside the dates of any row: marks, and amendments of the source's."""
    (changed() / "amendments.csv").unlink()
    found, says = known.brought(changed("marks.csv", less=("2026-",)))
    assert found == {}
    assert any(line.endswith(f"{GONE}129 marks, 8 amendments") for line in says), says


def test_marks_outside_the_dates_of_the_rows_are_gone_too(known, changed):
    """A whole folder says everything that its source holds."""
    text = (changed() / "marks.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in text[1:] if "2026-11-09" in line]
    (changed() / "marks.csv").write_text("".join([text[0], *kept]), "utf-8")
    (changed() / "amendments.csv").unlink()
    assert known.brought(changed()).told("marks, 8 amendments")


def test_one_of_two_amendments_gone_is_told(known, changed):
    """The mark is there, and what is left of its chain is held."""
    row = f'{CLEO},2026-11-09,AM,O,I,"Hospital letter seen, dated 9 November"'
    found, says = known.brought(changed("amendments.csv", less=(row,)))
    assert found == {}
    assert any(line.endswith(f"{GONE}1 amendment") for line in says)


def test_amendments_without_their_mark_are_told_apart_from_those_gone(known, changed):
    """The mark is gone, its amendment is stated."""
    path = changed("marks.csv", less=(f"{CLEO},2026-11-09,AM",))
    assert not known.brought(path).told("amendment")


def test_a_top_up_tells_of_marks_inside_the_dates_of_its_rows_only(known, school, top_up):
    """And of no amendments: it says little of what it leaves out."""
    rows = (school / "marks.csv").read_text("utf-8").splitlines(keepends=True)[2:]
    path = top_up("".join(row for row in rows if "2026-11-09" in row))
    assert any(line.endswith(f"{GONE}1 mark") for line in known.brought(path).says)


def test_a_conflict_is_settled_when_the_source_comes_to_state_what_stands(
    known, changed, amend_here
):
    """Once; the same again records nothing."""
    amend_here("2026-11-09/AM", "I")
    path = changed("marks.csv", (f"{ROW},/", f"{ROW},L"))
    assert known.brought(path).found == {"SourceConflicted": 1}
    changed("marks.csv", (f"{ROW},L", f"{ROW},I"))
    found, says = known.brought(path)
    assert found == {"SourceConflicted": 1}
    assert says[0] == "recorded: 1 conflict settled"
    assert known.brought(path).found == {}
