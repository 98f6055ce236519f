"""A disk that is really full: a small file system with a ledger on it and no room left.

Where no file system may be mounted the tests are skipped. What leaves by the way of standard
output is tried on ``/dev/full``, which is always full.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.test_system_calls import COMMANDS, Trial

ROOM_KIB = (0, 4, 12, 40, 100, 200, 300)
"""How much is left: for nothing, for a journal's beginning, for the log but not the views."""
SAMPLED = ("amend", "import")
SIZE_MIB = 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    options = f"size={SIZE_MIB}m"
    tried = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place],
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode:
        pytest.skip(f"no file system can be mounted here: {tried.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path, room_kib: int) -> Path:
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with filler.open("wb") as file:
        file.write(b"\0" * max(0, free - 1024 * room_kib))
    return filler


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "room_kib" not in metafunc.fixturenames:
        return
    every = metafunc.config.getoption("--campaign")
    metafunc.parametrize("kind", COMMANDS if every else SAMPLED)
    metafunc.parametrize("room_kib", range(0, 320, 8) if every else ROOM_KIB[1::3])


def test_a_full_disk_is_told_and_once_there_is_room_everything_goes_on(
    request, program, small_disk, kind, room_kib
):
    """All of the command or nothing, in words; the ledger is sound, and the command repeatable."""
    base = request.getfixturevalue(COMMANDS[kind].base)
    shutil.copytree(base, small_disk, dirs_exist_ok=True)
    trial = Trial(program, small_disk, COMMANDS[kind])
    trial.note()
    for name in ("out", "err"):
        (small_disk / name).unlink(missing_ok=True)
    filler = fill(small_disk, room_kib)
    ran = program.run(small_disk, trial.arguments, beside=small_disk.parent)
    filler.unlink()
    assert trial.judge(ran) == []


def test_an_answer_that_cannot_be_written_is_no_refusal(program, taken, tmp_path):
    """What was recorded stays recorded, and nobody is told that nothing was."""
    trial = Trial(program, shutil.copytree(taken, tmp_path / "full"), COMMANDS["mark"])
    trial.note()
    ran = program.run(trial.place, trial.arguments, out="/dev/full")
    assert trial.judge(ran) == []


def test_a_question_whose_answer_cannot_be_written_says_so(program, taken):
    """In a sentence, and with exit code 1."""
    asked = ["rates", "--from", "2026-11-09", "--on", "2026-11-20"]
    ran = program.run(taken, asked, out="/dev/full")
    assert "Traceback" not in ran.err
    assert ran.code == 1
    assert ran.err.startswith("refused: ")
