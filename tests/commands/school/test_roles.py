"""Roles: who gives and takes them, what a teacher's name cannot do, and the one way in."""

import io
import shutil
from datetime import date
from pathlib import Path

import pytest

from commands.amending.policy import AdoptPolicy
from commands.calendar.closures import CancelSessions
from commands.disclosure.redact import RedactField
from commands.exchange.importing import ImportPortable
from commands.leave.decide import GrantLeave
from commands.proof.keys import RotateKey
from commands.proof.witnesses import DropWitness
from commands.register.take import MarkSession
from commands.roll.remove import RemovePupil
from commands.school.clock import CorrectClock
from commands.school.school import CreateLedger
from commands.school.staff import AddStaff, AppointStaff, ChangeStaff, LeaveStaff
from ledger.errors import Refused
from ledger.events.school import RolesChanged, StaffChanged, StaffJoined
from ledger.values import parse_session
from tests.commands.conftest import HAL, policy

PORTABLE = Path(__file__).parents[3] / "fixtures" / "portable"
TODAY, LAST_YEAR = date(2026, 11, 20), date(2025, 9, 1)


@pytest.fixture
def teacher(desk):
    """A teacher, in front of the ledger."""
    row = {"name": "Tam Tutor", "job_title": "Teacher", "role": ("teacher",)}
    desk.do(AddStaff(staff_id="tt", **row))
    return desk.by("tt")


def change(staff_id="tt", **fields):
    return ChangeStaff(staff_id=staff_id, **fields)


def added(role, staff_id="xx", **more):
    return AddStaff(staff_id=staff_id, name="Xa Test", job_title="Clerk", role=(role,), **more)


ATTEMPTS = [
    change(role=("head",)),
    change(role=("head", "authoriser"), from_=LAST_YEAR),
    change(role=("head",), from_=date(2027, 1, 1)),
    change(job_title="Head Teacher"),
    added("head"),
    added("head", from_=LAST_YEAR),
    change("head", role=("teacher",)),
    LeaveStaff(staff_id="head", last_day=date(2026, 11, 19)),
    LeaveStaff(staff_id="mm", last_day=date(2026, 11, 19)),
    AppointStaff(staff_id="tt", role=("head",), reason="Because"),
    AdoptPolicy(policy="statute-only", from_=TODAY),
    CorrectClock(first=3, last=4, reason="The battery"),
    CancelSessions(sessions=("2026-11-20/AM",), reason="No heating"),
    DropWitness(witness="x"),
    GrantLeave(leave_id="x", reason="y"),
    RemovePupil(pupil="P1", last_day=TODAY, ground="x"),
]


@pytest.mark.parametrize("command", ATTEMPTS)
def test_a_teachers_name_opens_nothing(teacher, command):
    """Whoever may is named; of the way in, that it is none where there is a head."""
    if isinstance(command, AdoptPolicy):
        command = command.load(io.StringIO())
    found = teacher.refused(command)
    assert found.code == ("not-vacant" if isinstance(command, AppointStaff) else "not-authorised")
    assert "Hal Hope (head)" in f"{found.what} {found.remedy}"


@pytest.mark.parametrize("errand", [RotateKey(), RedactField(position=7, field="x", reason="y")])
def test_nothing_is_made_or_destroyed_for_a_teachers_name(teacher, errand):
    """An errand asks before it touches a key."""
    files = {p: p.read_bytes() for p in teacher.folder.path.glob("*.key")}
    with pytest.raises(Refused, match="Tam Tutor holds none of the roles"):
        errand.carry_out(teacher.context)
    assert {p: p.read_bytes() for p in teacher.folder.path.glob("*.key")} == files


@pytest.mark.parametrize("staff_id", ["gone", "tocome", "nobody"])
def test_who_has_left_or_not_begun_gives_no_role(desk, staff_id):
    """Nor somebody who was never there."""
    head = desk.by("head")
    head.do(added("head", "gone"))
    head.do(LeaveStaff(staff_id="gone", last_day=date(2026, 11, 19)))
    head.do(added("head", "tocome", from_=date(2026, 11, 21)))
    desk.by(staff_id).refused(added("head"), "author-not-on-staff")


def test_the_office_keeps_the_staff_but_gives_no_role(desk):
    """A teacher begins and leaves; a title changes; roles stay as they were given."""
    desk.do(added("teacher"))
    assert desk.recorded(change("head", job_title="Principal"))[-1][1].roles == ("head",)
    desk.do(LeaveStaff(staff_id="xx", last_day=TODAY))
    for command, words in {
        added("safeguarding", "yy"): "yy would be safeguarding",
        change("head", role=("teacher",)): "head would be teacher and would no longer be head",
        LeaveStaff(
            staff_id="head", last_day=TODAY
        ): "head would no longer be head from 2026-11-21",
    }.items():
        desk.refused(command, "not-authorised", words)


