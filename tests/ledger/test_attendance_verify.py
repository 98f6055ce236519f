"""The verifier for strangers: what it accepts, what it refuses, and what it says of both.

Its ledgers are written here entry by entry, so that each rule can be broken alone.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from base64 import b64decode, b64encode
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import attendance_verify
from ledger.events.log import KeyAdopted
from ledger.store.folder import LAYOUT, Folder
from ledger.store.schema import SCHEMA
from ledger.tlog.note import COSIGNATURE, Checkpoint, Note, Signer, new_signer, read_note, sign
from ledger.tlog.tree import HASH_BYTES, TILE, Edge, Tree, leaf_bytes, leaf_hash
from ledger.transparency.proof import Proof, Stretch, stretch_of
from tests.ledger.refusals import refused_with
from tests.ledger.tampering import tampered

ID = "0123456789abcdef" * 2
ORIGIN = f"attendance-ledger/{ID}"
FIRST, SECOND = (new_signer(ORIGIN, bytes([n]) * 32) for n in (1, 2))
STRANGER = new_signer(ORIGIN, bytes([9]) * 32)
ELSEWHERE = new_signer("attendance-ledger/elsewhere", bytes([2]) * 32)
WITNESS = new_signer("witness.example/w1", bytes([3]) * 32, COSIGNATURE)
KEY, NEW_KEY, WITNESS_KEY = (s.verifier.vkey for s in (FIRST, SECOND, WITNESS))
NINE = 1_795_165_200_000_000
SECONDS = NINE // 1_000_000
MARK = "mark:p:2026-11-20/AM"
SIZE = 10
HOME = Path(__file__).parents[2]


def header(count, at=NINE, **more):
    return ("commits", "Committed.v1", {"at": at, "count": count} | more)


def entries():
    handed = FIRST.hand_over(NEW_KEY)
    return [
        header(2),
        ("ledger", "KeyAdopted.v1", {"key": KEY}),
        ("ledger", "LedgerCreated.v1", {"ledger_id": ID, "layout": LAYOUT}),
        header(2),
        ("witness:school", "WitnessTrusted.v1", {"key": WITNESS_KEY}),
        (MARK, "SessionMarked.v1", {"code": "/", "note": "né\u202e"}),
        header(1, NINE + 5),
        ("ledger", "KeyAdopted.v1", {"key": NEW_KEY, "signature": handed}),
        header(1, NINE + 5),
        (MARK, "MarkAmended.v1", {"code": "B"}),
    ]


@dataclass
class Written:
    """A ledger that is written as it is told to be, right or wrong."""

    folder: Path
    said: list = field(default_factory=entries)
    versions: dict = field(default_factory=dict)
    ends: dict = field(default_factory=lambda: {3: FIRST, 6: FIRST, 8: SECOND, 10: SECOND})
    cosigned: dict = field(default_factory=dict)

    @property
    def rows(self):
        counts: dict[str, int] = {}
        found = []
        for position, (stream, name, body) in enumerate(self.said, 1):
            version = self.versions.get(position, counts.get(stream, 0))
            counts[stream] = version + 1
            state = body if isinstance(body, bytes) else json.dumps(body).encode()
            found.append((position, stream, version, name, state))
        return found

    @property
    def tree(self):
        return Tree([leaf_hash(leaf_bytes(*row)) for row in self.rows])

    def note(self, size, signer=None) -> Note:
        checkpoint = Checkpoint(ORIGIN, size, self.tree.root(size))
        return sign(checkpoint, [signer or self.ends[size]])

    def write(self) -> Path:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "ledger.db"
        path.unlink(missing_ok=True)
        edge, hashes = Edge(), b""
        for row in self.rows:
            leaf = leaf_hash(leaf_bytes(*row))
            edge.grow(leaf)
            hashes += leaf
        with closing(sqlite3.connect(path)) as db:
            for sql in (*SCHEMA, f"PRAGMA user_version = {LAYOUT}"):
                db.execute(sql)
            db.executemany("INSERT INTO stored_events VALUES(?,?,?,?,?)", self.rows)
            for size in self.ends:
                note = self.note(size).written
                db.execute("INSERT INTO checkpoints VALUES(?,?)", [size, note])
            for size, line in self.cosigned.items():
                db.execute("INSERT INTO cosignatures VALUES(?,?)", [size, line])
            db.execute("INSERT INTO tree_edge VALUES(1,?,?)", [edge.size, edge.written])
            for n in range(0, edge.size, TILE):
                part = hashes[n * HASH_BYTES : (n + TILE) * HASH_BYTES]
                db.execute("INSERT INTO hash_tiles VALUES(?,?)", [n // TILE, part])
            db.commit()
        return self.folder

    def cosign(self, size, seconds=SECONDS, by: Signer = WITNESS):
        self.cosigned[size] = by.sign(self.note(size).text, seconds).line

    def proof(self, position) -> Proof:
        hashes = tuple(self.tree.inclusion(position - 1, SIZE))
        leaf = leaf_bytes(*self.rows[position - 1])
        return Proof(leaf, position - 1, hashes, self.note(SIZE))

    def stretch(self, first, last) -> Stretch:
        leaves = [leaf_bytes(*row) for row in self.rows[first - 1 : last]]
        around = self.tree.around(first - 1, last, SIZE)
        keys = [KeyAdopted(key=KEY)]
        keys.append(KeyAdopted(key=NEW_KEY, signature=FIRST.hand_over(NEW_KEY)))
        return Stretch(first, last, keys, around, leaves, self.note(SIZE))


@pytest.fixture
def written(tmp_path) -> Written:
    return Written(tmp_path / "ledger")


@pytest.fixture
def verify(capsys):
    """Runs the verifier, which ends with a status; returns all that it printed."""

    def run(status, path, *arguments) -> str:
        ended = attendance_verify.main([str(path), *map(str, arguments)])
        said = capsys.readouterr()
        assert ended == status, said
        return said.out + said.err

    return run


@pytest.fixture
def given_file(tmp_path):
    def write(text: str | bytes, name="given") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def sign_text(text: str, *signers: Signer) -> Note:
    return Note(text, tuple(signer.sign(text) for signer in signers))


def signed_too(written: Written, *signers: Signer) -> Note:
    return sign_text(written.note(SIZE).text, SECOND, *signers)


def spoilt(folder: Path, *statements, put_back=True):
    tampered(folder / "ledger.db", *statements, put_back=put_back)
    return folder


# -- a whole ledger ----------------------------------------------------------------------------


def test_an_untouched_ledger_is_accepted(written, verify):
    """Without a key from outside, it says, only that it agrees with itself."""
    said = verify(0, written.write(), "--all")
    assert "Entries      1 to 10: unaltered" in said
    assert "Signature    by a key that only the file itself names" in said
    assert "Seen         by no one outside since entry 1\n" in said
    assert "only that the file agrees with itself" in said
    assert "That nothing came after entry 10: without any key" in said
    assert "2026-11-20T09:00:00Z to 2026-11-20T09:00:00Z" in said


@pytest.mark.parametrize("key", [KEY, NEW_KEY])
def test_a_key_from_outside_is_one_of_its_own_and_leads_to_the_newest(written, verify, key):
    said = verify(0, written.write() / "ledger.db", "--key", key)
    assert "by the key given, or its successor" in said
    assert "agrees with itself" not in said


def test_another_key_from_outside_is_a_difference(written, verify, given_file):
    path = given_file(f"# of another\n\n{STRANGER.verifier.vkey}\n", "key")
    said = verify(3, written.write(), "--key", path)
    assert "it was never signed by the key given" in said
    assert "Signature    NOT the ledger's" in said
    assert "Proven" not in said.replace("Not proven", "")
    assert "Anything, until what is wrong is explained" in said


STATE = "UPDATE stored_events SET state = ? WHERE position = 6"
NOTE = "UPDATE checkpoints SET note = ? WHERE size = {}"
COSIGNATURE_OF_6 = "INSERT INTO cosignatures VALUES(6, ?)"
EDIT = (STATE, [json.dumps({"code": "O"}).encode()])


def noted(size, note: Note):
    return NOTE.format(size), [note.written]


def of_two_lines(w):
    return COSIGNATURE_OF_6, [WITNESS.sign(w.note(6).text, SECONDS).line * 2]


def broken_signature(w):
    return noted(10, w.note(10)._replace(signatures=read_note(w.note(8).written).signatures))


def longer_tile(more: int):
    """So many zero bytes after the hashes of the ten entries."""
    return "UPDATE hash_tiles SET hashes = CAST(hashes || ? AS BLOB)", [bytes(more)]


TILE_0 = "tile 0 of the leaf hashes is more than the entries"
BROKEN = {
    "an edit": (
        EDIT,
        "entry 6: SessionMarked.v1 of mark:p:2026-11-20/AM is not what was recorded",
    ),
    "a deletion": (
        "DELETE FROM stored_events WHERE position = 6",
        "entry 7: entry 6 was expected in its place",
    ),
    "a truncation": (
        "DELETE FROM stored_events WHERE position > 8",
        "entry 8: 2 more entries were recorded",
        "entry 10: a checkpoint is of 10 entries",
    ),
    "half a transaction": (
        "DELETE FROM stored_events WHERE position > 9",
        "entry 9: its transaction should end at 10",
    ),
    "a missing checkpoint": (
        "DELETE FROM checkpoints WHERE size = 6",
        "entry 6: no checkpoint follows the transaction that ends here",
    ),
    "no checkpoint": ("DELETE FROM checkpoints", "there is no checkpoint"),
    "a broken checkpoint": ((NOTE.format(3), ["x"]), "entry 3: its checkpoint cannot be read"),
    "a checkpoint that is no text": (
        "UPDATE checkpoints SET note = CAST(x'ff' AS TEXT) WHERE size = 3",
        "entry 3: its checkpoint cannot be read: it is not a text",
    ),
    "a checkpoint moved": (
        "UPDATE checkpoints SET size = 5 WHERE size = 6",
        "entry 5: the checkpoint kept for 5 entries is of 6",
        "where no transaction ends",
    ),
    "another root": (
        noted(6, sign(Checkpoint(ORIGIN, 6, bytes(32)), [FIRST])),
        "entry 6: the root over 6 entries is",
    ),
    "a stranger's signature": (
        lambda w: noted(10, w.note(10, STRANGER)),
        "the checkpoint of 10 entries is not signed by the ledger's key",
    ),
    "a broken signature": (
        broken_signature,
        "the checkpoint of 10 entries is not signed",
        "NOT the ledger's",
    ),
    "a cosignature of nothing": (
        "INSERT INTO cosignatures VALUES(5, 'x')",
        "entry 5: a cosignature is of no checkpoint",
    ),
    "a broken cosignature": ((COSIGNATURE_OF_6, ["x"]), "entry 6: a cosignature cannot be read"),
    "a cosignature of two lines": (
        of_two_lines,
        "entry 6: a cosignature cannot be read: it is not one line",
    ),
    "a stranger's line": (
        lambda w: noted(10, signed_too(w, ELSEWHERE)),
        "entry 10: its checkpoint holds what is not the ledger's",
    ),
    "three keys' lines": (
        lambda w: noted(10, signed_too(w, STRANGER, FIRST)),
        "entry 10: its checkpoint holds what is not the ledger's",
    ),
    "a line repeated": (
        lambda w: noted(10, signed_too(w, SECOND)),
        "entry 10: its checkpoint holds what is not the ledger's",
    ),
    "a checkpoint with a fourth line": (
        lambda w: noted(10, sign_text(w.note(10).text + "more\n", SECOND)),
        "entry 10: its checkpoint holds what is not the ledger's",
    ),
    "a timestamp of nothing": (
        "INSERT INTO timestamps VALUES(5, x'00')",
        "entry 5: a timestamp is of no checkpoint that is kept here",
    ),
    "a timestamp of something else": (
        "INSERT INTO timestamps VALUES(6, x'3000')",
        "entry 6: a timestamp is of no checkpoint that is kept here",
    ),
    "a tile too many": ("INSERT INTO hash_tiles VALUES(1, x'')", "tile 1 of the leaf hashes"),
    "a tile after one that is not full": (
        "INSERT INTO hash_tiles VALUES(1, zeroblob(32))",
        "tile 1 of the leaf hashes is more than the entries",
    ),
    "a tile of no hash": ("UPDATE hash_tiles SET hashes = x''", TILE_0),
    "a tile of ten hashes and a bit": (lambda _: longer_tile(1), TILE_0),
    "a tile of 257 hashes": (lambda _: longer_tile(32 * 247), TILE_0),
    "another edge": ("UPDATE tree_edge SET size = 9", "the edge of the tree, as kept"),
    "a missing tile": ("UPDATE hash_tiles SET n = 1", "tile 0 of the leaf hashes is missing"),
    "fewer hashes": ("UPDATE hash_tiles SET hashes = substr(hashes, 1, 288)", "kept none"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_tampered_ledger_is_refused_and_says_where(written, verify, what):
    change, *expected = BROKEN[what]
    statement = change(written) if callable(change) else change
    said = verify(3, spoilt(written.write(), statement), "--key", KEY)
    for each in (*expected, "NOT accepted, see below"):
        assert each in said


def test_a_tile_holds_256_hashes(written, verify):
    """So many that are more than the entries are a log cut short, and no tile too long."""
    said = verify(3, spoilt(written.write(), longer_tile(32 * 246)), "--key", KEY)
    assert "entry 10: 246 more entries were recorded: the log was cut short" in said
    assert TILE_0 not in said


def test_both_keys_sign_while_one_replaces_the_other(written, verify):
    """A bad signature in the name of either is a difference."""
    both = sign(Checkpoint(ORIGIN, SIZE, written.tree.root(SIZE)), [FIRST, SECOND])
    verify(0, spoilt(written.write(), noted(10, both)), "--key", KEY)
    bad = both._replace(signatures=(FIRST.sign("x"), both.signatures[1]))
    said = verify(3, spoilt(written.folder, noted(10, bad)), "--key", KEY)
    assert f"the signature by {FIRST.verifier.key_id.hex()} is not of this checkpoint" in said
    assert "NOT the ledger's" in said


def test_a_key_on_another_stream_is_none(written, verify):
    written.said[7] = ("ledgers", "KeyAdopted.v1", {"key": STRANGER.verifier.vkey})
    written.ends |= {8: FIRST, 10: FIRST}
    verify(0, written.write(), "--all", "--key", KEY)


def test_an_old_signature_is_checked_where_all_are_asked_for(written, verify):
    written.ends[3] = STRANGER
    verify(0, written.write())
    said = verify(3, written.write(), "--all")
    assert "the checkpoint of 3 entries is not signed by the ledger's key" in said


def test_a_checkpoint_before_any_key_is_signed_by_nobody(written, verify):
    written.said[:3] = [header(0), header(1), ("ledger", "KeyAdopted.v1", {"key": KEY})]
    written.ends[1] = FIRST
    said = verify(3, written.write(), "--all")
    assert "entry 1: no key was adopted before this checkpoint" in said
    assert "the log's name is not that of the ledger whose birth it records" in said


def changed(position, body=None, *, stream=None, name=None):
    def apply(written):
        old = written.said[position - 1]
        new = (stream or old[0], name or old[1], old[2] if body is None else body)
        written.said[position - 1] = new

    return apply


def handed_to(signer):
    return {"key": signer.verifier.vkey, "signature": FIRST.hand_over(signer.verifier.vkey)}


NO_HEADER = "it is not a transaction's header"
RULES = {
    "a version": (lambda w: w.versions.update({10: 3}), "entry 10: version 2 of mark:p:"),
    "no JSON": (changed(6, b"{"), "entry 6: SessionMarked.v1 is not one JSON object"),
    "no object": (changed(6, b"[]"), "entry 6: SessionMarked.v1 is not one JSON object"),
    "no UTF-8": (changed(6, b'{"a":"\xff"}'), "is not one JSON object"),
    "a field twice": (changed(6, b'{"a":1,"a":2}'), "is not one JSON object"),
    "a field twice, further in": (changed(6, b'{"a":[{"b":1,"b":1}]}'), "is not one JSON object"),
    "a number that is none": (changed(6, b'{"a":NaN}'), "is not one JSON object"),
    "half a surrogate": (changed(6, b'{"a":"\\ud83d"}'), "is not one JSON object"),
    "a time with a fraction": (changed(4, header(2, NINE * 1.0)[2]), f"entry 4: {NO_HEADER}"),
    "a count that is none": (changed(7, header(True)[2]), f"entry 7: {NO_HEADER}"),
    "a count below nothing": (changed(7, header(-1)[2]), f"entry 7: {NO_HEADER}"),
    "a header of another version": (changed(4, name="Committed.v2"), f"entry 4: {NO_HEADER}"),
    "too deep": (changed(6, b"[" * 100_000), "is not one JSON object"),
    "too large a number": (changed(6, b"9" * 5000), "is not one JSON object"),
    "a transaction inside another": (
        changed(4, header(4)[2]),
        "entry 7: a transaction begins inside another, which ends at 8",
    ),
    "a transaction at the end of another": (
        changed(4, header(3)[2]),
        "entry 7: a transaction begins inside another, which ends at 7",
    ),
    "an entry too many": (changed(4, header(1)[2]), "entry 6: it belongs to no transaction"),
    "another event as header": (changed(4, name="SessionMarked.v1"), f"entry 4: {NO_HEADER}"),
    "no time": (changed(4, {"count": 2}), f"entry 4: {NO_HEADER}"),
    "an earlier time": (
        changed(9, header(1)[2]),
        "entry 9: its time is before that of the transaction before it",
    ),
    "a key of nobody's": (changed(8, {"key": NEW_KEY}), "entry 8: the change of key is broken"),
    "a key that the old one did not sign": (
        changed(8, {"key": NEW_KEY, "signature": STRANGER.hand_over(NEW_KEY)}),
        "entry 8: the key before it did not sign this key",
    ),
    "no key at all": (changed(2, {"key": 1}), "entry 2: the change of key is broken"),
    "a key that is none": (changed(2, {"key": "x"}), "entry 2: the change of key is broken"),
    "another ledger's birth": (
        changed(3, {"ledger_id": "f" * 32, "layout": LAYOUT}),
        "the log's name is not that of the ledger",
    ),
    "a birth without a layout": (
        changed(3, {"ledger_id": ID}),
        "entry 3: the ledger's birth names no ledger_id or layout",
    ),
    "a second birth": (
        changed(10, {"ledger_id": ID, "layout": LAYOUT}, stream="ledger", name="LedgerCreated.v1"),
        "entry 10: the ledger is born a second time",
    ),
    "a key of another log": (
        lambda w: w.said.__setitem__(7, ("ledger", "KeyAdopted.v1", handed_to(ELSEWHERE))),
        "entry 8: this key is of another log: attendance-ledger/elsewhere",
    ),
    "the key of a witness": (
        lambda w: w.said.__setitem__(7, ("ledger", "KeyAdopted.v1", handed_to(WITNESS))),
        "entry 8: the change of key is broken: it is not the key of a ledger",
    ),
    "a witness that is none": (
        changed(5, {"key": "w+00000000+AAAA"}),
        "a witness that the ledger names is broken",
    ),
    "a witness that is the ledger": (
        changed(5, {"key": KEY}),
        "a witness that the ledger names is broken: it is not the key of a witness",
    ),
}


@pytest.mark.parametrize("what", RULES)
def test_whoever_holds_the_key_cannot_break_a_rule_either(written, verify, what):
    """The entries are wrong, but hashed and signed as if they were right."""
    change, expected = RULES[what]
    change(written)
    assert expected in verify(3, written.write())


def test_a_transaction_may_record_nothing(written, verify):
    written.said.append(header(0, NINE + 5))
    written.ends[11] = SECOND
    assert "Entries      1 to 11: unaltered" in verify(0, written.write())


def test_a_key_that_nobody_handed_over_signs_nothing(written, verify):
    """What it signed is by no key of the ledger, and whoever holds it is told so."""
    changed(8, {"key": NEW_KEY})(written)
    said = verify(3, written.write())
    assert "the checkpoint of 10 entries is not signed by the ledger's key" in said
    assert "it was never signed by the key given" in verify(3, written.folder, "--key", NEW_KEY)


def test_after_a_hundred_problems_no_more_is_kept(written, verify):
    written.said += [(MARK, "SessionMarked.v1", b"{")] * 300
    assert verify(3, written.write(), "--json").count('"what"') == 100


def test_a_history_that_its_keyholder_rewrote_is_found_by_a_kept_checkpoint(
    written, verify, given_file
):
    """Nothing inside tells: all is signed anew by the ledger's own key."""
    kept = given_file(written.note(6).written, "governor.checkpoint")
    verify(0, written.write(), "--key", KEY, "--since", kept)
    written.said[5] = (MARK, "SessionMarked.v1", {"code": "O"})
    assert "did not make entries 1 to 10 anew" in verify(0, written.write(), "--key", KEY)
    said = verify(3, written.write(), "--key", KEY, "--since", kept)
    assert "entries 1 to 6 are not those of governor.checkpoint: the history was rewritten" in said


