"""A draft of the letter that tells the family what was decided on leave.

Plain words, no signature: whoever decided reads it, signs it and sends it. When it has gone, the
date is recorded with the decision (--letter-on).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from ledger.english import number_of, part_of_day, weekday
from ledger.errors import Refused
from ledger.values import HALVES, Half, Session
from policies.law import notices
from policies.law.leave import Purpose, binds, in_advance, purpose
from projections.leave.requests import LeaveRequest, Register, Step, requests
from projections.queries.blocks import Lines
from projections.queries.question import Answer, Page, Question, argument, option
from projections.queries.view import View
from projections.readmodel.records.roll import Parent, Relation
from projections.rendering import html
from projections.rendering.words import Words

_TITLE = "Leave of absence: draft of a letter"
_BLANK = "\N{NO-BREAK SPACE}"
_NEXT: Mapping[str, tuple[Half, int]] = {HALVES[0]: (HALVES[1], 0), HALVES[1]: (HALVES[0], 1)}
_DECISIONS = ("granted", "refused")
_BEFORE: Mapping[str, tuple[Half, int]] = {HALVES[1]: (HALVES[0], 0), HALVES[0]: (HALVES[1], -1)}


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
class LeaveLetter(Question):
    """attendance leave letter: a draft of the letter that tells the family what was decided.

    The last decision on a request, with its reason, as a letter.
    """

    leave_id: str = argument("the id of the request", "")
    html: Path | None = option("write it as a page to this file")

    def answer(self, view: View) -> Answer:
        """Answer with the lines of the letter."""
        found = requests(view, leave=self.leave_id)
        if not found:
            raise Refused(
                "leave-unknown",
                f"no request for leave has the id {self.leave_id!r}",
                "attendance leave lists the requests with their ids",
            )
        leave = found[0]
        if leave.decision is None:
            raise _no_decision(leave)
        _check_addressee(view, leave)
        lines = _words(view, leave, leave.decision).lines(view.folder)
        pages = []
        if self.html is not None:
            body = html.join(html.tag("p", line or _BLANK) for line in lines)
            pages.append(Page(self.html, html.page(_TITLE, body, foot=view.provenance())))
        document = {"as_of": view.as_of(), "id": leave.id, "lines": lines}
        return Answer(
            document, blocks=[Lines([_TITLE, "", *lines, "", view.provenance()])], pages=pages
        )


def _no_decision(leave: LeaveRequest) -> Refused:
    if leave.steps:
        return Refused(
            f"leave-{leave.state}",
            f"leave {leave.id} was {leave.state} before it was decided: there is nothing to write",
            "where it is asked for anew, record it with attendance leave request",
        )
    return Refused(
        "leave-asked",
        f"leave {leave.id} is not decided yet: there is nothing to write",
        f"decide it with attendance leave grant {leave.id}, or leave refuse {leave.id}",
    )


def _words(view: View, leave: LeaveRequest, decision: Step) -> LeaveLetterWords:
    """Work out what the letter says; the sentences are in its file."""
    since = [step for step in leave.steps if step.what not in _DECISIONS]
    granted, covers = decision.what == "granted", leave.covers
    rest = [_span(met[0], met[-1]) for met in _refused_parts(view, leave) if met]
    code, meaning = ("", "") if granted and not rest else _unauthorised(view, leave)
    under, allows = _legal_basis(view, leave, decision)
    return LeaveLetterWords(
        school=view.school.name if view.school else "",
        letter_on=weekday(decision.letter_on) if decision.letter_on else "",
        asked_by=leave.asked_by or "",
        address=tuple(_address(view, leave)),
        address_confidential=_is_confidential(view, leave),
        pupil=view.people[leave.pupil].name,
        days=_span(*covers),
        asked_on=weekday(leave.asked_on),
        days_asked_for=_span(leave.first, leave.last),
        purpose=purpose(leave.purpose, leave.first.date).text,
        granted=granted,
        stands=not since,
        sessions=number_of(len(Register(view).sessions_met(leave.pupil, *covers)), "session"),
        under=under,
        allows=allows,
        rest="; ".join(rest),
        code=code,
        meaning=meaning,
        own_policy=_binds(view, leave) is False,
        reason=decision.reason or "",
        since=tuple(dict.fromkeys(Since(on=weekday(s.on), what=s.what) for s in since)),
        name=decision.name or "",
        job_title=decision.job_title,
    )


def _unauthorised(view: View, leave: LeaveRequest) -> tuple[str, str]:
    """Return the code of an absence without leave, and what it means."""
    code = purpose(leave.purpose, leave.covers[0].date).unauthorised
    return code, view.rules.codes.rule(code, leave.first.date).description


def _refused_parts(view: View, leave: LeaveRequest) -> Iterator[list[Session]]:
    """Yield the sessions met that were asked for and not granted: before and after."""
    register, (first, last) = Register(view), leave.covers
    for a, b in ((leave.first, _step(first, _BEFORE)), (_step(last, _NEXT), leave.last)):
        yield register.sessions_met(leave.pupil, a, b)


def _step(session: Session, to: Mapping[str, tuple[Half, int]]) -> Session:
    half, days = to[session.half]
    return Session(session.date + timedelta(days=days), half)


def _binds(view: View, leave: LeaveRequest) -> bool | None:
    return binds(view.school.type if view.school else None, leave.covers[0].date)


def _legal_basis(view: View, leave: LeaveRequest, decision: Step) -> tuple[str, str]:
    """Return under which paragraph, in schools that it binds, and what that allows.

    That leave was asked for in advance is said only where the dates show it.
    """
    first = leave.covers[0].date
    if decision.paragraph is None or not _binds(view, leave):
        return "", ""
    asked_for = purpose(leave.purpose, first)
    known = not asked_for.in_advance or in_advance(leave.asked_on, first)
    under = f"regulation {decision.paragraph} of {_instrument(asked_for)}"
    return under, asked_for.allows if known else ""


def _instrument(asked_for: Purpose) -> str:
    return asked_for.rule.reference.partition(" reg ")[0]


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
    related = {each.parent: each for each in view.newest(Relation, pupil=leave.pupil)}
    for parent, relation in sorted(related.items()):
        named = leave.parent is None and _is_named(view, parent, leave.asked_by or "")
        if relation.no_contact == "yes" and (parent == leave.parent or named):
            raise _barred(parent, "no_contact is yes", "take advice before anything leaves")
    if leave.parent is None:
        return
    if leave.parent not in related:
        remedy = "record the relation first (attendance relation record)"
        raise _barred(leave.parent, "no relation to the pupil is recorded", remedy)
    theirs = related[leave.parent]
    as_what, responsible = view.open(theirs.relationship), theirs.parental_responsibility
    if notices.liable(responsible, theirs.care, as_what, view.today) is None:
        remedy = "check who asked, or what is recorded of them (attendance relation record)"
        raise _barred(leave.parent, "they are recorded as no parent of the pupil", remedy)
    if theirs.until is not None and theirs.until < view.today:
        remedy = "check who is to be told"
        raise _barred(leave.parent, f"the relation ended on {theirs.until}", remedy)


def _barred(parent: str, flag: str, remedy: str) -> Refused:
    return Refused("parent-barred", f"no letter goes to parent {parent}: {flag}", remedy)


def _is_named(view: View, parent: str, text: str) -> bool:
    """Tell whether a text holds both names of a parent, as they are recorded now."""
    for each in view.newest(Parent, parent=parent):
        names = [view.open(each.forename), view.open(each.surname)]
        if all(name and name.casefold() in text.casefold() for name in names):
            return True
    return False


def _is_confidential(view: View, leave: LeaveRequest) -> bool:
    return bool(view.in_log(Parent, parent=leave.parent, address_confidential="yes"))


def _address(view: View, leave: LeaveRequest) -> Iterator[str]:
    """Yield the address on record of the parent who asked, unless it was ever confidential."""
    if leave.parent is None or _is_confidential(view, leave):
        return
    for each in view.standing(Parent, parent=leave.parent):
        if sealed := each.address:
            yield view.open(sealed) or ""
