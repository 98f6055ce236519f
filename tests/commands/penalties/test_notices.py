"""Penalty notices as issued, what became of them, and what the authority says that it holds."""

from datetime import date

import pytest

from commands.penalties.notices import ConfirmNotices, RecordNotice
from commands.roll.families import RecordParent, RecordRelation
from ledger.events.penalties import NoticesConfirmed, NoticeStated
from ledger.values import Session
from tests.commands.conftest import MO, taken_back_by
from tests.commands.meanwhile import tries

ISSUED = date(2026, 11, 16)


def notice(**given):
    """A notice to F1 for P1."""
    stated = {
        "parent_id": "F1", "pupil": "P1", "kind": "s444A", "issued_on": ISSUED,
        "offence_first": date(2026, 9, 14), "offence_last": date(2026, 11, 6),
    }  # fmt: skip
    return RecordNotice(**stated | given)


def told(office, command):
    """Record a notice; return what is said of it before the number of its entry."""
    *said, entry = office.do(command).says
    assert entry == taken_back_by("penalty notice", office.log()[-1][0])
    return tuple(said)


def test_a_notice_is_recorded_with_the_sessions_it_relied_on(office):
    """In order, whatever order they were given in."""
    sessions = (Session(date(2026, 9, 15), "AM"), Session(date(2026, 9, 14), "PM"))
    ((stream, event),) = office.recorded(notice(session=sessions, issuer="County Council"))
    assert stream == f"notices:{office.id('P1')}:F1"
    assert event == NoticeStated(
        kind="s444A", issued_on=ISSUED, offence_first=date(2026, 9, 14),
        offence_last=date(2026, 11, 6), sessions=("2026-09-14/PM", "2026-09-15/AM"),
        issuer="County Council",
    )  # fmt: skip


def test_what_is_left_out_stays_as_it_was(office):
    """The payment is added to the notice; the same again records nothing; another is another."""
    office.do(notice(received_on=date(2026, 11, 18)))
    paid = notice(paid_on=date(2026, 11, 19), outcome="paid")
    [event] = office.events(paid)
    assert (event.received_on, event.outcome) == (date(2026, 11, 18), "paid")
    assert office.recorded(paid) == []
    ((_, other),) = office.recorded(notice(offence_first=date(2026, 9, 15)))
    assert other.received_on is None


def test_the_ground_of_a_withdrawal_is_recorded_and_asked_for(office):
    """Withdrawn, and why; without it somebody is told what turns on it; not under s.105."""
    withdrawn = {"withdrawn_on": date(2026, 11, 19)}
    _, ask = told(office, notice(**withdrawn))
    assert ask.startswith("no ground of withdrawal is recorded")
    [event] = office.events(notice(withdrawn_ground="8(1)(b)"))
    assert (event.withdrawn_on, event.withdrawn_ground) == (date(2026, 11, 19), "8(1)(b)")
    assert len(told(office, notice(outcome="withdrawn"))) == 1
    assert len(told(office, notice(kind="s105", **withdrawn))) == 1


def test_the_answer_tells_a_new_notice_from_a_change(office):
    """A mistyped day of issue makes another notice, and the one that may be meant is named."""
    who = "notice of 2026-11-16 to F1 for Ada Quill"
    assert told(office, notice(outcome="unpaid")) == (f"{who}: new notice",)
    sessions = (Session(date(2026, 9, 15), "AM"), Session(date(2026, 9, 16), "AM"))
    [line] = told(office, notice(session=sessions))
    assert line == f"{who}: changed: sessions 2026-09-15/AM 2026-09-16/AM"
    withdrawn = {"withdrawn_on": date(2026, 11, 19), "outcome": "withdrawn"}
    line, *_ = office.do(notice(**withdrawn, dry_run=True)).says
    assert line == f"{who}: changed: withdrawn on 2026-11-19, outcome unpaid -> withdrawn"
    first, second = told(office, notice(issued_on=date(2026, 11, 17)))
    assert first == "notice of 2026-11-17 to F1 for Ada Quill: new notice"
    assert second == (
        "a notice s444A of 2026-11-16 to the same parent for this child stands (offence "
        "2026-09-14 to 2026-11-06); to change that one, give its kind, day of issue and first "
        "day of the offence"
    )


def test_a_changed_ground_is_told_with_the_one_before(office):
    office.do(notice(withdrawn_on=date(2026, 11, 19), withdrawn_ground="8(1)(b)"))
    [line] = told(office, notice(withdrawn_ground="8(1)(a)"))
    assert line.endswith(": changed: ground 8(1)(b) -> 8(1)(a)")
    [line] = told(office, notice(withdrawn_ground="8(1)(a)", issuer="Council"))
    assert line.endswith(": changed: issuer Council")
    [line] = told(office, notice(issuer=""))
    assert line.endswith(": changed: issuer Council -> none")


def test_only_a_notice_that_stands_and_is_near_is_named(office):
    """Not one that was withdrawn, nor one of more than 28 days before."""
    office.do(notice(withdrawn_on=date(2026, 11, 19), withdrawn_ground="8(1)(a)"))
    offence = {"offence_first": date(2026, 9, 14), "offence_last": date(2026, 9, 25)}
    for issued_on, named in ((20, 1), (19, 2)):
        early = notice(**offence, issued_on=date(2026, 10, issued_on))
        assert len(told(office, early)) == named
    assert len(told(office, notice(issued_on=date(2026, 11, 17)))) == 2