def test_a_kept_checkpoint_that_is_continued_is_said_to_be(written, verify, given_file):
    kept = given_file(written.note(6).written, "governor.checkpoint")
    none = given_file(sign(Checkpoint(ORIGIN, 0, Edge().root()), [FIRST]).written, "none")
    said = verify(0, written.write(), "--since", kept, "--since", none)
    assert "It continues governor.checkpoint (6 entries), unchanged up to there." in said
    assert "It continues none (0 entries)" in said
    assert "did not make entries 7 to 10 anew" in said


def test_a_ledger_rolled_back_or_another_ledger_is_found_by_a_kept_checkpoint(
    written, verify, given_file
):
    kept = given_file(written.note(10).written)
    del written.said[8:], written.ends[10]
    verify(0, written.write())
    said = verify(3, written.write(), "--since", kept)
    assert "given is of 10 entries, this log has 8: it was rolled back or cut short" in said
    other = given_file(sign(Checkpoint("other", 6, bytes(32)), [FIRST]).written)
    assert "given is of another log: other" in verify(3, written.write(), "--since", other)


# -- witnesses ---------------------------------------------------------------------------------


def test_it_says_up_to_where_a_witness_saw_the_log(written, verify):
    """The key of a witness counts for more when it comes from outside."""
    written.cosign(6)
    said = verify(0, written.write())
    up = "up to entry 6 by witness.example/w1 at 2026-11-20T09:00:00Z"
    assert f"{up} (a key that only the ledger names); by no one outside since entry 7" in said
    assert "did not make entries 1 to 10 anew" in said
    said = verify(0, written.write(), "--witness", WITNESS_KEY)
    assert f"{up}; by no one outside since entry 7" in said
    assert "did not make entries 7 to 10 anew" in said


