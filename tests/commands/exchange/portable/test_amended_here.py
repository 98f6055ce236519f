"""What a person here recorded of the school and its people stands when the source speaks again."""

import shutil
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.calendar.closures import AddClosure, CancelSessions, WithdrawClosure
from commands.calendar.terms import SetRegisterTimes, SetTerm
from commands.core.command import Command
from commands.penalties.notices import RecordNotice
from commands.roll.correct import CorrectPupil, MergePupils
from commands.roll.enrol import EnrolPupil, MovePupil
from commands.roll.families import RecordParent, RecordRelation
from commands.roll.remove import RemovePupil
from commands.school.school import SetSchool
from commands.school.staff import AddStaff, ChangeStaff, LeaveStaff
from ledger.errors import Refused
from ledger.store.folder import Folder
from tests.commands.exchange.portable.conftest import ADA, NOW, SCHOOL, Ledger, new_ledger

BROOK, DEX, EDIE = "Z999200018002", "C999200018004", "R999200018005"
GUS, HETTIE = "V999200018007", "J999200018008"
STANDS = "differs from what was amended here, which stands: "
WHY = {"reason": "Court order"}
NOTICE = {"parent_id": "P01", "pupil": ADA, "kind": "s444A", "issued_on": date(2026, 3, 2)}


class Case(NamedTuple):
    """What is done here, then another statement of the source, and one of the same detail.

    ``other``: file, text and what takes its place, and the event that it is recorded as;
    ``same``: the same without an event, and what is told of it.
    """

    here: Command
    other: tuple[str, str, str, str]
    same: tuple[str, str, str, str]


