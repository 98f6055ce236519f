"""The tables of ``ledger.db``: the log, its checkpoints, and what proofs are made from."""

Row = tuple[int, str, int, str, bytes]
"""An event as it lies in the log: position, stream, version, name, stored bytes."""
ROWS = "SELECT position, originator_id, originator_version, topic, state FROM stored_events"
"""Asks for events as they lie in the log."""

_EVENTS = """
CREATE TABLE IF NOT EXISTS stored_events(
  position INTEGER PRIMARY KEY, originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL,
  topic TEXT NOT NULL, state BLOB NOT NULL, UNIQUE(originator_id, originator_version)) STRICT"""
_CHECKPOINTS = """
CREATE TABLE IF NOT EXISTS checkpoints(size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT"""
_COSIGNATURES = """
CREATE TABLE IF NOT EXISTS cosignatures(
  size INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY(size, line)) STRICT"""
_TIMESTAMPS = """
CREATE TABLE IF NOT EXISTS timestamps(
  size INTEGER NOT NULL, token BLOB NOT NULL, PRIMARY KEY(size, token)) STRICT"""
_EDGE = """
CREATE TABLE IF NOT EXISTS tree_edge(
  one INTEGER PRIMARY KEY CHECK(one = 1), size INTEGER NOT NULL, hashes BLOB NOT NULL) STRICT"""
_TILES = """
CREATE TABLE IF NOT EXISTS hash_tiles(n INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT"""
_GROWS = """
CREATE TRIGGER IF NOT EXISTS hash_tiles_no_update BEFORE UPDATE ON hash_tiles
WHEN NEW.n <> OLD.n OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
BEGIN SELECT RAISE(ABORT, 'hash_tiles is append-only: UPDATE refused'); END"""
_REFUSAL = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{what} BEFORE {when} ON {table}
{condition}BEGIN SELECT RAISE(ABORT, '{unique}{table} is append-only: {name} refused'); END"""


def _no(what: str, table: str) -> str:
    verb = what.upper()
    return _REFUSAL.format(table=table, what=what, when=verb, name=verb, condition="", unique="")


def _no_replace(table: str, same: str) -> str:
    """Return the trigger that refuses to replace a row; ``same``: what makes it the same one."""
    return _REFUSAL.format(
        table=table,
        what="replace",
        when="INSERT",
        name="REPLACE",
        condition=f"WHEN EXISTS(SELECT 1 FROM {table} WHERE {same})\n",  # noqa: S608 - our names
        unique="UNIQUE: ",
    )


_SAME_EVENT = (
    "position = NEW.position OR (originator_id = NEW.originator_id "
    "AND originator_version = NEW.originator_version)"
)
_KEPT = (
    ("stored_events", _SAME_EVENT),
    ("checkpoints", "size = NEW.size"),
    ("cosignatures", "size = NEW.size AND line = NEW.line"),
    ("timestamps", "size = NEW.size AND token = NEW.token"),
)

SCHEMA = (
    _EVENTS,
    _CHECKPOINTS,
    _COSIGNATURES,
    _TIMESTAMPS,
    _EDGE,
    _TILES,
    _GROWS,
    _no("delete", "hash_tiles"),
    _no_replace("hash_tiles", "n = NEW.n"),
    *(_no(what, table) for table, _ in _KEPT for what in ("update", "delete")),
    *(_no_replace(table, same) for table, same in _KEPT),
)
"""Every statement that makes a log. `verify` holds a file's own schema against it."""
