"""Back-ups that somebody made with care, so that every digest fits: none is restored."""

import gzip
import io
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.kdf import scrypt

from ledger.backup import backup
from ledger.backup import file as backup_box
from ledger.backup.file import Manifest, Part
from ledger.errors import Refused
from ledger.sealing.redaction import sealed_texts
from ledger.store.folder import Folder
from tests.cli.shell import differs, refused, run

SECRET = "mallow marsh quill stone"  # noqa: S105 - of these tests only
AT = 1_790_000_000_000_000
Contents = dict[str, bytes]


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch):
    monkeypatch.setenv("ATTENDANCE_PASSPHRASE", SECRET)


def quiet(_done: int, _all: int) -> None:
    """No progress is shown."""


@pytest.fixture
def made(built, tmp_path) -> Path:
    path = tmp_path / "one.attendance-backup"
    backup.create(Folder(built), path, SECRET, AT, quiet)
    return path


def forge(path: Path, change: Callable[[Manifest, Contents], Manifest], *, true: bool) -> Path:
    """Write a back-up anew; ``true``: whether the manifest tells its parts as they are now."""
    archive = backup_box.read(path, quiet)
    contents = {part.name: archive.read(part.name) for part in archive.manifest.parts}
    manifest = change(archive.manifest, contents)
    if true:
        parts = [Part(n, len(c), sha256(c).hexdigest()) for n, c in contents.items()]
        manifest = msgspec.structs.replace(manifest, parts=parts)
    out = path.with_name("forged")
    named = [contents.get(part.name, b"") for part in manifest.parts]
    with out.open("wb") as file:
        backup_box.write(file, manifest, [partial(io.BytesIO, content) for content in named])
    return out


def log_changed(sql: str, tmp_path: Path) -> Callable[[Manifest, Contents], Manifest]:
    """Return what runs SQL on the log, as its owner could."""

    def change(manifest: Manifest, contents: Contents) -> Manifest:
        path = tmp_path / "edited.db"
        path.write_bytes(gzip.decompress(contents["ledger.db.gz"]))
        with closing(sqlite3.connect(path)) as db:
            db.executescript(sql)
        contents["ledger.db.gz"] = gzip.compress(path.read_bytes())
        log = backup_box.part_of("ledger.db", path)
        return msgspec.structs.replace(manifest, log=log)

    return change


def assert_refused(forged: Path, says: str) -> None:
    assert says in differs("backup", "verify", forged)
    place = forged.with_name("restored")
    assert says in refused("backup", "restore", forged, "--to", place)
    assert not place.exists()


EDIT = """
DROP TRIGGER stored_events_no_update;
UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), '7A', '7B') AS BLOB)
WHERE position = (SELECT max(position) FROM stored_events);
CREATE TRIGGER stored_events_no_update BEFORE UPDATE ON stored_events
BEGIN SELECT RAISE(ABORT, 'stored_events is append-only: UPDATE refused'); END;"""
SHORTER = """
DROP TRIGGER stored_events_no_delete;
DELETE FROM stored_events WHERE position = (SELECT max(position) FROM stored_events);"""


@pytest.mark.parametrize("sql", [EDIT, SHORTER], ids=["edited", "shorter"])
def test_an_edited_log_is_found_out_by_its_checkpoints(made, tmp_path, sql):
    assert_refused(forge(made, log_changed(sql, tmp_path), true=True), "")
    found = run("backup", "verify", tmp_path / "forged", "--json").json
    assert (found["restorable"], bool(found["problems"])) == (False, True)
    assert "NOT restorable" in run("backup", "verify", tmp_path / "forged").out


def rekeyed(sql: str, manifest: Manifest, contents: Contents) -> Manifest:
    """Wrap another key file in place of the right one, with the right passphrase."""
    key, name = manifest.scrypt.key(SECRET), "keys.db.wrapped"
    found = backup_box.unwrap(key, contents[name], manifest.bound_to(name))
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(found[:18] + b"\1\1" + found[20:])
        db.execute(sql)
        db.commit()
        contents[name] = backup_box.wrap(key, db.serialize(), manifest.bound_to(name))
    return manifest


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DELETE FROM subject_keys", "is not in keys.db"),
        ("UPDATE subject_keys SET key = zeroblob(32)", "does not open"),
    ],
)
def test_keys_that_do_not_open_the_texts_are_found_out(made, sql, says):
    assert_refused(forge(made, partial(rekeyed, sql), true=True), says)


def test_a_part_that_is_a_folder_is_refused(made, tmp_path):
    archive = backup_box.read(made, quiet)
    (tmp_path / "d").mkdir()
    with tarfile.open(tmp_path / "t", "w") as tar:
        tar.add(tmp_path / "d", "ledger.db.gz")
    with pytest.raises(Refused, match="is no file"):
        replace(archive, path=tmp_path / "t").copy_log(tmp_path / "log", quiet)


@pytest.mark.parametrize(
    ("size", "begins"), [(0, False), (1, True), (2**26 - 1, True), (2**26, False)]
)
def test_a_beginning_that_says_it_is_empty_or_of_64_mib_is_none(tmp_path, size, begins):
    """So much is never read into memory; what is smaller is, and is found wanting."""
    path, first = tmp_path / "one", tarfile.TarInfo(backup_box.MANIFEST)
    first.size = size
    path.write_bytes(first.tobuf() + b"{" + bytes(1023))
    says = "can be read" if begins else "its beginning is damaged"
    with pytest.raises(Refused, match=says):
        backup_box.manifest_of(path)


