"""A week of the register at two points in time, and every change that lies between them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from ledger.clock import iso, local_date, parse_instant
from ledger.errors import Refused
from ledger.values import Session
from projections.queries import lags
from projections.queries.pending import approval_steps
from projections.queries.people import Person
from projections.queries.question import PointInTime
from projections.queries.versions import Describer, recorded_fields
from projections.queries.view import View
from projections.readmodel.accessors.changes import newest_turn
from projections.readmodel.accessors.marks import Version
from projections.readmodel.record import Versioned
from projections.readmodel.records.roll import Details, Membership, Spell
from projections.readmodel.records.school import Closure, Term
from projections.register.signs import NO_MARK, code_text
from projections.register.week import PLAN, CellState, Difference, Week, by_surname

NOW = "now"


def other_view(question: PointInTime, view: View, known_at: str | None) -> View:
    """Return the other point in time: an instant, or (``now``, none) all that is known.

    Without a time of its own, ``--position`` bounds it too: what the ledger held then changes no
    more, and with it the answer.
    """
    at = None if known_at is None or known_at == NOW else _time_not_ahead(known_at, view)
    upto = question.position if known_at is None else None
    if upto is not None:
        at = _time_of_position(view, upto)
    second = view.at(replace(question, known_at=at, position=upto))
    if _people_known(view) == _people_known(second):
        second.people = view.people  # names are slow to open
    return second


def _time_of_position(view: View, position: int) -> str | None:
    """Return when the last entry up to a position was recorded; none before the first."""
    known = view.commits.upto(position)
    return iso(view.commits.known_at(position)) if known else None


def _time_not_ahead(known_at: str, view: View) -> str:
    """Return an instant that is not later than now; today's date stands for now."""
    if parse_instant(known_at) > view.now and known_at != view.today.isoformat():
        raise Refused(
            "known-at-future",
            f"--diff {known_at} is later than now",
            "compare with a time that has come, or with now",
        )
    return known_at


def _people_known(view: View) -> tuple[object, object]:
    """Return which versions of details and which spells a view knows."""
    return [(each.pupil, each.kf) for each in view.standing(Details)], view.spells


class Change(NamedTuple):
    """A change to a session of a pupil; ``account``: what of, by whom, when and why.

    The account is as `Describer` gives it, which documents hold and `wording` reads.
    ``number``: beneath a printed register.
    """

    person: Person
    account: Mapping[str, Any]
    number: int = 0

    @property
    def session(self) -> str:
        """The session."""
        return str(self.account["session"])

    @property
    def kind(self) -> str:
        """What kind of change it is."""
        return str(self.account["kind"])

    @property
    def codes(self) -> tuple[str | None, ...]:
        """The codes that are shown: what was, what became, what was asked for."""
        return (self.account["was"], self.account["became"], self.account.get("asked"))

    def document(self, first: str) -> dict[str, Any]:
        """Return it as a document has it; ``first``: its session or number."""
        upn, name = self.person.upn, self.person.name
        return {first: getattr(self, first), "upn": upn, "name": name, **self.account}


def account_of(describer: Describer, version: Version, *kept: str) -> dict[str, Any]:
    """Return the account of a version: its codes, some of what `Describer` says, its source."""
    row = describer.row(0, version)
    found = {"was": version.replaced, "became": version.code}
    found |= {name: row[name] for name in (*kept, *_WHO_AND_WHEN) if name in row}
    return found | {"source": describer.source(version)}


_WHO_AND_WHEN = (
    "by", "recorded_at", "recorded_between", "stated_at", "late_by_school_days", "late_between",
    "late", "position", "changed_at", "imported_by",
)  # fmt: skip


