"""Every version of a pupil's marks, who changed them, why and when.

All sessions of a range are a table, one session is a page with SI 2024/208 reg 6(1)'s five of each
amendment.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.clock import local, told
from ledger.english import weekday
from ledger.values import parse_session
from policies.packs.codes import Codes
from projections.history.context import Context, Given, Uncounted, context_of
from projections.queries import lags
from projections.queries.blocks import Block, Lines
from projections.queries.cancelled import Given as EntryGiven
from projections.queries.cancelled import entries_given
from projections.queries.columns import Listing
from projections.queries.people import Person
from projections.queries.question import Answer, Question, argument
from projections.queries.versions import (
    BATCH_NUMBER,
    VERSIONS,
    Describer,
    MarkVersion,
    with_numbers,
)
from projections.queries.view import View
from projections.queries.wording import mark_by_in_words
from projections.readmodel.accessors.marks import Version, versions_of

_WIDTH = 17
_VERSIONS = (*VERSIONS, BATCH_NUMBER)


@dataclass(frozen=True, slots=True)
class Account:
    """The versions of a pupil's marks in some sessions, and what was recorded around them.

    ``codes``: what the codes of the marks mean.
    """

    person: Person | None
    versions: Sequence[MarkVersion]
    context: Context
    codes: Codes


@dataclass(frozen=True, kw_only=True)
class History(Question[Account]):
    """attendance history: every version of a pupil's marks, who changed them, why and when.

    One pupil's marks with every change; all sessions of the range, or one.
    """

    who: str = argument("UPN or local id", metavar="PUPIL")
    session: str | None = argument("one session, 2026-11-20/AM", required=False)

    def view_of(self, view: View) -> View:
        """Return the same view; who or what does not exist is refused before any event too."""
        view.pupil_index(self.who)
        _span(self, view)
        return view

    def find(self, view: View) -> Account:
        """Find every version known, and what was recorded around them."""
        pupil, span = view.pupil_index(self.who), _span(self, view)
        recorded, describer = _versions_asked(self, view, pupil), Describer(view)
        given = {each.version: each.reason for each in _given(self, view, pupil, recorded)}
        found = sorted([*recorded, *given], key=lambda each: (each.session, each.position))
        rows = (describer.version(*numbered) for numbered in with_numbers(view, found))
        return Account(
            view.person(pupil),
            [row._replace(reason=given.get(row.stored, row.reason)) for row in rows],
            context_of(view, describer, pupil, found, span),
            view.rules.codes,
        )

    def present(self, found: Account) -> Answer:
        """Show a table of the versions, or a page of one session, then what is around them."""
        person, versions = found.person, Listing(_VERSIONS, found.versions)
        fields = {
            "upn": person.upn if person else None,
            "rows": versions,
            **found.context.documents(),
            "sources": _positions_by("source", found.versions, lambda row: row.source),
            "batches": _positions_by("batch", found.versions, lambda row: row.stored.batch),
        }
        title = f"{person.name} ({person.upn})" if person else self.who
        blocks: list[Block]
        if self.session is not None:
            page = _page(f"{title}, session {self.session}", found)
            rest = replace(found.context, evidence=[], uncounted=[])
            blocks = [page, *rest.tables([self.session])]
        else:
            kept = [v.stored for v in found.versions if v.stored.kind not in ("entry", "plan")]
            table = versions.grid(title)
            blocks = [table, *found.context.tables([each.session for each in kept])]
        return Answer(fields, blocks=blocks)

    def unknown(self) -> Answer:
        """Return no version."""
        return Answer({"upn": None, "rows": Listing(_VERSIONS, [])})


def _span(question: History, view: View) -> tuple[str, str]:
    """Return the first and last session, as texts that bound those between."""
    if question.session is not None:
        session = str(parse_session(question.session))
        return session, session
    return view.first.isoformat(), f"{view.on.isoformat()}~"


def _versions_asked(question: History, view: View, pupil: int) -> list[Version]:
    if question.session is None:
        return versions_of(view, [pupil], view.first, view.on)
    session = parse_session(question.session)
    found = versions_of(view, [pupil], session.date, session.date)
    return [version for version in found if version.session == str(session)]


def _given(
    question: History, view: View, pupil: int, recorded: Sequence[Version]
) -> Iterator[EntryGiven]:
    """Yield the entries asked for that cancelled sessions give without an event of their own."""
    first, last = view.first, view.on
    if question.session is not None:
        first = last = parse_session(question.session).date
    marked = {version.session for version in recorded if version.kind != "plan"}
    for each in entries_given(view, pupil, marked, first, last):
        if question.session in (None, each.version.session):
            yield each


def _positions_by(
    name: str, versions: Sequence[MarkVersion], of: Callable[[MarkVersion], str | None]
) -> list[dict[str, Any]]:
    """Return each source or batch with the positions of its versions."""
    places: dict[str, list[int]] = {}
    for position, value in sorted({each.stored.position: of(each) for each in versions}.items()):
        if value is not None:
            places.setdefault(value, []).append(position)
    return [{name: value, "positions": found} for value, found in places.items()]


# -- one session as a page: nothing is cut off -----------------------------------------------


def _page(title: str, account: Account) -> Lines:
    """Return the versions of one session, each with reg 6(1)'s five where it is an amendment."""
    lines, context = [title, ""], account.context
    for version in account.versions:
        lines += [*_version(version, account), ""]
    if not account.versions:
        lines += ["no mark and no plan is recorded for this session", ""]
    for each in context.uncounted:
        lines += [*_no_part_in_figures(each), ""]
    if not context.takings:
        lines += ["how this register was taken is not recorded", ""]
    return Lines(lines)


