"""Every way of tampering that the ledger alone must show: what it does, what must be said.

Each function takes a trial and returns the first entry that was tampered with; none where no
entry was.
"""

import json
import re
from collections.abc import Callable
from contextlib import closing
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

from ledger.tlog.note import Checkpoint, Note, Signature, new_signer, read_signature, sign
from tests.adversary.hands import INSERT, Trial, compact, opened

BASE64 = ascii_uppercase + ascii_lowercase + digits + "+/"
Operator = Callable[[Trial], int | None]
Change = Callable[[Trial, int, Note], str]
TABLE: dict[str, tuple[Operator, re.Pattern[str]]] = {}
"""Operator -> the function, and what one of the problems must say."""


def said(words: str) -> Callable[[Operator], Operator]:
    def put(operator: Operator) -> Operator:
        TABLE[operator.__name__] = operator, re.compile(words)
        return operator

    return put


# -- entries ------------------------------------------------------------------------------------

NOT_RECORDED = "of .* is not what was recorded: [0-9a-f]{64} was expected, [0-9a-f]{64} found"


@said(NOT_RECORDED)
def edit_a_byte(trial: Trial) -> int:
    position, *_, state = trial.some()
    place = trial.rng.randrange(len(state))
    byte = bytes([state[place] ^ trial.rng.randint(1, 255)])
    trial.edit(position, "state", state[:place] + byte + state[place + 1 :])
    return position


@said(NOT_RECORDED)
def edit_a_code(trial: Trial) -> int:
    position, *_, state = trial.some("SessionMarked.v1", "MarkAmended.v1")
    event = json.loads(state)
    event["code"] = "#" if event["code"] != "#" else "N"
    trial.edit(position, "state", compact(event))
    return position


@said("entry [0-9]+ is missing|entries at its end are missing")
def delete(trial: Trial) -> int:
    position = trial.some()[0]
    trial.change(("DELETE FROM stored_events WHERE position = ?", position))
    return position


@said("is missing|at its end are missing")
def delete_several(trial: Trial) -> int:
    chosen = trial.rng.sample([row[0] for row in trial.rows()], 3)
    trial.change(*[("DELETE FROM stored_events WHERE position = ?", each) for each in chosen])
    return min(chosen)


@said("the log holds no entry|at its end are missing")
def delete_everything(trial: Trial) -> int:
    trial.change(("DELETE FROM stored_events",))
    return 1


@said("the log holds no entry: it was emptied, or never begun")
def empty_every_table(trial: Trial) -> None:
    names = ("stored_events", "checkpoints", "cosignatures", "tree_edge", "hash_tiles")
    trial.change(*[("DELETE FROM {}".format(name),) for name in names])  # noqa: S608, UP032


@said("has no leaf hash beside it: it was added")
def add_at_the_end(trial: Trial) -> int:
    rows = trial.rows()
    _, stream, _, name, state = trial.some("SessionMarked.v1")
    trial.change((INSERT, len(rows) + 1, stream + "x", 0, name, state))
    return len(rows) + 1


@said(NOT_RECORDED)
def insert(trial: Trial) -> int:
    at, stream, _, name, state = trial.some("SessionMarked.v1")
    down = "UPDATE stored_events SET position = {} WHERE position {}"
    trial.change(
        (down.format("-position - 1", ">= ?"), at),
        (down.format("-position", "< 0"),),
        (INSERT, at, stream + "x", 0, name, state),
    )
    return at


@said("entry 1 is missing: -?[0-9]+ follows")
def insert_before_the_first(trial: Trial) -> int:
    row = trial.some("SessionMarked.v1")
    trial.change((INSERT, trial.rng.choice([-1, -(2**62)]), row[1] + "x", 0, *row[3:]))
    return 1


@said("entry [0-9]+ is missing: [0-9]+ follows")
def insert_far_beyond(trial: Trial) -> int:
    row = trial.some("SessionMarked.v1")
    far = trial.rng.choice([2**32, 2**62, 2**63 - 1])
    trial.change((INSERT, far, row[1] + "x", 0, *row[3:]))
    return len(trial.rows())


