"""Bring a school's register, or a day's marks, from a folder.

The edge reads the folder (`load`); the decision is made over what was read and the ledger's
state, and is all or nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Self, TextIO

from commands.core import clocks, told
from commands.core.command import Decision, State, UseCase, argument, hidden, option
from commands.core.ranges import Range, starting
from commands.core.told import Told
from commands.exchange.portable import (
    calendar,
    casework,
    decisions,
    naming,
    people,
    pupils,
    uncounted,
)
from commands.exchange.portable.acts import acts_of
from commands.exchange.portable.content import ORDER, Content, load
from commands.exchange.portable.decisions import decision_reads
from commands.exchange.portable.known import cancellation_reads
from commands.exchange.portable.marks import Marks, mark_reads
from commands.exchange.portable.voices import voice_reads
from commands.exchange.portable.work import Work, draft
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.log import Finding, ImportCompleted, Source
from ledger.formats import portable
from ledger.formats.sheet import SHOWN, Problems
from ledger.state.school import FOLDED
from ledger.store.facts import Fact
from policies.packs.codes import Rules

_ACCEPTED = "as its source states it; the findings of the import were accepted"
"""Why marks stop counting by an import."""


class ImportPortable(UseCase):
    """attendance import portable: bring a school's register, or a day's marks, from a folder.

    A folder of CSV files with ``school.toml``; marks.csv, casework.csv and most others may come
    alone to a ledger that knows the school.
    Times end in Z where they are UTC; without it they are London time.
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
        """Name the school, who stated what of it and when; the marks that the folder is about."""
        content, school = _content(self), map(starting, FOLDED)
        if content.whole:
            stated: Iterable[Range] = voice_reads()
        else:
            notices = starting(streams.NOTICES)._replace(events=True)
            stated = chain([notices], cancellation_reads(state))
        decided = decision_reads(content)
        return chain(
            school, stated, decided, mark_reads(content, state), clocks.known_reads(state)
        )

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Record what is stated and the ledger does not hold; refuse all faults at once."""
        content = _content(self)
        work = Work(content, state, rules, now, content.problems.copy(), draft(state.school))
        if content.whole:
            naming.settle_names(work)
            _record_school(work)
        elif state.school.opened is None:
            raise Refused(
                "school-unknown",
                "the folder brings no school, and this ledger does not know it yet",
                "import a whole folder first, with school.toml, staff.csv and pupils.csv",
            )
        marks = Marks(work)
        marks.plan()
        people.record_plans(work)
        people.record_notices(work)
        casework.record_casework(work)
        decisions.record_decisions(work)
        accepted = work.problems.settle(
            accept_findings=self.accept_findings, order=ORDER, notes=_unchecked(work)
        )
        findings = tuple(Finding(file=p.file, line=p.line, code=p.code) for p in accepted)
        reason = _ACCEPTED if self.accept_findings else None
        decision = _decision(work, marks, findings, dry_run=self.dry_run)
        return replace(
            decision,
            held=[*work.facts, *marks.changes()],
            reason=reason,
            acts=acts_of(work, accepted=len(accepted) > len(work.problems.told)),
        )


def _content(command: ImportPortable) -> Content:
    if command.folder is None:
        msg = "the folder has to be loaded before it can be decided on"
        raise TypeError(msg)
    return command.folder


def _unchecked(work: Work) -> list[str]:
    """Say of which files what another one says could not be asked for: it was not read whole."""
    here = {file.name for file in work.content.files}
    causes: dict[str, list[str]] = {}
    for file in filter(here.__contains__, portable.RESTS_ON):
        unread = [name for name in portable.RESTS_ON[file] if work.is_unread(name, of=file)]
        if unread:
            causes.setdefault(" and ".join(unread), []).append(file)
    return [
        f"{', '.join(files)}: not checked against {cause}: to be put right first"
        for cause, files in causes.items()
    ]


def _record_school(work: Work) -> None:
    calendar.record_school(work)
    calendar.record_staff(work)
    people.record_parents(work)
    pupils.record_pupils(work)
    pupils.record_groups(work)
    people.record_relations(work)
    uncounted.find_uncounted(work)
    calendar.find_closed_piecemeal(work)


def _decision(
    work: Work, marks: Marks, findings: tuple[Finding, ...], *, dry_run: bool
) -> Decision:
    says = _says(work, told.told(marks.changes()), dry_run=dry_run)
    count = len(work.facts) + marks.count
    if not count:
        return Decision((), 0, says, dry_run=dry_run)
    completed = ImportCompleted(
        format="portable",
        counts=_counts(work),
        findings=findings,
        digests=work.content.digests,
    )
    # The school goes before its marks, and what became of them after; these are made one by one.
    after = [fact for fact in work.facts if fact.stream.startswith(streams.UNCOUNTED)]
    before = (fact for fact in work.facts if not fact.stream.startswith(streams.UNCOUNTED))
    facts = chain(before, marks.facts(), after, [Fact(streams.IMPORTS, completed)])
    source = Source(system="portable", files=work.content.files)
    return Decision(facts, count + 1, says, source, dry_run)


# What an import tells whoever asked for it, in a few lines.

_PASSED_OVER = ("rows without a mark", "rows where no entry is due")
_DIFFERING = {portable.AMENDMENTS: "amendments", portable.MARKS: "marks"}
_AMENDED_HERE = {
    portable.SCHOOL: "parts of school.toml",
    portable.STAFF: "members of staff",
    portable.PUPILS: "pupils",
    portable.GROUPS: "memberships",
    portable.PARENTS: "parents",
    portable.RELATIONS: "relations",
    portable.NOTICES: "notices",
    portable.REGISTERS: "registers taken",
    portable.EVIDENCE: "pieces of evidence",
    portable.APPROVALS: "steps of approvals",
    portable.POLICIES: "policies",
    portable.LEAVE: "steps of leave",
    portable.RETURNS: "returns",
}
"""What a person here may amend, and a source then state otherwise."""
_AMENDED = 20
"""How many of the details amended are named, where they can be asked for afterwards."""
_PLACES = 3
"""How many of the rows that differ are named."""
_ONE = {
    "late entries": "late entry",
    "entries": "entry",
    "register times": "set of register times",
    "staff": "member of staff",
    "policies": "policy",
    "registers taken": "register taken",
}
_MANY = {
    "school": "versions of the school",
    "register times": "sets of register times",
    "staff": "members of staff",
}
"""How what is counted is called, where its name is no plural in "s"."""


def _counts(work: Work) -> dict[str, int]:
    """Return what is recorded, passed over, gone and different, counted by kind."""
    gone = {f"gone: {name}": count for name, count in work.gone.items() if count}
    names = _DIFFERING | _AMENDED_HERE
    differs = {f"differs: {names[file]}": len(rows) for file, rows in work.differs.items()}
    return {name: count for name, count in work.counts.items() if count} | gone | differs


def _says(work: Work, changes: Sequence[Told], *, dry_run: bool) -> tuple[str, ...]:
    """Return what is recorded, passed over, different, gone, and found.

    ``changes``: of marks that the ledger holds already.
    """
    lines = [_recorded_line(work, dry_run=dry_run)]
    if changes:
        figures = told.figures(work.state, work.rules.codes, changes)
        lines.append(f"the figures, of marks held before: {figures}")
    if passed := {n: work.counts[n] for n in _PASSED_OVER if work.counts[n]}:
        lines.append(f"passed over: {_list_of(passed)}")
    if listed := _differing(work, _DIFFERING):
        lines.append(f"differs from what is held, kept as first stated: {listed}")
    if listed := _differing(work, _AMENDED_HERE):
        lines.append(f"differs from what was amended here, which stands: {listed}")
    if gone := {name: count for name, count in work.gone.items() if count}:
        lines.append(
            f"in the ledger, but no longer in the folder (nothing was changed): {_list_of(gone)}"
        )
    if other := work.content.other:
        what = "is no file" if len(other) == 1 else "are no files"
        lines.append(f"{', '.join(other)} {what} of the portable format: passed over")
    lines += _amended(work, dry_run=dry_run)
    return (*lines, *work.notes, *_findings(work.problems, dry_run=dry_run))


def _amended(work: Work, *, dry_run: bool) -> list[str]:
    """Return a line for each detail amended: all of them where nothing is recorded yet."""
    found = sorted(work.amended, key=lambda each: (ORDER.index(each.file), each.line))
    if not found:
        return []
    shown = found if dry_run else found[:_AMENDED]
    lines = [f"  {each}" for each in shown]
    if len(found) > len(shown):
        more = f"  and {len(found) - len(shown)} more"
        lines.append(f"{more}; attendance admission lists those of pupils and parents")
    return [
        "would be amended, detail by detail:" if dry_run else "amended, detail by detail:",
        *lines,
    ]


def _recorded_line(work: Work, *, dry_run: bool) -> str:
    found = {name: c for name, c in work.counts.items() if c and name not in _PASSED_OVER}
    would = "would be" if dry_run else "was"
    if found:
        return f"{'would be recorded' if dry_run else 'recorded'}: {_list_of(found)}"
    if work.differs:
        return f"nothing {would} recorded"
    return f"the ledger already holds all of this; nothing {would} recorded"


def _differing(work: Work, names: Mapping[str, str]) -> str:
    return ", ".join(
        f"{_count(len(work.differs[file]), name)} ({_places(file, work.differs[file])})"
        for file, name in names.items()
        if file in work.differs
    )


def _places(file: str, lines: list[int]) -> str:
    shown = [f"{file}:{line}" for line in sorted(lines)[:_PLACES]]
    return ", ".join([*shown, *(["…"] if len(lines) > _PLACES else [])])


def _findings(problems: Problems, *, dry_run: bool) -> list[str]:
    found = problems.findings
    if not found:
        return []
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    shown = [f"  {problem.file}:{problem.line}: {problem.what}" for problem in found[:SHOWN]]
    would = "would be recorded" if dry_run else "recorded"
    return [f"{would} as stated, with {_count(len(found), 'findings')}:", *shown, *more]


def _list_of(counts: Mapping[str, int]) -> str:
    return ", ".join(_count(count, name) for name, count in counts.items())


def _count(count: int, name: str) -> str:
    """Return a count with its name, which is a plural, in the number that fits."""
    if count != 1:
        return f"{count:,} {_MANY.get(name, name)}"
    thing, of, what = name.partition(" ")
    one = f"{thing[:-1]}{of}{what}" if thing.endswith("s") else name.removesuffix("s")
    return f"1 {_ONE.get(name, one)}"
