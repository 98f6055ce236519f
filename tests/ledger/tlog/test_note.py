"""Signed notes, checkpoints, cosignatures and keys in the form that C2SP gives them."""

from base64 import b64encode
from contextlib import suppress
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.tlog import note as notes
from ledger.tlog.note import (
    COSIGNATURE,
    Checkpoint,
    Note,
    Signature,
    new_signer,
    read_checkpoint,
    read_note,
    read_signer,
    read_verifier,
    received,
    sign,
)
from tests.ledger.refusals import refused_with

LOG = new_signer("attendance-ledger/0f", bytes(range(32)))
WITNESS = new_signer("witness.example/w1", bytes(range(1, 33)), COSIGNATURE)
CHECKPOINT = Checkpoint("attendance-ledger/0f", 5, sha256(b"five").digest())
SIGNED = sign(CHECKPOINT, [LOG])
AT = 1_795_165_500


def cosigned() -> Note:
    return Note(SIGNED.text, (*SIGNED.signatures, WITNESS.sign(SIGNED.text, AT)))


def test_a_checkpoint_is_three_lines_an_empty_one_and_a_signature():
    """As tlog-checkpoint says; the signature is Ed25519 over the three lines."""
    origin, size, root, empty, line, end = SIGNED.written.split("\n")
    assert (origin, size, empty, end) == ("attendance-ledger/0f", "5", "", "")
    assert root == b64encode(CHECKPOINT.root).decode()
    assert line.startswith("\N{EM DASH} attendance-ledger/0f ")
    [signature] = SIGNED.signatures
    key = Ed25519PublicKey.from_public_bytes(LOG.verifier.key)
    key.verify(signature.signature, f"{origin}\n{size}\n{root}\n".encode())
    named = b"attendance-ledger/0f\n\x01" + LOG.verifier.key
    assert signature.key_id == sha256(named).digest()[:4]


def test_what_was_written_is_read_again():
    """Notes, checkpoints and both halves of a key."""
    assert read_note(cosigned().written) == cosigned()
    assert read_checkpoint(SIGNED.text) == CHECKPOINT
    for signer in (LOG, WITNESS):
        assert read_signer(signer.written + "\n") == signer
        assert read_verifier(signer.verifier.vkey + "\n") == signer.verifier


def test_a_text_may_hold_empty_lines_and_extensions():
    """The last empty line ends it; what follows the third line of a checkpoint is extension."""
    text = CHECKPOINT.text + "\nextension\n"
    note = Note(text, (LOG.sign(text),))
    assert read_note(note.written) == note
    assert read_checkpoint(text) == CHECKPOINT


def test_a_cosignature_says_when():
    """It signs the time with the text, so neither can be changed (tlog-cosignature)."""
    assert WITNESS.verifier.time_of(cosigned()) == AT
    assert LOG.verifier.time_of(cosigned()) == 0
    name, key_id, signature = cosigned().signatures[1]
    later = (AT + 1).to_bytes(8, "big") + signature[8:]
    moved = Note(SIGNED.text, (Signature(name, key_id, later),))
    assert WITNESS.verifier.time_of(moved) is None


def test_another_key_or_text_is_not_signed():
    """A signature of another name, of another key under the same name, of another text."""
    stranger = new_signer(LOG.name, bytes(32))
    assert stranger.verifier.time_of(SIGNED) is None
    assert WITNESS.verifier.time_of(SIGNED) is None
    assert LOG.verifier.time_of(Note(SIGNED.text + "x\n", SIGNED.signatures)) is None


def test_a_key_hands_over_to_one_key_only():
    after = new_signer(LOG.name, bytes(32)).verifier.vkey
    signature = LOG.hand_over(after)
    assert LOG.verifier.verifies(notes.handover(LOG.verifier.vkey, after), signature)
    assert not LOG.verifier.verifies(notes.handover(LOG.verifier.vkey, after + "x"), signature)
    assert not LOG.verifier.verifies(notes.handover(LOG.verifier.vkey, after), "no base64!")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u00a0b"])
