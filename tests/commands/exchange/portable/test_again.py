"""What happens when a folder is brought again: unchanged, changed, in part."""

from datetime import date

import pytest

from commands.exchange.portable import rows
from commands.penalties.notices import RecordNotice
from ledger.values import Session, parse_session
from tests.commands.exchange.portable.conftest import ADA, CLEO

NEW_UPN = "Y999200018009"
ABOUT_PUPILS = ("marks.csv", "amendments.csv", "groups.csv", "relations.csv", "notices.csv")


def test_the_same_folder_again_records_nothing(known, school):
    """Identity is parsed content."""
    head = known.head()
    outcome = known.bring(school)
    assert outcome.header is None
    assert known.head() == head
    assert outcome.says[0] == "the ledger already holds all of this; nothing was recorded"


def test_the_same_content_in_other_bytes_records_nothing(known, changed):
    """A byte-order mark, CRLF, blank lines and another order of columns change nothing."""
    path = changed("marks.csv", ("\n", "\r\n"), more="\r\n")
    changed("groups.csv", ("upn,kind,name,from,to\n", "﻿upn,kind,name,from,to\n"))
    lines = (path / "casework.csv").read_text("utf-8").splitlines()
    turned = [",".join(reversed(line.split(","))) for line in lines[:2]]
    (path / "casework.csv").write_text("\n".join([*turned, ""]), "utf-8")
    assert known.brought(path).found == {}


# What is stated otherwise: the changes of each file, and what is recorded of them, once.

RELATION = f"P03,{ADA},aunt,no"
PLAN = f"{ADA},2026-11-25,AM"
ONCE = {
    "mark restated with new changes keeps them apart": (
        {
            "marks.csv": [(f"{ADA},2026-11-09,AM,/", f"{ADA},2026-11-09,AM,N")],
            "amendments.csv": f"{ADA},2026-11-09,AM,N,I,Call,A01,2026-11-10T09:00:00Z,,\n",
        },
        {"SourceRestated": 1, "MarkAmended": 1},
    ),
    "amendment rewritten at the source restates the mark": (
        {"amendments.csv": [(f"{CLEO},2026-11-09,AM,O,I", f"{CLEO},2026-11-09,AM,O,M")]},
        {"SourceRestated": 1},
    ),
    "mark changes under an amendment that leads on from what stands": (
        {
            "marks.csv": [(f"{CLEO},2026-11-10,AM,N", f"{CLEO},2026-11-10,AM,U")],
            "amendments.csv": [(f"{CLEO},2026-11-10,AM,N,U", f"{CLEO},2026-11-10,AM,U,L")],
        },
        {"MarkAmended": 1},
    ),
    "missing mark and an amendment of an amendment are added": (
        {
            "marks.csv": f"{ADA},2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z\n",
            "amendments.csv": f"{CLEO},2026-11-09,AM,I,M,Card,A01,2026-11-20T10:00:00Z,,\n",
        },
        {"SessionMarked": 1, "MarkAmended": 1},
    ),
    "school, times, term and closure are recorded as they now are": (
        {
            "school.toml": [
                ('"Example High School"', '"Example Academy"'),
                ("closes = 08:55:00", "closes = 09:00:00"),
                ("last = 2026-12-18", "last = 2026-12-17"),
                ('reason = "INSET"', 'reason = "Staff training"'),
            ]
        },
        {"SchoolOpened": 1, "RegisterTimesSet": 1, "TermSet": 1, "SessionsClosed": 1},
    ),
    "title and last day of staff": (
        {"staff.csv": [("Teacher,teacher,2020-09-01,", "Head,teacher,2020-09-01,2026-12-18")]},
        {"StaffChanged": 1},
    ),
    "relations of different times are kept, the newest compared": (
        {
            "relations.csv": f"{RELATION},no,3,,,2024-09-01,2025-08-31\n"
            f"{RELATION},yes,3,,,2025-09-01,\n"
        },
        {"RelationRecorded": 2},
    ),
    "changed UPN is the same pupil by local id": (
        {file: [(ADA, NEW_UPN)] for file in ("pupils.csv", *ABOUT_PUPILS)},
        {"DetailsAmended": 1},
    ),
    "boarding is stated anew, as a spell": (
        {"pupils.csv": [("2025-09-01,2026-11-13,a,,no", "2025-09-01,2026-11-13,a,,yes")]},
        {"PupilEnrolled": 1, "PupilRemoved": 1},
    ),
    "pupil comes back with other details": (
        {
            "pupils.csv": "V999200018007,1007,Dummyfield-Smith,Gus,2013-05-11,M,2026-11-18,,,,no"
            ",,,\n"
        },
        {"PupilEnrolled": 1, "SessionMarked": 1},  # of the session cancelled that day
    ),
    "notice withdrawn is stated again, and not judged": (
        {"notices.csv": [(",2026-07-20,,paid,", ",,2026-07-21,withdrawn,")]},
        {"NoticeStated": 1},
    ),
    "row of casework stated twice is two steps": (
        {"casework.csv": f"{CLEO},phone call,2026-11-09,A01,P03,no answer,\n"},
        {"CaseworkStepTaken": 1},
    ),
}


