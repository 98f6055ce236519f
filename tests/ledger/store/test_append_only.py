"""No other program changes, removes or replaces an event without first removing a trigger."""

import sqlite3
from contextlib import closing

import pytest

UPDATES = (
    "UPDATE stored_events SET state = x'7b7d'",
    "UPDATE stored_events SET position = position + 100",
    "UPDATE OR REPLACE stored_events SET position = 1 WHERE position = 2",
    "UPDATE OR IGNORE stored_events SET topic = 'x'",
)
DELETES = ("DELETE FROM stored_events", "DELETE FROM stored_events WHERE position = 2")
REPLACEMENTS = (
    "INSERT OR REPLACE INTO stored_events VALUES(1, 'x', 0, 'n', x'00')",
    "REPLACE INTO stored_events VALUES(1, 'x', 0, 'n', x'00')",
    "REPLACE INTO stored_events VALUES(9, 'commits', 0, 'n', x'00')",
    "INSERT OR IGNORE INTO stored_events VALUES(1, 'x', 0, 'n', x'00')",
    "INSERT INTO stored_events VALUES(1, 'x', 0, 'n', x'') ON CONFLICT DO UPDATE SET topic = 'x'",
)


@pytest.mark.parametrize("statement", [*UPDATES, *DELETES, *REPLACEMENTS])
def test_a_foreign_connection_cannot_change_an_event(statement, ledger_log, new_mark, db):
    """A plain connection, without any setting of ours, is refused and nothing changes."""
    ledger_log.append(new_mark(), new_mark("q"))
    before = ledger_log.recorded()
    with closing(sqlite3.connect(db)) as foreign:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            foreign.execute(statement)
        foreign.commit()
    assert ledger_log.recorded() == before


def test_an_event_of_another_type_of_value_is_refused(ledger_log, new_mark, db):
    """The table is strict: text is no position, and a state is bytes."""
    ledger_log.append(new_mark())
    with closing(sqlite3.connect(db)) as foreign:
        for values in ("'three', 'x', 0, 'n', x'00'", "3, 'x', 0, 'n', 'text'"):
            with pytest.raises(sqlite3.IntegrityError, match=r"cannot store|datatype"):
                foreign.execute(f"INSERT INTO stored_events VALUES({values})")
