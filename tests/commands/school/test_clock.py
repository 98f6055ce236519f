"""Clocks that were wrong: what is refused, what is recorded of them, and who may do it."""

from datetime import date

import pytest

from commands.backup.create import CreateBackup
from commands.core.execute import check_first
from commands.proof.keys import RotateKey
from commands.register.take import MarkSession
from commands.roll.enrol import EnrolPupil
from commands.school.clock import ConfirmDay, CorrectClock
from commands.school.school import CreateLedger
from commands.school.staff import AddStaff
from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.log import ClockCorrected, DayConfirmed
from ledger.events.school import StaffJoined
from ledger.store.folder import Folder
from ledger.values import parse_session
from tests.commands.conftest import Desk, upn

LAST = "2026-11-20T09:30"
WRONG = "2026-12-28T10:00"
REASON = "The battery had run down"


def joined(staff_id):
    return AddStaff(staff_id=staff_id, name="Ned Novice", job_title="Clerk")


def marked(pupil="P1", session="2026-11-20/AM", code="N"):
    return MarkSession(pupil=pupil, session=parse_session(session), code=code)


def correct(first, last, **more):
    return CorrectClock(first=first, last=last, **{"reason": REASON} | more)


def begun(path, now, staff="mm"):
    """Return a desk at a new ledger, begun at a time; with a member of staff if one is given."""
    desk = Desk(Folder(path), parse_instant(now), staff)
    named = {"staff": staff, "name": "Mo Marsh", "job_title": "Clerk", "role": ("head",)}
    CreateLedger(**named if staff else {}).carry_out(desk.context)
    return desk


@pytest.fixture
def used(desk):
    """A ledger whose last entry was recorded on 20 November 2026 at 09:30."""
    desk.at(LAST).do(joined("n1"))
    return desk.by("head")


@pytest.fixture
def ahead_once(used):
    """One entry was recorded by a clock 38 days ahead; its first and last position."""
    first = used.folder.head() + 1
    used.at(WRONG).do(joined("n2"))
    used.at("2026-11-20T09:40")
    return first, used.folder.head()


def test_a_clock_just_short_of_15_minutes_behind_records_with_a_note(used):
    """The time stays the last entry's; what the clock read is kept beside it."""
    outcome = used.at("2026-11-20T09:15:01").do(joined("n2"))
    assert outcome.header.at == parse_instant(LAST)
    assert outcome.header.raw_at == parse_instant("2026-11-20T09:15:01")
    [note] = [each for each in outcome.says if each.startswith("note: ")]
    assert "14 minutes behind the last entry" in note


def test_a_clock_15_minutes_behind_records_nothing(used):
    """What the clock says, what the last entry says, and what to do."""
    last = used.folder.head()
    used.at("2026-11-20T09:15")
    refused = used.refused(joined("n2"), "clock-behind")
    assert "clock says Friday 20 November 2026, 09:15:00" in refused.what
    assert f"entry {last} was recorded on Friday 20 November 2026, 09:30:00" in refused.what
    assert "15 minutes later" in refused.what
    assert f"attendance clock correct {last - 1} {last} --reason" in refused.remedy


def test_small_steps_back_do_not_add_up(used):
    """The last entry's time is the newest so far: each step is counted from there."""
    used.at("2026-11-20T09:20").do(joined("n2"))
    used.at("2026-11-20T09:14").refused(joined("n3"), "clock-behind")


def test_two_computers_some_seconds_apart_record_in_turn(used):
    """Neither has to do anything; a second or more is told."""
    for n, second in enumerate((3, 1, 5, 4, 8)):
        used.at(f"2026-11-20T09:31:0{second}").do(joined(f"c{n}"))
    assert len(used.at("2026-11-20T09:31:07.5").do(joined("c8")).says) == 1
    assert len(used.at("2026-11-20T09:31:07").do(joined("c9")).says) == 2


def test_a_clock_59_days_ahead_records(used):
    """A summer is shorter."""
    assert used.at("2027-01-18T09:30").do(joined("n2")).header


def test_a_clock_60_days_ahead_records_once_somebody_says_which_day_it_is(used):
    """And goes on from there."""
    used.at("2027-01-19T09:30")
    refused = used.refused(joined("n2"), "clock-ahead", "60 days after the last entry")
    assert "attendance clock confirm 2027-01-19" in refused.remedy
    [(stream, event)] = used.recorded(ConfirmDay(day=date(2027, 1, 19)))
    assert stream == "clock:school"
    assert isinstance(event, DayConfirmed)
    assert (event.day, event.by, event.name) == (date(2027, 1, 19), "head", "Hal Hope")
    assert used.do(joined("n2")).header


