"""The list of `penalties` as a table, as CSV, and explained in words that a parent could follow.

It says what is recorded, never a finding.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from ledger.clock import Corrected, dated, iso, local, local_date, told
from ledger.english import day, in_words, number_of, part_of_day, weekday
from ledger.values import Session
from policies.law.penalties import Measure, Window
from policies.packs.codes import Codes
from policies.packs.values import parameters
from projections.penalties.case import Case, Register, counted_from, letters
from projections.penalties.families import Parent, SupportStep
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.columns import Column, Listing, natural_order
from projections.queries.people import SECOND_HAND, Author, Person
from projections.readmodel.records.penalties import Consideration

_EARLY = "Oldest leaves on"
_TO_SUNDAY = timedelta(days=6)
_OUTCOMES = {
    "first": "a notice would be the first in the period",
    "second": "a notice would be the second in the period",
    "barred": "no further notice may be issued in the period",
}


_SUPPORT = {
    "support": "Support on record",
    "not-appropriate": "Recorded that support would not be the right step",
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
    where it never did, 0 where the source states no time for it; ``shown_by``: the record that
    showed it, where that is one merged into this one since; ``due``: whether a decision to
    consider is; ``earlier``: whether it is listed by an earlier window only.
    """

    person: Person
    case: Case
    first_recorded: int | None = None
    shown_by: Person | None = None
    due: bool = False
    considered: Sequence[Considered] = ()
    parents: Sequence[Parent] = ()
    steps: Sequence[SupportStep] = ()
    blockers: Sequence[str] = ()
    earlier: bool = False


class PenaltyFindings(NamedTuple):
    """Who is listed, by UPN, from so many sessions on.

    ``fallen``: whose case was considered with as many, and no window holds them any more;
    ``by_import``: whether imported marks count from their import, not as their source says.
    """

    register: Register
    at_least: int
    pupils: Sequence[ListedPupil]
    fallen: Sequence[Person] = ()
    by_import: bool = False


def _window(key: str) -> Column[ListedPupil]:
    def of(row: ListedPupil) -> Window | None:
        found: Window | None = getattr(row.case.standing, key)
        return found

    return Column(key, value=of, csv=lambda row: _days_cell(of(row)))


def _days_cell(window: Window | None) -> str:
    """Say from which day to which a window goes: to the Sunday of its last week."""
    return f"Mon {window.first_week} to Sun {window.last_week + _TO_SUNDAY}" if window else ""


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
    return f"{parent.parent_id}: {previous} previous, {outcome}, {parent.uses.fresh} fresh"


def _fresh_cell(row: ListedPupil) -> str:
    """Say what is not used up for each parent, once where it is the same for all of them."""
    fresh = {parent.uses.fresh for parent in row.parents} or {row.case.fresh}
    if len(fresh) == 1:
        return str(fresh.pop())
    return ", ".join(f"{parent.parent_id} {parent.uses.fresh}" for parent in row.parents)


