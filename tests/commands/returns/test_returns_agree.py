"""attendance returns agree: the figure agreed with the local authority."""

from datetime import date

import pytest
from pydantic import ValidationError

from commands.returns.returns import AgreeReturn
from ledger.events.returns import ReturnAgreed

FIRST = date(2026, 9, 1)


def agree(**fields):
    return AgreeReturn(**({"sessions": 20, "weeks": 10, "from_": FIRST} | fields))


def test_the_figure_is_recorded_with_its_first_day(desk):
    """In the stream of the attendance returns."""
    [(stream, event)] = desk.recorded(agree())
    assert stream == "returns:attendance"
    assert event == ReturnAgreed(sessions=20, weeks=10, since=FIRST, by="mm")


def test_the_same_figure_again_records_nothing(desk):
    """Another figure from the same day replaces it; back again is news."""
    desk.do(agree())
    assert "nothing was recorded" in desk.do(agree()).says[0]
    assert desk.do(agree(sessions=10)).header is not None
    assert desk.do(agree()).header is not None
    assert desk.do(agree(from_=date(2027, 1, 4))).header is not None


@pytest.mark.parametrize("fields", [{"sessions": 0}, {"weeks": 0}])
def test_a_figure_of_nothing_is_no_command(fields):
    """At least one session in at least one week."""
    with pytest.raises(ValidationError):
        agree(**fields)
