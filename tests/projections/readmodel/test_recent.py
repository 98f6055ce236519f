"""Recent marks: kept beside the tables, laid over the arrays, taken into them now and then."""

import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from threading import Thread

import numpy as np

from ledger.events.register import MarkAmended
from projections.figures.rates import Rates
from projections.queries.question import PointInTime
from projections.queries.view import open_view
from projections.readmodel import catch_up, manifest, recent, tables
from projections.readmodel.grid import StoredGrid
from projections.readmodel.manifest import grid_path
from projections.readmodel.records.register import Mark
from projections.readmodel.tables import ALWAYS, STANDS, Reach, open_tables
from tests.projections.ledgers import NOW, instant, marked, on_mark

AT = instant(2025, 9, 8, 9)
SESSIONS = [
    f"{date(2025, 9, 8) + timedelta(days=n)}/{half}" for n in range(20) for half in ("AM", "PM")
]


def amended(pupil, session, original, code):
    """An amendment of a mark."""
    event = MarkAmended(
        code=code,
        original=original,
        reason="ill",
        by="s1",
        name="Mrs Register",
        job_title="Officer",
    )
    return on_mark(pupil, session, event)


def recent_marks(book):
    with closing(open_tables(book.folder)) as db:
        return recent.read(db)


def grid_at(book):
    return manifest.read(grid_path(book.folder)).position


def test_a_mark_is_recent_and_the_arrays_stay_as_they_were(school):
    """One small row, and the file that names the arrays is not written."""
    catch_up.rebuild(school.folder)
    before = grid_at(school)
    head = school.add(AT, marked("ann", "2025-09-08/AM", "N"))
    school.add(AT, amended("ann", "2025-09-08/AM", "N", "I"))
    catch_up.catch_up(school.folder)
    marks = recent_marks(school)
    assert marks[1:4] == ((0, 0), ("2025-09-08/AM", "2025-09-08/AM"), ("N", "I"))
    assert marks.positions[0] == head
    assert grid_at(school) == before
    assert school.ask(Rates(pupil="U-ann", on=date(2025, 9, 8))).rows()[0]["codes"] == {"I": 1}


