"""`penalties consider`: what is recorded of the register, by whom, and what a repetition does."""

from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.calendar.closures import CancelSessions
from commands.calendar.terms import SetTerm
from commands.core.execute import execute
from commands.penalties.consider import ConsiderPenalty
from commands.register.take import MarkSession
from commands.roll.enrol import EnrolPupil
from ledger.events.penalties import PenaltyConsidered
from ledger.values import Session
from tests.commands.conftest import HAL, taken_back_by, upn
from tests.commands.meanwhile import tries

DAYS = [date(2026, 11, day) for day in (9, 10, 11, 12, 13)]


def consider(pupil="P1", decision="refer", reason=" Support was offered "):
    return ConsiderPenalty(pupil=pupil, decision=decision, reason=reason)


def absent(desk, pupil="P1", days=DAYS, code="O"):
    """Record a mark for both sessions of each day."""
    for day in days:
        for half in ("AM", "PM"):
            desk.mark(pupil, Session(day, half), code)


@pytest.fixture
def head(desk):
    """The head, in front of a register that holds ten sessions of absence."""
    absent(desk)
    return desk.by("head")


def test_what_the_register_said_is_kept_with_the_decision(head):
    """Ten entries of the latest window, one of them provisional since, and how far it was read."""
    amended = AmendMarks(pupil="P1", session=Session(DAYS[0], "AM"), code="N", reason="asked")
    head.do(amended)
    seen_at = head.folder.head()
    ((stream, event),) = head.recorded(consider())
    assert stream == f"penalty:{head.id('P1')}"
    entries = [f"{day}/{half} O" for day in DAYS for half in ("AM", "PM")]
    assert event == PenaltyConsidered(
        decision="refer", reason="Support was offered", **HAL, count=10, settled=9, peak=10,
        entries=("2026-11-09/AM N", *entries[1:]), seen_at=seen_at,
    )  # fmt: skip


def test_only_relevant_entries_on_sessions_met_are_counted(desk):
    """Illness, a session cancelled since, a pupil beyond compulsory school age: nothing."""
    absent(desk, "P3", DAYS[:1], "I")
    absent(desk, "P4", DAYS[:1])
    absent(desk, "P3", DAYS[1:3])
    desk.do(CancelSessions(sessions=(f"{DAYS[1]}/AM",), reason="Flood"))
    for pupil, count in (("P3", 3), ("P4", 0), ("P2", 0)):
        [event] = desk.by("head").events(consider(pupil))
        assert (event.count, event.peak, len(event.entries)) == (count, count, count)


def test_an_entry_that_is_not_in_a_later_window_stays_in_the_peak(head):
    """Ten weeks on, the latest window is empty and the fullest holds ten."""
    head.long_after("2027-02-26T09:30")
    head.do(SetTerm(name="Spring", first=date(2027, 1, 4), last=date(2027, 3, 26)))
    [event] = head.events(consider())
    assert (event.count, event.peak, event.entries) == (0, 10, ())


def test_the_same_again_over_the_same_register_records_nothing(head):
    """Another decision, reason or entry is another consideration."""
    head.do(consider())
    assert head.recorded(consider()) == []
    assert head.recorded(consider(decision="not-now"))
    assert head.recorded(consider(decision="not-now", reason="Other"))
    absent(head, days=[date(2026, 11, 16)])
    [event] = head.events(consider(decision="not-now", reason="Other"))
    assert event.count == 12


def test_only_who_is_authorised_may_consider(head):
    """The officer is refused; those who may are named."""
    head.by("mm").refused(consider(), "not-authorised", "head, authoriser")


def test_fewer_than_ten_may_be_considered(context):
    """By whoever may consider at all."""
    pupil = EnrolPupil(
        upn=upn(1), forename="Ada", surname="Quill", dob=date(2014, 10, 1),
        starts_on=date(2026, 9, 2), year="Y7", registration="7A", local_id="P1",
        new_group=True,
    )  # fmt: skip
    execute(context, pupil)
    outcome = execute(context, consider())
    assert outcome.says == (
        "Ada Quill: refer recorded, with 0 sessions in the latest window and 0 in the fullest",
        (
            "the register holds 0 in the fullest 10 school weeks: the duty to consider begins "
            "with 10 (SI 2007/1867 reg 9A); check the pupil, and that the authority's code lets "
            "it act below that"
        ),
        taken_back_by("consideration of a penalty notice", context.folder.head()),
    )


@pytest.mark.parametrize(
    ("decision", "warned"),
    [("refer", True), ("issue", True), ("not-now", False), ("no-discretion", False)],
)
def test_acting_on_fewer_than_ten_is_recorded_with_a_caution(head, decision, warned):
    """Of P1 ten are on the register, of P2 nine: only where somebody acts on the nine."""
    absent(head, "P2", DAYS[:4])
    head.mark("P2", Session(DAYS[4], "AM"), "O")
    said = "\n".join(head.do(consider("P2", decision)).says)
    assert ("the register holds 9 in the fullest 10 school weeks" in said) == warned
    assert "the register holds" not in "\n".join(head.do(consider("P1", decision)).says)


@pytest.mark.parametrize(
    ("command", "code"),
    [(consider("P9"), "pupil-unknown"), (consider(reason=" "), "reason-missing")],
)
def test_what_cannot_be_recorded_is_refused(head, command, code):
    """Nobody by that name; no reason."""
    head.refused(command, code)
    head.by(None).refused(consider(), "author-missing")


def test_amendments_that_wait_for_approval_are_told(head):
    """The register may change under the decision; it is made all the same."""
    head.adopt(approval_more_than=0)
    session = Session(date(2026, 11, 16), "AM")
    head.mark("P1", session, "I")
    head.do(AmendMarks(pupil="P1", session=session, code="O", reason="x"))
    said = head.do(consider()).says
    assert said[1].startswith("amendments wait for a second person's approval: 2026-11-16/AM")


def test_two_pupils_considered_at_once_do_not_meet(head):
    """Nor does a mark of the other pupil."""
    absent(head, "P2")
    marked = MarkSession(pupil="P2", session=Session(date(2026, 11, 20), "AM"), code="N")
    assert tries(head, consider(), consider("P2"), marked) == 1


def test_a_mark_of_the_pupil_made_meanwhile_is_counted(head):
    """The decision says what the register says when it is recorded."""
    marked = MarkSession(pupil="P1", session=Session(date(2026, 11, 20), "AM"), code="O")
    assert tries(head, consider(), marked) == 2
    assert head.log()[-1][2].count == 11
