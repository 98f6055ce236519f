"""Every pupil's register counted in our arrays, in SQLite, DuckDB and Polars, over the same data.

    uv run --with duckdb --with polars python tests/benchmarks/arrays.py --ledger FOLDER

counts each pupil's codes (`rates`), possible sessions and absences (`persistent`) and entries in
the fullest window of ten school weeks (`penalties`), as known now and at half the log, in one
process and with all read before; counts that are not alike are marked. What calendar and roll make
of a mark the others are given. Then larger schools made up, without a ledger, and the whole
answers of a process that lives, as JSON bytes. Least of several runs, wall and CPU.
"""

import argparse
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from cli import Door
from ledger import clock
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator, Session
from policies.law.calendar import school_weeks, week_number
from policies.law.penalties import measure
from policies.packs.codes import codes as catalogue
from projections.figures.persistent import PersistentAbsence
from projections.figures.rates import Rates
from projections.penalties.case import relevant_cells, weeks_begun, window_counts
from projections.penalties.penalties import Penalties
from projections.queries.kept import Keeper
from projections.queries.rectangle import Rectangle, every_version, rectangle
from projections.queries.tally import Counter
from projections.queries.view import Held, View, view_for
from projections.readmodel.tables import ALWAYS

ON = date(2026, 7, 17)
KNOWN = "counts AND kf <= {p} AND ({p} < kt)"
RATES = f"SELECT pupil, code, count(*) FROM marks WHERE {KNOWN} GROUP BY pupil, code"  # noqa: S608 - our own words
PERSISTENT = f"""
SELECT pupil, sum(possible), sum(absent) FROM marks JOIN worths USING (code)
WHERE {KNOWN} GROUP BY pupil"""  # noqa: S608
PENALTIES = f"""
SELECT pupil, max(held) FROM (
  SELECT pupil, sum(n) OVER (
    PARTITION BY pupil ORDER BY week RANGE BETWEEN 9 PRECEDING AND CURRENT ROW) AS held
  FROM (SELECT pupil, week, count(*) AS n FROM marks JOIN worths USING (code)
        WHERE relevant AND {KNOWN} GROUP BY pupil, week) AS weekly) AS windows
GROUP BY pupil"""  # noqa: S608
RIVALS = ("SQLite", "DuckDB", "Polars")
QUERIES = {"rates": RATES, "persistent": PERSISTENT, "penalties": PENALTIES}


class Least(NamedTuple):
    """The least milliseconds of several runs, and what the last gave."""

    wall: float
    cpu: float
    found: Any

    @property
    def shown(self) -> str:
        """Wall and CPU."""
        return f"{self.wall:.2f} ({self.cpu:.2f})"


def least(work: Callable[[], Any], runs: int = 9) -> Least:
    """Time several runs after a first."""
    found, wall, cpu = work(), [], []
    for _ in range(runs):
        begun = time.perf_counter(), time.process_time()
        found = work()
        wall.append(time.perf_counter() - begun[0])
        cpu.append(time.process_time() - begun[1])
    return Least(1000 * min(wall), 1000 * min(cpu), found)


class Arrays:
    """Our counts, at any position."""

    def __init__(self, view: View) -> None:
        self.view, self.codes = view, view.rules.codes
        self.weeks = weeks_begun(school_weeks(view.calendar.school_days()), ON)

    def whole(self, position: int) -> Rectangle:
        """The register as known at a position; the marks are rewound each time."""
        now = rectangle(self.view)
        codes, undated = every_version(self.view, now.sessions).as_known(position, ALWAYS)
        return replace(now, codes=codes, undated=undated)

    def rates(self, position: int) -> Any:
        """Each pupil's codes."""
        whole = self.whole(position)
        counter = Counter(whole, self.codes)
        return counter.by_pupil(counter.of_those_who_met(np.ones(whole.codes.shape, np.bool_)))[0]

    def persistent(self, position: int) -> Any:
        """Each pupil's possible sessions and absences."""
        whole = self.whole(position)
        return self.rates(position) @ _worths(self.view, whole.book)[:, :2]

    def penalties(self, position: int) -> Any:
        """Each pupil's entries in the fullest window."""
        whole = self.whole(position)
        cells = relevant_cells(whole, self.codes, whole.counted)
        return window_counts(cells, whole.sessions, self.weeks, measure(ON))[1]


