"""One loop that brings every read model up to the head of the log, in large batches.

Each model keeps its position with its data, and an event that a model has already seen is passed
over, so that a crash between two models heals itself at the next catch-up.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from ledger.events import streams
from ledger.events.base import SourcedEvent
from ledger.events.log import Committed
from ledger.events.register import MarkAmended, MarkCorrected, SessionMarked, SourceRestated
from ledger.files import translated
from ledger.store.folder import Folder
from ledger.store.store import Recorded, Store
from projections.readmodel import models, tables
from projections.readmodel.freshness import follows
from projections.readmodel.grid import Grid
from projections.readmodel.manifest import grid_path
from projections.readmodel.tables import (
    Connection,
    DatabaseError,
    Moment,
    Reach,
    Writer,
    open_tables,
    tables_path,
)

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
    path = tables_path(folder)
    with translated(folder.views):
        folder.views.mkdir(exist_ok=True)
        try:
            db = tables.connect(path)
        except DatabaseError:
            path.unlink()
            db = tables.connect(path)
    with closing(db), closing(Store(folder.log)) as store, translated(folder.views):
        db.execute("BEGIN IMMEDIATE")
        grid = Grid(grid_path(folder))
        if anew or not follows(folder, tables.reach(db)) or not follows(folder, grid.reach):
            tables.create(db, models.tables())
            grid.clear()
        with _no_garbage_collection():
            head = _replay(store, db, grid, progress)
        place = Reach(head, folder.anchor(head) or "")
        grid.save(place)
        tables.set_reach(db, place)
        db.execute("COMMIT")
    return head


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


def _replay(store: Store, db: Connection, grid: Grid, progress: Progress | None) -> int:
    there = tables.reach(db)
    tables_at = there.position if there else 0
    head = store.head()
    feed = _Feed(Writer(db, models.tables()), grid, tables_at, grid.reach.position)
    # Models stop only at the end of a transaction, so that its header is always seen first.
    last = start = min(tables_at, grid.reach.position)
    for page in store.scan(start):
        feed.take(page)
        last = page[-1].position
        if progress is not None:
            progress(last - start, max(head, last) - start)
    feed.writer.flush()
    return last


@dataclass(slots=True)
class _Feed:
    """Gives each event to the models that have not seen it."""

    writer: Writer
    grid: Grid
    tables_at: int
    grid_at: int
    header: Committed | None = None

    def take(self, page: list[Recorded]) -> None:
        handlers = models.handlers()
        for position, stream, _, event in page:
            if isinstance(event, Committed):
                self.header = event
            moment = self._moment(position, event)
            if position > self.tables_at:
                for handler in handlers.get(type(event), ()):
                    handler(self.writer, moment, stream, event)
            if isinstance(event, _GRID) and position > self.grid_at:
                pupil, session = stream[_MARK:].split(":", 1)
                set_ = self.grid.enter if isinstance(event, SessionMarked) else self.grid.change
                set_(self.writer.pupils[pupil], session, event.code, moment)
        self.writer.flush()
        self.grid.flush()

    def _moment(self, position: int, event: object) -> Moment:
        header = self.header
        assert header is not None  # noqa: S101 - every transaction begins with its header
        imported = header.source is not None
        stated = header.at
        if imported:
            stated = (event.stated or 0) if isinstance(event, SourcedEvent) else 0
        return Moment(position, header.at, stated, imported, header.by, header.authenticated)


def content(folder: Folder) -> Iterator[str]:
    """Yield everything the read models hold, for comparing a rebuild with what there was."""
    with closing(open_tables(folder)) as db:
        yield from tables.dump(db)
    for path in sorted(grid_path(folder).iterdir()):
        yield f"{path.name} {path.read_bytes().hex()}"
