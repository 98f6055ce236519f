"""Between events and stored bytes: one canonical form, and old shapes through upcasts."""

import base64
from datetime import date
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.events import codec, registry
from ledger.events.amending import EvidenceGiven
from ledger.events.register import SessionMarked
from ledger.events.roll import GroupJoined
from tests.ledger.refusals import refused_with


def two_names_ago(state):
    return {**state, "code": state.pop("letter")}


def one_name_ago(state):
    return {"code": state["code"], "late": state["was_late"] == "yes"}


UPCASTS = {
    "SessionMarked.v-1": ("SessionMarked.v0", two_names_ago),
    "SessionMarked.v0": ("SessionMarked.v1", one_name_ago),
}
OLD = codec.Decoder(registry.EVENTS, UPCASTS)
OLDEST = b'{"letter":"N","was_late":"yes","nonce":"x"}'
OLDER = b'{"code":"N","was_late":"yes","nonce":"x"}'


def test_defaults_are_left_out_and_fields_keep_their_order():
    """The stored form is compact, in the order of the class, the nonce last."""
    event = GroupJoined(kind="year", name="Y7", since=date(2025, 9, 1), row=3)
    stored = b'{"row":3,"kind":"year","name":"Y7","since":"2025-09-01","nonce":"n"}'
    assert codec.encode(event, "n") == ("GroupJoined.v1", stored)


def test_an_event_that_says_nothing_has_a_nonce_all_the_same():
    """Where every field is at its default, and where there is no nonce yet."""
    assert codec.encode(EvidenceGiven(), "n")[1] == b'{"nonce":"n"}'
    assert codec.encode(EvidenceGiven())[1] == b"{}"


def test_events_written_together_are_those_written_one_by_one():
    events = [EvidenceGiven(), SessionMarked(code="L", comment="a\nb"), EvidenceGiven(note="é")]
    each = [codec.encode(event, nonce)[1] for event, nonce in zip(events, "abc", strict=True)]
    assert codec.encode_many(events, iter("abc")) == each
    assert codec.encode_many([]) == []


@given(
    st.builds(
        SessionMarked,
        code=st.text(),
        late=st.booleans(),
        minutes_late=st.none() | st.integers(-(2**63), 2**63 - 1),
        comment=st.none() | st.text(),
        stated=st.none() | st.integers(0, 2**62),
    ),
    st.text("-_aZ09"),
)
def test_every_event_is_read_as_it_was_written(event, nonce):
    name, state = codec.encode(event, nonce)
    assert codec.Decoder().decode(name, state) == event
    assert codec.is_canonical(name, state)


def test_nonces_are_128_bits_and_never_twice_the_same():
    """Two pools' worth of nonces differ from each other and decode to sixteen bytes."""
    made = list(islice(codec.nonces(), 3000))
    assert len(set(made)) == 3000
    assert {len(base64.urlsafe_b64decode(nonce + "==")) for nonce in made} == {16}


@pytest.mark.parametrize(
    ("name", "state"), [("SessionMarked.v0", OLDER), ("SessionMarked.v-1", OLDEST)]
)
def test_an_old_name_is_read_through_its_upcasts(name, state):
    """One upcast or a chain of two ends in the event as it is now."""
    assert OLD.decode(name, state) == SessionMarked(code="N", late=True)
    assert OLD.decode(name, state) == OLD.decode(name, state)


@pytest.mark.parametrize(
    "state",
    [b"not json", b"[1]", b'{"letter":"N"}', b'{"letter":1,"was_late":"yes","nonce":"x"}'],
    ids=["no JSON", "no object", "a field missing", "a field of another type"],
)
def test_bytes_that_an_upcast_cannot_read_are_refused(state):
    """A damaged event under an old name is an answer, not a traceback."""
    with refused_with("event-unreadable"):
        OLD.decode("SessionMarked.v-1", state)