def _considered_cell(row: ListedPupil) -> str:
    found = [f"{c.seen.decision} {dated(c.at)}" for c in row.considered[-1:]]
    return ", ".join([*found, *(["due"] if row.due else [])])


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
    Column("fresh", value=lambda row: row.uses.fresh),
    Column("to_ask", value=lambda row: row.uses.to_ask),
)
_STEPS: tuple[Column[SupportStep], ...] = (
    Column("on"),
    Column("step"),
    Column("outcome"),
    Column("support", value=lambda row: row.judged.verdict),
    Column("why", value=lambda row: row.judged.why or None),
)
COLUMNS: tuple[Column[ListedPupil], ...] = (
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("", "Name", lambda row: row.person.name),
    Column("count", "In window", lambda row: row.case.standing.count, number=True),
    Column("settled", "Settled", lambda row: row.case.settled, number=True),
    Column("fresh", "Fresh", lambda row: row.case.fresh, number=True, text=_fresh_cell),
    Column("met", value=lambda row: row.case.met),
    Column("peak", "Fullest", lambda row: row.case.standing.peak, number=True),
    Column("first_met_on", "First met on", lambda row: row.case.standing.first_met_on),
    Column("first_recorded_met_at",
           value=lambda row: iso(row.first_recorded) if row.first_recorded else None),
    Column("first_recorded_met_upn", value=lambda row: row.shown_by and row.shown_by.upn),
    _window("window"),
    _entries("sessions"),
    _window("peak_window"),
    _entries("peak_sessions"),
    Column("oldest_leaves_on", _EARLY, lambda row: row.case.standing.leaves_on,
           text=lambda row: str(row.case.standing.leaves_on or "after the known terms")),
    Column("considered", "Considered", lambda row: Listing(_CONSIDERED, row.considered),
           text=_considered_cell,
           csv=lambda row: [f"{iso(c.at)} {c.seen.decision}" for c in row.considered]),
    Column("parents", value=lambda row: Listing(_PARENTS, row.parents),
           csv=lambda row: list(map(_parent_cell, row.parents))),
    Column("blockers", "To clear up first",
           text=lambda row: ", ".join(dict.fromkeys(b.partition(":")[0] for b in row.blockers))),
    Column("support", value=lambda row: Listing(_STEPS, row.steps),
           csv=lambda row: [f"{each.words}: {each.judged.verdict}" for each in row.steps]),
    Column("listed_by", value=lambda row: "earlier" if row.earlier else "latest"),
)  # fmt: skip


def tables(found: PenaltyFindings, *, early: bool) -> Iterator[Grid]:
    """Yield the table of the latest window, then of cases that stand from an earlier one only.

    ``early``: a warning before the threshold, with when sessions leave.
    """
    latest = [each for each in found.pupils if not each.earlier]
    earlier = [each for each in found.pupils if each.earlier]
    title = f"Penalty notice threshold as at {found.register.on}"
    notes = list(_notes(found))
    if not earlier:
        yield _table(title, latest, early=early, notes=notes)
        return
    yield _table(f"{title}, in the latest window", latest, early=early)
    yield _table(f"{title}, from an earlier window only", earlier, early=early, notes=notes)


def _table(
    title: str, pupils: Sequence[ListedPupil], *, early: bool, notes: Sequence[str] = ()
) -> Grid:
    headings = [each.heading for each in COLUMNS if each.heading]
    return Listing(COLUMNS, pupils).grid(
        f"{title}: {number_of(len(pupils), 'pupil')}",
        order=[heading for heading in headings if early or heading != _EARLY],
        rows=lambda: sorted(pupils, key=_by_count),
        notes=notes,
    )


def _by_count(row: ListedPupil) -> tuple[object, ...]:
    """Return the place in a table: the most first, in the window by which it is listed."""
    found = row.case.standing
    counts = (-found.peak, -found.count) if row.earlier else (-found.count, -found.peak)
    return *counts, natural_order(row.person.upn)


def _notes(found: PenaltyFindings) -> Iterator[str]:
    """Yield, as sentences, what the list means and how it counts."""
    rule = found.register.measure
    meaning = (*_meaning(found.pupils, rule), *_fallen(found))
    for text in (*meaning, _columns(found.register), _scope(rule)):
        yield f"{text[0].upper()}{text[1:]}."


def _sentence(measure: Measure) -> str:
    """Say what a full window means, and what it does not."""
    return (
        f"{in_words(measure.sessions)} recorded sessions: a decision to consider is due; "
        "not a finding against a parent"
    )


def _meaning(listed: Sequence[ListedPupil], measure: Measure) -> Iterator[str]:
    """Yield what being on this list means: a duty only for those who met the threshold."""
    number = in_words(measure.sessions)
    if due := sum(each.due for each in listed):
        yield f"{_sentence(measure)}; so for {number_of(due, 'pupil')}, due under Considered"
    if any(each.case.met and not each.due for each in listed):
        yield (
            f"{number} recorded sessions and not due: the case was considered as it stands; not a "
            "finding against a parent"
        )
    if not all(each.case.met for each in listed):
        yield (
            f"where no day is given on which it was met, fewer than {number} "
            "are recorded: an early warning, and no duty to consider; not a finding against a "
            "parent"
        )


