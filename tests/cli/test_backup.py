"""Back-ups as an office makes and checks them, and a drill: another machine, the same answers."""

import getpass
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.backup import backup, check, passphrases
from ledger.events import streams
from ledger.events.amending import EvidenceGiven
from ledger.sealing import attachments
from ledger.sealing.attachments import Attachment
from ledger.sealing.boxes import Redaction
from ledger.sealing.keys import REDACTED, KeyRing
from ledger.sealing.redaction import places, sealed_texts
from ledger.store.folder import Folder
from ledger.transparency import memory
from tests.answers import packed
from tests.cli.shell import at_terminal, differs, done, program, raising, refused, run
from tests.commands.conftest import upn
from tests.ledger.conftest import recorded
from tests.ledger.tampering import tampered

SECRET = "mallow marsh quill stone"  # noqa: S105 - of these tests only
AMENDED = ("--code", "/", "--reason", "seen in class")
ANSWERS = ("rates", "persistent", "penalties", f"history {upn(1)}")


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch):
    monkeypatch.setenv("ATTENDANCE_PASSPHRASE", SECRET)


@pytest.fixture(scope="module")
def made(built, tmp_path_factory) -> Path:
    """A back-up of the small school, and the ledger as it was then, for reading."""
    place = tmp_path_factory.mktemp("backup")
    shutil.copytree(built, place / "ledger")
    folder, target = Folder(place / "ledger"), place / "one.attendance-backup"
    keep_evidence(folder)
    folder.attachments.joinpath(".part").write_bytes(b"half")
    folder.attachments.joinpath("b2-p2").write_bytes(b"of a command that was cut short")
    backup.create(folder, target, SECRET, 1_790_000_000_000_000, lambda _done, _all: None)
    return target


def keep_evidence(folder: Folder, batch: str = "b1", pupil: str = "p1") -> None:
    """Record evidence of which a copy is kept."""
    copy = Attachment(f"{batch}-{pupil}", b"letter", attachments.new_key())
    attachments.write(folder, [copy])
    event = EvidenceGiven(note="letter", key=attachments.key_text(copy.key))
    recorded(folder, streams.evidence(pupil, batch), event)


def mark(code: str, number: int = 1) -> None:
    done("mark", upn(number), "2026-11-19/AM", code)


def create(to: Path) -> Path:
    done("backup", "create", "--to", to)
    return to


# -- making ------------------------------------------------------------------------------------


def test_a_back_up_is_one_file_with_the_log_readable_and_the_keys_not(small, tmp_path):
    shown = run("backup", "create", "--to", tmp_path)
    (path,) = tmp_path.glob("*.attendance-backup")
    assert path.name == "attendance-2026-11-20-210000.attendance-backup"
    assert str(path) in shown.out
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as tar:
        names = tar.getnames()
        manifest = json.load(tar.extractfile("manifest.json"))
        content = path.read_bytes()
    assert names == [
        "manifest.json", "ledger.db.gz", "checkpoint.txt", "keys.db.wrapped",
        "signing.key.wrapped", "seal.sha256",
    ]  # fmt: skip
    assert manifest["scrypt"]["n"] >= 2**17
    assert manifest["size"] == Folder(small).head() - 2
    assert b"subject_keys" not in content
    assert Folder(small).signing_key.read_bytes().strip() not in content
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.usefixtures("small")
def test_status_and_list_know_of_it_and_when_one_is_due(tmp_path, at):
    assert "OVERDUE" in run("status").out
    assert run("status", "--json").json["last_backup"] is None
    assert run("backup", "list", "--json").json["state"] == "overdue"
    create(tmp_path / "one.attendance-backup")
    assert "Back-up      2026-11-20 21:00 London\n" in run("status").out
    found = run("status", "--json").json["last_backup"]
    listed = run("backup", "list", tmp_path, "--json").json
    assert listed["state"] == found["state"] == "made"
    assert listed["rows"][0]["sha256"] == found["sha256"]
    assert listed["rows"][0]["kept_until"] == "2033-08-31"
    assert listed["rows"][0]["file"].endswith("one.attendance-backup")
    at("2026-12-01T08:00")
    assert "this month's is still to be made" in run("status").out
    assert "DUE" in run("backup", "list").out
    early = run("backup", "list", "--known-at", "2026-11-20T20:00", "--json").json
    assert (early["rows"], early["state"]) == ([], "overdue")
    assert "No law asked" in run("backup", "list", "--on", "2001-01-01").out


