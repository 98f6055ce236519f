"""A ledger to import into, and copies of the example school that a test may change."""

import json
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from commands.amending.amend import AmendMarks
from commands.core.command import Outcome
from commands.exchange.importing import ImportPortable
from commands.register.take import MarkSession
from commands.school.school import CreateLedger
from ledger.clock import parse_instant
from ledger.errors import ImportRefused, Refused
from ledger.sealing.keys import KeyRing
from ledger.store.folder import Folder
from ledger.values import parse_session
from tests.commands.conftest import Desk

FIXTURES = Path(__file__).parents[4] / "fixtures"
SCHOOL = FIXTURES / "portable"
ERRORS = FIXTURES / "errors"
ADA = "K999200018001"
CLEO = "N999200018003"
HEADERS = {
    "marks.csv": "upn,date,session,code,minutes_late,nature,comment,recorded_by,recorded_on\n",
    "amendments.csv": "upn,date,session,original,amended,reason,amended_by,amended_on\n",
    "plans.csv": "upn,date,session,code,reason,nature,planned_by,planned_on,step\n",
    "casework.csv": "upn,step,on,by,with,outcome,notes\n",
    "groups.csv": "upn,kind,name,from,to\n",
    "evidence.csv": "upn,batch,file,sha256,note,given_by,recorded_on\n",
    "notices.csv": "parent_id,upn,kind,issued_on,offence_first,offence_last,received_on,paid_on,"
    "withdrawn_on,outcome\n",
}
NOW = parse_instant("2026-11-21T12:00:00Z")
OWN = ("Committed", "ImportCompleted")
Change = Callable[..., Path]


class Brought(NamedTuple):
    """How many events of each kind an import recorded, besides its own two, and what it told."""

    found: dict[str, int]
    says: tuple[str, ...]

    def told(self, text: str) -> bool:
        """Tell whether a line of what was told holds a text."""
        return any(text in line for line in self.says)


class Ledger(Desk):
    """A ledger to import into, with the clock at noon on Saturday 21 November 2026."""

    def by(self, staff_id: str | None) -> Desk:
        """Return the ledger as a member of staff uses it."""
        return replace(self, staff_id=staff_id)

    def bring(self, path: Path, **options: bool) -> Outcome:
        """Import a folder."""
        return self.do(ImportPortable(path=path, **options).load(sys.stdin))

    def brought(self, path: Path, **options: bool) -> Brought:
        """Import a folder; return what that added."""
        before = self.counts()
        says = self.bring(path, **options).says
        added = self.counts() - before
        return Brought({n: c for n, c in added.items() if n not in OWN}, says)

    def once(self, path: Path, **found: int) -> None:
        """Import a folder twice: it adds these events, and the same again adds nothing."""
        assert self.brought(path).found == found
        assert self.brought(path).found == {}

    def faults(self, path: Path) -> ImportRefused:
        """Return the refusal of a folder, of which nothing was recorded."""
        refused = self.refused(ImportPortable(path=path).load(sys.stdin))
        assert isinstance(refused, ImportRefused)
        return refused

    def refused_import(self, path: Path, **options: bool) -> Refused:
        """Return why the import of a folder is refused, whatever it holds."""
        return self.refused(ImportPortable(path=path, **options).load(sys.stdin))

    def codes(self, path: Path) -> list[str]:
        """Return the codes of the problems for which a folder is refused."""
        return [problem.code for problem in self.faults(path).problems]

    def head(self) -> int:
        """Return the newest position."""
        return self.folder.head()

    def states(self, topic: str, stream: str = "") -> list[dict[str, Any]]:
        """Return the stored states of one kind of event, for streams that end so."""
        with closing(sqlite3.connect(self.folder.log)) as db:
            rows = db.execute(
                "SELECT state FROM stored_events WHERE topic LIKE ? AND originator_id LIKE ? "
                "ORDER BY position",
                [f"{topic}.v%", f"%{stream}"],
            )
            return [json.loads(state) for (state,) in rows]

    def said(self, topic: str, field: str, stream: str = "") -> list[str]:
        """Return what one sealed field of such events says."""
        with closing(KeyRing(self.folder.keys, to_write=False)) as ring:
            return [ring.open(state[field]) for state in self.states(topic, stream)]

    def said_each(self, topic: str, field: str) -> list[list[str]]:
        """Return what a field of such events says that holds several sealed texts."""
        with closing(KeyRing(self.folder.keys, to_write=False)) as ring:
            return [list(map(ring.open, state[field])) for state in self.states(topic)]

    def counts(self) -> Counter[str]:
        """Return how many events there are of each kind."""
        with closing(sqlite3.connect(self.folder.log)) as db:
            rows = db.execute("SELECT topic, count(*) FROM stored_events GROUP BY topic")
            return Counter({topic.partition(".")[0]: count for topic, count in rows})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a new, empty ledger."""
    return new_ledger(tmp_path / "ledger")


def new_ledger(path: Path) -> Ledger:
    """Return a new ledger at a path."""
    made = Ledger(Folder(path), NOW, staff_id=None)
    CreateLedger().carry_out(made.context)
    return made


@pytest.fixture
def known(ledger: Ledger) -> Ledger:
    """Return a ledger that knows the example school."""
    ledger.bring(SCHOOL)
    return ledger


@pytest.fixture
def amend_here(known: Ledger) -> Callable[[str, str], object]:
    """Return a function by which a person at this ledger amends a mark of Ada Testerby's."""
    return lambda session, code: known.by("A01").do(
        AmendMarks(pupil=ADA, session=parse_session(session), code=code, reason="Card seen")
    )


