"""Changes of marks and plans as they are told: by name in a dry run, counted, in the figures."""

import importlib
import inspect
import pkgutil
import sys
from dataclasses import fields
from datetime import date

import pytest

import commands
from commands.amending.amend import AmendMarks, MoveMark
from commands.amending.approvals import GiveApproval
from commands.core import told
from commands.core.execute import look
from commands.core.told import Told
from commands.leave.decide import GrantLeave
from commands.leave.end import WithdrawLeave
from commands.register.entries import Row
from commands.register.plans import ChangePlan, PlanAbsence, WithdrawPlan
from commands.register.take import TakeRegister
from commands.roll.correct import MergePupils
from commands.roll.enrol import EnrolPupil
from ledger.events import streams
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.events.register import SourceRestated
from ledger.store.facts import Fact
from ledger.values import parse_session
from policies.packs.codes import rules
from tests.commands.conftest import upn
from tests.commands.leave.steps import ask, ask_and_grant, head
from tests.commands.reliance import use_cases

AM = "2026-11-20/AM"
AT = parse_session(AM)
MONDAY = {"from_": "2026-11-23", "to_": "2026-11-23"}


def dry(desk, command):
    """Return what a dry run says, which ends with saying so; nothing is recorded."""
    before = desk.folder.head()
    *says, last = desk.do(command).says
    assert (last, desk.folder.head()) == ("dry run: nothing was recorded", before)
    return says


# What changes more than one mark or plan shows it first.

ONE_OR_NONE = {
    "MarkSession": "one mark",
    "DeclineApproval": "the mark stays",
    "WithdrawRequest": "the mark stays",
    "AddClosure": "refused over marks",
    "RefuseLeave": "plans nothing",
    "CorrectPupil": "no mark",
    "MovePupil": "no mark of its own",
    "ConsiderPenalty": "reads marks only",
}
"""Use cases beside others that record marks or plans, which change one or none."""
_RECORDS = ("streams.mark(", "streams.plan(", ".fact(")


def test_every_command_that_changes_marks_has_a_dry_run():
    """Of the modules that record marks or plans each use case has it, or changes one at most."""
    for module in pkgutil.walk_packages(commands.__path__, "commands."):
        importlib.import_module(module.name)
    found = [
        each
        for each in use_cases()
        if each.__module__.startswith("commands.")
        and not inspect.isabstract(each)
        and any(text in inspect.getsource(sys.modules[each.__module__]) for text in _RECORDS)
    ]
    without = {e.__name__ for e in found if "dry_run" not in {f.name for f in fields(e)}}
    assert without <= ONE_OR_NONE.keys()
    assert {"CancelSessions", "TakeRegister", "PutBack"} <= {each.__name__ for each in found}


def test_a_register_names_each_entry(desk):
    """Also the taking is not recorded."""
    rows = (Row(2, "P1", "N", "", ""),)
    take = TakeRegister(group="7A", session=AT, rows=rows, rest_present=True)
    says = dry(desk, type(take)(**take.stated() | {"dry_run": True}))
    assert says[1:] == [
        f"Ada Quill {AM}: no mark -> N (entry)",
        f"Ben Reed {AM}: no mark -> / (entry)",
        "2 entered: 1 /, 1 N",
        "the figures: attended +1, unauthorised absence +1, no mark -2",
        "taken late: 35 minutes after it closed, at 08:55 on Friday 20 November 2026",
    ]
    assert desk.do(take).says[0].endswith("2 entered, 0 corrected, 0 as they stood")


def test_plans_name_each_session(desk):
    """Added, changed and withdrawn; they move no figure."""
    plan = PlanAbsence(pupil="P1", code="M", **MONDAY)
    says = dry(desk, PlanAbsence(pupil="P1", code="M", dry_run=True, **MONDAY))
    assert says == [
        "Ada Quill: M would be planned for 2 sessions",
        "Ada Quill 2026-11-23/AM: M (planned)",
        "Ada Quill 2026-11-23/PM: M (planned)",
        "2 planned: 2 M",
    ]
    desk.do(plan)
    change = ChangePlan(pupil="P1", code="C", reason="Leave", dry_run=True, **MONDAY)
    assert dry(desk, change)[1:] == [
        "Ada Quill 2026-11-23/AM: M -> C (plan changed)",
        "Ada Quill 2026-11-23/PM: M -> C (plan changed)",
        "2 planned otherwise: 2 of M to C",
    ]
    withdraw = WithdrawPlan(pupil="P1", reason="Off", dry_run=True, **MONDAY)
    assert dry(desk, withdraw)[2:] == [
        "Ada Quill 2026-11-23/PM: M (plan withdrawn)",
        "2 no longer planned: 2 M",
    ]


def test_leave_names_each_session(desk):
    """What a grant would plan, and a withdrawal take away."""
    leave_id = ask(desk, "2026-11-23", "2026-11-23")
    says = dry(head(desk), GrantLeave(leave_id=leave_id, reason="A wedding", dry_run=True))
    assert "Ada Quill 2026-11-23/AM: C (planned)" in says
    assert says[-1] == "2 planned: 2 C"
    granted = ask_and_grant(desk, "2026-11-24", "2026-11-24")
    says = dry(desk, WithdrawLeave(leave_id=granted, reason="Ill", dry_run=True))
    assert says[-1] == "2 no longer planned: 2 C"


def test_a_moved_mark_is_counted(desk):
    """Both pupils are named as they are without it."""
    desk.mark("P1", AM, "O")
    move = MoveMark(session=AT, from_="P1", to="P2", code="/", reason="Wrong row", dry_run=True)
    assert dry(desk, move) == [
        f"Ada Quill {AM}: O -> /",
        f"Ben Reed {AM}: no mark -> O",
        "1 amended: 1 of O to /; 1 entered late: 1 O",
        "the figures: attended +1, no mark -1",
    ]


