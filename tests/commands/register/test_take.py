"""A register taken from a file or from the screen, once a group and session; a single mark."""

import io
from datetime import date

import pytest

from commands.calendar.closures import AddClosure, CancelSessions
from commands.calendar.terms import SetTerm
from commands.register.entries import Row
from commands.register.plans import PlanAbsence
from commands.register.take import MarkSession, TakeRegister, _lateness
from commands.roll.enrol import EnrolPupil, MovePupil
from commands.school.school import CreateLedger
from ledger.clock import parse_instant
from ledger.errors import ImportRefused
from ledger.events.register import MarkCorrected, RegisterTaken, SessionMarked
from ledger.state.calendar import Calendar
from ledger.store.folder import Folder
from ledger.values import parse_session
from tests.commands.conftest import Desk, upn

TODAY_AM = parse_session("2026-11-20/AM")

HEADER = "upn,code,minutes_late,nature\n"


def stdin(text: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")


def take(text: str | None = None, **fields) -> TakeRegister:
    given = {"group": "7A", "session": TODAY_AM} | fields
    if text is None:
        return TakeRegister(**given).load(stdin(""))
    return TakeRegister(file="-", **given).load(stdin(HEADER + text))


@pytest.fixture
def morning(desk):
    """It is 08:50 and registers are open."""
    return desk.at("2026-11-20T08:50")


def codes(recorded):
    return sorted(event.code for _, event in recorded if not isinstance(event, RegisterTaken))


def problems(desk, command):
    refused = desk.refused(command)
    assert isinstance(refused, ImportRefused)
    assert refused.code == "register-refused"
    return [(p.file, p.line, p.code) for p in refused.problems]


def test_taking_records_who_took_it_and_one_entry_a_pupil(morning):
    """The taking and its entries are facts of their own."""
    taken, *entries = morning.recorded(take("P1,/,,\nP2,L,7,\n"))
    assert taken == (
        f"register:{TODAY_AM}:7A",
        RegisterTaken(by="mm", ended=morning.now, marks=2),
    )
    assert dict(entries) == {
        f"mark:{morning.id('P1')}:{TODAY_AM}": SessionMarked(code="/", by="mm"),
        f"mark:{morning.id('P2')}:{TODAY_AM}": SessionMarked(code="L", minutes_late=7, by="mm"),
    }


def test_opened_and_ended_are_kept_when_known(morning):
    """From the screen it is known when the register was opened."""
    opened = morning.now - 60_000_000
    (_, taken), *_ = morning.recorded(take(rest_present=True, opened=opened, ended=morning.now))
    assert (taken.opened, taken.ended) == (opened, morning.now)


def test_impossible_times_of_taking_are_refused(morning):
    """A register does not end in the future, nor before it opens."""
    for times in ({"ended": morning.now + 1}, {"opened": morning.now + 1}):
        assert morning.refused(take(rest_present=True, **times)).code == "taking-times"


PLAN = PlanAbsence(pupil="P1", session=TODAY_AM, code="M")


@pytest.mark.parametrize(
    ("before", "text", "rest_present", "found"),
    [
        pytest.param([], "P2,N,,\n", True, ["/", "N"], id="rest-present-fills-the-blanks"),
        pytest.param([PLAN], "", True, ["/", "M"], id="a-plan-comes-before-rest-present"),
        pytest.param([PLAN], "P1,/,,\n", True, ["/", "/"], id="a-stated-code-before-the-plan"),
    ],
)
def test_what_each_pupil_gets(morning, before, text, rest_present, found):
    """Who is expected to be away is not present by default, and who is there is there."""
    for command in before:
        morning.do(command)
    assert codes(morning.recorded(take(text, rest_present=rest_present))) == found


def test_present_is_the_code_of_the_half_day(desk):
    """In the afternoon present is written otherwise."""
    desk.at("2026-11-20T13:55")
    command = take(session=parse_session("2026-11-20/PM"), rest_present=True)
    assert codes(desk.recorded(command)) == ["\\", "\\"]


def test_blanks_stay_without_a_mark_and_are_named(morning):
    """Nobody is marked present by silence."""
    outcome = morning.do(take("P1,/,,\nP2,-,,\n"))
    assert outcome.says == (
        f"7A {TODAY_AM}: 1 entered, 0 corrected, 0 as they stood",
        "without a mark: Ben Reed",
        "1 entered: 1 /",
        "the figures: attended +1, no mark -1",
    )


@pytest.mark.parametrize("at", ["2026-11-20T08:50", "2026-11-22T19:55"])
def test_taking_says_what_its_dry_run_says_but_the_line_a_pupil(desk, at):
    """Codes, figures and lateness."""
    desk.at(at)
    text = "P1,I,,\nP2,L,7,\n"
    *dry, last = desk.do(take(text, dry_run=True)).says
    assert last == "dry run: nothing was recorded"
    pupils = [line for line in dry if line.startswith(("Ada Quill 2026", "Ben Reed 2026"))]
    assert len(pupils) == 2
    assert list(desk.do(take(text)).says) == [line for line in dry if line not in pupils]


def test_planned_absence_becomes_the_entry(morning):
    """A plan fills a blank, with or without --rest-present, with its nature."""
    morning.do(PlanAbsence(pupil="P1", session=TODAY_AM, code="B", nature="taster day"))
    command = take("P2,/,,\n")
    assert "planned absence became the entry: Ada Quill (B)" in morning.do(command).says
    [entry] = morning.marks("P1")[str(TODAY_AM)]
    assert (entry.code, entry.nature) == ("B", "taster day")


def test_pupils_are_named_in_the_order_of_their_names(morning):
    """Who came last is not last."""
    born = date(2014, 12, 1)
    for number, forename in ((8, "Zoe"), (9, "Abe")):
        morning.enrol(number, forename, "Vale", dob=born, year="Y7", registration="7A")
    for pupil in ("P8", "P1", "P9"):
        morning.do(PlanAbsence(pupil=pupil, session=TODAY_AM, code="M"))
    said = morning.do(take("P8,,,\nP1,,,\nP9,,,\n")).says
    assert "planned absence became the entry: Abe Vale (M), Ada Quill (M), Zoe Vale (M)" in said


def test_pupils_without_a_mark_are_named_in_the_order_of_their_names(morning):
    """In whatever order the file has them."""
    born = date(2014, 12, 1)
    for number, forename in ((8, "Zoe"), (9, "Abe")):
        morning.enrol(number, forename, "Vale", dob=born, year="Y7", registration="7A")
    said = morning.do(take("P8,,,\nP1,,,\nP9,,,\nP2,/,,\n")).says
    assert "without a mark: Abe Vale, Ada Quill, Zoe Vale" in said


def test_mark_that_stands_is_kept_or_corrected_while_open(morning):
    """The same code changes nothing, another one is a correction."""
    morning.do(MarkSession(pupil="P1", session=TODAY_AM, code="L", minutes_late=3))
    morning.do(MarkSession(pupil="P2", session=TODAY_AM, code="N"))
    recorded = morning.recorded(take("P1,L,,\nP2,/,,\n"))
    assert [event for _, event in recorded[1:]] == [MarkCorrected(original="N", code="/", by="mm")]


def test_register_of_marks_that_all_stand_records_the_taking(morning):
    """The end of taking is a fact even if every mark was there."""
    for pupil in ("P1", "P2"):
        morning.do(MarkSession(pupil=pupil, session=TODAY_AM, code="/"))
    [(_, taken)] = morning.recorded(take(rest_present=True))
    assert taken.marks == 0


def test_taking_after_the_closing_time_makes_ordinary_entries(desk):
    """On the day the taking ends when it is recorded."""
    assert not any(e.late for _, e in desk.recorded(take(rest_present=True))[1:])


def test_taking_on_a_later_day_makes_late_entries(desk):
    """Nobody takes yesterday's register today."""
    desk.at("2026-11-23T09:00")
    assert all(e.late for _, e in desk.recorded(take(rest_present=True))[1:])


LATE = {
    "2026-11-20T08:55": (),
    "2026-11-20T08:55:30": (
        "taken late: less than a minute after it closed, at 08:55 on Friday 20 November 2026",
    ),
    "2026-11-20T09:10": (
        "taken late: 15 minutes after it closed, at 08:55 on Friday 20 November 2026",
    ),
    "2026-11-20T09:10:59": (
        "taken late: 15 minutes after it closed, at 08:55 on Friday 20 November 2026",
    ),
    "2026-11-20T09:20": (
        "taken late: 25 minutes after it closed, at 08:55 on Friday 20 November 2026",
    ),
    "2026-11-22T19:55": (
        (
            "taken late: 2 days 11 hours after it closed, at 08:55 on Friday 20 November 2026; "
            "what was entered is late entries"
        ),
    ),
}


@pytest.mark.parametrize("at", LATE)
def test_a_register_taken_late_says_how_late(desk, at):
    """At the closing time it is not; days are told as days."""
    kind = "entered late" if at > "2026-11-21" else "entered"
    assert desk.at(at).do(take(rest_present=True)).says[1:] == (
        f"2 {kind}: 2 /",
        "the figures: attended +2, no mark -2",
        *LATE[at],
    )


def test_without_a_closing_time_a_later_day_is_late():
    """Of a session before the first register times on record."""
    calendar = Calendar([], [], [])
    session, at = parse_session("2026-11-20/AM"), parse_instant("2026-11-20T23:59")
    assert list(_lateness(calendar, session, at)) == []
    [told] = _lateness(calendar, session, parse_instant("2026-11-21T00:00"))
    assert told.startswith("taken late: on a later day than Friday 20 November 2026; what was")


def test_repeated_register_records_nothing(morning):
    """The same register again changes nothing."""
    morning.do(take("P1,/,,\nP2,N,,\n"))
    assert morning.do(take("P1,/,,\nP2,N,,\n")).header is None


@pytest.mark.parametrize("rest", [False, True])
def test_what_is_closed_and_mostly_marked_is_not_taken_anew(morning, rest):
    """As a source marked it, or the office: one more mark is a late entry, none is nothing."""
    morning.enrol(9, "Dan", "Tree", dob=date(2014, 10, 3), year="Y7", registration="7A")
    for pupil in ("P1", "P2"):
        morning.do(MarkSession(pupil=pupil, session=TODAY_AM, code="/"))
    morning.at("2026-11-24T16:00")
    out = morning.do(take("P1,/,,\n", rest_present=rest)).says
    told = "what was entered is late entries" if rest else "nothing was recorded"
    assert f"most of it was marked before: it is not taken anew; {told}" in out
    assert not any("taken late" in line for line in out)
    events = [event for *_, event in morning.log()]
    assert not [event for event in events if isinstance(event, RegisterTaken)]
    late = [event.code for event in events if isinstance(event, SessionMarked) and event.late]
    assert late == ["/"] * rest


def test_what_is_open_or_hardly_marked_is_taken(morning):
    """Whose marks were made one by one is taken when that is said, while it is open."""
    for pupil in ("P1", "P2"):
        morning.do(MarkSession(pupil=pupil, session=TODAY_AM, code="/"))
    [(_, taken)] = morning.recorded(take("P1,/,,\n"))
    assert isinstance(taken, RegisterTaken)
    assert taken.marks == 0
    pm = parse_session("2026-11-19/PM")
    morning.do(MarkSession(pupil="P1", session=pm, code="\\"))
    (_, taken), *_ = morning.recorded(take("P2,\\,,\n", rest_present=True, session=pm))
    assert isinstance(taken, RegisterTaken)


def test_second_taking_enters_late_what_was_missing(morning):
    """Only pupils without a mark get one, as a late entry; the end stays as recorded."""
    morning.do(take("P1,/,,\n"))
    [(_, entry)] = morning.recorded(take("P1,/,,\nP2,L,20,\n"))
    assert (entry.code, entry.late) == ("L", True)


@pytest.mark.parametrize(
    ("before", "at"),
    [
        pytest.param(take(rest_present=True), "08:50", id="its-register-was-taken"),
        pytest.param(MarkSession(pupil="P1", session=TODAY_AM, code="/"), "09:30", id="closed"),
    ],
)
def test_mark_is_not_changed_after_the_end_of_taking(morning, before, at):
    """From then on a change is an amendment; also where no register was taken."""
    morning.do(before)
    morning.at(f"2026-11-20T{at}")
    command = take("P1,N,,\n")
    assert problems(morning, command) == [("stdin", 2, "already-marked")]
    assert "attendance amend" in morning.refused(command).problems[0].remedy


def test_pupils_whose_session_is_closed_are_left_out(morning):
    """A closure for some groups empties their places only."""
    morning.do(
        MovePupil(pupil="P1", kind="cohort", to="Choir", from_=date(2026, 11, 2), new_group=True)
    )
    morning.do(AddClosure(day=date(2026, 11, 20), group=("Choir",), reason="concert"))
    assert codes(morning.recorded(take("P1,-,,\n", rest_present=True))) == ["/"]
    assert problems(morning, take("P1,/,,\n")) == [("stdin", 2, "school-closed")]


def test_every_problem_is_told_at_once(morning):
    """Each line that cannot stand is named with its number."""
    text = "nobody,/,,\nP3,/,,\nP1,/,,\nP1,/,,\nP2,K,,\n"
    assert problems(morning, take(text)) == [
        ("stdin", 2, "pupil-unknown"),
        ("stdin", 3, "not-in-group"),
        ("stdin", 5, "pupil-twice"),
        ("stdin", 6, "nature-missing"),
    ]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("P1,ZZ,,", "code-unknown"),
        ("P1,\\,,", "code-wrong-session"),
        ("P1,X,,", "code-age"),
        ("P1,L,soon,", "minutes"),
        ("P1,/,5,", "minutes-not-late"),
        ("P1,,5,", "code-missing"),
    ],
)
def test_line_that_may_not_stand_is_refused(morning, row, code):
    """The rules of a mark hold for each line."""
    assert problems(morning, take(row)) == [("stdin", 2, code)]


