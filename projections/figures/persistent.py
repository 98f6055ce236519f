"""Who is persistently or severely absent, and how far from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from ledger.english import number_of
from ledger.errors import Refused
from policies.law.absence import shares
from policies.packs.values import parameters
from projections.figures.rates import absences_in_words, counts_in_words, glossary
from projections.queries import pending
from projections.queries.question import (
    Answer,
    Block,
    Grid,
    Lines,
    Selection,
    natural_order,
    option,
    share_of,
)
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

KEPT = ("came_on", "went_off", "still_on")
_KINDS = {(False, True): "came_on", (True, False): "went_off", (True, True): "still_on"}
_DAY = timedelta(days=1)
COLUMNS = (
    "upn",
    "possible",
    "absent",
    "authorised",
    "unauthorised",
    "attendance",
    "persistent",
    "severe",
    "part_time",
    "illness",
    "other_authorised",
    "sessions_to_leave",
    "could_leave_on",
    "population",
)
_HEADINGS = (
    "UPN",
    "Name",
    "Absent",
    "Part-time",
    "Ill",
    "Other authorised",
    "Unauthorised",
    "Flag",
    "Off the list after",
)
_SINCE = {"came_on": "Came on", "went_off": "Went off", "still_on": "Still on"}


@dataclass(frozen=True, kw_only=True)
class PersistentAbsence(Selection):
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

    def answer(self, view: View) -> Answer:
        """Answer with the flagged pupils and the total."""
        if view.knows_nothing:
            nothing = {"as_of": view.as_of(), "population": self.population, "knows_nothing": True}
            return Answer(
                {**nothing, "rows": [], "total": None}, COLUMNS, [Lines([view.ignorance()])]
            )
        here = count_cells(self, view)
        found = enrolments(view, here, self.population)
        listed = [e for e in found if e.persistent or self.all_]
        coming = sessions_ahead(view)
        document: dict[str, Any] = {
            "as_of": view.as_of(),
            "population": self.population,
            "rows": [_row(self, view, e, coming) for e in listed],
            "total": enrolment_totals(found, self.population),
            **_more(self, view, found),
        }
        waiting = pending.in_cells(view, here.counter.whole.sessions, here.chosen)
        document |= pending.field(waiting)
        said = pending.notes(waiting)
        blocks: list[Block] = [_table(view, document, said), *_more_blocks(view, document)]
        if self.explain:
            words = document["explain"] = _explanation(view, here, listed)
            blocks.append(Lines(words))
        return Answer(document, COLUMNS, blocks)


# -- ahead: who is about to cross, and when a pupil could be off the list ------------------


@dataclass(frozen=True, slots=True)
class SessionsAhead:
    """The sessions after the view's date that the school will meet in the same school year."""

    view: View
    whole: Rectangle

    def leaving(self, enrolment: Enrolment) -> dict[str, Any]:
        """Return how many sessions of full attendance end it, and the earliest date of that.

        0 and no date where the pupil is not persistently absent; no date where the school year
        (from which counting begins anew) or the spell on roll ends before.
        """
        share = shares(self.view.on).persistent
        needed = share.sessions_to_leave(enrolment.tally.absent, enrolment.tally.possible)
        return {"sessions_to_leave": needed, "could_leave_on": self._date(enrolment, needed)}

    def _date(self, enrolment: Enrolment, needed: int) -> str | None:
        coming = np.nonzero(self.whole.counted[enrolment.pupil])[0]
        if not 0 < needed <= len(coming):
            return None
        return str(self.whole.sessions[coming[needed - 1]].date)


def sessions_ahead(view: View) -> SessionsAhead:
    """Return what lies ahead of a view's date, by the calendar and the roll as known."""
    last: date = view.school_year[1] if view.school_year else view.on
    return SessionsAhead(view, rectangle(view, view.on + _DAY, last))


