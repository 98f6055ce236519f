"""attendance disclosures: what left, to whom, as of when, and what changed in its period since."""

from datetime import date

import pytest

from ledger.events import streams
from ledger.events.disclosure import Disclosed
from ledger.events.penalties import AlertSettled, CaseUndercut
from ledger.events.register import MarkAmended
from ledger.events.returns import ReturnMade
from ledger.store.facts import Fact
from projections.disclosure.disclosures import Disclosures
from projections.rendering import text
from tests.projections.ledgers import HOUR, enrolled, instant, marked, on_mark

AT = instant(2025, 9, 12, 9)
AUTHOR = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
WEEK = {"first": date(2025, 9, 8), "last": date(2025, 9, 12)}
ON = {"on": date(2025, 9, 30)}


def disclosed(pupil, seen_at, **fields):
    stated = {"kind": "pack", "to": "Mallow Council", "what": "pack", "on": date(2025, 9, 12)}
    event = Disclosed(seen_at=seen_at, **stated | WEEK | fields, **AUTHOR)
    return Fact(streams.disclosure(pupil), event)


def amended(pupil, session, code="I"):
    event = MarkAmended(original="N", code=code, reason="note", **AUTHOR)
    return on_mark(pupil, session, event)


@pytest.fixture
def marks(school):
    """Ann and Bob have an entry on Monday and one in the week after."""
    for pupil in ("ann", "bob"):
        for session in ("2025-09-08/AM", "2025-09-15/AM"):
            school.add(AT, marked(pupil, session, "N", by="s1"))
    return school


def rows(book, **asked):
    return book.ask(Disclosures(**ON | asked)).rows()


def test_a_row_says_all_that_was_recorded(marks):
    """Texts opened, the name as it was then, no change yet."""
    seen = marks.folder.head()
    marks.add(AT, disclosed("ann", seen, sha256="ab" * 32))
    assert rows(marks) == [
        {"kind": "pack", "upn": "U-ann", "to": "Mallow Council", "what": "pack",
         "on": "2025-09-12", "first": "2025-09-08", "last": "2025-09-12", "seen_at": seen,
         "changed_since": 0, "sha256": "ab" * 32, "by": "Mrs Register", "title": "Officer",
         "position": seen + 2}
    ]  # fmt: skip


def test_changes_since_are_those_of_the_pupil_in_the_period_after_the_position(marks):
    """Not what was known by then, nor other days, nor other pupils; late entries count."""
    marks.add(AT, amended("ann", "2025-09-08/AM"))
    seen = marks.folder.head()
    marks.add(AT, disclosed("ann", seen), disclosed(None, seen))
    marks.add(AT, amended("ann", "2025-09-15/AM"), amended("bob", "2025-09-08/AM"))
    assert [r["changed_since"] for r in rows(marks)] == [0, 1]
    marks.add(AT, amended("ann", "2025-09-08/AM", "M"))
    marks.add(AT, marked("ann", "2025-09-09/AM", "/", late=True, by="s1"))
    assert [r["changed_since"] for r in rows(marks)] == [2, 3]


def test_without_a_period_nothing_can_be_counted(marks):
    """An extract of no stated days shows a dash."""
    marks.add(AT, disclosed("ann", 3, first=None, last=None))
    answer = marks.ask(Disclosures(**ON))
    [row] = answer.rows()
    assert (row["first"], row["changed_since"]) == (None, None)
    assert answer.blocks[0].rows[0][6] == "-"


@pytest.mark.parametrize("missing", ["first", "last"])
def test_half_a_period_that_another_system_states_is_none(marks, missing):
    marks.add(AT, disclosed("ann", 0, **{missing: None}), imported=True)
    [row] = rows(marks)
    assert row["changed_since"] is None


