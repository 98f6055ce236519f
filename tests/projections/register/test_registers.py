"""`registers`: what was due, who took it, when, how late, and what is missing."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import SessionsClosed
from ledger.events.register import RegisterTaken
from ledger.store.facts import Fact
from ledger.values import parse_session
from projections.register.registers import Registers
from projections.rendering.text import as_csv
from tests.projections.ledgers import corrected, enrolled, instant, joined, marked, term

DAY = {"from_": date(2025, 9, 8), "on": date(2025, 9, 8)}
AM, PM = "2025-09-08/AM", "2025-09-08/PM"
CLOSES = instant(2025, 9, 8, 7, 55)


def taken(group, session, ended, **more):
    """A register taken by Mr Teacher."""
    event = RegisterTaken(**{"by": "s2", "ended": ended, "marks": 2} | more)
    return Fact(streams.register(group, parse_session(session)), event)


def rows(book, **asked):
    """The rows of one Monday."""
    return book.ask(Registers(**DAY | asked), now=instant(2025, 9, 9, 12)).rows()


def short(found):
    """Session, group, how, expected and without of each row."""
    return [(r["session"][11:], r["group"], r["how"], r["expected"], r["without"]) for r in found]


@pytest.fixture
def monday(school):
    """9A took the morning in time, nobody the afternoon; 9B's morning was imported."""
    school.add(
        CLOSES, marked("ann", AM, "/", by="s2"), marked("bob", AM, "N", by="s2"),
        taken("9A", AM, CLOSES, opened=CLOSES - 600_000_000),
    )  # fmt: skip
    school.add(
        instant(2025, 9, 8, 20),
        marked("cy", AM, "/", stated=CLOSES, row=2),
        marked("cy", PM, "/", row=3),
        imported=True,
    )
    return school


def test_every_group_with_somebody_on_roll_has_a_register_a_session(monday):
    """Taken, imported without saying how, or missing; with whom it expected and misses."""
    assert short(rows(monday)) == [
        ("AM", "9A", "taken", 2, 0),
        ("AM", "9B", "not recorded how it was taken", 1, 0),
        ("PM", "9A", "missing", 2, 2),
        ("PM", "9B", "not recorded how it was taken", 1, 0),
    ]


def test_who_took_it_and_when_stand_in_the_row(monday):
    """Name and title of then, opened, ended, closing time."""
    first = rows(monday)[0]
    assert first["by"] == {"name": "Mr Teacher", "job_title": "Teacher"}
    assert (first["opened"], first["ended"], first["closes"], first["marks"]) == (
        "2025-09-08T07:45:00Z", "2025-09-08T07:55:00Z", "2025-09-08T07:55:00Z", 2,
    )  # fmt: skip
    assert first["late_by_minutes"] is None


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, None), (1, 0), (59, 0), (60, 1), (61, 1), (119, 1), (3600, 60)]
)
def test_a_register_is_late_from_the_first_moment_after_closing(school, seconds, minutes):
    """At the closing time it is in time; minutes are rounded down, and late is late."""
    ended = CLOSES + seconds * 1_000_000
    school.add(ended, marked("ann", AM, "/"), marked("bob", AM, "/"), taken("9A", AM, ended))
    (row,) = rows(school, group="9A")[:1]
    assert row["late_by_minutes"] == minutes
    assert [r["group"] for r in rows(school, late=True)] == ["9A"] * (minutes is not None)


def test_first_marks_made_after_closing_make_a_register_late(monday):
    """Entered the day after: a school day late, whatever the taking said."""
    monday.add(instant(2025, 9, 9, 8), marked("ann", PM, "\\", late=True, by="s1"))
    monday.add(
        instant(2025, 9, 9, 9), marked("bob", PM, "\\", stated=instant(2025, 9, 8, 13, 1), row=2),
        imported=True,
    )  # fmt: skip
    late = rows(monday, late=True)
    assert short(late) == [("PM", "9A", "not recorded how it was taken", 2, 0)]
    assert (late[0]["marks_after"], late[0]["late_by_school_days"]) == (2, 1)
    shown = monday.ask(Registers(**DAY, late=True), now=instant(2025, 9, 9, 12))
    assert shown.blocks[0].rows[0][-1] == "1 school day"


def test_one_pupil_s_mark_made_later_makes_no_register_late(school):
    """A joiner is given marks days after; most of the class was marked in time."""
    school.add(CLOSES, *(marked(p, AM, "/", by="s2") for p in ("ann", "bob")))
    school.add(CLOSES, enrolled("dee", date(2025, 9, 3)), joined("dee", "registration", "9A"))
    school.add(instant(2025, 9, 11, 9), marked("dee", AM, "/", late=True, by="s1"))
    now = instant(2025, 9, 12, 12)
    [row] = [r for r in school.ask(Registers(**DAY, group="9A"), now=now).rows()
             if r["session"] == AM]  # fmt: skip
    assert (row["marks_after"], row["late_by_minutes"], row["without"]) == (1, None, 0)
    assert not [r for r in school.ask(Registers(**DAY, group="9A", late=True), now=now).rows()
                if r["session"] == AM]  # fmt: skip


