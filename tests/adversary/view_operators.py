"""Tampering with the read models only: no entry of the log is touched."""

import json
from collections.abc import Callable
from contextlib import closing

from tests.adversary.hands import Trial, opened

ViewOperator = Callable[[Trial], None]


def _tables(trial: Trial, statement: str) -> None:
    with closing(opened(trial.folder.views / "tables.db")) as db:
        done = db.execute(statement)
        assert done.rowcount != 0


def row_edited(trial: Trial) -> None:
    _tables(
        trial, "UPDATE marks SET code = code || 'x' WHERE rowid = (SELECT max(rowid) FROM marks)"
    )


def recent_mark_invented(trial: Trial) -> None:
    """One that is laid over the grid's arrays, and that no event recorded."""
    _tables(
        trial,
        "INSERT INTO recent_marks "
        "SELECT state.position + 1, pupil, session, code || 'x', stated FROM marks, state "
        "ORDER BY id LIMIT 1",
    )


def row_deleted(trial: Trial) -> None:
    table = trial.rng.choice(["marks", "pupils", "staff"])
    last = "DELETE FROM {0} WHERE rowid = (SELECT max(rowid) FROM {0})"
    _tables(trial, last.format(table))


def trigger_added(trial: Trial) -> None:
    """One that would change what is written from now on."""
    _tables(trial, "CREATE TRIGGER t AFTER INSERT ON marks BEGIN DELETE FROM marks; END")


def index_edited(trial: Trial) -> None:
    """Look-ups by pupil see something else than the rows hold."""
    path = trial.folder.views / "tables.db"
    with closing(opened(path)) as db:
        sql = "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'pupils'"
        [(page,)] = db.execute(sql).fetchall()
        [(pupil,)] = db.execute("SELECT pupil FROM pupils LIMIT 1").fetchall()
    raw = bytearray(path.read_bytes())
    size = int.from_bytes(raw[16:18], "big")
    place = raw.index(pupil.encode(), (page - 1) * size, page * size)
    raw[place] ^= 1
    path.write_bytes(raw)


def tables_overwritten(trial: Trial) -> None:
    path = trial.folder.views / "tables.db"
    raw = bytearray(path.read_bytes())
    raw[4096:12288] = trial.rng.randbytes(8192)
    path.write_bytes(raw)


def grid_edited(trial: Trial) -> None:
    files = sorted(trial.folder.views.joinpath("grid").glob("*"))
    path = trial.rng.choice([each for each in files if each.suffix != ".json"])
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def grid_codes_exchanged(trial: Trial) -> None:
    path = trial.folder.views / "grid" / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["codes"][1:] = reversed([*manifest["codes"][1:], "N"])
    path.write_text(json.dumps(manifest))


def views_of_another_ledger(trial: Trial) -> None:
    trial.take("views", trial.other.today)


VIEW_OPERATORS: tuple[ViewOperator, ...] = (
    row_edited, row_deleted, trigger_added, index_edited, tables_overwritten, grid_edited,
    grid_codes_exchanged, recent_mark_invented, views_of_another_ledger,
)  # fmt: skip