@pytest.mark.usefixtures("small")
def test_list_tells_files_of_others_and_damaged_ones_apart(tmp_path, made):
    place = tmp_path / "kept"
    place.mkdir()
    shutil.copy(made, place / "ours.attendance-backup")
    (place / "broken.attendance-backup").write_bytes(made.read_bytes()[:700])
    done("--ledger", tmp_path / "b", "init")
    other = ("--ledger", tmp_path / "b")
    done(*other, "backup", "create", "--to", place / "z.attendance-backup")
    listed = run("backup", "list", place, "--json").json["rows"]
    rows = {Path(row["file"]).name[0]: row for row in listed}
    assert (rows["o"]["recorded"], rows["o"]["problem"]) == (False, None)
    assert "of another ledger" in rows["z"]["problem"]
    assert "cannot" in rows["b"]["problem"] or "read" in rows["b"]["problem"]
    assert "of another ledger" in run("backup", "list", place).out
    assert run("backup", "list", tmp_path / "nowhere").code == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--to", "{tmp}/there"), "already there"),
        (("--to", "{tmp}/no/such/x"), "no folder"),
        (("--passphrase-file", "{tmp}/empty"), "first line"),
        (("--passphrase-file", "{tmp}/short"), "at least 12"),
        (("--passphrase-file", "{tmp}/missing"), "there is no file"),
    ],
)
def test_what_cannot_be_made_is_refused(small, tmp_path, arguments, code):
    (tmp_path / "there").touch()
    (tmp_path / "empty").touch()
    (tmp_path / "short").write_text("quill\n")
    before = Folder(small).head()
    assert code in refused("backup", "create", *(a.format(tmp=tmp_path) for a in arguments))
    assert Folder(small).head() == before


