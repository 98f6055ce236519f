"""What all events share, and how a field is marked as personal data."""

from dataclasses import dataclass as plain
from typing import Annotated, Any, Literal, Protocol, get_args, get_type_hints, runtime_checkable

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid", strict=True)

Purpose = Literal["identity", "register", "casework"]


@plain(frozen=True, slots=True)
class Seal:
    """Marks a text field as sealed under the key of a subject and purpose.

    ``by`` names the event's field that holds a staff id when the subject is that member of
    staff and not the subject of the stream.
    """

    purpose: Purpose
    by: str | None = None


Identity = Annotated[str, Seal("identity")]
RegisterText = Annotated[str, Seal("register")]
CaseworkText = Annotated[str, Seal("casework")]
AuthorName = Annotated[str, Seal("register", by="by")]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Event:
    """One immutable fact. ``nonce``: 128 random bits, base64url, set when it is stored."""

    nonce: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class SourcedEvent(Event):
    """A fact that may come from another system.

    ``stated``: the instant at which that system says it recorded this (second-hand);
    ``row``: the line in the source file that the transaction's header names.
    """

    stated: int | None = None
    row: int | None = None


@runtime_checkable
class Authored(Protocol):
    """An event that names who of the staff it is by."""

    @property
    def by(self) -> str | None:
        """A staff id, none where nobody is named."""


@runtime_checkable
class Signed(Protocol):
    """An event that holds the author's name and job title as they then were."""

    @property
    def name(self) -> str | None:
        """The name, sealed."""

    @property
    def job_title(self) -> str | None:
        """The job title, in clear."""


@runtime_checkable
class Reasoned(Protocol):
    """An event that gives a reason."""

    @property
    def reason(self) -> str | None:
        """The reason, sealed where it is personal."""


_SEALED: dict[type[Event], tuple[tuple[str, Seal], ...]] = {}


def sealed_fields(event_class: type[Event]) -> tuple[tuple[str, Seal], ...]:
    """Return the names of the sealed fields of an event class with their seals."""
    found = _SEALED.get(event_class)
    if found is None:
        found = _SEALED[event_class] = _find_sealed_fields(event_class)
    return found


def _find_sealed_fields(event_class: type[Event]) -> tuple[tuple[str, Seal], ...]:
    hints: dict[str, Any] = get_type_hints(event_class, include_extras=True)
    found = []
    for name, hint in hints.items():
        for part in (hint, *get_args(hint)):
            found += [(name, m) for m in getattr(part, "__metadata__", ()) if isinstance(m, Seal)]
    return tuple(found)
