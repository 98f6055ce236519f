"""`register print`: the register on paper, as amended (reg 6(2)) or as a blank form."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.events.register import AbsencePlanned, MarkAmended, MarkCorrected, SourceRestated
from ledger.events.roll import GroupLeft, PupilRemoved
from ledger.store.facts import Fact
from projections.register.print import RegisterPrint
from projections.rendering import text
from tests.projections.ledgers import (
    created,
    enrolled,
    instant,
    joined,
    marked,
    on_mark,
    term,
)
from tests.projections.rendering.test_html import Outline

AT = instant(2025, 9, 8, 8)
HOUR = 3_600_000_000
MON, TUE = "2025-09-08", "2025-09-09"
ASKED = {"group": "9A", "week": date(2025, 9, 10), "on": date(2025, 9, 30)}
AMENDED = ASKED | {"as_amended": True}
BLANK = ASKED | {"blank": True}


def amended(was, became, reason):
    """An amendment by Mrs Register."""
    return MarkAmended(original=was, code=became, reason=reason, by="s1", name="Mrs Register",
                       job_title="Officer")  # fmt: skip


@pytest.fixture
def week(school):
    """Ann's N became I and then O; Bob's was corrected at the taking, and he has a late mark."""
    school.add(AT, marked("ann", f"{MON}/AM", "N"), marked("bob", f"{MON}/AM", "N"))
    school.add(
        AT + 2 * HOUR,
        on_mark("ann", f"{MON}/AM", amended("N", "I", "rang <in>")),
        on_mark("bob", f"{MON}/AM", MarkCorrected(original="N", code="/", by="s1")),
        marked("bob", f"{MON}/PM", "\\", late=True, by="s2", reason="forgot"),
    )
    school.add(AT + 26 * HOUR, on_mark("ann", f"{MON}/AM", amended("I", "O", "not ill")))
    return school


def printed(book, **asked):
    """The answer for a printed week."""
    return book.ask(RegisterPrint(**asked))


def test_every_amended_entry_is_shown_with_all_five_and_more(week):
    """Original, amended, reason, date, name; an amendment of an amendment has both."""
    answer = printed(week, **AMENDED)
    (shown,) = answer.rows()
    assert shown["week"] == "2025-09-08"
    five = [
        (n["number"], n["upn"], n["session"], n["was"], n["became"], n["reason"],
         n["recorded_at"], n["by"]["name"], n["by"]["job_title"], n["late_by_school_days"])
        for n in shown["amendments"]
    ]  # fmt: skip
    assert five == [
        (1, "U-ann", f"{MON}/AM", "N", "I", "rang <in>", "2025-09-08T10:00:00Z", "Mrs Register",
         "Officer", 0),
        (2, "U-ann", f"{MON}/AM", "I", "O", "not ill", "2025-09-09T10:00:00Z", "Mrs Register",
         "Officer", 1),
    ]  # fmt: skip
    (late,) = shown["late_entries"]
    assert (late["number"], late["became"], late["by"]["name"], late["late_by_school_days"]) == (
        4, "\\", "Mr Teacher", 0,
    )  # fmt: skip
    (corrected,) = shown["corrections"]
    assert (corrected["number"], corrected["was"], corrected["became"]) == (3, "N", "/")


def test_notes_are_numbered_in_the_cells_and_listed_beneath(week):
    """As text in square brackets; a correction during the taking is listed apart."""
    register, amendments, late, corrected = printed(week, **AMENDED).blocks
    assert [row[:3] for row in register.as_grid.rows] == [
        ("Ann Able", "O* [1,2]", "-"), ("Bob Baker", "/^ [3]", "\\+ [4]"),
    ]  # fmt: skip
    assert amendments.rows[1] == (
        "2", f"{MON}/AM", "Ann Able", "I", "O", "not ill", "2025-09-09 11:00 BST", "Mrs Register",
        "Officer", "operating-system account; name as stated", "1", "amendment",
    )  # fmt: skip
    assert late.rows[0][:6] == (
        "4", f"{MON}/PM", "Bob Baker", "\\", "forgot", "2025-09-08 11:00 BST",
    )  # fmt: skip
    assert corrected.title == "Corrected while the register was being taken"
    assert corrected.rows[0][:6] == ("3", f"{MON}/AM", "Bob Baker", "N", "/", "not stated")
    assert "position" in corrected.notes[-1]
    assert any("rang <in>" in line for line in text.as_text(printed(week, **AMENDED).blocks))


def test_the_csv_has_one_row_a_note(week):
    """Week, number and the five of each."""
    lines = text.as_csv(printed(week, **AMENDED)).splitlines()
    assert lines[0].startswith("week,number,session,upn,name,kind,was,became,reason,by")
    assert [line.split(",")[1] for line in lines[1:]] == ["1", "2", "3", "4"]


def test_a_correction_alone_is_no_amendment(school):
    """The page says so, and shows the first entry all the same."""
    corrected = MarkCorrected(original="N", code="/", by="s1")
    school.add(AT, marked("ann", f"{MON}/AM", "N"), on_mark("ann", f"{MON}/AM", corrected))
    grid, listed = printed(school, **AMENDED).blocks
    assert grid.notes[-1] == "No entry of this week was amended or made late."
    assert listed.rows[0][3:5] == ("N", "/")


def test_what_is_in_another_group_s_register_has_no_note_here(week):
    """A dot with a number would point to an entry that is not shown."""
    left = GroupLeft(kind="registration", name="9A", since=None, until=date(2025, 9, 5))
    back = joined("ann", "registration", "9A", since=date(2025, 9, 9))
    week.add(AT + 27 * HOUR, Fact(streams.pupil("ann"), left), back)
    (shown,) = printed(week, **AMENDED).rows()
    assert (shown["rows"][0]["name"], shown["rows"][0]["cells"][0]["notes"]) == ("Ann Able", [])
    assert shown["amendments"] == []


def test_a_long_reason_makes_no_row_wider(week, tmp_path):
    """As text it goes on beneath; the page breaks lines by itself."""
    reason = "the family was seen at the harbour " * 40
    week.add(AT + 27 * HOUR, on_mark("ann", f"{MON}/AM", amended("O", "I", reason.strip())))
    answer = printed(week, **AMENDED, html=tmp_path / "register.html")
    rows = answer.blocks[1].folded
    assert max(len(row[5]) for row in rows) <= 60
    assert " ".join(row[5] for row in rows[2:]) == reason.strip()
    assert reason.strip() in Outline(answer.pages[0].text).said


def test_a_blank_form_leaves_out_who_is_no_longer_on_roll(school):
    """Also where a mark of before still stands in the week."""
    school.add(AT, marked("bob", f"{MON}/AM", "/"))
    gone = PupilRemoved(starts_on=date(2025, 9, 3), leaves_on=date(2025, 9, 5))
    school.add(AT + HOUR, Fact(streams.pupil("bob"), gone))
    (as_amended,), (form,) = (
        printed(school, **kind, group="9A", week=date(2025, 9, 8)).rows()
        for kind in ({"as_amended": True}, {"blank": True})
    )
    assert [row["name"] for row in as_amended["rows"]] == ["Ann Able", "Bob Baker"]
    assert [row["name"] for row in form["rows"]] == ["Ann Able"]


def test_a_copy_of_an_earlier_time_shows_what_was_amended_by_then(week):
    """The first amendment only, and the late entry."""
    (shown,) = printed(week, **AMENDED, known_at="2025-09-08T12:00:00Z").rows()
    assert [n["became"] for n in shown["amendments"]] == ["I"]
    assert shown["rows"][0]["cells"][0]["notes"] == [1]


def test_what_a_source_restated_or_left_out_is_said(week):
    """Another kind than an amendment; what is not stated is said to be missing."""
    restated = SourceRestated(original="O", code="M", stated=AT)
    week.add(AT + 30 * HOUR, on_mark("ann", f"{MON}/AM", restated), imported=True, by=None)
    rows = printed(week, **AMENDED).blocks[1].rows
    assert rows[2] == (
        "3", f"{MON}/AM", "Ann Able", "O", "M", "not stated",
        "imported 2025-09-09 15:00 BST; the mark stated for 2025-09-08 09:00 BST",
        "not stated", "not stated",
        "not stated; imported 2025-09-09 15:00 BST by nobody named (account office)",
        "1", "restated by a source",
    )  # fmt: skip


def test_a_week_without_changes_says_so(school):
    """Nothing beneath the grid would leave a reader wondering."""
    school.add(AT, marked("ann", f"{MON}/AM", "/"))
    (register,) = printed(school, **AMENDED).blocks
    assert "No entry of this week was amended or made late." in register.notes


def test_the_page_shows_the_notes_as_footnotes(week, tmp_path):
    """Every cell as in text, numbers raised; the five beneath; codes with their meanings."""
    path = tmp_path / "register.html"
    answer = printed(week, **AMENDED, html=path)
    assert answer.pages[0].path == path
    page = Outline(answer.pages[0].text)
    assert page.rows[1][:3] == ["Ann Able", "O*1,2", "-"]
    assert "O*<sup>1,2</sup>" in answer.pages[0].text
    register, *lists = answer.blocks
    assert [len(row) for row in page.rows[: 1 + len(register.rows)]] == [11] * 3
    assert page.rows[3:] == [list(row) for each in lists for row in (each.headings, *each.rows)]
    for words in (
        "Test School: register of 9A, as amended",
        "Week of Monday 8 September 2025",
        "O Absent without leave, for any other reason",
        "I Illness, physical or mental",
        "N Reason not yet known",
        "2025-09-08 to 2025-09-12",
    ):
        assert words in page.said


def test_a_range_is_printed_week_after_week_each_on_its_sheet(week, tmp_path):
    """Weeks in which nobody had a session are left out."""
    week.add(AT, marked("ann", "2025-09-17/AM", "/"))
    days = {"from_": date(2025, 8, 27), "to": date(2025, 9, 17)}
    answer = printed(week, group="9A", as_amended=True, html=tmp_path / "x", **days)
    assert [row["week"] for row in answer.rows()] == ["2025-09-01", "2025-09-08", "2025-09-15"]
    assert answer.pages[0].text.count('<section class="sheet">') == 3
    assert answer.document["as_of"]["from"] == "2025-08-25"
    assert answer.document["as_of"]["on"] == "2025-09-19"


def test_a_blank_form_has_names_and_room_and_no_mark(week, tmp_path):
    """Nothing that was marked, but what is planned in brackets; who took it, when, signature."""
    plan = AbsencePlanned(code="C", by="s1")
    closed = SessionsClosed(date=date(2025, 9, 10), sessions=("PM",))
    week.add(AT, Fact(streams.plan("bob", f"{TUE}/AM"), plan), Fact(streams.CALENDAR, closed))
    answer = printed(week, **BLANK, html=tmp_path / "x")
    form, codes, _ = answer.blocks
    grid = form.as_grid
    assert grid.rows[0][1:3] == ("____", "____")
    assert (grid.rows[1][3], grid.rows[1][6]) == ("(C)", "·")
    assert [row[0] for row in grid.rows] == [
        "Ann Able", "Bob Baker", "", "", "Opened at", "Ended at", "Taken by (name)", "Signature",
    ]  # fmt: skip
    assert "/  Present, morning" in codes.lines
    assert not any("cancelled" in line for line in codes.lines)
    cells = [c for row in answer.rows()[0]["rows"] for c in row["cells"]]
    assert {c["planned"] for c in cells} == {None, "C"}
    assert all(set(c) == {"session", "due", "planned"} for c in cells)
    page = Outline(answer.pages[0].text)
    assert page.rows[1] == ["Ann Able", *[""] * 5, "·", *[""] * 4]
    assert page.rows[2][3] == "(C)"
    assert "Signature" in page.said
    assert "Reason not yet known" in page.said
    assert not {"O", "N", "L", "I"} & {cell for row in page.rows for cell in row}


def test_a_plain_week_needs_no_key_to_signs_that_do_not_occur(school):
    """No plan, no closure: only what to do with the sheet."""
    (note,) = printed(school, **BLANK).blocks[0].notes
    assert note.startswith("Enter these marks in the ledger")


def test_a_form_for_a_week_to_come_can_be_printed(school):
    """The day on which the system is down is tomorrow; the calendar knows it already."""
    answer = printed(
        school, group="9A", blank=True, from_=date(2025, 12, 8), to=date(2025, 12, 12)
    )
    assert [row["week"] for row in answer.rows()] == ["2025-12-08"]


def test_a_pupil_on_roll_for_part_of_the_week_has_room_for_that_part(school):
    """Bob leaves the group on Tuesday: no entry is due from Wednesday on."""
    left = GroupLeft(kind="registration", name="9A", since=None, until=date(2025, 9, 9))
    cancelled = SessionCancelled(date=date(2025, 9, 8), sessions=("AM",))
    school.add(AT, Fact(streams.pupil("bob"), left), Fact(streams.CALENDAR, cancelled))
    grid = printed(school, **BLANK).blocks[0].as_grid
    assert grid.rows[1][1:7] == ("·", "____", "____", "____", "·", "·")


def test_weeks_without_a_session_are_no_paper(school, tmp_path):
    """It says so, in text and on the page."""
    answer = printed(school, **AMENDED | {"week": date(1999, 9, 8)}, html=tmp_path / "x")
    assert answer.blocks[0].lines[0] == "nobody in 9A had a session in this week, as known then"
    assert not answer.rows()
    assert "nobody in 9A" in Outline(answer.pages[0].text).said


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"group": "9A"}, "either as amended or blank"),
        ({"group": "9A", "blank": True, "as_amended": True}, "either as amended or blank"),
        (BLANK | {"to": date(2025, 9, 30)}, "the weeks to print are not clear"),
        ({"group": "9A", "blank": True, "from_": date(2025, 9, 8)}, "the weeks to print"),
        (
            {"group": "9A", "blank": True, "from_": date(2025, 9, 8), "to": date(2025, 9, 1)},
            "--from 2025-09-08 is later than --to 2025-09-01",
        ),
        (BLANK | {"group": "9Z"}, "no group is called '9Z'"),
        ({"blank": True}, "no group is called ''"),
    ],
)
def test_what_cannot_be_printed_is_refused(school, asked, what):
    """Exactly one kind of paper, for weeks that are clear, of a group that is known."""
    with pytest.raises(Refused, match=what):
        printed(school, **asked)


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event there is nothing to print."""
    answer = printed(school, **AMENDED, known_at="2025-07-01")
    assert answer.document["knows_nothing"] is True
    assert "knew nothing" in answer.blocks[0].lines[0]


def test_before_the_school_is_recorded_the_page_is_named_after_the_group(empty, tmp_path):
    """A ledger that holds no school yet has groups all the same."""
    empty.add(
        AT, created(), term("Autumn 1", date(2025, 9, 3), date(2025, 10, 24)),
        enrolled("ann", date(2025, 9, 3)), joined("ann", "registration", "9A"), by=None,
    )  # fmt: skip
    page = printed(empty, **BLANK, html=tmp_path / "x").pages[0].text
    assert "<title>register of 9A, blank</title>" in page
