"""The grid: a register is a rectangle, pupils by sessions, and so is the model.

One partition a year from 1 August. Dense arrays on disk, memory-mapped:

- ``pupils`` int32: the number in the tables of each row's pupil, ascending: those with a mark;
- ``columns`` int16: where in the year each column's session lies, two a day, ascending;
- ``codes`` uint8 [pupils, columns]: index into the code book, 0 = no mark;
- ``kf`` uint32, as ``codes``: position at which the standing version was recorded;
- ``sf`` int64, as ``codes``: time stated for it (microseconds), never falling; 0 = undated;
- ``older`` int64 [n, 7]: superseded versions, in the order in which they were superseded: row
  and place of the column in these arrays, code, kf, kt, sf, st.

The marks recorded since the arrays were written (`recent`) are laid over them, in memory, when a
year is opened. As known at a position: all of it, with later versions rewound.
"""

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from ledger.files import write_new
from ledger.values import HALVES, school_year_number
from projections.readmodel import manifest
from projections.readmodel.manifest import Manifest, Written
from projections.readmodel.recent import NO_MARKS, Marks
from projections.readmodel.tables import ALWAYS, Reach

Codes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
_ARRAYS = ("pupils", "columns", "codes", "kf", "sf", "older")
_CELLS = ("codes", "kf", "sf")
COLUMNS = 2 * 366
"""The columns of a year, at most."""
_OLDER_FIELDS = 7
_AT_ONCE = 1 << 16
_YEAR = 1 << 10
"""More than the columns of a year."""
Number = TypeVar("Number", np.uint8, np.int16, np.int32, np.uint32, np.int64)


def column(session: str) -> tuple[int, int]:
    """Return the partition's year and the column of a session, ``2026-11-20/AM``."""
    day = date.fromisoformat(session[:10])
    year = school_year_number(day)
    return year, 2 * (day - date(year, 8, 1)).days + (session[11] == "P")


def among(held: npt.NDArray[Number], wanted: npt.ArrayLike) -> Places:
    """Return where each of some numbers stands in an ascending array; -1: it does not."""
    at: Places = np.searchsorted(held, wanted)
    at[np.append(held, -1)[at] != wanted] = -1
    return at


