"""Why a mark that stands does not count: what `history` and `notices` say, event by event."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.clock import iso
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.penalties import NoticeStated
from ledger.events.roll import (
    DetailsAmended,
    EnrolmentWithdrawn,
    GroupJoined,
    GroupLeft,
    PupilEnrolled,
    PupilRemoved,
)
from ledger.store.facts import Fact
from projections.penalties.notices import Notices
from projections.queries import view
from projections.queries.question import PointInTime
from projections.queries.uncounted import Standing
from tests.projections.history.examples import AT, CLERK, SESSION, amended, ask, text
from tests.projections.ledgers import (
    NOW,
    Book,
    created,
    enrolled,
    instant,
    joined,
    marked,
)
from tests.projections.queries.uncounted_oracle import by_hand, counted_since

LATER = instant(2025, 9, 20, 9)
MONDAY = date(2025, 9, 8)


def rows(book, **asked):
    """What the document lists."""
    return ask(book, **asked).document["uncounted"]


def on_calendar(event):
    """A fact of the calendar."""
    return Fact(streams.CALENDAR, event)


def on_pupil(event):
    """A fact of Ann's roll."""
    return Fact(streams.pupil("ann"), event)


def closed(*groups, kind=SessionsClosed, **more):
    """The session closed for some groups, or for everyone."""
    return on_calendar(kind(date=MONDAY, sessions=("AM",), groups=groups, **more))


CLOSED = closed(reason="INSET")
FLOOD = closed(kind=SessionCancelled, reason="Flood")
FLOOD_FOR_FSM = closed("FSM", kind=SessionCancelled, reason="Flood")
MET = closed(kind=ClosureWithdrawn)
MOVED = on_calendar(TermSet(name="Autumn 1", first=date(2025, 9, 9), last=date(2025, 10, 24)))
IN_CHOIR = joined("ann", "cohort", "Choir", since=MONDAY)
LEFT_CHOIR = on_pupil(
    GroupLeft(kind="cohort", name="Choir", since=MONDAY, until=date(2025, 9, 30))
)


@pytest.fixture
def book(school):
    """Ann has two marks on a Monday; one of them is amended."""
    school.add(AT, marked("ann", SESSION, "N", by="s1"))
    school.add(AT + 1, marked("ann", "2025-09-08/PM", "/", by="s1"))
    school.add(AT + 2, amended())
    return school


def test_marks_that_count_are_not_listed(book):
    """Nor is anything said of them."""
    assert rows(book) == []
    assert "do not count" not in text(ask(book))
    assert "does not count" not in text(ask(book, SESSION))


def test_a_planned_closure_is_shown_with_reason_author_and_time(book):
    """In the rows, the table and the page of the session; not before it was recorded."""
    head = book.add(LATER, CLOSED)
    assert rows(book) == [
        {
            "session": SESSION,
            "code": "I",
            "why": "closed",
            "words": "the school is recorded as closed that day (INSET)",
            "by": {
                "name": "Mrs Register",
                "job_title": "Officer",
                "authenticated": "operating-system account; name as stated",
            },
            "source": None,
            "recorded_at": iso(LATER),
            "position": head,
        }
    ]
    table = text(ask(book))
    assert "Marks that stand but do not count" in table
    assert "the school is recorded as closed that day (INSET)" in table
    assert "2025-09-20 10:00" in table
    page = text(ask(book, SESSION))
    assert "This mark stands but does not count: the school is recorded as" in page
    assert f"Recorded         Saturday 20 September 2025, 10:00, as entry {head}" in page
    assert "By               Mrs Register, Officer" in page
    assert page.count("does not count") == 1
    assert "does not count" not in text(ask(book, "2025-09-08/PM"))
    assert rows(book, position=head - 2) == []


def test_a_closure_withdrawn_lets_the_mark_count_again(book):
    """As it stands, and as it stood."""
    head = book.add(LATER, CLOSED)
    book.add(LATER + 1, MET)
    assert rows(book) == []
    assert len(rows(book, position=head)) == 1


def test_an_import_is_named_where_nobody_is(book):
    """A source's closure of both sessions, with no operator named."""
    book.add(LATER, on_calendar(SessionsClosed(date=MONDAY, row=3)), imported=True, by=None)
    found = rows(book)
    assert [(r["session"], r["by"], r["source"]) for r in found] == [
        (SESSION, None, "other-system"),
        ("2025-09-08/PM", None, "other-system"),
    ]
    assert found[0]["words"] == "the school is recorded as closed that day"
    assert "By               import of other-system" in text(ask(book, SESSION))


