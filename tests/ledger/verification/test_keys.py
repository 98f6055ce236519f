"""The keys beside a log are held against it; what is missing is told, with what follows."""

import sqlite3
from contextlib import closing

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import EvidenceGiven
from ledger.sealing import attachments
from ledger.sealing.boxes import Redaction
from ledger.sealing.keys import KeyRing
from ledger.sealing.redaction import places, sealed_texts
from ledger.store.folder import Folder
from ledger.tlog import signing
from ledger.verification import keys as verification
from ledger.verification.verify import verify
from tests.ledger.conftest import enrolled, recorded

NOBODYS = "keys.db holds the keys of none of the pupils in the log"


def told(folder):
    found = verify(folder)
    assert found.faults == []
    return [what for _, what in found.beside]


def lost(folder):
    return [str(each) for each in verify(folder).losses]


def keys(folder, *statements):
    with closing(sqlite3.connect(folder.keys)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


@pytest.fixture
def pupils(folder):
    """A ledger of two pupils, each with a UPN, whose ids are kept as a command keeps them."""
    for pupil in ("p1", "p2"):
        recorded(folder, streams.pupil(pupil), enrolled(upn=f"UPN-{pupil}", surname=pupil))
        keys(folder, f"INSERT INTO identities VALUES('UPN-{pupil}', 'upn', '{pupil}')")
    assert told(folder) == []
    return folder


def test_a_signing_key_of_another_ledger_is_a_finding(folder, tmp_path, monkeypatch):
    """One that is not where it should be is a loss, and so is another ledger's kept elsewhere."""
    other = signing.create(tmp_path / "other.key", "0f")
    folder.signing_key.write_text(other.written + "\n")
    [what] = told(folder)
    assert what.startswith("signing.key is not the key of this log (")
    [loss] = lost(folder)
    assert "is not that of this ledger: nothing can be recorded and no back-up made" in loss
    folder.signing_key.write_text("rubbish")
    assert told(folder) == [what]
    folder.signing_key.unlink()
    assert told(folder) == []
    [loss] = lost(folder)
    assert loss.startswith(f"the signing key is not at {folder.signing_key}: nothing can be rec")
    monkeypatch.setenv("ATTENDANCE_SIGNING_KEY", str(tmp_path / "other.key"))
    assert told(folder) == []
    assert "other.key is not that of this ledger" in lost(folder)[0]


def test_keys_of_another_ledger_are_a_finding(pupils):
    """Keys that were destroyed are known; keys that are not there at all are lost."""
    gone = "DELETE FROM subject_keys WHERE subject LIKE 'p%'"
    keys(pupils, "DELETE FROM identities", gone)
    assert told(pupils) == [NOBODYS]
    assert list(verification.warnings(pupils)) == [
        f"{NOBODYS}: names cannot be trusted; run attendance verify"
    ]
    for pupil in ("p1", "p2"):
        keys(pupils, f"INSERT INTO destroyed VALUES('{pupil}', 'identity', 0)")
    assert told(pupils) == []
    pupils.keys.unlink()
    assert told(pupils) == []
    [loss] = lost(pupils)
    assert loss.startswith("keys.db is missing: no name can be read, no pupil found by UPN")
    assert list(verification.warnings(pupils)) == [loss]


def test_a_file_that_is_no_database_is_a_finding(pupils):
    pupils.keys.write_bytes(b"rubbish" * 99)
    for path in pupils.path.glob("keys.db-*"):
        path.unlink()
    assert told(pupils) == ["keys.db cannot be read: file is not a database"]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (
            "CREATE TRIGGER t AFTER DELETE ON subject_keys BEGIN SELECT 1; END",
            "keys.db holds what this software does not make: trigger t",
        ),
        (
            "CREATE VIEW v AS WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT * FROM r) SELECT 1",
            "keys.db holds what this software does not make: view v",
        ),
        ("DROP TABLE destroyed", "keys.db lacks, or has changed: TABLE destroyed"),
    ],
)
def test_tables_that_are_not_ours_are_found_and_never_used(pupils, statement, what):
    keys(pupils, statement)
    assert told(pupils) == [what]
    for to_write in (True, False):
        with pytest.raises(Refused, match="are not as this software makes them"):
            KeyRing(pupils.keys, to_write=to_write)


def test_pages_that_do_not_hang_together_are_a_finding(pupils):
    keys(
        pupils,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET rootpage = 2 WHERE name = 'destroyed'",
    )
    assert told(pupils)[0].startswith("keys.db is malformed: ")


def test_a_upn_that_names_another_pupil_is_a_finding(pupils):
    """The log holds each UPN sealed; what was written down beside it is compared with that."""
    keys(
        pupils,
        "UPDATE identities SET pupil = CASE pupil WHEN 'p1' THEN 'p2' ELSE 'p1' END",
    )
    one, other = told(pupils)
    assert one == "keys.db takes the UPN or local id of pupil p1 for p2's"
    assert other == "keys.db takes the UPN or local id of pupil p2 for p1's"
    assert "UPN-p1" not in one


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE subject_keys SET key = zeroblob(32) WHERE subject = 'p1'", "does not open"),
        ("UPDATE subject_keys SET key = x'00' WHERE subject = 'p1'", "does not open"),
        ("DELETE FROM subject_keys WHERE subject = 'p1'", "(identity) is not in keys.db"),
    ],
)
def test_a_key_that_opens_nothing_is_a_finding(pupils, statement, what):
    keys(pupils, statement)
    assert what in told(pupils)[0]


