"""`register show`: a group's grid for a week, as it stood."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.register import (
    AbsencePlanned,
    MarkAmended,
    MarkCorrected,
    PlanWithdrawn,
    SourceRestated,
)
from ledger.events.roll import GroupLeft, PupilRemoved
from ledger.store.facts import Fact
from projections.register.show import RegisterShow
from projections.register.week import CellState
from projections.rendering.screen import show
from tests.projections.ledgers import enrolled, instant, joined, marked, on_mark, term
from tests.projections.rendering.test_html import Outline

AT = instant(2025, 9, 8, 9)
WEEK = {"group": "9A", "week": date(2025, 9, 10), "on": date(2025, 9, 30)}


def cells(book, **asked):
    """The cells by name and session."""
    document = book.ask(RegisterShow(**WEEK | asked)).document
    return {r["name"]: {c["session"]: c for c in r["cells"]} for r in document["rows"]}


def test_a_cell_of_which_nothing_is_known_says_nothing_happened():
    said = CellState("2025-09-08/AM")._asdict()
    assert [name for name, value in said.items() if value] == ["session", "in_group", "member"]


def test_a_week_has_ten_cells_for_each_pupil(school):
    """Monday to Friday, AM and PM, for each pupil of the group, by surname."""
    found = cells(school)
    assert list(found) == ["Ann Able", "Bob Baker"]
    assert len(found["Ann Able"]) == 10


def test_the_mark_that_stood_is_shown_and_whether_it_was_changed(school):
    """As amended (reg 6(2)), with a sign; at an earlier instant as entered."""
    school.add(AT, marked("ann", "2025-09-08/AM", "N"), marked("bob", "2025-09-08/AM", "/"))
    school.add(AT, Fact(streams.plan("bob", "2025-09-08/AM"), AbsencePlanned(code="C")))
    amended = MarkAmended(original="N", code="I", reason="ill", by="s1")
    school.add(AT + 3_600_000_000, on_mark("ann", "2025-09-08/AM", amended))
    found = cells(school)
    said = {name for name, value in found["Ann Able"]["2025-09-08/AM"].items() if value is True}
    assert found["Ann Able"]["2025-09-08/AM"]["code"] == "I"
    assert said == {"met", "changed", "in_group", "member", "counts", "amended"}
    assert found["Bob Baker"]["2025-09-08/AM"]["changed"] is False
    before = cells(school, known_at="2025-09-08T09:30:00Z")["Ann Able"]["2025-09-08/AM"]
    assert (before["code"], before["changed"]) == ("N", False)
    grid = school.ask(RegisterShow(**WEEK)).blocks[0].as_grid
    assert [row[:4] for row in grid.rows] == [
        ("Ann Able", "I*", "-", "-"), ("Bob Baker", "/", "-", "-"),
    ]  # fmt: skip


def test_a_cancelled_session_shows_its_code_and_a_closed_one_none(school):
    """Y4 for everyone on roll, whatever was marked; a planned closure shows a dot."""
    school.add(
        AT,
        marked("ann", "2025-09-08/AM", "/"),
        Fact(streams.CALENDAR, SessionCancelled(date=date(2025, 9, 8), sessions=("AM",))),
        Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 9))),
    )
    found = cells(school)
    assert [found[name]["2025-09-08/AM"]["code"] for name in found] == ["Y4", "Y4"]
    assert found["Ann Able"]["2025-09-08/AM"]["met"] is False
    grid = school.ask(RegisterShow(**WEEK)).blocks[0].as_grid
    assert grid.rows[1][1:4] == ("Y4", "-", "·")


def test_days_outside_the_term_are_not_met(school):
    """The first school day of September was a Wednesday."""
    found = cells(school, week=date(2025, 9, 3))["Ann Able"]
    assert [c["met"] for c in found.values()] == [False] * 4 + [True] * 6


def test_a_pupil_is_listed_in_the_weeks_on_roll_and_in_the_group(school):
    """Cy left 9B and the school on 30 September, a Tuesday."""
    assert "Cy Cole" in cells(school, group="9B", week=date(2025, 9, 29))
    assert not cells(school, group="9B", week=date(2025, 10, 6))


def test_the_week_is_that_of_the_date_when_left_out(school):
    """Without --week the week that holds --on is shown."""
    document = school.ask(RegisterShow(group="9A", on=date(2025, 9, 30))).document
    assert document["week"] == "2025-09-29"


def test_an_unknown_group_is_refused(school):
    """A group to which nobody ever belonged has no register."""
    with pytest.raises(Refused, match="no group is called '9Z'"):
        cells(school, group="9Z")
    with pytest.raises(Refused, match="no group is called ''"):
        cells(school, group=None)


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event there is no register, and that is no refusal."""
    answer = school.ask(RegisterShow(**WEEK, known_at="2025-07-01"))
    assert answer.document["knows_nothing"] is True
    assert not answer.rows()


