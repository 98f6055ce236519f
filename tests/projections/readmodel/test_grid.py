"""The grid: cells, versions rewound, partitions on disk."""

import os
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from projections.readmodel import manifest
from projections.readmodel.grid import COLUMNS, Grid, Partition, StoredGrid, column
from projections.readmodel.tables import ALWAYS, Moment, Reach


def moment(position, stated):
    return Moment(position, stated, False, None, "")


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
    """Two columns a day from 1 August; the last day of a leap year fits."""
    assert column(session) == place
    assert place[1] < COLUMNS


def test_no_two_sessions_of_a_year_share_a_column():
    days = [date.fromordinal(n) for n in range(date(2019, 8, 1).toordinal(), 738_500)]
    places = [column(f"{day}/{half}") for day in days for half in ("AM", "PM")]
    assert len(set(places)) == len(places)


@pytest.fixture
def grid(tmp_path):
    """Three versions of one mark: undated, then stated at 50, then at 20."""
    grid = StoredGrid(tmp_path)
    grid.enter(2, "2025-09-08/AM", "N", moment(1, 0))
    grid.change(2, "2025-09-08/AM", "I", moment(3, 50))
    grid.change(2, "2025-09-08/AM", "C", moment(5, 20))
    grid.enter(0, "2025-09-08/AM", "/", moment(6, 60))
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
    col = column("2025-09-08/AM")[1]
    code = grid.book[codes[2, col]]
    assert (code, bool(undated[2, col])) == (expected or ("", False))


def test_every_version_of_some_pupils_is_there_with_what_ended_it(grid):
    """As the log has them; who has no row has none."""
    found = grid.partition(2025).versions([2, 1, 99])
    row, col, code, kf, kt, sf, st = found[:, np.argsort(found[3])].tolist()
    assert (set(row), set(col)) == ({2}, {column("2025-09-08/AM")[1]})
    assert [grid.book[each] for each in code] == ["N", "I", "C"]
    assert (kf, kt) == ([1, 3, 5], [3, 5, ALWAYS])
    assert (sf, st) == ([0, 50, 50], [50, 50, ALWAYS])


def test_some_columns_are_laid_beside_each_other_with_all_their_versions(grid):
    """More rows than there are marks stay empty, and rows that are not wanted are left out."""
    columns = np.array([column(f"2025-09-{day}")[1] for day in ("08/AM", "08/PM")])
    for rows in (1, 5):
        laid = Partition.of((rows, 3))
        laid.lay(grid.partition(2025), columns, np.array([2, 0]))
        assert set(laid.versions(range(rows))[1].tolist()) == {2}
        for position in range(7):
            codes, undated = laid.as_known(position, ALWAYS)
            whole, known = grid.partition(2025).as_known(position, ALWAYS)
            both = min(rows, 3)
            assert (codes[:both, [2, 0]] == whole[:both, columns]).all()
            assert (undated[:both, [2, 0]] == known[:both, columns]).all()
            assert not codes[:, 1].any()
            assert not codes[both:].any()


def test_pupils_without_a_mark_have_a_row_without_codes(grid):
    """Rows go up to the highest pupil with a mark; the spare room is cut off."""
    codes, _ = grid.partition(2025).as_known(6, ALWAYS)
    assert codes.shape == (3, COLUMNS)
    assert not codes[1].any()


def test_a_year_without_marks_is_an_empty_partition(grid):
    codes, undated = grid.partition(1999).as_known(6, ALWAYS)
    assert codes.shape == undated.shape == (0, COLUMNS)


def test_a_saved_year_can_be_written_on(grid, tmp_path):
    """Memory-mapped arrays are copied when a mark comes; other years' files stay as they are."""
    grid.enter(70, "2026-09-08/PM", "/", moment(7, 70))
    grid.save(Reach(7, "b"))
    kept = {path.name for path in tmp_path.glob("2025-*")}
    grid.enter(70, "2026-09-09/PM", "N", moment(8, 80))
    grid.enter(71, "2026-09-09/PM", "N", moment(8, 80))
    grid.change(70, "2026-09-08/PM", "L", moment(9, 90))
    grid.save(Reach(9, "c"))
    assert {path.name for path in tmp_path.glob("2025-*")} == kept
    again = StoredGrid(tmp_path)
    assert again.reach == Reach(9, "c")
    codes, _ = again.partition(2026).as_known(9, ALWAYS)
    assert [again.book[c] for c in codes[70][codes[70] > 0]] == ["L", "N"]
    assert len(again.partition(2026).older) == 1


def test_a_grid_knows_how_far_it_goes(tmp_path):
    """Each time that it is saved, in memory and on disk."""
    for grid in (Grid(), StoredGrid(tmp_path)):
        for at in (1, 2):
            grid.enter(0, f"2025-09-0{at}/AM", "/", moment(at, at))
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
    grid.enter(0, "2025-09-08/PM", "N", moment(7, 70))
    grid.save(Reach(7, "b"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2025-7.codes.npy", "2025-7.kf.npy", "2025-7.older.npy", "2025-7.sf.npy", "manifest.json",
    ]  # fmt: skip


def test_a_cleared_grid_holds_nothing(grid, tmp_path):
    grid.clear()
    assert (grid.reach, grid.book) == (Reach(0, ""), [""])
    grid.save(Reach(0, ""))
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_room_grows_and_is_cut_off():
    partition = Partition.empty()
    partition.reserve(1)
    room = len(partition.codes)
    partition.reserve(room)
    assert len(partition.codes) == room
    partition.reserve(room + 1)
    assert len(partition.codes) == 2 * room
    partition.settle()
    assert len(partition.codes) == partition.rows == room + 1
    assert np.count_nonzero(partition.kf) == 0


def test_a_version_of_an_empty_cell_is_its_first_mark():
    """There is none before it to remember."""
    partition = Partition.empty()
    partition.reserve(1)
    partition.set(0, 5, 1, 3, 0)
    partition.settle()
    assert (partition.codes[0, 5], partition.kf[0, 5], len(partition.older)) == (1, 3, 0)
