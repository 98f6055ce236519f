"""The rows of the portable folder, as known at one point in time, in columns to import again."""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ledger.clock import iso
from ledger.formats.portable import (
    AMENDMENTS,
    CASEWORK,
    GROUPS,
    MARKS,
    NOTICES,
    PARENTS,
    PLANS,
    PUPILS,
    RELATIONS,
    STAFF,
    ChangeKind,
    EntryKind,
)
from ledger.sealing.keys import BEYOND_USE
from ledger.values import Session, parse_session
from projections.queries.view import Interval, View
from projections.readmodel.tables import GROUP_SEPARATOR

Row = Sequence[object]
NO_SPELL = "the pupil has no spell on roll"
NOT_ON_ROLL = "the pupil is not on roll that day"
NOT_MET = "the school does not meet then"
NEVER_HELD = "ended before it began: put right on the same day"
_FOR_GOOD = "9999-12-31"
_DETAILS = "upn, local_id, surname, forename, dob, sex, name_used, address, last_school"
_ENTRY: EntryKind = "entry"
_LATE: EntryKind = "late_entry"
_TAKING: ChangeKind = "taking"
_AMENDMENT: ChangeKind = "amendment"
_COLUMNS = (
    "pupil, session, kind, code, replaced, minutes_late, nature, comment, reason, "
    '"by", stated, imported, kf'
)


class Times:
    """Times as the source clock counts them: what a source stated, our own for our own facts."""

    def __init__(self, view: View) -> None:
        self._view = view
        commits = view.db.execute("SELECT first, at FROM commits ORDER BY first").fetchall()
        self._firsts = [first for first, _ in commits]
        self._ats = [at for _, at in commits]

    def recorded_at(self, position: int) -> int:
        """Return when the event at a position was recorded here."""
        return int(self._ats[bisect_right(self._firsts, position) - 1])

    def first(self, table: str, **key: Any) -> int:  # noqa: ANN401 - values of SQL
        """Return when a fact was first stated, 0 where its source states no time.

        Later versions of it may have been stated later: one row has one time.
        """
        where = " AND ".join(f'"{column}" IS ?' for column in key)
        sql = f"SELECT min(sf) FROM {table} WHERE kf <= ? AND {where}"  # noqa: S608
        (found,) = self._view.db.execute(sql, [self._view.position, *key.values()]).fetchone()
        return int(found or 0)


