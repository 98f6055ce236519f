"""A copy of what the register holds about a pupil, others redacted.

UK GDPR art 15, and a parent's right to the educational record at a maintained school. That a
copy is made is recorded before it is made.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from ledger.english import number_of
from ledger.errors import Refused
from policies.law.disclosure import CopyMade, Due, due
from projections.disclosure.copy import MASKED, Copy, Entry, Part
from projections.disclosure.copy_register import register_parts
from projections.disclosure.sections import ADMISSION, CASE, CHANGES
from projections.queries.blocks import Block, Lines
from projections.queries.columns import Column, Listing
from projections.queries.people import Author
from projections.queries.question import Answer, Page, Question, argument, option
from projections.queries.view import View
from projections.readmodel.accessors.marks import first_marked_session
from projections.rendering import html

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


class CopyFindings(NamedTuple):
    """What a copy says; ``reviewer``: of its free text; ``held_back``: how many texts were."""

    school: str
    name: str
    upn: str | None
    due: Due | None
    reviewer: Author | None
    held_back: int
    confidential: bool
    entries: Sequence[Entry]
    parts: Sequence[Part]


COLUMNS: tuple[Column[Entry], ...] = (Column("session"), Column("code"), Column("meaning"))


@dataclass(frozen=True, kw_only=True)
class SubjectAccess(Question[CopyFindings]):
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

    @property
    def leaves_school(self) -> bool:
        """It is made for the person concerned."""
        return True

    def marks_of(self, view: View) -> Collection[str]:
        """Return the pupil's id."""
        return [view.pupil_id(view.pupil_index(self.who))]

    def find(self, view: View) -> CopyFindings:
        """Find all that may be seen of what is held, part by part."""
        pupil = view.pupil_index(self.who)
        first, review = _first(self, view, pupil), self.include_free_text
        copy = Copy(view, pupil, self.who, self.parent, review, self.authority, first)
        copy.check()
        parts = [
            *(section.of(copy) for section in ADMISSION),
            *register_parts(copy),
            *(section.of(copy) for section in (*CHANGES, *CASE)),
        ]
        person = view.person(pupil)
        return CopyFindings(
            view.school.name if view.school else "the school",
            person.name if person else self.who,
            person.upn if person else None,
            _due(self, view),
            copy.describer.name_and_title(review, view.today) if review is not None else None,
            copy.held_back,
            copy.confidential,
            copy.entries,
            parts,
        )

    def present(self, found: CopyFindings) -> Answer:
        """Show every part of the copy, as text or as a page."""
        title = f"What the register of {found.school} holds about {found.name}"
        head = list(_head(self, found))
        blocks: list[Block] = [Lines([*head, ""]), *(part.block() for part in found.parts)]
        fields = {
            "upn": found.upn,
            "for": self.for_,
            "authority": self.authority,
            "due": found.due,
            "held_back": found.held_back,
            "rows": Listing(COLUMNS, found.entries),
            **_by_key(found.parts),
        }
        if self.out is None:
            return Answer(fields, blocks=[Lines([title, ""]), *blocks], paged=True)
        body = html.blocks(blocks)
        page = Page(self.out, lambda foot: html.page(title, body, foot=foot))
        # The page says at its foot as of when it is; what is said of it need not.
        return Answer(fields, blocks=[Lines([title, *head, _READ])], pages=[page], sourced=True)

    def unknown(self) -> Answer:
        """Return no session."""
        return Answer({"rows": Listing(COLUMNS, [])})


def _first(question: SubjectAccess, view: View, pupil: int) -> date:
    """Return the first day of the copy: all that is held, where none is given."""
    if question.from_ is not None:
        return view.first
    starts = [spell.first for spell in view.spells if spell.pupil == pupil]
    earliest = first_marked_session(view, pupil)
    marked = [date.fromisoformat(earliest[:10])] if earliest else []
    return min([*starts, *marked, view.on])


def _due(question: SubjectAccess, view: View) -> Due | None:
    if question.asked_on is None:
        return None
    kind = view.school.type if view.school else None
    days = view.calendar.school_days()
    to_parent = question.parent is not None and question.authority is None
    return due(question.asked_on, days, kind, to_parent=to_parent)


def _head(question: SubjectAccess, found: CopyFindings) -> Iterator[str]:
    yield f"For {question.for_}."
    if question.authority is not None:
        yield f"Asked for on the authority: {question.authority}"
    if found.due is not None:
        by = found.due.on or "a day later than the calendar reaches"
        yield f"Asked for on {question.asked_on}; due by {by} ({found.due.reference})."
    yield _REDACTED
    if found.reviewer is None:
        yield f"{number_of(found.held_back, 'text')} {_HELD}"
    else:
        yield f"Free text is included, as reviewed by {found.reviewer.words}."
        yield _MASKED
    if found.confidential:
        yield "Addresses are left out: one of them is confidential."


def _by_key(parts: Sequence[Part]) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for part in parts:
        found.setdefault(part.key, []).extend(part.listing.documents())
    return found
