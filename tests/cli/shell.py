"""The command line as a person uses it: called in this process, at a terminal, as a program."""

import contextlib
import io
import json
import os
import pty
import select
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import cli
from ledger import clock, form
from projections.queries.question import Question

ROOT = Path(__file__).parents[2]
PATIENCE = 10
ARGUMENTS = {
    "history": ["{upn}"],
    "pupil find": ["a"],
    "replay": ["{upn}"],
    "register show": ["--group", "{group}"],
    "export portable": ["{folder}"],
}
"""What a question cannot be asked without. Those that need nothing are found by themselves."""


@dataclass(frozen=True)
class Result:
    """What a call ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


def run(*args: object, stdin: bytes = b"") -> Result:
    """Call the program in this process, with pipes."""
    out, err, inp = (io.TextIOWrapper(io.BytesIO(b), "utf-8") for b in (b"", b"", stdin))
    with (
        mock.patch.object(sys, "argv", ["attendance", *map(str, args)]),
        mock.patch.object(sys, "stdin", inp),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = ended()
    return Result(code, _text(out), _text(err))


def done(*args: object, **more: Any) -> Result:
    """Call the program; it does what it is told, and has nothing to complain of."""
    shown = run(*args, **more)
    assert (shown.code, shown.err) == (0, ""), shown.err
    return shown


def typed(lines: str, *first: object) -> None:
    """Call the program with each line; one that is indented goes on from the line before."""
    for line in lines.replace("\n    ", " ").strip().splitlines():
        done(*first, *shlex.split(line))


def differs(*args: object) -> str:
    """Call the program, which finds a difference; return what it says of it."""
    shown = run(*args)
    assert (shown.code, shown.err) == (3, ""), shown.err
    return shown.out


def refused(*args: object, **more: Any) -> str:
    """Call the program, which refuses; return what stderr says of it. Nothing else is said."""
    shown = run(*args, **more)
    assert (shown.code, shown.out) == (1, "")
    assert "refused: " in shown.err
    assert "\n  do:    " in shown.err
    assert "Traceback" not in shown.err
    return shown.err


def misused(*args: object) -> str:
    """Call the program in a way that it does not know; return what stderr says of it."""
    shown = run(*args)
    assert (shown.code, shown.out) == (2, "")
    return shown.err


def ended() -> int:
    """Run the program; return its exit code."""
    try:
        cli.main()
    except SystemExit as exit_:
        return exit_.code or 0
    return 0


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()


def raising(error: BaseException | type[BaseException]) -> Callable[..., Any]:
    """Return what takes anything and raises that."""

    def raised(*_: object, **__: object) -> None:
        raise error

    return raised


def at_this_time() -> str:
    """Return Python that is the program, at the time that it is here."""
    return f"from ledger import clock; clock.now = lambda: {clock.now()}; import cli; cli.main()"


def program(*args: object, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the installed program in a process of its own, at the time that it is here."""
    command = [sys.executable, "-c", at_this_time(), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)


@dataclass
class Typist:
    """Somebody at a terminal: waits for a text on the screen, then types."""

    script: list[tuple[str, str]]
    screen: str = ""
    missed: list[str] = field(default_factory=list)
    _from: int = 0

    def at(self, master: int, done: threading.Event) -> None:
        """Follow the script, then read on until the program is done."""
        for expected, keys in self.script:
            if not self._sees(master, expected):
                self.missed.append(expected)
                break
            os.write(master, keys.encode())
        while not done.is_set():
            if self.missed:
                os.write(master, b"\x04")  # give up, lest the program waits for ever
            self._read(master)
        while self._read(master):
            pass

    def _sees(self, master: int, expected: str) -> bool:
        deadline = time.monotonic() + PATIENCE
        while (found := self.screen.find(expected, self._from)) < 0:
            if time.monotonic() > deadline:
                return False
            self._read(master)
        self._from = found + len(expected)
        return True

    def _read(self, master: int) -> bool:
        if not select.select([master], [], [], 0.02)[0]:
            return False
        try:
            self.screen += os.read(master, 65536).decode(errors="replace")
        except OSError:  # the other end is closed
            return False
        return True


def at_terminal(*args: object, script: list[tuple[str, str]] = ()) -> tuple[int, str]:
    """Call the program in this process at a terminal; return exit code and screen."""
    master, slave = pty.openpty()
    typist, done = Typist(list(script)), threading.Event()
    watcher = threading.Thread(target=typist.at, args=(master, done))
    watcher.start()
    try:
        with contextlib.ExitStack() as stack:
            for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
                stream = os.fdopen(os.dup(slave), mode, encoding="utf-8")
                stack.enter_context(mock.patch.object(sys, name, stack.enter_context(stream)))
            argv = ["attendance", *map(str, args)]
            stack.enter_context(mock.patch.object(sys, "argv", argv))
            code = ended()
    finally:
        done.set()
        watcher.join()
        os.close(slave)
        os.close(master)
    assert not typist.missed, typist.screen
    return code, typist.screen


def questions() -> list[str]:
    """Return the words of every question about one time that can be asked as above."""
    found = []
    for place in cli.places():
        words = " ".join(place.words)
        if issubclass(model(place), Question):
            needs = any(f.required for f in form.fields(model(place)))
            found += [words] if words in ARGUMENTS or not needs else []
    return found


def model(place: form.Place) -> Any:
    """Return a command's model."""
    return place.load()


def asking(words: str, *, upn: str, folder: Path, group: str = "9A") -> list[str]:
    """Return the words and arguments that ask a question."""
    given = (a.format(upn=upn, folder=folder, group=group) for a in ARGUMENTS.get(words, []))
    return [*words.split(), *given]
