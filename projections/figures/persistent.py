"""Who is persistently or severely absent, and how far from it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ledger.english import number_of
from ledger.errors import Refused
from policies.law.absence import shares
from projections.queries import pending
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.columns import Column, Listing, natural_order, share_of
from projections.queries.people import Person
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.rectangle import Rectangle, rectangle
from projections.queries.selection import (
    POPULATIONS,
    CountedCells,
    Enrolment,
    Population,
    authorised_by_kind,
    count_cells,
    enrolment_totals,
    enrolments,
    population_in_words,
)
from projections.queries.view import View
from projections.readmodel.records.amending import Request

T = TypeVar("T")
_SINCE = {
    (False, True): ("came_on", "Came on"),
    (True, False): ("went_off", "Went off"),
    (True, True): ("still_on", "Still on"),
}
"""Whether somebody was listed on two days: the key of that in a document, and how it is read."""
_DAY = timedelta(days=1)


# -- ahead: who is about to cross, and when a pupil could be off the list ------------------


class Leaving(NamedTuple):
    """How many sessions of full attendance end a flag, and the earliest date of that.

    0 and no date where the pupil is not persistently absent; no date where the school year
    (from which counting begins anew) or the spell on roll ends before.
    """

    sessions: int
    on: date | None


def _leaving(on: date, ahead: Rectangle, enrolment: Enrolment) -> Leaving:
    """Return what ends a flag of a day; ``ahead``: the register after it, as the school year."""
    tally = enrolment.tally
    needed = shares(on).persistent.sessions_to_leave(tally.absent, tally.possible)
    coming = np.nonzero(ahead.counted[enrolment.pupil])[0]
    if not 0 < needed <= len(coming):
        return Leaving(needed, None)
    return Leaving(needed, ahead.sessions[coming[needed - 1]].date)


def _ahead(view: View) -> Rectangle:
    """Return the rest of a view's school year, by the calendar and the roll as known."""
    last: date = view.school_year[1] if view.school_year else view.on
    return rectangle(view, view.on + _DAY, last)


@dataclass(frozen=True, slots=True)
class Near:
    """Who is not persistently absent, and would be after so many sessions of absence."""

    enrolment: Enrolment
    until: int


def _about_to_cross(found: list[Enrolment], within: int, on: date) -> list[Near]:
    """Return who would be persistently absent after so many sessions of absence, by UPN."""
    share = shares(on).persistent
    near = [Near(e, share.sessions_until(e.tally.absent, e.tally.possible)) for e in found]
    return [each for each in near if 0 < each.until <= within]


# -- since a date: who came on the list, went off it or stayed, and why --------------------


