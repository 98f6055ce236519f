"""The grid: a register is a rectangle, pupils by sessions, and so is the model.

One partition a year from 1 August, so that no change of calendar moves a cell: row = the pupil's
number in the tables, column = two a day. Dense arrays on disk, memory-mapped:

- ``codes`` uint8: index into the code book, 0 = no mark;
- ``kf`` uint32: position at which the standing version was recorded;
- ``sf`` int64: time stated for it (microseconds), never falling along a chain; 0 = undated;
- ``older`` int64 [n, 7]: superseded versions: row, column, code, kf, kt, sf, st.

The marks recorded since the arrays were written (`recent`) are laid over them, in memory, when a
year is opened. As known at a position: all of it, with later versions rewound.
"""

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from ledger.files import write_new
from ledger.values import HALVES, school_year_number
from projections.readmodel import manifest
from projections.readmodel.manifest import Manifest, Written
from projections.readmodel.recent import RecentMark
from projections.readmodel.tables import ALWAYS, Moment, Reach

Codes = npt.NDArray[np.uint8]
COLUMNS = 2 * 366
_ARRAYS = ("codes", "kf", "sf", "older")
_OLDER_FIELDS = 7
_ROOM = 64
Cell = TypeVar("Cell", np.uint8, np.uint32, np.int64)


def column(session: str) -> tuple[int, int]:
    """Return the partition's year and the column of a session, ``2026-11-20/AM``."""
    day = date.fromisoformat(session[:10])
    year = school_year_number(day)
    return year, 2 * (day - date(year, 8, 1)).days + (session[11] == "P")


