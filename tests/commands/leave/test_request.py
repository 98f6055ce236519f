"""`leave request`: what is recorded of a request, and what is said against it at once."""

from datetime import date

import pytest

from commands.calendar.closures import AddClosure
from commands.calendar.terms import SetTerm
from commands.roll.families import RecordParent, RecordRelation
from ledger.events.leave import LeaveRequested
from tests.commands.leave.steps import ask, ask_and_grant, grant, request, withdraw
from tests.commands.meanwhile import tries


def relation(desk, lives_with, **more):
    desk.do(RecordParent(parent_id="PA1", surname="Quill"))
    desk.do(RecordRelation(parent_id="PA1", pupil="P1", lives_with=lives_with, **more))


def notes(desk, **fields):
    return [say for say in desk.do(request(**fields)).says if say.startswith("note: ")]


def test_the_request_is_recorded_as_it_was_made_and_plans_nothing(desk):
    """Who asked, when, for which sessions and for what; the id is told."""
    relation(desk, "yes")
    command = request("2026-11-23/PM", reason="a wedding", parent="PA1", asked_by=" Una Quill ")
    [(stream, event)] = desk.recorded(command)
    assert stream.startswith(f"leave:{desk.id('P1')}:")
    assert event == LeaveRequested(
        first="2026-11-23/PM", last="2026-11-27/PM", purpose="holiday",
        asked_on=date(2026, 11, 19), parent="PA1", asked_by="Una Quill", reason="a wedding",
        by="mm",
    )  # fmt: skip


def test_the_sessions_that_the_school_meets_are_told(desk):
    """Closures, weekends and days out of term are not among them."""
    relation(desk, "yes")
    desk.do(AddClosure(day=date(2026, 11, 24), session=("AM",), group=("Y7",), reason="Trip"))
    says = desk.do(request("2026-11-23", "2026-11-30/AM", parent="PA1")).says
    assert says[1] == (
        "10 sessions that the school meets: 2026-11-23, 2026-11-24 PM, 2026-11-25, 2026-11-26, "
        "2026-11-27, 2026-11-30 AM"
    )
    leave_id = says[0].split()[1].rstrip(":")
    assert says[2:] == (
        f"to grant it: attendance leave grant {leave_id} --reason WHY",
        f"to refuse it: attendance leave refuse {leave_id} --reason WHY",
    )


def test_a_request_for_days_without_school_is_recorded_and_says_so(desk):
    """Terms to come may not be recorded yet."""
    says = desk.do(request("2027-09-02", "2027-09-03")).says
    assert says[1].startswith("the school meets no session")


def test_a_purpose_that_needs_no_request_in_advance_draws_no_note(desk):
    """A medical appointment this morning."""
    relation(desk, "yes")
    asked_on = date(2026, 11, 20)
    given = {"first": "2026-11-20", "purpose": "medical", "asked_on": asked_on, "parent": "PA1"}
    assert notes(desk, **given) == []


@pytest.mark.parametrize(
    ("lives_with", "words"),
    [("no", "does not live with"), ("", "is not known to live with"), ("yes", None)],
)
def test_a_parent_with_whom_the_pupil_does_not_live_is_told(desk, lives_with, words):
    """Reg 11(12); the request is recorded all the same."""
    relation(desk, lives_with)
    found = notes(desk, parent="PA1")
    assert len(found) == (words is not None)
    assert all(f"parent PA1 {words} the pupil" in n and "reg 11(12)" in n for n in found)


@pytest.mark.parametrize("dates", [{"to": date(2026, 11, 18)}, {"from_": date(2026, 11, 20)}])
def test_a_parent_no_longer_or_not_yet_on_record_is_told(desk, dates):
    """On the day of asking."""
    relation(desk, "yes", **dates)
    assert "PA1 was not on record for this pupil on 2026" in notes(desk, parent="PA1")[0]


