"""README.md tells the truth: its transcripts are run, command by command, on the day it names."""

import os
import re
import shlex
from pathlib import Path

import pytest

from ledger import clock
from tests.cli.shell import run

DAY = "Monday 23 November 2026"
BEGINS = "2026-11-23T10:00"
A_MINUTE = 60 * clock.SECOND
HOME = Path(__file__).parents[1]
README = HOME / "README.md"
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def steps() -> list[tuple[str, str]]:
    """Return each command of the transcripts with what README.md says it prints."""
    found: list[tuple[str, str]] = []
    for block in CONSOLE.findall(README.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], ""))
            else:
                command, printed = found[-1]
                found[-1] = (command, printed + line + "\n")
    return found


def agrees(said: str, printed: str) -> bool:
    """Tell whether the text printed is what was said, ``…`` standing for anything."""
    pattern = ".*".join(re.escape(piece) for piece in said.rstrip("\n").split("…"))
    return re.fullmatch(pattern, printed.rstrip("\n"), re.DOTALL) is not None


def test_transcripts_print_what_the_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command in README.md prints what stands under it, in order, in one folder.

    Each is given a minute after the one before, whatever this computer's clock says: how late an
    amendment is, and which sessions are over, depends on it.
    """
    (tmp_path / "fixtures").symlink_to(HOME / "fixtures")
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("ATTENDANCE")]:
        monkeypatch.delenv(name)
    begins = clock.parse_instant(BEGINS)
    for minute, (command, said) in enumerate(steps()):
        program, *arguments = shlex.split(command)
        assert program == "attendance"
        monkeypatch.setattr(clock, "now", lambda now=begins + minute * A_MINUTE: now)
        done = run(*arguments)
        assert agrees(said, printed := done.out + done.err), f"$ {command}\n{printed}"


def test_readme_names_the_day_of_its_transcripts() -> None:
    """A reader who types the same commands on another day knows why lateness differs."""
    assert f"{clock.local(clock.parse_instant(BEGINS)):%A %d %B %Y}" == DAY
    assert DAY in " ".join(README.read_text(encoding="utf-8").split())


def test_a_wrong_transcript_would_be_noticed() -> None:
    """The comparison tells apart what differs, and lets ``…`` stand for anything."""
    assert agrees("a …\nb\n", "a 1 2\nb\n")
    assert not agrees("a …\nb\n", "a 1 2\nc\n")
    assert len(steps()) > 8


def test_start_holds_the_two_commands_that_clean_systems_run() -> None:
    """Start's two commands bring what they call themselves, into a folder that git ignores."""
    start = README.read_text(encoding="utf-8").split("\n## Start\n")[1].split("\n## ")[0]
    shown, tested = re.findall(r"```sh\n(.*)\n```", start)
    made, filled, job = shown.split(" && ")
    folder = made.removeprefix("python3 -m venv ")
    assert filled == f"{folder}/bin/pip install uv"
    assert job == f"{folder}/bin/uv run attendance demo"
    assert tested == f"{folder}/bin/uv run pytest"
    assert f"{folder}/" in (HOME / ".gitignore").read_text(encoding="utf-8").split()
    assert "`sudo apt install python3-venv`" in start
