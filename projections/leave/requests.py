"""Requests for leave as known, the steps taken on them, and what the register says of them.

Of their sessions, and of those right after: facts only.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import local_date
from ledger.values import Session, parse_session
from policies.law.age import is_compulsory
from policies.law.leave import not_returned
from policies.law.roll import Ground
from projections.queries.people import Author
from projections.queries.rectangle import rectangle
from projections.queries.view import View
from projections.readmodel.known import Between
from projections.readmodel.records.leave import LeaveAsked, LeaveStep
from projections.readmodel.records.register import Plan

DECISIONS = ("granted", "refused")


class Step(NamedTuple):
    """A decision, a withdrawal or a finding: by whom, when and why; the reason opened."""

    taken: LeaveStep
    by: Author
    on: date
    reason: str | None


class LeaveRequest(NamedTuple):
    """A request for leave as known: what was asked, and the steps in order; texts opened.

    ``decision``: the last one, granted or refused, whatever came after it; ``granted``: the first
    and last session granted, also where the leave ended otherwise since; ``is_stated``: whether
    another system states that it was asked for.
    """

    asked: LeaveAsked
    first: Session
    last: Session
    asked_by: str | None
    reason: str | None
    steps: Sequence[Step]
    is_stated: bool = False

    @property
    def state(self) -> str:
        """Where it stands: asked, granted, refused, withdrawn or falsified."""
        return self.steps[-1].taken.step if self.steps else "asked"

    @property
    def decision(self) -> Step | None:
        """The last decision."""
        decided = (step for step in reversed(self.steps) if step.taken.step in DECISIONS)
        return next(decided, None)

    @property
    def granted(self) -> tuple[Session, Session] | None:
        """The span granted, none where nothing was."""
        taken = self.decision and self.decision.taken
        if not taken or taken.first is None or taken.last is None:
            return None
        return parse_session(taken.first), parse_session(taken.last)

    @property
    def covers(self) -> tuple[Session, Session]:
        """The first and last session granted, else those asked for."""
        return self.granted or (self.first, self.last)


def requests(view: View, **where: Any) -> list[LeaveRequest]:  # noqa: ANN401 - of columns
    """Return the requests known, by first session; ``where``: of ``pupil`` and ``leave``."""
    steps: dict[str, list[Step]] = defaultdict(list)
    for each in sorted(view.standing(LeaveStep, **where), key=lambda step: step.line):
        step = Step(
            each,
            view.decider(each, each.line),
            local_date(view.done_at(each.line, each.sf)),
            view.open(each.reason),
        )
        steps[each.leave].append(step)
    found = [
        LeaveRequest(
            each,
            parse_session(each.first),
            parse_session(each.last),
            view.open(each.asked_by),
            view.open(each.reason),
            steps[each.leave],
            view.is_stated(each.kf),
        )
        for each in view.standing(LeaveAsked, **where)
    ]
    return sorted(found, key=lambda each: (each.first, each.asked.leave))


def _code(leave: LeaveRequest) -> str | None:
    return leave.decision.taken.code if leave.decision else None


def _granted_at(leave: LeaveRequest) -> int:
    return leave.decision.taken.line if leave.decision else 0


# -- the register of their sessions ----------------------------------------------------------


class Counts(NamedTuple):
    """The sessions of a request that the school meets, and what was entered on them.

    ``met`` = ``planned`` + ``as_planned`` + ``otherwise`` + ``unmarked``: still planned with the
    leave's code; entered with it; entered with another; neither mark nor such a plan. What other
    leave plans, granted before and standing, is no plan of this one.
    ``codes``: the marks by code. Marks count up to the day of the view.
    """

    met: int
    planned: int
    as_planned: int
    otherwise: int
    unmarked: int
    codes: Mapping[str, int]


class Aftermath(NamedTuple):
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


class Register:
    """The register of a view over some requests, their sessions and those right after."""

    def __init__(self, view: View, found: Sequence[LeaveRequest]) -> None:
        self.view = view
        self._granted: dict[int, list[LeaveRequest]] = defaultdict(list)
        for each in requests(view):
            if each.state == "granted":
                self._granted[each.asked.pupil].append(each)
        ends = [each.date for leave in found for each in (leave.first, leave.last, *leave.covers)]
        self._whole = rectangle(view, min(ends, default=view.on), max([*ends, view.on]))

    def marks(self, pupil: int, first: Session, last: Session) -> dict[Session, str]:
        """Return what stands on each session met for a pupil on roll, in order; or nothing yet."""
        whole = self._whole
        return {
            session: whole.book[whole.codes[pupil, at]] if session.date <= self.view.on else ""
            for at, session in enumerate(whole.sessions)
            if first <= session <= last and whole.met[pupil, at] and whole.on_roll[pupil, at]
        }

    def counts(self, leave: LeaveRequest) -> Counts:
        """Return what was entered on the sessions of a request."""
        pupil, (first, last) = leave.asked.pupil, leave.covers
        marks = self.marks(pupil, first, last)
        code = _code(leave)
        known = self.view.standing(Plan, pupil=pupil, session=Between(str(first), str(last)))
        plans = {plan.session for plan in known if code is not None and plan.code == code}
        entered = [mark for mark in marks.values() if mark]
        as_planned = entered.count(code) if code else 0
        planned = sum(
            str(session) in plans and not self._is_of_other(leave, session)
            for session, mark in marks.items()
            if not mark
        )
        return Counts(
            met=len(marks),
            planned=planned,
            as_planned=as_planned,
            otherwise=len(entered) - as_planned,
            unmarked=len(marks) - len(entered) - planned,
            codes=dict(sorted(Counter(entered).items())),
        )

    def _is_of_other(self, leave: LeaveRequest, session: Session) -> bool:
        """Tell whether the plan of a session rests on other leave that gives it the same code.

        On the one granted first, of those that stand.
        """
        bearing = [
            each
            for each in self._granted[leave.asked.pupil]
            if each.covers[0] <= session <= each.covers[1] and _code(each) == _code(leave)
        ]
        first = min(bearing, key=_granted_at, default=leave)
        return first.asked.leave != leave.asked.leave

    def aftermath(self, leave: LeaveRequest) -> Aftermath | None:
        """Return what followed granted leave; none where it has not ended, or does not stand."""
        pupil, last, on = leave.asked.pupil, leave.covers[1], self.view.on
        if leave.state != "granted" or last.date > on:
            return None
        codes = self.view.rules.codes
        overstayed: list[date] = []
        away: set[date] = set()
        returned = None
        for session, mark in self.marks(pupil, last, Session(on, "PM")).items():
            rule = codes.find(mark, session.date)
            if session == last or rule is None:
                continue
            if rule.attended:
                returned = session
                break
            away.add(session.date)
            if rule.unauthorised:
                overstayed.append(session.date)
        days = len(away - {returned and returned.date, last.date})
        ground = self._ground(pupil, days)
        return Aftermath(returned, len(overstayed), len(set(overstayed)), days, ground)

    def _ground(self, pupil: int, days: int) -> Ground | None:
        ground, person = not_returned(self.view.on), self.view.people[pupil]
        if ground is None or days < (ground.school_days or 0):
            return None
        here = is_compulsory(self.view.on, person.compulsory_from, person.birth_cohort)
        return ground if here == ground.compulsory else None