# -- how a cell came to stand, and what changed since -------------------------------------------

HOUR = 3_600_000_000
MON, TUE, WED = "2025-09-08", "2025-09-09", "2025-09-10"


def signed(book, **asked):
    """The cells as they are written, by name and session."""
    answer = book.ask(RegisterShow(**WEEK | asked))
    sessions = [[cell["session"] for cell in row["cells"]] for row in answer.rows()]
    return {
        name: {session: cell.written for session, cell in zip(days, cells, strict=True)}
        for days, (name, cells) in zip(sessions, answer.blocks[0].rows, strict=True)
    }


def notes(book, **asked):
    """What stands beneath the grid."""
    return list(book.ask(RegisterShow(**WEEK | asked)).blocks[0].notes)


def amended(was, became, reason="found out", **more):
    """An amendment by Mrs Register."""
    return MarkAmended(original=was, code=became, reason=reason, by="s1", name="Mrs Register",
                       job_title="Officer", **more)  # fmt: skip


@pytest.fixture
def week(school):
    """A Monday on which every kind of change happened to somebody."""
    school.add(
        AT,
        marked("ann", f"{MON}/AM", "N"),
        marked("ann", f"{MON}/PM", "N"),
        marked("bob", f"{MON}/AM", "N"),
        Fact(streams.plan("bob", f"{TUE}/AM"), AbsencePlanned(code="C", by="s1")),
        Fact(streams.plan("ann", f"{TUE}/AM"), AbsencePlanned(code="C", by="s1")),
    )
    school.add(
        AT + 2 * HOUR,
        on_mark("ann", f"{MON}/AM", amended("N", "I")),
        on_mark("bob", f"{MON}/AM", MarkCorrected(original="N", code="L", by="s1")),
        marked("bob", f"{MON}/PM", "\\", late=True, by="s1", reason="forgot"),
        Fact(streams.plan("ann", f"{TUE}/AM"), PlanWithdrawn(original="C", by="s1")),
        Fact(
            streams.approval("ann", f"{MON}/PM"),
            AmendmentRequested(batch="b", original="N", code="O", reason="no reason", by="s1",
                               grounds=("late",), name="Mrs Register", job_title="Officer"),
        ),
    )  # fmt: skip
    return school


def test_each_way_to_stand_has_its_own_sign(week):
    """Amended, late, corrected at the taking, waiting for approval, planned: never blurred."""
    found = signed(week)
    assert [found["Ann Able"][f"{MON}/{half}"] for half in ("AM", "PM")] == ["I*", "N?"]
    assert [found["Bob Baker"][f"{MON}/{half}"] for half in ("AM", "PM")] == ["L^", "\\+"]
    assert [found[name][f"{TUE}/AM"] for name in found] == ["-", "(C)"]
    restated = SourceRestated(original="I", code="M", stated=AT)
    week.add(AT + 3 * HOUR, on_mark("ann", f"{MON}/AM", restated), imported=True, by=None)
    assert signed(week)["Ann Able"][f"{MON}/AM"] == "M*~"


