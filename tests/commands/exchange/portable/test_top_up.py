"""A day's marks for a ledger that knows the school: marks.csv, with amendments.csv or without."""

import pytest

from ledger.errors import Refused
from tests.commands.exchange.portable.conftest import ADA, CLEO, HEADERS

NEW = f"{ADA},2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z\n"
CALL = "I,Call,A01,2026-11-20T15:00:00Z\n"
DEX = "F999200018006,2026-11-19,AM"


ONCE = {
    "a day that restates the day before": (
        NEW + f"{ADA},2026-11-09,AM,/,,,,T01,2026-11-09T08:51:00Z\n", "", {"SessionMarked": 1},
    ),
    "a mark as first entered, its amendment not repeated": (
        f"{ADA},2026-11-10,AM,N,,,,T01,2026-11-10T08:51:00Z\n", "", {},
    ),
    "a change without its mark, which came on the day": (
        NEW, f"{DEX},N,{CALL}", {"SessionMarked": 1, "MarkAmended": 1},
    ),
    "a change that goes on from one that is not repeated": (
        f"{CLEO},2026-11-09,AM,N,,,,T01,2026-11-09T08:51:00Z\n",
        f"{CLEO},2026-11-09,AM,I,M,Card seen,A01,2026-11-20T15:00:00Z\n",
        {"MarkAmended": 1},
    ),
    "another code for a session that the ledger's calendar cancelled": (
        "R999200018005,2026-11-18,PM,\\,,,,T03,2026-11-18T13:54:00Z\n", "", {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("marks", "amendments", "found"), ONCE.values(), ids=ONCE)
def test_what_is_new_is_recorded_once(known, top_up, marks, amendments, found):
    """And what is known is not."""
    known.once(top_up(marks, amendments=amendments), **found)


def test_a_change_that_does_not_follow_from_what_stands_is_refused(known, top_up):
    """The ledger's mark is what it must follow from."""
    (problem,) = known.faults(top_up(NEW, amendments=f"{DEX},O,{CALL}")).problems
    assert "original is O, but N stood" in problem.what


@pytest.mark.parametrize(
    ("here", "found"),
    [("M", {"SessionMarked": 1, "SourceConflicted": 1}), ("I", {"SessionMarked": 1})],
)
def test_a_change_of_a_mark_amended_here_is_a_conflict(known, top_up, amend_here, here, found):
    """Whoever sent the change did not know of ours; none where both came to the same code."""
    amend_here("2026-11-09/AM", here)
    path = top_up(NEW, amendments=f"{ADA},2026-11-09,AM,/,{CALL}")
    assert known.brought(path).found == found


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


TOLD = "casework.csv: {} that no kind knows; kept, and no support:"
ALONE = {
    "casework.csv": (f"{CLEO},support plan,2026-11-20,A01,P03,agreed,\n", "CaseworkStepTaken"),
    "notices.csv": (f"P03,{CLEO},s444A,2026-11-20,,,,,,\n", "NoticeStated"),
    "amendments.csv": (f"{DEX},N,{CALL}", "MarkAmended"),
    "evidence.csv": (f"{ADA},b1,,,A letter,A01,2026-11-20T15:00:00Z\n", "EvidenceGiven"),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_file_alone_is_taken_where_the_ledger_knows_what_it_is_about(known, tmp_path, name):
    """Nothing is said of what the folder does not hold: it brings what is new."""
    rows, kind = ALONE[name]
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / name).write_text(HEADERS[name] + rows, "utf-8")
    known.once(folder, **{kind: 1})
    assert "no longer" not in "\n".join(known.bring(folder).says)


def test_what_a_file_that_cannot_come_alone_needs_is_said_once(known, tmp_path):
    """Groups are part of a school: one problem names all that is missing."""
    (tmp_path / "groups.csv").write_text(HEADERS["groups.csv"], "utf-8")
    (problem,) = known.faults(tmp_path).problems
    said = "is missing, and so are staff.csv, pupils.csv and marks.csv; add them"
    assert str(problem) == f"school.toml: {said}"


def test_words_of_casework_that_no_rule_knows_are_told_with_their_rows(known, top_up):
    """And those that count; what is known, or makes no difference, is not told."""
    rows = (
        "clinic,2026-11-20,A01,P03,", "clinic,2026-11-19,A01,P03,",
        "visit,2026-11-20,A01,P03,tbc", "visit,2026-11-20,A01,P03,declined",
        "letter,2026-11-20,A01,P03,tbc", "visit,2026-11-20,A01,P03,", "clinic,2020-11-20,A01,P03,",
    )  # fmt: skip
    path = top_up("", casework="".join(f"{CLEO},{row},\n" for row in rows))
    said = list(known.bring(path).says)
    first = said.index(TOLD.format("2 rows with a step"))
    assert said[first + 1] == '  "clinic" (line 2, 3)'
    assert said[first + 2].startswith("  support is, or may be: attendance-meeting, discussion, ")
    second = said.index(TOLD.format("1 row with an outcome"))
    assert said[second + 1 :] == [
        '  "tbc" (line 4)',
        "  a meeting or visit is support where its outcome is: agreed, accepted, signed,",
        "    engaged, partly engaged, kept, partly kept (attendance casework kinds)",
    ]
    assert max(map(len, said)) <= 80


def test_many_rows_of_one_unknown_word_are_not_all_named(known, top_up):
    """The first three, and that there are more."""
    rows = "".join(f"{CLEO},clinic,2026-11-{day},A01,,,\n" for day in range(10, 14))
    assert '  "clinic" (line 2, 3, 4, \u2026)' in known.bring(top_up("", casework=rows)).says
