"""`replay`: a history change by change; figures around each step, held against `rates`."""

import shutil
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import (
    AmendmentApproved,
    AmendmentDeclined,
    AmendmentRequested,
    RequestWithdrawn,
)
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import (
    AbsencePlanned,
    MarkAmended,
    MarkCorrected,
    PlanChanged,
    PlanWithdrawn,
    SourceRestated,
)
from ledger.events.roll import DetailsAmended, EnrolmentWithdrawn, GroupLeft, PupilRemoved
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from policies.packs.values import parameters
from projections.figures.rates import Rates
from projections.penalties.penalties import Penalties
from projections.queries.view import open_view
from projections.rendering import text
from projections.replay.figures import CountingCells
from projections.replay.replay import Replay
from tests.projections.ledgers import (
    Book,
    enrolled,
    instant,
    joined,
    marked,
    on_mark,
    term,
    weekdays,
)

AT = instant(2025, 9, 8, 8)
HOUR = 3_600_000_000
MON = "2025-09-08"
ON = {"from_": date(2025, 9, 3), "on": date(2025, 9, 30)}
NAMED = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
COUNTS = ("possible", "attended", "authorised", "unauthorised", "attendance")


def amended(was, became, reason="found out", **more):
    """An amendment by Mrs Register."""
    return MarkAmended(original=was, code=became, reason=reason, **NAMED | more)


def replayed(book, who="U-ann", **asked):
    """The answer of a replay."""
    return book.ask(Replay(**ON | {"who": who} | asked))


def figures(book, upn="U-ann", **asked):
    """What `rates` and `penalties` say of a pupil."""
    rows = book.ask(Rates(**ON | asked)).rows()
    found = [row for row in rows if row["upn"] == upn]
    listed = book.ask(Penalties(**{"on": ON["on"], "at_least": 1} | asked)).rows()
    peak = [row["peak"] for row in listed if row["upn"] == upn]
    # Who met no session has no row there.
    nothing = dict.fromkeys(COUNTS, 0) | {"attendance": None}
    counts = {name: found[0][name] if found else nothing[name] for name in COUNTS}
    return counts | {"fullest_window": peak[0] if peak else 0}


@pytest.fixture
def every(school):
    """A pupil to whom every kind of change happened, in a known order."""
    asked = {"batch": "b1", "original": "I", "code": "O", "grounds": ("late",), "reason": "seen"}
    approval = streams.approval("ann", f"{MON}/AM")
    school.add(
        AT - 24 * HOUR,
        Fact(streams.plan("ann", f"{MON}/PM"), AbsencePlanned(code="C", by="s1")),
        Fact(streams.plan("ann", f"{MON}/PM"), PlanChanged(original="C", code="M", by="s1")),
        Fact(streams.plan("ann", f"{MON}/PM"), PlanWithdrawn(original="M", by="s1")),
    )
    school.add(AT, marked("ann", f"{MON}/AM", "N", by="s1"))
    school.add(AT + 1, on_mark("ann", f"{MON}/AM", MarkCorrected(original="N", code="L", by="s1")))
    school.add(AT + HOUR, marked("ann", f"{MON}/PM", "\\", late=True, by="s1", reason="forgot"))
    school.add(AT + 2 * HOUR, on_mark("ann", f"{MON}/AM", amended("L", "I")))
    request = Fact(approval, AmendmentRequested(**asked, **NAMED))
    school.add(AT + 3 * HOUR, request)
    declined = AmendmentDeclined(batch="b1", reason="no proof", by="s2", name="Mr Teacher",
                                 job_title="Teacher")  # fmt: skip
    school.add(AT + 4 * HOUR, Fact(approval, declined))
    school.add(AT + 5 * HOUR, request)
    school.add(AT + 6 * HOUR, Fact(approval, RequestWithdrawn(batch="b1", **NAMED)))
    school.add(AT + 7 * HOUR, request)
    school.add(
        AT + 24 * HOUR,
        Fact(approval, AmendmentApproved(batch="b1", **NAMED)),
        on_mark("ann", f"{MON}/AM", amended("I", "O", batch="b1")),
    )
    restated = SourceRestated(original="\\", code="/", stated=AT + 2 * HOUR)
    school.add(AT + 25 * HOUR, on_mark("ann", f"{MON}/PM", restated), imported=True, by=None)
    detail = DetailsAmended(field="surname", original="Able", amended="Abler", reason="marriage",
                            **NAMED)  # fmt: skip
    school.add(AT + 26 * HOUR, Fact(streams.pupil("ann"), detail))
    return school


