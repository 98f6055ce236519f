"""A folder is brought into an empty ledger: what is recorded, and what is told."""

import json

import pytest

from commands.exchange.importing import ImportPortable
from ledger.clock import parse_instant
from ledger.errors import ImportRefused, Refused


def states(ledger, topic, stream=""):
    return [json.loads(state) for state in ledger.events(topic, stream)]


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
    """The transaction says which files it came from: name, digest, rows."""
    header = ledger.bring(school).header
    assert header.source.system == "portable"
    assert [(file.name, file.rows) for file in header.source.files][:3] == [
        ("school.toml", 7),
        ("staff.csv", 6),
        ("pupils.csv", 8),
    ]
    assert all(len(file.sha256) == 64 for file in header.source.files)


def test_a_mark_keeps_its_row_and_the_time_its_source_states(ledger, school):
    """Row is the line of the file, the header being 1; stated is in microseconds."""
    ledger.bring(school)
    first = states(ledger, "SessionMarked")[0]
    assert (first["row"], first["by"]) == (2, "T01")
    assert first["stated"] == parse_instant("2026-11-09T08:51:00Z")


def test_a_first_mark_after_the_register_closed_is_late(ledger, school):
    """The only mark recorded after the closing time of its session."""
    ledger.bring(school)
    late = [s for s in states(ledger, "SessionMarked") if s.get("late")]
    assert [(s["by"], s["stated"]) for s in late] == [
        ("A01", parse_instant("2026-11-17T10:20:00Z"))
    ]


def test_a_change_before_the_register_closed_is_part_of_the_taking(ledger, school):
    """A change at 08:54:30, the register closing at 08:55, is no amendment."""
    ledger.bring(school)
    (corrected,) = states(ledger, "MarkCorrected")
    assert (corrected["original"], corrected["code"], corrected["minutes_late"]) == ("N", "L", 3)


def test_an_amendment_names_its_author_with_the_title_of_that_day(ledger, school):
    """The officer was promoted between two amendments of one mark."""
    ledger.bring(school)
    amended = states(ledger, "MarkAmended", "2026-11-09/AM")
    assert [(a["original"], a["code"]) for a in amended] == [("N", "O"), ("O", "I")]
    assert {a["job_title"] for a in states(ledger, "MarkAmended")} == {
        "Attendance Officer",
        "Senior Attendance Officer",
    }
    assert all(a["name"].startswith("~staff:A01/") for a in amended)


def test_a_cancelled_session_gives_its_code_to_everyone_on_roll(ledger, school):
    """Who has no row gets the code; another code is kept and superseded, with the reason."""
    ledger.bring(school)
    entries = states(ledger, "SessionMarked", "2026-11-18/PM")
    assert sorted(e["code"] for e in entries) == ["Y4"] * 5 + ["\\"] * 2
    restated = states(ledger, "SourceRestated", "2026-11-18/PM")
    assert [(r["original"], r["code"]) for r in restated] == [("\\", "Y4")] * 2
    told = parse_instant("2026-11-18T11:30:00Z")
    assert {r["stated"] for r in restated} == {told}


def test_a_cancelled_session_without_a_time_counts_from_the_mark(ledger, changed):
    """Where the closure states no time, the mark's own stands for both."""
    ledger.bring(changed("school.toml", ("recorded_on = 2026-11-18T11:30:00Z\n", ""),
                         ('reason = "Boiler failure"\n', "")))  # fmt: skip
    restated = states(ledger, "SourceRestated", "2026-11-18/PM")
    assert {r["stated"] for r in restated} == {parse_instant("2026-11-18T13:54:00Z")}


def test_before_2024_a_cancelled_session_gave_the_code_of_that_time(ledger, changed):
    """The code is that of the day of the session."""
    term = '[[term]]\nname = "Spring"\nfirst = 2024-06-03\nlast = 2024-07-19\n\n'
    closed = '[[closed]]\ndate = 2024-07-01\nkind = "cancelled"\nsessions = ["AM"]\n\n'
    changed("school.toml", ('[[term]]\nname = "Autumn 1"',
                            term + closed + '[[term]]\nname = "Autumn 1"'))  # fmt: skip
    ledger.bring(changed("pupils.csv", ("2024-09-02", "2024-06-03")))
    assert {s["code"] for s in states(ledger, "SessionMarked", "2024-07-01/AM")} == {"Y"}


