"""Where an answer's read models come from: views, or the log alone; a reader sees the same."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger import clock
from ledger.store.folder import Folder
from projections.amending.approvals import Approvals
from projections.figures.persistent import PersistentAbsence
from projections.figures.rates import Rates
from projections.history.changes import Changes
from projections.penalties.alerts import Alerts
from projections.penalties.penalties import Penalties
from projections.queries.question import Question
from projections.queries.view import open_view
from projections.readmodel.sources import Source, as_they_are, log_alone, views
from projections.readmodel.tables import leave
from projections.register.show import RegisterShow
from projections.why.why import Why
from tests.cli.shell import run

DAY, EARLIER = date(2026, 11, 20), "2026-11-20T09:00"
QUESTIONS: tuple[Question, ...] = (
    Rates(on=DAY),
    Rates(on=DAY, known_at=EARLIER, clock="source"),
    PersistentAbsence(on=DAY),
    Penalties(on=DAY),
    Changes(on=DAY),
    Alerts(on=DAY),
    Approvals(on=DAY),
    RegisterShow(group="9A", week=DAY, diff=EARLIER),
    Why(what="rates", on=DAY, known_at=EARLIER, and_="2026-11-20T16:00"),
)


def answer(folder: Folder, question: Question, source: Source) -> Any:
    with open_view(folder, question, clock.now, source=source) as view:
        return question.answer(view).document


@pytest.mark.parametrize(
    "question", QUESTIONS, ids=[f"{type(q).__name__} {n}" for n, q in enumerate(QUESTIONS)]
)
def test_an_answer_is_the_same_from_the_log_alone(own: Path, question: Question) -> None:
    folder = Folder(own)
    assert answer(folder, question, log_alone) == answer(folder, question, views)


def test_nothing_of_the_views_is_read_for_it(own: Path) -> None:
    """Edited views tell something else; the log alone tells what is in the log."""
    folder, asked = Folder(own), Rates(on=DAY)
    before = answer(folder, asked, views)
    with closing(sqlite3.connect(folder.views / "tables.db")) as db:
        db.execute("UPDATE roll SET starts_on = '2026-11-20'")
        db.commit()
    leave(folder)  # as whoever edits them could, too
    assert answer(folder, asked, views) != before
    assert answer(folder, asked, log_alone) == before
    shutil.rmtree(folder.views)
    assert answer(folder, asked, log_alone) == before
    assert not folder.views.exists()


def test_what_is_there_goes_as_far_as_it_goes(own: Path) -> None:
    """Views that are behind are not brought up to be looked at."""
    folder = Folder(own)
    with views(folder) as current, as_they_are(folder) as there:
        assert there.head == current.head == folder.head()
    with closing(sqlite3.connect(folder.views / "tables.db")) as db:
        db.execute("DROP TABLE state")
        db.commit()
    with as_they_are(folder) as there:
        assert there.head == 0


@pytest.fixture
def handed_over(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the ledger, made without the times of its files, that nobody can write."""
    there = tmp_path / "disc"
    shutil.copytree(own, there, copy_function=shutil.copyfile)
    access = os.access

    def asked(path: Any, mode: int) -> bool:
        here = Path(path)
        return access(path, mode) and (mode != os.W_OK or there not in (here, *here.parents))

    monkeypatch.setattr(os, "access", asked)
    return there


def test_what_cannot_be_written_is_read_and_verified_all_the_same(
    handed_over: Path, own: Path
) -> None:
    """The answer is the same, made from the log alone; nothing is written, nobody is accused."""
    before = {path: path.read_bytes() for path in handed_over.rglob("*") if path.is_file()}
    for words in (["rates", "--by", "code", "--json"], ["changes", "--json"]):
        ours, theirs = (run("--ledger", str(path), *words) for path in (own, handed_over))
        assert (theirs.code, theirs.json["rows"]) == (0, ours.json["rows"])
        assert "nothing can be written here: worked out from the log alone" in theirs.err
    verified = run("--ledger", str(handed_over), "verify", "--json")
    assert (verified.code, verified.json["problems"]) == (0, [])
    after = {path: path.read_bytes() for path in handed_over.rglob("*") if path.is_file()}
    assert after == before