@dataclass(frozen=True, slots=True)
class ListChange:
    """An enrolment on the list of one day or both; none where it was in no population then."""

    before: Enrolment | None
    after: Enrolment | None

    @property
    def listed(self) -> tuple[bool, bool]:
        """Whether it was on the list of each day."""
        before, after = self.before, self.after
        return (before is not None and before.persistent, after is not None and after.persistent)

    @property
    def either(self) -> Enrolment:
        """The later of the two."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of them is there
        return found

    @property
    def why(self) -> str:
        """What the counts say of the change."""
        if self.before is None:
            return "had no possible session, or was outside this population, on the earlier date"
        if self.after is None:
            return "is outside this population, or of this question, on the later date"
        possible = self.after.tally.possible - self.before.tally.possible
        absent = self.after.tally.absent - self.before.tally.absent
        if 0 <= absent <= possible:
            return f"absent since for {share_of(absent, possible)}"
        return "counted anew: the later date has other sessions or another school year"


@dataclass(frozen=True, slots=True)
class ListChanges:
    """The list of an earlier day against the one of the view; changes by UPN."""

    day: date
    changes: Sequence[ListChange]

    def document(self) -> dict[str, Any]:
        """Return them as a document has them, those who were on neither list left out."""
        found = {
            key: Listing(_CHANGE_COLUMNS, [each for each in self.changes if each.listed == listed])
            for listed, (key, _) in _SINCE.items()
        }
        return {"date": self.day, **found}


_CHANGE_COLUMNS: tuple[Column[ListChange], ...] = (
    Column("upn", value=lambda row: row.either.upn),
    Column("before", value=lambda row: row.before.counts if row.before else None),
    Column("after", value=lambda row: row.after.counts if row.after else None),
    Column("why"),
)


def _changes_since(
    question: "PersistentAbsence", view: View, day: date, now: list[Enrolment]
) -> ListChanges:
    """Compare the list of an earlier date with the one of the view, both as known."""
    if day > view.on:
        raise Refused(
            "since-later",
            f"--since {day} is later than --on {view.on}",
            "give an earlier date",
        )
    then = replace(view, question=replace(question, on=day))
    earlier = enrolments(then, count_cells(question, then), question.population)
    before, after = ({e.pupil: e for e in each} for each in (earlier, now))
    changes = [ListChange(before.get(n), after.get(n)) for n in before.keys() | after.keys()]
    return ListChanges(day, sorted(changes, key=lambda change: change.either.upn))


# -- the question --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """An enrolment that is shown, its authorised absence by kind, and what ends a flag."""

    enrolment: Enrolment
    person: Person
    kinds: Mapping[str, int]
    leaving: Leaving

    @property
    def flag(self) -> str:
        """What is said of it in one word; nothing of who is not flagged."""
        if not self.enrolment.persistent:
            return ""
        return "severe" if self.enrolment.severe else "persistent"


@dataclass(frozen=True, slots=True)
class PersistentFindings:
    """Who is listed, of which enrolments, in which population of a day.

    ``near`` and ``since``: none where not asked for; ``words``: the explanation.
    """

    on: date
    population: Population
    listed: Sequence[Listed]
    enrolments: Sequence[Enrolment]
    near: Sequence[Near] | None
    since: ListChanges | None
    waiting: Sequence[Request]
    people: Mapping[int, Person]
    words: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class PersistentAbsence(Selection, Question[PersistentFindings]):
    """attendance persistent: who is persistently or severely absent, and how far from it.

    Pupils absent for a large share, or half, of their own possible sessions.
    """

    population: Population = option(
        "everyone on roll, or as DfE's statistics count", "roll", choices=POPULATIONS
    )
    all_: bool = option("every enrolment, flagged or not", default=False)
    since: date | None = option("who came on, went off and stayed since this date")
    within: int | None = option("who would be flagged after so many absences more", minimum=1)
    explain: bool = option("say in words how each flag comes about", default=False)

    def find(self, view: View) -> PersistentFindings:
        """Find the flagged pupils among the enrolments of the population."""
        here = count_cells(self, view)
        found = enrolments(view, here, self.population)
        shown = [e for e in found if e.persistent or self.all_]
        near = since = None
        if self.within is not None:
            near = _about_to_cross(found, self.within, view.on)
        if self.since is not None:
            since = _changes_since(self, view, self.since, found)
        return PersistentFindings(
            view.on,
            self.population,
            list(_listed(view, shown)),
            found,
            near,
            since,
            pending.in_cells(view, here.counter.whole.sessions, here.chosen),
            view.people,
            _explanation(view, here, shown) if self.explain else (),
        )

    def present(self, found: PersistentFindings) -> Answer:
        """Show one row for each pupil listed, and the total."""
        total = enrolment_totals(found.enrolments, found.population)
        listing = Listing(_columns(found.population), found.listed)
        fields: dict[str, Any] = {"population": found.population, "rows": listing, "total": total}
        blocks: list[Block] = [_table(found, listing, total)]
        if found.near is not None:
            near = fields["within"] = Listing(_near_columns(found), found.near)
            title = f"About to be persistently absent, {_population(found)}"
            blocks.append(near.grid(title))
        if found.since is not None:
            fields["since"] = found.since.document()
            blocks.append(_changes_grid(found, found.since))
        fields |= pending.field(found.waiting)
        if self.explain:
            fields["explain"] = found.words
            blocks.append(Lines(found.words))
        return Answer(fields, blocks=blocks)

    def unknown(self) -> Answer:
        """Return no row and no total."""
        nobody = Listing(_columns(self.population), [])
        return Answer({"population": self.population, "rows": nobody, "total": None})


def _listed(view: View, shown: Sequence[Enrolment]) -> Iterator[Listed]:
    ahead = _ahead(view)
    for each in shown:
        kinds, leaving = authorised_by_kind(view, each.tally), _leaving(view.on, ahead, each)
        yield Listed(each, view.people[each.pupil], kinds, leaving)


def _explanation(view: View, here: CountedCells, shown: Sequence[Enrolment]) -> list[str]:
    from projections.figures.explained import explain_flags  # noqa: PLC0415 - asked for seldom

    return explain_flags(view, here, shown)


# -- columns -------------------------------------------------------------------------------


def _counts(of: Callable[[T], Enrolment]) -> tuple[Column[T], ...]:
    """Return the columns of the counts behind the flags."""

    def tally(key: str) -> Column[T]:
        return Column(key, value=lambda row: getattr(of(row).tally, key))

    return (
        *map(tally, ("possible", "absent", "authorised", "unauthorised")),
        Column("attendance", value=lambda row: of(row).attendance),
        Column("persistent", value=lambda row: of(row).persistent),
        Column("severe", value=lambda row: of(row).severe),
    )


def _absent(of: Callable[[T], Enrolment]) -> Column[T]:
    def share(row: T) -> str:
        tally = of(row).tally
        return share_of(tally.absent, tally.possible)

    return Column("", "Absent", text=share, number=True)


def _columns(population: Population) -> tuple[Column[Listed], ...]:
    def kind(key: str, heading: str) -> Column[Listed]:
        return Column(key, heading, lambda row: row.kinds[key], number=True)

    return (
        Column("upn", "UPN", lambda row: row.enrolment.upn),
        Column("", "Name", text=lambda row: row.person.name),
        _absent(lambda row: row.enrolment),
        *_counts(lambda row: row.enrolment),
        kind("part_time", "Part-time"),
        kind("illness", "Ill"),
        kind("other_authorised", "Other authorised"),
        Column(
            "",
            "Unauthorised",
            text=lambda row: str(row.enrolment.tally.unauthorised),
            number=True,
        ),
        Column("", "Flag", text=lambda row: row.flag),
        Column("", "Off the list after", text=_off_after),
        Column("sessions_to_leave", value=lambda row: row.leaving.sessions),
        Column("could_leave_on", value=lambda row: row.leaving.on),
        Column("population", value=lambda _: population),
        Column("codes", value=lambda row: row.enrolment.tally.codes, csv=False),
    )


def _off_after(row: Listed) -> str:
    if not row.enrolment.persistent:
        return ""
    when = row.leaving.on or "not this school year"
    return f"{number_of(row.leaving.sessions, 'session')} attended: {when}"


def _near_columns(found: PersistentFindings) -> tuple[Column[Near], ...]:
    return (
        Column("upn", "UPN", lambda row: row.enrolment.upn),
        Column("", "Name", text=lambda row: found.people[row.enrolment.pupil].name),
        _absent(lambda row: row.enrolment),
        *_counts(lambda row: row.enrolment),
        Column(
            "sessions_until_persistent",
            "On the list after so many absences more",
            lambda row: row.until,
            number=True,
        ),
    )


# -- for reading ---------------------------------------------------------------------------


def _table(found: PersistentFindings, listing: Listing[Listed], total: Mapping[str, Any]) -> Grid:
    count = len(found.enrolments)
    title = (
        f"Persistent absence, {_population(found)}: {_of(total['persistent'], count)} "
        f"of enrolments; of these severe: {_of(total['severe'], count)}"
    )
    return listing.grid(
        title,
        rows=lambda: sorted(found.listed, key=lambda row: natural_order(row.enrolment.upn)),
        notes=pending.notes(found.waiting),
    )


def _population(found: PersistentFindings) -> str:
    return population_in_words(found.population, found.on)


def _of(part: int, whole: int) -> str:
    return share_of(part, whole) if whole else "no enrolments"


def _changes_grid(found: PersistentFindings, since: ListChanges) -> Grid:
    columns: tuple[Column[ListChange], ...] = (
        Column("", " ", text=lambda row: _SINCE[row.listed][1]),
        Column("", "UPN", text=lambda row: row.either.upn),
        Column("", "Name", text=lambda row: found.people[row.either.pupil].name),
        Column("", "Absent then", text=lambda row: _absent_on(row.before)),
        Column("", "Absent now", text=lambda row: _absent_on(row.after)),
        Column("", "Why", text=lambda row: row.why),
    )
    title = f"The list of {found.on} against that of {since.day}, {_population(found)}"
    ordered = [each for kind in _SINCE for each in since.changes if each.listed == kind]
    return Listing(columns, ordered).grid(title)


def _absent_on(day: Enrolment | None) -> str:
    return share_of(day.tally.absent, day.tally.possible) if day else ""