@said(NOT_RECORDED)
def reorder(trial: Trial) -> int:
    one, two = sorted(trial.rng.sample([row[0] for row in trial.rows()], 2))
    move = "UPDATE stored_events SET position = ? WHERE position = ?"
    trial.change((move, -1, one), (move, one, two), (move, two, -1))
    return one


@said("entries at its end are missing")
def truncate(trial: Trial) -> int:
    position = trial.some()[0]
    trial.change(("DELETE FROM stored_events WHERE position >= ?", position))
    return position


@said("was sealed for another place")
def exchange_sealed_texts(trial: Trial) -> int:
    """The same field of two people: each opens under its own key, and is the other's."""
    rows = [row for row in trial.rows() if row[3] == "PupilEnrolled.v1"]
    one, two = trial.rng.sample(rows, 2)
    field = trial.rng.choice(["surname", "forename", "dob"])
    first, second = json.loads(one[4]), json.loads(two[4])
    first[field], second[field] = second[field], first[field]
    trial.edit(one[0], "state", compact(first))
    trial.edit(two[0], "state", compact(second))
    return min(one[0], two[0])


@said(NOT_RECORDED)
def replay_an_older_state(trial: Trial) -> int:
    rows = trial.rows()
    position, *_, name, _ = row = trial.some("SessionMarked.v1", "Committed.v1")
    states = [each[4] for each in rows if each[3] == name and each != row]
    trial.edit(position, "state", trial.rng.choice(states))
    return position


@said(NOT_RECORDED)
def rename(trial: Trial) -> int:
    position = trial.some("SessionMarked.v1", "MarkAmended.v1")[0]
    trial.edit(position, "topic", "MarkCorrected.v1")
    return position


MOVE = "UPDATE stored_events SET originator_id = ?, originator_version = 0 WHERE position = ?"


@said(NOT_RECORDED)
def move_to_another_stream(trial: Trial) -> int:
    position, stream, *_ = trial.some("SessionMarked.v1")
    trial.change(
        ("DELETE FROM stored_events WHERE originator_id = ?", stream + "x"),
        (MOVE, stream + "x", position),
    )
    return position


@said("version [0-9]+ of .* was expected, 100 found")
def skip_versions(trial: Trial) -> int:
    position = trial.some()[0]
    trial.edit(position, "originator_version", 99)
    return position


@said("it cannot be read: .*UTF-8")
def overlong_utf8(trial: Trial) -> int:
    """A slash written in two bytes; a lone surrogate; a byte that begins nothing."""
    position, name = trial.some()[0], trial.rng.choice(["topic", "originator_id"])
    bad = trial.rng.choice(["c0af", "eda080", "ff"])
    sql = "UPDATE stored_events SET {} = CAST(x'{}' AS TEXT) WHERE position = ?"
    trial.change((sql.format(name, bad), position))
    return position


# -- entries that whoever holds the key signed again, but that this software would not write ------

NOT_WRITTEN = "cannot be read, or is not written as this software writes it"


def _as_fraction(state: bytes, event: dict, _: Random) -> bytes:
    count = b'"count":%d' % event["count"]
    return state.replace(count, count + b".0")


def _with_blanks(state: bytes, _: dict, rng: Random) -> bytes:
    more = rng.choice([b" ", b"\n", b"\t", b"\r\n"])
    return rng.choice([state + more, more + state])


def _in_odd_utf8(state: bytes, _: dict, rng: Random) -> bytes:
    bad = rng.choice([b"\xc0\xaf", b"\xed\xa0\x80", b"\xff", b"\xf4\x90\x80\x80"])
    return state.replace(b'"nonce":"', b'"nonce":"' + bad)


Written = Callable[[bytes, dict, Random], bytes]
MARKED, HEADER = "SessionMarked.v1", "Committed.v1"


