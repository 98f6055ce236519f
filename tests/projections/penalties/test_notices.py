"""`notices`: what each rests on, how much of it still counts, what was amended after issue."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn
from ledger.events.penalties import NoticeStated
from ledger.events.register import MarkCorrected, SessionMarked, SourceRestated
from ledger.store.facts import Fact
from projections.penalties.notices import Notices
from projections.rendering import text
from tests.projections.ledgers import enrolled, instant, marked, on_mark
from tests.projections.penalties.facts import (
    OFFICER,
    amended,
    asked,
    autumn,
    born,
    closed,
    paper,
    undercut,
    withdrawn,
)

AT = instant(2025, 10, 2, 9)
TAKEN = instant(2025, 9, 9, 9)
MONDAY, TUESDAY = date(2025, 9, 8), date(2025, 9, 9)
FIRST, SECOND, THIRD = "2025-09-08/AM", "2025-09-08/PM", "2025-09-09/AM"
BLANK = "2025-09-09/PM"
KEYS = (
    "parent_id,upn,name,kind,issued_on,offence_first,offence_last,received_on,paid_on,"
    "withdrawn_on,outcome,outcome_on,issuer,sessions,relevant_now,amended_since_issue,uncounted,"
    "pending,withdrawn_ground,position"
)


def stated(parent="a1", pupil="ann", **more):
    issued = {"kind": "s444A", "issued_on": date(2025, 10, 2)}
    given = issued | {"offence_first": MONDAY, "offence_last": TUESDAY} | more
    return Fact(streams.notices(parent, pupil), NoticeStated(**given))


@pytest.fixture
def absent(school):
    """Three absences of Ann's."""
    school.add(TAKEN, *(marked("ann", s, "O", by="s1") for s in (FIRST, SECOND, THIRD)))
    return school


@pytest.fixture
def book(absent):
    """A notice for their days."""
    absent.add(AT, stated())
    return absent


def ask(book, **asked):
    return book.ask(Notices(**asked))


def changes(book, **asked):
    return [
        [(c["session"], c["was"], c["became"]) for c in row["amended_since_issue"]]
        for row in ask(book, **asked).rows()
    ]


def test_a_withdrawn_notice_says_on_which_ground(book):
    """Or that none is recorded; how the outcome reads."""
    withdrawn = {"withdrawn_on": date(2025, 10, 6)}
    book.add(
        AT + 1, stated("a2", **withdrawn, withdrawn_ground="8(1)(b)"), stated("a3", **withdrawn)
    )
    answer = ask(book)
    assert [row["withdrawn_ground"] for row in answer.rows()] == [None, "8(1)(b)", None]
    shown = [row[5] for row in answer.blocks[0].rows]
    assert shown[1:] == ["withdrawn (reg 8(1)(b))", "withdrawn (no ground recorded)"]


def test_a_notice_rests_on_its_period_or_on_the_sessions_it_names(book):
    """With its details, and how many of them count as the register stands."""
    book.add(AT + 1, stated("a2", sessions=(FIRST,), outcome="paid", issuer="s1"))
    one, two = ask(book).rows()
    assert (one["sessions"], one["relevant_now"]) == ([FIRST, SECOND, THIRD], 3)
    assert (two["sessions"], two["relevant_now"], two["outcome"]) == ([FIRST], 1, "paid")
    assert list(one.values())[:5] == ["a1", "U-ann", "Ann Able", "s444A", "2025-10-02"]
    assert ",".join(one) == KEYS


def test_a_session_amended_after_issue_is_named_with_its_change(book):
    """What it was and became, when, by whom and why; it counts no longer."""
    position = book.add(instant(2025, 10, 6, 9), amended(SECOND))
    (row,) = ask(book, amended_since_issue=True).rows()
    assert row["relevant_now"] == 2
    assert row["amended_since_issue"] == [{
        "session": SECOND, "was": "O", "became": "I", "when": "2025-10-06T09:00:00Z",
        "recorded_at": "2025-10-06T09:00:00Z", "by": OFFICER, "source": None, "reason": "letter",
        "position": position,
    }]  # fmt: skip
    assert changes(book, position=position - 2) == [[]]


def test_changes_before_the_issue_are_left_out(absent):
    """A day before, and on the day of issue before the notice was recorded."""
    absent.add(instant(2025, 10, 1, 9), amended(FIRST))
    absent.add(AT, amended(SECOND))
    absent.add(AT + 1, stated())
    assert not ask(absent, amended_since_issue=True).rows()
    absent.add(AT + 2, amended(THIRD))
    assert changes(absent, amended_since_issue=True) == [[(THIRD, "O", "I")]]


