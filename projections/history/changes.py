"""What was amended, entered late or restated: a list, or counts by kind and pair of codes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median
from typing import Any, NamedTuple

from ledger.clock import iso, parse_instant
from ledger.english import number_of
from ledger.values import parse_session
from policies.law.calendar import provisional_days_over
from projections.amending.evidence import evidence_counts
from projections.history import change_filters
from projections.history.change_filters import (
    AFTER_THE_TAKING,
    Filter,
    Filters,
    first_codes,
    kinds,
)
from projections.queries import appointments, pending, stopped
from projections.queries.appointments import Appointment
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Chosen, Question, option
from projections.queries.selection import selected_pupils
from projections.queries.versions import (
    BATCH_NUMBER,
    VERSION_KINDS,
    VERSIONS,
    Describer,
    MarkVersion,
    with_numbers,
)
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, versions_of_changed, versions_on
from projections.readmodel.records.amending import Request

_KINDS = {
    "late_entry": "late entry",
    "taking": "corrected during taking",
    "uncounted": "stopped counting",
}
_RULE = "register.provisional_school_days"


class Change(NamedTuple):
    """A version of some pupil's mark, and how many pieces of evidence were given with it."""

    upn: str
    version: MarkVersion
    evidence: int


CHANGES: tuple[Column[Change], ...] = (
    Column("upn", "UPN"),
    *(column.on(lambda row: row.version) for column in VERSIONS),
    Column("batch", value=lambda row: row.version.stored.batch),
    Column("source", value=lambda row: row.version.source),
    Column("evidence"),
    Column("approved_by", value=lambda row: row.version.approved),
    BATCH_NUMBER.on(lambda row: row.version),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Changes of a kind and pair of codes, counted.

    ``late``: replaced a provisional entry later than the law allows (SI 2024/208 reg 10(7));
    ``undated``: with no time stated, so that no lag is known; ``median_lag``: school days, none
    where none is known; ``people``: the members of staff who made them.
    """

    kind: str
    was: str
    became: str
    count: int
    late: int
    undated: int
    median_lag: str | None
    pupils: int
    people: int


def _count(key: str, heading: str) -> Column[Counts]:
    return Column(key, heading, number=True)


COUNTED = (
    _count("count", "Changes"),
    _count("late", "Provisional mark replaced too late"),
    _count("undated", "Undated"),
    _count("median_lag", "Median school days after"),
    _count("pupils", "Pupils"),
    _count("people", "People"),
)
SUMMARY: tuple[Column[Counts], ...] = (
    Column("kind", "What", text=lambda row: _KINDS.get(row.kind, row.kind)),
    Column("from", "Was", lambda row: row.was or None),
    Column("to", "Became", lambda row: row.became or None),
    *COUNTED,
)


@dataclass(frozen=True, slots=True)
class ChangesFound:
    """The changes asked for, by session and pupil, and the amendments that wait for approval.

    ``entries``: with ``--since``, the first marks recorded since; none without.
    """

    rows: Sequence[Change]
    waiting: Sequence[Request]
    entries: int | None
    appointed: Sequence[Appointment]


@dataclass(frozen=True, slots=True)
class ChangesCounted:
    """The changes asked for, counted by kind and pair of codes."""

    rows: Sequence[Counts]
    total: Counts


@dataclass(frozen=True, kw_only=True)
class Changes(Filters, Question[ChangesFound | ChangesCounted]):
    """attendance changes: what was amended, entered late or restated, filtered.

    Changes after the register had ended, by session date (--from, --on) and more.

    Codes are exact, or words by what a code meant on its day: present (counts as attending, so
    also an approved activity), late, authorised, unauthorised, absent. --was N asks by the code
    that a session was first entered with: N made present by way of O is found so, and is not with
    --from-code N --to-code present, which asks about one step. Amendments of the admission
    register: attendance admission.
    """

    summary: bool = option("count them by kind and pair of codes", default=False)

    @property
    def chosen(self) -> Chosen:
        """What a group chooses: pupils, with all that is recorded of them."""
        return "pupils"

    def find(self, view: View) -> ChangesFound | ChangesCounted:
        """Find the changes known, by session and then pupil; or their counts."""
        change_filters.check(self, view)
        describer = Describer(view)
        asked = Filter(self, view, describer)
        found = _versions_asked(self, view)
        was = first_codes(v for _, v in found) if self.was else {}
        wanted = [(n, v) for n, v in found if asked.wants(v, was.get((v.pupil, v.session)))]
        if self.summary:
            return _summary(view, describer, wanted)
        return ChangesFound(
            _changes(view, describer, wanted),
            _pending_here(self, view),
            None if self.since is None else _entries_since(self, view, describer, found),
            appointments.appointments(view),
        )

    def present(self, found: ChangesFound | ChangesCounted) -> Answer:
        """Show one row a change, or one a kind and pair of codes."""
        if isinstance(found, ChangesCounted):
            return self._counts(found)
        listing, waiting = Listing(CHANGES, found.rows), found.waiting
        said = pending.field(waiting) | appointments.field(found.appointed)
        fields: dict[str, Any] = {"rows": listing, **said}
        notes = [*pending.notes(waiting), *appointments.lines(found.appointed)]
        if self.since is not None:
            fields |= {"since": iso(parse_instant(self.since)), "entries_since": found.entries}
            if found.entries and "entry" not in self.kind:
                notes.append(_of_entries(found.entries))
        title = number_of(len(listing), "change")
        return Answer(fields, blocks=[listing.grid(title, notes=notes)])

    def _counts(self, found: ChangesCounted) -> Answer:
        listing, total = Listing(SUMMARY, found.rows), found.total
        [document] = Listing(COUNTED, [total]).documents()
        asked = ", ".join(VERSION_KINDS[kind] for kind in kinds(self))
        title = f"{number_of(total.count, 'change')} by pair of codes ({asked})"
        return Answer(
            {"rows": listing, "total": document}, blocks=[listing.grid(title, total=total)]
        )

    def unknown(self) -> Answer:
        """Return no change."""
        return Answer({"rows": Listing(SUMMARY, []) if self.summary else Listing(CHANGES, [])})


def _pending_here(question: Changes, view: View) -> list[Request]:
    """Return the requested amendments of these pupils and sessions that wait for approval."""
    who, first, last = selected_pupils(question, view), view.first, view.on
    return [
        p
        for p in pending.pending_amendments(view)
        if p.pupil in who and first <= p.at.date <= last
    ]


def _versions_asked(question: Changes, view: View) -> list[tuple[int, Version]]:
    """Return the versions, with their numbers, of the pupils and session dates asked for."""
    few = question.since is None and set(kinds(question)) <= {*AFTER_THE_TAKING, "taking"}
    read = versions_of_changed if few else versions_on
    found = with_numbers(view, read(view, view.first, view.on))
    who = selected_pupils(question, view)
    asked = [(number, version) for number, version in found if version.pupil in who]
    if stopped.KIND in kinds(question):
        asked += stopped.as_versions(view, who, view.first, view.on)
    return asked


def _changes(
    view: View, describer: Describer, wanted: Iterable[tuple[int, Version]]
) -> list[Change]:
    evidence = evidence_counts(view)
    found = [
        Change(view.people[v.pupil].upn, describer.version(n, v), evidence[v.pupil, v.batch])
        for n, v in wanted
    ]
    return sorted(
        found, key=lambda c: (c.version.stored.session, c.upn, c.version.stored.position)
    )


def _entries_since(
    question: Changes, view: View, describer: Describer, found: Iterable[tuple[int, Version]]
) -> int:
    """Count the first marks on time, or of a source, that became known since as well."""
    asked = replace(question, kind=("entry",), from_code=(), to_code=(), was=())
    wanted = Filter(asked, view, describer)
    return sum(wanted.wants(version, None) for _, version in found)


def _of_entries(entries: int) -> str:
    verb = "was" if entries == 1 else "were"
    return (
        f"besides, {number_of(entries, 'first mark')} {verb} recorded since: "
        "no change of what stood (--kind entry lists them)"
    )


# -- counts ----------------------------------------------------------------------------------


class _Counted(NamedTuple):
    """What is counted of a change; ``lag``: in school days, none where undated.

    ``late``: it replaced a provisional entry that had stood too long.
    """

    upn: str
    version: Version
    lag: int | None
    late: bool

    @property
    def pair(self) -> tuple[str, str, str]:
        """The kind, and the codes from which and to which."""
        version = self.version
        return version.kind, version.replaced or "", version.code or ""


def _summary(
    view: View, describer: Describer, wanted: Iterable[tuple[int, Version]]
) -> ChangesCounted:
    days = view.calendar.school_days()
    every = [_counted(view, describer, days, version) for _, version in wanted]
    pairs: dict[tuple[str, str, str], list[_Counted]] = {}
    for each in every:
        pairs.setdefault(each.pair, []).append(each)
    return ChangesCounted(
        [_counts(pair, pairs[pair]) for pair in sorted(pairs)], _counts(("all", "", ""), every)
    )


def _counted(view: View, describer: Describer, days: list[date], version: Version) -> _Counted:
    upn, lag = view.people[version.pupil].upn, describer.school_days_late(version)
    day, on = parse_session(version.session).date, describer.changed_on(version)
    settles = _is_provisional(view, version.replaced, day) and not _is_provisional(
        view, version.code, day
    )
    over = on and settles and provisional_days_over(days, day, on)
    return _Counted(upn, version, lag, late=bool(over))


def _is_provisional(view: View, code: str | None, day: date) -> bool:
    rule = view.rules.codes.find(code, day) if code else None
    return rule is not None and rule.provisional


def _counts(pair: tuple[str, str, str], found: Sequence[_Counted]) -> Counts:
    lags = [each.lag for each in found if each.lag is not None]
    return Counts(
        *pair,
        count=len(found),
        late=sum(each.late for each in found),
        undated=len(found) - len(lags),
        median_lag=f"{median(lags):g}" if lags else None,
        pupils=len({each.upn for each in found}),
        people=len({each.version.by for each in found} - {None}),
    )
