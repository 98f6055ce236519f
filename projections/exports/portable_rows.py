"""The rows of the portable folder, as known at one point in time, in columns to import again."""

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from ledger.clock import iso
from ledger.formats.portable import (
    AMENDMENTS,
    CASEWORK,
    CORRECTIONS,
    GROUPS,
    LIST_SEPARATOR,
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
from ledger.formats.portable import FILES as COLUMNS
from ledger.values import Session, parse_session
from projections.exports.decision_rows import SOURCES
from projections.exports.people import People
from projections.queries.view import Interval, View
from projections.readmodel.accessors.marks import marks_by_upn, versions_of_mark
from projections.readmodel.record import INTERVAL, Joined, Lasting, V, Versioned, is_sealed
from projections.readmodel.records.amending import TakenBack
from projections.readmodel.records.penalties import CaseworkCorrection, CaseworkStep, Notice
from projections.readmodel.records.register import Mark, Plan, Uncounted
from projections.readmodel.records.roll import Membership, Parent, Relation, Spell
from projections.readmodel.records.school import Closure, School, StaffSpell, Term, Times

Row = Sequence[object]
NOT_ON_ROLL = "the pupil is not on roll that day"
NOT_MET = "the school does not meet then"
_NAMES = {
    "staff_id": "staff",
    "parent_id": "parent",
    "from": "since",
    "to": "until",
    "on": "on_date",
    "with": "with_whom",
}
"""Columns that a record names otherwise."""


def versions(view: View, record: type[V], besides: Container[int] = ()) -> Iterator[V]:
    """Yield every version known of every fact that stands, each with the time it was stated.

    ``besides``: without the versions of these positions, which were recorded wrongly.

    A version that another replaced at the same time was never what was known: it is left out,
    as are those that say what the one before them says, and a stretch that ended before it began.
    """
    standing = {tuple(each.identity.values()) for each in view.standing(record)}
    known: dict[tuple[Any, ...], list[V]] = defaultdict(list)
    for each in sorted(view.ever(record), key=lambda each: each.kf):
        if each.kf not in besides:
            known[tuple(each.identity.values())].append(each)
    for fact, chain in known.items():
        if fact in standing:
            yield from _told_apart(view, chain)


def _told_apart(view: View, chain: Sequence[V]) -> Iterator[V]:
    before: list[object] | None = None
    for each, following in zip_longest(chain, chain[1:]):
        said = _said(view, each)
        replaced = following is not None and following.sf == each.sf
        never_held = before is None and isinstance(each, Lasting) and each.is_empty
        if not (replaced or never_held or said == before):
            yield each
            before = said


def _said(view: View, version: Versioned) -> list[object]:
    """Return what a version says, besides when that was known."""
    besides = (*INTERVAL, "stated")
    names = (name for name in version.__struct_fields__ if name not in besides)
    return [_text(view, version, name) for name in names]


def _text(view: View, record: Any, name: str) -> object:  # noqa: ANN401 - of any class
    value = getattr(record, name, None)
    return view.open(value) if is_sealed(record, name) else value


_SCHOOL = ("urn", "name", "la_code", "estab", "type", "phase")


def school_toml(view: View) -> Iterator[str]:
    """Yield the lines of ``school.toml``."""
    schools = sorted(versions(view, School), key=lambda each: each.sf)
    for school in schools:
        yield "[school]" if len(schools) == 1 else "[[school]]"
        yield from (f"{key} = {_toml(getattr(school, key))}" for key in _SCHOOL)
        yield from (*_recorded_on(school), "")
    for times in sorted(versions(view, Times), key=lambda each: (each.since, each.sf)):
        yield from ("[[register]]", f"from = {times.since}")
        yield f"am = {{ opens = {times.am_opens}, closes = {times.am_closes} }}"
        yield f"pm = {{ opens = {times.pm_opens}, closes = {times.pm_closes} }}"
        yield from (*_recorded_on(times), "")
    terms = versions(view, Term)
    for term in sorted(terms, key=lambda each: (each.first, each.last, each.name, each.sf)):
        yield from ("[[term]]", f"name = {_toml(term.name)}")
        yield from (f"first = {term.first}", f"last = {term.last}", *_recorded_on(term), "")
    yield from _closures(view)


def _recorded_on(version: Versioned) -> Iterator[str]:
    if version.sf:
        yield f"recorded_on = {iso(version.sf)}"


def _closures(view: View) -> Iterator[str]:
    """Yield one table for each closure; its two halves together where they are alike.

    Also of what was closed once: with the time at which that was withdrawn, or said otherwise.
    """
    halves: dict[tuple[Any, ...], list[str]] = {}
    known = sorted(view.ever(Closure), key=lambda e: (e.date, e.groups, e.sf, e.kf, e.half))
    for each in known:
        ended = each.st if view.end_of(each) else None
        if ended == each.sf:
            continue
        alike = (each.date, each.groups, each.cancelled, view.open(each.reason), each.sf, ended)
        halves.setdefault(alike, []).append(each.half)
    for (day, groups, cancelled, reason, first, ended), sessions in halves.items():
        yield from ("[[closed]]", f"date = {day}", f"sessions = {_toml(sessions)}")
        if groups:
            yield f"groups = {_toml(list(groups))}"
        yield f'kind = "{"cancelled" if cancelled else "planned"}"'
        yield f"reason = {_toml(reason or '')}"
        if first:
            yield f"recorded_on = {iso(first)}"
        if ended:
            yield f"withdrawn_on = {iso(ended)}"
        yield ""


def _toml(value: str | list[str]) -> str:
    """Write a text or a list of texts, which TOML writes as JSON does."""
    return json.dumps(value, ensure_ascii=False)


# -- what is stated once: a row a record ---------------------------------------------------


def _pupils(people: People) -> Iterator[Row]:
    for spell in versions(people.view, Spell):
        if details := people.details.get(spell.pupil):
            stated = {
                "starts_on": spell.starts_on,
                "leaves_on": spell.leaves_on,
                "leaving_ground": spell.ground,
                "boarder": "yes" if spell.boarder else "no",
                "next_school": people.view.open(spell.next_school),
                "recorded_on": _iso(spell.sf),
            }
            yield [(details | stated)[column] for column in COLUMNS[PUPILS].all]


_RECORDS: Mapping[str, type[Versioned]] = {
    STAFF: StaffSpell,
    GROUPS: Membership,
    PARENTS: Parent,
    RELATIONS: Relation,
    NOTICES: Notice,
}


def _records(people: People, file: str) -> Iterator[Row]:
    wrong = _notices_taken_back(people.view) if file == NOTICES else set()
    for each in versions(people.view, _RECORDS[file], besides=wrong):
        if _is_taken(people, file, each):
            yield [_cell(people, each, _NAMES.get(name, name)) for name in COLUMNS[file].all]


def _notices_taken_back(view: View) -> set[int]:
    """Return the positions of what was recorded wrongly of notices: each with all before it."""
    known: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    notice = {}
    for each in view.recorded(Notice):
        notice[each.kf] = fact = tuple(each.identity.values())
        known[fact].append(each.kf)
    taken = [each for each in view.standing(TakenBack) if each.entry in notice]
    return {kf for each in taken for kf in known[notice[each.entry]] if kf < each.line}


def _decisions(people: People, file: str) -> Iterator[Row]:
    """Yield the facts of a file in the order in which they were recorded."""
    view = people.view
    wrong = {each.entry for each in view.standing(TakenBack)}
    known = [
        (each, told.columns)
        for told in SOURCES[file]
        for each in view.ever(told.record)
        if each.kf not in wrong and told.takes(people, each)
    ]
    for each, columns in sorted(known, key=lambda told: (told[0].sf, told[0].kf)):
        if _is_taken(people, file, each):
            also = columns(people, each)
            names = COLUMNS[file].all
            yield [also[n] if n in also else _cell(people, each, _NAMES.get(n, n)) for n in names]


def _cell(people: People, each: Any, name: str) -> object:  # noqa: ANN401 - of any class above
    if name == "upn":
        return "" if each.pupil is None else people.upns[each.pupil]
    if name == "recorded_on":
        return _iso(each.sf)
    value = _text(people.view, each, name)
    return LIST_SEPARATOR.join(value) if isinstance(value, Joined) else value


def _is_taken(people: People, file: str, each: Any) -> bool:  # noqa: ANN401 - as above
    """Tell whether an import takes a record; count it where not.

    It may name a pupil and a parent whose keys are there; what was asked for by a parent beyond
    use was asked for all the same.
    """
    pupil, columns = getattr(each, "pupil", None), COLUMNS[file].all
    named = pupil is None or people.may_name(pupil, file)
    of_a_parent = columns[0] == "parent_id" or (file == CORRECTIONS and each.parent)
    return named and (not of_a_parent or each.parent in people.parents)


def _casework(people: People) -> Iterator[Row]:
    """Yield every step with a family, and what a correction says of one, each a row."""
    view, columns = people.view, COLUMNS[CASEWORK].all
    corrected = {each.position: each for each in view.ever(CaseworkCorrection)}
    for each in versions(view, CaseworkStep):
        if _is_taken(people, CASEWORK, each):
            said: dict[str, object] = {
                "from": each.first,
                "to": each.last,
                "ends": "yes" if each.ends else "",
            }
            signed: Any = each
            if each.corrected is not None:
                signed = corrected[each.corrected]
                said |= {"id": "", "corrects": each.id, "by": signed.by}
            said |= {name: _text(view, signed, name) for name in ("name", "job_title", "reason")}
            yield [
                said[n] if n in said else _cell(people, each, _NAMES.get(n, n)) for n in columns
            ]


def _plans(people: People) -> Iterator[Row]:
    """Yield every step of every plan known, the oldest first."""
    view = people.view
    known = sorted(view.ever(Plan), key=lambda each: (each.session, each.pupil, each.kf))
    for each in known:
        if people.may_name(each.pupil, PLANS):
            when = each.stated if each.imported else view.commits.of(each.kf).at
            texts = (view.open(each.reason), view.open(each.nature))
            place = (people.upns[each.pupil], *each.session.split("/"))
            yield *place, each.code, *texts, each.by, _iso(when), each.step


def _iso(instant: int | None) -> str:
    return iso(instant) if instant else ""


def rows_of(people: People, file: str) -> Iterable[Row]:
    """Return the rows of a file but those of marks, in its columns (lists are already joined)."""
    if file == PLANS:
        return _plans(people)
    if file in SOURCES:
        return _decisions(people, file)
    own = {PUPILS: _pupils, CASEWORK: _casework}.get(file)
    found = own(people) if own else _records(people, file)
    # In one order, so that one state of knowledge gives one file.
    return sorted(found, key=lambda row: [str(cell or "") for cell in row])


# -- marks.csv and amendments.csv: every version known -------------------------------------


class Marks:
    """The versions of marks, of the sessions from one day to another where given.

    In order of session and UPN, so that one state of knowledge gives one file.
    """

    def __init__(self, people: People, first: date | None, last: date | None) -> None:
        self._people = people
        self._view = people.view
        self._days = (first or date.min, last or date.max)
        self._memberships: dict[int, list[Interval]] = defaultdict(list)
        for membership in self._view.memberships:
            self._memberships[membership.pupil].append(membership)
        self._stopped = {
            (each.pupil, mark.partition(" ")[0])
            for each in self._view.ever(Uncounted)
            for mark in each.sessions
        }
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
        for upn, at, mark in self._known(MARKS, changes=False):
            closing = self._closing(mark.session)
            late = at and closing is not None and at > closing
            derived: EntryKind = "late_entry" if late else "entry"
            texts = (self._view.open(mark.nature), self._view.open(mark.comment))
            yield (
                upn,
                *mark.session.split("/"),
                mark.code,
                mark.minutes_late,
                *texts,
                mark.by,
                iso(at) if at else "",
                "" if mark.kind == derived else mark.kind,
                self._view.open(mark.reason),
            )

    def changes(self) -> Iterator[Row]:
        """Yield the rows of ``amendments.csv``: the changes of each mark in their order."""
        for upn, at, mark in self._known(AMENDMENTS, changes=True):
            closing = self._closing(mark.session)
            in_time = at and closing is not None and at <= closing
            derived: ChangeKind = "taking" if in_time else "amendment"
            yield (
                upn,
                *mark.session.split("/"),
                mark.replaced,
                mark.code,
                self._view.open(mark.reason),
                mark.by,
                iso(at) if at else "",
                self._view.open(mark.nature),
                mark.minutes_late,
                "" if mark.kind == derived else mark.kind,
                mark.batch,
                self._view.open(mark.name),
                self._view.open(mark.job_title),
            )

    def _known(self, file: str, *, changes: bool) -> Iterator[tuple[str, int | None, Mark]]:
        """Yield UPN, time and mark of each version known: the first ones, or their changes."""
        view, people = self._view, self._people
        for mark in marks_by_upn(view, self._days, people.upns, changes=changes):
            if self._may_stand(mark.pupil, mark.session, file):
                at = mark.stated if mark.imported else self._made_here(mark)
                yield people.upns[mark.pupil], at, mark

    def _made_here(self, mark: Mark) -> int:
        """Return when a version was made here; an import takes none before the one before it."""
        commits = self._view.commits
        at = commits.of(mark.kf).at
        if mark.replaced is None or at >= commits.known_at(mark.kf):
            return at
        chain = versions_of_mark(self._view, mark.pupil, mark.session)
        earlier = (each for each in chain if each.kf < mark.kf)
        return max(at, *(each.stated or commits.of(each.kf).at for each in earlier))

    def _may_stand(self, index: int, session: str, file: str) -> bool:
        """Tell whether an import takes a mark; count it, with its changes, where not."""
        people = self._people
        if not people.may_name(index, file):
            return False
        if (index, session) in self._stopped:
            return True
        if not people.on_roll(index, date.fromisoformat(session[:10])):
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