def test_rows_from_the_screen_have_no_line(morning):
    """A problem with what was typed names the pupil only."""
    assert problems(morning, take(rows=(Row(0, "P1", "K"),))) == [
        ("register", 0, "nature-missing")
    ]


def test_group_that_nobody_is_in_any_more_has_no_register(morning):
    """Its name is known, and there is nobody to take it of."""
    morning.do(MovePupil(pupil="P3", kind="registration", to="7A", from_=date(2026, 11, 2)))
    refused = morning.refused(take(group="7b", rest_present=True), "group-unknown")
    assert refused.what == "no pupil on roll belongs to '7B' on 2026-11-20"


@pytest.mark.parametrize("group", ["7a", " 7A ", "7 A"])
def test_group_is_understood_without_case_and_blanks(morning, group):
    """The register that is taken is the one of those who are in it."""
    morning.do(take(group=group, rest_present=True))
    assert morning.do(take(rest_present=True)).header is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "register-empty"),
        ({"group": "9Z", "rest_present": True}, "group-unknown"),
        ({"session": parse_session("2026-11-23/AM"), "rest_present": True}, "future-session"),
    ],
)
def test_register_that_may_not_be_taken_is_refused(morning, fields, code):
    """Nothing is stated, nobody belongs to the group on that day, or the day has not come."""
    assert morning.refused(take(**fields)).code == code


