"""Events around amendments: evidence, a second person's approval, the school's policy."""

from datetime import date

from ledger.events.base import (
    AuthorName,
    AuthorTitle,
    CaseworkText,
    Event,
    Record,
    RegisterText,
    SourcedEvent,
)


class EvidenceGiven(SourcedEvent):
    """What the amendments of one batch rest on, for one pupil.

    ``file``: the name of a file and ``sha256`` of its bytes (hex), or neither; ``note``: what it
    is; ``key``: of the copy kept in ``attachments/`` (base64url), none where no copy is kept;
    ``by``: the staff id of who gave it, where the transaction's header does not say.
    """

    file: RegisterText | None = None
    sha256: RegisterText | None = None
    note: RegisterText | None = None
    key: RegisterText | None = None
    by: str | None = None


class AmendmentRequested(SourcedEvent):
    """An amendment that the school's policy holds until a second person has approved it.

    ``grounds``: why the policy asks (``late``, ``many``, ``relied-on``). The mark stands as it
    is until then.
    """

    batch: str
    original: str
    code: str
    minutes_late: int | None = None
    nature: RegisterText | None = None
    reason: RegisterText
    grounds: tuple[str, ...]
    by: str
    name: AuthorName
    job_title: AuthorTitle


class RequestDecided(SourcedEvent):
    """What became of a requested amendment, and who decided it."""

    batch: str
    reason: RegisterText | None = None
    by: str
    name: AuthorName
    job_title: AuthorTitle


class AmendmentApproved(RequestDecided):
    """A second person approved it; the amendment follows in the same transaction."""


class AmendmentDeclined(RequestDecided):
    """A second person declined it; the mark stays as it is."""


class RequestWithdrawn(RequestDecided):
    """Whoever asked took the request back."""


class PolicyAdopted(SourcedEvent):
    """The school's own policy from a date, word for word (TOML); the one before it ends."""

    policy: str
    since: date
    text: str
    by: str
    name: AuthorName
    job_title: AuthorTitle


class NoticeNamed(Record):
    """By what a penalty notice is known, beside parent and child."""

    kind: str
    issued_on: date
    offence_first: date | None = None


class EntryTakenBack(Event):
    """An earlier entry of the same stream was recorded wrongly, and counts nowhere any more.

    ``entry``: its position, which still holds it; ``notice``: the penalty notice, where it was
    one: all that was ever recorded of that notice is taken back.
    """

    entry: int
    notice: NoticeNamed | None = None
    reason: CaseworkText
    by: str
    name: AuthorName
    job_title: AuthorTitle
