"""What was recorded around a pupil's marks: approvals, evidence, takings, redactions and more."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, NamedTuple, TypeVar

from projections.queries import pending
from projections.queries.blocks import Grid
from projections.queries.columns import Column, Listing
from projections.queries.people import Author
from projections.queries.stopped import Mark, Stopped, stopped
from projections.queries.uncounted import Bar, Standing
from projections.queries.versions import (
    Describer,
    Signatory,
    at_column,
    by_columns,
    conflict_number,
    moment,
    recorded_columns,
)
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, takings
from projections.readmodel.known import Between
from projections.readmodel.records import amending, disclosure, register
from projections.readmodel.records.amending import Request
from projections.readmodel.records.log import Commit
from projections.readmodel.records.roll import Membership
from projections.roll.admission_rows import ADMISSION, Amendment, amended

R = TypeVar("R")
_Span = tuple[str, str]
"""The first and the last session."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[R]):
    """A record with its transaction."""

    stored: R
    commit: Commit


@dataclass(frozen=True, slots=True)
class Given(Entry[amending.Evidence]):
    """Evidence as it was given, and when: in microseconds."""

    at: int
    file: str | None
    note: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Taking:
    """How a register was taken."""

    stored: register.RegisterTaken
    by: Author


@dataclass(frozen=True, slots=True)
class Conflict(Entry[register.Conflict]):
    """What a source stated against an amendment made here; ``number``: as of a version."""

    settled: bool
    number: int


@dataclass(frozen=True, slots=True)
class Redaction(Entry[disclosure.Redaction]):
    """A text that was put beyond use."""

    by: Signatory
    reason: str | None


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A mark that stands and does not count; by whom and when, where an event did it."""

    session: str
    code: str
    bar: Bar
    commit: Commit | None
    by: Signatory | None

    @property
    def author(self) -> str:
        """Who recorded what takes it out: a person, a source's import, or both."""
        source = self.commit and self.commit.source
        said = (f"import of {source}" if source else "", self.by and self.by.words)
        return "; ".join(filter(None, said)) or "not stated"


class Lost(NamedTuple):
    """A mark that a change stopped from counting, with all that it stopped."""

    stopped: Stopped
    mark: Mark


def _recorded(heading: str) -> tuple[Column[Any], ...]:
    return recorded_columns(heading, lambda row: row.commit.at)


def _event(row: pending.Approval) -> str:
    return "withdrawn" if row.step.kind == "request_withdrawn" else row.step.kind


