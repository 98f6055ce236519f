"""Cases that a command takes below the threshold: said by it, by name, and by the audit."""

from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.amending.put_back import PutBack
from commands.calendar.closures import CancelSessions, WithdrawClosure
from commands.roll.correct import CorrectPupil, MergePupils
from commands.roll.enrol import MovePupil
from ledger.events import streams
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.events.register import MarkAmended, MarksUncounted, SessionMarked, SourceRestated
from ledger.store.facts import Fact
from ledger.values import Session, parse_session
from projections.audit.audit import Audit
from projections.history.changes import Changes
from projections.penalties.alerts import Alerts
from projections.queries.view import open_view
from tests.commands.penalties.test_uncounted import Stated
from tests.commands.penalties.undercut_changes import BY, NOW, Facts, considered, founded, notice
from tests.projections import ledgers

WEEK = [f"2026-09-{day}/{half}" for day in range(14, 19) for half in ("AM", "PM")]
MONDAY = Session(date(2026, 9, 14), "AM")
NAME = "ann Quill"
FELL = "taken below the penalty threshold"


def shut(day, *groups, event=SessionsClosed):
    return Fact(streams.CALENDAR, event(date=date(2026, 9, day), groups=groups, reason="trip"))


@pytest.fixture
def desk(tmp_path):
    """Ann has O all week in 9A; its Wednesday is closed for 9B. Bob was ill on Monday."""
    marks = [ledgers.marked("ann", session, "O") for session in WEEK]
    marks.append(ledgers.marked("bob", WEEK[0], "I"))
    return founded(tmp_path / "ledger", *marks, shut(16, "9B"))


def restated():
    """Monday as another system states it: cancelled, with the entry that this gives."""
    event = SourceRestated(original="O", code="Y4", row=7)
    return (
        shut(14, event=SessionCancelled),
        *(Fact(streams.mark("ann", session), event) for session in WEEK[:2]),
    )


LIFTS = {
    "amend": (AmendMarks(pupil="U-ann", session=MONDAY, code="I", reason="r"), 9),
    "cancel": (CancelSessions(sessions=("2026-09-14",), reason="flood"), 8),
    "cancel for a group": (
        CancelSessions(sessions=(str(MONDAY),), group=("9A",), reason="flood"), 9,
    ),
    "cancelled by a source": (Facts(facts=restated()), 8),
    "move": (MovePupil(pupil="U-ann", kind="registration", to="9B",
                       from_=date(2026, 9, 16), reason="r"), 8),
    "birth date": (CorrectPupil(pupil="U-ann", field="dob", to="2021-12-01", reason="r"), 0),
    "merge": (MergePupils(duplicate="U-ann", into="U-bob", reason="r"), 0),
}  # fmt: skip
"""What takes Ann below ten, and to how many."""


def says(desk, command):
    return "\n".join(desk.do(command).says)


def audited(desk):
    """Return what the audit finds of cases that fell, as words."""
    question = Audit(only=("just-lifted", "stopped-counting"), from_=date(2026, 9, 2))
    with open_view(desk.folder, question, lambda: NOW + 10**9) as view:
        answer = question.answer(view).document
    return [row["what"] for row in answer["rows"] if row["what"] == FELL]


def listed(desk, question, *names):
    with open_view(desk.folder, question, lambda: NOW + 10**9) as view:
        rows = question.answer(view).document["rows"]
    return [tuple(row[name] for name in names) for row in rows if names[0] in row]


@pytest.mark.parametrize("lift", LIFTS)
def test_whoever_takes_a_case_below_the_threshold_is_told_and_so_is_an_auditor(desk, lift):
    """The pupil's name, the sessions before and after, and that nothing rests on it."""
    command, after = LIFTS[lift]
    said = says(desk, command)
    assert NAME in said
    assert f": 10 -> {after} recorded sessions\n    the threshold of 10 was met, and is no" in said
    assert "    no notice or decision on record rests on it" in said
    assert audited(desk)


@pytest.mark.parametrize("lift", ["amend", "cancel", "move"])
def test_what_rests_on_the_case_is_named(desk, lift):
    """A notice and a decision; not one that was withdrawn."""
    papers = (
        notice(offence_first=date(2026, 9, 14), offence_last=date(2026, 9, 18)),
        notice("a2", withdrawn_on=date(2026, 11, 10)),
        considered([f"{session} O" for session in WEEK]),
    )
    desk.do(Facts(facts=papers))
    said = says(desk, LIFTS[lift][0]).splitlines()
    rests = [line for line in said if "rests on it" in line]
    assert rests == [
        "    rests on it: penalty notice to parent a1 issued 2 November 2026",
        *[line for line in rests if "decision to refer" in line],
    ]
    assert len(rests) == 2


def test_a_case_that_stays_at_ten_is_not_told(desk):
    """Nor one that was never there."""
    desk.do(Facts(facts=(ledgers.marked("ann", "2026-09-21/AM", "O"),)))
    assert "below the threshold" not in says(desk, LIFTS["amend"][0])
    again = AmendMarks(pupil="U-ann", session=parse_session(WEEK[1]), code="I", reason="r")
    assert "is taken below the threshold" in says(desk, again)
    third = AmendMarks(pupil="U-ann", session=parse_session(WEEK[2]), code="I", reason="r")
    assert "below the threshold" not in says(desk, third)


