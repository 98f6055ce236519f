"""Schools to ask ``penalties`` about: calendars, registers, notices at every edge, by a seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from tests.projections.penalties.oracle import (
    COMMENCED,
    DAY,
    RELEVANT,
    days,
    monday,
    three_years_before,
)

OTHERS = ("/", "\\", "L", "I", "C", "M", "-", "-")
EVERYONE: frozenset[str] = frozenset()
Session = tuple[date, str]
GROUNDS = ("8(1)(a)", "8(1)(b)", "9", None)


class Ever(NamedTuple):
    """What was recorded, and between which moments it stood; 0: before all, none: to this day."""

    said: Any
    since: int = 0
    until: int | None = None


@dataclass
class Closed:
    """A session not held, for some groups or (none named) for everyone."""

    session: Session
    groups: frozenset[str]
    cancelled: bool


@dataclass
class Notice:
    """A penalty notice to one parent for the pupil."""

    parent: str
    kind: str
    issued_on: date
    offence_first: date | None
    offence_last: date | None
    withdrawn_on: date | None
    outcome: str | None
    outcome_on: date | None
    paid_on: date | None
    sessions: tuple[Session, ...]
    withdrawn_ground: str | None = None

    def stated(self) -> dict[str, Any]:
        """Return what it says but to whom, by name."""
        return {name: value for name, value in vars(self).items() if name != "parent"}


@dataclass
class Pupil:
    """A pupil: born when, on roll when, in which groups when, marked how.

    ``spells``: first and last day; ``groups``: name, first and last day; each `Ever`, in order of
    the moments. ``marks``: for each session what was recorded at which moment, in order.
    """

    born: list[Ever]
    spells: list[Ever]
    groups: list[Ever]
    marks: dict[Session, list[tuple[int, str]]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


@dataclass
class School:
    """A school's calendar, its pupils, and the day that is asked about.

    ``terms``: first and last day and name, ``closed``: of `Closed`; each `Ever`.
    """

    terms: list[Ever]
    closed: list[Ever]
    pupils: list[Pupil]
    on: date


def generated(seed: int, pupils: int = 1) -> School:
    """Make a school: its calendar, a few pupils at every edge, a day to ask about."""
    r = random.Random(seed)  # noqa: S311 - cases, not keys
    terms = _terms(r)
    in_term = [d for first, last in terms for d in days(first, last) if d.weekday() < 5]
    closed = [Ever(each) for each in _closures(r, in_term)]
    named = [Ever((*each, f"Term {n}")) for n, each in enumerate(terms)]
    school = School(named, closed, [], _asked(r, in_term))
    school.pupils = [_pupil(r, school, in_term) for _ in range(pupils)]
    if r.random() < 0.6:
        _rethink(r, school, in_term)
    return school


# -- what was recorded later, and otherwise ---------------------------------------------------


def moments(school: School) -> list[int]:
    """Return every moment at which something was recorded, but for what was there before all."""
    marks = {m for pupil in school.pupils for v in pupil.marks.values() for m, _ in v}
    return sorted(marks | {m for each in ever(school) for m in each[1:] if m})


def ever(school: School) -> Iterator[Ever]:
    """Yield every fact but the marks."""
    yield from (*school.terms, *school.closed)
    for pupil in school.pupils:
        yield from (*pupil.spells, *pupil.groups, *pupil.born)


def _rethink(r: random.Random, school: School, in_term: list[date]) -> None:
    """Close, cancel, reopen, move, restate and correct, at or around moments of marks."""
    known = moments(school) or [1]

    def moment() -> int:
        return max(1, r.choice(known) + r.choice([-1, 0, 0, 1]))

    for _ in range(r.randint(0, 2)):
        r.choice([_close, _close, _close, _reopen, _reterm])(r, school, in_term, moment())
    for pupil in school.pupils:
        for _ in range(r.randint(0, 2)):
            r.choice([_move, _move, _remove, _rebirth])(r, pupil, in_term, moment())


def _close(r: random.Random, school: School, in_term: list[date], moment: int) -> None:
    """Close sessions late: often over marks, of one day, of a whole week, and for some groups."""
    marked = [s[0] for pupil in school.pupils for s in pupil.marks] or in_term
    there = {(each.said.session, each.said.groups) for each in school.closed}
    for closure in _closures(r, marked):
        if (closure.session, closure.groups) not in there:
            school.closed.append(Ever(closure, moment))


def _reopen(r: random.Random, school: School, _: list[date], moment: int) -> None:
    """Withdraw some closures."""
    for n, each in enumerate(school.closed):
        if each.until is None and each.since < moment and r.random() < 0.6:
            school.closed[n] = each._replace(until=moment)


def _reterm(r: random.Random, school: School, _: list[date], moment: int) -> None:
    """Let a term begin or end on another day, or come to be known only then."""
    n = r.randrange(len(school.terms))
    (first, last, name), since, until = school.terms[n]
    if until is not None or since >= moment:
        return
    if since == 0 and r.random() < 0.3:
        school.terms[n] = Ever((first, last, name), moment)
        return
    moved = (first + r.choice([0, 0, 1, 7]) * DAY, last - r.choice([0, 1, 7, 14]) * DAY)
    # A term is known by its name and school year: it may not move into another one.
    same_year = (moved[0].month > 7) == (first.month > 7) and moved[0].year == first.year
    if moved[0] <= moved[1] and same_year:
        school.terms[n] = Ever((first, last, name), since, moment)
        school.terms.append(Ever((*moved, name), moment))


def _move(r: random.Random, pupil: Pupil, in_term: list[date], moment: int) -> None:
    """Move a pupil to another group, as from a day that may be long past."""
    n = r.randrange(len(pupil.groups))
    (name, since, until), known, ended = pupil.groups[n]
    if ended is not None or known >= moment:
        return
    day = r.choice([*(s[0] for s in pupil.marks), r.choice(in_term)])
    other = r.choice(["Y9", "9A", "9B", "FSM"])
    if any(each.said[:2] == (other, day) for each in pupil.groups):
        return
    if since is None or since < day:
        pupil.groups[n] = Ever((name, since, until), known, moment)
        pupil.groups.append(Ever((name, since, day - DAY), moment))
    pupil.groups.append(Ever((other, day, None), moment))


def _remove(r: random.Random, pupil: Pupil, in_term: list[date], moment: int) -> None:
    """Give a spell another last day, or withdraw it."""
    n = r.randrange(len(pupil.spells))
    (first, last), known, ended = pupil.spells[n]
    if ended is not None or known >= moment:
        return
    pupil.spells[n] = Ever((first, last), known, moment)
    if r.random() < 0.8:
        day = r.choice([*(s[0] for s in pupil.marks), r.choice(in_term)])
        pupil.spells.append(Ever((first, max(first, day)), moment))


def _rebirth(r: random.Random, pupil: Pupil, in_term: list[date], moment: int) -> None:
    """Correct the date of birth."""
    born = pupil.born[-1]
    if born.since < moment:
        pupil.born[-1] = born._replace(until=moment)
        pupil.born.append(Ever(_born(r, in_term[0], in_term[-1]), moment))


# -- what was there from the first ------------------------------------------------------------


def _terms(r: random.Random) -> list[tuple[date, date]]:
    """Half terms of one to seven weeks with gaps of one to six, often over a year's end."""
    day = r.choice([date(2024, 6, 3), date(2024, 8, 12), date(2024, 9, 4), date(2025, 4, 28),
                    date(2025, 9, 1), date(2026, 5, 5), date(2028, 1, 5)])  # fmt: skip
    found = []
    for _ in range(r.randint(2, 6)):
        day += r.randint(0, 4) * DAY
        last = day + r.randint(3, 48) * DAY
        found.append((day, last))
        day = last + r.choice([3, 9, 10, 16, 40]) * DAY
    return found


