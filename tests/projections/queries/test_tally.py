"""Counting cells by code, each under its meaning on the day."""

from datetime import date

import numpy as np
import pytest

from ledger.values import Session
from policies.packs.codes import codes
from projections.queries.rectangle import Rectangle
from projections.queries.tally import Counter, Tally
from tests.projections import oracle

ERAS = {2006: oracle.MEANINGS_2006, 2024: oracle.MEANINGS_2024}
DAYS = (date(2024, 8, 16), date(2024, 8, 19))


def whole(rows, *, met=True, cancelled=False, undated=False):
    """A rectangle of AM sessions on the last Friday and first Monday of two eras."""
    book = ["", *sorted({code for row in rows for code in row} - {""})]
    shape = (len(rows), len(DAYS))
    return Rectangle(
        [Session(day, "AM") for day in DAYS],
        book,
        np.array([[book.index(code) for code in row] for row in rows], np.uint8),
        np.full(shape, undated),
        np.ones(shape, np.bool_),
        np.full(shape, met),
        np.full(shape, cancelled),
    )


def counted(rectangle):
    """The tally of all cells."""
    counter = Counter(rectangle, codes())
    chosen = counter.of_those_who_met(np.ones(rectangle.codes.shape, np.bool_))
    counts, undated = counter.by_pupil(chosen)
    return counter.tally(counts.sum(axis=0), undated.sum())


@pytest.mark.parametrize(
    ("era", "code"),
    [(era, code) for era in ERAS for code in sorted(ERAS[era])],
)
def test_every_code_counts_as_the_catalogue_of_the_law_says(era, code):
    """Possible, attended, authorised and unauthorised, against the oracle's own tables."""
    possible, attended, unauthorised = ERAS[era][code]
    tally = counted(whole([[code, "/"] if era == 2006 else ["/", code]]))
    assert (tally.possible - 1, tally.attended - 1, tally.unauthorised) == (
        possible, attended, unauthorised,
    )  # fmt: skip
    assert tally.absent == possible - attended
    assert era == 2006 or tally.late == (code in oracle.LATE)


def test_a_code_counts_under_its_meaning_on_the_day():
    """J was attendance and J1 is absence; the count of codes is one for both eras."""
    tally = counted(whole([["J", "J1"], ["I", "I"]]))
    assert (tally.attended, tally.authorised) == (1, 3)
    assert tally.codes == {"J": 1, "J1": 1, "I": 2}


def test_undated_marks_are_counted_on_cells_that_count():
    """One for each counted cell."""
    assert counted(whole([["/", "/"]], undated=True)).undated == 2
    assert counted(whole([["/", "/"]], met=False, undated=True)).undated == 0


def test_a_rectangle_without_sessions_counts_nothing():
    """No session, no era, nothing to count."""
    empty = Rectangle([], [""], *(np.zeros((2, 0), t) for t in (np.uint8, *[np.bool_] * 4)))
    assert counted(empty) == Tally()


def test_a_row_is_written_with_sorted_codes_and_one_decimal():
    """The shape of the contract."""
    o, present = (
        Tally(possible=15, codes={"O": 15}, unauthorised=15),
        {"possible": 1, "attended": 1},
    )
    row = (o + Tally(**present, codes={"/": 1})).row()
    assert row == row | {
        "possible": 16, "attended": 1, "authorised": 0, "unauthorised": 15, "late": 0,
        "missing": 0, "undated": 0, "codes": {"/": 1, "O": 15}, "attendance": "6.3",
    }  # fmt: skip
    assert list(row["codes"]) == ["/", "O"]