def test_a_session_cancelled_is_shown_where_its_own_code_does_not_stand(book):
    """The law's own code counts as what it is; another entry is superseded."""
    book.add(LATER, FLOOD)
    assert [(r["why"], r["words"]) for r in rows(book)] == [
        ("cancelled", "the session is recorded as cancelled (Flood)")
    ]
    book.add(LATER + 1, amended(original="I", code="Y4", reason="Flood"))
    assert rows(book) == []


def test_a_term_that_moved_is_shown_by_what_moved_it(book):
    """Not by an earlier change that left the day inside."""
    for last in (date(2025, 10, 23), date(2025, 10, 22)):
        book.add(LATER, on_calendar(TermSet(name="Autumn 1", first=MONDAY, last=last)))
    head = book.add(LATER + 1, MOVED)
    found = rows(book, from_=date(2025, 9, 1))
    assert [(r["session"], r["why"], r["position"]) for r in found] == [
        (SESSION, "outside-term", head),
        ("2025-09-08/PM", "outside-term", head),
    ]
    assert "does not count: the day is recorded as outside term" in text(ask(book, SESSION))


def test_a_last_day_before_the_mark_is_shown(book):
    """With the day, and what ended the time on roll."""
    first = date(2025, 6, 2)
    removed = PupilRemoved(starts_on=first, leaves_on=date(2025, 9, 5), ground="a", by="s1")
    head = book.add(LATER, on_pupil(removed))
    words = "the pupil is recorded as not on roll that day (last day on roll: 5 September 2025)"
    found = [(r["why"], r["words"], r["position"]) for r in rows(book)]
    assert found == [("not-on-roll", words, head)] * 2


def test_a_spell_withdrawn_is_shown(book):
    """There is no last day then."""
    gone = EnrolmentWithdrawn(starts_on=date(2025, 6, 2), reason="another pupil", **CLERK)
    head = book.add(LATER, on_pupil(gone))
    found = [(r["words"], r["position"]) for r in rows(book)]
    assert found == [("the pupil is recorded as not on roll that day", head)] * 2


def test_a_group_joined_since_takes_the_mark_out_from_then(book):
    """The closure was there before; the membership did it."""
    book.add(LATER, closed("Choir", reason="Trip"))
    assert rows(book) == []
    book.add(LATER + 1, joined("ann", "cohort", "Band", since=MONDAY))
    head = book.add(LATER + 2, IN_CHOIR)
    assert [(r["words"], r["position"]) for r in rows(book)] == [
        ("the school is recorded as closed that day for Choir (Trip)", head)
    ]


def test_a_mark_on_a_day_that_was_never_met_says_so_without_an_author(school):
    """A source may state one in its own order; nobody took it out."""
    school.add(AT, enrolled("new", date(2025, 9, 15)))
    school.add(AT + 1, marked("new", SESSION, "/"))
    found = rows(school, who="U-new")
    assert [(r["words"], r["by"], r["position"]) for r in found] == [
        ("the pupil is recorded as not on roll that day", None, None)
    ]
    told = text(ask(school, SESSION, "U-new"))
    assert "does not count: the pupil is recorded as not on roll" in told
    table = text(ask(school, who="U-new"))
    assert "not stated" in table


# -- one answer to one question -----------------------------------------------------------------


def bars(book, pupil="ann", *, threshold=True, code=None, **asked):
    """What keeps the Monday's first session of a pupil from counting."""
    with view.open_view(book.folder, PointInTime(**asked), lambda: NOW) as opened:
        index = opened.pupil_index(f"U-{pupil}")
        return Standing(opened, index, threshold=threshold).bar(SESSION, code)


def test_history_and_notices_name_the_same_event(book):
    """The joining that took the mark out; another, to which the closure applies too, did not."""
    book.add(LATER, on_calendar(SessionsClosed(date=MONDAY, groups=("G1", "G2"), reason="flood")))
    head = book.add(LATER + 1, joined("ann", "cohort", "G1", since=MONDAY))
    book.add(LATER + 2, joined("ann", "cohort", "G2", since=MONDAY))
    absent = amended(original="I", code="O", reason="no answer")
    notice = NoticeStated(
        kind="s444A", issued_on=date(2025, 9, 22), offence_first=MONDAY, offence_last=MONDAY
    )
    book.add(LATER + 3, absent, Fact(streams.notices("a1", "ann"), notice))
    (noticed,) = book.ask(Notices()).rows()[0]["uncounted"]
    listed = rows(book)[0]
    assert (noticed["why"], noticed["position"]) == ("closed", head)
    assert (listed["why"], listed["position"]) == ("closed", head)
    assert noticed["words"].startswith(listed["words"])


