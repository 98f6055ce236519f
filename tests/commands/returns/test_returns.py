"""attendance returns made: a return to the local authority is recorded."""

from datetime import date

import pytest

from commands.returns.returns import MakeReturn
from ledger.events.returns import ReturnMade
from tests.commands.conftest import upn

FRIDAY = date(2026, 11, 20)


def made(**fields):
    return MakeReturn(**({"kind": "attendance", "on": FRIDAY} | fields))


def test_who_it_was_about_and_who_made_it_are_recorded(desk):
    """Pupils by their internal ids, each once, name and title as they are now."""
    [(stream, event)] = desk.recorded(made(pupil=("P2", "P1", upn(1))))
    assert stream == "returns:attendance"
    assert event == ReturnMade(
        on=FRIDAY,
        pupils=tuple(sorted((desk.id("P1"), desk.id("P2")))),
        by="mm",
        name="Mo Marsh",
        job_title="Attendance Officer",
    )


def test_a_return_that_names_nobody_was_about_everyone_due(desk):
    """The usual monthly list."""
    outcome = desk.do(made())
    assert outcome.says == ("attendance return of 2026-11-20, everyone due: recorded as made",)


def test_the_same_return_again_records_nothing(desk):
    """Another day, kind or other pupils are another return."""
    desk.do(made(pupil=("P1",)))
    assert "recorded before" in desk.do(made(pupil=("P1",))).says[0]
    for other in ({"kind": "sickness"}, {"on": date(2026, 11, 19)}, {"pupil": ("P2",)}):
        assert desk.do(made(**({"pupil": ("P1",)} | other))).header is not None


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"on": date(2026, 11, 21)}, "return-future"), ({"pupil": ("P77",)}, "pupil-unknown")],
)
def test_a_return_that_cannot_be_is_refused(desk, fields, code):
    """Tomorrow's, or about somebody unknown."""
    assert desk.refused(made(**fields)).code == code


def test_whoever_made_it_is_named(desk):
    """It is an act of the school."""
    desk.staff_id = None
    assert desk.refused(made()).code == "author-missing"
