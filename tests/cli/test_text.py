"""Answers as plain text and as CSV, where something is missing or would break a line."""

import csv
import io

from projections.queries.blocks import Grid
from projections.queries.question import Answer
from projections.rendering.text import as_csv, as_lines


def test_csv_has_the_columns_that_an_answer_names_in_order():
    row = {"a": 1, "b": None, "d": 4, "e": []}
    assert as_csv(Answer({"rows": [row]}, ("b", "a", "c", "e"))) == "b,a,c,e\n,1,,\n"


def test_csv_quotes_what_would_break_a_line():
    row = {"reason": 'He said "late",\nthen left'}
    written = as_csv(Answer({"rows": [row]}, ("reason",)))
    assert list(csv.DictReader(io.StringIO(written))) == [row]


def test_text_of_an_empty_table_keeps_its_headings():
    assert as_lines(Grid("None", ("A", "B"), [])) == ["None", "A   B", "─────", ""]
