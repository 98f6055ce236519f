"""Events of returns to the local authority (SI 2024/208 reg 13): agreed upon, and made."""

from datetime import date

from ledger.events.base import AuthorName, AuthorTitle, SourcedEvent


class ReturnAgreed(SourcedEvent):
    """The figure agreed with the authority for failing to attend regularly (reg 13(7)(a))."""

    sessions: int
    weeks: int
    since: date
    by: str


class ReturnMade(SourcedEvent):
    """A return was made to the authority on a day, about these pupils (internal ids)."""

    on: date
    pupils: tuple[str, ...]
    by: str
    name: AuthorName
    job_title: AuthorTitle