def test_a_parent_who_may_not_be_contacted_is_told(desk):
    """By id, or by their full name; others and a surname alone are nobody's."""
    desk.do(RecordParent(parent_id="PA1", surname="Quill", forename="Cal"))
    desk.do(RecordRelation(parent_id="PA1", pupil="P1", no_contact="yes", lives_with="yes"))
    desk.do(RecordParent(parent_id="PA2", surname="Quill"))
    desk.do(RecordRelation(parent_id="PA2", pupil="P1", no_contact="yes"))
    desk.do(RecordRelation(parent_id="PA2", pupil="P2", no_contact="yes"))
    [note] = notes(desk, parent="PA1", asked_by="Cal Quill")
    assert note.startswith("note: no_contact is yes for parent PA1: they may not be contacted")
    assert notes(desk, pupil="P4", asked_by="Cal Quill") == []
    assert (
        "no_contact is yes for parent PA1" in notes(desk, asked_by="Mr cal QUILL", again=True)[0]
    )
    again = {"as_written": True, "again": True}
    assert "no_contact" not in notes(desk, asked_by="Una Quill", **again)[0]


@pytest.mark.parametrize(
    ("asked_on", "reason", "kept"),
    [
        ("2026-11-20T08:44", None, "asked for at 08:44"),
        ("2026-11-20 08:44", "a wedding", "asked for at 08:44; a wedding"),
        ("2026-11-20T08:44:00Z", None, "asked for at 08:44"),
        ("2026-11-20", None, None),
    ],
)
def test_the_time_of_asking_is_kept_before_the_reason(desk, asked_on, reason, kept):
    """The day in the request itself; a day alone leaves the reason as it is."""
    [event] = desk.events(request(asked_on=asked_on, reason=reason))
    assert (event.asked_on, event.reason) == (date(2026, 11, 20), kept)


@pytest.mark.parametrize(
    ("asked_on", "first", "against"),
    [
        ("2026-11-19", "2026-11-20/PM", False),
        ("2026-11-20", "2026-11-20/PM", True),
        ("2026-11-20T08:44", "2026-11-20/AM", False),
        ("2026-11-20T08:45", "2026-11-20/AM", True),
        ("2026-11-20T09:00", "2026-11-20/PM", False),
        ("2026-11-20T09:00", "2026-11-19/PM", True),
        ("2026-11-20T09:00", "2026-11-23/AM", False),
    ],
)
def test_before_the_register_opens_is_in_advance(desk, asked_on, first, against):
    """The day before, and 08:45 and 13:50 on the day itself; a day alone is none of them."""
    relation(desk, "yes")
    found = notes(desk, first=first, asked_on=asked_on, parent="PA1")
    late = f"which is not in advance of {first}; paragraph 11(11)"
    assert [late in note for note in found] == [True] * against


def test_where_no_register_times_are_known_the_day_itself_is_not_in_advance(desk):
    """Nobody can tell when it opened."""
    day = {"first": "2026-09-02", "last": "2026-09-02", "asked_on": "2026-09-02T07:00"}
    relation(desk, "yes")
    assert notes(desk, **day, parent="PA1") == []
    desk.do(SetTerm(name="Summer", first=date(2026, 6, 1), last=date(2026, 7, 17)))
    desk.enrol(5, "Eve", "Wood", dob=date(2014, 1, 1), starts_on=date(2026, 6, 1))
    day = {"first": "2026-06-02", "last": "2026-06-02", "asked_on": "2026-06-02T07:00"}
    assert "not in advance of 2026-06-02/AM" in notes(desk, **day, pupil="P5")[0]


def test_only_a_pupil_over_compulsory_school_age_asks_without_a_parent(desk):
    """The youngest are told; before the 2024 Regulations nothing is known of it."""
    assert "no parent on record is named" in notes(desk)[0]
    assert notes(desk, pupil="P4") == []
    old = {"first": "2024-08-16", "last": "2024-08-18", "asked_on": date(2024, 8, 1)}
    assert notes(desk, **old) == []
    assert notes(desk, **(old | {"first": "2024-08-19", "last": "2024-08-19"}))


