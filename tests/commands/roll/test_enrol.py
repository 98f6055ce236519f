"""A spell on roll begins, and groups over time."""

from dataclasses import replace
from datetime import date

import pytest

from commands.calendar.closures import CancelSessions
from commands.roll.correct import CorrectPupil, MergePupils
from commands.roll.enrol import EnrolPupil, MovePupil
from commands.roll.remove import RemovePupil
from ledger.events.register import SessionMarked
from ledger.events.roll import GroupJoined, GroupLeft, PupilEnrolled
from tests.commands.conftest import NOW, refusal, upn
from tests.commands.meanwhile import tries
from tests.ledger.refusals import refused_with

FIRST = date(2026, 11, 16)


def enrol(**fields):
    given = {
        "upn": upn(9), "local_id": "P9", "surname": "Vale", "forename": "Eve",
        "dob": date(2015, 1, 5), "starts_on": FIRST, "year": "Y7", "registration": "7B",
    }  # fmt: skip
    return EnrolPupil(**(given | fields))


def back(**fields):
    """Ada comes back to another class."""
    ada = {"upn": upn(1), "local_id": None, "surname": "Quill", "forename": "Ada"}
    return enrol(**(ada | {"dob": date(2014, 10, 1)} | fields))


@pytest.fixture
def gone(desk):
    """Ada has left in October."""
    desk.at("2026-10-23T15:00")
    desk.do(RemovePupil(pupil="P1", last_day=date(2026, 10, 23), ground="a"))
    return desk.at(NOW)


def test_spell_and_groups_are_recorded(desk):
    """With what is kept in clear: birth cohort and first day of compulsory school age."""
    (stream, enrolled), *groups = desk.recorded(enrol(sex="F", boarder=True))
    assert stream == f"pupil:{desk.id('P9')}"
    assert enrolled == PupilEnrolled(
        starts_on=FIRST, birth_cohort=2014, compulsory_from=date(2020, 3, 31), upn=upn(9),
        local_id="P9", surname="Vale", forename="Eve", dob="2015-01-05", sex="F", boarder=True,
    )  # fmt: skip
    assert [event for _, event in groups] == [
        GroupJoined(kind="year", name="Y7", since=FIRST),
        GroupJoined(kind="registration", name="7B", since=FIRST),
    ]


def test_pupil_without_groups_or_local_id_is_on_roll(desk):
    """Only what the law asks for is mandatory."""
    assert len(desk.recorded(enrol(local_id=None, year=None, registration=None))) == 1


def test_sessions_cancelled_since_are_entered(desk):
    """Everyone concerned has the code, also who was entered on the roll afterwards."""
    desk.do(CancelSessions(sessions=("2026-11-17",), reason="flood"))
    desk.do(CancelSessions(sessions=("2026-11-18/AM",), group=("12C",), reason="no teacher"))
    desk.do(enrol())
    entry = SessionMarked(code="Y4", late=True, reason="session cancelled: flood", by="mm")
    assert desk.marks("P9") == {"2026-11-17/AM": [entry], "2026-11-17/PM": [entry]}


def test_known_upn_begins_another_spell(gone):
    """The same pupil, with the details given before, and the new class in place of the old."""
    before = gone.id("P1")
    facts = gone.recorded(back(registration="7B", year=None))
    assert {stream for stream, _ in facts} == {f"pupil:{before}"}
    enrolled, left, joined = (event for _, event in facts)
    assert (enrolled.starts_on, enrolled.local_id) == (FIRST, "P1")
    assert left == GroupLeft(
        kind="registration", name="7A", since=date(2026, 9, 2), until=date(2026, 11, 15)
    )
    assert joined == GroupJoined(kind="registration", name="7B", since=FIRST)


def test_a_group_that_a_source_ends_on_the_first_day_again_ends_before_it(gone):
    """A pupil has one class a day; one that it ends the day before is ended already."""
    was = {"kind": "registration", "name": "7A", "since": date(2026, 9, 2)}
    before = GroupLeft(until=date(2026, 11, 15), **was)
    gone.put(f"pupil:{gone.id('P1')}", GroupLeft(until=FIRST, **was))
    assert gone.events(back(registration="7B", year=None))[1:] == [
        before, GroupJoined(kind="registration", name="7B", since=FIRST),
    ]  # fmt: skip


