"""Two writers who meet, or do not, each pair for itself; then eight at once.

Where groups, pupils and staff differ, nobody decides twice. Where one rests on what the other
records, it is decided over what stands; where it would overwrite a mark unawares, it is refused.
"""

import pickle
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands.amending.amend import AmendMarks, MoveMark
from commands.calendar.closures import AddClosure, CancelSessions
from commands.calendar.terms import SetRegisterTimes
from commands.core.command import Context, UseCase
from commands.leave.request import RequestLeave
from commands.penalties.undercut import watch
from commands.register.entries import Row
from commands.register.plans import PlanAbsence
from commands.register.take import MarkSession, TakeRegister
from commands.roll.enrol import EnrolPupil, MovePupil
from commands.roll.remove import RemovePupil
from commands.school.staff import AddStaff, ChangeStaff
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator, Session, parse_session
from tests.commands.conftest import upn
from tests.commands.core.side_by_side import (
    BEGINS,
    LATER,
    NOW,
    OLD,
    STAFF,
    THURSDAY,
    Answer,
    Likeness,
    Writer,
    carried_out,
    entries,
    every_try,
    notice,
    without_ids,
)

ROOT = Path(__file__).parents[3]
UNTAKEN = parse_session("2026-11-10/AM")


def amend(pupil: str, code: str = "I", session: Session = THURSDAY) -> AmendMarks:
    return AmendMarks(pupil=pupil, session=session, code=code, reason="Telephoned")


def mark(pupil: str, code: str = "/", session: Session = NOW) -> MarkSession:
    return MarkSession(pupil=pupil, session=session, code=code)


def take(group: str, *rows: Row) -> TakeRegister:
    return TakeRegister(group=group, session=NOW, rows=rows, rest_present=True)


def leave(pupil: str) -> RequestLeave:
    day = {"from_": "2026-11-23", "to_": "2026-11-23", "asked_on": "2026-11-19"}
    return RequestLeave(
        pupil=pupil, purpose="interview", asked_by="A parent", as_written=True, **day
    )


def plan(pupil: str, session: Session = LATER) -> PlanAbsence:
    return PlanAbsence(pupil=pupil, session=session, code="M", reason="Hospital")


def titled(staff_id: str, title: str) -> ChangeStaff:
    return ChangeStaff(staff_id=staff_id, job_title=title)


def enrol(number: int, group: str) -> EnrolPupil:
    return EnrolPupil(
        upn=upn(number),
        surname="Vale",
        forename="Eve",
        dob=date(2014, 10, number),
        starts_on=date(2026, 11, 20),
        registration=group,
    )


def clerk(staff_id: str) -> AddStaff:
    return AddStaff(staff_id=staff_id, name="Ida Ink", job_title="Clerk")


APART = {
    "registers of two groups": (take("7A"), take("7B")),
    "two pupils marked": (mark("P1"), mark("P2")),
    "two sessions of a pupil amended": (amend("P2"), amend("P2", session=OLD)),
    "two pupils amended": (amend("P2"), amend("P3")),
    "a register taken, another pupil amended": (take("7A"), amend("P3")),
    "two people added": (clerk("s1"), clerk("s2")),
    "somebody added while a register is taken": (take("7A"), clerk("s1")),
    "two people changed": (titled("tt", "Tutor"), titled("head", "Principal")),
    "two pupils enrolled": (enrol(5, "7B"), enrol(6, "7B")),
    "a pupil enrolled while another group's register is taken": (take("7A"), enrol(5, "7B")),
    "two pupils' plans": (plan("P1"), plan("P3")),
    "two pupils' leave": (leave("P2"), leave("P3")),
    "two families' notices": (notice("F1", "P2", ()), notice("F3", "P3", ())),
}


def office(folder: Folder, staff_id: str, watching: Any = watch) -> Context:
    return Context(Ledger(folder), lambda: BEGINS, Operator(staff_id, "office"), watching)


@pytest.fixture
def folder(busy: Path, tmp_path: Path) -> Folder:
    """A fresh copy of the busy school."""
    shutil.copytree(busy, tmp_path / "ledger")
    return Folder(tmp_path / "ledger")


@pytest.mark.parametrize("pair", APART.values(), ids=APART)
def test_commands_that_do_not_meet_are_decided_once(folder, pair):
    """What another person records meanwhile of other groups, pupils and staff is no reason to
    decide again."""
    first, meanwhile = pair
    tries = []

    def watching(*decided):
        tries.append(decided)
        if len(tries) == 1:
            assert carried_out(office(folder, "head"), meanwhile).code == "recorded"
        return watch(*decided)

    assert carried_out(office(folder, "mm", watching), first).code == "recorded"
    assert len(tries) == 1


