"""Attendance, absence and codes by pupil or group; and how a figure comes about, in words."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from policies.packs.codes import CodeRule
from projections.queries import pending
from projections.queries.pending import PendingAmendment
from projections.queries.question import (
    Answer,
    Block,
    Grid,
    Lines,
    Rows,
    Selection,
    natural_order,
    option,
    percent,
    share_of,
)
from projections.queries.rectangle import Flags, Rectangle
from projections.queries.selection import (
    NO_GROUP,
    CountedCells,
    count_cells,
    groups_of,
    membership_cells,
)
from projections.queries.tally import PERIODS, Counter, Period, Tally, mean_rate, periods
from projections.queries.view import View

_COLUMNS = (
    "possible",
    "attended",
    "authorised",
    "unauthorised",
    "late",
    "missing",
    "undated",
    "codes",
    "attendance",
)
_HEADINGS = (
    "Possible",
    "Attended",
    "Authorised",
    "Unauthorised",
    "Late",
    "No mark",
    "Attendance",
)
HOW_A_RATE_IS_MADE = (
    "Attendance is the sessions attended out of the sessions possible; a session is half a "
    "school day. Sessions without a mark, and codes that do not count as possible, are in neither."
)


@dataclass(frozen=True, kw_only=True)
class Rates(Selection):
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

    def answer(self, view: View) -> Answer:
        """Answer with one row for each pupil or group, and the total."""
        if view.knows_nothing:
            return _nothing(view, _key(self))
        return _by_code(self, view) if self.by == "code" else _by_name(self, view)


def tallies(question: Rates, view: View) -> tuple[list[tuple[str, Tally]], Tally]:
    """Return a tally for each pupil (by UPN) or group, sorted by it, and for all together."""
    here = count_cells(question, view)
    return sorted(_tallies_by_name(question, view, here), key=lambda row: row[0]), here.total()


def _by_name(question: Rates, view: View) -> Answer:
    key, here = _key(question), count_cells(question, view)
    rows, total = _rows(question, view, here), here.total()
    pupils = here.pupils().values()
    mean = mean_rate(pupils)
    document: dict[str, Any] = {
        "as_of": view.as_of(),
        "by": question.by,
        "rows": [{key: name, **_period(period), **tally.row()} for name, period, tally in rows],
        "total": total.row(),
        "mean_of_pupil_rates": mean,
    }
    if question.per is not None:
        document["per"] = question.per
        document["total_per"] = [
            {**_period(name), **tally.row()}
            for name, tally in _tallies_by_period(question, view, here)
        ]
    words = _explanation(question, view, here, rows)
    if question.explain:
        document["explain"] = words
    waiting = _waiting(view, here)
    document |= pending.field(waiting)
    notes = [*pending.notes(waiting), *_mean(pupils)]
    blocks: list[Block] = [_table(question, view, rows, total, notes)]
    blocks += [Lines(words)] if words else []
    columns = (key, *(("period",) if question.per else ()), *_COLUMNS)
    return Answer(document, columns, blocks)


def _key(question: Rates) -> str:
    return {"pupil": "upn", "code": "code"}.get(question.by, "group")


def _period(name: str) -> dict[str, str]:
    return {"period": name} if name else {}


def _rows(question: Rates, view: View, here: CountedCells) -> list[tuple[str, str, Tally]]:
    """Return each row's name, period (empty: the whole range) and tally, in order."""
    if question.per is None:
        found = [(name, "", tally) for name, tally in _tallies_by_name(question, view, here)]
    else:
        cut = periods(question.per, here.counter.whole.sessions, view.calendar)
        found = [
            (name, period, tally)
            for period, columns in cut
            for name, tally in _tallies_by_name(question, view, _within(here, columns))
        ]
    return sorted(found, key=lambda row: row[0])


def _within(here: CountedCells, columns: Flags) -> CountedCells:
    """Return the counts of some sessions; together, periods make up the whole range."""
    return CountedCells(here.counter, here.chosen & columns)