def test_an_amendment_that_a_source_states_stands_where_it_says(every):
    """By the source's clock, before what was recorded here later."""
    detail = DetailsAmended(
        field="forename", original="Ann", amended="Anne", stated=AT + HOUR, row=2
    )
    every.add(AT + 27 * HOUR, Fact(streams.pupil("ann"), detail), imported=True, by=None)
    for clock, last in (("source", "Able"), ("ledger", "Ann")):
        told = [row["was"] for row in replayed(every, clock=clock).rows()
                if row["kind"] == "admission"]  # fmt: skip
        assert (len(told), told[-1]) == (2, last)


def test_every_kind_of_change_is_told_in_its_own_words(every):
    """From the plan to the last approval, in the order in which it became known."""
    answer = replayed(every)
    said = [row[2] for row in answer.blocks[0].rows]
    assert said == [
        "absence planned",
        "plan changed",
        "plan withdrawn",
        "1 entry: 1 x N",
        "corrected during taking",
        "late entry",
        "amendment",
        "approval requested: O asked for",
        "approval declined: O asked for",
        "approval requested: O asked for",
        "request for approval withdrawn: O asked for",
        "approval requested: O asked for",
        "approval given: O asked for",
        "amendment",
        "restated by a source",
        "admission register, amendment: pupil's surname",
    ]
    assert answer.paged is True
    assert answer.blocks[0].title == "Ann Abler (U-ann): 15 changes"


def test_each_change_says_who_when_why_how_late_and_what_it_moved(every):
    """Name, title, how authenticated; school days after the session; figures around it."""
    answer = replayed(every)
    amendment = answer.blocks[0].rows[6]
    assert amendment == (
        "2025-09-08 11:00 BST", f"{MON}/AM", "amendment", "L", "I", "found out",
        "Mrs Register, Officer", "operating-system account; name as stated", "0",
        "attended 2 > 1; authorised 0 > 1; attendance 100.0 % > 50.0 %",
    )  # fmt: skip
    assert answer.blocks[0].rows[13][8:] == (
        "1", "authorised 1 > 0; unauthorised 0 > 1; fullest window 0 > 1",
    )  # fmt: skip
    assert answer.blocks[0].rows[15][9] == "no figure moved"
    row = answer.rows()[6]
    assert (row["before"]["attended"], row["after"]["attended"]) == (2, 1)
    assert row["by"]["authenticated"] == "operating-system account; name as stated"


def test_each_step_is_what_rates_and_penalties_say_at_its_position(every):
    """Exactly, at every step and at the head; a step begins where the one before ended."""
    rows = replayed(every, every=True).rows()
    assert rows[-1]["after"] == figures(every)
    assert all(one["after"] == two["before"] for one, two in pairwise(rows))
    for row in rows:
        assert row["after"] == figures(every, position=row["position"]), row["kind"]


def test_what_was_known_bounds_the_replay(every):
    """At 09:30 on the day there was an entry and its correction; by position likewise."""
    then = replayed(every, known_at="2025-09-08T09:30:00Z").rows()
    assert [row["kind"] for row in then[3:]] == ["entries", "taking", "late_entry"]
    position = then[3]["position"]
    assert replayed(every, position=position).rows() == then[:4]


def test_first_entries_are_one_row_a_week_unless_every_one_is_asked_for(school):
    """Ten entries of a week in a line; a change between them cuts the line."""
    days = weekdays(date(2025, 9, 8), date(2025, 9, 19))
    for day in days:
        school.add(instant(day.year, day.month, day.day, 8), marked("ann", f"{day}/AM", "/"),
                   marked("ann", f"{day}/PM", "\\"))  # fmt: skip
    rows = replayed(school).rows()
    assert [(r["entries"], r["first"], r["last"]) for r in rows] == [
        (10, "2025-09-08/AM", "2025-09-12/PM"), (10, "2025-09-15/AM", "2025-09-19/PM"),
    ]  # fmt: skip
    assert rows[0]["codes"] == {"/": 5, "\\": 5}
    assert (rows[0]["before"]["possible"], rows[0]["after"]["possible"]) == (0, 10)
    answer = replayed(school)
    assert answer.blocks[0].rows[0][1:3] == ("2025-09-08 to 12", "10 entries: 5 x /, 5 x \\")
    assert len(replayed(school, every=True).rows()) == 20
    assert [r["kind"] for r in replayed(school, every=True).rows()[:2]] == ["entry", "entry"]
    school.add(AT + 24 * 20 * HOUR, marked("ann", "2025-09-29/AM", "N"))
    school.add(AT + 24 * 22 * HOUR, on_mark("ann", "2025-09-29/AM", amended("N", "I")))
    asked = {"on": date(2025, 10, 3), "from_": date(2025, 9, 22)}
    school.add(AT + 24 * 23 * HOUR, marked("ann", "2025-10-01/AM", "/"))
    found = replayed(school, **asked)
    assert [r["kind"] for r in found.rows()] == ["entries", "amendment", "entries"]
    school.add(AT + 24 * 24 * HOUR, marked("ann", "2025-09-30/AM", "/"))
    assert replayed(school, **asked).blocks[0].rows[2][1] == "2025-09-30 to 10-01"


