"""Between events and their stored bytes: compact canonical JSON, readable in any browser.

One form for each event: fields in the order of the class, those at their default left out, no
white space, UTF-8. The nonce stands last: it belongs to the stored bytes, not to the event.
"""

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from operator import attrgetter
from types import new_class
from typing import Any

import msgspec

from ledger.errors import Refused
from ledger.events import registry
from ledger.events.base import Event

_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, LookupError, RecursionError)
_NONCE_BYTES = 16
_LEAST, _MOST = -(2**63), 2**63 - 1
_NONCES_AT_ONCE = 1024
_NONCE_LENGTH = 22
_encode_json = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines


def nonces() -> Iterator[str]:
    """Yield fresh 128-bit nonces, base64url without padding (22 characters)."""
    width = _NONCE_BYTES + 2  # written as 24 characters, of which the last two are of no nonce
    while True:
        pool = secrets.token_bytes(_NONCE_BYTES * _NONCES_AT_ONCE)
        padded = bytearray(width * _NONCES_AT_ONCE)
        for place in range(_NONCE_BYTES):
            padded[place::width] = pool[place::_NONCE_BYTES]
        text = urlsafe_b64encode(padded).decode()
        for start in range(0, len(text), 4 * width // 3):
            yield text[start : start + _NONCE_LENGTH]


def encode(event: Event, nonce: str = "") -> tuple[str, bytes]:
    """Return the stored name and bytes of an event; ``nonce``: base64url, stands last."""
    [state] = encode_many([event], [nonce] if nonce else None)
    return registry.NAMES[type(event)], state


def encode_many(events: Sequence[Event], nonces: Iterable[str] | None = None) -> Sequence[bytes]:
    """Return the stored bytes of events, each with one of the ``nonces``, where there are any."""
    for event_class in set(map(type, events)):
        if names := _whole_numbers(event_class):
            _refuse_too_large([each for each in events if type(each) is event_class], names)
    states = _encode_lines(events).split(b"\n")[:-1]
    if nonces is None:
        return states
    return [
        b'%b%b"nonce":"%b"}' % (state[:-1], b"," if state != b"{}" else b"", nonce.encode())
        for state, nonce in zip(states, nonces, strict=False)
    ]


def _refuse_too_large(events: Sequence[Event], names: Sequence[str]) -> None:
    """Refuse the first number that SQLite cannot hold."""
    for name in names:
        held = list(filter(None, map(attrgetter(name), events)))
        if held and not (min(held) >= _LEAST and max(held) <= _MOST):
            value = next(each for each in held if not _LEAST <= each <= _MOST)
            what = f"{name.replace('_', ' ')} {value} is out of every reach"
            raise Refused("number-too-large", what, "check the number")


@cache
def _whole_numbers(event_class: type[Event]) -> tuple[str, ...]:
    fields = msgspec.structs.fields(event_class)
    return tuple(f.name for f in fields if f.type in (int, int | None))


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
        if name in registry.EVENTS:
            written = _encode_json(_stored_decoder(name).decode(state))
        else:
            (decoder or Decoder()).decode(name, state)
            written = _encode_json(msgspec.json.decode(state))
    except (Refused, *_UNREADABLE):
        return False
    return written == state


def first_not_canonical(name: str, states: Sequence[bytes]) -> int | None:
    """Return the place of the first stored bytes that are not canonical; none where all are.

    `is_canonical` of a run of events of one name, about ten times faster: read and written again
    by msgspec alone, all at once.
    """
    joined = b"\n".join(states)
    try:
        events = _stored_decoder(name).decode_lines(joined)
    except _UNREADABLE:  # also an old name, which has no class any more
        events = []
    if len(events) == len(states) and _encode_lines(events) == joined + b"\n":
        return None
    decoder = Decoder()
    for place, state in enumerate(states):
        if not is_canonical(name, state, decoder):
            return place
    return None


@cache
def _stored_decoder(name: str) -> msgspec.json.Decoder[Any]:
    """Return what reads an event together with its nonce, which follows the event's fields."""
    event_class = registry.EVENTS[name]
    last = {"__annotations__": {"nonce": str}, "nonce": ""}
    stored = new_class(name, (event_class,), exec_body=lambda body: body.update(last))
    return msgspec.json.Decoder(stored)
