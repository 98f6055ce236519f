"""The bytes of a leaf, against a vector put together by hand."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from ledger.tlog.tree import leaf_bytes, leaf_hash

BY_HAND = (
    b"attendance-ledger/leaf/v1\n"
    b"\x00\x00\x00\x00\x00\x00\x01\x02"
    b"\x00\x00\x00\x16mark:p\xc3\xa9:2026-11-20/AM"
    b"\x00\x00\x00\x0210"
    b"\x00\x00\x00\x10SessionMarked.v1"
    b'\x00\x00\x00\x0c{"code":"/"}'
)
ROW = (258, "mark:pé:2026-11-20/AM", 10, "SessionMarked.v1", b'{"code":"/"}')
ROWS = st.tuples(
    st.integers(1, 2**63 - 1), st.text(), st.integers(0, 2**31), st.text(), st.binary()
)


def test_a_leaf_is_as_documented():
    """Prefix, position, then four fields, each with its length."""
    assert leaf_bytes(*ROW) == BY_HAND


def test_a_leaf_hash_is_rfc_6962s():
    assert leaf_hash(BY_HAND) == sha256(b"\0" + BY_HAND).digest()
    empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"").hex() == empty


@given(ROWS, ROWS)
def test_different_rows_have_different_leaves(one, other):
    """Lengths come first, so that no byte can move from one field to the next."""
    assert (leaf_bytes(*one) == leaf_bytes(*other)) == (one == other)


@given(st.text(min_size=1), st.text())
def test_a_character_cannot_move_between_stream_and_name(stream, name):
    """The same text divided elsewhere is another leaf."""
    moved = leaf_bytes(1, stream[:-1], 0, stream[-1] + name, b"")
    assert leaf_bytes(1, stream, 0, name, b"") != moved