def test_a_dry_run_tells_it_first(desk):
    """Before what the command says itself."""
    cancel = CancelSessions(sessions=("2026-09-14",), reason="flood", dry_run=True)
    assert desk.do(cancel).says[:5] == (
        "1 pupil would be taken below the threshold of a penalty notice",
        "  ann Quill",
        "    the fullest 10 school weeks: 10 -> 8 recorded sessions",
        "    the threshold of 10 was met, and would not be",
        "    no notice or decision on record rests on it",
    )


def test_a_batch_put_back_may_take_it_below(desk):
    """One amendment took it to nine, a batch to ten again, and that is taken back."""
    desk.do(AmendMarks(pupil="U-ann", session=MONDAY, code="I", reason="r"))
    more = ledgers.marked("ann", "2026-09-21/AM", "/")
    desk.do(Facts(facts=(more,)))
    batch = desk.folder.head() + 1
    two = (
        Fact(streams.mark("ann", WEEK[0]), MarkAmended(original="I", code="O", reason="r", **BY)),
        Fact(more.stream, MarkAmended(original="/", code="I", reason="r", **BY)),
    )
    desk.do(Facts(facts=two))
    said = says(desk, PutBack(batch=str(batch), reason="mistake"))
    assert ": 10 -> 9 recorded sessions" in said
    assert audited(desk) == [FELL]


def test_a_closure_withdrawn_counts_other_weeks_together(tmp_path):
    """The week between is a school week again: eleven of them, and no mark has changed."""
    first = [f"2026-09-0{day}/{half}" for day in (2, 3, 4) for half in ("AM", "PM")]
    last = [f"2026-11-{day}/{half}" for day in (16, 17) for half in ("AM", "PM")]
    week = [
        Fact(streams.CALENDAR, SessionsClosed(date=date(2026, 10, day), reason="x"))
        for day in range(5, 10)
    ]
    marks = [ledgers.marked("ann", session, "O") for session in (*first, *last)]
    desk = founded(tmp_path / "ledger", *marks, *week)
    said = says(desk, WithdrawClosure(day=date(2026, 10, 5), reason="it was open"))
    assert "1 pupil is taken below the threshold of a penalty notice\n  ann Quill\n" in said
    assert ": 10 -> 6 recorded sessions" in said


def test_a_cancellation_that_takes_a_case_is_an_alert_with_its_marks(desk):
    """The amendments stand in `changes` once; put back, its marks count again."""
    batch = desk.folder.head() + 1
    [*_, event] = desk.events(LIFTS["cancel"][0])
    assert isinstance(event, MarksUncounted)
    assert event.sessions == tuple(f"{session} O" for session in WEEK[:2])
    assert (event.peak_before, event.peak_after, event.reason) == (10, 8, "flood")
    asked = Changes(pupil="U-ann", from_=date(2026, 9, 14), on=date(2026, 9, 14))
    assert listed(desk, asked, "kind", "code") == [("amendment", "Y4")] * 2
    again = ("count_again", "alert", "peak_before", "peak_after")
    alert = desk.folder.head()
    assert listed(desk, Alerts(), *again) == [(0, alert, 10, 8)]
    desk.do(WithdrawClosure(day=date(2026, 9, 14), reason="x"))
    assert listed(desk, Alerts(), "count_again") == [(0,)]
    desk.do(PutBack(batch=str(batch), reason="x"))
    assert listed(desk, Alerts(), "count_again") == [(2,)]


def test_a_cancellation_that_takes_no_case_is_no_alert(desk):
    """The amendments say it all."""
    assert desk.events(CancelSessions(sessions=("2026-09-16/AM",), group=("11B",), reason="x"))
    assert not [e for *_, e in desk.log() if isinstance(e, MarksUncounted)]


def test_marks_that_a_source_cancels_need_a_reason(desk):
    """Figures first."""
    refused = desk.refused(Facts(facts=restated(), reason=None), "marks-uncounted")
    assert "10 -> 8 recorded sessions" in refused.what


def test_what_a_source_cancels_is_told_with_its_marks(desk):
    """A person's command tells of its own amendments."""
    said = says(desk, Stated(facts=restated()))
    assert "2 marks of 1 pupil gave way to the entry of a cancelled session\n" in said
    assert "  ann Quill: 2 O, 2026-09-14/AM to 2026-09-14/PM\n" in said
    assert said.count(": 10 -> 8 recorded sessions") == 1


def test_taking_a_register_counts_no_window(desk):
    """A mark corrected while it is taken is no amendment."""
    desk.do(Facts(facts=(Fact(streams.mark("ann", "2026-11-20/AM"), SessionMarked(code="N")),)))
    assert desk.do(Facts(facts=(ledgers.marked("bob", "2026-11-20/AM", "/"),))).says == ()