def test_of_those_who_may_three_are_named(desk):
    """Where there are more, that there are; each with the id."""
    head, deputies = desk.by("head"), ("d1", "d2", "d3")
    for number, staff_id in enumerate(deputies, start=1):
        deputy = {"name": f"Dee {number}", "job_title": "Deputy", "role": ("head",)}
        head.do(AddStaff(staff_id=staff_id, **deputy))
        refused = desk.refused(added("authoriser", f"y{number}"), "not-authorised")
        named = ["Hal Hope (head)", "Dee 1 (d1)", "Dee 2 (d2)", "…"][: number + 1]
        assert refused.remedy == f"let somebody who does do it: {', '.join(named)}"


def test_who_is_not_there_is_told_their_last_day_or_their_first(desk):
    """On the last day they are there; the first of several days to come is named."""
    head = desk.by("head")
    head.do(added("teacher"))
    head.do(LeaveStaff(staff_id="xx", last_day=TODAY))
    assert desk.by("xx").mark("P1", "2026-11-20/AM").header is not None
    head.do(added("teacher", "yy", from_=date(2026, 12, 1)))
    head.do(change("yy", job_title="Tutor", from_=date(2027, 1, 4)))
    for staff_id, why in {
        "xx": "their last day was 2026-11-20", "yy": "they are on it from 2026-12-01",
    }.items():  # fmt: skip
        gone = desk.by(staff_id).at("2026-11-21T09:00")
        mark = MarkSession(pupil="P2", session=parse_session("2026-11-20/AM"), code="/")
        refused = gone.refused(mark, "author-not-on-staff")
        assert refused.what == f"{staff_id} is not on the staff on 2026-11-21: {why}"


def test_a_role_that_the_schools_policy_names_is_given_by_the_head_alone(desk):
    """Before, it opens nothing."""
    desk.do(added("teacher"))
    adopted = AdoptPolicy(policy="own", text=policy(roles=["teacher", "head"]), from_=TODAY)
    desk.by("head").do(adopted)
    desk.refused(added("teacher", "yy"), "not-authorised", "yy would be teacher")
    desk.by("head").do(added("teacher", "yy"))


def test_who_gave_and_took_a_role_is_recorded(desk):
    """With name and title; a person's rows say the roles themselves."""
    head = desk.by("head")
    given = RolesChanged(given=("authoriser",), taken=("attendance_officer",), since=TODAY, **HAL)
    recorded = head.recorded(change("mm", role=("authoriser",)))
    assert recorded[-1] == ("staff:mm", given)
    [*_, event] = head.events(LeaveStaff(staff_id="mm", last_day=date(2026, 12, 18)))
    assert event == RolesChanged(taken=("authoriser",), since=date(2026, 12, 19), **HAL)


# The first member of staff.


def test_the_first_member_of_staff_gives_roles_until_somebody_may(empty):
    """Then no more, but may set up the school no more either."""
    empty.do(added("teacher", "one"))
    empty.by("one").do(added("attendance_officer", "two"))
    empty.by("two").refused(added("head", "three"), "not-authorised")
    empty.by("one").do(added("head", "three", from_=date(2026, 11, 24)))
    empty.by("one").do(added("trust", "four"))
    empty.at("2026-11-24T09:00").by("one").refused(added("trust", "five"), "not-authorised")


def test_a_ledger_begins_with_a_head_where_one_is_named(empty):
    """By `init`; a role alone is of nobody."""
    made = empty.by(None)
    shutil.rmtree(empty.folder.path)
    first = {"staff": "hh", "name": "Hope Head", "job_title": "Head"}
    CreateLedger(**first, role=("head",)).carry_out(made.context)
    assert made.by("hh").do(added("authoriser")).header is not None
    with pytest.raises(Refused) as refused:
        CreateLedger(role=("head",)).carry_out(made.context)
    assert refused.value.code == "first-staff"


# Roles in a file.


@pytest.fixture
def empty(empty):
    """An empty ledger, after the last entry of the folder that is brought."""
    return empty.at("2026-11-23T12:00")


@pytest.fixture
def files(tmp_path):
    """A folder that may be changed."""
    return Path(shutil.copytree(PORTABLE, tmp_path / "files"))


def brought(path):
    return ImportPortable(path=path).load(io.StringIO())


