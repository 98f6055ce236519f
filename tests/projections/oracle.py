"""What ``rates`` ought to answer: the contract and the law, replayed event by event.

Written from the contract (sections 1 and 3), the law (reg 10) and the statistics' formulas
alone, in plain loops over dictionaries, before the code under test was read. It reads the raw
log and is slow on purpose: nothing here is clever enough to hide the same mistake.

Where the contract is silent, and what was chosen:

- Several versions of one fact of the roll or the calendar (the same spell, membership, closure,
  term) are a chain as those of a mark are: the latest stated time so far counts. What was
  withdrawn and is recorded again is a new fact.
- ``undated`` counts the standing marks in whose chain no source stated a time, under both clocks.
- A session both closed as planned and cancelled for a pupil is cancelled.
- "The last group held on roll" is, of years and registration groups, the one held on the last
  day on roll on which there was one; of cohorts, what was held on the last day on roll.
- A pupil who is on roll on cancelled sessions only met no session: in no row, in no total.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from ledger.events.base import Event
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.log import Committed
from ledger.events.register import MarkAmended, MarkCorrected, SessionMarked, SourceRestated
from ledger.events.roll import (
    EnrolmentWithdrawn,
    GroupJoined,
    GroupLeft,
    PupilEnrolled,
    PupilRemoved,
)
from ledger.events.school import SchoolOpened
from ledger.store.facts import Recorded
from ledger.store.store import Store

DAY = timedelta(days=1)
NO_GROUP = "(none)"
CANCELLED = "cancelled"
REGULATIONS_2024 = date(2024, 8, 19)
COUNTS = (
    "possible", "attended", "authorised", "unauthorised", "late", "late_before_close",
    "late_after_close", "missing", "undated",
)  # fmt: skip

# (possible, attended, unauthorised) by code, from codes.csv, columns counts_as_*.
PRESENT = (True, True, False)
AUTHORISED = (True, False, False)
UNAUTHORISED = (True, False, True)
OUTSIDE = (False, False, False)
MEANINGS_2024 = {
    **dict.fromkeys(["/", "\\", "L", "K", "V", "P", "W", "B"], PRESENT),
    **dict.fromkeys(["C1", "M", "J1", "S", "C2", "C", "T", "R", "I", "E"], AUTHORISED),
    **dict.fromkeys(["G", "N", "O", "U"], UNAUTHORISED),
    **dict.fromkeys(["X", "D", "Q", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7", "#", "Z"], OUTSIDE),
}
MEANINGS_2006 = {
    **dict.fromkeys(["/", "\\", "L", "B", "J", "P", "V", "W"], PRESENT),
    **dict.fromkeys(["C", "E", "H", "I", "M", "R", "S", "T"], AUTHORISED),
    **dict.fromkeys(["G", "N", "O", "U"], UNAUTHORISED),
    **dict.fromkeys(["D", "X", "Y", "Z", "#"], OUTSIDE),
}
"""In force from September 2013 to 18 August 2024, the coronavirus years apart."""
LATE = ("L", "U")

Session = tuple[date, str]


@dataclass(frozen=True)
class Asked:
    """One question: the point in time, who, and how the rows are cut."""

    on: date
    known_at: int
    from_: date | None = None
    position: int | None = None
    clock: str = "ledger"
    by: str = "pupil"
    membership: str = "on"
    current: bool = False
    group: str | None = None
    year: str | None = None
    cohort: str | None = None
    pupil: str | None = None


@dataclass
class Version:
    """What was entered or changed for a session; ``undated``: nobody states a time for it."""

    code: str
    undated: bool = False


@dataclass
class Known:
    """Everything that was known at the point in time, one fact after the other."""

    urn: str = ""
    terms: dict[tuple[str, int], TermSet] = field(default_factory=dict)
    closures: dict[tuple[date, str, frozenset[str], int], bool] = field(default_factory=dict)
    spells: dict[str, dict[tuple[date, int], date | None]] = field(default_factory=dict)
    groups: dict[str, dict[tuple[str, str, date | None], date | None]] = field(
        default_factory=dict
    )
    upns: dict[str, str] = field(default_factory=dict)
    marks: dict[tuple[str, str], Version] = field(default_factory=dict)

    # -- the calendar -----------------------------------------------------------------------

    def in_term(self, day: date) -> bool:
        """Monday to Friday, AM and PM, inside terms."""
        return day.weekday() < 5 and any(t.first <= day <= t.last for t in self.terms.values())

    def closed(self, session: Session, groups: set[str]) -> str | None:
        """``cancelled``, ``planned`` or None, for somebody who belongs to these groups."""
        found = None
        for (day, half, concerned, _), cancelled in self.closures.items():
            if (day, half) == session and (not concerned or concerned & groups):
                if cancelled:
                    return CANCELLED
                found = "planned"
        return found

    def first_day_of_school_year(self, on: date) -> date:
        """The first term that starts after 31 July, of the year that holds ``on``.

        Outside every school year: the nearest earlier one, else the first.
        """
        openings: dict[int, date] = {}
        for term in self.terms.values():
            year = term.first.year if term.first.month > 7 else term.first.year - 1
            openings[year] = min(openings.get(year, term.first), term.first)
        earlier = [day for day in openings.values() if day <= on]
        return max(earlier) if earlier else min(openings.values(), default=on)

    # -- the roll ---------------------------------------------------------------------------

    def on_roll(self, pupil: str, day: date) -> bool:
        """A pupil is on roll from the first to the last day of any spell, inclusive."""
        return any(
            first <= day and (last is None or day <= last)
            for (first, _), last in self.spells.get(pupil, {}).items()
        )

    def groups_at(self, pupil: str, day: date, kind: str | None = None) -> set[str]:
        """The groups that a pupil belongs to on a day, of one kind or of all."""
        return {
            name
            for (k, name, since), until in self.groups.get(pupil, {}).items()
            if kind in (None, k)
            and (since is None or since <= day)
            and (until is None or day <= until)
        }

    def held(self, pupil: str, on: date, kind: str) -> set[str]:
        """Membership as at ``on``; after leaving, the last held on roll; none: ``(none)``."""
        day, first = on, min(self.spells[pupil])[0]
        left = not self.on_roll(pupil, on)
        while day >= first and not self.on_roll(pupil, day):
            day -= DAY
        while (
            left
            and kind != "cohort"
            and day >= first
            and not (self.on_roll(pupil, day) and self.groups_at(pupil, day, kind))
        ):
            day -= DAY
        return self.groups_at(pupil, day, kind) or {NO_GROUP}


# -- what was known -----------------------------------------------------------------------------


def events(store: Store) -> Iterator[tuple[Recorded, Committed]]:
    """Every fact with the header of its transaction, one by one."""
    header: Committed | None = None
    for page in store.scan(0):
        for recorded in page:
            if isinstance(recorded.event, Committed):
                header = recorded.event
            else:
                assert header is not None
                yield recorded, header


def time_of(event: Event, header: Committed, clock: str) -> int | None:
    """When a fact counts as known; None: from the start."""
    if clock == "ledger" or header.source is None:
        return header.at
    return getattr(event, "stated", None)


def known(  # noqa: C901 - one loop, read from top to bottom
    store: Store, asked: Asked, open_text: Callable[[str], str]
) -> Known:
    """Replay what the ledger held at the position and knew at the instant."""
    result = Known()
    lives: Counter = Counter()
    latest: dict[tuple, int | None] = {}
    dated: set[tuple] = set()
    for recorded, header in events(store):
        if asked.position is not None and recorded.position > asked.position:
            break
        event, stream = recorded.event, recorded.stream
        for name in _facts(stream, event):
            withdrawn = isinstance(event, WITHDRAWN)
            key = (*name, lives[name])
            if withdrawn and key not in latest:
                continue
            lives[name] += withdrawn
            times = [latest.get(key), time_of(event, header, asked.clock)]
            latest[key] = max((t for t in times if t is not None), default=None)
            if time_of(event, header, "source") is not None:
                dated.add(key)
            if latest[key] is None or latest[key] <= asked.known_at:
                _take(result, key, event, open_text)
                if key[0] == "mark":
                    result.marks[key[1:3]].undated = key not in dated
            elif key[0] == "details":
                # Named all the same where another spell of the pupil is known already.
                result.upns.setdefault(key[1], open_text(event.upn))
    return result


WITHDRAWN = (ClosureWithdrawn, EnrolmentWithdrawn)
MARKS = (SessionMarked, MarkCorrected, MarkAmended, SourceRestated)


def _facts(stream: str, event: Event) -> list[tuple]:  # noqa: PLR0911 - one case an event
    """Return what identifies each fact that an event is about."""
    keys = stream.split(":", 2)
    match event:
        case SchoolOpened():
            return [("school",)]
        case TermSet(name=name, first=first):
            return [("term", name, first.year if first.month > 7 else first.year - 1)]
        case SessionsClosed() | SessionCancelled() | ClosureWithdrawn():
            groups = frozenset(event.groups)
            return [("closure", event.date, half, groups) for half in event.sessions]
        case PupilEnrolled():
            return [("spell", keys[1], event.starts_on), ("details", keys[1])]
        case PupilRemoved() | EnrolmentWithdrawn():
            return [("spell", keys[1], event.starts_on)]
        case GroupJoined() | GroupLeft():
            return [("group", keys[1], event.kind, event.name, event.since)]
        case _:
            return [("mark", *keys[1:])] if isinstance(event, MARKS) else []


def _take(  # noqa: C901, PLR0912 - one case a fact
    result: Known, key: tuple, event: Event, open_text: Callable[[str], str]
) -> None:
    """Take one fact as it now stands."""
    kind, *rest = key
    match kind:
        case "school":
            result.urn = event.urn
        case "term":
            result.terms[rest[0], rest[1]] = event
        case "closure" if isinstance(event, ClosureWithdrawn):
            del result.closures[tuple(rest)]
        case "closure":
            result.closures[tuple(rest)] = isinstance(event, SessionCancelled)
        case "spell" if isinstance(event, EnrolmentWithdrawn):
            del result.spells[rest[0]][rest[1], rest[2]]
        case "spell":
            last = event.leaves_on if isinstance(event, PupilRemoved) else None
            result.spells.setdefault(rest[0], {})[rest[1], rest[2]] = last
        case "details":
            result.upns[rest[0]] = open_text(event.upn)
        case "group":
            result.groups.setdefault(rest[0], {})[rest[1], rest[2], rest[3]] = event.until
        case "mark":
            result.marks[rest[0], rest[1]] = Version(event.code)


# -- the answer ---------------------------------------------------------------------------------


def rates(store: Store, asked: Asked, open_text: Callable[[str], str]) -> dict:
    """The rows and the total of ``rates``."""
    facts = known(store, asked, open_text)
    first = asked.from_ or facts.first_day_of_school_year(asked.on)
    rows: dict[str, Tally] = {}
    total = Tally()
    for pupil in sorted(p for p in facts.spells if facts.spells[p]):
        if asked.current and not facts.on_roll(pupil, asked.on):
            continue
        if asked.pupil is not None and facts.upns[pupil] != asked.pupil:
            continue
        counted = list(_sessions(facts, asked, pupil, first))
        if not any(standing != CANCELLED for _, standing in counted):
            continue
        for day, standing in counted:
            for name in _row_names(facts, asked, pupil, day):
                rows.setdefault(name, Tally()).count(standing, day)
            total.count(standing, day)
    key = "upn" if asked.by == "pupil" else "group"
    return {
        "rows": [{key: name, **rows[name].row()} for name in sorted(rows)],
        "total": total.row(),
    }


def _sessions(
    facts: Known, asked: Asked, pupil: str, first: date
) -> Iterator[tuple[date, Version | str | None]]:
    """A pupil's sessions in the range that were met or cancelled, with what stands."""
    day = first
    while day <= asked.on:
        if (
            facts.in_term(day)
            and facts.on_roll(pupil, day)
            and _concerned(facts, asked, pupil, day)
        ):
            for half in ("AM", "PM"):
                closed = facts.closed((day, half), facts.groups_at(pupil, day))
                if closed is None:
                    yield day, facts.marks.get((pupil, f"{day}/{half}"))
                elif closed == CANCELLED:
                    yield day, CANCELLED
        day += DAY


