"""Returns to the local authority: one made is recorded, and the figure agreed for one."""

from datetime import date

import pytest

from commands.returns.returns import AgreeReturn, MakeReturn
from ledger.events.returns import ReturnAgreed, ReturnMade
from tests.commands.conftest import taken_back_by, upn
from tests.commands.meanwhile import tries

FRIDAY = date(2026, 11, 20)


def made(**fields):
    return MakeReturn(**({"kind": "attendance", "on": FRIDAY} | fields))


def test_who_it_was_about_and_who_made_it_are_recorded(desk):
    """Pupils by their internal ids, each once, name and title as they are now."""
    recorded = desk.recorded(made(pupil=("P4", "P2", "P1", upn(1), "P3")))
    pupils = tuple(sorted(desk.id(each) for each in ("P1", "P2", "P3", "P4")))
    by = {"by": "mm", "name": "Mo Marsh", "job_title": "Attendance Officer"}
    assert recorded == [("returns:attendance", ReturnMade(on=FRIDAY, pupils=pupils, **by))]


def test_a_return_that_names_nobody_was_about_everyone_due(desk):
    outcome = desk.do(made())
    assert outcome.says == (
        "attendance return of 2026-11-20, everyone due: recorded as made",
        taken_back_by("return", desk.log()[-1][0]),
    )


def test_the_same_return_again_records_nothing(desk):
    desk.do(made(pupil=("P1",)))
    assert "recorded before" in desk.do(made(pupil=("P1",))).says[0]
    for other in ({"kind": "sickness"}, {"on": date(2026, 11, 19)}, {"pupil": ("P2",)}):
        assert desk.do(made(**({"pupil": ("P1",)} | other))).header is not None


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"on": date(2026, 11, 21)}, "return-future"), ({"pupil": ("P77",)}, "pupil-unknown")],
)
def test_a_return_that_cannot_be_is_refused(desk, fields, code):
    assert desk.refused(made(**fields)).code == code


def test_whoever_made_it_is_named(desk):
    desk.staff_id = None
    assert desk.refused(made()).code == "author-missing"


FIRST = date(2026, 9, 1)


def agree(**fields):
    return AgreeReturn(**({"sessions": 20, "weeks": 10, "from_": FIRST} | fields))


def test_the_figure_is_recorded_with_its_first_day(desk):
    expected = ReturnAgreed(sessions=20, weeks=10, since=FIRST, by="mm")
    assert desk.recorded(agree()) == [("returns:attendance", expected)]


def test_the_same_figure_again_records_nothing(desk):
    desk.do(agree())
    assert "nothing was recorded" in desk.do(agree()).says[0]
    assert desk.do(agree(sessions=10)).header is not None
    assert desk.do(agree()).header is not None
    assert desk.do(agree(from_=date(2027, 1, 4))).header is not None


@pytest.mark.parametrize("fields", [{"sessions": 0}, {"weeks": 0}])
def test_a_figure_of_nothing_is_no_command(fields):
    with pytest.raises(ValueError, match="less than 1"):
        agree(**fields)


def test_returns_of_two_kinds_do_not_meet(desk):
    """Two of one kind do: which came first decides whether the second is news."""
    other, another_day = made(kind="sickness"), made(on=date(2026, 11, 19))
    assert tries(desk, made(pupil=("P1",)), other) == 1
    assert tries(desk, made(pupil=("P2",)), another_day) == 2


def test_the_figure_agreed_does_not_meet_other_returns(desk):
    agreed = AgreeReturn(sessions=10, weeks=10, from_=FRIDAY)
    assert tries(desk, agreed, made(kind="joiners"), made(kind="leavers")) == 1
