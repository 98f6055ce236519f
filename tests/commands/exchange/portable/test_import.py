"""A folder is brought into an empty ledger: what is recorded, and what is told."""

from hashlib import sha256

import pytest

from commands.exchange.importing import ImportPortable
from ledger.clock import parse_instant
from ledger.errors import Refused
from tests.commands.exchange.portable.conftest import ADA, CLEO


def test_everything_of_the_folder_is_recorded(ledger, school):
    """The example school: every row but those that ask for no entry becomes a fact."""
    outcome = ledger.bring(school)
    assert ledger.counts() == {
        "Committed": 2,
        "LedgerCreated": 1,
        "KeyAdopted": 1,
        "RulesAdopted": 1,
        "SchoolOpened": 1,
        "RegisterTimesSet": 1,
        "TermSet": 2,
        "SessionsClosed": 2,
        "SessionCancelled": 1,
        "StaffJoined": 5,
        "StaffChanged": 1,
        "ParentRecorded": 4,
        "PupilEnrolled": 8,
        "PupilRemoved": 1,
        "GroupJoined": 21,
        "RelationRecorded": 4,
        "SessionMarked": 136,
        "MarkCorrected": 1,
        "MarkAmended": 7,
        "SourceRestated": 2,
        "NoticeStated": 2,
        "CaseworkStepTaken": 3,
        "ImportCompleted": 1,
    }
    assert outcome.says[0].startswith("recorded: 1 school")
    assert "passed over: 1 row without a mark, 3 rows where no entry is due" in outcome.says


def test_the_header_names_the_files(ledger, school):
    """The transaction says which files it came from: name and rows, and sealed each digest."""
    header = ledger.bring(school).header
    assert header.source.system == "portable"
    assert [(file.name, file.rows) for file in header.source.files][:3] == [
        ("school.toml", 7),
        ("staff.csv", 6),
        ("pupils.csv", 8),
    ]
    assert {file.sha256 for file in header.source.files} == {""}
    contents = [(school / file.name).read_bytes() for file in header.source.files]
    assert ledger.said_each("ImportCompleted", "digests") == [
        [sha256(content).hexdigest() for content in contents]
    ]


def test_a_mark_keeps_its_row_and_the_time_its_source_states(known):
    """Row is the line of the file, the header being 1; stated is in microseconds."""
    first = known.states("SessionMarked")[0]
    assert (first["row"], first["by"]) == (2, "T01")
    assert first["stated"] == parse_instant("2026-11-09T08:51:00Z")


def test_a_first_mark_after_the_register_closed_is_late(known):
    """The only mark recorded after the closing time of its session."""
    late = [s for s in known.states("SessionMarked") if s.get("late")]
    assert [(s["by"], s["stated"]) for s in late] == [
        ("A01", parse_instant("2026-11-17T10:20:00Z"))
    ]


def test_a_change_before_the_register_closed_is_part_of_the_taking(known):
    """A change at 08:54:30, the register closing at 08:55, is no amendment."""
    (corrected,) = known.states("MarkCorrected")
    assert (corrected["original"], corrected["code"], corrected["minutes_late"]) == ("N", "L", 3)


def test_an_amendment_names_its_author_with_the_title_of_that_day(known):
    """The officer was promoted between two amendments of one mark."""
    amended = known.states("MarkAmended", "2026-11-09/AM")
    assert [(a["original"], a["code"]) for a in amended] == [("N", "O"), ("O", "I")]
    assert set(known.said("MarkAmended", "job_title")) == {
        "Attendance Officer",
        "Senior Attendance Officer",
    }
    assert all(a["name"].startswith("~staff:A01/") for a in amended)


def test_a_cancelled_session_gives_its_code_to_everyone_on_roll(known):
    """Who has no row gets the code; another code is kept and superseded, with the reason."""
    entries = known.states("SessionMarked", "2026-11-18/PM")
    assert sorted(e["code"] for e in entries) == ["Y4"] * 5 + ["\\"] * 2
    restated = known.states("SourceRestated", "2026-11-18/PM")
    assert [(r["original"], r["code"]) for r in restated] == [("\\", "Y4")] * 2
    told = parse_instant("2026-11-18T11:30:00Z")
    assert {r["stated"] for r in restated} == {told}