def _written(name: str, written: Written, *names: str) -> None:
    """Put into the table how an event, of some names, is written otherwise than it should be."""

    def operator(trial: Trial) -> int:
        position, *_, state = trial.some(*names)
        changed = written(state, json.loads(state), trial.rng)
        assert changed != state
        return trial.resigned(position, state=changed)

    TABLE[name] = operator, re.compile(NOT_WRITTEN)


_written("signed_duplicate_keys", lambda state, *_: b'{"nonce":"",' + state[1:])
_written("signed_numbers_as_fractions", _as_fraction, HEADER)
_written("signed_white_space", _with_blanks)
_written("signed_escapes", lambda state, *_: state.replace(b'"nonce":"', b'"\\u006eonce":"'))
_written("signed_odd_utf8", _in_odd_utf8)
_written("signed_unknown_field", lambda _, event, __: compact({"x": 1} | event))
_written("signed_other_order", lambda _, e, __: compact(dict(reversed(e.items()))), MARKED, HEADER)
_written(
    "signed_default_written_out", lambda _, e, __: compact({"minutes_late": None} | e), MARKED
)
_written("signed_two_in_one", lambda state, *_: state + b"\n" + state)
_written("signed_nothing", lambda *_: b"", MARKED)


@said("SessionMarked.v9 is of a kind that this version does not know")
def signed_future_name(trial: Trial) -> int:
    return trial.resigned(trial.some("SessionMarked.v1")[0], name="SessionMarked.v9")


@said("version 1 of .* was expected, 8 found")
def signed_wrong_version(trial: Trial) -> int:
    position, stream, *_ = trial.some("SessionMarked.v1")
    return trial.resigned(position, stream=stream + "x", version=7)


@said("its time is before that of the transaction before it")
def signed_earlier_time(trial: Trial) -> int:
    headers = [row for row in trial.rows() if row[3] == "Committed.v1"][1:]
    position, *_, state = trial.rng.choice(headers)
    event = json.loads(state)
    return trial.resigned(position, state=compact(event | {"at": 1}))


@said("it belongs to no transaction|a transaction begins inside another|should end at")
def signed_other_count(trial: Trial) -> None:
    position, *_, state = trial.some("Committed.v1")
    event = json.loads(state)
    count = max(0, event["count"] + trial.rng.choice([-1, 1, 1000]))
    trial.resigned(position, state=compact(event | {"count": count}))


@said("the checkpoint at entry [0-9]+ is not signed by the ledger")
def signed_by_another_key(trial: Trial) -> None:
    """Everything made anew; but the log goes on naming the key that it had."""
    stranger = new_signer(trial.base.signers[0][1].name, trial.rng.randbytes(32))
    trial.rewrite(trial.rows(), trial.sizes(), [stranger])


@said("the key before it did not sign this one")
def signed_key_not_handed_on(trial: Trial) -> int:
    """A key that nobody let in is adopted in the place of a mark."""
    rows = trial.rows()
    last = max(row[0] for row in rows if row[1] == "ledger")
    marks = [row[0] for row in rows if row[3] == "SessionMarked.v1"]
    position = trial.rng.choice([each for each in marks if each > last])
    key = new_signer(trial.base.signers[0][1].name, trial.rng.randbytes(32)).verifier.vkey
    known = sum(row[1] == "ledger" for row in rows)
    state = compact({"key": key, "signature": "AAAA", "nonce": "A" * 22})
    return trial.resigned(
        position, stream="ledger", version=known, name="KeyAdopted.v1", state=state
    )


# -- checkpoints --------------------------------------------------------------------------------


def noted(words: str) -> Callable[[Change], Change]:
    """Put an operator into the table that writes one of the checkpoints otherwise."""

    def put(change: Change) -> Change:
        def operator(trial: Trial) -> int:
            size = trial.rng.choice(trial.sizes())
            trial.renote(size, change(trial, size, trial.note(size)))
            return size

        TABLE[change.__name__] = operator, re.compile(words)
        return change

    return put