def test_without_a_passphrase_or_keys_nothing_is_made(small, tmp_path, monkeypatch):
    monkeypatch.delenv("ATTENDANCE_PASSPHRASE")
    assert "there is none" in refused("backup", "create", "--to", tmp_path / "x")
    monkeypatch.setenv("ATTENDANCE_PASSPHRASE", SECRET)
    Folder(small).keys.rename(tmp_path / "away")
    assert "keys are not at" in refused("backup", "create", "--to", tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DROP TRIGGER hash_tiles_no_update", "the log lacks, or has changed"),
        ("UPDATE tree_edge SET size = size + 1", "not what was recorded"),
    ],
    ids=["unprotected", "another edge"],
)
def test_a_ledger_that_does_not_verify_is_not_called_backed_up(small, tmp_path, sql, says):
    with closing(sqlite3.connect(Folder(small).log)) as db:
        db.executescript(sql)
    assert says in refused("backup", "create", "--to", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_one_inside_the_ledgers_folder_is_refused(small):
    """It would be lost with the ledger."""
    said = refused("backup", "create", "--to", small / "x.attendance-backup")
    assert "would lie in the folder of a ledger" in said


@pytest.mark.usefixtures("small")
def test_one_that_cannot_be_recorded_is_said_to_be_there(tmp_path, monkeypatch):
    refusal = backup.already_there(tmp_path)
    monkeypatch.setattr("commands.backup.create.execute", raising(refusal))
    shown = run("backup", "create", "--to", tmp_path / "x")
    assert (shown.code, (tmp_path / "x").exists()) == (4, True)
    assert f"done in part: {tmp_path / 'x'} was written, and can be restored" in shown.err


@pytest.mark.usefixtures("small")
def test_a_disk_that_forgets_is_noticed(tmp_path, monkeypatch):
    real = backup.file.write
    monkeypatch.setattr(backup.file, "write", lambda *a: real(*a)[::-1])
    shown = run("backup", "create", "--to", tmp_path / "x")
    assert (shown.code, list(tmp_path.glob("*x*"))) == (1, [])
    assert "did not keep" in shown.err


def test_a_file_that_somebody_made_meanwhile_is_left_alone(tmp_path, monkeypatch):
    whole, target = tmp_path / "whole", tmp_path / "target"
    whole.write_bytes(b"new")
    target.write_bytes(b"theirs")
    with pytest.raises(Exception, match="already there"):
        backup._put(whole, target)
    monkeypatch.setattr(os, "link", raising(PermissionError))
    with pytest.raises(Exception, match="already there"):
        backup._put(whole, target)
    assert target.read_bytes() == b"theirs"
    target.unlink()
    backup._put(whole, target)
    assert target.read_bytes() == b"new"


@pytest.mark.usefixtures("small")
def test_on_a_terminal_the_passphrase_is_asked_for_twice(tmp_path, monkeypatch):
    monkeypatch.delenv("ATTENDANCE_PASSPHRASE")
    said = [SECRET, SECRET]
    monkeypatch.setattr(getpass, "getpass", lambda _: said.pop(0))
    code, screen = at_terminal("backup", "create", "--to", str(tmp_path / "x"))
    assert (code, said) == (0, [])
    assert "backing up" in screen
    said += [SECRET, "another one altogether"]
    code, screen = at_terminal("backup", "create", "--to", str(tmp_path / "y"))
    assert code == 1
    assert "differ" in screen


def test_nothing_typed_is_no_passphrase(monkeypatch):
    monkeypatch.delenv("ATTENDANCE_PASSPHRASE")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", raising(EOFError))
    assert passphrases.ask(None) is None


@pytest.mark.usefixtures("small")
def test_a_ledger_in_use_is_backed_up_as_it_was_at_one_moment(tmp_path):
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            name = f"Eve {number}"
            program("staff", "add", f"s{number}", "--name", name, "--job-title", "Clerk")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        shown = [program("backup", "create", "--to", str(tmp_path / f"{n}.b")) for n in range(3)]
    finally:
        stop.set()
        writer.join()
    assert [each.returncode for each in shown] == [0, 0, 0], [each.stderr for each in shown]
    for n in range(3):
        done("backup", "verify", tmp_path / f"{n}.b")


# -- checking ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("small")
def test_verify_proves_it_restorable_and_continued(tmp_path):
    path = create(tmp_path / "x")
    shown = done("backup", "verify", path)
    assert "restorable" in shown.out
    assert "2 came after" in shown.out
    assert "recorded there with the SHA-256" in shown.out
    found = run("backup", "verify", path, "--json").json
    assert found["restorable"] is True
    assert found["keys"]["keys"] > 0


def test_verify_says_what_it_could_not_check(made, tmp_path, monkeypatch):
    monkeypatch.delenv("ATTENDANCE_PASSPHRASE")
    shown = done("--ledger", tmp_path / "none", "backup", "verify", made)
    assert "not checked: the keys" in shown.out
    assert "there is none" in shown.out
    assert "Attachments  1" in shown.out
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "ledger.db").write_bytes(b"no database" * 100)
    shown = run("--ledger", tmp_path / "bad", "backup", "verify", made)
    assert "not compared with the ledger at" in shown.out
    done("--ledger", tmp_path / "other", "init")
    shown = done("--ledger", tmp_path / "other", "backup", "verify", made)
    assert "which is another ledger" in shown.out


