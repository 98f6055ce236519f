"""`overview`: four views of one register, and why a figure moved: causes that add up."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import streams
from ledger.events.calendar import SessionsClosed
from ledger.events.register import MarkAmended
from ledger.store.facts import Fact
from policies.packs.codes import codes
from projections.figures.overview import NO_MARK, NOT_COUNTED, Effect, Overview, effects
from projections.queries.rectangle import Rectangle
from tests.projections.ledgers import instant, marked, on_mark, weekdays
from tests.projections.queries.test_tally import DAYS, Session

ON = date(2025, 9, 19)


@pytest.fixture
def fortnight(school):
    """Two weeks of marks: Ann always there, Bob away on Mondays; one N became I later."""
    facts = [
        marked(pupil, f"{day}/{half}", "N" if pupil == "bob" and not day.weekday() else present)
        for pupil in ("ann", "bob")
        for day in weekdays(date(2025, 9, 8), ON)
        for half, present in (("AM", "/"), ("PM", "\\"))
    ]
    school.add(instant(2025, 9, 8, 9), *facts)
    amended = MarkAmended(original="N", code="I", reason="ill", by="s1", name="Mrs R")
    school.add(
        instant(2025, 9, 16, 9),
        on_mark("bob", "2025-09-08/AM", amended),
        marked("cy", "2025-09-08/AM", "/", late=True),
        marked("cy", "2025-09-17/AM", "/"),
    )
    school.add(
        instant(2025, 9, 16, 9),
        Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 12), sessions=("PM",))),
    )
    return school


def document(book, **asked):
    """The document."""
    return book.ask(Overview(**{"on": ON} | asked)).document


def test_year_groups_come_with_their_total(fortnight):
    """As `rates --by year` gives them."""
    found = document(fortnight)
    assert {row["group"] for row in found["years"]} == {"Y9", "(none)"}
    assert found["total"]["attended"] == 36


def test_pupils_below_the_line_are_listed_from_the_lowest(fortnight):
    """Below, not at it; so many as were asked for."""
    below = document(fortnight)["below"]
    assert (below["pupils"], below["below"]) == (3, 1)
    assert below["lowest"][0]["upn"] == "U-bob"
    bob = below["lowest"][0]
    line = 100 * bob["attended"] // bob["possible"]
    assert document(fortnight, below=line)["below"]["below"] == 0
    assert len(document(fortnight, below=101, lowest=2)["below"]["lowest"]) == 2


def test_the_pupil_with_the_most_changes_is_shown(fortnight):
    """The fortnight of the week before and this one, cell by cell; what was changed in it."""
    shown = document(fortnight)["fortnight"]
    assert shown["upn"] in {"U-bob", "U-cy"}
    assert len(shown["cells"]) == 20
    assert document(fortnight, pupil="U-ann")["fortnight"] is None
    answer = fortnight.ask(Overview(on=ON, pupil="U-bob"))
    assert answer.document["fortnight"]["upn"] == "U-bob"
    weeks, changes = answer.blocks[2:4]
    assert weeks.title == "Bob Baker (9A): a fortnight"
    assert weeks.rows[0] == ("08 Sep", "I* N", *["/  \\"] * 3, "/  [\\]")
    assert list(changes.rows) == [("08 Sep AM", "N", "I", "ill", "Mrs R", "16 Sep 10:00", "6")]


def test_the_causes_add_up_to_what_moved(fortnight):
    """The week before, as stated by its Friday and as known now."""
    moved = document(fortnight)["moved"]
    assert moved["week"] == "2025-09-08"
    for name in ("attended", "authorised", "unauthorised", "possible"):
        difference = moved["after"][name] - moved["before"][name]
        assert sum(cause[name] for cause in moved["causes"]) == difference
    kinds = {(c["before"], c["after"]) for c in moved["causes"]}
    assert {("N", "I"), ("no mark", "/"), ("\\", "not counted")} <= kinds


def test_a_withdrawn_closure_is_counted_since(fortnight):
    """A session that was closed as known then and met as known now is a cause of its own."""
    fortnight.add(
        instant(2025, 9, 26, 9),
        Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, 15))),
    )
    answer = fortnight.ask(Overview(on=date(2025, 9, 26)))
    words = [row[0] for row in answer.blocks[-1].rows]
    assert words[-1] == "All causes together"
    assert any(word.startswith("no longer counted") for word in words)


def test_the_fortnight_is_of_whom_the_most_kinds_of_changes_are(fortnight):
    """Two of Ann's, one of Bob's, who comes after her."""
    for half, was, code in (("AM", "/", "L"), ("PM", "\\", "I")):
        change = MarkAmended(original=was, code=code, reason="seen", by="s1", name="Mrs R")
        fortnight.add(instant(2025, 9, 17, 9), on_mark("ann", f"2025-09-09/{half}", change))
    assert document(fortnight)["fortnight"]["upn"] == "U-ann"


def test_the_week_before_the_first_week_of_school_moved_nothing(school):
    """Without an earlier week of school there is nothing to compare, and nothing fails."""
    moved = document(school, on=date(2025, 6, 2))["moved"]
    assert (moved["week"], moved["causes"]) == ("2025-05-26", [])


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event there is nothing to look at."""
    answer = school.ask(Overview(known_at="2025-07-01"))
    assert answer.document["knows_nothing"] is True


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("not counted", "/", "counted since: /"),
        ("/", "not counted", "no longer counted: /"),
        ("no mark", "/", "marked since: /"),
        ("N", "I", "N became I"),
    ],
)
def test_a_cause_is_worded_for_a_reader(before, after, words):
    """Each kind of change has its own words."""
    assert Effect(before, after, 1, 0, 0, 0, 0).words == words


