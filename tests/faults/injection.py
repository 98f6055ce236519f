"""Commands with a fault at one of their system calls: killed, an I/O error, a full disk.

What a command calls is first watched without a fault; a point is a call by its name and number
that touches the ledger or what the computer remembers of ledgers.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
CHANGES = (
    "write", "pwrite64", "pwritev", "fsync", "fdatasync", "rename", "renameat", "renameat2",
    "link", "linkat", "unlink", "unlinkat", "ftruncate", "fallocate", "open", "openat", "mkdir",
    "mkdirat",
)  # fmt: skip
"""The system calls after which files may be other than before, and those that make sure."""
READS = ("read", "pread64")
GROWS = (
    "write", "pwrite64", "pwritev", "fsync", "fdatasync", "link", "linkat", "ftruncate",
    "fallocate", "open", "openat", "mkdir", "mkdirat",
)  # fmt: skip
"""Those which a full disk may refuse; an opening only where it creates."""
FAULTS = {
    "kill": ("signal=SIGKILL", CHANGES),
    "error": ("error=EIO", CHANGES + READS),
    "full": ("error=ENOSPC", GROWS),
}
Says = tuple[Path, Path]
"""The files that take standard output and standard error."""
_CALL = re.compile(r"\d+ +(\w+)\((.*)")
_PATIENCE_SECONDS = 60


class Point(NamedTuple):
    """The how-manieth call of a name, and what it was about."""

    call: str
    number: int
    about: str

    def __str__(self) -> str:
        return f"{self.call} {self.number} of {self.about}"


class Ran(NamedTuple):
    """How a command ended: its exit code, what it said, and what strace saw."""

    code: int
    out: str
    err: str
    calls: str = ""


class Program:
    """The command line, ready to carry out commands in a folder, under strace or not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.program"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        assert self._line() == "ready"

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=_PATIENCE_SECONDS)

    def run(
        self, place: Path, arguments: list[str], *, out: str = "out", beside: Path | None = None
    ) -> Ran:
        """Carry out a command on the ledger at a place, without a fault.

        ``out``: where its answer goes; ``beside``: the folder for that, if not the place itself.
        """
        says = (beside or place) / out, (beside or place) / "err"
        self._ask(place, arguments, says, stops=False)
        self._line()
        return _ended(int(self._line()), says)

    def watched(self, place: Path, arguments: list[str], *options: str) -> Ran:
        says = place / "out", place / "err"
        self._ask(place, arguments, says, stops=True)
        pid = int(self._line())
        _wait_until_stopped(pid)
        calls = place / "calls"
        with _attached(pid, calls, options):
            os.kill(pid, signal.SIGCONT)
            code = int(self._line())
        return _ended(code, says, calls.read_text("utf-8", "replace"))

    def _ask(self, place: Path, arguments: list[str], says: Says, *, stops: bool) -> None:
        asked = {
            "arguments": ["--ledger", str(place / "ledger"), *arguments],
            "environment": {"XDG_STATE_HOME": str(place / "state")},
            "folder": str(ROOT),
            "says": [str(path) for path in says],
            "stops": stops,
        }
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        return self._process.stdout.readline().strip()


def _ended(code: int, says: Says, calls: str = "") -> Ran:
    out, err = (path.read_text("utf-8") if path.is_file() else "" for path in says)
    return Ran(code, out, err, calls)


def _wait_until_stopped(pid: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < until
        time.sleep(0.001)


@contextmanager
def _attached(pid: int, calls: Path, options: tuple[str, ...]) -> Iterator[None]:
    """Attach strace to a stopped process, until that has ended."""
    command = ["strace", "-f", "-y", "-s", "0", "-p", str(pid), "-o", str(calls), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert "attached" in strace.stderr.readline()
        yield
        strace.communicate(timeout=_PATIENCE_SECONDS)


def can_attach(place: Path) -> bool:
    """Tell whether strace is there and may watch a process that is not its child."""
    try:
        with subprocess.Popen(["sleep", "60"]) as sleeper:
            try:
                with _attached(sleeper.pid, place / "tried", ()):
                    sleeper.kill()
            finally:
                sleeper.kill()
    except (OSError, AssertionError):
        return False
    return True


def traced(calls: tuple[str, ...]) -> str:
    """Return the option that watches calls, also where a machine lacks some of them."""
    return "trace=" + ",".join(f"?{call}" for call in calls)


def points(ran: Ran, place: Path, fault: str) -> list[Point]:
    """Return where a fault may happen in a command that was watched."""
    _, calls = FAULTS[fault]
    counts: Counter[str] = Counter()
    found = []
    for call, rest in _CALL.findall(ran.calls):
        counts[call] += 1
        about = re.search(
            rf"{re.escape(str(place))}/((?:ledger|state|made|\.[0-9a-f]{{32}})[^\"<>]*)", rest
        )
        creates = not call.startswith("open") or "O_CREAT" in rest
        if call in calls and about and (fault != "full" or creates):
            found.append(Point(call, counts[call], about[1]))
    return found


def injected(point: Point, fault: str) -> str:
    """Return the option that makes a fault happen; a disk that is full once stays full."""
    stays = "+" if fault == "full" and point.call != "write" else ""
    return f"inject={point.call}:{FAULTS[fault][0]}:when={point.number}{stays}"
