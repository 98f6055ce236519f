"""What every use case is made of: a frozen command, the state it sees, what it decides.

A use case is a module with

- a first docstring line ``attendance WORDS: what it does.``, which is its place on the command
  line;
- one subclass of `Command`, whose fields are its options;
- ``decide(command, state, rules, now) -> Decision``, pure;
- where it needs marks, plans or other streams: ``reads(command, state) -> Iterable[Range]``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from ledger import streams
from ledger.attachments import Attachment, new_key
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events.base import Event
from ledger.events.log import Source
from ledger.keys import BEYOND_USE
from ledger.marks import Mark, fold
from ledger.school import Pupil, School
from ledger.store import Fact, Recorded


class Command(BaseModel):
    """What somebody asks to be recorded. Its fields are the options of the command line."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def option(help_text: str, **more: Any) -> Any:  # noqa: ANN401 - as pydantic's own Field
    """Declare a field that is an option; required unless it has a ``default``."""
    return Field(description=help_text, **more)


def argument(help_text: str, **more: Any) -> Any:  # noqa: ANN401 - as pydantic's own Field
    """Declare a field that is given by its place."""
    return Field(description=help_text, json_schema_extra={"argument": True}, **more)


def hidden(**more: Any) -> Any:  # noqa: ANN401 - as pydantic's own Field
    """Declare a field that the edge fills in and the command line does not show."""
    return Field(json_schema_extra={"hidden": True}, **more)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who gives the command: staff id if stated, account, and how far that can be relied on."""

    staff_id: str | None
    account: str
    authenticated: str = "operating-system account; name as stated"


class Author(NamedTuple):
    """The name and title of whoever decides, as they are on the day."""

    staff_id: str
    name: str
    job_title: str


class Range(NamedTuple):
    """The streams named from ``first`` to before ``last``."""

    first: str
    last: str


def one(stream: str) -> Range:
    """Return the range that holds one stream only."""
    return Range(stream, stream + "\x00")


def starting(prefix: str) -> Range:
    """Return the range of every stream whose name begins with a prefix."""
    return Range(prefix, prefix + "\U0010ffff")


@dataclass(slots=True)
class State:
    """All that a decision may look at: read from the log at one position.

    ``identities``: UPN or local id -> pupil id; ``histories``: the events of the streams that
    the use case asked for; ``open_text``: the text of a sealed field; ``new_pupil_id``: a fresh
    random id, an argument so that decisions stay pure, as is ``new_key``, 256 bits; ``position``:
    up to where the log was read; ``event_at``: the event at a position, which never changes.
    """

    school: School
    identities: Mapping[str, str]
    operator: Operator
    open_text: Callable[[str], str]
    new_pupil_id: Callable[[], str]
    histories: dict[str, list[Event]] = field(default_factory=dict)
    position: int = 0
    new_key: Callable[[], bytes] = new_key
    event_at: Callable[[int], Recorded | None] = lambda _: None

    def pupil(self, named: str) -> Pupil:
        """Return the pupil that a UPN or local id names, or refuse it."""
        pupil = self.school.pupils.get(self.identities.get(named, ""))
        if pupil is None:
            raise Refused(
                "pupil-unknown",
                f"no pupil has the UPN or local id {named!r}",
                "look the pupil up with attendance pupil find NAME",
            )
        return pupil

    def author(self, now: int) -> Author:
        """Return who decides; refuse when nobody is named or not on the staff today."""
        staff_id = self.operator.staff_id
        if staff_id is None:
            raise Refused(
                "author-missing",
                "this command records who gave it, and nobody is named",
                "name yourself with --as STAFF_ID (or set ATTENDANCE_AS)",
            )
        return self.author_on(staff_id, local_date(now))

    def author_on(self, staff_id: str, day: date) -> Author:
        """Return a member of staff as they were on a day, or refuse."""
        row = self.school.staff_on(staff_id, day)
        if row is None:
            raise Refused(
                "author-not-on-staff",
                f"{staff_id} is not on the staff on {day}",
                "use the id of a member of staff, or add one with attendance staff add",
            )
        return Author(staff_id, self.open_text(row.name), row.job_title)

    def mark(self, pupil: Pupil, session: object) -> Mark:
        """Return what stands for a pupil and session; the use case must have asked for it."""
        return fold(self.histories.get(streams.mark(pupil.id, str(session)), ()))

    def name_of(self, pupil: Pupil) -> str:
        """Return a pupil's name as shown to staff."""
        parts = [pupil.details[k] for k in ("name_used", "forename", "surname")]
        used, forename, surname = (self.open_text(p) if p else "" for p in parts)
        if BEYOND_USE in (forename, surname):
            return BEYOND_USE
        return f"{used or forename} {surname}".strip()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be recorded, in order, and what to tell whoever asked.

    ``facts`` may be made on the way (an import); then ``count`` says how many there are.
    ``dry_run``: show, do not record. ``attachments``: copies to keep, durable before the facts.
    """

    facts: Iterable[Fact]
    count: int
    says: tuple[str, ...] = ()
    source: Source | None = None
    dry_run: bool = False
    attachments: tuple[Attachment, ...] = ()


def decided(facts: list[Fact], *says: str, dry_run: bool = False) -> Decision:
    """Return the decision to record a list of facts."""
    return Decision(facts, len(facts), says, dry_run=dry_run)