def rewrite(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def test_roles_in_a_file_count_in_an_empty_ledger_alone(empty, files):
    """Later, what it gives or takes is named, and refused to nobody and to a teacher."""
    empty.do(brought(files))
    assert empty.do(brought(files)).header is None
    rewrite(files / "staff.csv", "Teacher,teacher,2020", "Teacher,teacher;head,2020")
    words = "T01 would be head from 2020-09-01"
    empty.refused(brought(files), "by-nobody", words, "only head or authoriser may give")
    empty.by("T01").refused(brought(files), "not-authorised", words)
    empty.by("gone").refused(brought(files), "author-not-on-staff")
    *_, changed, _completed = empty.by("H01").events(brought(files))
    assert isinstance(changed, StaffChanged)
    assert empty.by("T01").do(added("head")).header is not None


def test_a_teacher_who_is_new_in_a_file_needs_nobody(empty, files):
    """The role opens nothing, and a nightly import goes on."""
    empty.do(brought(files))
    with (files / "staff.csv").open("a") as file:
        file.write("T09,Nia Newly,Teacher,teacher,2026-11-20,\n")
    assert [type(e) for e in empty.events(brought(files))[:1]] == [StaffJoined]


def test_a_file_ends_no_heads_membership(empty, files):
    """Nor takes the role away."""
    empty.do(brought(files))
    rewrite(
        files / "staff.csv", "head;authoriser,2019-09-01,", "head;authoriser,2019-09-01,2026-11-19"
    )
    empty.refused(brought(files), "by-nobody", "H01 would no longer be authoriser, head")


# Where nobody is head or authoriser.


@pytest.fixture
def headless(desk):
    """The head has left, and nobody has come."""
    desk.by("head").do(LeaveStaff(staff_id="head", last_day=date(2026, 11, 19)))
    return desk


APPOINT = AppointStaff(staff_id="mm", role=("authoriser",), reason="The governors decided")


def test_somebody_is_appointed_where_nobody_is_head(headless):
    """Beside the roles that they have, with who did it and why; once."""
    found = headless.refused(added("head"), "not-authorised")
    assert "attendance staff appoint STAFF_ID --role head --reason WHY" in found.remedy
    *_, changed, roles = headless.events(APPOINT)
    assert changed.roles == ("attendance_officer", "authoriser")
    said = (roles.given, roles.vacant, roles.reason, roles.by, roles.name)
    assert said == (("authoriser",), True, "The governors decided", "mm", "Mo Marsh")
    headless.refused(APPOINT, "not-vacant", "Mo Marsh (mm) may give roles")
    assert headless.do(added("head")).header is not None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"reason": " "}, "reason-missing"),
        ({"role": ("teacher",)}, "role-unknown"),
        ({"staff_id": "new"}, "name-missing"),
        ({"staff_id": "new", "name": "Nia New"}, "job-title-missing"),
    ],
)
def test_an_appointment_needs_a_reason_and_a_person(headless, fields, code):
    """And a role that gives roles."""
    given = {"staff_id": "mm", "role": ("head",), "reason": "Nobody is left"} | fields
    headless.refused(AppointStaff(**given), code)


def test_somebody_new_is_appointed_where_nobody_is_left_at_all(desk):
    """By whoever is there: nobody can be named."""
    for each in ("mm", "head"):
        desk.by("head").do(LeaveStaff(staff_id=each, last_day=TODAY))
    later = desk.at("2026-11-23T09:00").by(None)
    new = {"staff_id": "new", "name": "Nia New", "job_title": "Head"}
    command = AppointStaff(**new, role=("head",), reason="All have left")
    joined, roles = later.events(command)
    assert (joined.name, joined.roles, joined.since) == ("Nia New", ("head",), date(2026, 11, 23))
    assert (roles.given, roles.vacant, roles.by, roles.name) == (("head",), True, None, None)
    assert later.by("new").do(added("authoriser")).header is not None


def test_somebody_is_appointed_in_spite_of_a_clock_that_was_wrong(headless):
    """Else nobody could say that it was: the correction needs a role."""
    headless.at("2026-12-28T10:00").do(added("teacher"))
    back = headless.at("2026-11-20T10:00")
    back.refused(added("teacher", "yy"), "clock-behind")
    assert back.do(APPOINT).header is not None


def test_who_has_left_is_appointed_again(headless):
    """From today, with the role alone."""
    *_, changed, _ = headless.events(AppointStaff(staff_id="head", role=("head",), reason="Back"))
    assert (changed.roles, changed.since) == (("head",), TODAY)
