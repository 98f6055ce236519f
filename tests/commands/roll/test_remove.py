"""A name deleted from the roll, and the grounds as people and other systems write them."""

from datetime import date, timedelta

import pytest

from commands.roll.remove import RemovePupil, ground_fault, required_ground
from commands.school.school import SetSchool
from ledger.events.roll import PupilRemoved
from tests.commands.conftest import NOW, refusal

FRIDAY = date(2026, 11, 20)


def remove(**fields):
    return RemovePupil(**({"pupil": "P1", "last_day": FRIDAY, "ground": "f"} | fields))


def test_last_day_and_ground_are_recorded(desk):
    """With who recorded it and where the pupil goes; the same last day again is no news."""
    [(stream, event)] = desk.recorded(remove(next_school="Other High"))
    assert stream == f"pupil:{desk.id('P1')}"
    assert event == PupilRemoved(
        starts_on=date(2026, 9, 2), leaves_on=FRIDAY, ground="f", next_school="Other High", by="mm"
    )
    assert "nothing was recorded" in desk.do(remove()).says[0]


def test_deletion_back_over_marks_is_refused(desk):
    """Nobody attends who is not on roll; the last day may be that of the last mark."""
    for name in ("2026-11-19/AM", "2026-11-20/AM"):
        desk.mark("P1", name, "N")
    backdated = remove(last_day=date(2026, 11, 18))
    refused = desk.refused(backdated, "marks-after-last-day", "2026-11-19/AM")
    assert "2026-11-20" in refused.remedy
    assert desk.do(remove()).header is not None


def test_last_day_to_come_may_change(desk):
    """A family stays a week longer."""
    desk.do(remove(last_day=date(2026, 11, 27)))
    [event] = desk.events(remove(last_day=date(2026, 12, 4)))
    assert event.leaves_on == date(2026, 12, 4)


def test_last_day_that_has_passed_stands(desk):
    """Afterwards only a new spell can follow."""
    desk.at("2026-11-19T16:00").do(remove(last_day=date(2026, 11, 19)))
    desk.at(NOW).refused(remove(), "already-removed")


def test_second_spell_ends_by_itself(desk):
    """The first spell stays as it ended."""
    desk.at("2026-11-06T16:00").do(remove(last_day=date(2026, 11, 6)))
    again = {"dob": date(2014, 10, 1), "starts_on": date(2026, 11, 16)}
    desk.at(NOW).enrol(1, "Ada", "Quill", **again)
    [event] = desk.events(remove())
    assert event.starts_on == date(2026, 11, 16)
    desk.refused(remove(last_day=date(2026, 11, 13)), "not-on-roll")


def test_a_last_day_of_today_may_change_until_it_has_passed(desk):
    """The family stays after all; tomorrow it stands."""
    desk.do(remove())
    [event] = desk.events(remove(last_day=date(2026, 11, 27)))
    assert event.leaves_on == date(2026, 11, 27)


def test_the_first_day_may_be_the_last(desk):
    """Whoever never comes again after one day."""
    desk.enrol(9, "Eve", "Vale", dob=date(2014, 12, 1), starts_on=FRIDAY)
    [event] = desk.events(remove(pupil="P9"))
    assert (event.starts_on, event.leaves_on) == (FRIDAY, FRIDAY)


def test_under_later_spells_the_first_of_them_is_named(desk):
    """Ada came back twice."""
    again = {"dob": date(2014, 10, 1)}
    for last, first in (("2026-09-30", date(2026, 10, 5)), ("2026-10-23", date(2026, 11, 16))):
        desk.at(f"{last}T16:00").do(remove(last_day=date.fromisoformat(last)))
        desk.at(f"{first}T08:00").enrol(1, "Ada", "Quill", starts_on=first, **again)
    refused = desk.at(NOW).refused(remove(last_day=date(2026, 9, 15)), "not-on-roll")
    assert refused.what == (
        "the pupil's time on roll cannot end on 2026-09-15: a spell begins on 2026-10-05"
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"last_day": date(2026, 9, 1)}, "not-on-roll"),
        ({"ground": " "}, "ground-missing"),
        ({"ground": "x"}, "ground-unknown"),
        ({"ground": "moved away"}, "ground-unknown"),
        ({"ground": "9(3)(a)"}, "ground-age"),
        ({"pupil": "P4", "ground": "9(1)(f)"}, "ground-age"),
        ({"pupil": "P4", "ground": "f"}, "ground-age"),
        ({"last_day": date(2026, 11, 19)}, "backdated"),
    ],
)
def test_removal_that_cannot_be_is_refused(desk, fields, code):
    """Before the first day, without a ground of the law for the pupil's age, or back in time."""
    desk.refused(remove(**fields), code)


# -- backdated ------------------------------------------------------------------------------


def test_a_session_met_since_the_last_day_makes_it_backdated(desk):
    """The name was on roll for it, whether a mark stands or not (law i11)."""
    refused = desk.refused(remove(last_day=date(2026, 11, 18)))
    assert refused.what == (
        "Ada Quill was on roll for 2026-11-20/AM, after 2026-11-18: its register has ended"
    )
    assert refused.remedy == ("a deletion cannot be backdated: give a last day from 2026-11-20 on")


@pytest.mark.parametrize("instant", ["2026-11-21T12:00", "2026-11-23T08:50"])
def test_the_last_day_may_be_the_last_that_was_met(desk, instant):
    """At the weekend, and on Monday until the register closes, Friday is not back in time."""
    assert desk.at(instant).do(remove()).header is not None