def test_an_unknown_name_is_refused():
    """The registry is closed: a newer version's event is named, not guessed."""
    with refused_with("event-unknown", match=r"Telepathy\.v1"):
        codec.Decoder().decode("Telepathy.v1", b"{}")


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"\xff\xfe",
        b'{"code":"/"',
        b'{"code":"\xff"}',
        b'{"code":1}',
        b'{"late":true}',
        b'{"code":"/","late":"yes"}',
        b'{"code":"/","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda state: state[:24],
)
def test_unreadable_bytes_are_refused(state):
    with refused_with("event-unreadable", match=r"SessionMarked\.v1"):
        codec.Decoder().decode("SessionMarked.v1", state)
    assert not codec.is_canonical("SessionMarked.v1", state)


OTHERWISE = {
    "an unknown field": b'{"code":"/","planet":"Mars"}',
    "a default written out": b'{"code":"/","late":false}',
    "another order": b'{"late":true,"code":"/"}',
    "white space": b'{"code": "/"}',
    "a line end": b'{"code":"/"}\n',
    "a field twice": b'{"code":"N","code":"/"}',
    "a needless escape": b'{"code":"\\u002f"}',
}


@pytest.mark.parametrize("state", OTHERWISE.values(), ids=OTHERWISE)
def test_any_other_way_to_write_an_event_is_not_canonical(state):
    """Reading would not notice these; comparing with what we write does."""
    assert codec.Decoder().decode("SessionMarked.v1", state).code == "/"
    assert not codec.is_canonical("SessionMarked.v1", state)


def test_bytes_as_written_are_canonical():
    assert codec.is_canonical("SessionMarked.v1", b'{"code":"/","nonce":"n"}')


def test_an_unknown_name_is_not_canonical():
    """Nothing is known of the form of an unknown event."""
    assert not codec.is_canonical("Telepathy.v1", b"{}")


def test_an_old_name_is_canonical_in_compact_form():
    """An old shape has no class to write it, so white space and repetition alone are seen."""
    assert codec.is_canonical("SessionMarked.v-1", OLDEST, OLD)
    assert not codec.is_canonical("SessionMarked.v-1", OLDEST.replace(b":", b": "), OLD)


def test_a_run_of_one_name_is_read_as_each_by_itself():
    """Reading many at once is quicker and gives the same events."""
    states = [b'{"code":"/"}', b'{"code":"N","late":true}', b'{"code":"L"}']
    each = [codec.Decoder().decode("SessionMarked.v1", state) for state in states]
    assert codec.Decoder().decode_run("SessionMarked.v1", states) == each
    assert (
        OLD.decode_run("SessionMarked.v0", [OLDER, OLDER])
        == [OLD.decode("SessionMarked.v0", OLDER)] * 2
    )
    assert codec.Decoder().decode_run("SessionMarked.v1", []) == []
    spaced = b'{\n"code":"/"}'
    assert codec.Decoder().decode_run("SessionMarked.v1", [GOOD, spaced]) == [each[0]] * 2


GOOD = b'{"code":"/"}'


@pytest.mark.parametrize(
    "states",
    [
        [GOOD, b'{"late":true}', GOOD],
        [b"", GOOD],
        [GOOD + b"," + GOOD],
        [GOOD + b"\n" + GOOD, b" "],
        [GOOD + b',{"code":"N"', b'"late":true}'],
        [b'{"code":"N"', b'"late":true}'],
        [b'{"code":', b'"N"}', GOOD + b"\n" + GOOD],
    ],
)
def test_what_cannot_be_read_in_a_run_is_refused(states):
    """One bad event among good ones, two in the place of one, one cut in two."""
    with refused_with("event-unreadable", match=r"SessionMarked\.v1"):
        codec.Decoder().decode_run("SessionMarked.v1", states)


def test_an_unknown_name_is_refused_in_a_run():
    with pytest.raises(Refused, match=r"Telepathy\.v1"):
        codec.Decoder().decode_run("Telepathy.v1", [b"{}"])


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40])
def test_a_number_that_no_database_holds_is_never_written(number):
    """The read models could not take it, and the log cannot take it back."""
    with refused_with("number-too-large"):
        codec.encode(SessionMarked(code="L", minutes_late=number))
    for held in (2**63 - 1, -(2**63)):
        assert codec.encode(SessionMarked(code="L", minutes_late=held))
