"""Sealed personal data: opened by their key alone, and beyond use once it is destroyed."""

import hashlib
import os
import stat
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.sealing import boxes, keys
from ledger.sealing.keys import BEYOND_USE, KeyRing, is_sealed, parse_box
from tests.ledger.refusals import refused_with
from tests.ledger.sealing.rings import keys_of, named_in, new_ring

HERE = boxes.Where("forename", "pupil:p")


@pytest.fixture
def open_ring(ring):
    with ring.writing():
        yield ring


def test_a_key_has_reached_the_disk_when_it_is_used(open_ring):
    """A text whose key was lost with the power is lost too: 2 is FULL."""
    assert open_ring._db.execute("PRAGMA synchronous").fetchone()[0] == 2


def tampered(sealed: str, piece: int) -> str:
    """Flip one bit in the box (1) or the commitment (2)."""
    pieces = sealed.rsplit(".", 2)
    raw = bytearray(urlsafe_b64decode(pieces[piece] + "=" * (-len(pieces[piece]) % 4)))
    raw[-1] ^= 1
    pieces[piece] = urlsafe_b64encode(raw).rstrip(b"=").decode()
    return ".".join(pieces)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_what_is_sealed_opens(open_ring, text):
    """Any text comes back, and its stored form says whose it is and under which purpose."""
    sealed = open_ring.seal(text, "staff:M.O'Neil/x", "register-2026", HERE)
    assert open_ring.open(sealed) == text
    assert is_sealed(sealed)
    assert parse_box(sealed)[:2] == ("staff:M.O'Neil/x", "register-2026")


def key_of_box(subject_key, nonce):
    """HMAC-SHA-256 of the nonce, written out: RFC 2104 for a key shorter than a block."""
    inner = bytes(b ^ 0x36 for b in subject_key.ljust(64, b"\0")) + nonce
    outer = bytes(b ^ 0x5C for b in subject_key.ljust(64, b"\0"))
    return hashlib.sha256(outer + hashlib.sha256(inner).digest()).digest()


def test_the_form_of_a_sealed_field_is_as_documented(open_ring):
    """Key from HMAC-SHA-256 of the nonce, AES-256-GCM bound to its place, salted commitment."""
    sealed = open_ring.seal("Jane", "p", "identity", HERE)
    assert sealed.startswith("~p/identity\tforename\tpupil:p.")
    key = keys_of(open_ring)["p", "identity"]
    box = parse_box(sealed)
    padded = AESGCM(key_of_box(key, box.nonce)).decrypt(
        box.nonce, box.ciphertext, b"p/identity\tforename\tpupil:p"
    )
    salt, text = padded[:16], padded[16:]
    assert (len(key), len(box.nonce), text) == (32, 12, b"Jane\x80" + 27 * b"\0")
    assert hashlib.sha256(salt + b"Jane").digest() == box.commitment


