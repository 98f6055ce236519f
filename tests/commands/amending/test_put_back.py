"""What one command changed is put back by amendments, and what cannot be is named."""

from datetime import date

import pytest

from commands.amending.amend import AmendMarks, MoveMark
from commands.amending.approvals import GiveApproval
from commands.amending.put_back import PutBack
from commands.calendar.closures import CancelSessions, WithdrawClosure
from commands.disclosure.redact import RedactField
from commands.leave.decide import GrantLeave
from commands.leave.request import RequestLeave
from commands.register.plans import ChangePlan, PlanAbsence, WithdrawPlan
from commands.register.take import MarkSession
from commands.school.clock import CorrectClock
from ledger.events.amending import AmendmentRequested
from ledger.events.register import (
    AbsencePlanned,
    MarkAmended,
    MarkCorrected,
    PlanChanged,
    PlanWithdrawn,
    SourceRestated,
)
from ledger.values import parse_session
from tests.commands.conftest import MO

DAY = date(2026, 11, 19)
AM, PM = "2026-11-19/AM", "2026-11-19/PM"
MONDAY = "2026-11-23"


def batch_of(desk, command):
    """Carry a command out, and return the number of its batch."""
    number = desk.folder.head() + 1
    assert desk.do(command).header is not None
    return number


def put_back(number, **fields):
    return PutBack(**({"batch": str(number), "reason": "Wrong day"} | fields))


def amends(pupil):
    return AmendMarks(pupil=pupil, session=parse_session(AM), code="I", reason="Mother rang")


def codes(desk, session=AM):
    """Return what stands for each pupil, with its minutes."""
    found = {}
    for pupil in ("P1", "P2", "P3", "P4"):
        events = desk.marks(pupil).get(session, [])
        found[pupil] = (events[-1].code, events[-1].minutes_late) if events else None
    return found


@pytest.fixture
def held(desk):
    """A session with three marks, one of them with minutes late."""
    desk.mark("P1", AM, "/")
    desk.mark("P2", AM, "N")
    desk.mark("P3", AM, "L", minutes_late=7)
    return desk


@pytest.fixture
def cancelled(held):
    """The session was cancelled by mistake, and the cancellation withdrawn; with the number."""
    held.number = batch_of(held, CancelSessions(sessions=(AM,), reason="Snow"))
    held.do(WithdrawClosure(day=DAY, reason="Wrong day"))
    return held


def test_every_mark_goes_back_to_what_stood_before(cancelled):
    """Code, minutes and all, by an amendment with reason, name and title (reg 6(1))."""
    recorded = cancelled.recorded(put_back(cancelled.number))
    assert {type(event) for _, event in recorded} == {MarkAmended}
    late = next(event for _, event in recorded if event.code == "L")
    assert late == MarkAmended(
        original="Y4",
        code="L",
        minutes_late=7,
        reason=f"put back to what stood before batch {cancelled.number}: Wrong day",
        batch=recorded[0][1].batch,
        **MO,
    )
    assert late.batch
    assert codes(cancelled) == {
        "P1": ("/", None),
        "P2": ("N", None),
        "P3": ("L", 7),
        "P4": ("Y4", None),
    }


def test_one_mark_alone_goes_back_without_a_batch(desk):
    """There is nothing that it would be tied to."""
    desk.mark("P1", AM, "/")
    number = batch_of(desk, CancelSessions(sessions=(AM,), reason="Snow"))
    desk.do(WithdrawClosure(day=DAY, reason="Wrong day"))
    [(_, event)] = desk.recorded(put_back(number))
    assert (event.original, event.code, event.batch) == ("Y4", "/", None)


def test_what_is_done_and_what_is_left_is_told(cancelled):
    """Codes counted, the figures, the first mark by name with what to do, and the new batch."""
    number = cancelled.folder.head() + 1
    said = cancelled.do(put_back(cancelled.number)).says
    assert said[0].startswith(f"batch {cancelled.number} by mm, recorded 2026-11-20 09:30:")
    assert said[1:] == (
        "3 amended: 1 of Y4 to /, 1 of Y4 to L, 1 of Y4 to N",
        "the figures: attended +2, unauthorised absence +1, not counted -3",
        "1 left as it is, where nothing stood before: a mark is never blanked",
        f"  Dan Upton {AM}",
        "  do: say what the register said with attendance amend",
        f"batch {number}",
    )