def test_imported_history_is_told_as_stated_by_its_source(school):
    """With the times that the source states, and how to have it in their order."""
    school.add(
        instant(2025, 9, 20, 12),
        marked("ann", f"{MON}/AM", "N", stated=AT),
        on_mark("ann", f"{MON}/AM", amended("N", "I", stated=AT + 2 * HOUR, by="s1", name=None,
                                            job_title=None)),
        marked("ann", "2025-09-09/AM", "/", stated=AT + HOUR),
        marked("ann", "2025-09-09/PM", "\\", late=True),
        imported=True,
    )  # fmt: skip
    answer = replayed(school)
    rows = [row[:3] + row[6:8] for row in answer.blocks[0].rows]
    source = "as stated by its source"
    brought = "; imported 2025-09-20 13:00 BST by Mrs Register, Officer (s1, account office)"
    assert rows == [
        ("", MON, f"1 entry, {source}: 1 x N", "", ""),
        ("2025-09-08 11:00 BST (stated)", f"{MON}/AM", f"amendment, {source}",
         "Mrs Register, Officer", f"{source}{brought}"),
        ("", "2025-09-09", f"1 entry, {source}: 1 x /", "", ""),
        ("not stated; imported 2025-09-20 13:00 BST", "2025-09-09/PM", f"late entry, {source}",
         "not stated", f"not stated{brought}"),
    ]  # fmt: skip
    assert "--clock source" in answer.blocks[-1].lines[1]
    by_source = replayed(school, clock="source")
    assert [r["kind"] for r in by_source.rows()] == [
        "late_entry", "roll", "entries", "amendment",
    ]  # fmt: skip
    assert len(by_source.blocks[-1].lines) == 2
    assert by_source.blocks[0].rows[-1][9] != ""


def test_sessions_before_the_first_day_move_only_the_fullest_window(school):
    """They are no rows; but an old entry that is amended takes the window down."""
    school.add(AT, marked("ann", "2025-06-10/AM", "O"), marked("ann", f"{MON}/AM", "O"))
    school.add(AT + HOUR, on_mark("ann", "2025-06-10/AM", amended("O", "I")))
    school.add(AT + 2 * HOUR, on_mark("ann", f"{MON}/AM", amended("O", "I")))
    rows = replayed(school).rows()
    assert [row["kind"] for row in rows] == ["entries", "amendment"]
    assert [row["after"]["fullest_window"] for row in rows] == [2, 0]
    assert rows[1]["before"]["fullest_window"] == 1
    assert rows[-1]["after"] == figures(school)


def test_a_session_cancelled_since_is_a_row_with_its_reason_and_what_it_moved(school):
    """Until then the mark counted; whoever cancelled it is named."""
    school.add(AT, marked("ann", f"{MON}/AM", "O"), marked("cy", "2025-10-01/AM", "O"))
    cancelled = SessionCancelled(date=date(2025, 9, 8), sessions=("AM",), reason="boiler")
    school.add(AT + 25 * HOUR, Fact(streams.CALENDAR, cancelled))
    answer = replayed(school)
    entry, change = answer.rows()
    assert (entry["after"]["possible"], entry["after"]["fullest_window"]) == (1, 1)
    assert (change["kind"], change["sessions"]) == ("calendar", [f"{MON}/AM"])
    assert (change["after"]["possible"], change["after"]["attendance"]) == (0, None)
    assert answer.blocks[0].rows[1] == (
        "2025-09-09 10:00 BST", f"{MON}/AM", f"calendar changed: {MON}/AM cancelled", "", "",
        "boiler", "Mrs Register, Officer", "operating-system account; name as stated", "1",
        ("possible 1 > 0; unauthorised 1 > 0; attendance 0.0 % > no sessions; "
         "fullest window 1 > 0"),
    )  # fmt: skip
    asked = {"on": date(2025, 10, 10), "from_": date(2025, 10, 1)}
    assert replayed(school, who="U-cy", **asked).rows()[0]["after"]["possible"] == 0
    lines = text.as_csv(answer).splitlines()
    assert f",{MON}/AM cancelled,{MON}/AM," in lines[2]


