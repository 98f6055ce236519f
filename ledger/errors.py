"""Refusals: what a user did that cannot be done, with a place and a remedy."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.english import number_of


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A request that was not carried out; nothing was written.

    ``code`` is stable and short (``pupil-unknown``), ``what`` says what is wrong and where,
    ``remedy`` what to do about it.
    """

    def __init__(self, code: str, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.remedy = remedy


class StorageRefused(Refused):
    """What the disk or a database refused; who was to record says what became of that."""

    def and_nothing_was_recorded(self) -> "StorageRefused":
        """Return the refusal of something that was to be recorded."""
        return StorageRefused(self.code, f"{self.what}; nothing was recorded", self.remedy)


class RefusedInLines(Refused):
    """A refusal whose ``what`` is told in several lines."""


class Incomplete(Refused):
    """Something was done, and what was to follow it was not; the remedy finishes it."""


class Conflict(Exception):  # noqa: N818 - a signal to read again, never shown to a user
    """Somebody else wrote to what this command had read; read again and decide anew."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in an imported file: ``file:line: what; remedy``."""

    file: str
    line: int
    code: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}; {self.remedy}" if self.remedy else f"{place}: {self.what}"


class ImportRefused(Refused):
    """An import that was refused whole: the first problems, and how many there are in all.

    ``findings``: how many of them are facts that law or policy would not allow and that may be
    recorded as stated; ``notes``: what else there is to say of them.
    """

    def __init__(
        self,
        problems: list[Problem],
        *,
        total: int,
        findings: int = 0,
        notes: Iterable[str] = (),
    ) -> None:
        remedy = "correct the files and import again"
        if findings == total:
            remedy += ", or record them as stated with --accept-findings"
        super().__init__(
            "import-refused", f"{number_of(total, 'problem')}; nothing was recorded", remedy
        )
        self.problems = problems
        self.total = total
        self.findings = findings
        self.notes = tuple(notes)
        if more := total - len(problems):
            self.notes = (f"and {number_of(more, 'more problem')}, not shown", *self.notes)
