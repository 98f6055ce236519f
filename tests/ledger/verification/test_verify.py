"""Verification finds whatever was changed, and says at which entry.

Most ways of changing a log, and the words that name them, are in `tests/adversary/operators.py`.
"""

import json
import os
import sqlite3
from base64 import b64encode
from contextlib import closing
from datetime import date

import pytest

from commands.core.execute import execute
from commands.proof.keys import RotateKey
from commands.school.staff import AddStaff
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import TermSet
from ledger.events.school import SchoolOpened
from ledger.files import bound, open_read_only
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.schema import SCHEMA
from ledger.store.store import Store
from ledger.tlog import signing
from ledger.tlog.note import Checkpoint, Note, new_signer, read_note, sign
from ledger.tlog.tree import EMPTY_ROOT, Edge
from ledger.transparency.proof import Proofs
from ledger.verification import surroundings
from ledger.verification.verify import KeptCheckpoint, origin_of, verify
from tests.ledger.conftest import Log
from tests.ledger.refusals import refused_with
from tests.ledger.tampering import tampered

SIZE = 9


def stored(folder, sql, *values):
    """Return the one value that the file holds."""
    with closing(sqlite3.connect(folder.log)) as db:
        [value] = db.execute(sql, values).fetchone()
    return value


def edge_of(folder, size):
    hashes, edge = stored(folder, "SELECT hashes FROM hash_tiles"), Edge()
    for cut in range(0, 32 * min(size, SIZE), 32):
        edge.grow(hashes[cut : cut + 32])
    return edge


def faults(folder, **options):
    return [(fault.position, fault.what) for fault in verify(folder, **options).faults]


def told(folder, **options):
    return "\n".join(f"{position}: {what}" for position, what in faults(folder, **options))


def test_an_untouched_ledger_has_no_fault(grown):
    """Its newest checkpoint is signed by the key that it names."""
    seen = []
    found = verify(grown, every_signature=True, progress=lambda *p: seen.append(p))
    assert (found.faults, found.entries, seen) == ([], SIZE, [(SIZE, SIZE)])
    key = signing.load(grown.signing_key).verifier
    assert [each for _, each in found.keys] == [key]
    assert key.time_of(found.checkpoint) == 0
    assert found.origin == key.name


STATE = "SELECT state FROM stored_events WHERE position = 7"
EDIT = "UPDATE stored_events SET state = ? WHERE position = 7"


def test_an_edited_event_is_named(grown):
    """With what was expected and what was found."""
    state = stored(grown, STATE)
    changed = state[:-3] + bytes([state[-3] ^ 1]) + state[-2:]
    tampered(grown.log, (EDIT, [changed]))
    first, *others = faults(grown)
    assert first[0] == 7
    assert "is not what was recorded" in first[1]
    assert any("the root over 7 entries is" in what for _, what in others)


def test_a_text_that_was_sealed_for_another_place_is_named(grown):
    """Of another field, of another stream; a box of an older ledger names no place."""
    box = "~staff:x/identity%s.AAAA.AAAA"
    stream = stored(grown, "SELECT originator_id FROM stored_events WHERE position = 7")
    places = [f"\tname\t{stream}", f"\tjob_title\t{stream}", f"\tname\t{stream}x", ""]
    found = []
    for place in places:
        state = json.dumps({"name": box % place, "job_title": "Teacher"}).encode()
        tampered(grown.log, (EDIT, [state]))
        found.append("7: the name of StaffJoined.v2 was sealed for another" in told(grown))
    assert found == [False, True, True, False]


def test_bytes_written_otherwise_are_named(grown):
    """The same fact with a blank more is not what this software writes."""
    tampered(grown.log, (EDIT, [stored(grown, STATE).replace(b":", b": ", 1)]))
    assert "7: StaffJoined.v2 cannot be read, or is not written as" in told(grown)


HEADER = "(SELECT state FROM stored_events WHERE position = 6)"
VALUES = "10, 'commits', 4, 'Committed.v1', " + HEADER
INSERT = f"INSERT INTO stored_events VALUES({VALUES})"