CLOSURE = AddClosure(day=NOW.date, session=("AM",), reason="A funeral")
CANCELLATION = CancelSessions(sessions=(str(NOW),), reason="Flood")
EARLIER = SetRegisterTimes(
    from_=NOW.date, am_opens="08:30", am_closes="08:40", pm_opens="13:50", pm_closes="14:00"
)
RESTS_ON = {
    "a mark, on its register having been taken": (
        mark("P2"),
        TakeRegister(group="7A", session=NOW, rows=(Row(0, "P1", "/"),)),
    ),
    "a register, on what is planned": (take("7A"), plan("P2", NOW)),
    "a register, on who is in the group": (
        take("7A"),
        MovePupil(pupil="P2", kind="registration", from_=date(2026, 11, 20), to="7B"),
    ),
    "a plan, on there being no mark": (plan("P2", NOW), mark("P2")),
    "a closure, on there being no marks": (CLOSURE, mark("P2")),
    "a mark, on the session being met": (mark("P2"), CLOSURE),
    "a mark, on when registers close": (mark("P2"), EARLIER),
    "a cancellation, on who is on roll": (
        CANCELLATION,
        RemovePupil(pupil="P3", last_day=date(2026, 11, 19), ground="a"),
    ),
    "an enrolment, on what was cancelled": (enrol(5, "7B"), CANCELLATION),
    "an enrolment, on the number being free": (enrol(5, "7B"), enrol(5, "7A")),
    "an end on roll, on there being no marks after it": (
        RemovePupil(pupil="P2", last_day=date(2026, 11, 19), ground="a"),
        mark("P2"),
    ),
    "an amendment, on no paper relying on the mark": (
        amend("P3", "I", OLD),
        notice("F1", "P3", (OLD,)),
    ),
    "an alert, on no paper relying on the session": (
        mark("P3", session=UNTAKEN),
        notice("F1", "P3", (UNTAKEN,)),
    ),
    "a change of staff, on the change before": (
        titled("tt", "Tutor"),
        ChangeStaff(staff_id="tt", name="Tess Tiller"),
    ),
    "leave asked for, on which sessions are met": (
        leave("P2"),
        AddClosure(day=date(2026, 11, 23), reason="INSET"),
    ),
    "a move, on what the group joined is closed for": (
        MovePupil(
            pupil="P2", kind="registration", from_=THURSDAY.date, to="7B", reason="All along"
        ),
        CancelSessions(sessions=(str(THURSDAY),), group=("7B",), reason="Flood"),
    ),
    "any command, on who gives it": (amend("P2"), titled("mm", "Registrar")),
}


@pytest.mark.parametrize("pair", RESTS_ON.values(), ids=RESTS_ON)
def test_what_a_decision_rests_on_is_as_it_stands_when_it_is_recorded(folder, tmp_path, pair):
    """What others changed meanwhile counts as if it had been there before."""
    first, meanwhile = pair
    never, before = (
        Folder(shutil.copytree(folder.path, tmp_path / name)) for name in ("never", "before")
    )
    head = folder.head()
    writer = Writer(folder, "mm", lives=False)
    assert writer.begin(first, BEGINS, "decided") is None
    for place in (folder, before):
        assert carried_out(office(place, "head"), meanwhile).code == "recorded"
    between, found = folder.head(), writer.finish()
    writer.close()
    without, alone = (carried_out(office(place, "mm"), first) for place in (never, before))
    ours, theirs, others = (
        [repr(entry[1:]) for entry in entries(*each)]
        for each in ((folder, between), (before, between), (never, head))
    )
    likeness = Likeness()
    likeness.check([found.code, *found.says], [alone.code, *alone.says])
    likeness.check(ours, theirs)
    masked = [without_ids(repr(each)) for each in ((without, others), (alone, theirs))]
    assert masked[0] != masked[1]


MEETING = {
    "the same mark amended": (amend("P2", "I"), amend("P2", "L")),
    "a range over an amended mark": (
        AmendMarks(pupil="P2", from_="2026-11-09", to_="2026-11-19", code="I", reason="Ill"),
        amend("P2", "L"),
    ),
    "a register over a mark": (take("7A", Row(0, "P1", "/")), mark("P1", "L")),
    "a mark moved that was amended": (
        MoveMark(session=THURSDAY, from_="P2", to="P3", code="I", reason="Wrong line"),
        amend("P2", "L"),
    ),
}