def test_group_left_before_is_not_left_again(gone):
    """A membership that has ended stays as it ended."""
    gone.at("2026-10-23T15:00")
    move = MovePupil(pupil="P1", kind="registration", leave="7A", from_=date(2026, 10, 23))
    gone.do(move)
    gone.at("2026-11-20T09:30")
    assert not [e for _, e in gone.recorded(back(year=None)) if isinstance(e, GroupLeft)]


def test_returning_pupil_gets_the_cancelled_sessions_too(gone):
    """Only those since the return that have no mark, for the groups held then."""
    gone.do(CancelSessions(sessions=("2026-11-17/AM",), reason="flood"))
    gone.do(CancelSessions(sessions=("2026-11-18/AM",), group=("Y7",), reason="flood"))
    gone.do(back(year=None))
    assert gone.marks("P1").keys() == {"2026-11-17/AM", "2026-11-18/AM"}


def test_mark_from_a_withdrawn_spell_is_left(gone):
    """A stream of marks is never begun twice."""
    gone.do(back())
    gone.mark("P1", "2026-11-16/AM", "/")
    gone.do(RemovePupil(pupil="P1", last_day=date(2026, 11, 20), ground="a"))
    gone.do(CancelSessions(sessions=("2026-11-16/AM",), reason="flood"))
    assert [e.code for e in gone.marks("P1")["2026-11-16/AM"]] == ["/", "Y4"]
    gone.at("2026-11-23T09:30").do(back(starts_on=date(2026, 11, 23)))
    assert len(gone.marks("P1")["2026-11-16/AM"]) == 2


def test_former_upn_names_the_same_pupil_by_birth_date(gone):
    """A temporary UPN that was replaced leads to the pupil, who keeps the permanent one."""
    gone.do(CorrectPupil(pupil="P1", field="upn", to=upn(8), reason="temporary before"))
    (stream, enrolled), *_ = gone.recorded(back())
    assert stream == f"pupil:{gone.id('P1')}"
    assert enrolled.upn == upn(8)


def test_upn_that_was_wrong_is_free_for_its_owner(desk):
    """What once named another pupil in error names a new one."""
    desk.do(CorrectPupil(pupil="P1", field="upn", to=upn(8), reason="was mistyped"))
    old = desk.id("P1")
    desk.do(enrol(upn=upn(1)))
    assert desk.id(upn(1)) != old


def test_spell_over_another_is_refused(gone):
    """Nobody is on roll twice; a new spell begins after the last day of the one before."""
    gone.refused(back(starts_on=date(2026, 10, 23)), "already-on-roll")
    gone.do(enrol())
    gone.refused(enrol(), "already-on-roll")


def test_upn_of_a_withdrawn_record_is_refused(desk):
    """A duplicate that was merged does not rise again."""
    desk.do(enrol())
    desk.do(MergePupils(duplicate="P9", into="P3", reason="same child"))
    desk.refused(enrol(), "upn-in-use", "withdrawn")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"upn": "B123456789012"}, "upn-check-letter"),
        ({"upn": "none"}, "upn-form"),
        ({"upn": upn(1)}, "upn-in-use"),  # of Ada, born on another day
        ({"local_id": "P1"}, "id-in-use"),
        ({"dob": date(2027, 1, 1)}, "dob-future"),
        ({"starts_on": date(2015, 1, 5)}, "starts-before-birth"),
        ({"surname": " "}, "surname-missing"),
    ],
)
def test_enrolment_that_cannot_be_is_refused(desk, fields, code):
    """Malformed or foreign numbers, impossible dates, no name."""
    desk.refused(enrol(**fields), code)


SUNDAY, MONDAY = date(2026, 11, 22), date(2026, 11, 23)


def move(**fields):
    given = {"pupil": "P1", "kind": "registration", "to": "7B", "from_": MONDAY, "new_group": True}
    return MovePupil(**(given | fields))


def leave(**fields):
    return move(to=None, **({"leave": "7A"} | fields))


LEFT = GroupLeft(kind="registration", name="7A", since=date(2026, 9, 2), until=SUNDAY)


def joined(name, kind="registration"):
    return GroupJoined(kind=kind, name=name, since=MONDAY)