def test_a_name_that_would_split_a_line_names_no_key(name):
    with refused_with("key-name"):
        new_signer(name, bytes(32))


V, S, W = LOG.verifier.vkey, LOG.written, SIGNED.written
ROOT = CHECKPOINT.text.split("\n")[2]
NONE = {
    read_verifier: [
        *("", "x", V.replace("+", "-"), V[:-4], V.replace("attendance", "other")),
        V.split("+")[0] + "+zz+" + V.split("+")[2],
        "n+00000000+" + b64encode(bytes(33)).decode(),
    ],
    read_signer: ["", "x", V, "x" + S, S[:-4], S.replace("attendance", "other")],
    read_note: [
        *("", "\n\n", W[:-1], W.replace("\n\n", "\n"), W.replace("\N{EM DASH}", "-")),
        *(SIGNED.text + "\n", SIGNED.text + "\n\N{EM DASH} x AAAA\n", W + "x\n"),
    ],
    read_checkpoint: [
        *("", "o\n5\n", f"\n5\n{ROOT}\n", f"o\n05\n{ROOT}\n", f"o\n-5\n{ROOT}\n"),
        *(f"o\nfive\n{ROOT}\n", f"o\n5\n{ROOT[:-4]}\n", f"o\n5\n{ROOT[1:]}\n"),
    ],
}


@pytest.mark.parametrize(("read", "text"), [(read, text) for read in NONE for text in NONE[read]])
def test_what_is_none_is_refused(read, text):
    """No public key, no signing key, no note, no checkpoint."""
    with refused_with("note-unreadable"):
        read(text)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    """What is read is written again as it was, byte for byte."""
    with suppress(Refused):
        assert read_note(text).written == text


def test_a_bad_signature_of_a_known_key_makes_the_note_nobodys():
    """In any order, for whoever looks: a witness, a school, a verifier."""
    good, bad = LOG.sign(SIGNED.text), LOG.sign("another\n")
    for pair in ((good, bad), (bad, good)):
        note = Note(SIGNED.text, pair)
        assert LOG.verifier.time_of(note) is None
        assert not note.signed_by(LOG.verifier)
        assert not note.holds_for([LOG.verifier])
    other = new_signer(LOG.name, bytes([7]) * 32)
    note = Note(SIGNED.text, (good, other.sign("another\n")))
    assert note.holds_for([LOG.verifier])
    assert not note.holds_for([LOG.verifier, other.verifier])
    assert Note(SIGNED.text, (good, good)).holds_for([LOG.verifier])


@pytest.mark.parametrize(
    "saved",
    [
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.rstrip(b"\n"),
    ],
    ids=["a byte-order mark", "line ends of two characters", "no last line end"],
)
def test_a_text_that_was_saved_anew_is_what_it_was(saved):
    assert read_note(received(saved(SIGNED.written.encode()))) == SIGNED


def test_what_else_was_altered_in_transit_is_said_to_be():
    footer = SIGNED.written.encode() + b"\nSent from my phone\n"
    for raw in (footer, SIGNED.written.encode("utf-16"), b"", SIGNED.written.encode()[:-40]):
        with refused_with("note-unreadable", match="altered in transit, or not copied whole"):
            read_note(received(raw))


def test_the_largest_number_of_entries_is_one():
    """2**63 - 1, as SQLite counts."""
    read = read_checkpoint(f"o\n9223372036854775807\n{'A' * 43}=\n")
    assert read.size == 9_223_372_036_854_775_807


@pytest.mark.parametrize("size", ["9" * 6000, "9223372036854775808", "01", "+1", "-1", "1_0"])
def test_a_number_that_is_none_is_refused(size):
    with refused_with("note-unreadable"):
        read_checkpoint(f"o\n{size}\n{'A' * 43}=\n")