def test_only_the_day_that_the_clock_says_can_be_confirmed(used):
    """Whoever gives another sees that the clock is wrong."""
    refused = used.at("2027-01-19T09:30").refused(ConfirmDay(day=date(2027, 1, 18)), "day-other")
    assert "Monday 18 January 2027" in refused.what
    assert "Tuesday 19 January 2027" in refused.what


def test_a_day_is_confirmed_by_a_named_person(used):
    """Nobody else is asked for."""
    used.at("2027-01-19T09:30").by(None).refused(
        ConfirmDay(day=date(2027, 1, 19)), "author-missing"
    )


def test_a_day_that_nobody_doubts_is_not_recorded(used):
    """A repetition, too, records nothing and says so."""
    used.at("2027-01-18T09:30")
    assert used.recorded(ConfirmDay(day=date(2027, 1, 18))) == []
    [said] = used.do(ConfirmDay(day=date(2027, 1, 18))).says
    assert "59 days before: nothing has to be confirmed" in said


def test_a_clock_that_is_behind_cannot_be_confirmed(used):
    """It is the time of the entries before it that somebody has to look at."""
    used.at("2026-11-19T09:30").refused(ConfirmDay(day=date(2026, 11, 19)), "clock-behind")


def test_an_entry_of_a_wrong_clock_is_corrected_and_recording_goes_on(used, ahead_once):
    """Between the entry before and now; refused until then."""
    first, last = ahead_once
    refused = used.refused(marked(), "clock-behind", "38 days later")
    assert f"clock correct {first} {last} --reason" in refused.remedy
    [(stream, event)] = used.recorded(correct(first, last))
    assert stream == "clock:school"
    assert isinstance(event, ClockCorrected)
    assert (event.first, event.last) == (first, last)
    assert event.earliest == parse_instant(LAST)
    assert event.latest == parse_instant("2026-11-20T09:40")
    assert (event.by, event.name, event.reason) == ("head", "Hal Hope", REASON)
    assert used.do(marked()).header.raw_at == parse_instant("2026-11-20T09:40")


def test_no_note_is_made_of_a_clock_that_was_corrected(used, ahead_once):
    """The log's own time stays ahead; nobody has to hear of it again."""
    assert not [each for each in used.do(correct(*ahead_once)).says if each.startswith("note")]
    outcome = used.at("2026-11-20T09:41").do(joined("n3"))
    assert outcome.says == ("n3 is on the staff",)


def test_after_a_correction_a_clock_is_held_against_the_corrected_time(used, ahead_once):
    """Fifteen minutes behind what was recorded last, and sixty days after it."""
    used.do(correct(*ahead_once))
    used.at("2026-11-20T09:25:01").do(joined("n3"))
    used.at("2026-11-20T09:25").refused(joined("n4"), "clock-behind")
    used.at("2027-01-19T09:39:59").do(joined("n5"))
    used.at("2027-03-20T09:40").refused(joined("n6"), "clock-ahead")


def test_a_correction_names_whole_transactions(used, ahead_once):
    """Whichever of their entries was named."""
    first, last = ahead_once
    [(_, event)] = used.recorded(correct(last, last))
    assert (event.first, event.last) == (first, last)


def test_a_correction_given_again_records_nothing(used, ahead_once):
    """Nobody has to know whether the first try arrived."""
    used.do(correct(*ahead_once))
    assert used.recorded(correct(*ahead_once)) == []


def test_a_correction_can_be_made_narrower(used, ahead_once):
    """Whoever knows more says so; the newest counts."""
    used.do(correct(*ahead_once))
    [(_, event)] = used.recorded(
        correct(*ahead_once, earliest="2026-11-20T09:35", latest="2026-11-20T09:36")
    )
    assert event.earliest == parse_instant("2026-11-20T09:35")
    assert event.latest == parse_instant("2026-11-20T09:36")
    exactly = {"earliest": "2026-11-20T09:35:30", "latest": "2026-11-20T09:35:30"}
    [(_, event)] = used.recorded(correct(*ahead_once, **exactly))
    assert event.earliest == event.latest == parse_instant("2026-11-20T09:35:30")


def test_a_bare_date_is_its_beginning_as_the_earliest_and_its_end_as_the_latest(used):
    """The day before is whole within."""
    first = used.folder.head() + 1
    used.at("2026-12-28T10:00").do(joined("n2"))
    last = used.folder.head()
    used.at("2026-11-23T09:00")
    stated = {"earliest": "2026-11-21", "latest": "2026-11-22"}
    [(_, event)] = used.recorded(correct(first, last, **stated))
    assert event.earliest == parse_instant("2026-11-21T00:00")
    assert event.latest == parse_instant("2026-11-23T00:00") - 1


