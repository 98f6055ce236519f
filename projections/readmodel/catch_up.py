"""One loop that brings every read model up to the head of the log, in large batches.

Each model keeps its position with its data, and an event that a model has already seen is passed
over, so that a crash between two models heals itself at the next catch-up.
"""

import gc
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from ledger.events import streams
from ledger.events.base import SourcedEvent
from ledger.events.log import Committed
from ledger.events.register import MarkAmended, MarkCorrected, SessionMarked, SourceRestated
from ledger.files import only_writer, translated
from ledger.store.facts import Recorded
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.times import WrongClock, wrong_at, wrong_clocks
from projections.readmodel import manifest, models, recent, tables
from projections.readmodel.freshness import goes_on, tell_made_anew
from projections.readmodel.known import known_from
from projections.readmodel.manifest import grid_path
from projections.readmodel.records.all_records import RECORDS
from projections.readmodel.sources import as_they_are
from projections.readmodel.tables import (
    Connection,
    Moment,
    Reach,
    Writer,
    tables_path,
)

if TYPE_CHECKING:
    from projections.readmodel.grid import Grid

Progress = Callable[[int, int], None]
_MARK = len(streams.MARK)
_GRID = (SessionMarked, MarkCorrected, MarkAmended, SourceRestated)


def catch_up(folder: Folder, *, progress: Progress | None = None) -> int:
    """Bring the read models up to the log's head, and return it."""
    return _run(folder, progress, anew=False)


def rebuild(folder: Folder, *, progress: Progress | None = None) -> int:
    """Drop the read models and replay the whole log into them; return its head."""
    return _run(folder, progress, anew=True)


def _run(folder: Folder, progress: Progress | None, *, anew: bool) -> int:
    with translated(folder.views):
        folder.views.mkdir(mode=0o700, exist_ok=True)
        with only_writer(folder.views):
            if not (is_as_left := tables.as_left(folder)):
                if tables.were_left(folder):
                    tell_made_anew()
                tables.remove(folder)
            try:
                head, is_as_left = _write(folder, progress, anew=anew), True
            finally:
                if is_as_left:
                    tables.leave(folder)
    return head


def _write(folder: Folder, progress: Progress | None, *, anew: bool) -> int:
    path = tables_path(folder)
    if not path.exists():
        path.touch(mode=0o600)
    with closing(tables.connect(path)) as db, closing(Store(folder.log)) as store:
        db.execute("BEGIN IMMEDIATE")
        head = store.head()
        wrong = _wrong_clocks(store, head)
        if anew := anew or not goes_on(folder, db) or _are_newer(wrong, tables.reach(db)):
            tables.create(db, RECORDS)
            recent.create(db)
        feed = _feed(folder, db, head, wrong, anew=anew)
        with _no_garbage_collection():
            head = _replay(store.scan(feed.tables_at), feed, progress, head)
        place = Reach(head, folder.anchor(head) or "")
        feed.marks.save(place)
        if not feed.few:
            recent.forget(db, place)
        tables.set_reach(db, place)
        db.execute("COMMIT")
    return head


@contextmanager
def in_memory(
    folder: Folder, upto: int | None = None, marks_of: Collection[str] | None = None
) -> Iterator[tuple[Connection, "Grid", int]]:
    """Make the read models from the log alone; yield the tables, the grid, and their head.

    ``upto``: of the first events only, as they were when the log held no more; ``marks_of``: with
    the marks of these pupils only, none: of all.
    """
    from projections.readmodel.grid import Grid  # noqa: PLC0415 - NumPy is slow to import

    grid = Grid()
    with closing(tables.in_memory()) as db, closing(Store(folder.log)) as store:
        tables.create(db, RECORDS)
        recent.create(db)
        last = store.head() if upto is None else upto
        feed = _Feed(Writer(db), grid, 0, 0, few=False, wrong=_wrong_clocks(store, last))
        with _no_garbage_collection():
            if marks_of is None:
                head = _replay(store.scan(0), feed, None, last)
            else:
                head = last
                _replay([store.scan_of(marks_of, upto=last)], feed, None, last)
        place = Reach(head, folder.anchor(head) or "")
        grid.save(place)
        recent.forget(db, place)
        tables.set_reach(db, place)
        yield db, grid, head