def test_a_mark_is_caught_up_with_without_numpy(school):
    """A command that records one mark does not load what only counting needs."""
    catch_up.rebuild(school.folder)
    school.add(AT, marked("ann", "2025-09-08/AM", "N"))
    code = (
        "import sys, pathlib; from ledger.store.folder import Folder; "
        "from projections.readmodel.catch_up import catch_up; "
        "catch_up(Folder(pathlib.Path(sys.argv[1]))); sys.exit('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, school.folder.path], check=False)
    assert done.returncode == 0
    assert len(recent_marks(school).codes) == 1


def test_more_than_there_may_be_are_taken_into_the_arrays(school, monkeypatch):
    """The last that fits is recent; with one more none is, and the arrays have all."""
    monkeypatch.setattr(recent, "AT_MOST", 4)
    catch_up.rebuild(school.folder)
    school.add(AT, marked("ann", SESSIONS[0], "N"))
    school.add(AT, marked("ann", SESSIONS[1], "N"))  # two entries of the log: header and mark
    catch_up.catch_up(school.folder)
    assert len(recent_marks(school).codes) == 2
    head = school.add(AT, marked("ann", SESSIONS[2], "N"), marked("ann", SESSIONS[3], "N"))
    assert catch_up.catch_up(school.folder) == head
    assert (recent_marks(school), grid_at(school)) == (recent.NO_MARKS, head)
    with closing(open_tables(school.folder)) as db:
        assert recent.since(db) == StoredGrid(grid_path(school.folder)).reach
    assert np.count_nonzero(StoredGrid(grid_path(school.folder)).partition(2025).codes) == 4


def test_an_answer_under_way_stands_when_others_take_the_marks_into_the_arrays(
    school, monkeypatch
):
    """Its snapshot has the recent marks still, and arrays that are newer know all of them."""
    catch_up.rebuild(school.folder)
    school.add(AT, marked("ann", SESSIONS[0], "N"))
    with open_view(school.folder, PointInTime(), lambda: NOW) as before:
        assert before.grid.book == ["", "N"]
        with open_view(school.folder, PointInTime(), lambda: NOW) as later:
            assert [m.code for m in later.standing(Mark)] == ["N"]  # its moment is this one
            monkeypatch.setattr(recent, "AT_MOST", 0)
            school.add(AT, amended("ann", SESSIONS[0], "N", "I"), marked("bob", SESSIONS[0], "L"))
            catch_up.catch_up(school.folder)
            for view in (before, later):
                codes, _ = view.grid.partition(2025).as_known(view.position, view.stated)
                assert [view.grid.book[code] for code in codes[codes > 0]] == ["N"]


def test_arrays_of_another_log_are_not_laid_under_the_recent_marks(school, empty):
    """Put in the place of ours, further on than ours, they make the views anew."""
    for book in (school, empty):
        catch_up.rebuild(book.folder)
    school.add(AT, marked("ann", SESSIONS[0], "N"))
    catch_up.catch_up(school.folder)
    strange = manifest.Manifest(school.folder.head() - 1, "of another log", codes=["", "L"])
    manifest.write(grid_path(school.folder), strange)
    assert school.ask(Rates(pupil="U-ann", on=date(2025, 9, 8))).rows()[0]["codes"] == {"N": 1}
    assert grid_at(school) == school.folder.head()


def test_a_recorder_keeps_what_it_is_given(tmp_path):
    """In the order in which it came; what the arrays have is forgotten."""
    with closing(tables.connect(tmp_path / "tables.db")) as db:
        recent.create(db)
        recorder = recent.Recorder(db)
        recorder.take(recent.Marks([5, 6], [3, 3], SESSIONS[:2], ["N", "L"], [2, 3]))
        recorder.save(Reach(6, "a"))
        assert recent.read(db) == ((5, 6), (3, 3), tuple(SESSIONS[:2]), ("N", "L"), (2, 3))
        assert recent.read(db).since(5) == ((6,), (3,), (SESSIONS[1],), ("L",), (3,))
        assert (recent.number(db), recent.since(db)) == (2, (0, ""))
        recent.forget(db, Reach(6, "a"))
        assert (recent.read(db), recent.since(db)) == (recent.NO_MARKS, (6, "a"))


def test_many_catch_up_and_ask_at_once_and_nobody_sees_a_mixture(school, monkeypatch):
    """Table and grid of one view say the same, whoever writes meanwhile."""
    monkeypatch.setattr(recent, "AT_MOST", 5)
    catch_up.rebuild(school.folder)
    wrong, done = [], []

    def catches_up():
        while not done:
            _noting(wrong, lambda: catch_up.catch_up(school.folder))

    def asks():
        while not done:
            _noting(wrong, lambda: wrong.extend(_mixture(school)))

    others = [Thread(target=work) for work in (catches_up, catches_up, asks, asks)]
    for each in others:
        each.start()
    for session in SESSIONS:
        school.add(AT, marked("ann", session, "N"))
        school.add(AT, amended("ann", session, "N", "I"))
    done.append(True)
    for each in others:
        each.join()
    assert wrong == []
    assert not _mixture(school)
    assert school.ask(Rates(pupil="U-ann", on=date(2025, 12, 1))).rows()[0]["codes"] == {"I": 30}


def _noting(wrong, work):
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told by the test
        wrong.append(error)


def _mixture(book):
    """What table and grid of one view say differently."""
    with open_view(book.folder, PointInTime(), lambda: NOW) as view:
        sql = f"SELECT code FROM marks WHERE {STANDS} ORDER BY session"  # noqa: S608
        named = {"p": view.position, "t": ALWAYS}
        table = [code for (code,) in view.db.execute(sql, named)]
        codes, _ = view.grid.partition(2025).as_known(view.position, ALWAYS)
        grid = [view.grid.book[code] for code in codes[codes > 0]]
        return [] if table == grid else [(view.position, table, grid)]
