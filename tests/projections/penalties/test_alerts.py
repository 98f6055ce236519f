"""`alerts`: what waits for somebody's decision."""

from datetime import date

from ledger.events import streams
from ledger.events.register import MarkAmended, SourceConflicted
from ledger.store.store import Fact
from projections.penalties.alerts import Alerts
from tests.projections.ledgers import enrolled, instant, marked, on_mark

SESSION = "2025-09-08/AM"
AT = instant(2025, 9, 8, 9)


def amended(original, code):
    """An amendment by a person here."""
    return on_mark(
        "ann", SESSION, MarkAmended(original=original, code=code, reason="r", by="s1", name="M")
    )


def conflict(stands, code, **more):
    """Another system states another mark."""
    return Fact(
        streams.mark("ann", SESSION), SourceConflicted(stands=stands, code=code, row=2, **more)
    )


def rows(book, **asked):
    """What stands and what the source states, of each open conflict."""
    return [
        (r["upn"], r["session"], r["stands"], r["source_states"])
        for r in book.ask(Alerts(**asked)).rows()
    ]


def test_a_conflict_waits_until_a_person_amends(school):
    """Open when recorded, the newest statement shown; settled by an amendment here."""
    school.add(AT, marked("ann", SESSION, "N", stated=AT, row=2), imported=True)
    school.add(AT + 1, amended("N", "I"))
    school.add(AT + 2, conflict("I", "O"), imported=True)
    school.add(AT + 3, conflict("I", "C"), imported=True)
    assert rows(school) == [("U-ann", SESSION, "I", "C")]
    school.add(AT + 4, amended("I", "C"))
    assert not rows(school)
    assert rows(school, known_at="2025-09-08T09:00:00.000002Z") == [("U-ann", SESSION, "I", "O")]


def test_a_source_that_comes_to_state_what_stands_settles_the_conflict(school):
    """It is closed from then on, and was open before."""
    school.add(AT, marked("ann", SESSION, "N", stated=AT, row=2), imported=True)
    school.add(AT + 1, amended("N", "I"))
    school.add(AT + 2, conflict("I", "L"), imported=True)
    school.add(AT + 3, conflict("I", "I"), imported=True)
    assert not rows(school)
    assert rows(school, known_at="2025-09-08T09:00:00.000002Z") == [("U-ann", SESSION, "I", "L")]


def test_a_change_by_the_source_settles_nothing(school):
    """Only a person here settles a conflict, not another import."""
    school.add(AT, marked("ann", SESSION, "N"), conflict("N", "O"))
    imported = MarkAmended(original="N", code="I", stated=AT, row=2)
    school.add(AT + 1, on_mark("ann", SESSION, imported), imported=True)
    assert len(rows(school)) == 1


def test_a_conflict_known_before_its_pupil_is_named_all_the_same(school):
    """A source may state its marks at earlier times than its pupils."""
    school.add(
        AT,
        enrolled("eve", date(2025, 9, 3), stated=instant(2025, 9, 5)),
        Fact(streams.mark("eve", SESSION), SourceConflicted(stands="N", code="O", row=2)),
        imported=True,
    )
    found = rows(school, clock="source", known_at="2025-09-04")
    assert [upn for upn, *_ in found] == ["U-eve"]


def test_nothing_waits_is_said(school):
    """Without a conflict the answer says that nothing waits."""
    assert "Nothing waits." in school.ask(Alerts()).blocks[0].notes


def test_what_waits_is_shown_with_what_to_do(school):
    """The table names session, pupil and both codes, and the way to settle it."""
    school.add(AT, marked("ann", SESSION, "N"), conflict("N", "O"))
    grid = school.ask(Alerts()).blocks[0]
    assert list(grid.rows) == [(SESSION, "U-ann", "N", "O")]
    assert "Amend" in grid.notes[0]


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event: not that nothing waits."""
    answer = school.ask(Alerts(known_at="2025-07-01"))
    assert answer.document["knows_nothing"] is True
    assert "knew nothing" in answer.blocks[0].lines[0]