def test_a_wrong_passphrase_is_refused(made, tmp_path, monkeypatch):
    monkeypatch.setenv("ATTENDANCE_PASSPHRASE", "not that one at all")
    for asked in (("verify", made), ("restore", made, "--to", tmp_path / "r")):
        assert "does not open" in refused("backup", *asked)
        assert not (tmp_path / "r").exists()


def test_a_rolled_back_or_rewritten_ledger_differs_from_its_back_up(small, tmp_path):
    shutil.copytree(small, tmp_path / "older")
    shutil.copytree(small, tmp_path / "otherwise")
    path = create(tmp_path / "x")
    later = create(tmp_path / "y")
    shown = differs("--ledger", tmp_path / "older", "backup", "verify", later)
    assert "rolled back or cut short" in shown
    as_mm = ("--ledger", tmp_path / "otherwise", "--as", "mm")
    for name in ("Eve Field", "Fay Green", "Gil Hope"):
        done(*as_mm, "staff", "add", name[:1], "--name", name, "--job-title", "x")
    shown = differs("--ledger", tmp_path / "otherwise", "backup", "verify", later)
    assert "one of the two was rewritten" in shown
    done("backup", "verify", path)


@given(data=st.data())
def test_any_flipped_byte_or_cut_is_noticed(made, data, tmp_path_factory):
    content = bytearray(made.read_bytes())
    place = tmp_path_factory.mktemp("flipped") / "x"
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    place.write_bytes(content)
    assert "take another copy" in differs("backup", "verify", place)
    refused("backup", "restore", place, "--to", place.with_name("r"))
    assert not place.with_name("r").exists()


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert run("backup", "verify", tmp_path / "x").code == 1


# -- restoring ---------------------------------------------------------------------------------


def test_the_drill_another_machine_gives_the_same_answers(small, tmp_path, monkeypatch):
    mark("/")
    position = Folder(small).head()
    asked = [
        (*words.split(), "--position", str(position), "--known-at", "2026-11-20T21:00", "--json")
        for words in ANSWERS
    ]
    before = [run(*each).out for each in asked]
    path = create(tmp_path / "x")
    Path(small).rename(tmp_path / "lost")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-machine"))
    monkeypatch.delenv("ATTENDANCE_AS")
    assert "no newer keys.db" in done("backup", "restore", path, "--to", tmp_path / "new").out
    monkeypatch.setenv("ATTENDANCE_LEDGER", str(tmp_path / "new"))
    assert [run(*each).out for each in asked] == before
    assert "Ada Quill" in run("pupil", "find", "Quill").out
    done("verify")
    assert len(run("backup", "list", "--json").json["restored"]) == 1
    assert "restored" not in (tmp_path / "new").name
    assert list(tmp_path.glob(".*")) == []


def test_attachments_come_back(made, tmp_path):
    done("backup", "restore", made, "--to", tmp_path / "new")
    [found] = tmp_path.joinpath("new", "attachments").iterdir()
    assert found.name == "b1-p1"
    assert b"letter" not in found.read_bytes()


def test_a_log_that_lost_its_checkpoints_is_not_backed_up(small, tmp_path):
    """It could not be proved afterwards."""
    tampered(Folder(small).log, "DELETE FROM checkpoints")
    shown = refused("backup", "create", "--to", tmp_path / "x")
    assert "the log is not what was recorded" in shown
    assert not (tmp_path / "x").exists()


def test_attachments_stand_in_a_back_up_in_the_order_of_their_names(small, tmp_path):
    """Whatever the order in which a disk lists them: two back-ups of one folder are alike."""
    names = [f"b{n:02}-p{n % 7}" for n in range(1, 25)]
    for name in reversed(names):
        keep_evidence(Folder(small), *name.split("-"))
    with tarfile.open(create(tmp_path / "one.attendance-backup"), "r:") as tar:
        found = [each for each in tar.getnames() if each.startswith("attachments/")]
    assert found == [f"attachments/{name}" for name in names]


