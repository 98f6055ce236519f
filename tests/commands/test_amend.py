"""attendance amend: what is recorded, what is refused, what a range takes in."""

from datetime import date

import pytest

from commands.amend import AmendMarks
from commands.closures_withdraw import WithdrawClosure
from commands.mark import MarkSession
from commands.pupil_remove import RemovePupil
from commands.register_take import TakeRegister
from commands.session_cancel import CancelSessions
from ledger.events.register import MarkAmended, MarkCorrected
from ledger.values import parse_session
from tests.commands.conftest import NOW

MONDAY_AM = parse_session("2026-11-16/AM")


def amend(**fields):
    given = {"pupil": "P1", "session": MONDAY_AM, "code": "I", "reason": "mother rang"}
    return AmendMarks(**(given | fields))


def week(**fields):
    return amend(session=None, from_="2026-11-16", to_="2026-11-20", **fields)


@pytest.fixture
def marked(desk):
    """Ada has N for three sessions and / for one in the week of 16 November."""
    for name, code in (
        ("2026-11-16/AM", "N"),
        ("2026-11-16/PM", "N"),
        ("2026-11-17/AM", "/"),
        ("2026-11-18/AM", "N"),
    ):
        desk.do(MarkSession(pupil="P1", session=parse_session(name), code=code))
    return desk


def test_amendment_keeps_the_statutory_five_and_the_title(marked):
    """Original, amended, reason and name are in the event, with the job title."""
    [(stream, event)] = marked.recorded(amend())
    assert stream == f"mark:{marked.id('P1')}:2026-11-16/AM"
    assert event == MarkAmended(
        original="N",
        code="I",
        reason="mother rang",
        by="mm",
        name="Mo Marsh",
        job_title="Attendance Officer",
    )


def test_amendment_is_shown(marked):
    """The answer names pupil, session and both codes."""
    assert marked.do(amend()).says == ("Ada Quill 2026-11-16/AM: N -> I",)


def test_dry_run_records_nothing(marked):
    """A dry run shows the amendment and leaves the log as it was."""
    before = marked.folder.head()
    outcome = marked.do(amend(dry_run=True))
    assert outcome.says[0] == "Ada Quill 2026-11-16/AM: N -> I"
    assert "nothing was recorded" in outcome.says[1]
    assert marked.folder.head() == before


def test_range_amends_every_mark_that_stands_in_one_batch(marked):
    """Sessions without a mark are passed over; the amendments share a batch."""
    events = [event for _, event in marked.recorded(week())]
    assert [e.original for e in events] == ["N", "N", "/", "N"]
    assert len({e.batch for e in events} - {None}) == 1


def test_from_code_takes_only_marks_with_that_code(marked):
    """The present mark in between stays."""
    events = [event for _, event in marked.recorded(week(from_code="N"))]
    assert [e.original for e in events] == ["N", "N", "N"]


def test_one_amendment_of_a_range_has_no_batch(marked):
    """A batch ties amendments together; one alone needs none."""
    [(_, event)] = marked.recorded(week(from_code="/"))
    assert event.batch is None


def test_present_takes_the_form_of_its_half_day_in_a_range(marked):
    """One code for present over a range becomes / in the morning and \\ in the afternoon."""
    events = [event for _, event in marked.recorded(week(from_code="N", code="/"))]
    assert [e.code for e in events] == ["/", "\\", "/"]


def test_range_leaves_marks_that_say_so_already(marked):
    """A mark that would not change gets no amendment."""
    marked.do(amend())
    events = [event for _, event in marked.recorded(week())]
    assert [e.original for e in events] == ["N", "/", "N"]


def test_range_leaves_cancelled_sessions(marked):
    """A session that was cancelled keeps the code of its cancellation."""
    marked.do(CancelSessions(sessions=("2026-11-18",), reason="no heating"))
    events = [event for _, event in marked.recorded(week())]
    assert [e.original for e in events] == ["N", "N", "/"]


def test_change_before_the_register_closes_is_a_correction(desk):
    """Before the end of taking the change is part of it."""
    desk.at("2026-11-20T08:50")
    today = parse_session("2026-11-20/AM")
    desk.do(MarkSession(pupil="P1", session=today, code="N"))
    [(_, event)] = desk.recorded(amend(session=today, code="L", minutes_late=4, reason="came in"))
    assert event == MarkCorrected(
        original="N", code="L", minutes_late=4, reason="came in", by="mm"
    )


def test_change_after_the_recorded_end_is_an_amendment(desk):
    """A register that was taken has ended, also before its closing time."""
    desk.at("2026-11-20T08:50")
    today = parse_session("2026-11-20/AM")
    desk.do(TakeRegister(group="7A", session=today, rest_present=True))
    [(_, event)] = desk.recorded(amend(session=today))
    assert isinstance(event, MarkAmended)


