"""README.md tells the truth: its transcripts are run, command by command."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

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


def test_transcripts_print_what_the_readme_says(tmp_path: Path) -> None:
    """Every command in README.md prints what stands under it, in order, in one folder."""
    (tmp_path / "fixtures").symlink_to(HOME / "fixtures")
    here = {k: v for k, v in os.environ.items() if not k.startswith("ATTENDANCE")}
    for command, said in steps():
        program, *arguments = shlex.split(command)
        assert program == "attendance"
        done = subprocess.run(
            [Path(sys.executable).with_name("attendance"), *arguments],
            cwd=tmp_path,
            env=here,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert agrees(said, done.stdout), f"$ {command}\n{done.stdout}"


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