@noted("the root over [0-9]+ entries is [0-9a-f]{64}, its checkpoint says [0-9a-f]{64}")
def checkpoint_of_another_root(trial: Trial, size: int, _: Note) -> str:
    """Signed by the ledger's own key."""
    signer = trial.signer(10**9)
    return sign(Checkpoint(signer.name, size, trial.rng.randbytes(32)), [signer]).written


@noted("is not signed by the ledger")
def checkpoint_signature(trial: Trial, _: int, note: Note) -> str:
    lines = [each._replace(signature=_flipped(trial, each.signature)) for each in note.signatures]
    return note._replace(signatures=tuple(lines)).written


@noted("is not signed by the ledger")
def checkpoint_with_a_second_bad_signature(trial: Trial, _: int, note: Note) -> str:
    bad = note.signatures[0]._replace(signature=trial.rng.randbytes(64))
    return note._replace(signatures=(*note.signatures, bad)).written


@noted("is not written as this software writes it")
def checkpoint_with_a_strangers_signature(trial: Trial, _: int, note: Note) -> str:
    extra = new_signer("stranger.example", trial.rng.randbytes(32)).sign(note.text)
    return note._replace(signatures=(*note.signatures, extra)).written


@noted("is not written as this software writes it")
def checkpoint_with_extension_lines(trial: Trial, size: int, note: Note) -> str:
    """Signed by the ledger's own key."""
    text = note.text + "a line more\n"
    return Note(text, (trial.signer(size).sign(text),)).written


@noted("is not written as this software writes it|cannot be read")
def checkpoint_written_otherwise(trial: Trial, _: int, note: Note) -> str:
    """The same signature in another base64; a line more at its end; odd line ends."""
    written = note.written
    same = BASE64[BASE64.index(written[-3]) ^ 1]
    return trial.rng.choice([written[:-3] + same + "=\n", written + "\n", written[:-1] + "\x0c"])


@noted("cannot be read")
def checkpoint_that_is_none(trial: Trial, _: int, __: Note) -> str:
    return trial.rng.choice(["", "x", "\n\n", "a\nb\nc\n\n— d e\n", "\x00"])


@noted("is of another log")
def checkpoint_of_another_origin(trial: Trial, size: int, _: Note) -> str:
    _, found, root = trial.checkpoint(size)
    stranger = new_signer("attendance-ledger/" + "0" * 32, trial.rng.randbytes(32))
    return sign(Checkpoint(stranger.name, found, root), [stranger]).written


@said("the transaction that ends at [0-9]+ has no checkpoint|are beyond the newest checkpoint")
def checkpoint_taken_away(trial: Trial) -> int:
    sizes = trial.sizes()
    size = trial.rng.choice(sizes)
    trial.change(("DELETE FROM checkpoints WHERE size = ?", size),
                 ("DELETE FROM cosignatures WHERE size = ?", size))  # fmt: skip
    return sizes[-2] + 1 if size == sizes[-1] else size


@said("is of [0-9]+$")
def checkpoint_moved(trial: Trial) -> None:
    sizes = trial.sizes()
    free = [each for each in range(2, sizes[-1]) if each not in sizes]
    move = "UPDATE checkpoints SET size = ? WHERE size = ?"
    trial.change((move, trial.rng.choice(free), trial.rng.choice(sizes)))


@said("is not at a transaction's end")
def checkpoint_inside_a_transaction(trial: Trial) -> int:
    """Right in every other way, and signed by the ledger's own key."""
    size = trial.rng.choice([n for n in range(1, trial.sizes()[-1]) if n not in trial.sizes()])
    from tests.adversary.false import tree_of  # noqa: PLC0415 - they know each other

    signer = trial.signer(size if size > 3 else 10**9)
    note = sign(Checkpoint(signer.name, size, tree_of(trial.folder).root(size)), [signer])
    trial.change(("INSERT INTO checkpoints VALUES(?,?)", size, note.written))
    return size


