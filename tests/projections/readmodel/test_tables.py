"""Tables of versions: intervals of positions beside stated times that never fall."""

from contextlib import closing

import pytest

from projections.readmodel import tables
from projections.readmodel.record import Record, Versioned, table
from projections.readmodel.records.roll import Pupil
from projections.readmodel.tables import STANDS, Moment, Reach, Writer


@table("facts", ("name",), indexes=("value",))
class Named(Versioned, frozen=True):
    name: str | None
    value: str


@table("one")
class One(Versioned, frozen=True):
    value: str


@table("seen", ("n",))
class Seen(Record, frozen=True):
    n: int


@table("placed", ("id",), row_id=True)
class Placed(Versioned, frozen=True):
    id: int
    value: str


FACTS = (Named, One, Seen, Placed, Pupil)


@pytest.fixture
def db(tmp_path):
    with closing(tables.connect(tmp_path / "tables.db")) as db:
        tables.create(db, FACTS)
        yield db


def moment(position, stated=None):
    stated = position if stated is None else stated
    return Moment(position, stated, True, None, "")


def standing(db, position, stated, table="facts"):
    sql = f"SELECT value FROM {table} WHERE {STANDS} ORDER BY value"  # noqa: S608
    return [row[0] for row in db.execute(sql, {"p": position, "t": stated})]


def test_one_version_of_a_fact_stands_at_any_point(db):
    """From its position to the next, and from its stated time to the next."""
    writer = Writer(db)
    for position, stated, value in ((1, 10, "a"), (2, 30, "b"), (3, 20, "c")):
        writer.put(Named, moment(position, stated), None, name="x", value=value)
    writer.flush()
    found = {(p, t): standing(db, p, t) for p in range(5) for t in (9, 10, 29, 30)}
    assert all(len(values) <= 1 for values in found.values())
    assert [found[p, 30] for p in range(5)] == [[], ["a"], ["b"], ["c"], ["c"]]
    assert [found[4, t] for t in (9, 10, 29, 30)] == [[], ["a"], ["a"], ["c"]]


def test_an_ended_fact_stands_until_its_end(db):
    """Nothing stands after it; ending what never began is nothing."""
    writer = Writer(db)
    writer.put(Named, moment(1), None, name="x", value="a")
    writer.end(Named, moment(2), name="x")
    writer.end(Named, moment(3), name="y")
    assert (standing(db, 1, 9), standing(db, 2, 9), standing(db, 2, 1)) == (["a"], [], ["a"])


def test_facts_of_different_keys_do_not_meet(db):
    """An empty key value is a key too, and a table without a key holds one fact."""
    writer = Writer(db)
    writer.put(Named, moment(1), None, name="x", value="a")
    writer.put(Named, moment(2), None, name=None, value="b")
    writer.put(Named, moment(3), None, name=None, value="c")
    writer.put(One, moment(4), None, value="d")
    writer.put(One, moment(5), None, value="e")
    writer.flush()
    assert standing(db, 9, 9) == ["a", "c"]
    assert standing(db, 9, 9, "one") == ["e"]
    assert writer.current(Named, name="x").value == "a"
    with pytest.raises(LookupError):
        writer.current(Named, name="z")


def test_a_pupil_has_one_number(db):
    writer = Writer(db)
    assert [writer.pupil(p) for p in ("ann", "bob", "ann")] == [0, 1, 0]
    later = Writer(db)
    assert (later.pupils["bob"], later.pupil("cy"), later.pupil("ann")) == (1, 2, 0)


def test_a_pupil_who_is_not_in_the_log_has_no_number(db):
    """A mark of nobody is a fault of the log, and not another pupil's."""
    with pytest.raises(KeyError):
        Writer(db).pupils["ann"]


def test_placed_rows_are_written_in_their_order(db):
    """Rows with a place of their own go in by it, whatever order they came in."""
    writer = Writer(db)
    for n in (3, 1, 2):
        writer.insert(Placed, (n, str(n), n, None, n, None))
        writer.insert(Seen, (n,))
    writer.flush()
    writer.flush(Placed)
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