CASES = {
    "parent": Case(
        RecordParent(parent_id="P02", address_confidential="yes", phone="", **WHY),
        ("parents.csv", "77 Supposed", "78 Supposed", "ParentRecorded"),
        ("parents.csv", "01632 960002", "01632 960012", "1 parent (parents.csv:3)"),
    ),
    "relation": Case(
        RecordRelation(parent_id="P02", pupil=ADA, no_contact="yes", care="yes", **WHY),
        ("relations.csv", "father,no,yes,2,no", "stepfather,no,yes,2,no", "RelationRecorded"),
        ("relations.csv", "father,no,yes,2,no,,", "father,no,yes,2,no,no,",
         "1 relation (relations.csv:3)"),
    ),
    "address": Case(
        CorrectPupil(pupil=ADA, field="address", to="9 New Row", reason="Moved"),
        ("pupils.csv", "Testerby,Ada,", "Testerby,Adah,", "DetailsAmended"),
        ("pupils.csv", '"1 Imaginary', '"12 Imaginary', "1 pupil (pupils.csv:2)"),
    ),
    "name used cleared": Case(
        CorrectPupil(pupil=BROOK, field="name_used", to="", reason="No longer"),
        ("pupils.csv", "Sampleton,Brook", "Sampleton,Brooke", "DetailsAmended"),
        ("pupils.csv", ",Bee,", ",Bea,", "1 pupil (pupils.csv:3)"),
    ),
    "date of birth": Case(
        CorrectPupil(pupil=ADA, field="dob", to="2012-10-04", reason="Birth certificate"),
        ("pupils.csv", "2012-10-03,F", "2012-10-03,M", "DetailsAmended"),
        ("pupils.csv", "2012-10-03,F", "2012-10-05,F", "1 pupil (pupils.csv:2)"),
    ),
    "UPN": Case(
        CorrectPupil(pupil=ADA, field="upn", to="Y999200018009", reason="Issued"),
        ("pupils.csv", "Testerby,Ada,", "Testerby,Adah,", "DetailsAmended"),
        ("pupils.csv", f"{ADA},1001", f"{BROOK},1001", ""),
    ),
    "boarder": Case(
        CorrectPupil(pupil=GUS, field="boarder", to="yes", reason="Boards"),
        ("pupils.csv", "2026-11-13,a,", "2026-11-14,a,", "PupilRemoved"),
        ("pupils.csv", "Testerby,Ada,", "Testerby,Ada,", ""),
    ),
    "leaver": Case(
        RemovePupil(pupil=HETTIE, last_day=date(2026, 12, 18), ground="f"),
        ("pupils.csv", "Hettie,", "Hetty,", "DetailsAmended"),
        ("pupils.csv", "2026-11-16,,,", "2026-11-16,2026-12-17,f,", "1 pupil (pupils.csv:9)"),
    ),
    "group": Case(
        MovePupil(pupil=ADA, kind="registration", from_=date(2026, 11, 21), to="9B"),
        ("groups.csv", f"{ADA},cohort,PP,2024-09-02,", f"{ADA},cohort,PP,2024-09-02,2026-11-27",
         "GroupLeft"),
        ("groups.csv", f"{ADA},registration,9A,2026-09-01,",
         f"{ADA},registration,9A,2026-09-01,2026-11-27", "1 membership (groups.csv:3)"),
    ),
    "title": Case(
        ChangeStaff(staff_id="T01", job_title="Head of Year", from_=date(2020, 9, 1)),
        ("staff.csv", "Tariq Tutor", "Tarek Tutor", "StaffChanged"),
        ("staff.csv", "Tariq Tutor,Teacher", "Tariq Tutor,Tutor",
         "1 member of staff (staff.csv:5)"),
    ),
    "staff left": Case(
        LeaveStaff(staff_id="T01", last_day=date(2026, 11, 10)),
        ("staff.csv", "Tariq Tutor", "Tarek Tutor", "StaffChanged"),
        ("staff.csv", "teacher,2020-09-01,", "teacher,2020-09-01,2026-11-20",
         "1 member of staff (staff.csv:5)"),
    ),
    "amender left": Case(
        LeaveStaff(staff_id="A01", last_day=date(2026, 11, 16)),
        ("staff.csv", "Tariq Tutor", "Tarek Tutor", "StaffChanged"),
        ("staff.csv", "safeguarding,2026-11-16,", "safeguarding,2026-11-16,2026-11-20",
         "1 member of staff (staff.csv:4)"),
    ),
    "closure withdrawn": Case(
        WithdrawClosure(day=date(2026, 11, 2), reason="It took place"),
        ("school.toml", "Science block", "Art block", "SessionsClosed"),
        ("school.toml", '"INSET"', '"Training"', "1 part of school.toml (school.toml:24)"),
    ),
    "half of a closure withdrawn": Case(
        WithdrawClosure(day=date(2026, 11, 2), session=("AM",), reason="It took place"),
        ("school.toml", "Science block", "Art block", "SessionsClosed"),
        ("school.toml", '"cancelled"', '"cancelled"', ""),
    ),
    "cancellation withdrawn": Case(
        WithdrawClosure(day=date(2026, 11, 18), session=("PM",), reason="It took place"),
        ("school.toml", '"INSET"', '"Training"', "SessionsClosed"),
        ("school.toml", "Boiler failure", "Boiler", "1 part of school.toml (school.toml:29)"),
    ),
    "closure recorded here": Case(
        AddClosure(day=date(2026, 12, 18), reason="INSET"),
        ("school.toml", '"INSET"', '"Training"', "SessionsClosed"),
        ("school.toml", 'date = 2026-11-02\nkind = "planned"\nreason = "INSET"',
         'date = 2026-12-18\nsessions = ["AM"]\nreason = "Snow"',
         "1 part of school.toml (school.toml:24)"),
    ),
    "term": Case(
        SetTerm(name="Autumn 2", first=date(2026, 11, 2), last=date(2026, 12, 17)),
        ("school.toml", "last = 2026-10-23", "last = 2026-10-22", "TermSet"),
        ("school.toml", "last = 2026-12-18", "last = 2026-12-16",
         "1 part of school.toml (school.toml:19)"),
    ),
    "register times": Case(
        SetRegisterTimes(from_=date(2026, 9, 1), am_opens="08:40", am_closes="09:10",
                         pm_opens="13:50", pm_closes="14:00"),
        ("school.toml", "last = 2026-10-23", "last = 2026-10-22", "TermSet"),
        ("school.toml", "08:55:00", "09:00:00", "1 part of school.toml (school.toml:9)"),
    ),
    "school": Case(
        SetSchool(name="Example Academy"),
        ("school.toml", '"4001"', '"4002"', "SchoolOpened"),
        ("school.toml", '"Example High School"', '"Example School"',
         "1 part of school.toml (school.toml:1)"),
    ),
    "notice": Case(
        RecordNotice(**{**NOTICE, "parent_id": "P04", "pupil": "F999200018006",
                        "issued_on": date(2026, 7, 6), "offence_first": date(2026, 6, 1),
                        "offence_last": date(2026, 6, 26)}, issuer="Borough", outcome="withdrawn",
                     withdrawn_on=date(2026, 8, 3)),
        ("notices.csv", ",2026-03-09,withdrawn,", ",2026-03-10,withdrawn,", "NoticeStated"),
        ("notices.csv", ",2026-07-20,,paid,", ",2026-07-20,,unpaid,", "1 notice (notices.csv:2)"),
    ),
    "session cancelled here": Case(
        CancelSessions(sessions=("2026-11-19/PM",), reason="Flood"),
        ("school.toml", '"INSET"', '"Training"', "SessionsClosed"),
        ("school.toml", '"cancelled"', '"cancelled"', ""),
    ),
    "enrolled and moved": Case(
        EnrolPupil(upn=GUS, surname="Dummyfield", forename="Gus", dob=date(2013, 5, 11),
                   starts_on=date(2026, 11, 20), address="1 Return Road"),
        ("pupils.csv", "Dummyfield,Gus", "Dummyfield,Gustav", "DetailsAmended"),
        ("pupils.csv", '"7 Imaginary', '"17 Imaginary', "1 pupil (pupils.csv:8)"),
    ),
}  # fmt: skip


