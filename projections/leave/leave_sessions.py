"""What the register says of the sessions of leave, and of those right after it: facts only."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.values import Session
from policies.law import leave as law
from policies.law.age import is_compulsory
from policies.law.roll import Ground
from projections.leave.requests import Found
from projections.queries.view import View
from projections.readmodel.mark_rows import row_ids


@dataclass(frozen=True, slots=True)
class Counts:
    """The sessions of a request that the school meets, and what was entered on them.

    ``met`` = ``planned`` + ``as_planned`` + ``otherwise`` + ``unmarked``: still planned with the
    leave's code; entered with it; entered with another; neither mark nor such a plan.
    ``codes``: the marks by code. Marks count up to the day of the view.
    """

    met: int
    planned: int
    as_planned: int
    otherwise: int
    unmarked: int
    codes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class After:
    """What followed leave that has ended, up to the day of the view.

    ``returned``: the first session after it with a mark of attendance; none: none yet.
    ``overstayed``: sessions marked unauthorised before that, on ``overstayed_days`` school days;
    ``days_away``: school days before it with marks, none of which says attended. ``ground``: for
    leaving, where its number of school days is reached (reg 9(1)(h)).
    """

    returned: Session | None
    overstayed: int
    overstayed_days: int
    days_away: int
    ground: Ground | None


@dataclass
class Register:
    """The register of a view, asked about one pupil at a time."""

    view: View

    @cached_property
    def _groups(self) -> dict[int, list[tuple[date, date, str]]]:
        found: dict[int, list[tuple[date, date, str]]] = {}
        for m in self.view.memberships:
            found.setdefault(m.pupil, []).append((m.first, m.last or date.max, m.name))
        return found

    @cached_property
    def _spells(self) -> dict[int, list[tuple[date, date]]]:
        found: dict[int, list[tuple[date, date]]] = {}
        for spell in self.view.spells:
            found.setdefault(spell.pupil, []).append((spell.first, spell.last or date.max))
        return found

    def met(self, pupil: int, first: Session, last: Session) -> list[Session]:
        """Return the sessions that the school meets for a pupil on roll, in order."""
        return list(self._met(pupil, first, last))

    def _met(self, pupil: int, first: Session, last: Session) -> Iterator[Session]:
        calendar = self.view.calendar
        for session in calendar.sessions(first.date, last.date):
            if (
                first <= session <= last
                and any(a <= session.date <= b for a, b in self._spells.get(pupil, ()))
                and calendar.meets(session, self._names(pupil, session.date))
            ):
                yield session

    def _names(self, pupil: int, day: date) -> list[str]:
        return [name for a, b, name in self._groups.get(pupil, ()) if a <= day <= b]

    def marks(self, pupil: int, first: date, last: date) -> dict[str, str]:
        """Return the marks that stood from one day to another, by session."""
        ids = row_ids(pupil, first, last)
        rows = self.view.stood("session, code", "marks", "id BETWEEN :v0 AND :v1", *ids)
        return dict(rows)

    def plans(self, pupil: int, first: Session, last: Session) -> dict[str, str]:
        """Return what stood planned for a pupil, by session."""
        where = "pupil = :v0 AND session BETWEEN :v1 AND :v2 AND code IS NOT NULL"
        return dict(self.view.stood("session, code", "plans", where, pupil, str(first), str(last)))

    def counts(self, leave: Found) -> Counts:
        """Return what was entered on the sessions of a request."""
        first, last = leave.covers
        met = self.met(leave.pupil, first, last)
        marks = self.marks(leave.pupil, first.date, min(last.date, self.view.on))
        plans = self.plans(leave.pupil, first, last)
        code = leave.decision.code if leave.decision else None
        entered = [marks[str(s)] for s in met if str(s) in marks]
        open_ = [s for s in met if str(s) not in marks]
        as_planned = entered.count(code) if code else 0
        planned = sum(code is not None and plans.get(str(s)) == code for s in open_)
        return Counts(
            met=len(met),
            planned=planned,
            as_planned=as_planned,
            otherwise=len(entered) - as_planned,
            unmarked=len(open_) - planned,
            codes=dict(sorted(Counter(entered).items())),
        )

    def after(self, leave: Found) -> After | None:
        """Return what followed granted leave; none where it has not ended, or does not stand."""
        if leave.state != "granted" or leave.covers[1].date > self.view.on:
            return None
        last, on = leave.covers[1], self.view.on
        marks = self.marks(leave.pupil, last.date, on)
        codes, overstayed, away = self.view.rules.codes, [], set()
        returned = None
        for session in self._met(leave.pupil, last, Session(on, "PM")):
            rule = codes.find(marks.get(str(session), ""), session.date)
            if session == last or rule is None:
                continue
            if rule.attended:
                returned = session
                break
            away.add(session.date)
            if rule.unauthorised:
                overstayed.append(session)
        days = len(away - ({returned.date} if returned else set()) - {last.date})
        return After(
            returned=returned,
            overstayed=len(overstayed),
            overstayed_days=len({session.date for session in overstayed}),
            days_away=days,
            ground=self._ground(leave.pupil, days),
        )

    def _ground(self, pupil: int, days: int) -> Ground | None:
        ground, person = law.not_returned(self.view.on), self.view.people[pupil]
        if ground is None or days < (ground.school_days or 0):
            return None
        here = is_compulsory(self.view.on, person.compulsory_from, person.birth_cohort)
        return ground if here == ground.compulsory else None
