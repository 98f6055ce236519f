"""Answers as lines and as CSV."""

from ledger.terminal import visible
from projections.queries.blocks import Grid, Lines
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


def test_rows_become_csv_without_nested_values():
    """Counts by code in one column, a person in several, a list joined."""
    row = {
        "upn": "U-ann",
        "codes": {"/": 3, "I": 1},
        "by": {"name": "Mrs R", "job_title": "Clerk"},
        "groups": ["9A", "Y9"],
        "nothing": None,
        "left_out": 1,
    }
    columns = ("upn", "codes", "by_name", "by_job_title", "groups", "nothing")
    assert as_csv(Answer({"rows": [row]}, columns)).splitlines() == [
        "upn,codes,by_name,by_job_title,groups,nothing",
        "U-ann,/=3 I=1,Mrs R,Clerk,9A;Y9,",
    ]


def test_cells_become_a_column_a_session():
    """The register of a week: one column a session; none where nobody is listed."""
    cells = [{"session": "2025-09-08/AM", "code": "/"}, {"session": "2025-09-08/PM", "code": None}]
    answer = Answer({"rows": [{"name": "Ann", "cells": cells}]}, ("name", "cells"))
    assert as_csv(answer) == "name,2025-09-08/AM,2025-09-08/PM\nAnn,/,\n"
    assert as_csv(Answer({"rows": []}, ("name", "cells"))) == "name,cells\n"


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