@dataclass
class Comparison:
    """The same group and week at two points in time, the earlier one first."""

    earlier: Week
    later: Week

    def __post_init__(self) -> None:
        both = {p.index: p for week in (self.earlier, self.later) for p in week.pupils}
        self.earlier.pupils = self.later.pupils = by_surname(both.values())

    def differs(self, person: Person, session: Session) -> bool:
        """Tell whether what stood at first stands no more, or was amended in between.

        A first entry at the taking changes nothing that stood.
        """
        if any(v.kind not in (PLAN, "entry") for v in self._new(person, session)):
            return True
        was, now = self._cells(person, session)
        changed = was.code is not None and was.code != now.code
        return changed or not self._same_cell(person, session)

    def difference(self, person: Person, session: Session) -> Difference | None:
        """Return what stood and what it became; none where it is the same."""
        was, became = map(_code_that_stands, self._cells(person, session))
        return None if was == became else Difference(was, became)

    def _cells(self, person: Person, session: Session) -> tuple[CellState, CellState]:
        return self.earlier.cell(person, session), self.later.cell(person, session)

    def _same_cell(self, person: Person, session: Session) -> bool:
        """Tell whether neither calendar nor roll moved a cell."""
        was, now = self._cells(person, session)
        return (was.met, was.cancelled, was.member) == (now.met, now.cancelled, now.member)

    def _new(self, person: Person, session: Session) -> list[Version]:
        place = (person.index, str(session))
        known = {(v.kind == PLAN, v.position) for v in self.earlier.versions.get(place, ())}
        later = self.later.versions.get(place, ())
        return [v for v in later if (v.kind == PLAN, v.position) not in known]

    @cached_property
    def _describer(self) -> Describer:
        return Describer(self.later.view)

    @cached_property
    def _school_days(self) -> list[date]:
        return self.later.view.calendar.school_days()

    def changes(self) -> list[Change]:
        """Return every change between the two times, in the order in which it became known."""
        found = [
            Change(person, {"session": str(session), **account})
            for person in self.later.pupils
            for session in self.later.sessions
            for account in self._accounts(person, session)
        ]
        found += self._requests()
        return sorted(found, key=lambda c: (c.account["position"] or 0, c.session, c.person.upn))

    def _accounts(self, person: Person, session: Session) -> Iterator[dict[str, Any]]:
        new = self._new(person, session)
        for version in new:
            yield account_of(self._describer, version, "kind", "step", "reason")
        difference = self.difference(person, session)
        amended = [version.code for version in new if version.kind != PLAN][-1:]
        # A mark that was amended to what now stands says it all.
        told = difference is None or amended == [difference.became]
        if difference and not told and not self._same_cell(person, session):
            yield difference._asdict() | self._calendar_or_roll(person, session)

    def _calendar_or_roll(self, person: Person, session: Session) -> dict[str, Any]:
        was, now = self._cells(person, session)
        view, day, half = self.later.view, session.date, session.half
        if was.member != now.member:
            moved = (self._moved(each, pupil=person.index) for each in (Spell, Membership))
            return self._event("roll", session, moved, None)
        closures = view.standing(Closure, date=day, half=half)
        reasons = (view.open(each.reason) for each in closures)
        closed = self._moved(Closure, date=day, half=half)
        return self._event("calendar", session, [closed], "; ".join(filter(None, reasons)) or None)

    def _moved(self, record: type[Versioned], **where: object) -> int | None:
        """Return the newest event between the two times that moved some facts."""
        low = self.earlier.view.position
        return newest_turn(self.later.view, record, low, **where)

    def _event(
        self, kind: str, session: Session, moved: Iterable[int | None], reason: str | None
    ) -> dict[str, Any]:
        """Say what moved a cell: the first of what did, else the terms."""
        position = next((each for each in moved if each is not None), None) or self._moved(Term)
        found: dict[str, Any] = {"kind": kind, "reason": reason, "by": None, "position": position}
        found |= dict.fromkeys(("recorded_at", "stated_at", "source", "late_by_school_days"))
        if position is None:
            return found
        commit = self.later.view.commits.of(position)
        day = local_date(commit.at)
        made = self._describer.name_and_title(commit.by, day)._asdict()
        made["authenticated"] = commit.authenticated
        lag = lags.school_days_after(self._school_days, session.date, commit.at)
        return found | {"by": made if commit.by else None, **recorded_fields(commit.at),
                        "source": commit.source, **lags.fields(lag)}  # fmt: skip

    def _requests(self) -> list[Change]:
        week = self.later
        people = {person.index: person for person in week.pupils}
        found = approval_steps(week.view, people.keys(), week.monday, week.friday)
        low = self.earlier.view.position
        return [Change(people[pupil], row) for pupil, row in found if row["position"] > low]


def _code_that_stands(cell: CellState) -> str | None:
    found = code_text(cell)
    return None if found == NO_MARK else found


def comparison(week: Week, other: View) -> Comparison:
    """Return a week at its own point in time and at another, the earlier one first."""
    second = Week(other, week.group, week.monday, required=False)
    earlier, later = sorted((week, second), key=lambda each: _order(each.view))
    return Comparison(earlier, later)


def _order(view: View) -> tuple[int, int]:
    at = (view.position, view.known_at)
    return at if view.question.clock == "ledger" else (at[1], at[0])