APPROVALS: tuple[Column[pending.Approval], ...] = (
    Column("session", "Session", lambda row: row.request.session),
    Column("", "What", text=_event),
    Column("batch", value=lambda row: row.request.batch),
    Column("original", "From", lambda row: row.request.original),
    Column("code", "To", lambda row: row.request.code),
    Column("grounds", "Grounds", lambda row: row.request.grounds),
    Column("event", value=_event),
    Column("reason", "Reason"),
    *by_columns(lambda row: row.by),
    *recorded_columns("When", lambda row: row.at),
    Column("position", value=lambda row: row.step.position),
)
EVIDENCE: tuple[Column[Given], ...] = (
    Column("batch", "Batch", lambda row: row.stored.batch),
    Column("file", "File"),
    Column("sha256", "SHA-256", lambda row: row.sha256),
    Column("note", "What it is"),
    Column("copied", "Copy kept", lambda row: row.stored.copy_key is not None),
    *recorded_columns("Given", lambda row: row.at),
    Column("position", value=lambda row: row.stored.line),
)
TAKINGS: tuple[Column[Taking], ...] = (
    Column("session", "Session", lambda row: row.stored.session),
    Column("group", "Group", lambda row: row.stored.grp),
    Column("by", "Taken by", text=lambda row: row.by.words),
    replace(at_column("opened", "Opened", lambda row: row.stored.opened),
            text=lambda row: moment(row.stored.opened) or "not recorded"),
    at_column("ended", "Ended", lambda row: row.stored.ended),
    Column("marks", value=lambda row: row.stored.marks),
    Column("position", value=lambda row: row.stored.kf),
)  # fmt: skip
CONFLICTS: tuple[Column[Conflict], ...] = (
    Column("session", "Session", lambda row: row.stored.session),
    Column("version", "Version", lambda row: row.number, number=True),
    Column("stands", "Stands here", lambda row: row.stored.stands),
    Column("code", "The source states", lambda row: row.stored.code),
    at_column("stated_at", "", lambda row: row.stored.stated),
    Column("settled"),
    Column("source", "Source", lambda row: row.commit.source),
    *_recorded("Imported"),
    Column("", "Now", text=lambda row: "settled" if row.settled else "open"),
    Column("position", value=lambda row: row.stored.kf),
)  # fmt: skip
REDACTIONS: tuple[Column[Redaction], ...] = (
    Column("of", "Entry", lambda row: row.stored.position, number=True),
    Column("field", "Text", lambda row: row.stored.field,
           lambda row: row.stored.field.replace("_", " ")),
    Column("reason", "Why it is beyond use"),
    *by_columns(lambda row: row.by),
    *_recorded("When"),
    Column("position", value=lambda row: row.stored.line),
)  # fmt: skip
UNCOUNTED: tuple[Column[Uncounted], ...] = (
    Column("session", "Session"),
    Column("code", "Mark"),
    Column("why", value=lambda row: row.bar.kind),
    Column("words", "Why", lambda row: row.bar.words),
    Column("", "Since", text=lambda row: moment(row.commit.at if row.commit else None)),
    Column("by", "Recorded by", text=lambda row: row.author),
    Column("source", value=lambda row: row.commit and row.commit.source),
    *recorded_columns("", lambda row: row.commit.at if row.commit else None),
    Column("position", value=lambda row: row.bar.position),
)


def _now(row: Lost) -> str:
    return "counts again" if row.mark.counts_again else "does not count"