def test_only_signs_that_occur_are_explained(week):
    """A legend of what is not there would make a reader look for it."""
    assert [note.split()[0] for note in notes(week)[:-1]] == ["*", "+", "^", "?", "(..)", "-"]
    before = notes(week, known_at="2025-09-08T09:30:00Z")
    assert [note.split()[0] for note in before[:3]] == ["!", "(..)", "-"]
    assert before[3].startswith("! compared with: Test School")


def test_what_changed_since_is_marked_and_a_first_entry_is_no_change(week):
    """At 09:30 the N stood; Bob's late mark of the afternoon was a change, a timely one not."""
    week.add(AT + 3 * HOUR, marked("ann", f"{TUE}/AM", "/"))
    then = {"known_at": "2025-09-08T09:30:00Z"}
    found = signed(week, **then)
    assert [found["Ann Able"][s] for s in (f"{MON}/AM", f"{MON}/PM")] == ["N!", "N"]
    assert [found["Bob Baker"][s] for s in (f"{MON}/AM", f"{MON}/PM")] == ["N!", "-!"]
    assert found["Ann Able"][f"{TUE}/AM"] == "(C)"
    document = week.ask(RegisterShow(**WEEK | then)).document
    assert document["compared_with"]["position"] > document["as_of"]["position"]
    assert "changes" not in document
    assert not any(c["changed_since"] for c in cells(week)["Ann Able"].values())


def test_a_position_bounds_what_changed_since_too(week):
    """What the log held then changes no more, and with it the answer."""
    head = week.ask(RegisterShow(**WEEK)).document["as_of"]["position"]
    asked = {"known_at": "2025-09-08T09:30:00Z", "position": head}
    assert signed(week, **asked)["Ann Able"][f"{MON}/AM"] == "N!"
    week.add(AT + 3 * HOUR, on_mark("ann", f"{MON}/PM", amended("N", "I")))
    assert signed(week, **asked)["Ann Able"][f"{MON}/PM"] == "N"
    nothing = {"position": 0, "known_at": "2025-07-01"}
    assert week.ask(RegisterShow(**WEEK | nothing)).document["compared_with"]["position"] == 0


def test_an_amendment_of_an_amendment_back_again_is_a_change(week):
    """N became I and N again: what stands is the same, and it was amended."""
    week.add(AT + 3 * HOUR, on_mark("ann", f"{MON}/AM", amended("I", "N")))
    assert signed(week, known_at="2025-09-08T09:30:00Z")["Ann Able"][f"{MON}/AM"] == "N!"
    changes = diff(week, "now", known_at="2025-09-08T09:30:00Z")["changes"]
    mine = [c for c in changes if c["upn"] == "U-ann" and c["kind"] == "amendment"]
    assert [(c["was"], c["became"]) for c in mine] == [("N", "I"), ("I", "N")]


def diff(book, other, **asked):
    """The document of a comparison."""
    return book.ask(RegisterShow(**WEEK | asked, diff=other)).document


def test_two_times_are_laid_over_each_other(week):
    """Cell by cell what was and became, and each change in the order in which it was known."""
    then = {"known_at": "2025-09-08T09:30:00Z"}
    answer = week.ask(RegisterShow(**WEEK | then, diff="now"))
    rows = {row[0]: row[1:] for row in answer.blocks[0].as_grid.rows}
    assert rows["Ann Able"][:2] == ("N>I", "N?")
    assert rows["Bob Baker"][:2] == ("N>L", "none>\\")
    assert answer.blocks[0].notes[0].startswith("A>B")
    kinds = [c["step"] or c["kind"] for c in answer.document["changes"]]
    assert kinds == ["amendment", "taking", "late_entry", "withdrawn", "requested"]
    first = answer.document["changes"][0]
    assert (first["session"], first["was"], first["became"], first["reason"]) == (
        f"{MON}/AM", "N", "I", "found out",
    )  # fmt: skip
    assert first["by"]["name"] == "Mrs Register"
    assert (first["recorded_at"], first["late_by_school_days"]) == ("2025-09-08T11:00:00Z", 0)
    assert answer.blocks[1].rows[0] == (
        f"{MON}/AM", "Ann Able", "N", "I", "amendment", "found out", "Mrs Register, Officer",
        "2025-09-08 12:00 BST", "0", "operating-system account; name as stated",
    )  # fmt: skip
    assert answer.blocks[1].rows[4][4] == "approval requested (asked for: O)"


