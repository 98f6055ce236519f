"""The demonstration: a school made up, its main answers, and what to try next."""

import dataclasses
import re
import shlex
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from commands.demo import demo
from commands.demo.demo import FOLDER, Demo
from commands.demo.synthetic.settings import table
from tests.cli.shell import done, raising, refused, run

SMALL = ("demo", "--pupils", "10", "--until", "2026-09-25")


def without_roots(text: str) -> str:
    """Return an answer without the tree's root, in which random numbers have a part."""
    return re.sub(r"root [\w+/]{12}", "", text)


def without_times(text: str) -> str:
    """Return an answer without when it was asked, nor the root, which seals the time too."""
    return re.sub(r"known at [\d-]+ [\d:.+]+", "", without_roots(text))


def test_demo_shows_the_main_answers(made):
    shown = made[1]
    assert (shown.code, shown.err) == (0, "")
    for part in (
        "Attendance by year",
        "Attendance below 90 %: ",
        ": a fortnight",
        "What was changed, by whom and why",
        "The week of 2026-11-02, as stated by that Friday midnight and as known now",
        "40 invented pupils in attendance-demo/",
        "Try next:",
    ):
        assert shown.out.count(part) == 1, part
    assert [y for y in ("Y7", "Y8", "Y9", "Y10", "Y11") if f"\n{y} " not in shown.out] == []


@pytest.mark.parametrize("phase", ["primary", "secondary", "all-through", "special"])
def test_what_to_try_next_works(phase):
    lines = done(*SMALL, "--phase", phase).out.split("Try next:\n")[1].splitlines()
    assert len(lines) == 8
    for line in lines:
        program, *args = shlex.split(line)
        tried = run(*args)
        assert (program, tried.code, tried.err) == ("attendance", 0, "")
        assert "0 pupils found" not in tried.out


def test_phases_are_those_that_can_be_made():
    choices = set(get_args(get_type_hints(Demo)["phase"]))
    assert choices == set(table("phases")["school"])


def test_demo_is_made_anew_each_time():
    first = run(*SMALL, "--seed", "2")
    (FOLDER / "views" / "left.txt").touch()
    second = run(*SMALL, "--seed", "2")
    other = run(*SMALL, "--seed", "3")
    assert without_roots(first.out) == without_roots(second.out)
    assert first.out != second.out
    assert without_times(first.out) != without_times(other.out)
    assert not (FOLDER / "views" / "left.txt").exists()


def test_a_demo_that_is_stopped_leaves_the_one_before_and_nothing_else(monkeypatch):
    """The new one is made aside, and gets its name once it is whole."""
    done(*SMALL)
    before = sorted((path, path.stat().st_mtime_ns) for path in Path().rglob("*"))
    monkeypatch.setattr(demo, "execute", raising(KeyboardInterrupt))
    assert run(*SMALL, "--seed", "2").code == 130
    assert sorted((path, path.stat().st_mtime_ns) for path in Path().rglob("*")) == before


def test_demo_says_the_same_at_another_time(at):
    first = run(*SMALL)
    at("2026-11-20T22:00")
    second = run(*SMALL)
    assert first.out != second.out
    assert without_times(first.out) == without_times(second.out)


@pytest.mark.parametrize("there", ["folder", "file", "link", "broken link"])
def test_demo_replaces_nothing_that_it_did_not_make(there, tmp_path):
    match there:
        case "folder":
            FOLDER.mkdir()
            (FOLDER / "homework.txt").write_text("mine", "utf-8")
        case "file":
            FOLDER.write_text("mine", "utf-8")
        case "link":
            (tmp_path / "elsewhere").mkdir()
            FOLDER.symlink_to(tmp_path / "elsewhere")
        case _:
            FOLDER.symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.rglob("*"))
    assert "was not made by attendance demo" in refused(*SMALL)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("--until", "2026-11-21"), "--until 2026-11-21 has not come yet"),
        (("--until", "1990-01-01"), "no attendance codes are known before"),
        (("--until", "0001-01-01"), "out of range"),
    ],
)
def test_demo_that_cannot_be_made_leaves_the_one_before(args, what):
    run(*SMALL)
    before = run("--ledger", FOLDER, "status")
    assert what in refused("demo", "--pupils", "10", *args)
    assert run("--ledger", FOLDER, "status") == before