def test_a_witness_of_the_newest_checkpoint_leaves_nothing_unseen(written, verify):
    written.cosign(10)
    said = verify(0, written.write(), "--witness", WITNESS_KEY)
    assert f"Seen         up to entry 10 by {WITNESS.name} at 2026-11-20T09:00:00Z\n" in said
    assert " anew" not in said


@pytest.mark.parametrize("given", [KEY, f"{WITNESS_KEY}\n{KEY}", "# none\n"])
def test_the_ledgers_own_key_is_no_witness(written, verify, given):
    """It would vouch for itself."""
    said = verify(1, written.write(), "--witness", given)
    assert "--witness: the key of a witness is needed" in said


def test_a_witness_that_is_asked_for_and_saw_nothing_is_a_difference(written, verify, given_file):
    """Somebody may have left its signatures out, with the history that it saw."""
    for path in (written.write(), given_file(written.proof(6).written)):
        said = verify(3, path, "--witness", WITNESS_KEY)
        assert "no witness that you gave has signed a checkpoint in it" in said


def test_a_time_that_is_none_is_shown_as_a_number(written, verify):
    """A header's; no witness signs in 2200 or later."""
    written.said[8] = header(1, 2**62)
    assert f"to second {2**62 // 10**6}, by the ledger's clock" in verify(0, written.write())
    for seconds, status in [(2**63, 3), (7_258_118_400, 3), (7_258_118_399, 0)]:
        written.cosign(10, seconds=seconds)
        verify(status, written.write())


