"""A log's file changed as somebody with a database program would, past its triggers."""

import sqlite3
from contextlib import closing
from pathlib import Path


def tampered(log: Path, *statements: str | tuple, put_back: bool = True) -> None:
    """Run statements, each alone or with its values; triggers are ``put_back`` afterwards."""
    with closing(sqlite3.connect(log, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")  # nothing here must survive
        sql = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = db.execute(sql).fetchall()
        db.execute("BEGIN")
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for each in statements:
            db.execute(*([each] if isinstance(each, str) else each))
        for _, made in triggers if put_back else ():
            db.execute(made)
        db.execute("COMMIT")