def _version(row: MarkVersion, account: Account) -> Iterator[str]:
    yield f"Version {row.number}: {row.what}"
    for name, text in _stated(row, account):
        if text:
            yield _line(name, text)


def _stated(row: MarkVersion, account: Account) -> Iterator[tuple[str, str | None]]:
    """Yield what a version states, under its name."""
    version, by = row.stored, row.by
    late, was = version.minutes_late, version.replaced

    def code(code: str | None) -> str | None:
        rule = account.codes.find(code or "", parse_session(version.session).date)
        return f"{code}: {rule.description}" if rule else code

    if was is not None:
        before = "Stated before" if version.kind == "restated" else "Original entry"
        yield before if version.code else "Planned", code(was)
    names = {"plan": ("Planned", "Planned now"), "restated": ("Entry", "Stated now")}
    first, later = names.get(version.kind, ("Entry", "Amended entry"))
    yield first if was is None else later, code(version.code)
    yield "Minutes late", None if late is None else str(late)
    yield "Nature or cause", row.nature
    yield "Comment", row.comment
    due = version.kind in ("amendment", "restated")
    yield "Reason", row.reason or ("not stated" if due else None)
    name = f"{by.words} ({by.authenticated})" if by else None
    yield "Date", _date(row)
    yield "Name", mark_by_in_words(name, version.kind)
    yield "Approved by", row.approved
    for each in account.context.evidence:
        if each.stored.batch == version.batch:
            yield "Evidence", _evidence(each)
    how = f", imported from {row.source}" if row.source else ""
    how += f" by {row.imported_by.words}" if row.imported_by else ""
    recorded = _recorded(row.recorded, version.position)
    yield "Recorded", f"{recorded}{how}, in batch {row.batch_number}"


def _date(row: MarkVersion) -> str:
    if row.made_at is None:
        return "not stated by its source"
    after = f" ({lags.of_days(row.late)} after the session)" if row.late else ""
    if row.changed is not None and row.stored.kind == "restated":
        mark = f"; the mark stated for {_long(row.stored.stated)}" if row.stored.stated else ""
        return f"its source states it anew in the import of {_long(row.changed)}{after}{mark}"
    return f"{_long(row.made_at)}{after}"


def _long(at: int) -> str:
    return told(at, lambda each: f"{weekday(local(each))}, {local(each):%H:%M}")


def _recorded(at: int, position: int) -> str:
    return f"{_long(at)}, as entry {position} of this ledger"


def _no_part_in_figures(row: Uncounted) -> Iterator[str]:
    """Yield that the mark of a session stands and does not count, with what did it."""
    yield f"This mark stands but does not count: {row.bar.words}"
    if row.commit is not None and row.bar.position is not None:
        yield _line("Recorded", _recorded(row.commit.at, row.bar.position))
        yield _line("By", row.author)


def _evidence(row: Given) -> str:
    file = f"{row.file}, SHA-256 {row.sha256}" if row.file else ""
    return "; ".join(
        filter(None, (row.note, file, "a copy is kept" if row.stored.copy_key else ""))
    )


def _line(name: str, text: str) -> str:
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"    {name:<{_WIDTH}}{first}", *(" " * (4 + _WIDTH) + r for r in rest)])