def test_the_order_in_which_the_times_are_named_does_not_matter(week):
    """What was is what was known earlier, also where that is the time compared with."""
    later = diff(week, "2025-09-08T09:30:00Z")
    earlier = diff(week, "now", known_at="2025-09-08T09:30:00Z")
    assert later["changes"] == earlier["changes"]
    differences = [[c["diff"] for r in d["rows"] for c in r["cells"]] for d in (later, earlier)]
    assert differences[0] == differences[1]
    assert later["as_of"]["position"] == earlier["compared_with"]["position"]


def test_first_entries_are_counted_and_not_listed_for_reading(week):
    """Thirty entries at a taking would bury the amendment; --json has each."""
    week.add(AT + 3 * HOUR, marked("ann", f"{WED}/AM", "/"), marked("bob", f"{WED}/AM", "/"))
    answer = week.ask(RegisterShow(**WEEK, known_at="2025-09-08T11:30:00Z",
                                                  diff="now"))  # fmt: skip
    assert [c["kind"] for c in answer.document["changes"]] == ["entry", "entry"]
    assert not answer.blocks[1].rows
    assert answer.blocks[1].notes[0].startswith("2 first marks made in between")


def test_a_session_cancelled_in_between_is_a_change_of_the_calendar(week):
    """The reason, who recorded it and when; the code of the cancellation stands."""
    cancelled = SessionCancelled(date=date(2025, 9, 8), sessions=("AM",), reason="no heating")
    week.add(AT + 3 * HOUR, Fact(streams.CALENDAR, cancelled))
    then = {"known_at": "2025-09-08T11:30:00Z"}
    assert signed(week, **then)["Ann Able"][f"{MON}/AM"] == "I*!"
    found = [c for c in diff(week, "now", **then)["changes"] if c["kind"] == "calendar"]
    assert [(c["was"], c["became"], c["reason"]) for c in found] == [
        ("I", "Y4", "no heating"), ("L", "Y4", "no heating"),
    ]  # fmt: skip
    assert found[0]["by"]["name"] == "Mrs Register"
    assert found[0]["recorded_at"] == "2025-09-08T12:00:00Z"


def test_a_cancellation_stars_nobody_and_is_told_once(school):
    """Every pupil of the class got its code: only who was amended otherwise has a sign."""
    monday = date(2025, 9, 8)
    found_out = MarkAmended(original="N", code="I", reason="ill", by="s1")
    cancelling = {"code": "Y4", "reason": "session cancelled: no heating", "by": "s1"}
    cancelled = Fact(streams.CALENDAR, SessionCancelled(date=monday, reason="no heating"))
    school.add(AT, marked("ann", f"{MON}/AM", "N"), marked("bob", f"{MON}/AM", "/"))
    school.add(AT + HOUR, on_mark("ann", f"{MON}/AM", found_out))
    school.add(
        AT + 2 * HOUR,
        cancelled,
        on_mark("ann", f"{MON}/AM", MarkAmended(original="I", **cancelling)),
        on_mark("bob", f"{MON}/AM", MarkAmended(original="/", **cancelling)),
        marked("ann", f"{MON}/PM", "Y4", late=True),
        marked("bob", f"{MON}/PM", "Y4", late=True),
    )
    answer = school.ask(RegisterShow(**WEEK))
    shown = [row[:3] for row in answer.blocks[0].as_grid.rows]
    assert shown == [("Ann Able", "Y4*", "Y4"), ("Bob Baker", "Y4", "Y4")]
    told = "Y4  session cancelled: {}; what stood before is told by attendance history"
    assert [n for n in answer.blocks[0].notes if n.startswith("Y4")] == [
        told.format("Mon 08 AM, Mon 08 PM")
    ]
    bob = answer.document["rows"][1]["cells"]
    assert (bob[0]["amended"], bob[1]["late_entry"]) == (True, True)
    for half, signs in (("AM", ("Y4*", "Y4")), ("PM", ("Y4*", "Y4+"))):
        withdrawn = ClosureWithdrawn(date=monday, sessions=(half,), reason="wrong day")
        school.add(AT + 3 * HOUR, Fact(streams.CALENDAR, withdrawn))
        held = school.ask(RegisterShow(**WEEK)).blocks[0]
        assert [row[1:3] for row in held.as_grid.rows] == [signs] * 2
        assert (told.format("Mon 08 PM") in held.notes) == (half == "AM")
        still = "Mon 08 AM" if half == "AM" else "Mon 08 AM, Mon 08 PM"
        assert (
            f"Y4  stands though the session is recorded as held: {still}; "
            "attendance alerts says what to do"
        ) in held.notes