def _concerned(facts: Known, asked: Asked, pupil: str, day: date) -> bool:
    wanted = {"registration": asked.group, "year": asked.year, "cohort": asked.cohort}
    return all(
        name is None or name in _held(facts, asked, pupil, day, kind)
        for kind, name in wanted.items()
    )


def _row_names(facts: Known, asked: Asked, pupil: str, day: date) -> set[str]:
    if asked.by == "pupil":
        return {facts.upns[pupil]}
    if asked.by == "school":
        return {facts.urn or NO_GROUP}
    return _held(facts, asked, pupil, day, asked.by)


def _held(facts: Known, asked: Asked, pupil: str, day: date, kind: str) -> set[str]:
    if asked.membership == "session":
        return facts.groups_at(pupil, day, kind) or {NO_GROUP}
    return facts.held(pupil, asked.on, kind)


@dataclass
class Tally:
    """The counts of one row."""

    counts: Counter = field(default_factory=Counter)
    codes: Counter = field(default_factory=Counter)

    def count(self, standing: Version | str | None, day: date) -> None:
        """Count one session: what stands, nothing, or that it was cancelled."""
        if standing is None:
            self.counts["missing"] += 1
            return
        if not isinstance(standing, Version):
            self.codes["Y4" if day >= REGULATIONS_2024 else "Y"] += 1
            return
        code = standing.code
        meanings = MEANINGS_2024 if day >= REGULATIONS_2024 else MEANINGS_2006
        possible, attended, unauthorised = meanings[code]
        self.codes[code] += 1
        self.counts["possible"] += possible
        self.counts["attended"] += attended
        self.counts["unauthorised"] += unauthorised
        self.counts["authorised"] += possible and not attended and not unauthorised
        self.counts["late"] += code in LATE
        self.counts["late_before_close"] += code == "L"
        self.counts["late_after_close"] += code == "U"
        self.counts["undated"] += standing.undated

    def row(self) -> dict:
        """The row as the contract writes it, without its key."""
        return {
            **{name: self.counts[name] for name in COUNTS},
            "codes": dict(sorted(self.codes.items())),
            "attendance": one_decimal(self.counts["attended"], self.counts["possible"]),
        }


def one_decimal(part: int, whole: int) -> str | None:
    """A percentage with one decimal, half up; None of nothing."""
    if not whole:
        return None
    tenths = Fraction(1000 * part, whole) + Fraction(1, 2)
    rounded = tenths.numerator // tenths.denominator
    return f"{rounded // 10}.{rounded % 10}"
