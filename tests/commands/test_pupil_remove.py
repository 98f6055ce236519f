"""attendance pupil remove: a name is deleted from the roll."""

from datetime import date

import pytest

from commands.mark import MarkSession
from commands.pupil_enrol import EnrolPupil
from commands.pupil_remove import RemovePupil
from ledger.events.roll import PupilRemoved
from ledger.values import parse_session
from tests.commands.conftest import upn

FRIDAY = date(2026, 11, 20)


def remove(**fields):
    return RemovePupil(**({"pupil": "P1", "last_day": FRIDAY, "ground": "f"} | fields))


def test_last_day_and_ground_are_recorded(desk):
    """With who recorded it and where the pupil goes."""
    [(stream, event)] = desk.recorded(remove(next_school="Other High"))
    assert stream == f"pupil:{desk.id('P1')}"
    assert event == PupilRemoved(
        starts_on=date(2026, 9, 2),
        leaves_on=FRIDAY,
        ground="f",
        next_school="Other High",
        by="mm",
    )


def test_deletion_back_over_marks_is_refused(desk):
    """Nobody attends who is not on roll; the last day may be that of the last mark."""
    for name in ("2026-11-19/AM", "2026-11-20/AM"):
        desk.do(MarkSession(pupil="P1", session=parse_session(name), code="N"))
    refused = desk.refused(remove(last_day=date(2026, 11, 18)))
    assert refused.code == "marks-after-last-day"
    assert "2026-11-19/AM" in refused.what
    assert "2026-11-20" in refused.remedy
    assert desk.do(remove()).header is not None


def test_last_day_to_come_may_change(desk):
    """A family stays a week longer."""
    desk.do(remove(last_day=date(2026, 11, 27)))
    [(_, event)] = desk.recorded(remove(last_day=date(2026, 12, 4)))
    assert event.leaves_on == date(2026, 12, 4)


def test_last_day_that_has_passed_stands(desk):
    """Afterwards only a new spell can follow."""
    desk.do(remove(last_day=date(2026, 11, 19)))
    assert desk.refused(remove()).code == "already-removed"


def test_repeated_removal_records_nothing(desk):
    """The same last day again is no news."""
    desk.do(remove())
    assert "nothing was recorded" in desk.do(remove()).says[0]


def test_second_spell_ends_by_itself(desk):
    """The first spell stays as it ended."""
    desk.do(remove(last_day=date(2026, 11, 6)))
    again = EnrolPupil(
        upn=upn(1), surname="Quill", forename="Ada", dob=date(2014, 10, 1),
        starts_on=date(2026, 11, 16),
    )  # fmt: skip
    desk.do(again)
    [(_, event)] = desk.recorded(remove())
    assert event.starts_on == date(2026, 11, 16)
    assert desk.refused(remove(last_day=date(2026, 11, 13))).code == "not-on-roll"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"last_day": date(2026, 9, 1)}, "not-on-roll"),
        ({"ground": " "}, "ground-missing"),
    ],
)
def test_removal_that_cannot_be_is_refused(desk, fields, code):
    """Before the first day, or without a ground."""
    assert desk.refused(remove(**fields)).code == code