def test_a_schools_own_words_come_back_as_they_were(small, tmp_path):
    """To the byte, also what cannot be used; and what was no words of a letter is left."""
    done("words", "copy", "register-blank.txt")
    words = Folder(small).words
    (words / "leave-letter.txt").write_bytes(b"Dear {{ asked_by }}\r\nJos\xe9")
    (words / "leave-letter.txt~").write_text("an editor's")
    kept = {path.name: path.read_bytes() for path in words.glob("*.txt")}
    shown = run("backup", "create", "--to", tmp_path / "x")
    names = "leave-letter.txt, register-blank.txt"
    assert f"the school's own words are in it: {names}\n" in shown.out
    assert "WARNING" not in shown.out
    assert run("backup", "verify", tmp_path / "x", "--json").json["words"] == [*sorted(kept)]
    verified = run("backup", "verify", tmp_path / "x").out
    assert "Words        register-blank.txt, the school's own\n" in verified
    shown = run("backup", "restore", tmp_path / "x", "--to", tmp_path / "new")
    assert f"the school's own words are back: {names}\n" in shown.out
    back = Folder(tmp_path / "new").words
    assert {path.name: path.read_bytes() for path in back.iterdir()} == kept


def test_what_is_no_file_of_words_is_left_out_and_told(small, tmp_path):
    """A link may lead to the keys; a folder, a long file and a strange name are no letters."""
    words = Folder(small).words
    words.mkdir()
    (words / "leave-letter.txt").symlink_to(Folder(small).keys)
    (words / "long.txt").write_bytes(bytes(65_537))
    (words / "folder.txt").mkdir()
    for name in (".hidden.txt", "back\\slash.txt", "caf\u00e9.txt"):
        (words / name).touch()
    (words / "longest.txt").write_bytes(bytes(65_536))
    shown = run("backup", "create", "--to", tmp_path / "x")
    (warning,) = (line for line in shown.out.splitlines() if line.startswith("WARNING"))
    left_out = (
        ".hidden.txt, back\\slash.txt, caf\u00e9.txt, folder.txt, leave-letter.txt, long.txt"
    )
    assert f" it lacks {left_out}; " in warning
    assert run("backup", "verify", tmp_path / "x", "--json").json["words"] == ["longest.txt"]