def test_a_cancelled_session_without_a_time_counts_from_the_mark(ledger, changed):
    """Where the closure states no time, the mark's own stands for both."""
    ledger.bring(changed("school.toml", ("recorded_on = 2026-11-18T11:30:00Z\n", ""),
                         ('reason = "Boiler failure"\n', "")))  # fmt: skip
    restated = ledger.states("SourceRestated", "2026-11-18/PM")
    assert {r["stated"] for r in restated} == {parse_instant("2026-11-18T13:54:00Z")}


def test_before_2024_a_cancelled_session_gave_the_code_of_that_time(ledger, changed):
    """The code is that of the day of the session."""
    term = '[[term]]\nname = "Spring"\nfirst = 2024-06-03\nlast = 2024-07-19\n\n'
    closed = '[[closed]]\ndate = 2024-07-01\nkind = "cancelled"\nsessions = ["AM"]\n\n'
    changed("school.toml", ('[[term]]\nname = "Autumn 1"',
                            term + closed + '[[term]]\nname = "Autumn 1"'))  # fmt: skip
    ledger.bring(changed("pupils.csv", ("2024-09-02", "2024-06-03")))
    assert {s["code"] for s in ledger.states("SessionMarked", "2024-07-01/AM")} == {"Y"}


def test_an_amendment_of_a_cancelled_session_is_superseded_again(ledger, changed):
    """A source may amend what a cancelled session gave; the code stands all the same."""
    row = "N999200018003,2026-11-18,PM,Y4,I,Was ill anyway,A01,2026-11-19T09:00:00Z,,\n"
    ledger.bring(changed("amendments.csv", more=row))
    kinds = [
        [s["code"] for s in ledger.states(topic, "2026-11-18/PM")]
        for topic in ("MarkAmended", "SourceRestated")
    ]
    assert kinds == [["I"], ["Y4", "Y4", "Y4"]]


def test_a_session_cancelled_later_has_no_entry_yet(ledger, changed):
    """A closure may be announced; its entries are made when the day has come."""
    ledger.bring(
        changed("school.toml", more='\n[[closed]]\ndate = 2026-12-01\nkind = "cancelled"\n')
    )
    assert ledger.states("SessionMarked", "2026-12-01/AM") == []


def test_findings_are_recorded_as_stated_when_accepted(ledger, changed):
    """An amendment without a reason and a code of another age: recorded, and listed."""
    changed("marks.csv", more="K999200018001,2026-11-06,AM,X,,,,T01,2026-11-06T08:51:00Z\n")
    more = "F999200018006,2026-11-19,AM,N,I,,A01,2026-11-20T15:00:00Z,,\n"
    path = changed("amendments.csv", more=more)
    refused = ledger.faults(path)
    assert refused.findings == refused.total == 2
    outcome = ledger.bring(path, accept_findings=True)
    assert "recorded as stated, with 2 findings:" in outcome.says
    (completed,) = ledger.states("ImportCompleted")
    assert [(f["file"], f["line"], f["code"]) for f in completed["findings"]] == [
        ("marks.csv", 137, "code-age"),
        ("amendments.csv", 10, "reason-missing"),
    ]


def test_a_notice_to_no_parent_on_record_of_the_child_is_a_finding(ledger, changed):
    """Said with those who are; as stated where it is accepted, and not again afterwards."""
    path = changed(
        "notices.csv",
        more="P03,K999200018001,s444A,2026-11-13,2026-11-02,2026-11-06,,,,,\n",
    )
    refused = ledger.faults(path)
    (found,) = refused.problems
    assert (found.file, found.code) == ("notices.csv", "parent-not-related")
    assert "P03 is not recorded as a parent of this pupil; recorded are: P01, P02" in found.what
    assert refused.findings == 1
    ledger.bring(path, accept_findings=True)
    assert ledger.bring(path).header is None


