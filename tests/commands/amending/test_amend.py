"""attendance amend: what is recorded, what is refused, what a range takes in."""

from dataclasses import replace
from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.amending.changes import check_selects
from commands.calendar.closures import CancelSessions, WithdrawClosure
from commands.core.sessions import Span
from commands.register.take import TakeRegister
from commands.roll.remove import RemovePupil
from ledger.events.amending import AmendmentRequested
from ledger.events.register import MarkAmended, MarkCorrected, SessionMarked
from ledger.values import parse_session
from policies.packs.codes import codes
from tests.commands.conftest import MO

MONDAY_AM = parse_session("2026-11-16/AM")
TODAY = parse_session("2026-11-20/AM")
WEEK = {"session": None, "from_": "2026-11-16", "to_": "2026-11-20"}


def amend(**fields):
    given = {"pupil": "P1", "session": MONDAY_AM, "code": "I", "reason": "mother rang"}
    return AmendMarks(**(given | fields))


def week(**fields):
    return amend(**WEEK | fields)


@pytest.fixture
def marked(desk):
    """Ada has N for three sessions and / for one in the week of 16 November."""
    for session, code in (("16/AM", "N"), ("16/PM", "N"), ("17/AM", "/"), ("18/AM", "N")):
        desk.mark("P1", f"2026-11-{session}", code)
    return desk


def test_amendment_keeps_the_statutory_five_and_the_title(marked):
    """Original, amended, reason and name are in the event, with the job title."""
    [(stream, event)] = marked.recorded(amend())
    assert stream == f"mark:{marked.id('P1')}:2026-11-16/AM"
    assert event == MarkAmended(original="N", code="I", reason="mother rang", **MO)


def test_amendment_is_shown(marked):
    """The answer names pupil, session, both codes, the kind, the lag and what moves."""
    assert marked.do(amend()).says == (
        "Ada Quill 2026-11-16/AM: N -> I (amendment, 4 school days after the session)",
        "the figures: authorised absence +1, unauthorised absence -1",
    )


def test_batch_is_named_where_there_is_one(marked):
    """The amendments of a range can be found again by the number that the answer names."""
    number = marked.folder.head() + 1
    says = marked.do(week(from_code="N")).says
    assert says[3] == "3 amendments"
    way_back = f"attendance put-back {number} --reason WHY would put back what stood before"
    assert says[-1] == f"batch {number}: {way_back}"
    assert len({e.batch for _, _, e in marked.log() if isinstance(e, MarkAmended)}) == 1


def test_dry_run_shows_each_change_in_full_and_records_nothing(marked):
    """A dry run says what the codes mean, when the change comes, and what it would move."""
    before = marked.folder.head()
    says = marked.do(week(code="L", minutes_late=5, from_code="/", dry_run=True)).says
    assert says == (
        "Ada Quill 2026-11-17/AM",
        "  stands:   /  Present, morning",
        "  to stand: L  Late: arrived while the register was still open (5 minutes late)",
        "  amendment, 3 school days after the session",
        "  reason:   mother rang",
        "the figures: nothing moves",
        (
            "6 sessions without a mark left out: 2026-11-17/PM, 2026-11-18/PM, 2026-11-19, "
            "2026-11-20 (attendance mark)"
        ),
        "3 sessions with another code than / left out",
        "dry run: nothing was recorded",
    )
    assert marked.folder.head() == before


def test_dry_run_counts_what_moves(marked):
    """Sessions move from one figure to another; what the codes need is shown with them."""
    says = marked.do(week(code="B", nature="taster day", dry_run=True)).says
    assert says[2].endswith("(taster day)")
    assert says[-4:] == (
        "4 amendments",
        "the figures: attended +3, unauthorised absence -3",
        (
            "6 sessions without a mark left out: 2026-11-17/PM, 2026-11-18/PM, 2026-11-19, "
            "2026-11-20 (attendance mark)"
        ),
        "dry run: nothing was recorded",
    )


