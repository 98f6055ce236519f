"""Bringing the read models up to date: in steps, at once, after a crash, from rubbish."""

import shutil
import tempfile
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ledger.folder import open_read_only
from projections import catch_up, rates, tables
from projections.grid import Grid, column
from projections.tables import ALWAYS, STANDS
from projections.view import opened
from tests.projections import ledgers
from tests.projections.histories import histories
from tests.projections.ledgers import Book

quick = settings(
    max_examples=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
stops = st.lists(st.integers(0, 20), max_size=4)


class Crash(BaseException):
    """The machine stops."""


def content(book):
    """What the read models hold."""
    return list(catch_up.content(book.folder))


def in_steps(book, history, at):
    """Write a history, catching up after some of its transactions."""
    done = 0
    for stop in [*sorted(set(at)), len(history.transactions)]:
        history.write(book, after=done, upto=stop)
        done = max(done, stop)
        catch_up.catch_up(book.folder)


@seed(1)
@quick
@given(history=histories(), at=stops)
def test_catching_up_in_steps_equals_a_rebuild(history, at):
    """Wherever catching up stopped in between, the models hold what a rebuild makes."""
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder) / "ledger")
        in_steps(book, history, at)
        stepwise = content(book)
        catch_up.rebuild(book.folder)
        assert content(book) == stepwise


@seed(2)
@quick
@given(history=histories(), at=stops, before=st.booleans())
def test_a_crash_between_the_grid_and_the_tables_heals(history, at, before):
    """A stop after the grid was saved and before the tables were leaves nothing wrong."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        book = Book(Path(folder) / "ledger")
        half = len(history.transactions) // 2
        in_steps(book, history, [stop for stop in at if stop < half])
        whole = Book(Path(folder) / "whole")
        del whole
        patch.setattr(tables, "reach", _crash)
        if before:
            with pytest.raises(Crash):
                catch_up.rebuild(book.folder)
        with pytest.raises(Crash):
            catch_up.rebuild(book.folder)
        patch.undo()
        catch_up.catch_up(book.folder)
        healed = content(book)
        catch_up.rebuild(book.folder)
        assert content(book) == healed


def _crash(*_):
    raise Crash


@seed(3)
@quick
@given(history=histories(), numbers=st.lists(st.integers(0, 10**6), min_size=6, max_size=6))
def test_the_marks_table_and_the_grid_agree(history, numbers):
    """At any position and stated time, table and grid say that the same codes stand."""
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder) / "ledger")
        history.write(book)
        head = catch_up.catch_up(book.folder)
        times = sorted({s for t in history.transactions for f in t.facts
                        if (s := getattr(f.event, "stated", None))} | {ledgers.NOW})  # fmt: skip
        for n in numbers:
            time = times[n % len(times)] - n % 2 if n % 3 else ALWAYS
            _agree(book, n % (head + 1), time)


def _agree(book, position, time):
    with closing(open_read_only(catch_up.tables_path(book.folder))) as db:
        sql = f"SELECT pupil, session, code, sf FROM marks WHERE {STANDS}"
        rows = db.execute(sql, {"p": position, "t": time}).fetchall()
    grid = Grid(catch_up.grid_path(book.folder))
    found = set()
    for year in (2023, 2024, 2025):
        codes, undated = grid.partition(year).as_known(position, time)
        found |= {
            (int(row), year, int(col), grid.book[codes[row, col]], bool(undated[row, col]))
            for row, col in zip(*np.nonzero(codes), strict=True)
        }
    assert found == {(p, *column(s), code, sf == 0) for p, s, code, sf in rows}