def test_a_code_for_compulsory_age_only_is_a_finding_below_it(ledger, changed):
    """The other side of the test of age."""
    changed("pupils.csv", ("2012-10-03", "2008-10-03"))
    path = changed("marks.csv", more="K999200018001,2026-11-06,AM,C2,,,,T01,2026-11-06T08:51:00Z\n"
                   "K999200018001,2026-11-06,PM,X,,,,T01,2026-11-06T13:51:00Z\n")  # fmt: skip
    (problem,) = ledger.faults(path).problems
    assert problem.what == "code C2 for a pupil who is not of compulsory school age that day"


def test_the_first_hundred_problems_are_shown_and_all_are_counted(ledger, changed):
    """A file of nonsense does not fill the screen."""
    rows = "".join(f"K999200018001,2026-11-06,AM,nonsense{n},,,,,\n" for n in range(150))
    refused = ledger.faults(changed("marks.csv", more=rows))
    assert (refused.total, len(refused.problems)) == (150, 100)
    assert "150 problems" in str(refused)
    assert "--accept-findings" not in refused.remedy
    assert refused.notes == ("and 50 more problems, not shown",)


def test_more_problems_than_are_kept_are_still_counted(ledger, changed, monkeypatch):
    """Memory is bounded too."""
    monkeypatch.setattr("ledger.formats.sheet.SHOWN", 3)
    rows = "".join(f"K999200018001,2026-11-06,AM,nonsense{n},,,,,\n" for n in range(15))
    assert "15 problems" in str(ledger.faults(changed("marks.csv", more=rows)))


def test_many_findings_are_told_in_part(ledger, changed, monkeypatch):
    """What is told is limited; what is recorded is not."""
    monkeypatch.setattr("commands.exchange.importing.SHOWN", 1)
    rows = "".join(f"K999200018001,2026-11-06,{h},B,,,,,\n" for h in ("AM", "PM"))
    outcome = ledger.bring(changed("marks.csv", more=rows), accept_findings=True)
    assert outcome.says[-1] == "and 1 more"


def test_a_dry_run_checks_everything_and_records_nothing(ledger, school):
    """It says what would be recorded."""
    head = ledger.head()
    outcome = ledger.bring(school, dry_run=True)
    assert outcome.header is None
    assert ledger.head() == head
    assert outcome.says[0].startswith("would be recorded: 1 school, 1 set of register times")


def test_a_file_in_place_of_the_folder_is_refused(ledger, school):
    """The folder that holds it is named."""
    with pytest.raises(Refused) as caught:
        ledger.bring(school / "marks.csv")
    assert caught.value.code == "folder-expected"
    assert str(school) in caught.value.remedy


def test_a_folder_that_is_not_there_is_refused(ledger, tmp_path):
    """With its path."""
    with pytest.raises(Refused, match="there is no folder"):
        ledger.bring(tmp_path / "nowhere")


def test_a_folder_that_cannot_be_read_is_refused(ledger, changed, monkeypatch):
    """An error of the disk is an answer, not a traceback."""
    path = changed()

    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", fail)
    with pytest.raises(Refused, match="cannot be read: Permission denied"):
        ledger.bring(path)


def test_a_folder_without_marks_is_refused(ledger, changed):
    """Nothing is offered as a top-up then."""
    path = changed()
    (path / "marks.csv").unlink()
    assert "marks.csv: is missing; add it" in map(str, ledger.faults(path).problems)