def test_a_session_that_the_notice_does_not_name_is_left_out(absent):
    """Also inside the period."""
    absent.add(AT, stated(sessions=(FIRST, THIRD)))
    absent.add(instant(2025, 10, 6, 9), amended(SECOND), amended(THIRD))
    assert changes(absent) == [[(THIRD, "O", "I")]]


def test_imported_history_goes_by_the_time_that_its_source_states(school):
    """An amendment stated before the issue is none after it, whenever it was imported."""
    early = {"stated": instant(2025, 9, 9), "row": 1}
    school.add(
        AT,
        *(marked("ann", s, "O", **early) for s in (FIRST, SECOND, THIRD)),
        stated(),
        amended(FIRST, stated=instant(2025, 9, 30), row=2),
        amended(SECOND, stated=instant(2025, 10, 2, 12), row=3),
        amended(THIRD, stated=instant(2025, 10, 3), row=4),
        imported=True,
    )
    assert changes(school) == [[(THIRD, "O", "I")]]
    again = SourceRestated(original="I", code="O", row=5)
    school.add(instant(2025, 10, 9), on_mark("ann", FIRST, again), imported=True)
    assert changes(school) == [[(FIRST, "I", "O"), (THIRD, "O", "I")]]


def test_a_blank_filled_after_issue_is_a_change_too(book):
    """It was nothing when the notice was issued, and is unauthorised absence now."""
    late = SessionMarked(code="O", late=True, by="s1")
    book.add(instant(2025, 10, 6), on_mark("ann", BLANK, late))
    assert changes(book) == [[(BLANK, None, "O")]]
    assert ask(book).blocks[1].rows[0][3:5] == ("-", "O")
    assert ask(book).rows()[0]["sessions"] == [FIRST, SECOND, THIRD]


def test_what_touches_no_unauthorised_absence_is_no_change_of_a_notice_by_its_period(absent):
    """Present then, medical now: the notice never rested on it; a blank authorised neither."""
    absent.add(TAKEN + 1, marked("ann", BLANK, "/", by="s1"))
    absent.add(AT, stated())
    assert ask(absent).rows()[0]["sessions"] == [FIRST, SECOND, THIRD]
    absent.add(instant(2025, 10, 6), amended(BLANK, "M", "/"))
    assert changes(absent) == [[]]
    assert not ask(absent, amended_since_issue=True).rows()
    absent.add(instant(2025, 10, 7), amended(BLANK, "O", "M"))
    assert changes(absent) == [[(BLANK, "M", "O")]]
    assert ask(absent).rows()[0]["sessions"] == [FIRST, SECOND, THIRD]


def test_without_period_or_of_the_other_scheme_a_notice_rests_on_nothing(school):
    """Unless it names sessions; an open period ends with the issue."""
    school.add(TAKEN, marked("ann", FIRST, "O"))
    school.add(AT, stated(kind="s105"), stated("a2", offence_first=None, offence_last=None))
    assert [row["sessions"] for row in ask(school).rows()] == [[], []]
    school.add(AT + 1, stated("a3", offence_last=None))
    assert [row["sessions"] for row in ask(school).rows()] == [[], [], [FIRST]]


def test_one_pupil_and_the_text(book):
    """Chosen by UPN; the text says what is counted and judges nobody."""
    book.add(AT + 1, stated("a1", "bob", paid_on=date(2025, 10, 9)))
    book.add(instant(2025, 10, 6, 9), amended(SECOND, name=None, job_title=None, by=None))
    assert [row["upn"] for row in ask(book).rows()] == ["U-ann", "U-bob"]
    assert [row["upn"] for row in ask(book, pupil="U-bob").rows()] == ["U-bob"]
    answer = ask(book)
    table, changed = answer.blocks
    assert [line[5:-1] for line in table.rows] == [
        ("", "3", "2", "1", "0"),
        ("paid", "0", "0", "0", "0"),
    ]
    made = "2025-10-06"
    assert changed.rows[0][2:] == (SECOND, "O", "I", made, made, "not stated", "letter")
    assert "no finding about a parent" in table.notes[0]
    header, first, _ = text.as_csv(answer).splitlines()
    assert header == KEYS
    said = f"{FIRST};{SECOND};{THIRD},2,{SECOND} O>I 2025-10-06T09:00:00Z not stated: letter,,,"
    assert said in first


