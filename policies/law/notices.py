"""Penalty notices to one parent for one child, and who is a parent.

What earlier notices mean for another: SI 2007/1867 regs 4, 5, 7, 12A and 22. The complete record
is the local authority's: every answer here is on the notices given, as known to whoever asks.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Literal

from ledger.values import Session, parse_session
from policies.law import papers
from policies.law.calendar import last_day, nth_working_day, years_earlier
from policies.packs.values import parameters

Outcome = Literal["first", "second", "barred"]
FAILURE_TO_ATTEND = "s444A"
"""The kind of notice to which the scheme of 2024 applies (EA 1996 s.444A)."""
NO_GROUND = "not stated"
"""Where a withdrawal states no ground, among the grounds that a rule names."""
_WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A penalty notice as recorded.

    ``kind``: ``s444A`` or ``s105``; ``sessions``: those it relied on, where they are stated;
    ``withdrawn_ground``: the regulation on whose ground it was withdrawn, where that is stated.
    """

    kind: str
    issued_on: date
    offence_first: date | None = None
    offence_last: date | None = None
    received_on: date | None = None
    paid_on: date | None = None
    withdrawn_on: date | None = None
    outcome: str | None = None
    outcome_on: date | None = None
    sessions: tuple[Session, ...] = ()
    withdrawn_ground: str | None = None

    @property
    def offence_began(self) -> date:
        """The first day of the offence; where it is not stated, the issue as its latest."""
        stated = [session.date for session in self.sessions]
        return self.offence_first or min(stated, default=self.issued_on)

    @property
    def decided_on(self) -> date:
        """The day from which its outcome counts."""
        return self.outcome_on or self.withdrawn_on or self.paid_on or self.issued_on

    @property
    def paper(self) -> papers.Paper | None:
        """What it relied on; none of another kind, or without sessions and offence."""
        if self.kind != FAILURE_TO_ATTEND:
            return None
        last = self.offence_last or self.issued_on
        return papers.notice(self.sessions, self.offence_first, last)

    def stands(self, on: date) -> bool:
        """Tell whether it was issued by a day, and not withdrawn by then."""
        return self.issued_on <= on and not self.withdrawn(on)

    def withdrawn(self, by: date) -> bool:
        """Tell whether it had been withdrawn by a day."""
        if self.withdrawn_on is not None and self.withdrawn_on <= by:
            return True
        return self.outcome == _WITHDRAWN and self.decided_on <= by


