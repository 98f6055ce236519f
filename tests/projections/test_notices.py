"""`notices`: what each rests on, how much of it still counts, what was amended after issue."""

from datetime import date

import pytest

from ledger import streams
from ledger.events.people import NoticeStated
from ledger.events.register import MarkAmended, SessionMarked, SourceRestated
from ledger.store import Fact
from projections import notices, text
from projections.notices import Notices
from tests.projections.ledgers import instant, marked, on_mark

AT = instant(2025, 10, 2, 9)
FIRST, SECOND, THIRD = "2025-09-08/AM", "2025-09-08/PM", "2025-09-09/AM"
BY = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}


def stated(parent="a1", pupil="ann", **more):
    given = {
        "kind": "s444A",
        "issued_on": date(2025, 10, 2),
        "offence_first": date(2025, 9, 8),
        "offence_last": date(2025, 9, 9),
    }
    return Fact(streams.notices(parent, pupil), NoticeStated(**given | more))


def amended(session, code="I", **more):
    event = MarkAmended(original="O", code=code, reason="letter", **BY | more)
    return on_mark("ann", session, event)


@pytest.fixture
def book(school):
    """Three absences of Ann's, and a notice for their days."""
    taken = [marked("ann", s, "O", by="s1") for s in (FIRST, SECOND, THIRD)]
    school.add(instant(2025, 9, 9, 9), *taken)
    school.add(AT, stated())
    return school


def ask(book, **asked):
    return book.ask(notices, Notices(**asked))


def changes(book, **asked):
    return [
        [(c["session"], c["was"], c["became"]) for c in row["amended_since_issue"]]
        for row in ask(book, **asked).rows()
    ]


def test_a_notice_rests_on_its_period_or_on_the_sessions_it_names(book):
    """With its details, and how many of them count as the register stands."""
    book.add(AT + 1, stated("a2", sessions=(FIRST,), outcome="paid", issuer="s1"))
    one, two = ask(book).rows()
    assert (one["sessions"], one["relevant_now"]) == ([FIRST, SECOND, THIRD], 3)
    assert (two["sessions"], two["relevant_now"], two["outcome"]) == ([FIRST], 1, "paid")
    assert {k: one[k] for k in ("parent_id", "upn", "name", "kind", "issued_on")} == {
        "parent_id": "a1",
        "upn": "U-ann",
        "name": "Ann Able",
        "kind": "s444A",
        "issued_on": "2025-10-02",
    }
    assert set(one) == set(notices.COLUMNS)


def test_a_session_amended_after_issue_is_named_with_its_change(book):
    """What it was and became, when, by whom and why; it counts no longer."""
    position = book.add(instant(2025, 10, 6, 9), amended(SECOND))
    (row,) = ask(book, amended_since_issue=True).rows()
    assert row["relevant_now"] == 2
    assert row["amended_since_issue"] == [
        {
            "session": SECOND,
            "was": "O",
            "became": "I",
            "when": "2025-10-06T09:00:00Z",
            "by": {
                "name": "Mrs Register",
                "job_title": "Officer",
                "authenticated": "operating-system account; name as stated",
            },
            "reason": "letter",
            "position": position,
        }
    ]
    assert changes(book, position=position - 2) == [[]]


def test_changes_before_the_issue_are_left_out(school):
    """A day before, and on the day of issue before the notice was recorded."""
    taken = [marked("ann", s, "O", by="s1") for s in (FIRST, SECOND, THIRD)]
    school.add(instant(2025, 9, 9, 9), *taken)
    school.add(instant(2025, 10, 1, 9), amended(FIRST))
    school.add(AT, amended(SECOND))
    school.add(AT + 1, stated())
    assert not ask(school, amended_since_issue=True).rows()
    school.add(AT + 2, amended(THIRD))
    assert changes(school, amended_since_issue=True) == [[(THIRD, "O", "I")]]


def test_a_session_that_the_notice_does_not_name_is_left_out(school):
    """Also inside the period."""
    school.add(instant(2025, 9, 9, 9), *(marked("ann", s, "O") for s in (FIRST, SECOND, THIRD)))
    school.add(AT, stated(sessions=(FIRST, THIRD)))
    school.add(instant(2025, 10, 6, 9), amended(SECOND), amended(THIRD))
    assert changes(school) == [[(THIRD, "O", "I")]]


def test_imported_history_goes_by_the_time_that_its_source_states(school):
    """An amendment stated before the issue is none after it, whenever it was imported."""
    school.add(
        AT,
        *(
            marked("ann", s, "O", stated=instant(2025, 9, 9), row=1)
            for s in (FIRST, SECOND, THIRD)
        ),
        stated(),
        amended(FIRST, stated=instant(2025, 9, 30), row=2),
        amended(SECOND, stated=instant(2025, 10, 2, 12), row=3),
        amended(THIRD, stated=instant(2025, 10, 3), row=4),
        imported=True,
    )
    assert changes(school) == [[(THIRD, "O", "I")]]
    again = SourceRestated(original="I", code="C", row=5)
    school.add(instant(2025, 10, 9), on_mark("ann", FIRST, again), imported=True)
    assert changes(school) == [[(FIRST, "I", "C"), (THIRD, "O", "I")]]


def test_a_blank_filled_after_issue_is_a_change_too(book):
    """It was nothing when the notice was issued."""
    late = SessionMarked(code="I", late=True, by="s1")
    book.add(instant(2025, 10, 6), on_mark("ann", "2025-09-09/PM", late))
    assert changes(book) == [[("2025-09-09/PM", None, "I")]]
    answer = ask(book)
    assert answer.blocks[1].rows[0][3:5] == ("-", "I")


def test_without_period_or_of_the_other_scheme_a_notice_rests_on_nothing(school):
    """Unless it names sessions; an open period ends with the issue."""
    school.add(instant(2025, 9, 9, 9), marked("ann", FIRST, "O"))
    school.add(AT, stated(kind="s105"), stated("a2", offence_first=None, offence_last=None))
    assert [row["sessions"] for row in ask(school).rows()] == [[], []]
    school.add(AT + 1, stated("a3", offence_last=None))
    assert [row["sessions"] for row in ask(school).rows()] == [[], [], [FIRST]]


def test_one_pupil_and_the_text(book):
    """Chosen by UPN; the text says what is counted and judges nobody."""
    book.add(AT + 1, stated("a1", "bob", paid_on=date(2025, 10, 9)))
    book.add(instant(2025, 10, 6, 9), amended(SECOND, name=None, by=None))
    assert [row["upn"] for row in ask(book).rows()] == ["U-ann", "U-bob"]
    assert [row["upn"] for row in ask(book, pupil="U-bob").rows()] == ["U-bob"]
    answer = ask(book)
    table, changed = answer.blocks
    assert [line[5:] for line in table.rows] == [("", "3", "2", "1"), ("paid", "0", "0", "0")]
    assert changed.rows[0][2:] == (SECOND, "O", "I", "2025-10-06", "not stated", "letter")
    assert "no finding about a parent" in table.notes[0]
    header, first, _ = text.as_csv(answer).splitlines()
    assert header == ",".join(notices.COLUMNS)
    assert first.endswith(
        f"{FIRST};{SECOND};{THIRD},2,{SECOND} O>I 2025-10-06T09:00:00Z not stated: letter"
    )


def test_a_ledger_without_notices_or_knowledge(school):
    """An empty list; before the first event it says that it knew nothing."""
    assert not ask(school).rows()
    assert ask(school, known_at="2025-07-01").document["knows_nothing"] is True