@pytest.mark.parametrize(
    ("stated", "code", "words"),
    [
        ({"earliest": "2026-11-20T09:29"}, "time-before-neighbour", "09:30:00"),
        ({"latest": "2026-11-20T09:41"}, "time-after-neighbour", "09:40:00"),
        (
            {"earliest": "2026-11-20T09:38", "latest": "2026-11-20T09:37"},
            "times-reversed",
            "09:37:00 is before",
        ),
        ({"latest": "soon"}, "instant", "'soon'"),
        ({"earliest": "soon"}, "instant", "'soon'"),
        ({"reason": " "}, "reason-missing", "reason"),
    ],
)
def test_times_that_the_entries_around_do_not_allow_are_refused(
    used, ahead_once, stated, code, words
):
    """Nothing is recorded."""
    used.refused(correct(*ahead_once, **stated), code, words)


def test_what_came_after_bounds_the_latest(used, ahead_once):
    """An entry was recorded before the one after it."""
    used.do(correct(*ahead_once))
    used.at("2026-11-20T10:00").do(joined("n3"))
    used.at("2026-11-20T11:00")
    refused = used.refused(correct(*ahead_once, latest="2026-11-20T09:41"), "time-after-neighbour")
    assert "09:40:00" in refused.what


def test_entries_that_are_not_there_are_refused(used, ahead_once):
    """And such that are given the other way round."""
    first, last = ahead_once
    used.refused(correct(first, last + 1), "position-unknown", f"no entry {last + 1}")
    used.refused(correct(last, first), "entries-reversed")


def test_a_neighbour_of_the_same_wrong_clock_is_to_be_corrected_too(used, ahead_once):
    """The time before the second entry is itself wrong."""
    first, last = ahead_once
    used.at(WRONG).do(joined("n3"))
    used.at("2026-11-20T09:40")
    refused = used.refused(correct(last + 1, last + 2), "times-reversed")
    assert "correct it with them" in refused.remedy
    assert used.do(correct(first, last + 2)).header


def test_each_stretch_of_a_wrong_clock_is_named_in_its_turn(used, ahead_once):
    """Entries in between, which no version of today would record, keep their own time."""
    first, last = ahead_once
    used.put(streams.staff("o1"), StaffJoined(name="Olly Older", job_title="Clerk"))
    later = used.folder.head() + 1
    used.at(WRONG).do(joined("n3"))
    used.at("2026-11-20T09:42")
    assert f"clock correct {first} {last} " in used.refused(joined("n4")).remedy
    used.do(correct(first, last))
    assert f"clock correct {later} {later + 1} " in used.refused(joined("n4")).remedy


def test_a_ledger_that_a_wrong_clock_began_is_corrected_from_its_first_entry(tmp_path):
    """Nothing comes before: the earliest has to be given."""
    desk = begun(tmp_path / "begun", WRONG)
    end = desk.folder.head()
    desk.at("2026-11-20T09:30")
    assert "clock correct 1 " in desk.refused(joined("n1"), "clock-behind").remedy
    desk.refused(correct(1, end), "earliest-missing")
    assert desk.do(correct(1, end, earliest="2026-11-20")).header
    assert desk.do(joined("n1")).header


def test_nobody_is_refused_while_nobody_is_on_the_staff(tmp_path):
    """There is nobody who could say what is right, and nothing of a register is there."""
    for place, now in (("early", "2026-01-01T10:00"), ("late", "2027-01-01T10:00")):
        other = begun(tmp_path / place, now, staff=None).at(LAST)
        assert other.do(joined("n1")).header


def test_a_refusal_of_the_clock_comes_before_any_other(used):
    """By a wrong clock nobody is on the staff, and no pupil on roll."""
    used.at("1970-01-01T00:00").refused(marked(pupil="nobody"), "clock-behind")


@pytest.mark.parametrize("command", [CreateBackup(), RotateKey()], ids=lambda c: type(c).__name__)
def test_what_makes_files_is_refused_before_it_makes_one(used, command, tmp_path, monkeypatch):
    """A back-up that could not be recorded, a key that nothing names."""
    monkeypatch.chdir(tmp_path)
    used.at("2026-11-19T09:30")
    before = sorted(used.folder.path.iterdir())
    with pytest.raises(Refused) as found:
        command.carry_out(used.context)
    assert found.value.code == "clock-behind"
    assert sorted(used.folder.path.iterdir()) == before
    assert list(tmp_path.glob("*.attendance*")) == []


def test_a_clock_that_may_record_is_not_refused(used):
    """Who makes files goes on."""
    check_first(used.context, CreateBackup())


def test_a_new_ledger_is_begun_and_filled_by_any_clock(tmp_path):
    """`init` and what follows at once need nobody to confirm the day."""
    other = begun(tmp_path / "any", "2040-01-01T10:00")
    enrolled = EnrolPupil(
        upn=upn(9), forename="Zed", surname="Zero", dob=date(2030, 1, 1),
        starts_on=date(2040, 1, 1), year="Y5", registration="5A", new_group=True,
    )  # fmt: skip
    assert other.do(enrolled).header
    assert CreateLedger.admits == ()