STORIES = {
    "a term that moved later takes nothing out": ((CLOSED, MOVED), "closed", 0),
    "it does once the session is met": ((CLOSED, MOVED, MET), "outside-term", 1),
    "a cancellation later is no change": ((CLOSED, FLOOD_FOR_FSM), "closed", 0),
    "of several closures the one that stands": ((CLOSED, FLOOD_FOR_FSM, MET), "cancelled", 1),
    # It has an entry of its own for everyone (SI 2024/208 reg 10(10)).
    "a cancellation before a closure that the same joining brought": (
        (closed("Band", "Choir"), closed("Choir", kind=SessionCancelled), IN_CHOIR),
        "cancelled",
        2,
    ),
    "a group left after the day": ((closed("Choir"), IN_CHOIR, LEFT_CHOIR), "closed", 1),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "kind", "named"), STORIES.values(), ids=STORIES)
def test_the_first_of_the_reasons_that_stand_is_told(book, facts, kind, named):
    """Whatever was recorded after it changed nothing."""
    heads = [book.add(LATER + n, fact) for n, fact in enumerate(facts)]
    assert bars(book)[::2] == (kind, heads[named])


def test_a_closure_restated_is_told_with_its_first_words(book):
    """Why is what stands now; since when is what was said then, in the words of then."""
    head = book.add(LATER, CLOSED)
    book.add(LATER + 1, FLOOD)
    words = (
        "the session is recorded as cancelled (Flood); at first: the school is recorded as "
        "closed that day (INSET)"
    )
    assert bars(book) == ("cancelled", words, head)


def test_a_closure_for_some_names_them(book):
    """With why, where that is recorded."""
    head = book.add(LATER, FLOOD_FOR_FSM)
    words = "the session is recorded as cancelled for FSM (Flood)"
    assert bars(book) == ("cancelled", words, head)


def test_the_code_of_a_cancellation_does_not_count_once_only_a_closure_is_left(book):
    """What withdrew the cancellation took it out; toward the threshold it counts never."""
    first = book.add(LATER, closed("FSM", reason="Trip"))
    book.add(LATER + 1, closed(kind=SessionCancelled))
    assert bars(book, threshold=False, code="Y4") is None
    head = book.add(LATER + 2, MET)
    assert bars(book, threshold=False, code="Y4")[::2] == ("closed", head)
    assert bars(book)[::2] == ("closed", first)


def test_no_term_that_moved_takes_a_weekend_out(book):
    """It never held a session."""
    book.add(LATER, marked("ann", "2025-09-06/AM", "O"))
    moved = TermSet(name="Autumn 1", first=MONDAY, last=date(2025, 10, 24))
    book.add(LATER + 1, on_calendar(moved))
    (row,) = rows(book, session="2025-09-06/AM")
    assert (row["session"], row["why"], row["position"]) == ("2025-09-06/AM", "outside-term", None)


def test_age_is_a_bar_to_the_threshold_only(book):
    """Rates and histories know none."""
    corrected = DetailsAmended(
        field="dob", original="2012-10-01", amended="2020-10-01", birth_cohort=2020,
        compulsory_from=date(2025, 12, 31), reason="Birth certificate", **CLERK,
    )  # fmt: skip
    head = book.add(LATER, on_pupil(corrected))
    assert bars(book)[::2] == ("not-of-age", head)
    assert bars(book, threshold=False) is None
    assert rows(book) == []


EARLY, LATE = instant(2025, 9, 10), instant(2025, 9, 20)


def enrolment(since, stated, **more):
    """A spell of Eve's as a source states it."""
    return enrolled("eve", since, stated=stated, **more)


def withdrawal(since, stated):
    """The end of a spell that a source had stated."""
    event = EnrolmentWithdrawn(starts_on=since, reason="twice", stated=stated, **CLERK)
    return Fact(streams.pupil("eve"), event)


def test_what_a_source_stated_later_is_no_event_of_before(school):
    """Under the source clock a spell that came and went later was not known, nor its end."""
    one, two = date(2025, 6, 2), date(2025, 6, 3)
    known = [enrolment(one, EARLY - 2), withdrawal(one, EARLY - 1)]
    later = [enrolment(two, LATE), withdrawal(two, LATE + 1)]
    head = school.add(LATE, *known, *later, imported=True)
    source = {"clock": "source", "known_at": "2025-09-15"}
    assert bars(school, "eve").position == head
    assert bars(school, "eve", **source).position == head - 2


def test_an_end_that_a_source_stated_later_has_not_come_about_before(school):
    """The spell stands until the time that its withdrawal states, though it is recorded here."""
    spell = date(2025, 6, 2)
    head = school.add(LATE, enrolment(spell, EARLY), withdrawal(spell, LATE), imported=True)
    assert bars(school, "eve")[::2] == ("not-on-roll", head)
    assert bars(school, "eve", clock="source", known_at="2025-09-15") is None


