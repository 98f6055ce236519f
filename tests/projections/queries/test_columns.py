"""A column said once: how it is read, what the CSV and the document hold."""

import json
from dataclasses import dataclass
from datetime import date

from projections.queries.blocks import Grid, Lines
from projections.queries.columns import Column, Listing, plain, written
from projections.queries.question import Answer
from projections.rendering import html
from projections.rendering.text import as_csv, as_text


@dataclass
class Loan:
    """A row: a book, until when, how often."""

    book: str
    until: date | None
    times: int
    late: bool = False


ROWS = [Loan("Atlas", date(2026, 1, 31), 2), Loan("Bestiary", None, 11, late=True)]
COLUMNS = (
    Column("book", "Book"),
    Column("until", "Until"),
    Column("times", "Times", number=True),
    Column("late", "Late"),
)


def answer(columns, **more):
    """An answer with one table."""
    listing = Listing(columns, ROWS)
    return Answer({"rows": listing}, blocks=[listing.grid("Loans", **more)])


def test_a_column_is_in_every_form():
    """Added to the description, it appears in text, CSV, JSON and page."""
    times_ten = Column("tenfold", "Tenfold", lambda row: 10 * row.times, number=True)
    before, after = answer(COLUMNS), answer((*COLUMNS, times_ten))
    forms = [
        lambda found: "\n".join(as_text(found.blocks)),
        as_csv,
        lambda found: json.dumps(found.document),
        lambda found: html.blocks(found.blocks),
    ]
    for form in forms:
        assert ("110" in form(before), "110" in form(after)) == (False, True)
        assert "enfold" in form(after)


def test_a_row_is_written_as_its_columns_say():
    """Dates as ISO text in the document, yes and no where it is read; none is empty."""
    found = answer(COLUMNS)
    assert found.document["rows"] == [
        {"book": "Atlas", "until": "2026-01-31", "times": 2, "late": False},
        {"book": "Bestiary", "until": None, "times": 11, "late": True},
    ]
    assert as_csv(found).splitlines() == [
        "book,until,times,late", "Atlas,2026-01-31,2,False", "Bestiary,,11,True",
    ]  # fmt: skip
    [grid] = found.blocks
    assert [list(row) for row in grid.rows] == [
        ["Atlas", "2026-01-31", "2", "no"], ["Bestiary", "", "11", "yes"],
    ]  # fmt: skip
    assert grid.numeric == {2}


def test_a_column_may_be_for_reading_or_for_programs_only():
    """Without a key it is only read, without a heading it is not.

    The CSV may say it shorter, and a document leave it out where there is none.
    """
    columns = (
        Column("", "Loan", text=lambda row: f"{row.book}, {row.times} times"),
        Column("book"),
        Column("until", csv=False, sparse=True),
        Column("late", csv=lambda row: "L" * row.late),
    )
    found = answer(columns)
    assert list(found.blocks[0].rows[0]) == ["Atlas, 2 times"]
    assert [list(row) for row in found.rows()] == [["book", "until", "late"], ["book", "late"]]
    assert as_csv(found).splitlines() == ["book,late", "Atlas,", "Bestiary,L"]


def test_a_column_may_be_of_a_part_of_the_row():
    """It says of the whole what it says of the part."""
    columns = [column.on(lambda loans: loans[0]) for column in COLUMNS]
    listing = Listing(columns, [ROWS])
    assert listing.documents() == Listing(COLUMNS, ROWS).documents()[:1]
    assert [tuple(row) for row in listing.grid("Loans").rows] == [
        ("Atlas", "2026-01-31", "2", "no")
    ]


def test_a_table_may_be_read_in_another_order():
    """Of columns, of rows, and with a total beneath."""
    found = answer(COLUMNS, order=("Times", "Book"), rows=lambda: ROWS[::-1],
                   total=Loan("All", None, 13))  # fmt: skip
    [grid] = found.blocks
    assert grid.headings == ["Times", "Book"]
    assert [tuple(row) for row in grid.rows] == [("11", "Bestiary"), ("2", "Atlas"), ("13", "All")]
    assert grid.total


def test_only_the_form_that_is_asked_for_is_made():
    """A document makes no table, and a table no document."""

    def refuse(row):
        raise AssertionError(row)

    Listing((Column("book", "Book", text=refuse),), ROWS).documents()
    answer((Column("book", "Book", text=refuse),)).document  # noqa: B018 - that it can be made
    listing = Listing((Column("book", "Book", value=refuse, text=lambda row: row.book),), ROWS)
    assert len(listing) == 2
    assert [row[0] for row in listing.grid("Loans").rows] == ["Atlas", "Bestiary"]


def test_values_become_what_json_holds():
    """However deep they stand."""
    listing = Listing((Column("book"),), ROWS[:1])
    value = {"on": date(2026, 1, 31), "all": [date(2026, 2, 1), ("x", 1)], "rows": listing}
    assert plain(value) == {
        "on": "2026-01-31", "all": ["2026-02-01", ["x", 1]], "rows": [{"book": "Atlas"}],
    }  # fmt: skip
    assert written(["a", "b"]) == "a, b"


class Seen:
    """A view as an answer is framed by it."""

    def as_of(self):
        return {"position": 7, "from": "2026-01-01"}

    def provenance(self):
        return "as known at position 7"

    def remarks(self):
        return []

    def ignorance(self):
        return "it knew nothing"


def test_the_provenance_stands_first_in_the_document_and_last_where_it_is_read():
    """In the notes of a table at the end, else as a line; a question may narrow its dates."""
    found = Answer({"as_of": {"from": date(2026, 1, 5)}, "rows": []}, blocks=[Lines(["a"])])
    framed = found.of(Seen())
    assert framed.document == {"as_of": {"position": 7, "from": "2026-01-05"}, "rows": []}
    assert [list(block.lines) for block in framed.blocks] == [["a"], ["as known at position 7"]]
    ours = Answer({}, blocks=[Lines(["a"], suggests=True)]).of(Seen())
    assert [list(block.lines) for block in ours.blocks] == [["a", "as known at position 7"]]
    [grid] = answer(COLUMNS, notes=["note"]).of(Seen()).blocks
    assert isinstance(grid, Grid)
    assert list(grid.notes) == ["note", "as known at position 7"]
    assert Answer({}).of(Seen()).blocks[0].lines == ["as known at position 7"]


def test_an_answer_of_nothing_says_so():
    """The document has what it always has; a sentence is read."""
    framed = answer(COLUMNS).of_nothing(Seen())
    assert framed.document["knows_nothing"] is True
    assert framed.document["as_of"]["position"] == 7
    assert framed.blocks == [Lines(["it knew nothing"])]


def test_what_is_no_list_has_no_listing():
    """Rows of a document that were not listed are none for the CSV."""
    assert Answer({"rows": [1]}).listing is None
    assert Answer({}).listing is None