def test_a_dry_run_records_nothing(office):
    """It says the same, and that it was one."""
    said = notice(dry_run=True)
    assert office.recorded(said) == []
    assert office.do(said).says == (
        "notice of 2026-11-16 to F1 for Ada Quill: new notice", "dry run: nothing was recorded",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"parent_id": "F9"}, "parent-unknown"),
        ({"pupil": "P9"}, "pupil-unknown"),
        ({"withdrawn_ground": "9"}, "withdrawal-missing"),
        ({"withdrawn_ground": "9", "outcome": "unpaid"}, "withdrawal-missing"),
        ({"offence_last": date(2026, 9, 13)}, "dates-reversed"),
        ({"received_on": date(2026, 11, 15)}, "dates-reversed"),
        ({"issued_on": date(2026, 11, 21)}, "future"),
        ({"issued_on": date(2026, 11, 5)}, "dates-reversed"),
        ({"session": (Session(date(2026, 11, 9), "AM"),)}, "session-outside-offence"),
        ({"session": (Session(date(2026, 9, 11), "PM"),)}, "session-outside-offence"),
        ({"outcome_on": date(2026, 11, 21)}, "future"),
    ],
)
def test_what_cannot_be_is_refused(office, given, code):
    """Unknown people, dates the wrong way round, dates to come."""
    office.refused(notice(**given), code)


@pytest.mark.parametrize(
    "given",
    [
        {"issued_on": date(2026, 11, 6)},
        {"issued_on": date(2026, 11, 20)},
        {"received_on": ISSUED, "paid_on": ISSUED},
        {"outcome_on": date(2026, 11, 20)},
        {"offence_first": date(2026, 11, 6)},
        {"session": (Session(date(2026, 9, 14), "AM"), Session(date(2026, 11, 6), "PM"))},
    ],
)
def test_days_may_fall_together(office, given):
    """The last of the offence and the issue, the issue and its delivery; today is not to come."""
    assert len(office.recorded(notice(**given))) == 1


@pytest.mark.parametrize("make", ["notice", "confirm"])
def test_a_parent_of_another_child_is_refused_with_those_of_this_one(office, make):
    """Named, with the way on for somebody who is no parent on record yet."""
    office.do(RecordParent(parent_id="F2", title="Ms", forename="Rae", surname="Reed"))
    command = {"notice": notice, "confirm": confirm}[make](parent_id="F2")
    refused = office.refused(command, "parent-not-related")
    assert refused.what == (
        "parent F2 is not recorded as a parent of Ada Quill; recorded are: F1 Quill"
    )
    assert "attendance relation record F2 P1" in refused.remedy
    office.do(RecordRelation(parent_id="F2", pupil="P1"))
    assert len(office.recorded(command)) == 1


def test_whoever_records_it_is_named(office):
    """As for every command that writes."""
    office.by(None).refused(notice(), "author-missing")


def confirm(**given):
    """A confirmation for F1 and P1."""
    stated = {"parent_id": "F1", "pupil": "P1", "la_ref": "EX/12", "on": date(2026, 11, 19)}
    return ConfirmNotices(**stated | {"notices": 1} | given)


def test_a_confirmation_is_recorded_beside_the_notices(office):
    """With the authority's reference, its number, and who recorded it."""
    ((stream, event),) = office.recorded(confirm())
    assert stream == f"notices:{office.id('P1')}:F1"
    assert event == NoticesConfirmed(
        la_ref="EX/12", confirmed_on=date(2026, 11, 19), notices=1, **MO
    )


def test_the_same_again_records_nothing_and_a_notice_between_is_no_matter(office):
    """Another number is another confirmation."""
    office.do(notice())
    office.do(confirm())
    assert office.recorded(confirm()) == []
    assert len(office.recorded(confirm(notices=2))) == 1
    assert len(office.recorded(confirm(on=date(2026, 11, 20)))) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"parent_id": "F9"}, "parent-unknown"),
        ({"pupil": "P9"}, "pupil-unknown"),
        ({"la_ref": " "}, "la-ref-missing"),
        ({"on": date(2026, 11, 21)}, "future"),
    ],
)
def test_a_confirmation_that_cannot_be_is_refused(office, given, code):
    """Unknown people, no reference, a day to come."""
    office.refused(confirm(**given), code)


@pytest.mark.parametrize("make", [notice, confirm])
def test_two_families_do_not_meet(office, make):
    """Another parent of the child, another child of the parent; the same notice does."""
    office.do(RecordParent(parent_id="F2", surname="Reed"))
    office.do(RecordRelation(parent_id="F2", pupil="P1"))
    others = [notice(parent_id="F2"), confirm(parent_id="F2"), notice(pupil="P2")]
    details = RecordParent(parent_id="F2", forename="Rae", reason="Asked")
    assert tries(office, make(), *others, details) == 1
    paid = {notice: {"outcome": "paid"}, confirm: {"notices": 2}}[make]
    assert tries(office, make(**paid), notice(received_on=ISSUED)) == 2
