"""The state that decisions are made over: each event's part in it."""

from datetime import date, time

import pytest

from ledger.events import calendar, log, penalties, register, roll, streams
from ledger.events.base import replace
from ledger.events.casework import CaseworkStepTaken
from ledger.events.school import SchoolOpened, StaffChanged, StaffJoined, StaffLeft
from ledger.state.calendar import Closure, RegisterTimes, Term
from ledger.state.school import Pupil, School, Spell, StaffRow, evolve
from ledger.values import Session
from tests.ledger.conftest import enrolled

P, S1 = streams.pupil("p"), streams.staff("S1")
FIRST, LAST = date(2025, 9, 1), date(2025, 12, 19)
ENROLLED = enrolled(boarder=True)
REMOVED = roll.PupilRemoved(starts_on=FIRST, leaves_on=LAST, ground="9(1)(b)", next_school="N")
BACK = replace(ENROLLED, starts_on=date(2026, 1, 5), surname="T", birth_cohort=2014, boarder=False)


def after(*events) -> School:
    school = School()
    for stream, event in events:
        evolve(school, stream, event)
    return school


def pupil(*events) -> Pupil:
    return after(*((P, event) for event in events)).pupils["p"]


def test_events_of_other_subjects_change_nothing():
    """Marks and plans are folded elsewhere."""
    assert after(("mark:p:2025-09-02/AM", register.SessionMarked(code="/"))) == School()


def test_the_school_is_as_last_recorded():
    opened = SchoolOpened(
        urn="1", name="A", la_code="2", estab="3", type="academy", phase="secondary"
    )
    renamed = replace(opened, name="B")
    cal = streams.CALENDAR
    assert after((cal, opened), (cal, renamed)).opened == renamed


def test_a_term_set_again_replaces_itself_within_its_school_year():
    """The same name in another school year is another term."""
    term = calendar.TermSet(name="Autumn", first=FIRST, last=LAST)
    longer = replace(term, last=date(2025, 12, 20))
    next_year = replace(term, first=date(2026, 9, 1), last=date(2026, 12, 18))
    cal = streams.CALENDAR
    school = after((cal, term), (cal, longer), (cal, next_year))
    assert school.calendar().terms == [
        Term(FIRST, date(2025, 12, 20), "Autumn"),
        Term(date(2026, 9, 1), date(2026, 12, 18), "Autumn"),
    ]


def test_register_times_count_from_their_date():
    """Set again for the same date, the later ones count."""
    times = calendar.RegisterTimesSet(
        since=FIRST,
        am_opens="08:45:00",
        am_closes="08:55:00",
        pm_opens="13:00:00",
        pm_closes="13:10:00",
    )
    school = after(
        (streams.CALENDAR, times), (streams.CALENDAR, replace(times, am_closes="09:00:00"))
    )
    assert school.calendar().times == [
        RegisterTimes(FIRST, (time(8, 45), time(9)), (time(13), time(13, 10)))
    ]


def test_closures_are_kept_by_half_day_and_groups_and_can_be_withdrawn():
    """Withdrawing takes back exactly what it names; what was never closed stays so."""
    cal = streams.CALENDAR
    day = date(2025, 9, 3)
    planned = calendar.SessionsClosed(date=day, reason="INSET")
    cancelled = calendar.SessionCancelled(date=day, sessions=("PM",), groups=("Y7",), reason="Ice")
    withdrawn = calendar.ClosureWithdrawn(date=day, sessions=("AM",))
    never = calendar.ClosureWithdrawn(date=LAST)
    school = after((cal, planned), (cal, cancelled), (cal, withdrawn), (cal, never))
    nobody, year = frozenset(), frozenset(["Y7"])
    assert school.closures == {
        (day, "PM", nobody): Closure(day, "PM", nobody, cancelled=False, reason="INSET"),
        (day, "PM", year): Closure(day, "PM", year, cancelled=True, reason="Ice"),
    }
    found = school.calendar().closure(Session(day, "PM"), ["Y7"])
    assert found is not None
    assert found.reason == "Ice"


def test_staff_have_dated_rows():
    """The newest row in force on a day counts; leaving ends one of them."""
    always = StaffJoined(name="A", job_title="Teacher", roles=("teacher",))
    head = StaffChanged(name="A", job_title="Head", since=FIRST)
    school = after((S1, always), (S1, head), (S1, StaffLeft(since=FIRST, until=LAST)))
    assert school.staff_on("S1", FIRST) == StaffRow("A", "Head", (), FIRST, LAST)
    assert school.staff_on("S1", LAST).job_title == "Head"
    for day in (date(2025, 8, 31), date(2025, 12, 20)):
        assert school.staff_on("S1", day).job_title == "Teacher"
    assert school.staff_on("S2", FIRST) is None


def test_a_member_of_staff_who_left_is_no_longer_there():
    joined = StaffJoined(name="A", job_title="B", since=FIRST)
    school = after((S1, joined), (S1, StaffLeft(since=FIRST, until=LAST)))
    assert school.staff_on("S1", date(2025, 8, 31)) is None
    assert school.staff_on("S1", date(2025, 12, 20)) is None


