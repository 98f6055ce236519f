"""The grid: cells, versions rewound, partitions on disk."""

import os
import random
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from projections.readmodel import manifest
from projections.readmodel.grid import Grid, Partition, StoredGrid, among, column
from projections.readmodel.recent import Marks
from projections.readmodel.tables import ALWAYS, Reach


def take(grid, *marks):
    """Let a grid take marks: position, pupil, session, code, stated time."""
    grid.take(Marks(*zip(*marks, strict=True)))


@pytest.mark.parametrize(
    ("session", "place"),
    [
        ("2025-08-01/AM", (2025, 0)),
        ("2025-08-01/PM", (2025, 1)),
        ("2026-07-31/PM", (2025, 729)),
        ("2024-07-31/PM", (2023, 731)),  # a leap year has a day more
        ("2025-07-31/AM", (2024, 728)),
    ],
)
def test_a_session_has_a_year_from_august_and_a_column(session, place):
    """Two columns a day from 1 August."""
    assert column(session) == place


def test_no_two_sessions_of_a_year_share_a_column():
    days = [date.fromordinal(n) for n in range(date(2019, 8, 1).toordinal(), 738_500)]
    places = [column(f"{day}/{half}") for day in days for half in ("AM", "PM")]
    assert len(set(places)) == len(places)


@pytest.fixture
def grid(tmp_path):
    """Three versions of one mark: undated, then stated at 50, then at 20."""
    grid = StoredGrid(tmp_path)
    take(grid, (1, 2, "2025-09-08/AM", "N", 0))
    take(grid, (3, 2, "2025-09-08/AM", "I", 50))
    take(grid, (5, 2, "2025-09-08/AM", "C", 20))
    take(grid, (6, 0, "2025-09-08/AM", "/", 60))
    grid.save(Reach(6, "a"))
    return StoredGrid(tmp_path)


@pytest.mark.parametrize(
    ("position", "stated", "expected"),
    [
        (0, ALWAYS, None),
        (1, ALWAYS, ("N", True)),
        (2, ALWAYS, ("N", True)),
        (3, ALWAYS, ("I", False)),
        (5, ALWAYS, ("C", False)),
        (5, 0, ("N", True)),
        (5, 49, ("N", True)),
        (4, 50, ("I", False)),
        (5, 50, ("C", False)),  # stated before the one it replaced: both at once
    ],
)
def test_a_cell_stands_as_known_at_a_position_and_a_stated_time(grid, position, stated, expected):
    """Later versions are rewound, by the log and by what the source stated."""
    codes, undated = grid.partition(2025).as_known(position, stated)
    code = grid.book[codes[1, 0]]
    assert (code, bool(undated[1, 0])) == (expected or ("", False))


def test_a_partition_holds_the_pupils_and_sessions_of_its_year(grid):
    """A row and a column for each that has a mark; of others there is none."""
    marked = grid.partition(2025)
    assert marked.pupils.tolist() == [0, 2]
    assert marked.columns.tolist() == [column("2025-09-08/AM")[1]]
    assert among(marked.pupils, [2, 1, 0, 3]).tolist() == [1, -1, 0, -1]
    codes, undated = marked.as_known(6, ALWAYS)
    assert codes.shape == undated.shape == (2, 1)


def laid(grid, rows, columns=3, at=(2,)):
    """Return the session of the marks, laid into columns by number."""
    found = Partition.of((rows, columns))
    found.lay(grid.partition(2025), np.array([column("2025-09-08/AM")[1]]), np.array(at))
    return found


