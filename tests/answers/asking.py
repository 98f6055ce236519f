"""Ask a kept ledger, in a place of its own, and take down what a person would have seen."""

import contextlib
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.answers import calls, events, packed, program
from tests.answers.packed import Answer
from tests.answers.questions import Line

_ROOT = re.compile(r'(root |"root": ")[A-Za-z0-9+/=]+')
"""Differs by chance where a question is recorded: the texts recorded are sealed under new keys."""
_OPAQUE = re.compile(r"[A-Za-z0-9+/=]{200,}")
"""An entry of the log as a stretch holds it: its digest tells as much, and packs better."""
FIXTURES = Path(__file__).parents[2] / "fixtures"


class Place:
    """A folder with a ledger, what is beside it, and files that questions take."""

    def __init__(self, root: Path, ledger: str) -> None:
        self.root, self.ledger = root.resolve(), ledger
        self.here, self._state = self.root / "here", self.root / "state"
        self._as_new()

    def _as_new(self) -> None:
        """Put everything where it was, as if nothing had been asked."""
        for folder in (self.here, self._state):
            folder.mkdir(exist_ok=True)
            _empty(folder)
        packed.unpack(self.ledger, self.here)
        shutil.copytree(FIXTURES / "reconcile", self.here / "reconcile")
        shutil.copytree(packed.HERE / "given", self.here / "given")
        self._given = self._files()
        self._log = self._of_the_log()
        before = events.since(self.here / self.ledger, 0)
        self._head, self._ids = len(before), events.made_up(before)

    def ask(self, line: Line) -> Answer:
        """Give a command line; what is recorded by it is undone."""
        case = calls.case(line)
        if case is not None:
            overlay(self.here / "errors" / case.name, case)
            self._given = self._files()
        found = program.run(["--ledger", self.ledger, *line], calls.time(line))
        paths = self._files() - self._given
        files = {str(path.relative_to(self.here)): self._content(path) for path in sorted(paths)}
        answer: Answer = {"code": found.code}
        answer |= {"out": self._plain(found.out), "err": self._plain(found.err)}
        if self._of_the_log() != self._log:
            files, answer = self._recorded(files, answer)
        if line in calls.writes() or self._of_the_log() != self._log:
            self._as_new()
        for path in paths:
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
        answer["files"] = files
        return {name: value for name, value in answer.items() if value or name == "code"}

    def _recorded(self, files: dict[str, str], answer: Answer) -> tuple[dict[str, str], Answer]:
        """Add what was recorded, and leave out what differs by chance where something is."""
        new = events.since(self.here / self.ledger, self._head)
        made_up = sorted(events.made_up(new) - self._ids)

        def plain(text: str) -> str:
            for chance in made_up:
                text = text.replace(chance, "(a new id)")
            return _ROOT.sub(r"\1(by chance)", text)

        found = {"out": plain(answer["out"]), "err": plain(answer["err"])}
        found["events"] = "".join(plain(event.written) for event in new)
        return {name: plain(text) for name, text in files.items()}, answer | found

    def _files(self) -> set[Path]:
        """Return the files that are there, of the ledger only its words, which no kept one has."""
        found = [p for p in self.here.iterdir() if p.name != self.ledger]
        found += self.here.glob(f"{self.ledger}/words")
        return {path for top in found for path in (top, *top.rglob("*"))}

    def _of_the_log(self) -> list[tuple[str, int]]:
        """Return what tells whether something was recorded."""
        log = (self.here / self.ledger).glob("*")
        return sorted((p.name, _shape(p)) for p in log if p.is_file() and p.stat().st_size)

    def _plain(self, text: str) -> str:
        """Leave out where on this machine it was asked."""
        return text.replace(str(self.here), "HERE")

    def _content(self, path: Path) -> str:
        """Return the text of a file, or what its bytes amount to."""
        if path.is_dir():
            return "a folder"
        data = path.read_bytes()
        try:
            return _OPAQUE.sub(_digest, self._plain(data.decode()))
        except UnicodeDecodeError:
            return f"{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}"


def _digest(match: re.Match[str]) -> str:
    digest = hashlib.sha256(match[0].encode()).hexdigest()
    return f"({len(match[0])} characters, SHA-256 {digest[:8]})"


def overlay(target: Path, case: Path) -> None:
    """Lay a case of ``fixtures/errors`` over the example school, as ``fixtures`` explains."""
    shutil.copytree(FIXTURES / "portable", target)
    for file in case.iterdir():
        content, changed = file.read_bytes(), target / file.stem
        if file.name == "without.txt":
            for name in content.decode().split():
                (target / name).unlink()
        elif file.suffix == ".less":
            rows = changed.read_bytes().splitlines(keepends=True)
            texts = content.splitlines()
            kept = [row for row in rows if not any(text in row for text in texts)]
            changed.write_bytes(b"".join(kept))
        elif file.suffix == ".more":
            changed.write_bytes(changed.read_bytes() + content)
        elif file.name not in ("expected.txt", "held.txt"):
            (target / file.name).write_bytes(content)


def _empty(folder: Path) -> None:
    """Remove what a folder holds, but not the folder, where somebody may be at work."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _shape(path: Path) -> int:
    return path.stat().st_mtime_ns if path.suffix == ".db" else path.stat().st_size


@contextlib.contextmanager
def opened(ledger: str) -> Iterator[Place]:
    """Unpack a ledger into a place of its own, and work there."""
    list(program.commands())
    with tempfile.TemporaryDirectory(prefix="answers-") as root:
        place = Place(Path(root), ledger)
        with program.surroundings(place.here, place.root / "state"):
            yield place


def answers(ledger: str, lines: Iterable[Line]) -> dict[Line, Answer]:
    """Ask a ledger one question after the other."""
    with opened(ledger) as place:
        return {line: place.ask(line) for line in lines}