def test_a_week_that_is_named_is_what_the_answer_is_of(school):
    """Its provenance, and that of the time it is compared with."""
    asked = {"group": "9A", "week": date(2025, 9, 10)}
    answer = school.ask(RegisterShow(**asked, known_at="2025-09-02"))
    for as_of in (answer.document["as_of"], answer.document["compared_with"]):
        assert (as_of["from"], as_of["on"]) == ("2025-09-08", "2025-09-12")
    assert "; 2025-09-08 to 2025-09-12; " in answer.blocks[0].notes[-1]
    of_a_day = school.ask(RegisterShow(group="9A", on=date(2025, 9, 10))).document["as_of"]
    assert (of_a_day["from"], of_a_day["on"]) == ("2025-09-03", "2025-09-10")


def test_marks_amended_with_the_cancellation_are_told_once(week):
    """The command that cancels amends what was marked: that says what stands, and why."""
    cancelled = SessionCancelled(date=date(2025, 9, 8), sessions=("AM",), reason="no heating")
    marks = amended("I", "Y4", "session cancelled: no heating")
    week.add(
        AT + 3 * HOUR,
        Fact(streams.CALENDAR, cancelled),
        on_mark("ann", f"{MON}/AM", marks),
    )
    found = diff(week, "now", known_at="2025-09-08T11:30:00Z")["changes"]
    assert [(c["upn"], c["kind"], c["reason"]) for c in found] == [
        ("U-bob", "calendar", "no heating"),
        ("U-ann", "amendment", "session cancelled: no heating"),
    ]


def test_a_closure_and_a_moved_term_are_changes_of_the_calendar(school):
    """Where nothing of a closure is recorded in between, it was the term."""
    school.add(AT, marked("ann", f"{MON}/AM", "/"))
    moved = TermSet(name="Autumn 1", first=date(2025, 9, 9), last=date(2025, 10, 24))
    school.add(AT + HOUR, Fact(streams.CALENDAR, moved), by=None)
    then = {"known_at": "2025-09-08T09:30:00Z"}
    found = diff(school, "now", **then)["changes"]
    assert {(c["kind"], c["was"], c["became"], c["by"]) for c in found} == {
        ("roll", "/", "[/]", None), ("roll", None, "·", None),
    }  # fmt: skip
    assert found[0]["recorded_at"] == "2025-09-08T10:00:00Z"
    school.add(AT + 2 * HOUR, Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 10))))
    later = diff(school, "now", known_at="2025-09-08T10:30:00Z")["changes"]
    assert {(c["kind"], c["session"], c["reason"]) for c in later} == {
        ("calendar", f"{WED}/AM", None), ("calendar", f"{WED}/PM", None),
    }  # fmt: skip


def test_a_pupil_who_came_or_went_in_between_is_in_the_comparison(school):
    """A name on one side only is shown, and the roll is what changed."""
    school.add(AT, marked("bob", f"{MON}/AM", "/"))
    gone = GroupLeft(kind="registration", name="9A", since=None, until=date(2025, 9, 5))
    new = Fact(streams.pupil("bob"), gone)
    school.add(AT + HOUR, new, joined("bob", "registration", "9B", since=date(2025, 9, 8)))
    then = {"known_at": "2025-09-08T09:30:00Z"}
    assert signed(school, **then)["Bob Baker"][f"{MON}/AM"] == "/!"
    assert "Bob Baker" not in signed(school)
    found = diff(school, "now", **then)
    assert [r["name"] for r in found["rows"]] == ["Ann Able", "Bob Baker"]
    mine = [c for c in found["changes"] if c["session"] == f"{MON}/AM"]
    assert [(c["kind"], c["was"], c["became"]) for c in mine] == [("roll", "/", "·")]
    theirs = diff(school, "now", **then, group="9B")
    assert [r["name"] for r in theirs["rows"]] == ["Bob Baker", "Cy Cole"]


