"""The list of `penalties` as a table, as CSV, and explained in words that a parent could follow.

It says what is recorded, never a finding.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.clock import iso, local
from ledger.english import day, in_words, number_of, part_of_day, weekday
from ledger.values import Session
from policies.law.penalties import Measure, Window
from policies.packs.codes import Codes
from policies.packs.values import parameters
from projections.penalties.case import Case, Register, counted_from, letters
from projections.penalties.families import Parent
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.columns import Column, Listing, natural_order
from projections.queries.view import SECOND_HAND, Author, Person
from projections.readmodel.records.penalties import Consideration

_EARLY = "Oldest leaves on"
_OUTCOMES = {
    "first": "a notice would be the first in the period",
    "second": "a notice would be the second in the period",
    "barred": "no further notice may be issued in the period",
}


class Considered(NamedTuple):
    """A consideration as recorded, when and by whom; texts opened."""

    seen: Consideration
    at: int
    by: Author
    authenticated: str
    reason: str | None


class ListedPupil(NamedTuple):
    """A pupil listed: the case, what was considered of it, and what a referral would meet.

    ``first_recorded``: when a window first held as many recorded entries as the rule names, none
    where it never did, 0 where the source states no time for it.
    """

    person: Person
    case: Case
    first_recorded: int | None = None
    considered: Sequence[Considered] = ()
    parents: Sequence[Parent] = ()
    blockers: Sequence[str] = ()


class PenaltyFindings(NamedTuple):
    """Who is listed, by UPN, from so many sessions on."""

    register: Register
    at_least: int
    pupils: Sequence[ListedPupil]


def _window(key: str) -> Column[ListedPupil]:
    def of(row: ListedPupil) -> Window | None:
        found: Window | None = getattr(row.case.standing, key)
        return found

    return Column(
        key,
        value=of,
        csv=lambda row: " to ".join(map(str, of(row) or ())),
    )


def _entries(key: str) -> Column[ListedPupil]:
    def of(row: ListedPupil) -> Iterator[tuple[Session, str]]:
        for session in getattr(row.case.standing, key):
            yield session, row.case.entries[session]

    return Column(
        key,
        value=lambda row: [{"session": str(at), "code": code} for at, code in of(row)],
        csv=lambda row: [f"{at} {code}" for at, code in of(row)],
    )


def _parent_cell(parent: Parent) -> str:
    previous, outcome = len(parent.one_more.previous), parent.one_more.outcome
    return f"{parent.parent_id}: {previous} previous, {outcome}"


def _last_considered(row: ListedPupil) -> str:
    return "".join(f"{c.seen.decision} {iso(c.at)[:10]}" for c in row.considered[-1:])


_CONSIDERED: tuple[Column[Considered], ...] = (
    Column("at", value=lambda row: iso(row.at)),
    Column("decision", value=lambda row: row.seen.decision),
    Column("by", value=lambda row: row.by._asdict() | {"authenticated": row.authenticated}),
    Column("count", value=lambda row: row.seen.counted),
    Column("seen_at", value=lambda row: row.seen.seen_at),
)
_PARENTS: tuple[Column[Parent], ...] = (
    Column("parent_id"),
    Column("liable"),
    Column("previous", value=lambda row: len(row.one_more.previous)),
    Column("outcome", value=lambda row: row.one_more.outcome),
    Column("amount_within_21_days", value=lambda row: row.one_more.low),
    Column("amount", value=lambda row: row.one_more.high),
    Column("la_confirmed_on", value=lambda row: row.confirmed_on),
)
COLUMNS: tuple[Column[ListedPupil], ...] = (
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("", "Name", lambda row: row.person.name),
    Column("count", "In window", lambda row: row.case.standing.count, number=True),
    Column("settled", "Settled", lambda row: row.case.settled, number=True),
    Column("fresh", "Fresh", lambda row: row.case.fresh, number=True),
    Column("met", value=lambda row: row.case.met),
    Column("peak", "Fullest", lambda row: row.case.standing.peak, number=True),
    Column("first_met_on", "First met on", lambda row: row.case.standing.first_met_on),
    Column("first_recorded_met_at",
           value=lambda row: iso(row.first_recorded) if row.first_recorded else None),
    _window("window"),
    _entries("sessions"),
    _window("peak_window"),
    _entries("peak_sessions"),
    Column("oldest_leaves_on", _EARLY, lambda row: row.case.standing.leaves_on,
           text=lambda row: str(row.case.standing.leaves_on or "after the known terms")),
    Column("considered", "Considered", lambda row: Listing(_CONSIDERED, row.considered),
           text=_last_considered,
           csv=lambda row: [f"{iso(c.at)} {c.seen.decision}" for c in row.considered]),
    Column("parents", value=lambda row: Listing(_PARENTS, row.parents),
           csv=lambda row: list(map(_parent_cell, row.parents))),
    Column("blockers", "To clear up first",
           text=lambda row: ", ".join(each.partition(":")[0] for each in row.blockers)),
)  # fmt: skip


def table(found: PenaltyFindings, *, early: bool) -> Grid:
    """Return the table; ``early``: a warning before the threshold, with when sessions leave."""
    headings = [each.heading for each in COLUMNS if each.heading]
    rule = found.register.measure
    meant = [*_meaning(found.pupils, rule), _scope(rule)]
    number = number_of(len(found.pupils), "pupil")
    return Listing(COLUMNS, found.pupils).grid(
        f"Penalty notice threshold as at {found.register.on}: {number}",
        order=[heading for heading in headings if early or heading != _EARLY],
        rows=lambda: sorted(found.pupils, key=lambda row: natural_order(row.person.upn)),
        notes=[f"{text[0].upper()}{text[1:]}." for text in meant],
    )


def _sentence(measure: Measure) -> str:
    """Say what a full window means, and what it does not."""
    return (
        f"{in_words(measure.sessions)} recorded sessions: a decision to consider is due; "
        "not a finding against a parent"
    )


def _meaning(listed: Sequence[ListedPupil], measure: Measure) -> Iterator[str]:
    """Yield what being on this list means: a duty only for those who met the threshold."""
    met = [each.case.met for each in listed]
    if any(met) or not met:
        yield _sentence(measure)
    if not all(met):
        yield (
            f"where no day is given on which it was met, fewer than {in_words(measure.sessions)} "
            "are recorded: an early warning, and no duty to consider; not a finding against a "
            "parent"
        )


def _scope(measure: Measure) -> str:
    return (
        f"sessions in any {in_words(measure.weeks)} consecutive school weeks, from the whole "
        "history whatever --from says; earlier notices as on our records"
    )


# -- in words ---------------------------------------------------------------------------------


def explanation(found: PenaltyFindings) -> list[Block]:
    """Return the rule, then each pupil's sessions and windows."""
    codes = found.register.codes
    return [
        Lines([*_rule(found.register), ""]),
        *(Lines([*_pupil(codes, each), ""]) for each in found.pupils),
    ]


