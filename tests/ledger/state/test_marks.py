"""What stands for a pupil and session, folded from its stream."""

from dataclasses import replace

import pytest

from ledger.events import register
from ledger.state.marks import Mark, Step, fold

ENTRY = register.SessionMarked(code="N")
IMPORTED = register.SessionMarked(code="N", stated=10, row=1)
CORRECTED = register.MarkCorrected(original="N", code="L", minutes_late=4)
AMENDED = register.MarkAmended(original="N", code="C", nature="n")
AMENDED_THERE = register.MarkAmended(original="N", code="O", stated=20, row=2)
RESTATED = register.SourceRestated(original="O", code="I", stated=30, row=3)
CONFLICTED = register.SourceConflicted(stands="C", code="M", row=4)
AGREED = register.SourceConflicted(stands="C", code="C", row=4)
AMENDED_AGAIN = register.MarkAmended(original="C", code="M")
ELSEWHERE = register.RegisterTaken(by="S1", ended=1, marks=1)

THERE, AGAIN = Step("N", "O", 20, restated=False), Step("O", "I", 30, restated=True)

FIRST = Mark(
    code="N", source_entry="N", source_code="N", amended_here=False, entry_stated=10, length=1
)
HERE = {"amended_here": True, "codes_here": (("N", "C"),)}
OPEN = replace(FIRST, code="C", nature="n", source_code="M", conflict="open", length=3, **HERE)
CASES = {
    "nothing": ([], Mark()),
    "an entry": ([ENTRY], Mark(code="N", amended_here=False, length=1)),
    "corrected during taking": (
        [ENTRY, CORRECTED],
        Mark(code="L", minutes_late=4, amended_here=True, codes_here=(("N", "L"),), length=2),
    ),
    "amended here": (
        [ENTRY, CORRECTED, AMENDED],
        Mark(
            code="C", nature="n", amended_here=True, codes_here=(("N", "L"), ("N", "C")), length=3
        ),
    ),
    "imported": ([IMPORTED], FIRST),
    "imported, amended and restated there": (
        [IMPORTED, AMENDED_THERE, RESTATED],
        replace(FIRST, code="I", source_code="I", steps=(THERE, AGAIN), length=3),
    ),
    "imported, amended here, then stated otherwise": ([IMPORTED, AMENDED, CONFLICTED], OPEN),
    "stated otherwise, then as it stands": (
        [IMPORTED, AMENDED, CONFLICTED, AGREED],
        replace(OPEN, source_code="C", conflict="settled", length=4),
    ),
    "stated otherwise, then amended here again": (
        [IMPORTED, AMENDED, CONFLICTED, AMENDED_AGAIN],
        replace(
            OPEN,
            code="M",
            nature=None,
            codes_here=(("N", "C"), ("C", "M")),
            conflict="settled",
            length=4,
        ),
    ),
    "something else": ([ENTRY, ELSEWHERE], Mark(code="N", length=2)),
}


@pytest.mark.parametrize(("events", "expected"), CASES.values(), ids=CASES)
def test_a_mark_is_what_its_events_make_of_it(events, expected):
    """The last code stands; what a source stated is kept apart from what a person changed."""
    assert fold(events) == expected