def test_of_many_cosignatures_one_by_any_witness_given_suffices(written, verify):
    """That of the most entries is named, whatever its time; the log need not know its key."""
    other = new_signer("council.example/w1", bytes([5]) * 32, COSIGNATURE)
    written.cosign(6)
    written.cosign(8, seconds=SECONDS - 60, by=other)
    keys = ("--witness", WITNESS_KEY, "--witness", other.verifier.vkey)
    assert "up to entry 8 by council.example/w1" in verify(0, written.write(), *keys)
    verify(0, written.folder, "--witness", other.verifier.vkey)


def test_a_timestamp_of_a_checkpoint_that_is_kept_is_none_of_its_faults(written, verify):
    """A digest of its text stands in it; who signed it is for `openssl ts`."""
    path = written.write()
    digest = sha256(written.note(6).text.encode()).digest()
    with closing(sqlite3.connect(path / "ledger.db")) as db:
        db.execute("INSERT INTO timestamps VALUES(6, ?)", [b"0" + digest])
        db.execute("INSERT INTO timestamps VALUES(8, ?)", [b"0" + digest])
        db.commit()
    said = verify(3, path)
    assert "entry 8: a timestamp is of no checkpoint that is kept here" in said
    assert "entry 6" not in said


def test_a_cosignature_by_a_key_that_nobody_named_is_a_difference(written, verify):
    """The software keeps none; one that whoever checks gives the key of counts."""
    other = new_signer("other.example/w2", b"w" * 32, COSIGNATURE)
    written.cosign(8, by=other)
    said = verify(3, written.write())
    assert "entry 8: a cosignature is by other.example/w2, whom the log never trusted" in said
    verify(0, written.folder, "--witness", other.verifier.vkey)


def test_a_forged_cosignature_is_a_difference(written, verify):
    forged = WITNESS.sign(written.note(3).text, SECONDS).line
    written.cosigned[6] = forged
    said = verify(3, written.write())
    assert "entry 6: the cosignature by witness.example/w1 is not of this checkpoint" in said


def test_a_cosignature_after_the_witness_was_dropped_does_not_count(written, verify):
    written.said[9] = ("witness:school", "WitnessDropped.v1", {"key": WITNESS_KEY})
    written.cosign(8)
    assert "up to entry 8" in verify(0, written.write())
    written.cosigned.clear()
    written.cosign(10)
    assert "by no one outside" in verify(0, written.write())
    assert "up to entry 10" in verify(0, written.write(), "--witness", WITNESS_KEY)


