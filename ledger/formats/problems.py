"""What is wrong in an import: gathered all at once, refused together."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from ledger.errors import ImportRefused, Problem, Refused
from ledger.events.log import Finding

SHOWN = 100
"""How many problems a refusal shows; all of them are counted."""


@dataclass(slots=True)
class Problems:
    """Problems that always refuse, and findings, which may be recorded as stated.

    A finding is a fact that the law or a policy would not allow. ``unread``: files that are
    faulty as a whole, so that nothing is said of rows which only look wrong without them.
    """

    faults: list[Problem] = field(default_factory=list)
    findings: list[Problem] = field(default_factory=list)
    hidden: int = 0
    unread: set[str] = field(default_factory=set)
    _said: set[Hashable] = field(default_factory=set)

    def refuse(self, file: str, line: int, why: Refused) -> None:
        """Add a problem that refuses the import."""
        if len(self.faults) < SHOWN * SHOWN:
            self.faults.append(_problem(file, line, why))
        else:
            self.hidden += 1

    def refuse_file(self, file: str, line: int, why: Refused) -> None:
        """Add a problem that leaves a whole file unread."""
        self.unread.add(file)
        self.refuse(file, line, why)

    def refuse_once(self, about: Hashable, file: str, line: int, why: Refused) -> None:
        """Add a problem that many lines of a file share, at the first of them."""
        if (file, about) not in self._said:
            self._said.add((file, about))
            self.refuse(file, line, why)

    def find(self, file: str, line: int, why: Refused) -> None:
        """Add a finding."""
        self.findings.append(_problem(file, line, why))

    def copy(self) -> "Problems":
        """Return a copy to add to."""
        return Problems(
            [*self.faults], [*self.findings], self.hidden, {*self.unread}, {*self._said}
        )

    def settle(self, *, accept_findings: bool, order: Iterable[str]) -> tuple[Finding, ...]:
        """Refuse when anything stands in the way; return the findings that were accepted.

        ``order``: the files in the order in which their problems are shown.
        """
        rank = {file: place for place, file in enumerate(order)}
        self.findings.sort(key=lambda problem: (rank[problem.file], problem.line))
        findings = [] if accept_findings else self.findings
        total = len(self.faults) + self.hidden + len(findings)
        if total:
            shown = sorted([*self.faults, *findings], key=lambda p: (rank[p.file], p.line))
            raise ImportRefused(shown[:SHOWN], total=total, findings=len(findings))
        return tuple(Finding(file=p.file, line=p.line, code=p.code) for p in self.findings)


def _problem(file: str, line: int, why: Refused) -> Problem:
    return Problem(file, line, why.code, why.what, why.remedy)