def test_an_amendment_of_a_cancelled_session_is_superseded_again(ledger, changed):
    """A source may amend what a cancelled session gave; the code stands all the same."""
    row = "N999200018003,2026-11-18,PM,Y4,I,Was ill anyway,A01,2026-11-19T09:00:00Z,,\n"
    ledger.bring(changed("amendments.csv", more=row))
    kinds = [
        [s["code"] for s in states(ledger, topic, "2026-11-18/PM")]
        for topic in ("MarkAmended", "SourceRestated")
    ]
    assert kinds == [["I"], ["Y4", "Y4", "Y4"]]


def test_a_session_cancelled_later_has_no_entry_yet(ledger, changed):
    """A closure may be announced; its entries are made when the day has come."""
    ledger.bring(
        changed("school.toml", more='\n[[closed]]\ndate = 2026-12-01\nkind = "cancelled"\n')
    )
    assert ledger.events("SessionMarked", "2026-12-01/AM") == []


def test_findings_are_recorded_as_stated_when_accepted(ledger, changed):
    """An amendment without a reason and a code of another age: recorded, and listed."""
    more = "F999200018006,2026-11-19,AM,N,I,,A01,2026-11-20T15:00:00Z,,\n"
    path = changed("amendments.csv", more=more)
    changed("marks.csv", more="K999200018001,2026-11-06,AM,X,,,,T01,2026-11-06T08:51:00Z\n")
    with pytest.raises(ImportRefused, match="2 problems") as caught:
        ledger.bring(path)
    assert caught.value.findings == caught.value.total == 2
    outcome = ledger.bring(path, accept_findings=True)
    assert "recorded as stated, with 2 findings:" in outcome.says
    (completed,) = states(ledger, "ImportCompleted")
    assert [(f["file"], f["line"], f["code"]) for f in completed["findings"]] == [
        ("marks.csv", 137, "code-age"),
        ("amendments.csv", 10, "reason-missing"),
    ]


def test_a_code_for_compulsory_age_only_is_a_finding_below_it(ledger, changed):
    """The other side of the test of age."""
    changed("pupils.csv", ("2012-10-03", "2008-10-03"))
    path = changed("marks.csv", more="K999200018001,2026-11-06,AM,C2,,,,T01,2026-11-06T08:51:00Z\n"
                   "K999200018001,2026-11-06,PM,X,,,,T01,2026-11-06T13:51:00Z\n")  # fmt: skip
    with pytest.raises(ImportRefused) as caught:
        ledger.bring(path)
    assert [p.what for p in caught.value.problems] == [
        "code C2 for a pupil who is not of compulsory school age that day"
    ]


def test_the_first_hundred_problems_are_shown_and_all_are_counted(ledger, changed):
    """A file of nonsense does not fill the screen."""
    rows = "".join(f"K999200018001,2026-11-06,AM,nonsense{n},,,,,\n" for n in range(150))
    with pytest.raises(ImportRefused, match="150 problems") as caught:
        ledger.bring(changed("marks.csv", more=rows))
    assert len(caught.value.problems) == 100
    assert "--accept-findings" not in caught.value.remedy


def test_more_problems_than_are_kept_are_still_counted(ledger, changed, monkeypatch):
    """Memory is bounded too."""
    monkeypatch.setattr("ledger.formats.sheet.SHOWN", 3)
    rows = "".join(f"K999200018001,2026-11-06,AM,nonsense{n},,,,,\n" for n in range(15))
    with pytest.raises(ImportRefused, match="15 problems"):
        ledger.bring(changed("marks.csv", more=rows))


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
    with pytest.raises(ImportRefused) as caught:
        ledger.bring(path)
    assert "marks.csv: is missing; add it" in [str(p) for p in caught.value.problems]


def test_other_files_are_passed_over_and_named(ledger, changed):
    """A misspelt file is noticed; notes of other kinds are nobody's business."""
    path = changed()
    (path / "mark.csv").write_text("")
    (path / "README.txt").write_text("")
    says = ledger.bring(path).says
    assert "mark.csv is no file of the portable format: passed over" in says
    assert not any("README" in line for line in says)


def test_a_closure_for_a_group_without_members_is_told(ledger, changed):
    """Not an error: the group may have members later."""
    says = ledger.bring(changed("school.toml", more='\n[[closed]]\ndate = 2026-12-01\n'
                                'groups = ["7Z"]\n')).says  # fmt: skip
    assert "school.toml:43: this closure names groups without members: 7Z" in says


@pytest.mark.parametrize("ground", ["(f)", "9(1)(f)", "reg 9(1)(F)", "o", ""])
def test_a_ground_may_be_written_in_several_ways(ledger, changed, ground):
    """A letter alone, in brackets, or with its regulation; none is a gap, not a breach."""
    ledger.bring(changed("pupils.csv", ("2026-11-13,a,", f"2026-11-13,{ground},")))
    (removed,) = states(ledger, "PupilRemoved")
    assert removed.get("ground", "") == ground