def test_once_mondays_register_has_closed_friday_is_back_in_time(desk):
    """The minute after the closing time."""
    desk.at("2026-11-23T08:56").refused(remove(), "backdated")


# -- grounds --------------------------------------------------------------------------------


def test_what_the_ground_needs_is_said(desk):
    """What cannot be seen in the register is to be on file."""
    says = desk.do(remove()).says
    assert says[1].startswith("ground 9(1)(f): ")
    assert says[2].startswith("to be on file: the parent's notice in writing")


def test_a_ground_that_needs_nothing_more_says_so_by_saying_nothing(desk):
    """The sad one; beyond compulsory age the letter names another paragraph of reg 9."""
    assert len(desk.do(remove(ground="k")).says) == 2
    assert desk.do(remove(pupil="P4", ground="a")).says[1].startswith("ground 9(3)(a): ")


@pytest.mark.parametrize(("ground", "consent"), [("f", True), ("k", False)])
def test_a_special_school_is_told_whose_consent_it_needs(desk, ground, consent):
    """For most grounds, where an authority placed the pupil (reg 9(2))."""
    desk.do(SetSchool(type="special-academy"))
    says = desk.do(remove(ground=ground)).says
    assert ("consent only (SI 2024/208 reg 9(2))" in says[-1]) == consent


def absent(desk, days, code="N", upto=FRIDAY, pupil="P1"):
    """Enter a code on both sessions of so many school days on end, the last one at 16:00."""
    desk.at(f"{upto}T16:00")
    day = upto
    while days:
        if day.weekday() < 5 and not date(2026, 10, 24) <= day <= date(2026, 11, 1):
            for half in ("AM", "PM"):
                desk.mark(pupil, f"{day}/{half}", code)
            days -= 1
        day -= timedelta(days=1)
    return day


def test_twenty_school_days_of_absence_are_enough(desk):
    """Over half term, which holds no school day."""
    absent(desk, 20)
    assert desk.do(remove(ground="i")).header is not None


def test_nineteen_school_days_of_absence_are_not(desk):
    """The refusal names the session that is missing."""
    absent(desk, 19)
    refused = desk.refused(remove(ground="i"), "absence-too-short")
    assert refused.what == (
        "9(1)(i) needs 20 school days of absence on end, and the marks show 19: "
        "2026-10-19/PM has no mark"
    )


@pytest.mark.parametrize("code", ["I", "U", "/"])
def test_another_mark_among_them_breaks_the_absence(desk, code):
    """Sickness, a late arrival, attendance: not the final three rows of the table."""
    before = absent(desk, 9)
    desk.mark("P1", f"{before}/AM", code)
    desk.mark("P1", f"{before}/PM", "N")
    desk.refused(remove(ground="h"), "", f"show 9: {before}/AM says {code} (")


def test_a_spell_shorter_than_the_ground_needs_is_refused(desk):
    """Eve came six school days ago."""
    desk.at("2026-11-13T08:00")
    desk.enrol(9, "Eve", "Vale", dob=date(2014, 12, 1), starts_on=date(2026, 11, 13))
    absent(desk, 6, pupil="P9")
    refused = desk.refused(remove(pupil="P9", ground="h", last_day=FRIDAY))
    assert refused.what.endswith("show 6: the pupil's time on roll holds no more")


def test_a_sessions_register_that_is_still_open_counts_neither_way(desk):
    """The ten days up to yesterday are shown; this morning's register has not closed."""
    absent(desk, 10, upto=date(2026, 11, 19))
    desk.at("2026-11-20T08:50")
    assert desk.do(remove(ground="h")).header is not None


NEW, FORMER = date(2026, 11, 20), date(2024, 8, 18)


@pytest.mark.parametrize("text", ["f", "F", "(f)", "9(1)(f)", "reg 9(1)(f)", "reg. 9(1) (f)"])
def test_a_ground_may_be_written_in_several_ways(text):
    """Its letter alone or with its paragraph; 9(1) for compulsory school age, 9(3) for others."""
    assert required_ground(text, NEW, compulsory=True).provision == "9(1)(f)"
    assert required_ground("a", NEW, compulsory=False).provision == "9(3)(a)"


def test_an_unknown_ground_names_the_letters_that_there_are():
    """Of the paragraph that applies to the pupil."""
    found = refusal(required_ground, "z", NEW, compulsory=False)
    assert found.what.endswith("(SI 2024/208 reg 9(3))")
    assert found.remedy == "use one of the letters a b c d e"


def test_a_ground_of_the_other_age_says_which_there_are():
    """With their texts, so that nobody has to look them up."""
    found = refusal(required_ground, "9(1)(k)", NEW, compulsory=False)
    assert found.code == "ground-age"
    assert "not of compulsory school age on 2026-11-20" in found.what
    assert "d has died" in found.remedy


@pytest.mark.parametrize("day", [date(2001, 1, 5), FORMER])
def test_a_source_may_state_former_grounds_as_it_likes(day):
    """Nothing is known that it could breach, or systems wrote them by lists of their own."""
    assert ground_fault("x", day) is None


def test_a_ground_given_here_is_held_against_the_law_of_its_day():
    """Also before the regulations of 2024."""
    assert refusal(required_ground, "x", FORMER, compulsory=True)
    assert required_ground("k", FORMER, compulsory=True).provision == "8(1)(k)"


def test_a_source_that_states_a_ground_unknown_today_is_told():
    """With the letters of both paragraphs."""
    assert ground_fault("", NEW) is None
    found = ground_fault("z", NEW)
    assert found is not None
    assert found.what.endswith("(SI 2024/208 reg 9(1) and (3))")