# -- files that are no ledgers -----------------------------------------------------------------


def test_what_is_not_there_or_no_ledger_is_unreadable(verify, tmp_path, given_file):
    for path in (tmp_path / "nothing", tmp_path, given_file(b"\xff\xfe"), given_file("x")):
        said = verify(1, path)
        assert said.startswith("attendance-verify: ")
    verify(1, "\0")
    verify(1, given_file(b"SQLite format 3\0" + bytes(200)))


def test_a_ledger_of_another_layout_is_not_judged(written, verify):
    spoilt(written.write(), "PRAGMA user_version = 3")
    assert "has layout 3, this program knows 2" in verify(1, written.folder)


FOREIGN = {
    "a table renamed": (["ALTER TABLE hash_tiles RENAME TO x"], "ledger: table x; no more was"),
    "a table taken away": (["DROP TABLE timestamps"], "ledger; no more was read"),
    "an endless view": (
        [
            "ALTER TABLE checkpoints RENAME TO x",
            """CREATE VIEW checkpoints AS WITH RECURSIVE n(size) AS
            (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT size, 'x' AS note FROM n""",
        ],
        "table x, view checkpoints",
    ),
    "an index that takes all memory": (
        ["CREATE INDEX big ON checkpoints(length(replace(hex(zeroblob(9)),'0','1')))"],
        "index big",
    ),
    "a computed column": (
        ["ALTER TABLE stored_events ADD COLUMN more INTEGER AS (length(hex(zeroblob(9))))"],
        "ledger; no more was read",
    ),
    "a trigger": (
        ["CREATE TRIGGER extra AFTER INSERT ON stored_events BEGIN SELECT 1; END"],
        "trigger extra",
    ),
}


@pytest.mark.parametrize(("statements", "names"), FOREIGN.values(), ids=FOREIGN)
def test_nothing_in_a_database_is_run(written, verify, statements, names):
    """A schema that is not a ledger's ends the check."""
    spoilt(written.write(), *statements, put_back=False)
    said = verify(3, written.folder)
    assert "its tables, triggers and indexes are not those of a ledger" in said
    assert names in said
    assert "Entries      1 to 0" in said


def test_a_statement_that_is_no_text_is_unreadable(written, verify):
    path = written.write() / "ledger.db"
    path.write_bytes(path.read_bytes().replace(b"TABLE checkpoints", b"TABLE \xf1\xea(ckpoints"))
    verify(1, path)
    with refused_with("ledger-damaged"):
        Folder(written.folder).head()


def test_a_missing_trigger_is_a_difference(written, verify):
    spoilt(written.write(), put_back=False)
    assert "are not those of a ledger; no more was read" in verify(3, written.folder)


def test_its_schema_is_the_one_that_is_specified():
    with closing(sqlite3.connect(":memory:")) as db:
        for sql in SCHEMA:
            db.execute(sql)
        rows = db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    made = "\n".join(sorted(" ".join(sql.split()) for (sql,) in rows))
    digest = sha256(made.encode()).hexdigest()
    assert digest == attendance_verify._SCHEMA
    assert digest in (HOME / "ledger" / "FORMATS.md").read_text("utf-8")


@pytest.mark.parametrize("part", ["ledger.db", "ledger.db-wal"])
def test_a_part_of_the_folder_that_is_a_link_or_pipe_is_not_followed(written, verify, part):
    path = written.write() / part
    elsewhere = written.folder.parent / "elsewhere"
    elsewhere.touch()
    path.unlink(missing_ok=True)
    path.symlink_to(elsewhere)
    assert f"{part} is no file of its own" in verify(1, written.folder)
    path.unlink()
    os.mkfifo(path)
    assert f"{part} is no file of its own" in verify(1, written.folder)


def test_a_text_without_end_is_not_read(verify, monkeypatch):
    monkeypatch.setattr(attendance_verify, "_MOST_BYTES", 1000)
    assert "is too large" in verify(1, "/dev/zero")


def test_values_of_another_kind_are_a_difference(written, verify):
    """STRICT is checked when writing, not by whoever edits the file."""
    path = written.write() / "ledger.db"
    change = "UPDATE sqlite_schema SET sql = {} WHERE type = 'table'"
    writable = "PRAGMA writable_schema = 1"
    spoilt(written.folder, writable, change.format("replace(sql, ' STRICT', '')"))
    spoilt(written.folder, "UPDATE stored_events SET originator_version = 'x' WHERE position = 4")
    spoilt(written.folder, writable, change.format("sql || ' STRICT'"))
    assert "the table stored_events holds what is not of its kind" in verify(3, path)


def test_a_damaged_page_is_a_difference(written, verify):
    path = written.write() / "ledger.db"
    data = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'stored_events'"
        page = db.execute(sql).fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    data[(page - 1) * size : (page - 1) * size + 40] = b"\xff" * 40
    path.write_bytes(data)
    assert "the database is damaged" in verify(3, path)


def test_a_database_that_cannot_be_opened_is_unreadable(written, verify, monkeypatch):
    folder = written.write()
    monkeypatch.setattr(sqlite3, "connect", Mock(side_effect=sqlite3.OperationalError("no file")))
    assert "ledger.db cannot be read: no file" in verify(1, folder)


def test_a_folder_that_cannot_be_written_is_read_unless_entries_wait(written, verify, monkeypatch):
    """A write-ahead log beside it holds entries that would be left out without a word."""
    folder = written.write()
    monkeypatch.setattr(attendance_verify.os, "access", lambda *_: False)
    verify(0, folder)
    (folder / "ledger.db-wal").write_bytes(b"")
    verify(0, folder)
    (folder / "ledger.db-wal").write_bytes(b"x")
    assert "copy the folder to where it can be written" in verify(1, folder)


# -- texts that a program saved anew -------------------------------------------------------------

HARMLESS = {
    "a byte-order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "line ends of two characters": lambda raw: raw.replace(b"\n", b"\r\n"),
    "no last line end": lambda raw: raw.rstrip(b"\n"),
    "all of these": lambda raw: b"\xef\xbb\xbf" + raw.rstrip(b"\n").replace(b"\n", b"\r\n"),
}
HARMFUL = {
    "a mail's footer": lambda raw: raw + b"\nSent from my phone\n",
    "a mail's quotation": lambda raw: b"".join(b"> " + line for line in raw.splitlines(True)),
    "another encoding": lambda raw: raw.decode().encode("utf-16"),
    "a line cut in two": lambda raw: raw.replace(b"== ", b"==\n")[:-9] + b"\n" + raw[-9:],
}