def test_every_version_of_some_pupils_is_there_with_what_ended_it(grid):
    """As the log has them; who has no row has none."""
    found = laid(grid, rows=3).versions([2, 1, 99])
    row, col, code, kf, kt, sf, st = found[:, np.argsort(found[3])].tolist()
    assert (set(row), set(col)) == ({2}, {2})
    assert [grid.book[each] for each in code] == ["N", "I", "C"]
    assert (kf, kt) == ([1, 3, 5], [3, 5, ALWAYS])
    assert (sf, st) == ([0, 50, 50], [50, 50, ALWAYS])


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 5])
def test_columns_are_laid_by_the_number_of_the_pupil_with_all_their_versions(grid, rows):
    """More rows than there are marks stay empty, and pupils beyond the rows are left out."""
    here = laid(grid, rows)
    for position in range(7):
        codes, undated = here.as_known(position, ALWAYS)
        whole, known = grid.partition(2025).as_known(position, ALWAYS)
        for place, pupil in enumerate(grid.partition(2025).pupils.tolist()):
            if pupil < rows:
                assert codes[pupil, 2] == whole[place, 0]
                assert undated[pupil, 2] == known[place, 0]
        assert not codes[:, :2].any()
        assert not codes[[n for n in range(rows) if n not in (0, 2)]].any()


def test_a_session_without_a_mark_lays_nothing(grid):
    here = Partition.of((3, 1))
    here.lay(grid.partition(2025), np.array([column("2025-09-09/AM")[1]]), np.array([0]))
    assert not here.codes.any()
    assert len(here.older) == 0


def test_a_year_without_marks_is_an_empty_partition(grid):
    marked = grid.partition(1999)
    codes, undated = marked.as_known(6, ALWAYS)
    assert codes.shape == undated.shape == (0, 0)
    assert among(marked.pupils, [0]).tolist() == [-1]


def test_older_versions_go_along_when_a_pupil_or_a_session_comes_between(grid):
    """A row before theirs, and a column; what stood before is found where it belongs."""
    take(grid, (7, 1, "2025-09-05/PM", "L", 0))
    grid.settle()
    marked = grid.partition(2025)
    assert marked.pupils.tolist() == [0, 1, 2]
    first, second = (column(session)[1] for session in ("2025-09-05/PM", "2025-09-08/AM"))
    assert marked.columns.tolist() == [first, second]
    for position, expected in ((1, "N"), (3, "I"), (5, "C")):
        codes, _ = marked.as_known(position, ALWAYS)
        assert grid.book[codes[2, 1]] == expected


def test_a_saved_year_can_be_written_on(grid, tmp_path):
    """Memory-mapped arrays are copied when a mark comes; other years' files stay as they are."""
    take(grid, (7, 70, "2026-09-08/PM", "/", 70))
    grid.save(Reach(7, "b"))
    kept = {path.name for path in tmp_path.glob("2025-*")}
    take(grid, (8, 70, "2026-09-09/PM", "N", 80))
    take(grid, (8, 71, "2026-09-09/PM", "N", 80))
    take(grid, (9, 70, "2026-09-08/PM", "L", 90))
    grid.save(Reach(9, "c"))
    assert {path.name for path in tmp_path.glob("2025-*")} == kept
    again = StoredGrid(tmp_path)
    assert again.reach == Reach(9, "c")
    codes, _ = again.partition(2026).as_known(9, ALWAYS)
    assert [[again.book[code] for code in row] for row in codes] == [["L", "N"], ["", "N"]]
    assert len(again.partition(2026).older) == 1


def test_a_grid_knows_how_far_it_goes(tmp_path):
    """Each time that it is saved, in memory and on disk."""
    for grid in (Grid(), StoredGrid(tmp_path)):
        for at in (1, 2):
            take(grid, (at, 0, f"2025-09-0{at}/AM", "/", at))
            grid.save(Reach(at, f"anchor {at}"))
            assert grid.reach == Reach(at, f"anchor {at}")
    assert StoredGrid(tmp_path).reach == Reach(2, "anchor 2")


@pytest.mark.usefixtures("grid")
def test_a_file_that_says_the_same_in_other_bytes_is_not_read(tmp_path):
    """Nobody but a tamperer writes an array otherwise than it was written."""
    path = next(tmp_path.glob("*.codes.npy"))
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b", }  ", b",}   ", 1))
    with pytest.raises(ValueError, match="is not as it was written"):
        list(StoredGrid(tmp_path).content())


def test_a_file_of_another_time_is_read_whole_and_believed_where_it_is_the_same(grid, tmp_path):
    """Whoever copies a ledger's folder changes the times of its files, not what they hold."""
    content = list(grid.content())
    for path in tmp_path.glob("*.npy"):
        os.utime(path, (1, 1))
    assert list(StoredGrid(tmp_path).content()) == content
    path = next(tmp_path.glob("*.codes.npy"))
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(ValueError, match=f"{path.name} is not as it was written"):
        list(StoredGrid(tmp_path).content())