def test_words_that_cannot_be_read_are_not_left_out_in_silence(small, tmp_path, monkeypatch):
    """No back-up is made: whoever restores it would not know that they were there."""
    done("words", "copy", "leave-letter.txt")
    monkeypatch.setattr(Path, "read_bytes", raising(PermissionError(13, "Permission denied")))
    assert str(Folder(small).words) in refused("backup", "create", "--to", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_back_up_from_before_words_were_kept_restores(tmp_path):
    packed.unpack("everything", tmp_path)
    beside, new = tmp_path / "beside", tmp_path / "new"
    given = (beside / "one.attendance-backup", "--passphrase-file", beside / "passphrase.txt")
    assert run("backup", "verify", *given, "--json").json["words"] == []
    assert "Words" not in run("backup", "verify", *given).out
    assert "words" not in done("backup", "restore", *given, "--to", new).out
    assert not Folder(new).words.exists()
    done("--ledger", new, "verify")


def test_a_restore_is_no_roll_back_but_a_roll_back_is(small, tmp_path):
    path = create(tmp_path / "x")
    mark("/")
    mark("/", 2)
    shutil.rmtree(small)
    small.mkdir()
    done("backup", "restore", path, "--to", small)
    done("verify")
    shutil.copytree(small, tmp_path / "older")
    mark("/")
    done("verify")
    shutil.copytree(small, tmp_path / "copy")
    done("--ledger", tmp_path / "copy", "verify")
    shutil.rmtree(small)
    (tmp_path / "older").rename(small)
    assert "this computer saw" in differs("verify")


def test_a_drill_beside_the_ledger_leaves_its_memory_alone(small, tmp_path):
    shutil.copytree(small, tmp_path / "older")
    mark("/")
    path = create(tmp_path / "x")
    done("backup", "restore", path, "--to", tmp_path / "drill")
    done("--ledger", tmp_path / "drill", "verify")
    shutil.rmtree(small)
    (tmp_path / "older").rename(small)
    assert run("verify").code == 3


def test_destructions_since_the_back_up_are_replayed(small, tmp_path):
    path = create(tmp_path / "x")
    with closing(KeyRing(Folder(small).keys)) as ring:
        pupil = ring.find_pupil(upn(1))
        assert ring.destroy(pupil, at=1) > 0
    assert "put beyond use again" in run("backup", "restore", path, "--to", tmp_path / "new").out
    with closing(KeyRing(tmp_path / "new" / "keys.db")) as ring:
        assert ring.find_pupil(upn(1)) is None
        assert ring.find_pupil(upn(2)) is not None
    assert "Ada Quill" not in run("--ledger", tmp_path / "new", "pupil", "find", "Quill").out
    kept = Folder(small).keys.rename(tmp_path / "kept.db")
    named = ("--destroyed-since", kept)
    shown = run("backup", "restore", path, "--to", tmp_path / "again", *named)
    assert "put beyond use again" in shown.out
    again = create_at(tmp_path / "again", tmp_path / "y")
    assert "destroyed on purpose" in run("backup", "verify", again).out
    named = ("--destroyed-since", tmp_path / "nowhere")
    assert run("backup", "restore", path, "--to", tmp_path / "n", *named).code == 1
    assert not (tmp_path / "n").exists()


def create_at(ledger: Path, to: Path) -> Path:
    done("--ledger", ledger, "backup", "create", "--to", to)
    return to


def test_what_was_redacted_since_is_redacted_again(small, tmp_path):
    mark("N")
    done("amend", "--pupil", upn(1), "--session", "2026-11-19/AM", *AMENDED)
    path = create(tmp_path / "x")
    folder = Folder(small)
    (box,) = [b for b in sealed_texts(folder) if b.field == "reason"]
    with closing(KeyRing(folder.keys)) as ring:
        redaction = Redaction(*box[2:5], box.position, box.field, 7)
        ring.redact(redaction, places(folder.log, box.subject, box.purpose))
    shown = run("backup", "restore", path, "--to", tmp_path / "new")
    assert "0 keys, 1 redacted texts" in shown.out
    with closing(KeyRing(tmp_path / "new" / "keys.db")) as ring:
        assert ring.open(box.text) == REDACTED
    create_at(tmp_path / "new", tmp_path / "y")
    done("--ledger", tmp_path / "new", "backup", "verify", tmp_path / "y")
    with closing(KeyRing(folder.keys)) as ring:
        ring.destroy(box.subject, at=8)
    done("backup", "restore", tmp_path / "y", "--to", tmp_path / "again")


def test_restore_goes_to_an_empty_place_only(made, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    full = tmp_path / "full"
    how = "refused: say where the ledger is to be restored, or that only its keys are"
    for options, what in (
        (("--to", full), f"refused: {full} is not empty"),
        (("--to", full / "x"), f"refused: {full / 'x'} is no folder"),
        ((), how),
        (("--keys-only", "--to", tmp_path / "y"), how),
    ):
        said = run("backup", "restore", made, *options)
        assert (said.code, said.out, said.err.splitlines()[0]) == (1, "", what)
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "x"]


def test_restore_needs_the_passphrase(made, tmp_path, monkeypatch):
    monkeypatch.delenv("ATTENDANCE_PASSPHRASE")
    shown = run("backup", "restore", made, "--to", tmp_path / "new")
    assert "cannot be opened without" in shown.err
    (tmp_path / "secret").write_text(SECRET + "\n")
    named = ("--passphrase-file", tmp_path / "secret")
    done("backup", "restore", made, "--to", tmp_path / "new", *named)


@pytest.mark.usefixtures("small")
def test_the_other_ledger_is_not_asked_for_its_keys(made, tmp_path):
    done("--ledger", tmp_path / "b", "init")
    shown = run("--ledger", tmp_path / "b", "backup", "restore", made, "--to", tmp_path / "new")
    assert "no newer keys.db" in shown.out
    Folder(tmp_path / "b").log.write_bytes(b"no database" * 100)
    shown = run("--ledger", tmp_path / "b", "backup", "restore", made, "--to", tmp_path / "n2")
    assert "no newer keys.db" in shown.out


@pytest.mark.usefixtures("small")
def test_the_signing_key_may_be_kept_elsewhere(tmp_path, monkeypatch):
    path = create(tmp_path / "x")
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(tmp_path / "safe" / "key"))
    done("backup", "restore", path, "--to", tmp_path / "one")
    assert not (tmp_path / "one" / "signing.key").exists()
    done("backup", "restore", path, "--to", tmp_path / "two")
    (tmp_path / "safe" / "key").write_text("another")
    refused("backup", "restore", path, "--to", tmp_path / "three")
    assert not (tmp_path / "three").exists()


