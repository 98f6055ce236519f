"""attendance move-mark: a mark recorded against the wrong pupil."""

import pytest

from commands.amending.amend import MoveMark
from ledger.events.register import MarkAmended, SessionMarked
from ledger.values import parse_session
from tests.commands.conftest import MO

AM = parse_session("2026-11-20/AM")


def move(**fields):
    given = {"session": AM, "from_": "P1", "to": "P2", "code": "/", "reason": "wrong row"}
    return MoveMark(**(given | fields))


@pytest.fixture
def wrong(desk):
    """Ada has the work placement that was Ben's."""
    desk.mark("P1", AM, "B", nature="taster day")
    return desk


def test_right_pupil_gets_a_late_entry_and_the_wrong_one_an_amendment(wrong):
    """Both say why, and a batch ties them where both are amendments."""
    facts = dict(wrong.recorded(move()))
    amended = facts[f"mark:{wrong.id('P1')}:{AM}"]
    assert amended == MarkAmended(
        original="B", code="/", reason="wrong row", batch=amended.batch, **MO
    )
    assert facts[f"mark:{wrong.id('P2')}:{AM}"] == SessionMarked(
        code="B", late=True, nature="taster day", reason="wrong row", by="mm"
    )


def test_mark_of_the_right_pupil_is_amended(wrong):
    """What was B against Ada is B against Ben, who had N."""
    wrong.mark("P2", AM, "N")
    facts = dict(wrong.recorded(move()))
    ada, ben = (facts[f"mark:{wrong.id(p)}:{AM}"] for p in ("P1", "P2"))
    assert (ben.original, ben.code, ben.nature) == ("N", "B", "taster day")
    assert ada.batch == ben.batch is not None


def test_right_pupil_who_has_the_mark_already_keeps_it(wrong):
    """Only the wrong pupil's mark changes."""
    wrong.mark("P2", AM, "B", nature="taster day")
    assert len(wrong.recorded(move())) == 1


def test_move_is_shown(wrong):
    """Both pupils, before and after; repeated, the wrong pupil has the code already."""
    assert wrong.do(move()).says == (
        f"Ada Quill {AM}: B -> /",
        f"Ben Reed {AM}: no mark -> B",
    )
    wrong.refused(move(), "nothing-to-move")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "P1"}, "nothing-to-move"),
        ({"from_": "P2", "to": "P1"}, "nothing-to-move"),
        ({"code": "B", "nature": "taster day"}, "nothing-to-move"),
        ({"code": "K"}, "nature-missing"),
        ({"code": "X"}, "code-age"),
        ({"reason": ""}, "reason-missing"),
        ({"to": "nobody"}, "pupil-unknown"),
    ],
)
def test_move_that_cannot_be_is_refused(wrong, fields, code):
    """Nothing to move, a code that may not stand, no reason, nobody."""
    wrong.refused(move(**fields), code)


def test_right_pupil_gets_an_ordinary_entry_while_the_register_is_open(desk):
    """Nothing made before the end of its taking is late."""
    desk.at("2026-11-20T08:50").mark("P1", AM, "B", nature="taster day")
    facts = dict(desk.recorded(move()))
    assert not facts[f"mark:{desk.id('P2')}:{AM}"].late