def _tallies_by_period(
    question: Rates, view: View, here: CountedCells
) -> Iterator[tuple[str, Tally]]:
    """Yield each period with the tally of all together; the whole range without periods."""
    if question.per is None:
        yield "", here.total()
        return
    for name, columns in periods(question.per, here.counter.whole.sessions, view.calendar):
        part = _within(here, columns)
        if part.chosen.any():
            yield name, part.total()


def _tallies_by_name(
    question: Rates, view: View, here: CountedCells
) -> Iterator[tuple[str, Tally]]:
    if question.by == "pupil":
        yield from ((view.people[n].upn, tally) for n, tally in here.pupils().items())
    else:
        yield from _by_group(question, view, here.counter, here.chosen)


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
        yield (view.school or {}).get("urn", NO_GROUP), np.ones(whole.codes.shape, np.bool_)
        return
    rest = np.ones(whole.codes.shape, np.bool_)
    for name, wanted in groups_of(view, question.by).items():
        per_session = question.membership == "session"
        cells = membership_cells(view, wanted, whole, per_session=per_session)
        rest &= ~cells
        yield name, cells
    yield NO_GROUP, rest


def _by_code(question: Rates, view: View) -> Answer:
    """Answer with the sessions of each code, and their share of the possible ones."""
    here = count_cells(question, view)
    rows: list[dict[str, Any]] = [
        {"code": code, **_period(period), "sessions": n, "percent": _share(view, code, tally)}
        for period, tally in _tallies_by_period(question, view, here)
        for code, n in tally.codes.items()
    ]
    total = here.total()
    rows.sort(key=_by_code_first)
    document: dict[str, Any] = {
        "as_of": view.as_of(),
        "by": "code",
        "rows": rows,
        "total": total.row(),
    }
    words = [HOW_A_RATE_IS_MADE, *glossary(view, total.codes)] if question.explain else []
    if words:
        document["explain"] = words
    columns = ("code", *(("period",) if question.per else ()), "sessions", "percent")
    headings = [name.capitalize() for name in columns]
    body = [[str(row[name] or "") for name in columns] for row in rows]
    waiting = _waiting(view, here)
    document |= pending.field(waiting)
    notes = [f"Possible sessions: {total.possible}", *pending.notes(waiting), view.provenance()]
    numeric = frozenset({len(columns) - 2, len(columns) - 1})
    grid = Grid("Sessions by code, and their share of the possible ones in percent", headings,
                body, numeric, notes=notes)  # fmt: skip
    return Answer(document, columns, [grid, *([Lines(words)] if words else [])])


def _by_code_first(row: dict[str, Any]) -> str:
    code: str = row["code"]
    return code


def _share(view: View, code: str, tally: Tally) -> str | None:
    if not meaning(view, code).possible:
        return None
    return percent(tally.codes[code], tally.possible)


def _explanation(
    question: Rates, view: View, here: CountedCells, rows: list[tuple[str, str, Tally]]
) -> list[str]:
    if not question.explain:
        return []
    numbers = {person.upn: n for n, person in view.people.items()}
    words = [HOW_A_RATE_IS_MADE]
    for name, period, tally in rows:
        words.append(counts_in_words(f"{name} {period}".rstrip(), tally))
        if question.by == "pupil" and not period:
            words.append(absences_in_words(view, here, numbers[name]))
    codes = {code for _, _, tally in rows for code in tally.codes}
    return [*words, "The codes:", *glossary(view, codes)]


def _nothing(view: View, key: str) -> Answer:
    document: dict[str, Any] = {
        "as_of": view.as_of(),
        "knows_nothing": True,
        "rows": [],
        "total": None,
    }
    return Answer(document, (key, *_COLUMNS), [Lines([view.ignorance()])])


