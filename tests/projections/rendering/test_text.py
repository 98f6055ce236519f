"""Answers as lines and as CSV."""

import csv
import io

from ledger.terminal import visible
from projections.queries.blocks import Grid, Lines
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer
from projections.rendering.text import as_csv, as_lines, as_text


def test_a_table_is_as_wide_as_its_cells():
    """Nothing is cut off; numbers to the right, a total apart, notes beneath."""
    grid = Grid(
        "Title", ("Name", "N"), [("Ann", "1"), ("All", "12")], frozenset({1}), total=True,
        notes=("a note",),
    )  # fmt: skip
    assert as_lines(grid) == [
        "Title", "Name    N", "─" * 9, "Ann     1", "", "All    12", "a note", "",
    ]  # fmt: skip


def test_a_line_break_in_a_reason_does_not_break_the_table():
    grid = Grid("T", ("Reason",), [("rang\nthe school\r\ntwice",)])
    assert as_lines(grid)[3] == "rang the school twice"


def listed(row, *keys):
    """An answer of one row under columns of these keys."""
    columns = [Column(key, value=lambda row, key=key: row[key]) for key in keys]
    return Answer({"rows": Listing(columns, [row] if row else [])})


def test_rows_become_csv_without_nested_values():
    """Counts by code in one column, a list joined, nothing empty; in the order of the columns."""
    row = {"codes": {"/": 3, "I": 1}, "left_out": 1, "upn": "U-ann", "groups": ["9A", "Y9"]}
    row |= {"nothing": None, "none": []}
    written = as_csv(listed(row, "upn", "codes", "groups", "nothing", "none"))
    assert written == "upn,codes,groups,nothing,none\nU-ann,/=3 I=1,9A;Y9,,\n"


def test_csv_quotes_what_would_break_a_line():
    """A reason is one cell whatever was written in it."""
    row = {"reason": 'He said "late",\nthen left'}
    assert list(csv.DictReader(io.StringIO(as_csv(listed(row, "reason"))))) == [row]


def test_cells_become_a_column_a_session():
    """The register of a week: one column a session; none where nobody is listed."""
    cells = [{"session": "2025-09-08/AM", "code": "/"}, {"session": "2025-09-08/PM", "code": None}]
    written = as_csv(listed({"name": "Ann", "cells": cells}, "name", "cells"))
    assert written == "name,2025-09-08/AM,2025-09-08/PM\nAnn,/,\n"
    assert as_csv(listed(None, "name", "cells")) == "name,cells\n"


def test_an_answer_without_columns_has_no_csv():
    """Status is lines only."""
    assert as_csv(Answer({})) == ""


def test_what_cannot_be_seen_is_shown_as_what_it_is():
    """A bell, a zero-width space, a mark that turns the reading of a sentence round."""
    grid = Grid("T", ("Reason",), [("bell\x07 zero\u200bwidth \u202edetrever",)])
    assert as_lines(grid)[3] == "bell\\u0007 zero\\u200bwidth \\u202edetrever"
    assert as_text([Lines(["a\x1bb"])]) == ["a\\u001bb"]


def test_letters_of_every_language_stay_as_they_are():
    """With the joiners that some of them need."""
    text = "Zoë — \u0646\u0627\u0645\u0647\u200c\u0647\u0627"
    assert visible(text) == text


def test_text_of_an_empty_table_keeps_its_headings():
    """Nothing found is told under the same heads."""
    assert as_lines(Grid("None", ("A", "B"), [])) == ["None", "A   B", "─────", ""]