@pytest.mark.parametrize(
    ("fields", "amended"),
    [
        pytest.param({}, "NI NI /I NI", id="every-mark-that-stands"),
        pytest.param({"from_code": "N"}, "NI NI NI", id="only-marks-with-that-code"),
        pytest.param({"from_code": "N", "code": "/"}, "N/ N\\ N/", id="present-of-its-half-day"),
        pytest.param({"from_code": "/"}, "/I", id="one-alone"),
        pytest.param(
            {"from_": "2026-11-16/PM", "to_": "2026-11-17/AM"}, "NI /I", id="between-two-sessions"
        ),
    ],
)
def test_range_amends_every_mark_that_stands_in_one_batch(marked, fields, amended):
    """Sessions without a mark are passed over; one amendment alone needs no batch."""
    events = marked.events(amend(**WEEK | fields))
    assert " ".join(e.original + e.code for e in events) == amended
    batches = {e.batch for e in events}
    assert (len(batches), None in batches) == (1, len(events) == 1)


def test_range_leaves_what_says_so_already_or_was_cancelled(marked):
    """A mark that would not change gets no amendment, nor does that of a cancellation."""
    marked.do(amend())
    marked.do(CancelSessions(sessions=("2026-11-18",), reason="no heating"))
    assert [e.original for e in marked.events(week())] == ["N", "/"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_range_says_which_sessions_it_left_out_and_why(marked, dry_run):
    """Blank ones with the command that fills them; those to come; what the calendar gave."""
    marked.do(amend())
    marked.do(CancelSessions(sessions=("2026-11-18",), reason="no heating"))
    says = marked.do(week(to_="2026-11-24", dry_run=dry_run)).says
    assert [line for line in says if "left out" in line] == [
        (
            "5 sessions without a mark left out: 2026-11-17/PM, 2026-11-19, 2026-11-20 "
            "(attendance mark)"
        ),
        "4 sessions still to come left out: 2026-11-23, 2026-11-24 (attendance plan add)",
        "2 sessions cancelled or closed, with a mark, left out: 2026-11-18",
        "1 session with that mark already left out: 2026-11-16/AM",
    ]
    whole = marked.do(week(to_="2026-12-11", code="O", dry_run=True)).says
    assert any(line.endswith("2026-12-04 and 5 more days (attendance plan add)") for line in whole)


def test_range_in_which_every_mark_is_amended_leaves_nothing_out(marked):
    says = marked.do(week(to_="2026-11-17/AM", code="O")).says
    assert not any("left out" in line for line in says)


def test_change_before_the_register_closes_is_a_correction(desk):
    """Before the end of taking the change is part of it, and never called an amendment."""
    desk.at("2026-11-20T08:50")
    desk.mark("P1", TODAY, "N")
    [event] = desk.events(amend(session=TODAY, code="L", minutes_late=4, reason="came in"))
    assert event == MarkCorrected(
        original="N", code="L", minutes_late=4, reason="came in", by="mm"
    )
    command = amend(session=TODAY, code="/", reason="came in")
    tried = desk.do(replace(command, dry_run=True)).says
    assert "  corrected during taking, on the day of the session" in tried
    assert desk.do(command).says[0] == (
        "Ada Quill 2026-11-20/AM: L -> / (corrected during taking, on the day of the session)"
    )


def test_corrections_and_amendments_are_counted_apart(marked):
    """One request may hold both; only the amendments share a batch."""
    marked.at("2026-11-20T13:52").mark("P1", "2026-11-20/PM", "N")
    says = marked.do(week(from_code="N")).says
    assert says[4] == "3 amendments; 1 corrected during taking"


def test_change_after_the_recorded_end_is_an_amendment(desk):
    """A register that was taken has ended, also before its closing time."""
    desk.at("2026-11-20T08:50")
    desk.do(TakeRegister(group="7A", session=TODAY, rest_present=True))
    [event] = desk.events(amend(session=TODAY))
    assert isinstance(event, MarkAmended)


def test_another_nature_is_an_amendment(marked):
    """The same code with another nature is not the same mark; repeated, it is."""
    marked.do(amend(code="B", nature="taster day"))
    again = amend(code="B", nature="college open day")
    [event] = marked.events(again)
    assert (event.original, event.code, event.nature) == ("B", "B", "college open day")
    marked.refused(again, "same-mark")


@pytest.mark.parametrize("left_out", ["pupil", "code", "reason"])
def test_what_one_pupil_needs_is_asked_for(left_out):
    """Without a batch file the pupil, the code and the reason have to be given."""
    with pytest.raises(ValueError, match=f"^Missing option '--{left_out}', or '--batch' "):
        amend(**{left_out: None})


def test_code_without_a_meaning_on_the_day_is_shown_as_such(marked):
    """A source may have stated a code that the day did not know; it can still be amended."""
    marked.put(f"mark:{marked.id('P3')}:2026-11-16/AM", SessionMarked(code="ZZ"))
    says = marked.do(amend(pupil="P3", dry_run=True)).says
    assert says[1] == "  stands:   ZZ  no code of that day"
    assert says[5] == "the figures: authorised absence +1, not counted -1"


@pytest.mark.parametrize(
    ("staff_id", "code"), [(None, "author-missing"), ("nobody", "author-not-on-staff")]
)
def test_who_amends_is_on_the_staff(marked, staff_id, code):
    """An amendment without the name of a member of staff cannot be recorded."""
    marked.by(staff_id).refused(amend(), code)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"pupil": " "}, "pupil-missing"),
        ({"code": " "}, "code-missing"),
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
        (WEEK | {"from_code": "M"}, "nothing-to-amend"),
        (WEEK | {"from_code": "n"}, "code-unknown"),
        (WEEK | {"from_code": "J"}, "code-not-in-force"),
        ({"from_code": "n"}, "code-unknown"),
        (WEEK | {"code": "K"}, "nature-missing"),  # one session refuses the whole range
        (WEEK | {"code": "QQ"}, "code-unknown"),
    ],
)
def test_what_may_not_stand_is_refused(marked, fields, code):
    """Each rule of a mark holds for an amendment as well, and for each of a range."""
    marked.refused(amend(**fields), code)


