"""What all events share, and how a field is marked as personal data."""

from collections.abc import Callable, Iterator
from typing import (
    Annotated,
    Any,
    Literal,
    Protocol,
    TypeVar,
    dataclass_transform,
    get_args,
    get_type_hints,
    runtime_checkable,
)

import msgspec
from msgspec import Struct

from ledger.events.streams import WHOLE_SCHOOL

Purpose = Literal["identity", "register", "casework"]


class Seal(Struct, frozen=True):
    """Marks a text field, or a list of texts, as sealed under the key of a subject and purpose.

    ``by`` names the event's field that holds a staff id when the subject is that member of
    staff and not the subject of the stream; ``of``: the subject, when it is always the same.
    """

    purpose: Purpose
    by: str | None = None
    of: str | None = None


Identity = Annotated[str, Seal("identity")]
RegisterText = Annotated[str, Seal("register")]
CaseworkText = Annotated[str, Seal("casework")]
AuthorName = Annotated[str, Seal("register", by="by")]
AuthorTitle = Annotated[str, Seal("register", by="by")]
SchoolText = Annotated[str, Seal("register", of=WHOLE_SCHOOL)]
SchoolCasework = Annotated[str, Seal("casework", of=WHOLE_SCHOOL)]

IN_CLEAR = "="
"""What an upcast puts before a text that an older shape of an event holds in clear.

It opens as itself: by the version of its event, not by its looks.
"""


_T = TypeVar("_T")
_R = TypeVar("_R", bound="Record")
_new = msgspec.StructMeta.__call__
_write = msgspec.json.Encoder().encode
_UNSTORABLE = (msgspec.ValidationError, TypeError)
_READERS: dict[type, Callable[[bytes], Any]] = {}


class _RecordMeta(msgspec.StructMeta):
    """Fields go by name, and what is made is written and read again before anybody has it."""

    def __new__(
        cls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        **config: Any,  # noqa: ANN401
    ) -> "_RecordMeta":
        return super().__new__(cls, name, bases, namespace, kw_only=True, **config)

    def __call__(cls: type[_T], /, **stated: Any) -> _T:  # noqa: ANN401 - checked here
        made: _T = _new(cls, **stated)
        try:
            read = (_READERS.get(cls) or _reader(cls))(_write(made))
        except _UNSTORABLE:
            raise _wrong(made) from None
        if read != made:
            raise _wrong(made)
        return made


def _reader(record_class: type) -> Callable[[bytes], Any]:
    found: Callable[[bytes], Any] = msgspec.json.Decoder(record_class).decode
    _READERS[record_class] = found
    return found


def _wrong(made: object) -> ValueError:
    return ValueError(f"{type(made).__name__}: {'; '.join(_faults(made))}")


def _faults(made: Any) -> Iterator[str]:  # noqa: ANN401 - a record, before it is one
    """Yield each field that does not come back from its bytes; no values, they are personal."""
    for field in msgspec.structs.fields(made):
        value = getattr(made, field.name)
        try:
            read = msgspec.json.decode(_write(value), type=field.type)
        except _UNSTORABLE as error:
            yield f"{field.name}: {error}"
        else:
            if read != value:
                was, now = type(value).__name__, type(read).__name__
                yield f"{field.name}: a {was} would be read as a {now}"


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record(msgspec.Struct, metaclass=_RecordMeta, frozen=True, omit_defaults=True, gc=False):
    """Immutable fields, valid once made: what is stored of them is read back as equal.

    A wrong value is a `ValueError`, a missing or unknown field a `TypeError`, both naming the
    field; a text that UTF-8 cannot hold is a `UnicodeEncodeError`. What is read from stored bytes
    is not checked again: msgspec has held it to the same types.
    """


def replace(record: _R, /, **changes: Any) -> _R:  # noqa: ANN401 - checked by the class
    """Return the record with other values in some fields, checked as a new one is.

    `msgspec.structs.replace` would check nothing.
    """
    return type(record)(**(msgspec.structs.asdict(record) | changes))


class Event(Record):
    """One immutable fact."""


E = TypeVar("E", bound=Event)


def each_sealed(event: E, change: Callable[[str], str]) -> E:
    """Return the event with each text changed that is sealed when it is stored."""
    changed: dict[str, str | tuple[str, ...]] = {}
    for name, _ in sealed_fields(type(event)):
        match getattr(event, name):
            case str() as text:
                changed[name] = change(text)
            case tuple() as texts:
                changed[name] = tuple(map(change, texts))
    return replace(event, **changed) if changed else event


def in_clear(event: E) -> E:
    """Return an event that is not sealed yet as one whose texts are opened like stored ones."""
    return each_sealed(event, IN_CLEAR.__add__)


class SourcedEvent(Event):
    """A fact that may come from another system.

    ``stated``: the instant at which that system says it recorded this (second-hand);
    ``row``: the line in the source file that the transaction's header names.
    """

    stated: int | None = None
    row: int | None = None


_S = TypeVar("_S", bound=SourcedEvent)


def said_in(event: _S, row: int) -> _S:
    """Return what another row of the same file says alike; it was checked but for the row."""
    return msgspec.structs.replace(event, row=row)


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
        """The job title, sealed."""


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
