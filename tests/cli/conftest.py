"""Two schools: a demonstration as it was made, and a small one whose register can be taken.

It is Friday 20 November 2026, 21:00 in London, unless a test sets the clock.
"""

import shutil
from datetime import date
from pathlib import Path

import pytest

from commands.calendar import terms
from commands.core.command import Context
from commands.core.execute import execute
from commands.penalties.undercut import watch
from commands.roll import enrol
from commands.school import school
from commands.school.school import CreateLedger
from ledger import clock
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator, upn_check_letter
from tests.cli.shell import run

NOW = "2026-11-20T21:00"
BUILT_AT = "2026-09-01T12:00"
PUPILS = ("Ada Quill", "Ben Reed", "Cat Stone")


def upn(number: int) -> str:
    """Return a valid UPN with a serial number."""
    tail = f"887400126{number:03d}"
    return upn_check_letter(tail) + tail


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
    folder = Folder(tmp_path_factory.mktemp("small") / "ledger")
    then = clock.parse_instant(BUILT_AT)
    context = Context(Ledger(folder), lambda: then, Operator("mm", "office"), watch)
    first = CreateLedger(staff="mm", name="Mo Marsh", job_title="Attendance Officer")
    first.carry_out(context)
    commands = [
        school.SetSchool(
            urn="123456",
            name="Example High School",
            la_code="887",
            estab="4001",
            type="academy",
            phase="secondary",
        ),
        terms.SetTerm(name="Autumn", first=date(2026, 9, 2), last=date(2026, 12, 18)),
        terms.SetRegisterTimes(
            from_=date(2026, 9, 2),
            am_opens="08:45",
            am_closes="08:55",
            pm_opens="13:50",
            pm_closes="14:00",
        ),
    ]
    commands += [
        enrol.EnrolPupil(
            upn=upn(number),
            local_id=f"P{number}",
            forename=name.split()[0],
            surname=name.split()[1],
            dob=date(2014, 10, number),
            starts_on=date(2026, 9, 2),
            year="Y7",
            registration="7A",
        )
        for number, name in enumerate(PUPILS, start=1)
    ]
    for command in commands:
        execute(context, command)
    return folder.path


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