def test_a_code_to_choose_by_that_is_none_is_named(marked):
    """Four marks N stand, and n is no code: it is the code that is wrong, not the sessions."""
    refused = marked.refused(week(from_code="n"), "code-unknown", "'n' is not a register code")
    assert refused.remedy == "capitals matter; attendance rules lists the codes"


def test_a_code_that_stands_may_be_chosen_whatever_the_rules_say():
    """A mark that another system stated with a code of before is put right by it."""
    check_selects(codes(), "J", Span(MONDAY_AM, TODAY), ["N", "J"])


@pytest.mark.parametrize(
    ("fields", "what", "remedy"),
    [
        (
            {"from_": "2026-11-19", "to_": "2026-11-20"},
            "4 sessions without a mark left out: 2026-11-19, 2026-11-20 (attendance mark)",
            "check the sessions; look with attendance history",
        ),
        (
            {"from_": "2026-11-16", "to_": "2026-11-16", "code": "N"},
            "2 sessions with that mark already left out: 2026-11-16",
            "check the sessions; look with attendance history",
        ),
        (
            {"from_": "2026-11-16", "to_": "2026-11-16", "from_code": "M"},
            "2 sessions with another code than M left out",
            "check the sessions and --from-code; look with attendance history",
        ),
        (
            {"from_": "2026-10-26", "to_": "2026-10-27"},
            "the pupil has no session there, by the terms and the roll",
            "check the sessions; look with attendance history",
        ),
    ],
)
def test_a_range_in_which_nothing_changes_says_why(marked, fields, what, remedy):
    """As a range does in which something changes; --from-code is named where it was given."""
    refused = marked.refused(week(**fields), "nothing-to-amend")
    assert refused.what.endswith(f"no mark stands that would change: {what}")
    assert refused.remedy == remedy


def test_what_stands_must_be_as_described(marked):
    """A first mark is an entry, not an amendment; --from-code guards the one session too."""
    refused = marked.refused(amend(session=parse_session("2026-11-19/AM")), "no-mark")
    assert "attendance mark" in refused.remedy
    marked.refused(amend(from_code="O"), "other-code-stands", "N stands for 2026-11-16/AM, not O")


def test_blank_reason_is_refused(marked):
    """The reason is one of the statutory five."""
    refused = marked.refused(amend(reason="  "), "reason-missing")
    assert refused.remedy == "give it with --reason"


def test_cancelled_session_is_refused(marked):
    """One session that was cancelled is refused by name."""
    marked.do(CancelSessions(sessions=("2026-11-16/AM",), reason="no heating"))
    marked.refused(amend(), "session-cancelled")
    marked.do(WithdrawClosure(day=date(2026, 11, 16), session=("AM",), reason="it was held"))
    says = marked.do(amend()).says
    assert says[0].startswith("Ada Quill 2026-11-16/AM: Y4 -> I ")
    assert says[1] == "the figures: authorised absence +1, not counted -1"


