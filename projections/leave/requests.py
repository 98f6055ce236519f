"""Requests for leave as known, the steps taken on them, and what the register says of them.

Of their sessions, and of those right after: facts only.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from ledger.clock import local_date
from ledger.values import Session, parse_session
from policies.law.age import is_compulsory
from policies.law.leave import not_returned
from policies.law.roll import Ground
from projections.queries.view import View
from projections.readmodel.known import Between
from projections.readmodel.mark_rows import row_ids
from projections.readmodel.records.leave import LeaveAsked, LeaveStep
from projections.readmodel.records.register import Mark, Plan


@dataclass(frozen=True, slots=True)
class Step:
    """A decision, a withdrawal or a finding: who, when, why; texts opened.

    ``what``: granted, refused, withdrawn or falsified. ``first`` and ``last``: the sessions
    granted.
    """

    what: str
    paragraph: str | None
    code: str | None
    first: str | None
    last: str | None
    reason: str | None
    letter_on: date | None
    batch: str | None
    by: str
    name: str | None
    job_title: str
    on: date

    def document(self) -> dict[str, Any]:
        """Return the step as an answer shows it."""
        return {
            "step": self.what,
            "on": self.on.isoformat(),
            "by": {"name": self.name, "job_title": self.job_title},
            "paragraph": self.paragraph,
            "code": self.code,
            "first": self.first,
            "last": self.last,
            "reason": self.reason,
            "letter_on": self.letter_on.isoformat() if self.letter_on else None,
            "batch": self.batch,
        }


@dataclass(frozen=True, slots=True)
class LeaveRequest:
    """A request for leave as known: what was asked, and the steps in order; texts opened."""

    pupil: int
    id: str
    first: Session
    last: Session
    purpose: str
    asked_on: date
    parent: str | None
    asked_by: str | None
    reason: str | None
    by: str
    recorded_on: date
    steps: tuple[Step, ...]

    @property
    def state(self) -> str:
        """Where it stands: asked, granted, refused, withdrawn or falsified."""
        return self.steps[-1].what if self.steps else "asked"

    @property
    def decision(self) -> Step | None:
        """The last decision, granted or refused, whatever came after it."""
        return next((s for s in reversed(self.steps) if s.what in ("granted", "refused")), None)

    @property
    def granted_span(self) -> tuple[Session, Session] | None:
        """The first and last session granted, also where the leave ended otherwise since."""
        decision = self.decision
        if decision is None or decision.first is None or decision.last is None:
            return None
        return parse_session(decision.first), parse_session(decision.last)

    @property
    def covers(self) -> tuple[Session, Session]:
        """The first and last session granted, else those asked for."""
        return self.granted_span or (self.first, self.last)


def requests(view: View, **where: Any) -> list[LeaveRequest]:  # noqa: ANN401 - of columns
    """Return the requests known, by first session; ``where``: of ``pupil`` and ``leave``."""
    steps: dict[str, list[Step]] = {}
    for each in sorted(view.standing(LeaveStep, **where), key=lambda step: step.line):
        steps.setdefault(each.leave, []).append(_step(view, each))
    found = [_request(view, each, steps) for each in view.standing(LeaveAsked, **where)]
    return sorted(found, key=lambda each: (each.first, each.id))


def _step(view: View, each: LeaveStep) -> Step:
    return Step(
        what=each.step,
        paragraph=each.paragraph,
        code=each.code,
        first=each.first,
        last=each.last,
        reason=view.open(each.reason),
        letter_on=each.letter_on,
        batch=each.batch,
        by=each.by,
        name=view.open(each.name),
        job_title=each.job_title,
        on=local_date(each.at),
    )


def _request(view: View, each: LeaveAsked, steps: Mapping[str, list[Step]]) -> LeaveRequest:
    return LeaveRequest(
        pupil=each.pupil,
        id=each.leave,
        first=parse_session(each.first),
        last=parse_session(each.last),
        purpose=each.purpose,
        asked_on=each.asked_on,
        parent=each.parent,
        asked_by=view.open(each.asked_by),
        reason=view.open(each.reason),
        by=each.by,
        recorded_on=local_date(each.at),
        steps=tuple(steps.get(each.leave, ())),
    )


# -- the register of their sessions ----------------------------------------------------------


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
class Aftermath:
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

    def sessions_met(self, pupil: int, first: Session, last: Session) -> list[Session]:
        """Return the sessions that the school meets for a pupil on roll, in order."""
        return list(self._sessions_met(pupil, first, last))

    def _sessions_met(self, pupil: int, first: Session, last: Session) -> Iterator[Session]:
        calendar = self.view.calendar
        for session in calendar.sessions(first.date, last.date):
            if (
                first <= session <= last
                and any(a <= session.date <= b for a, b in self._spells.get(pupil, ()))
                and calendar.meets(session, self._groups_on(pupil, session.date))
            ):
                yield session

    def _groups_on(self, pupil: int, day: date) -> list[str]:
        return [name for a, b, name in self._groups.get(pupil, ()) if a <= day <= b]

    def marks(self, pupil: int, first: date, last: date) -> dict[str, str]:
        """Return the marks that stood from one day to another, by session."""
        ids = row_ids(pupil, first, last)
        found = self.view.standing(Mark, id=Between(*ids))
        return {mark.session: mark.code for mark in found}

    def plans(self, pupil: int, first: Session, last: Session) -> dict[str, str]:
        """Return what stood planned for a pupil, by session."""
        found = self.view.standing(Plan, pupil=pupil, session=Between(str(first), str(last)))
        return {plan.session: plan.code for plan in found if plan.code is not None}

    def counts(self, leave: LeaveRequest) -> Counts:
        """Return what was entered on the sessions of a request."""
        first, last = leave.covers
        met = self.sessions_met(leave.pupil, first, last)
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

    def aftermath(self, leave: LeaveRequest) -> Aftermath | None:
        """Return what followed granted leave; none where it has not ended, or does not stand."""
        if leave.state != "granted" or leave.covers[1].date > self.view.on:
            return None
        last, on = leave.covers[1], self.view.on
        marks = self.marks(leave.pupil, last.date, on)
        codes, overstayed, away = self.view.rules.codes, [], set()
        returned = None
        for session in self._sessions_met(leave.pupil, last, Session(on, "PM")):
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
        return Aftermath(
            returned=returned,
            overstayed=len(overstayed),
            overstayed_days=len({session.date for session in overstayed}),
            days_away=days,
            ground=self._ground(leave.pupil, days),
        )

    def _ground(self, pupil: int, days: int) -> Ground | None:
        ground, person = not_returned(self.view.on), self.view.people[pupil]
        if ground is None or days < (ground.school_days or 0):
            return None
        here = is_compulsory(self.view.on, person.compulsory_from, person.birth_cohort)
        return ground if here == ground.compulsory else None