def test_an_event_beyond_the_newest_checkpoint_is_a_finding(grown):
    tampered(grown.log, INSERT)
    said = told(grown)
    assert "entries 10 to 10 are beyond the newest checkpoint" in said
    assert "10: its time is before that of the transaction before it" in said


RENAMED = (
    "UPDATE stored_events SET originator_id = 'commits', originator_version = 9 WHERE position = 9"
)


def test_a_transaction_inside_another_is_a_finding(grown):
    """A header where a fact should be; a fact where a header should be."""
    tampered(grown.log, RENAMED)
    said = told(grown)
    assert "9: a transaction begins inside another, which ends at 9" in said
    assert "9: StaffJoined.v2 stands where a transaction's header should" in said
    assert "version 4 of commits was expected, 10 found" in said


FACT = INSERT.replace("'commits', 4, 'Committed.v1'", "'staff:S9', 0, 'StaffJoined.v2'")
SHORT = "8: a checkpoint is of 9 entries, the log holds 7: entries at its end"
HALF = "9: its transaction should end at 9: entries at its end are missing"
CHANGES = {
    "DELETE FROM stored_events WHERE position = 7": "7: entry 7 is missing: 8 follows",
    "DELETE FROM stored_events WHERE position > 7": SHORT,
    "DELETE FROM stored_events WHERE position = 9": HALF,
    FACT: "10: it belongs to no transaction",
    "UPDATE stored_events SET state = x'00' WHERE position = 8": "8: Committed.v1 cannot be read",
    "DELETE FROM checkpoints WHERE size = 9": "entries 8 to 9 are beyond the newest checkpoint",
    "DELETE FROM checkpoints": "entries 1 to 9 are beyond the newest checkpoint",
    "DELETE FROM checkpoints WHERE size = 7": "the transaction that ends at 7 has no checkpoint",
    "UPDATE hash_tiles SET hashes = zeroblob(289)": "kept of entry 1 and on are more, or fewer",
    "DELETE FROM hash_tiles": "1: Committed.v1 of commits has no leaf hash beside it: it was",
}


@pytest.mark.parametrize("statement", CHANGES)
def test_a_change_of_the_log_or_of_what_lies_beside_it_is_named(grown, statement):
    tampered(grown.log, statement)
    assert CHANGES[statement] in told(grown)


def test_a_checkpoint_signed_by_somebody_else_is_named(grown):
    """The newest always; every other one when asked."""
    stranger = new_signer(signing.load(grown.signing_key).name, bytes(32))
    for size, asked in ((9, False), (7, True)):
        root = edge_of(grown, size).root()
        note = sign(Checkpoint(stranger.name, size, root), [stranger]).written
        tampered(grown.log, ("UPDATE checkpoints SET note = ? WHERE size = ?", [note, size]))
        what = f"the checkpoint at entry {size} is not signed by the ledger"
        assert what in told(grown, every_signature=asked)


SCHEMES = {
    "DROP TRIGGER stored_events_no_update": "stored_events_no_update",
    "CREATE TABLE extra(x)": "the log holds what this software does not make: table extra",
    "CREATE VIEW v AS SELECT 1": "view v",
    "DROP TABLE cosignatures": "cosignatures",
}


@pytest.mark.parametrize("statement", SCHEMES)
def test_a_changed_schema_is_named(grown, statement):
    """A trigger that is missing lets any program rewrite the register."""
    with closing(sqlite3.connect(grown.log)) as db:
        db.execute(statement)
    assert SCHEMES[statement] in told(grown)