@pytest.mark.parametrize(
    ("time", "without"), [("08:00", {"AM", "PM"}), ("12:00", {"PM"}), ("23:00", set())]
)
def test_demo_until_today_knows_what_is_known_by_now(at, time, without):
    at(f"2026-10-01T{time}")
    shown = done("demo", "--pupils", "10")
    assert "with registers until 2026-10-01;" in shown.out
    assert "\nshown as at 2026-09-25, the end of the last whole week of school\n" in shown.out
    told = run("--ledger", FOLDER, "today", "--json").json
    assert {session[-2:] for session in told.get("not_due_yet", [])} == without
    assert not [row for row in told["rows"] if row["what"] == "no mark"]


@pytest.mark.parametrize("years", [(), ("--years", "2")])
@pytest.mark.parametrize(
    ("until", "on", "week"),
    [
        ("2026-08-20", "2026-07-20", "2026-07-13"),  # summer holidays
        ("2026-09-24", "2026-07-20", "2026-07-13"),  # three weeks, not all of them whole, are over
        ("2026-09-25", "2026-09-25", "2026-09-14"),  # the fourth is
        ("2026-10-31", "2026-10-22", "2026-10-12"),  # half-term, after a training day
        ("2026-11-05", "2026-10-22", "2026-10-12"),  # the first week after it
        ("2026-11-15", "2026-11-13", "2026-11-02"),  # a Sunday
    ],
)
def test_day_looked_at_has_school_behind_it(until, on, week, years):
    shown = done("demo", "--pupils", "10", "--until", until, *years)
    assert f"\nshown as at {on}, the end of the last whole week of school\n" in shown.out
    assert f"\nThe week of {week}, as stated" in shown.out
    assert "no sessions" not in shown.out


@pytest.mark.parametrize(("years", "first"), [("1", "2025"), ("2", "2025"), ("3", "2024")])
def test_year_that_has_only_just_begun_has_the_one_before_it(years, first):
    """As many school years as are asked for, and never fewer than two in September."""
    run("demo", "--pupils", "10", "--until", "2026-09-10", "--years", years)
    marked = run("--ledger", FOLDER, "registers", "--from", "2023-09-01", "--json").json["rows"]
    assert min(row["session"] for row in marked)[:4] == first


def test_earliest_school_year_needs_some_days_behind_it():
    assert "no attendance codes are known before 2006-09-01; ask for a later date" in refused(
        "demo", "--pupils", "10", "--until", "2006-09-12"
    )


def test_school_whose_joiners_come_late_is_imported():
    """Of several years' pupils nobody leaves before coming, which the import would refuse."""
    args = ("--phase", "special", "--seed", "4", "--years", "6", "--until", "2026-07-17")
    done("demo", "--pupils", "10", *args)


def test_demo_takes_the_ledger_s_folder_from_nobody(monkeypatch):
    """ATTENDANCE_LEDGER names a real register, which a demonstration never touches."""
    monkeypatch.setenv("ATTENDANCE_LEDGER", "real")
    done(*SMALL)
    assert not Path("real").exists()


def test_result_of_a_call_is_compared_whole():
    assert [f.name for f in dataclasses.fields(run("--version"))] == ["code", "out", "err"]


def test_a_ledger_that_is_named_is_refused_and_nothing_is_made_anew():
    """It would have been left as it is, and the demonstration here made anew."""
    said = refused("--ledger", "school", *SMALL)
    assert "demo makes attendance-demo/" in said
    assert "never school" in said
    assert not Path("school").exists()
    assert not Path(FOLDER).exists()
    done("--ledger", FOLDER, *SMALL)