def test_a_rotation_under_way_is_backed_up_too(small, tmp_path):
    folder = Folder(small)
    origin = check.origin(folder)
    next_key = backup.signing.successor(folder.signing_key)
    backup.signing.create(next_key, origin.removeprefix(backup.signing.ORIGIN))
    path = create(tmp_path / "x")
    done("backup", "restore", path, "--to", tmp_path / "new")
    assert (tmp_path / "new" / "signing.key.next").read_bytes() == next_key.read_bytes()


# -- keys only ---------------------------------------------------------------------------------


def test_lost_keys_are_put_back(small, tmp_path):
    path = create(tmp_path / "x")
    folder = Folder(small)
    assert run("backup", "restore", path, "--keys-only").code == 1
    shutil.move(folder.keys, tmp_path / "k")
    left = folder.keys.with_name("keys.db-wal")
    left.write_bytes(b"commits of the lost file")
    signing = folder.signing_key.read_text()
    folder.signing_key.unlink()
    assert "every text of the ledger opens" in done("backup", "restore", path, "--keys-only").out
    assert left.with_name("keys.db-wal.lost").read_bytes() == b"commits of the lost file"
    assert folder.signing_key.read_text() == signing
    assert "Ada Quill" in run("pupil", "find", "Quill").out
    folder.signing_key.unlink()
    shown = run("backup", "restore", path, "--keys-only")
    assert "the key that signs is back" in shown.out
    assert "as of" not in shown.out


def test_keys_made_since_are_lost_and_that_is_said(small, tmp_path):
    path = create(tmp_path / "x")
    add = ("staff", "add", "ef", "--name", "Eve Field", "--job-title", "Clerk")
    done(*add)
    mark("N")
    amend = ("amend", "--pupil", upn(1), "--session", "2026-11-19/AM")
    done(*amend, *AMENDED)
    later = create(tmp_path / "later")
    Folder(small).keys.unlink()
    shown = done("backup", "restore", path, "--keys-only")
    assert "LOST" in shown.out
    assert "\n5 texts about 3 people" in shown.out
    done(*amend, "--code", "L", "--minutes-late", "5", "--reason", "bus")
    shown = run("history", upn(1), "--json").out
    assert "[beyond use]" in shown
    assert "bus" in shown
    with closing(KeyRing(Folder(small).keys)) as ring:
        assert ring.redactions() == []
    Folder(small).keys.unlink()
    assert "\n3 texts about 2 people" in run("backup", "restore", later, "--keys-only").out
    shown = run("history", upn(1), "--json").out
    assert "seen in class" in shown
    assert "bus" not in shown


def test_keys_of_another_ledger_are_not_put_anywhere(small, made, tmp_path):
    done("--ledger", tmp_path / "b", "init")
    shown = run("--ledger", tmp_path / "b", "backup", "restore", made, "--keys-only")
    assert "not of the ledger" in shown.err
    shutil.copytree(small, tmp_path / "older")
    create(tmp_path / "x")
    later = create(tmp_path / "y")
    older = ("--ledger", tmp_path / "older")
    assert "rolled back" in refused(*older, "backup", "restore", later, "--keys-only")


