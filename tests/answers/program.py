"""The program as a person starts it, in this process: only its outermost surface is used."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from unittest import mock

import click

import cli

ENVIRONMENT = {
    "COLUMNS": "100",
    "HOME": "/nowhere",
    "LANG": "C.UTF-8",
    "LINES": "40",
    "LOGNAME": "office",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "TZ": "UTC",
    "USER": "office",
}
"""All that an answer may see of its surroundings; nothing else of the environment is left."""
_KEPT = ("PATH", "PYTHONHASHSEED", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "TMPDIR")


@dataclass(frozen=True)
class Result:
    """What a call ended with."""

    code: int
    out: str
    err: str


def commands() -> Iterator[tuple[str, click.Command]]:
    """Return every command of the tree with its words; building them imports their modules."""
    yield from _below(cli.attendance, ())


def _below(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    if words and (command.params or not isinstance(command, click.Group)):
        yield " ".join(words), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, (words, name)
            yield from _below(found, (*words, name))


@contextlib.contextmanager
def surroundings(place: Path, state: Path) -> Iterator[None]:
    """Work in a folder, with nothing of this machine in the environment."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    before = Path.cwd()
    environment = {**kept, **ENVIRONMENT, "XDG_STATE_HOME": str(state)}
    with mock.patch.dict(os.environ, environment, clear=True):
        os.chdir(place)
        try:
            yield
        finally:
            os.chdir(before)


def run(arguments: list[str], now: str, stdin: bytes = b"") -> Result:
    """Call the program with pipes at an instant (ISO 8601, with an offset)."""
    nanoseconds = int(datetime.fromisoformat(now).timestamp()) * 1_000_000_000
    out, err, inp = (io.TextIOWrapper(io.BytesIO(b), "utf-8") for b in (b"", b"", stdin))
    with (
        mock.patch("time.time_ns", return_value=nanoseconds),
        mock.patch.object(sys, "argv", ["attendance", *arguments]),
        mock.patch.object(sys, "stdin", inp),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = _ended()
    return Result(code, _text(out), _text(err))


def _ended() -> int:
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    except Exception as error:  # noqa: BLE001
        # a person would see a traceback
        sys.stderr.write(f"Traceback: {type(error).__name__}: {error}\n")
        return -1
    return 0


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
