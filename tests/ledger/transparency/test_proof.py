"""Proofs of single entries: of every one of a small ledger; and what is none."""

from base64 import b64encode
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commands.core.execute import execute
from commands.school.staff import AddStaff
from ledger.errors import Refused
from ledger.tlog import signing
from ledger.tlog.note import Checkpoint, new_signer, sign
from ledger.tlog.tree import EMPTY_ROOT, leaf_bytes, leaf_hash, position_of
from ledger.transparency.proof import Proof, Proofs, read_proof, row_at, rows_between, rows_of
from tests.ledger.cosigned import witnessed
from tests.ledger.outsiders import WITNESS
from tests.ledger.refusals import refused_with
from tests.ledger.tampering import tampered

SIGNER = new_signer("attendance-ledger/test", bytes(32))
NOTE = sign(Checkpoint(SIGNER.name, 1, EMPTY_ROOT), [SIGNER])


def test_every_entry_of_a_ledger_is_proven(grown):
    """Under its key; read again from what was written."""
    proofs, key = Proofs(grown), signing.load(grown.signing_key).verifier
    assert proofs.size == grown.head() == 9
    for position in range(1, 10):
        row = row_at(grown, position)
        proof = proofs.of(row)
        assert (proof.index, position_of(proof.leaf)) == (position - 1, position)
        assert read_proof(proof.written) == proof
        assert proof.wrong(key) is None


def test_a_proof_says_what_is_wrong_with_it(grown):
    """To whoever holds the ledger's key."""
    key = signing.load(grown.signing_key).verifier
    one, two = (Proofs(grown).of(row_at(grown, position)) for position in (3, 4))
    stranger = new_signer(key.name, bytes(32)).verifier
    assert one.wrong(SIGNER.verifier) == "its checkpoint is of another log"
    assert one.wrong(stranger) == "its checkpoint is not signed by the ledger"
    for wrong in ({"leaf": two.leaf}, {"index": 3}, {"hashes": two.hashes}, {"hashes": ()}):
        assert replace(one, **wrong).wrong(key) == "the entry is not in the log where it says"


def test_an_entry_that_stands_where_it_says_it_does_not_is_not_proven():
    """Though whoever holds the key signed it so."""
    leaf = leaf_bytes(2, "s", 0, "n", b"{}")
    note = sign(Checkpoint(SIGNER.name, 1, leaf_hash(leaf)), [SIGNER])
    assert not Proof(leaf, 0, (), note).holds
    assert Proof(leaf_bytes(1, "s", 0, "n", b"{}"), 0, (), note).holds is False


@pytest.mark.parametrize("leaf", [b"", b"attendance", b"attendance-ledger/leaf/v1\nshort"])
def test_what_is_no_leaf_has_no_position(leaf):
    assert position_of(leaf) is None


hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=5).map(tuple)
proofs = st.builds(Proof, st.binary(min_size=1), st.integers(0, 2**64), hashes, st.just(NOTE))


@given(proof=proofs)
def test_what_was_written_is_read_again(proof):
    assert read_proof(proof.written) == proof


@given(proof=proofs, data=st.data())
def test_what_was_changed_is_read_as_something_else_or_refused(proof, data):
    """There is one way to write a proof: no two texts say the same."""
    text = proof.written
    place = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.sampled_from(["", "A", "=", "\n", " ", "0", "\r", "é", text[place] * 2]))
    changed = text[:place] + new + text[place + 1 :]
    found = None
    with suppress(Refused):
        found = read_proof(changed)
    assert (found == proof) == (changed == text)


GOOD = Proof(b"leaf", 7, (bytes(32),), NOTE).written
HASH = b64encode(bytes(32)).decode()


@given(text=st.text())
@example(text=GOOD.replace(HASH, HASH[:40]))
@example(text=GOOD.replace("index 7", "index seven"))
@example(text=GOOD.replace("index 7", "index 07"))
@example(text=GOOD.replace("index 7\n", ""))
@example(text=GOOD.replace("extra ", "Extra "))
@example(text=GOOD.replace("extra ", "extra !"))
@example(text=GOOD.replace("bGVhZg==", "bGVhZh=="))
@example(text=GOOD.replace("@v1", "@v2"))
def test_rubbish_is_refused(text):
    with pytest.raises(Refused) as refused:
        read_proof(text)
    assert refused.value.code in ("proof-unreadable", "note-unreadable")


def test_there_is_no_proof_beyond_the_newest_checkpoint(grown):
    row = row_at(grown, 9)
    with pytest.raises(Refused, match="entry 10 is beyond the newest checkpoint"):
        Proofs(grown).of((10, *row[1:]))


def test_under_what_a_witness_saw_an_entry_is_proven(context):
    """And none that came after it."""
    with pytest.raises(Refused, match="no witness that the log trusts has signed"):
        Proofs(context.folder, witnessed=True)
    size = witnessed(context)
    execute(context, AddStaff(staff_id="S2", name="Ben", job_title="Teacher"))
    proofs, key = Proofs(context.folder, witnessed=True), context.folder.signing_key
    assert (proofs.size, Proofs(context.folder).size) == (size, size + 2)
    proof = proofs.of(row_at(context.folder, size))
    assert proof.wrong(signing.load(key).verifier) is None
    assert proof.note.signed_by(WITNESS.verifier)
    with pytest.raises(Refused, match=f"a witness saw {size} entries, .* reach {size + 1}"):
        proofs.of(row_at(context.folder, size + 1))


def test_a_tree_that_is_not_there_proves_nothing(grown):
    """Not even one that is said to be of more entries than any disk holds."""
    tampered(grown.log, "UPDATE checkpoints SET size = 1 << 60 WHERE size = 9")
    with pytest.raises(Refused, match="leaf hashes of 9 entries are kept, not of 11529"):
        Proofs(grown)
    tampered(grown.log, "DELETE FROM checkpoints")
    found = Proofs(grown)
    assert (found.note, found.size) == (None, 0)


def test_entries_are_found_by_position_and_by_stream(grown):
    assert [row[0] for row in rows_of(grown, "staff:S2")] == [7]
    assert [row[0] for row in rows_between(grown, 7, 99)] == [7, 8, 9]
    with refused_with("no-entry", match="no entry has the number 10"):
        row_at(grown, 10)
    with refused_with("no-entry", match="no mark was made for that session"):
        rows_of(grown, "mark:p:2026-11-20/AM")
    with refused_with("no-entry", match="no entry lies between 10 and 12"):
        rows_between(grown, 10, 12)
