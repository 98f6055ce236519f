"""Why an entry that stands does not count: what calendar, roll or age say of its day, since when.

As for the threshold (SI 2007/1867 reg 9A): on a session that was met, by a pupil on roll and of
compulsory school age. Each answer names the event that says so, where one does.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple

from ledger.state.calendar import Closure
from ledger.values import Session, parse_session
from policies.law.age import is_compulsory
from projections.queries.view import View
from projections.readmodel.tables import ALWAYS, STANDS

TERM, CLOSED, ROLL, AGE = "out-of-term", "closed", "not-on-roll", "not-of-age"
NO_MORE = {
    TERM: "the day is recorded as inside term",
    CLOSED: "the session is no longer recorded as closed for the pupil",
    ROLL: "the pupil is recorded as on roll that day",
    AGE: "the pupil is recorded as of compulsory school age that day",
}
"""What is so where a bar of that kind is no more."""
_COVERED = "first <= :day AND :day <= last"
_ON_ROLL = "pupil = :pupil AND starts_on <= :day AND coalesce(leaves_on, '9999') >= :day"
_ENDED = "kt <= :p AND st <= :t"


class Bar(NamedTuple):
    """What keeps a session from counting; ``position``: of the event that says so, if one does."""

    kind: str
    words: str
    position: int | None


@dataclass
class Standing:
    """One pupil's register at a point in time: what stands, and what keeps it from counting."""

    view: View
    pupil: int

    @classmethod
    def at(cls, view: View, pupil: int, position: int) -> "Standing":
        """Return the register as the log had it at a position, whatever time sources state."""
        return cls(replace(view, position=position, stated=ALWAYS), pupil)

    def code(self, session: str) -> str | None:
        """Return the code that stands, none where no mark was made."""
        where = "pupil = :v0 AND session = :v1"
        rows = self.view.stood("code", "marks", where, self.pupil, session)
        return rows[0][0] if rows else None

    def bar(self, session: str) -> Bar | None:
        """Return what keeps a session from counting, none where nothing does."""
        at = parse_session(session)
        on = at.date
        if not self.view.calendar.in_term(on):
            return Bar(TERM, "the day is recorded as outside term", self._was("terms", on))
        closure = self.view.calendar.closure(at, set(self._groups(on)))
        if closure is not None:
            return self._closed(at, closure)
        if not self._newest("roll", "kf", _ON_ROLL, STANDS, on):
            words = "the pupil is recorded as not on roll that day"
            return Bar(ROLL, words, self._was("roll", on))
        return self._of_age(on)

    def lifted(self, kind: str, session: str) -> int | None:
        """Return the event that ended a bar of some kind, if one did."""
        at = parse_session(session)
        if kind == TERM:
            return self._newest("terms", "kf", _COVERED, STANDS, at.date)
        if kind == ROLL:
            return self._newest("roll", "kf", _ON_ROLL, STANDS, at.date)
        if kind == AGE:
            return self._ages[-1][0]
        place = "date = :day AND half = :half"
        opened = self._newest("closures", "kt", place, _ENDED, at.date, half=at.half)
        moved = self._newest("memberships", "kf", "pupil = :pupil", "kf <= :p", at.date)
        return max(filter(None, (opened, moved)), default=None)

    # -- where it is said -----------------------------------------------------------------------

    def _newest(
        self, table: str, column: str, where: str, when: str, on: date, **more: str
    ) -> int | None:
        sql = f"SELECT max({column}) FROM {table} WHERE {where} AND ({when})"  # noqa: S608 - ours
        bound = {"p": self.view.position, "t": self.view.stated, "pupil": self.pupil}
        found: int | None = self.view.db.execute(
            sql, {**bound, "day": on.isoformat(), **more}
        ).fetchone()[0]
        return found

    def _was(self, table: str, on: date) -> int | None:
        """Return the newest event that took a day out of a term or of a spell on roll."""
        where = _COVERED if table == "terms" else _ON_ROLL
        return self._newest(table, "kt", where, _ENDED, on)

    def _groups(self, on: date) -> dict[str, int]:
        """Return the groups that the pupil was in on a day, each with the event that says so."""
        rows = self.view.stood(
            "name, kf", "memberships",
            "pupil = :v0 AND coalesce(since, '') <= :v1 AND coalesce(until, '9999') >= :v1",
            self.pupil, on.isoformat(),
        )  # fmt: skip
        return dict(rows)

    def _closed(self, at: Session, closure: Closure) -> Bar:
        what = "the school is recorded as closed that day"
        if closure.cancelled:
            what = "the session is recorded as cancelled"
        groups = sorted(closure.groups)
        words = what + f" for {', '.join(groups)}" * bool(groups)
        words += f" ({closure.reason})" * bool(closure.reason)
        rows = self.view.stood(
            "kf", "closures", 'date = :v0 AND half = :v1 AND "groups" = :v2',
            at.date.isoformat(), at.half, "\n".join(groups),
        )  # fmt: skip
        joined = [kf for name, kf in self._groups(at.date).items() if name in closure.groups]
        return Bar(CLOSED, words, max([rows[0][0], *joined]))

    def _of_age(self, on: date) -> Bar | None:
        """Return that the pupil is of no compulsory age, by the correction that made it so."""
        tests = [(kf, is_compulsory(on, begins, cohort)) for kf, begins, cohort in self._ages]
        if tests[-1][1]:
            return None
        words = "the pupil is recorded as not of compulsory school age that day"
        was = [n for n, (_, compulsory) in enumerate(tests) if compulsory]
        if not was:
            return Bar(AGE, words, None)
        return Bar(AGE, f"{words}, by a corrected birth date", tests[was[-1] + 1][0])

    @cached_property
    def _ages(self) -> list[tuple[int, date, int]]:
        """What was recorded of the pupil's birth, each with its event, the newest last."""
        sql = "SELECT kf, compulsory_from, birth_cohort FROM details WHERE pupil = ? ORDER BY kf"
        rows = self.view.db.execute(sql, [self.pupil]).fetchall()
        known = [row for row in rows if row[0] <= self.view.position] or rows[:1]
        return [(kf, date.fromisoformat(begins), cohort) for kf, begins, cohort in known]


def weeks_moved(view: View, first: int, last: int) -> int | None:
    """Return the newest event of some positions that moved terms or closures, if one did."""
    found = [
        view.db.execute(
            f"SELECT max({column}) FROM {table} WHERE {column} BETWEEN ? AND ?",  # noqa: S608
            [first, last],
        ).fetchone()[0]
        for table in ("terms", "closures")
        for column in ("kf", "kt")
    ]
    return max(filter(None, found), default=None)
