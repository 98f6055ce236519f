"""A draft of the letter that tells the family what was decided on leave.

Plain words, no signature: whoever decided reads it, signs it and sends it. When it has gone, the
date is recorded with the decision (--letter-on).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from ledger.english import number_of, weekday
from ledger.errors import Refused
from ledger.values import HALVES, Half, Session
from policies.law import notices
from policies.law.leave import Purpose, binds, in_advance, purpose
from projections.leave.requests import LeaveRequest, Register, Step, requests
from projections.queries.question import Answer, Lines, Page, Question, argument, option
from projections.queries.view import View
from projections.rendering import html

_TITLE = "Leave of absence: draft of a letter"
_BLANK = "\N{NO-BREAK SPACE}"
_DRAFT = "DRAFT: not signed, not sent."
_NEXT: Mapping[str, tuple[Half, int]] = {HALVES[0]: (HALVES[1], 0), HALVES[1]: (HALVES[0], 1)}
_DECISIONS = ("granted", "refused")
_SINCE = {
    "withdrawn": "it was withdrawn: it does not stand any more.",
    "falsified": "it was found to have been obtained falsely: it does not stand any more.",
}
_BEFORE: Mapping[str, tuple[Half, int]] = {HALVES[1]: (HALVES[0], 0), HALVES[0]: (HALVES[1], -1)}


@dataclass(frozen=True, kw_only=True)
class LeaveLetter(Question):
    """attendance leave letter: a draft of the letter that tells the family what was decided.

    The last decision on a request, with its reason, as a letter.
    """

    leave_id: str = argument("the id of the request", "")
    html: Path | None = option("write it as a page to this file")

    def answer(self, view: View) -> Answer:
        """Answer with the lines of the letter."""
        found = requests(view, "leave = :v0", self.leave_id)
        if not found:
            raise Refused(
                "leave-unknown",
                f"no request for leave has the id {self.leave_id!r}",
                "attendance leave lists the requests with their ids",
            )
        leave = found[0]
        if leave.decision is None:
            raise _no_decision(leave)
        check_addressee(view, leave)
        lines = list(_lines(view, leave, leave.decision))
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


def _lines(view: View, leave: LeaveRequest, decision: Step) -> Iterator[str]:
    first, last = leave.covers
    person, letter = view.people[leave.pupil], decision.letter_on
    yield _DRAFT
    yield ""
    yield view.school["name"] if view.school else ""
    yield f"Date: {weekday(date.fromisoformat(letter)) if letter else '____________'}"
    yield f"To: {leave.asked_by}"
    yield from address(view, leave)
    yield ""
    yield f"About: {person.name}, leave of absence, {_span(first, last)}"
    yield ""
    yield (
        f"On {_day(leave.asked_on)} leave of absence was asked for: "
        f"{_span(leave.first, leave.last)} ({purpose(leave.purpose, leave.first.date).text})."
    )
    since = [step for step in leave.steps if step.what not in _DECISIONS]
    if decision.what == "refused":
        yield from _refusal(view, leave)
    else:
        yield from _grant(view, leave, decision, stands=not since)
    if _binds(view, leave) is False:
        yield "The school decided this under its own policy, following the national guidance."
    yield f"The reason: {decision.reason}"
    for on, what in dict.fromkeys((step.on, step.what) for step in since):
        yield f"Since then, on {weekday(on)}, {_SINCE[what]}"
    yield ""
    yield f"{decision.name}, {decision.job_title}"


def _refusal(view: View, leave: LeaveRequest) -> Iterator[str]:
    yield "Leave is refused."
    absence = _absence_in_words(view, leave)
    yield f"If {view.people[leave.pupil].name} is away all the same, {absence}"


def _absence_in_words(view: View, leave: LeaveRequest) -> str:
    code = purpose(leave.purpose, leave.covers[0].date).unauthorised
    meaning = view.rules.codes.rule(code, leave.first.date).description
    return f"the absence is recorded as unauthorised (code {code}: {meaning})."


def _grant(view: View, leave: LeaveRequest, decision: Step, *, stands: bool) -> Iterator[str]:
    first, last = leave.covers
    met = number_of(len(Register(view).sessions_met(leave.pupil, first, last)), "session")
    is_or_was = "is" if stands else "was"
    basis = _legal_basis(view, leave, decision)
    yield f"Leave {is_or_was} granted: {_span(first, last)}, {met}{basis}."
    if stands:
        yield (
            "It is for these sessions only. Absence after them is recorded as unauthorised unless "
            "another reason is established."
        )
    rest = [_span(met[0], met[-1]) for met in _refused_parts(view, leave) if met]
    if rest:
        yield (
            f"Leave {is_or_was} refused for the rest of what was asked for: {'; '.join(rest)}. On "
            f"these sessions {_absence_in_words(view, leave)}"
        )


def _refused_parts(view: View, leave: LeaveRequest) -> Iterator[list[Session]]:
    """Yield the sessions met that were asked for and not granted: before and after."""
    register, (first, last) = Register(view), leave.covers
    for a, b in ((leave.first, _step(first, _BEFORE)), (_step(last, _NEXT), leave.last)):
        yield register.sessions_met(leave.pupil, a, b)


def _step(session: Session, to: Mapping[str, tuple[Half, int]]) -> Session:
    half, days = to[session.half]
    return Session(session.date + timedelta(days=days), half)


def _binds(view: View, leave: LeaveRequest) -> bool | None:
    return binds(view.school["type"] if view.school else None, leave.covers[0].date)


def _legal_basis(view: View, leave: LeaveRequest, decision: Step) -> str:
    """Return under which paragraph, in schools that it binds, and what that allows.

    That leave was asked for in advance is said only where the dates show it.
    """
    first = leave.covers[0].date
    if not _binds(view, leave):
        return ""
    asked_for = purpose(leave.purpose, first)
    known = not asked_for.in_advance or in_advance(leave.asked_on, first)
    allows = f" ({asked_for.allows})" if known else ""
    return f", under regulation {decision.paragraph} of {_instrument(asked_for)}{allows}"


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
    return f"{_day(session.date)}, {'morning' if session.half == HALVES[0] else 'afternoon'}"


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


# -- to whom it may go, and which address may stand on it ------------------------------------
#
# Flags count by the newest that is recorded, whenever the letter is as at: a letter leaves today.

_RELATED = """SELECT parent, no_contact, until, parental_responsibility, care, relationship
    FROM relations WHERE pupil = ? AND kt IS NULL"""
CONFIDENTIAL = "(address confidential: not printed)"


def check_addressee(view: View, leave: LeaveRequest) -> None:
    """Refuse a letter to somebody who is none of the pupil's parents or may not be contacted."""
    related = {row[0]: row[1:] for row in view.db.execute(_RELATED, [leave.pupil])}
    for parent, (no_contact, *_) in sorted(related.items()):
        named = leave.parent is None and _is_named(view, parent, leave.asked_by or "")
        if no_contact == "yes" and (parent == leave.parent or named):
            raise _barred(parent, "no_contact is yes", "take advice before anything leaves")
    if leave.parent is None:
        return
    if leave.parent not in related:
        remedy = "record the relation first (attendance relation record)"
        raise _barred(leave.parent, "no relation to the pupil is recorded", remedy)
    _, until, *flags = related[leave.parent]
    responsible, care, relationship = flags
    as_what = view.open(relationship)
    if notices.liable(responsible, care, as_what, view.today) is None:
        remedy = "check who asked, or what is recorded of them (attendance relation record)"
        raise _barred(leave.parent, "they are recorded as no parent of the pupil", remedy)
    if until is not None and until < view.today.isoformat():
        remedy = "check who is to be told"
        raise _barred(leave.parent, f"the relation ended on {until}", remedy)


def _barred(parent: str, flag: str, remedy: str) -> Refused:
    return Refused("parent-barred", f"no letter goes to parent {parent}: {flag}", remedy)


def _is_named(view: View, parent: str, text: str) -> bool:
    """Tell whether a text holds both names of a parent, as they are recorded now."""
    sql = "SELECT forename, surname FROM parents WHERE parent = ? AND kt IS NULL"
    for sealed in view.db.execute(sql, [parent]):
        names = [view.open(name) for name in sealed]
        if all(name and name.casefold() in text.casefold() for name in names):
            return True
    return False


def address(view: View, leave: LeaveRequest) -> Iterator[str]:
    """Yield the address on record of the parent who asked, unless it was ever confidential."""
    if leave.parent is None:
        return
    sql = "SELECT 1 FROM parents WHERE parent = ? AND address_confidential = 'yes' LIMIT 1"
    if view.db.execute(sql, [leave.parent]).fetchone():
        yield CONFIDENTIAL
        return
    for (sealed,) in view.stood("address", "parents", "parent = :v0", leave.parent):
        if sealed:
            yield view.open(sealed) or ""
