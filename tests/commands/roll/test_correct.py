"""Details of the admission register amended, and two records of one pupil made one."""

from datetime import date

import pytest

from commands.roll.correct import CorrectPupil, MergePupils
from commands.roll.remove import RemovePupil
from ledger.events.calendar import SessionsClosed
from ledger.events.register import SessionMarked
from ledger.events.roll import DetailsAmended, EnrolmentWithdrawn, PupilEnrolled, PupilRemoved
from ledger.values import upn_check_letter
from tests.commands.conftest import MO, NOW, upn

BORN = date(2014, 10, 1)


def correct(**fields):
    given = {"pupil": "P1", "field": "surname", "to": "Quill-Hart", "reason": "new name"}
    return CorrectPupil(**(given | fields))


def test_amendment_keeps_the_statutory_five_and_the_title(desk):
    """The admission register is amended like the other (reg 6(1)), and not without need."""
    [event] = desk.events(correct())
    assert event == DetailsAmended(
        field="surname", original="Quill", amended="Quill-Hart", reason="new name", **MO
    )
    assert "nothing was recorded" in desk.do(correct()).says[0]


def test_a_dry_run_says_what_would_be_amended(desk):
    """And amends nothing."""
    head = desk.folder.head()
    assert desk.do(correct(dry_run=True)).says[0] == "Ada Quill: surname would be amended"
    assert desk.folder.head() == head
    assert desk.do(correct()).says[0].endswith("surname amended")


def test_corrected_birth_date_moves_the_school_age(desk):
    """Cohort and first day of compulsory school age are recorded with it."""
    [event] = desk.events(correct(field="dob", to="2014-08-30", reason="certificate"))
    assert (event.original, event.amended) == ("2014-10-01", "2014-08-30")
    assert (event.birth_cohort, event.compulsory_from) == (2013, date(2019, 8, 31))


def test_permanent_upn_replaces_a_temporary_one(desk):
    """Both name the pupil afterwards."""
    tail = "88740012600A"
    temporary = upn_check_letter(tail) + tail
    desk.do(correct(field="upn", to=temporary, reason="none known yet"))
    desk.do(correct(field="upn", to=upn(8), reason="permanent UPN received"))
    assert desk.id(temporary) == desk.id(upn(8)) == desk.id("P1")


def test_detail_that_may_be_missing_can_be_given_and_cleared(desk):
    """An empty text clears it."""
    desk.do(correct(field="name_used", to="Addy"))
    [event] = desk.events(correct(field="name_used", to=""))
    assert (event.original, event.amended) == ("Addy", None)


def test_upn_of_a_merged_duplicate_is_free(desk):
    """The duplicate had the right UPN: the survivor takes it.

    Without a spell on roll, the duplicate has no boarder flag.
    """
    desk.enrol(9, "Ada", "Quill", dob=BORN)
    desk.refused(correct(field="upn", to=upn(9)), "id-in-use")
    desk.do(MergePupils(duplicate=upn(9), into="P1", reason="same child"))
    desk.refused(correct(pupil=upn(9), field="boarder", to="yes"), "not-on-roll")
    desk.do(correct(field="upn", to=upn(9)))
    assert desk.id(upn(9)) == desk.id("P1")


def test_the_boarder_flag_is_amended_and_its_spell_stated_again(desk):
    """The amendment keeps the five; the spell on roll carries the flag in clear."""
    amended, enrolled = desk.events(correct(field="boarder", to="yes"))
    assert (amended.original, amended.amended, amended.reason) == ("no", "yes", "new name")
    assert isinstance(enrolled, PupilEnrolled)
    assert (enrolled.boarder, enrolled.surname) == (True, "Quill")
    assert enrolled.starts_on == date(2026, 9, 2)
    assert "nothing was recorded" in desk.do(correct(field="boarder", to="yes")).says[0]
    [_, (_, day)] = desk.recorded(correct(field="boarder", to="no"))
    assert day.boarder is False