def overtaken(folder: Folder, first: UseCase, meanwhile: UseCase, *, by: str) -> Writer:
    """Return a writer who decided on a command, and has been overtaken by somebody's other."""
    writer = Writer(folder, "mm", lives=False)
    assert writer.begin(first, BEGINS, "decided") is None
    assert carried_out(office(folder, by), meanwhile).code == "recorded"
    return writer


@pytest.mark.parametrize("pair", MEETING.values(), ids=MEETING)
def test_a_mark_that_another_person_changed_meanwhile_is_not_overwritten_unawares(folder, pair):
    """The second is told by whom the mark was changed and to what; repeated, it overwrites."""
    first, meanwhile = pair
    writer = overtaken(folder, first, meanwhile, by="head")
    before = folder.head()
    answer = writer.finish()
    assert answer.code == "changed-meanwhile"
    assert folder.head() == before
    assert STAFF["head"] in answer.says[0]
    assert "L" in answer.says[0]
    assert writer.begin(first, BEGINS, None).code == "recorded"
    writer.close()


@pytest.mark.parametrize("pair", MEETING.values(), ids=MEETING)
def test_a_mark_that_one_changed_oneself_meanwhile_is_no_reason_to_refuse(folder, pair):
    """On a second computer: whoever changed it knows."""
    writer = overtaken(folder, *pair, by="mm")
    assert writer.finish().code == "recorded"
    writer.close()


def test_whoever_is_overtaken_at_each_try_has_their_turn(folder):
    """However often others change what the command rests on, it is decided in the end."""
    titles = (f"Clerk {n}" for n in range(100))

    def meanwhile() -> None:
        change = titled("mm", next(titles))
        assert carried_out(office(folder, "head"), change).code == "recorded"

    context = office(folder, "mm", every_try(folder, meanwhile))
    assert carried_out(context, amend("P2")).code == "recorded"


def shares() -> list[list[UseCase]]:
    """Return what eight people record of groups, pupils and staff that are theirs alone."""
    mornings = [parse_session(f"2026-11-{day}/AM") for day in (10, 11, 12)]
    registers = [
        [TakeRegister(group=group, session=session, rest_present=True) for session in mornings]
        for group in ("7A", "7B", "12C")
    ]
    amended = [[amend(pupil, code) for code in "ILN"] for pupil in ("P2", "P3")]
    people = [[clerk(f"{name}{n}") for n in range(3)] for name in ("s", "u", "v")]
    return [*registers, *amended, *people]


def check_all_recorded(folder: Folder, before: int, answers: list[list[Answer]]) -> None:
    """Fail where somebody was refused, or where the log lacks a command."""
    assert {answer for each in answers for answer in each if answer.code != "recorded"} == set()
    kinds = Counter(type(entry.event).__name__ for entry in entries(folder, before))
    assert kinds["Committed"] == sum(map(len, answers))
    assert kinds["RegisterTaken"] == kinds["StaffJoined"] == 9
    assert kinds["MarkAmended"] == 6


def test_eight_threads_over_one_ledger_are_none_of_them_refused(folder):
    """Where groups, pupils and staff differ, everything is recorded."""
    before = folder.head()
    with Ledger(folder) as ledger, ThreadPoolExecutor(8) as threads:
        context = Context(ledger, lambda: BEGINS, Operator("mm", "office"), watch)

        def work(commands: list[UseCase]) -> list[Answer]:
            return [carried_out(context, command) for command in commands]

        answers = list(threads.map(work, shares()))
    check_all_recorded(folder, before, answers)


def test_eight_processes_are_none_of_them_refused(folder):
    """Where groups, pupils and staff differ, everything is recorded."""
    before = folder.head()
    arguments = [sys.executable, "-m", "tests.commands.core.worker", folder.path, "mm"]
    started = [
        subprocess.Popen(
            [*arguments, str(BEGINS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        for _ in shares()
    ]
    assert [process.stdout.readline() for process in started] == [b"ready\n"] * len(started)
    for process, commands in zip(started, shares(), strict=True):
        process.stdin.write(pickle.dumps(commands))
        process.stdin.close()
    answers = [pickle.load(process.stdout) for process in started]  # noqa: S301 - our own
    for process in started:
        process.stdout.close()
        assert process.wait(timeout=60) == 0
    check_all_recorded(folder, before, answers)
