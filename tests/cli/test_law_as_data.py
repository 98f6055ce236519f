"""A change of the law is a change of data: the program with other rows, and no other line."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.cli.conftest import NOW
from tests.cli.shell import ROOT, run
from tests.commands.conftest import upn

CODE = """
[[code]]
code = "A"
era = "2024"
from = 2024-08-19
description = "Attending a hearing"
category = "authorised"
possible = true
attended = false
unauthorised = false
threshold = false
sessions = ["AM", "PM"]
basis = "statute"
reference = "SI 2027/1 reg 10(3) Table 2"
confidence = "verified"
"""
TEN = """
value = { sessions = 10, weeks = 10 }
from = 2024-08-19
"""
EIGHT = """
value = { sessions = 10, weeks = 10 }
from = 2024-08-19
until = 2026-11-19
reference = "SI 2007/1867 reg 9A"
confidence = "verified"

[[rule]]
name = "threshold"
value = { sessions = 8, weeks = 10 }
from = 2026-11-20
"""


class Copy:
    """A copy of the program, whose law can be changed."""

    def __init__(self, folder) -> None:
        self.folder = folder
        for package in ("ledger", "policies", "commands", "projections"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, folder / package, ignore=ignored)
        shutil.copy(ROOT / "cli.py", folder)

    def write(self, file, old, new):
        """Write something else into a file of the statute."""
        path = self.folder / "policies/statutory/england" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1 or not old
        path.write_text(text.replace(old, new) if old else text + new, encoding="utf-8")

    def run(self, *args):
        """Run it, at the time of the tests; return what it printed."""
        code = f"""
import cli, ledger.clock as clock
clock.now = lambda: clock.parse_instant({NOW!r})
cli.main()
"""
        command = [sys.executable, "-c", code, *map(str, args)]
        # Whoever measures what of the program was run is not to count the copy's.
        env = {name: value for name, value in os.environ.items() if "COV" not in name}
        more = {"cwd": self.folder, "env": env, "timeout": 60}
        done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the program."""
    return Copy(tmp_path / "program")


@pytest.mark.usefixtures("small")
def test_a_new_code_is_a_row_of_the_catalogue(copy, tmp_path):
    """Marked, counted, explained and in the legend, where it was refused before."""
    wanted = ("mark", upn(1), "2026-11-20/AM", "A")
    assert "'A' is not a register code" in run(*wanted).err
    copy.write("codes.toml", "", CODE)
    copy.run(*wanted)
    day = ("--from", "2026-11-20", "--on", "2026-11-20")
    [row] = json.loads(copy.run("rates", "--pupil", upn(1), *day, "--json"))["rows"]
    assert (row["possible"], row["attended"], row["authorised"]) == (1, 0, 1)
    assert row["codes"] == {"A": 1}
    assert "Attending a hearing" in copy.run("rates", "--pupil", upn(1), *day, "--explain")
    page = tmp_path / "register.html"
    copy.run("register", "print", "--group", "7A", "--as-amended", *day[2:], "--html", page)
    assert "Attending a hearing" in page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("demo")
def test_a_new_threshold_is_a_row_from_its_first_day(copy):
    """Whoever reached eight is listed, and nobody else; until the day before it was ten."""

    def reached(out):
        return {row["upn"]: row["count"] for row in json.loads(out)["rows"]}

    asked = ("penalties", "--window", "current", "--json", "--on")
    before, after = "2026-11-19", "2026-11-20"
    ten = reached(run(*asked, before).out)
    eight = reached(run(*asked, after, "--at-least", 8).out)
    copy.write("penalty_notices.toml", TEN, EIGHT)
    assert reached(copy.run(*asked, before)) == ten != {}
    assert reached(copy.run(*asked, after)) == eight
    assert ten.keys() < eight.keys()
