"""Copies of what is held about a pupil: by when they are due, and to whom none is given."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from policies.law.calendar import nth_school_day
from policies.packs.values import parameters

_DECEMBER = 12


class Due(NamedTuple):
    """By when a copy is due (none: the calendar ends before), and where that is written."""

    on: date | None
    reference: str
    confidence: str


def due(asked_on: date, days: Sequence[date], school_type: str | None, *, to_parent: bool) -> Due:
    """Return by when a copy that was asked for on a day is due.

    A parent has a right of their own to the educational record at a maintained school, counted
    in school days; everything else is a subject access request (UK GDPR art 15). ``days``: the
    dates on which the school meets, ascending. Refused as ``date-outside-rule`` for days before
    either right.
    """
    types = parameters().find("subject_access.educational_record_types", asked_on)
    if to_parent and types is not None and school_type in types.names:
        rule = parameters().value("subject_access.educational_record_school_days", asked_on)
        return Due(nth_school_day(days, asked_on, rule.number), rule.reference, rule.confidence)
    rule = parameters().value("subject_access.months", asked_on)
    return Due(_months_later(asked_on, rule.number), rule.reference, rule.confidence)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, _DECEMBER)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def barring_flag(no_contact: str | None) -> str | None:
    """Return the flag by which somebody is given nothing about a child; none where none is set."""
    return "no_contact is yes" if no_contact == "yes" else None


def is_entitled(parental_responsibility: str | None, care: str | None) -> bool:
    """Tell whether somebody is a parent by responsibility or care, on record (EA 1996 s.576).

    Others, of whom neither is recorded, need an authority that is stated.
    """
    return "yes" in (parental_responsibility, care)