ENDLESS = "(SELECT 1 UNION ALL SELECT 1 FROM n)"
VIEW = f"CREATE VIEW {{}} AS WITH RECURSIVE n(x) AS {ENDLESS} SELECT {{}} FROM n"  # noqa: S608
PROGRAMS = {
    "an endless view": [
        "ALTER TABLE checkpoints RENAME TO x",
        VIEW.format("checkpoints", "x AS size, 'x' AS note"),
    ],
    "an endless log": [
        "ALTER TABLE stored_events RENAME TO x",
        VIEW.format("stored_events", "x AS position, '' AS originator_id, '' AS state"),
    ],
    "an index that takes all memory": [
        "CREATE INDEX big ON checkpoints(length(replace(hex(zeroblob(1000+size)),'0','1')))"
    ],
    "a column that is computed": [
        "ALTER TABLE checkpoints ADD COLUMN more INTEGER AS (length(hex(zeroblob(9))))"
    ],
}


@pytest.mark.parametrize("statements", PROGRAMS.values(), ids=PROGRAMS)
def test_nothing_in_a_file_from_somebody_else_is_run(grown, statements, monkeypatch):
    """The check ends with the schema, and whoever reads the ledger refuses it."""
    tampered(grown.log, *statements, put_back=False)
    monkeypatch.setattr(surroundings, "faults_of_file", None)
    words = told(grown)
    assert "the log holds what this software does not make: " in words
    assert "nothing else was looked at" in words
    assert origin_of(grown) is None
    for read in (grown.head, lambda: Store(grown.log), lambda: Proofs(grown)):
        with refused_with("ledger-foreign", match="^the log lacks, or has changed|^the log holds"):
            read()


def test_pages_that_lead_to_each_other_come_to_an_end(grown):
    """What is read is bounded by the size of the file, and no value is endless."""
    with closing(open_read_only(grown.log)) as db:
        bound(db, grown.log)
        endless = (
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"
        )
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            db.execute(endless).fetchone()
        with pytest.raises(sqlite3.Error, match="too big"):
            db.execute("SELECT zeroblob(400000000)").fetchone()


def test_the_schema_is_what_a_ledger_is_made_of(grown):
    """Each statement once; nothing in the file besides."""
    count = stored(grown, "SELECT count(*) FROM sqlite_master WHERE sql IS NOT NULL")
    assert count == len(SCHEMA) == len(set(SCHEMA))


def test_a_database_that_is_malformed_is_a_finding(grown):
    """Bytes overwritten in the middle of the file; a file that is none."""
    with grown.log.open("r+b") as file:
        file.seek(grown.log.stat().st_size // 2)
        file.write(os.urandom(8192))
    assert "malformed" in told(grown)
    grown.log.write_bytes(b"no database at all")
    assert "malformed" in told(grown)


def test_a_ledger_of_another_layout_is_a_finding(grown):
    with closing(sqlite3.connect(grown.log)) as db:
        db.execute("PRAGMA user_version = 99")
    assert "the ledger has layout 99" in told(grown)


def kept(folder, size, root=None, origin=None):
    name = origin or signing.load(folder.signing_key).name
    root = root or edge_of(folder, size).root()
    return KeptCheckpoint("a governor", Checkpoint(name, size, root))


def test_a_checkpoint_kept_outside_must_be_continued(grown):
    """Of any size, also inside a transaction; several at once."""
    good = [kept(grown, size) for size in (1, 5, 9)]
    assert faults(grown, kept=good) == []
    bad = {
        "rolled back or cut short": kept(grown, 10),
        "entries 1 to 5 are not those that a governor saw": kept(grown, 5, root=bytes(32)),
        "is of another log: attendance-ledger/ff": kept(grown, 5, origin="attendance-ledger/ff"),
    }
    for what, each in bad.items():
        assert what in told(grown, kept=[*good, each])


def test_a_key_is_handed_on_by_the_one_before(context, grown):
    """What either signed stays provable; a key that nobody handed on is a finding."""
    before = signing.load(grown.signing_key).verifier
    outcome = RotateKey().carry_out(context)
    after = signing.load(grown.signing_key).verifier
    assert after.vkey in outcome.says[0]
    found = verify(grown, every_signature=True)
    assert (found.faults, [key for _, key in found.keys]) == ([], [before, after])
    execute(context, AddStaff(staff_id="S4", name="Cat", job_title="Teacher"))
    assert faults(grown, every_signature=True) == []


def test_a_rotation_that_was_interrupted_can_be_given_again(context, grown, monkeypatch):
    """Between the event and the file: both keys sign until it is done."""
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("power")))
        with pytest.raises(Refused):
            RotateKey().carry_out(context)
    assert signing.successor(grown.signing_key).is_file()
    execute(context, AddStaff(staff_id="S4", name="Cat", job_title="Teacher"))
    assert faults(grown, every_signature=True) == []
    RotateKey().carry_out(context)
    assert not signing.successor(grown.signing_key).is_file()
    execute(context, AddStaff(staff_id="S5", name="Dan", job_title="Teacher"))
    assert faults(grown, every_signature=True) == []


