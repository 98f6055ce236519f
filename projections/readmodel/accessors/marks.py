"""Versions of marks and plans, as known: what a register said, and what became of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from projections.readmodel.accessors.entries import LATE, Entries, Made
from projections.readmodel.known import EVER, Between, Known, conditions
from projections.readmodel.mark_rows import FIRST_DAY, LAST_DAY, VERSIONS, row_ids, version_ids
from projections.readmodel.record import Sealed, each, read, selection
from projections.readmodel.records.register import Mark, RegisterTaken
from projections.readmodel.records.roll import Membership

_ENTERED = (
    "CASE m.kind WHEN 'restated' THEN "  # noqa: S608 - our own number
    f"(SELECT e.kf FROM marks e WHERE e.id = m.id - m.id % {VERSIONS}) END"
)
_COLUMNS = {
    "marks": (
        "m.pupil, m.session, m.kind, m.code, m.replaced, m.minutes_late, m.nature, m.comment, "
        'm.reason, m."by", m.name, m.job_title, m.stated, m.imported, m.kf, m.sf, m.batch, NULL, '
        f"{_ENTERED}"
    ),
    "plans": (
        "m.pupil, m.session, 'plan', m.code, m.replaced, NULL, m.nature, NULL, "
        'm.reason, m."by", NULL, NULL, m.stated, m.imported, m.kf, m.sf, NULL, m.step, NULL'
    ),
}
_MARKS_WHERE = f"""id IN (SELECT v.id
    FROM (SELECT DISTINCT id - id % {VERSIONS} AS first FROM marks WHERE {{}}) c
    CROSS JOIN marks v ON v.id BETWEEN c.first AND c.first + {VERSIONS - 1})"""  # noqa: S608
"""The condition of every version of a mark of which one is such."""


class Version(msgspec.Struct, frozen=True, array_like=True):
    """One version of a mark (or plan), as stored; personal texts still sealed.

    ``known_by_source``: the latest time stated along its chain so far, 0 where none is;
    ``batch``: ties the amendments of one request; ``step`` of a plan: planned, changed, withdrawn,
    of a mark that stopped counting: stopped, resumed; ``entered``: where the entry of a restated
    mark, or of one that stopped counting, is in the log; ``unsure``: whether a first mark was in
    time is not known, and it counts as late.
    """

    pupil: int
    session: str
    kind: str
    code: str | None
    replaced: str | None
    minutes_late: int | None
    nature: Sealed | None
    comment: Sealed | None
    reason: Sealed | None
    by: str | None
    name: Sealed | None
    job_title: Sealed | None
    stated: int | None
    imported: bool
    position: int
    known_by_source: int = 0
    batch: str | None = None
    step: str | None = None
    entered: int | None = None
    unsure: bool = False


_SELECT: Mapping[str, Callable[[str], str]] = {
    name: f"SELECT {columns} FROM {name} m WHERE m.kf <= :p AND m.sf <= :t AND {{}}".format  # noqa: S608
    for name, columns in _COLUMNS.items()
}


def sessions_of(first: date, last: date) -> Between:
    """Return the condition of sessions from one day to another."""
    return Between(first.isoformat(), f"{last.isoformat()}~")


def of_days(
    known: Known, columns: str, first: date, last: date, where: str = "1", **values: object
) -> Iterator[tuple[Any, ...]]:
    """Ask for columns of the versions of marks known of the sessions of some days."""
    sql = f"""SELECT {columns} FROM marks
        WHERE {EVER} AND session BETWEEN :first AND :last AND {where}"""  # noqa: S608 - our own names
    days = sessions_of(first, last)._asdict()
    return known.db.execute(sql, {**known.point, **days, **values})


def standing_marks(known: Known, pupil: int, session: str) -> list[Mark]:
    """Return the mark of a pupil and session that stood, if one did."""
    return known.standing(Mark, id=Between(*version_ids(pupil, session)))


def versions_of_mark(known: Known, pupil: int, session: str) -> list[Mark]:
    """Return every version known of the mark of a pupil and session."""
    return known.ever(Mark, id=Between(*version_ids(pupil, session)))


def recorded_marks(known: Known, pupil: int, session: str) -> list[Mark]:
    """Return every version of a mark in the log up to the position, whatever sources stated."""
    return known.recorded(Mark, id=Between(*version_ids(pupil, session)))


def versions(known: Known, **where: Any) -> list[Version]:  # noqa: ANN401 - of columns of marks
    """Return the versions of marks and plans known, by session and then as recorded.

    Conditions as `Known` takes them, on ``pupil``, ``session``, ``kf``.
    """
    found, values = conditions(where, "m.")
    return _read(known, (("marks", found), ("plans", found)), [values])


def versions_on(known: Known, first: date, last: date) -> list[Version]:
    """Return the versions of the marks and plans of some days."""
    return versions(known, session=sessions_of(first, last))


def versions_of_changed(known: Known, first: date, last: date) -> list[Version]:
    """Return the versions of the marks of some days that were changed after their first entry."""
    within = "session BETWEEN :session_first AND :session_last"
    changed = f"({Entries(known).differing}) AND {within}"
    found, values = conditions({"session": sessions_of(first, last)}, "m.")
    plans = f"(m.pupil, m.session) IN (SELECT pupil, session FROM marks WHERE {changed})"  # noqa: S608
    parts = (("marks", f"m.{_MARKS_WHERE.format(changed)}"), ("plans", f"{found} AND {plans}"))
    return _read(known, parts, [values])


def versions_of(known: Known, pupils: Iterable[int], first: date, last: date) -> list[Version]:
    """Return what `versions` does for some pupils and days, where it lies in the tables."""
    # Days out of reach of the ids of a pupil's rows lie among those of another.
    theirs = "m.pupil = :pupil AND m.session BETWEEN :first AND :last"
    bound = {"first": first.isoformat(), "last": f"{last.isoformat()}~"}
    each = [
        {
            **bound,
            "pupil": pupil,
            **dict(zip(("low", "high"), row_ids(pupil, first, last), strict=True)),
        }
        for pupil in pupils
    ]
    marks = f"{theirs} AND m.id BETWEEN :low AND :high"
    return _read(known, (("plans", theirs), ("marks", marks)), each)


def _read(
    known: Known, parts: Iterable[tuple[str, str]], each: Iterable[dict[str, Any]]
) -> list[Version]:
    asked, point = [_SELECT[name](condition) for name, condition in parts], known.point
    rows = [
        row for values in each for sql in asked for row in known.db.execute(sql, point | values)
    ]
    entries = Entries(known)
    found = [
        _as_known(entries, each) if each.kind in entries.doubtful else each
        for each in msgspec.convert(rows, list[Version], strict=False)
    ]
    return sorted(found, key=attrgetter("session", "pupil", "position"))


def _as_known(entries: Entries, v: Version) -> Version:
    """Return a first mark, of the kind that it is known to be."""
    made = Made(v.pupil, v.session, v.kind, v.code, v.position, v.imported)
    kind, sure = entries.judge(made)
    return v if kind == v.kind and sure else replace(v, kind=kind, unsure=not sure)


class Extent(NamedTuple):
    """How many marks, the first and the last session, the first and the last position."""

    number: int
    first: str | None
    last: str | None
    low: int | None
    high: int | None


def extent(known: Known, kinds: Iterable[str], first: str, last: str) -> Extent:
    """Return how many first marks of some kinds are known on sessions from one to another."""
    found, values = conditions({"kind": set(kinds), "session": Between(first, last)})
    sql = f"""SELECT count(*), min(session), max(session), min(kf), max(kf) FROM marks
        WHERE {EVER} AND {found}"""  # noqa: S608 - our own names
    return Extent(*known.db.execute(sql, known.point | values).fetchone())


def late_entries(known: Known, first: date, last: date) -> Extent:
    """Return how many first marks of some days are known to be late, or may be."""
    entries = Entries(known)
    where = f"replaced IS NULL AND ({entries.differing})"
    marks = each(Mark, of_days(known, selection(Mark), first, last, where))
    late = [mark for mark in map(entries.as_known, marks) if mark.kind == LATE]
    sessions, places = [mark.session for mark in late], [mark.kf for mark in late]
    return Extent(
        len(late),
        min(sessions, default=None),
        max(sessions, default=None),
        min(places, default=None),
        max(places, default=None),
    )


class ImportedMark(NamedTuple):
    """A version that an import stated; whether without a time, and without an author."""

    position: int
    session: str
    undated: bool
    nameless: bool


def imported_marks(known: Known, first: date, last: date) -> Iterator[ImportedMark]:
    """Yield the versions that imports stated, of the sessions of some days."""
    columns = 'kf, session, stated IS NULL, "by" IS NULL'
    return map(ImportedMark._make, of_days(known, columns, first, last, "imported"))


def marks_by_upn(
    known: Known, days: tuple[date, date], upns: Mapping[int, str], *, changes: bool
) -> Iterator[Mark]:
    """Yield the first marks known of some days, or the changes, by session, UPN and position.

    Read row by row: a year of a school is hundreds of thousands.
    """
    known.db.create_function("upn", 1, upns.get, deterministic=True)
    where = f"replaced IS {'NOT ' if changes else ''}NULL ORDER BY session, upn(pupil), kf"
    rows = each(Mark, of_days(known, selection(Mark), *days, where))
    return map(Entries(known).as_known, rows)


class FirstMark(NamedTuple):
    """A first mark: by which event, and the time that its source stated."""

    pupil: int
    session: str
    position: int
    stated: int | None
    imported: bool


def first_marks(known: Known, first: date, last: date) -> Iterator[FirstMark]:
    """Yield the first marks known of the sessions of some days."""
    columns, where = "pupil, session, kf, stated, imported", "kind IN ('entry', 'late_entry')"
    return map(FirstMark._make, of_days(known, columns, first, last, where))


def any_mark(known: Known, first: date, last: date) -> bool:
    """Tell whether any mark is known of the sessions of some days."""
    return next(of_days(known, "1", first, last, "1 LIMIT 1"), None) is not None


def first_marked_session(known: Known, pupil: int) -> str | None:
    """Return the first session for which a pupil was ever marked, known by then or not."""
    sql = "SELECT min(session) FROM marks WHERE pupil = ?"
    found: str | None = known.db.execute(sql, [pupil]).fetchone()[0]
    return found


class AmendedSession(NamedTuple):
    """A session that a batch of amendments is about."""

    session: str
    pupil: int
    batch: str


def amended_sessions(known: Known) -> Iterator[AmendedSession]:
    """Yield the sessions that batches of amendments are about, in order."""
    sql = f"""SELECT DISTINCT session, pupil, batch FROM marks
        WHERE batch IS NOT NULL AND {EVER} ORDER BY session"""  # noqa: S608 - our own names
    return map(AmendedSession._make, known.db.execute(sql, known.point))


def takers(known: Known) -> set[tuple[str, str]]:
    """Return each registration group with each person who ever made a first mark in it."""
    sql = f"""SELECT DISTINCT "by" FROM marks WHERE id BETWEEN :first AND :last
        AND pupil = :pupil AND kind = 'entry' AND "by" IS NOT NULL AND {EVER}"""  # noqa: S608
    found = set()
    for member in known.standing(Membership, kind="registration"):
        days = member.since or FIRST_DAY, member.until or LAST_DAY
        first, last = row_ids(member.pupil, *days)
        where = {"pupil": member.pupil, "first": first, "last": last}
        found |= {(member.name, by) for (by,) in known.db.execute(sql, known.point | where)}
    return found


def takings(known: Known, **where: Any) -> list[RegisterTaken]:  # noqa: ANN401 - of its columns
    """Return how some registers were taken; by what is known of their clocks."""
    commits = known.commits
    return [
        replace(
            each,
            opened=each.opened and commits.by_clock_of(each.kf, each.opened),
            ended=commits.by_clock_of(each.kf, each.ended),
        )
        for each in known.standing(RegisterTaken, **where)
    ]


def questionable(
    known: Known, first: date, last: date, provisional: Iterable[str]
) -> Iterator[list[Mark]]:
    """Yield the versions of each mark that was changed, entered late or ever provisional."""
    held, values = conditions({"code": set(provisional)})
    asked = f"({Entries(known).differing} OR {held}) AND session BETWEEN :first AND :last"
    where = f"{_MARKS_WHERE.format(asked)} ORDER BY id"
    found = read(Mark, of_days(known, selection(Mark), first, last, where, **values))
    for _, chain in groupby(found, key=lambda mark: (mark.pupil, mark.session)):
        yield list(chain)