@pytest.mark.parametrize("saved", HARMLESS.values(), ids=HARMLESS)
def test_texts_that_were_saved_anew_are_read_as_they_were(written, verify, given_file, saved):
    kept = given_file(saved(written.note(6).written.encode()), "kept")
    key = given_file(saved(f"{KEY}\n".encode()), "key")
    new = given_file(saved(f"{NEW_KEY}\n".encode()), "new")
    assert "continues kept (6 entries)" in verify(0, written.write(), "--since", kept)
    verify(0, given_file(saved(written.proof(6).written.encode())), "--key", new)
    verify(0, given_file(saved(written.stretch(4, 8).written.encode())), "--key", key)


@pytest.mark.parametrize("saved", HARMFUL.values(), ids=HARMFUL)
def test_what_was_altered_in_transit_is_unreadable_and_no_forgery(
    written, verify, given_file, saved
):
    kept = given_file(saved(written.note(6).written.encode()), "kept")
    said = verify(1, written.write(), "--since", kept)
    assert "altered in transit" in said or "not a text in UTF-8" in said
    verify(1, given_file(saved(written.proof(6).written.encode())), "--key", KEY)


# -- one proof ---------------------------------------------------------------------------------


@pytest.mark.parametrize("position", range(1, SIZE + 1))
def test_a_proof_of_each_entry_is_accepted(written, verify, given_file, position):
    path = given_file(written.proof(position).written)
    said = verify(0, path, "--key", NEW_KEY)
    assert f"Entry        {position}: unaltered" in said
    assert "Anything about the entries that are not in this file" in said


def test_what_a_proof_is_of_is_shown_without_what_could_mislead(written, verify, given_file):
    path = given_file(written.proof(6).written)
    said = verify(0, path)
    assert "SessionMarked.v1, version 1 of mark:p:2026-11-20/AM" in said
    assert "\\u202e" in said
    assert "Signature    not checked: no key was given" in said
    document = json.loads(verify(0, path, "--json"))
    assert document["entry"]["stream"] == MARK
    assert document["unaltered"]


def test_a_proof_with_a_cosignature_says_who_saw_it(written, verify, given_file):
    line = WITNESS.sign(written.note(SIZE).text, SECONDS).line
    path = given_file(written.proof(6).written + line)
    said = verify(0, path, "--key", NEW_KEY, "--witness", WITNESS_KEY)
    assert "up to entry 10 by witness.example/w1" in said


def test_a_proof_under_another_key_is_refused(written, verify, given_file):
    path = given_file(written.proof(6).written)
    assert "NOT the ledger's" in verify(3, path, "--key", KEY)
    note = sign(Checkpoint("other", SIZE, written.tree.root(SIZE)), [SECOND])
    forged = Proof(*[getattr(written.proof(6), n) for n in ("leaf", "index", "hashes")], note)
    verify(3, given_file(forged.written), "--key", NEW_KEY)


def forged(written, **changes):
    whole = written.proof(6)
    shape = {n: getattr(whole, n) for n in ("leaf", "index", "hashes", "note")} | changes
    return Proof(**shape).written


def test_a_proof_of_something_else_is_refused(written, verify, given_file):
    """Another event, another index, fewer hashes, an entry beyond the checkpoint, no JSON."""
    leaf = leaf_bytes(6, MARK, 0, "SessionMarked.v1", b"{")
    for text, expected in [
        (forged(written, leaf=leaf_bytes(*written.rows[6])), "entry 7: its proof is of entry 6"),
        (forged(written, index=6), "its proof is of entry 7"),
        (forged(written, hashes=()), "it does not lead to the root"),
        (forged(written, index=99), "it does not lead to the root"),
        (forged(written, index=2**63 - 1), "it does not lead to the root"),
        (replace(written.proof(SIZE), index=SIZE).written, "it does not lead to the root"),
        (forged(written, leaf=leaf), "is not one JSON object"),
    ]:
        assert expected in verify(3, given_file(text), "--key", NEW_KEY)


def replaced(old, new):
    return lambda text: text.replace(old, new, 1)


def leaf_line(change):
    def apply(text):
        line = text.split("\n")[1]
        raw = b64decode(line.removeprefix("extra "))
        return text.replace(line, "extra " + b64encode(change(raw)).decode())

    return apply


def cut_signature(left):
    """Leave so many bytes of a signature, of which four name the key."""

    def apply(text):
        before, _, raw = text.rstrip("\n").rpartition(" ")
        return f"{before} {b64encode(b64decode(raw)[:left]).decode()}\n"

    return apply


BROKEN_PROOFS = {
    "no index": (replaced("index", "indx"), "does not say which entry"),
    "no extra": (replaced("extra", "xtra"), "the proof is broken"),
    "no note": (lambda text: text.partition("\n\n")[0] + "\n", "the proof is broken"),
    "no number": (replaced("index 5", "index 05"), '"05" is not a whole number'),
    "a long text": (replaced("index 5", f"index 0{5:0119}"), f'"0{5:0119}" is not a whole'),
    "too long a text": (replaced("index 5", f"index 0{5:0120}"), f'"{"0" * 120}…" is not a whole'),
    "too large a number": (replaced("index 5", f"index {2**63}"), "not a whole number"),
    "no base64": (replaced("extra ", "extra *"), "is not base64"),
    "a short hash": (replaced("\n\n", "\nAAAA\n\n"), "is not a hash of 32 bytes"),
    "a short leaf": (leaf_line(lambda raw: raw[:30]), "a leaf ends too early"),
    "a longer leaf": (leaf_line(lambda raw: raw + b"x"), "as the specification says"),
    "another prefix": (leaf_line(lambda raw: b"A" + raw[1:]), "as the specification says"),
    "no signature": (lambda text: text.rpartition("\n\n")[0] + "\n\n", "signed note is broken"),
    "a tab": (replaced(f"\n{ORIGIN}\n", f"\n{ORIGIN}\t\n"), "signed note is broken"),
    "another dash": (replaced("\N{EM DASH}", "-"), "is not a signature line"),
    "a signature of nothing": (cut_signature(4), "is not a signature line"),
    "two lines": (replaced(f"{ORIGIN}\n{SIZE}\n", f"{ORIGIN}\n"), "not a checkpoint"),
}


@pytest.mark.parametrize("what", BROKEN_PROOFS)
def test_a_broken_proof_says_what_is_broken(written, verify, given_file, what):
    change, expected = BROKEN_PROOFS[what]
    assert expected in verify(1, given_file(change(written.proof(6).written)), "--key", NEW_KEY)


def test_a_proof_cannot_be_compared_with_an_older_checkpoint(written, verify, given_file):
    path = given_file(written.proof(6).written)
    same = given_file(written.note(SIZE).written, "same")
    older = given_file(written.note(6).written, "older")
    verify(0, path, "--since", same)
    assert "attendance export stretch --from-position 7" in verify(1, path, "--since", older)
    wrong = given_file(forged(written, hashes=()))
    verify(3, wrong, "--since", older)


