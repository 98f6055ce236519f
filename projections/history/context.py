"""What was recorded around a pupil's marks: approvals, evidence, takings, redactions and more."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.clock import iso, local_date
from projections.queries.blocks import Grid
from projections.queries.columns import Column, Listing
from projections.queries.uncounted import Bar, Standing
from projections.queries.versions import (
    Describer,
    Signatory,
    by_columns,
    instant,
    moment,
)
from projections.queries.view import Author, View
from projections.readmodel.accessors.marks import Version
from projections.readmodel.known import Between
from projections.readmodel.records import amending, disclosure, register
from projections.readmodel.records.amending import Request, RequestStep
from projections.readmodel.records.log import Commit
from projections.roll.admission_rows import ADMISSION, ADMISSION_READ, Amendment, amended

_Span = tuple[str, str]
"""The first and the last session."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A request for approval, or the decision on it."""

    request: Request
    step: RequestStep
    reason: str | None
    by: Signatory
    recorded: int

    @property
    def event(self) -> str:
        """What it is called in a document."""
        kind = self.step.kind
        return "withdrawn" if kind == "request_withdrawn" else kind


@dataclass(frozen=True, slots=True)
class Given:
    """Evidence as it was given; ``sha256``: hex, of the file's bytes."""

    batch: str
    file: str | None
    sha256: str | None
    note: str | None
    copied: bool
    recorded: int
    position: int


@dataclass(frozen=True, slots=True)
class Taking:
    """How a register was taken."""

    stored: register.RegisterTaken
    by: Author


@dataclass(frozen=True, slots=True)
class Conflict:
    """What a source stated against an amendment made here."""

    stored: register.Conflict
    settled: bool
    commit: Commit


@dataclass(frozen=True, slots=True)
class Redaction:
    """A text that was put beyond use."""

    stored: disclosure.Redaction
    reason: str | None
    by: Signatory
    recorded: int


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A mark that stands and does not count; by whom and when, where an event did it."""

    session: str
    code: str
    bar: Bar
    by: Signatory | None = None
    source: str | None = None
    recorded: int | None = None

    @property
    def author(self) -> str:
        """Who recorded what takes it out: a person, a source's import, or both."""
        said = (f"import of {self.source}" if self.source else "", self.by and self.by.words)
        return "; ".join(filter(None, said)) or "not stated"