def test_memory_forgets_the_place_of_a_restore_that_failed(small, tmp_path, monkeypatch):
    path = create(tmp_path / "x")
    origin = check.origin(Folder(small))
    refusal = backup.already_there(tmp_path)
    monkeypatch.setattr("commands.backup.restore.execute", raising(refusal))
    assert run("backup", "restore", path, "--to", tmp_path / "new").code == 1
    assert not (tmp_path / "new").exists()
    assert memory._places_of(origin, "restored") == {}


# -- killed and interrupted --------------------------------------------------------------------


STARTED = "import cli; cli.main()"


def stopped(seconds: float, how: signal.Signals, *args: object) -> int:
    command = [sys.executable, "-c", STARTED, *map(str, args)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as found:
        time.sleep(seconds)
        found.send_signal(how)
    return found.returncode


@pytest.mark.parametrize("seed", range(6))
def test_killed_while_it_is_made_leaves_none_or_a_whole_one(small, tmp_path, seed):
    seconds = random.Random(seed).uniform(0.3, 1.3)  # noqa: S311 - when to kill
    path = tmp_path / "x"
    stopped(seconds, signal.SIGKILL, "backup", "create", "--to", path)
    assert not path.exists() or run("backup", "verify", path).code == 0
    assert list(tmp_path.glob("*.attendance-backup")) == []
    path.unlink(missing_ok=True)
    done("backup", "create", "--to", path)
    done("--ledger", small, "verify")


@pytest.mark.parametrize("seed", range(6))
def test_killed_while_it_is_restored_leaves_none_or_a_whole_one(made, tmp_path, seed):
    seconds = random.Random(seed).uniform(0.3, 1.5)  # noqa: S311 - when to kill
    place = tmp_path / "new"
    stopped(seconds, signal.SIGKILL, "backup", "restore", made, "--to", place)
    if place.exists():
        assert len(run("--ledger", place, "backup", "list", "--json").json["restored"]) == 1
        done("--ledger", place, "verify")
    else:
        done("backup", "restore", made, "--to", place)
        done("--ledger", place, "verify")


@pytest.mark.usefixtures("small")
def test_interrupted_leaves_nothing_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(backup.file, "write", raising(KeyboardInterrupt))
    assert "interrupted" in run("backup", "create", "--to", tmp_path / "x").err
    assert [p for p in tmp_path.iterdir() if p.name != "small"] == []


def test_what_was_redacted_since_stays_so_when_older_keys_are_put_back(small, tmp_path):
    """The log tells what was put beyond use, whatever the back-up still opens."""
    mark("N")
    done("amend", "--pupil", upn(1), "--session", "2026-11-19/AM", *AMENDED)
    position = run("status", "--json").json["events"]
    path = create(tmp_path / "b.attendance-backup")
    reason = ("--reason", "about another child")
    done("redact", position, "reason", *reason)
    for each in small.glob("keys.db*"):
        each.unlink()
    done("backup", "restore", path, "--keys-only")
    shown = run("history", upn(1), "2026-11-19/AM").out
    assert "seen in class" not in shown
    assert REDACTED in shown


@pytest.mark.parametrize(
    ("now", "words"),
    [("2027-03-01T09:00", "days after the last entry"), ("2026-01-05T09:00", "days later")],
)
def test_a_restore_is_made_whatever_the_clock_says_and_tells(made, tmp_path, at, now, words):
    """A ledger is to be had back; whoever restores it sees that the clock may be wrong."""
    at(now)
    said = done("backup", "restore", made, "--to", tmp_path / "new").out
    assert "note: this computer's clock says" in said
    assert words in said
    assert "set it before anything is recorded" in said
