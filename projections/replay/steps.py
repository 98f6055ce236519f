"""A pupil's history as steps in the order in which they became known, with figures around each."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.clock import local_date, parse_instant
from ledger.values import parse_session
from policies.law.calendar import monday
from projections.queries.pending import approval_steps
from projections.queries.people import Person
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, versions_of
from projections.register.compare import account_of
from projections.register.week import PLAN
from projections.replay.changes import Change, Changes, Order
from projections.replay.figures import Counted, CountingCells, Figures
from projections.roll.admission_rows import amendments

Account = Mapping[str, Any]
"""What happened, by whom, when and why, as documents hold it and `wording` reads it."""


class Entries(NamedTuple):
    """First entries at the taking, folded: those of one week, one after another."""

    source: str | None
    first: str
    last: str
    codes: Mapping[str, int]
    from_position: int
    position: int

    def joins(self, other: "Entries") -> bool:
        """Tell whether later entries are of the same week and source."""
        days = (parse_session(each.first).date for each in (self, other))
        return self.source == other.source and len(set(map(monday, days))) == 1

    def and_then(self, later: "Entries") -> "Entries":
        """Return both together."""
        codes = {**self.codes}
        for code, number in later.codes.items():
            codes[code] = codes.get(code, 0) + number
        return Entries(
            self.source,
            min(self.first, later.first),
            max(self.last, later.last),
            dict(sorted(codes.items())),
            self.from_position,
            later.position,
        )

    def document(self) -> dict[str, Any]:
        """Return them as a document has them."""
        return {
            "kind": "entries",
            "entries": sum(self.codes.values()),
            "first": self.first,
            "last": self.last,
            "codes": self.codes,
            "source": self.source,
            "from_position": self.from_position,
            "position": self.position,
        }


class Step(NamedTuple):
    """One thing that became known of a pupil, and the figures before and after it.

    ``order``: its place among all that became known.
    """

    person: Person
    order: Order
    told: Entries | Account
    before: Counted
    after: Counted

    @property
    def account(self) -> Account:
        """What happened, as documents hold it."""
        return self.told.document() if isinstance(self.told, Entries) else self.told

    def document(self) -> dict[str, Any]:
        """Return it as a document has it."""
        figures = {"before": self.before._asdict(), "after": self.after._asdict()}
        return {"upn": self.person.upn, **self.account, **figures}


@dataclass(frozen=True, slots=True)
class Known:
    """What became known at once: a version of a mark or plan, or the account of something else."""

    order: Order
    version: Version | None = None
    account: Account | None = None

    @property
    def is_mark(self) -> bool:
        """Whether a mark stands by it."""
        return self.version is not None and self.version.kind != PLAN


class Replayer:
    """Replays pupils, all as known at the same point in time."""

    def __init__(self, view: View, pupils: Collection[int], *, every: bool = False) -> None:
        self._view, self._every = view, every
        self._describer = Describer(view)
        self._by_source = view.question.clock == "source"
        self._changes = Changes(view, self._describer, pupils)
        self._cells, self._pupils = CountingCells(view), pupils
        self._asked: dict[int, list[Account]] = {}
        for pupil, row in approval_steps(view, pupils, view.first, view.on):
            self._asked.setdefault(pupil, []).append(row)

    def steps(self, person: Person) -> list[Step]:
        """Return the steps of one pupil in order; the figures after one are those before the next.

        Calendar, roll and ages are as known at each step; where one of them moves the figures,
        that is a step. Marks of sessions before the first day counted move only the fullest
        window, and are no steps.
        """
        figures, found = self._cells.figures(), list[Step]()
        known, changes = self._in_order(person.index), self._changes.of(person.index)
        due: Change | None = None
        now = figures.counted()
        for order in sorted(known.keys() | changes.keys()):
            here, change = known.get(order, []), changes.get(order)
            before, due = now, change or due
            moved: list[str] = []
            # Before any mark stands there is nothing to count.
            if due is not None and (figures.stood or any(each.is_mark for each in here)):
                among = self._pupils if due.of_all else [person.index]
                moved = figures.turn(self._cells.cells(due.moment, person.index, among))
                due, now = None, figures.counted()
            # The amendment of a birth date tells of itself.
            if change is not None and now != before and not (here and change.of_ages):
                account = self._changes.account(change, moved)
                found.append(Step(person, order, account, before, now))
                before = now
            for each in here:
                before = now = self._take(found, each, person, figures, before)
        return found

    def _take(
        self, found: list[Step], known: Known, person: Person, figures: Figures, before: Counted
    ) -> Counted:
        """Add what became known, if it is of the days asked about; return the figures then."""
        version = known.version
        if version is not None and known.is_mark:
            figures.move(version.session, version.code or "")
        now = figures.counted()
        if version is not None and parse_session(version.session).date < self._view.first:
            return now
        told = (known.account or {}) if version is None else self._told(version)
        last = found[-1].told if found else None
        # First entries at the taking, one after another, are one step a week.
        if isinstance(told, Entries) and isinstance(last, Entries) and last.joins(told):
            told, before = last.and_then(told), found.pop().before
        found.append(Step(person, known.order, told, before, now))
        return now

    def _in_order(self, pupil: int) -> dict[Order, list[Known]]:
        found: dict[Order, list[Known]] = {}
        for known in self._known(pupil):
            found.setdefault(known.order, []).append(known)
        return found

    def _known(self, pupil: int) -> Iterator[Known]:
        view = self._view
        for version in versions_of(view, [pupil], self._cells.first, view.on):
            yield Known(self._order(version.position, version.known_by_source), version)
        # One pupil at a time: UPNs that are beyond use are all alike.
        about = map(_admission, amendments(view, self._describer, {pupil}))
        made = [row for row in about if local_date(self._known_at(row)) >= view.first]
        for row in (*self._asked.get(pupil, ()), *made):
            yield Known(self._order(row["position"], self._known_at(row)), account=row)

    def _known_at(self, row: Account) -> int:
        if row["stated_at"] is None:
            return self._view.commits.known_at(row["position"])
        return parse_instant(row["stated_at"])

    def _order(self, position: int, stated: int) -> Order:
        return (stated, position) if self._by_source else (position, 0)

    def _told(self, version: Version) -> Entries | Account:
        if version.kind == "entry" and not self._every:
            source, session = self._describer.source(version), version.session
            codes = {version.code or "": 1}
            return Entries(source, session, session, codes, version.position, version.position)
        about = ("session", "kind", "step", "minutes_late", "nature", "reason")
        coded = {"was": version.replaced, "became": version.code, "batch": version.batch}
        return {**coded, **account_of(self._describer, version, *about)}


def _admission(row: Account) -> Account:
    """Return an amendment of the admission register as an account; it has no session."""
    kept = ("field", "about", "parent_id", "reason", "by", "recorded_at", "recorded_between",
            "stated_at", "source", "position")  # fmt: skip
    return {"kind": "admission", "admission": row["kind"], "session": None, "step": None,
            "was": row["original"], "became": row["amended"], "late_by_school_days": None,
            **{name: row[name] for name in kept if name in row}}  # fmt: skip
