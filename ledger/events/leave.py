"""Events of leave of absence: asked for, decided, withdrawn, found to be falsified."""

from datetime import date

from ledger.events.base import AuthorName, AuthorTitle, RegisterText, SourcedEvent


class LeaveRequested(SourcedEvent):
    """Leave was asked for (SI 2024/208 reg 11): who asked, when, for which sessions, for what.

    ``purpose``: a name in the statute's list of purposes; ``parent``: the id of the parent who
    asked, where on record; ``asked_by``: who asked, in words.
    """

    first: str
    last: str
    purpose: str
    asked_on: date
    parent: str | None = None
    asked_by: RegisterText
    reason: RegisterText | None = None
    by: str


class LeaveDecided(SourcedEvent):
    """Leave was granted or refused, with the reason, by whom, and when the letter went.

    ``paragraph``: of reg 11, under which it was granted; ``code``: what is planned for it.
    ``first`` and ``last``: the sessions granted, none where it was refused.
    """

    granted: bool
    paragraph: str | None = None
    code: str | None = None
    first: str | None = None
    last: str | None = None
    reason: RegisterText
    letter_on: date | None = None
    by: str
    name: AuthorName
    job_title: AuthorTitle


class LeaveWithdrawn(SourcedEvent):
    """The family no longer asks for the leave, or it was taken back before it began."""

    reason: RegisterText
    by: str
    name: AuthorName
    job_title: AuthorTitle


class LeaveFalsified(SourcedEvent):
    """Leave turned out to have been obtained falsely; ``batch``: the amendments that follow."""

    reason: RegisterText
    batch: str | None = None
    by: str
    name: AuthorName
    job_title: AuthorTitle