def older_box(subject_key, text, subject="p", purpose="identity"):
    """A text as ledgers before sealed it, written from the format: no place, no padding."""
    nonce, salted = os.urandom(12), os.urandom(16) + text.encode()
    reference = f"{subject}/{purpose}"
    secret = AESGCM(key_of_box(subject_key, nonce)).encrypt(nonce, salted, reference.encode())
    pieces = (nonce + secret, hashlib.sha256(salted).digest())
    return ".".join(
        [f"~{reference}", *(urlsafe_b64encode(p).rstrip(b"=").decode() for p in pieces)]
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_a_box_of_an_older_ledger_opens(open_ring, text):
    """It names no place and is not padded: its text is what the box holds, to the last zero."""
    open_ring.seal("somebody", "p", "identity", HERE)
    older = older_box(keys_of(open_ring)["p", "identity"], text)
    assert parse_box(older).where is None
    assert open_ring.open(older) == text


@pytest.mark.parametrize(
    ("longest", "takes"),
    [(0, 32), (31, 32), (32, 64), (63, 64), (64, 128), (1023, 1024), (1024, 2048), (2047, 2048)],
)
def test_the_length_of_a_box_says_little(open_ring, longest, takes):
    """Texts up to 31 bytes look alike, then in doubles up to 1,024, then in steps of that."""
    box = parse_box(open_ring.seal("x" * longest, "p", "identity", HERE))
    salt, tag = 16, 16
    assert len(box.ciphertext) == salt + takes + tag


@pytest.mark.parametrize(
    ("was", "moved"), [("\tforename\t", "\tsurname\t"), ("\tpupil:p.", "\tpupil:q.")]
)
def test_a_text_does_not_open_in_another_place(open_ring, was, moved):
    """Two reasons of one pupil and year cannot be exchanged: a box names where it stands."""
    sealed = open_ring.seal("Jane", "p", "identity", HERE)
    with refused_with("sealed-unreadable"):
        open_ring.open(sealed.replace(was, moved))


def test_a_box_cannot_be_made_to_look_older(open_ring):
    """Without the place that it is bound to it opens as nothing."""
    sealed = open_ring.seal("Jane", "p", "identity", HERE)
    with refused_with("sealed-unreadable"):
        open_ring.open(sealed.replace("\tforename\tpupil:p", ""))


def test_the_same_text_twice_looks_different(open_ring):
    """Nonce and salt are fresh, so that equal names cannot be recognised."""
    first, second = (parse_box(open_ring.seal("Jane", "p", "identity", HERE)) for _ in range(2))
    assert not {first.nonce, first.ciphertext, first.commitment} & {
        second.nonce,
        second.ciphertext,
        second.commitment,
    }


@pytest.mark.parametrize("piece", [1, 2], ids=["box", "commitment"])
def test_a_tampered_field_is_refused(open_ring, piece):
    """One bit changed, in the box or in its commitment, is an answer that names whose it is."""
    sealed = tampered(open_ring.seal("Jane", "p", "identity", HERE), piece)
    with refused_with("sealed-unreadable", match=r"p \(identity\)"):
        open_ring.open(sealed)


def test_a_field_does_not_open_as_another_persons(open_ring):
    """A box moved to another subject or purpose, whose key exists, is refused."""
    sealed = open_ring.seal("Jane", "p", "identity", HERE)
    for subject, purpose in (("q", "identity"), ("p", "casework")):
        open_ring.seal("somebody", subject, purpose, HERE)
        with pytest.raises(Refused):
            open_ring.open(sealed.replace("p/identity", f"{subject}/{purpose}"))


def test_a_field_does_not_open_under_another_key(open_ring, tmp_path):
    """The key of another ledger for the same person is refused, not misread."""
    sealed = open_ring.seal("Jane", "p", "identity", HERE)
    with new_ring(tmp_path / "other.db") as other, other.writing():
        other.seal("Jane", "p", "identity", HERE)
        with pytest.raises(Refused) as refused:
            other.open(sealed)
    assert refused.value.code == "sealed-unreadable"


@pytest.mark.parametrize(
    "text", ["~p/identity", "~p/identity.AAA.", "~p/identity.A.A", "~p/identity.AAAA.AAAA", "é"]
)
def test_a_text_that_is_no_sealed_field_is_refused(open_ring, text):
    """Cut off or mistyped, it is refused and never shown."""
    open_ring.seal("somebody", "p", "identity", HERE)
    with refused_with("sealed-unreadable"):
        open_ring.open(text)


def test_plain_text_is_not_taken_for_sealed():
    """Only the stored form counts as sealed."""
    assert not is_sealed("Jane")
    assert not is_sealed("~approximately")
    assert not is_sealed("a.b.c")


def sealed_for(ring, *places):
    with ring.writing():
        found = [ring.seal("Jane", *place, HERE) for place in places]
        ring.add_identity("UPN1", "upn", "p")
        ring.add_identity("UPN2", "upn", "q")
        ring.commit()
    return found


def test_a_destroyed_subject_is_beyond_use(ring):
    """Every key of the subject goes, with what named it; others keep theirs."""
    mine, casework, other = sealed_for(
        ring, ("p", "identity"), ("p", "casework"), ("q", "identity")
    )
    assert ring.destroy("p", at=5) == 2
    assert [ring.open(mine), ring.open(casework)] == [BEYOND_USE, BEYOND_USE]
    assert ring.open(other) == "Jane"
    assert named_in(ring) == {"UPN2": "q"}
    assert ring.find_pupil("UPN1") is None
    assert ring.find_pupil("UPN2") == "q"


def test_destruction_is_remembered(ring, tmp_path):
    """What was destroyed and when is kept, to be replayed over a restored back-up."""
    sealed_for(ring, ("p", "identity"), ("p", "casework"))
    ring.destroy("p", at=5)
    assert ring.destroy("p", at=9) == 0
    with closing(KeyRing(tmp_path / "keys.db")) as again:
        rows = again._db.execute("SELECT * FROM destroyed ORDER BY purpose").fetchall()
    assert rows == [("p", "casework", 5), ("p", "identity", 5)]


def test_a_destroyed_key_is_nowhere_on_disk(ring, tmp_path):
    """Deleted bytes are overwritten, in the file and in its write-ahead log."""
    sealed_for(ring, ("p", "identity"))
    key = keys_of(ring)["p", "identity"]
    files = list(tmp_path.glob("keys.db*"))
    assert any(key in path.read_bytes() for path in files)
    ring.destroy("p", at=5)
    assert not any(key in path.read_bytes() for path in tmp_path.glob("keys.db*"))


def test_nothing_new_is_sealed_for_a_destroyed_subject(ring):
    """A second key would make the fields under the first look tampered with."""
    (sealed,) = sealed_for(ring, ("p", "identity"))
    ring.destroy("p", at=5)
    with refused_with("beyond-use", match="beyond use"), ring.writing():
        ring.seal("Jane again", "p", "identity", HERE)
    assert ring.open(sealed) == BEYOND_USE


def test_keys_added_in_vain_are_lost(ring):
    """Without a commit nothing stays, in the file or in memory."""
    with ring.writing():
        sealed = ring.seal("Jane", "p", "identity", HERE)
        assert ring.open(sealed) == "Jane"
    assert ring.open(sealed) == BEYOND_USE


def test_an_identity_can_move_to_another_pupil(ring):
    """A UPN or local id names one pupil at a time, the last one recorded."""
    with ring.writing():
        ring.add_identity("1042", "local_id", "p")
        ring.add_identity("1042", "local_id", "q")
        ring.commit()
    assert ring.find_pupil("1042") == "q"
    assert named_in(ring) == {"1042": "q"}


def test_only_the_owner_may_read_the_keys(tmp_path):
    """The key file, and the write-ahead log beside it, are for their owner only."""
    before = os.umask(0)
    try:
        with new_ring(tmp_path / "keys.db") as ring, ring.writing():
            ring.seal("Jane", "p", "identity", HERE)
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("keys.db", "keys.db-wal", "keys.db-shm"), 0o600)


