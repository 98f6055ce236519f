"""Tampering with the keys beside the log only: no entry of the log is touched."""

import re
from collections.abc import Callable
from contextlib import closing

from tests.adversary.hands import Trial, opened

KeyOperator = Callable[[Trial], None]
TABLE: dict[str, tuple[KeyOperator, re.Pattern[str]]] = {}
"""Each operator by its name, and what `verify` says of it."""


def said(words: str) -> Callable[[KeyOperator], KeyOperator]:
    def named(operator: KeyOperator) -> KeyOperator:
        TABLE[operator.__name__] = (operator, re.compile(words))
        return operator

    return named


def _change(trial: Trial, *statements: str) -> None:
    with closing(opened(trial.folder.keys)) as db:
        for statement in statements:
            db.execute(statement)


def _some(trial: Trial, sql: str) -> str:
    """A value of the key file, chosen by the seed."""
    with closing(opened(trial.folder.keys)) as db:
        return trial.rng.choice(sorted(db.execute(sql).fetchall()))[0]


@said("takes the UPN or local id of pupil .* for .*'s")
def upn_of_another(trial: Trial) -> None:
    value = _some(trial, "SELECT value FROM identities")
    other = (
        "SELECT coalesce((SELECT pupil FROM identities i WHERE i.pupil <> identities.pupil), 'x')"
    )
    _change(trial, f"UPDATE identities SET pupil = ({other}) WHERE value = '{value}'")  # noqa: S608


@said("does not open")
def keys_exchanged(trial: Trial) -> None:
    """Two subjects' keys, one for the other."""
    with closing(opened(trial.folder.keys)) as db:
        rows = db.execute("SELECT rowid, key FROM subject_keys ORDER BY rowid").fetchall()
        (one, key), (other, its) = trial.rng.sample(rows, 2)
        db.execute("UPDATE subject_keys SET key = ? WHERE rowid = ?", [its, one])
        db.execute("UPDATE subject_keys SET key = ? WHERE rowid = ?", [key, other])


def _key(trial: Trial, value: str) -> None:
    row = _some(trial, "SELECT rowid FROM subject_keys")
    _change(trial, f"UPDATE subject_keys SET key = {value} WHERE rowid = {row}")  # noqa: S608


@said("does not open")
def key_made_up(trial: Trial) -> None:
    _key(trial, "randomblob(32)")


@said("does not open")
def key_cut_short(trial: Trial) -> None:
    _key(trial, "substr(key, 1, 31)")


@said("does not open")
def key_emptied(trial: Trial) -> None:
    _key(trial, "x''")


@said("is not in keys.db|holds the keys of none")
def key_deleted(trial: Trial) -> None:
    row = _some(trial, "SELECT rowid FROM subject_keys")
    _change(trial, f"DELETE FROM subject_keys WHERE rowid = {row}")  # noqa: S608


@said("holds what this software does not make: trigger")
def trigger_that_keeps_what_is_destroyed(trial: Trial) -> None:
    table = trial.rng.choice(["subject_keys", "identities", "destroyed"])
    when = trial.rng.choice(["DELETE", "INSERT", "UPDATE"])
    _change(trial, f"CREATE TRIGGER t AFTER {when} ON {table} BEGIN SELECT 1; END")


@said("lacks, or has changed: TABLE identities")
def endless_view_for_a_table(trial: Trial) -> None:
    _change(
        trial,
        "DROP TABLE identities",
        "CREATE VIEW identities AS WITH RECURSIVE r(value) AS "
        "(SELECT 1 UNION ALL SELECT value FROM r) SELECT value, 'upn' kind, 'p' pupil FROM r",
    )


@said("holds what this software does not make: (table|index)")
def table_added(trial: Trial) -> None:
    what = ["TABLE t(x)", "INDEX i ON subject_keys(length(key))"]
    _change(trial, f"CREATE {trial.rng.choice(what)}")


@said("lacks, or has changed: TABLE")
def column_added(trial: Trial) -> None:
    table = trial.rng.choice(["subject_keys", "identities", "destroyed"])
    _change(trial, f"ALTER TABLE {table} ADD COLUMN more BLOB")


@said("lacks, or has changed: TABLE")
def table_dropped(trial: Trial) -> None:
    _change(trial, f"DROP TABLE {trial.rng.choice(['subject_keys', 'identities', 'destroyed'])}")


@said("cannot be read")
def file_overwritten(trial: Trial) -> None:
    for path in trial.folder.path.glob("keys.db-*"):
        path.unlink()
    trial.folder.keys.write_bytes(trial.rng.randbytes(8192))


@said("holds the keys of none|does not open|is not in keys.db")
def keys_of_another_ledger(trial: Trial) -> None:
    for path in trial.folder.path.glob("keys.db-*"):
        path.unlink()
    trial.take("keys.db", trial.other.today)
