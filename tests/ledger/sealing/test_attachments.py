"""Copies of evidence: encrypted under their own key, durable, and as mortal as the pupil's key."""

import os
import stat
from pathlib import Path

import pytest

from ledger.backup import backup
from ledger.errors import Refused
from ledger.events import streams
from ledger.sealing import attachments
from ledger.sealing.attachments import Attachment
from ledger.store.folder import Folder
from ledger.verification.keys import KeptCopy
from tests.ledger.refusals import refused_with

STREAM = streams.evidence("k3x9p2mabcd", "2tqzhmrjctf")
NAME = "2tqzhmrjctf-k3x9p2mabcd"
CONTENT = b"%PDF letter of Dr Marsh about Ada Quill"


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(tmp_path)


def kept(folder: Folder, content: bytes = CONTENT) -> tuple[Path, str]:
    key = attachments.new_key()
    attachments.write(folder, [Attachment(NAME, content, key)])
    return folder.attachments / NAME, attachments.key_text(key)


def test_name_holds_random_ids_only():
    """The batch comes first, so that copies of one request lie together."""
    assert attachments.name_of(STREAM) == NAME


def test_copy_is_read_with_its_key(folder):
    _, key = kept(folder)
    assert attachments.read(folder, NAME, key) == CONTENT


def test_copy_is_not_in_clear_and_only_the_owner_reads_it(folder):
    """Neither the bytes nor the permissions give it away."""
    path, _ = kept(folder)
    assert b"Marsh" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in folder.attachments.iterdir()] == [NAME]


def test_same_content_twice_looks_different(folder):
    """Two pupils' copies of one letter do not show that it is one letter."""
    first = kept(folder)[0].read_bytes()
    assert kept(folder)[0].read_bytes() != first


def test_copy_that_is_not_there_is_none(folder):
    """Whoever asks says what to do about it."""
    assert attachments.read(folder, NAME, attachments.key_text(attachments.new_key())) is None


@pytest.mark.parametrize("stored", [b"", b"short", None])
def test_changed_copy_does_not_open(folder, stored):
    """One bit, a stump or nothing at all: refused by name."""
    path, key = kept(folder)
    flipped = bytearray(path.read_bytes())
    flipped[-1] ^= 1
    path.write_bytes(bytes(flipped) if stored is None else stored)
    with refused_with("attachment-changed") as caught:
        attachments.read(folder, NAME, key)
    assert str(path) in caught.value.what


def test_copy_under_another_name_does_not_open(folder):
    """The name is bound: nobody's copy can be put in the place of another's."""
    path, key = kept(folder)
    path.rename(path.with_name("2tqzhmrjctf-other"))
    with refused_with("attachment-changed"):
        attachments.read(folder, "2tqzhmrjctf-other", key)


def test_another_key_does_not_open_it(folder):
    kept(folder)
    with refused_with("attachment-changed"):
        attachments.read(folder, NAME, attachments.key_text(attachments.new_key()))


def test_nothing_to_keep_makes_no_folder(folder):
    """Most commands keep nothing."""
    attachments.write(folder, ())
    assert not folder.attachments.exists()


def test_file_and_folders_reach_the_disk(folder, monkeypatch):
    """The bytes are synced before the name appears; then the folder, then the one above it."""
    synced: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    kept(folder)
    assert synced[0].endswith(".unfinished")
    assert synced[1:] == ["attachments", folder.path.name]


def test_place_that_cannot_be_written_is_refused(folder):
    """A file where the folder should be: an answer, not a traceback."""
    folder.attachments.write_text("in the way")
    with pytest.raises(Refused) as caught:
        kept(folder)
    assert "attachments cannot be used" in caught.value.what


def test_digest_is_the_sha_256_in_hexadecimal():
    assert attachments.digest(b"abc").startswith("ba7816bf8f01cfea")


def test_a_copy_that_is_a_link_is_not_followed(folder, tmp_path):
    """It would be read, or copied into a back-up in clear."""
    folder.attachments.mkdir()
    (folder.attachments / "a-b").symlink_to(tmp_path / "secret")
    with refused_with("ledger-link"):
        attachments.read(folder, "a-b", "key")
    with refused_with("ledger-link"):
        list(backup._attachments(folder, [KeptCopy(1, "a-b", "key")]))
