"""A ledger to import into, and copies of the example school that a test may change."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from commands.amending.amend import AmendMarks
from commands.core.command import Context, Outcome
from commands.core.execute import execute
from commands.exchange.importing import ImportPortable
from commands.penalties.undercut import watch
from commands.register.take import MarkSession
from commands.school import school as init
from ledger.clock import parse_instant
from ledger.ledger import Ledger as RealLedger
from ledger.store.folder import Folder
from ledger.values import Operator, parse_session

FIXTURES = Path(__file__).parents[4] / "fixtures"
SCHOOL = FIXTURES / "portable"
ERRORS = FIXTURES / "errors"
ADA = "K999200018001"
NOW = parse_instant("2026-11-21T12:00:00Z")


def overlaid(target: Path, case: Path) -> Path:
    """Copy the example school, and lay a case over it.

    A file of the case takes the place of the school's; ``NAME.more`` is added to its end;
    ``NAME.less`` names texts, and each row that holds one of them is left out; ``without.txt``
    names the files to leave out.
    """
    shutil.copytree(SCHOOL, target)
    for file in case.iterdir():
        content = file.read_bytes()
        if file.name == "without.txt":
            for name in content.decode().split():
                (target / name).unlink()
        elif file.suffix == ".less":
            changed = target / file.stem
            texts, rows = content.splitlines(), changed.read_bytes().splitlines(keepends=True)
            kept = [row for row in rows if not any(text in row for text in texts)]
            changed.write_bytes(b"".join(kept))
        elif file.suffix == ".more":
            changed = target / file.stem
            changed.write_bytes(changed.read_bytes() + content)
        elif file.name not in ("expected.txt", "held.txt"):
            (target / file.name).write_bytes(content)
    return target


class Ledger:
    """A ledger in a folder of its own, with the clock at noon on Saturday 21 November 2026."""

    def __init__(self, path: Path, *, new: bool = True) -> None:
        self.folder = Folder(path)
        self.now = NOW
        self.context = Context(
            RealLedger(self.folder), lambda: self.now, Operator(None, "tester"), watch
        )
        if new:
            init.CreateLedger().carry_out(self.context)

    def bring(self, path: Path, **options: bool) -> Outcome:
        """Import a folder."""
        command = ImportPortable(path=path, **options).load(sys.stdin)
        return execute(self.context, command)

    def by(self, staff_id: str) -> Context:
        """Return the ledger as a member of staff uses it."""
        return Context(
            RealLedger(self.folder), lambda: self.now, Operator(staff_id, "tester"), watch
        )

    def head(self) -> int:
        """Return the newest position."""
        return self.folder.head()

    def events(self, topic: str, stream: str = "") -> list[str]:
        """Return the stored states of one kind of event, for streams that end so."""
        with closing(sqlite3.connect(self.folder.log)) as db:
            rows = db.execute(
                "SELECT state FROM stored_events WHERE topic = ? AND originator_id LIKE ? "
                "ORDER BY position",
                [f"{topic}.v1", f"%{stream}"],
            )
            return [state.decode() for (state,) in rows]

    def counts(self) -> Mapping[str, int]:
        """Return how many events there are of each kind."""
        with closing(sqlite3.connect(self.folder.log)) as db:
            rows = db.execute("SELECT topic, count(*) FROM stored_events GROUP BY topic")
            return {topic.removesuffix(".v1"): count for topic, count in rows}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a new, empty ledger."""
    return Ledger(tmp_path / "ledger")


@pytest.fixture
def known(ledger: Ledger) -> Ledger:
    """Return a ledger that knows the example school."""
    ledger.bring(SCHOOL)
    return ledger


@pytest.fixture
def amend_here(known: Ledger) -> Callable[[str, str], object]:
    """Return a function by which a person at this ledger amends a mark of Ada Testerby's."""
    return lambda session, code: execute(
        known.by("A01"),
        AmendMarks(pupil=ADA, session=parse_session(session), code=code, reason="Card seen"),
    )


@pytest.fixture
def mark_here(known: Ledger) -> Callable[[str, str], object]:
    """Return a function by which a person at this ledger makes a first mark for her."""
    return lambda session, code: execute(
        known.by("A01"), MarkSession(pupil=ADA, session=parse_session(session), code=code)
    )


Change = Callable[..., Path]


@pytest.fixture
def changed(tmp_path: Path) -> Change:
    """Return a function that copies the example school with texts replaced and rows added.

    ``changed("marks.csv", ("old", "new"), more="a,row")``; a copy changed before is changed again.
    """
    folder = tmp_path / "changed"

    def change(file: str = "", *replaced: tuple[str, str], more: str = "") -> Path:
        if not folder.exists():
            shutil.copytree(SCHOOL, folder)
        if file:
            path = folder / file
            text = path.read_text("utf-8") if path.exists() else ""
            for old, new in replaced:
                assert old in text
                text = text.replace(old, new)
            path.write_text(text + more, "utf-8", newline="")
        return folder

    return change


@pytest.fixture
def before(case: Path, ledger: Ledger) -> Ledger:
    """Return the ledger of a case: empty, but where ``held.txt`` says that it holds the school."""
    if (case / "held.txt").exists():
        ledger.bring(SCHOOL)
    return ledger


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for a ``case`` each folder of ``fixtures/errors`` for imports."""
    if "case" in metafunc.fixturenames:
        cases = sorted(c for c in ERRORS.iterdir() if not c.name.startswith("batch-"))
        metafunc.parametrize("case", cases, ids=[case.name for case in cases])


@pytest.fixture
def school() -> Path:
    """Return the folder of the example school."""
    return SCHOOL


@pytest.fixture
def overlay(tmp_path: Path) -> Callable[[Path], Path]:
    """Return a function that lays a case over a copy of the example school."""
    return lambda case: overlaid(tmp_path / "school", case)