def test_an_approval_says_what_it_moves(desk):
    """By codes, and in the figures."""
    desk.adopt(approval_more_than=1)
    for half in ("AM", "PM"):
        desk.mark("P1", f"2026-11-19/{half}", "/" if half == "AM" else "\\")
    desk.do(AmendMarks(pupil="P1", from_="2026-11-19", to_="2026-11-19", code="O", reason="Seen"))
    batch = desk.log()[-1][2].batch
    assert dry(desk.by("head"), GiveApproval(batch=batch, dry_run=True))[2:] == [
        "2 amended: 1 of /, 1 of \\ to O",
        "the figures: attended -2, unauthorised absence +2",
    ]


def test_a_pupil_who_comes_late_gets_the_marks_of_cancelled_sessions(desk):
    """By the name under which the pupil would be entered."""
    desk.put("calendar", SessionCancelled(date=date(2026, 11, 19), reason="Snow"))
    enrol = EnrolPupil(
        upn=upn(5), forename="Eve", surname="Vale", dob=date(2014, 10, 5),
        starts_on=date(2026, 11, 18), registration="7A", dry_run=True,
    )  # fmt: skip
    assert dry(desk, enrol)[2:] == [
        "Eve Vale 2026-11-19/AM: no mark -> Y4 (late entry)",
        "Eve Vale 2026-11-19/PM: no mark -> Y4 (late entry)",
        "2 entered late: 2 Y4",
        "the figures: not counted +2",
    ]


def test_a_merger_names_the_marks_carried_over(desk):
    """Of the duplicate record, to the one that stays."""
    desk.enrol(5, "Ada", "Quill", dob=date(2014, 10, 1))
    desk.mark("P5", "2026-11-19/AM", "I")
    merge = MergePupils(duplicate="P5", into="P1", reason="Twice", dry_run=True)
    assert dry(desk, merge)[1:] == [
        "Ada Quill 2026-11-19/AM: no mark -> I (late entry)",
        "the figures, of both records together: no mark -106",
    ]


# How they are counted.


def changed(was, becomes, kind="amended"):
    return Told(kind, "p", AT, was, becomes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], ""),
        ([changed("/", "Y4")], "1 amended: 1 of / to Y4"),
        (
            [changed("L", "Y4"), changed("/", "Y4"), changed("/", "Y4"), changed("O", "Y4")],
            "4 amended: 2 of /, 1 of L, 1 of O to Y4",
        ),
        ([changed("Y4", "/"), changed("Y4", "O")], "2 amended: 1 of Y4 to /, 1 of Y4 to O"),
        (
            [changed(None, "/", "entered"), changed("N", "/", "corrected"), changed("N", "/")],
            "1 amended: 1 of N to /; 1 corrected during taking: 1 of N to /; 1 entered: 1 /",
        ),
        (
            [changed("/", "O", "held"), changed(None, "I", "late")],
            "1 held for a second person's approval: 1 of / to O; 1 entered late: 1 I",
        ),
    ],
)
def test_changes_are_counted_by_codes(changes, expected):
    """The commonest first; once where all become the same."""
    assert told.counted(changes) == expected


def of_ada(desk, tell, *changes):
    """Tell of changes of Ada's mark."""

    def ask(state):
        ada = state.pupil("P1").id
        return tell(state, rules().codes, [each._replace(pupil_id=ada) for each in changes])

    return look(desk.context, ask)


def test_figures_move_by_what_codes_mean(desk):
    """A late arrival moves nothing, and what counts nowhere is told apart from no mark."""
    assert of_ada(desk, told.figures, changed("/", "L")) == "nothing moves"
    moved = [changed("/", "Y4"), changed("O", "I"), changed(None, "N"), changed("QQ", "/")]
    assert of_ada(desk, told.figures, *moved) == "authorised absence +1, no mark -1"


@pytest.mark.parametrize("was", [None, "O"])
def test_nobody_loses_what_counted_nowhere(desk, was):
    """A session that was planned not to be held had no mark to lose, nor one that counted."""
    desk.put("calendar", SessionsClosed(date=AT.date, groups=("7A",), reason="INSET"))
    assert of_ada(desk, told.figures, changed(was, "Y4")) == "not counted +1"


def test_the_entry_of_a_cancelled_session_counted(desk):
    """And what stood beside it did not."""
    desk.put("calendar", SessionCancelled(date=AT.date, reason="Snow"))
    back = changed("Y4", "O"), changed("I", "O")
    assert of_ada(desk, told.figures, *back) == "unauthorised absence +2, not counted -1"


def test_a_summary_keeps_to_the_width_of_a_page(desk):
    """Many codes take more than one line."""
    codes = [changed(f"{letter}1", "Y4") for letter in "ABCDEFGHIJKLMNOPQRST"]
    lines = of_ada(desk, told.summary, *codes)
    assert len(lines) > 2
    assert max(map(len, lines)) <= 78
    assert lines[1].startswith("  ")


def test_of_many_the_first_are_named():
    """And how many more there are."""
    assert told.named(["a"] * 20) == ["  a"] * 20
    assert told.named(["a"] * 21) == [*["  a"] * 20, "  and 1 more"]


def test_what_is_no_mark_and_no_plan_is_left_out():
    """A source's restatement changes a mark as an amendment does."""
    facts = [
        Fact("calendar", SessionCancelled(date=date(2026, 11, 19))),
        Fact(streams.mark("p", AT), SourceRestated(original="/", code="L")),
    ]
    assert told.told(facts) == [changed("/", "L")]
