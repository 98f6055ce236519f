"""What a register gives each pupil of a group: which entry, from where, or why none.

A register comes as CSV with a pupil and a code on each line, or from the screen as the same rows.
A code that is stated comes before the plan, and the plan before ``--rest-present``.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TextIO

from commands.core import marks
from commands.core.command import State
from commands.core.marks import StatedMark
from commands.core.ranges import CALENDAR, Streams, Wanted, belonging
from ledger import names
from ledger.clock import local_date
from ledger.errors import ImportRefused, Problem, Refused
from ledger.events import streams
from ledger.events.register import MarkCorrected, SessionMarked
from ledger.formats import sheet
from ledger.formats.portable import Columns
from ledger.state.calendar import Calendar
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.values import Session
from policies.packs.codes import Codes

_COLUMNS = Columns(("upn", "code"), ("minutes_late", "nature"))
_HEADER_FAULTS = {
    "column-unknown": "unknown column {!r}",
    "column-twice": "column {} is there twice",
    "column-missing": "there is no column {}",
}

_NO_MARK = ("", "-")


class Row(NamedTuple):
    """One line of a register as it was written; ``line`` 0 when it came from no file."""

    line: int
    pupil: str
    code: str = ""
    minutes_late: str = ""
    nature: str = ""


_BLANK_ROW = Row(0, "")


class Place(NamedTuple):
    """A group's register for a session, and the name of the file that fills it."""

    group: str
    session: Session
    file: str

    def problem(self, row: Row, code: str, what: str, remedy: str = "") -> Problem:
        """Return a problem with a line of the file."""
        return Problem(self.file, row.line, code, what, remedy)


class Result(NamedTuple):
    """What became of one pupil: the code that stands afterwards, the fact, if it was planned."""

    pupil: Pupil
    code: str = ""
    fact: Fact | None = None
    planned: bool = False


class RegisterRefused(ImportRefused):
    """A register that was refused whole, with every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(sorted(problems), total=len(problems))
        self.code = "register-refused"
        self.remedy = "correct these lines and take the register again"


# The pupils of a register, and what becomes of each.


def register_ranges(state: State, group: str, session: Session) -> Iterator[Wanted]:
    """Yield all that tells how a group's register stands.

    Whether an entry is late rests on the registers of all groups that its pupils belong to.
    """
    yield from (state.own_row, CALENDAR, *belonging(state.school, group))
    members = state.school.members(group, session.date)
    groups = {group, *(name for pupil in members for name in pupil.groups(session.date))}
    taken = (streams.register(name, session) for name in sorted(groups))
    marked = (streams.mark(pupil.id, session) for pupil in members)
    planned = (streams.plan(pupil.id, session) for pupil in members)
    yield Streams((*taken, *marked, *planned))


def due_pupils(
    calendar: Calendar, group: str, session: Session, members: list[Pupil]
) -> list[Pupil]:
    """Return the group's members for whom the session is met; refuse when there is none."""
    if not members:
        raise Refused(
            "group-unknown",
            f"no pupil on roll belongs to {group!r} on {session.date}",
            "check the name of the group and the date",
        )
    if calendar.meets_everyone(session):
        return members
    found = [p for p in members if calendar.meets(session, p.groups(session.date))]
    if not found:
        marks.check_met(calendar, members[0], session)
    return found


def _match_rows(
    state: State, calendar: Calendar, place: Place, rows: Sequence[Row]
) -> tuple[list[tuple[Pupil, Row]], list[Problem]]:
    """Return each pupil whom the register is about with their line, blank where none is given.

    Pupils for whom the session is not met are left out, unless a code is given for them.
    """
    group, session, _ = place
    there = state.school.members(group, session.date)
    due_ids = {p.id for p in due_pupils(calendar, group, session, there)}
    members = {p.id: p for p in there}
    found: dict[str, Row] = {}
    problems = []
    for row in rows:
        pupil_id = state.identities.get(row.pupil, "")
        if pupil_id not in state.school.pupils:
            problems.append(place.problem(row, "pupil-unknown", f"nobody is named {row.pupil!r}"))
        elif pupil_id not in members:
            what = f"{row.pupil} is not in {group} on {session.date}"
            problems.append(place.problem(row, "not-in-group", what))
        elif pupil_id in found:
            what = f"{row.pupil} is on line {found[pupil_id].line} too"
            problems.append(place.problem(row, "pupil-twice", what))
        else:
            found[pupil_id] = row
    coded = {pupil_id for pupil_id, row in found.items() if row.code not in _NO_MARK}
    pairs = [
        (pupil, found.get(pupil.id, _BLANK_ROW))
        for pupil in members.values()
        if pupil.id in due_ids | coded
    ]
    return pairs, problems


