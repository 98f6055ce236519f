"""What happens when a folder is brought again: unchanged, changed, in part."""

import json

import pytest

from commands.exchange.portable import rows
from ledger.errors import ImportRefused
from ledger.values import parse_session

UPN = "K999200018001"
CLEO = "N999200018003"


def recorded(ledger, path, **options):
    """Return the names of the events that bringing a folder adds, and what is told."""
    before = dict(ledger.counts())
    says = ledger.bring(path, **options).says
    after = ledger.counts()
    new = {name: count - before.get(name, 0) for name, count in after.items()}
    ignored = ("Committed", "ImportCompleted")
    return {n: c for n, c in new.items() if c and n not in ignored}, says


def latest(ledger, topic):
    """Return the newest event of a kind."""
    return json.loads(ledger.events(topic)[-1])


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
    assert recorded(known, path)[0] == {}


def test_a_different_mark_is_restated_and_stands(known, changed):
    """And when the source goes back to the first, that is a restatement too."""
    line = f"{UPN},2026-11-09,AM,/"
    path = changed("marks.csv", (line, f"{UPN},2026-11-09,AM,M"))
    assert recorded(known, path)[0] == {"SourceRestated": 1}
    assert recorded(known, path)[0] == {}
    changed("marks.csv", (f"{UPN},2026-11-09,AM,M", line))
    assert recorded(known, path)[0] == {"SourceRestated": 1}
    assert recorded(known, path)[0] == {}
    restated = latest(known, "SourceRestated")
    assert (restated["original"], restated["code"], restated["row"]) == ("M", "/", 2)


def test_a_mark_restated_with_new_changes_keeps_them_apart(known, changed):
    """The mark is restated, and its amendment is an amendment."""
    changed("amendments.csv", more=f"{UPN},2026-11-09,AM,N,I,Call,A01,2026-11-10T09:00:00Z,,\n")
    path = changed("marks.csv", (f"{UPN},2026-11-09,AM,/", f"{UPN},2026-11-09,AM,N"))
    assert recorded(known, path)[0] == {"SourceRestated": 1, "MarkAmended": 1}
    assert recorded(known, path)[0] == {}


