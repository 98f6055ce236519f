"""Rows that are read and settled many at once say what each would say by itself."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.exchange.portable import entries
from commands.exchange.portable.rows import MarkRows, read_marks
from ledger.errors import ImportRefused
from ledger.formats import sheet
from ledger.formats.sheet import Problems, Sheet
from tests.commands.exchange.portable.conftest import SCHOOL, Ledger, new_ledger

ROWS = (SCHOOL / "marks.csv").read_text("utf-8").splitlines()
WORDS = (
    "", " ", "X", "B", "-", "#", "U", "N", "Q9", "PM", "pm", "2026-11-10", "2027-01-05",
    "2026-13-01", "2026-11-10T09:00", "2026-11-10T08:50:00Z", "2027-01-05T09:00:00Z", "A01", "T99",
    "5", "1e5", "late_entry", "K999200018001", '"two\nlines"',
)  # fmt: skip


def spoilt(seed: int) -> str:
    """Return the rows of the example school, some spoilt, doubled, cut short or moved."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    header, *rows = ROWS
    cells = [row.split(",") for row in rows]
    for _ in range(chance.choice((0, 1, 8, 40))):
        row = chance.choice(cells)
        match chance.randrange(5):
            case 0:
                cells.insert(chance.randrange(len(cells)), [*row])
            case 1:
                del row[-1]
            case _:
                row[chance.randrange(len(row))] = chance.choice(WORDS)
    if seed % 3 == 0:
        chance.shuffle(cells)
    return "".join(f"{','.join(row)}\n" for row in (header.split(","), *cells))


def read(text: str) -> tuple[dict[str, Any], object, object]:
    """Return what is read, and the faults as they are told: by line."""
    problems = Problems()
    rows: MarkRows = read_marks(Sheet("marks.csv", text.encode(), problems))
    return vars(rows), sorted(problems.faults, key=lambda each: each.line), problems.unread


@pytest.mark.parametrize("at_once", [2, 50])
def test_rows_read_many_at_once_are_those_read_one_by_one(at_once, monkeypatch):
    for seed in range(40):
        monkeypatch.setattr(sheet, "_AT_ONCE", 1)
        alone = read(spoilt(seed))
        monkeypatch.setattr(sheet, "_AT_ONCE", at_once)
        assert read(spoilt(seed)) == alone, seed


def outcome(ledger: Ledger, folder: Path) -> Iterator[object]:
    """Yield what an import says, or is refused for, and the marks that the ledger then holds."""
    try:
        yield ledger.bring(folder, accept_findings=True).says
    except ImportRefused as refused:
        yield refused.problems, refused.total, refused.notes
    for state in ledger.states("SessionMarked"):
        del state["nonce"]
        yield json.dumps({name: str(text)[:1] == "~" or text for name, text in state.items()})


def test_rows_settled_at_a_glance_are_those_looked_into(tmp_path, changed, monkeypatch):
    """Whatever is wrong with rows about them: the same faults, the same marks in their order."""
    folder = changed()
    for seed in range(30):
        (folder / "marks.csv").write_text(spoilt(seed), "utf-8", newline="")
        with monkeypatch.context() as patched:
            patched.setattr(entries.Entries, "_is_usual", lambda *_: False)
            looked_into = list(outcome(new_ledger(tmp_path / f"{seed}"), folder))
        assert list(outcome(new_ledger(tmp_path / f"{seed}-again"), folder)) == looked_into, seed