TOLD = [name for name, case in CASES.items() if case.same[3]]


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def amended(request, known):
    """Return the ledger after a change here, and its case."""
    case = CASES[request.param]
    assert known.by("H01").do(case.here).header is not None
    return known, case


def test_a_change_here_survives_the_import_of_the_unchanged_folder(amended, school):
    """Nothing is recorded, and nothing is said to differ."""
    ledger, _ = amended
    head = ledger.head()
    assert ledger.bring(school, dry_run=True).says[0].startswith("the ledger already holds all")
    outcome = ledger.bring(school)
    assert (outcome.header, ledger.head()) == (None, head)
    assert not any(STANDS in line or "no longer" in line for line in outcome.says)


def test_a_new_statement_of_another_detail_comes_in(amended, changed):
    """Once; what was amended here still stands then."""
    ledger, case = amended
    file, old, new, event = case.other
    path = changed(file, (old, new))
    brought = ledger.brought(path)
    assert brought.found == {event: 1}
    assert not brought.told(STANDS)
    assert ledger.brought(path).found == {}
    assert sum(ledger.brought(SCHOOL).found.values()) == 1


@pytest.mark.parametrize("amended", TOLD, indirect=True)
def test_a_new_statement_of_the_same_detail_is_told_and_not_recorded(amended, changed):
    """By file and line; each time."""
    ledger, case = amended
    file, old, new, told = case.same
    path = changed(file, (old, new))
    for _ in range(2):
        found, says = ledger.brought(path)
        assert found == {}
        assert f"{STANDS}{told}" in says
    assert says[0] == "nothing was recorded"


def test_what_stands_is_what_the_person_recorded(known, school, changed):
    """After the source stated another detail: still no contact, still confidential."""
    for name in ("parent", "relation"):
        known.by("H01").do(CASES[name].here)
    known.bring(school)
    changed("parents.csv", ("77 Supposed", "78 Supposed"))
    known.bring(changed("relations.csv", ("father,no,yes,2,no", "father,no,yes,3,no")))
    relation = known.states("RelationRecorded", ":P02")[-1]
    said = (relation["no_contact"], relation["care"], relation["contact_order"])
    assert said == ("yes", "yes", 3)
    parent = known.states("ParentRecorded", ":P02")[-1]
    assert parent["address_confidential"] == "yes"
    assert "phone" not in parent