@pytest.mark.parametrize(("changes", "found"), ONCE.values(), ids=ONCE)
def test_what_is_stated_otherwise_is_recorded_once(known, changed, changes, found):
    """The same folder again adds nothing."""
    for file, how in changes.items():
        changed(file, more=how) if isinstance(how, str) else changed(file, *how)
    known.once(changed(), **found)


def test_a_different_mark_is_restated_and_stands(known, changed):
    """And when the source goes back to the first, that is a restatement too."""
    line = f"{ADA},2026-11-09,AM,/"
    known.once(changed("marks.csv", (line, f"{ADA},2026-11-09,AM,M")), SourceRestated=1)
    known.once(changed("marks.csv", (f"{ADA},2026-11-09,AM,M", line)), SourceRestated=1)
    restated = known.states("SourceRestated")[-1]
    assert (restated["original"], restated["code"], restated["row"]) == ("M", "/", 2)


def test_a_source_that_gives_the_final_code_restates_nothing(known, changed):
    """The amended code as the mark itself, without the amendment: it stands already."""
    changed("marks.csv", (f"{ADA},2026-11-10,AM,N", f"{ADA},2026-11-10,AM,I"))
    path = changed("amendments.csv", less=(f"{ADA},2026-11-10,AM",))
    assert known.brought(path).found == {}


GONE = {
    "marks.csv": ("K999200018001,2026-11-09,AM", "1 mark"),
    "groups.csv": (f"{ADA},cohort,PP", "1 membership"),
    "parents.csv": ("P02", "1 parent"),
    "relations.csv": ("P02", "1 relation"),
    "notices.csv": ("P01", "1 notice"),
    "casework.csv": ("F999200018006,meeting", "1 casework step"),
    "staff.csv": ("H01", "1 member of staff"),
    "school.toml": ("date = 2026-11-20", "1 closed session"),
}


@pytest.mark.parametrize("file", GONE)
def test_a_row_gone_missing_is_told_and_nothing_is_recorded(known, changed, file):
    """Of every file."""
    begins, told = GONE[file]
    path = changed() / file
    lines = path.read_text("utf-8").splitlines(keepends=True)
    (gone,) = [number for number, line in enumerate(lines) if line.startswith(begins)]
    first, after = (gone - 1, gone + 5) if file == "school.toml" else (gone, gone + 1)
    path.write_text("".join(lines[:first] + lines[after:]), "utf-8")
    brought = known.brought(changed())
    assert brought.found == {}
    assert brought.told(f"no longer in the folder (nothing was changed): {told}")


def test_a_pupil_gone_missing_is_told(known, changed):
    """With everything of theirs; the ledger keeps it all."""
    for name in ("pupils.csv", "marks.csv", "groups.csv"):
        changed(name, less=("R999200018005",))
    brought = known.brought(changed())
    assert brought.found == {}
    assert brought.told("1 pupil, 3 memberships, 17 marks")


def test_an_optional_file_left_out_is_not_told_as_gone(known, changed):
    """Who brings no parents says nothing of parents."""
    path = changed()
    for name in ("groups.csv", "parents.csv", "relations.csv", "notices.csv", "casework.csv"):
        (path / name).unlink()
    brought = known.brought(path)
    assert brought.found == {}
    assert not brought.told("no longer")


