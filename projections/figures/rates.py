"""Attendance, absence and codes by pupil or group; and how a figure comes about, in words."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from projections.queries import pending
from projections.queries.blocks import Grid, Lines, Made
from projections.queries.columns import Column, Listing, natural_order, percent
from projections.queries.people import Person
from projections.queries.question import Answer, Membership, Question, Selection, option
from projections.queries.rectangle import Flags, Rectangle
from projections.queries.selection import (
    NO_GROUP,
    CountedCells,
    count_cells,
    groups_of,
    membership_cells,
)
from projections.queries.tally import (
    PERIODS,
    Counter,
    Period,
    Tally,
    late_notes,
    mean_rate,
    periods,
    tally_columns,
)
from projections.queries.view import View
from projections.readmodel.records.amending import Request


@dataclass(frozen=True, slots=True)
class RateRow:
    """The tally of a pupil or group; ``period``: empty for the whole range."""

    name: str
    period: str
    tally: Tally
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class CodeRow:
    """How often a code stands, and in how many possible sessions that is of those it counts in."""

    code: str
    period: str
    sessions: int
    possible: int | None

    @property
    def percent(self) -> str | None:
        """Its share of the possible sessions; none where it is no possible session."""
        return None if self.possible is None else percent(self.sessions, self.possible)


@dataclass(frozen=True, slots=True)
class RateFindings:
    """What was counted: rows, all together, and all together in each period.

    ``pupils``: the tallies of the pupils, each weighing alike in the mean of their rates;
    ``waiting``: requested amendments of what is counted; ``possible``: the codes that count as
    possible; ``words``: the explanation.
    """

    rows: Sequence[RateRow]
    total: Tally
    by_period: Sequence[RateRow]
    pupils: Collection[Tally]
    waiting: Sequence[Request] = ()
    possible: frozenset[str] = frozenset()
    words: Sequence[str] = ()

    def __add__(self, other: "RateFindings") -> "RateFindings":
        """Return both together: groups and periods of one name are one."""
        return RateFindings(
            _added((*self.rows, *other.rows)),
            self.total + other.total,
            _added((*self.by_period, *other.by_period)),
            [*self.pupils, *other.pupils],
            [*self.waiting, *other.waiting],
            self.possible | other.possible,
            [*self.words, *other.words],
        )


def _added(rows: Iterable[RateRow]) -> list[RateRow]:
    found: dict[tuple[str, str], RateRow] = {}
    for row in rows:
        place, tally = (row.name, row.period), row.tally
        tally = found[place].tally + tally if place in found else tally
        found[place] = RateRow(row.name, row.period, tally, row.person)
    return [row for _, row in sorted(found.items(), key=lambda each: each[0])]


_GROUPS = ("registration", "year", "cohort")


@dataclass(frozen=True, kw_only=True)
class Rates(Selection, Question[RateFindings]):
    """attendance rates: attendance, absence and codes by pupil or group.

    Counts of sessions, and attendance as a percentage of the possible ones.
    """

    by: Literal["pupil", "registration", "year", "cohort", "school", "code"] = option(
        "one row for each",
        "pupil",
        choices=("pupil", "registration", "year", "cohort", "school", "code"),
    )
    per: Period | None = option("one row for each of these besides", choices=PERIODS)
    explain: bool = option("say in words how each figure comes about", default=False)

    @property
    def groups_counted(self) -> Membership | None:
        """Which membership decides whom the answer is about; none where no group does."""
        return self.membership if self.by in _GROUPS else super().groups_counted

    def find(self, view: View) -> RateFindings:
        """Count the selected cells for each pupil or group."""
        here = count_cells(self, view)
        rows = [] if self.by == "code" else _rows(self, view, here)
        total = here.total()
        return RateFindings(
            rows,
            total,
            list(_tallies_by_period(self, view, here)),
            here.pupils().values(),
            pending.in_cells(view, here.counter.whole.sessions, here.chosen),
            frozenset(code for code in total.codes if view.meaning(code).possible),
            _explanation(self, view, here, rows) if self.explain else (),
        )

    def present(self, found: RateFindings) -> Answer:
        """Show one row for each pupil, group or code, and the total."""
        fields, table = _by_code(self, found) if self.by == "code" else _by_name(self, found)
        if self.explain:
            fields["explain"] = found.words
        words = [Lines(found.words)] if found.words else []
        return Answer(fields | pending.field(found.waiting), blocks=[table, *words])

    def table(self, found: RateFindings, without: Collection[str] = ()) -> Grid:
        """Return the table of rows by name, without some of its columns (by heading)."""
        listing = Listing(_columns(self), found.rows)
        shown = [each.heading for each in listing.columns if each.heading]
        return listing.grid(
            f"Attendance by {self.by}{f' and {self.per}' if self.per else ''}",
            order=[heading for heading in shown if heading not in without],
            rows=lambda: sorted(found.rows, key=lambda row: natural_order(row.name)),
            total=RateRow("All", "", found.total),
            notes=Made(lambda: _notes(found)),
        )

    def unknown(self) -> Answer:
        """Return no row and no total."""
        columns: Sequence[Column[Any]] = (
            _code_columns(self) if self.by == "code" else _columns(self)
        )
        return Answer({"rows": Listing(columns, []), "total": None})


def _columns(question: Rates) -> tuple[Column[RateRow], ...]:
    if question.by == "pupil":
        first: tuple[Column[RateRow], ...] = (
            Column("upn", "UPN", lambda row: row.name),
            Column("", "Name", text=lambda row: row.person.name if row.person else ""),
        )
    else:
        first = (Column("group", question.by.capitalize(), lambda row: row.name),)
    period: tuple[Column[RateRow], ...] = ()
    if question.per is not None:
        period = (Column("period", question.per.capitalize()),)
    return (*first, *period, *tally_columns())


def _by_name(question: Rates, found: RateFindings) -> tuple[dict[str, Any], Grid]:
    fields: dict[str, Any] = {
        "by": question.by,
        "rows": Listing(_columns(question), found.rows),
        "total": found.total.row(),
        "mean_of_pupil_rates": mean_rate(found.pupils),
    }
    if question.per is not None:
        fields["per"] = question.per
        fields["total_per"] = Listing(_PER_PERIOD, found.by_period)
    return fields, question.table(found)


_PER_PERIOD: tuple[Column[RateRow], ...] = (
    Column("period"),
    *tally_columns(),
)


def _code_columns(question: Rates) -> tuple[Column[CodeRow], ...]:
    period: tuple[Column[CodeRow], ...] = (Column("period", "Period"),) if question.per else ()
    return (
        Column("code", "Code"),
        *period,
        Column("sessions", "Sessions", number=True),
        Column("percent", "Percent", number=True),
    )


def _by_code(question: Rates, found: RateFindings) -> tuple[dict[str, Any], Grid]:
    """Show the sessions of each code, and their share of the possible ones."""
    rows = [
        CodeRow(
            code, part.period, sessions, part.tally.possible if code in found.possible else None
        )
        for part in found.by_period
        for code, sessions in part.tally.codes.items()
    ]
    listing = Listing(_code_columns(question), sorted(rows, key=lambda row: row.code))
    table = listing.grid(
        "Sessions by code, and their share of the possible ones in percent",
        notes=[f"Possible sessions: {found.total.possible}", *pending.notes(found.waiting)],
    )
    return {"by": "code", "rows": listing, "total": found.total.row()}, table


def _explanation(
    question: Rates, view: View, here: CountedCells, rows: Sequence[RateRow]
) -> Sequence[str]:
    from projections.figures.explained import (  # noqa: PLC0415 - asked for seldom, slow to import
        RateWords,
        absences,
        glossary,
        row_words,
    )

    said = []
    for row in rows:
        told = row.person is not None and not row.period
        sessions = absences(view, here, row.person.index) if row.person and told else None
        said.append(row_words(f"{row.name} {row.period}".rstrip(), row.tally, sessions))
    tallies = [row.tally for row in rows] or [here.total()]
    codes = {code for tally in tallies for code in tally.codes}
    words = RateWords(rows=tuple(said), by_code=question.by == "code", codes=glossary(view, codes))
    return words.lines(view.folder)


def _notes(found: RateFindings) -> list[str]:
    undated = found.total.undated
    return [
        *late_notes(found.total),
        *([f"Marks that state no time of recording: {undated}"] if undated else []),
        *pending.notes(found.waiting),
        *_mean(found.pupils),
    ]


def _mean(tallies: Collection[Tally]) -> list[str]:
    """Say what the mean of several pupils' own rates is; of a single one it would say nothing."""
    pupils = sum(tally.possible > 0 for tally in tallies)
    if pupils <= 1:
        return []
    rate = mean_rate(tallies)
    return [f"The mean of the {pupils} pupils' own rates, each weighing alike: {rate} %"]