def test_new_registration_group_takes_the_place_of_the_old(desk):
    """The old ends on the day before; repeated, whoever belongs to the group stays."""
    assert desk.events(move()) == [LEFT, joined("7B")]
    assert "nothing was recorded" in desk.do(move()).says[0]


def test_a_group_that_ends_on_the_day_of_a_move_ends_the_day_before(desk):
    """The last day of the old was to be the first of the new."""
    desk.do(leave(from_=date(2026, 11, 24)))
    assert desk.events(move()) == [LEFT, joined("7B")]


def test_a_group_that_ended_the_day_before_a_move_is_left_alone(desk):
    """It is ended already."""
    desk.do(leave())
    assert desk.events(move()) == [joined("7B")]


def test_cohorts_are_held_beside_each_other(desk):
    """Joining one leaves none."""
    desk.do(move(kind="cohort", to="FSM"))
    assert desk.events(move(kind="cohort", to="SEND")) == [joined("SEND", "cohort")]


def test_group_can_be_left_without_joining_another(desk):
    """The last day is the day before; then there is nothing left to leave."""
    assert desk.events(leave()) == [LEFT]
    desk.refused(leave(), "not-a-member")


def test_move_put_right_on_its_own_day_replaces_it(desk):
    """The group joined by mistake ends before it began."""
    desk.do(move())
    assert desk.events(move(to="7C")) == [
        GroupLeft(kind="registration", name="7B", since=MONDAY, until=SUNDAY),
        joined("7C"),
    ]


def test_a_group_never_held_stands_in_the_way_of_no_earlier_move(desk):
    """Put right on its own day, it began on no day."""
    desk.do(move())
    desk.do(move(to="7C", from_=MONDAY))
    desk.do(MovePupil(pupil="P1", kind="registration", from_=MONDAY, leave="7C"))
    assert desk.do(move(to="7D", from_=date(2026, 11, 16))).header is not None


def test_move_under_a_later_one_is_refused(desk):
    """What follows would have to be undone; another cohort does not mind."""
    desk.do(move())
    desk.do(move(kind="cohort", to="FSM"))
    early = date(2026, 11, 16)
    desk.refused(move(to="7C", from_=early), "later-group")
    desk.refused(move(kind="cohort", to="FSM", from_=early), "later-group")
    assert desk.do(move(kind="cohort", to="SEND", from_=early)).header is not None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": None}, "join-or-leave"),
        ({"leave": "7A"}, "join-or-leave"),
        ({"to": " "}, "to-missing"),
        ({"from_": date(2026, 9, 1)}, "not-on-roll"),
        ({"to": None, "leave": "9Z"}, "not-a-member"),
    ],
)
def test_move_that_cannot_be_is_refused(desk, fields, code):
    """Neither or both ways, nowhere, off roll, or out of a group never held."""
    desk.refused(move(**fields), code)


# Groups that are there already, and new ones.


def to(name, kind="registration"):
    return MovePupil(pupil="P1", kind=kind, to=name, from_=MONDAY)


@pytest.mark.parametrize(
    ("kind", "name", "offered"),
    [
        ("year", "7", "did you mean 'Y7'? If not: "),
        ("year", "Year 12", "did you mean 'Y12'? If not: "),
        ("registration", "7C", "did you mean '7B' or '7A'? If not: "),
        ("cohort", "7B", ""),
    ],
)
def test_a_group_that_nobody_is_in_is_asked_about(desk, kind, name, offered):
    """It may be another one misspelt; a new one is made where it is said to be new."""
    refused = desk.refused(to(name, kind), "group-unknown", f"is called {name!r}")
    assert refused.remedy == f"{offered}a new one needs --new-group"
    made = desk.events(replace(to(name, kind), new_group=True))
    assert made[-1] == joined(name, kind)


def test_enrolment_in_a_group_that_nobody_is_in_is_asked_about(desk):
    """The year as much as the class."""
    desk.refused(enrol(registration="7D"), "group-unknown", "registration group")
    desk.refused(enrol(year="Year 7"), "group-unknown", "no year is called 'Year 7'")
    *_, year, registration = desk.events(enrol(year="Y8", registration="8D", new_group=True))
    assert (year.name, registration.name) == ("Y8", "8D")