def _rule(register: Register) -> Iterator[str]:
    rule, measure = parameters().value("penalty_notices.threshold", register.on), register.measure
    yield "How this is counted"
    yield (
        f"  When the register holds {in_words(measure.sessions)} sessions of unauthorised or "
        f"unexplained absence ({', '.join(letters(register.codes))})"
    )
    yield (
        f"  in any {in_words(measure.weeks)} school weeks in a row, the head teacher, or "
        "somebody the head authorises, has to consider"
    )
    yield "  whether a penalty notice is the right step. It is a duty to think about it, no more:"
    yield f"  {_sentence(measure)}."
    yield "  A session is half a school day. A school week runs from Monday to Sunday and has at"
    yield "  least one session; weeks of holiday are left out, and the count runs on across them."
    yield "  Only sessions on which the child was of compulsory school age count, from"
    yield f"  {day(counted_from(register.codes))} on."
    yield f"  Reference: {rule.reference} ({rule.confidence})."


def _pupil(codes: Codes, row: ListedPupil) -> Iterator[str]:
    case, found = row.case, row.case.standing
    yield f"{row.person.name} ({row.person.upn})"
    yield from _window_in_words(codes, case, "Latest window", found.window, found.sessions)
    yield f"  {case.settled} of them settled; {case.fresh} on which no earlier notice relied"
    if found.peak_window != found.window:
        name = "Fullest window so far"
        yield from _window_in_words(codes, case, name, found.peak_window, found.peak_sessions)
    if found.first_met_on:
        yield f"  The threshold was first reached with a session on {day(found.first_met_on)}"
    if row.first_recorded:
        at = local(row.first_recorded)
        yield f"  The register first held as many on {day(at.date())} at {at:%H:%M}"
    if found.leaves_on:
        yield f"  The oldest session leaves the window on {day(found.leaves_on)}"
    for each in row.considered:
        who = f"on {day(local(each.at).date())} by {each.by.words}"
        yield f"  Considered {who}: {each.seen.decision} ({each.reason})"
    for parent in row.parents:
        yield f"  Parent {_parent_words(parent)}"
    for blocker in row.blockers:
        yield f"  To clear up first: {blocker.partition(': ')[2]}"


def _window_in_words(
    codes: Codes, case: Case, name: str, window: Window | None, sessions: Sequence[Session]
) -> Iterator[str]:
    first, last = map(day, window or ())
    yield (
        f"  {name}, the school weeks from Monday {first} to the one of Monday {last}: "
        f"{number_of(len(sessions), 'session')}"
    )
    for session in sessions:
        code = case.entries[session]
        meaning = codes.rule(code, session.date).description
        yield f"    {weekday(session.date)}, {part_of_day(session.half)}: {code}, {meaning}"


def _parent_words(parent: Parent) -> str:
    confirmed, one_more = parent.confirmed_on, parent.one_more
    stated = f", {SECOND_HAND}" if parent.is_stated else ""
    source = f" (the authority last confirmed on {day(confirmed)}{stated})" if confirmed else ""
    previous = f"{len(one_more.previous)} earlier in the period on our records{source}"
    return f"{parent.parent_id}: {previous}; {_OUTCOMES[one_more.outcome]}"