@said("entries at its end are missing")
def checkpoint_of_the_future(trial: Trial) -> int:
    size = len(trial.rows())
    signer, far = trial.signer(size), size + trial.rng.choice([1, 1000, 2**60])
    note = sign(Checkpoint(signer.name, far, trial.rng.randbytes(32)), [signer])
    trial.change(("INSERT INTO checkpoints VALUES(?,?)", far, note.written))
    return size + 1


def _flipped(trial: Trial, raw: bytes) -> bytes:
    place = trial.rng.randrange(len(raw))
    changed = raw[place] ^ trial.rng.randint(1, 255)
    return raw[:place] + bytes([changed]) + raw[place + 1 :]


# -- cosignatures -------------------------------------------------------------------------------


def _cosigned(trial: Trial) -> tuple[int, Signature]:
    size, line = trial.rng.choice(trial.ask("SELECT size, line FROM cosignatures"))
    return size, read_signature(line)


def _recosign(trial: Trial, size: int, line: str) -> int:
    trial.change(
        ("DELETE FROM cosignatures WHERE size = ?", size),
        ("INSERT INTO cosignatures VALUES(?,?)", size, line),
    )
    return size


@said("the cosignature by witness[0-9]+.example is not of this checkpoint")
def cosignature_edited(trial: Trial) -> int:
    """Its time as well as its signature."""
    size, line = _cosigned(trial)
    changed = line._replace(signature=_flipped(trial, line.signature))
    return _recosign(trial, size, changed.line)


@said("is by .*, whom the log never trusted")
def cosignature_by_a_stranger(trial: Trial) -> int:
    size, line = _cosigned(trial)
    return _recosign(trial, size, line._replace(key_id=_flipped(trial, line.key_id)).line)


@said("a cosignature cannot be read")
def cosignature_that_is_none(trial: Trial) -> int:
    size, line = _cosigned(trial)
    return _recosign(trial, size, trial.rng.choice(["", "x", line.line[:-9], line.line + "\n"]))


@said("is not of this checkpoint")
def cosignature_moved(trial: Trial) -> int:
    size, line = _cosigned(trial)
    to = trial.rng.choice([each for each in trial.sizes() if each != size])
    trial.change(("INSERT INTO cosignatures VALUES(?,?)", to, line.line))
    return to


@said("a cosignature is of no checkpoint")
def cosignature_of_nothing(trial: Trial) -> int:
    _, line = _cosigned(trial)
    size = trial.sizes()[-1] + 1
    trial.change(("INSERT INTO cosignatures VALUES(?,?)", size, line.line))
    return size


# -- the tree beside the log ----------------------------------------------------------------------


@said(NOT_RECORDED)
def tile_edited(trial: Trial) -> int:
    n, tile = trial.rng.choice(trial.ask("SELECT n, hashes FROM hash_tiles"))
    changed = _flipped(trial, tile)
    trial.change(("UPDATE hash_tiles SET hashes = ? WHERE n = ?", changed, n))
    different = next(i for i, (a, b) in enumerate(zip(tile, changed, strict=True)) if a != b)
    return n * 256 + different // 32 + 1


