"""Versions of marks, on their way from runs of the log into the rows of their table.

Apart from the other models: hundreds of thousands a year are entered here, by their columns and
in the order of their ids, so that the table grows at its end and not everywhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, repeat
from operator import is_not
from typing import Any

from ledger.events import register
from projections.readmodel.mark_rows import OF_A_PUPIL, VERSIONS, row_ids_of
from projections.readmodel.recent import Marks
from projections.readmodel.records.register import Mark
from projections.readmodel.tables import Connection, insertion

Change = register.MarkCorrected | register.MarkAmended | register.SourceRestated
CHANGES: dict[type[Change], str] = {
    register.MarkCorrected: "taking",
    register.MarkAmended: "amendment",
    register.SourceRestated: "restated",
}
"""The events that change a mark, and what the table calls a version made by each."""
_AT_ONCE = 1 << 17
_Brief = tuple[int, str, str, str | None, int, int]
"""What most marks say: id, session, code, by whom, position, stated time."""
_Row = list[Any]
"""A row of all columns, in their order."""
_ENTER = (
    'INSERT INTO marks(id, pupil, session, kind, code, "by", stated, imported, kf, sf) '
    f"VALUES(?1, ?1 / {OF_A_PUPIL}, ?2, 'entry', ?3, ?4, {{}}, {{:d}}, ?5, ?6)"
)
_ENTRY = {True: _ENTER.format("?6", True), False: _ENTER.format("NULL", False)}
_END = "UPDATE marks SET kt = ?, st = ? WHERE id = ?"
_STANDING = "SELECT * FROM marks WHERE kt IS NULL AND id BETWEEN ? AND ?"
_ID, _REPLACED, _NAME, _KF, _KT, _SF, _ST = map(
    Mark.__struct_fields__.index, ("id", "replaced", "name", "kf", "kt", "sf", "st")
)
_NOTHING_MORE = (None, None, None, None)


class MarkVersions:
    """Takes versions of marks in the order of the log, and writes many at once."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._brief: dict[bool, list[_Brief]] = {True: [], False: []}
        self._rows: list[_Row] = []
        self._changes: list[_Row] = []

    def enter(
        self, marks: Marks, events: Sequence[register.SessionMarked], *, imported: bool
    ) -> None:
        """Take first marks, each with its event."""
        keep = self._brief[imported].append
        for brief, e in zip(_briefly(marks, events), events, strict=True):
            texts = (e.minutes_late, e.nature, e.comment, e.reason)
            if (
                texts == _NOTHING_MORE
                and not e.late
                and e.stated == (brief[5] if imported else None)
            ):
                keep(brief)
            else:
                kind = "late_entry" if e.late else "entry"
                self._rows.append(_row(brief, kind, e.stated, texts, imported=imported))

    def change(self, marks: Marks, events: Sequence[Change], *, imported: bool) -> None:
        """Take later versions, each with its event; the version before ends there."""
        for brief, e in zip(_briefly(marks, events), events, strict=True):
            texts = (e.minutes_late, e.nature, None, e.reason)
            row = _row(brief, CHANGES[type(e)], e.stated, texts, imported=imported)
            row[_REPLACED] = e.original
            if isinstance(e, register.MarkAmended):
                row[_NAME : _NAME + 3] = e.name, e.job_title, e.batch
            self._changes.append(row)

    def settle(self) -> None:
        """Write what waits where it is much."""
        if len(self._rows) + len(self._changes) + sum(map(len, self._brief.values())) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what waits: every version with its end, if it has one."""
        ended = list(self._follow(self._changes)) if self._changes else []
        self._db.executemany(_END, ((row[_KT], row[_ST], row[_ID]) for row in ended))
        for imported, brief in self._brief.items():
            self._db.executemany(_ENTRY[imported], sorted(brief))
            brief.clear()
        _insert(self._db, sorted(self._rows))
        self._rows = []

    def _follow(self, changes: list[_Row]) -> Iterator[_Row]:
        """Let each change follow the version before; yield those that are in the table already."""
        latest = self._waiting({row[_ID] for row in changes})
        for row in changes:
            first = row[_ID]
            before = latest.get(first)
            if before is None:
                between = (first, first + VERSIONS - 1)
                before = list(self._db.execute(_STANDING, between).fetchone())
                yield before
            row[_ID], row[_SF] = before[_ID] + 1, max(before[_SF], row[_SF])
            before[_KT], before[_ST] = row[_KF], row[_SF]
            latest[first] = row
        self._rows += changes
        self._changes = []

    def _waiting(self, changed: set[int]) -> dict[int, _Row]:
        """Return the rows of some marks that wait to be written, by their ids."""
        for imported, brief in self._brief.items():
            them = [each for each in brief if each[0] in changed]
            for each in them:
                stated = each[5] if imported else None
                self._rows.append(_row(each, "entry", stated, _NOTHING_MORE, imported=imported))
            brief[:] = [each for each in brief if each[0] not in changed]
        return {row[_ID]: row for row in self._rows if row[_ID] in changed}


def _briefly(
    marks: Marks, events: Sequence[register.SessionMarked] | Sequence[Change]
) -> Iterator[_Brief]:
    ids, by = row_ids_of(marks.pupils, marks.sessions), [e.by for e in events]
    return zip(ids, marks.sessions, marks.codes, by, marks.positions, marks.stated, strict=True)


def _row(
    brief: _Brief,
    kind: str,
    stated: int | None,
    texts: tuple[Any, ...],
    *,
    imported: bool,
) -> _Row:
    """Return a first mark's row; ``texts``: minutes late, nature, comment, reason."""
    first, session, code, by, kf, sf = brief
    said = (first, first // OF_A_PUPIL, session, kind, code, None, *texts, by)
    return [*said, None, None, None, stated, int(imported), kf, None, sf, None]


def _insert(db: Connection, rows: Iterable[_Row]) -> None:
    """Insert rows, those with the same columns filled at once: to say that one is not costs."""
    alike: dict[tuple[bool, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        filled = tuple(map(is_not, row, repeat(None)))
        alike.setdefault(filled, []).append(tuple(compress(row, filled)))
    for filled, them in alike.items():
        named = tuple(compress(Mark.__struct_fields__, filled))
        db.executemany(insertion(Mark.TABLE.name, named), them)
