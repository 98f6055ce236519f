"""Folders made by somebody who wants whoever looks at them to run, follow or wait for something.

Each function changes a trial's folder.
"""

import os
import re
from collections.abc import Callable
from contextlib import closing, suppress

from ledger.tlog.note import Note, new_signer
from tests.adversary.hands import Trial, opened

Hostile = Callable[[Trial], None]
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT 1 FROM n)"
BIG = "length(replace(hex(zeroblob(400000000)), '0', '1'))"
TABLES = ("stored_events", "checkpoints", "cosignatures", "timestamps", "tree_edge", "hash_tiles")
COLUMNS = {
    "stored_events": "x AS position, '' AS originator_id, 0 AS originator_version, x'' AS state",
    "checkpoints": "x AS size, '' AS note",
    "cosignatures": "x AS size, '' AS line",
    "timestamps": "x AS size, x'' AS token",
    "tree_edge": "1 AS one, x AS size, x'' AS hashes",
    "hash_tiles": "x AS n, x'' AS hashes",
}


def _made(trial: Trial, *statements: str) -> None:
    with closing(opened(trial.folder.log)) as db:
        db.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            db.execute(statement)


def endless_view(trial: Trial) -> None:
    table = trial.rng.choice(TABLES)
    names = trial.ask("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    drop = [f"DROP TRIGGER {name}" for (name,) in names]
    view = f"CREATE VIEW {table} AS {ENDLESS} SELECT {COLUMNS[table]} FROM n"  # noqa: S608
    _made(trial, *drop, f"ALTER TABLE {table} RENAME TO elsewhere", view)


def index_over_an_expression(trial: Trial) -> None:
    """Whose making is bounded, and whose checking is not."""
    table = trial.rng.choice(TABLES)
    name = trial.rng.choice(["i", "sqlite_autoindex_x_1", f"{table}_no_update"])
    with suppress(Exception):
        _made(trial, f"CREATE INDEX {name} ON {table}(1) WHERE {BIG} < 0 AND 0")
        return
    _made(trial, f"CREATE INDEX i ON {table}(length('x'))")


def computed_column(trial: Trial) -> None:
    table, kind = trial.rng.choice(TABLES), trial.rng.choice(["VIRTUAL", "STORED"][:1])
    _made(trial, f"ALTER TABLE {table} ADD COLUMN more INTEGER AS ({BIG}) {kind}")


def check_that_is_run(trial: Trial) -> None:
    """`integrity_check` evaluates what a CHECK says."""
    table = trial.rng.choice(TABLES)
    more = f"NOT NULL CHECK({BIG} > 0)".replace("'", "''")
    sql = f"replace(sql, 'NOT NULL', '{more}')"
    _made(trial, f"UPDATE sqlite_master SET sql = {sql} WHERE name = '{table}'")  # noqa: S608


def something_more(trial: Trial) -> None:
    table = trial.rng.choice(TABLES)
    name = trial.rng.choice(["extra", "sqlite_stat9", "stored_events2", "é"])
    made = (
        f"CREATE TABLE {name}(x)",
        f"CREATE VIEW {name} AS {ENDLESS} SELECT * FROM n",  # noqa: S608
        f"CREATE TRIGGER {name} AFTER INSERT ON {table} BEGIN SELECT 1; END",
        f"CREATE VIRTUAL TABLE {name} USING fts5(x)",
        f"CREATE INDEX {name} ON {table}(1)",
        "ANALYZE",
    )
    try:
        _made(trial, trial.rng.choice(made))
    except Exception:  # noqa: BLE001 - a name that SQLite keeps for itself
        _made(trial, "CREATE TABLE extra(x)")


def something_less(trial: Trial) -> None:
    kind = trial.rng.choice(["trigger", "table"])
    names = trial.ask("SELECT name FROM sqlite_master WHERE type = ?", kind)
    _made(trial, f"DROP {kind} {trial.rng.choice(names)[0]}")


def something_changed(trial: Trial) -> None:
    old, new = trial.rng.choice(
        [
            (" STRICT", ""),
            ("NOT NULL", "NULL"),
            ("TEXT", "TEXT COLLATE NOCASE"),
            ("INTEGER PRIMARY KEY", "INTEGER"),
            ("BEGIN SELECT", "WHEN 0 BEGIN SELECT"),
        ]
    )
    sql = "UPDATE sqlite_master SET sql = replace(sql, '{}', '{}') WHERE instr(sql, '{}')"
    _made(trial, sql.format(old, new, old))


# -- pages and bytes ----------------------------------------------------------------------------


def pages_that_lead_to_each_other(trial: Trial) -> None:
    """The children of a page inside the tree are itself, or one another."""
    raw = bytearray(trial.folder.log.read_bytes())
    size = int.from_bytes(raw[16:18], "big")
    pages = len(raw) // size
    inner = [page for page in range(1, pages) if raw[page * size] in (0x02, 0x05)]
    if not inner:
        raw[28:32] = trial.rng.randrange(1, 9).to_bytes(4, "big")
        raw[(pages - 1) * size] ^= 0xFF
    for page in inner:
        cells = int.from_bytes(raw[page * size + 3 : page * size + 5], "big")
        for cell in range(cells):
            at = page * size + 12 + 2 * cell
            place = page * size + int.from_bytes(raw[at : at + 2], "big")
            raw[place : place + 4] = (trial.rng.choice(inner) + 1).to_bytes(4, "big")
        raw[page * size + 8 : page * size + 12] = (page + 1).to_bytes(4, "big")
    trial.folder.log.write_bytes(raw)


def tiles_more_or_less(trial: Trial) -> None:
    count = trial.ask("SELECT count(*) FROM hash_tiles")[0][0]
    more = trial.rng.choice([b"", trial.rng.randbytes(32), b"x"])
    trial.change(("INSERT INTO hash_tiles VALUES(?,?)", count, more))


def a_stamp_of_nothing(trial: Trial) -> None:
    size = trial.rng.choice([1, 10**9, trial.rng.choice(trial.sizes())])
    token = trial.rng.randbytes(trial.rng.randrange(1, 99))
    trial.change(("INSERT INTO timestamps VALUES(?,?)", size, token))


def a_line_more(trial: Trial) -> None:
    """A stranger's, the ledger's own once more, or two in its name."""
    size = trial.rng.choice(trial.sizes())
    note = trial.note(size)
    keys = [new_signer(note.signatures[0].name, trial.rng.randbytes(32)) for _ in "ab"]
    stranger = new_signer("stranger", trial.rng.randbytes(32))
    more = trial.rng.choice(
        [
            [stranger.sign(note.text)],
            [note.signatures[0]],
            [key.sign(note.text) for key in keys],
        ]
    )
    trial.renote(size, Note(note.text, (*note.signatures, *more)).written)


def a_note_saved_anew(trial: Trial) -> None:
    """In the ledger's own file a note is as it was written."""
    size = trial.rng.choice(trial.sizes())
    written = trial.note(size).written
    saved = ("\ufeff" + written, written.replace("\n", "\r\n"), written[:-1], written + "\nfoot\n")
    trial.renote(size, trial.rng.choice(saved))


INSIDE: tuple[Hostile, ...] = (
    endless_view, index_over_an_expression, computed_column, check_that_is_run, something_more,
    something_less, something_changed, pages_that_lead_to_each_other, tiles_more_or_less,
    a_stamp_of_nothing, a_line_more, a_note_saved_anew,
)  # fmt: skip
"""Both verifiers refuse what these leave."""


def any_byte(trial: Trial) -> None:
    """May hit what nobody reads: then both accept."""
    raw = bytearray(trial.folder.log.read_bytes())
    for _ in range(trial.rng.choice([1, 1, 2, 40])):
        raw[trial.rng.randrange(len(raw))] = trial.rng.randrange(256)
    trial.folder.log.write_bytes(raw)


# -- links and pipes ----------------------------------------------------------------------------


def _put(trial: Trial, name: str) -> None:
    path = trial.folder.path / name
    aside = trial.folder.path.parent / f"aside{trial.rng.random()}"
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.rename(aside)
    if trial.rng.random() < 0.5 or name in ("views", "attachments"):
        path.symlink_to(aside)
    else:
        os.mkfifo(path)


def log_elsewhere(trial: Trial) -> None:
    _put(trial, trial.rng.choice(["ledger.db", "ledger.db-wal", "ledger.db-journal"]))


def rest_elsewhere(trial: Trial) -> None:
    names = ["keys.db", "signing.key", "school.kept", "views", "attachments"]
    _put(trial, trial.rng.choice([*names, "views/tables.db", "views/grid/codes.npy"]))


# -- texts on the way ---------------------------------------------------------------------------


def saved_anew(trial: Trial, written: bytes) -> bytes:
    """Return a text as some program, or somebody's hand, might leave it."""
    rng = trial.rng
    changes: tuple[Callable[[bytes], bytes], ...] = (
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.rstrip(b"\n"),
        lambda raw: raw + b"\nSent from my phone\n",
        lambda raw: re.sub(rb"(?m)^", b"> ", raw),
        lambda raw: raw.replace(b"\n", b" \n"),
        lambda raw: raw + b"\n",
        lambda raw: b"\n" + raw,
        lambda raw: raw[: rng.randrange(len(raw))],
        lambda raw: raw.decode("utf-8", "replace").encode("utf-16"),
        lambda raw: raw.replace(b"\xe2\x80\x94", b"-"),
        lambda raw: raw.replace(b"\n", b"\r"),
        lambda raw: raw.replace(b"=", b"\xd9\xa0", 1),
    )
    for change in rng.sample(changes, rng.choice([1, 1, 2])):
        written = change(written) or b"x"
    return written