SEAL_MANY = """
import sys
from pathlib import Path
from ledger.sealing.boxes import Where
from ledger.sealing.keys import KeyRing
HERE = Where("forename", "pupil:p")
ring = KeyRing(Path(sys.argv[1]))
for number in range(25):
    with ring.writing():
        print(ring.seal(sys.argv[2], f"p{number}", "identity", HERE))
        ring.commit()
"""


def test_writers_at_once_share_one_key(ring, tmp_path):
    """Processes that seal for the same person at the same time agree on the key."""
    arguments = [sys.executable, "-c", SEAL_MANY, tmp_path / "keys.db"]
    writers = [
        subprocess.Popen([*arguments, name], stdout=subprocess.PIPE, text=True)
        for name in ("Jane", "John", "Joan")
    ]
    for name, writer in zip(("Jane", "John", "Joan"), writers, strict=True):
        sealed, _ = writer.communicate()
        assert writer.returncode == 0
        assert {ring.open(line) for line in sealed.splitlines()} == {name}
    assert len(keys_of(ring)) == 25


# -- what was opened before ----------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch):
    found, open_box = [], boxes.open_box

    def counted(box, key):
        found.append(box.subject)
        return open_box(box, key)

    monkeypatch.setattr(boxes, "open_box", counted)
    return found


def test_a_text_is_opened_once_while_no_key_changes(ring, opened):
    """What was opened for one answer is there for the next."""
    (sealed,) = sealed_for(ring, ("p", "identity"))
    assert [ring.open(sealed) for _ in range(3)] == ["Jane"] * 3
    assert opened == ["p"]


def test_what_was_opened_is_forgotten_when_another_program_changes_a_key(ring, opened, tmp_path):
    """One made; one destroyed, which is beyond use at once."""
    sealed, other = sealed_for(ring, ("p", "identity"), ("q", "identity"))
    with closing(KeyRing(tmp_path / "keys.db", to_write=False)) as reader:
        reader.read_all()
        assert reader.open(sealed) == "Jane"
        sealed_for(ring, ("r", "identity"))
        reader.read_all()
        assert reader.open(sealed) == "Jane"
        assert opened == ["p", "p"]
        ring.destroy("q", at=5)
        reader.read_all()
        assert (reader.open(other), reader.open(sealed)) == (BEYOND_USE, "Jane")


def test_what_an_uncommitted_key_opens_is_beyond_use_once_it_is_lost(ring, tmp_path):
    """To others from the beginning, to whoever made it once it is rolled back."""
    with ring.writing():
        sealed = ring.seal("Joe", "q", "identity", HERE)
        assert ring.open(sealed) == "Joe"
        with closing(KeyRing(tmp_path / "keys.db", to_write=False)) as another:
            assert another.open(sealed) == BEYOND_USE
    assert ring.open(sealed) == BEYOND_USE


def test_only_so_many_texts_are_kept(ring, opened, monkeypatch):
    """Then all are forgotten, and opened again when they are read."""
    monkeypatch.setattr(keys, "_TEXTS_KEPT", 1)
    one, two = sealed_for(ring, ("p", "identity"), ("q", "identity"))
    assert [ring.open(text) for text in (one, one, two, one)] == ["Jane"] * 4
    assert opened == ["p", "q", "p"]


def test_keys_are_read_one_by_one_until_there_are_many(ring, monkeypatch, tmp_path):
    """Then all at once; read so, texts are opened also when the file is closed."""
    monkeypatch.setattr(keys, "_FEW", 2)
    texts = sealed_for(ring, *((f"p{n}", "identity") for n in range(5)))
    with closing(KeyRing(tmp_path / "keys.db", to_write=False)) as reader:
        for number, sealed in enumerate(texts, start=1):
            assert reader.open(sealed) == "Jane"
            assert len(reader._keys) == (number if number <= 2 else 5)
    with closing(KeyRing(tmp_path / "keys.db", to_write=False)) as reader:
        reader.read_all()
    assert [reader.open(sealed) for sealed in texts] == ["Jane"] * 5
