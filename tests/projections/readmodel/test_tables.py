"""Tables of versions: intervals of positions beside stated times that never fall."""

from contextlib import closing

import pytest

from projections.readmodel import tables
from projections.readmodel.tables import STANDS, Moment, Reach, Table, Writer

FACTS = {
    "facts": Table(key=("name",), columns={"name": str, "value": str}, indexes=("value",)),
    "one": Table(key=(), columns={"value": str}),
    "seen": Table(key=("n",), columns={"n": int}, versioned=False),
    "placed": Table(key=("id",), columns={"id": int, "value": str}, row_id=True),
}


@pytest.fixture
def db(tmp_path):
    """A database with four tables."""
    with closing(tables.connect(tmp_path / "tables.db")) as db:
        tables.create(db, FACTS)
        yield db


def moment(position, stated=None):
    """An event at a position; stated at the same number unless said otherwise."""
    stated = position if stated is None else stated
    return Moment(position, position, stated, True, None, "")


def standing(db, position, stated, table="facts"):
    """The values that stand."""
    sql = f"SELECT value FROM {table} WHERE {STANDS} ORDER BY value"  # noqa: S608
    return [row[0] for row in db.execute(sql, {"p": position, "t": stated})]


def test_one_version_of_a_fact_stands_at_any_point(db):
    """From its position to the next, and from its stated time to the next."""
    writer = Writer(db, FACTS)
    for position, stated, value in ((1, 10, "a"), (2, 30, "b"), (3, 20, "c")):
        writer.put("facts", ("x",), (value,), moment(position, stated))
    writer.flush()
    found = {(p, t): standing(db, p, t) for p in range(5) for t in (9, 10, 29, 30)}
    assert all(len(values) <= 1 for values in found.values())
    assert [found[p, 30] for p in range(5)] == [[], ["a"], ["b"], ["c"], ["c"]]
    assert [found[4, t] for t in (9, 10, 29, 30)] == [[], ["a"], ["a"], ["c"]]


def test_an_ended_fact_stands_until_its_end(db):
    """Nothing stands after it; ending what never began is nothing."""
    writer = Writer(db, FACTS)
    writer.put("facts", ("x",), ("a",), moment(1))
    assert writer.end("facts", ("x",), moment(2)) == 2
    assert writer.end("facts", ("y",), moment(3)) == 3
    assert (standing(db, 1, 9), standing(db, 2, 9), standing(db, 2, 1)) == (["a"], [], ["a"])


def test_facts_of_different_keys_do_not_meet(db):
    """An empty key value is a key too, and a table without a key holds one fact."""
    writer = Writer(db, FACTS)
    writer.put("facts", ("x",), ("a",), moment(1))
    writer.put("facts", (None,), ("b",), moment(2))
    writer.put("facts", (None,), ("c",), moment(3))
    writer.put("one", (), ("d",), moment(4))
    writer.put("one", (), ("e",), moment(5))
    writer.flush()
    assert standing(db, 9, 9) == ["a", "c"]
    assert standing(db, 9, 9, "one") == ["e"]
    assert writer.current("facts", "value", "name IS ?", ("x",)) == ("a",)
    assert writer.current("facts", "value", "name IS ?", ("z",)) is None


def test_a_pupil_has_one_number(db):
    """In order of first appearance, also for a writer that begins later."""
    writer = Writer(db, FACTS)
    assert [writer.pupil(p) for p in ("ann", "bob", "ann")] == [0, 1, 0]
    later = Writer(db, FACTS)
    assert (later.pupils["bob"], later.pupil("cy"), later.pupil("ann")) == (1, 2, 0)


def test_a_pupil_who_is_not_in_the_log_has_no_number(db):
    """A mark of nobody is a fault of the log, and not another pupil's."""
    with pytest.raises(KeyError):
        Writer(db, FACTS).pupils["ann"]


def test_placed_rows_are_written_in_their_order(db):
    """Rows with a place of their own go in by it, whatever order they came in."""
    writer = Writer(db, FACTS)
    for n in (3, 1, 2):
        writer.insert("placed", (n, str(n), n, None, n, None))
        writer.insert("seen", (n,))
    writer.flush()
    writer.flush("placed")
    assert [row[0] for row in db.execute("SELECT rowid FROM placed")] == [1, 2, 3]
    assert [row[0] for row in db.execute("SELECT n FROM seen")] == [3, 1, 2]


def test_how_far_the_tables_came_is_kept_with_them(db):
    """Position and anchor; none where there is nothing, or another layout."""
    assert tables.reach(db) == Reach(0, "")
    tables.set_reach(db, Reach(7, "anchor"))
    assert tables.reach(db) == Reach(7, "anchor")
    db.execute("UPDATE state SET layout = layout + 1")
    assert tables.reach(db) is None
    db.execute("DELETE FROM state")
    assert tables.reach(db) is None
    db.execute("DROP TABLE state")
    assert tables.reach(db) is None


def test_making_the_tables_anew_drops_what_there_was(db):
    """Everything, and not only the tables of today."""
    db.execute("CREATE TABLE of_old(a)")
    db.execute("INSERT INTO pupils VALUES(0, 'ann')")
    tables.create(db, FACTS)
    assert list(tables.dump(db)) == ["facts", "one", "placed", "pupils", "seen", "state", repr(
        (tables.LAYOUT, 0, "")
    )]  # fmt: skip