def test_cancelled_session_is_refused(morning):
    """Nobody can be present at what was not held."""
    morning.do(CancelSessions(sessions=(str(TODAY_AM),), reason="flood"))
    assert morning.refused(take(rest_present=True)).code == "session-cancelled"


def mark(**fields):
    return MarkSession(**({"pupil": "P1", "session": TODAY_AM, "code": "N"} | fields))


def test_mark_while_the_register_is_open_is_an_entry(morning):
    """With everything stated of it."""
    command = mark(code="L", minutes_late=4, comment="bus", reason="traffic")
    assert morning.recorded(command) == [
        (
            f"mark:{morning.id('P1')}:{TODAY_AM}",
            SessionMarked(code="L", minutes_late=4, comment="bus", reason="traffic", by="mm"),
        )
    ]


def test_mark_after_the_register_ended_is_a_late_entry(morning):
    """The recorded end comes before the closing time; where nobody recorded one, that is it."""
    assert not morning.recorded(mark(pupil="P3"))[0][1].late
    morning.do(TakeRegister(group="7A", session=TODAY_AM, rows=(Row(0, "P2", "/"),)))
    assert morning.recorded(mark())[0][1].late
    morning.at("2026-11-20T09:30")
    assert morning.recorded(mark(pupil="P4"))[0][1].late


def test_without_register_times_the_day_is_the_end(tmp_path):
    """Where nobody recorded when registers close, they have ended on the next day."""
    desk = Desk(Folder(tmp_path / "new"), parse_instant("2026-05-29T12:00"))
    CreateLedger(staff="mm", name="Mo Marsh", job_title="Clerk").carry_out(desk.context)
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
    desk.do(CancelSessions(sessions=(str(TODAY_AM),), reason="flood"))
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


def test_minutes_late_may_be_half_a_day(morning):
    """No session is longer."""
    assert morning.do(mark(code="L", minutes_late=720)).header is not None


@pytest.mark.parametrize("minutes", [721, 2**63, 10**30])
def test_minutes_late_have_an_end(morning, minutes):
    """A number beyond every reach damages no view."""
    refused = morning.refused(mark(code="L", minutes_late=minutes))
    assert refused.code == "minutes-too-many"
    assert refused.what == f"{minutes} minutes late are more than any session is long"
    assert refused.remedy == "give the minutes after the register opened, up to 720"