def calendar_and_roll(school):
    """Four marks of two days, then one change after another that takes them out or in."""
    days = (MON, "2025-09-09")
    school.add(AT, *(marked("ann", f"{day}/{half}", "O") for day in days for half in ("AM", "PM")))
    ann = streams.pupil("ann")
    born = {"field": "dob", "reason": "certificate seen", **NAMED}
    facts = (
        Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 8), groups=("9A", "9B"))),
        Fact(ann, GroupLeft(kind="registration", name="9A", until=date(2025, 9, 5))),
        Fact(streams.CALENDAR, SessionCancelled(date=date(2025, 9, 9), sessions=("PM",))),
        Fact(streams.CALENDAR, ClosureWithdrawn(date=date(2025, 9, 9), sessions=("PM",),
                                                reason="wrong day")),
        term("Autumn 1", date(2025, 9, 9), date(2025, 10, 24)),
        Fact(ann, PupilRemoved(starts_on=date(2025, 6, 2), leaves_on=date(2025, 9, 8))),
        Fact(ann, PupilRemoved(starts_on=date(2025, 6, 2), leaves_on=date(2025, 9, 9))),
        Fact(ann, EnrolmentWithdrawn(starts_on=date(2025, 6, 2), reason="a duplicate", **NAMED)),
        enrolled("ann", date(2025, 6, 2)),
        Fact(ann, DetailsAmended(amended="2008-01-01", birth_cohort=2007,
                                 compulsory_from=date(2013, 3, 31), **born)),
    )  # fmt: skip
    for n, fact in enumerate(facts, 1):
        school.add(AT + (24 + n) * HOUR, fact)


def test_each_change_of_calendar_and_roll_that_moves_a_figure_is_told(school):
    """In words, with the reason as recorded and the sessions that it moved."""
    calendar_and_roll(school)
    answer = replayed(school)
    found = [(r["kind"], r.get("change"), r["reason"], r["after"]["possible"])
             for r in answer.rows()[1:] if r["reason"] or r.get("change")]  # fmt: skip
    assert found == [
        ("calendar", f"{MON}/AM closed for 9A, 9B; {MON}/PM closed for 9A, 9B", None, 2),
        ("roll", "in 9A to 2025-09-05", None, 4),
        ("calendar", "2025-09-09/PM cancelled", None, 3),
        ("calendar", "2025-09-09/PM cancellation withdrawn", "wrong day", 4),
        ("calendar", ("term Autumn 1 from 2025-09-09 to 2025-10-24 "
                      "(was 2025-09-03 to 2025-10-24)"), None, 2),
        ("roll", "on roll from 2025-06-02 to 2025-09-08", None, 0),
        ("roll", "on roll from 2025-06-02 to 2025-09-09 (was to 2025-09-08)", None, 2),
        ("roll", "enrolment from 2025-06-02 withdrawn", "a duplicate", 0),
        ("roll", "on roll from 2025-06-02", None, 2),
        ("admission", None, "certificate seen", 2),
    ]  # fmt: skip
    assert answer.rows()[-1]["after"]["fullest_window"] == 0
    rows = answer.blocks[0].rows
    assert rows[1][1] == f"{MON}, 2 sessions"
    for row in answer.rows():
        assert row["before"] == figures(school, position=row["position"] - 1) or (
            row["kind"] in ("admission", "entries")
        )
        assert row["after"] == figures(school, position=row["position"]), row


