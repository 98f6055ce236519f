"""Random histories of a small school, and random questions about them.

A history is drawn as small numbers and read as school business, so that it shrinks well: every
transaction is a time that passed, where the facts come from, and a few things that happened.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from ledger.clock import iso
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import (
    AbsencePlanned,
    MarkAmended,
    MarkCorrected,
    SessionMarked,
    SourceConflicted,
    SourceRestated,
)
from ledger.events.roll import EnrolmentWithdrawn, GroupJoined, GroupLeft, PupilRemoved
from ledger.store.facts import Fact
from projections.figures import rates
from tests.projections import ledgers, oracle

PUPILS = tuple(f"pupil{n}" for n in range(6))
# The first term starts after 31 July and holds the change of codes of 19 August 2024; the one
# before ends a school year.
TERMS = (
    ("Summer", date(2024, 7, 15), date(2024, 7, 19)),
    ("Autumn 1", date(2024, 8, 14), date(2024, 8, 23)),
    ("Spring", date(2025, 1, 6), date(2025, 1, 10)),
    ("Autumn 1", date(2025, 9, 3), date(2025, 9, 8)),
)
DAYS = tuple(d for _, first, last in TERMS for d in ledgers.weekdays(first, last))
DATES = tuple(sorted({
    *DAYS, *(first - timedelta(days=1) for _, first, _ in TERMS),
    *(last + timedelta(days=1) for _, _, last in TERMS),
    date(2023, 9, 1), date(2024, 7, 31), date(2024, 8, 1), date(2024, 11, 1), date(2026, 1, 1),
}))  # fmt: skip
HALVES = ("AM", "PM")
KINDS = (
    ("registration", ("9A", "9B", "9C")),
    ("year", ("Y8", "Y9")),
    ("cohort", ("FSM", "SEND")),
)
GROUPS = tuple((kind, name) for kind, names in KINDS for name in names)
BEFORE = ("/", "\\", "L", "B", "J", "C", "I", "H", "G", "N", "O", "U", "D", "X", "Y")
SINCE = ("/", "\\", "L", "K", "V", "C", "C2", "I", "J1", "G", "N", "O", "U", "D", "X", "Y4", "Y7")
START = ledgers.instant(2024, 7, 1, 8)
STEPS = (0, 0, 1, 6, 24, 24 * 9, 24 * 40, -5)
"""Hours between transactions; clocks also stand still and go back."""

numbers = st.integers(0, 999)


@dataclass
class Transaction:
    """Facts recorded together at one reading of the clock."""

    at: int
    imported: bool
    facts: list[Fact]


@dataclass(repr=False)
class History:
    """What is known while a history is drawn, so that every fact makes sense when recorded."""

    transactions: list[Transaction] = field(default_factory=list)
    spells: dict[str, list[date]] = field(default_factory=dict)
    groups: list[tuple[str, str, str, date | None]] = field(default_factory=list)
    closures: list[tuple[date, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    marks: dict[tuple[str, str], str] = field(default_factory=dict)
    terms: dict[tuple[str, int], tuple[date, date]] = field(default_factory=dict)

    def _repr_pretty_(self, printer: Any, _: object) -> None:
        """Every transaction in a few words; Hypothesis shows it when a test fails."""
        for t in self.transactions:
            facts = [(f.stream, f.event) for f in t.facts]
            printer.text(f"{iso(t.at)}{' imported' * t.imported}: {facts}"[:900] + "\n")

    def write(self, book: ledgers.Book, *, upto: int | None = None, after: int = 0) -> None:
        """Record the transactions from one number to another."""
        with book.writing():
            for transaction in self.transactions[after:upto]:
                book.commit(transaction.at, *transaction.facts, imported=transaction.imported)


def code(day: date, n: int) -> str:
    """A code in force on a day."""
    codes = SINCE if day >= oracle.REGULATIONS_2024 else BEFORE
    return codes[n % len(codes)]


def stated(now: int, n: int, *, imported: bool) -> dict[str, Any]:
    """When a source says it recorded a fact: at times not at all, never after now."""
    if not imported or n % 4 == 0:
        return {}
    return {"stated": now - ledgers.HOUR * (0, 1, 24, 24 * 9, 24 * 40, 24 * 200)[n % 6]}


class Happening:
    """Reads small numbers as what happened; one method a kind of business."""

    def __init__(self, history: History, now: int, *, imported: bool):
        self.history = history
        self.imported = imported
        self.now = now

    def facts(self, what: int, n: tuple[int, int, int, int]) -> list[Fact]:
        """The facts of one happening, none where it makes no sense yet."""
        kinds = (
            self.enrol, self.enrol, self.leave, self.withdraw, self.join, self.join, self.part,
            self.close, self.cancel, self.reopen, self.mark, self.mark, self.mark, self.mark,
            self.change, self.change, self.change, self.term, self.conflict, self.plan,
        )  # fmt: skip
        return kinds[what % len(kinds)](*n)

    def _stated(self, n: int) -> dict[str, Any]:
        return stated(self.now, n, imported=self.imported)

    def _pupil(self, n: int) -> str | None:
        known = sorted(self.history.spells)
        return known[n % len(known)] if known else None

    def enrol(self, a: int, b: int, c: int, d: int) -> list[Fact]:
        pupil, starts_on = PUPILS[a % len(PUPILS)], DATES[b % len(DATES)]
        if c % 3:
            starts_on = DATES[0]
        spells = self.history.spells.setdefault(pupil, [])
        if starts_on not in spells:
            spells.append(starts_on)
        return [ledgers.enrolled(pupil, starts_on, **self._stated(d))]

    def leave(self, a: int, b: int, c: int, d: int) -> list[Fact]:
        pupil = self._pupil(a)
        if pupil is None or not self.history.spells[pupil]:
            return []
        starts_on = self.history.spells[pupil][b % len(self.history.spells[pupil])]
        event = PupilRemoved(
            starts_on=starts_on, leaves_on=DATES[c % len(DATES)], **self._stated(d)
        )
        return [Fact(streams.pupil(pupil), event)]

    def withdraw(self, a: int, b: int, _: int, d: int) -> list[Fact]:
        pupil = self._pupil(a)
        if pupil is None or not self.history.spells[pupil] or self.imported:
            return []
        spells = self.history.spells[pupil]
        event = EnrolmentWithdrawn(
            starts_on=spells.pop(b % len(spells)), reason="twice", by="s1", name="N",
            job_title="T", **self._stated(d),
        )  # fmt: skip
        return [Fact(streams.pupil(pupil), event)]

    def join(self, a: int, b: int, c: int, d: int) -> list[Fact]:
        pupil = self._pupil(a)
        if pupil is None:
            return []
        kind, name = GROUPS[b % len(GROUPS)]
        since = None if c % 3 == 0 else DATES[c % len(DATES)]
        until = None if d % 3 else DATES[(c + d) % len(DATES)]
        self.history.groups.append((pupil, kind, name, since))
        event = GroupJoined(kind=kind, name=name, since=since, until=until, **self._stated(d))
        return [Fact(streams.pupil(pupil), event)]

    def part(self, a: int, b: int, _: int, d: int) -> list[Fact]:
        if not self.history.groups:
            return []
        pupil, kind, name, since = self.history.groups[a % len(self.history.groups)]
        event = GroupLeft(
            kind=kind, name=name, since=since, until=DATES[b % len(DATES)], **self._stated(d)
        )
        return [Fact(streams.pupil(pupil), event)]

    def close(self, a: int, b: int, c: int, d: int) -> list[Fact]:
        return self._closure(SessionsClosed, a, b, c, d)

    def cancel(self, a: int, b: int, c: int, d: int) -> list[Fact]:
        return self._closure(SessionCancelled, a, b, c, d)

    def _closure(self, kind: type[Event], a: int, b: int, c: int, d: int) -> list[Fact]:
        key = self._closed(a, b, c)
        self.history.closures.append(key)
        day, halves, groups = key
        event = kind(date=day, sessions=halves, groups=groups, **self._stated(d))
        return [Fact(streams.CALENDAR, event)]

    def _closed(self, a: int, b: int, c: int) -> tuple[date, tuple[str, ...], tuple[str, ...]]:
        halves = (HALVES, ("AM",), ("PM",))[b % 3]
        groups = ((), (), ("9A",), ("Y9",), ("9B", "FSM"))[c % 5]
        return DAYS[a % len(DAYS)], halves, groups

    def reopen(self, a: int, b: int, _: int, d: int) -> list[Fact]:
        if not self.history.closures:
            return []
        day, halves, groups = self.history.closures[a % len(self.history.closures)]
        event = ClosureWithdrawn(
            date=day, sessions=halves[: 1 + b % 2], groups=groups, **self._stated(d)
        )
        return [Fact(streams.CALENDAR, event)]

    def mark(self, a: int, b: int, c: int, d: int) -> list[Fact]:
        """Give everybody (or one pupil) marks from one day on."""
        one = self._pupil(a)
        pupils = sorted(self.history.spells) if a % 2 else [one] if one else []
        first = b % len(DAYS)
        found = []
        for n, day in enumerate(DAYS[first : first + 1 + c % 6]):
            for half, pupil in ((h, p) for h in HALVES for p in pupils):
                mark = code(day, (n * c + d if pupil == one else d // 7))
                found += self._entry(pupil, f"{day}/{half}", mark, n + d)
        return found

    def _entry(self, pupil: str, session: str, mark: str, n: int) -> list[Fact]:
        if (pupil, session) in self.history.marks:
            return []
        self.history.marks[pupil, session] = mark
        event = SessionMarked(code=mark, late=n % 5 == 0, **self._stated(n))
        return [Fact(streams.mark(pupil, session), event)]

    def change(self, a: int, b: int, c: int, d: int) -> list[Fact]:
        """Change up to four marks that stand."""
        places = sorted(self.history.marks)
        found = []
        for pupil, session in places[a % max(1, len(places)) :][: 1 + b % 4]:
            kinds = (
                (MarkAmended, SourceRestated) if self.imported else (MarkAmended, MarkCorrected)
            )
            kind = kinds[c % 2]
            mark = code(date.fromisoformat(session[:10]), c // 2)
            event = kind(
                original=self.history.marks[pupil, session], code=mark, reason="r",
                **self._stated(d),
            )  # fmt: skip
            self.history.marks[pupil, session] = mark
            found.append(Fact(streams.mark(pupil, session), event))
        return found

    def term(self, a: int, b: int, c: int, _: int) -> list[Fact]:
        """Set a term, or move its ends by a few days; terms never overlap as they stand."""
        name, first, last = TERMS[a % len(TERMS)]
        first, last = first + timedelta(days=b % 4), last - timedelta(days=c % 3)
        return [ledgers.term(name, first, last)]

    def conflict(self, a: int, b: int, _: int, d: int) -> list[Fact]:
        places = sorted(self.history.marks)
        if not places or not self.imported:
            return []
        pupil, session = places[a % len(places)]
        event = SourceConflicted(
            stands=self.history.marks[pupil, session],
            code=code(date.fromisoformat(session[:10]), b), **self._stated(d),
        )  # fmt: skip
        return [Fact(streams.mark(pupil, session), event)]

    def plan(self, a: int, b: int, c: int, d: int) -> list[Fact]:
        pupil = self._pupil(a)
        if pupil is None:
            return []
        day = DAYS[b % len(DAYS)]
        event = AbsencePlanned(code=code(day, c), **self._stated(d))
        return [Fact(streams.plan(pupil, f"{day}/{HALVES[c % 2]}"), event)]


four = st.tuples(numbers, numbers, numbers, numbers)
happenings = st.lists(st.tuples(numbers, four), min_size=2, max_size=6)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A school from its first day, by hand and by imports."""
    history = History()
    now = START
    imported = draw(st.booleans())
    terms = [ledgers.term(*t) for t in TERMS[draw(st.integers(0, 1)) :]]
    first = [ledgers.created(), ledgers.opened(), ledgers.staff(), *terms]
    first += _class(
        Happening(history, now, imported=imported), draw(st.lists(numbers, min_size=3, max_size=6))
    )
    for n in draw(st.lists(four, min_size=2, max_size=4)):
        first += Happening(history, now, imported=imported).mark(*n)
    history.transactions.append(Transaction(now, imported, first))
    for step, source, what in draw(
        st.lists(st.tuples(numbers, numbers, happenings), min_size=5, max_size=14)
    ):
        now += STEPS[step % len(STEPS)] * ledgers.HOUR
        happening = Happening(history, now, imported=source % 2 == 1)
        facts = [fact for kind, n in what for fact in happening.facts(kind, n)]
        if facts:
            history.transactions.append(Transaction(now, happening.imported, facts))
    return history


