"""A pupil's figures kept step by step while marks and calendar become known: never recounted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import Any

from ledger.values import parse_session
from policies.law.penalties import Measure
from policies.packs.codes import CodeRule, Codes
from projections.queries.question import percent

COUNTS = ("possible", "attended", "authorised", "unauthorised")


@dataclass(frozen=True, slots=True)
class Cells:
    """Which sessions of one pupil count, as calendar, roll and details are known at a moment.

    ``counted``: those that count in rates; ``weeks``: session -> its school week, of those in
    which an entry could be relevant; ``begun``: the school weeks begun by the day asked about.
    """

    counted: frozenset[str] = frozenset()
    weeks: Mapping[str, int] = field(default_factory=dict)
    begun: Sequence[date] = ()


@dataclass(slots=True)
class Figures:
    """What one pupil's known marks come to.

    ``measure``: of the windows, none before the law had the rule; ``stood``: the marks known,
    in sessions that count or not; ``relevant``: those with a code that is a relevant entry.
    """

    codes: Codes
    measure: Measure | None
    cells: Cells = field(default_factory=Cells)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    stood: dict[str, str] = field(default_factory=dict)
    relevant: set[str] = field(default_factory=set)
    _peak: int | None = None

    def move(self, session: str, code: str) -> None:
        """Let a session's mark become known, or become another."""
        if session in self.stood:
            self._add(session, -1)
        self.stood[session] = code
        self._add(session, 1)

    def turn(self, cells: Cells) -> list[str]:
        """Let other sessions count; return those with a mark that do now, or do no longer."""
        old, self.cells, self._peak = self.cells, cells, None
        moved = (old.counted ^ cells.counted) & self.stood.keys()
        for session in moved:
            self._count(self._rule(session), 1 if session in cells.counted else -1)
        aged = (old.weeks.keys() ^ cells.weeks.keys()) & self.relevant
        return sorted(moved | aged)

    def row(self) -> dict[str, Any]:
        """Return the figures as an answer has them."""
        rate = percent(self.counts["attended"], self.counts["possible"])
        return {**self.counts, "attendance": rate, "fullest_window": self._fullest()}

    def _rule(self, session: str) -> CodeRule | None:
        return self.codes.find(self.stood[session], parse_session(session).date)

    def _add(self, session: str, step: int) -> None:
        rule = self._rule(session)
        if session in self.cells.counted:
            self._count(rule, step)
        if rule is not None and rule.threshold:
            (self.relevant.add if step > 0 else self.relevant.discard)(session)
            self._peak = None

    def _count(self, rule: CodeRule | None, step: int) -> None:
        if rule is not None and rule.possible:
            self.counts["possible"] += step
            kind = "unauthorised" if rule.unauthorised else "authorised"
            self.counts["attended" if rule.attended else kind] += step

    def _fullest(self) -> int | None:
        """Return the relevant entries in the fullest window of school weeks so far."""
        if self.measure is not None and self._peak is None:
            held = [0] * len(self.cells.begun)
            for session in self.relevant & self.cells.weeks.keys():
                held[self.cells.weeks[session]] += 1
            upto = [0, *accumulate(held)]
            size = self.measure.weeks
            windows = (upto[n] - upto[max(0, n - size)] for n in range(len(upto)))
            self._peak = max(windows)
        return self._peak
