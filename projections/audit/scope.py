"""What an audit looks at: every mark that was changed, entered late or stands provisional.

Each as a chain of its versions, in order of the log, with when each was made and how many school
days after the session; and what a check finds among them. An audit says what is unusual; it never
says that something is improper.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from ledger.clock import local_date
from policies.law.calendar import school_days_between
from policies.packs.codes import CodeRule, Codes
from projections.queries.question import Selection
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.selection import selected_cells
from projections.queries.view import View
from projections.readmodel.accessors.marks import questionable
from projections.readmodel.records.log import Commit
from projections.readmodel.records.register import Mark

CHANGES = ("amendment", "late_entry", "restated")
"""What is made to a mark after its register had ended."""
AMENDED = ("amendment", "restated")
LAGS = (0, 5, 20)
"""Bounds of the bands of lag, in school days: the same day, a school week, four of them. Ours."""
_PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Step:
    """One version of a mark: what it says, what it replaced, when it was made.

    ``transaction``: the position at which its transaction begins; ``when``: the instant at which
    it was made, an import's as its source states it; ``lag``: in school days after the session.
    Both none where no time is stated.
    """

    pupil: int
    session: str
    kind: str
    code: str
    replaced: str | None
    by: str | None
    batch: str | None
    imported: bool
    position: int
    transaction: int
    when: int | None
    changed_on: date | None
    lag: int | None

    @property
    def day(self) -> date:
        """The date of the session."""
        return date.fromisoformat(self.session[:10])


Chain = list[Step]


def is_absent(codes: Codes, code: str | None, day: date) -> bool:
    """Tell whether a code is one of absence on a day, authorised or not."""
    rule = codes.find(code, day) if code else None
    return rule is not None and rule.possible and not rule.attended


def becomes_present(codes: Codes, step: Step) -> bool:
    """Tell whether a version made an absence a presence, on time or late, after the taking."""
    if step.kind not in AMENDED:
        return False
    rule = codes.find(step.code, step.day)
    in_school = rule is not None and rule.category == _PRESENT
    return in_school and is_absent(codes, step.replaced, step.day)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that deserves a question: what, about whom, and the evidence.

    ``upn`` and ``staff`` (the ids of those who made the changes): shown only where names are asked
    for.
    """

    check: str
    what: str
    positions: tuple[int, ...]
    evidence: dict[str, Any]
    session: str | None = None
    upn: str | None = None
    from_code: str | None = None
    to_code: str | None = None
    lag: int | None = None
    changed_on: date | None = None
    staff: tuple[tuple[str | None, date | None], ...] = ()

    def row(self) -> dict[str, Any]:
        """Return the row of the answer, without whom it is about."""
        return {
            "check": self.check,
            "what": self.what,
            "session": self.session,
            "from_code": self.from_code,
            "to_code": self.to_code,
            "lag": self.lag,
            "changed_on": self.changed_on.isoformat() if self.changed_on else None,
            "positions": list(self.positions),
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, and the figures that stand beside it."""

    findings: list[Finding]
    summary: dict[str, Any]


def by_lag(steps: list[Step]) -> dict[str, int]:
    """Count changes by how many school days after the session they were made."""
    bands = dict.fromkeys(("same day", "1 to 5", "6 to 20", "over 20", "not stated"), 0)
    names = list(bands)
    for step in steps:
        over = len(LAGS) + 1 if step.lag is None else sum(step.lag > bound for bound in LAGS)
        bands[names[over]] += 1
    return bands


# -- the register and its chains -------------------------------------------------------------


@dataclass
class Scope:
    """The register of a view, and the chains of marks that a selection is about."""

    view: View
    question: Selection

    @cached_property
    def whole(self) -> Rectangle:
        """The register as it stands, from the first date to ``on``."""
        found = rectangle(self.view)
        if found.sessions:
            return found
        # Who is meant needs a column, also where no session is in a term.
        return replace(found, codes=np.zeros((len(found.codes), 1), np.uint8))

    @cached_property
    def chosen(self) -> Flags:
        """The cells [pupils, sessions] that are asked about."""
        return selected_cells(self.view, self.question, self.whole)

    @cached_property
    def columns(self) -> dict[str, int]:
        """The column of each session of the register."""
        return {str(session): n for n, session in enumerate(self.whole.sessions)}

    @cached_property
    def days(self) -> list[date]:
        """The school days of the calendar as known, in order."""
        return self.view.calendar.school_days()

    @cached_property
    def known_on(self) -> date:
        """The day as at which something still stands: ``on``, or when it was known if earlier."""
        return min(self.view.on, local_date(self.view.known_at))

    @cached_property
    def chains(self) -> list[Chain]:
        """The marks asked about, by session and pupil."""
        found = [c for c in self._all_chains() if self._is_within(c[0].pupil, c[0].session)]
        return sorted(found, key=lambda c: (c[0].session, self.upn(c[0].pupil)))

    @cached_property
    def changes(self) -> list[tuple[Chain, int]]:
        """Every change after the end of taking: its chain, and its place in it."""
        return [(c, n) for c in self.chains for n, step in enumerate(c) if step.kind in CHANGES]

    def upn(self, pupil: int) -> str:
        """Return a pupil's UPN."""
        return self.view.people[pupil].upn

    def rule(self, code: str, day: date) -> CodeRule | None:
        """Return what a code meant on a day."""
        return self.view.rules.codes.find(code, day)

    def provisional(self, step: Step) -> bool:
        """Tell whether a version says that the reason is not yet known."""
        rule = self.rule(step.code, step.day)
        return rule is not None and rule.provisional

    def absent(self, code: str | None, day: date) -> bool:
        """Tell whether a code is one of absence, authorised or not."""
        return is_absent(self.view.rules.codes, code, day)

    def to_present(self, step: Step) -> bool:
        """Tell whether a version made an absence a presence after the end of taking."""
        return becomes_present(self.view.rules.codes, step)

    def school_days(self, after: date, until: date) -> int:
        """Count the school days later than one day, up to another."""
        return school_days_between(self.days, after, until)

    def _is_within(self, pupil: int, session: str) -> bool:
        if pupil not in self.view.people or pupil >= len(self.chosen):
            return False
        at = self.columns.get(session)
        cells = self.chosen[pupil] if at is None else self.chosen[pupil, at]
        return bool(np.any(cells))

    def _all_chains(self) -> Iterator[Chain]:
        view = self.view
        provisional = [rule.code for rule in view.rules.codes.rules if rule.provisional]
        for chain in questionable(view, view.first, view.on, provisional):
            entered = view.commits.of(chain[0].kf)
            yield [self._step(mark, view.commits.of(mark.kf), entered) for mark in chain]

    def _step(self, mark: Mark, commit: Commit, entered: Commit) -> Step:
        later = commit != entered and self.view.question.clock == "ledger"
        own = not mark.imported or (mark.kind == "restated" and later)
        when = commit.at if own else mark.stated
        changed_on = None if when is None else local_date(when)
        day = date.fromisoformat(mark.session[:10])
        lag = None if changed_on is None else self.school_days(day, changed_on)
        return Step(
            pupil=mark.pupil,
            session=mark.session,
            kind=mark.kind,
            code=mark.code,
            replaced=mark.replaced,
            by=mark.by,
            batch=mark.batch,
            imported=mark.imported,
            position=mark.kf,
            transaction=commit.first,
            when=when,
            changed_on=changed_on,
            lag=lag,
        )
