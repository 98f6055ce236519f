"""Proposed changes of marks: who may make them, which wait for a second person, what they move.

The statute restricts nobody (SI 2024/208 reg 6), so without an adopted policy everything applies
at once. A second person is asked for only where a change adds unauthorised absence: what is in a
family's favour is never held back.

A use case that amends includes `policy_reads` in what it reads, calls `judge` with what it
proposes, and records the `Judgement.fact` of each.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import NamedTuple

from commands.core import marks, papers, told
from commands.core.authority import PolicyOnDay, check_policy_role, policy_in_force
from commands.core.command import Author, State
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import POLICIES, Range
from commands.core.second_person import Limits, adds_unauthorised, because
from commands.core.sessions import Span
from commands.core.told import Told
from ledger import names
from ledger.clock import local_date
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.values import Session
from policies.law.calendar import school_days_between
from policies.packs import school as school_packs
from policies.packs.codes import CodeRule, Codes, Rules

_TAKING = "corrected during taking"
_HELD = "held for a second person's approval"
_NO_BATCH = "a request is decided by its batch: give the amending one"


class Proposal(NamedTuple):
    """One mark that stands, and what is to stand instead; ``reason``: why, where each has one."""

    pupil: Pupil
    session: Session
    before: StatedMark
    after: StatedMark
    reason: str = ""

    @property
    def place(self) -> tuple[str, Session]:
        """Which mark it is: the pupil's id, and the session."""
        return self.pupil.id, self.session

    @property
    def codes(self) -> str:
        """The codes in words: ``I -> O``."""
        return f"{self.before.code} -> {self.after.code}"

    @property
    def told(self) -> Told:
        """It as it is told, and counted."""
        return Told("amended", *self.place, self.before.code, self.after.code)


class Judgement(NamedTuple):
    """What becomes of a proposal; ``grounds``: why it waits for a second person, if it does.

    ``taking``: its register is still being taken, and the change is part of that.
    """

    proposal: Proposal
    grounds: tuple[str, ...] = ()
    taking: bool = False

    def fact(self, amending: Amendment) -> Fact:
        """Return the request, the correction or the amendment to record."""
        pupil, session, before, after, _ = self.proposal
        if self.grounds:
            return Fact(streams.approval(pupil.id, session), self._request(amending))
        change = amending.correction if self.taking else amending.mark
        return Fact(streams.mark(pupil.id, session), change(before.code, after))

    def _request(self, amending: Amendment) -> AmendmentRequested:
        if amending.batch is None:
            raise ValueError(_NO_BATCH)
        return AmendmentRequested(
            batch=amending.batch,
            original=self.proposal.before.code,
            **self.proposal.after._asdict(),
            reason=amending.reason,
            grounds=self.grounds,
            **amending.author.fields,
        )


def policy_reads(
    state: State, pupils: Iterable[Pupil], span: Span | None = None
) -> Iterator[Range]:
    """Ask for the pupils' pending requests (in a span) and notices, if there is any policy."""
    yield POLICIES
    if not state.school.policies:
        return
    for pupil in pupils:
        yield marks.request_range(pupil, span)
        yield papers.notice_range(pupil)


def judge(state: State, rules: Rules, now: int, proposals: Sequence[Proposal]) -> list[Judgement]:
    """Tell what is part of the taking, what applies at once and what waits; as `hold` does."""
    calendar = state.calendar()
    amendments = [
        p for p in proposals if marks.register_ended(state, calendar, p.pupil, p.session, now)
    ]
    judged = {each.proposal.place: each for each in hold(state, rules, now, amendments)}
    return [judged.get(p.place, Judgement(p, taking=True)) for p in proposals]


