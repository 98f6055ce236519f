"""Between events and their stored bytes: compact canonical JSON, readable in any browser.

One form for each event: fields in the order of the class, those at their default left out, no
white space, UTF-8. Writing validates by pydantic when the event is made; reading decodes the
same classes by msgspec, several times faster.
"""

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any, get_type_hints

import msgspec

from ledger.errors import Refused
from ledger.events import registry
from ledger.events.base import Event

_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, LookupError, RecursionError)
_NONCE_BYTES = 16
_LEAST, _MOST = -(2**63), 2**63 - 1
_NONCES_AT_ONCE = 1024
_encode_json = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines


def nonces() -> Iterator[str]:
    """Yield fresh 128-bit nonces, base64url without padding (22 characters)."""
    while True:
        pool = secrets.token_bytes(_NONCE_BYTES * _NONCES_AT_ONCE)
        for start in range(0, len(pool), _NONCE_BYTES):
            yield urlsafe_b64encode(pool[start : start + _NONCE_BYTES])[:22].decode()


_DEFAULTS: dict[type[Event], tuple[tuple[str, Any], ...]] = {}


def _defaults(event_class: type[Event]) -> tuple[tuple[str, Any], ...]:
    found = _DEFAULTS.get(event_class)
    if found is None:
        found = _DEFAULTS[event_class] = _find_defaults(event_class)
    return found


def _find_defaults(event_class: type[Event]) -> tuple[tuple[str, Any], ...]:
    found = {f.name: MISSING if f.default is MISSING else f.default for f in fields(event_class)}
    nonce = found.pop("nonce")
    return (*found.items(), ("nonce", nonce))


def encode(event: Event, nonce: str | None = None) -> tuple[str, bytes]:
    """Return the stored name and bytes of an event; ``nonce`` replaces its own."""
    event_class = type(event)
    state = {
        name: value
        for name, default in _defaults(event_class)
        if (value := getattr(event, name)) != default
    }
    if nonce is not None:
        state["nonce"] = nonce
    for name, value in state.items():
        if type(value) is int and not _LEAST <= value <= _MOST:
            what = f"{name.replace('_', ' ')} {value} is out of every reach"
            raise Refused("number-too-large", what, "check the number")
    return registry.NAMES[event_class], _encode_json(state)


_ManyDecoder = Callable[[bytes], Sequence[Event]]


class Decoder:
    """Reads stored events, taking old names through their upcasts.

    The registry is an argument so that a test can prove the upcasts with an invented old name.
    """

    def __init__(
        self,
        events: Mapping[str, type[Event]] = registry.EVENTS,
        upcasts: Mapping[str, tuple[str, registry.Upcast]] = registry.UPCASTS,
    ) -> None:
        self._events = events
        self._upcasts = upcasts
        self._decoders: dict[str, Callable[[bytes], Event]] = {}
        self._lists: dict[str, _ManyDecoder] = {}

    def decode(self, name: str, state: bytes) -> Event:
        """Return the event of a stored name and bytes; refuse what cannot be read."""
        try:
            decoder = self._decoders.get(name) or self._decoder(name)
            return decoder(state)
        except _UNREADABLE as error:
            raise Refused(
                "event-unreadable",
                f"an event of kind {name} cannot be read: {error}",
                "run attendance verify, and restore the ledger from a back-up",
            ) from None

    def decode_run(self, name: str, states: Sequence[bytes]) -> Sequence[Event]:
        """Return the events of many stored bytes of one name, decoded at once, one on each line.

        Where that fails, or bytes hold more than one event, each is read by itself, so that the
        one that cannot be read is refused. Lines, not an array: what was cut in two must not be
        joined with its neighbour; and each begins as an object, since blank lines are skipped.
        """
        event_class = self._events.get(name)
        if event_class is not None and name not in self._upcasts:
            many = self._lists.get(name) or self._list_decoder(name, event_class)
            with suppress(*_UNREADABLE):
                events = many(b"\n".join(states))
                if len(events) == len(states) and all(s[:1] == b"{" for s in states):
                    return events
        return [self.decode(name, state) for state in states]

    def _list_decoder(self, name: str, event_class: type[Event]) -> _ManyDecoder:
        found = self._lists[name] = msgspec.json.Decoder(event_class).decode_lines
        return found

    def _decoder(self, name: str) -> Callable[[bytes], Event]:
        if name in self._upcasts:
            decoder = self._through_upcast(name)
        elif name in self._events:
            decoder = msgspec.json.Decoder(self._events[name]).decode
        else:
            raise registry.unknown(name)
        self._decoders[name] = decoder
        return decoder

    def _through_upcast(self, name: str) -> Callable[[bytes], Event]:
        def decode(state: bytes) -> Event:
            newer, body = name, json.loads(state)
            while newer in self._upcasts:
                newer, upcast = self._upcasts[newer]
                body = upcast(body)
            return msgspec.convert(body, self._events[newer])

        return decode


def is_canonical(name: str, state: bytes, decoder: Decoder | None = None) -> bool:
    """Tell whether stored bytes are exactly what `encode` writes for the event that they hold.

    White space, another order, an unknown or repeated field or a default written out make it
    false, and so does what cannot be read. Bytes under an old name have no class any more: they
    are held to compact JSON only.
    """
    try:
        event = (decoder or Decoder()).decode(name, state)
    except Refused:
        return False
    newer, written = encode(event)
    if newer != name:
        written = _encode_json(msgspec.json.decode(state))
    return written == state


def first_not_canonical(name: str, states: Sequence[bytes]) -> int | None:
    """Return the place of the first stored bytes that are not canonical; none where all are.

    `is_canonical` of a run of events of one name, about ten times faster: read and written again
    by msgspec alone, in classes made from the event classes for this purpose.
    """
    if name in registry.EVENTS:
        joined = b"\n".join(states)
        try:
            events = _twin_decoder(name).decode_lines(joined)
        except (msgspec.MsgspecError, ValueError):
            events = []
        if len(events) == len(states) and _encode_lines(events) == joined + b"\n":
            return None
    decoder = Decoder()
    for place, state in enumerate(states):
        if not is_canonical(name, state, decoder):
            return place
    return None


@cache
def _twin_decoder(name: str) -> msgspec.json.Decoder[Any]:
    event_class = registry.EVENTS[name]
    hints = get_type_hints(event_class)
    first, *others = fields(event_class)
    mirror = msgspec.defstruct(
        event_class.__name__,
        [_twin_field(f, hints[f.name]) for f in (*others, first)],
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(mirror)


def _twin_field(f: "Field[Any]", hint: Any) -> Any:  # noqa: ANN401 - as msgspec takes it
    return (f.name, hint) if f.default is MISSING else (f.name, hint, f.default)
