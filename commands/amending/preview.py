"""What amendments do, in words: each change, when it comes, and what moves in the figures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from commands.amending.changes import LATE, MANY, RELIED_ON, Judgement
from commands.core.command import State
from commands.core.marks import StatedMark
from ledger.clock import local_date
from ledger.english import number_of
from ledger.values import Session
from policies.law.calendar import school_days_between
from policies.packs.codes import CodeRule, Codes

_FIGURES = ("attended", "authorised absence", "unauthorised absence", "not counted")
_TAKING = "corrected during taking"
_HELD = "held for a second person's approval"
_GROUNDS = {
    LATE: "later than the school's policy leaves to one person",
    MANY: "more at once than the school's policy leaves to one person",
    RELIED_ON: "a notice relied on the session",
}


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
        """Return what was recorded: a line a change, then the figures and the batch."""
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
            lines.append(f"  {_HELD}: {_because(judged.grounds)}")
        return [*lines, f"  reason:   {reason}"]

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
            (len(held), f"{len(held)} {_HELD}: {_because(tuple(grounds))}"),
        )
        tied = [] if batch is None else [f"batch {batch}"]
        counted = "; ".join([*(text for number, text in counts if number), *tied])
        lines = [counted] if tied or held or len(at_once) > 1 else []
        if at_once:
            lines.append(f"the figures: {self._moves(at_once)}")
        if held:
            lines.append(f"the figures, once approved: {self._moves(held)}")
        return lines

    def _moves(self, judged: Sequence[Judgement]) -> str:
        moves: Counter[str] = Counter()
        for change in (each.proposal for each in judged):
            moves[_figure(self._rule(change.before.code, change.session))] -= 1
            moves[_figure(self._rule(change.after.code, change.session))] += 1
        texts = [f"{figure} {moves[figure]:+d}" for figure in _FIGURES if moves[figure]]
        return ", ".join(texts) or "nothing moves"

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
        return self.state.school.calendar().school_days()


def _because(grounds: tuple[str, ...]) -> str:
    return ", ".join(_GROUNDS[ground] for ground in grounds)


def _figure(rule: CodeRule | None) -> str:
    if rule is None or not rule.possible:
        return "not counted"
    if rule.attended:
        return "attended"
    return "unauthorised absence" if rule.unauthorised else "authorised absence"