@pytest.mark.usefixtures("grid")
def test_a_file_that_the_manifest_does_not_know_is_not_read(tmp_path):
    kept = manifest.read(tmp_path)
    manifest.write(tmp_path, replace(kept, files={}))
    with pytest.raises(ValueError, match="is not as it was written"):
        list(StoredGrid(tmp_path).content())
    (tmp_path / "manifest.json").write_text('{"files": [1]}')
    assert manifest.read(tmp_path) is None


def test_no_file_is_left_that_no_manifest_names(grid, tmp_path):
    """Old files go, and what a crash left waiting."""
    (tmp_path / "waiting.1.npy").write_bytes(b"half")
    (tmp_path / f".{'ab' * 16}.unfinished").write_bytes(b"half")
    take(grid, (7, 0, "2025-09-08/PM", "N", 70))
    grid.save(Reach(7, "b"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2025-7.codes.npy", "2025-7.columns.npy", "2025-7.kf.npy", "2025-7.older.npy",
        "2025-7.pupils.npy", "2025-7.sf.npy", "manifest.json",
    ]  # fmt: skip


def test_a_cleared_grid_holds_nothing(grid, tmp_path):
    grid.clear()
    assert (grid.reach, grid.book) == (Reach(0, ""), [""])
    grid.save(Reach(0, ""))
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


CODES = "/NIL"
SESSIONS = [f"2025-{month}-0{day}/AM" for month in ("07", "09", "12") for day in range(1, 6)]


@pytest.mark.parametrize("seed", range(20))
def test_marks_in_whatever_portions_give_the_same_grid_and_the_versions_of_each(seed):
    """Held against chains kept one by one: what stands, from when, and what stood before."""
    rng = random.Random(seed)  # noqa: S311 - to draw examples again
    marks = [
        (position, rng.choice([3, 7, 8, 90]), rng.choice(SESSIONS), rng.choice(CODES),
         rng.choice([0, 5, 9, position]))
        for position in range(1, 80)
    ]  # fmt: skip
    at_once, portions = Grid(), Grid()
    take(at_once, *marks)
    at_once.save(Reach(80, ""))
    rest = marks
    while rest:
        number = rng.randint(1, 30)
        take(portions, *rest[:number])
        rest = rest[number:]
        if rng.random() < 0.5:
            portions.settle()
    portions.save(Reach(80, ""))
    assert list(at_once.content()) == list(portions.content())
    for position in range(80):
        stated = rng.choice([0, 5, 40, ALWAYS])
        assert _cells(at_once, position, stated) == _standing(marks, position, stated)


def _cells(grid, position, stated):
    """The codes that a grid shows as known, by pupil and session."""
    found = {}
    for session in SESSIONS:
        year, place = column(session)
        marked = grid.partition(year)
        codes, undated = marked.as_known(position, stated)
        at = among(marked.columns, [place])[0]
        for pupil, code, no_date in zip(marked.pupils, codes[:, at], undated[:, at], strict=True):
            if at >= 0 and code:
                found[int(pupil), session] = (grid.book[code], bool(no_date))
    return found


def _standing(marks, position, stated):
    """The same by walking along each chain: the last that both clocks reach stands."""
    found, times = {}, {}
    for at, pupil, session, code, time in marks:
        cell = (pupil, session)
        times[cell] = max(times.get(cell, time), time)
        if at <= position and times[cell] <= stated:
            found[cell] = (code, times[cell] == 0)
    return found


def test_marks_that_wait_are_set_once_they_are_many(monkeypatch):
    """In bulk, and before anybody asks for them."""
    monkeypatch.setattr("projections.readmodel.grid._AT_ONCE", 2)
    grid = Grid()
    take(grid, (1, 0, "2025-09-08/AM", "N", 0))
    assert not grid.partition(2025).codes.size
    take(grid, (2, 1, "2025-09-08/AM", "/", 0))
    assert grid.partition(2025).pupils.tolist() == [0, 1]
