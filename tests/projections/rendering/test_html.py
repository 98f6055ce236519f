"""Pages: escaped, self-contained, whole tables; what a browser would make of them."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from ledger.terminal import visible
from projections.queries.blocks import Grid, Lines
from projections.rendering import html

VOID = {"meta", "wbr"}


class Outline(HTMLParser):
    """A page taken apart: tags in order, attributes, rows of cells, text outside the style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            return
        self.words.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data.strip("\n")

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.words).split())


NASTY = "Ada <b>&\"Quill\"</b> 'x' </style><script>"
GRID = Grid(
    "Week <1>",
    ("Pupil", "Mon", "Tue"),
    [(NASTY, "/", "3"), ("All", "", "4")],
    frozenset({2}),
    total=True,
    notes=["* amended"],
)


def test_everything_given_is_escaped_and_every_cell_is_there():
    """Names with markup in them stay names, in cells, titles and the foot."""
    found = Outline(html.page(NASTY, html.grid(GRID), foot=NASTY))
    assert found.rows == [["Pupil", "Mon", "Tue"], [NASTY, "/", "3"], ["All", "", "4"]]
    assert found.said.count(NASTY) == 4
    assert not {"script", "b", "img", "link"} & set(found.tags)
    assert found.open == []


def test_a_page_needs_nothing_but_itself():
    """No script, no address, and a policy that forbids any; British English, UTF-8."""
    page = html.page("Register", html.grid(GRID), landscape=True, foot="position 12")
    assert "http" not in page.replace("http-equiv", "")
    assert "url(" not in page
    found = Outline(page)
    assert ("lang", "en-GB") in found.attributes
    assert ("charset", "utf-8") in found.attributes
    assert any(value and value.startswith("default-src 'none'") for _, value in found.attributes)


def test_paper_is_a4_with_heads_repeated_rows_whole_and_pages_numbered():
    """Landscape for registers; the foot of each sheet says where it comes from."""
    page = html.page("Register", "", landscape=True, foot='School "A" </style>')
    for rule in (
        "size: A4 landscape",
        "display: table-header-group",
        "break-inside: avoid",
        'counter(page) " of " counter(pages)',
        'content: "School \\22 A\\22  \\3c /style\\3e "',
    ):
        assert rule in page
    assert "size: A4 portrait" in html.page("Letter", "")
    assert "<footer>" not in html.page("Letter", "")


def test_nothing_is_coloured():
    page = html.page("Register", html.grid(GRID))
    colours = {part.split(";")[0].strip() for part in page.split("color:")[1:]}
    assert colours == {"#000"}


def test_a_table_names_its_rows_and_marks_numbers_and_totals():
    """Headings with a scope; numbers to the right; the last row a total where it is one."""
    shown = html.grid(GRID, css="register")
    assert '<th scope="row" class="name">All</th>' in shown
    assert '<th scope="col" class="number">Tue</th>' in shown
    assert shown.count('<tr class="total">') == 1
    assert '<table class="register">' in shown
    plain = html.table(("A",), [("1",)])
    assert "total" not in plain
    assert "<ul" not in html.grid(Grid("", ("A",), [("1",)]))
    assert "<h2>" not in html.grid(Grid("", ("A",), [("1",)]))


def test_blocks_are_shown_as_they_are_in_text():
    """Lines become paragraphs, tables tables."""
    found = Outline(html.blocks([Lines(["first", "", "second"]), GRID]))
    assert found.tags.count("p") == 2
    assert found.tags.count("table") == 1


def test_finished_html_is_not_escaped_again():
    """Only what this module made stands as it is."""
    assert html.text(html.tag("sup", "a & b")) == "<sup>a &amp; b</sup>"


@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_any_text_can_be_shown_and_written(written):
    """Control and half characters are replaced or shown; the rest is read back as it was."""
    page = html.page(written, html.table((written,), [(written,)]), foot=written)
    assert page.encode("utf-8")
    found = Outline(page)
    replaced = (c if html.text(c) != "\N{REPLACEMENT CHARACTER}" else "\ufffd" for c in written)
    kept = visible("".join(replaced))
    expected = kept.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    assert found.rows[1][0].replace("\r\n", "\n").replace("\r", "\n").strip("\n") == expected


def test_a_mark_that_turns_the_reading_round_is_seen_on_a_page():
    """As in text: a magistrate must not read a sentence backwards."""
    assert html.text("a\u202eb") == "a\\u202eb"
