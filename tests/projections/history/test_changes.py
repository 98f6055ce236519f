"""`changes`: amendments, late entries and restatements, filtered."""

from datetime import date

import pytest

from ledger.events.register import MarkAmended, MarkCorrected, SourceRestated
from projections.history.changes import Changes
from tests.projections.ledgers import instant, marked, on_mark, term

ON = date(2025, 9, 30)
N_TO_I = MarkAmended(original="N", code="I", reason="ill", by="s1", name="M", job_title="O")


@pytest.fixture
def changed(school):
    """Three entries, then an amendment, a correction, a late entry and a restatement."""
    monday = instant(2025, 9, 8, 8)
    school.add(
        monday,
        marked("ann", "2025-09-08/AM", "N", by="s1"),
        marked("bob", "2025-09-08/AM", "N", by="s1"),
        marked("cy", "2025-09-08/AM", "/", by="s1", stated=monday, row=2),
        imported=True,
    )
    corrected = MarkCorrected(original="N", code="L", by="s1")
    school.add(monday + 1, on_mark("bob", "2025-09-08/AM", corrected))
    school.add(instant(2025, 9, 9, 9), marked("bob", "2025-09-08/PM", "\\", late=True, by="s2"))
    school.add(instant(2025, 9, 10, 9), on_mark("ann", "2025-09-08/AM", N_TO_I))
    restated = SourceRestated(
        original="/", code="C", stated=instant(2025, 9, 22, 9), row=2, by="s2"
    )
    undated = SourceRestated(original="I", code="M", row=3)
    school.add(
        instant(2025, 9, 23, 9),
        on_mark("cy", "2025-09-08/AM", restated),
        on_mark("ann", "2025-09-08/AM", undated),
        imported=True,
    )
    return school


def kinds(book, **asked):
    """Pupil and kind of each row."""
    rows = book.ask(Changes(**{"on": ON} | asked)).rows()
    return [(r["upn"][2:], r["kind"]) for r in rows]


EVERYTHING = [
    ("ann", "amendment"),
    ("ann", "restated"),
    ("cy", "restated"),
    ("bob", "late_entry"),
]


def test_changes_after_the_end_of_taking_are_listed(changed):
    """Neither entries nor corrections during taking; by session, pupil and position."""
    assert kinds(changed) == EVERYTHING


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"from_code": ("N",)}, ["ann"]),
        ({"to_code": ("C",)}, ["cy"]),
        ({"by_staff": "s2"}, ["cy", "bob"]),
        ({"lag_over": 1}, ["ann", "ann", "cy"]),
        ({"lag_over": 2}, ["ann", "cy"]),
        ({"changed_from": date(2025, 9, 10)}, ["ann", "ann", "cy"]),
        ({"changed_to": date(2025, 9, 10)}, ["ann", "bob"]),
        ({"changed_from": date(2025, 9, 9), "changed_to": date(2025, 9, 9)}, ["bob"]),
        ({"group": "9B"}, ["cy"]),
        ({"pupil": "U-bob"}, ["bob"]),
        ({"cohort": "SEND", "membership": "session"}, ["ann", "ann"]),
        ({"current": True, "on": date(2025, 10, 1)}, ["ann", "ann", "bob"]),
        ({"from_": date(2025, 9, 9)}, []),
    ],
)
def test_filters_narrow_the_changes(changed, asked, expected):
    """By code, author, lag, date of change, group, pupil and date of session."""
    assert [pupil for pupil, _ in kinds(changed, **asked)] == expected


def test_a_filter_holds_where_no_session_is_in_a_term_any_more(changed):
    """The term was shortened after the marks: the others' changes are still left out."""
    for name in ("Autumn 1", "Autumn 2"):
        changed.add(instant(2025, 9, 24), term(name, date(2025, 12, 1), date(2025, 12, 1)))
    asked = {"from_": date(2025, 9, 1)}
    assert kinds(changed, **asked) == EVERYTHING
    assert kinds(changed, pupil="U-bob", **asked) == [("bob", "late_entry")]
    assert kinds(changed, group="9B", **asked) == [("cy", "restated")]


def test_a_version_keeps_the_number_it_has_in_history(changed):
    """The amendment is version 2 of its session, as in `history`."""
    row = changed.ask(Changes(on=ON, from_code=("N",))).rows()[0]
    assert (row["version"], row["by"]["name"], row["reason"]) == (2, "M", "ill")


def test_only_changes_known_by_then_are_listed(changed):
    """At the end of 9 September the amendment of the 10th is not known."""
    assert kinds(changed, known_at="2025-09-09") == [("bob", "late_entry")]


def test_changes_are_shown_with_their_pupil(changed):
    """The table of `history` with a column more."""
    grid = changed.ask(Changes(on=ON)).blocks[0]
    assert grid.headings[0] == "UPN"
    assert [row[0] for row in grid.rows] == ["U-ann", "U-ann", "U-cy", "U-bob"]


def test_an_undated_change_is_in_no_range_of_dates(changed):
    """By its source's clock; by the ledger's, a restatement was made when it was first known."""
    asked = {"changed_from": date.min, "changed_to": date.max}
    found = kinds(changed, clock="source", **asked)
    assert found == [change for change in EVERYTHING if change != ("ann", "restated")]
    assert kinds(changed, **asked) == EVERYTHING