def hold(state: State, rules: Rules, now: int, proposals: Sequence[Proposal]) -> list[Judgement]:
    """Tell what applies at once and what waits; refuse an author who may not amend.

    ``proposals``: the amendments of one request, all of marks whose taking has ended. Refused too
    where one that would wait is about a session that has a pending request already.
    """
    policy = policy_in_force(state, local_date(now))
    if policy is None:
        return [Judgement(each) for each in proposals]
    author, check = state.author(now), _PolicyCheck(state, policy, rules.codes)
    for each in proposals:
        undone = each._replace(before=each.after, after=each.before)
        check.check_author(author, each, ever=_adds_unauthorised(rules.codes, undone))
    adding = [each for each in proposals if _adds_unauthorised(rules.codes, each)]
    many = check.many(len(adding))
    grounds = {each.place: (*check.grounds(each.pupil, each.session), *many) for each in adding}
    judged = [Judgement(each, grounds.get(each.place, ())) for each in proposals]
    for proposal, why, _ in judged:
        if why:
            _check_none_pending(state, proposal)
    return judged


def check_selects(codes: Codes, code: str | None, days: Span, stands: Collection[str]) -> None:
    """Refuse a code to choose marks by that is none on any of the days; none chooses all.

    One that stands there may be chosen whatever the rules say: it is to be put right.
    """
    if code is None or code in stands:
        return
    if not codes.known(code):
        raise Refused(
            "code-unknown",
            f"{code!r} is not a register code, and no mark there has it",
            "capitals matter; attendance rules lists the codes",
        )
    first, last = days.first.date, days.last.date
    if not any(codes.find(code, day) for day, _ in codes.eras(first, last)):
        codes.rule(code, first)


def standing(
    session: Session, before: StatedMark | None, code: str | None, remedy: str
) -> StatedMark:
    """Return the mark that stands; refuse where there is none, or another code than stated."""
    if before is None:
        raise Refused(
            "no-mark", f"no mark stands for {session}", "record one with attendance mark"
        )
    if code not in (None, before.code):
        raise Refused(
            "other-code-stands", f"{before.code} stands for {session}, not {code}", remedy
        )
    return before


def check_differs(session: Session, before: StatedMark | None, after: StatedMark, to: str) -> None:
    """Refuse a change to what stands already; ``to``: what to do about it."""
    if before == after:
        raise Refused("same-mark", f"{after.code} already stands for {session}", to)


def _adds_unauthorised(codes: Codes, proposal: Proposal) -> bool:
    before, after = proposal.before.code, proposal.after.code
    return adds_unauthorised(codes, before, after, proposal.session.date)


class _PolicyCheck(Limits):
    """What a policy says of the amendments of one request, today."""

    def __init__(self, state: State, on_day: PolicyOnDay, codes: Codes) -> None:
        super().__init__(state, on_day, codes)
        self._check = partial(check_policy_role, state, on_day)

    def check_author(self, author: Author, proposal: Proposal, *, ever: bool) -> None:
        """Refuse somebody whom the policy does not let amend this mark today.

        ``ever``: a correction in the family's favour, for which it is never too late.
        """
        self._check(school_packs.ROLES, author, "amend the register")
        if not ever and self.later(school_packs.LATE_DAYS, proposal.session):
            late = number_of(self.lag(proposal.session), "school day")
            what = f"amend {proposal.session}, {late} ago"
            self._check(school_packs.LATE_ROLES, author, what)


def _check_none_pending(state: State, proposal: Proposal) -> None:
    stream = streams.approval(proposal.pupil.id, proposal.session)
    request = marks.open_request(state.histories.get(stream, ()))
    if request is not None:
        own = request.by == state.operator.staff_id
        raise Refused(
            "approval-pending",
            f"{state.name_of(proposal.pupil)} {proposal.session}: a change from "
            f"{request.original} to {request.code} waits for approval already, "
            f"batch {request.batch}",
            "let somebody else decide it first, or take it back: attendance approvals withdraw "
            f"{request.batch} --reason WHY"
            if own
            else f"decide it first: attendance approvals give {request.batch}, or decline it",
        )


