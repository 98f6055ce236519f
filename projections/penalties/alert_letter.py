"""A letter to the local authority about an undercut alert, unsigned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from ledger.clock import local, local_date
from ledger.english import day
from ledger.errors import Refused
from ledger.files import translated
from policies.packs.values import parameters
from projections.penalties.undercut_alerts import (
    Alert,
    Changes,
    alerts,
    case_fell,
    paper_words,
)
from projections.queries.authors import author_in_words
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.question import Answer, Page, Question, argument, option
from projections.queries.view import View
from projections.readmodel.records.roll import Parent
from projections.rendering import html, text
from projections.rendering.words import Words


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
        papers = (_paper(letter, n, each) for n, each in enumerate(found[0].papers, start=1))
        shown: list[Block] = [
            Lines(_head(letter, changes.people(found[0], rows)).lines(view.folder)),
            _table(rows, changes.weeks(found[0])),
            *(Lines(paper.lines(view.folder)) for paper in papers),
            Lines(_foot(letter).lines(view.folder)),
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


@dataclass(frozen=True, kw_only=True)
class AlertHeadWords(Words):
    """What the beginning of the letter is given; its file says what each is, as the others do."""

    file: ClassVar = "alert-letter-head.txt"

    school: str
    urn: str
    pupil: str
    upn: str
    changed_on: str
    people: str


@dataclass(frozen=True, kw_only=True)
class PaperWords(Words):
    """What the part of the letter about a paper is given: its number in the letter, its name."""

    number: int
    paper: str


@dataclass(frozen=True, kw_only=True)
class CertificateWords(PaperWords):
    """A certificate or pack has no case."""

    file: ClassVar = "alert-letter-certificate.txt"


@dataclass(frozen=True, kw_only=True)
class CaseWords(PaperWords):
    """The case that a paper rests on, and what the law counted on that day, if anything."""

    fell: bool
    before: int
    after: int
    weeks: int
    needed: int
    reference: str


@dataclass(frozen=True, kw_only=True)
class ConsiderationWords(CaseWords):
    """That somebody considered a case, and what they decided."""

    file: ClassVar = "alert-letter-consideration.txt"


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """On which grounds a notice may, or must, be withdrawn."""

    grounds: tuple[str, ...]
    reference: str
    note: str


@dataclass(frozen=True, kw_only=True)
class NoticeWords(CaseWords):
    """A penalty notice, to a parent whose name may not be on record."""

    file: ClassVar = "alert-letter-notice.txt"

    parent: str
    withdrawals: tuple[Withdrawal, ...]


@dataclass(frozen=True, kw_only=True)
class AlertFootWords(Words):
    """What the end of the letter is given: as recorded when, and as of which entry."""

    file: ClassVar = "alert-letter-foot.txt"

    alert: int
    known_at: str
    position: int


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
    return replace(view, known_at=view.commits.of(view.position).at)


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
    lines = text.as_text([paper])
    heading = [html.tag("h2", line) for line in lines[:1]]
    return html.join([*heading, html.paragraphs(lines[1:])])


def _head(letter: _Letter, people: str) -> AlertHeadWords:
    view, alert = letter
    person = view.people.get(alert.pupil) or view.first_known_person(alert.pupil)
    return AlertHeadWords(
        school=view.school.name if view.school else "",
        urn=view.school.urn if view.school else "",
        pupil=person.name,
        upn=person.upn,
        changed_on=day(letter.when),
        people=people,
    )


def _table(rows: list[dict[str, Any]], weeks: str) -> Grid:
    body = [
        (
            r["session"], r["original"], r["amended"], r["date"],
            author_in_words(r["by"], r["source"]), _reason(r),
        )
        for r in rows
    ]  # fmt: skip
    headings = ("Session", "Original", "Amended", "Date", "Name", "Reason")
    notes = ["A dash: no mark was made."] if rows else [f"{_capital(weeks)}."]
    return Grid("Sessions changed", headings, body, notes=[*notes, ""])


def _reason(row: Mapping[str, Any]) -> str:
    """Return the reason, and when it came in here where a source states another day."""
    came = (
        f"recorded here on {day(row['recorded_on'])}" if row["recorded_on"] != row["date"] else ""
    )
    return "; ".join(filter(None, (row["reason"], came)))


def _paper(letter: _Letter, number: int, paper: Mapping[str, Any]) -> PaperWords:
    what = paper_words(letter.view, paper)
    named: dict[str, Any] = {"number": number, "paper": _capital(what)}
    if paper["kind"] == "certificate":
        return CertificateWords(**named)
    case = named | _case(letter, paper)
    if paper["kind"] == "consideration":
        return ConsiderationWords(**case)
    parent, _, issued = paper["ref"].partition(" ")
    return NoticeWords(
        **case,
        parent=_parent_name(letter.view, parent),
        withdrawals=tuple(_withdrawals(date.fromisoformat(issued))),
    )


def _capital(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def _case(letter: _Letter, paper: Mapping[str, Any]) -> dict[str, Any]:
    rule = parameters().find("penalty_notices.threshold", letter.when)
    return {
        "fell": case_fell(letter.alert, paper),
        "before": paper["before"],
        "after": paper["after"],
        "weeks": rule.table["weeks"] if rule else 0,
        "needed": rule.table["sessions"] if rule else 0,
        "reference": rule.reference if rule else "",
    }


def _withdrawals(issued: date) -> Iterator[Withdrawal]:
    for name in ("withdrawal_grounds", "withdrawal_required"):
        rule = parameters().find(f"penalty_notices.{name}", issued)
        if rule is not None:
            yield Withdrawal(grounds=rule.names, reference=rule.reference, note=rule.note)


def _parent_name(view: View, parent: str) -> str:
    """Return a parent's name as on record; never an address."""
    for each in view.standing(Parent, parent=parent):
        return " ".join(filter(None, map(view.open, (each.title, each.forename, each.surname))))
    return ""


def _foot(letter: _Letter) -> AlertFootWords:
    return AlertFootWords(
        alert=letter.alert.number,
        known_at=local(letter.view.known_at).strftime("%Y-%m-%d %H:%M"),
        position=letter.view.position,
    )