def test_a_batch_is_named_with_what_the_clock_read_when_it_was_recorded(held):
    """Never with a time that a wrong clock left behind; of such a clock what is known of it."""
    wrong = batch_of(held.at("2026-12-28T10:00"), amends("P1"))
    held.at("2026-11-20T09:40").by("head").do(
        CorrectClock(first=wrong, last=held.folder.head(), reason="Battery")
    )
    right = batch_of(held.at("2026-11-20T09:45"), amends("P2"))
    dry = {number: held.do(put_back(number, dry_run=True)).says[0] for number in (wrong, right)}
    assert dry[right] == f"batch {right} by mm, recorded 2026-11-20 09:45:"
    assert dry[wrong] == (
        f"batch {wrong} by mm, recorded between 2026-11-20 09:30 and 2026-11-20 09:40; "
        "the clock said 2026-12-28 10:00:"
    )


def test_a_dry_run_names_each_mark_and_records_nothing(cancelled):
    """By session and pupil, then the same counts."""
    before = cancelled.folder.head()
    said = cancelled.do(put_back(cancelled.number, dry_run=True)).says
    assert said[1:4] == (
        f"Ada Quill {AM}: Y4 -> / (amendment)",
        f"Ben Reed {AM}: Y4 -> N (amendment)",
        f"Cat Stone {AM}: Y4 -> L (amendment)",
    )
    assert said[4].startswith("3 amended: ")
    assert said[-1] == "dry run: nothing was recorded"
    assert cancelled.folder.head() == before


def test_an_entry_of_a_batch_is_not_its_number(held):
    """Nor the newest of all: the number of its batch is told."""
    number = batch_of(held, amends("P1"))
    assert held.folder.head() == number + 1
    held.refused(put_back(number + 1), "batch-unknown", f"of an entry in batch {number}")
    held.refused(put_back(number + 2), "batch-unknown", "there is no batch")


def test_what_is_left_is_named_in_order(cancelled):
    """By name, whoever's mark was changed first."""
    for pupil in ("P3", "P1"):
        cancelled.do(amends(pupil))
    said = cancelled.do(put_back(cancelled.number, dry_run=True)).says
    at = said.index("2 left as they are, changed since by somebody")
    names = [f"  {name} {AM}: I, by Mo Marsh" for name in ("Ada Quill", "Cat Stone")]
    assert list(said[at + 1 : at + 3]) == names


def test_what_somebody_changed_since_is_left_and_named(cancelled):
    """Whoever it was, and though the code would be another one."""
    amend = AmendMarks(pupil="P2", session=parse_session(AM), code="I", reason="Mother rang")
    cancelled.by("head").do(amend)
    said = cancelled.do(put_back(cancelled.number)).says
    at = said.index("1 left as it is, changed since by somebody")
    assert said[at + 1] == f"  Ben Reed {AM}: I, by Hal Hope"
    assert codes(cancelled)["P2"] == ("I", None)
    assert codes(cancelled)["P1"] == ("/", None)


def test_a_mark_that_another_system_changed_since_is_left(cancelled):
    """It is named as that system's."""
    stream = f"mark:{cancelled.id('P2')}:{AM}"
    cancelled.put(stream, SourceRestated(original="Y4", code="O", row=2))
    said = cancelled.do(put_back(cancelled.number)).says
    assert f"  Ben Reed {AM}: O, by another system" in said


def test_a_first_mark_that_was_amended_since_is_not_named(cancelled):
    """It says no longer what the cancellation entered: there is nothing to do about it."""
    amend = AmendMarks(pupil="P4", session=parse_session(AM), code="/", reason="Was there")
    cancelled.do(amend)
    said = cancelled.do(put_back(cancelled.number)).says
    assert not any("Dan" in line for line in said)
    assert codes(cancelled)["P4"] == ("/", None)


def test_put_back_twice_records_nothing(held):
    """It says that all is as before already; so do marks that somebody put right by hand."""
    number = batch_of(held, AmendMarks(pupil="P1", from_=AM, to_=AM, code="O", reason="Slip"))
    held.do(put_back(number))
    said = held.do(put_back(number))
    assert said.header is None
    assert said.says[0].endswith("all of it is as before already; nothing was recorded")


