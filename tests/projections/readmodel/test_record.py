"""A table's row as a class: its columns, what they hold, and what of it is sealed."""

from contextlib import closing
from datetime import date
from typing import Union, get_args, get_origin, get_type_hints

import pytest

from ledger.events.base import IN_CLEAR
from ledger.sealing.keys import is_sealed
from ledger.store.folder import Folder
from projections.readmodel.catch_up import catch_up
from projections.readmodel.record import (
    Joined,
    Record,
    Sealed,
    Versioned,
    columns,
    each,
    read,
    selection,
    stored,
    table,
)
from projections.readmodel.records.all_records import RECORDS
from projections.readmodel.tables import open_tables
from tests.answers import packed


@table("everything", ("number",))
class Everything(Versioned, frozen=True):
    """A row with every type of column."""

    number: int
    text: str | None
    day: date | None
    flag: bool
    several: Joined


ROW = Everything(
    number=1, text=None, day=date(2026, 2, 28), flag=True, several=Joined(("a", "b;c")),
    kf=3, kt=None, sf=0, st=None,
)  # fmt: skip


def sealed_fields(record):
    hints = get_type_hints(record)
    return {
        name for name in record.__struct_fields__ if Sealed in (hints[name], *args(hints[name]))
    }


def args(hint):
    return get_args(hint) if get_origin(hint) is Union or "|" in str(hint) else ()


def test_a_row_is_read_as_it_was_stored():
    """Dates as text, truth as 0 or 1, words on a line each; none stays none."""
    row = tuple(stored(getattr(ROW, name)) for name in Everything.__struct_fields__)
    assert row == (1, None, "2026-02-28", 1, "a\nb;c", 3, None, 0, None)
    assert read(Everything, [row]) == [ROW] == list(each(Everything, iter([row])))


def test_no_words_are_no_word():
    row = tuple(stored(getattr(ROW, name)) for name in Everything.__struct_fields__)
    [found] = read(Everything, [(*row[:4], "", *row[5:])])
    assert found.several == ()


def test_the_class_says_the_table():
    assert columns(Everything) == {
        "number": int, "text": str, "day": str, "flag": int, "several": str,
        "kf": int, "kt": int, "sf": int, "st": int,
    }  # fmt: skip
    assert selection(Everything).startswith('"number", "text"')
    assert ROW.identity == {"number": 1}
    assert Everything.TABLE.versioned


def test_no_two_classes_share_a_table():
    """Every table is said once, with a key of its own columns."""
    names = [record.TABLE.name for record in RECORDS]
    assert len(names) == len(set(names))
    for record in RECORDS:
        assert set(record.TABLE.key) <= set(record.__struct_fields__)
    assert set(RECORDS) == {r for r in Record.__subclasses__() + Versioned.__subclasses__()
                            if r.__module__.startswith("projections.")} - {Versioned}  # fmt: skip


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    place = tmp_path_factory.mktemp("everything")
    packed.unpack("everything", place)
    folder = Folder(place / "everything")
    catch_up(folder)
    with closing(open_tables(folder)) as db:
        yield db


def to_open(text):
    return is_sealed(text) or text.startswith(IN_CLEAR)


def test_what_is_sealed_in_the_log_is_sealed_in_its_record(everything):
    """A text of a person's is known as such by its type; what is not, is none.

    One that an older shape of its event holds in clear is marked so, to be opened alike.
    """
    wrong, seen = [], set()
    for record in RECORDS:
        fields = sealed_fields(record)
        rows = everything.execute(f"SELECT {selection(record)} FROM {record.TABLE.name}")  # noqa: S608
        for row in rows:
            for name, value in zip(record.__struct_fields__, row, strict=True):
                if isinstance(value, str) and value and to_open(value) != (name in fields):
                    wrong.append((record.__name__, name, value))
                elif name in fields and value:
                    seen.add(name)
    assert wrong == []
    assert {"upn", "surname", "reason", "notes", "file", "recipient"} <= seen