@pytest.mark.parametrize("name", ["7b", " 7B", "7 B", "7\u00a0b", "\ufeff7B"])
def test_a_group_is_understood_without_case_and_blanks(desk, name):
    """It is called as those in it are said to be in it; a new one that looks so is refused."""
    assert desk.events(to(name))[-1] == joined("7B")
    assert desk.events(enrol(registration=name))[-1].name == "7B"
    desk.enrol(8, "Flo", "Winter", dob=date(2014, 10, 1))
    leaves = MovePupil(pupil="P9", kind="registration", leave=name, from_=date(2026, 11, 17))
    assert desk.events(leaves)[-1].name == "7B"


def test_a_new_group_that_looks_like_one_that_is_there_is_refused(desk):
    """Nobody could tell the two apart."""
    desk.refused(
        replace(to("7b"), new_group=True), "group-twin",
        "registration group '7b' differs only in case or blanks from '7B'",
    )  # fmt: skip


NEW_CLASS = (
    enrol(registration="8D", new_group=True), move(to="8D", new_group=True),
)  # fmt: skip


@pytest.mark.parametrize("command", NEW_CLASS)
def test_a_new_group_is_looked_for_again_where_others_join_one_meanwhile(desk, command):
    """Two clerks make a class at once: whoever comes second sees the other's."""
    twin = MovePupil(pupil="P2", kind="registration", to="8d", from_=MONDAY, new_group=True)
    assert refusal(tries, desk, command, twin).code == "group-twin"


@pytest.mark.parametrize("command", NEW_CLASS)
def test_of_a_new_group_every_pupil_is_looked_at(desk, command):
    """Whoever joins any group may be making the same one."""
    assert tries(desk, command, move(pupil="P3", to="7A")) == 2


@pytest.mark.parametrize("command", [enrol(), move(new_group=False)])
def test_a_group_that_is_there_is_joined_whatever_others_join(desk, command):
    """It stays there: what becomes of other pupils meanwhile is nothing to it."""
    assert tries(desk, command, move(pupil="P3", to="7A")) == 1


def test_of_groups_that_are_held_in_two_ways_one_is_named_exactly(desk):
    """An older import made both: who joins says which."""
    ada = f"pupil:{desk.id('P1')}"
    desk.put(ada, GroupJoined(kind="cohort", name="Choir ", since=FIRST))
    desk.put(ada, GroupJoined(kind="cohort", name="Choir", since=FIRST))
    ben = MovePupil(pupil="P2", kind="cohort", to="choir", from_=MONDAY)
    desk.refused(ben, "group-ambiguous", "'Choir' and 'Choir '")
    assert desk.events(replace(ben, to="Choir")) == [joined("Choir", "cohort")]


def test_what_is_left_is_named_from_what_the_pupil_is_in(desk):
    """The way out of a wrong name."""
    refused = desk.refused(leave(leave="7Z"), "not-a-member")
    assert refused.remedy == "the registration group on that day: '7A'"
    none = desk.refused(leave(kind="cohort", leave="FSM"), "not-a-member")
    assert none.remedy == "the cohort on that day: none"


# Names as they are kept.


def test_names_are_kept_in_one_form(desk):
    """Composed, one space for each blank, no margins; a line break is refused."""
    (_, enrolled), *_ = desk.recorded(
        enrol(surname=" O\u2019Vale\u00a0Test ", forename="Zoe\u0308", local_id=" P9 ",
              address=" 1 Road\nTown ")
    )  # fmt: skip
    kept = (enrolled.surname, enrolled.forename, enrolled.local_id, enrolled.address)
    assert kept == ("O\u2019Vale Test", "Zo\u00eb", "P9", "1 Road\nTown")
    with refused_with("name-control", "line break"):
        enrol(surname="Vale\nTest")
    with refused_with("name-control", "control character"):
        move(to="7\tB")


@pytest.mark.parametrize(
    ("command", "would", "does"),
    [
        (move(), "Ada Quill would join 7B on", "Ada Quill joins 7B on"),
        (leave(), "Ada Quill would leave 7A on", "Ada Quill leaves 7A on"),
        (enrol(), "Eve Vale would be on roll from", "Eve Vale is on roll from"),
    ],
)
def test_a_dry_run_says_what_would_be(desk, command, would, does):
    """As what was not done, and not as what was."""
    head = desk.folder.head()
    assert desk.do(replace(command, dry_run=True)).says[0].startswith(would)
    assert desk.folder.head() == head
    assert desk.do(command).says[0].startswith(does)