def test_a_source_that_gives_the_final_code_restates_nothing(known, changed):
    """The amended code as the mark itself, without the amendment: it stands already."""
    path = changed("marks.csv", (f"{UPN},2026-11-10,AM,N", f"{UPN},2026-11-10,AM,I"))
    lines = (path / "amendments.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(f"{UPN},2026-11-10,AM")]
    (path / "amendments.csv").write_text("".join(kept), "utf-8")
    assert recorded(known, path)[0] == {}


def test_an_amendment_rewritten_at_the_source_restates_the_mark(known, changed):
    """Its first amendment is held, the second says something else: one restatement."""
    path = changed("amendments.csv", (f"{CLEO},2026-11-09,AM,O,I", f"{CLEO},2026-11-09,AM,O,M"))
    assert recorded(known, path)[0] == {"SourceRestated": 1}
    assert recorded(known, path)[0] == {}


def test_the_mark_changes_under_an_amendment_that_leads_to_what_stands(known, changed):
    """The entry is now what stands: only its new change is recorded."""
    path = changed("marks.csv", (f"{CLEO},2026-11-10,AM,N", f"{CLEO},2026-11-10,AM,U"))
    changed("amendments.csv", (f"{CLEO},2026-11-10,AM,N,U", f"{CLEO},2026-11-10,AM,U,L"))
    assert recorded(known, path)[0] == {"MarkAmended": 1}


def test_new_rows_are_recorded(known, changed):
    """A mark that was missing, and an amendment of an amendment."""
    changed("marks.csv", more=f"{UPN},2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z\n")
    row = f"{CLEO},2026-11-09,AM,I,M,Appointment card,A01,2026-11-20T10:00:00Z,,\n"
    found, _ = recorded(known, changed("amendments.csv", more=row))
    assert found == {"SessionMarked": 1, "MarkAmended": 1}


GONE = {
    "marks.csv": ("K999200018001,2026-11-09,AM", "1 mark"),
    "groups.csv": (f"{UPN},cohort,PP", "1 membership"),
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
    found, says = recorded(known, changed())
    assert found == {}
    assert f"no longer in the folder (nothing was changed): {told}" in "".join(says)


def test_a_pupil_gone_missing_is_told(known, changed):
    """With everything of theirs; the ledger keeps it all."""
    for name in ("pupils.csv", "marks.csv", "groups.csv"):
        lines = (changed() / name).read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("R999200018005")]
        (changed() / name).write_text("".join(kept), "utf-8")
    found, says = recorded(known, changed())
    assert found == {}
    assert "1 pupil, 3 memberships, 17 marks" in "".join(says)


def test_an_optional_file_left_out_is_not_told_as_gone(known, changed):
    """Who brings no parents says nothing of parents."""
    path = changed()
    for name in ("groups.csv", "parents.csv", "relations.csv", "notices.csv", "casework.csv"):
        (path / name).unlink()
    found, says = recorded(known, path)
    assert found == {}
    assert not any("no longer" in line for line in says)


def test_terms_and_times_gone_are_told(known, changed):
    """The calendar keeps what it held."""
    known.bring(changed("school.toml", more='\n[[term]]\nname = "Spring 1"\nfirst = 2027-01-04\n'
                        "last = 2027-02-12\n\n[[register]]\nfrom = 2027-01-04\n"
                        "am = { opens = 08:45:00, closes = 08:55:00 }\n"
                        "pm = { opens = 13:50:00, closes = 14:00:00 }\n"))  # fmt: skip
    text = (changed() / "school.toml").read_text("utf-8")
    (changed() / "school.toml").write_text(text[: text.index('\n[[term]]\nname = "Spring 1"')])
    found, says = recorded(known, changed())
    assert found == {}
    assert any("1 set of register times, 1 term" in line for line in says)


def test_a_richer_mark_is_restated(known, changed):
    """Minutes or a nature that were not given before; an empty cell takes nothing away."""
    nature = "Work-based day at the college workshop"
    path = changed(
        "marks.csv",
        (f"{UPN},2026-11-12,AM,L,4,", f"{UPN},2026-11-12,AM,L,6,"),
        (f"2026-11-16,AM,B,,{nature}", "2026-11-16,AM,B,,A day at the college"),
        (f"2026-11-16,PM,B,,{nature}", "2026-11-16,PM,B,,"),
    )
    found, _ = recorded(known, path, accept_findings=True)
    assert found == {"SourceRestated": 2}
    assert recorded(known, path, accept_findings=True)[0] == {}


def test_changed_school_terms_times_and_closures_are_recorded_again(known, changed):
    """Each as it now is; the same once more adds nothing."""
    path = changed(
        "school.toml",
        ('"Example High School"', '"Example Academy"'),
        ("closes = 08:55:00", "closes = 09:00:00"),
        ("last = 2026-12-18", "last = 2026-12-17"),
        ('reason = "INSET"', 'reason = "Staff training"'),
    )
    found, _ = recorded(known, path)
    assert found == dict.fromkeys(
        ("SchoolOpened", "RegisterTimesSet", "TermSet", "SessionsClosed"), 1
    )
    assert recorded(known, path)[0] == {}


def test_changed_staff_are_recorded_again(known, changed):
    """A title, and a last day."""
    before = "Teacher,teacher,2020-09-01,"
    path = changed("staff.csv", (before, "Head of Year,teacher,2020-09-01,2026-12-18"))
    assert recorded(known, path)[0] == {"StaffChanged": 1}
    assert recorded(known, path)[0] == {}


def test_changed_parents_and_relations_are_recorded_again(known, changed):
    """An empty cell takes nothing from a parent, but makes a flag unknown."""
    path = changed("parents.csv", ("01632 960001", "01632 960009"), ("anna@example.org", ""))
    changed("relations.csv", ("father,no,yes,2,no,,,", "father,no,,2,no,,,"))
    assert recorded(known, path)[0] == {"ParentRecorded": 1, "RelationRecorded": 1}
    assert recorded(known, path)[0] == {}
    relation = latest(known, "RelationRecorded")
    assert "parental_responsibility" not in relation


def test_a_column_left_out_changes_nothing(known, changed):
    """Optional columns that another export does not have."""
    path = changed()
    for name, kept in (("relations.csv", 6), ("parents.csv", 7), ("notices.csv", 10),
                       ("pupils.csv", 9)):  # fmt: skip
        rows = [line.split(",") for line in (path / name).read_text("utf-8").splitlines()]
        if name in ("parents.csv", "pupils.csv"):
            continue
        (path / name).write_text("".join(",".join(r[:kept]) + "\n" for r in rows), "utf-8")
    assert recorded(known, path)[0] == {}


def test_relations_of_different_times_are_kept(known, changed):
    """Two dated rows for one parent and child; the newest is compared."""
    rows = (
        f"P03,{UPN},aunt,no,no,3,,,2024-09-01,2025-08-31\nP03,{UPN},aunt,no,yes,3,,,2025-09-01,\n"
    )
    path = changed("relations.csv", more=rows)
    assert recorded(known, path)[0] == {"RelationRecorded": 2}
    assert recorded(known, path)[0] == {}


def test_changed_details_are_amended(known, changed):
    """Field, original and amended, without author: the source restated them."""
    path = changed("pupils.csv", ("Testerby,Ada,2012-10-03", "Testerby,Adah,2012-08-03"))
    assert recorded(known, path)[0] == {"DetailsAmended": 2}
    assert recorded(known, path)[0] == {}
    amended = [json.loads(e) for e in known.events("DetailsAmended")]
    assert [a["field"] for a in amended] == ["forename", "dob"]
    assert (amended[1]["birth_cohort"], amended[1]["compulsory_from"]) == (2011, "2017-08-31")
    assert not any("by" in a for a in amended)


def test_a_changed_upn_is_the_same_pupil_by_local_id(known, changed):
    """A temporary UPN is replaced; the local id tells who it is."""
    new = "Y999200018009"
    path = changed("pupils.csv", (UPN, new))
    for name in ("marks.csv", "amendments.csv", "groups.csv", "relations.csv", "notices.csv"):
        changed(name, (UPN, new))
    assert recorded(known, path)[0] == {"DetailsAmended": 1}
    assert recorded(known, path)[0] == {}


def test_a_local_id_of_another_pupil_is_refused(known, changed):
    """UPN and local id name two pupils of the ledger."""
    path = changed("pupils.csv", (",1001,", ",9,"), (",1002,", ",1001,"))
    with pytest.raises(ImportRefused) as caught:
        known.bring(path)
    assert caught.value.problems[0].code == "local-id-shared"


def test_a_local_id_given_again_is_not_the_same_pupil(known, changed):
    """A new UPN and another date of birth under a local id that the ledger knows."""
    path = changed(
        "pupils.csv", (f"{UPN},1001", "Y999200018009,1001"), ("2012-10-03", "2012-10-04")
    )
    for name in ("marks.csv", "amendments.csv", "groups.csv", "relations.csv", "notices.csv"):
        changed(name, (UPN, "Y999200018009"))
    with pytest.raises(ImportRefused, match="1 problem;") as caught:
        known.bring(path)
    assert caught.value.problems[0].code == "local-id-shared"


def test_leaving_is_recorded_changed_and_taken_back(known, changed):
    """A last day, another, another school, and then none: the spell goes on."""
    row = "Testerby,Ada,2012-10-03,F,2024-09-02,"
    path = changed("pupils.csv", (f"{row},", f"{row}2026-12-18,a"))
    assert recorded(known, path)[0] == {"PupilRemoved": 1}
    changed("pupils.csv", (f"{row}2026-12-18,a", f"{row}2026-12-17,f"))
    assert recorded(known, path)[0] == {"PupilRemoved": 1}
    changed("pupils.csv", (f"{row}2026-12-17,f", f"{row},"))
    assert recorded(known, path)[0] == {"PupilEnrolled": 1}
    assert recorded(known, path)[0] == {}


def test_boarding_is_stated_anew(known, changed):
    """The spell is recorded again, for a flag in clear has no other place."""
    path = changed("pupils.csv", ("Gus,2013-05-11,M,2025-09-01,2026-11-13,a,,no",
                                  "Gus,2013-05-11,M,2025-09-01,2026-11-13,a,,yes"))  # fmt: skip
    assert recorded(known, path)[0] == {"PupilEnrolled": 1, "PupilRemoved": 1}
    assert recorded(known, path)[0] == {}


def test_a_pupil_comes_back(known, changed):
    """A second spell; the newest row's details count."""
    row = "V999200018007,2007,Dummyfield-Smith,Gus,2013-05-11,M,2026-11-18,,,,no,,,\n"
    path = changed("pupils.csv", more=row.replace("2007", "1007"))
    found, _ = recorded(known, path)
    assert found["PupilEnrolled"] == 1
    assert recorded(known, path)[0] == {}


def test_a_moved_first_day_overlaps_what_the_ledger_holds(known, changed):
    """A spell of the ledger cannot be moved by a source."""
    path = changed("pupils.csv", ("2025-09-01", "2025-09-08"))
    with pytest.raises(ImportRefused, match="1 problem;") as caught:
        known.bring(path)
    assert caught.value.problems[0].code == "spells-overlap"


def test_memberships_end_and_go_on(known, changed):
    """A last day is a leaving; taking it back is a joining."""
    row = f"{UPN},cohort,FSM,2024-09-02,"
    path = changed("groups.csv", (f"{row}\n", f"{row}2026-11-20\n"))
    assert recorded(known, path)[0] == {"GroupLeft": 1}
    changed("groups.csv", (f"{row}2026-11-20\n", f"{row}\n"))
    assert recorded(known, path)[0] == {"GroupJoined": 1}
    assert recorded(known, path)[0] == {}


def test_a_notice_is_stated_again(known, changed):
    """A withdrawal of one that is held; nothing is judged."""
    path = changed("notices.csv", (",2026-07-20,,paid,", ",,2026-07-21,withdrawn,"))
    assert recorded(known, path)[0] == {"NoticeStated": 1}
    assert recorded(known, path)[0] == {}


def test_a_casework_row_stated_twice_is_two_steps(known, changed):
    """Two calls a day without an answer."""
    path = changed("casework.csv", more="N999200018003,phone call,2026-11-09,A01,P03,no answer,\n")
    assert recorded(known, path)[0] == {"CaseworkStepTaken": 1}
    assert recorded(known, path)[0] == {}


def test_plans_are_recorded_once(known, changed):
    """Planned, changed, withdrawn; a further step is added to those held."""
    head = "upn,date,session,code,reason,nature,planned_by,planned_on,step\n"
    rows = (f"{UPN},2026-11-25,AM,M,Orthodontist,,A01,2026-11-12T10:00:00Z,planned\n"
            f"{UPN},2026-11-25,AM,C,Interview,,A01,2026-11-13T10:00:00Z,changed\n"
            f"{UPN},2026-11-26,AM,M,,,,,planned\n")  # fmt: skip
    path = changed("plans.csv", more=head + rows)
    assert recorded(known, path)[0] == {"AbsencePlanned": 2, "PlanChanged": 1}
    changed("plans.csv", more=f"{UPN},2026-11-25,AM,,Off,,A01,2026-11-14T10:00:00Z,withdrawn\n")
    assert recorded(known, path)[0] == {"PlanWithdrawn": 1}
    assert recorded(known, path)[0] == {}


def test_a_person_who_amended_here_wins_over_the_source(known, changed, school, amend_here):
    """A different mark is a conflict, told once, until the source states what stands."""
    amend_here("2026-11-09/AM", "M")
    assert recorded(known, school)[0] == {}
    path = changed("marks.csv", (f"{UPN},2026-11-09,AM,/", f"{UPN},2026-11-09,AM,I"))
    assert recorded(known, path)[0] == {"SourceConflicted": 1}
    assert recorded(known, path)[0] == {}
    conflict = latest(known, "SourceConflicted")
    assert (conflict["stands"], conflict["code"]) == ("M", "I")
    changed("marks.csv", (f"{UPN},2026-11-09,AM,I", f"{UPN},2026-11-09,AM,M"))
    assert recorded(known, path)[0] == {"SourceConflicted": 1}
    assert recorded(known, path)[0] == {}
    conflict = latest(known, "SourceConflicted")
    assert (conflict["stands"], conflict["code"]) == ("M", "M")


def test_an_amendment_of_a_mark_amended_here_is_a_conflict(known, changed, amend_here):
    """The source's person and ours differ."""
    amend_here("2026-11-09/AM", "M")
    row = f"{UPN},2026-11-09,AM,/,I,Call,A01,2026-11-20T10:00:00Z,,\n"
    path = changed("amendments.csv", more=row)
    assert recorded(known, path)[0] == {"SourceConflicted": 1}


def test_a_mark_first_made_here_is_compared_with_the_source(known, changed, mark_here):
    """The same code adds nothing, another is a conflict."""
    mark_here("2026-11-06/AM", "/")
    line = f"{UPN},2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z\n"
    path = changed("marks.csv", more=line)
    assert recorded(known, path)[0] == {}
    changed("marks.csv", (f"{UPN},2026-11-06,AM,/", f"{UPN},2026-11-06,AM,L"))
    assert recorded(known, path)[0] == {"SourceConflicted": 1}
    assert recorded(known, path)[0] == {}


def test_session_numbers_are_theirs_alone():
    """A session and its number say the same."""
    session = parse_session("2026-11-20/PM")
    number = rows.session_number(session.date, session.half)
    assert rows.session_numbered(number) == session