def test_half_of_the_marks_in_time_and_half_after_is_late(school):
    """More than half have to have been made by the closing time."""
    school.add(CLOSES, marked("ann", AM, "/", by="s2"))
    school.add(CLOSES + 120_000_000, marked("bob", AM, "/", by="s2"))
    assert rows(school, group="9A")[0]["late_by_minutes"] == 2


def test_a_taking_that_ended_in_time_is_not_late_for_a_mark_made_after_it(monday):
    """Bob's mark was missing, and is entered in the afternoon."""
    monday.add(instant(2025, 9, 8, 14), taken("9A", PM, instant(2025, 9, 8, 12, 50)))
    monday.add(instant(2025, 9, 8, 15), marked("bob", PM, "/", late=True))
    row = rows(monday, group="9A")[1]
    assert (row["how"], row["marks_after"], row["late_by_minutes"]) == ("taken", 1, None)


def test_missing_registers_are_those_not_taken_with_pupils_unmarked(monday):
    """One that was taken and left a pupil out is not missing; both options list either."""
    assert short(rows(monday, missing=True)) == [("PM", "9A", "missing", 2, 2)]
    monday.add(CLOSES + 60_000_000, taken("9B", AM, CLOSES + 60_000_000))
    both = rows(monday, missing=True, late=True)
    assert [(r["group"], r["session"][11:]) for r in both] == [("9B", "AM"), ("9A", "PM")]


def test_a_register_still_open_is_not_due_unless_it_was_taken(school):
    """One minute before closing; a register taken early stands."""
    asked = Registers(**DAY)
    before = instant(2025, 9, 8, 7, 54)
    assert not school.ask(asked, now=before).rows()
    assert len(school.ask(asked, now=CLOSES).rows()) == 2
    school.add(before - 1, taken("9A", AM, before - 1))
    assert len(school.ask(asked, now=before).rows()) == 1
    known = Registers(**DAY, known_at="2025-09-08T08:54", group="9B")
    assert not school.ask(known).rows()


def test_a_mark_outside_every_session_makes_no_register(school):
    """On a Saturday, as a source may state it."""
    school.add(CLOSES, marked("ann", "2025-09-06/AM", "/", row=2), imported=True)
    weekend = Registers(from_=date(2025, 9, 6), on=date(2025, 9, 8), group="9A")
    assert [r["session"] for r in school.ask(weekend).rows()] == [AM, PM]


def test_what_is_closed_or_off_roll_is_not_due(school):
    """Closed for one group; the other after its last pupil left."""
    school.add(
        instant(2025, 9, 1),
        Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 8), groups=("9A",))),
    )
    assert {r["group"] for r in rows(school)} == {"9B"}
    october = {"from_": date(2025, 10, 1), "on": date(2025, 10, 1)}
    assert {r["group"] for r in school.ask(Registers(**october)).rows()} == {"9A"}


def test_without_register_times_nothing_is_late_and_the_day_decides(school):
    """Before the first times on record: due once the day is over, marks after not known."""
    june = {"from_": date(2024, 6, 3), "on": date(2024, 6, 3)}
    school.add(instant(2025, 8, 2), term("Old", date(2024, 6, 3), date(2024, 6, 4)))
    assert not school.ask(Registers(**june)).rows()
    again = {"starts_on": date(2024, 6, 1), "birth_cohort": 2012}
    school.add(instant(2025, 9, 2), enrolled("bob", **again))
    answer = school.ask(Registers(**june))
    assert [(r["closes"], r["marks_after"], r["late_by_minutes"]) for r in answer.rows()] == [
        (None, None, None)
    ] * 2
    assert answer.blocks[0].rows[0][-2:] == ("not known", "")


def test_years_take_registers_too(monday):
    """--kind year."""
    assert {r["group"] for r in rows(monday, kind="year")} == {"Y9"}


def test_on_the_days_that_the_clocks_change_closing_times_are_londons(school):
    """Closing at 08:55 is 07:55 UTC until Friday 24 October 2025, and 08:55 UTC after."""
    for day, hour in ((24, 7), (3, 8)):
        month = 10 if day == 24 else 11
        session = f"2025-{month}-{day:02}/AM"
        ended = instant(2025, month, day, hour, 55)
        school.add(ended, taken("9A", session, ended, by="s1"))
        asked = {"from_": date(2025, month, day), "on": date(2025, month, day), "group": "9A"}
        found = school.ask(Registers(**asked)).rows()
        assert (found[0]["how"], found[0]["late_by_minutes"]) == ("taken", None)


