"""A draft of the letter that tells the family what was decided on leave.

Plain words, no signature: whoever decided reads it, signs it and sends it. When it has gone, the
date is recorded with the decision (--letter-on).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NoReturn

from ledger import names
from ledger.english import number_of, part_of_day, weekday
from ledger.errors import Refused
from ledger.values import HALVES, Session
from policies.law import notices
from policies.law.leave import binds, in_advance, purpose
from projections.leave.requests import DECISIONS, LeaveRequest, Register, Step, requests
from projections.queries.blocks import Lines
from projections.queries.question import Answer, Page, Question, argument, option
from projections.queries.view import View
from projections.readmodel.records.roll import Parent, Relation
from projections.rendering import html
from projections.rendering.words import Words

_TITLE = "Leave of absence: draft of a letter"
_BLANK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, kw_only=True)
class Since:
    """What became of leave after it was decided: ``withdrawn`` or ``falsified``."""

    on: str
    what: str


@dataclass(frozen=True, kw_only=True)
class LeaveLetterWords(Words):
    """What the letter is given; its file says what each is."""

    file: ClassVar = "leave-letter.txt"

    school: str
    letter_on: str
    asked_by: str
    address: tuple[str, ...]
    address_confidential: bool
    pupil: str
    days: str
    asked_on: str
    days_asked_for: str
    purpose: str
    granted: bool
    stands: bool
    sessions: str
    under: str
    allows: str
    rest: str
    code: str
    meaning: str
    own_policy: bool
    reason: str
    since: tuple[Since, ...]
    name: str
    job_title: str


@dataclass(frozen=True, kw_only=True)
class LeaveLetter(Question[Sequence[str]]):
    """attendance leave letter: a draft of the letter that tells the family what was decided.

    The last decision on a request, with its reason, as a letter.
    """

    leave_id: str = argument("the id of the request", "")
    html: Path | None = option("write it as a page to this file")

    @property
    def leaves_school(self) -> bool:
        """It is a letter."""
        return True

    def marks_of(self, _view: View) -> Collection[str]:
        """Return nobody: what was decided rests on no mark."""
        return ()

    def find(self, view: View) -> Sequence[str]:
        """Find what the letter says; refused without a decision, or to whom none may go."""
        found = requests(view, leave=self.leave_id)
        if not found:
            self.unknown()
        leave = found[0]
        if leave.decision is None:
            raise _no_decision(leave)
        _check_addressee(view, leave)
        return _words(view, leave, leave.decision).lines(view.folder)

    def present(self, found: Sequence[str]) -> Answer:
        """Show the lines; as a page, with the blank ones between them."""
        pages = []
        if self.html is not None:
            body = html.join(html.tag("p", line or _BLANK) for line in found)
            pages.append(Page(self.html, lambda foot: html.page(_TITLE, body, foot=foot)))
        fields = {"id": self.leave_id, "lines": found}
        return Answer(fields, blocks=[Lines([_TITLE, "", *found, ""])], pages=pages)

    def unknown(self) -> NoReturn:
        """Refuse: no request of that id was known."""
        raise Refused(
            "leave-unknown",
            f"no request for leave has the id {self.leave_id!r}",
            "attendance leave lists the requests with their ids",
        )


def _no_decision(leave: LeaveRequest) -> Refused:
    name = leave.asked.leave
    if leave.steps:
        return Refused(
            f"leave-{leave.state}",
            f"leave {name} was {leave.state} before it was decided: there is nothing to write",
            "where it is asked for anew, record it with attendance leave request",
        )
    return Refused(
        "leave-asked",
        f"leave {name} is not decided yet: there is nothing to write",
        f"decide it with attendance leave grant {name} --reason WHY, or attendance leave refuse "
        f"{name} --reason WHY",
    )


def _words(view: View, leave: LeaveRequest, decision: Step) -> LeaveLetterWords:
    """Work out what the letter says; the sentences are in its file."""
    asked, taken, register = leave.asked, decision.taken, Register(view, [leave])
    pupil, (first, last) = asked.pupil, leave.covers
    since = [step for step in leave.steps if step.taken.step not in DECISIONS]
    # By all that was ever recorded: an address once confidential goes into no letter again.
    confidential = bool(view.in_log(Parent, parent=asked.parent, address_confidential="yes"))
    granted = taken.step == "granted"
    before = [s for s in register.marks(pupil, leave.first, first) if s < first]
    after = [s for s in register.marks(pupil, last, leave.last) if s > last]
    rest = [_span(met[0], met[-1]) for met in (before, after) if met]
    code, meaning = ("", "") if granted and not rest else _unauthorised(view, leave)
    under, allows = _legal_basis(view, leave, decision)
    return LeaveLetterWords(
        school=view.school.name if view.school else "",
        letter_on=weekday(taken.letter_on) if taken.letter_on else "",
        asked_by=leave.asked_by or "",
        address=() if confidential else tuple(_address(view, asked.parent)),
        address_confidential=confidential,
        pupil=view.people[pupil].name,
        days=_span(first, last),
        asked_on=weekday(asked.asked_on),
        days_asked_for=_span(leave.first, leave.last),
        purpose=purpose(asked.purpose, leave.first.date).text,
        granted=granted,
        stands=not since,
        sessions=number_of(len(register.marks(pupil, first, last)), "session"),
        under=under,
        allows=allows,
        rest="; ".join(rest),
        code=code,
        meaning=meaning,
        own_policy=_binds(view, leave) is False,
        reason=decision.reason or "",
        since=tuple(dict.fromkeys(Since(on=weekday(s.on), what=s.taken.step) for s in since)),
        name=decision.by.name or "",
        job_title=decision.by.job_title or "",
    )


def _unauthorised(view: View, leave: LeaveRequest) -> tuple[str, str]:
    """Return the code of an absence without leave, and what it means."""
    code = purpose(leave.asked.purpose, leave.covers[0].date).unauthorised
    return code, view.rules.codes.rule(code, leave.first.date).description


def _binds(view: View, leave: LeaveRequest) -> bool | None:
    return binds(view.school.type if view.school else None, leave.covers[0].date)


def _legal_basis(view: View, leave: LeaveRequest, decision: Step) -> tuple[str, str]:
    """Return under which paragraph, in schools that it binds, and what that allows.

    That leave was asked for in advance is said only where the dates show it.
    """
    first = leave.covers[0].date
    if decision.taken.paragraph is None or not _binds(view, leave):
        return "", ""
    asked_for = purpose(leave.asked.purpose, first)
    known = not asked_for.in_advance or in_advance(leave.asked.asked_on, first)
    instrument, _, _ = asked_for.rule.reference.partition(" reg ")
    under = f"regulation {decision.taken.paragraph} of {instrument}"
    return under, asked_for.allows if known else ""


def _span(first: Session, last: Session) -> str:
    """Write sessions as a family reads them; whole days without their halves."""
    if first.half == HALVES[0] and last.half == HALVES[1]:
        one = first.date == last.date
        return weekday(first.date) if one else f"{weekday(first.date)} to {weekday(last.date)}"
    if first == last:
        return _half(first)
    return f"{_half(first)} to {_half(last)}"


def _half(session: Session) -> str:
    return f"{weekday(session.date)}, {part_of_day(session.half)}"


# -- to whom it may go, and which address may stand on it ------------------------------------
#
# Flags count by the newest that is recorded, whenever the letter is as at: a letter leaves today.


def _check_addressee(view: View, leave: LeaveRequest) -> None:
    """Refuse a letter to somebody who is none of the pupil's parents or may not be contacted."""
    asking = leave.asked.parent
    related = {each.parent: each for each in view.newest(Relation, pupil=leave.asked.pupil)}
    for parent, relation in sorted(related.items()):
        named = asking is None and _is_named(view, parent, leave.asked_by or "")
        if relation.no_contact == "yes" and (parent == asking or named):
            raise _barred(parent, "no_contact is yes", "take advice before anything leaves")
    if asking is None:
        return
    if asking not in related:
        remedy = "record the relation first (attendance relation record)"
        raise _barred(asking, "no relation to the pupil is recorded", remedy)
    theirs = related[asking]
    as_what, responsible = view.open(theirs.relationship), theirs.parental_responsibility
    if notices.liable(responsible, theirs.care, as_what, view.today) is None:
        remedy = "check who asked, or what is recorded of them (attendance relation record)"
        raise _barred(asking, "they are recorded as no parent of the pupil", remedy)
    if theirs.until is not None and theirs.until < view.today:
        remedy = "check who is to be told"
        raise _barred(asking, f"the relation ended on {theirs.until}", remedy)


def _barred(parent: str, flag: str, remedy: str) -> Refused:
    return Refused("parent-barred", f"no letter goes to parent {parent}: {flag}", remedy)


def _is_named(view: View, parent: str, text: str) -> bool:
    """Tell whether a text holds both names of a parent, as they are recorded now."""
    said = names.search_key(text)
    for each in view.newest(Parent, parent=parent):
        both = [view.open(each.forename), view.open(each.surname)]
        if all(name and names.search_key(name) in said for name in both):
            return True
    return False


def _address(view: View, parent: str | None) -> Iterator[str]:
    """Yield the address on record of the parent who asked."""
    for each in view.standing(Parent, parent=parent) if parent else ():
        if each.address:
            yield view.open(each.address) or ""
