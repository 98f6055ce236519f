"""The demonstration is worth a look on every day of a year, at any hour, without an argument."""

import re
import shlex
from datetime import date, timedelta
from random import Random

import pytest

from commands.demo.demo import FOLDER
from tests.cli.shell import done, run

FIRST = date(2026, 9, 1)
YEAR = [FIRST + timedelta(days=n) for n in range(365)]
FIGURES = ("attended", "authorised", "unauthorised")
SAMPLE = 3
AWKWARD = {
    "first day of September": date(2026, 9, 1),
    "the fourth week": date(2026, 9, 26),
    "night on which summer time ends": date(2026, 10, 25),
    "first day after a half-term": date(2026, 11, 2),
    "Christmas Day": date(2026, 12, 25),
    "first days of a term": date(2027, 1, 5),
    "leap day": date(2028, 2, 29),
    "Easter Monday": date(2027, 3, 29),
    "summer holidays": date(2027, 8, 20),
}


def pytest_generate_tests(metafunc):
    """Each day of a year with --campaign (about an hour), otherwise a sample."""
    if "day" in metafunc.fixturenames:
        whole = metafunc.config.getoption("campaign")
        chosen = YEAR if whole else Random("days").sample(YEAR, SAMPLE)  # noqa: S311
        days = {**{str(day): day for day in chosen}, **AWKWARD}
        metafunc.parametrize("day", days.values(), ids=days.keys())


@pytest.fixture
def pupils(pytestconfig):
    """A small school; with --campaign as many pupils as the demonstration has of itself."""
    return [] if pytestconfig.getoption("campaign") else ["--pupils", "60"]


def shown_on(day, at, pupils):
    """Make the demonstration at some hour of a day; return what it prints."""
    minute = Random(str(day)).randrange(24 * 60)  # noqa: S311
    hour = "01:30" if (day.month, day.day) == (10, 25) else f"{minute // 60:02}:{minute % 60:02}"
    at(f"{day}T{hour}")
    return done("demo", *pupils).out


def test_every_part_has_something_to_show(day, at, pupils):
    """Figures for each year group, pupils below 90 %, a fortnight with amendments, what moved.

    The whole year: ``pytest tests/cli/test_demo_any_day.py -n 2 --campaign``.
    """
    out = shown_on(day, at, pupils)
    assert "no sessions" not in out
    on = re.search(r"^shown as at (\S+), the end of the last whole week", out, re.MULTILINE)[1]
    assert date.fromisoformat(on) < day
    found = run("--ledger", FOLDER, "overview", "--on", on, "--json").json
    assert {row["group"] for row in found["years"]} == {"Y7", "Y8", "Y9", "Y10", "Y11"}
    assert all(row["attended"] > 50 for row in found["years"])
    assert found["below"]["lowest"]
    assert any(cell["changed"] for cell in found["fortnight"]["cells"])
    assert (moved := found["moved"])["causes"]
    assert pupils or {n: moved["before"][n] for n in FIGURES} != {
        n: moved["after"][n] for n in FIGURES
    }
    for line in out.split("Try next:\n")[1].splitlines():
        words = [word for word in shlex.split(line)[1:] if word != "--explain"]
        assert done(*words, "--json").json["rows"], line