# -- counting --------------------------------------------------------------------------------


def _rows(question: Rates, view: View, here: CountedCells) -> list[RateRow]:
    """Return the tally of each pupil or group, in each period where asked for, in order."""
    if question.per is None:
        return sorted(_tallies_by_name(question, view, here, ""), key=lambda row: row.name)
    cut = periods(question.per, here.counter.whole.sessions, view.calendar)
    found = [
        row
        for period, columns in cut
        for row in _tallies_by_name(question, view, _within(here, columns), period)
    ]
    return sorted(found, key=lambda row: row.name)


def _within(here: CountedCells, columns: Flags) -> CountedCells:
    """Return the counts of some sessions; together, periods make up the whole range."""
    return CountedCells(here.counter, here.chosen & columns)


def _tallies_by_period(question: Rates, view: View, here: CountedCells) -> Iterator[RateRow]:
    """Yield each period with the tally of all together; the whole range without periods."""
    if question.per is None:
        yield RateRow("", "", here.total())
        return
    for name, columns in periods(question.per, here.counter.whole.sessions, view.calendar):
        part = _within(here, columns)
        if part.chosen.any():
            yield RateRow("", name, part.total())


def _tallies_by_name(
    question: Rates, view: View, here: CountedCells, period: str
) -> Iterator[RateRow]:
    if question.by == "pupil":
        for n, tally in here.pupils().items():
            yield RateRow(view.people[n].upn, period, tally, view.people[n])
    else:
        for name, tally in _by_group(question, view, here.counter, here.chosen):
            yield RateRow(name, period, tally)


def _by_group(
    question: Rates, view: View, counter: Counter, chosen: Flags
) -> Iterator[tuple[str, Tally]]:
    for name, cells in _groups(question, view, counter.whole):
        here = chosen & cells
        rows: Flags = np.any(here, axis=1)
        if rows.any():
            counts, undated = counter.by_pupil(here[rows], rows)
            yield name, counter.tally(counts.sum(axis=0), undated.sum())


def _groups(question: Rates, view: View, whole: Rectangle) -> Iterator[tuple[str, Flags]]:
    if question.by == "school":
        yield (view.school.urn if view.school else NO_GROUP), np.ones(whole.codes.shape, np.bool_)
        return
    rest = np.ones(whole.codes.shape, np.bool_)
    for name, wanted in groups_of(view, question.by).items():
        per_session = question.membership == "session"
        cells = membership_cells(view, wanted, whole, per_session=per_session)
        rest &= ~cells
        yield name, cells
    yield NO_GROUP, rest