@pytest.fixture
def back(desk):
    """Ada left in October and came back on 16 November."""
    desk.at("2026-10-23T16:00")
    desk.do(RemovePupil(pupil="P1", last_day=date(2026, 10, 23), ground="a"))
    desk.at(NOW).enrol(1, "Ada", "Quill", dob=BORN, starts_on=date(2026, 11, 16))
    return desk


def test_the_boarder_flag_is_that_of_the_newest_spell(back):
    """The one before stays as it was."""
    [_, enrolled] = back.events(correct(field="boarder", to="yes"))
    assert enrolled.starts_on == date(2026, 11, 16)


def test_nobody_is_born_after_the_first_day_of_all_on_roll(back):
    """The earliest of the spells; a day of birth of today has not yet to come."""
    for day in ("2026-09-02", "2026-11-10", "2026-11-20"):
        back.refused(
            correct(field="dob", to=day), "starts-before-birth",
            f"the pupil was on roll on 2026-09-02, before a birth on {day}",
        )  # fmt: skip
    back.refused(correct(field="dob", to="2026-11-21"), "dob-future")
    assert back.do(correct(field="dob", to="2026-09-01")).header is not None


def test_a_last_day_to_come_survives_a_changed_flag(desk):
    """The spell stated again ends as it did."""
    desk.do(RemovePupil(pupil="P1", last_day=date(2026, 11, 27), ground="a", next_school="Brook"))
    [_, _, (_, left)] = desk.recorded(correct(field="boarder", to="yes"))
    days = {"starts_on": date(2026, 9, 2), "leaves_on": date(2026, 11, 27)}
    assert left == PupilRemoved(**days, ground="a", next_school="Brook", by="mm")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"field": "boarder", "to": "perhaps"}, "yes-or-no"),
        ({"field": "boarder", "to": ""}, "to-missing"),
        ({"field": "upn", "to": "B123456789012"}, "upn-check-letter"),
        ({"field": "local_id", "to": "P2"}, "id-in-use"),
        ({"field": "dob", "to": "30 August"}, "date"),
        ({"field": "dob", "to": "2030-01-01"}, "dob-future"),
        ({"field": "dob", "to": "2026-10-01"}, "starts-before-birth"),
        ({"to": " "}, "to-missing"),
        ({"reason": ""}, "reason-missing"),
    ],
)
def test_correction_that_cannot_be_is_refused(desk, fields, code):
    """Malformed or foreign numbers, impossible dates, a blank name, no reason."""
    desk.refused(correct(**fields), code)


def merge(**fields):
    given = {"duplicate": "D1", "into": "P1", "reason": "entered twice"}
    return MergePupils(**(given | fields))


@pytest.fixture
def twice(desk):
    """Ada was entered a second time as D1, and both records have marks."""
    desk.enrol(9, "Ada", "Quil", local_id="D1", dob=BORN, starts_on=date(2026, 11, 2))
    desk.mark("D1", "2026-11-16/AM", "B", nature="taster day")
    for pupil, session, code in (
        ("D1", "16/PM", "N"), ("P1", "16/PM", "N"), ("D1", "17/AM", "L"), ("P1", "17/AM", "/"),
    ):  # fmt: skip
        desk.mark(pupil, f"2026-11-{session}", code)
    return desk


def test_a_dry_run_says_who_would_be_merged(twice):
    """With the marks that would be carried over, and merges nobody."""
    head = twice.folder.head()
    said = twice.do(merge(dry_run=True)).says
    assert "Ada Quill: would be merged, 1 mark carried over" in said
    assert twice.folder.head() == head
    assert twice.do(merge()).says[0].startswith("Ada Quill: merged, ")


def test_duplicate_is_withdrawn_in_favour_of_the_survivor(twice):
    """Each spell, with the reason and who decided; then it is withdrawn already."""
    (stream, event), *_ = twice.recorded(merge())
    assert stream == f"pupil:{twice.id('D1')}"
    assert event == EnrolmentWithdrawn(
        starts_on=date(2026, 11, 2), survivor=twice.id("P1"), reason="entered twice", **MO
    )
    twice.refused(merge(), "record-withdrawn")


