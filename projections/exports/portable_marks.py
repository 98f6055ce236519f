"""The rows of ``marks.csv`` and ``amendments.csv``: every version known, in columns to import."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache

from ledger.clock import iso
from ledger.formats.portable import AMENDMENTS, MARKS, ChangeKind, EntryKind
from ledger.values import Session, parse_session
from projections.exports.portable_rows import NOT_MET, NOT_ON_ROLL, People, Row
from projections.queries.view import Interval

_ENTRY: EntryKind = "entry"
_LATE: EntryKind = "late_entry"
_TAKING: ChangeKind = "taking"
_AMENDMENT: ChangeKind = "amendment"
_COLUMNS = (
    "pupil, session, kind, code, replaced, minutes_late, nature, comment, reason, "
    '"by", stated, imported, kf'
)


class Marks:
    """The versions of marks, of the sessions from one day to another where given.

    In order of session and UPN, so that one state of knowledge gives one file.
    """

    def __init__(self, people: People, first: date | None, last: date | None) -> None:
        self._people = people
        self._view = people.view
        self._view.db.create_function("upn", 1, people.upns.get, deterministic=True)
        self._days = ((first or date.min).isoformat(), f"{(last or date.max).isoformat()}~")
        self._memberships: dict[int, list[Interval]] = defaultdict(list)
        for membership in self._view.memberships:
            self._memberships[membership.pupil].append(membership)
        self._met_by_all = lru_cache(None)(
            lambda session: (
                self._view.calendar.in_term(parse_session(session).date)
                and not self._view.calendar.closures_on(parse_session(session))
            )
        )
        self._closing = lru_cache(None)(
            lambda session: self._view.calendar.closing(parse_session(session))
        )

    def entries(self) -> Iterator[Row]:
        """Yield the rows of ``marks.csv``: the first mark of each session, as entered."""
        for upn, at, (session, kind, code, _, minutes, nature, comment, reason, by) in self._known(
            "replaced IS NULL", MARKS
        ):
            closing = self._closing(session)
            derived = _LATE if at and closing is not None and at > closing else _ENTRY
            texts = (self._view.open(nature), self._view.open(comment))
            told = "" if kind == derived else kind
            yield (
                upn,
                *session.split("/"),
                code,
                minutes,
                *texts,
                by,
                iso(at) if at else "",
                told,
                self._view.open(reason),
            )

    def changes(self) -> Iterator[Row]:
        """Yield the rows of ``amendments.csv``: the changes of each mark in their order."""
        for upn, at, (
            session,
            kind,
            code,
            replaced,
            minutes,
            nature,
            _,
            reason,
            by,
        ) in self._known("replaced IS NOT NULL", AMENDMENTS):
            closing = self._closing(session)
            in_time = at and closing is not None and at <= closing
            told = "" if kind == (_TAKING if in_time else _AMENDMENT) else kind
            yield (
                upn,
                *session.split("/"),
                replaced,
                code,
                self._view.open(reason),
                by,
                iso(at) if at else "",
                self._view.open(nature),
                minutes,
                told,
            )

    def _known(self, where: str, file: str) -> Iterator[tuple[str, int | None, Sequence[str]]]:
        """Yield UPN, time and the columns from session to author of each version known."""
        sql = (
            f"SELECT {_COLUMNS} FROM marks WHERE kf <= :p AND sf <= :t AND {where} "  # noqa: S608
            "AND session BETWEEN :first AND :last ORDER BY session, upn(pupil), kf"
        )
        view, (first, last) = self._view, self._days
        bound = {"p": view.position, "t": view.stated, "first": first, "last": last}
        for index, *columns, stated, imported, position in view.db.execute(sql, bound):
            if self._may_stand(index, columns[0], file):
                at = stated if imported else self._people.times.recorded(position)
                yield self._people.upns[index], at, columns

    def _may_stand(self, index: int, session: str, file: str) -> bool:
        """Tell whether an import takes a mark; count it, with its changes, where not."""
        people = self._people
        if not people.named(index, file):
            return False
        if not people.on_roll(index, session[:10]):
            people.left_out[file, NOT_ON_ROLL] += 1
            return False
        if not (self._met_by_all(session) or self._met(index, parse_session(session))):
            people.left_out[file, NOT_MET] += 1
            return False
        return True

    def _met(self, index: int, session: Session) -> bool:
        """Tell whether a session was to be met by a pupil, cancelled or not, as known."""
        groups = {each.name for each in self._memberships[index] if each.covers(session.date)}
        closure = self._view.calendar.closure(session, groups)
        in_term = self._view.calendar.in_term(session.date)
        return in_term and (closure is None or closure.cancelled)