def test_other_leave_on_the_same_sessions_is_told(desk):
    """Asked for or granted; not what was withdrawn, nor what ends the session before."""
    relation(desk, "yes")
    first = ask_and_grant(desk, "2026-11-23", "2026-11-25/AM", parent="PA1")
    second = ask(desk, "2026-11-26", "2026-11-27", parent="PA1")
    third = ask(desk, "2026-12-01", "2026-12-02", parent="PA1")
    desk.do(withdraw(third))
    assert notes(desk, first="2026-11-25/AM", last="2026-12-02", parent="PA1") == [
        f"note: leave {first} (granted) is for 2026-11-23/AM to 2026-11-25/AM too",
        f"note: leave {second} (asked) is for 2026-11-26/AM to 2026-11-27/PM too",
    ]
    assert notes(desk, first="2026-12-03", last="2026-12-04", parent="PA1") == []


def test_leave_for_the_same_days_is_told_before_it_is_recorded_twice(desk):
    """Open or granted; another parent's request is recorded with --again, and other days are."""
    first = ask(desk)
    refused = desk.refused(request(asked_by="Uwe Quill"), "leave-there-already")
    assert first in refused.what
    assert "is asked for already, since a request of 2026-11-19" in refused.what
    desk.by("head").do(grant(first))
    assert "is granted already" in desk.by("mm").refused(request(), "leave-there-already").what
    ask(desk, again=True)
    ask(desk, "2026-11-23", "2026-11-26")
    third = ask(desk, "2026-12-01", "2026-12-01")
    desk.do(withdraw(third))
    ask(desk, "2026-12-01", "2026-12-01")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"pupil": "P9"}, "pupil-unknown"),
        ({"purpose": "wedding"}, "purpose-unknown"),
        ({"asked_by": " "}, "asked-by-missing"),
        ({"asked_on": date(2026, 11, 21)}, "asked-in-the-future"),
        ({"asked_on": "2026-11-20T09:31"}, "asked-in-the-future"),
        ({"asked_on": "2026-11-20T9"}, "instant"),
        ({"asked_on": "soon"}, "date"),
        ({"parent": "PA9"}, "parent-unknown"),
        ({"parent": "OTHER"}, "parent-not-related"),
        ({"parent": "P A"}, "id-form"),
        ({"first": "2026-11-28"}, "range-reversed"),
        ({"first": "soon"}, "date"),
        ({"first": "2026-11-23/XX"}, "session"),
    ],
)
def test_what_cannot_be_recorded_is_refused(desk, fields, code):
    """Nobody, nothing, no time, no order."""
    desk.do(RecordParent(parent_id="OTHER", surname="Reed"))
    desk.do(RecordRelation(parent_id="OTHER", pupil="P2", lives_with="yes"))
    desk.refused(request(**fields), code)


def test_who_asked_and_who_records_it_are_named(desk):
    """What is missing is said in words, not by the name of its option."""
    assert desk.refused(request(asked_by="\u200b")).what == "it is not said who asked"
    desk.by(None).refused(request(), "author-missing")


def test_requests_of_two_pupils_do_not_meet(desk):
    """Nor does what is recorded of the other's parents."""
    relation(desk, "yes")
    other = RecordRelation(parent_id="PA1", pupil="P2", no_contact="yes")
    assert tries(desk, request(parent="PA1"), request(pupil="P2"), other) == 1


@pytest.mark.parametrize(
    "meanwhile",
    [
        request("2026-11-24", "2026-11-24", parent="PA1"),
        RecordRelation(parent_id="PA1", pupil="P1", lives_with="no", reason="Moved"),
        RecordParent(parent_id="PA1", forename="Una", reason="Asked"),
    ],
)
def test_what_is_said_of_a_request_is_as_it_is_recorded(desk, meanwhile):
    """Other leave of the pupil, and their parents, are looked at again."""
    relation(desk, "yes")
    assert tries(desk, request(parent="PA1"), meanwhile) == 2


# -- who asked ------------------------------------------------------------------------------------


@pytest.fixture
def family(desk):
    """A mother with a title and a father without, one pupil."""
    desk.do(RecordParent(parent_id="PA1", title="Mrs", surname="O'Quill", forename="Zoë-Anne"))
    desk.do(RecordParent(parent_id="PA2", surname="Quill", forename="Cal"))
    for parent in ("PA1", "PA2"):
        desk.do(RecordRelation(parent_id=parent, pupil="P1", lives_with="yes"))
    return desk


