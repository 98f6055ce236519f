"""How the sessions of leave are written."""

from commands.leave.leave import sessions_in_words
from ledger.values import parse_session


def test_sessions_are_written_day_by_day_in_order():
    """A half of a day by its name, both as the day."""
    given = ("2026-11-30/AM", "2026-11-27/PM", "2026-12-01/PM", "2026-11-27/AM")
    sessions = [parse_session(each) for each in given]
    assert sessions_in_words(sessions) == "2026-11-27, 2026-11-30 AM, 2026-12-01 PM"
    assert sessions_in_words([]) == ""
