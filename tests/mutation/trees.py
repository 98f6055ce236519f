"""Copies of the tree in which mutants are tried, and which tests judge which line."""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from coverage import CoverageData

from tests.mutation.mutants import Mutant

_MOST_MEMORY_KB = 6_000_000
_PASSED = 0
_LISTED = ".judges"
_MOST = 200
"""Tests of one mutant: of a line that thousands of tests run, those nearest to it."""
_LATER = 10
"""Seconds between two texts of one file, so that no compiled one is taken for the other."""


@dataclass(slots=True)
class Tree:
    """A copy of everything that git knows, in a folder of its own."""

    root: Path
    stamp: int = 1_500_000_000

    @classmethod
    def copied(cls, source: Path, root: Path) -> "Tree":
        """Copy the files that git knows of ``source``, as they are now."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=source, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (source / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, root / name)
        return cls(root)

    def tests(self, *given: str, limit: float | None = None) -> subprocess.CompletedProcess[str]:
        """Run pytest here, also for the programs that tests start; raises ``TimeoutExpired``."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *given]
        bounded = ["sh", "-c", f'ulimit -v {_MOST_MEMORY_KB}; exec "$@"', "sh", *command]
        same = {"PYTHONPATH": str(self.root), "PYTHONHASHSEED": "0"}
        with subprocess.Popen(
            bounded, cwd=self.root, env=os.environ | same, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        ) as run:  # fmt: skip
            try:
                said, _ = run.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(command, run.returncode, said)

    def collected(self, folders: Sequence[str]) -> list[str]:
        """Return every test of these folders, in the order in which they run."""
        said = self.tests("--collect-only", *folders).stdout
        return [line for line in said.splitlines() if "::" in line]

    @contextmanager
    def changed(self, mutant: Mutant) -> Iterator[None]:
        """Hold a mutant in place of its file."""
        path = self.root / mutant.path
        source = path.read_bytes()
        self._write(path, mutant.applied(source))
        try:
            yield
        finally:
            self._write(path, source)

    def _write(self, path: Path, text: bytes) -> None:
        path.write_bytes(text)
        self.stamp += _LATER
        os.utime(path, (self.stamp, self.stamp))


def judge(
    tree: Tree, mutant: Mutant, steps: Sequence[Sequence[str]], limit: float
) -> tuple[str, str]:
    """Try a mutant: what became of it, and which test killed it.

    ``steps``: the tests to ask, those of the next step only where none of the last has noticed.
    ``killed``, ``timed out``, ``survived``; ``no test`` where none runs its line.
    """
    if not any(steps):
        return "no test", ""
    with tree.changed(mutant):
        for tests in filter(None, steps):
            outcome, by = _asked(tree, tests, limit)
            if outcome != "survived":
                return outcome, by
    return "survived", ""


def _asked(tree: Tree, tests: Sequence[str], limit: float) -> tuple[str, str]:
    listed = tree.root / _LISTED
    listed.write_text("\n".join(tests), "utf-8")
    try:
        run = tree.tests("-x", f"@{listed}", limit=limit)
    except subprocess.TimeoutExpired:
        return "timed out", ""
    if run.returncode == _PASSED:
        return "survived", ""
    failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return "killed", failed[0].split(" - ")[0] if failed else run.stdout[-200:]


class Judges:
    """Which tests run which line, as a run of all of them has measured it."""

    def __init__(self, data: CoverageData, tree: Tree, folders: Sequence[str]) -> None:
        self._data, self._root = data, tree.root
        self._there = dict.fromkeys(tree.collected(folders))
        measured = {_test_of(context) for context in data.measured_contexts()}
        self._unmeasured = [test for test in self._there if test not in measured]

    @classmethod
    def measured(cls, tree: Tree, folders: Sequence[str], packages: Sequence[str]) -> "Judges":
        """Run the tests of these folders once, without a mutant; refused where any fails."""
        measured = [f"--cov={package}" for package in packages]
        run = tree.tests(
            *measured, "--cov-context=test", "--cov-report=", "--cov-fail-under=0", *folders
        )
        if run.returncode != _PASSED:
            sys.exit(f"{run.stdout[-4000:]}\nthe tests fail without a mutant")
        return cls.read(tree.root / ".coverage", tree, folders)

    @classmethod
    def read(cls, path: Path, tree: Tree, folders: Sequence[str]) -> "Judges":
        """Read what was measured, in a tree like ``tree``."""
        data = CoverageData(str(path))
        data.read()
        return cls(data, tree, folders)

    def of(self, mutant: Mutant) -> list[list[str]]:
        """Return the tests that judge a mutant, in steps.

        First those that run its line, the nearest first, then of each other file by turns, and
        what is new near to it; then the whole files near to it, where a line ran once for several
        tests. Code that runs when its module is read is judged by those that run anything in it;
        values are judged by the mirrored folder: each row of the law has its case there.
        """
        mirrored = self._mirrored(mutant.path)
        near = tuple(f"{each}/" for each in mirrored)
        lines = self._lines(mutant.path)
        tests = self._among(lines.get(mutant.line, ())) or self._among(chain(*lines.values()))
        if not tests:
            return [mirrored]
        files = Counter(map(_file_of, tests))
        order = sorted(files, key=lambda file: (not file.startswith(near), -files[file], file))
        place, turns = {file: n for n, file in enumerate(order)}, Counter[str]()

        def turn(test: str) -> tuple[bool, int, int]:
            file = _file_of(test)
            turns[file] += 1
            far = not file.startswith(near)
            return far, turns[file] if far else 0, place[file]

        chosen = sorted((test for test in self._there if test in tests), key=turn)
        new = [test for test in self._unmeasured if test.startswith(near)]
        return [[*chosen[:_MOST], *new], [file for file in order if file.startswith(near)]]

    def _among(self, contexts: Iterable[str]) -> set[str]:
        return {test for each in contexts if (test := _test_of(each)) in self._there}

    def _lines(self, path: str) -> dict[int, list[str]]:
        """Return the names of the tests that ran each line, in whichever tree they ran."""
        measured = (f for f in self._data.measured_files() if f.endswith(f"/{path}"))
        return self._data.contexts_by_lineno(next(measured, path))

    def _mirrored(self, path: str) -> list[str]:
        """Return the nearest folder of tests of a file, as a list of one, or of none."""
        parents = [Path("tests") / each for each in Path(path).parents]
        return [p.as_posix() for p in parents[:-1] if (self._root / p).is_dir()][:1]


def _test_of(context: str) -> str:
    """Return a test without the part of it that ran: set-up, run, what comes after."""
    return context.rpartition("|")[0]


def _file_of(test: str) -> str:
    return test.partition("::")[0]
