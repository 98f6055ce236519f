"""Looks at what is held are recorded first; who may have no copy, or see no names, is refused."""

from datetime import date

import pytest

from commands.disclosure.subject_access import CopyForSubject, ShowNames
from commands.roll.correct import CorrectPupil
from commands.roll.families import RecordParent, RecordRelation
from commands.roll.remove import RemovePupil
from commands.school.staff import AddStaff, ChangeStaff
from ledger.events import streams
from ledger.events.disclosure import Disclosed, NamesShown
from tests.commands.conftest import HAL, MO, Desk
from tests.commands.meanwhile import tries


def copy(**fields) -> CopyForSubject:
    return CopyForSubject(**{"pupil": "P1", "to": "Ada Quill"} | fields)


def related(desk: Desk, **flags) -> Desk:
    desk.do(RecordParent(parent_id="M1", surname="Quill"))
    desk.do(RecordRelation(parent_id="M1", pupil="P1", relationship="mother", **flags))
    return desk


def test_the_copy_is_recorded(desk):
    """From the first day on roll to today, as of the newest position, where nothing is said."""
    position = desk.folder.head()
    [(stream, event)] = desk.recorded(copy())
    assert stream == streams.disclosure(desk.id("P1"))
    assert event == Disclosed(
        kind="subject-access", to="Ada Quill", what="copy of what the register holds",
        on=date(2026, 11, 20), first=date(2026, 9, 2), last=date(2026, 11, 20), seen_at=position,
        **MO,
    )  # fmt: skip


def test_what_is_said_of_it_is_kept(desk):
    """The parent's id, the days, the position, and who reviewed the free text."""
    related(desk, care="yes")
    days = {"first": date(2026, 11, 2), "last": date(2026, 11, 6)}
    asked = {"asked_on": date(2026, 11, 20)}
    given = {"parent": "M1", "seen_at": 3, "review": "head", **days, **asked}
    [event] = desk.events(copy(**given))
    assert (event.to, event.seen_at) == ("Ada Quill (parent M1)", 3)
    assert (event.first, event.last) == tuple(days.values())
    assert event.what.endswith("with free text (reviewed by Hal Hope, Head Teacher, head)")


SAME = ("Mr Sam Quill", "Sam Quill", "S. Quill", "mr quill", "  Quill ", "MR  SAM  QUILL")
OTHERS = ("Mrs Quill", "Mrs Sam Quill", "Ann Quill", "A. Quill", "Mr Sam Reed", "Sam", "Quill Sam")


def asking(desk: Desk, to: str, **fields) -> CopyForSubject:
    """A copy for a parent who is on record as Mr Sam Quill."""
    stated = {"title": "Mr", "forename": "Sam", "surname": "Quill"}
    desk.do(RecordParent(parent_id="M1", **stated))
    desk.do(RecordRelation(parent_id="M1", pupil="P1", relationship="parent", care="yes"))
    return copy(to=to, parent="M1", **fields)


@pytest.mark.parametrize("to", SAME)
def test_a_parent_is_written_with_or_without_title_and_forename(desk, to):
    assert desk.do(asking(desk, to)).header is not None


@pytest.mark.parametrize("to", OTHERS)
def test_a_name_that_is_not_the_parent_s_on_record_is_refused(desk, to):
    """Mrs Quill is not Mr Sam Quill: the copy might go to the other parent."""
    refusal = desk.refused(asking(desk, to), "for-other-name")
    assert "M1 is on record as Mr Sam Quill" in refusal.what
    assert "--for 'Mr Sam Quill'" in refusal.remedy
    assert desk.do(asking(desk, to, authority="letter of a solicitor")).header is not None


def test_where_no_title_or_forename_is_on_record_none_is_missed(desk):
    related(desk, care="yes")
    assert desk.do(copy(to="Mrs Ann Quill", parent="M1")).header is not None


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"no_contact": "yes", "parental_responsibility": "yes"}, "no_contact"),
        ({"to": date(2026, 11, 19)}, "ended on 2026-11-19"),
    ],
)
def test_a_barred_parent_gets_nothing(desk, flags, words):
    """The flag is named."""
    related(desk, **flags)
    refusal = desk.refused(copy(parent="M1"))
    assert (refusal.code, words in refusal.what) == ("parent-barred", True)


