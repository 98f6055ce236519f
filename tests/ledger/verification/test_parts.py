"""Parts of a log: looked at one after the other or side by side, the same is found."""

import os
import sqlite3
from contextlib import closing

import pytest

from ledger.verification import parts
from ledger.verification import verify as verifying
from ledger.verification.verify import verify


def _ends(_path, _span):
    """A process that the system ends, for want of memory."""
    os._exit(1)


@pytest.fixture(params=["alone", "side by side", "ended", "no room"])
def looked_at(request, monkeypatch):
    """By one process, by several, by several that end at once; and where none can be begun."""
    monkeypatch.setattr(parts, "_ENTRIES", 4)
    monkeypatch.setattr(os, "cpu_count", lambda: 1 if request.param == "alone" else 2)
    monkeypatch.setattr(parts, "_ALONE", 0)
    if request.param == "ended":
        monkeypatch.setattr(parts, "look_into", _ends)
    if request.param == "no room":
        monkeypatch.setattr(parts, "ProcessPoolExecutor", _refused)


def _refused(*_):
    raise OSError


def _damaged(folder, *statements):
    with closing(sqlite3.connect(folder.log)) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = triggers.fetchall()
        for name, _ in kept:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        for _, sql in kept:
            db.execute(sql)
        db.commit()


@pytest.mark.usefixtures("looked_at")
def test_a_sound_log_is_found_sound(grown):
    found = verify(grown)
    assert found.faults == []
    assert found.entries > 8


@pytest.mark.usefixtures("looked_at")
def test_each_fault_is_named_where_it_is(grown):
    """In the order of the log, whoever looked at it."""
    end = verify(grown).entries
    _damaged(
        grown,
        "UPDATE stored_events SET state = CAST(state || ' ' AS BLOB) WHERE position = 7",
        f"UPDATE stored_events SET originator_version = 9 WHERE position = {end - 1}",  # noqa: S608
        "DELETE FROM stored_events WHERE position = 5",
    )
    said = {}
    for fault in verify(grown).faults:
        said.setdefault(fault.position, []).append(fault.what)
    assert next(iter(said)) == 5
    assert said[5][0] == "entry 5 is missing: 6 follows"
    assert "is not what was recorded" in said[7][0]
    assert "is not written as this software writes it" in said[7][-1]
    assert said[end - 1][0] == "version 3 of commits was expected, 10 found"


@pytest.mark.usefixtures("looked_at")
def test_positions_that_lead_nowhere_come_to_an_end(grown):
    """The highest that there can be, and one far below the first."""
    _damaged(
        grown,
        f"INSERT INTO stored_events VALUES({2**63 - 1}, 'x', 0, 'A', CAST('{{}}' AS BLOB))",
    )
    assert any(f"{2**63 - 1} follows" in fault.what for fault in verify(grown).faults)


def test_a_part_of_what_is_no_log_of_ours_is_not_looked_at(grown, tmp_path):
    """It says so, and so does one that cannot be opened."""
    assert parts.look_into(grown.log, (1, 4)).positions == range(1, 5)
    _damaged(grown, "CREATE TABLE strange(a)")
    assert "strange" in parts.look_into(grown.log, (1, 4)).error
    assert parts.look_into(tmp_path / "none.db", (1, 4)).error


def test_a_log_that_cannot_be_read_on_is_checked_up_to_there(grown, monkeypatch):
    """The entry where that is has the fault."""

    def spans(_):
        yield 1, 4
        message = "database disk image is malformed"
        raise sqlite3.DatabaseError(message)

    monkeypatch.setattr(parts, "_spans", spans)
    found = verify(grown)
    assert found.entries == 4
    assert (5, "it cannot be read: database disk image is malformed") in found.faults


def test_an_index_that_cannot_be_read_keeps_nobody_from_reading_the_entries(grown, monkeypatch):
    """Their versions were asked of it; all else is checked."""
    monkeypatch.setattr(verifying, "_OUT_OF_TURN", "SELECT none FROM stored_events")
    found = verify(grown)
    assert found.entries == 9
    assert [fault.what for fault in found.faults] == [
        "the database is malformed: no such column: none"
    ]


def test_a_process_ends_with_the_one_that_began_it(monkeypatch):
    """However that was ended; Ctrl-C is not for it."""
    done = []

    class Begun:
        def __init__(self, *, target, daemon):
            done.append(daemon)
            self.start = target

    class Parent:
        def join(self):
            done.append("waited")

    monkeypatch.setattr(parts, "Thread", Begun)
    monkeypatch.setattr(parts.signal, "signal", lambda *given: done.append(given))
    monkeypatch.setattr(parts.os, "_exit", done.append)
    for parent in (None, Parent()):
        monkeypatch.setattr(parts, "parent_process", lambda parent=parent: parent)
        parts._end_with_parent()
    deaf = (parts.signal.SIGINT, parts.signal.SIG_IGN)
    assert done == [deaf, True, deaf, True, "waited", 1]