def about_to_cross(found: list[Enrolment], within: int, on: date) -> list[dict[str, Any]]:
    """Return who is not persistently absent and would be after so many sessions of absence."""
    share = shares(on).persistent
    near = [(share.sessions_until(e.tally.absent, e.tally.possible), e) for e in found]
    listed = [(until, e) for until, e in near if 0 < until <= within]
    return [
        {"upn": e.upn, **e.counts, "sessions_until_persistent": until}
        for until, e in sorted(listed, key=lambda each: each[1].upn)
    ]


# -- since a date: who came on the list, went off it or stayed, and why --------------------


def changes_since(
    question: Selection, view: View, population: Population, day: date, now: list[Enrolment]
) -> dict[str, Any]:
    """Compare the list of an earlier date with the one of the view, both as known."""
    if day > view.on:
        raise Refused(
            "since-later",
            f"--since {day} is later than --on {view.on}",
            "give an earlier date",
        )
    then = replace(view, question=replace(question, on=day))
    before = {e.pupil: e for e in enrolments(then, count_cells(question, then), population)}
    after = {e.pupil: e for e in now}
    found: dict[str, Any] = {"date": day.isoformat(), **{kind: [] for kind in KEPT}}
    for pupil in before.keys() | after.keys():
        old, new = before.get(pupil), after.get(pupil)
        kind = _KINDS.get((_is_listed(old), _is_listed(new)))
        if kind is not None:
            found[kind].append(_change_row(old, new))
    for kind in KEPT:
        found[kind].sort(key=lambda row: row["upn"])
    return found


def _is_listed(enrolment: Enrolment | None) -> bool:
    return enrolment is not None and enrolment.persistent


def _change_row(old: Enrolment | None, new: Enrolment | None) -> dict[str, Any]:
    either = new or old
    return {
        "upn": either.upn if either else "",
        "before": old.counts if old else None,
        "after": new.counts if new else None,
        "why": _why(old, new),
    }


def _why(old: Enrolment | None, new: Enrolment | None) -> str:
    if old is None:
        return "had no possible session, or was outside this population, on the earlier date"
    if new is None:
        return "is outside this population, or of this question, on the later date"
    possible = new.tally.possible - old.tally.possible
    absent = new.tally.absent - old.tally.absent
    if 0 <= absent <= possible:
        return f"absent since for {share_of(absent, possible)}"
    return "counted anew: the later date has other sessions or another school year"


# -- rows ----------------------------------------------------------------------------------


def _row(
    question: PersistentAbsence, view: View, enrolment: Enrolment, coming: SessionsAhead
) -> dict[str, Any]:
    tally = enrolment.tally
    return {
        "upn": enrolment.upn,
        **enrolment.counts,
        **authorised_by_kind(view, tally),
        **coming.leaving(enrolment),
        "population": question.population,
        "codes": dict(sorted(tally.codes.items())),
    }


def _more(question: PersistentAbsence, view: View, found: list[Enrolment]) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if question.within is not None:
        more["within"] = about_to_cross(found, question.within, view.on)
    if question.since is not None:
        more["since"] = changes_since(question, view, question.population, question.since, found)
    return more


# -- for reading ---------------------------------------------------------------------------


def _table(view: View, document: Mapping[str, Any], said: Sequence[str]) -> Grid:
    named, total = _names(view), document["total"]
    rows = sorted(document["rows"], key=lambda row: natural_order(row["upn"]))
    body = [_cells(row, named) for row in rows]
    count = total["enrolments"]
    population = population_in_words(total["population"], view.on)
    title = (
        f"Persistent absence, {population}: {_of(total['persistent'], count)} "
        f"of enrolments; of these severe: {_of(total['severe'], count)}"
    )
    notes = [*said, view.provenance()]
    return Grid(title, _HEADINGS, body, frozenset(range(2, 7)), notes=notes)


def _of(part: int, whole: int) -> str:
    return share_of(part, whole) if whole else "no enrolments"