def test_parents_relations_notices_and_casework_are_kept():
    """The last record of a parent and relation; every notice and step."""
    parent = roll.ParentRecorded(surname="S")
    relation = roll.RelationRecorded(care="yes")
    notice = penalties.NoticeStated(kind="s444A", issued_on=LAST)
    step = CaseworkStepTaken(step="call", on=LAST)
    notices, casework = streams.notices("A1", "p"), streams.casework("p")
    school = after(
        (streams.parent("A1"), replace(parent, surname="Before")),
        (streams.parent("A1"), parent),
        (streams.relation("A1", "p"), relation),
        (notices, notice),
        (notices, replace(notice, paid_on=LAST)),
        (casework, step),
        (casework, step),
    )
    assert school.parents == {"A1": parent}
    assert school.relations == {("A1", "p"): relation}
    assert school.notices == {notices: [notice, replace(notice, paid_on=LAST)]}
    assert school.casework == {casework: [step, step]}


def test_a_pupil_is_on_roll_from_first_to_last_day():
    """Both included; one who has not left is still on roll."""
    assert pupil(ENROLLED).on_roll(date(2030, 1, 1))
    left = pupil(ENROLLED, REMOVED)
    days = (date(2025, 8, 31), FIRST, LAST, date(2025, 12, 20))
    assert [left.on_roll(day) for day in days] == [False, True, True, False]
    assert left.spells[FIRST] == Spell(FIRST, LAST, "9(1)(b)", "N", boarder=True)


def test_a_pupil_who_returns_has_two_spells_and_the_newer_details():
    """One pupil, two stretches on roll."""
    returned = pupil(ENROLLED, REMOVED, BACK)
    assert list(returned.spells) == [FIRST, date(2026, 1, 5)]
    assert not returned.on_roll(date(2026, 1, 4))
    assert returned.on_roll(date(2026, 1, 5))
    assert (returned.details["surname"], returned.birth_cohort) == ("T", 2014)
    assert [spell.boarder for spell in returned.spells.values()] == [True, False]


def test_a_withdrawn_enrolment_is_as_if_it_had_never_been():
    """A duplicate record leaves no day on roll; withdrawing it twice changes nothing."""
    withdrawn = roll.EnrolmentWithdrawn(
        starts_on=FIRST, reason="R", by="S1", name="A", job_title="B"
    )
    assert pupil(ENROLLED, withdrawn, withdrawn).spells == {}


def test_an_amended_detail_replaces_the_one_before():
    """Only a corrected birth date moves the cohort and the compulsory age."""
    renamed = pupil(ENROLLED, roll.DetailsAmended(field="surname", original="S", amended="T"))
    assert (renamed.details["surname"], renamed.details["forename"]) == ("T", "F")
    assert renamed.birth_cohort == 2013
    born = roll.DetailsAmended(
        field="dob", amended="E", birth_cohort=2014, compulsory_from=date(2020, 1, 1)
    )
    corrected = pupil(ENROLLED, born)
    assert (corrected.birth_cohort, corrected.compulsory_from) == (2014, date(2020, 1, 1))
    assert corrected.details["dob"] == "E"
    assert "boarder" not in pupil(ENROLLED, roll.DetailsAmended(field="boarder")).details


def test_groups_are_those_of_the_day():
    """From the first day (always, where none is given) to the last (open, where none is)."""
    member = pupil(
        ENROLLED,
        roll.GroupJoined(kind="year", name="Y7"),
        roll.GroupJoined(kind="registration", name="7B", since=FIRST, until=LAST),
        roll.GroupJoined(kind="cohort", name="FSM", since=FIRST),
        roll.GroupLeft(kind="cohort", name="FSM", since=FIRST, until=date(2025, 9, 30)),
    )
    assert member.groups(date(2025, 8, 31)) == ["Y7"]
    assert member.groups(FIRST) == ["Y7", "7B", "FSM"]
    assert member.groups(LAST) == ["Y7", "7B"]
    assert member.groups(date(2025, 12, 20)) == ["Y7"]


def test_members_of_a_group_are_on_roll():
    """Who has left is in no group, whatever the group's dates say."""
    joined = roll.GroupJoined(kind="year", name="Y7")
    school = after((P, ENROLLED), (P, joined), (P, REMOVED))
    assert [p.id for p in school.members("Y7", LAST)] == ["p"]
    assert school.members("Y7", date(2025, 12, 20)) == []
    assert school.members("Y8", LAST) == []


def test_adopted_rules_are_remembered():
    """So that each set is kept in the ledger once."""
    assert after(("rules:abc", log.RulesAdopted(digest="abc", files={}))).rules == {"abc"}


@pytest.mark.parametrize("event", [REMOVED, roll.GroupJoined(kind="year", name="Y7")])
def test_facts_about_an_unknown_pupil_are_no_silent_default(event):
    """No command records them; a log that holds them is not as we wrote it."""
    with pytest.raises(KeyError):
        after((P, event))
