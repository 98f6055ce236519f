"""Where the read models of an answer come from: `views/`, or the log alone.

Views may be edited by anybody who has the folder; what is made from the log alone is what the
log's proofs cover. Both are filled by the same handlers, and a reader cannot tell them apart.
"""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ledger.files import translated
from ledger.store.folder import Folder
from ledger.terminal import say
from projections.readmodel import freshness, recent, tables
from projections.readmodel.manifest import grid_path
from projections.readmodel.tables import Connection, open_tables

if TYPE_CHECKING:
    from projections.readmodel.grid import Grid


class Models(NamedTuple):
    """Read models at one moment: the tables, the marks as a rectangle, and how far they go.

    ``grid`` is called by whoever needs it: NumPy is slow to import; ``place``: of which event of
    which log they are, where they come from views.
    """

    db: Connection
    grid: Callable[[], "Grid"]
    head: int
    place: tables.Reach | None = None

    def content(self) -> Iterator[str]:
        """Yield everything that a reader sees, the same whether marks are recent or not."""
        yield from tables.dump(self.db, without=recent.TABLES)
        yield from self.grid().content()


Source = Callable[[Folder], AbstractContextManager[Models]]
"""Opens the read models of a ledger for one answer."""


@contextmanager
def views(folder: Folder) -> Iterator[Models]:
    """Open what is in `views/`, brought up to the head of the log first.

    Where nothing can be written, as on a disc that was handed over, and they are not as they
    should be, the models are made from the log alone.
    """
    head = folder.head()
    if not freshness.is_current(folder, head):
        if not os.access(folder.path, os.W_OK):
            say("note: nothing can be written here: worked out from the log alone", err=True)
            with log_alone(folder) as models:
                yield models
            return
        from projections.readmodel.catch_up import catch_up  # noqa: PLC0415 - slow to import

        head = catch_up(folder)
    with as_they_are(folder) as models:
        yield models._replace(head=head)


@contextmanager
def as_they_are(folder: Folder) -> Iterator[Models]:
    """Open what is in `views/`, however far it goes."""
    with translated(folder.views), closing(open_tables(folder)) as db:
        db.execute("BEGIN")  # one snapshot for the whole answer

        @cache
        def grid() -> "Grid":
            from projections.readmodel.grid import StoredGrid  # noqa: PLC0415 - NumPy is slow

            return StoredGrid(grid_path(folder), recent.read(db))

        there = tables.reach(db)
        yield Models(db, grid, there.position if there else 0, there)


@contextmanager
def log_alone(folder: Folder) -> Iterator[Models]:
    """Make the read models from the log alone, in memory; nothing of `views/` is read."""
    with log_upto(folder, None) as models:
        yield models


def log_of(pupils: Collection[str] | None) -> Source:
    """Return what makes them from the log alone, with the marks of some pupils; none: of all."""

    @contextmanager
    def opened(folder: Folder) -> Iterator[Models]:
        with log_upto(folder, None, pupils) as models:
            yield models

    return opened


@contextmanager
def log_upto(
    folder: Folder, position: int | None, marks_of: Collection[str] | None = None
) -> Iterator[Models]:
    """Make them of the log up to a position, as they were then; none: of the whole log.

    ``marks_of``: with the marks of these pupils only; none: of all.
    """
    from projections.readmodel.catch_up import in_memory  # noqa: PLC0415 - all events come with it

    with in_memory(folder, position, marks_of) as (db, grid, head):
        yield Models(db, lambda: grid, head)
