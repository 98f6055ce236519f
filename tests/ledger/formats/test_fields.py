"""Cells of other people's files: what is read of each, and what of a value cannot be so."""

from datetime import date

import pytest

from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.formats import fields
from ledger.formats.fields import Field
from tests.ledger.refusals import refused_with

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("read", "cell", "value"),
    [
        (fields.number, "0", 0),
        (fields.number, "999999999", 999_999_999),
        (fields.reference, "A-1_b", "A-1_b"),
        (fields.reference, "x" * 64, "x" * 64),
        (fields.digest, "0a" * 32, "0a" * 32),
        (fields.flag, "yes", True),
        (fields.flag, "no", False),
        (fields.one_of("a", "b"), "b", "b"),
        (fields.day_text, "2026-11-20", "2026-11-20"),
        (
            fields.relied_on,
            " 2026-11-20/AM U; ;2026-11-23/PM  O ",
            ("2026-11-20/AM U", "2026-11-23/PM O"),
        ),
    ],
)
def test_a_cell_is_read(read, cell, value):
    assert read(cell) == value


@pytest.mark.parametrize(
    ("read", "cell", "code"),
    [
        (fields.number, "1000000000", "number"),
        (fields.number, "-1", "number"),
        (fields.number, "1.0", "number"),
        (fields.number, "\u0663", "number"),
        (fields.number, "\u00b2", "number"),
        (fields.reference, "x" * 65, "reference"),
        (fields.reference, "a b", "reference"),
        (fields.digest, "0A" * 32, "digest"),
        (fields.digest, "0a" * 32 + "0", "digest"),
        (fields.day_text, "20 November", "date"),
        (fields.relied_on, "2026-11-20/AM", "entries"),
        (fields.relied_on, "2026-11-20/AM U X", "entries"),
    ],
)
def test_a_cell_that_is_not_what_it_should_be_is_refused(read, cell, code):
    with refused_with(code):
        read(cell)


def test_a_column_is_named_where_its_cell_is_refused():
    rank = Field("rank", fields.number, mandatory=True)
    assert rank.value("Order", "7") == 7
    with pytest.raises(Refused, match=r"^Order: 'x' is not a whole number$"):
        rank.value("Order", "x")
    with pytest.raises(Refused, match="Order"):
        rank.value("Order", " ")
    assert Field("rank", fields.number, empty=3).value("Order", " ") == 3


def test_a_day_may_be_the_last_and_the_first_and_today():
    names = ("first", "last")
    for first, last in ((DAY, DAY), (None, DAY), (DAY, None), (DAY, date(2026, 11, 21))):
        assert fields.reversed_dates(first, last, names) is None
    wrong = fields.reversed_dates(DAY, date(2026, 11, 19), names)
    assert wrong is not None
    assert wrong.what == "last 2026-11-19 is before first 2026-11-20"
    assert fields.future_day(None, DAY, "on") is fields.future_day(DAY, DAY, "on") is None
    assert fields.future_day(date(2026, 11, 21), DAY, "on") is not None


def test_an_instant_may_be_now():
    now = parse_instant("2026-11-20T09:30")
    assert fields.future_instant(None, now, "at") is fields.future_instant(now, now, "at") is None
    assert fields.future_instant(now + 1, now, "at") is not None
