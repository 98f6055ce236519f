"""`take-back`: an entry recorded wrongly counts nowhere, and stays with who recorded it."""

from dataclasses import replace
from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.amending.take_back import TakeBack
from commands.disclosure.disclosures import RecordDisclosure
from commands.penalties.alerts import DismissAlert
from commands.penalties.consider import ConsiderPenalty
from commands.penalties.notices import ConfirmNotices, RecordNotice
from commands.returns.returns import MakeReturn
from ledger.events.amending import NoticeNamed
from ledger.events.penalties import CaseUndercut
from ledger.values import Session
from tests.commands.conftest import MO
from tests.commands.meanwhile import tries

TODAY = date(2026, 11, 20)
NOTICE = RecordNotice(
    parent_id="F1", pupil="P1", kind="s444A", issued_on=date(2026, 11, 16),
    offence_first=date(2026, 9, 14), offence_last=date(2026, 11, 6),
)  # fmt: skip
COMMANDS = {
    "penalty notice": NOTICE,
    "confirmation by the authority": ConfirmNotices(
        parent_id="F1", pupil="P1", la_ref="X1", on=TODAY, notices=2
    ),
    "consideration of a penalty notice": ConsiderPenalty(
        pupil="P1", decision="refer", reason="Talks failed"
    ),
    "disclosure": RecordDisclosure(kind="letter", to="A court", what="a letter", pupil=("P1",)),
    "return": MakeReturn(kind="sickness", on=TODAY),
}


def newest(desk) -> int:
    return desk.log()[-1][0]


def taken_back(desk, entry, **more):
    return desk.by("head").do(TakeBack(entry=entry, reason="Another child", **more)).says


@pytest.mark.parametrize("name", COMMANDS)
def test_each_kind_of_entry_is_taken_back_once_and_may_be_recorded_again(office, name):
    """The entry itself is said when it is recorded; it stays in the log."""
    command = COMMANDS[name]
    desk = office.by("head")
    [stream_and_event] = desk.recorded(command)
    entry = newest(desk)
    would, nothing = taken_back(office, entry, dry_run=True)
    assert would.endswith(": would be taken back; it would count nowhere from then on")
    assert nothing == "dry run: nothing was recorded"
    [(stream, event)] = desk.recorded(TakeBack(entry=entry, reason="Another child"))
    assert (stream, event.entry, event.reason, event.by) == (
        stream_and_event[0], entry, "Another child", "head",
    )  # fmt: skip
    [said] = taken_back(office, entry)
    assert said.startswith(f"{name} (entry {entry}")
    assert said.endswith("taken back already; nothing was recorded")
    [(where, again)] = desk.recorded(command)
    assert (where, type(again)) == (stream_and_event[0], type(stream_and_event[1]))


def test_the_number_of_the_entry_is_said_when_it_is_recorded(office):
    """So that nobody has to look for it."""
    said = office.do(NOTICE).says[-1]
    entry = newest(office)
    assert said == (
        f"the penalty notice is entry {entry}: attendance take-back {entry} --reason WHY would "
        "take it back"
    )


def test_all_of_a_notice_is_taken_back_by_any_entry_of_it(office):
    """What was paid on it too; another notice to the same parent stands."""
    office.do(NOTICE)
    first = newest(office)
    office.do(replace(NOTICE, paid_on=TODAY, outcome="paid"))
    other = replace(NOTICE, offence_first=date(2026, 9, 15))
    office.do(other)
    [(_, event)] = office.by("head").recorded(TakeBack(entry=first, reason="Another parent"))
    named = NoticeNamed(
        kind="s444A", issued_on=NOTICE.issued_on, offence_first=NOTICE.offence_first
    )
    assert event.notice == named
    assert office.recorded(other) == []
    [again] = office.events(NOTICE)
    assert again.paid_on is None


def test_a_notice_taken_back_is_no_paper_that_a_change_undercuts(office):
    """Nobody is told to write to the authority about a notice to another child."""
    at = Session(date(2026, 9, 14), "AM")
    office.mark("P1", at, "O", reason="From paper")
    office.do(NOTICE)
    entry = newest(office)
    amend = AmendMarks(pupil="P1", session=at, code="I", reason="Letter seen")
    assert any(isinstance(e, CaseUndercut) for e in office.events(amend))
    taken_back(office, entry)
    back = AmendMarks(pupil="P1", session=at, code="O", reason="Another letter")
    assert not any(isinstance(e, CaseUndercut) for e in office.events(back))


def test_an_alert_whose_settlement_is_taken_back_is_open_again(office):
    """And is settled anew."""
    at = Session(date(2026, 9, 14), "AM")
    office.mark("P1", at, "O", reason="From paper")
    office.do(NOTICE)
    office.do(AmendMarks(pupil="P1", session=at, code="I", reason="Letter seen"))
    alert, head = newest(office), office.by("head")
    head.do(DismissAlert(alert=alert, reason="The wrong one"))
    entry = newest(office)
    head.refused(DismissAlert(alert=alert, reason="Looked at"), "alert-settled")
    taken_back(office, entry)
    assert head.recorded(DismissAlert(alert=alert, reason="Looked at"))


def test_only_who_may_decide_takes_a_decision_back(office):
    """A consideration is the head's; a notice anybody's who records notices."""
    office.by("head").do(COMMANDS["consideration of a penalty notice"])
    office.refused(TakeBack(entry=newest(office), reason="x"), "not-authorised")
    office.do(NOTICE)
    assert MO["by"] == office.staff_id
    office.do(TakeBack(entry=newest(office), reason="x"))


@pytest.mark.parametrize(
    ("entry", "code", "words"),
    [(9999, "entry-unknown", "no entry 9999"), (1, "entry-not-taken-back", "entry 1")],
)
def test_what_cannot_be_taken_back_is_refused(office, entry, code, words):
    """With where its number is to be found."""
    refusal = office.refused(TakeBack(entry=entry, reason="x"), code, words)
    assert "show entries by number" in refusal.remedy


def test_of_a_mark_the_way_to_amend_it_is_said(office):
    """Reg 6: the register is amended, nothing in it is taken back."""
    office.mark("P1", "2026-11-20/AM", "N")
    entered = newest(office)
    office.do(AmendMarks(pupil="P1", session=Session(TODAY, "AM"), code="I", reason="Letter"))
    for entry in (entered, newest(office)):
        refusal = office.refused(TakeBack(entry=entry, reason="x"), "entry-not-taken-back")
        assert "attendance amend" in refusal.remedy


def test_a_reason_is_needed(office):
    """Whoever reads of it asks why."""
    office.do(NOTICE)
    office.refused(TakeBack(entry=newest(office), reason=" "), "reason-missing")


def test_who_is_overtaken_looks_again(office):
    """What was paid on the notice meanwhile is taken back with it."""
    office.do(NOTICE)
    paid = replace(NOTICE, paid_on=TODAY, outcome="paid")
    assert tries(office, TakeBack(entry=newest(office), reason="Another child"), paid) == 2
    assert office.recorded(NOTICE)[0][1].paid_on is None