def test_a_ledger_without_notices_or_knowledge(school):
    """An empty list; before the first event it says that it knew nothing."""
    assert not ask(school).rows()
    assert ask(school, known_at="2025-07-01").document["knows_nothing"] is True
    with pytest.raises(Refused, match="no pupil has"):
        ask(school, known_at="2025-07-01", pupil="nobody")


def uncounted(book, **asked):
    (row,) = ask(book, **asked).rows()
    return [(u["session"], u["code"], u["why"], u["since_issue"]) for u in row["uncounted"]]


def words(book):
    return [u["words"] for u in ask(book).rows()[0]["uncounted"]]


def test_what_came_in_after_the_notice_is_a_change_whatever_its_source_states(book):
    """A mark restated or corrected with the time of the mark itself; named blanks filled."""
    early = instant(2025, 9, 8, 9)
    restated = SourceRestated(original="O", code="/", stated=early, row=1)
    corrected = MarkCorrected(original="O", code="L", stated=early, row=2)
    blank = marked("ann", BLANK, "O", stated=early, row=3)
    book.add(AT + 1, stated("a2", sessions=(FIRST, BLANK)))
    book.add(
        instant(2025, 10, 9),
        on_mark("ann", FIRST, restated), on_mark("ann", SECOND, corrected), blank,
        imported=True,
    )  # fmt: skip
    assert changes(book, amended_since_issue=True) == [
        [(FIRST, "O", "/"), (SECOND, "O", "L")],
        [(FIRST, "O", "/"), (BLANK, None, "O")],
    ]
    made, recorded, by = ask(book).blocks[1].rows[0][5:8]
    assert (made, recorded, by) == ("2025-10-09", "2025-10-09", "import of other-system")


def test_sessions_that_a_closure_takes_out_are_listed_with_who_recorded_it(book):
    """Relevant now falls without an amendment: the row says why, and it is asked for."""
    shut = closed(MONDAY, reason="INSET")
    position = book.add(instant(2025, 10, 20, 9), shut, imported=True)
    (row,) = ask(book, amended_since_issue=True).rows()
    assert (row["relevant_now"], len(row["uncounted"])) == (1, 2)
    told = (
        "the school is recorded as closed that day (INSET), recorded by import of other-system "
        "on 20 October 2025"
    )
    assert row["uncounted"][0] == {
        "session": FIRST, "code": "O", "why": "closed", "words": told, "by": None,
        "source": "other-system", "when": "2025-10-20T09:00:00Z", "reason": "INSET",
        "position": position, "since_issue": True,
    }  # fmt: skip
    answer = ask(book)
    (line,) = answer.blocks[-1].rows
    assert line[:5] == ("2025-10-02", "U-ann", "2", f"{FIRST} to {SECOND}", "O")
    assert line[5].startswith("no longer counts: the school is recorded")
    assert f"{FIRST} O: no longer counts: the school" in text.as_csv(answer)
    assert not uncounted(book, on=date(2025, 9, 7))
    book.add(instant(2025, 10, 21), closed(MONDAY, ClosureWithdrawn, reason="held"))
    assert not ask(book, amended_since_issue=True).rows()


def test_a_closure_that_came_with_the_notice_goes_by_its_stated_time(school):
    """Stated before the issue, it was known when the notice was issued."""
    shut = closed(MONDAY, sessions=("AM",), stated=instant(2025, 9, 1))
    taken = [marked("ann", s, "O", stated=instant(2025, 9, 9)) for s in (FIRST, SECOND)]
    school.add(AT + 1, shut, *taken, stated(), imported=True)
    assert uncounted(school) == [(FIRST, "O", "closed", False)]
    assert ask(school).blocks[-1].rows[0][5].startswith("does not count: the school")
    assert not ask(school, amended_since_issue=True).rows()


@pytest.mark.parametrize(("day", "since"), [(1, False), (2, False), (3, True)])
def test_a_closure_that_was_stated_after_the_day_of_issue_came_since(school, day, since):
    """Whichever of the two stands first in what was brought."""
    shut = closed(MONDAY, sessions=("AM",), stated=instant(2025, 10, day, 12))
    taken = [marked("ann", s, "O", stated=instant(2025, 9, 9)) for s in (FIRST, SECOND)]
    school.add(AT + 1, *taken, stated(), shut, imported=True)
    assert uncounted(school) == [(FIRST, "O", "closed", since)]