APPROVALS: tuple[Column[Approval], ...] = (
    Column("session", "Session", lambda row: row.request.session),
    Column("", "What", text=lambda row: row.event),
    Column("batch", value=lambda row: row.request.batch),
    Column("original", "From", lambda row: row.request.original),
    Column("code", "To", lambda row: row.request.code),
    Column("grounds", "Grounds", lambda row: row.request.grounds),
    Column("event"),
    Column("reason", "Reason"),
    *by_columns(lambda row: row.by),
    Column("recorded_at", "When", lambda row: iso(row.recorded), lambda row: moment(row.recorded)),
    Column("position", value=lambda row: row.step.position),
)
EVIDENCE: tuple[Column[Given], ...] = (
    Column("batch", "Batch"),
    Column("file", "File"),
    Column("sha256", "SHA-256"),
    Column("note", "What it is"),
    Column("copied", "Copy kept"),
    Column(
        "recorded_at", "Given", lambda row: iso(row.recorded), lambda row: moment(row.recorded)
    ),
    Column("position"),
)
TAKINGS: tuple[Column[Taking], ...] = (
    Column("session", "Session", lambda row: row.stored.session),
    Column("group", "Group", lambda row: row.stored.grp),
    Column("by", "Taken by", lambda row: row.by._asdict(), lambda row: row.by.words),
    Column("opened", "Opened", lambda row: instant(row.stored.opened),
           lambda row: moment(row.stored.opened) or "not recorded"),
    Column("ended", "Ended", lambda row: iso(row.stored.ended),
           lambda row: moment(row.stored.ended)),
    Column("marks", value=lambda row: row.stored.marks),
    Column("position", value=lambda row: row.stored.kf),
)  # fmt: skip
CONFLICTS: tuple[Column[Conflict], ...] = (
    Column("session", "Session", lambda row: row.stored.session),
    Column("stands", "Stands here", lambda row: row.stored.stands),
    Column("code", "The source states", lambda row: row.stored.code),
    Column("stated_at", value=lambda row: instant(row.stored.stated)),
    Column("settled", value=lambda row: row.settled),
    Column("source", "Source", lambda row: row.commit.source),
    Column("recorded_at", "Imported", lambda row: iso(row.commit.at),
           lambda row: moment(row.commit.at)),
    Column("", "Now", text=lambda row: "settled" if row.settled else "open"),
    Column("position", value=lambda row: row.stored.kf),
)  # fmt: skip
REDACTIONS: tuple[Column[Redaction], ...] = (
    Column("of", "Entry", lambda row: row.stored.position, number=True),
    Column("field", "Text", lambda row: row.stored.field,
           lambda row: row.stored.field.replace("_", " ")),
    Column("reason", "Why it is beyond use"),
    *by_columns(lambda row: row.by),
    Column("recorded_at", "When", lambda row: iso(row.recorded), lambda row: moment(row.recorded)),
    Column("position", value=lambda row: row.stored.line),
)  # fmt: skip
UNCOUNTED: tuple[Column[Uncounted], ...] = (
    Column("session", "Session"),
    Column("code", "Mark"),
    Column("why", value=lambda row: row.bar.kind),
    Column("words", "Why", lambda row: row.bar.words),
    Column("", "Since", text=lambda row: moment(row.recorded)),
    Column("by", "Recorded by", lambda row: row.by and row.by._asdict(), lambda row: row.author),
    Column("source"),
    Column("recorded_at", value=lambda row: instant(row.recorded)),
    Column("position", value=lambda row: row.bar.position),
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a document of `history` holds besides the versions."""

    admission: Sequence[Amendment]
    approvals: Sequence[Approval]
    evidence: Sequence[Given]
    takings: Sequence[Taking]
    conflicts: Sequence[Conflict]
    redactions: Sequence[Redaction]
    uncounted: Sequence[Uncounted]

    def documents(self) -> dict[str, Listing[Any]]:
        """Return what the document holds."""
        return {
            "admission": Listing(ADMISSION, self.admission),
            "approvals": Listing(APPROVALS, self.approvals),
            "evidence": Listing(EVIDENCE, self.evidence),
            "takings": Listing(TAKINGS, self.takings),
            "conflicts": Listing(CONFLICTS, self.conflicts),
            "redactions": Listing(REDACTIONS, self.redactions),
            "uncounted": Listing(UNCOUNTED, self.uncounted),
        }

    def tables(self, shown: Collection[str]) -> list[Grid]:
        """Return the tables of what there is; takings of the sessions ``shown`` only."""
        every = self.documents()
        takings = [each for each in self.takings if each.stored.session in shown]
        every["takings"] = Listing(TAKINGS, takings)
        return [
            every[name].grid(title, order=order)
            for name, (title, order) in _TABLES.items()
            if len(every[name])
        ]


_TABLES: dict[str, tuple[str, Sequence[str]]] = {
    "uncounted": ("Marks that stand but do not count", ()),
    "approvals": ("Approval by a second person", ()),
    "evidence": ("Evidence given for amendments", ()),
    "takings": ("How these registers were taken", ()),
    "conflicts": ("Where a source says otherwise than a person here", ()),
    "redactions": ("Texts put beyond use", ()),
    "admission": (
        "Amendments of the admission register, the pupil's and the parents'",
        ADMISSION_READ,
    ),
}
"""The table of each, in the order of reading, with its title and its headings in order."""


def context_of(
    view: View, describer: Describer, pupil: int, versions: Sequence[Version], span: _Span
) -> Context:
    """Return what was recorded around a pupil's versions, on sessions from one to another."""
    admission, approvals = amended(view, describer, {pupil}), list(_approvals(view, pupil, span))
    batches = {v.batch for v in versions} | {each.request.batch for each in approvals}
    evidence = [each for each in _evidence(view, pupil) if each.batch in batches]
    positions = {
        *(version.position for version in versions),
        *(each.stored.position for each in admission),
        *(each.step.position for each in approvals),
        *(each.position for each in evidence),
    }
    return Context(
        admission=admission,
        approvals=sorted(approvals, key=lambda r: (r.request.session, r.step.position)),
        evidence=evidence,
        takings=sorted(_takings(view, describer, pupil, span), key=_by_session),
        conflicts=sorted(_conflicts(view, pupil, span), key=_by_session),
        redactions=[each for each in _redactions(view) if each.stored.position in positions],
        uncounted=list(_uncounted(view, describer, pupil, versions)),
    )


def _by_session(row: Taking | Conflict) -> tuple[str, int]:
    return row.stored.session, row.stored.kf


def _approvals(view: View, pupil: int, span: _Span) -> Iterator[Approval]:
    """Yield each request and each decision."""
    for request in view.standing(Request, pupil=pupil, session=Between(*span)):
        for step in request.steps:
            commit = view.commits.of(step.position)
            by = Signatory(*view.author(step), commit.authenticated)
            yield Approval(request, step, view.open(step.reason), by, commit.at)


def _evidence(view: View, pupil: int) -> Iterator[Given]:
    known = view.standing(amending.Evidence, pupil=pupil)
    for each in sorted(known, key=lambda each: each.line):
        yield Given(
            each.batch,
            view.open(each.file),
            each.sha256,
            view.open(each.note),
            each.copy_key is not None,
            view.commits.of(each.line).at,
            each.line,
        )


def _takings(view: View, describer: Describer, pupil: int, span: _Span) -> Iterator[Taking]:
    """Yield how the registers of the pupil's groups were taken."""
    mine = [m for m in view.memberships if m.pupil == pupil]
    for each in view.standing(register.RegisterTaken, session=Between(*span)):
        day = date.fromisoformat(each.session[:10])
        if any(m.name == each.grp and m.covers(day) for m in mine):
            yield Taking(each, describer.name_and_title(each.by, day))


def _conflicts(view: View, pupil: int, span: _Span) -> Iterator[Conflict]:
    """Yield what a source stated against an amendment made here, settled since or not."""
    for each in view.ever(register.Conflict, pupil=pupil, session=Between(*span)):
        yield Conflict(each, view.end_of(each) is not None, view.commits.of(each.kf))


def _redactions(view: View) -> Iterator[Redaction]:
    """Yield which texts were put beyond use, by whom and why."""
    for each in sorted(view.standing(disclosure.Redaction), key=lambda each: each.line):
        commit = view.commits.of(each.line)
        by = Signatory(*view.author(each), commit.authenticated)
        yield Redaction(each, view.open(each.reason), by, commit.at)


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
        if bar is not None and bar.position is not None:
            commit = view.commits.of(bar.position)
            who = describer.name_and_title(commit.by, local_date(commit.at))
            by = Signatory(*who, commit.authenticated) if commit.by is not None else None
            yield Uncounted(session, code, bar, by, commit.source, commit.at)
        elif bar is not None:
            yield Uncounted(session, code, bar)