def test_grounds_of_the_former_regulations_are_taken_as_they_are(ledger, changed):
    """A spell that ended before 19 August 2024."""
    row = "V999200018007,1007,Dummyfield,Gus,2013-05-11,M,2023-09-04,2024-07-19,x,,no,,,\n"
    ledger.bring(changed("pupils.csv", more=row))
    assert len(states(ledger, "PupilRemoved")) == 2


def test_another_ledgers_school_is_refused(known, changed):
    """One ledger is one school's register."""
    with pytest.raises(ImportRefused) as caught:
        known.bring(changed("school.toml", ('"999999"', '"999998"')))
    assert caught.value.problems[0].code == "other-school"


def test_deciding_on_a_folder_that_was_not_loaded_is_a_mistake(school):
    """A fault of the program, not of the user."""
    with pytest.raises(TypeError, match="has to be loaded"):
        ImportPortable(path=school).decide(None, None, 0)


def test_kinds_and_reasons_of_ours_are_taken_as_stated(ledger, changed):
    """The columns that an export adds where times do not tell the kind."""
    text = (changed() / "marks.csv").read_text("utf-8").splitlines()
    rows = [
        f"{text[0]},kind,reason",
        *(f"{line},," for line in text[1:]),
        "K999200018001,2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z,late_entry,Paper register",
        "K999200018001,2026-11-06,PM,\\,,,,T01,2026-11-06T15:51:00Z,entry,",
    ]
    (changed() / "marks.csv").write_text("\n".join(rows), "utf-8")
    ledger.bring(changed())
    late, entry = (
        states(ledger, "SessionMarked", f"2026-11-06/{half}")[0] for half in ("AM", "PM")
    )
    assert late["late"]
    assert late["reason"].startswith("~")
    assert "late" not in entry


def test_a_re_statement_needs_no_author_and_may_be_stated_early(ledger, changed):
    """An amendment row of kind restated: the source's doing, not a person's."""
    header, *rows = (changed() / "amendments.csv").read_text("utf-8").splitlines()
    more = [
        "F999200018006,2026-11-19,AM,N,I,,,2026-11-18T08:00:00Z,,,restated",
        "F999200018006,2026-11-19,PM,N,M,,,,,,restated",
        "F999200018006,2026-11-20,AM,N,I,Call,A01,2026-11-20T09:00:00Z,,,taking",
    ]
    lines = [f"{header},kind", *(f"{row}," for row in rows), *more]
    (changed() / "amendments.csv").write_text("\n".join(lines), "utf-8")
    ledger.bring(changed())
    assert len(states(ledger, "SourceRestated", "2026-11-19/AM")) == 1
    assert len(states(ledger, "SourceRestated", "2026-11-19/PM")) == 1
    assert len(states(ledger, "MarkCorrected", "2026-11-20/AM")) == 1


def test_a_mark_with_a_faulty_change_is_not_said_to_be_out_of_order(ledger, changed):
    """One fault, one line: what follows from it is not told."""
    rows = (
        "F999200018006,2026-11-19,AM,N,??,Call,A01,2026-11-19T10:00:00Z,,\n"
        "F999200018006,2026-11-19,AM,M,I,Call,A01,2026-11-20T10:00:00Z,,\n"
        "K999200018001,2026-11-06,AM,N,??,Call,A01,2026-11-19T10:00:00Z,,\n"
        "K999200018001,2026-11-06,AM,M,I,Call,A01,2026-11-20T10:00:00Z,,\n"
    )
    with pytest.raises(ImportRefused, match="2 problems"):
        ledger.bring(changed("amendments.csv", more=rows))


def test_a_pupil_may_have_no_local_id(ledger, changed):
    """Not every school numbers its pupils."""
    ledger.bring(changed("pupils.csv", (",1001,", ",,"), (",1002,", ",,")))
    assert ledger.counts()["PupilEnrolled"] == 8


def test_casework_of_a_pupil_nobody_knows_is_refused(ledger, changed):
    """As in every other file."""
    row = "Y999200018009,letter,2026-11-16,A01,,sent,\n"
    with pytest.raises(ImportRefused, match="1 problem"):
        ledger.bring(changed("casework.csv", more=row))


def test_many_different_times_do_not_fill_memory(ledger, school, monkeypatch):
    """What is remembered of distinct texts is forgotten now and then."""
    monkeypatch.setattr("commands.exchange.portable.rows._REMEMBERED", 2)
    ledger.bring(school)
    assert ledger.counts()["SessionMarked"] == 136