def test_a_correction_made_before_the_range_is_told_where_it_moves_figures(school):
    """It is no row of the range otherwise."""
    school.add(AT, marked("ann", f"{MON}/AM", "O"))
    older = DetailsAmended(field="dob", amended="2008-01-01", birth_cohort=2007,
                           compulsory_from=date(2013, 3, 31), reason="seen", **NAMED)  # fmt: skip
    school.add(AT + HOUR, Fact(streams.pupil("ann"), older))
    (row,) = replayed(school, from_=date(2025, 9, 9)).rows()
    assert (row["kind"], row["change"], row["reason"]) == (
        "roll", "date of birth, and so compulsory school age", "seen",
    )  # fmt: skip
    assert (row["before"]["fullest_window"], row["after"]["fullest_window"]) == (1, 0)


def test_where_only_the_school_weeks_change_no_session_is_named(school):
    """A week wholly closed is no school week: two entries eleven weeks apart come to be ten."""
    school.add(AT, marked("ann", "2025-06-30/AM", "O"))
    school.add(AT + 43 * 24 * HOUR, marked("ann", "2025-10-20/AM", "O"))
    for day in range(8, 13):
        closed = SessionsClosed(date=date(2025, 9, day), reason="flood")
        school.add(AT + (1100 + day) * HOUR, Fact(streams.CALENDAR, closed))
    asked = {"on": date(2025, 10, 24)}
    _, change = replayed(school, **asked).rows()
    assert (change["kind"], change["reason"], change["sessions"]) == ("calendar", "flood", [])
    assert (change["before"]["fullest_window"], change["after"]["fullest_window"]) == (1, 2)
    assert (change["session"], change["late_by_school_days"]) == (None, None)
    assert change["after"] == figures(school, **asked)
    assert replayed(school, **asked).blocks[0].rows[1][1] == ""


def test_a_change_of_the_calendar_is_told_for_each_pupil_it_moves(school):
    """Of a group: once for each, with figures of their own."""
    school.add(AT, marked("ann", f"{MON}/AM", "O"), marked("bob", f"{MON}/AM", "/"))
    cancelled = SessionCancelled(date=date(2025, 9, 8), sessions=("AM",), reason="boiler")
    school.add(AT + HOUR, Fact(streams.CALENDAR, cancelled))
    rows = replayed(school, who=None, group="9A").rows()
    told = [(r["upn"], r["reason"], r["before"]["attended"]) for r in rows if "change" in r]
    assert told == [("U-ann", "boiler", 0), ("U-bob", "boiler", 1)]


def test_by_the_source_s_clock_calendar_and_roll_count_as_stated(school):
    """Each row's figures are those of `rates` at the time that the source states."""
    school.add(
        instant(2025, 9, 20, 12),
        marked("ann", f"{MON}/AM", "N", stated=AT),
        Fact(streams.CALENDAR, SessionCancelled(date=date(2025, 9, 8), sessions=("AM",),
                                                reason="boiler", stated=AT + HOUR)),
        on_mark("ann", f"{MON}/AM", amended("N", "I", stated=AT + 2 * HOUR)),
        imported=True,
    )  # fmt: skip
    rows = replayed(school, clock="source").rows()
    assert [row["kind"] for row in rows] == ["entries", "calendar", "amendment"]
    assert [row["after"]["possible"] for row in rows] == [1, 0, 0]
    assert rows[1]["stated_at"] == "2025-09-08T09:00:00Z"
    assert (rows[1]["by"], rows[1]["source"]) == (None, "other-system")
    for hours, row in enumerate(rows):
        known = {"clock": "source", "known_at": f"2025-09-08T{8 + hours:02}:30:00Z"}
        assert row["after"] == figures(school, **known)


def test_a_long_reason_goes_on_beneath(school):
    """A table is no wider for it, and no word of it is lost."""
    school.add(AT, marked("ann", f"{MON}/AM", "N"))
    reason = "the family was seen at the harbour " * 40
    school.add(AT + HOUR, on_mark("ann", f"{MON}/AM", amended("N", "O", reason=reason.strip())))
    answer = replayed(school)
    rows = answer.blocks[0].folded
    assert max(len(row[5]) for row in rows) <= 60
    assert " ".join(row[5] for row in rows[1:]) == reason.strip()
    assert rows[2][:5] == ("", "", "", "", "")
    assert answer.blocks[0].title == "Ann Able (U-ann): 1 change"


def test_a_code_without_a_meaning_on_its_day_counts_for_nothing(school):
    """As in `rates`, where it is a session without a mark that counts."""
    school.add(AT, marked("ann", f"{MON}/AM", "??"))
    (row,) = replayed(school).rows()
    assert row["after"] == figures(school) | {"attendance": None}