def _closures(r: random.Random, in_term: list[date]) -> list[Closed]:
    found = []
    for _ in range(r.randint(0, 8)):
        day = r.choice(in_term)
        week = [d for d in in_term if monday(d) == monday(day)]
        both = [(d, h) for d in week for h in ("AM", "PM")]
        kind = r.randrange(7)
        cancelled = r.random() < 0.4
        groups = r.choice([EVERYONE, EVERYONE, frozenset({"Y9"}), frozenset({"9A", "FSM"})])
        if kind == 0:  # a week without any session, planned or cancelled
            concerned = both
        elif kind == 1:  # a week of one session
            kept = r.choice(both)
            concerned = [s for s in both if s != kept]
        elif kind == 2:  # a bank holiday
            concerned = [(week[0], "AM"), (week[0], "PM")]
        elif kind in (3, 4):  # INSET, a snow day
            concerned = [(day, "AM"), (day, "PM")]
        else:
            concerned = [(day, r.choice(["AM", "PM"]))]
        if kind < 3 and r.random() < 0.7:
            groups = EVERYONE
        found += [Closed(s, groups, cancelled) for s in concerned]
    unique = {(c.session, c.groups): c for c in found}
    return list(unique.values())


def _asked(r: random.Random, in_term: list[date]) -> date:
    """A day in term, at a week's end, in the holidays, before the first or after the last term."""
    day = r.choice([in_term[-1], r.choice(in_term), r.choice(in_term[len(in_term) // 2 :])])
    day += r.choice([0, 0, 0, 1, 2, 3, 7, 30]) * DAY
    if r.random() < 0.05:
        day = in_term[0] - r.choice([1, 7, 20]) * DAY
    return max(day, COMMENCED)


def _pupil(r: random.Random, school: School, in_term: list[date]) -> Pupil:
    first, last = in_term[0], in_term[-1]
    middle = r.choice(in_term)
    spells: list[tuple[date, date | None]] = [(first - r.randint(0, 400) * DAY, None)]
    if r.random() < 0.3:
        left = r.choice(in_term)
        spells = [(first, left)]
        if r.random() < 0.5:
            spells.append((left + r.randint(1, 30) * DAY, None))
    groups: list[tuple[str, date | None, date | None]] = [
        ("Y9", None, None) if r.random() < 0.5 else ("Y8", None, None),
        ("9A", None, middle), ("9B", middle + DAY, None),
    ]  # fmt: skip
    if r.random() < 0.3:
        groups.append(("FSM", r.choice(in_term), None))
    pupil = Pupil([Ever(_born(r, first, last))], list(map(Ever, spells)), list(map(Ever, groups)))
    _mark(r, pupil, in_term)
    _notify(r, pupil, school)
    return pupil


def _born(r: random.Random, first: date, last: date) -> date:
    """In the middle of school age, or so that its first or last day lies among the sessions."""
    near = first + r.randint(0, (last - first).days) * DAY
    kind = r.randrange(4)
    if kind == 0:  # five about now
        return date(near.year - 5, near.month, min(near.day, 28)) - r.choice([0, 1, 60, 120]) * DAY
    if kind == 1:  # sixteen in this school year: born about the turn of a birth year
        year = near.year - 16
        return r.choice([date(year, 8, 31), date(year, 9, 1), date(year - 1, 9, 1),
                         date(year - 1, 8, 31), date(year, 3, 3)])  # fmt: skip
    if kind == 2:  # a birthday on or beside a prescribed day
        year = near.year - 5
        return r.choice([date(year, 8, 30), date(year, 8, 31), date(year, 9, 1),
                         date(year, 12, 31), date(year, 1, 1), date(year, 3, 31),
                         date(year, 4, 1), date(year, 12, 30)])  # fmt: skip
    return date(near.year - 11, r.randint(1, 12), r.randint(1, 28))


def _mark(r: random.Random, pupil: Pupil, in_term: list[date]) -> None:
    """Runs of absence among days of presence; some marks were changed later."""
    if r.random() < 0.3:
        _mark_apart(r, pupil, in_term)
        return
    rate = r.choice([0.05, 0.1, 0.2, 0.5])
    unsure = r.choice([0.1, 0.1, 0.6])
    away = 0
    for day in in_term:
        for half in ("AM", "PM"):
            away = away - 1 if away > 0 else (r.choice([1, 2, 4, 9, 10, 11])
                                              if r.random() < rate / 4 else 0)  # fmt: skip
            relevant = away > 0 or r.random() < rate / 4
            if not relevant and r.random() < 0.6:
                continue  # no mark: nothing of it counts, and the oracle stays quick
            pupil.marks[day, half] = _versions(r, day, RELEVANT if relevant else OTHERS, unsure)
    pupil.marks = {s: v for s, v in pupil.marks.items() if v}
    if r.random() < 0.2:
        _explain(r, pupil)


def _mark_apart(r: random.Random, pupil: Pupil, in_term: list[date]) -> None:
    """About ten entries in two runs that are nine, ten or eleven school weeks apart."""
    weeks = sorted({monday(day) for day in in_term})
    first = r.randrange(len(weeks))
    second = min(first + r.choice([9, 9, 10, 10, 11]), len(weeks) - 1)
    before = r.randint(1, 9)
    for week, number in ((first, before), (second, 10 - before + r.choice([-1, 0, 0, 1]))):
        there = [(d, h) for d in in_term if monday(d) == weeks[week] for h in ("AM", "PM")]
        for day, half in r.sample(there, min(number, len(there))):
            pupil.marks[day, half] = _versions(r, day, RELEVANT, 0.1)


def _explain(r: random.Random, pupil: Pupil) -> None:
    """Let most absences be explained long after: what was met is met no more."""
    latest = max((m for versions in pupil.marks.values() for m, _ in versions), default=0)
    for versions in pupil.marks.values():
        if versions[-1][1] in RELEVANT and r.random() < 0.8:
            versions.append((latest + 10, "I"))


def _versions(
    r: random.Random, day: date, among: tuple[str, ...], unsure: float
) -> list[tuple[int, str]]:
    code = r.choice(among)
    if code == "-":
        return []
    moment = 10 * day.toordinal() + r.randrange(10)
    found = [(moment, code)]
    while r.random() < unsure:
        moment += r.choice([1, 10, 40, 500])
        code = r.choice([c for c in (*RELEVANT, "/", "I") if c != code])
        found.append((moment, code))
    return found


def _notify(r: random.Random, pupil: Pupil, school: School) -> None:
    for _ in range(r.choice([0, 0, 1, 2, 3, 4])):
        edge = three_years_before(school.on)
        issued = r.choice([edge, edge + DAY, edge - DAY, school.on, school.on - DAY,
                           school.on + DAY, school.on - r.randint(0, 900) * DAY])  # fmt: skip
        first = issued - r.randint(0, 60) * DAY
        if r.random() < 0.3:
            first = r.choice([COMMENCED, COMMENCED - DAY])
        last = max(first, issued - r.randint(0, 20) * DAY)
        later = issued + r.choice([0, 1, 30, 400]) * DAY
        around = r.choice([later, school.on, school.on + DAY, school.on - DAY])
        outcome = r.choice([None, None, "paid", "unpaid", "guilty", "not_guilty", "withdrawn"])
        marked = sorted(pupil.marks)
        pupil.notices.append(Notice(
            parent=r.choice(["p1", "p2"]),
            kind=r.choice(["s444A", "s444A", "s444A", "s105"]),
            issued_on=issued, offence_first=first, offence_last=last,
            withdrawn_on=around if r.random() < 0.15 else None,
            outcome=outcome, outcome_on=around if r.random() < 0.5 else None,
            paid_on=later if outcome == "paid" else None,
            sessions=tuple(r.sample(marked, min(len(marked), r.randint(1, 12))))
            if r.random() < 0.3 else (),
            withdrawn_ground=r.choice(GROUNDS),
        ))  # fmt: skip
    keys = {(n.parent, n.kind, n.issued_on, n.offence_first): n for n in pupil.notices}
    pupil.notices = list(keys.values())
