"""`approvals give`, `decline`, `withdraw`: a second person decides, and what then stands."""

import io
from datetime import date

import pytest

from commands.amending.amend import AmendMarks, MoveMark
from commands.amending.approvals import (
    DeclineApproval,
    GiveApproval,
    WithdrawRequest,
)
from commands.amending.policy import AdoptPolicy
from commands.core.command import Author
from commands.roll.remove import RemovePupil
from commands.school.staff import AddStaff
from ledger.events import streams
from ledger.events.amending import AmendmentApproved, AmendmentDeclined, RequestWithdrawn
from ledger.events.calendar import TermSet
from ledger.events.register import MarkAmended
from ledger.values import parse_session
from tests.commands.conftest import MO, NOW

HAL = Author("head", "Hal Hope", "Head Teacher")
MONDAY, TUESDAY = (parse_session(f"2026-11-{day:02}/AM") for day in (2, 3))


@pytest.fixture
def office(desk):
    """Ada was ill on two mornings of early November; a policy applies from 20 November."""
    for session in (MONDAY, TUESDAY):
        desk.at(f"{session.date}T08:50").mark("P1", session, "I")
    desk.at(NOW).do(
        AddStaff(staff_id="tt", name="Tia Teach", job_title="Teacher", role=("teacher",))
    )
    desk.adopt(approval_after_school_days=5, approver_roles=["head"])
    return desk


def ask(desk, code="O", **more):
    """Ask for both marks to be amended; return the batch."""
    given = {"from_": str(MONDAY), "to_": str(TUESDAY), "reason": "seen in town", **more}
    desk.do(AmendMarks(pupil="P1", code=code, **given))
    return next(e.batch for _, s, e in reversed(desk.log()) if s.startswith("approval:"))


def codes(desk, session=MONDAY):
    """Return the chain of Ada's mark."""
    return [e.code for e in desk.marks("P1")[str(session)]]


def test_approved_amendments_are_those_of_whoever_asked(office):
    """The approval, then the mark, for each; the approver is on the approval alone."""
    batch = ask(office)
    found = office.by("head").recorded(GiveApproval(batch=batch, reason="mother rang"))
    approved = AmendmentApproved(batch=batch, reason="mother rang", **HAL.fields)
    amended = MarkAmended(original="I", code="O", reason="seen in town", **MO, batch=batch)
    kinds = [stream.split(":")[0] for stream, _ in found]
    assert kinds == ["approval", "mark", "approval", "mark"]
    assert [event for _, event in found] == [approved, amended] * 2
    assert codes(office) == codes(office, TUESDAY) == ["I", "O"]


def test_part_of_a_batch_may_be_decided(office):
    """One session is approved, the other declined; then nothing waits."""
    batch = ask(office)
    head = office.by("head")
    said = head.do(GiveApproval(batch=batch, pupil="P1", session=MONDAY)).says
    assert said == (
        "Ada Quill 2026-11-02/AM: I -> O, asked for by Mo Marsh (Attendance Officer): approved",
    )
    [event] = head.events(DeclineApproval(batch=batch, reason="no proof"))
    assert event == AmendmentDeclined(batch=batch, reason="no proof", **HAL.fields)
    assert (codes(office), codes(office, TUESDAY)) == (["I", "O"], ["I"])
    head.refused(GiveApproval(batch=batch), "approval-none")


def test_what_is_requested_does_not_stand_until_it_is_approved(office):
    """The marks are as they were, after a dry run too, which says what it is."""
    batch = ask(office)
    assert (codes(office), codes(office, TUESDAY)) == (["I"], ["I"])
    said = office.by("head").do(GiveApproval(batch=batch, dry_run=True)).says
    assert said[0].endswith(": would be approved")
    assert said[-1] == "dry run: nothing was recorded"
    assert codes(office) == ["I"]


def test_the_nature_of_an_activity_is_carried_over(office):
    """What was asked for is what stands, whole."""
    office.do(AmendMarks(pupil="P1", session=MONDAY, code="B", nature="dig", reason="letter"))
    batch = ask(office, from_code="B", code="U")
    office.do(WithdrawRequest(batch=batch, reason="mistaken"))
    batch = ask(office, session=TUESDAY, from_=None, to_=None, code="G", nature="abroad")
    office.by("head").do(GiveApproval(batch=batch))
    assert office.marks("P1")[str(TUESDAY)][-1].nature == "abroad"


def test_only_a_second_person_with_the_role_decides(office):
    """Not who asked, nor anybody without it; the policy is named."""
    batch = ask(office)
    for command in (GiveApproval(batch=batch), DeclineApproval(batch=batch, reason="no")):
        office.refused(command, "policy-role")
        found = office.by("tt").refused(command, "policy-role")
        assert "Tia Teach may not decide on requested amendments" in found.what
        assert "(amending.approver_roles; our policy, 2)" in found.what