class People:
    """The pupils and parents that an export may name: their keys are still there.

    ``upns``: row number -> UPN, of those with a spell on roll, as an import asks; ``beyond_use``:
    how many pupils have no key any more; ``left_out``: how many rows of which file, and why.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.times = Times(view)
        self.details: dict[int, list[str]] = {}
        self.beyond_use = 0
        self.left_out: Counter[tuple[str, str]] = Counter()
        for index, *sealed in view.stood(f"pupil, {_DETAILS}", "details"):
            details = [view.open(text) or "" for text in sealed]
            if details[0] == BEYOND_USE:
                self.beyond_use += 1
            else:
                self.details[index] = details
        self.spells: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for index, first, last in view.stood("pupil, starts_on, leaves_on", "roll"):
            self.spells[index].append((first, last or _FOR_GOOD))
        self.upns = {index: d[0] for index, d in self.details.items() if index in self.spells}
        names = view.stood("parent, surname", "parents")
        self.parents = {parent for parent, name in names if view.open(name) != BEYOND_USE}

    def may_name(self, index: int, file: str) -> bool:
        """Tell whether rows of a file may name a pupil; count those that may not."""
        if index in self.details and index not in self.upns:
            self.left_out[file, NO_SPELL] += 1
        return index in self.upns

    def on_roll(self, index: int, day: str) -> bool:
        """Tell whether a pupil is on roll on a day, as known."""
        return any(first <= day <= last for first, last in self.spells.get(index, ()))


def school_toml(view: View) -> Iterator[str]:
    """Yield the lines of ``school.toml``."""
    yield "[school]"
    for key, value in (view.school or {}).items():
        yield f"{key} = {_toml(value)}"
    columns = "since, am_opens, am_closes, pm_opens, pm_closes"
    for since, a, b, c, d in sorted(view.stood(columns, "register_times")):
        yield from ("", "[[register]]", f"from = {since}")
        yield f"am = {{ opens = {a}, closes = {b} }}"
        yield f"pm = {{ opens = {c}, closes = {d} }}"
    for first, last, name in sorted(view.stood("first, last, name", "terms")):
        yield from ("", "[[term]]", f"name = {_toml(name)}")
        yield from (f"first = {first}", f"last = {last}")
    yield from _closures(view)


def _closures(view: View) -> Iterator[str]:
    """Yield one table for each closure; its two halves together where they are of one kind."""
    times = Times(view)
    halves: dict[tuple[Any, ...], list[str]] = {}
    columns = 'date, "groups", cancelled, reason, half'
    for day, groups, cancelled, reason, half in sorted(view.stood(columns, "closures")):
        first = times.first("closures", date=day, half=half, groups=groups)
        halves.setdefault((day, groups, cancelled, reason, first), []).append(half)
    for (day, groups, cancelled, reason, first), sessions in halves.items():
        yield from ("", "[[closed]]", f"date = {day}", f"sessions = {_toml(sessions)}")
        if groups:
            yield f"groups = {_toml(groups.split(GROUP_SEPARATOR))}"
        yield f'kind = "{"cancelled" if cancelled else "planned"}"'
        yield f"reason = {_toml(reason)}"
        if first:
            yield f"recorded_on = {iso(first)}"


def _toml(value: str | list[str]) -> str:
    """Write a text or a list of texts, which TOML writes as JSON does."""
    return json.dumps(value, ensure_ascii=False)


def _staff(people: People) -> Iterator[Row]:
    columns = "staff, name, job_title, roles, since, until"
    for staff, name, *rest in people.view.stood(columns, "staff"):
        yield staff, people.view.open(name), *rest


def _pupils(people: People) -> Iterator[Row]:
    columns = "pupil, starts_on, leaves_on, ground, next_school, boarder"
    for index, starts_on, leaves_on, ground, next_school, boarder in people.view.stood(
        columns, "roll"
    ):
        if index not in people.details:
            continue
        *identity, used, address, last_school = people.details[index]
        first = people.times.first("roll", pupil=index, starts_on=starts_on)
        yield (
            *identity,
            starts_on,
            leaves_on,
            ground,
            used,
            "yes" if boarder else "no",
            address,
            last_school,
            people.view.open(next_school),
            _iso(first),
        )


def _groups(people: People) -> Iterator[Row]:
    for row in people.view.stood("pupil, kind, name, since, until", "memberships"):
        index, kind, name, since, until = row
        if not people.may_name(index, GROUPS):
            continue
        if since and until and until < since:
            people.left_out[GROUPS, NEVER_HELD] += 1
        else:
            first = people.times.first(
                "memberships", pupil=index, kind=kind, name=name, since=since
            )
            yield people.upns[index], *row[1:], _iso(first)


def _parents(people: People) -> Iterator[Row]:
    columns = "parent, title, surname, forename, address, phone, email, dob, address_confidential"
    for parent, *sealed, confidential in people.view.stood(columns, "parents"):
        if parent in people.parents:
            yield parent, *map(people.view.open, sealed), confidential


def _relations(people: People) -> Iterator[Row]:
    columns = (
        "pupil, parent, relationship, lives_with, parental_responsibility, contact_order, care, "
        "no_contact, since, until"
    )
    for row in people.view.stood(columns, "relations"):
        index, parent, relationship, *rest = row
        if people.may_name(index, RELATIONS) and parent in people.parents:
            first = people.times.first("relations", parent=parent, pupil=index)
            opened = people.view.open(relationship)
            yield parent, people.upns[index], opened, *rest, _iso(first)


def _notices(people: People) -> Iterator[Row]:
    columns = (
        "pupil, parent, kind, issued_on, offence_first, offence_last, received_on, paid_on, "
        "withdrawn_on, outcome, outcome_on, sessions, issuer"
    )
    for index, parent, *rest in people.view.stood(columns, "notices"):
        if people.may_name(index, NOTICES) and parent in people.parents:
            key = dict(zip(("kind", "issued_on", "offence_first"), rest, strict=False))
            first = people.times.first("notices", parent=parent, pupil=index, **key)
            yield parent, people.upns[index], *rest, _iso(first)


def _casework(people: People) -> Iterator[Row]:
    columns = 'pupil, step, on_date, "by", with_whom, outcome, notes'
    for index, step, on, by, *sealed in people.view.stood(columns, "casework"):
        if people.may_name(index, CASEWORK):
            yield people.upns[index], step, on, by, *map(people.view.open, sealed)


def _plans(people: People) -> Iterator[Row]:
    """Yield every step of every plan known, the oldest first."""
    view = people.view
    sql = (
        'SELECT pupil, session, code, reason, nature, "by", stated, imported, kf, step FROM plans '
        "WHERE kf <= :p AND sf <= :t ORDER BY session, pupil, kf"
    )
    known = view.db.execute(sql, {"p": view.position, "t": view.stated})
    for index, session, code, reason, nature, by, stated, imported, at, step in known:
        if people.may_name(index, PLANS):
            when = stated if imported else people.times.recorded_at(at)
            texts = (view.open(reason), view.open(nature))
            yield people.upns[index], *session.split("/"), code, *texts, by, _iso(when), step


def _iso(instant: int | None) -> str:
    return iso(instant) if instant else ""


def _in_one_order(rows: Callable[[People], Iterator[Row]]) -> Callable[[People], Iterator[Row]]:
    """Sort the rows of a table, so that one state of knowledge gives one file."""

    def in_order(people: People) -> Iterator[Row]:
        return iter(sorted(rows(people), key=lambda row: [str(cell or "") for cell in row]))

    return in_order


FILES: Mapping[str, Callable[[People], Iterator[Row]]] = MappingProxyType(
    {
        STAFF: _in_one_order(_staff),
        PUPILS: _in_one_order(_pupils),
        GROUPS: _in_one_order(_groups),
        PARENTS: _in_one_order(_parents),
        RELATIONS: _in_one_order(_relations),
        NOTICES: _in_one_order(_notices),
        CASEWORK: _in_one_order(_casework),
        PLANS: _plans,
    }
)
"""Each small file's rows, in the columns of `formats.portable` (lists are already joined)."""


# -- marks.csv and amendments.csv: every version known -------------------------------------


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
                at = stated if imported else self._people.times.recorded_at(position)
                yield self._people.upns[index], at, columns

    def _may_stand(self, index: int, session: str, file: str) -> bool:
        """Tell whether an import takes a mark; count it, with its changes, where not."""
        people = self._people
        if not people.may_name(index, file):
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