def _names(view: View) -> dict[str, str]:
    return {person.upn: person.name for person in view.people.values()}


def _cells(row: Mapping[str, Any], named: Mapping[str, str]) -> tuple[str, ...]:
    kinds = ("part_time", "illness", "other_authorised", "unauthorised")
    flag = ("severe" if row["severe"] else "persistent") if row["persistent"] else ""
    absent = share_of(row["absent"], row["possible"])
    split_up = (str(row[kind]) for kind in kinds)
    return (row["upn"], named[row["upn"]], absent, *split_up, flag, _leaving(row))


def _leaving(row: Mapping[str, Any]) -> str:
    if not row["persistent"]:
        return ""
    when = row["could_leave_on"] or "not this school year"
    return f"{number_of(row['sessions_to_leave'], 'session')} attended: {when}"


def _more_blocks(view: View, document: Mapping[str, Any]) -> Sequence[Block]:
    blocks: list[Block] = []
    if "within" in document:
        blocks.append(_near(view, document))
    if "since" in document:
        blocks.append(_changes_grid(view, document))
    return blocks


def _near(view: View, document: Mapping[str, Any]) -> Grid:
    named = _names(view)
    body = [
        (
            row["upn"],
            named[row["upn"]],
            share_of(row["absent"], row["possible"]),
            str(row["sessions_until_persistent"]),
        )
        for row in document["within"]
    ]
    title = (
        f"About to be persistently absent, {population_in_words(document['population'], view.on)}"
    )
    headings = ("UPN", "Name", "Absent", "On the list after so many absences more")
    return Grid(title, headings, body, frozenset({2, 3}))


def _changes_grid(view: View, document: Mapping[str, Any]) -> Grid:
    named, change = _names(view), document["since"]
    body = [
        (
            _SINCE[kind],
            row["upn"],
            named[row["upn"]],
            _then(row["before"]),
            _then(row["after"]),
            row["why"],
        )
        for kind in KEPT
        for row in change[kind]
    ]
    population = population_in_words(document["population"], view.on)
    title = f"The list of {view.on} against that of {change['date']}, {population}"
    return Grid(title, ("", "UPN", "Name", "Absent then", "Absent now", "Why"), body)


def _then(counts: Mapping[str, Any] | None) -> str:
    return "" if counts is None else share_of(counts["absent"], counts["possible"])


def _explanation(view: View, here: CountedCells, listed: Sequence[Enrolment]) -> list[str]:
    words = []
    for name in ("absence.persistent_share", "absence.severe_share"):
        rule = parameters().value(name, view.on)
        share = f"{rule.table['part']} of every {rule.table['of']} possible sessions or more"
        words.append(
            f"{name.split('.')[1].replace('_', ' ').capitalize()}: absent for {share} "
            f"({rule.reference}; {rule.confidence}; {rule.basis}, not law)."
        )
    for enrolment in listed:
        name, tally = f"{view.people[enrolment.pupil].name} ({enrolment.upn})", enrolment.tally
        words += [counts_in_words(name, tally), _judgement(view, enrolment)]
        words.append(absences_in_words(view, here, enrolment.pupil))
    return [*words, "The codes:", *glossary(view, {c for e in listed for c in e.tally.codes})]


def _judgement(view: View, enrolment: Enrolment) -> str:
    """Say the integer test of each flag: 10 x 4 = 40, 38 possible: reached."""
    said = []
    for word in ("persistent", "severe"):
        table = parameters().value(f"absence.{word}_share", view.on).table
        left, right = (
            table["of"] * enrolment.tally.absent,
            table["part"] * enrolment.tally.possible,
        )
        met = "is at least" if left >= right else "is less than"
        outcome = word if left >= right else f"not {word}"
        said.append(
            f"{table['of']} x {enrolment.tally.absent} = {left} {met} "
            f"{table['part']} x {enrolment.tally.possible} = {right}: {outcome}"
        )
    return "  " + "; ".join(said) + "."
