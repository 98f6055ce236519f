"""A letter to the local authority about an undercut alert, unsigned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ledger.clock import local, local_date
from ledger.english import day
from ledger.errors import Refused
from ledger.files import translated
from policies.packs.values import Rule, parameters
from projections.penalties.undercut_alerts import (
    Alert,
    Changes,
    alerts,
    case_fell,
    cause_of,
    paper_words,
)
from projections.queries.authors import author_in_words
from projections.queries.question import (
    Answer,
    Block,
    Grid,
    Lines,
    Page,
    Question,
    argument,
    option,
)
from projections.queries.view import View
from projections.rendering import html, text

_BLANK = "_" * 40
_BOX = "[  ]"


@dataclass(frozen=True, kw_only=True)
class DraftLetter(Question):
    """attendance alerts draft: a letter to the local authority about an undercut alert, unsigned.

    For the head to check, complete and sign: nothing is chosen, no address is printed.
    """

    alert: int = argument("number of the alert, as attendance alerts shows it")
    html: Path | None = option("write it as a page to this file")
    out: Path | None = option("write it as text to this file")

    def answer(self, view: View) -> Answer:
        """Answer with the letter; refused for a number that is of no alert known."""
        found = [each for each in alerts(view) if each.number == self.alert]
        if not found:
            raise Refused(
                "alert-unknown",
                f"{self.alert} is not the number of an undercut alert",
                "attendance alerts --all shows the alerts with their numbers",
            )
        changes = Changes(view)
        letter = _Letter(_view_at_last_event(view), found[0])
        rows = changes.rows(found[0])
        shown: list[Block] = [
            Lines(list(_head(letter, changes.people(found[0], rows)))),
            _table(rows, changes.weeks(found[0])),
            *(Lines(list(_paper(letter, n, p))) for n, p in enumerate(found[0].papers, start=1)),
            Lines(list(_foot(letter))),
        ]
        document = {
            "as_of": view.as_of(),
            "alert": changes.row(found[0]),
            "changes": rows,
            "letter": text.as_text(shown),
        }
        pages = []
        if self.html is not None:
            page = html.page(_TITLE, _body(shown), foot=letter.view.provenance())
            pages.append(_new_page(self.html, page))
        if self.out is not None:
            pages.append(_new_page(self.out, "\n".join(text.as_text(shown)) + "\n"))
        return Answer(document, (), [] if pages else shown, pages=pages)


class _Letter(NamedTuple):
    view: View
    alert: Alert

    @property
    def when(self) -> date:
        return local_date(self.alert.cause.at)


def _view_at_last_event(view: View) -> View:
    """Return the view as at its last event: the same letter is the same file a minute later."""
    if view.question.clock == "source" or view.question.known_at is not None:
        return view
    return replace(view, known_at=cause_of(view, view.position).at)


def _new_page(path: Path, content: str) -> Page:
    """Return a file to write; refused where another is there already, which might be signed."""
    with translated(path):
        there = path.exists()
        if there and path.read_bytes() != content.encode():
            raise Refused(
                "already-there", f"{path} exists already and is another", "name a new file"
            )
    return Page(path, content, replace=there)


_TITLE = "Draft: a change to the attendance register"


def _body(shown: Sequence[Block]) -> html.Markup:
    """Return the letter as a page: each paper under a heading of its own."""
    head, table, *papers, foot = shown
    return html.join(
        [
            html.blocks([head, table]),
            *map(_section, papers),
            html.blocks([foot]),
        ]
    )


def _section(paper: Block) -> html.Markup:
    first, *rest = text.as_text([paper])
    return html.join([html.tag("h2", first), html.paragraphs(rest)])


def _head(letter: _Letter, people: str) -> Iterator[str]:
    view, alert = letter
    person = view.people.get(alert.pupil) or view.first_known_person(alert.pupil)
    school = view.school or {"name": _BLANK, "urn": _BLANK}
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
        f"On {day(letter.when)} the school's register was changed ({people}). This "
        "letter states what the register said before and says now, and which papers rest on it."
    )
    yield "It states recorded entries. It is no finding about a parent."
    yield ""


def _table(rows: list[dict[str, Any]], weeks: str) -> Grid:
    body = [
        (
            r["session"], r["original"], r["amended"], r["date"],
            author_in_words(r["by"], r["source"]), _reason(r),
        )
        for r in rows
    ]  # fmt: skip
    headings = ("Session", "Original", "Amended", "Date", "Name", "Reason")
    notes = ["A dash: no mark was made."] if rows else [f"{weeks[0].upper()}{weeks[1:]}."]
    return Grid("Sessions changed", headings, body, notes=[*notes, ""])


def _reason(row: Mapping[str, Any]) -> str:
    """Return the reason, and when it came in here where a source states another day."""
    came = (
        f"recorded here on {day(row['recorded_on'])}" if row["recorded_on"] != row["date"] else ""
    )
    return "; ".join(filter(None, (row["reason"], came)))


def _paper(letter: _Letter, number: int, paper: Mapping[str, Any]) -> Iterator[str]:
    what = paper_words(letter.view, paper)
    yield f"{number}. {what[0].upper()}{what[1:]}"
    yield from {"notice": _notice, "consideration": _consideration, "certificate": _certificate}[
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


def _effect(letter: _Letter, paper: Mapping[str, Any]) -> Iterator[str]:
    if not case_fell(letter.alert, paper):
        yield "   A session that it relied on was changed, as above."


def _notice(letter: _Letter, paper: Mapping[str, Any]) -> Iterator[str]:
    parent, _, issued = paper["ref"].partition(" ")
    name = _parent_name(letter.view, parent)
    if name:
        yield f"   Parent: {name}"
    yield from _effect(letter, paper)
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


def _consideration(letter: _Letter, paper: Mapping[str, Any]) -> Iterator[str]:
    yield from _effect(letter, paper)
    yield from _counts(letter, paper)
    yield "   The head teacher chooses:"
    yield f"   {_BOX} Please take no further step on our referral; we withdraw it."
    yield f"   {_BOX} Our decision stands; the register is now as above, because: {_BLANK}"


def _certificate(_letter: _Letter, _paper: Mapping[str, Any]) -> Iterator[str]:
    yield "   It shows sessions that were changed, as above."
    yield f"   {_BOX} Please use it no longer; the one enclosed, signed anew, takes its place."
    yield f"   {_BOX} It stands as at its date; the changes above are to be read with it."


def _parent_name(view: View, parent: str) -> str:
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
