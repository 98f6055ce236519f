"""At a narrow terminal two children never read alike, and no date is cut."""

import re

import pytest

from projections.queries.blocks import Grid
from projections.queries.question import Answer
from projections.rendering.fit import GAP, fitted, stacked
from projections.rendering.screen import show

WHOLE = ("Bramblewick-Hawthorne", "2026-11-17/AM", "2026-11-17T09:30:00Z", "D887400126001")
LONG = "the family was rung twice and nobody answered before the register was closed"
WORDS = ("Pupil", "Session", "Recorded", "UPN", "Reason")


def grid(*extra, total=False):
    """Two pupils whose names, UPNs and days differ at their ends only."""
    row = [f"Ada {WHOLE[0]}", *WHOLE[1:], LONG, *extra]
    other = [cell.replace("Haw", "Hay").replace("001", "002") for cell in row]
    heads = [*WORDS, *(f"More {n}" for n in range(len(extra)))]
    return Grid("Marks", heads, [row, other], total=total, free=frozenset({4}))


@pytest.fixture
def drawn(monkeypatch, capsys):
    """What a terminal of 80 columns shows."""
    monkeypatch.setenv("COLUMNS", "80")

    def shown(table):
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        show(Answer({}, blocks=[table]))
        return re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out)

    return shown


def test_a_wide_terminal_shows_the_table_as_it_is():
    table, widths = fitted(grid(), 400)
    assert list(table.rows) == list(grid().folded)
    assert sum(widths) + GAP * 4 < 200


def test_the_longest_text_wraps_first():
    """Every other column keeps its width while there is room."""
    table, widths = fitted(grid(), 130)
    assert list(table.headings) == list(WORDS)
    assert sum(widths) + GAP * 4 == 130
    assert widths[:4] == [25, 13, 20, 13]


def test_the_upn_goes_where_the_name_stands_beside_it():
    """And what is left is whole."""
    table = grid()
    narrow = Grid("Marks", WORDS, table.rows, numeric=frozenset({1, 3, 4}))
    found, _ = fitted(narrow, 84)
    assert "UPN" not in found.headings
    assert found.numeric == {1, 3}
    assert all(len(row) == 4 for row in found.rows)


@pytest.mark.parametrize("extra", [(), ("2026-11-18/PM", "2026-11-19/PM", "2026-11-20/PM")])
@pytest.mark.parametrize("total", [True, False])
def test_nothing_that_tells_two_children_apart_is_cut(drawn, extra, total):
    """In a table or in lines: whole names, days and sessions within the width, no ellipsis."""
    shown = drawn(grid(*extra, total=total))
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    for word in (WHOLE[0], WHOLE[0].replace("Haw", "Hay"), *WHOLE[1:3], *extra):
        assert word in shown
    assert " ".join(LONG.split()[:3]) in shown


def test_a_record_that_fits_no_table_is_lines():
    """Heading and value, one record a block; what is empty is left out, the UPN is back."""
    table = grid("2026-11-18/PM", "", "2026-11-20/PM")
    assert fitted(table, 60) is None
    first, second = stacked(table, 60)
    assert first[:4] == [
        "Pupil     Ada Bramblewick-Hawthorne",
        "Session   2026-11-17/AM",
        "Recorded  2026-11-17T09:30:00Z",
        "UPN       D887400126001",
    ]
    assert first[4:6] == [
        "Reason    the family was rung twice and nobody answered",
        "          before the register was closed",
    ]
    assert not any("More 1" in line for line in first)
    assert second[3] == "UPN       D887400226002"


def test_a_table_without_names_keeps_its_upns():
    table = Grid("Pupils", ("UPN", "What"), [("D887400126001", "x" * 24)])
    assert fitted(table, 20) is None
    assert fitted(table, 40) is not None