def test_on_the_last_day_of_a_relation_it_holds_still(desk):
    """The day after, it has ended."""
    related(desk, care="yes", to=date(2026, 11, 20))
    assert len(desk.events(copy(parent="M1", to="Quill"))) == 1
    refused = desk.at("2026-11-21T09:00").refused(copy(parent="M1", to="Quill"), "parent-barred")
    assert "ended on 2026-11-20" in refused.what


def test_a_copy_begins_with_the_first_day_of_all_on_roll(desk):
    """Of whoever came back, with the first spell."""
    desk.at("2026-10-23T16:00")
    desk.do(RemovePupil(pupil="P1", last_day=date(2026, 10, 23), ground="a"))
    desk.at("2026-11-16T08:00")
    desk.enrol(1, "Ada", "Quill", dob=date(2014, 10, 1), starts_on=date(2026, 11, 16))
    [event] = desk.at("2026-11-20T09:30").events(copy())
    assert (event.first, event.last) == (date(2026, 9, 2), date(2026, 11, 20))


def test_a_barred_parent_gets_nothing_by_name_either(desk):
    """Without --parent too; a shared surname, another child or a parent not barred is nothing."""
    desk.do(RecordParent(parent_id="M2", surname="Quill", forename="Cal"))
    desk.do(RecordRelation(parent_id="M2", pupil="P1", no_contact="yes"))
    desk.do(RecordParent(parent_id="M3", surname="Quill", forename="Dee"))
    desk.do(RecordRelation(parent_id="M3", pupil="P1", no_contact="no"))
    related(desk, no_contact="yes")
    desk.do(RecordRelation(parent_id="M3", pupil="P1", care="yes", reason="told"))
    refusal = desk.refused(copy(to="Mr CAL Quill"))
    assert (refusal.code, "M2" in refusal.what) == ("parent-barred", True)
    desk.do(RecordRelation(parent_id="M2", pupil="P2", no_contact="no"))
    for fields in ({}, {"to": "Cal Quill", "pupil": "P2", "authority": "court order"}):
        assert desk.do(copy(**fields)).header is not None


@pytest.mark.parametrize(
    ("flags", "allowed"),
    [
        ({}, False),
        ({"parental_responsibility": "no"}, False),
        ({"parental_responsibility": "no", "care": "no"}, False),
        ({"care": "yes"}, True),
        ({"parental_responsibility": "no", "care": "yes", "to": date(2026, 12, 1)}, True),
        ({"parental_responsibility": "yes"}, True),
    ],
)
def test_who_is_no_parent_by_responsibility_or_care_needs_an_authority(desk, flags, allowed):
    """A grandmother without either; what she has is recorded with the copy."""
    related(desk, **flags)
    if allowed:
        assert desk.do(copy(parent="M1")).header is not None
        return
    refusal = desk.refused(copy(parent="M1"))
    assert (refusal.code, "care is recorded for M1" in refusal.what) == ("authority-missing", True)
    [event] = desk.events(copy(parent="M1", authority=" Ada's written consent "))
    assert event.what == (
        "copy of what the register holds, on the authority: Ada's written consent"
    )


@pytest.mark.parametrize("to", ["ada  QUILL", "Addie Quill"])
def test_the_pupil_asks_by_their_own_name(desk, to):
    """That used at school too, in whatever case."""
    desk.do(CorrectPupil(pupil="P1", field="name_used", to="Addie", reason="told"))
    assert desk.do(copy(to=to)).header is not None


@pytest.mark.parametrize("to", ["Nell Quill", "Nell Quill for Ada Quill", "Ada", "Quill"])
def test_anybody_else_in_words_needs_an_authority(desk, to):
    """Who is meant cannot be told from words."""
    desk.refused(copy(to=to), "authority-missing")
    assert desk.do(copy(to=to, authority="Power of attorney, 2026-11-01")).header is not None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"parent": "M9"}, "parent-unknown"),
        ({"parent": "M1", "pupil": "P2"}, "parent-not-related"),
        ({"parent": "M9", "authority": "a letter"}, "parent-unknown"),
        ({"authority": " "}, "authority-missing"),
        ({"review": "H. Hope"}, "reviewer-not-on-staff"),
        ({"to": " "}, "for-missing"),
        ({"review": " "}, "include-free-text-missing"),
        ({"asked_on": date(2026, 11, 21)}, "asked-future"),
        ({"pupil": "P77"}, "pupil-unknown"),
    ],
)
def test_what_cannot_be_is_refused(desk, fields, code):
    """A stranger, another family's parent, blanks, tomorrow's request, no such pupil."""
    related(desk)
    desk.refused(copy(**fields), code)


