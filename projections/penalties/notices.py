"""Penalty notices as known, and what became of the sessions they rest on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from ledger.clock import iso, local_date
from ledger.english import number_of
from ledger.values import parse_session
from projections.penalties.case import age_of, countable_cells, relevant_cells
from projections.penalties.rested import Resting
from projections.penalties.undercut_alerts import alerts, person, sentence
from projections.queries import rectangle
from projections.queries.authors import Authors
from projections.queries.blocks import Block
from projections.queries.columns import Column, Listing
from projections.queries.pending import code_that_stands, pending_amendments
from projections.queries.people import Person
from projections.queries.question import Answer, Question, option
from projections.queries.uncounted import Bar, Standing
from projections.queries.versions import Describer, Signatory
from projections.queries.view import View
from projections.readmodel.accessors.changes import newest_calendar_change
from projections.readmodel.accessors.marks import Version
from projections.readmodel.records.log import Commit
from projections.readmodel.records.penalties import Notice

WEEKS = "school-weeks"
"""Why nothing counts as before where no session changed: the school weeks counted together did."""
_MEANING = (
    "Sessions: those the notice states, else those of its offence period that were unauthorised "
    "or unexplained at its issue. Relevant now: as the register stands. Not counted: such entries "
    "that a closure, term, roll or age keeps from counting. It is no finding about a parent."
)


class ChangeSinceIssue(NamedTuple):
    """A session amended after the issue: what it was and became, when, by whom and why."""

    session: str
    was: str | None
    became: str | None
    when: str
    recorded_at: str
    by: Signatory | None
    source: str | None
    reason: str | None
    position: int

    @property
    def author(self) -> str:
        """Who made it, else the import that it came by."""
        if self.by is not None:
            return str(self.by.name)
        return f"import of {self.source}" if self.source else "not stated"


class Uncounted(NamedTuple):
    """What keeps an entry from counting, by whom, and whether since the issue.

    ``session``: none where the school weeks moved.
    """

    session: str | None
    code: str | None
    why: str
    words: str
    by: Signatory | None = None
    source: str | None = None
    when: str | None = None
    reason: str | None = None
    position: int | None = None
    since_issue: bool = False

    @property
    def in_words(self) -> str:
        """Say so, and since when."""
        if self.session is None:
            return self.words
        return f"{'no longer counts' if self.since_issue else 'does not count'}: {self.words}"


class WaitingChange(NamedTuple):
    """An amendment that waits: of which session, the code that stands there now, the one asked."""

    session: str
    stands: str | None
    requested: str


class RestedNotice(NamedTuple):
    """A notice, the sessions it rests on, and what became of them; ``waiting``: amendments."""

    notice: Notice
    person: Person
    issuer: str | None
    sessions: Sequence[str]
    relevant_now: int
    changes: Sequence[ChangeSinceIssue]
    uncounted: Sequence[Uncounted]
    waiting: Sequence[WaitingChange]

    @property
    def undercut(self) -> bool:
        """Whether its sessions were amended, or came not to count, after the issue."""
        return bool(self.changes) or any(each.since_issue for each in self.uncounted)


@dataclass(frozen=True, kw_only=True)
class Notices(Question[Sequence[RestedNotice]]):
    """attendance notices: penalty notices as known, and what became of the sessions they rest on.

    Each with the sessions it relied on: those stated, else the unauthorised of its offence period.
    """

    pupil: str | None = option("one pupil, by UPN or local id")
    amended_since_issue: bool = option(
        "only notices whose sessions were amended, or came not to count, after issue",
        default=False,
    )

    def view_of(self, view: View) -> View:
        """Return the view that is asked; a pupil is refused also where nothing was known."""
        if self.pupil is not None:
            view.pupil_index(self.pupil)
        return view

    def find(self, view: View) -> Sequence[RestedNotice]:
        """Find the notices, by pupil, issue and parent."""
        only = None if self.pupil is None else view.pupil_index(self.pupil)
        search = _Search(view)
        found = [search.rested(each) for each in search.known if only in (None, each.pupil)]
        if self.amended_since_issue:
            found = [each for each in found if each.undercut]
        return sorted(found, key=_by_issue)

    def present(self, found: Sequence[RestedNotice]) -> Answer:
        """Show the notices, what was amended since, and what does not count."""
        listing = Listing(_COLUMNS, found)
        waiting = sum(len(each.waiting) for each in found)
        notes = [_MEANING, *_pending_notes(waiting)]
        title = number_of(len(found), "notice")
        shown: list[Block] = [listing.grid(title, order=_READ, notes=notes)]
        if changed := [_Changed(each, change) for each in found for change in each.changes]:
            shown.append(Listing(_CHANGED, changed).grid("Sessions amended after issue"))
        if alike := [line for each in found for line in _by_reason(each)]:
            shown.append(Listing(_ALIKE, alike).grid("Sessions relied on that do not count"))
        return Answer({"rows": listing}, blocks=shown)

    def unknown(self) -> Answer:
        """Return no notice."""
        return Answer({"rows": Listing(_COLUMNS, [])})


def _by_issue(row: RestedNotice) -> tuple[str, date, str]:
    return row.person.upn, row.notice.issued_on, row.notice.parent


class _Search:
    def __init__(self, view: View) -> None:
        self.view, self.known = view, view.standing(Notice)
        self._describer = Describer(view)
        self._resting = Resting(view, self._describer)
        self._telling = Authors(view, self._describer)
        self._alerts = alerts(view)
        self._waiting = pending_amendments(view)

    def rested(self, notice: Notice) -> RestedNotice:
        """Return what a notice rests on, and what became of it."""
        resting = self._resting
        found = resting.versions(notice)
        relied = resting.sessions(notice, found)
        recorded = self.view.commits.of(resting.first(notice).kf)
        standing = {v.session: v for v in found if v.session in relied}
        return RestedNotice(
            notice,
            person(self.view, notice.pupil),
            self.view.open(notice.issuer),
            relied,
            sum((notice.pupil, session) in self._relevant_entries for session in relied),
            [self._change(v) for v in resting.changes(notice, found)],
            [*self._uncounted(notice, standing, recorded), *self._weeks(notice)],
            [
                WaitingChange(w.session, code_that_stands(self.view, w), w.code)
                for w in self._waiting
                if w.pupil == notice.pupil and w.session in relied
            ],
        )

    def _change(self, version: Version) -> ChangeSinceIssue:
        describer = self._describer
        return ChangeSinceIssue(
            session=version.session,
            was=version.replaced,
            became=version.code,
            when=iso(self._resting.when(version)),
            recorded_at=iso(describer.recorded_at(version)),
            by=describer.author(version),
            source=describer.source(version),
            reason=self.view.open(version.reason),
            position=version.position,
        )

    def _uncounted(
        self, notice: Notice, standing: Mapping[str, Version], recorded: Commit
    ) -> Iterator[Uncounted]:
        """Yield the relevant entries relied on that do not count, and why."""
        pupil = Standing(self.view, notice.pupil, threshold=True)
        for session, version in standing.items():
            on = parse_session(session).date
            rule = self.view.rules.codes.find(version.code or "", on)
            if rule is None or not rule.threshold or on > self.view.on:
                continue
            bar = pupil.bar(session)
            if bar is not None:
                barred = self._barred(notice, bar, recorded)
                yield barred._replace(session=session, code=version.code)

    def _weeks(self, notice: Notice) -> Iterator[Uncounted]:
        """Yield where school weeks moved under a notice, which no session shows."""
        for alert in self._alerts:
            raised, cause = alert.raised, alert.cause
            named = f"{notice.parent} {notice.issued_on}" in (paper.ref for paper in raised.about)
            if raised.pupil == notice.pupil and not raised.sessions and named:
                words = "the school weeks that are counted together moved"
                position = newest_calendar_change(self.view, cause.first, cause.last)
                bar = Bar(WEEKS, words, position or alert.number)
                yield self._barred(notice, bar, self.view.commits.of(cause.first - 1))

    def _barred(self, notice: Notice, bar: Bar, recorded: Commit) -> Uncounted:
        """Say what keeps an entry from counting, by whom, and whether since the issue."""
        if bar.position is None:
            return Uncounted(None, None, bar.kind, bar.words)
        told = self._telling.event(bar.position)
        when = told.at if told.source is None or told.stated is None else told.stated
        return Uncounted(
            session=None,
            code=None,
            why=bar.kind,
            words=sentence(bar.words, told),
            by=told.by,
            source=told.source,
            when=iso(when),
            reason=told.reason,
            position=bar.position,
            since_issue=bar.position > recorded.last or local_date(when) > notice.issued_on,
        )

    @cached_property
    def _relevant_entries(self) -> set[tuple[int, str]]:
        """Every relevant entry in the time that notices are about: row number and session."""
        spans = [notice.span for notice in self.known if notice.span]
        view, days = self.view, [parse_session(s).date for span in spans for s in span]
        whole = rectangle.rectangle(view, min(days), min(max(days), view.on))
        ages = {n: age_of(p.compulsory_from, p.birth_cohort) for n, p in view.people.items()}
        flags = relevant_cells(whole, view.rules.codes, countable_cells(whole, ages))
        return {
            (int(pupil), str(whole.sessions[at]))
            for pupil, at in zip(*flags.nonzero(), strict=True)
        }


# -- how a notice is shown --------------------------------------------------------------------


def _stated(key: str, heading: str = "") -> Column[RestedNotice]:
    return Column(key, heading, attrgetter(f"notice.{key}"))


def _outcome_cell(row: RestedNotice) -> str:
    notice = row.notice
    if notice.law.withdrawn(date.max):
        ground = notice.withdrawn_ground
        return f"withdrawn ({f'reg {ground}' if ground else 'no ground recorded'})"
    return notice.outcome or ("paid" if notice.paid_on else "")


def _change_cell(each: ChangeSinceIssue) -> str:
    changed = f"{each.session} {each.was or '-'}>{each.became} {each.when}"
    return f"{changed} {each.author}: {each.reason or ''}".rstrip(": ")


def _uncounted_cell(each: Uncounted) -> str:
    return f"{each.session or WEEKS} {each.code or ''}".rstrip() + f": {each.in_words}"


_WAITING: tuple[Column[WaitingChange], ...] = (
    Column("session"), Column("stands"), Column("requested"),
)  # fmt: skip
_COLUMNS: tuple[Column[RestedNotice], ...] = (
    Column("parent_id", "Parent", lambda row: row.notice.parent),
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("name", "Pupil", lambda row: row.person.name),
    _stated("kind", "Kind"),
    _stated("issued_on", "Issued"),
    *map(_stated, ("offence_first", "offence_last", "received_on", "paid_on", "withdrawn_on")),
    Column("outcome", "Outcome", lambda row: row.notice.outcome,
           text=_outcome_cell),
    _stated("outcome_on"),
    Column("issuer"),
    Column("sessions", "Sessions", text=lambda row: str(len(row.sessions)), number=True),
    Column("relevant_now", "Relevant now", number=True),
    Column("amended_since_issue", "Changes since issue",
           lambda row: [each._asdict() for each in row.changes],
           text=lambda row: str(len(row.changes)), number=True,
           csv=lambda row: list(map(_change_cell, row.changes))),
    Column("uncounted", "Not counted", lambda row: [each._asdict() for each in row.uncounted],
           text=lambda row: str(len(row.uncounted)), number=True,
           csv=lambda row: list(map(_uncounted_cell, row.uncounted))),
    Column("pending", value=lambda row: Listing(_WAITING, row.waiting),
           csv=lambda row: [f"{w.session} {w.stands or '-'}>{w.requested}" for w in row.waiting]),
    _stated("withdrawn_ground"),
    Column("position", "Entry", lambda row: row.notice.kf, number=True),
)  # fmt: skip
_READ = (
    "Issued", "Parent", "UPN", "Pupil", "Kind", "Outcome", "Sessions", "Relevant now",
    "Changes since issue", "Not counted", "Entry",
)  # fmt: skip


def _pending_notes(count: int) -> list[str]:
    if not count:
        return []
    what = number_of(count, "requested amendment")
    return [
        f"Waiting for approval: {what} of these sessions, not yet in it: attendance approvals."
    ]


class _Changed(NamedTuple):
    row: RestedNotice
    change: ChangeSinceIssue


_CHANGED: tuple[Column[_Changed], ...] = (
    Column("", "Issued", lambda line: line.row.notice.issued_on),
    Column("", "UPN", lambda line: line.row.person.upn),
    Column("", "Session", lambda line: line.change.session),
    Column("", "Was", lambda line: line.change.was or "-"),
    Column("", "Became", lambda line: line.change.became),
    Column("", "Made", lambda line: line.change.when[:10]),
    Column("", "Recorded here", lambda line: line.change.recorded_at[:10]),
    Column("", "By", lambda line: line.change.author),
    Column("", "Reason", lambda line: line.change.reason),
)


class _Alike(NamedTuple):
    """Entries of a notice that one reason keeps from counting."""

    row: RestedNotice
    why: str
    found: list[Uncounted]

    @property
    def which(self) -> str:
        """The first and the last session."""
        names = [each.session or "-" for each in self.found]
        return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _by_reason(row: RestedNotice) -> list[_Alike]:
    grouped: dict[str, list[Uncounted]] = {}
    for each in row.uncounted:
        grouped.setdefault(each.in_words, []).append(each)
    return [_Alike(row, why, found) for why, found in grouped.items()]


_ALIKE: tuple[Column[_Alike], ...] = (
    Column("", "Issued", lambda line: line.row.notice.issued_on),
    Column("", "UPN", lambda line: line.row.person.upn),
    Column("", "Sessions", text=lambda line: str(len(line.found))),
    Column("", "Which", lambda line: line.which),
    Column("", "Stands", lambda line: sorted({each.code or "-" for each in line.found})),
    Column("", "Why", lambda line: line.why),
)
