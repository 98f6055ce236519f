"""Answers as plain text and as CSV."""

import csv
import io

from projections.queries.blocks import Grid
from projections.queries.question import Answer
from projections.rendering.text import as_csv, as_lines


def answer(columns: tuple[str, ...], *rows: dict) -> Answer:
    return Answer({"rows": [*rows]}, columns)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_the_columns_that_an_answer_names_in_order():
    found = as_csv(answer(("b", "a", "c"), {"a": 1, "b": None, "d": 4}))
    assert found == "b,a,c\n,1,\n"


def test_csv_of_an_answer_without_rows_is_its_header():
    assert as_csv(answer(("a", "b"))) == "a,b\n"
    assert as_csv(answer(())) == ""


def test_csv_flattens_what_is_nested():
    """A mapping gives a column each, and one for all; a list is joined; cells are sessions."""
    cells = [{"session": "2026-11-20/AM", "code": "/"}, {"session": "2026-11-20/PM", "code": None}]
    row = {
        "by": {"name": "Mo", "title": "Head"},
        "codes": {"/": 3, "I": 1},
        "groups": ["7A", "Y7"],
        "empty": [],
        "cells": cells,
    }
    columns = ("by_name", "codes", "groups", "empty", "cells")
    assert read(as_csv(answer(columns, row))) == [
        {
            "by_name": "Mo",
            "codes": "/=3 I=1",
            "groups": "7A;Y7",
            "empty": "",
            "2026-11-20/AM": "/",
            "2026-11-20/PM": "",
        }
    ]


def test_csv_quotes_what_would_break_a_line():
    reason = 'He said "late",\nthen left'
    assert read(as_csv(answer(("reason",), {"reason": reason}))) == [{"reason": reason}]


def test_text_aligns_columns_and_sets_a_total_apart():
    grid = Grid("Title", ("Name", "N"), [("Ada", "1"), ("All", "10")], frozenset({1}), total=True,
                notes=("note",))  # fmt: skip
    assert as_lines(grid) == [
        "Title", "Name    N", "─────────", "Ada     1", "", "All    10", "note", "",
    ]  # fmt: skip


def test_text_of_an_empty_table_keeps_its_headings():
    assert as_lines(Grid("None", ("A", "B"), [])) == ["None", "A   B", "─────", ""]


def test_text_keeps_a_row_on_one_line():
    assert as_lines(Grid("", ("Reason",), [("ill\nagain",)]))[3] == "ill again"