@pytest.mark.parametrize(
    ("written", "parent"),
    [
        ("Mrs O\u2019Quill", "PA1"),
        ("mrs zoe anne oquill (mother)", "PA1"),
        ("Zoë-Anne  O'Quill", "PA1"),
        ("Cal Quill", "PA2"),
        ("Mr. Cal Quill", "PA2"),
    ],
)
def test_a_name_on_record_is_that_parent(family, written, parent):
    """With what is then to be said of them; it is told whom the name was taken for."""
    outcome = family.do(request(asked_by=written))
    [told] = [say for say in outcome.says if say.startswith("asked by parent")]
    assert told.startswith(f"asked by parent {parent}, on record as ")
    assert not [say for say in outcome.says if say.startswith("note: ")]
    [asked] = [e for _, _, e in family.log() if isinstance(e, LeaveRequested)]
    assert asked.parent == parent


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Mr Quill", "did you mean 'Cal Quill'"),
        ("Miss O'Quill", "did you mean"),
        ("Call Quill", "did you mean 'Cal Quill'"),
        ("C Quill", "did you mean 'Cal Quill'"),
        ("Rowan Reed", "if it was a parent"),
    ],
)
def test_a_name_of_no_parent_is_asked_about(family, written, meant):
    """Leave may only be granted to a parent with whom the pupil lives: reg 11(12)."""
    refusal = family.refused(request(asked_by=written), "asked-by-unknown")
    assert refusal.what == (
        f"{written!r} is not the name of a parent on record of Ada Quill "
        "(PA1 Mrs Zoë-Anne O'Quill, PA2 Cal Quill)"
    )
    assert meant in refusal.remedy
    assert "--as-written" in refusal.remedy
    [note] = notes(family, asked_by=written, as_written=True)
    assert "no parent on record is named" in note


def test_parents_on_record_are_listed_by_their_ids(family):
    """In whatever order they were recorded."""
    for parent, forename in (("PA0", "Una"), ("P", "Ivo"), ("PA10", "Liv")):
        family.do(RecordParent(parent_id=parent, surname="Quill", forename=forename))
        family.do(RecordRelation(parent_id=parent, pupil="P1"))
    refusal = family.refused(request(asked_by="Rowan Reed"), "asked-by-unknown")
    assert (
        "(P Ivo Quill, PA0 Una Quill, PA1 Mrs Zoë-Anne O'Quill, PA10 Liv Quill, PA2 Cal Quill)"
    ) in refusal.what


def test_two_parents_of_one_name_are_asked_about(family):
    """By their ids."""
    family.do(RecordParent(parent_id="PA3", surname="Quill", forename="Cal"))
    family.do(RecordRelation(parent_id="PA3", pupil="P1"))
    refusal = family.refused(request(asked_by="Cal Quill"), "asked-by-ambiguous")
    assert "called 'Cal Quill': PA2 Cal Quill, PA3 Cal Quill" in refusal.what
    assert family.events(request(asked_by="Cal Quill", parent="PA3"))[0].parent == "PA3"


def test_a_name_that_is_not_that_of_the_parent_given_is_asked_about(family):
    """An initial or a title alone may be theirs; another title or forename may not."""
    for written in ("Mrs O'Quill", "Z O'Quill", "O'Quill"):
        [event] = family.events(request(asked_by=written, parent="PA1", again=True))
        assert event.asked_by == written
    for written in ("Mr O'Quill", "Cal Quill", "Cal O'Quill"):
        refusal = family.refused(request(asked_by=written, parent="PA1"), "asked-by-other-name")
        assert "PA1 is on record as Mrs Zoë-Anne O'Quill" in refusal.what
    as_written = {"as_written": True, "again": True}
    [event] = family.events(request(asked_by="Anni O'Quill", parent="PA1", **as_written))
    assert (event.parent, event.asked_by) == ("PA1", "Anni O'Quill")


def test_a_pupil_above_compulsory_school_age_may_ask(family):
    """By the own name, under which no parent is looked for; a younger one is asked about."""
    family.do(RecordRelation(parent_id="PA2", pupil="P4", lives_with="yes"))
    family.refused(request(asked_by="Ada Quill"), "asked-by-unknown")
    assert notes(family, pupil="P4", asked_by="Dan Upton") == []