def stated(notice: object) -> Notice:
    """Return a notice as the rules take it, of what states one: its event, or its row.

    That has the attributes of a `Notice`, but its sessions are text.
    """
    said = {each.name: getattr(notice, each.name) for each in fields(Notice)}
    sessions = tuple(map(parse_session, said.pop("sessions")))
    return Notice(**said, sessions=sessions)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What one more notice would be, on our records: pounds, None where there is no such amount.

    ``previous``: the earlier notices that count; ``low``: if paid early, ``high``: otherwise.
    """

    previous: tuple[Notice, ...]
    outcome: Outcome
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Windows:
    """The last days to pay the lower amount and to pay at all, and of no proceedings."""

    low_until: date
    pay_until: date
    no_proceedings_until: date


def previous(notices: Iterable[Notice], on: date) -> tuple[Notice, ...]:
    """Return the notices that count against one more issued on a day.

    Issued in the three years that end with that day, less those disregarded by then (reg 4(3) to
    (5), reg 12A). Refused as ``date-outside-rule`` before 19 August 2024.
    """
    years = parameters().value("penalty_notices.limit", on).table["years"]
    after = years_earlier(on, years)
    return tuple(
        notice
        for notice in notices
        if notice.kind == FAILURE_TO_ATTEND
        and after < notice.issued_on <= on
        and not _disregarded(notice, on)
    )


def _disregarded(notice: Notice, on: date) -> bool:
    before = parameters().value("penalty_notices.disregarded_before", on).day
    outcomes = parameters().value("penalty_notices.disregarded_outcomes", on).names
    decided = notice.outcome in outcomes and notice.decided_on <= on
    return notice.offence_began < before or decided or notice.withdrawn(on)


def prospect(notices: Iterable[Notice], on: date, offence_first: date | None = None) -> Prospect:
    """Return what a notice issued on a day would be: first, second or barred, and its amounts.

    ``offence_first``: the first day of the offence it would be for, by which the amounts go;
    without it, an offence of today's rules.
    """
    found = previous(notices, on)
    limit = parameters().value("penalty_notices.limit", on).table["notices"]
    if len(found) >= limit:
        return Prospect(found, "barred", None, None)
    low, high = amounts(len(found), offence_first or on)
    return Prospect(found, "second" if found else "first", low, high)


def amounts(previous: int, offence_first: date) -> tuple[int | None, int]:
    """Return the lower and the higher amount in pounds, for an offence that began on a day.

    No lower one for a second notice; an offence that began before 19 August 2024 keeps the flat
    pair of its day, however many came before (SI 2024/210 reg 4(3)).
    """
    second = parameters().find("penalty_notices.second_amount", offence_first)
    if previous and second:
        return None, second.number
    both = parameters().value("penalty_notices.amounts", offence_first).table
    return both["low"], both["high"]


def received_on(notice: Notice) -> date:
    """Return the day of receipt as recorded, else the one on which first-class post is deemed so.

    The second working day after posting, unless the contrary is proved (reg 22); posting is
    taken to be on the day of issue.
    """
    return notice.received_on or deemed_service(notice.issued_on)


def deemed_service(posted: date) -> date:
    """Return the day on which first-class post is deemed to have arrived (reg 22)."""
    days = parameters().value("penalty_notices.service_working_days", posted).number
    return nth_working_day(posted, days)


def windows(received: date, offence_first: date) -> Windows:
    """Return the last days of the windows, each beginning with the day of receipt.

    Their lengths go by the first day of the offence (SI 2013/757 reg 3).
    """
    low, pay, wait = (
        parameters().value(f"penalty_notices.{name}", offence_first).number
        for name in ("low_days", "payment_days", "no_proceedings_days")
    )
    return Windows(last_day(received, low), last_day(received, pay), last_day(received, wait))


def relied_on(session: Session, notices: Iterable[Notice], on: date) -> bool:
    """Tell whether a notice issued by a day, and not withdrawn by then, relied on a session.

    On its sessions where they are stated, else on every one in its offence period: a parent who
    has paid cannot be convicted of that offence (EA 1996 s.444A(4)).
    """
    standing = (each.paper for each in notices if each.stands(on))
    return any(paper is not None and paper.relied_on(session) for paper in standing)


@dataclass(frozen=True, slots=True)
class Uses:
    """What the notices to one parent for one child used up of some sessions.

    ``used``: what another notice to this parent may not be about. ``undetermined``: the withdrawn
    notices of which nobody can say whether their sessions may be used again, each with those of
    the sessions that no other notice used up for certain: the authority has to be asked.
    """

    sessions: tuple[Session, ...]
    used: frozenset[Session]
    undetermined: tuple[tuple[Notice, tuple[Session, ...]], ...]

    @property
    def fresh(self) -> int:
        """How many of the sessions are not used up."""
        return len(self.sessions) - len(self.used)

    @property
    def to_ask(self) -> int:
        """Of how many of the sessions the authority has to be asked."""
        return len(self._asked)

    @property
    def certain(self) -> int:
        """How many of the sessions are used up, whatever the authority answers."""
        return len(self.used - self._asked)

    @property
    def _asked(self) -> set[Session]:
        return {session for _, found in self.undetermined for session in found}


def uses(sessions: Iterable[Session], notices: Iterable[Notice], on: date) -> Uses:
    """Return what the notices to one parent for one child used up of some sessions by a day.

    A notice uses its sessions up while it stands, paid, unpaid or prosecuted (EA 1996 s.444A(4),
    SI 2007/1867 reg 7), and when it was withdrawn as one that ought not to have been issued (reg
    8(1)(a): no proceedings for that offence); after material errors they are free (reg 8(1)(b)).
    """
    used_by = parameters().value("penalty_notices.used_after_withdrawal", on).names
    open_ = parameters().value("penalty_notices.undetermined_after_withdrawal", on).names
    asked, theirs = tuple(sessions), [each for each in notices if each.issued_on <= on]
    used, certain = set[Session](), set[Session]()
    for notice in theirs:
        ground = _ground(notice, on)
        if ground is None or ground in used_by:
            relied = _relied_upon(asked, notice)
            used.update(relied)
            certain.update(() if ground in open_ else relied)
    undetermined = (
        (each, tuple(s for s in _relied_upon(asked, each) if s not in certain))
        for each in theirs
        if _ground(each, on) in open_
    )
    return Uses(asked, frozenset(used), tuple(each for each in undetermined if each[1]))


def withdrawal_words(ground: str | None) -> str:
    """Say that a notice was withdrawn, and on which ground."""
    if ground is None:
        return "was withdrawn, and no ground is recorded"
    return f"was withdrawn under reg {ground}"


def _ground(notice: Notice, on: date) -> str | None:
    """Return the ground of a withdrawal by a day, ``not stated`` without one; none: it stands."""
    return (notice.withdrawn_ground or NO_GROUND) if notice.withdrawn(on) else None


def _relied_upon(sessions: Iterable[Session], notice: Notice) -> list[Session]:
    paper = notice.paper
    return [] if paper is None else [each for each in sessions if paper.relied_on(each)]


def relevant_school(school_type: str, on: date) -> bool:
    """Tell whether penalty notices apply to a type of school (EA 1996 s.444A(1)(b))."""
    return school_type in parameters().value("penalty_notices.relevant_schools", on).names


# Who is a parent for the purposes of attendance (EA 1996 s.576), as far as a record can say.

Liable = Literal["yes", "undetermined"]


def liable(
    parental_responsibility: str | None, care: str | None, relationship: str | None, on: date
) -> Liable | None:
    """Tell whether somebody is a parent: yes, or not ruled out; None where ruled out on all three.

    The flags are ``yes``, ``no`` or None for not known. It is what the record says: who is liable
    is for a person to decide.
    """
    words = parameters().value("penalty_notices.parent_relationships", on).names
    named = (relationship or "").strip().casefold()
    if named in words or "yes" in (parental_responsibility, care):
        return "yes"
    if named and parental_responsibility == care == "no":
        return None
    return "undetermined"
