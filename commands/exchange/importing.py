"""Bring a school's register, or a day's marks, from a folder.

The edge reads the folder (`load`); the decision is made over what was read and the ledger's
state, and is all or nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Self, TextIO

from commands.core.command import Decision, State, UseCase, argument, hidden, option
from commands.core.ranges import Range, starting
from commands.exchange.portable import (
    calendar,
    differences,
    people,
    plans,
    pupils,
    summary,
)
from commands.exchange.portable.content import ORDER, Content, load
from commands.exchange.portable.marks import Marks, mark_reads
from commands.exchange.portable.voices import voice_reads
from commands.exchange.portable.work import Work, draft
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.log import Finding, ImportCompleted, Source
from ledger.state.school import FOLDED
from ledger.store.store import Fact
from policies.packs.codes import Rules


class ImportPortable(UseCase):
    """attendance import portable: bring a school's register, or a day's marks, from a folder.

    A folder of CSV files with ``school.toml``; marks.csv alone tops up a known school.
    """

    path: Path = argument("the folder")
    dry_run: bool = option("check everything and say what would be recorded", default=False)
    accept_findings: bool = option(
        "record facts that law or policy would not allow, as stated, and list them", default=False
    )
    folder: Content | None = hidden(default=None)

    def load(self, _stdin: TextIO) -> Self:
        """Return the command with the content of its folder."""
        return replace(self, folder=load(self.path))

    def reads(self, state: State) -> Iterable[Range]:
        """Name the whole school, and who stated what of it; the marks that the folder is about."""
        content, school = _content(self), map(starting, FOLDED)
        return chain(school, voice_reads() if content.whole else (), mark_reads(content, state))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Record what is stated and the ledger does not hold; refuse all faults at once."""
        content = _content(self)
        work = Work(content, state, rules, now, content.problems.copy(), draft(state.school))
        if content.whole:
            _record_school(work)
        elif state.school.opened is None:
            raise Refused(
                "school-unknown",
                "the folder holds marks only, and this ledger does not know the school yet",
                "import a whole folder first, with school.toml, staff.csv and pupils.csv",
            )
        marks = Marks(work)
        marks.plan()
        _record_rest(work)
        accepted = work.problems.settle(accept_findings=self.accept_findings, order=ORDER)
        findings = tuple(Finding(file=p.file, line=p.line, code=p.code) for p in accepted)
        return _decision(work, marks, findings, dry_run=self.dry_run)


def _content(command: ImportPortable) -> Content:
    if command.folder is None:
        msg = "the folder has to be loaded before it can be decided on"
        raise TypeError(msg)
    return command.folder


def _record_school(work: Work) -> None:
    calendar.record_school(work)
    calendar.record_staff(work)
    people.record_parents(work)
    pupils.record_pupils(work)
    pupils.record_groups(work)
    people.record_relations(work)
    differences.find_uncounted(work)


def _record_rest(work: Work) -> None:
    plans.record_plans(work)
    if work.content.whole:
        people.record_notices(work)
        people.record_casework(work)


def _decision(
    work: Work, marks: Marks, findings: tuple[Finding, ...], *, dry_run: bool
) -> Decision:
    says = summary.says(work, dry_run=dry_run)
    count = len(work.facts) + marks.count
    if not count:
        return Decision((), 0, says, dry_run=dry_run)
    completed = ImportCompleted(format="portable", counts=summary.counts(work), findings=findings)
    return Decision(
        _facts(work, marks, completed),
        count + 1,
        says,
        Source(system="portable", files=work.content.files),
        dry_run,
    )


def _facts(work: Work, marks: Marks, completed: ImportCompleted) -> Iterator[Fact]:
    """Yield the school before its marks, and the marks before what follows from them."""
    return chain(work.facts, marks.facts(), [Fact(streams.IMPORTS, completed)])