def test_no_more_than_a_hundred_faults_are_kept(grown):
    found = verify(grown)
    for number in range(300):
        found.add(300 - number, "x")
    found.add(None, "the file")
    found.settle()
    assert [fault.position for fault in found.faults] == [*range(1, 101), None]
    for _ in range(20_000):
        found.add(1, "x")
    assert len(found.faults) == 10_000


def test_verifying_writes_nothing(grown):
    """SQLite's own side files apart, which any reader makes."""

    def content():
        paths = [path for path in grown.path.rglob("*") if path.suffix in (".db", ".key")]
        return {path: path.read_bytes() for path in paths}

    before = content()
    verify(Folder(grown.path), every_signature=True)
    assert content() == before
    assert len(before) == 3


@pytest.mark.parametrize(("value", "says"), [("x'c0af'", "UTF-8"), ("NULL", "None"), ("7", "int")])
def test_what_is_no_text_is_named_by_its_place(grown, value, says):
    """Also where the table was made to take it."""
    made = "SELECT sql FROM sqlite_master WHERE name = 'stored_events'"
    strict = stored(grown, made)
    loose = strict.replace("STRICT", "").replace(" NOT NULL", "")
    change = ("UPDATE sqlite_master SET sql = ? WHERE name = 'stored_events'",)
    sql = "UPDATE stored_events SET topic = CAST(%s AS TEXT) WHERE position = 5"
    tampered(grown.log, "PRAGMA writable_schema = ON", (*change, [loose]))
    tampered(grown.log, sql % value)
    tampered(grown.log, "PRAGMA writable_schema = ON", (*change, [strict]))
    positions = [position for position, _ in faults(grown) if position is not None]
    assert positions[0] == 5
    assert says in told(grown) or "5: 7 of " in told(grown)


NOTE = "SELECT note FROM checkpoints WHERE size = ?"


def resigned(folder, size, text=None, *, also=()):
    """Sign a checkpoint again with the ledger's own key, in another form."""
    signer = signing.load(folder.signing_key)
    text = text or read_note(stored(folder, NOTE, size)).text
    again = Note(text, (signer.sign(text), *[other.sign(text) for other in also]))
    tampered(folder.log, ("UPDATE checkpoints SET note = ? WHERE size = ?", [again.written, size]))


def test_a_checkpoint_is_written_in_one_way_only(grown):
    """Another signature of the same key may be there while it is replaced; no stranger's."""
    resigned(grown, 7, also=[new_signer(signing.load(grown.signing_key).name, bytes(32))])
    assert faults(grown, every_signature=True) == []
    own = signing.load(grown.signing_key)
    for also in ([own], [new_signer(own.name, bytes([n]) * 32) for n in (1, 2)]):
        resigned(grown, 7, also=also)
        what = "7: the checkpoint at entry 7 is not written as this software writes it"
        assert what in told(grown)
    resigned(grown, 7, also=[new_signer("stranger", bytes(32))])
    assert "7: the checkpoint at entry 7 is not written as this software writes it" in told(grown)
    resigned(grown, 7, f"{signing.load(grown.signing_key).name}\n7\n{'A' * 43}=\nmore\n")
    assert "7: the checkpoint at entry 7 is not written as this software writes it" in told(grown)