def changed(**fields: object) -> Callable[[Manifest, Contents], Manifest]:
    return lambda manifest, _: msgspec.structs.replace(manifest, **fields)


def content(name: str, new: bytes) -> Callable[[Manifest, Contents], Manifest]:
    def change(manifest: Manifest, contents: Contents) -> Manifest:
        contents[name] = new
        return manifest

    return change


def without(name: str) -> Callable[[Manifest, Contents], Manifest]:
    def change(manifest: Manifest, contents: Contents) -> Manifest:
        del contents[name]
        return manifest

    return change


BOMB = gzip.compress(bytes(10_000_000))


UNFIT = {
    "bomb": (content("ledger.db.gz", BOMB), True, "ledger.db.gz in the back-up is not what"),
    "no gzip": (content("ledger.db.gz", b"no gzip"), True, "can be read"),
    "checkpoint": (content("checkpoint.txt", b"x"), False, "checkpoint.txt in the back-up"),
    "above": (content("../evil", b"x"), True, "'../evil' is no name"),
    "absolute": (content("/etc/evil", b"x"), True, "'/etc/evil' is no name"),
    "above words": (content("words/../keys.db", b"x"), True, "'words/../keys.db' is no name"),
    "below words": (content("words/a/b.txt", b"x"), True, "'words/a/b.txt' is no file of words"),
    "no words": (content("words/run.sh", b"x"), True, "'words/run.sh' is no file of words"),
    "long words": (content("words/a.txt", bytes(65_537)), True, "'words/a.txt' is no file of"),
    "no log": (without("ledger.db.gz"), True, "can be read"),
    "no keys": (without("keys.db.wrapped"), True, "can be read"),
}


@pytest.mark.parametrize(("change", "true", "says"), UNFIT.values(), ids=UNFIT)
def test_parts_that_do_not_fit_are_refused(made, change, true, says):
    assert_refused(forge(made, change, true=true), says)


def test_words_that_were_changed_are_refused(built, made, tmp_path):
    """Each file of them is held to its digest, whether it is proven or restored."""
    ledger = tmp_path / "ledger"
    shutil.copytree(built, ledger)
    Folder(ledger).words.mkdir()
    (Folder(ledger).words / "leave-letter.txt").write_text("Dear")
    made.unlink()
    backup.create(Folder(ledger), made, SECRET, AT, quiet)
    other = content("words/leave-letter.txt", b"Fear")
    assert_refused(forge(made, other, true=False), "words/leave-letter.txt in the back-up is not")


def test_a_part_named_twice_is_refused(made):
    def twice(manifest: Manifest, _: Contents) -> Manifest:
        return msgspec.structs.replace(manifest, parts=[*manifest.parts, manifest.parts[0]])

    assert_refused(forge(made, twice, true=False), "names a part twice")


def test_a_manifest_bound_to_another_size_opens_no_keys(made, tmp_path):
    forged = forge(made, changed(size=3), true=False)
    assert "does not open" in refused("backup", "restore", forged, "--to", tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_a_manifest_that_names_another_state_differs_without_the_passphrase(made, monkeypatch):
    monkeypatch.delenv("ATTENDANCE_PASSPHRASE")
    shown = run("backup", "verify", forge(made, changed(size=3), true=False))
    assert (shown.code, "not that of its manifest" in shown.out) == (3, True)


def test_another_program_s_tar_is_no_back_up(made, tmp_path):
    path = tmp_path / "t"
    path.write_bytes(made.read_bytes()[1024:])
    assert_refused(path, "")
    path.write_bytes(b"")
    assert_refused(path, "")
    path.write_bytes(bytes(4096))
    assert_refused(path, "is not a back-up")


def test_a_wrapping_that_would_cost_too_much_is_refused(made, monkeypatch):
    dear = backup_box.Stretching("00" * 16, 2**30)
    assert_refused(forge(made, changed(scrypt=dear), true=False), "can be read")
    odd = backup_box.Stretching("00" * 16, 2**17 + 1)
    assert_refused(forge(made, changed(scrypt=odd), true=False), "not wrapped as")

    def hungry(*_args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(scrypt, "Scrypt", hungry)
    assert_refused(made, "not wrapped as")


@pytest.mark.parametrize("state", [b'"~', b'["~a/b.x.y"]', b'{"a": 1, "b": "~a/b.x.y", "c": "~"}'])
def test_what_cannot_be_read_is_not_taken_for_a_sealed_text(small, state):
    with closing(sqlite3.connect(Folder(small).log)) as db:
        last = db.execute("SELECT max(position) FROM stored_events").fetchone()[0]
        row = (last + 1, "s", 0, "x", state + b' "~' if state[:1] == b"{" else state)
        db.execute("INSERT INTO stored_events VALUES(?,?,?,?,?)", row)
        db.execute("INSERT INTO stored_events VALUES(?,?,?,?,?)", (last + 2, "t", 0, "x", state))
        db.commit()
    assert list(sealed_texts(Folder(small), last)) == []