def test_an_age_that_a_source_stated_later_is_not_known_before(school):
    """Until any is known, the birth recorded first counts."""
    young = {"birth_cohort": 2020, "compulsory_from": date(2025, 12, 31)}
    spells = [
        enrolment(date(2025, 6, 2), LATE),
        enrolment(date(2025, 6, 3), EARLY, **young),
    ]
    head = school.add(LATE, *spells, imported=True)
    assert bars(school, "eve")[::2] == ("not-of-age", head)
    assert bars(school, "eve", clock="source", known_at="2025-09-15") is None


# -- beside a count by hand ---------------------------------------------------------------------

GROUPS = ((), ("G1",), ("G2",), ("G1", "G2"))
HELD = st.sampled_from((("AM",), ("PM",), ("AM", "PM")))
SPELLS = st.sampled_from((date(2025, 6, 2), date(2025, 9, 4), date(2025, 9, 9)))
NAMES = st.sampled_from(("G1", "G2", "G3"))
SINCE = st.sampled_from((None, date(2025, 9, 1), date(2025, 9, 9)))
ENDS = st.sampled_from((date(2025, 9, 5), MONDAY, date(2025, 9, 30)))
AGES = st.sampled_from(((2012, date(2017, 12, 31)), (2020, date(2025, 12, 31))))
CALENDAR = st.one_of(
    *(
        st.builds(kind, date=st.just(MONDAY), sessions=HELD, groups=st.sampled_from(GROUPS))
        for kind in (SessionsClosed, SessionCancelled, ClosureWithdrawn)
    ),
    st.builds(
        TermSet,
        name=st.sampled_from(("Autumn 1", "Autumn 2")),
        first=st.sampled_from((date(2025, 9, 3), MONDAY, date(2025, 9, 9))),
        last=st.just(date(2025, 10, 24)),
    ),
)
PUPIL = st.one_of(
    SPELLS.map(lambda since: enrolled("eve", since).event),
    st.builds(EnrolmentWithdrawn, starts_on=SPELLS, reason=st.just("twice"), **{
        name: st.just(value) for name, value in CLERK.items()
    }),
    st.builds(PupilRemoved, starts_on=SPELLS, leaves_on=ENDS),
    st.builds(GroupJoined, kind=st.just("cohort"), name=NAMES, since=SINCE),
    st.builds(GroupLeft, kind=st.just("cohort"), name=NAMES, since=SINCE, until=ENDS),
    AGES.map(
        lambda age: DetailsAmended(
            field="dob", original="a", amended="b", birth_cohort=age[0], compulsory_from=age[1],
            reason="certificate", **CLERK,
        )
    ),
)  # fmt: skip
FIRST = (enrolled("eve", date(2025, 6, 2)).event, TermSet(
    name="Autumn 1", first=date(2025, 9, 3), last=date(2025, 10, 24)
))  # fmt: skip


def possible(events):
    """The events but for the removals of a spell that is not there."""
    spells, kept = set(), []
    for event in events:
        match event:
            case PupilEnrolled():
                spells.add(event.starts_on)
            case EnrolmentWithdrawn():
                spells.discard(event.starts_on)
            case PupilRemoved() if event.starts_on not in spells:
                continue
        kept.append(event)
    return kept


@settings(max_examples=60)
@given(drawn=st.lists(st.one_of(CALENDAR, PUPIL), min_size=3, max_size=14).map(possible))
def test_the_event_named_is_the_one_that_a_count_by_hand_names(drawn):
    """After each event of any history, toward the threshold and for rates, whatever the code."""
    events = possible([*FIRST, *drawn])
    calendar = (TermSet, SessionsClosed, SessionCancelled, ClosureWithdrawn)
    with TemporaryDirectory() as folder:
        book = Book(Path(folder) / "ledger")
        facts = [
            on_calendar(e) if isinstance(e, calendar) else Fact(streams.pupil("eve"), e)
            for e in events
        ]
        start = book.add(AT, created()) + 1  # the header of the next transaction
        book.add(AT, *facts)
        with view.open_view(book.folder, PointInTime(), lambda: NOW) as opened:
            for n in range(1, len(events) + 1):
                past = Standing.at(opened, 0, start + n)
                for threshold, code in ((True, None), (False, "O"), (False, "Y4")):
                    standing = replace(past, threshold=threshold)
                    expected = by_hand(events[:n], threshold=threshold, code=code)
                    bar = standing.bar(SESSION, code)
                    named = bar and (bar.kind, bar.position and bar.position - start)
                    assert named == (expected and (expected[0], expected[1] or None))
                if past.bar(SESSION) is None:
                    assert past.last_bar(SESSION).position - start == counted_since(events[:n])
