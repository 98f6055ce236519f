"""attendance alerts draft: a letter to the local authority about an undercut alert, unsigned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ledger.clock import iso, local, local_date
from ledger.errors import Refused
from policies.parameters import Rule, parameters
from projections import alerts_undercut, html, text
from projections.alerts_undercut import Alert
from projections.penalties_text import day
from projections.query import Answer, Block, Grid, Lines, Page, Question, argument, option
from projections.versions import Describer, versions
from projections.view import View

_BLANK = "_" * 40
_BOX = "[  ]"


@dataclass(frozen=True, kw_only=True)
class DraftLetter(Question):
    """For the head to check, complete and sign: nothing is chosen, no address is printed."""

    alert: int = argument("number of the alert, as attendance alerts shows it")
    html: Path | None = option("write it as a page to this file")
    out: Path | None = option("write it as text to this file")


class _Letter(NamedTuple):
    view: View
    alert: Alert

    @property
    def when(self) -> date:
        return local_date(self.alert.cause.at)


def answer(question: DraftLetter, view: View) -> Answer:
    """Answer with the letter; refused for a number that is of no alert known."""
    found = [each for each in alerts_undercut.alerts(view) if each.number == question.alert]
    if not found:
        raise Refused(
            "alert-unknown",
            f"{question.alert} is not the number of an undercut alert",
            "attendance alerts --all shows the alerts with their numbers",
        )
    letter = _Letter(view, found[0])
    rows = list(_changes(letter))
    shown: list[Block] = [
        Lines(list(_head(letter))),
        _table(rows),
        *(Lines(list(_paper(letter, n, p))) for n, p in enumerate(found[0].papers, start=1)),
        Lines(list(_foot(letter))),
    ]
    document = {
        "as_of": view.as_of(),
        "alert": alerts_undercut.row(view, found[0]),
        "changes": rows,
        "letter": text.as_text(shown),
    }
    pages = []
    if question.html is not None:
        page = html.page(_TITLE, _body(shown), foot=view.provenance())
        pages.append(Page(question.html, page))
    if question.out is not None:
        pages.append(Page(question.out, "\n".join(text.as_text(shown)) + "\n"))
    return Answer(document, (), shown, pages=pages)


_TITLE = "Draft: a change to the attendance register"


def _body(shown: Sequence[Block]) -> html.Markup:
    """Return the letter as a page: each paper under a heading of its own."""
    head, table, *papers, foot = shown
    return html.joined(
        [
            html.blocks([head, table]),
            *map(_section, papers),
            html.blocks([foot]),
        ]
    )


def _section(paper: Block) -> html.Markup:
    first, *rest = text.as_text([paper])
    return html.joined([html.tag("h2", first), html.paragraphs(rest)])


def _head(letter: _Letter) -> Iterator[str]:
    view, alert = letter
    person = view.people.get(alert.pupil) or view.named(alert.pupil)
    school = view.school or {"name": _BLANK, "urn": _BLANK}
    by = alerts_undercut.author(view, alert.cause)
    title = f", {by['job_title']}" if by["job_title"] else ""
    yield "DRAFT, not signed and not sent. For the head teacher to check, complete and sign."
    yield ""
    yield f"From: {school['name']} (URN {school['urn']})"
    yield f"To:   {_BLANK} (the local authority)"
    yield f"Date: {_BLANK}"
    yield ""
    yield f"Pupil: {person.name} (UPN {person.upn})"
    yield "A change to the attendance register"
    yield ""
    yield (
        f"On {day(letter.when)} the school's register was changed ({by['name']}{title}). This "
        "letter states what the register said before and says now, and which papers rest on it."
    )
    yield "It states recorded entries. It is no finding about a parent."
    yield ""


def _table(rows: list[dict[str, Any]]) -> Grid:
    body = [
        (r["session"], r["original"], r["amended"], r["date"], _who(r["by"]), r["reason"] or "")
        for r in rows
    ]
    headings = ("Session", "Original", "Amended", "Date", "Name", "Reason")
    notes = ["A dash: no entry counts there."] if rows else [_WEEKS]
    return Grid("Sessions changed", headings, body, notes=[*notes, ""])


_WEEKS = "No entry changed: the school weeks that are counted together did."


def _who(by: Mapping[str, Any] | None) -> str:
    if by is None:
        return "not stated"
    return f"{by['name']}, {by['job_title']}" if by["job_title"] else str(by["name"])


def _changes(letter: _Letter) -> Iterator[dict[str, Any]]:
    """Yield each session as the register has to show an amendment: original to name.

    Where the mark stayed, the calendar, the roll or the age changed: the command says how.
    """
    view, alert = letter
    describer, cause = Describer(view), alert.cause
    made = {
        v.session: describer.row(0, v)
        for v in versions(view, "m.pupil = :v0", alert.pupil)
        if v.kind != "plan" and cause.first <= v.position <= cause.last
    }
    for each in alert.sessions:
        session, _, codes = each.partition(" ")
        original, _, amended = codes.partition(">")
        row = made.get(session)
        reason = row["reason"] if row else f"not the entry itself: {cause.command}"
        by = row["by"] if row else alerts_undercut.author(view, cause)
        stated = row["stated_at"] if row else None
        yield {
            "session": session,
            "original": original,
            "amended": amended,
            "date": (stated or iso(cause.at))[:10],
            "by": by,
            "reason": reason,
        }


def _paper(letter: _Letter, number: int, paper: Mapping[str, Any]) -> Iterator[str]:
    what = alerts_undercut.words(letter.view, paper)
    yield f"{number}. {what[0].upper()}{what[1:]}"
    yield from {"notice": _notice, "consideration": _considered, "certificate": _certified}[
        paper["kind"]
    ](letter, paper)
    yield ""


def _counts(letter: _Letter, paper: Mapping[str, Any]) -> Iterator[str]:
    """Yield the counts of a case; nothing where no rule counted on that day."""
    rule = parameters().find("penalty_notices.threshold", letter.when)
    if rule is not None:
        sessions, weeks = rule.table["sessions"], rule.table["weeks"]
        yield (
            f"   Recorded sessions in the fullest {weeks} school weeks around it: "
            f"{paper['before']} before the change, {paper['after']} after it"
        )
        yield f"   (the rule speaks of {sessions}; {rule.reference})."


def _notice(letter: _Letter, paper: Mapping[str, Any]) -> Iterator[str]:
    parent, _, issued = paper["ref"].partition(" ")
    name = _parent(letter.view, parent)
    if name:
        yield f"   Parent: {name}"
    yield from _counts(letter, paper)
    yield "   The head teacher chooses:"
    grounds, required = (
        parameters().find(f"penalty_notices.{rule}", date.fromisoformat(issued))
        for rule in ("withdrawal_grounds", "withdrawal_required")
    )
    for rule in (grounds, required):
        yield from _withdrawal(rule)
    yield f"   {_BOX} We see no reason to withdraw it, because: {_BLANK}"


def _withdrawal(rule: Rule | None) -> Iterator[str]:
    if rule is None:
        return
    for ground in rule.names:
        yield f"   {_BOX} Please withdraw the notice: {ground} ({rule.reference})."
    if rule.note:
        yield f"        Note: {rule.note}."


def _considered(letter: _Letter, paper: Mapping[str, Any]) -> Iterator[str]:
    yield from _counts(letter, paper)
    yield "   The head teacher chooses:"
    yield f"   {_BOX} Please take no further step on our referral; we withdraw it."
    yield f"   {_BOX} Our decision stands; the register is now as above, because: {_BLANK}"


def _certified(_letter: _Letter, _paper: Mapping[str, Any]) -> Iterator[str]:
    yield "   It shows sessions that the register now shows otherwise."
    yield f"   {_BOX} Please use it no longer; the one enclosed, signed anew, takes its place."
    yield f"   {_BOX} It stands as at its date; the changes above are to be read with it."


def _parent(view: View, parent: str) -> str:
    """Return a parent's name as on record; never an address."""
    rows = view.stood("title, forename, surname", "parents", "parent = :v0", parent)
    return " ".join(filter(None, map(view.open, rows[0]))) if rows else ""


def _foot(letter: _Letter) -> Iterator[str]:
    view = letter.view
    yield f"Signed: {_BLANK} (head teacher)"
    yield f"Name:   {_BLANK}"
    yield ""
    known = local(view.known_at).strftime("%Y-%m-%d %H:%M")
    yield f"Alert {letter.alert.number}; as recorded at {known}, position {view.position}."