def _table(
    question: Rates,
    view: View,
    rows: list[tuple[str, str, Tally]],
    total: Tally,
    said: list[str],
) -> Grid:
    first: tuple[str, ...] = (
        ("UPN", "Name") if question.by == "pupil" else (question.by.capitalize(),)
    )
    if question.per is not None:
        first += (question.per.capitalize(),)

    def body() -> list[Sequence[str]]:
        of_pupils = question.by == "pupil"
        named = {p.upn: p.name for p in view.people.values()} if of_pupils else {}
        ordered = sorted(rows, key=lambda row: natural_order(row[0]))
        return [
            *((*_names(question, name, period, named), *_cells(t)) for name, period, t in ordered),
            ("All", *[""] * (len(first) - 1), *_cells(total)),
        ]

    notes = [*said, view.provenance()]
    if total.undated:
        notes.insert(0, f"Marks that state no time of recording: {total.undated}")
    per = f" and {question.per}" if question.per else ""
    return Grid(
        f"Attendance by {question.by}{per}",
        (*first, *_HEADINGS),
        Rows(body),
        numeric=frozenset(range(len(first), len(first) + len(_HEADINGS))),
        total=True,
        notes=notes,
    )


def _waiting(view: View, here: CountedCells) -> list[PendingAmendment]:
    """Return the requested amendments of the cells that are counted."""
    return pending.in_cells(view, here.counter.whole.sessions, here.chosen)


def _mean(tallies: Collection[Tally]) -> list[str]:
    """Say what the mean of several pupils' own rates is; of a single one it would say nothing."""
    pupils = sum(tally.possible > 0 for tally in tallies)
    if pupils <= 1:
        return []
    rate = mean_rate(tallies)
    return [f"The mean of the {pupils} pupils' own rates, each weighing alike: {rate} %"]


def _names(question: Rates, name: str, period: str, named: dict[str, str]) -> tuple[str, ...]:
    first = (name, named.get(name, "")) if question.by == "pupil" else (name,)
    return (*first, period) if question.per else first


def _cells(tally: Tally) -> tuple[str, ...]:
    counts = (tally.possible, tally.attended, tally.authorised, tally.unauthorised, tally.late)
    return (*map(str, counts), str(tally.missing), share_of(tally.attended, tally.possible))


# -- in words that a parent could follow ---------------------------------------------------


def counts_in_words(name: str, tally: Tally) -> str:
    """Say what the counts of a pupil or group come to."""
    said = (
        f"{name}: attended {share_of(tally.attended, tally.possible)}; absent for {tally.absent}, "
        f"{tally.authorised} authorised and {tally.unauthorised} unauthorised"
    )
    return said + (f"; {tally.missing} without a mark." if tally.missing else ".")


def sessions_of_absence(view: View, here: CountedCells, pupil: int) -> Iterator[tuple[str, str]]:
    """Yield the sessions of absence of a pupil, each with its code."""
    whole = here.counter.whole
    for at in np.nonzero(here.chosen[pupil] & whole.counted[pupil])[0]:
        code, session = whole.book[whole.codes[pupil, at]], whole.sessions[at]
        rule = view.rules.codes.find(code, session.date)
        if rule is not None and rule.possible and not rule.attended:
            yield str(session), code


def absences_in_words(view: View, here: CountedCells, pupil: int) -> str:
    """Say for which sessions a pupil was absent."""
    found = [f"{session} {code}" for session, code in sessions_of_absence(view, here, pupil)]
    return "  Absent: " + ("; ".join(found) if found else "never")


def meaning(view: View, code: str) -> CodeRule:
    """Return the meaning of a code that stands, on the view's date or the last one before it."""
    known = view.rules.codes.by_code[code]
    return max((rule for rule in known if rule.since <= view.on), key=lambda rule: rule.since)


def glossary(view: View, codes: Iterable[str]) -> list[str]:
    """Say what each code means, how it counts and where that is written."""
    return [_entry(meaning(view, code)) for code in sorted(codes)]


def _entry(rule: CodeRule) -> str:
    if not rule.possible:
        counts = "not a possible session"
    elif rule.attended:
        counts = "attended"
    else:
        counts = "unauthorised absence" if rule.unauthorised else "authorised absence"
    return f"  {rule.code}: {rule.description}: {counts} ({rule.reference}; {rule.confidence})"
