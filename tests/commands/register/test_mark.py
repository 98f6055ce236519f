"""attendance mark: one pupil's first mark, and what may become of it."""

from datetime import date

import pytest

from commands.calendar.closures import AddClosure, CancelSessions
from commands.calendar.terms import SetTerm
from commands.core.marks import MOST_MINUTES_LATE
from commands.register.take import MarkSession, TakeRegister
from commands.roll.enrol import EnrolPupil
from ledger.events.register import MarkCorrected, SessionMarked
from ledger.values import parse_session
from tests.commands.conftest import upn

AM = parse_session("2026-11-20/AM")


def mark(**fields):
    return MarkSession(**({"pupil": "P1", "session": AM, "code": "N"} | fields))


@pytest.fixture
def morning(desk):
    """It is 08:50 and registers are open."""
    return desk.at("2026-11-20T08:50")


def test_mark_while_the_register_is_open_is_an_entry(morning):
    """With everything stated of it."""
    command = mark(code="L", minutes_late=4, comment="bus", reason="traffic")
    assert morning.recorded(command) == [
        (
            f"mark:{morning.id('P1')}:{AM}",
            SessionMarked(code="L", minutes_late=4, comment="bus", reason="traffic", by="mm"),
        )
    ]


def test_mark_after_the_closing_time_is_a_late_entry(desk):
    """Nobody recorded an end, so the closing time is the end."""
    [(_, event)] = desk.recorded(mark())
    assert event.late


def test_mark_after_the_register_was_taken_is_a_late_entry(morning):
    """The recorded end comes before the closing time."""
    morning.do(TakeRegister(group="7A", session=AM, rows=((0, "P2", "/"),)))
    [(_, event)] = morning.recorded(mark())
    assert event.late


def test_without_register_times_the_day_is_the_end(desk):
    """Where nobody recorded when registers close, they have ended on the next day."""
    desk.do(SetTerm(name="Summer 2", first=date(2026, 6, 1), last=date(2026, 7, 17)))
    desk.do(
        EnrolPupil(
            upn=upn(9), local_id="P9", surname="Vale", forename="Eve", dob=date(2015, 1, 5),
            starts_on=date(2026, 6, 1),
        )
    )  # fmt: skip
    june = parse_session("2026-06-01/AM")
    desk.at("2026-06-01T16:00")
    assert not desk.recorded(mark(pupil="P9", session=june))[0][1].late
    desk.at("2026-06-02T09:00")
    assert desk.recorded(mark(pupil="P9", session=parse_session("2026-06-01/PM")))[0][1].late
    assert desk.refused(mark(pupil="P9", session=june, code="/")).code == "already-marked"


def test_other_mark_while_the_register_is_open_is_a_correction(morning):
    """Part of the taking."""
    morning.do(mark())
    [(_, event)] = morning.recorded(mark(code="/"))
    assert event == MarkCorrected(original="N", code="/", by="mm")


def test_other_mark_after_the_end_is_refused_naming_amend(morning):
    """From then on a change is an amendment."""
    morning.do(mark())
    refused = morning.at("2026-11-20T09:30").refused(mark(code="/"))
    assert refused.code == "already-marked"
    assert "attendance amend" in refused.remedy


def test_repeated_mark_records_nothing(desk):
    """The same code again is no news."""
    desk.do(mark())
    assert "nothing was recorded" in desk.do(mark()).says[0]


def test_closed_and_cancelled_sessions_are_refused(desk):
    """Nothing is marked on what was not held."""
    desk.do(AddClosure(day=date(2026, 11, 20), session=("PM",), reason="INSET"))
    desk.do(CancelSessions(sessions=(str(AM),), reason="flood"))
    assert desk.refused(mark(session=parse_session("2026-11-20/PM"))).code == "school-closed"
    assert desk.refused(mark()).code == "session-cancelled"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"pupil": "nobody"}, "pupil-unknown"),
        ({"session": parse_session("2026-11-23/AM")}, "future-session"),
        ({"session": parse_session("2026-11-14/AM")}, "outside-term"),
        ({"session": parse_session("2026-09-01/AM")}, "not-on-roll"),
        ({"code": "#"}, "code-no-entry"),
        ({"code": "Y4"}, "code-cancelled"),
        ({"code": "K"}, "nature-missing"),
        ({"code": "X"}, "code-age"),
        ({"pupil": "P4", "code": "C2"}, "code-age"),
        ({"minutes_late": 3}, "minutes-not-late"),
    ],
)
def test_what_may_not_stand_is_refused(desk, fields, code):
    """Each rule of a mark."""
    assert desk.refused(mark(**fields)).code == code


@pytest.mark.parametrize("minutes", [720, 721, 2**63, 10**30])
def test_minutes_late_have_an_end(morning, minutes):
    """No session is longer than half a day; a number beyond every reach damages no view."""
    late = mark(code="L", minutes_late=minutes)
    if minutes == MOST_MINUTES_LATE:
        assert morning.do(late).header is not None
    else:
        assert morning.refused(late).code == "minutes-too-many"