def test_whoever_kept_a_checkpoint_that_nobody_signed_is_told_so(grown):
    """A file that somebody made up accuses nobody."""
    good = kept(grown, 5)
    forged = good._replace(checkpoint=good.checkpoint._replace(root=bytes(32)))
    signer = signing.load(grown.signing_key)
    stranger = new_signer(signer.name, bytes(32))
    made_up = forged._replace(note=sign(forged.checkpoint, [stranger]))
    ours = forged._replace(note=sign(forged.checkpoint, [signer]))
    rest = "the history was rewritten; no key of this log signed that checkpoint"
    assert told(grown, kept=[made_up]).endswith(rest)
    assert told(grown, kept=[ours]).endswith("the history was rewritten")


def test_a_checkpoint_that_an_earlier_key_signed_is_the_logs_own(context, grown):
    """Whoever kept it before the key was replaced holds no forgery."""
    signer = signing.load(grown.signing_key)
    good = kept(grown, 5)
    forged = good._replace(checkpoint=good.checkpoint._replace(root=bytes(32)))
    RotateKey().carry_out(context)
    ours = forged._replace(note=sign(forged.checkpoint, [signer]))
    assert told(grown, kept=[ours]).endswith("the history was rewritten")


def test_the_empty_tree_begins_every_log(grown):
    origin = signing.load(grown.signing_key).name
    assert faults(grown, kept=[KeptCheckpoint("x", Checkpoint(origin, 0, EMPTY_ROOT))]) == []
    assert "1 to 0" in told(grown, kept=[KeptCheckpoint("x", Checkpoint(origin, 0, bytes(32)))])


def test_the_origin_of_a_ledger_is_its_newest_checkpoints(grown):
    """None where it cannot be read."""
    assert origin_of(grown) == signing.load(grown.signing_key).name
    tampered(grown.log, "UPDATE checkpoints SET note = 'x' WHERE size = 9")
    assert origin_of(grown) is None
    grown.log.write_bytes(b"no database")
    assert origin_of(grown) is None


def test_what_the_log_says_of_itself_is_taken_from_it(grown):
    """Whose register it is; other facts of those streams say nothing of that."""
    facts = [Fact(streams.CALENDAR, event) for event in (OPENED, TERM)]
    with closing(Store(grown.log)) as store:
        Log(store).append(*facts)
    found = verify(grown)
    assert (found.faults, found.urn) == ([], "123456")
    assert found.root_text == b64encode(found.root).decode()


OPENED = SchoolOpened(
    urn="123456", name="Test School", la_code="887", estab="4001", type="academy",
    phase="secondary",
)  # fmt: skip
TERM = TermSet(name="Autumn", first=date(2025, 9, 1), last=date(2025, 12, 19))


def test_a_checkpoint_before_a_key_was_adopted_needs_the_keys_of_its_time(context, grown):
    """The newer checkpoints lost, the newest left is honest: the key in the log came after it."""
    RotateKey().carry_out(context)
    tampered(grown.log, ("DELETE FROM checkpoints WHERE size > ?", [SIZE]))
    assert faults(grown, every_signature=True) == [
        (10, "entries 10 to 11 are beyond the newest checkpoint")
    ]


def test_a_signature_of_the_key_before_must_be_good_too(context, grown):
    """Where there is one: both keys sign the checkpoint with which the one takes over."""
    before = signing.load(grown.signing_key)
    RotateKey().carry_out(context)
    note = read_note(stored(grown, NOTE, 11))
    assert note.signed_by(before.verifier)
    bad = note.signatures[0]._replace(signature=bytes(64))
    written = note._replace(signatures=(*note.signatures, bad)).written
    tampered(grown.log, ("UPDATE checkpoints SET note = ? WHERE size = 11", [written]))
    assert "11: the checkpoint at entry 11 is not signed by the ledger" in told(grown)
