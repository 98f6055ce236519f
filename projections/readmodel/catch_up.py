"""One loop that brings every read model up to the head of the log, in large batches.

Each model keeps its position with its data, and an event that a model has already seen is passed
over, so that a crash between two models heals itself at the next catch-up.
"""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, cast

from ledger.events import streams
from ledger.events.base import SourcedEvent
from ledger.events.log import Committed
from ledger.events.register import SessionMarked
from ledger.files import only_writer, translated
from ledger.store.folder import Folder
from ledger.store.store import Page, Store
from ledger.times import WrongClock, wrong_at, wrong_clocks
from projections.readmodel import manifest, models, recent, tables
from projections.readmodel.freshness import goes_on, tell_made_anew
from projections.readmodel.known import known_from
from projections.readmodel.manifest import grid_path
from projections.readmodel.mark_versions import CHANGES, Change, MarkVersions
from projections.readmodel.recent import Marks, joined
from projections.readmodel.records.all_records import RECORDS
from projections.readmodel.records.register import Conflict
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
_SESSION = len(":2026-11-20/AM")


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
            is_as_left, were_left = tables.as_left(folder), tables.were_left(folder)
            if changed := not is_as_left:
                tables.remove(folder)
            try:
                head, is_as_left = _write(folder, progress, anew=anew), True
            finally:
                if is_as_left:
                    tables.leave(folder)
    if changed and were_left and not anew:
        tell_made_anew()
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
        if not isinstance(feed.marks, recent.Recorder):
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
        feed = _Feed(db, grid, _wrong_clocks(store, last))
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
    return _Feed(db, marks, wrong, at, grid_at)


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


def _replay(pages: Iterable[Page], feed: "_Feed", progress: Progress | None, upto: int) -> int:
    """Take the events up to a position: of later ones it is not known what their clocks were."""
    start = last = feed.tables_at
    # Models stop only at the end of a transaction, so that its header is always seen first.
    for page in pages:
        known = page.upto(upto)
        if not known:
            break
        feed.take(known)
        last = known.last
        if progress is not None:
            progress(last - start, upto - start)
    feed.versions.flush()
    return last


class _Feed:
    """Gives each event to the models that have not seen it.

    ``marks``: what takes those after ``grid_at``; ``wrong``: what the log says of clocks that were
    wrong; ``tables_at``: from where on events are taken.
    """

    def __init__(
        self,
        db: Connection,
        marks: "recent.Recorder | Grid",
        wrong: Sequence[WrongClock],
        tables_at: int = 0,
        grid_at: int = 0,
    ) -> None:
        self.marks, self.versions, self.tables_at = marks, MarkVersions(db), tables_at
        self._writer, self._grid_at = Writer(db), grid_at
        self._wrong, self._known_at = wrong, known_from(db, tables_at)
        self._header: Committed | None = None

    def take(self, page: Page) -> None:
        """Take events, neighbours of one class together."""
        marks: list[Marks] = []
        for run in page.runs():
            kind = type(run.events[0])
            if kind is SessionMarked or kind in CHANGES:
                marks.append(self._take_marks(run))
            else:
                self._take_others(run)
        self._writer.flush()
        self.versions.settle()
        new = joined(marks).since(self._grid_at)
        if new.codes:
            self.marks.take(new)

    def _take_marks(self, run: Page) -> Marks:
        """Enter versions of marks of one transaction in the tables, and return them."""
        events, imported = cast("list[SessionMarked | Change]", run.events), self._is_imported
        names = [row[1] for row in run.rows]
        marks = Marks(
            [row[0] for row in run.rows],
            [self._writer.pupils[name[_MARK:-_SESSION]] for name in names],
            [name[1 - _SESSION :] for name in names],
            [e.code for e in events],
            [e.stated or 0 for e in events] if imported else [self._known_at] * len(events),
        )
        if isinstance(events[0], SessionMarked):
            self.versions.enter(marks, cast("list[SessionMarked]", events), imported=imported)
        else:
            self.versions.change(marks, cast("list[Change]", events), imported=imported)
            if not imported:
                self._settle_conflicts(marks)
        return marks

    def _settle_conflicts(self, marks: Marks) -> None:
        """End what sources stated against marks that somebody here has changed now."""
        for position, pupil, session, _, stated in zip(*marks, strict=True):
            moment = Moment(position, stated, imported=False, by=None, authenticated="")
            self._writer.end(Conflict, moment, pupil=pupil, session=session)

    def _take_others(self, run: Page) -> None:
        for position, stream, _, event in run:
            if isinstance(event, Committed):
                self._begin(position, event)
            handler = models.HANDLERS.get(type(event))
            if handler is not None:
                handler(self._writer, self._moment(position, event), stream, event)

    def _begin(self, position: int, header: Committed) -> None:
        self._header = header
        wrong = wrong_at(position, self._wrong)
        self._known_at = max(self._known_at, wrong.latest if wrong else header.reading)

    @property
    def _begun(self) -> Committed:
        assert self._header is not None  # noqa: S101 - every transaction begins with its header
        return self._header

    @property
    def _is_imported(self) -> bool:
        return self._begun.source is not None

    def _moment(self, position: int, event: object) -> Moment:
        header, imported, stated = self._begun, self._is_imported, self._known_at
        if imported:
            stated = (event.stated or 0) if isinstance(event, SourcedEvent) else 0
        return Moment(position, stated, imported, header.by, header.authenticated)


def content(folder: Folder) -> Iterator[str]:
    """Yield everything the read models hold, for comparing a rebuild with what there was."""
    with as_they_are(folder) as models:
        yield from models.content()
