"""attendance leave letter: a draft of the letter that tells the family what was decided.

Plain words, no signature: whoever decided reads it, signs it and sends it. When it has gone, the
date is recorded with the decision (--letter-on).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ledger.errors import Refused
from ledger.values import HALVES, Session
from policies import leave as law
from projections import html
from projections.leave_found import Found, Step, requests
from projections.leave_sessions import Register
from projections.query import Answer, Lines, Page, Question, argument, number_of, option
from projections.view import View

_TITLE = "Leave of absence: draft of a letter"
_BLANK = "\N{NO-BREAK SPACE}"
_DRAFT = "DRAFT: not signed, not sent."


@dataclass(frozen=True, kw_only=True)
class LeaveLetter(Question):
    """The last decision on a request, with its reason, as a letter."""

    leave_id: str = argument("the id of the request", "")
    html: Path | None = option("write it as a page to this file")


def answer(question: LeaveLetter, view: View) -> Answer:
    """Answer with the lines of the letter."""
    found = requests(view, "leave = :v0", question.leave_id)
    if not found:
        raise Refused(
            "leave-unknown",
            f"no request for leave has the id {question.leave_id!r}",
            "attendance leave lists the requests with their ids",
        )
    leave = found[0]
    if leave.decision is None:
        raise Refused(
            "leave-asked",
            f"leave {leave.id} is not decided yet: there is nothing to write",
            f"decide it with attendance leave grant {leave.id}, or leave refuse {leave.id}",
        )
    lines = list(_lines(view, leave, leave.decision))
    pages = []
    if question.html is not None:
        body = html.joined(html.tag("p", line or _BLANK) for line in lines)
        pages.append(Page(question.html, html.page(_TITLE, body, foot=view.provenance())))
    document = {"as_of": view.as_of(), "id": leave.id, "lines": lines}
    return Answer(
        document, blocks=[Lines([_TITLE, "", *lines, "", view.provenance()])], pages=pages
    )


def _lines(view: View, leave: Found, decision: Step) -> Iterator[str]:
    first, last = leave.covers
    person, letter = view.people[leave.pupil], decision.letter_on
    yield _DRAFT
    yield ""
    yield view.school["name"] if view.school else ""
    yield f"Date: {_day(date.fromisoformat(letter)) if letter else '____________'}"
    yield f"To: {leave.asked_by}"
    yield from _address(view, leave)
    yield ""
    yield f"About: {person.name}, leave of absence, {_span(first, last)}"
    yield ""
    yield (
        f"On {_day(leave.asked_on)} leave of absence was asked for: "
        f"{_span(leave.first, leave.last)} ({law.purpose(leave.purpose, leave.first.date).text})."
    )
    yield from _decided(view, leave, decision)
    yield f"The reason: {decision.reason}"
    if leave.state != decision.what:
        last_step = leave.steps[-1]
        yield f"Since then, on {_day(last_step.on)}, it was recorded as {last_step.what}."
    yield ""
    yield f"{decision.name}, {decision.job_title}"


def _decided(view: View, leave: Found, decision: Step) -> Iterator[str]:
    first, last = leave.covers
    purpose = law.purpose(leave.purpose, first.date)
    if decision.what == "refused":
        yield "Leave is refused."
        yield (
            f"If {view.people[leave.pupil].name} is away all the same, the absence is recorded as "
            f"unauthorised ({_meaning(view, purpose.unauthorised, leave)})."
        )
        return
    met = number_of(len(Register(view).met(leave.pupil, first, last)), "session")
    yield (
        f"Leave is granted: {_span(first, last)}, {met}, under regulation {decision.paragraph} "
        f"of {_instrument(purpose)} ({purpose.allows})."
    )
    yield (
        "It is for these sessions only. Absence after them is recorded as unauthorised unless "
        "another reason is established."
    )


def _instrument(purpose: law.Purpose) -> str:
    return purpose.rule.reference.partition(" reg ")[0]


def _meaning(view: View, code: str, leave: Found) -> str:
    return f"code {code}: {view.rules.codes.rule(code, leave.first.date).description}"


def _span(first: Session, last: Session) -> str:
    """Write sessions as a family reads them; whole days without their halves."""
    if first.half == HALVES[0] and last.half == HALVES[1]:
        one = first.date == last.date
        return _day(first.date) if one else f"{_day(first.date)} to {_day(last.date)}"
    if first == last:
        return _half(first)
    return f"{_half(first)} to {_half(last)}"


def _half(session: Session) -> str:
    return f"{_day(session.date)}, {'morning' if session.half == HALVES[0] else 'afternoon'}"


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def _address(view: View, leave: Found) -> Iterator[str]:
    """Yield the address on record, unless it is confidential or not known."""
    if leave.parent is None:
        return
    rows = view.stood("address, address_confidential", "parents", "parent = :v0", leave.parent)
    for address, confidential in rows:
        if confidential == "yes":
            yield "(address confidential: not printed)"
        elif address:
            yield view.open(address) or ""