# -- a stretch ---------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(1, SIZE + 1))
def test_every_stretch_is_accepted(written, verify, given_file, first):
    for last in range(first, SIZE + 1):
        said = verify(0, given_file(written.stretch(first, last).written), "--key", KEY)
        assert f"Entries      {first} to {last}: unaltered" in said


def test_a_stretch_continues_every_checkpoint_from_before_it_to_its_end(
    written, verify, given_file
):
    """And says what to ask for where it cannot tell."""
    path = given_file(written.stretch(7, 8).written)
    for size, expected in [(3, 1), (6, 0), (8, 0), (10, 0)]:
        kept = given_file(written.note(size).written, "kept")
        verify(expected, path, "--since", kept)
    wrong = given_file(sign(Checkpoint(ORIGIN, 6, bytes(32)), [FIRST]).written, "kept")
    assert "the history was rewritten" in verify(3, path, "--since", wrong)


def stretch(written, first=5, last=9, **changes):
    whole = written.stretch(first, last)
    names = ("first", "last", "keys", "hashes", "leaves", "note")
    return Stretch(**{n: getattr(whole, n) for n in names} | changes).written


WRONG_STRETCHES = {
    "a hash too few": (lambda w: stretch(w, hashes=[]), "do not lead to the root"),
    "a hash too many": (
        lambda w: stretch(w, hashes=[*w.stretch(5, 9).hashes, bytes(32)]),
        "do not lead to the root",
    ),
    "two entries swapped": (
        lambda w: stretch(w, leaves=w.stretch(5, 9).leaves[::-1]),
        "entry 5: entry 9 stands in its place",
    ),
    "no key": (lambda w: stretch(w, keys=[]), "the stretch names no key"),
    "a key that it adopts is left out": (
        lambda w: stretch(w, keys=[KeyAdopted(key=NEW_KEY)]),
        "entry 8: the key that it adopts is not among the stretch's keys",
    ),
    "a broken key": (
        lambda w: stretch(w, keys=[KeyAdopted(key="x")]),
        "the change of key is broken",
    ),
    "another ledger's birth": (
        lambda w: (
            w.said.__setitem__(
                4, ("ledger", "LedgerCreated.v1", {"ledger_id": "f", "layout": LAYOUT})
            )
            or stretch(w)
        ),
        "the log's name is not that of the ledger whose birth it records",
    ),
    "an old key": (
        lambda w: stretch(w, keys=w.stretch(5, 9).keys[:1]),
        "the checkpoint of 10 entries is not signed by the ledger's key",
    ),
}


@pytest.mark.parametrize("what", WRONG_STRETCHES)
def test_a_wrong_stretch_is_refused(written, verify, given_file, what):
    make, expected = WRONG_STRETCHES[what]
    kept = given_file(written.note(6).written, "kept")
    for more in ((), ("--key", KEY), ("--since", kept)):
        assert expected in verify(3, given_file(make(written)), *more)


BROKEN_STRETCHES = {
    "another word": (replaced("\nhash ", "\nhush "), "does not belong into a stretch"),
    "a word twice": (replaced("first 5\n", "first 5\nfirst 5\n"), "the stretch is broken"),
    "another order": (replaced("first 5\nlast 9\n", "last 9\nfirst 5\n"), "stretch is broken"),
    "no note": (lambda text: text.partition("\n\n")[0] + "\n", "the stretch is broken"),
    "a blank at a line's end": (replaced(KEY + "\n", KEY + " \n"), "ends in a blank"),
    "a signature of the first key": (
        replaced(KEY + "\n", f"{KEY} AAAA\n"),
        "the first key of a stretch has no signature",
    ),
    "fewer leaves": (replaced("last 9", "last 10"), "does not hold entries 5 to 10"),
    "an end beyond": (replaced("last 9", "last 11"), "does not hold entries 5 to 11"),
}


@pytest.mark.parametrize("what", BROKEN_STRETCHES)
def test_a_broken_stretch_is_unreadable(written, verify, given_file, what):
    change, expected = BROKEN_STRETCHES[what]
    assert expected in verify(1, given_file(change(stretch(written))))


# -- keys and the command line -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("x", "it is not a public key"),
        ("x+y+z", '"z" is not base64'),
        ("a+00000000+AQAA", "it is not a public key"),
        (KEY.replace(KEY.split("+")[1], "00000000"), "the id in the public key"),
        ("w" * 5000 + "+", "it is not a public key"),
        (WITNESS_KEY, "one key of a ledger is needed"),
        (f"{KEY}\n{NEW_KEY}", "one key of a ledger is needed"),
        ("\n# none\n", "one key of a ledger is needed"),
    ],
)
def test_a_key_that_is_none_is_unreadable(written, verify, key, expected):
    assert expected in verify(1, written.write(), "--key", key)


def test_a_kept_checkpoint_that_is_none_is_named(written, verify, given_file, tmp_path):
    said = verify(1, written.write(), "--since", given_file("x", "kept"))
    assert f"--since {tmp_path / 'kept'}: " in said


def test_a_path_with_a_nul_is_no_key(written, verify):
    verify(1, written.write(), "--witness", "\0")


def test_wrong_usage_is_another_status(capsys):
    with pytest.raises(SystemExit) as ended:
        attendance_verify.main([])
    assert ended.value.code == 2
    assert "usage: attendance-verify" in capsys.readouterr().err


def test_as_json_it_says_the_same(written, verify):
    document = json.loads(verify(0, written.write(), "--json", "--key", KEY))
    assert document["unaltered"]
    assert document["checkpoint"]["size"] == SIZE
    assert document["signed_by"].startswith("by the key given")
    spoilt(written.folder, EDIT)
    document = json.loads(verify(3, written.folder, "--json"))
    assert document["problems"][0]["position"] == 6
    assert document["proven"] == []