def _class(happening: Happening, chosen: list[int]) -> list[Fact]:
    found = []
    for n in chosen:
        found += happening.enrol(n, n // 6, n // 7, n // 3)
        found += happening.join(n, n // 5, n // 2, n // 11)
    return found


# -- questions ----------------------------------------------------------------------------------


questions = st.lists(st.tuples(*[numbers] * 10), min_size=4, max_size=8)


def asked(history: History, head: int, n: tuple[int, ...]) -> oracle.Asked:
    """A question about a history: the points in time lie at, just before or just after events."""
    times = sorted({
        *(t.at for t in history.transactions),
        *(s for t in history.transactions for f in t.facts
          if (s := getattr(f.event, "stated", None)) is not None),
    })  # fmt: skip
    clock = ("ledger", "source")[n[0] % 2]
    known_at = ledgers.NOW
    if n[1] % 4:
        known_at = times[n[2] % len(times)] + (0, 0, -1, 1)[n[3] % 4]
    position = None if n[4] % 3 else (n[4] // 3) % (head + 1)
    by = ("pupil", "registration", "year", "cohort", "school")[n[5] % 5]
    filters: dict[str, Any] = {}
    match n[6] % 12:
        case 0:
            filters = {"group": KINDS[0][1][n[7] % 3]}
        case 1:
            filters = {"year": KINDS[1][1][n[7] % 2]}
        case 2:
            filters = {"cohort": KINDS[2][1][n[7] % 2]}
        case 3:
            filters = {"pupil": f"U-{PUPILS[n[7] % len(PUPILS)]}"}
        case 4:
            filters = {"group": "9A", "cohort": "FSM"}
    on = DATES[n[8] % len(DATES)]
    return oracle.Asked(
        on=on,
        known_at=known_at,
        from_=None if n[9] % 2 else DATES[n[9] // 2 % len(DATES)],
        position=position,
        clock=clock,
        by=by,
        membership=("on", "session")[n[7] // 6 % 2],
        current=n[7] // 12 % 4 == 0,
        **filters,
    )


def question(of: oracle.Asked) -> rates.Rates:
    """The same question as the code under test takes it."""
    return rates.Rates(
        on=of.on,
        from_=of.from_,
        known_at=None if of.known_at == ledgers.NOW else iso(of.known_at),
        position=of.position,
        clock=of.clock,
        by=of.by,
        membership=of.membership,
        current=of.current,
        group=of.group,
        year=of.year,
        cohort=of.cohort,
        pupil=of.pupil,
    )