def other_papers(book):
    """A return that names Ann, one about everyone, and the notice of an alert about Bob."""
    for kind, pupils in (("sickness", ("ann",)), ("attendance", ())):
        made = ReturnMade(pupils=pupils, on=date(2025, 9, 15), **AUTHOR)
        book.add(AT, Fact(streams.returns(kind), made))
    raised = []
    for said in ({"outcome": "sent", "to": "Mallow Council"},
                 {"outcome": "dismissed", "reason": "none"}):  # fmt: skip
        undercut = CaseUndercut(papers=(), sessions=())
        raised.append(book.add(AT, Fact(streams.undercut("bob"), undercut)))
        settled = AlertSettled(alert=raised[-1], on=date(2025, 9, 16), **said, **AUTHOR)
        book.add(AT, Fact(streams.undercut("bob"), settled))
    return raised[0]


def test_returns_and_alerts_that_went_out_are_among_them(marks):
    """Each with who sent it; an alert that was dismissed did not leave."""
    raised = other_papers(marks)
    found = [(r["kind"], r["upn"], r["to"], r["what"]) for r in rows(marks)]
    assert found == [
        ("return", "U-ann", "the local authority", "sickness return"),
        ("return", None, "the local authority", "attendance return"),
        ("alert", "U-bob", "Mallow Council", f"notice of alert {raised}"),
    ]


def test_for_one_pupil_what_was_about_many_stays_in(marks):
    """It may hold them; what names others does not."""
    other_papers(marks)
    marks.add(AT, disclosed("ann", 3))
    assert [r["kind"] for r in rows(marks, pupil="U-bob")] == ["return", "alert"]
    assert [r["upn"] for r in rows(marks, group="9A")] == ["U-ann", "U-ann", None, "U-bob"]


def test_by_days_and_by_what_was_known(marks):
    """What left by --on and from --from; before it was recorded, it is not known."""
    marks.add(AT, disclosed("ann", 3))
    before = marks.folder.head()
    later = disclosed("ann", 4, on=date(2025, 9, 20))
    marks.add(AT + HOUR, later, amended("ann", "2025-09-08/AM"))
    assert len(rows(marks)) == 2
    assert len(rows(marks, on=date(2025, 9, 19))) == 1
    assert [r["on"] for r in rows(marks, from_=date(2025, 9, 13))] == ["2025-09-20"]
    [known] = rows(marks, position=before)
    assert known["changed_since"] == 0
    assert rows(marks, known_at="2025-09-12T09:30Z") == [known]


def test_what_is_about_somebody_not_known_yet_is_not_listed(marks):
    """A source states a pupil later than what left about them was recorded here."""
    marks.add(AT, enrolled("dan", date(2025, 9, 3), stated=AT + 24 * HOUR), imported=True)
    marks.add(AT, disclosed("dan", 3))
    assert [r["upn"] for r in rows(marks)] == ["U-dan"]
    assert not rows(marks, clock="source", known_at="2025-09-12T12:00Z")


def test_before_the_first_event_nothing_is_known(marks):
    """It says so; it is no zero."""
    answer = marks.ask(Disclosures(position=0))
    assert answer.document["knows_nothing"] is True


def test_as_text_and_as_csv(marks):
    """The table names what the last count means only where there is a row."""
    empty = "\n".join(text.as_text(marks.ask(Disclosures(**ON)).blocks))
    assert empty.startswith("0 extracts left the school")
    assert "Changed since:" not in empty
    marks.add(AT, disclosed("ann", 3))
    answer = marks.ask(Disclosures(**ON))
    shown = "\n".join(text.as_text(answer.blocks))
    for said in ("pack: pack", "2025-09-08 to 2025-09-12", "Changed since:"):
        assert said in shown
    assert text.as_csv(answer).splitlines()[1].startswith("pack,U-ann,Mallow Council,pack,")


def test_a_destroyed_pupils_extracts_stay_listed(marks):
    """Beyond use, but when it left and as of when can be told."""
    marks.add(AT, disclosed("ann", 3))
    marks.destroy("ann")
    [row] = rows(marks)
    assert (row["to"], row["upn"], row["seen_at"]) == ("[beyond use]", "[beyond use]", 3)