def test_a_group_that_one_of_the_times_does_not_know_can_be_compared(school):
    """The group named must be known at the point in time asked about only."""
    school.add(AT, joined("ann", "cohort", "CHOIR", since=date(2025, 9, 1)))
    found = diff(school, "2025-09-08T08:00:00Z", group="CHOIR")
    assert [r["name"] for r in found["rows"]] == ["Ann Able"]
    with pytest.raises(Refused, match="no group is called 'CHOIR'"):
        diff(school, "now", group="CHOIR", known_at="2025-09-08T08:00:00Z")


def test_compared_with_a_time_before_the_first_event_everything_is_new(week):
    """The ledger knew nothing then: the answer says so, and shows what became known."""
    found = diff(week, "now", known_at="2025-07-01")
    assert found["knows_nothing"] is True
    assert found["rows"][0]["cells"][0]["diff"] == {"was": "·", "became": "I"}
    both = week.ask(RegisterShow(**WEEK | {"known_at": "2025-07-01"},
                                                diff="2025-07-02"))  # fmt: skip
    assert both.blocks[0].lines[0].startswith("the ledger's first event")


def test_before_the_first_event_a_comparison_as_csv_says_so_on_stderr(week, capsys):
    """The rows on stdout; one sentence aside, and not the whole table once more."""
    asked = RegisterShow(**WEEK, known_at="2025-07-01", diff="now")
    show(week.ask(asked), as_csv=True)
    out, err = capsys.readouterr()
    assert out.startswith("upn,name,2025-09-08/AM,")
    assert out.count("\n") == 1 + len(week.ask(asked).document["rows"])
    assert err.startswith("the ledger's first event was recorded at ")
    assert err.count("\n") == 1


def test_by_the_source_s_clock_the_stated_times_order_the_comparison(school):
    """Both times know the same events, and differ in what their source says of its time."""
    closed = SessionsClosed(date=date(2025, 9, 8), sessions=("PM",), stated=AT + HOUR)
    school.add(
        AT + 5 * HOUR,
        marked("ann", f"{MON}/AM", "N", stated=AT),
        on_mark("ann", f"{MON}/AM", MarkAmended(original="N", code="I", by="s1",
                                                stated=AT + 2 * HOUR)),
        Fact(streams.CALENDAR, closed),
        imported=True,
    )  # fmt: skip
    asked = {"clock": "source", "known_at": "2025-09-08T09:30:00Z"}
    found = diff(school, "now", **asked)
    kinds = {c["kind"] for c in found["changes"]}
    assert kinds == {"amendment", "calendar"}
    amendment = next(c for c in found["changes"] if c["kind"] == "amendment")
    assert (amendment["was"], amendment["became"], amendment["source"]) == (
        "N", "I", "other-system",
    )  # fmt: skip
    calendar = next(c for c in found["changes"] if c["kind"] == "calendar")
    assert (calendar["position"], calendar["by"], calendar["recorded_at"]) == (None, None, None)
    answer = school.ask(RegisterShow(**WEEK | asked, diff="now"))
    said = {row[4]: row[7] for row in answer.blocks[1].rows}
    assert said == {
        "amendment, as stated by its source": "2025-09-08 12:00 BST (stated)",
        "calendar changed": "not stated",
    }