class Taking:
    """The taking of a group's register: under which codes and calendar, by whom and when.

    ``is_marked``: most of it was marked before and it is closed, so that this is no taking of it,
    which would say anew when it was taken; known once there are `results`.
    """

    is_marked = False

    def __init__(self, state: State, place: Place, codes: Codes, now: int) -> None:
        self._state = state
        self._place = place
        self._codes = codes
        self._now = now
        self._calendar = state.calendar()
        self._by = state.author(now).staff_id
        self._is_late = local_date(now) > place.session.date
        # Of any group that a pupil of this one belongs to: those are the registers asked for.
        self._any_taken = any(stream.startswith(streams.REGISTER) for stream in state.histories)

    def results(self, rows: Sequence[Row], rest: StatedMark | None) -> list[Result]:
        """Return what becomes of each pupil; every problem is refused at once.

        ``rest``: for those with neither code nor plan.
        """
        results = []
        pairs, problems = _match_rows(self._state, self._calendar, self._place, rows)
        self.is_marked = self._is_marked([pupil for pupil, _ in pairs])
        for pupil, row in pairs:
            try:
                results.append(self._result(pupil, row, rest))
            except Refused as refused:
                what = f"{self._state.name_of(pupil)}: {refused.what}"
                problems.append(self._place.problem(row, refused.code, what, refused.remedy))
        if problems:
            raise RegisterRefused(problems)
        return results

    def _is_marked(self, pupils: Sequence[Pupil]) -> bool:
        state, session = self._state, self._place.session
        if streams.register(self._place.group, session) in state.histories:
            return False  # it was taken, and it is recorded when
        marked = sum(marks.mark_of(state, pupil, session) is not None for pupil in pupils)
        closed = marks.has_ended(self._calendar, session, [], self._now)
        return closed and marked * 2 > len(pupils)

    def _result(self, pupil: Pupil, row: Row, rest: StatedMark | None) -> Result:
        state, session = self._state, self._place.session
        stands = marks.mark_of(state, pupil, session)
        given, planned = _stated_mark(row), marks.plan_of(state, pupil, session)
        entry = given or planned or rest
        if stands is not None and (given is None or _agrees(given, stands)):
            return Result(pupil, stands.code)
        if entry is None:
            return Result(pupil)
        marks.check_entry(self._codes, self._calendar, pupil=pupil, session=session, stated=entry)
        fact = Fact(streams.mark(pupil.id, session), self._event(pupil, entry, stands))
        return Result(pupil, entry.code, fact, planned=entry is planned)

    def _event(
        self, pupil: Pupil, entry: StatedMark, stands: StatedMark | None
    ) -> SessionMarked | MarkCorrected:
        session = self._place.session
        taken = marks.takings(self._state, pupil, session) if self._any_taken else []
        fields = entry._asdict() | {"by": self._by}
        if stands is None:
            return SessionMarked(**fields, late=bool(taken) or self._is_late or self.is_marked)
        if marks.has_ended(self._calendar, session, taken, self._now):
            raise marks.already_marked(stands.code, session)
        return MarkCorrected(**fields, original=stands.code)


_MINUTES = re.compile("[0-9]{1,4}")


def _stated_mark(row: Row) -> StatedMark | None:
    """Return the mark that a line states, none for a blank; refuse what is not understood."""
    if row.code in _NO_MARK:
        if row.minutes_late or row.nature:
            what = "there is no code beside the minutes or the nature"
            raise Refused("code-missing", what, "write the code, or leave them empty too")
        return None
    if row.minutes_late and not _MINUTES.fullmatch(row.minutes_late):
        raise Refused("minutes", f"{row.minutes_late!r} is no number of minutes", "write 12")
    return StatedMark(
        row.code, int(row.minutes_late) if row.minutes_late else None, row.nature or None
    )


def _agrees(given: StatedMark, stands: StatedMark) -> bool:
    """Tell whether a line adds nothing to what stands."""
    return all(new in (None, old) for new, old in zip(given, stands, strict=True))


# The file of a register.


def read_rows(file: str, stdin: TextIO) -> tuple[Row, ...]:
    """Return the rows of a file, or of ``stdin`` where the file is ``-``; or refuse it."""
    name, text = _named_text(file, stdin)
    records = sheet.Records(io.StringIO(text, newline=""))
    lines = iter(records)
    problems: list[Problem] = []
    rows: list[Row] = []
    try:
        columns = _columns(name, next(lines, []))
        for cells in lines:
            if len(cells) > len(columns):
                what = f"{len(cells)} cells under {len(columns)} columns"
                problems.append(Problem(name, records.end, "cells", what, "quote commas"))
            elif any(cells):
                rows.append(_row(records.end, dict(zip(columns, cells, strict=False))))
    except csv.Error as error:
        problems.append(Problem(name, records.end, "csv", str(error), "correct the quoting"))
    if problems:
        raise RegisterRefused(problems)
    return tuple(rows)


def _named_text(file: str, stdin: TextIO) -> tuple[str, str]:
    name = sheet.display_name(file)
    content = sheet.content(
        file,
        stdin,
        is_folder=_unusable(file, "is a folder", "name the CSV file in it"),
        is_missing=_unusable(file, "there is no such file", "check the name, or give - for stdin"),
    )
    try:
        return name, content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(name, "is not UTF-8", "save it as CSV UTF-8") from None


def _columns(name: str, header: list[str]) -> list[str]:
    if not any(cell.strip() for cell in header):
        raise _unusable(name, "is empty", f"begin with the line {','.join(_COLUMNS.all)}")
    if sheet.delimiter(header) == ";":
        raise _unusable(name, "is separated by semicolons", "separate by commas", line=1)
    columns = [cell.strip() for cell in header]
    remedy = f"the columns are {', '.join(_COLUMNS.all)}"
    problems = [
        Problem(name, 1, code, _HEADER_FAULTS[code].format(column), remedy)
        for code, column in sheet.header_faults(columns, _COLUMNS)
    ]
    if problems:
        raise RegisterRefused(problems)
    return columns


def _row(line: int, cells: Mapping[str, str]) -> Row:
    found = {column: names.text(cell) for column, cell in cells.items()}
    return Row(line, found.pop("upn", ""), **found)


def _unusable(name: str, what: str, remedy: str, *, line: int = 0) -> RegisterRefused:
    return RegisterRefused([Problem(name, line, "file", what, remedy)])