def test_copied_alone_to_an_empty_folder_it_works(written, tmp_path):
    """Isolated, so that nothing of the project can be imported."""
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(attendance_verify.__file__, alone / "attendance_verify.py")
    program = (
        "import runpy, sys; sys.modules.update(dict.fromkeys("
        "['ledger', 'projections', 'commands', 'policies', 'cli', 'msgspec', 'pydantic']));"
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-I", "-c", program, "attendance_verify.py", written.write()]
    done = subprocess.run(
        [*command, "--key", KEY], cwd=alone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Entries      1 to 10: unaltered" in done.stdout
    spoilt(written.folder, EDIT)
    done = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "")


def test_ten_thousand_events_are_verified(written, verify):
    said = written.said
    for n in range(200):
        said.append(header(49, NINE + 10))
        said += [(f"mark:p{m}:{n}/AM", "SessionMarked.v1", {"code": "/"}) for m in range(49)]
    tree = written.tree
    written.ends = {}
    folder = written.write()
    with closing(sqlite3.connect(folder / "ledger.db")) as db:
        for size in (3, 6, 8, *range(SIZE, len(said) + 1, 50)):
            checkpoint = Checkpoint(ORIGIN, size, tree.root(size))
            note = sign(checkpoint, [SECOND if size > 6 else FIRST]).written
            db.execute("INSERT INTO checkpoints VALUES(?,?)", [size, note])
        db.commit()
    assert "Entries      1 to 10010: unaltered" in verify(0, folder, "--all", "--key", KEY)


# -- anything at all ---------------------------------------------------------------------------

ANY = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(tmp_path, data):
    path = tmp_path / "any"
    for head in (b"", b"c2sp.org/tlog-proof@v1\n", b"attendance-ledger/stretch/v1\n"):
        path.write_bytes(head + data)
        assert attendance_verify.main([str(path)]) == 1


@ANY
@given(st.sampled_from(["proof", "stretch"]), st.integers(0, 10**6), st.integers(1, 255))
def test_any_changed_byte_of_a_proof_or_stretch_is_refused(tmp_path, what, place, flip):
    written = Written(tmp_path)
    whole = written.proof(6) if what == "proof" else written.stretch(5, 9)
    data = bytearray(whole.written, "utf-8")
    data[place % len(data)] ^= flip
    path = tmp_path / "changed"
    path.write_bytes(data)
    assert attendance_verify.main([str(path), "--key", NEW_KEY]) in (1, 3)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return Written(tmp_path_factory.mktemp("sound")).write() / "ledger.db"


@ANY
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8))
def test_no_changed_bytes_of_a_database_make_it_fail(tmp_path, sound, changes):
    data = bytearray(sound.read_bytes())
    for place, byte in changes:
        data[place % len(data)] = byte
    path = tmp_path / "changed.db"
    path.write_bytes(data)
    assert attendance_verify.main([str(path)]) in (0, 1, 3)


def test_a_ledger_of_the_product_is_accepted(folder: Folder, verify, given_file):
    """And stretches of it."""
    verify(0, folder.path, "--all")
    verify(0, given_file(stretch_of(folder, 2, None).written))


# -- clocks that were wrong --------------------------------------------------------------------

MINUTE = 60_000_000
YEAR = 365 * 24 * 60 * MINUTE


def corrected(first, last, earliest=NINE, latest=NINE + 3 * MINUTE, **more):
    told = {"first": first, "last": last, "earliest": earliest, "latest": latest}
    return ("clock:school", "ClockCorrected.v1", told | {"reason": "sealed"} | more)


@pytest.fixture
def wrong_once(written):
    """Entries 4 to 6 were stamped a year ahead; entry 10 says so, by a clock that is right."""
    written.said[3] = header(2, NINE + YEAR)
    written.said[6] = header(1, NINE + YEAR, raw_at=NINE + 2 * MINUTE)
    written.said[8] = header(1, NINE + YEAR, raw_at=NINE + 3 * MINUTE)
    written.said[9] = corrected(4, 6)
    return written


def test_what_a_wrong_clock_stamped_is_said_with_what_it_was(wrong_once, verify):
    """And the last time is what the clock read last, never one that was carried over."""
    said = verify(0, wrong_once.write(), "--key", KEY)
    assert (
        "Recorded     2026-11-20T09:00:00Z to 2026-11-20T09:03:00Z, by the ledger's clock\n"
        "Wrong clock  it stamped 3 entries from entry 4 on\n"
        "             2027-11-20T09:00:00Z;\n"
        "             entry 10 says that they were recorded between\n"
        "             2026-11-20T09:00:00Z and 2026-11-20T09:03:00Z\n"
    ) in said


def test_without_a_correction_the_last_reading_is_the_last_time(wrong_once, verify):
    wrong_once.said[9] = (MARK, "MarkAmended.v1", {"code": "B"})
    said = verify(0, wrong_once.write())
    assert "Recorded     2026-11-20T09:00:00Z to 2026-11-20T09:03:00Z, by" in said
    assert "Wrong clock" not in said


def test_the_newest_correction_of_a_transaction_counts(wrong_once, verify):
    """Of the first transaction the first, of the two after it one that was made later."""
    wrong_once.said[7] = corrected(1, 6, latest=NINE + MINUTE)
    wrong_once.said[9] = corrected(4, 8, NINE + MINUTE, NINE + 2 * MINUTE)
    wrong_once.ends = {3: FIRST, 6: FIRST, 8: FIRST, 10: FIRST}
    said = verify(0, wrong_once.write())
    assert (
        "it stamped 3 entries from entry 1 on\n             2026-11-20T09:00:00Z;\n"
        "             entry 8 says"
    ) in said
    assert (
        "it stamped 5 entries from entry 4 on\n"
        "             2026-11-20T09:02:00Z to 2027-11-20T09:00:00Z;\n"
        "             entry 10 says"
    ) in said


def test_the_first_and_last_time_are_corrected_times(written, verify):
    """Of a log that begins by a wrong clock: the earliest and the latest that it can have been."""
    written.said[9] = corrected(1, 10, NINE - 2 * MINUTE, NINE + 4 * MINUTE)
    said = verify(0, written.write())
    assert "Recorded     2026-11-20T08:58:00Z to 2026-11-20T09:04:00Z" in said


@pytest.mark.parametrize(
    "said",
    [corrected(4, 6, latest=None), corrected(4, True), ("mark:q", *corrected(4, 6)[1:])],
)
def test_what_names_no_entries_and_times_corrects_nothing(wrong_once, verify, said):
    """Nor does one on another stream."""
    wrong_once.said[9] = said
    assert "Wrong clock" not in verify(0, wrong_once.write())


def test_a_reading_that_is_no_number_makes_no_header(written, verify):
    written.said[8] = header(1, NINE + 5, raw_at="9")
    assert "entry 9: it is not a transaction's header" in verify(3, written.write())


def test_a_stretch_counts_what_it_holds_of_a_wrong_clock(wrong_once, verify, given_file):
    """One that ends inside a transaction, and one without the correction, which cannot know."""
    wrong_once.said[9] = corrected(4, 10)
    path = given_file(wrong_once.stretch(7, 10).written)
    assert "it stamped 4 entries from entry 7 on" in verify(0, path)
    wrong_once.said[9] = corrected(9, 9)
    assert "it stamped 2 entries from entry 9 on" in verify(
        0, given_file(wrong_once.stretch(4, 10).written)
    )
    assert "Wrong clock" not in verify(0, given_file(wrong_once.stretch(4, 9).written))