def test_before_the_law_had_the_rule_there_is_no_window(school):
    """The threshold is in force from 19 August 2024."""
    school.add(AT, marked("ann", "2025-06-10/AM", "O"))
    asked = {"on": date(2024, 6, 30), "from_": date(2024, 6, 1)}
    assert not replayed(school, **asked).rows()
    with open_view(school.folder, Replay(**asked), lambda: AT + HOUR) as view:
        assert CountingCells(view).figures().counted().fullest_window is None


def test_the_note_says_how_many_weeks_the_law_of_the_day_counts_together(school):
    """The number is the one in the statute; without a rule no window is spoken of."""
    weeks = "fullest window: relevant entries in the fullest ten consecutive school weeks so far."
    begins = parameters().rows("penalty_notices.threshold")[0].since
    notes = [
        replayed(school, on=day, from_=day).blocks[-1].lines[0]
        for day in (begins, begins - timedelta(days=1))
    ]
    assert [weeks in note for note in notes] == [True, False]
    assert notes[1].endswith("as known at each change.")


def test_a_group_is_told_pupil_after_pupil(school):
    """Each with figures of its own; the rows for a script in the order of the log."""
    school.add(AT, marked("bob", f"{MON}/AM", "/"), marked("ann", f"{MON}/AM", "N"))
    answer = replayed(school, who=None, group="9A")
    assert [block.title for block in answer.blocks[:2]] == [
        "Ann Able (U-ann): 0 changes", "Bob Baker (U-bob): 0 changes",
    ]  # fmt: skip
    assert [row["upn"] for row in answer.rows()] == ["U-bob", "U-ann"]
    lines = text.as_csv(answer).splitlines()
    assert lines[0].startswith("upn,position,kind")
    assert lines[0].endswith("after_unauthorised,after_attendance,after_fullest_window")
    assert lines[2].endswith(",0,0,0,0,,0,1,0,0,1,0.0,1")
    assert len(lines) == 3
    assert replayed(school, who="U-cy").blocks[0].notes == [
        "nothing was recorded for these sessions"
    ]


def test_pupils_beyond_use_keep_their_own_amendments(every):
    """Two whose names are destroyed are not taken for each other."""
    every.destroy("ann")
    every.destroy("bob")
    answer = replayed(every, who=None, group="9A")
    admission = [r for r in answer.rows() if r["kind"] == "admission"]
    assert [(r["upn"], r["was"], r["reason"]) for r in admission] == [("[beyond use]",) * 3]