def test_putting_back_is_put_back(held):
    """It is a batch as any other: an amendment of an amendment of an amendment."""
    number = batch_of(
        held, AmendMarks(pupil="P1", session=parse_session(AM), code="O", reason="A")
    )
    again = batch_of(held, put_back(number))
    assert codes(held)["P1"] == ("/", None)
    third = batch_of(held, put_back(again))
    assert codes(held)["P1"] == ("O", None)
    held.do(put_back(third))
    assert codes(held)["P1"] == ("/", None)


def test_while_the_session_is_cancelled_its_code_stands(held):
    """Nothing may stand but the code of a cancelled session (reg 10(10)); it says what to do."""
    number = batch_of(held, CancelSessions(sessions=(AM,), reason="Snow"))
    refused = held.refused(put_back(number), "nothing-to-put-back", "was cancelled (Snow)")
    assert "attendance closures withdraw" in refused.remedy


def test_the_code_of_a_cancelled_session_comes_back_only_where_it_is_cancelled(cancelled):
    """Else it would say of a session that was held that it was not."""
    again = batch_of(cancelled, put_back(cancelled.number))
    refused = cancelled.refused(put_back(again), "nothing-to-put-back")
    assert "attendance session cancel" in refused.remedy
    # A source let the mark say otherwise while the session is cancelled: that goes back.
    cancelled.do(CancelSessions(sessions=(AM,), reason="Snow"))
    stream = f"mark:{cancelled.id('P1')}:{AM}"
    cancelled.put(stream, SourceRestated(original="Y4", code="/", row=2))
    cancelled.do(put_back(cancelled.folder.head() - 1))
    assert codes(cancelled)["P1"] == ("Y4", None)


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "'0'"), (9999, "'9999'"), ("kx2mq9v3ab4", "'kx2mq9v3ab4'"), ("\u0661", "'\u0661'")],
)
def test_a_number_that_is_none_is_refused(held, number, words):
    """Before the log and after it, the id of a request, other digits."""
    held.refused(put_back(number), "batch-unknown", words)


def test_a_number_within_a_batch_is_refused_naming_the_batch(cancelled):
    """An alert or a proof is named by the position of its own event."""
    refused = cancelled.refused(put_back(cancelled.number + 1), "batch-unknown")
    assert f"in batch {cancelled.number}" in refused.what


def test_a_batch_that_changed_nothing_is_refused(held):
    """First marks can only be amended; a batch of something else has nothing to give back."""
    entered = batch_of(held, MarkSession(pupil="P4", session=parse_session(AM), code="/"))
    refused = held.refused(put_back(entered), "nothing-to-put-back", "it entered first marks")
    assert "attendance amend" in refused.remedy
    assert "first mark" not in held.refused(put_back(1), "nothing-to-put-back").what


def test_a_reason_and_a_name_are_needed(cancelled):
    """As for any amendment."""
    cancelled.refused(put_back(cancelled.number, reason=" "), "reason-missing")
    cancelled.by(None).refused(put_back(cancelled.number), "author-missing")


def test_before_the_register_has_ended_it_is_a_correction(held):
    """Taking is not amending."""
    held.at("2026-11-23T08:50").mark("P1", "2026-11-23/AM", "N")
    amend = AmendMarks(pupil="P1", session=parse_session("2026-11-23/AM"), code="/", reason="Came")
    number = batch_of(held, amend)
    [event] = held.events(put_back(number))
    assert isinstance(event, MarkCorrected)
    assert (event.original, event.code) == ("/", "N")


def test_the_policy_of_the_school_binds_as_for_any_amendment(cancelled):
    """What adds unauthorised absence waits for a second person; who may not amend is refused."""
    cancelled.adopt(approval_after_school_days=0)
    waits = "what waits for a second person: attendance approvals"
    assert waits not in cancelled.do(put_back(cancelled.number, dry_run=True)).says
    before = len(cancelled.log())
    assert waits in cancelled.do(put_back(cancelled.number)).says
    events = [event for *_, event in cancelled.log()[before + 1 :]]
    assert sorted(type(event).__name__ for event in events) == [
        "AmendmentRequested",
        "MarkAmended",
        "MarkAmended",
    ]
    [request] = [event for event in events if isinstance(event, AmendmentRequested)]
    assert (request.original, request.code, request.grounds) == ("Y4", "N", ("late",))
    cancelled.by("head").do(GiveApproval(batch=request.batch))
    assert codes(cancelled)["P2"] == ("N", None)