def test_the_provenance_stands_once_at_the_end(fortnight):
    """Other tables lose theirs."""
    blocks = fortnight.ask(Overview(on=ON)).blocks
    line = blocks[-1].notes[-1]
    assert "Test School" in line
    assert not any(line in getattr(block, "notes", ()) for block in blocks[:-1])


CODES = ("", "/", "N", "I", "X", "U")
cells = st.lists(
    st.tuples(*[st.tuples(st.sampled_from(CODES), st.booleans())] * 2), min_size=1, max_size=4
)


def laid(rows):
    """A rectangle of cells: a code, and whether the session counts."""
    shape = (len(rows), len(DAYS))
    return Rectangle(
        [Session(day, "AM") for day in DAYS],
        list(CODES),
        np.array([[CODES.index(code) for code, _ in row] for row in rows], np.uint8),
        np.zeros(shape, np.bool_),
        np.ones(shape, np.bool_),
        np.array([[met for _, met in row] for row in rows]),
        np.zeros(shape, np.bool_),
    )


def worth(rows):
    """Attended, authorised, unauthorised and possible sessions, counted one by one."""
    counted = [code for row in rows for code, met in row if met]
    attended, authorised = counted.count("/"), counted.count("I")
    unauthorised = counted.count("N") + counted.count("U")
    return attended, authorised, unauthorised, attended + authorised + unauthorised


@given(before=cells, after=cells)
def test_causes_add_up_to_the_difference(before, after):
    """For any two registers the effects sum to what moved, also where pupils came or went."""
    found = effects(laid(before), laid(after), codes())
    sums = [(e.attended, e.authorised, e.unauthorised, e.possible) for e in found]
    moved = [sum(column) for column in zip(*sums, strict=True)] if sums else [0] * 4
    assert moved == [b - a for a, b in zip(worth(before), worth(after), strict=True)]
    listed = [(-each.cells, each.before, each.after) for each in found]
    assert listed == sorted(listed)


def test_each_kind_of_change_is_one_cause_the_most_frequent_first():
    """Marked since, amended, no longer counted; what stayed is no cause."""
    before = laid([(("", True), ("N", True)), (("", True), ("/", True))])
    after = laid([(("/", True), ("I", True)), (("/", True), ("/", False))])
    assert effects(before, after, codes()) == [
        Effect(NO_MARK, "/", 2, 2, 0, 0, 2),
        Effect("/", NOT_COUNTED, 1, -1, 0, 0, -1),
        Effect("N", "I", 1, 0, 1, -1, 0),
    ]