def test_other_files_are_passed_over_and_named(ledger, changed):
    """All that is no file of the format is told in one line."""
    path = changed()
    (path / "README.txt").write_text("")
    says = ledger.bring(path, dry_run=True).says
    assert "README.txt is no file of the portable format: passed over" in says
    (path / "marks-2025.csv").write_text("")
    says = ledger.bring(path).says
    passed = "README.txt, marks-2025.csv are no files of the portable format: passed over"
    assert passed in says


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Marks.csv", "marks.csv"),
        ("MARKS.CSV", "marks.csv"),
        ("marks (1).csv", "marks.csv"),
        ("marks - Copy.csv", "marks.csv"),
        ("marks - Copy (2).csv", "marks.csv"),
        ("marks copy.csv", "marks.csv"),
        ("Copy of marks.csv", "marks.csv"),
        ("marks.csv.csv", "marks.csv"),
        ("marks.csv.txt", "marks.csv"),
        ("marks.txt", "marks.csv"),
        ("marks", "marks.csv"),
        ("mark.csv", "marks.csv"),
        ("marks .csv", "marks.csv"),
        ("marks\u00a0.csv", "marks.csv"),
        ("marks.xlsx", "marks.csv"),
        ("marks-DESKTOP-AB12.csv", "marks.csv"),
        ("marks (conflicted copy 2026-11-09).csv", "marks.csv"),
        ("Amendments.csv", "amendments.csv"),
        ("notices.ods", "notices.csv"),
        ("school.toml.txt", "school.toml"),
        ("School (1).toml", "school.toml"),
    ],
)
def test_a_file_that_may_have_been_meant_is_refused(ledger, changed, name, meant):
    """By its name it seems to be one of the folder's, and would be passed over in silence."""
    path = changed()
    (path / name).write_text("")
    [problem] = ledger.faults(path).problems
    assert (problem.file, problem.code) == (name, "file-misnamed")
    assert problem.what == f"seems to be {meant}, which is there too"
    (path / meant).unlink()
    [problem] = ledger.faults(path).problems
    assert problem.what == f"seems to be {meant}, and is not called so"
    assert f"save it as {meant}" in problem.remedy


@pytest.mark.parametrize(
    "name",
    ["remarks.csv", "staffing.csv", "school.csv", "school photo.jpg", "plans for the hall.csv",
     "notices.pdf", "marks.csv.bak", "~$marks.xlsx", ".~lock.marks.csv#"],
)  # fmt: skip
def test_a_name_of_another_kind_is_no_file_of_the_folder(ledger, changed, name):
    """Such a file is told of, and nothing is refused for it."""
    path = changed()
    (path / name).write_text("")
    assert f"{name} is no file of the portable format: passed over" in ledger.bring(path).says


def test_one_unread_file_is_told_once(ledger, changed):
    """What rests on it is said not to be checked, and nothing in it is blamed for that."""
    path = changed()
    (path / "marks.csv").write_text((path / "marks.csv").read_text().replace(",", ";"))
    (path / "pupils.csv").rename(path / "Pupils.csv")
    refused = ledger.faults(path)
    assert [problem.file for problem in refused.problems] == ["Pupils.csv", "marks.csv"]
    unread = "to be put right first"
    files = "groups.csv, relations.csv, marks.csv, notices.csv, casework.csv"
    assert refused.notes == (
        f"{files}: not checked against pupils.csv: {unread}",
        f"amendments.csv: not checked against pupils.csv and marks.csv: {unread}",
    )


def test_an_amendment_of_a_mark_whose_row_is_faulty_is_not_blamed(ledger, changed):
    """The mark is there, and cannot be read; another pupil's amendment without one is refused."""
    path = changed(
        "marks.csv",
        (f"{CLEO},2026-11-09,AM,N", f"{CLEO},9.11.2026,AM,N"),
        less=(f"{ADA},2026-11-10,AM",),
    )
    refused = ledger.faults(path)
    assert [(problem.file, problem.code) for problem in refused.problems] == [
        ("marks.csv", "date"), ("amendments.csv", "mark-missing"),
    ]  # fmt: skip
    unread = "amendments.csv: not checked against marks.csv: to be put right first"
    assert refused.notes == (unread,)


def test_a_closure_for_a_group_without_members_is_told(ledger, changed):
    """Not an error: the group may have members later."""
    says = ledger.bring(changed("school.toml", more='\n[[closed]]\ndate = 2026-12-01\n'
                                'groups = ["7Z"]\n')).says  # fmt: skip
    assert "school.toml:43: this closure names groups without members: 7Z" in says


@pytest.mark.parametrize("ground", ["(f)", "9(1)(f)", "reg 9(1)(F)", "o", ""])
def test_a_ground_may_be_written_in_several_ways(ledger, changed, ground):
    """A letter alone, in brackets, or with its regulation; none is a gap, not a breach."""
    ledger.bring(changed("pupils.csv", ("2026-11-13,a,", f"2026-11-13,{ground},")))
    (removed,) = ledger.states("PupilRemoved")
    assert removed.get("ground", "") == ground