def test_a_duplicate_withdrawn_here_stays_withdrawn(known, changed):
    """Its rows were taken in; new marks for it find no spell on roll."""
    spell = "Y999200018009,1009,Testerby,Ada,2012-10-03,F,2026-11-02,,,,no,,,\n"
    path = changed("pupils.csv", more=spell)
    changed("groups.csv", more="Y999200018009,registration,9B,2026-11-02,\n")
    row = "Y999200018009,2026-11-06,AM,/,,,,T01,2026-11-06T08:51:00Z\n"
    known.bring(changed("marks.csv", more=row))
    merge = MergePupils(duplicate="Y999200018009", into=ADA, reason="Entered twice")
    known.by("H01").do(merge)
    assert known.brought(path).found == {}
    assert known.codes(changed("marks.csv", more=row.replace("11-06", "11-05"))) == ["not-on-roll"]


def test_a_plan_survives_its_author(known, changed):
    """The steps were taken in while they were on the staff; a new one is refused."""
    row = f"{ADA},2026-11-25,AM,M,Orthodontist,,A01,2026-11-12T10:00:00Z,planned\n"
    later = f"{ADA},2026-11-27,AM,M,Orthodontist,,A01,2026-11-18T10:00:00Z,planned\n"
    path = changed("plans.csv", more=row + later)
    known.bring(path)
    known.by("H01").do(LeaveStaff(staff_id="A01", last_day=date(2026, 11, 16)))
    assert known.brought(path).found == {}
    changed("plans.csv", more=later.replace("11-27", "11-26"))
    assert known.codes(path) == ["staff-not-there"]


def test_the_day_of_an_import_does_not_tell_who_spoke(known, changed, school):
    """A later import of other terms is the source's: it goes back to the first."""
    other = changed("school.toml", ("last = 2026-10-23", "last = 2026-10-22"))
    known.by("H01").do(CASES["term"].here)
    assert known.brought(other).found == {"TermSet": 1}
    assert known.brought(school).found == {"TermSet": 1}


def any_of(command: type[Command], **choices: Sequence[object]) -> st.SearchStrategy[Command]:
    """A command with one of the choices in each field."""
    fields = {name: st.sampled_from(values) for name, values in choices.items()}
    return st.builds(command, **fields)