def test_another_nature_is_an_amendment(marked):
    """The same code with another nature is not the same mark."""
    marked.do(amend(code="B", nature="taster day"))
    [(_, event)] = marked.recorded(amend(code="B", nature="college open day"))
    assert (event.original, event.code, event.nature) == ("B", "B", "college open day")


def test_same_mark_is_refused(marked):
    """Repeating an amendment is refused: there is nothing to amend."""
    marked.do(amend(code="B", nature="taster day"))
    assert marked.refused(amend(code="B", nature="taster day")).code == "same-mark"


def test_range_where_nothing_changes_is_refused(marked):
    """A range without marks to amend is told so."""
    assert marked.refused(week(from_code="M")).code == "nothing-to-amend"


def test_session_without_a_mark_is_refused_naming_mark(marked):
    """A first mark is an entry, not an amendment."""
    refused = marked.refused(amend(session=parse_session("2026-11-19/AM")))
    assert refused.code == "no-mark"
    assert "attendance mark" in refused.remedy


def test_other_code_than_described_is_refused(marked):
    """--from-code guards the one session too."""
    refused = marked.refused(amend(from_code="O"))
    assert refused.code == "other-code-stands"
    assert "N stands for 2026-11-16/AM, not O" in refused.what


def test_blank_reason_is_refused(marked):
    """The reason is one of the statutory five."""
    refused = marked.refused(amend(reason="  "))
    assert (refused.code, refused.remedy) == ("reason-missing", "give it with --reason")


def test_nobody_named_is_refused(marked):
    """An amendment without a name cannot be recorded."""
    marked.staff_id = None
    assert marked.refused(amend()).code == "author-missing"


def test_somebody_not_on_the_staff_is_refused(marked):
    """The name has to be of a member of staff."""
    marked.staff_id = "nobody"
    assert marked.refused(amend()).code == "author-not-on-staff"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"code": "B"}, "nature-missing"),
        ({"code": "X"}, "code-age"),
        ({"code": "J"}, "code-not-in-force"),
        ({"code": "QQ"}, "code-unknown"),
        ({"code": "\\"}, "code-wrong-session"),
        ({"code": "#"}, "code-no-entry"),
        ({"code": "Y4"}, "code-cancelled"),
        ({"minutes_late": 5}, "minutes-not-late"),
        ({"session": parse_session("2026-11-27/AM")}, "future-session"),
        ({"session": parse_session("2026-10-27/AM")}, "outside-term"),
        ({"session": None}, "session-or-range"),
        ({"from_": "2026-11-16"}, "session-or-range"),
        ({"session": None, "from_": "2026-11-16"}, "session-or-range"),
        ({"session": None, "from_": "2026-11-17", "to_": "2026-11-16"}, "range-reversed"),
        ({"pupil": "P9"}, "pupil-unknown"),
    ],
)
def test_what_may_not_stand_is_refused(marked, fields, code):
    """Each rule of a mark holds for an amendment as well."""
    assert marked.refused(amend(**fields)).code == code


def test_one_bad_session_refuses_the_whole_range(marked):
    """All or nothing: a code that needs its nature refuses every amendment."""
    assert marked.refused(week(code="K")).code == "nature-missing"


def test_unknown_code_over_a_range_is_refused(marked):
    """A range does not hide a code that does not exist."""
    assert marked.refused(week(code="QQ")).code == "code-unknown"


def test_cancelled_session_is_refused(marked):
    """One session that was cancelled is refused by name."""
    marked.do(CancelSessions(sessions=("2026-11-16/AM",), reason="no heating"))
    assert marked.refused(amend()).code == "session-cancelled"
    marked.do(WithdrawClosure(day=date(2026, 11, 16), session=("AM",), reason="it was held"))
    assert marked.do(amend()).says == ("Ada Quill 2026-11-16/AM: Y4 -> I",)


def test_pupil_off_roll_is_refused(marked):
    """Nothing is amended for a day after the pupil left."""
    marked.at("2026-11-18T16:00")
    marked.do(RemovePupil(pupil="P1", last_day=date(2026, 11, 18), ground="a"))
    refused = marked.at(NOW).refused(amend(session=parse_session("2026-11-19/AM")))
    assert refused.code == "not-on-roll"


def test_ends_of_a_range_may_be_sessions(marked):
    """A range of sessions starts and ends within a day."""
    command = amend(session=None, from_="2026-11-16/PM", to_=parse_session("2026-11-17/AM"))
    assert [e.original for _, e in marked.recorded(command)] == ["N", "/"]