# In words: each change, when it comes, and what moves in the figures


@dataclass(frozen=True)
class Preview:
    """Changes as they are told to whoever asked for them."""

    state: State
    codes: Codes
    now: int
    judged: Sequence[Judgement]

    def in_full(self) -> list[str]:
        """Return the preview: each change with the meanings of its codes, then the figures."""
        lines = [line for each in self.judged for line in self._full(each)]
        return [*lines, *self._totals(None)]

    def briefly(self, batch: str | None) -> list[str]:
        """Return what was recorded: a line a change, then the figures.

        ``batch``: by which requests that wait are decided.
        """
        return [*(self._brief(each) for each in self.judged), *self._totals(batch)]

    def _full(self, judged: Judgement) -> list[str]:
        _, session, before, after, reason = judged.proposal
        lines = [
            f"{self._name(judged)} {session}",
            f"  stands:   {self._meaning(before, session)}",
            f"  to stand: {self._meaning(after, session)}",
            f"  {_TAKING if judged.taking else 'amendment'}, {self._lag(session)}",
        ]
        if judged.grounds:
            lines.append(f"  {_HELD}: {because(judged.grounds)}")
        return [*lines, f"  reason:   {names.as_written(reason)}"]

    def _brief(self, judged: Judgement) -> str:
        proposal = judged.proposal
        kind = "held" if judged.grounds else _TAKING if judged.taking else "amendment"
        changed = f"{self._name(judged)} {proposal.session}: {proposal.codes}"
        return f"{changed} ({kind}, {self._lag(proposal.session)})"

    def _totals(self, batch: str | None) -> list[str]:
        at_once = [each for each in self.judged if not each.grounds]
        held = [each for each in self.judged if each.grounds]
        taking = sum(each.taking for each in at_once)
        grounds = dict.fromkeys(ground for each in held for ground in each.grounds)
        counts = (
            (len(at_once) - taking, number_of(len(at_once) - taking, "amendment")),
            (taking, f"{taking} {_TAKING}"),
            (len(held), f"{len(held)} {_HELD}: {because(tuple(grounds))}"),
        )
        # A request is decided by this; every other batch is told once it is recorded.
        tied = [f"batch {batch}"] if held and batch else []
        counted = "; ".join([*(text for number, text in counts if number), *tied])
        lines = [counted] if held or len(at_once) > 1 else []
        if at_once:
            lines.append(f"the figures: {self._moves(at_once)}")
        if held:
            lines.append(f"the figures, once approved: {self._moves(held)}")
        return lines

    def _moves(self, judged: Sequence[Judgement]) -> str:
        return told.figures(self.state, self.codes, (each.proposal.told for each in judged))

    def _meaning(self, stated: StatedMark, session: Session) -> str:
        rule = self._rule(stated.code, session)
        said = rule.description if rule is not None else "no code of that day"
        minutes = f"{stated.minutes_late} minutes late" if stated.minutes_late else None
        extras = "; ".join(filter(None, (minutes, stated.nature)))
        return f"{stated.code}  {said}" + (f" ({extras})" if extras else "")

    def _rule(self, code: str, session: Session) -> CodeRule | None:
        return self.codes.find(code, session.date)

    def _lag(self, session: Session) -> str:
        today = local_date(self.now)
        if today == session.date:
            return "on the day of the session"
        days = school_days_between(self._school_days, session.date, today)
        return f"{number_of(days, 'school day')} after the session"

    def _name(self, judged: Judgement) -> str:
        return self._names[judged.proposal.pupil.id]

    @cached_property
    def _names(self) -> dict[str, str]:
        pupils = {each.proposal.pupil.id: each.proposal.pupil for each in self.judged}
        return {pupil_id: self.state.name_of(pupil) for pupil_id, pupil in pupils.items()}

    @cached_property
    def _school_days(self) -> list[date]:
        return self.state.calendar().school_days()
