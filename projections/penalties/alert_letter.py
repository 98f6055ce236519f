"""A letter to the local authority about an undercut alert, unsigned."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, NoReturn

from ledger.clock import local
from ledger.english import day
from ledger.errors import Refused
from ledger.values import parse_session
from policies.law import notices
from policies.packs.values import parameters
from projections.penalties.alerts import document
from projections.penalties.undercut_alerts import (
    UNDERCUT,
    Alert,
    Change,
    Changes,
    Paper,
    UndercutCase,
    alerts,
    notices_of,
)
from projections.queries.authors import author_in_words
from projections.queries.blocks import Block, Heading, Lines
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Page, Question, argument, option
from projections.queries.view import View
from projections.readmodel.accessors.marks import versions
from projections.readmodel.records.amending import Evidence
from projections.readmodel.records.penalties import Notice
from projections.readmodel.records.roll import Parent
from projections.rendering import html, text
from projections.rendering.words import Words

_TITLE = "Draft of a letter to the local authority"


class Draft(NamedTuple):
    """A draft: what its alert holds, the lines of its parts, and as of when it is.

    ``notes``: what stands beneath the table of changes; ``parts``: one about each paper.
    """

    case: UndercutCase
    head: Sequence[str]
    notes: Sequence[str]
    parts: Sequence[Sequence[str]]
    foot: Sequence[str]
    provenance: str


@dataclass(frozen=True, kw_only=True)
class DraftLetter(Question[Draft]):
    """attendance alerts draft: a letter to the local authority about an undercut alert, unsigned.

    For the head to check, complete and sign: nothing is chosen, no address is printed.
    """

    alert: int = argument("number of the alert, as attendance alerts shows it")
    html: Path | None = option("write it as a page to this file")
    out: Path | None = option("write it as text to this file")

    @property
    def leaves_school(self) -> bool:
        """It is a letter."""
        return True

    def marks_of(self, view: View) -> Collection[str]:
        """Return the id of the pupil whom the alert is about."""
        alert = self._alert(view)
        return [view.pupil_id(alert.raised.pupil)]

    def find(self, view: View) -> Draft:
        """Find what the letter says; refused for a number that is of no alert known."""
        alert = self._alert(view)
        changes, then = Changes(view), _view_at_last_event(view)
        case = changes.case(alert)
        parts = (_part(then, alert, n, each) for n, each in enumerate(case.papers, start=1))
        weeks = [] if case.changes else [f"{_capital(changes.weeks(alert))}."]
        return Draft(
            case,
            _head(then, case, changes.people(case)).lines(view.folder),
            [*weeks, *_codes(then, case.changes), *_evidence(then, case)],
            [part.lines(view.folder) for part in parts],
            _foot(then, alert).lines(view.folder),
            then.provenance(),
        )

    def _alert(self, view: View) -> Alert:
        found = next((each for each in alerts(view) if each.number == self.alert), None)
        if found is None:
            self.unknown()
        return found

    def present(self, found: Draft) -> Answer:
        """Show the letter, or write it to files; as of when it is stands in it."""
        changes = Listing(_CHANGES, found.case.changes)
        table = changes.grid("Sessions changed", notes=[*found.notes, ""])
        head, foot = Lines(found.head), Lines(found.foot)
        shown: list[Block] = [head, table, *map(Lines, found.parts), foot]
        written = text.as_text(shown)
        fields = {
            "alert": document(found.case),
            "changes": found.case.changes,
            "letter": written,
        }
        pages = []
        if self.html is not None:
            body = html.blocks([head, table, *_under_headings(found.parts), foot])
            pages.append(Page(self.html, html.page(_TITLE, body, foot=found.provenance)))
        if self.out is not None:
            pages.append(Page(self.out, "\n".join(written) + "\n"))
        return Answer(fields, blocks=[] if pages else shown, pages=pages, sourced=True)

    def unknown(self) -> NoReturn:
        """Refuse: no alert of that number was known."""
        raise Refused(
            "alert-unknown",
            f"{self.alert} is not the number of an undercut alert",
            "attendance alerts --all shows the alerts with their numbers",
        )


def _view_at_last_event(view: View) -> View:
    """Return the view as at its last event: the same letter is the same file a minute later."""
    if view.question.clock == "source" or view.question.known_at is not None:
        return view
    return replace(view, known_at=view.commits.known_at(view.position))


def _under_headings(parts: Sequence[Sequence[str]]) -> Iterator[Block]:
    """Yield each part with its first line for a heading; one without a line has none."""
    for part in parts:
        yield from map(Heading, part[:1])
        yield Lines(part[1:])


def _codes(view: View, changes: Sequence[Change]) -> Iterator[str]:
    """Yield what the codes in the table mean, each once; a dash, where there is one."""
    meant: dict[str, str] = {}
    for each in changes:
        on = parse_session(each.session).date
        for code in (each.original, each.amended):
            rule = view.rules.codes.find(code, on)
            meant[code] = rule.description if rule else "no mark was made"
    yield from (f"{code}  {means}" for code, means in sorted(meant.items()))


def _evidence(view: View, case: UndercutCase) -> Iterator[str]:
    """Yield what the amendments rest on, as it was given, and whether a copy is kept."""
    positions = [each.position for each in case.changes if each.position is not None]
    batches = {version.batch for version in versions(view, kf=positions)} - {None}
    known = view.standing(Evidence, pupil=case.person.index, batch=batches)
    for each in sorted(known, key=lambda each: each.line):
        given = ", ".join(filter(None, map(view.open, (each.note, each.file))))
        kept = "; a copy is kept" if each.copy_key is not None else ""
        yield f"Evidence given: {given}{kept}."


def _reason(row: Change) -> str:
    """Return the reason, and when it came in here where a source states another day."""
    came = f"recorded here on {day(row.recorded_on)}" if row.recorded_on != row.date else ""
    return "; ".join(filter(None, (row.reason, came)))


_CHANGES: tuple[Column[Change], ...] = (
    Column("", "Session", lambda row: row.session),
    Column("", "Original", lambda row: row.original),
    Column("", "Amended", lambda row: row.amended),
    Column("", "Date", lambda row: row.date),
    Column("", "Name", text=lambda row: author_in_words(row.by, row.source)),
    Column("", "Reason", text=_reason),
)


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
    own: bool
    own_fell: bool
    own_before: int
    own_after: int
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
    state: str
    withdrawn: bool
    withdrawals: tuple[Withdrawal, ...]


@dataclass(frozen=True, kw_only=True)
class AlertFootWords(Words):
    """What the end of the letter is given: as recorded when, and as of which entry."""

    file: ClassVar = "alert-letter-foot.txt"

    alert: int
    known_at: str
    position: int


def _head(view: View, case: UndercutCase, people: str) -> AlertHeadWords:
    return AlertHeadWords(
        school=view.school.name if view.school else "",
        urn=view.school.urn if view.school else "",
        pupil=case.person.name,
        upn=case.person.upn,
        changed_on=day(case.alert.on),
        people=people,
    )


def _part(view: View, alert: Alert, number: int, paper: Paper) -> PaperWords:
    named: dict[str, Any] = {"number": number, "paper": _capital(paper.what)}
    if paper.kind == "certificate":
        return CertificateWords(**named)
    rule = parameters().find("penalty_notices.threshold", alert.on)
    named |= {
        "fell": paper.effect == UNDERCUT,
        "own": paper.relied_before is not None,
        "own_fell": _own_fell(paper, rule.table["sessions"] if rule else 0),
        "own_before": paper.relied_before or 0,
        "own_after": paper.relied_after or 0,
        "before": paper.before,
        "after": paper.after,
        "weeks": rule.table["weeks"] if rule else 0,
        "needed": rule.table["sessions"] if rule else 0,
        "reference": rule.reference if rule else "",
    }
    if paper.kind == "consideration":
        return ConsiderationWords(**named)
    parent, _, issued = paper.ref.partition(" ")
    state, rules = _state(notices_of(view, alert, paper))
    return NoticeWords(
        **named,
        parent=_parent_name(view, parent),
        state=state,
        withdrawn=not rules,
        withdrawals=tuple(_withdrawals(date.fromisoformat(issued), rules)),
    )


def _own_fell(paper: Paper, needed: int) -> bool:
    """Tell whether fewer of the sessions that it relied on are left than the rule speaks of."""
    if paper.relied_before is None or paper.relied_after is None:
        return False
    return paper.relied_after < needed <= paper.relied_before


_GROUNDS, _REQUIRED = "withdrawal_grounds", "withdrawal_required"


def _state(known: Sequence[Notice]) -> tuple[str, Sequence[str]]:
    """Say what is recorded of a notice, and by which rules it may be withdrawn as it is.

    The complete record is the authority's (SI 2007/1867 reg 20).
    """
    if len(known) != 1:
        return "What became of it is not recorded here.", (_GROUNDS, _REQUIRED)
    [notice] = known
    law = notice.law
    if law.withdrawn(date.max):
        words = notices.withdrawal_words(notice.withdrawn_ground)
        return f"It {words}{_on(notice.withdrawn_on or notice.outcome_on)}.", ()
    if notice.paid_on is not None or notice.outcome == "paid":
        return f"It is recorded as paid{_on(notice.paid_on or notice.outcome_on)}.", (_GROUNDS,)
    if notice.outcome in {"guilty", "not_guilty"}:
        found = notice.outcome.replace("_", " ")
        return f"A court's finding is recorded: {found}{_on(notice.outcome_on)}.", (_GROUNDS,)
    words = "Whether it was paid is not recorded here."
    if notice.outcome is not None:
        words = f"It is recorded as {notice.outcome}{_on(notice.outcome_on)}."
    return words, (_GROUNDS, _REQUIRED)


def _on(when: date | None) -> str:
    return f" on {day(when)}" if when else ""


def _capital(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def _withdrawals(issued: date, rules: Sequence[str]) -> Iterator[Withdrawal]:
    for name in rules:
        rule = parameters().find(f"penalty_notices.{name}", issued)
        if rule is not None:
            yield Withdrawal(grounds=rule.names, reference=rule.reference, note=rule.note)


def _parent_name(view: View, parent: str) -> str:
    """Return a parent's name as on record; never an address."""
    for each in view.standing(Parent, parent=parent):
        return " ".join(filter(None, map(view.open, (each.title, each.forename, each.surname))))
    return ""


def _foot(view: View, alert: Alert) -> AlertFootWords:
    known_at = local(view.known_at).strftime("%Y-%m-%d %H:%M")
    return AlertFootWords(alert=alert.number, known_at=known_at, position=view.position)