STOPPED: tuple[Column[Lost], ...] = (
    Column("session", "Session", lambda row: row.mark.session),
    Column("code", "Mark", lambda row: row.mark.code),
    Column("reason", "Why it was done", lambda row: row.stopped.reason),
    *by_columns(lambda row: row.stopped.by),
    Column("source", value=lambda row: row.stopped.cause.source),
    at_column("recorded_at", "When", lambda row: row.stopped.at),
    Column("of_age", value=lambda row: row.mark.of_age),
    Column("counts_again", "Now", lambda row: row.mark.counts_again, _now),
    Column("position", value=lambda row: row.stopped.stored.alert),
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a document of `history` holds besides the versions."""

    admission: Sequence[Amendment]
    approvals: Sequence[pending.Approval]
    evidence: Sequence[Given]
    takings: Sequence[Taking]
    conflicts: Sequence[Conflict]
    redactions: Sequence[Redaction]
    uncounted: Sequence[Uncounted]
    stopped: Sequence[Lost]

    def documents(self) -> dict[str, Listing[Any]]:
        """Return what the document holds."""
        return {
            name: Listing(columns, getattr(self, name)) for name, (columns, _) in _PARTS.items()
        }

    def tables(self, shown: Collection[str]) -> list[Grid]:
        """Return the tables of what there is; takings of the sessions ``shown`` only."""
        takings = [each for each in self.takings if each.stored.session in shown]
        parts = replace(self, takings=takings).documents()
        return [parts[name].grid(_PARTS[name][1]) for name in _READ if len(parts[name])]


_PARTS: Mapping[str, tuple[Sequence[Column[Any]], str]] = {
    "admission": (ADMISSION, "Amendments of the admission register, the pupil's and the parents'"),
    "approvals": (APPROVALS, "Approval by a second person"),
    "evidence": (EVIDENCE, "Evidence given for amendments"),
    "takings": (TAKINGS, "How these registers were taken"),
    "conflicts": (CONFLICTS, "Where a source says otherwise than a person here"),
    "redactions": (REDACTIONS, "Texts put beyond use"),
    "uncounted": (UNCOUNTED, "Marks that stand but do not count"),
    "stopped": (STOPPED, "Marks that stopped counting by a change, and why it was made"),
}
_READ = (
    "uncounted", "stopped", "approvals", "evidence", "takings", "conflicts", "redactions",
    "admission",
)  # fmt: skip


def context_of(
    view: View, describer: Describer, pupil: int, versions: Sequence[Version], span: _Span
) -> Context:
    """Return what was recorded around a pupil's versions, on sessions from one to another."""
    admission = amended(view, describer, {pupil})
    requests = view.standing(Request, pupil=pupil, session=Between(*span))
    approvals = list(pending.approvals(view, requests))
    batches = {v.batch for v in versions} | {each.request.batch for each in approvals}
    evidence = [each for each in _evidence(view, pupil) if each.stored.batch in batches]
    positions = {
        *(version.position for version in versions),
        *(each.stored.position for each in admission),
        *(each.step.position for each in approvals),
        *(each.stored.line for each in evidence),
    }
    return Context(
        admission=admission,
        approvals=sorted(approvals, key=lambda r: (r.request.session, r.step.position)),
        evidence=evidence,
        takings=sorted(_takings(view, describer, pupil, span), key=_by_session),
        conflicts=sorted(_conflicts(view, pupil, span), key=_by_session),
        redactions=[each for each in _redactions(view) if each.stored.position in positions],
        uncounted=list(_uncounted(view, describer, pupil, versions)),
        stopped=list(_stopped(view, pupil, span)),
    )


def _by_session(row: Taking | Conflict) -> tuple[str, int]:
    return row.stored.session, row.stored.kf


def _evidence(view: View, pupil: int) -> Iterator[Given]:
    known = view.standing(amending.Evidence, pupil=pupil)
    for each in sorted(known, key=lambda each: each.line):
        at, texts = view.done_at(each.line, each.sf), (each.file, each.note, each.sha256)
        yield Given(each, view.commits.of(each.line), at, *map(view.open, texts))


def _takings(view: View, describer: Describer, pupil: int, span: _Span) -> Iterator[Taking]:
    """Yield how the registers of the pupil's groups were taken."""
    mine = view.standing(Membership, pupil=pupil)
    for each in takings(view, session=Between(*span), grp={m.name for m in mine}):
        day = date.fromisoformat(each.session[:10])
        if any(m.name == each.grp and m.covers(day) for m in mine):
            yield Taking(each, describer.name_and_title(each.by, day, each.kf))


def _conflicts(view: View, pupil: int, span: _Span) -> Iterator[Conflict]:
    """Yield what a source stated against an amendment made here, settled since or not."""
    for each in view.ever(register.Conflict, pupil=pupil, session=Between(*span)):
        settled = view.end_of(each) is not None
        yield Conflict(each, view.commits.of(each.kf), settled, conflict_number(view, each))


def _stopped(view: View, pupil: int, span: _Span) -> Iterator[Lost]:
    """Yield the marks that a change stopped from counting, whether they count again or not."""
    for each in sorted(stopped(view, {pupil}), key=lambda each: each.stored.alert):
        for mark in each.marks:
            if span[0] <= mark.session <= span[1]:
                yield Lost(each, mark)


def _redactions(view: View) -> Iterator[Redaction]:
    """Yield which texts were put beyond use, by whom and why."""
    for each in sorted(view.standing(disclosure.Redaction), key=lambda each: each.line):
        commit = view.commits.of(each.line)
        by = Signatory(*view.author(each), commit.authenticated)
        yield Redaction(each, commit, by, view.open(each.reason))


def _uncounted(
    view: View, describer: Describer, pupil: int, versions: Sequence[Version]
) -> Iterator[Uncounted]:
    """Yield the sessions of which the mark stands and does not count.

    A mark is never deleted: it stays in the log and has no part in any figure. Age is no bar
    here; that a cancelled session's own code stands for it is no loss of a mark.
    """
    codes = {v.session: v.code for v in versions if v.kind != "plan" and v.code is not None}
    standing = Standing(view, pupil, threshold=False)
    for session, code in sorted(codes.items()):
        bar = standing.bar(session, code)
        if bar is not None:
            commit = None if bar.position is None else view.commits.of(bar.position)
            by = describer.committer(commit) if commit else None
            yield Uncounted(session, code, bar, commit, by)