def day_of(year: int, column: int) -> date:
    """Return the day of a column of a partition."""
    return date(year, 8, 1) + timedelta(days=column // 2)


@dataclass(slots=True)
class Partition:
    """The marks of one year; see the module for the arrays."""

    pupils: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int16]
    codes: Codes
    kf: npt.NDArray[np.uint32]
    sf: npt.NDArray[np.int64]
    older: npt.NDArray[np.int64]

    @classmethod
    def empty(cls) -> "Partition":
        """Return a partition without pupils and sessions."""
        return cls.of((0, 0))

    @classmethod
    def of(cls, size: tuple[int, int]) -> "Partition":
        """Return a partition of so many pupils and columns, by number, without marks."""
        return cls(
            np.arange(size[0], dtype=np.int32),
            np.arange(size[1], dtype=np.int16),
            np.zeros(size, np.uint8),
            np.zeros(size, np.uint32),
            np.zeros(size, np.int64),
            np.zeros((0, _OLDER_FIELDS), np.int64),
        )

    def lay(self, marked: "Partition", there: Places, here: Places) -> None:
        """Lay some columns of another partition into columns of this one, which is by number.

        ``there``: columns of the year, ascending. Pupils beyond the rows here are left out.
        """
        pupils = marked.pupils[: np.searchsorted(marked.pupils, len(self.codes))]
        at, rows = among(marked.columns, there), len(pupils)
        here, at = here[at >= 0], at[at >= 0]
        for name in _CELLS:
            getattr(self, name)[np.ix_(pupils, here)] = getattr(marked, name)[:rows, at]
        place = np.full(len(marked.columns), -1)
        place[at] = here
        older = marked.older[(place[marked.older[:, 1]] >= 0) & (marked.older[:, 0] < rows)]
        older[:, 0], older[:, 1] = pupils[older[:, 0]], place[older[:, 1]]
        self.older = np.concatenate([self.older, older])

    def take(self, marks: npt.NDArray[np.int64]) -> None:
        """Let versions of marks stand, in the order of the log; those before are remembered.

        ``marks`` [5, n]: pupil, column in the year, code, position, stated time.
        """
        self._make_room(marks[0], marks[1])
        row, col = np.searchsorted(self.pupils, marks[0]), np.searchsorted(self.columns, marks[1])
        versions = np.vstack([row, col, marks[2:]])
        turns = _turns(row * len(self.columns) + col)
        ended = [self._set(versions[:, turns == turn]) for turn in range(turns.max() + 1)]
        older = np.concatenate([self.older, *ended])
        self.older = older[np.argsort(older[:, 4], kind="stable")]

    def _set(self, versions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Let versions stand, of each cell one; return those that they supersede, as `older`."""
        row, col, code, position, stated = versions
        before, kf, sf = (getattr(self, name)[row, col].astype(np.int64) for name in _CELLS)
        stated = np.where(before, np.maximum(sf, stated), stated)
        self.codes[row, col], self.kf[row, col], self.sf[row, col] = code, position, stated
        ended = np.column_stack([row, col, before, kf, position, sf, stated])
        return np.compress(before > 0, ended, axis=0)

    def _make_room(self, pupils: Places, columns: Places) -> None:
        """Have rows and columns for some pupils and sessions, in arrays that can be written."""
        rows = np.union1d(self.pupils, pupils).astype(np.int32)
        cols = np.union1d(self.columns, columns).astype(np.int16)
        size = (len(rows), len(cols))
        if size == self.codes.shape and self.codes.flags.writeable:
            return
        row, col = np.searchsorted(rows, self.pupils), np.searchsorted(cols, self.columns)
        self.pupils, self.columns = rows, cols
        self.codes, self.kf, self.sf = (
            _placed(self.codes, size, row, col),
            _placed(self.kf, size, row, col),
            _placed(self.sf, size, row, col),
        )
        if len(self.older):
            moved = [row[self.older[:, 0]], col[self.older[:, 1]]]
            self.older = np.column_stack([*moved, self.older[:, 2:]])

    def versions(self, rows: Sequence[int]) -> npt.NDArray[np.int64]:
        """Return every version of the marks of some rows, as `older` has them [7, n].

        Of those that stand kt and st are later than any.
        """
        at = np.unique(np.array(rows, np.int64))
        at = at[at < len(self.codes)]
        place, col = np.nonzero(self.codes[at])
        row = at[place]
        stands = np.full(len(row), ALWAYS)
        cells = (self.codes[row, col], self.kf[row, col], stands, self.sf[row, col], stands)
        older = self.older[np.isin(self.older[:, 0], at)]
        return np.hstack([np.array([row, col, *cells], np.int64), older.T])

    def as_known(self, position: int, stated: int) -> tuple[Codes, npt.NDArray[np.bool_]]:
        """Return code indexes [pupils, columns] as known, and which of them are undated."""
        standing = self.kf <= position
        if stated < ALWAYS:
            standing &= self.sf <= stated
        codes = self.codes * standing
        undated = (self.sf == 0) & (codes != 0)
        row, col, code, kf, kt, sf, st = self.older.T
        stood = (kf <= position) & (sf <= stated) & ((position < kt) | (stated < st))
        codes[row[stood], col[stood]] = code[stood]
        undated[row[stood], col[stood]] = sf[stood] == 0
        return codes, undated

    def place(self, pupil: int, column: int) -> tuple[int, int] | None:
        """Return row and column of a pupil and a session of the year; none: no mark is there."""
        row, at = int(among(self.pupils, [pupil])[0]), int(among(self.columns, [column])[0])
        return None if row < 0 or at < 0 else (row, at)

    def positions(self, position: int, stated: int) -> npt.NDArray[np.int64]:
        """Return by which event the version of each cell was recorded that stood; 0: none did."""
        standing = (self.kf <= position) & (self.sf <= stated)
        found = np.where(standing, self.kf, 0).astype(np.int64)
        row, col, _, kf, kt, sf, st = self.older.T
        stood = (kf <= position) & (sf <= stated) & ((position < kt) | (stated < st))
        found[row[stood], col[stood]] = kf[stood]
        return found

    def became_known(
        self, earlier: tuple[int, int], later: tuple[int, int]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return pupils and columns with a version that became known from one point to another.

        Each a position and a time stated; a cell as often as it has such versions.
        """
        kf, sf = self.older[:, 3], self.older[:, 5]
        older = self.older[_came(kf, sf, earlier, later)]
        rows, columns = np.nonzero(_came(self.kf, self.sf, earlier, later))
        rows, columns = np.append(rows, older[:, 0]), np.append(columns, older[:, 1])
        return self.pupils[rows].astype(np.int64), self.columns[columns].astype(np.int64)


def _came(
    kf: npt.NDArray[Any], sf: npt.NDArray[Any], earlier: tuple[int, int], later: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    """Tell of which versions it holds that they were known at the later point only."""
    before, after = ((kf <= position) & (sf <= stated) for position, stated in (earlier, later))
    return np.asarray(after & ~before)


def _placed(
    cells: npt.NDArray[Number], size: tuple[int, int], row: Places, col: Places
) -> npt.NDArray[Number]:
    """Return an array of a size with some cells in rows and columns, all others 0."""
    found = np.zeros(size, cells.dtype)
    found[np.ix_(row, col)] = cells
    return found


def _turns(cells: Places) -> Places:
    """Return for each cell how often it stands before in the sequence."""
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    begins = np.append(True, ordered[1:] != ordered[:-1])
    number = np.arange(len(cells))
    turns = np.empty_like(order)
    turns[order] = number - np.maximum.accumulate(np.where(begins, number, 0))
    return turns


class _Places(dict[str, int]):
    """Session -> year and column of the year, as one number."""

    def __missing__(self, session: str) -> int:
        year, place = column(session)
        found = self[session] = year * _YEAR + place
        return found


class Grid:
    """Every partition of one ledger, in memory.

    ``book``: the codes by their numbers; ``reach``: how far the marks go.
    """

    def __init__(self) -> None:
        self.reach = Reach(0, "")
        self.book: list[str] = [""]
        self._partitions: dict[int, Partition] = {}
        self._changed: set[int] = set()
        self._numbers: dict[str, int] = {}
        self._places = _Places()
        self._waiting: list[npt.NDArray[np.int64]] = []

    def partition(self, year: int) -> Partition:
        """Return a year's partition, or an empty one."""
        if year not in self._partitions:
            self._partitions[year] = Partition.empty()
        return self._partitions[year]

    def take(self, marks: Marks) -> None:
        """Let versions of marks stand, in the order of the log; set with others, in bulk."""
        self._waiting.append(self._numbered(marks))
        if sum(each.shape[1] for each in self._waiting) >= _AT_ONCE:
            self.settle()

    def holding(
        self, codes: Collection[str], position: int, stated: int
    ) -> Iterator[tuple[int, str, str]]:
        """Yield pupil, session and code of each cell in which one of some codes stood."""
        numbers = [n for n, code in enumerate(self.book) if code in codes]
        for year in sorted(self._years()):
            here = self.partition(year)
            known, _ = here.as_known(position, stated)
            rows, columns = np.isin(known, numbers).nonzero()
            held = known[rows, columns].tolist()
            pupils, places = here.pupils[rows].tolist(), here.columns[columns].tolist()
            for pupil, at, number in zip(pupils, places, held, strict=True):
                yield pupil, f"{day_of(year, at)}/{HALVES[at % 2]}", self.book[number]

    def settle(self) -> None:
        """Set the marks that wait."""
        if not self._waiting:
            return
        marks, self._waiting = np.concatenate(self._waiting, axis=1), []
        for year in np.unique(marks[0]).tolist():
            self.partition(year).take(marks[1:, marks[0] == year])
            self._changed.add(year)

    def _numbered(self, marks: Marks) -> npt.NDArray[np.int64]:
        """Return marks as `Partition.take` takes them, below the year of each."""
        for code in sorted(set(marks.codes).difference(self._numbers), key=marks.codes.index):
            self._numbers[code] = len(self.book)
            self.book.append(code)
        places = np.array([self._places[session] for session in marks.sessions], np.int64)
        codes = [self._numbers[code] for code in marks.codes]
        rest = np.array([codes, marks.positions, marks.stated], np.int64)
        return np.vstack([places // _YEAR, marks.pupils, places % _YEAR, rest])

    def save(self, place: Reach) -> None:
        """Remember how far the marks go."""
        self.settle()
        self.reach = place

    def content(self) -> Iterator[str]:
        """Yield all that a reader sees."""
        yield f"codes {self.book}"
        for year in sorted(self._years()):
            partition = self.partition(year)
            for name in _ARRAYS:
                array = getattr(partition, name)
                yield f"{year} {name} {array.shape} {array.tobytes().hex()}"

    def _years(self) -> Collection[int]:
        return self._partitions.keys()


class StoredGrid(Grid):
    """Every partition of one ledger, on disk under ``folder``.

    ``recent``: the marks recorded since, as the tables hold them. Read them before the grid is
    made: arrays that were written meanwhile have them too, never fewer.
    """

    def __init__(self, folder: Path, recent: Marks = NO_MARKS) -> None:
        super().__init__()
        self._folder = folder
        self._recorded = recent
        self._files: dict[int, str] = {}
        self._written: dict[str, Written] = {}
        self._recent: dict[int, npt.NDArray[np.int64]] = {}
        self._load()

    def _load(self) -> None:
        kept = manifest.read(self._folder) or Manifest()
        self.reach = kept.reach
        self.book = kept.codes
        self._files = {int(year): stem for year, stem in kept.partitions.items()}
        self._written = kept.files
        self._numbers = {code: n for n, code in enumerate(self.book) if code}
        marks = self._numbered(self._recorded.since(kept.position))
        self._recent = {year: marks[1:, marks[0] == year] for year in np.unique(marks[0]).tolist()}

    def clear(self) -> None:
        """Forget everything, for a rebuild; the files go when it is saved."""
        self.reach, self.book, self._numbers = Reach(0, ""), [""], {}
        self._files, self._partitions, self._changed, self._written = {}, {}, set(), {}
        self._recorded, self._recent = NO_MARKS, {}

    def partition(self, year: int) -> Partition:
        """Return a year's partition, memory-mapped, or an empty one."""
        if year not in self._partitions:
            try:
                self._open(year)
            except FileNotFoundError:
                # Somebody caught up meanwhile: newer files know all that the older ones did.
                self._load()
                self._open(year)
        return self._partitions[year]

    def _open(self, year: int) -> None:
        stem, recent = self._files.get(year), self._recent.get(year)
        laid_over = recent is not None
        partition = self._read(stem, to_write=laid_over) if stem else Partition.empty()
        if recent is not None:
            partition.take(recent)
        self._partitions[year] = partition

    def _read(self, stem: str, *, to_write: bool) -> Partition:
        """Return the arrays of a file; what is written to them stays in memory.

        Raises `ValueError` for one that is not as it was written.
        """
        mode: Literal["c", "r"] = "c" if to_write else "r"
        files = [self._folder / f"{stem}.{name}.npy" for name in _ARRAYS]
        for path in files:
            if path.name not in self._written or not self._written[path.name].is_still(path):
                message = f"{path.name} is not as it was written"
                raise ValueError(message)
        # As plain arrays: a mapped one looks at each cell by a function in Python.
        return Partition(*(np.asarray(np.load(path, mmap_mode=mode)) for path in files))

    def save(self, place: Reach) -> None:
        """Write what changed under new names, then the manifest that names them, at once."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for year in self._recent:
            self.partition(year)
            self._changed.add(year)
        self.settle()
        for year in sorted(self._changed):
            partition = self._partitions[year]
            # Named after its newest mark, so that a rebuild gives it the same name.
            stem = self._files[year] = f"{year}-{partition.kf.max()}"
            for name in _ARRAYS:
                self._write(f"{stem}.{name}.npy", getattr(partition, name))
        self.reach = place
        self._changed.clear()
        self._recorded, self._recent = NO_MARKS, {}
        partitions = {str(year): stem for year, stem in sorted(self._files.items())}
        kept = self._names()
        self._written = {name: each for name, each in self._written.items() if name in kept}
        manifest.write(
            self._folder,
            Manifest(*place, codes=self.book, partitions=partitions, files=self._written),
        )
        self._remove_old_files()

    def _years(self) -> Collection[int]:
        return self._files.keys() | self._recent.keys()

    def _write(self, name: str, array: npt.NDArray[Any]) -> None:
        """Put a file in its place at once: a reader may have the old one mapped."""
        written = io.BytesIO()  # NumPy's own writing to a file keeps quiet about a full disk
        np.save(written, array)
        write_new(self._folder / name, written.getvalue(), replace=True)
        self._written[name] = Written.of(self._folder / name)

    def _names(self) -> set[str]:
        return {f"{stem}.{name}.npy" for stem in self._files.values() for name in _ARRAYS}

    def _remove_old_files(self) -> None:
        kept = self._names()
        for path in self._folder.glob("*.npy"):
            if path.name not in kept:
                path.unlink(missing_ok=True)
