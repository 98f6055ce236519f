"""What is called a good back-up can be restored, and what could not be is not made."""

import shutil
import sqlite3
from contextlib import closing
from functools import partial

import msgspec
import pytest

from ledger.backup import backup
from ledger.backup import file as backup_box
from ledger.backup.file import Manifest
from ledger.store.folder import Folder
from ledger.tlog import signing
from tests.cli.shell import differs, done, refused, run
from tests.cli.test_backup import create, keep_evidence
from tests.cli.test_backup_forged import SECRET, Contents, forge


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch):
    monkeypatch.setenv("ATTENDANCE_PASSPHRASE", SECRET)


@pytest.fixture
def other(tmp_path):
    """Another ledger altogether."""
    run("--ledger", tmp_path / "other", "init")
    return Folder(tmp_path / "other")


def nothing_made(tmp_path) -> bool:
    return not (tmp_path / "x").exists()


def test_a_key_that_is_replaced_while_the_log_is_copied_is_the_one_of_that_log(
    small, tmp_path, monkeypatch
):
    """The log is of one moment; so is the key that signs for it, read before and after."""
    folder, snapshot = Folder(small), backup._snapshot
    old = signing.load(folder.signing_key)

    def rotated_after(*given):
        made = snapshot(*given)
        done("key", "rotate")
        return made

    monkeypatch.setattr(backup, "_snapshot", rotated_after)
    path = create(tmp_path / "x")
    assert signing.load(folder.signing_key) != old
    done("backup", "verify", path)
    done("backup", "restore", path, "--to", tmp_path / "new")
    assert signing.load(tmp_path / "new" / "signing.key") == old


def test_a_key_that_was_replaced_before_the_log_is_copied_is_the_new_one(
    small, tmp_path, monkeypatch
):
    snapshot = backup._snapshot

    def rotated_before(*given):
        done("key", "rotate")
        return snapshot(*given)

    monkeypatch.setattr(backup, "_snapshot", rotated_before)
    path = create(tmp_path / "x")
    done("backup", "restore", path, "--to", tmp_path / "new")
    assert signing.load(tmp_path / "new" / "signing.key") == signing.load(
        Folder(small).signing_key
    )


def test_a_successor_that_signs_already_is_backed_up_with_the_key_before_it(
    small, tmp_path, monkeypatch
):
    """A rotation that was stopped between the log and the file."""
    monkeypatch.setattr("pathlib.Path.replace", stopped)
    assert run("key", "rotate").code != 0
    monkeypatch.undo()
    monkeypatch.setenv("ATTENDANCE_PASSPHRASE", SECRET)
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(small))
    monkeypatch.setenv("ATTENDANCE_AS", "mm")
    path = create(tmp_path / "x")
    done("backup", "verify", path)


def stopped(*_given):
    message = "No space left on device"
    raise OSError(28, message)


@pytest.mark.usefixtures("small")
def test_another_ledgers_signing_key_makes_no_back_up(tmp_path, other, monkeypatch):
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(other.signing_key))
    said = refused("backup", "create", "--to", tmp_path / "x")
    assert f"the signing key at {other.signing_key} is not that of this ledger" in said
    assert nothing_made(tmp_path)


@pytest.mark.usefixtures("small")
def test_a_back_up_with_another_ledgers_signing_key_is_not_restorable(tmp_path, other):
    """Made by somebody else, or by an older version."""
    path = create(tmp_path / "x")

    def resigned(manifest: Manifest, contents: Contents) -> Manifest:
        name = "signing.key.wrapped"
        key, secret = manifest.scrypt.key(SECRET), signing.load(other.signing_key).written.encode()
        contents[name] = backup_box.wrap(key, secret, manifest.bound_to(name))
        return manifest

    forged = forge(path, resigned, true=True)
    assert "its signing key is not that of its log" in differs("backup", "verify", forged)
    assert "does not verify" in refused("backup", "restore", forged, "--to", tmp_path / "new")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE subject_keys SET key = zeroblob(32)",
        "DELETE FROM subject_keys",
        "UPDATE identities SET pupil = (SELECT max(pupil) FROM identities)",
        "CREATE TRIGGER t AFTER DELETE ON subject_keys BEGIN SELECT 1; END",
    ],
)
def test_keys_that_are_not_those_of_the_log_make_no_back_up(small, tmp_path, sql):
    """It would count as the month's, and no name could be read from it."""
    with closing(sqlite3.connect(Folder(small).keys)) as db:
        db.execute(sql)
        db.commit()
    refused("backup", "create", "--to", tmp_path / "x")
    assert nothing_made(tmp_path)
    assert run("status").code in (0, 1)