@said("has no leaf hash beside it|are more, or fewer, than the entries")
def tile_cut(trial: Trial) -> int:
    n, tile = trial.ask("SELECT n, hashes FROM hash_tiles ORDER BY n DESC")[0]
    keep = trial.rng.randrange(len(tile) // 32)
    trial.change(("UPDATE hash_tiles SET hashes = ? WHERE n = ?", tile[: keep * 32], n))
    return n * 256 + keep + 1


@said("the leaf hashes kept of entry [0-9]+ and on are more, or fewer, than the entries")
def tile_too_many(trial: Trial) -> None:
    more = trial.rng.choice([b"", bytes(32), bytes(8192)])
    n = trial.rng.choice([-1, 7, 2**62])
    trial.change(("INSERT INTO hash_tiles VALUES(?,?)", n, more))


@said("the edge of the tree, as kept, is not that of the log")
def edge_edited(trial: Trial) -> None:
    [(size, hashes)] = trial.ask("SELECT size, hashes FROM tree_edge")
    either = trial.rng.choice([(size + 1, hashes), (size, _flipped(trial, hashes))])
    trial.change(("UPDATE tree_edge SET size = ?, hashes = ?", *either))


@said("the edge of the tree, as kept, is not that of the log")
def edge_taken_away(trial: Trial) -> None:
    trial.change(("DELETE FROM tree_edge",))


# -- the file -----------------------------------------------------------------------------------


def _by_hand(trial: Trial, *statements: str) -> None:
    """Run statements with everything allowed that SQLite can be made to allow."""
    with closing(opened(trial.folder.log)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            db.execute(statement)


@said("the log lacks, or has changed: .*(stored_events|checkpoints|hash_tiles)")
def trigger_taken_away(trial: Trial) -> None:
    names = ("stored_events_no_update", "stored_events_no_delete", "checkpoints_no_replace")
    _by_hand(trial, f"DROP TRIGGER {trial.rng.choice([*names, 'hash_tiles_no_update'])}")


@said("the log lacks, or has changed: TRIGGER")
def trigger_weakened(trial: Trial) -> None:
    _by_hand(
        trial,
        "UPDATE sqlite_master SET sql = replace(sql, 'BEGIN SELECT', 'WHEN 0 BEGIN SELECT') "
        "WHERE name = 'stored_events_no_update'",
    )


@said("the log holds what this software does not make: (table|view|trigger|index) extra")
def schema_added_to(trial: Trial) -> None:
    made = (
        "CREATE TABLE extra(x)",
        "CREATE VIEW extra AS SELECT * FROM stored_events",
        "CREATE INDEX extra ON stored_events(topic)",
        "CREATE TRIGGER extra AFTER INSERT ON stored_events BEGIN SELECT 1; END",
    )
    _by_hand(trial, trial.rng.choice(made))


@said("the log lacks, or has changed: TABLE")
def schema_loosened(trial: Trial) -> None:
    table = trial.rng.choice(["stored_events", "checkpoints", "tree_edge", "cosignatures"])
    sql = "UPDATE sqlite_master SET sql = replace(sql, ') STRICT', ')') WHERE name = '{}'"
    _by_hand(trial, sql.format(table))


@said("the ledger has layout|it has the layout of no ledger")
def layout_changed(trial: Trial) -> None:
    _by_hand(trial, f"PRAGMA user_version = {trial.rng.choice([0, 1, 3, 99, -1])}")


@said("the edge of the tree, as kept, is not that of the log")
def edge_doubled(trial: Trial) -> None:
    _by_hand(trial, "INSERT INTO tree_edge VALUES(2, 0, x'')")


@said("the database is malformed|cannot be read|is not what was recorded")
def types_changed(trial: Trial) -> None:
    """A number, or nothing, where a text or bytes belong."""
    column = trial.rng.choice(["topic", "state", "originator_id", "originator_version"])
    value = trial.rng.choice(["NULL", "1.5", "x'00'", "'a'"])
    value = {"state": "'a'", "originator_version": "'a'"}.get(column, value)
    loose = "replace(replace(sql, ') STRICT', ')'), 'NOT NULL', '')"
    put = "UPDATE sqlite_master SET sql = {} WHERE name = 'stored_events'"
    trial.change()
    position = trial.some()[0]
    strict = trial.ask("SELECT sql FROM sqlite_master WHERE name = 'stored_events'")[0][0]
    triggers = trial.ask("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    _by_hand(trial, *[f"DROP TRIGGER {name}" for name, _ in triggers], put.format(loose))
    edit = "UPDATE stored_events SET {} = {} WHERE position = {}"
    _by_hand(trial, edit.format(column, value, position))
    _by_hand(trial, put.format("'" + strict + "'"), *[sql for _, sql in triggers])


@said("the database is malformed: .*(index|autoindex)")
def index_only(trial: Trial) -> None:
    """A page of the index by which streams are found, so that look-ups see another stream."""
    raw = bytearray(trial.folder.log.read_bytes())
    size = int.from_bytes(raw[16:18], "big")
    stream = trial.some("SessionMarked.v1")[1].encode()
    for page in range(size, len(raw), size):
        place = raw.find(stream, page, page + size)
        if raw[page] in (0x0A, 0x02) and place >= 0:
            at = place + trial.rng.randrange(len(stream))
            raw[at] = raw[at] ^ 1
            trial.folder.log.write_bytes(raw)
            return
    raise AssertionError(stream)


@said("malformed|cannot be read|not what was recorded|lacks, or has changed|does not make")
def page_overwritten(trial: Trial) -> None:
    raw = bytearray(trial.folder.log.read_bytes())
    size = int.from_bytes(raw[16:18], "big")
    roots = [root for (root,) in trial.ask("SELECT rootpage FROM sqlite_master WHERE rootpage")]
    page = trial.rng.choice(roots) - 1
    raw[page * size : (page + 1) * size] = trial.rng.randbytes(size)
    trial.folder.log.write_bytes(raw)


@said("malformed")
def file_of_nothing(trial: Trial) -> None:
    trial.folder.log.write_bytes(
        trial.rng.choice([b"", b"no database", trial.rng.randbytes(9000)])
    )


@said("ledger.db-journal lies beside the log")
def journal_beside(trial: Trial) -> None:
    """A journal of a transaction cut short: whoever writes next would undo what it says."""
    magic = bytes.fromhex("d9d505f920a163d7")
    path = trial.folder.log.with_name("ledger.db-journal")
    path.write_bytes(magic + trial.rng.randbytes(504))


@said(NOT_RECORDED)
def tampered_in_the_write_ahead_log(trial: Trial) -> int:
    """The file is as it was; the change waits in a log of its own beside it."""
    before = trial.folder.log.read_bytes()
    position = trial.some("SessionMarked.v1")[0]
    with closing(opened(trial.folder.log)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        for name, sql in triggers.fetchall():
            db.execute("BEGIN")
            db.execute(f"DROP TRIGGER {name}")
            if name == "stored_events_no_update":
                db.execute("UPDATE stored_events SET topic = 'x' WHERE position = ?", [position])
            db.execute(sql)
            db.execute("COMMIT")
        assert trial.folder.log.read_bytes() == before
        wal = trial.folder.log.with_name("ledger.db-wal")
        kept = wal.read_bytes()
    trial.folder.log.write_bytes(before)
    wal.write_bytes(kept)
    return position


# -- two ledgers mixed --------------------------------------------------------------------------


@said("signing.key is not the key of this log")
def signing_key_of_another(trial: Trial) -> None:
    trial.take("signing.key", trial.other.today)


@said("keys.db holds the keys of none of the pupils in the log")
def keys_of_another(trial: Trial) -> None:
    trial.take("keys.db", trial.other.today)


@said("keys.db lacks, or has changed: TABLE identities")
def keys_of_nobody(trial: Trial) -> None:
    with closing(opened(trial.folder.keys)) as db:
        db.executescript("PRAGMA journal_mode = DELETE; DROP TABLE identities;")


@said("signing.key is not the key of this log")
def log_of_another(trial: Trial) -> None:
    trial.take("ledger.db", trial.other.today)


@said("did not sign|is not signed by the ledger|begins inside another|is missing|is not what")
def entries_of_another(trial: Trial) -> None:
    """The end of one log is put beneath the beginning of the other."""
    theirs = Trial(trial.other.today, trial.rng, trial.other, trial.base).rows()
    cut = trial.rng.randrange(1, min(len(theirs), len(trial.rows())))
    trial.change(
        ("DELETE FROM stored_events WHERE position > ?", cut),
        *[("INSERT OR IGNORE INTO stored_events VALUES(?,?,?,?,?)", *row) for row in theirs[cut:]],
    )