def _fallen(found: PenaltyFindings) -> Iterator[str]:
    """Yield who is not listed although the case was considered: what it rested on is no more."""
    if found.fallen:
        who = ", ".join(f"{each.name} ({each.upn})" for each in found.fallen)
        yield (
            f"not listed, though considered with {number_of(found.at_least, 'session')} or more: "
            f"{who}; no window holds as many any more (attendance history and attendance alerts "
            "show what changed)"
        )


def _columns(register: Register) -> str:
    weeks = f"{in_words(register.measure.weeks)} consecutive school weeks"
    provisional = register.codes.provisional(register.on)
    return (
        f"in window: sessions in the latest {weeks}; settled: those of them without "
        f"{provisional}, which may still change; fresh: those that no notice to the parent used "
        f"up, for each parent where they differ; fullest: the most in any {weeks} so far; to "
        "clear up first: what a referral would meet, in words with --explain"
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
        *(Lines([*_pupil(codes, each, found.by_import), ""]) for each in found.pupils),
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
    yield "  not a finding against a parent."
    yield "  A session is half a school day. A school week runs from Monday to Sunday and has at"
    yield "  least one session; weeks of holiday are left out, and the count runs on across them."
    yield "  Only sessions on which the child was of compulsory school age count, from"
    yield f"  {day(counted_from(register.codes))} on."
    yield f"  Reference: {rule.reference} ({rule.confidence})."


def _pupil(codes: Codes, row: ListedPupil, by_import: bool) -> Iterator[str]:  # noqa: FBT001
    case, found = row.case, row.case.standing
    yield f"{row.person.name} ({row.person.upn})"
    yield from _window_in_words(codes, case, "Latest window", found.window, found.sessions)
    fresh = f"{case.fresh} on which no notice that stands relied, to whichever parent"
    yield f"  {case.settled} of them settled; {fresh}"
    if found.peak_window != found.window:
        name = "Fullest window so far"
        yield from _window_in_words(codes, case, name, found.peak_window, found.peak_sessions)
    if found.first_met_on:
        yield f"  The threshold was first reached with a session on {day(found.first_met_on)}"
    if row.first_recorded:
        at = local(row.first_recorded)
        by = (
            f" (in the record {row.shown_by.upn}, merged into this one since)"
            if row.shown_by
            else ""
        )
        held = "This ledger" if by_import else "The register"
        yield f"  {held} first held as many on {day(at.date())} at {at:%H:%M}{by}"
        if by_import:
            yield "  (what was imported, it holds since the import: --clock source goes by the"
            yield "  times that the source states)"
    if found.leaves_on:
        yield f"  The oldest session leaves the window on {day(found.leaves_on)}"
    yield from _besides(row)


def _besides(row: ListedPupil) -> Iterator[str]:
    """Yield what was considered, who the parents are, what support there was, what is left."""
    for each in row.considered:
        when = told(each.at, lambda at: f"{day(local_date(at))}")
        on = "" if isinstance(each.at, Corrected) else "on "
        who = f"{on}{when} by {each.by.words}"
        yield f"  Considered {who}: {each.seen.decision} ({each.reason})"
    for parent in row.parents:
        yield f"  Parent {_parent_words(parent)}"
    for step in row.steps:
        if step.judged.verdict in _SUPPORT:
            yield f"  {_SUPPORT[step.judged.verdict]}: {step.words}"
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
    said = f"{parent.parent_id}: {previous}; {_OUTCOMES[one_more.outcome]}"
    asked = len(parent.uses.sessions)
    if not asked:
        return said
    return f"{said}; {parent.uses.fresh} of the {asked} not used up by a notice to this parent"
