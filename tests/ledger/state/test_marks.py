"""What stands for a pupil and session, folded from its stream."""

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

CASES = [
    ("nothing", [], Mark()),
    ("an entry", [ENTRY], Mark(code="N", length=1)),
    (
        "corrected during taking",
        [ENTRY, CORRECTED],
        Mark(code="L", minutes_late=4, amended_here=True, codes_here=(("N", "L"),), length=2),
    ),
    (
        "amended here",
        [ENTRY, CORRECTED, AMENDED],
        Mark(
            code="C", nature="n", amended_here=True, codes_here=(("N", "L"), ("N", "C")), length=3
        ),
    ),
    (
        "imported",
        [IMPORTED],
        Mark(code="N", source_entry="N", source_code="N", entry_stated=10, length=1),
    ),
    (
        "imported, amended and restated there",
        [IMPORTED, AMENDED_THERE, RESTATED],
        Mark(
            code="I",
            source_entry="N",
            source_code="I",
            entry_stated=10,
            steps=(THERE, AGAIN),
            length=3,
        ),
    ),
    (
        "imported, amended here, then stated otherwise",
        [IMPORTED, AMENDED, CONFLICTED],
        Mark(
            code="C",
            source_entry="N",
            source_code="M",
            amended_here=True,
            codes_here=(("N", "C"),),
            conflict="open",
            entry_stated=10,
            nature="n",
            length=3,
        ),
    ),
    (
        "stated otherwise, then as it stands",
        [IMPORTED, AMENDED, CONFLICTED, AGREED],
        Mark(
            code="C",
            source_entry="N",
            source_code="C",
            amended_here=True,
            codes_here=(("N", "C"),),
            conflict="settled",
            entry_stated=10,
            nature="n",
            length=4,
        ),
    ),
    (
        "stated otherwise, then amended here again",
        [IMPORTED, AMENDED, CONFLICTED, AMENDED_AGAIN],
        Mark(
            code="M",
            source_entry="N",
            source_code="M",
            amended_here=True,
            codes_here=(("N", "C"), ("C", "M")),
            conflict="settled",
            entry_stated=10,
            length=4,
        ),
    ),
    ("something else", [ENTRY, ELSEWHERE], Mark(code="N", length=2)),
]


@pytest.mark.parametrize(("what", "events", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_mark_is_what_its_events_make_of_it(what, events, expected):
    """The last code stands; what a source stated is kept apart from what a person changed."""
    assert fold(events) == expected, what
