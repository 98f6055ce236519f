"""A batch of amendments as a CSV file, a line a mark.

It is read as the files of the portable folder are. Its lines become changes where what stands and
what is to stand allow them; every fault of the file is told at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple, TextIO

from commands.amending.changes import (
    Proposal,
    check_differs,
    check_selects,
    policy_reads,
    standing,
)
from commands.core import checks, marks
from commands.core.command import State
from commands.core.marks import StatedMark
from commands.core.ranges import Range, one
from commands.core.sessions import Span
from ledger.errors import ImportRefused, Problem, Refused
from ledger.events import streams
from ledger.formats import fields, sheet
from ledger.formats.fields import Field
from ledger.formats.portable import NO_MARK, Columns
from ledger.formats.sheet import SHOWN, Problems, Sheet
from ledger.state.school import Pupil
from ledger.values import Half, Session
from policies.packs.codes import Codes

COLUMNS = Columns(
    ("upn", "date", "session", "original", "amended", "reason"), ("nature", "minutes_late")
)
_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "upn": Field("upn", str.strip, mandatory=True),
        "date": Field("date", fields.day, mandatory=True),
        "session": Field("half", fields.half, mandatory=True),
        "original": Field("original", str.strip, mandatory=True),
        "amended": Field("amended", str.strip, empty=NO_MARK),
        "reason": Field("reason", str.strip, empty=""),
        "nature": Field("nature", str.strip),
        "minutes_late": Field("minutes_late", fields.number),
    }
)


class Row(NamedTuple):
    """One line: the mark that stands, and what is to stand; ``line``: its place, header 1."""

    line: int
    upn: str
    date: date
    half: Half
    original: str
    amended: str
    reason: str
    nature: str | None
    minutes_late: int | None

    @property
    def session(self) -> Session:
        """The session that the mark is for."""
        return Session(self.date, self.half)


class BatchFile(NamedTuple):
    """The lines that could be read, and what is wrong with the others."""

    name: str
    rows: tuple[Row, ...]
    faults: tuple[Problem, ...]


def read_batch(file: str, stdin: TextIO) -> BatchFile:
    """Read a file, or ``stdin`` where it is ``-``; `batch_changes` tells what is wrong in it."""
    name, problems = sheet.display_name(file), Problems()
    lines = sheet.content(
        file,
        stdin,
        is_folder=Refused("batch-file", f"{file} is a folder", "name the CSV file in it"),
        is_missing=Refused(
            "batch-file", f"there is no file {file}", "check the name, or give - (stdin)"
        ),
    )
    rows = Sheet(name, lines, problems, COLUMNS).table(_FIELDS, Row).rows
    if not rows and not problems.faults:
        raise Refused("nothing-to-amend", f"{name} holds no line", "add a line for each mark")
    return BatchFile(name, rows, tuple(problems.faults))


class BatchRefused(ImportRefused):
    """A batch that was refused whole, with every problem found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = sorted(problems)
        super().__init__(found[:SHOWN], total=len(found))
        self.code = "batch-refused"
        self.remedy = "correct these lines and give the whole file again"


def batch_reads(file: BatchFile, state: State) -> Iterator[Range]:
    """Ask for each pupil who is known, and for the mark and registers of each session."""
    named: dict[str, list[Session]] = {}
    for row in file.rows:
        pupil = state.identities.get(row.upn, "")
        if pupil in state.school.pupils:
            named.setdefault(pupil, []).append(row.session)
    for pupil, days in named.items():
        found = state.school.pupils[pupil]
        yield one(streams.pupil(pupil))
        for session in days:
            yield one(streams.mark(pupil, session))
            yield from marks.taking_ranges(state, found, Span(session, session, single=True))
        yield from policy_reads(state, [found], Span(min(days), max(days)))


def batch_changes(
    file: BatchFile, reason: str | None, state: State, codes: Codes, now: int
) -> list[Proposal]:
    """Return the change of every line; refuse all faults of the file at once.

    ``reason``: of the lines that give none.
    """
    checker = _LineChecker(state, codes, now, checks.written(reason))
    found, faults = [], list(file.faults)
    for row in file.rows:
        change, wrong = checker.line(row)
        faults += [Problem(file.name, row.line, w.code, w.what, w.remedy) for w in wrong]
        found.append(change)
    if faults:
        raise BatchRefused(faults)
    return [change for change in found if change is not None]


class _LineChecker:
    """Looks at line after line, remembering which marks were named."""

    def __init__(self, state: State, codes: Codes, now: int, reason: str) -> None:
        self._state, self._codes, self._now, self._reason = state, codes, now, reason
        self._calendar = state.calendar()
        self._named: dict[tuple[str, Session], int] = {}

    def line(self, row: Row) -> tuple[Proposal | None, list[Refused]]:
        """Return the change that a line asks for, or all that is wrong with it."""
        try:
            pupil = self._state.pupil(row.upn)
        except Refused as why:
            return None, [why]
        before = marks.mark_of(self._state, pupil, row.session)
        after = StatedMark(row.amended, row.minutes_late, row.nature)
        wrong = list(
            _refusals(
                lambda: self._check_once(pupil, row),
                lambda: self._check_reason(row),
                lambda: self._check_stands(row, before),
                lambda: self._check_entry(pupil, row.session, after),
                lambda: check_differs(row.session, before, after, "take the line out"),
            )
        )
        if wrong or before is None:
            return None, wrong
        return Proposal(pupil, row.session, before, after, row.reason or self._reason), []

    def _check_once(self, pupil: Pupil, row: Row) -> None:
        first = self._named.setdefault((pupil.id, row.session), row.line)
        if first != row.line:
            what = f"{row.upn} {row.session} is in line {first} already"
            raise Refused("twice", what, "keep one of the two")

    def _check_reason(self, row: Row) -> None:
        if not checks.is_visible(row.reason or self._reason):
            raise Refused(
                "reason-missing",
                "an amendment without a reason",
                "state the reason, or give one for all such lines with --reason",
            )

    def _check_stands(self, row: Row, before: StatedMark | None) -> None:
        marks.check_not_future(row.session, self._now)
        remedy = "look at what stands with attendance history, and correct original"
        if row.original != NO_MARK:
            here = Span(row.session, row.session)
            check_selects(self._codes, row.original, here, [before.code] if before else [])
        standing(row.session, before, row.original, remedy)

    def _check_entry(self, pupil: Pupil, session: Session, after: StatedMark) -> None:
        if after.code == NO_MARK:
            raise Refused(
                "mark-blanked", "a mark cannot be blanked", "give the code that is to stand"
            )
        try:
            marks.check_entry(
                self._codes, self._calendar, pupil=pupil, session=session, stated=after
            )
        except Refused as why:
            if why.code != "nature-missing":
                raise
            raise Refused(why.code, why.what, "say what it is in the column nature") from None


def _refusals(*tests: Callable[[], None]) -> Iterator[Refused]:
    for test in tests:
        try:
            test()
        except Refused as why:
            yield why
