"""Times that lie an hour off in summer: one question, not a late entry for every mark."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from commands.exchange.portable.hours import MANY
from ledger.errors import Refused
from tests.commands.exchange.portable.conftest import ADA

UPNS = (ADA, "Z999200018002", "N999200018003", "C999200018004", "R999200018005", "F999200018006")
SUMMER, WINTER = date(2026, 9, 7), date(2026, 11, 3)
"""Mondays and Tuesdays inside terms, before and after the clocks go back on 25 October."""


def rows(first: date, count: int, am: str, pm: str) -> str:
    """Rows of marks, pupil by pupil and session by session, at the times of day given."""
    return "".join(f"{row}\n" for row, _ in zip(_rows(first, am, pm), range(count), strict=False))


def _rows(first: date, am: str, pm: str) -> Iterator[str]:
    for week in range(2):
        for weekday in range(3):
            day = first + timedelta(days=7 * week + weekday)
            for half, code, at in (("AM", "/", am), ("PM", "\\", pm)):
                for upn in UPNS:
                    yield f"{upn},{day},{half},{code},,,,,{day}T{at}"


@pytest.fixture
def marked(known, top_up) -> Callable[..., list[str]]:
    """What a day's marks are refused for, as codes; none where they are taken in."""

    def codes(text: str) -> list[str]:
        path = top_up(text)
        try:
            known.bring(path, dry_run=True)
        except Refused:
            return known.codes(path)
        return []

    return codes


Z = ("08:52:00Z", "13:57:00Z")
"""London times of a register that is open from 08:45 to 08:55, written as if they were UTC."""


def test_london_times_written_as_utc_are_one_question(known, top_up):
    """It says how many marks it is about, and what to do; accepted, they stand as stated."""
    path = top_up(rows(SUMMER, MANY, *Z))
    refused = known.faults(path)
    [problem] = refused.problems
    assert (problem.file, problem.line, problem.code) == ("marks.csv", 2, "times-in-utc")
    assert problem.what == (
        f"{MANY} of {MANY} marks are after closing, by up to an hour, in summer time: "
        "are these London times written with Z?"
    )
    assert problem.remedy == "leave the Z away to have them read as London time"
    assert "--accept-findings" in refused.remedy
    known.bring(path, accept_findings=True)
    assert {state.get("late") for state in known.states("SessionMarked", "AM")[-6:]} == {True}
    assert known.brought(path).found == {}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (rows(SUMMER, MANY - 1, *Z), []),
        (rows(SUMMER, MANY, *Z), ["times-in-utc"]),
        (rows(SUMMER, MANY, "08:52:00+00:00", "13:57:00+0000"), ["times-in-utc"]),
        (rows(SUMMER, MANY, "08:52:00", "13:57:00"), []),
        (rows(SUMMER, MANY, "07:52:00Z", "12:57:00Z"), []),
        (rows(SUMMER, MANY, "08:52:00+01:00", "13:57:00+01:00"), []),
        (rows(WINTER, MANY, *Z), []),
        (rows(SUMMER, MANY, "08:56:00Z", "14:01:00Z"), []),
        (rows(SUMMER, MANY, "08:44:59Z", "13:49:59Z"), []),
        (rows(SUMMER, MANY, "08:45:00Z", "13:50:00Z"), ["times-in-utc"]),
        (rows(SUMMER, MANY, "08:55:00Z", "14:00:00Z"), ["times-in-utc"]),
        (rows(SUMMER, MANY, "07:52:00", "12:57:00"), ["times-not-in-utc"]),
        (rows(SUMMER, MANY - 1, "07:52:00", "12:57:00"), []),
        (rows(SUMMER, MANY, "07:44:59", "12:49:59"), []),
    ],
    ids=["too few", "enough", "offset nought", "London", "UTC that is right", "summer offset",
         "winter", "after closing in London too", "before opening in London", "as it opens",
         "as it closes", "UTC without Z", "too few without Z", "before opening as UTC"],
)  # fmt: skip
def test_only_what_an_hour_explains_is_asked_about(marked, text, asked):
    """An hour earlier, or later, they lie within the times of their registers."""
    assert marked(text) == asked


def test_marks_that_are_late_among_others_are_late(marked):
    """Two thirds of those of summer time have to be so, else they are what a register is for."""
    late, right = rows(SUMMER, MANY, *Z), rows(SUMMER, 72, "07:52:00Z", "12:57:00Z").splitlines()
    others = "".join(f"{row}\n" for row in right[MANY:])
    assert marked(late + others) == ["times-in-utc"]
    more = rows(SUMMER + timedelta(days=14), 4, "07:52:00Z", "12:57:00Z")
    assert marked(late + others + more) == []


def test_a_source_that_says_itself_what_is_late_is_not_asked(known, tmp_path):
    """It states the kind of each entry: its times decide nothing."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    header = "upn,date,session,code,minutes_late,nature,comment,recorded_by,recorded_on,kind"
    body = rows(SUMMER, MANY, *Z).replace("Z\n", "Z,late_entry\n")
    (folder / "marks.csv").write_text(f"{header}\n{body}", "utf-8")
    assert known.brought(folder).found == {"SessionMarked": MANY}


def test_a_mark_without_a_time_is_no_answer(marked):
    """Nor is one of a school whose register times nobody stated."""
    assert marked("".join(f"{row.rpartition(',')[0]},\n" for row in
                          rows(SUMMER, MANY, *Z).splitlines())) == []  # fmt: skip