def day_of(year: int, column: int) -> date:
    """Return the day of a column of a partition."""
    return date(year, 8, 1) + timedelta(days=column // 2)


@dataclass(slots=True)
class Partition:
    """The marks of one year; see the module for the arrays."""

    codes: Codes
    kf: npt.NDArray[np.uint32]
    sf: npt.NDArray[np.int64]
    older: npt.NDArray[np.int64]
    rows: int = 0
    added: list[tuple[int, ...]] = field(default_factory=list)

    @classmethod
    def empty(cls) -> "Partition":
        """Return a partition without pupils."""
        return cls(
            np.zeros((0, COLUMNS), np.uint8),
            np.zeros((0, COLUMNS), np.uint32),
            np.zeros((0, COLUMNS), np.int64),
            np.zeros((0, _OLDER_FIELDS), np.int64),
        )

    def reserve(self, rows: int) -> None:
        """Have at least so many pupils, in arrays that can be written; room grows by doubling."""
        room = len(self.codes)
        if rows > room or not self.codes.flags.writeable:
            more = max(rows, 2 * room, _ROOM) - room
            self.codes = _with_room(self.codes, more)
            self.kf = _with_room(self.kf, more)
            self.sf = _with_room(self.sf, more)
        self.rows = max(self.rows, rows)

    def set(self, row: int, col: int, code: int, position: int, stated: int) -> None:
        """Let a version stand from a position and stated time; remember the one before."""
        before = int(self.codes[row, col])
        if before:
            sf = int(self.sf[row, col])
            stated = max(sf, stated)
            kf = int(self.kf[row, col])
            self.added.append((row, col, before, kf, position, sf, stated))
        self.codes[row, col] = code
        self.kf[row, col] = position
        self.sf[row, col] = stated

    def enter(self, entries: list[tuple[int, int, int, int, int]]) -> None:
        """Set many first marks at once: row, column, code, position, stated time."""
        row, col, code, position, stated = np.array(entries, np.int64).T
        self.codes[row, col] = code
        self.kf[row, col] = position
        self.sf[row, col] = stated

    def settle(self) -> None:
        """Cut spare room off, and take what was added into the array of older versions."""
        self.codes, self.kf, self.sf = (
            self.codes[: self.rows],
            self.kf[: self.rows],
            self.sf[: self.rows],
        )
        if self.added:
            self.older = np.concatenate([self.older, np.array(self.added, np.int64)])
            self.added = []

    def as_known(self, position: int, stated: int) -> tuple[Codes, npt.NDArray[np.bool_]]:
        """Return code indexes [pupils, columns] as known, and which of them are undated."""
        standing = self.kf <= position
        if stated < ALWAYS:
            standing &= self.sf <= stated
        codes = np.where(standing, self.codes, 0).astype(np.uint8)
        undated = (self.sf == 0) & (codes != 0)
        row, col, code, kf, kt, sf, st = self.older.T
        stood = (kf <= position) & (sf <= stated) & ((position < kt) | (stated < st))
        codes[row[stood], col[stood]] = code[stood]
        undated[row[stood], col[stood]] = sf[stood] == 0
        return codes, undated

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
        """Return rows and columns with a version that became known from one point to another.

        Each a position and a time stated; a cell as often as it has such versions.
        """
        kf, sf = self.older[:, 3], self.older[:, 5]
        older = self.older[_came(kf, sf, earlier, later)]
        rows, columns = np.nonzero(_came(self.kf, self.sf, earlier, later))
        return np.concatenate([rows, older[:, 0]]), np.concatenate([columns, older[:, 1]])


def _came(
    kf: npt.NDArray[Any], sf: npt.NDArray[Any], earlier: tuple[int, int], later: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    """Tell of which versions it holds that they were known at the later point only."""
    before, after = ((kf <= position) & (sf <= stated) for position, stated in (earlier, later))
    return np.asarray(after & ~before)


def _with_room(array: npt.NDArray[Cell], more: int) -> npt.NDArray[Cell]:
    return np.concatenate([array, np.zeros((more, COLUMNS), array.dtype)])


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
        self._columns: dict[str, tuple[int, int]] = {}
        self._entries: dict[int, list[tuple[int, int, int, int, int]]] = {}

    def partition(self, year: int) -> Partition:
        """Return a year's partition, or an empty one."""
        if year not in self._partitions:
            self._partitions[year] = Partition.empty()
        return self._partitions[year]

    def holding(
        self, codes: Collection[str], position: int, stated: int
    ) -> Iterator[tuple[int, str, str]]:
        """Yield pupil, session and code of each cell in which one of some codes stood."""
        numbers = [n for n, code in enumerate(self.book) if code in codes]
        for year in sorted(self._years()):
            known, _ = self.partition(year).as_known(position, stated)
            rows, columns = np.isin(known, numbers).nonzero()
            held = known[rows, columns].tolist()
            for row, at, number in zip(rows.tolist(), columns.tolist(), held, strict=True):
                session = f"{day_of(year, at)}/{HALVES[at % 2]}"
                yield row, session, self.book[number]

    def enter(self, pupil: int, session: str, code: str, moment: Moment) -> None:
        """Let a first mark stand from a position and stated time; set with others, in bulk."""
        place = self._place(session)
        entries = self._entries.get(place[0])
        if entries is None:
            entries = self._entries[place[0]] = []
        number = self._number(code)
        entries.append((pupil, place[1], number, moment.position, moment.stated))

    def change(self, pupil: int, session: str, code: str, moment: Moment) -> None:
        """Let a later version stand; the one before is remembered."""
        self.flush()
        year, col = self._place(session)
        number = self._number(code)
        partition = self._writable(year, pupil)
        partition.set(pupil, col, number, moment.position, moment.stated)

    def flush(self) -> None:
        """Set the first marks that wait."""
        for year, entries in self._entries.items():
            self._writable(year, max(entry[0] for entry in entries)).enter(entries)
        self._entries.clear()

    def settle(self) -> None:
        """Set what waits, and cut spare room off."""
        self.flush()
        for year in self._changed:
            self._partitions[year].settle()

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

    def _place(self, session: str) -> tuple[int, int]:
        place = self._columns.get(session)
        if place is None:
            place = self._columns[session] = column(session)
        return place

    def _number(self, code: str) -> int:
        number = self._numbers.get(code)
        if number is None:
            number = self._numbers[code] = len(self.book)
            self.book.append(code)
        return number

    def _writable(self, year: int, pupil: int) -> Partition:
        partition = self.partition(year)
        partition.reserve(pupil + 1)
        self._changed.add(year)
        return partition


class StoredGrid(Grid):
    """Every partition of one ledger, on disk under ``folder``.

    ``recent``: the marks recorded since, as the tables hold them. Read them before the grid is
    made: arrays that were written meanwhile have them too, never fewer.
    """

    def __init__(self, folder: Path, recent: Sequence[RecentMark] = ()) -> None:
        super().__init__()
        self._folder = folder
        self._recorded = recent
        self._files: dict[int, str] = {}
        self._written: dict[str, Written] = {}
        self._recent: dict[int, list[RecentMark]] = {}
        self._load()

    def _load(self) -> None:
        kept = manifest.read(self._folder) or Manifest()
        self.reach = kept.reach
        self.book = kept.codes
        self._files = {int(year): stem for year, stem in kept.partitions.items()}
        self._written = kept.files
        self._numbers = {code: n for n, code in enumerate(self.book) if code}
        self._recent = {}
        for mark in self._recorded:
            if mark.position > kept.position:
                self._recent.setdefault(self._place(mark.session)[0], []).append(mark)
                self._number(mark.code)  # in the order in which they were recorded

    def clear(self) -> None:
        """Forget everything, for a rebuild; the files go when it is saved."""
        self.reach, self.book, self._numbers = Reach(0, ""), [""], {}
        self._files, self._partitions, self._changed, self._written = {}, {}, set(), {}
        self._recent = {}

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
        stem, recent = self._files.get(year), self._recent.get(year, ())
        partition = self._read(stem, to_write=bool(recent)) if stem else Partition.empty()
        self._partitions[year] = partition
        if recent:
            self._lay_over(partition, recent)

    def _lay_over(self, partition: Partition, recent: Sequence[RecentMark]) -> None:
        """Set recent marks; those of a run of first marks at once."""
        partition.reserve(max(mark.pupil for mark in recent) + 1)
        numbers, place = self._numbers, self._place
        for first, run in groupby(recent, key=attrgetter("first")):
            cells = [
                (pupil, place(session)[1], numbers[code], position, stated)
                for position, pupil, session, code, stated, _ in run
            ]
            if first:
                partition.enter(cells)
            else:
                for cell in cells:
                    partition.set(*cell)
        partition.settle()

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
        codes, kf, sf, older = (np.asarray(np.load(path, mmap_mode=mode)) for path in files)
        return Partition(codes, kf, sf, older, len(codes))

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
        self._recorded, self._recent = (), {}
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