def test_keys_that_only_their_owner_may_read_are_left_alone(folder, monkeypatch):
    """An auditor verifies with an account that cannot open them, and is told what that means."""
    folder.signing_key.write_text("rubbish")
    folder.keys.write_bytes(b"rubbish")
    assert len(told(folder)) == 2
    monkeypatch.setattr("os.access", lambda *_: False)
    assert told(folder) == []
    assert lost(folder)[0].startswith("keys.db may not be read: no name can be read by this acc")


def test_keys_are_not_held_against_a_log_that_is_not_sound(pupils):
    keys(pupils, "UPDATE subject_keys SET key = zeroblob(32)")
    with closing(sqlite3.connect(pupils.log)) as db:
        db.execute("UPDATE tree_edge SET size = 99")
        db.commit()
    found = verify(pupils)
    assert (len(found.faults), found.beside, found.opened) == (1, [], None)


def test_a_copy_of_evidence_that_is_missing_is_a_loss(pupils):
    """It is said how many are, and where they should be."""
    stream = streams.evidence("p1", "b1")
    copy = attachments.Attachment(attachments.name_of(stream), b"letter", attachments.new_key())
    attachments.write(pupils, [copy])
    recorded(pupils, stream, EvidenceGiven(note="letter", key=attachments.key_text(copy.key)))
    assert lost(pupils) == []
    (pupils.attachments / copy.name).unlink()
    [loss] = lost(pupils)
    assert loss.startswith(
        f"1 copy of evidence missing in {pupils.attachments}: what was recorded"
    )


def test_keys_are_opened_to_be_read_alone(pupils, monkeypatch):
    """Whoever checks a ledger changes nothing of it, and may lie where nobody may write."""
    stream = streams.evidence("p1", "b1")
    key = attachments.key_text(attachments.new_key())
    recorded(pupils, stream, EvidenceGiven(note="letter", key=key))
    monkeypatch.setattr("ledger.sealing.keys._open", None)
    assert told(pupils) == []
    assert [each.split(" in ")[0] for each in lost(pupils)] == ["1 copy of evidence missing"]


def test_a_log_that_cannot_be_read_has_no_losses(folder):
    for path in folder.path.glob("ledger.db-*"):
        path.unlink()
    folder.log.write_bytes(b"no database")
    assert verify(Folder(folder.path)).losses == []


def test_a_redacted_text_is_no_finding_and_each_other_has_a_key_that_opens_it(pupils):
    surname, *others = [t for t in sealed_texts(pupils) if t.subject == "p1"]
    with closing(KeyRing(pupils.keys)) as ring:
        redaction = Redaction(*surname[2:5], surname.position, surname.field, 1)
        ring.redact(redaction, places(pupils.log, "p1", surname.purpose))
    assert told(pupils) == []
    keys(pupils, "UPDATE box_keys SET key = zeroblob(32)")
    assert len(told(pupils)) == len(others)


def test_a_upn_by_which_nobody_is_found_any_more_is_a_finding(pupils):
    """A second pupil could be entered under it. One that went with a redaction is none."""
    keys(pupils, "DELETE FROM identities WHERE pupil = 'p1'")
    [what] = told(pupils)
    assert what == "keys.db does not know the UPN or local id of pupil p1: nobody is found by it"
    [upn] = [t for t in sealed_texts(pupils) if (t.subject, t.field) == ("p1", "upn")]
    with closing(KeyRing(pupils.keys)) as ring:
        redaction = Redaction(*upn[2:5], upn.position, upn.field, 1)
        ring.redact(redaction, places(pupils.log, "p1", upn.purpose))
    assert told(pupils) == []


def test_an_id_that_no_entry_states_is_told(pupils):
    """It finds a pupil all the same; one that finds nobody in the log is left of a new pupil."""
    keys(pupils, "INSERT INTO identities VALUES('ALIAS', 'upn', 'p2'), ('NEW', 'upn', 'p3')")
    [stray] = lost(pupils)
    assert stray.startswith("keys.db finds pupil p2 by a UPN or local id that no entry states")
    assert told(pupils) == []


def test_keys_that_were_destroyed_are_told_since_no_entry_says_by_whom(pupils):
    """An author's name, or a reason, is one of the five that the law wants of an amendment."""
    with closing(KeyRing(pupils.keys)) as ring:
        ring.destroy("p2", at=1)
    [loss] = lost(pupils)
    assert loss.startswith(
        "keys were destroyed, of p2: their texts read [beyond use], and no entry"
    )
    with closing(KeyRing(pupils.keys)) as ring:
        ring.destroy_again((other, "casework", 1) for other in ("q0", "q1", "q2"))
    assert lost(pupils)[0].startswith("keys were destroyed, of p2, q0, q1 …: ")