def test_who_may_not_amend_may_not_put_back(cancelled):
    """By the roles of the policy."""
    cancelled.adopt(roles=["head"])
    cancelled.refused(put_back(cancelled.number), "policy-role")


def test_a_nature_put_beyond_use_is_not_written_anew(held):
    """What took its place is no text of the register."""
    at = parse_session(AM)
    amend = AmendMarks(pupil="P1", session=at, code="B", nature="At his aunt's", reason="Slip")
    held.do(amend)
    position = held.folder.head()
    number = batch_of(held, AmendMarks(pupil="P1", session=at, code="I", reason="Ill"))
    redact = RedactField(position=position, field="nature", reason="Of another child")
    redact.carry_out(held.by("head").context)
    refused = held.refused(put_back(number), "nothing-to-put-back", "put beyond use")
    assert "attendance amend" in refused.remedy


def test_a_moved_mark_goes_back_on_the_wrong_pupil_alone(held):
    """The right pupil's was a first mark."""
    move = MoveMark(session=parse_session(AM), from_="P1", to="P4", code="O", reason="Wrong row")
    number = batch_of(held, move)
    said = held.do(put_back(number)).says
    assert f"  Dan Upton {AM}" in said
    assert codes(held)["P1"] == ("/", None)


# Plans.


def plan(make=PlanAbsence, **fields):
    return make(**({"pupil": "P1", "from_": MONDAY, "to_": MONDAY, "code": "M"} | fields))


def test_plans_go_back_too(held):
    """Planned: withdrawn; changed: as before; withdrawn: planned again, with nature and all."""
    first = batch_of(held, plan())
    second = batch_of(held, plan(ChangePlan, code="B", nature="A course", reason="It moved"))
    third = batch_of(held, WithdrawPlan(pupil="P1", from_=MONDAY, to_=MONDAY, reason="Off"))
    back = held.events(put_back(third))
    assert {type(event) for event in back} == {AbsencePlanned}
    assert {(event.code, event.nature) for event in back} == {("B", "A course")}
    last = held.folder.head() - 2
    assert {type(event) for event in held.events(put_back(last))} == {PlanWithdrawn}
    held.refused(put_back(second), "nothing-to-put-back", "2 left, changed since")
    assert held.do(put_back(first)).header is None  # nothing was planned, nothing is


def test_a_changed_plan_goes_back_to_what_was_planned(held):
    """As a change of the plan; then the first one can be put back no more."""
    first = batch_of(held, plan())
    second = batch_of(held, plan(ChangePlan, code="C", reason="Leave"))
    events = held.events(put_back(second))
    assert {type(event) for event in events} == {PlanChanged}
    assert {(event.original, event.code) for event in events} == {("C", "M")}
    held.refused(put_back(first), "nothing-to-put-back", "2 left, changed since")


def test_a_plan_that_changed_since_is_left(held):
    """As a mark is."""
    first = batch_of(held, plan())
    held.do(plan(ChangePlan, code="C", reason="Leave"))
    refused = held.refused(put_back(first), "nothing-to-put-back", "2 left, changed since")
    assert "attendance history" in refused.remedy


def test_a_plan_is_past_planning_once_there_is_a_mark(held):
    """Or once the register has ended."""
    number = batch_of(held, plan())
    held.at("2026-11-23T09:30")
    held.mark("P1", "2026-11-23/AM", "M")
    said = held.do(put_back(number)).says
    assert f"  Ada Quill {MONDAY}/AM" in said
    assert "1 no longer planned: 1 M" in said


def test_a_plan_of_leave_is_taken_back_with_the_leave(held):
    """The leave would stand without its plans."""
    held.do(
        RequestLeave(
            pupil="P1",
            purpose="exceptional",
            asked_by="A parent",
            from_=MONDAY,
            to_=MONDAY,
            asked_on="2026-11-19",
        )
    )
    leave_id = held.log()[-1][1].rsplit(":", 1)[1]
    number = held.folder.head() + 1
    said = held.by("head").do(GrantLeave(leave_id=leave_id, reason="A wedding")).says
    assert not any("put-back" in line for line in said)
    refused = held.refused(put_back(number), "nothing-to-put-back", "a decision on leave")
    assert "attendance leave withdraw" in refused.remedy