def test_a_pupil_who_changes_group_within_the_week_is_shown_where_he_was(school):
    """Monday and Tuesday stand in the register of 9A, the rest of the week in 9B's."""
    school.add(AT, marked("bob", f"{MON}/AM", "/"), marked("bob", f"{WED}/AM", "/"))
    left = GroupLeft(kind="registration", name="9A", since=None, until=date(2025, 9, 9))
    school.add(
        AT, Fact(streams.pupil("bob"), left),
        joined("bob", "registration", "9B", since=date(2025, 9, 10)),
    )  # fmt: skip
    here, there = signed(school)["Bob Baker"], signed(school, group="9B")["Bob Baker"]
    assert (here[f"{MON}/AM"], here[f"{WED}/AM"]) == ("/", "·")
    assert (there[f"{MON}/AM"], there[f"{WED}/AM"]) == ("·", "/")


def uncounted(school):
    """Marks of a Monday to Thursday that stood, and what was recorded since of three days."""
    ends = date(2025, 9, 10)
    school.add(AT, *(marked(p, f"2025-09-{day:02}/AM", "/") for p in ("ann", "bob")
                     for day in (8, 9, 10, 11)))  # fmt: skip
    school.add(
        AT + HOUR,
        Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 8), reason="INSET")),
        Fact(streams.CALENDAR, SessionCancelled(date=date(2025, 9, 9), reason="boiler")),
        Fact(streams.pupil("ann"), PupilRemoved(starts_on=date(2025, 6, 2), leaves_on=ends)),
    )


def test_a_mark_that_stands_and_does_not_count_is_told_apart(school, tmp_path):
    """School closed since, or no longer on roll: in brackets; a cancelled one has its code."""
    uncounted(school)
    found = signed(school)
    days = [f"2025-09-{day:02}/AM" for day in (8, 9, 10, 11)]
    assert [found["Ann Able"][day] for day in days] == ["[/]", "Y4", "/", "[/]"]
    assert [found["Bob Baker"][day] for day in days] == ["[/]", "Y4", "/", "/"]
    here = cells(school)["Ann Able"]
    assert [here[day]["counts"] for day in days] == [False, False, True, False]
    assert [here[day]["code"] for day in days] == ["/", "Y4", "/", "/"]
    assert "[..]  stands, but counts in no figure" in "\n".join(notes(school))
    path = tmp_path / "register.html"
    asked = RegisterShow(**WEEK, known_at="2025-09-08T09:30:00Z", diff="now", html=path)
    answer = school.ask(asked)
    assert answer.blocks[0].as_grid.rows[0][1] == "/>[/]"
    page = Outline(answer.pages[0].text)
    assert "[..] stands, but counts in no figure" in page.said
    assert "/ Present" in page.said


def test_marks_after_a_last_day_that_was_set_back_stay_in_the_register(school):
    """The row would vanish with the week; whoever has no mark is not listed."""
    school.add(AT, marked("bob", "2025-09-22/AM", "/"))
    for pupil, starts in (("ann", date(2025, 6, 2)), ("bob", date(2025, 9, 3))):
        gone = PupilRemoved(starts_on=starts, leaves_on=date(2025, 9, 12))
        school.add(AT + HOUR, Fact(streams.pupil(pupil), gone))
    found = signed(school, week=date(2025, 9, 22))
    assert list(found) == ["Bob Baker"]
    assert list(found["Bob Baker"].values())[:2] == ["[/]", "·"]


def test_a_mark_outside_every_term_is_shown(school):
    """Terms were moved since: the mark stands still, and counts for nothing."""
    school.add(AT, marked("ann", f"{MON}/AM", "/"))
    school.add(AT + HOUR, term("Autumn 1", date(2025, 9, 10), date(2025, 10, 24)))
    cell = cells(school)["Ann Able"][f"{MON}/AM"]
    assert (cell["code"], cell["counts"], cell["in_group"]) == ("/", False, True)
    school.add(AT + HOUR, term("Autumn 1", date(2025, 9, 17), date(2025, 10, 24)))
    assert list(signed(school)) == ["Ann Able"]


def test_a_week_before_any_term_has_no_row_and_says_so(school):
    """That is no empty register but none at all."""
    answer = school.ask(RegisterShow(**WEEK | {"week": date(1999, 9, 8)}))
    assert not answer.rows()
    assert answer.blocks[0].notes[0] == "nobody in 9A had a session in this week, as known then"