def _wrong_clocks(store: Store, upto: int) -> list[WrongClock]:
    found = store.read_streams([streams.clock()], upto=upto)
    return wrong_clocks((each.position, each.event) for each in found)


def _are_newer(wrong: Sequence[WrongClock], place: Reach | None) -> bool:
    """Tell whether the tables lack a correction: they hold the times of what it is about."""
    return bool(wrong) and wrong[-1].position > (place.position if place else 0)


def _feed(
    folder: Folder, db: Connection, head: int, wrong: Sequence[WrongClock], *, anew: bool
) -> "_Feed":
    """Return what takes the events: a few marks among the recent ones, many into the arrays."""
    there = None if anew else manifest.read(grid_path(folder))
    place = tables.reach(db)
    at = place.position if place else 0
    few = there is not None and recent.number(db) + head - at <= recent.AT_MOST
    marks = recent.Recorder(db) if few else _arrays(folder, db, anew=anew)
    grid_at = max(at, there.position if there else 0)
    return _Feed(Writer(db), marks, at, grid_at, few, wrong, known_from(db, at))


def _arrays(folder: Folder, db: Connection, *, anew: bool) -> "Grid":
    from projections.readmodel.grid import StoredGrid  # noqa: PLC0415 - NumPy is slow to import

    grid = StoredGrid(grid_path(folder), recent.read(db))
    if anew:
        grid.clear()
    return grid


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Spare a replay the search for cycles: it makes millions of objects and none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _replay(
    pages: Iterable[list[Recorded]], feed: "_Feed", progress: Progress | None, upto: int
) -> int:
    """Take the events up to a position: of later ones it is not known what their clocks were."""
    start = last = feed.tables_at
    # Models stop only at the end of a transaction, so that its header is always seen first.
    for page in pages:
        known = page[: bisect_right(page, upto, key=attrgetter("position"))]
        if not known:
            break
        feed.take(known)
        last = known[-1].position
        if progress is not None:
            progress(last - start, upto - start)
    feed.writer.flush()
    return last


@dataclass(slots=True)
class _Feed:
    """Gives each event to the models that have not seen it.

    ``few``: the marks are recent ones; ``grid_at``: up to where they are kept already; ``wrong``:
    what the log says of clocks that were wrong; ``known_at``: the newest time so far.
    """

    writer: Writer
    marks: "recent.Recorder | Grid"
    tables_at: int
    grid_at: int
    few: bool
    wrong: Sequence[WrongClock]
    known_at: int = 0
    header: Committed | None = None

    def take(self, page: list[Recorded]) -> None:
        handlers, marks = models.HANDLERS, []
        for position, stream, _, event in page:
            if isinstance(event, Committed):
                self._begin(position, event)
            moment = self._moment(position, event)
            handler = handlers.get(type(event))
            if handler is not None:
                handler(self.writer, moment, stream, event)
            if isinstance(event, _GRID) and position > self.grid_at:
                pupil, session = stream[_MARK:].split(":", 1)
                number = self.writer.pupils[pupil]
                marks.append((position, number, session, event.code, moment.stated))
        self.writer.flush()
        if marks:
            self.marks.take(recent.Marks(*zip(*marks, strict=True)))

    def _begin(self, position: int, header: Committed) -> None:
        self.header = header
        wrong = wrong_at(position, self.wrong)
        self.known_at = max(self.known_at, wrong.latest if wrong else header.reading)

    def _moment(self, position: int, event: object) -> Moment:
        header = self.header
        assert header is not None  # noqa: S101 - every transaction begins with its header
        imported = header.source is not None
        stated = self.known_at
        if imported:
            stated = (event.stated or 0) if isinstance(event, SourcedEvent) else 0
        return Moment(position, stated, imported, header.by, header.authenticated)


def content(folder: Folder) -> Iterator[str]:
    """Yield everything the read models hold, for comparing a rebuild with what there was."""
    with as_they_are(folder) as models:
        yield from models.content()