def _worths(view: View, book: list[str]) -> Any:
    """Return possible, absent and relevant of each code of the book."""
    rules = [view.rules.codes.find(code, ON) if code else None for code in book]
    return np.array(
        [
            (r.possible, r.possible and not r.attended, r.threshold) if r else (0, 0, 0)
            for r in rules
        ],
        np.int64,
    )


def columns(view: View) -> dict[str, Any]:
    """Return every version of the marks of the range, as the others have it."""
    whole = rectangle(view)
    row, col, code, kf, kt, _, _ = every_version(view, whole.sessions).versions(
        range(view.row_count)
    )
    weeks = school_weeks(view.calendar.school_days())
    met = set(weeks)
    week_of = np.array(
        [
            week_number(weeks, s.date) if school_weeks([s.date])[0] in met else -1
            for s in whole.sessions
        ]
    )
    return {
        "pupil": row, "week": week_of[col], "code": code, "kf": kf, "kt": kt,
        "counts": whole.counted[row, col],
    }  # fmt: skip


def sqlite(marks: dict[str, Any], worths: Any) -> Callable[[str], Any]:
    """Return what asks SQLite."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE marks(pupil INT, week INT, code INT, kf INT, kt INT, counts INT)")
    rows = zip(*(each.tolist() for each in marks.values()), strict=True)
    db.executemany("INSERT INTO marks VALUES(?,?,?,?,?,?)", rows)
    db.execute(
        "CREATE TABLE worths(code INTEGER PRIMARY KEY, possible INT, absent INT, relevant INT)"
    )
    rows = ((n, *each) for n, each in enumerate(worths.tolist()))
    db.executemany("INSERT INTO worths VALUES(?,?,?,?)", rows)
    return lambda sql: db.execute(sql).fetchall()


def duckdb(marks: dict[str, Any], worths: Any) -> Callable[[str], Any]:
    """Return what asks DuckDB."""
    db = import_module("duckdb").connect()
    possible, absent, relevant = worths.T
    table = {"code": np.arange(len(worths)), "possible": possible, "absent": absent}
    for name, given in (("marks", marks), ("worths", table | {"relevant": relevant > 0})):
        db.register("given", given)
        db.execute(f"CREATE TABLE {name} AS SELECT * FROM given")  # noqa: S608 - our own names
        db.unregister("given")
    return lambda sql: db.execute(sql).fetchall()


def polars(marks: dict[str, Any], worths: Any) -> Callable[[str], Any]:
    """Return what asks Polars, by expressions."""
    pl = import_module("polars")
    names = ("possible", "absent", "relevant")
    table = {"code": np.arange(len(worths))} | dict(zip(names, worths.T, strict=True))
    frame, worth = pl.DataFrame(marks), pl.DataFrame(table)
    col = pl.col

    def ask(name: str, position: int) -> Any:
        known = frame.lazy().filter(
            col("counts") & (col("kf") <= position) & (col("kt") > position)
        )
        if name == "rates":
            return known.group_by("pupil", "code").len().collect().rows()
        joined = known.join(worth.lazy(), on="code")
        if name == "persistent":
            sums = (col("possible").sum(), col("absent").sum())
            return joined.group_by("pupil").agg(*sums).collect().rows()
        weekly = joined.filter(col("relevant") > 0).group_by("pupil", "week").len().sort("week")
        rolled = weekly.rolling("week", period="10i", group_by="pupil").agg(col("len").sum())
        return rolled.group_by("pupil").agg(col("len").max()).collect().rows()

    return lambda asked: ask(*asked)


def alike(name: str, ours: Any, theirs: list[Any]) -> bool:
    """Tell whether counts are the same."""
    if name == "rates":
        return all(ours[pupil, code] == n for pupil, code, n in theirs)
    if name == "persistent":
        return all(tuple(ours[pupil]) == tuple(map(int, rest)) for pupil, *rest in theirs)
    return all(ours[pupil] == n for pupil, n in theirs)


def rivals(view: View, head: int) -> Iterator[tuple[str, ...]]:
    """Yield a row for each count and position."""
    arrays, marks = Arrays(view), columns(view)
    worths = _worths(view, rectangle(view).book)
    ask = {"SQLite": sqlite(marks, worths)}
    for name, made in (("DuckDB", duckdb), ("Polars", polars)):
        try:
            ask[name] = made(marks, worths)
        except ImportError:
            continue
    for at, position in (("now", head), ("half", head // 2)):
        for name, sql in QUERIES.items():
            ours = least(lambda n=name, p=position: getattr(arrays, n)(p))
            shown = dict.fromkeys(RIVALS, "")
            for rival, asks in ask.items():
                asked = (name, position) if rival == "Polars" else sql.format(p=position)
                theirs = least(lambda a=asks, q=asked: a(q), 5)
                same = alike(name, ours.found, theirs.found)
                shown[rival] = theirs.shown + ("" if same else " ≠")
            yield f"{name}, {at}", ours.shown, *shown.values()


def made_up(pupils: int) -> tuple[str, str]:
    """Return a row about a register of random codes."""
    chance = np.random.default_rng(1)
    days = [date.fromordinal(date(2025, 9, 1).toordinal() + n) for n in range(300)]
    sessions = [Session(d, half) for d in days if d.weekday() < 5 for half in ("AM", "PM")][:390]
    shape = (pupils, len(sessions))
    book = ["", *(rule.code for rule in catalogue().in_force(ON))][:20]
    codes = chance.choice(len(book), shape, p=[0.01, 0.8, *[0.19 / 18] * 18]).astype(np.uint8)
    flags = np.ones(shape, np.bool_)
    none = np.zeros(shape, np.bool_)
    whole = Rectangle(sessions, book, codes, none, flags, flags, none)
    counter = Counter(whole, catalogue())
    return f"rates, {pupils:,} made up", least(lambda: counter.by_pupil(flags), 3).shown


def answers(folder: Folder, head: int) -> Iterator[tuple[str, str, str]]:
    """Yield a row for each whole answer of a process that lives."""
    with Ledger(folder) as ledger:
        door = Door(ledger)
        for kind in (Rates, PersistentAbsence, Penalties):
            for at, position in (("now", None), ("half", head // 2)):
                asked = kind(on=ON, position=position)

                def ask(asked: Any = asked) -> bytes:
                    answer = door.ask(asked, Operator(None, ""))
                    written = msgspec.json.encode(answer.document)
                    return msgspec.json.format(written, indent=2)

                found = least(ask)
                yield f"{kind.__name__}, {at}", found.shown, f"{len(found.found):,}"


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--pupils", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    asked = parser.parse_args()
    folder, console = Folder(asked.ledger), Console()
    counts = Table("ms wall (CPU)", "Arrays", *RIVALS)
    with Ledger(folder) as ledger:
        held, question = Held(ledger.reader(), Keeper()), Rates(on=ON)
        with view_for(folder, question, clock.now, held) as view:
            head = view.position
            for row in rivals(view, head):
                counts.add_row(*row)
    for pupils in asked.pupils:
        counts.add_row(*made_up(pupils))
    console.print(counts)
    whole = Table("Whole answer, JSON", "ms wall (CPU)", "Bytes")
    for each in answers(folder, head):
        whole.add_row(*each)
    console.print(whole)


if __name__ == "__main__":
    main()
