"""A copy of what the register holds about a pupil, others redacted.

UK GDPR art 15, and a parent's right to the educational record at a maintained school. That a
copy is made is recorded before it is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ledger.english import number_of
from ledger.errors import Refused
from policies.law.disclosure import CopyMade, Due, due
from projections.disclosure.copy import MASKED, Copy, Section
from projections.disclosure.copy_case import case_sections
from projections.disclosure.copy_people import people_sections
from projections.disclosure.copy_register import Register, register_sections
from projections.queries.blocks import Block, Lines
from projections.queries.columns import plain
from projections.queries.question import Answer, Page, Question, argument, option
from projections.queries.view import View
from projections.readmodel.accessors.marks import first_marked_session
from projections.rendering import html

COLUMNS = ("session", "code", "meaning")
_REDACTED = (
    "What would tell of other people is left out: [another person]. Members of staff who acted "
    "in their job are named."
)
_READ = "Read it before it leaves."
_HELD = "held back: free text may name others, and goes once a person has read it."
_MASKED = (
    f"In the free text these are replaced by {MASKED} wherever they are written as recorded: "
    "confidential addresses, full names of other pupils (in a parent's copy of other parents "
    "too), telephone numbers, e-mail and postal addresses of other parents. Written otherwise "
    "they are not found: a person has to look."
)


@dataclass(frozen=True, kw_only=True)
class SubjectAccess(Question):
    """attendance subject-access: a copy of what the register holds about a pupil, others redacted.

    Everything held about the pupil, in plain words; needs --as, since it is recorded.

    Free text is held back; look through the copy before it leaves.
    """

    who: str = argument("UPN or local id", metavar="PUPIL")
    for_: str | None = option("to whom the copy goes, in words; kept sealed", required=True)
    parent: str | None = option("the id of the parent who asks [the pupil asks]")
    asked_on: date | None = option("the day on which it was asked for: says when it is due")
    include_free_text: str | None = option(
        "the staff id of who read the free text and found that it may go: then it is included",
        metavar="REVIEWER",
    )
    authority: str | None = option(
        "on what authority somebody asks who is neither the pupil nor has responsibility or care",
        metavar="TEXT",
    )
    out: Path | None = option("write it as a page to this file")

    @property
    def on_record(self) -> CopyMade:
        """Say that a copy is made, and refuse where its file could not be written."""
        out = self.out
        if out is not None and not (out.absolute().parent.is_dir() and not out.is_dir()):
            raise Refused(
                "out-unwritable", f"{out} cannot be written", "name a file in a folder that exists"
            )
        return CopyMade(
            pupil=self.who,
            to=self.for_,
            parent=self.parent,
            first=self.from_,
            last=self.on,
            seen_at=self.position,
            asked_on=self.asked_on,
            review=self.include_free_text,
            authority=self.authority,
        )

    def answer(self, view: View) -> Answer:
        """Answer with every part of the copy, as text or as a page."""
        pupil = view.pupil_index(self.who)
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, COLUMNS, [Lines([view.ignorance()])])
        review, authority = self.include_free_text, self.authority
        copy = Copy(view, pupil, self.who, self.parent, review, authority)
        copy.check()
        register = Register(copy, _first(self, view, pupil), view.on)
        parts = [
            *people_sections(copy),
            *register_sections(register),
            *case_sections(copy),
        ]
        wanted = _due(self, view)
        title = f"What the register of {_school(view)} holds about {_name(copy)}"
        blocks = [Lines([*_head(self, copy, wanted), ""]), *(part.block() for part in parts)]
        document = _document(self, copy, register, parts, wanted)
        if self.out is None:
            shown = [Lines([title, ""]), *blocks, Lines([view.provenance()])]
            return Answer(document, COLUMNS, shown, paged=True)
        page = html.page(title, html.blocks(blocks), foot=view.provenance())
        said: list[Block] = [Lines([title, *_head(self, copy, wanted), _READ])]
        return Answer(document, COLUMNS, said, pages=[Page(self.out, page)])


def _first(question: SubjectAccess, view: View, pupil: int) -> date:
    """Return the first day of the copy: all that is held, where none is given."""
    if question.from_ is not None:
        return view.first
    starts = [spell.first for spell in view.spells if spell.pupil == pupil]
    earliest = first_marked_session(view, pupil)
    marked = [date.fromisoformat(earliest[:10])] if earliest else []
    return min([*starts, *marked, view.on])


def _name(copy: Copy) -> str:
    person = copy.view.person(copy.pupil)
    return person.name if person else copy.who


def _school(view: View) -> str:
    return view.school.name if view.school else "the school"


def _due(question: SubjectAccess, view: View) -> Due | None:
    if question.asked_on is None:
        return None
    kind = view.school.type if view.school else None
    days = view.calendar.school_days()
    to_parent = question.parent is not None and question.authority is None
    return due(question.asked_on, days, kind, to_parent=to_parent)


def _head(question: SubjectAccess, copy: Copy, wanted: Due | None) -> Iterator[str]:
    yield f"For {question.for_}."
    if question.authority is not None:
        yield f"Asked for on the authority: {question.authority}"
    if wanted is not None:
        by = wanted.on or "a day later than the calendar reaches"
        yield f"Asked for on {question.asked_on}; due by {by} ({wanted.reference})."
    yield _REDACTED
    if copy.review is None:
        yield f"{number_of(copy.held_back, 'text')} {_HELD}"
    else:
        staff_in_words = copy.describer.name_and_title(copy.review, copy.view.today)
        yield f"Free text is included, as reviewed by {', '.join(filter(None, staff_in_words))}."
        yield _MASKED
    if copy.confidential:
        yield "Addresses are left out: one of them is confidential."


def _document(
    question: SubjectAccess,
    copy: Copy,
    register: Register,
    parts: list[Section],
    wanted: Due | None,
) -> dict[str, Any]:
    person = copy.view.person(copy.pupil)
    document: dict[str, Any] = {
        "as_of": copy.view.as_of(),
        "upn": person.upn if person else None,
        "for": question.for_,
        "authority": question.authority,
        "due": _due_document(wanted),
        "held_back": copy.held_back,
        "rows": [
            {"session": f"{e.day}/{e.half}", "code": e.code, "meaning": e.meaning}
            for e in register.entries
        ],
    }
    for part in parts:
        document.setdefault(part.key, []).extend(plain(row) for row in part.rows)
    return document


def _due_document(wanted: Due | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    return wanted._asdict() | {"on": wanted.on.isoformat() if wanted.on else None}
