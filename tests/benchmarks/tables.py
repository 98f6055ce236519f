"""What our answers are measured against: the same counts over a table of versions.

A table as a trigger keeps it, each version of a mark with the positions between which it stood, in
SQLite, in DuckDB and in Polars. They count codes and no more: no roll, no calendar, no names, no
law that changes with the day. The queries are those that somebody would write who needs no more.
"""

# ruff: noqa: S608 - what is put into queries is written here

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import duckdb
import polars as pl

WEEKS = 10
"""Weeks of a penalty notice's window, and as many relevant entries reach its threshold."""
ABSENT = ("C", "C1", "C2", "E", "G", "I", "J1", "M", "N", "O", "R", "S", "T", "U")
UNAUTHORISED = ("G", "N", "O", "U")
NOT_POSSIBLE = ("D", "Q", "X", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7", "Z", "#")
COLUMNS = ("pupil", "session", "week", "code", "kf", "kt", "sf", "st")
_MADE = """
SELECT pupil, session, CAST(julianday(substr(session, 1, 10)) - 2460187.5 AS INT) / 7 AS week,
    code, kf, kt, sf, st FROM marks ORDER BY pupil, session, kf"""
_KNOWN = {
    "position": "kf <= :p AND (kt IS NULL OR :p < kt)",
    "instant": "sf <= :p AND (st IS NULL OR :p < st)",
}


def _listed(codes: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{code}'" for code in codes) + ")"


class Asked(NamedTuple):
    """As known when: at a ``position`` of the log, or at an ``instant``."""

    by: str
    at: int


def statement(what: str, asked: Asked) -> str:
    """Return the query for `rates`, `persistent` or `penalties`."""
    known = f"FROM marks WHERE {_KNOWN[asked.by].replace(':p', str(asked.at))}"
    possible = f"count(*) FILTER (WHERE code NOT IN {_listed(NOT_POSSIBLE)})"
    absent = f"count(*) FILTER (WHERE code IN {_listed(ABSENT)})"
    by_code = f"SELECT pupil, code, count(*) {known} GROUP BY pupil, code"
    shares = f"SELECT pupil, {possible}, {absent} {known} GROUP BY pupil"
    weeks = f"SELECT pupil, week, count(*) AS c {known} AND code IN {_listed(UNAUTHORISED)}"
    window = (
        f"PARTITION BY pupil ORDER BY week RANGE BETWEEN {WEEKS - 1} PRECEDING AND CURRENT ROW"
    )
    fullest = f"SELECT pupil, sum(c) OVER ({window}) AS n FROM ({weeks} GROUP BY pupil, week)"
    most = f"SELECT pupil, max(n) FROM ({fullest}) GROUP BY pupil"
    return {
        "rates": by_code,
        "persistent": f"{shares} HAVING 10 * {absent} >= {possible}",
        "penalties": f"{most} HAVING max(n) >= {WEEKS}",
    }[what]


class Rival(Protocol):
    """A table of versions that can be asked."""

    def ask(self, what: str, asked: Asked) -> list[tuple[Any, ...]]:
        """Return the rows of `rates`, `persistent` or `penalties`."""

    def history(self, pupil: int) -> list[tuple[Any, ...]]:
        """Return every version of one pupil's marks."""

    def close(self) -> None:
        """Let others open its file."""


class Sqlite:
    """The table in SQLite, with an index by pupil and session."""

    def __init__(self, path: Path, tables: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute("ATTACH ? AS ours", [str(tables)])
        self._db.execute(f"CREATE TABLE marks AS {_MADE.replace('FROM marks', 'FROM ours.marks')}")
        self._db.execute("CREATE INDEX by_pupil ON marks(pupil, session)")
        self._db.commit()
        self._db.execute("DETACH ours")

    def rows(self) -> list[tuple[Any, ...]]:
        """Return all that is in it."""
        return self._db.execute("SELECT * FROM marks").fetchall()

    def ask(self, what: str, asked: Asked) -> list[tuple[Any, ...]]:
        """Return the rows of `rates`, `persistent` or `penalties`."""
        return self._db.execute(statement(what, asked)).fetchall()

    def history(self, pupil: int) -> list[tuple[Any, ...]]:
        """Return every version of one pupil's marks."""
        return self._db.execute("SELECT * FROM marks WHERE pupil = ?", [pupil]).fetchall()

    def close(self) -> None:
        """Let others open its file."""
        self._db.close()


class Polars:
    """The table in memory, as Polars has it."""

    def __init__(self, parquet: Path) -> None:
        self._all = pl.read_parquet(parquet)

    def _known(self, asked: Asked) -> pl.LazyFrame:
        first, last = {"position": ("kf", "kt"), "instant": ("sf", "st")}[asked.by]
        ended = pl.col(last) <= asked.at
        return self._all.lazy().filter(pl.col(first) <= asked.at, ended.fill_null(False).not_())

    def ask(self, what: str, asked: Asked) -> list[tuple[Any, ...]]:
        """Return the rows of `rates`, `persistent` or `penalties`."""
        known, code = self._known(asked), pl.col("code")
        if what == "rates":
            found = known.group_by("pupil", "code").len()
        elif what == "persistent":
            possible, absent = code.is_in(NOT_POSSIBLE).not_().sum(), code.is_in(ABSENT).sum()
            counts = known.group_by("pupil").agg(possible=possible, absent=absent)
            found = counts.filter(10 * pl.col("absent") >= pl.col("possible"))
        else:
            weeks = known.filter(code.is_in(UNAUTHORISED)).group_by("pupil", "week").len()
            ordered = weeks.with_columns(pl.col("week").cast(pl.Int64)).sort("pupil", "week")
            window = ordered.rolling("week", period=f"{WEEKS}i", group_by="pupil")
            most = window.agg(n=pl.col("len").sum()).group_by("pupil").agg(pl.col("n").max())
            found = most.filter(pl.col("n") >= WEEKS)
        return found.collect().rows()

    def history(self, pupil: int) -> list[tuple[Any, ...]]:
        """Return every version of one pupil's marks."""
        return self._all.filter(pl.col("pupil") == pupil).rows()

    def close(self) -> None:
        """Close nothing: it is in memory."""


class Duck:
    """The table in a file of DuckDB."""

    def __init__(self, path: Path, parquet: Path) -> None:
        self._db = duckdb.connect(str(path))
        self._db.execute("CREATE TABLE marks AS SELECT * FROM read_parquet(?)", [str(parquet)])

    def ask(self, what: str, asked: Asked) -> list[tuple[Any, ...]]:
        """Return the rows of `rates`, `persistent` or `penalties`."""
        return self._db.execute(statement(what, asked)).fetchall()

    def history(self, pupil: int) -> list[tuple[Any, ...]]:
        """Return every version of one pupil's marks."""
        return self._db.execute("SELECT * FROM marks WHERE pupil = ?", [pupil]).fetchall()

    def close(self) -> None:
        """Let others open its file."""
        self._db.close()


def rivals(folder: Path, tables: Path) -> dict[str, Rival]:
    """Return the table of versions of a ledger's views in SQLite, DuckDB and Polars."""
    lite = Sqlite(folder / "versions.db", tables)
    frame = pl.DataFrame(lite.rows(), schema=list(COLUMNS), orient="row", infer_schema_length=None)
    frame.write_parquet(parquet := folder / "versions.parquet")
    duck = Duck(folder / "versions.duckdb", parquet)
    return {"SQL": lite, "DuckDB": duck, "Polars": Polars(parquet)}
