"""Amendments that were asked for, what amendments rest on, policies adopted."""

from datetime import date
from typing import NamedTuple

from ledger.values import Session, parse_session
from projections.readmodel.record import Joined, Sealed, Versioned, table


@table("approvals", ("pupil", "session", "position"))
class Request(Versioned, frozen=True):
    """An amendment that a second person has to approve.

    ``position``: of the request; ``decided``: of the decision, none while it waits.
    """

    pupil: int
    session: str
    position: int
    batch: str
    original: str
    code: str
    minutes_late: int | None
    nature: Sealed | None
    grounds: Joined
    reason: Sealed
    by: str
    name: Sealed
    job_title: Sealed
    stated: int | None
    decision: str | None
    decided: int | None
    decided_reason: Sealed | None
    decided_by: str | None
    decided_name: Sealed | None
    decided_title: Sealed | None
    decided_stated: int | None

    @property
    def at(self) -> Session:
        """The session."""
        return parse_session(self.session)

    @property
    def steps(self) -> list["RequestStep"]:
        """The request, and the decision on it if there is one."""
        asked = RequestStep(
            "requested", self.position, self.reason, self.name, self.job_title, self.stated
        )
        if self.decision is None or self.decided is None:
            return [asked]
        kind = "request_withdrawn" if self.decision == "withdrawn" else self.decision
        by = self.decided_name, self.decided_title, self.decided_stated
        return [asked, RequestStep(kind, self.decided, self.decided_reason, *by)]


class RequestStep(NamedTuple):
    """A request or what became of it: which, by which event, why and by whom.

    ``stated``: when, in microseconds, as another system states.
    """

    kind: str
    position: int
    reason: Sealed | None
    name: Sealed | None
    job_title: Sealed | None
    stated: int | None = None


@table("policies_adopted", ("position",))
class AdoptedPolicy(Versioned, frozen=True):
    """The school's own policy from a day on, word for word."""

    position: int
    policy: str
    since: date
    text: str
    by: str
    name: Sealed
    job_title: Sealed


@table("evidence", ("pupil", "line"), indexes=("batch",))
class Evidence(Versioned, frozen=True):
    """What the amendments of a batch rest on; ``copy_key``: of the copy that is kept."""

    pupil: int
    line: int
    batch: str
    file: Sealed | None
    sha256: Sealed | None
    note: Sealed | None
    copy_key: Sealed | None
    by: str | None
    authenticated: str


@table("taken_back", ("line",))
class TakenBack(Versioned, frozen=True):
    """That an earlier entry was recorded wrongly: ``entry`` is its position.

    ``pupil``: none where it is about the school.
    """

    line: int
    pupil: int | None
    entry: int
    reason: Sealed
    by: str
    name: Sealed
    job_title: Sealed