def test_terms_and_times_gone_are_told(known, changed):
    """The calendar keeps what it held."""
    spring = ('\n[[term]]\nname = "Spring 1"\nfirst = 2027-01-04\n'
              "last = 2027-02-12\n\n[[register]]\nfrom = 2027-01-04\n"
              "am = { opens = 08:45:00, closes = 08:55:00 }\n"
              "pm = { opens = 13:50:00, closes = 14:00:00 }\n")  # fmt: skip
    known.bring(changed("school.toml", more=spring))
    brought = known.brought(changed("school.toml", (spring, "")))
    assert brought.found == {}
    assert brought.told("1 set of register times, 1 term")


def test_a_richer_mark_is_restated(known, changed):
    """Minutes or a nature that were not given before; an empty cell takes nothing away."""
    nature = "Work-based day at the college workshop"
    path = changed(
        "marks.csv",
        (f"{ADA},2026-11-12,AM,L,4,", f"{ADA},2026-11-12,AM,L,6,"),
        (f"2026-11-16,AM,B,,{nature}", "2026-11-16,AM,B,,A day at the college"),
        (f"2026-11-16,PM,B,,{nature}", "2026-11-16,PM,B,,"),
    )
    assert known.brought(path, accept_findings=True).found == {"SourceRestated": 2}
    assert known.brought(path, accept_findings=True).found == {}


def test_changed_parents_and_relations_are_recorded_again(known, changed):
    """An empty cell takes nothing from a parent, but makes a flag unknown."""
    changed("parents.csv", ("01632 960001", "01632 960009"), ("anna@example.org", ""))
    path = changed("relations.csv", ("father,no,yes,2,no,,,", "father,no,,2,no,,,"))
    known.once(path, ParentRecorded=1, RelationRecorded=1)
    assert "parental_responsibility" not in known.states("RelationRecorded")[-1]


def test_a_column_left_out_changes_nothing(known, changed):
    """Optional columns that another export does not have."""
    path = changed()
    for name, kept in (("relations.csv", 6), ("notices.csv", 10)):
        lines = [line.split(",") for line in (path / name).read_text("utf-8").splitlines()]
        (path / name).write_text("".join(",".join(r[:kept]) + "\n" for r in lines), "utf-8")
    assert known.brought(path).found == {}


def test_changed_details_are_amended(known, changed):
    """Field, original and amended, without author: the source restated them."""
    path = changed("pupils.csv", ("Testerby,Ada,2012-10-03", "Testerby,Adah,2012-08-03"))
    known.once(path, DetailsAmended=2)
    amended = known.states("DetailsAmended")
    assert [a["field"] for a in amended] == ["forename", "dob"]
    assert (amended[1]["birth_cohort"], amended[1]["compulsory_from"]) == (2011, "2017-08-31")
    assert not any("by" in a for a in amended)


def test_a_local_id_of_another_pupil_is_refused(known, changed):
    """UPN and local id name two pupils of the ledger."""
    path = changed("pupils.csv", (",1001,", ",9,"), (",1002,", ",1001,"))
    assert known.codes(path)[0] == "local-id-shared"


def test_a_local_id_given_again_is_not_the_same_pupil(known, changed):
    """A new UPN and another date of birth under a local id that the ledger knows."""
    changed("pupils.csv", (f"{ADA},1001", f"{NEW_UPN},1001"), ("2012-10-03", "2012-10-04"))
    for name in ABOUT_PUPILS:
        changed(name, (ADA, NEW_UPN))
    assert known.codes(changed()) == ["local-id-shared"]


def test_leaving_is_recorded_changed_and_taken_back(known, changed):
    """A last day, another, another school, and then none: the spell goes on."""
    row = "Testerby,Ada,2012-10-03,F,2024-09-02,"
    known.once(changed("pupils.csv", (f"{row},", f"{row}2026-12-18,a")), PupilRemoved=1)
    path = changed("pupils.csv", (f"{row}2026-12-18,a", f"{row}2026-12-17,f"))
    known.once(path, PupilRemoved=1)
    known.once(changed("pupils.csv", (f"{row}2026-12-17,f", f"{row},")), PupilEnrolled=1)


def test_a_moved_first_day_overlaps_what_the_ledger_holds(known, changed):
    """A spell of the ledger cannot be moved by a source."""
    assert known.codes(changed("pupils.csv", ("2025-09-01", "2025-09-08"))) == ["spells-overlap"]


