"""The demonstration: a school made up, its main answers, and what to try next."""

import dataclasses
import re
import shlex
from pathlib import Path

import pytest

from commands.demo.demo import FOLDER, Demo
from commands.demo.synthetic.settings import table
from tests.cli.shell import run

SMALL = ("demo", "--pupils", "10", "--until", "2026-09-18")


def without_roots(text: str) -> str:
    """Return an answer without the tree's root, in which random numbers have a part."""
    return re.sub(r"root [\w+/]{12}", "", text)


def without_times(text: str) -> str:
    """Return an answer without when it was asked, nor the root, which seals the time too."""
    return re.sub(r"known at [\d-]+ [\d:.+]+", "", without_roots(text))


def test_demo_shows_the_main_answers(made):
    """Year groups, the lowest pupils, a fortnight with its changes, a figure that moved."""
    shown = made[1]
    assert (shown.code, shown.err) == (0, "")
    for part in (
        "Attendance by year",
        "Attendance below 90 %: ",
        ": a fortnight",
        "What was changed, by whom and why",
        "The week of 2026-11-09, as stated by that Friday midnight and as known now",
        "40 invented pupils in attendance-demo/",
        "Try next:",
    ):
        assert shown.out.count(part) == 1, part
    assert [y for y in ("Y7", "Y8", "Y9", "Y10", "Y11") if f"\n{y} " not in shown.out] == []


@pytest.mark.parametrize("phase", ["primary", "secondary", "all-through", "special"])
def test_what_to_try_next_works(phase):
    """Each line that the demonstration ends with can be typed as it is, in every phase."""
    shown = run(*SMALL, "--phase", phase)
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.split("Try next:\n")[1].splitlines()
    assert len(lines) == 8
    for line in lines:
        program, *args = shlex.split(line)
        tried = run(*args)
        assert (program, tried.code, tried.err) == ("attendance", 0, "")
        assert "0 pupils found" not in tried.out


def test_phases_are_those_that_can_be_made():
    """The choices of the command are the schools of phases.toml."""
    choices = set(Demo.model_fields["phase"].annotation.__args__)
    assert choices == set(table("phases")["school"])


def test_demo_is_made_anew_each_time():
    """A second demonstration replaces the first; the same seed gives the same words."""
    first = run(*SMALL, "--seed", "2")
    (FOLDER / "views" / "left.txt").touch()
    second = run(*SMALL, "--seed", "2")
    other = run(*SMALL, "--seed", "3")
    assert without_roots(first.out) == without_roots(second.out)
    assert first.out != second.out
    assert without_times(first.out) != without_times(other.out)
    assert not (FOLDER / "views" / "left.txt").exists()


def test_demo_says_the_same_at_another_time(at):
    """The same school gives the same answers, but for when they were asked."""
    first = run(*SMALL)
    at("2026-11-20T22:00")
    second = run(*SMALL)
    assert first.out != second.out
    assert without_times(first.out) == without_times(second.out)


@pytest.mark.parametrize("there", ["folder", "file", "link", "broken link"])
def test_demo_replaces_nothing_that_it_did_not_make(there, tmp_path):
    """A folder of that name with something else in it is left alone."""
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
    shown = run(*SMALL)
    assert (shown.code, shown.out) == (1, "")
    assert "was not made by attendance demo" in shown.err
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
    """A day in the future, or before there were codes, is refused; nothing is lost."""
    run(*SMALL)
    before = run("--ledger", FOLDER, "status")
    shown = run("demo", "--pupils", "10", *args)
    assert (shown.code, shown.out) == (1, "")
    assert what in shown.err
    assert run("--ledger", FOLDER, "status") == before


@pytest.mark.parametrize(
    ("time", "without"), [("08:00", {"AM", "PM"}), ("12:00", {"PM"}), ("23:00", set())]
)
def test_demo_until_today_knows_what_is_known_by_now(at, time, without):
    """Without --until the last marks are today's, as far as the day has come."""
    at(f"2026-09-10T{time}")
    shown = run("demo", "--pupils", "10")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.endswith("today --on 2026-09-10\n")
    rows = run("--ledger", FOLDER, "today", "--json").json["rows"]
    assert {row["session"][-2:] for row in rows if row["what"] == "no mark"} == without


@pytest.mark.usefixtures("at")
def test_demo_before_the_first_day_of_school():
    """In the summer holidays the year that is over is shown."""
    shown = run("demo", "--pupils", "10", "--until", "2026-08-20")
    assert (shown.code, shown.err) == (0, "")
    assert "The week of 2026-07-" in shown.out


def test_demo_takes_the_ledger_s_folder_from_nobody(monkeypatch):
    """ATTENDANCE_LEDGER names a real register, which a demonstration never touches."""
    monkeypatch.setenv("ATTENDANCE_LEDGER", "real")
    assert run(*SMALL).code == 0
    assert not Path("real").exists()


def test_result_of_a_call_is_compared_whole():
    """The tests above compare code, stdout and stderr."""
    assert [f.name for f in dataclasses.fields(run("--version"))] == ["code", "out", "err"]
