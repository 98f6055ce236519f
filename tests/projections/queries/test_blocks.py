"""What an answer is read as: each block in text, on a page and as JSON."""

import json
from dataclasses import fields
from typing import get_args

import pytest

from projections.queries import blocks
from projections.queries.blocks import (
    Block,
    Cell,
    Grid,
    Heading,
    Lines,
    Made,
    Places,
    Register,
    Signature,
)
from projections.rendering import html
from projections.rendering.text import as_text
from tests.projections.rendering.test_html import Outline

EXAMPLES = (
    Heading("Week of 7 September"),
    Lines(["first line", "second line"]),
    Grid(
        "Loans", ("Book", "Times"), Made(lambda: [("Atlas", "2")]), frozenset({1}), notes=["all"]
    ),
    Register("9B", ("Pupil", "Mon AM"), [("Ann", [Cell("N", signs="*", notes=(1, 2))])], ["* by"]),
    Places("Codes", [("/", "present"), ("O", "absent")]),
    Signature("head teacher", "Ann Able"),
)


def held(value):
    """Every text of a document, without its kind and the names of its fields."""
    if isinstance(value, dict):
        return [text for key, each in value.items() if key != "block" for text in held(each)]
    if isinstance(value, list):
        return [text for each in value for text in held(each)]
    return [str(value)] if isinstance(value, str) and value else []


def test_every_block_has_its_example():
    """The set is closed; one that is added is drawn everywhere, or these tests say where not."""
    assert {type(each) for each in EXAMPLES} == set(get_args(Block))


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: type(block).__name__)
def test_every_block_is_written_as_json_and_drawn_by_text_and_page(block):
    """All that it says is in each of them."""
    document = json.loads(json.dumps(blocks.document(block)))
    assert document["block"] == type(block).__name__.lower()
    assert set(document) == {"block", *(each.name for each in fields(block))}
    said = held(document)
    assert said
    page = Outline(html.page("Title", html.blocks([block]))).said
    text = "\n".join(as_text([block]))
    for words in said:
        assert words in text
        assert words in page


@pytest.mark.parametrize(
    ("cell", "text", "page"),
    [
        (Cell("N"), "N", "N"),
        (Cell("I", signs="*", notes=(1, 2)), "I* [1,2]", "I*<sup>1,2</sup>"),
        (Cell(plan="C", signs="?"), "(C)?", "(C)?"),
        (Cell(), "____", ""),
    ],
)
def test_a_cell_of_a_register_shows_mark_plan_and_notes(cell, text, page):
    """A plan is in brackets; where nothing stands there is room to write."""
    register = Register("9B", ("Pupil", "Mon AM"), [("Ann", [cell])], form=True)
    assert register.as_grid.rows == [("Ann", text)]
    assert f">{page}</td>" in html.blocks([register])
    assert '<table class="register form">' in html.blocks([register])


def test_long_free_text_goes_on_beneath_as_text_and_stays_whole_on_a_page():
    """A word longer than the column is cut; other columns keep their width."""
    reason = "seen at the harbour " * 9 + "x" * 130
    grid = Grid("T", ("No.", "Reason"), [("1", reason), ("2", "short")], free=frozenset({1}))
    assert max(len(row[1]) for row in grid.folded) == 60
    assert [row[0] for row in grid.folded if row[0]] == ["1", "2"]
    assert "".join(row[1] for row in grid.folded[:-1]).replace(" ", "") == reason.replace(" ", "")
    assert reason in html.blocks([grid]).replace("<wbr>", "")
    assert Grid("T", ("Reason",), [(reason,)]).folded == [(reason,)]
