"""The fast check of many stored bytes says what the slow one says of each."""

import json
from pathlib import Path

import msgspec
import pytest

from ledger.events import codec
from ledger.events.base import replace
from ledger.events.codec import first_not_canonical
from ledger.events.registry import EVENTS

FOLDER = Path(__file__).parents[3] / "fixtures" / "events"
GOLDEN = {name: (FOLDER / f"{name}.json").read_bytes() for name in EVENTS}


@pytest.mark.parametrize("name", EVENTS)
def test_what_was_ever_stored_is_canonical(name):
    """At once, by the fast check: the slow one is not needed for it."""
    golden = GOLDEN[name]
    assert first_not_canonical(name, [golden] * 3) is None
    events = codec._stored_decoder(name).decode_lines(b"\n".join([golden] * 3))
    assert codec._encode_lines(events) == (golden + b"\n") * 3


def changes(golden: bytes) -> list[bytes]:
    """The same event written otherwise, or not quite an event."""
    first = golden.index(b":")
    return [
        golden.replace(b":", b": ", 1),
        b" " + golden,
        golden + b"\n",
        golden[:-1],
        golden[:-1] + b',"more":1}',
        golden[:first] + b"x" + golden[first:],
        b"",
        b"\xff",
        golden + b"\n" + golden,
    ]


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_written_otherwise_is_named_by_its_place(name):
    """Both checks agree, wherever it stands among its neighbours."""
    golden = GOLDEN[name]
    for changed in changes(golden):
        assert not codec.is_canonical(name, changed)
        for place in range(3):
            run = [golden, golden]
            run.insert(place, changed)
            assert first_not_canonical(name, run) == place


def test_bytes_cut_in_two_are_not_joined_with_their_neighbours():
    golden = GOLDEN["SessionMarked.v1"]
    assert first_not_canonical("SessionMarked.v1", [golden + b"\n" + golden, b""]) == 0


@pytest.mark.parametrize("name", EVENTS)
def test_a_default_that_is_written_out_is_not_canonical(name):
    """Whichever field it is of; and an event made with it is stored without it."""
    golden = GOLDEN[name]
    for field in msgspec.structs.fields(EVENTS[name]):
        if field.default is not msgspec.NODEFAULT:
            plain = json.loads(golden) | {field.name: field.default}
            state = msgspec.json.encode(plain)
            assert codec.Decoder().decode(name, state)
            assert first_not_canonical(name, [state]) == 0
            assert not codec.is_canonical(name, state)
            value = msgspec.json.decode(msgspec.json.encode(field.default), type=field.type)
            made = replace(codec.Decoder().decode(name, golden), **{field.name: value})
            del plain[field.name]
            assert codec.encode(made, plain["nonce"])[1] == msgspec.json.encode(plain)


def test_an_unknown_name_is_not_canonical():
    assert first_not_canonical("Nothing.v1", [b"{}"]) == 0
    assert codec.is_canonical("Nothing.v1", b"{}") is False


def test_the_slow_check_has_the_last_word(monkeypatch):
    """Where the fast one cannot tell, each is looked at by itself."""
    monkeypatch.setattr(codec, "_encode_lines", lambda _: b"")
    assert first_not_canonical("SessionMarked.v1", [GOLDEN["SessionMarked.v1"]]) is None
