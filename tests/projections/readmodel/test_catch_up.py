"""Bringing the read models up to date: in steps, at once, after a crash, from rubbish."""

import gc
import shutil
import tempfile
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ledger.errors import Refused
from projections.figures.rates import Rates
from projections.readmodel import catch_up, freshness, manifest, recent, tables
from projections.readmodel.grid import StoredGrid, column
from projections.readmodel.manifest import grid_path
from projections.readmodel.tables import ALWAYS, STANDS, open_tables
from tests.projections import ledgers
from tests.projections.histories import histories
from tests.projections.ledgers import Book, instant, marked

quick = settings(
    max_examples=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
stops = st.lists(st.integers(0, 20), max_size=4)
limits = st.sampled_from([0, 4, 12, recent.AT_MOST])
"""How many marks may be recent: none, so that each goes into the arrays at once, to very many."""
steps = st.sampled_from(
    [
        (StoredGrid, "_write"),
        (manifest, "write"),
        (StoredGrid, "_remove_old_files"),
        (recent, "forget"),
        (tables, "set_reach"),
    ]
)


class Crash(BaseException):
    """The machine stops."""


def content(book):
    return list(catch_up.content(book.folder))


def assert_as_made_anew(book):
    caught_up = content(book)
    catch_up.rebuild(book.folder)
    assert content(book) == caught_up


def in_steps(book, history, at, upto=None):
    """Write a history, catching up after some of its transactions."""
    done, last = 0, len(history.transactions) if upto is None else upto
    for stop in [*sorted({stop for stop in at if stop < last}), last]:
        history.write(book, after=done, upto=stop)
        done = max(done, stop)
        catch_up.catch_up(book.folder)


@contextmanager
def at_most(limit):
    """Take recent marks into the arrays once they are more than so many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent, "AT_MOST", limit)
        yield


@seed(1)
@quick
@given(history=histories(), at=stops, limit=limits)
def test_catching_up_in_steps_equals_a_rebuild(history, at, limit):
    """Wherever catching up stopped in between, the models hold what a rebuild makes."""
    with tempfile.TemporaryDirectory() as folder, at_most(limit):
        book = Book(Path(folder) / "ledger")
        in_steps(book, history, at)
        assert_as_made_anew(book)


@seed(2)
@quick
@given(history=histories(), at=stops, anew=st.booleans(), step=steps, limit=limits)
def test_a_crash_between_any_two_steps_heals(history, at, anew, step, limit):
    """A stop at any step of writing arrays, manifest and tables leaves nothing wrong."""
    with tempfile.TemporaryDirectory() as folder, at_most(limit):
        book = Book(Path(folder) / "ledger")
        half = len(history.transactions) // 2
        in_steps(book, history, [stop for stop in at if stop < half], upto=half)
        history.write(book, after=half)
        with pytest.MonkeyPatch.context() as stopped:
            stopped.setattr(*step, _crash)
            with suppress(Crash):  # a step that is not taken, stops nothing
                (catch_up.rebuild if anew else catch_up.catch_up)(book.folder)
        assert freshness.is_current(book.folder, book.folder.head()) == _is_done(book)
        catch_up.catch_up(book.folder)
        assert freshness.is_current(book.folder, book.folder.head())
        assert_as_made_anew(book)


def _is_done(book):
    """Whether the transaction over the tables is through."""
    with closing(open_tables(book.folder)) as db:
        place = tables.reach(db)
        return place is not None and place.position == book.folder.head()


def _crash(*_):
    raise Crash


@seed(3)
@quick
@given(
    history=histories(),
    at=stops,
    limit=limits,
    numbers=st.lists(st.integers(0, 10**6), min_size=6, max_size=6),
)
def test_the_marks_table_and_the_grid_agree(history, at, limit, numbers):
    """At any position and stated time, table and grid say that the same codes stand."""
    with tempfile.TemporaryDirectory() as folder, at_most(limit):
        book = Book(Path(folder) / "ledger")
        in_steps(book, history, at)
        head = catch_up.catch_up(book.folder)
        times = sorted({s for t in history.transactions for f in t.facts
                        if (s := getattr(f.event, "stated", None))} | {ledgers.NOW})  # fmt: skip
        for n in numbers:
            time = times[n % len(times)] - n % 2 if n % 3 else ALWAYS
            _agree(book, n % (head + 1), time)


def _agree(book, position, time):
    with closing(open_tables(book.folder)) as db:
        sql = f"SELECT pupil, session, code, sf FROM marks WHERE {STANDS}"  # noqa: S608
        rows = db.execute(sql, {"p": position, "t": time}).fetchall()
        grid = StoredGrid(grid_path(book.folder), recent.read(db))
    found = set()
    for year in (2023, 2024, 2025):
        marked = grid.partition(year)
        codes, undated = marked.as_known(position, time)
        for cell in zip(*np.nonzero(codes), strict=True):
            place = (int(marked.pupils[cell[0]]), year, int(marked.columns[cell[1]]))
            found.add((*place, grid.book[codes[cell]], bool(undated[cell])))
    assert found == {(p, *column(s), code, sf == 0) for p, s, code, sf in rows}


# -- one by one ---------------------------------------------------------------------------------

AT = instant(2025, 9, 8, 9)
DAY = {"from_": date(2025, 9, 8), "on": date(2025, 9, 8)}


def counted(book):
    """What Ann's row counts."""
    return book.ask(Rates(pupil="U-ann", **DAY)).rows()[0]["codes"]


def views(book):
    return book.folder.views


def test_an_older_copy_of_the_tables_catches_up_with_the_grid(school):
    """Tables from before the last mark, put back beside a newer grid, heal."""
    catch_up.catch_up(school.folder)
    older = views(school).parent / "older.db"
    shutil.copy(views(school) / "tables.db", older)
    school.add(AT, marked("ann", "2025-09-08/AM", "/"))
    catch_up.catch_up(school.folder)
    for waiting in views(school).glob("tables.db-*"):
        waiting.unlink()
    shutil.copy(older, views(school) / "tables.db")
    assert counted(school) == {"/": 1}
    assert_as_made_anew(school)


def test_an_older_copy_of_the_grid_catches_up_with_the_tables(school):
    """A grid from before the last mark, put back beside newer tables, heals."""
    school.add(AT, marked("ann", "2025-09-08/AM", "N"))
    catch_up.catch_up(school.folder)
    shutil.copytree(views(school) / "grid", views(school).parent / "older")
    school.add(AT, marked("ann", "2025-09-08/PM", "I"))
    catch_up.catch_up(school.folder)
    shutil.rmtree(views(school) / "grid")
    shutil.copytree(views(school).parent / "older", views(school) / "grid")
    assert counted(school) == {"I": 1, "N": 1}
    assert_as_made_anew(school)


@pytest.mark.parametrize(
    "spoilt",
    [
        "tables.db missing",
        "tables.db rubbish",
        "tables.db empty",
        "grid missing",
        "manifest rubbish",
        "manifest of another layout",
        "tables of another layout",
        "everything missing",
    ],
)
def test_whatever_is_wrong_with_the_views_is_made_anew(school, spoilt):
    """Missing, unreadable or of another layout: the next question is answered all the same."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/"))
    catch_up.catch_up(school.folder)
    before = content(school)
    _spoil(views(school), spoilt)
    assert counted(school) == {"/": 1}
    assert content(school) == before


def _spoil(folder, spoilt):
    match spoilt.split():
        case ["tables.db", what]:
            for path in folder.glob("tables.db*"):
                path.unlink()
            if what != "missing":
                (folder / "tables.db").write_bytes(b"rubbish" * 999 if what == "rubbish" else b"")
        case ["grid", _]:
            shutil.rmtree(folder / "grid")
        case ["manifest", "rubbish"]:
            (folder / "grid" / "manifest.json").write_text("[1")
        case ["manifest", *_]:
            path = folder / "grid" / "manifest.json"
            layout = f'"layout": {tables.LAYOUT}'
            assert layout in path.read_text()
            path.write_text(path.read_text().replace(layout, '"layout": 0'))
        case ["tables", *_]:
            with closing(tables.connect(folder / "tables.db")) as db:
                db.execute("UPDATE state SET layout = 0")
        case _:
            shutil.rmtree(folder)


def test_another_log_in_the_same_place_is_not_mistaken_for_this_one(school):
    """A log restored from a back-up and gone on differently makes the views anew."""
    older = views(school).parent / "older.db"
    school.add(AT, marked("bob", "2025-09-08/AM", "/"))
    shutil.copy(school.folder.log, older)
    versions = dict(school.versions)
    school.add(AT, marked("ann", "2025-09-08/AM", "N"))
    assert counted(school) == {"N": 1}
    for waiting in school.folder.path.glob("ledger.db-*"):
        waiting.unlink()
    shutil.copy(older, school.folder.log)
    school.versions = versions
    school.add(AT, marked("ann", "2025-09-08/AM", "I"))
    assert counted(school) == {"I": 1}


def test_a_file_of_the_grid_that_is_gone_is_refused_and_not_answered(school):
    """Without a year's marks there is no answer, and the remedy is not a traceback."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/"))
    catch_up.rebuild(school.folder)
    for path in (views(school) / "grid").glob("*.codes.npy"):
        path.unlink()
    with pytest.raises(Refused):
        counted(school)


def test_a_reader_finds_the_newer_files_when_somebody_caught_up_meanwhile(school):
    """The files that a manifest named are gone: the newer ones know all that they knew."""
    with at_most(0):
        school.add(AT, marked("ann", "2025-09-08/AM", "/"))
        catch_up.catch_up(school.folder)
        reader = StoredGrid(grid_path(school.folder))
        school.add(AT, marked("ann", "2025-09-08/PM", "I"))
        catch_up.catch_up(school.folder)
        assert np.count_nonzero(reader.partition(2025).codes) == 2


def test_a_rebuild_leaves_a_readers_files_as_they_were(school):
    """Files are replaced at once, so that whoever has one mapped goes on reading it."""
    school.add(AT, marked("ann", "2025-09-08/AM", "/"))
    catch_up.rebuild(school.folder)
    reader = StoredGrid(grid_path(school.folder)).partition(2025)
    file = next(grid_path(school.folder).glob("*.codes.npy"))
    inode = file.stat().st_ino
    catch_up.rebuild(school.folder)
    assert file.stat().st_ino != inode
    assert np.count_nonzero(reader.codes) == 1


def test_garbage_collection_is_left_as_it_was(school):
    """Switched off for the replay, and on again only where it was on."""
    catch_up.rebuild(school.folder)
    assert gc.isenabled()
    gc.disable()
    try:
        catch_up.rebuild(school.folder)
        assert not gc.isenabled()
    finally:
        gc.enable()