def test_a_term_moved_a_birth_date_corrected_and_a_record_withdrawn(book):
    """Each with its own reason, by whom and when."""
    book.add(instant(2025, 10, 20, 9), autumn(TUESDAY))
    assert {why for _, _, why, _ in uncounted(book)} == {"outside-term"}
    assert words(book)[0] == (
        "the day is recorded as outside term, recorded by Mrs Register, Officer on 20 October 2025"
    )
    book.add(instant(2025, 10, 21), born(2020, date(2025, 12, 31), "Birth certificate"))
    assert uncounted(book)[-1] == (THIRD, "O", "not-of-age", True)
    assert words(book)[-1] == (
        "the pupil is recorded as not of compulsory school age that day, by a corrected birth "
        "date (Birth certificate), recorded by Mrs Register, Officer on 21 October 2025"
    )
    book.add(instant(2025, 10, 22), withdrawn())
    assert uncounted(book)[-1] == (THIRD, "O", "not-of-age", True)  # as before: it came first


def test_a_record_withdrawn_takes_its_entries_out(book):
    """With the reason that was given, by whom and when."""
    book.add(instant(2025, 10, 22), withdrawn())
    assert uncounted(book)[-1] == (THIRD, "O", "not-on-roll", True)
    assert "(a duplicate), recorded by Mrs Register" in words(book)[-1]


def test_what_did_not_count_at_the_issue_is_not_said_to_have_changed_since(school):
    """The school was recorded as closed before; a record withdrawn later changes nothing of it."""
    school.add(TAKEN, marked("ann", FIRST, "O", by="s1"))
    school.add(instant(2025, 9, 10), closed(MONDAY, reason="INSET"))
    school.add(AT, stated())
    school.add(instant(2025, 10, 22), withdrawn())
    assert uncounted(school) == [(FIRST, "O", "closed", False)]
    assert not ask(school, amended_since_issue=True).rows()


def test_what_never_counted_names_no_event(school):
    """A mark before the roll of the pupil: nothing ended, nobody did it."""
    school.add(TAKEN, marked("ann", "2025-09-06/AM", "O"))
    school.add(AT, stated(offence_first=date(2025, 9, 6)))
    assert uncounted(school) == [("2025-09-06/AM", "O", "outside-term", False)]
    assert words(school) == ["the day is recorded as outside term"]


def test_a_pupil_who_was_never_of_age_names_no_event(school):
    """No correction made it so."""
    school.add(AT - 2, enrolled("eve", date(2025, 9, 3), compulsory_from=date(2025, 12, 31)))
    school.add(AT - 1, marked("eve", FIRST, "O"))
    school.add(AT, stated(pupil="eve"))
    assert uncounted(school) == [(FIRST, "O", "not-of-age", False)]
    assert words(school) == ["the pupil is recorded as not of compulsory school age that day"]


def test_school_weeks_that_moved_under_a_notice_are_told(book):
    """No session of it changed: the alert of the change is named by what moved the weeks."""
    held = closed(date(2025, 9, 15), ClosureWithdrawn, reason="was held")
    book.add(AT + 5, closed(date(2025, 9, 15)))
    raised = [undercut(paper(ref=f"{parent} 2025-10-02"), sessions=()) for parent in ("a1", "a9")]
    book.add(instant(2025, 10, 20), held, *raised)
    assert uncounted(book) == [(None, None, "school-weeks", True)]
    answer = ask(book)
    assert list(answer.blocks[-1].rows) == [
        (
            "2025-10-02", "U-ann", "1", "-", "-",
            (
                "the school weeks that are counted together moved (was held), recorded by "
                "Mrs Register, Officer on 20 October 2025"
            ),
        )
    ]  # fmt: skip
    assert "school-weeks: the school weeks" in text.as_csv(answer)


def test_amendments_that_wait_are_noted(book):
    """Of its own sessions, each with the mark that stands there now."""
    book.add(instant(2025, 10, 20), asked(FIRST), asked("2025-10-20/AM"))
    answer = ask(book)
    assert answer.rows()[0]["pending"] == [{"session": FIRST, "stands": "O", "requested": "I"}]
    book.add(instant(2025, 10, 7), amended(FIRST, "U"))
    (row, *_) = ask(book).rows()
    assert row["pending"] == [{"session": FIRST, "stands": "U", "requested": "I"}]
    assert any("1 requested amendment of these sessions" in n for n in answer.blocks[0].notes)
    assert f",,{FIRST} O>I,," in text.as_csv(answer).splitlines()[1]
