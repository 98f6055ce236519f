"""Why a figure moved: causes that add up, nothing left over."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from policies.packs.codes import codes
from projections.figures.overview import NO_MARK, NOT_COUNTED, Effect, effects
from projections.queries.rectangle import Rectangle
from tests.projections.queries.test_tally import DAYS, Session

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


def test_each_kind_of_change_is_one_cause_the_most_frequent_first():
    """Marked since, amended, no longer counted; what stayed is no cause."""
    before = laid([(("", True), ("N", True)), (("", True), ("/", True))])
    after = laid([(("/", True), ("I", True)), (("/", True), ("/", False))])
    assert effects(before, after, codes()) == [
        Effect(NO_MARK, "/", 2, 2, 0, 0, 2),
        Effect("/", NOT_COUNTED, 1, -1, 0, 0, -1),
        Effect("N", "I", 1, 0, 1, -1, 0),
    ]