def test_grounds_of_the_former_regulations_are_taken_as_they_are(ledger, changed):
    """A spell that ended before 19 August 2024."""
    row = "V999200018007,1007,Dummyfield,Gus,2013-05-11,M,2023-09-04,2024-07-19,x,,no,,,\n"
    ledger.bring(changed("pupils.csv", more=row))
    assert len(ledger.states("PupilRemoved")) == 2


def test_another_ledgers_school_is_refused(known, changed):
    """One ledger is one school's register."""
    assert known.codes(changed("school.toml", ('"999999"', '"999998"')))[0] == "other-school"


def test_deciding_on_a_folder_that_was_not_loaded_is_a_mistake(school):
    """A fault of the program, not of the user."""
    with pytest.raises(TypeError, match="has to be loaded"):
        ImportPortable(path=school).decide(None, None, 0)


def with_columns(changed, file, columns, *more):
    """Add columns to a file, empty in its rows, and rows that fill them."""
    header, *rows = (changed() / file).read_text("utf-8").splitlines()
    lines = [header + columns, *(row + "," * columns.count(",") for row in rows), *more]
    (changed() / file).write_text("\n".join(lines), "utf-8")
    return changed()


def test_kinds_and_reasons_of_ours_are_taken_as_stated(ledger, changed):
    """The columns that an export adds where times do not tell the kind."""
    ledger.bring(
        with_columns(
            changed, "marks.csv", ",kind,reason",
            "K999200018001,2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z,late_entry,Paper register",
            "K999200018001,2026-11-06,PM,\\,,,,T01,2026-11-06T15:51:00Z,entry,",
        )
    )  # fmt: skip
    (late,) = ledger.states("SessionMarked", "2026-11-06/AM")
    (entry,) = ledger.states("SessionMarked", "2026-11-06/PM")
    assert late["late"]
    assert late["reason"].startswith("~")
    assert "late" not in entry


def test_a_re_statement_needs_no_author_and_may_be_stated_early(ledger, changed):
    """An amendment row of kind restated: the source's doing, not a person's."""
    ledger.bring(
        with_columns(
            changed, "amendments.csv", ",kind",
            "F999200018006,2026-11-19,AM,N,I,,,2026-11-18T08:00:00Z,,,restated",
            "F999200018006,2026-11-19,PM,N,M,,,,,,restated",
            "F999200018006,2026-11-20,AM,N,I,Call,A01,2026-11-20T09:00:00Z,,,taking",
        )
    )  # fmt: skip
    assert len(ledger.states("SourceRestated", "2026-11-19/AM")) == 1
    assert len(ledger.states("SourceRestated", "2026-11-19/PM")) == 1
    assert len(ledger.states("MarkCorrected", "2026-11-20/AM")) == 1


def test_a_mark_with_a_faulty_change_is_not_said_to_be_out_of_order(ledger, changed):
    """One fault, one line: what follows from it is not told."""
    rows = "".join(
        f"{mark},N,??,Call,A01,2026-11-19T10:00:00Z,,\n"
        f"{mark},M,I,Call,A01,2026-11-20T10:00:00Z,,\n"
        for mark in ("F999200018006,2026-11-19,AM", "K999200018001,2026-11-06,AM")
    )
    assert ledger.faults(changed("amendments.csv", more=rows)).total == 2


def test_a_pupil_may_have_no_local_id(ledger, changed):
    """Not every school numbers its pupils."""
    ledger.bring(changed("pupils.csv", (",1001,", ",,"), (",1002,", ",,")))
    assert ledger.counts()["PupilEnrolled"] == 8


def test_casework_of_a_pupil_nobody_knows_is_refused(ledger, changed):
    """As in every other file."""
    row = "Y999200018009,letter,2026-11-16,A01,,sent,\n"
    assert ledger.codes(changed("casework.csv", more=row)) == ["pupil-unknown"]


def test_many_different_times_do_not_fill_memory(ledger, school, monkeypatch):
    """What is remembered of distinct texts is forgotten now and then."""
    monkeypatch.setattr("commands.exchange.portable.rows._REMEMBERED", 2)
    ledger.bring(school)
    assert ledger.counts()["SessionMarked"] == 136