PEOPLE = st.one_of(
    any_of(
        RecordParent, parent_id=["P01", "P02", "P03", "P04"], phone=[None, "", "01632 960077"],
        address=[None, "", "5 Court Lane"], address_confidential=[None, "yes", "no", ""],
        reason=["Court"],
    ),
    any_of(
        RecordRelation, parent_id=["P01", "P02"], pupil=[ADA], relationship=[None, "", "aunt"],
        no_contact=[None, "yes", "no", ""], care=[None, "yes", "no", ""],
        to=[None, date(2026, 11, 20)], reason=["Court"],
    ),
    any_of(
        CorrectPupil, pupil=[ADA, BROOK, GUS, HETTIE],
        field=["surname", "name_used", "sex", "address", "last_school"], to=["", "Else"],
        reason=["Seen"],
    ),
    any_of(CorrectPupil, pupil=[ADA, GUS], field=["boarder"], to=["yes", "no"], reason=["Seen"]),
    any_of(
        CorrectPupil, pupil=[ADA, EDIE], field=["dob"], to=["2011-01-02", "2009-06-01"],
        reason=["Seen"],
    ),
    any_of(RemovePupil, pupil=[ADA, DEX, HETTIE], last_day=[date(2026, 12, 18)], ground=["f"]),
    any_of(
        MovePupil, pupil=[ADA, EDIE], kind=["registration"],
        from_=[date(2026, 11, 19), date(2026, 11, 23)], to=["9A", "9B", "9C"],
    ),
)  # fmt: skip
CALENDAR = st.one_of(
    any_of(
        SetTerm, name=["Autumn 1", "Autumn 2"], first=[date(2026, 11, 2)],
        last=[date(2026, 12, 18), date(2026, 12, 16), date(2026, 11, 10)],
    ),
    any_of(
        SetRegisterTimes, from_=[date(2026, 9, 1), date(2026, 11, 9)], am_opens=["08:30"],
        am_closes=["08:35", "09:30"], pm_opens=["13:00"], pm_closes=["13:05", "14:00"],
    ),
    any_of(
        WithdrawClosure, day=[date(2026, 11, 2), date(2026, 11, 18)],
        session=[(), ("AM",), ("PM",)], reason=["Held"],
    ),
    any_of(WithdrawClosure, day=[date(2026, 11, 20)], group=[("9B",)], reason=["Held"]),
    any_of(
        AddClosure, day=[date(2026, 11, 2), date(2026, 12, 10)], reason=["INSET", "Snow"],
    ),
    any_of(CancelSessions, sessions=[("2026-11-18/PM",), ("2026-11-17/AM",)], reason=["Flood"]),
    any_of(
        ChangeStaff, staff_id=["T01", "T02", "A01"], job_title=["Tutor", "Teacher"],
        name=[None, "New Name"], from_=[date(2026, 11, 16), date(2026, 11, 12)],
    ),
    any_of(
        LeaveStaff, staff_id=["T01", "T02", "A01"],
        last_day=[date(2026, 11, 16), date(2026, 11, 10)],
    ),
    any_of(SetSchool, name=["Other School", "Example High School"]),
    any_of(
        RecordNotice, **{name: [value] for name, value in NOTICE.items()},
        offence_first=[date(2026, 2, 2)], offence_last=[date(2026, 2, 3)],
        outcome=[None, "unpaid", "withdrawn"],
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Return the path of a ledger that knows the example school, to be copied."""
    ledger = new_ledger(tmp_path_factory.mktemp("known") / "ledger")
    ledger.bring(SCHOOL)
    return ledger.folder.path


@settings(max_examples=12, deadline=None)
@given(changes=st.lists(PEOPLE | CALENDAR, min_size=1, max_size=5))
def test_whatever_changes_here_the_unchanged_folder_records_nothing(
    tmp_path_factory, example, changes
):
    """The position is the same; a change that is refused changes nothing either."""
    copy = tmp_path_factory.mktemp("here") / "ledger"
    shutil.copytree(example, copy)
    ledger = Ledger(Folder(copy), NOW, staff_id=None)
    for change in changes:
        try:
            ledger.by("H01").do(change)
        except Refused:
            continue
    head = ledger.head()
    outcome = ledger.bring(SCHOOL)
    assert (outcome.header, ledger.head()) == (None, head)
    assert outcome.says[0] == "the ledger already holds all of this; nothing was recorded"


def test_what_was_first_recorded_here_is_not_told_as_gone(known, school):
    """No source ever stated it."""
    day = date(2027, 1, 4)
    commands = (
        RecordParent(parent_id="P09", surname="Quill"),
        RecordRelation(parent_id="P09", pupil=ADA, relationship="aunt"),
        MovePupil(pupil=ADA, kind="cohort", from_=date(2026, 11, 2), to="SEND"),
        EnrolPupil(upn="Y999200018009", surname="Quill", forename="Ada", dob=date(2013, 1, 2),
                   starts_on=date(2026, 11, 16), year="Year 9"),
        AddStaff(staff_id="T09", name="Una Quill", job_title="Teacher"),
        SetTerm(name="Spring 1", first=day, last=date(2027, 2, 12)),
        SetRegisterTimes(from_=day, am_opens="08:40", am_closes="09:10", pm_opens="13:50",
                         pm_closes="14:00"),
        AddClosure(day=day, reason="INSET"),
        RecordNotice(**NOTICE | {"issued_on": date(2026, 11, 13)},
                     offence_first=date(2026, 11, 9), offence_last=date(2026, 11, 10)),
    )  # fmt: skip
    for command in commands:
        assert known.by("H01").do(command).header is not None
    assert not known.brought(school).told("no longer in the folder")