@pytest.fixture
def mark_here(known: Ledger) -> Callable[[str, str], object]:
    """Return a function by which a person at this ledger makes a first mark for her."""
    return lambda session, code: known.by("A01").do(
        MarkSession(pupil=ADA, session=parse_session(session), code=code)
    )


@pytest.fixture
def changed(tmp_path: Path) -> Change:
    """Return a function that copies the example school with texts replaced and rows added.

    ``changed("marks.csv", ("old", "new"), more="a,row", less=("text",))``: the rows with a text of
    ``less`` are left out; a copy changed before is changed again.
    """
    folder = tmp_path / "changed"

    def change(
        file: str = "", *replaced: tuple[str, str], more: str = "", less: tuple[str, ...] = ()
    ) -> Path:
        if not folder.exists():
            shutil.copytree(SCHOOL, folder)
        if file:
            path = folder / file
            text = path.read_text("utf-8") if path.exists() else HEADERS[file]
            for old, new in replaced:
                assert old in text
                text = text.replace(old, new)
            rows = text.splitlines(keepends=True)
            kept = [row for row in rows if not any(each in row for each in less)]
            assert len(kept) < len(rows) or not less
            path.write_text("".join(kept) + more, "utf-8", newline="")
        return folder

    return change


@pytest.fixture
def top_up(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a folder of marks, and of amendments or plans where given."""

    def write(marks: str, **others: str) -> Path:
        folder = tmp_path / "today"
        folder.mkdir(exist_ok=True)
        for name, rows in {"marks": marks, **others}.items():
            (folder / f"{name}.csv").write_text(HEADERS[f"{name}.csv"] + rows, "utf-8")
        return folder

    return write


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
    """Return a function that copies the example school, and lays a case over it.

    A file of the case takes the place of the school's; ``NAME.more`` is added to its end;
    ``NAME.less`` names texts, and each row that holds one of them is left out; ``without.txt``
    names the files to leave out.
    """
    target = tmp_path / "school"

    def overlaid(case: Path) -> Path:
        shutil.copytree(SCHOOL, target)
        for file in case.iterdir():
            content, changed = file.read_bytes(), target / file.stem
            if file.name == "without.txt":
                for name in content.decode().split():
                    (target / name).unlink()
            elif file.suffix == ".less":
                texts, rows = content.splitlines(), changed.read_bytes().splitlines(keepends=True)
                kept = [row for row in rows if not any(text in row for text in texts)]
                changed.write_bytes(b"".join(kept))
            elif file.suffix == ".more":
                changed.write_bytes(changed.read_bytes() + content)
            elif file.name not in ("expected.txt", "held.txt"):
                (target / file.name).write_bytes(content)
        return target

    return overlaid