def test_what_was_asked_for_others_is_not_told(every):
    """Requests and amendments of one pupil are no history of another."""
    assert not replayed(every, who="U-bob").rows()


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"who": None}, "one pupil or one group"),
        ({"group": "9A"}, "one pupil or one group"),
        ({"who": None, "group": "9Z"}, "no group is called '9Z'"),
        ({"who": "nobody"}, "no pupil has the UPN or local id 'nobody'"),
    ],
)
def test_who_is_replayed_must_be_clear(school, asked, what):
    """One pupil or one group, known."""
    with pytest.raises(Refused, match=what):
        replayed(school, **asked)


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event there is no history."""
    for asked in ({"who": "U-ann"}, {"who": None, "group": "9A"}):
        answer = replayed(school, **asked, known_at="2025-07-01")
        assert answer.document["knows_nothing"] is True


def copy_of(founded, path):
    """A copy of the small school, to write into."""
    book = object.__new__(Book)
    shutil.copytree(founded.folder.path, path)
    book.folder = Folder(path)
    book.versions = dict(founded.versions)
    return book


CODES = ("/", "N", "O", "I", "L", "U", "G", "B", "X")
PUPILS = ("ann", "bob")
TIMES = st.integers(0, 9)
MARKS = st.tuples(st.sampled_from(PUPILS), TIMES, st.sampled_from(CODES))
FOR = st.sampled_from(((), ("9A",), ("9B",), ("FSM",)))
CALENDARS = st.one_of(
    st.builds(
        lambda kind, at, groups, half: Fact(
            streams.CALENDAR, kind(date=day_of(at), sessions=half, groups=groups, reason="boiler")
        ),
        st.sampled_from((SessionCancelled, SessionsClosed, ClosureWithdrawn)),
        TIMES, FOR, st.sampled_from((("AM",), ("PM",), ("AM", "PM"))),
    ),
    st.builds(
        lambda first, last: term("Autumn 1", date(2025, 9, first), date(2025, 10, last)),
        st.integers(1, 16), st.integers(3, 24),
    ),
    st.builds(lambda d: term("Summer", date(2025, d, 1), date(2025, 7, 18)), st.integers(4, 6)),
)  # fmt: skip


def day_of(at):
    """The day of a mark: a Monday of five weeks."""
    return date(2025, 9, 8) + timedelta(days=7 * (at // 2))


def pupils_facts(pupil, at, kind):
    """A change of the roll, of groups or of the birth date."""
    stream, starts = streams.pupil(pupil), date(2025, 6, 2) if pupil == "ann" else date(2025, 9, 3)
    born = {"field": "dob", "reason": "certificate seen", "amended": f"2008-10-0{at + 1}", **NAMED}
    return {
        "removed": Fact(stream, PupilRemoved(starts_on=starts, leaves_on=day_of(at))),
        "withdrawn": Fact(stream, EnrolmentWithdrawn(starts_on=starts, reason="twice", **NAMED)),
        "enrolled": enrolled(pupil, starts, birth_cohort=2008 + at % 5),
        "left": Fact(stream, GroupLeft(kind="registration", name="9A", until=day_of(at))),
        "joined": joined(pupil, "registration", "9B", since=day_of(at)),
        "older": Fact(stream, DetailsAmended(birth_cohort=2008,
                                             compulsory_from=date(2013, 12, 31), **born)),
        "younger": Fact(stream, DetailsAmended(birth_cohort=2012,
                                               compulsory_from=date(2017, 12, 31), **born)),
    }[kind]  # fmt: skip


ROLLS = st.builds(
    pupils_facts, st.sampled_from(PUPILS), TIMES,
    st.sampled_from(("removed", "withdrawn", "enrolled", "left", "joined", "older", "younger")),
)  # fmt: skip
CHANGES = st.lists(st.one_of(MARKS, MARKS, CALENDARS, ROLLS), min_size=1, max_size=25)


@settings(max_examples=40, deadline=None)
@given(CHANGES, st.booleans())
def test_any_history_is_counted_as_rates_count_it(founded, tmp_path_factory, changes, folds):
    """Before and after each row: what `rates` and `penalties` say at those positions.

    Marks of both pupils, with cancellations, closures, terms, the roll, groups and birth dates
    changing in between; and nothing moves between two rows.
    """
    book = copy_of(founded, tmp_path_factory.mktemp("any") / "ledger")
    stood: dict[tuple[str, str], str] = {}
    with book.writing():
        for n, change in enumerate(changes):
            fact = change if isinstance(change, Fact) else entry(stood, *change)
            if fact is not None:
                book.commit(instant(2025, 10, 20, 8) + n * HOUR, fact)
    # The range is that of the answer: terms that moved may have moved the school year.
    first = replayed(book, on=date(2025, 10, 17), from_=None).document["as_of"]["from"]
    asked = {"on": date(2025, 10, 17), "from_": date.fromisoformat(first)}
    for upn in ("U-ann", "U-bob"):
        rows = replayed(book, upn, every=not folds, **asked).rows()
        for n, row in enumerate(rows):
            start = row.get("from_position", row["position"])
            # One event may be several rows: what it moved is told with the first.
            if n and rows[n - 1]["position"] == start:
                assert row["before"] == row["after"] == rows[n - 1]["after"]
            else:
                assert row["before"] == figures(book, upn, position=start - 1, **asked), row
            assert row["after"] == figures(book, upn, position=row["position"], **asked), row
        if rows:
            # What lies before the range is no row, and moves only the fullest window.
            chain = [(counts(one["after"]), counts(two["before"])) for one, two in pairwise(rows)]
            assert all(one == two for one, two in chain)
            assert counts(rows[-1]["after"]) == counts(figures(book, upn, **asked))


def counts(found):
    """The counts of some figures, and the rate."""
    return [found[name] for name in COUNTS]


def entry(stood, pupil, at, code):
    """The fact that lets a mark stand; none where it stands already."""
    session = f"{day_of(at)}/{'AP'[at % 2]}M"
    was, stood[pupil, session] = stood.get((pupil, session)), code
    if was is None:
        return marked(pupil, session, code)
    return None if was == code else on_mark(pupil, session, amended(was, code))