def test_the_office_decides_where_no_policy_names_a_role(office):
    """After the policy has ended; a teacher does not, nor whoever asked."""
    batch = ask(office)
    end = AdoptPolicy(policy="statute-only", from_=date(2026, 11, 20)).load(io.StringIO())
    office.by("head").do(end)
    give = GiveApproval(batch=batch)
    office.by("tt").refused(give, "not-authorised", "decide on requested amendments")
    office.refused(give, "approver-asked")
    office.by("head").do(give)
    assert codes(office) == ["I", "O"]


def test_only_who_asked_takes_it_back(office):
    """That they asked is kept; it may be asked again."""
    batch = ask(office)
    withdraw = WithdrawRequest(batch=batch, reason="wrong pupil")
    office.by("head").refused(withdraw, "request-of-another")
    withdrawn = RequestWithdrawn(batch=batch, reason="wrong pupil", **MO)
    assert office.events(withdraw) == [withdrawn] * 2
    assert codes(office) == ["I"]
    assert ask(office) != batch


def test_a_second_request_is_refused_while_one_waits(office):
    """It is decided by its batch first."""
    batch = ask(office)
    second = AmendMarks(pupil="P1", session=MONDAY, code="G", reason="abroad")
    assert batch in office.refused(second, "approval-pending").remedy


def test_a_move_to_another_pupil_does_not_pass_by_the_policy(office):
    """Neither half is made where one of them would wait; in the family's favour it is made."""
    office.mark("P2", TUESDAY, "O")
    away = MoveMark(session=TUESDAY, from_="P1", to="P2", code="O", reason="mixed up")
    adds = "Ada Quill 2026-11-03/AM: I -> O adds"
    office.refused(away, "approval-needed", f"{adds} unauthorised absence")
    back = MoveMark(session=TUESDAY, from_="P2", to="P1", code="/", reason="mixed up")
    assert adds in office.refused(back).what
    office.do(MoveMark(session=TUESDAY, from_="P1", to="P2", code="/", reason="mixed up"))
    assert codes(office, TUESDAY) == ["I", "/"]


def test_a_mark_that_has_changed_since_is_not_amended(office):
    """The whole batch is refused; what remains can still be declined."""
    batch = ask(office)
    office.do(AmendMarks(pupil="P1", session=MONDAY, code="M", reason="letter from the doctor"))
    found = office.by("head").refused(GiveApproval(batch=batch), "mark-changed")
    assert found.what == (
        "Ada Quill 2026-11-02/AM: I -> O: the mark has changed since, M stands now"
    )
    assert found.remedy == "decline it, and ask again"
    office.by("head").do(DeclineApproval(batch=batch, reason="letter"))
    assert codes(office) == ["I", "M"]


def test_an_entry_that_cannot_be_made_any_more_is_refused(office):
    """The half term turns out to have begun a day later, as only an import may record it."""
    batch = ask(office)
    later = TermSet(name="Autumn 2", first=TUESDAY.date, last=date(2026, 12, 18))
    office.put(streams.CALENDAR, later)
    found = office.by("head").refused(GiveApproval(batch=batch), "outside-term")
    assert found.remedy == "decline it, and ask again"
    assert found.what.startswith("Ada Quill 2026-11-02/AM: I -> O: the school does not")


def test_the_register_of_a_pupil_who_has_left_still_works(office):
    """Ada leaves; what was asked for about November is approved in December."""
    batch = ask(office)
    office.do(RemovePupil(pupil="P1", last_day=date(2026, 11, 20), ground="f"))
    office.at("2026-12-01T09:00")
    office.by("head").do(GiveApproval(batch=batch))
    assert codes(office) == ["I", "O"]


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"batch": "nothing"}, "batch-unknown", "no amendment was requested with the batch"),
        ({"session": parse_session("2026-11-04/AM")}, "approval-none", "nothing of what you name"),
        ({"pupil": "P2"}, "approval-none", "nothing of what you name"),
        ({"pupil": "P9"}, "pupil-unknown", "no pupil has"),
    ],
)
def test_what_is_not_there_cannot_be_decided(office, given, code, words):
    """A batch, a part of it or a pupil that there is not."""
    fields = {"batch": ask(office), **given}
    for command in (GiveApproval(**fields), DeclineApproval(**fields, reason="no")):
        office.by("head").refused(command, code, words)


@pytest.mark.parametrize(("command", "who"), [(DeclineApproval, "head"), (WithdrawRequest, "mm")])
def test_a_reason_is_asked_for(office, command, who):
    """A blank one is none."""
    office.by(who).refused(command(batch=ask(office), reason=" "), "reason-missing")