def test_memberships_end_and_go_on(known, changed):
    """A last day is a leaving; taking it back is a joining."""
    row = f"{ADA},cohort,FSM,2024-09-02,"
    known.once(changed("groups.csv", (f"{row}\n", f"{row}2026-11-20\n")), GroupLeft=1)
    known.once(changed("groups.csv", (f"{row}2026-11-20\n", f"{row}\n")), GroupJoined=1)


def test_plans_are_recorded_once(known, changed):
    """Planned, changed, withdrawn; a further step is added to those held."""
    steps = (f"{PLAN},M,Orthodontist,,A01,2026-11-12T10:00:00Z,planned\n"
             f"{PLAN},C,Interview,,A01,2026-11-13T10:00:00Z,changed\n"
             f"{ADA},2026-11-26,AM,M,,,,,planned\n")  # fmt: skip
    known.once(changed("plans.csv", more=steps), AbsencePlanned=2, PlanChanged=1)
    step = f"{PLAN},,Off,,A01,2026-11-14T10:00:00Z,withdrawn\n"
    known.once(changed("plans.csv", more=step), PlanWithdrawn=1)


def test_a_person_who_amended_here_wins_over_the_source(known, changed, school, amend_here):
    """A different mark is a conflict, told once, until the source states what stands."""
    amend_here("2026-11-09/AM", "M")
    assert known.brought(school).found == {}
    row = f"{ADA},2026-11-09,AM"
    for was, now in (("/", "I"), ("I", "M")):
        path = changed("marks.csv", (f"{row},{was}", f"{row},{now}"))
        known.once(path, SourceConflicted=1)
        conflict = known.states("SourceConflicted")[-1]
        assert (conflict["stands"], conflict["code"]) == ("M", now)


def test_an_amendment_of_a_mark_amended_here_is_a_conflict(known, changed, amend_here):
    """The source's person and ours differ."""
    amend_here("2026-11-09/AM", "M")
    row = f"{ADA},2026-11-09,AM,/,I,Call,A01,2026-11-20T10:00:00Z,,\n"
    assert known.brought(changed("amendments.csv", more=row)).found == {"SourceConflicted": 1}


def test_a_mark_first_made_here_is_compared_with_the_source(known, changed, mark_here):
    """The same code adds nothing, another is a conflict."""
    mark_here("2026-11-06/AM", "/")
    row = f"{ADA},2026-11-06,AM"
    path = changed("marks.csv", more=f"{row},/,,,,T01,2026-11-06T08:51:00Z\n")
    assert known.brought(path).found == {}
    known.once(changed("marks.csv", (f"{row},/", f"{row},L")), SourceConflicted=1)


def test_session_numbers_are_theirs_alone():
    """A session and its number say the same."""
    session = parse_session("2026-11-20/PM")
    number = rows.session_number(session.date, session.half)
    assert rows.session_numbered(number) == session


# A change of what a paper rests on raises an alert, in the transaction of the import itself.


def test_papers_of_the_import_itself_raise_nothing(known):
    """The example school has notices and amendments: history, and no change made here."""
    assert "CaseUndercut" not in known.counts()


def test_a_mark_restated_by_its_source_raises_an_alert(known, changed):
    """Once; the same folder again records nothing. A dry run says what would be."""
    notice = RecordNotice(
        parent_id="P01", pupil=ADA, kind="s444A", issued_on=date(2026, 11, 13),
        offence_first=date(2026, 11, 9), offence_last=date(2026, 11, 10),
        session=(Session(date(2026, 11, 9), "AM"),),
    )  # fmt: skip
    known.by("A01").do(notice)
    folder = changed("marks.csv", (f"{ADA},2026-11-09,AM,/", f"{ADA},2026-11-09,AM,L"))
    dry = known.bring(folder, dry_run=True)
    assert any(line.startswith("would raise an alert: ") for line in dry.says)
    assert "CaseUndercut" not in known.counts()
    outcome = known.bring(folder)
    assert known.counts()["CaseUndercut"] == 1
    assert any(line.startswith("Alert: ") for line in outcome.says)
    assert known.bring(folder).header is None
    assert known.counts()["CaseUndercut"] == 1