def test_spells_are_withdrawn_in_their_order(twice):
    """The earlier was stated after the later, as a source may."""
    details = {"upn": upn(9), "local_id": "D1", "surname": "Quil", "forename": "Ada"}
    first, last = date(2026, 9, 14), date(2026, 9, 30)
    twice.put(
        f"pupil:{twice.id('D1')}",
        PupilEnrolled(starts_on=first, birth_cohort=2014, compulsory_from=date(2019, 12, 31),
                      dob=BORN.isoformat(), **details),
        PupilRemoved(starts_on=first, leaves_on=last, ground="a"),
    )  # fmt: skip
    withdrawn = [e.starts_on for e in twice.events(merge()) if isinstance(e, EnrolmentWithdrawn)]
    assert withdrawn == [first, date(2026, 11, 2)]


def test_marks_that_only_the_duplicate_has_become_late_entries(twice):
    """The reason names the merge."""
    facts = twice.recorded(merge())
    [(stream, entry)] = [f for f in facts if isinstance(f[1], SessionMarked)]
    assert stream == f"mark:{twice.id('P1')}:2026-11-16/AM"
    reason = "merged from a duplicate record: entered twice"
    assert entry == SessionMarked(code="B", late=True, nature="taster day", reason=reason, by="mm")


def test_where_both_have_marks_the_survivors_stands_and_is_listed(twice):
    """Nothing is decided silently."""
    *said, following = twice.do(merge()).says
    assert said == [
        "Ada Quill: merged, 1 mark carried over",
        "2026-11-17/AM: / stands, L was the duplicate's",
        "the figures, of both records together: attended -1, unauthorised absence -1, no mark -28",
        "1 mark of 1 pupil stops counting",
        "  Ada Quil: 1 L, 2026-11-17/AM",
    ]
    alert = twice.folder.head()
    assert following == f"  next: somebody looks at alert {alert} (attendance alerts)"


def test_a_mark_carried_over_into_a_closed_session_moves_no_figure(twice):
    """It was planned not to be held for the survivor's class: there it counts nowhere."""
    closed = SessionsClosed(date=date(2026, 11, 16), sessions=("AM",), groups=("7A",), reason="x")
    twice.put("calendar", closed)
    said = twice.do(merge()).says
    assert "1 mark carried over" in said[0]
    assert said[2] == (
        "the figures, of both records together: attended -2, unauthorised absence -1, no mark -27"
    )


def test_survivor_must_be_on_roll_for_the_marks(twice):
    """Otherwise the merge goes the other way round."""
    twice.mark("P1", "2026-09-03/AM", "/")
    twice.refused(merge(duplicate="P1", into="D1"), "not-on-roll", "from 2026-09-03 to 2026-09-03")


def test_of_days_on_which_the_survivor_is_not_on_roll_the_first_and_the_last_are_named(twice):
    """In whatever order they were marked; two sessions of a day are one."""
    for session in ("10-01/AM", "09-30/AM", "09-03/PM", "10-22/AM", "09-29/PM", "09-03/AM"):
        twice.mark("P1", f"2026-{session}", "/" if session.endswith("AM") else "\\")
    twice.refused(
        merge(duplicate="P1", into="D1"), "not-on-roll",
        "has marks on 5 days when the other record is not on roll, from 2026-09-03 to 2026-10-22",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"into": "D1"}, "same-pupil"),
        ({"into": upn(9)}, "same-pupil"),
        ({"into": "nobody"}, "pupil-unknown"),
        ({"reason": ""}, "reason-missing"),
    ],
)
def test_merge_that_cannot_be_is_refused(twice, fields, code):
    """One record, nobody's record, no reason."""
    twice.refused(merge(**fields), code)