def test_counts_by_group_and_by_job_title(monday):
    """In the order of their names, with a total; people are not ranked."""
    by_group = monday.ask(Registers(**DAY, summary="group"))
    assert [(r["group"], r["due"], r["taken"], r["missing"]) for r in by_group.rows()] == [
        ("9A", 2, 1, 1),
        ("9B", 2, 0, 0),
    ]
    assert by_group.document["total"] == {
        "due": 4, "taken": 1, "not_recorded": 2, "missing": 1, "late": 0, "without": 2,
    }  # fmt: skip
    by_title = monday.ask(Registers(**DAY, summary="title"))
    assert [(r["job_title"], r["due"]) for r in by_title.rows()] == [
        ("(not recorded)", 3),
        ("Teacher", 1),
    ]
    assert by_title.blocks[0].rows[-1][:2] == ("all", "4")
    assert by_title.blocks[0].headings[:3] == ["Taken by (job title)", "Due", "Taken"]
    assert as_csv(by_title).splitlines()[0].startswith("job_title,due,taken")


def test_the_table_reads_in_london_time(monday):
    """Times of day, with the date where it is another day."""
    monday.add(instant(2025, 9, 9, 8), taken("9A", PM, instant(2025, 9, 9, 8)))
    answer = monday.ask(Registers(**DAY, group="9A"), now=instant(2025, 9, 9, 12))
    am, pm = answer.blocks[0].rows
    assert am[3:7] == ("08:55", "08:45", "08:55", "Mr Teacher, Teacher")
    assert pm[3:6] == ("14:00", "", "2025-09-09 09:00")
    assert pm[-1] == "1 school day"
    assert "by_name" in as_csv(answer).splitlines()[0]


def test_a_delay_of_minutes_reads_as_minutes(school):
    """The same day."""
    school.add(CLOSES + 180_000_000, taken("9A", AM, CLOSES + 180_000_000))
    answer = school.ask(Registers(**DAY, late=True))
    assert answer.blocks[0].rows[0][-1] == "3 minutes"


def test_a_delay_of_seconds_reads_as_less_than_a_minute(school):
    """It is late all the same, and counted so."""
    school.add(CLOSES + 1_000_000, taken("9A", AM, CLOSES + 1_000_000))
    answer = school.ask(Registers(**DAY, late=True))
    assert answer.blocks[0].rows[0][-1] == "less than a minute"
    assert answer.document["total"]["late"] == 1


def test_a_delay_over_a_weekend_reads_as_days(school):
    """Friday's register, taken on the Sunday: no school day has passed, and 59 hours have."""
    friday = {"from_": date(2025, 9, 5), "on": date(2025, 9, 5)}
    ended = instant(2025, 9, 7, 18, 55)
    school.add(ended, taken("9A", "2025-09-05/AM", ended))
    answer = school.ask(Registers(**friday, late=True), now=instant(2025, 9, 8, 9))
    assert (answer.rows()[0]["late_by_minutes"], answer.rows()[0]["late_by_school_days"]) == (
        3540, 0,
    )  # fmt: skip
    assert answer.blocks[0].rows[0][-1] == "2 days 11 hours"


def test_an_unknown_group_is_refused_and_knowing_nothing_is_said(school):
    """A year is no registration group."""
    with pytest.raises(Refused) as caught:
        rows(school, group="Y9")
    assert caught.value.code == "group-unknown"
    for summary, first in ((None, "session,"), ("title", "job_title,")):
        answer = school.ask(Registers(known_at="2025-07-01", summary=summary))
        assert answer.document["knows_nothing"] is True
        assert as_csv(answer).startswith(first)
        assert not answer.rows()


def test_a_register_that_a_wrong_clock_timed_is_shown_with_what_is_known(school):
    """Its own times are that clock's too: until corrected 38 days late, then between two times."""
    wrong = instant(2025, 10, 16, 7, 50)
    school.add(CLOSES - 600_000_000, joined("zed", "registration", "9C"))
    head = school.add(
        wrong, marked("ann", AM, "/", by="s2"), marked("bob", AM, "/", by="s2"),
        taken("9A", AM, wrong, opened=wrong - 60_000_000),
    )  # fmt: skip
    [row] = [each for each in rows(school, group="9A") if each["session"] == AM]
    assert (row["ended"], row["marks_after"]) == ("2025-10-16T07:50:00Z", 2)
    school.add(CLOSES + 1, corrected(head - 3, head, CLOSES - 600_000_000, CLOSES))
    [row] = [each for each in rows(school, group="9A") if each["session"] == AM]
    assert (row["opened"], row["ended"]) == ("2025-09-08T07:55:00Z",) * 2
    assert (row["marks_after"], row["late_by_minutes"]) == (0, None)
    answer = school.ask(Registers(**DAY, group="9A"), now=instant(2025, 9, 9, 12))
    told = "between 2025-09-08 08:45 and 2025-09-08 08:55; the clock said 2025-10-16 08:50"
    assert answer.blocks[0].rows[0][5] == told