@pytest.mark.usefixtures("small")
def test_keys_that_may_not_be_read_make_no_back_up(tmp_path, monkeypatch):
    monkeypatch.setattr("ledger.verification.keys._may_be_read", lambda _: False)
    said = refused("backup", "create", "--to", tmp_path / "x")
    assert "this account may not read them" in said


def test_a_back_up_stripped_of_its_evidence_is_told(small, tmp_path):
    """Whoever restores it has all but the copies, and is told which."""
    keep_evidence(Folder(small))
    path = create(tmp_path / "x")
    done("backup", "verify", path)

    def stripped(manifest: Manifest, contents: Contents) -> Manifest:
        del contents["attachments/b1-p1"]
        return manifest

    forged = forge(path, stripped, true=True)
    said = differs("backup", "verify", forged)
    assert "restorable, but not every copy of evidence" in said
    assert "the copy of evidence b1-p1 is not in the back-up" in said
    said = run("backup", "restore", forged, "--to", tmp_path / "new").out
    assert "the copy of evidence b1-p1 is not in the back-up" in said


def test_evidence_that_was_changed_is_told(small, tmp_path):
    keep_evidence(Folder(small))
    path = create(tmp_path / "x")

    def changed(manifest: Manifest, contents: Contents) -> Manifest:
        contents["attachments/b1-p1"] = bytes(len(contents["attachments/b1-p1"]))
        return manifest

    said = differs("backup", "verify", forge(path, changed, true=True))
    assert "the copy of evidence b1-p1 does not open" in said


def test_without_the_passphrase_the_copies_are_looked_for_by_name(small, tmp_path, monkeypatch):
    keep_evidence(Folder(small))
    path = create(tmp_path / "x")
    monkeypatch.delenv("ATTENDANCE_PASSPHRASE")
    assert "Attachments  1\n" in run("backup", "verify", path).out


@pytest.mark.usefixtures("small")
def test_a_copy_that_no_entry_names_is_not_restored(tmp_path):
    """A command that was cut short leaves one; so does whoever wants to bring something along."""
    path = create(tmp_path / "x")

    def added(manifest: Manifest, contents: Contents) -> Manifest:
        contents["attachments/b9-p9"] = b"anything"
        return manifest

    forged = forge(path, added, true=True)
    said = run("backup", "verify", forged)
    assert (said.code, said.err) == (0, "")
    assert "Attachments  0, and 1 that no entry names: a restore leaves it out" in said.out
    done("backup", "restore", forged, "--to", tmp_path / "new")
    assert not (tmp_path / "new" / "attachments" / "b9-p9").exists()


def test_a_copy_that_is_missing_is_told_when_a_back_up_is_made(small, tmp_path):
    """It is made: all but that is in it. What was put beyond use is not missed."""
    folder = Folder(small)
    keep_evidence(folder)
    shutil.rmtree(folder.attachments)
    said = run("backup", "create", "--to", tmp_path / "x").out
    assert "the copy of evidence b1-p1 is missing" in said
    assert "not every copy of evidence" in differs("backup", "verify", tmp_path / "x")
    with closing(sqlite3.connect(folder.log)) as db:
        [(position,)] = db.execute(
            "SELECT position FROM stored_events WHERE originator_id LIKE 'evidence:%'"
        )
    done("staff", "change", "mm", "--role", "head", "--from", "2026-09-01")
    done("redact", position, "key", "--reason", "the copy is lost")
    assert "WARNING" not in run("backup", "create", "--to", tmp_path / "y").out
    done("backup", "verify", tmp_path / "y")


@pytest.mark.usefixtures("small")
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = create(tmp_path / "x")

    def huge(manifest: Manifest, _contents: Contents) -> Manifest:
        log = msgspec.structs.replace(manifest.log, size=1 << 31)
        return msgspec.structs.replace(manifest, log=log)

    forged = forge(path, huge, true=True)
    assert "no log shrinks so" in differs("backup", "verify", forged)
    assert "no log shrinks so" in refused("backup", "restore", forged, "--to", tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("small")
def test_what_does_not_fit_on_the_disk_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    path = create(tmp_path / "x")
    monkeypatch.setattr("shutil.disk_usage", partial(usage, 1000))
    said = refused("backup", "restore", path, "--to", tmp_path / "new")
    assert "unpacked, the back-up needs" in said
    assert "has 0.0 MB" in said


def usage(free, _path):
    return shutil._ntuple_diskusage(free, 0, free)
