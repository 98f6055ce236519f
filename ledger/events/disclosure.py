"""Events of what left the school, of names looked up, and of fields put beyond use."""

from datetime import date
from typing import Literal

from ledger.events.base import AuthorName, AuthorTitle, CaseworkText, Event, SourcedEvent

DisclosureKind = Literal[
    "certificate", "pack", "letter", "return", "inspection", "subject-access", "other"
]


class Disclosed(SourcedEvent):
    """An extract of the register left the school: to whom, what, when, at which position.

    ``first`` and ``last``: the days that it covers, where it covers some; ``seen_at``: the
    position up to which the register was read, 0 where that was another ledger's; ``sha256``: of
    the file, where there is one.
    """

    kind: DisclosureKind
    to: CaseworkText
    what: CaseworkText
    on: date
    first: date | None = None
    last: date | None = None
    seen_at: int
    sha256: CaseworkText | None = None
    by: str
    name: AuthorName
    job_title: AuthorTitle


class NamesShown(Event):
    """Somebody looked up which members of staff an audit is about, and said why."""

    reason: CaseworkText
    seen_at: int
    by: str
    name: AuthorName
    job_title: AuthorTitle


class FieldRedacted(Event):
    """One sealed field of an earlier event was put beyond use; its commitment stays."""

    position: int
    field: str
    reason: CaseworkText
    by: str
    name: AuthorName
    job_title: AuthorTitle