def test_pupil_off_roll_is_refused(marked):
    """Nothing is amended for a day after the pupil left."""
    marked.do(RemovePupil(pupil="P1", last_day=date(2026, 11, 20), ground="a"))
    marked.at("2026-11-23T10:00")
    marked.refused(amend(session=parse_session("2026-11-23/AM")), "not-on-roll")


# -- what the school's policy holds -------------------------------------------------------------

HELD = "held for a second person's approval: later than the school's policy leaves to one person"


@pytest.fixture
def strict(marked):
    """What adds unauthorised absence more than three school days late needs a second person."""
    marked.mark("P2", MONDAY_AM, "/")
    marked.adopt(approval_after_school_days=3)
    return marked


def test_change_that_adds_unauthorised_absence_late_is_requested(strict):
    """The mark stands as it was until a second person approves; one alone has a batch too."""
    [(stream, event)] = strict.recorded(amend(pupil="P2", code="O", reason="seen in town"))
    assert stream == f"approval:{strict.id('P2')}:2026-11-16/AM"
    assert isinstance(event, AmendmentRequested)
    assert (event.original, event.code, event.grounds) == ("/", "O", ("late",))
    assert event.batch


def test_held_change_is_called_so(strict):
    """The answer says that it waits, why, and what it would move."""
    says = strict.do(amend(pupil="P2", code="O")).says
    batch = strict.log()[-1][2].batch
    assert says == (
        "Ben Reed 2026-11-16/AM: / -> O (held, 4 school days after the session)",
        f"1 {HELD}; batch {batch}",
        "the figures, once approved: attended -1, unauthorised absence +1",
    )


def test_dry_run_says_what_would_be_held(strict):
    """The preview says it of each change, and records no request."""
    before = strict.folder.head()
    says = strict.do(amend(pupil="P2", code="O", dry_run=True)).says
    assert says[3:6] == (
        "  amendment, 4 school days after the session",
        f"  {HELD}",
        "  reason:   mother rang",
    )
    assert strict.folder.head() == before


def test_some_of_a_range_may_wait_while_others_apply(strict):
    """Present on Tuesday is three days ago; what stood as N for days adds no absence."""
    events = strict.events(week(code="O", reason="mother knew nothing"))
    assert [type(e).__name__ for e in events] == ["MarkAmended"] * 4
    strict.at("2026-11-23T10:00")
    strict.do(amend(session=parse_session("2026-11-17/AM"), code="/"))
    found = strict.recorded(week(code="O", from_code="/"))
    assert [type(event).__name__ for _, event in found] == ["AmendmentRequested"]


def test_correction_during_taking_is_never_held(strict):
    """Policy is about amendments; while the register is open nothing is one."""
    strict.at("2026-11-20T13:52")
    strict.mark("P2", "2026-11-20/PM", "\\")
    afternoon = parse_session("2026-11-20/PM")
    [event] = strict.events(amend(pupil="P2", session=afternoon, code="N", reason="went home"))
    assert isinstance(event, MarkCorrected)


def test_one_held_change_beside_one_during_taking_has_a_batch(strict):
    """A second person asks for it by that; what is corrected during taking has none."""
    strict.at("2026-11-23T08:50").mark("P2", "2026-11-23/AM", "/")
    command = amend(pupil="P2", session=None, from_="2026-11-16", to_="2026-11-23", code="O")
    says = strict.do(command).says
    request, correction = (event for _, _, event in strict.log()[-2:])
    assert isinstance(correction, MarkCorrected)
    assert request.batch is not None
    assert any(request.batch in line for line in says)


def test_direct_and_held_changes_are_counted_apart(strict):
    """One request may hold both; one batch ties them."""
    strict.mark("P1", "2026-11-19/AM", "/")
    strict.at("2026-11-23T10:00")
    strict.mark("P1", "2026-11-13/AM", "/")
    command = amend(session=None, from_="2026-11-13", to_="2026-11-20", from_code="/", code="O")
    says = strict.do(command).says
    assert says[3].startswith("1 amendment; 2 held for a second person's approval: ")
    assert says[4:6] == (
        "the figures: attended -1, unauthorised absence +1",
        "the figures, once approved: attended -2, unauthorised absence +2",
    )