def test_whoever_makes_it_is_named(desk):
    """It is an act of the school."""
    desk.by(None).refused(copy(), "author-missing")


# Names looked up in an audit: whoever looks is on record, and has a role for it.

LOOK = ShowNames(reason="Governors asked about the week before census")


@pytest.fixture
def head(desk):
    """The head, in front of the ledger."""
    return desk.by("head")


def test_who_looked_and_why_is_recorded(head):
    """With name and title as they are today, and how far the log had come; each look counts."""
    before = head.folder.head()
    [(stream, event)] = head.recorded(LOOK)
    assert stream == "audit:school"
    assert event == NamesShown(reason=LOOK.reason, seen_at=before, **HAL)
    assert len(head.recorded(LOOK)) == 1


@pytest.mark.parametrize("role", ["auditor", "authoriser", "trust"])
def test_roles_that_answer_for_a_register_may_look(desk, role):
    """Besides the head."""
    added = AddStaff(staff_id="x1", name="Ada Quill", job_title="Trust Lead", role=(role,))
    desk.by("head").do(added)
    says = desk.by("x1").do(LOOK).says
    assert says == ("recorded that names were looked up, and why",)


def test_somebody_without_such_a_role_is_refused(desk):
    """The attendance officer has none; the roles that may are named."""
    desk.refused(LOOK, "not-authorised", "auditor, authoriser, head, trust")


def test_where_no_role_is_on_record_everybody_is_refused(empty):
    """A ledger that knows no role says who may give one."""
    add = AddStaff(staff_id="mm", name="Mo Marsh", job_title="Clerk", from_=date(2026, 1, 1))
    empty.do(add)
    refused = empty.by("mm").refused(LOOK, "not-authorised")
    assert "Mo Marsh (mm), the first member of staff, may give it" in refused.remedy


@pytest.mark.parametrize(("staff_id", "reason", "code"), [
    (None, "why", "author-missing"), ("head", "  ", "reason-missing"),
])  # fmt: skip
def test_a_look_without_a_name_or_a_reason_is_refused(desk, staff_id, reason, code):
    """Both belong to it."""
    desk.by(staff_id).refused(ShowNames(reason=reason), code)


# Who does not meet whom.


def test_copies_for_two_pupils_do_not_meet(desk):
    """Nor does what is recorded of the other's family, or of staff who reviewed nothing."""
    related(desk, care="yes")
    other = RecordRelation(parent_id="M1", pupil="P2", no_contact="yes")
    added = AddStaff(staff_id="x1", name="Ida Ink", job_title="Clerk")
    again = copy(pupil="P2", to="Ben Reed")
    assert tries(desk, copy(parent="M1", review="head"), again, other, added) == 1


def test_a_copy_is_decided_again_where_the_family_changed_meanwhile(desk):
    """Another parent is barred, or is written otherwise."""
    related(desk, care="yes")
    desk.do(RecordParent(parent_id="M2", surname="Quill", forename="Cal"))
    barred = RecordRelation(parent_id="M2", pupil="P1", no_contact="yes")
    assert tries(desk, copy(parent="M1"), barred) == 2
    renamed = RecordParent(parent_id="M2", forename="Carl", reason="Asked")
    assert tries(desk, copy(parent="M1"), renamed) == 2


def test_a_reviewer_who_changed_meanwhile_is_named_as_they_are_now(desk):
    """Name and title go with the copy."""
    changed = ChangeStaff(staff_id="head", job_title="Principal")
    assert tries(desk, copy(review="head"), changed) == 2
    assert "Hal Hope, Principal" in desk.log()[-1][2].what


def test_two_who_look_at_names_do_not_meet(head):
    """Each look stands by itself."""
    assert tries(head, LOOK, LOOK) == 1
