"""Two schools: a demonstration as it was made, and a small one whose register can be taken.

It is Friday 20 November 2026, 21:00 in London, unless a test sets the clock.
"""

import shutil
from pathlib import Path

import pytest

from ledger import clock
from tests.cli.shell import run, typed
from tests.commands.conftest import upn

NOW = "2026-11-20T21:00"
BUILT_AT = "2026-09-28T12:00"
SCHOOL = f"""
init --staff mm --name "Mo Marsh" --job-title "Attendance Officer" --role attendance_officer
    --role authoriser
school set --urn 123456 --name "Example High School" --la-code 887 --estab 4001 --type academy
    --phase secondary
terms set Autumn --first 2026-09-02 --last 2026-12-18
register times --from 2026-09-02 --am-opens 08:45 --am-closes 08:55
    --pm-opens 13:50 --pm-closes 14:00
pupil enrol --upn {upn(1)} --local-id P1 --forename Ada --surname Quill --dob 2014-10-01
    --starts-on 2026-09-02 --year Y7 --registration 7A --new-group
pupil enrol --upn {upn(2)} --local-id P2 --forename Ben --surname Reed --dob 2014-10-02
    --starts-on 2026-09-02 --year Y7 --registration 7A --new-group
pupil enrol --upn {upn(3)} --local-id P3 --forename Cat --surname Stone --dob 2014-10-03
    --starts-on 2026-09-02 --year Y7 --registration 7A --new-group
"""


@pytest.fixture(autouse=True)
def _quiet(monkeypatch, tmp_path):
    """Nothing of the machine reaches a test: no ledger named, no name, another folder."""
    for name in ("ATTENDANCE_LEDGER", "ATTENDANCE_AS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def at(monkeypatch):
    """Return a function that sets the clock."""

    def set_(instant: str) -> None:
        now = clock.parse_instant(instant)
        monkeypatch.setattr(clock, "now", lambda: now)

    set_(NOW)
    return set_


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Make the demonstration school once, on its last day."""
    place = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(clock, "now", lambda: clock.parse_instant(NOW))
        shown = run("demo", "--pupils", 40, "--until", "2026-11-20", "--seed", 2)
    return place / "attendance-demo", shown


@pytest.fixture
def demo(made, monkeypatch) -> Path:
    """The demonstration school's ledger, for reading."""
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(made[0]))
    return made[0]


@pytest.fixture
def own(made, tmp_path, monkeypatch) -> Path:
    """A copy of it, to be written to or damaged."""
    path = tmp_path / "own"
    shutil.copytree(made[0], path)
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(path))
    return path


@pytest.fixture
def somebody(demo) -> str:
    """The UPN of a pupil of group 9A of the demonstration school."""
    return run("--ledger", demo, "register", "show", "--group", "9A", "--json").json["rows"][0][
        "upn"
    ]


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """Build a small school once: three pupils in 7A, and mm on the staff."""
    path = tmp_path_factory.mktemp("small") / "ledger"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: clock.parse_instant(BUILT_AT))
        typed(SCHOOL, "--ledger", path, "--as", "mm")
    return path


@pytest.fixture
def small(built, tmp_path, monkeypatch) -> Path:
    """A copy of the small school, with mm at the desk, ten to nine on the Friday."""
    path = tmp_path / "small"
    shutil.copytree(built, path)
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(path))
    monkeypatch.setenv("ATTENDANCE_AS", "mm")
    return path


@pytest.fixture
def empty(tmp_path, monkeypatch) -> Path:
    """A ledger that knows nothing but its own birth."""
    path = tmp_path / "empty"
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(path))
    assert run("init").code == 0
    return path