def test_when_the_clocks_go_back_times_say_which_they_are(school):
    """01:30 comes twice on 26 October 2025: summer time first."""
    book, session = school, "2025-10-24/PM"
    book.add(instant(2025, 10, 24, 13), marked("ann", session, "N"))
    book.add(instant(2025, 10, 26, 0, 30), on_mark("ann", session, amended("N", "I")))
    book.add(instant(2025, 10, 26, 1, 30), on_mark("ann", session, amended("I", "O")))
    asked = {"group": "9A", "week": date(2025, 10, 22), "on": date(2025, 11, 1)}
    answer = book.ask(RegisterShow(**asked, known_at="2025-10-25", diff="now"))
    assert [row[7] for row in answer.blocks[1].rows] == [
        "2025-10-26 01:30 BST", "2025-10-26 01:30 GMT",
    ]  # fmt: skip
    between = book.ask(RegisterShow(**asked, known_at="2025-10-26T01:30"))
    assert between.blocks[0].as_grid.rows[0][10] == "I*!"


def test_a_time_to_come_cannot_be_compared_with(week):
    """The refusal names the option; today's date stands for now."""
    with pytest.raises(Refused, match="--diff 2030-01-01 is later than now"):
        diff(week, "2030-01-01")
    today = diff(week, "2026-06-30")
    assert today["changes"] == []


def test_the_page_holds_every_cell_and_needs_no_colour(week, tmp_path):
    """The grid as in text, its legend, the meaning of its codes, and the provenance."""
    path = tmp_path / "register.html"
    asked = RegisterShow(**WEEK, known_at="2025-09-08T09:30:00Z", diff="now", html=path)
    answer = week.ask(asked)
    assert [page.path for page in answer.pages] == [path]
    page = Outline(answer.pages[0].text)
    grids = (answer.blocks[0].as_grid, answer.blocks[1])
    assert page.rows == [list(row) for each in grids for row in (each.headings, *each.rows)]
    first = answer.document["as_of"]["position"]
    second = answer.document["compared_with"]["position"]
    for words in (
        "Register of 9A, week of Monday 8 September 2025",
        f"Test School. As known at 2025-09-08 10:30 BST (position {first}), compared with",
        f"what was known at 2026-06-30 13:00 BST (position {second}).",
        "N Reason not yet known",
        "I Illness, physical or mental",
        "O Absent without leave, for any other reason",
        "C Leave: exceptional circumstances that no other code covers",
        answer.blocks[0].notes[-1],
    ):
        assert words in page.said
    plain = week.ask(RegisterShow(**WEEK, html=path))
    assert (
        f"known at 2026-06-30 13:00 BST (position {second})." in Outline(plain.pages[0].text).said
    )
    empty = RegisterShow(**WEEK | {"week": date(1999, 9, 8)}, html=path)
    assert "nobody in 9A" in Outline(week.ask(empty).pages[0].text).said


def test_a_name_with_markup_in_it_is_a_name(school, tmp_path):
    """Escaped in the page; nothing of it becomes a tag."""
    enrolment = enrolled("eve", date(2025, 9, 3), surname='O"<i>&', forename="Eve")
    school.add(AT, enrolment, joined("eve", "registration", "9A"))
    page = school.ask(RegisterShow(**WEEK, html=tmp_path / "x")).pages[0].text
    found = Outline(page)
    assert 'Eve O"<i>&' in [row[0] for row in found.rows]
    assert "i" not in found.tags


def test_pupils_beyond_use_keep_their_marks_and_lose_their_names(week):
    """Grid, changes and reasons: the words in place of what is destroyed."""
    week.destroy("ann")
    found = diff(week, "now", known_at="2025-09-08T09:30:00Z")
    gone = next(r for r in found["rows"] if r["name"] == "[beyond use]")
    assert gone["cells"][0]["diff"] == {"was": "N", "became": "I"}
    assert found["changes"][0]["reason"] == "[beyond use]"
