"""``penalties``: who is listed, what the row says besides the figures, how it reads."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from ledger.clock import iso
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled
from ledger.events.casework import CaseworkStepTaken
from ledger.events.penalties import NoticesConfirmed, NoticeStated, PenaltyConsidered
from ledger.events.register import SourceConflicted
from ledger.events.roll import (
    EnrolmentWithdrawn,
    ParentRecorded,
    PupilRemoved,
    RelationRecorded,
)
from ledger.store.facts import Fact
from projections.penalties.penalties import Penalties, _saw
from projections.rendering import text
from tests.projections.ledgers import (
    HOUR,
    NOW,
    enrolled,
    instant,
    joined,
    marked,
    on_mark,
    opened,
    weekdays,
)
from tests.projections.penalties.facts import OFFICER, amended, closed

AT = instant(2025, 9, 15, 9)
ON = date(2025, 9, 19)
DECEMBER = date(2025, 12, 12)
KEYS = (
    "upn,count,settled,fresh,met,peak,first_met_on,first_recorded_met_at,"
    "first_recorded_met_upn,window,sessions,"
    "peak_window,peak_sessions,oldest_leaves_on,considered,parents,blockers,support,listed_by"
)


def both(first, last):
    """Both sessions of each weekday."""
    return [f"{day}/{half}" for day in weekdays(first, last) for half in ("AM", "PM")]


WEEK, NEXT = both(date(2025, 9, 8), date(2025, 9, 12)), both(date(2025, 9, 15), ON)


def ask(book, **asked):
    """The answer, on 19 September 2025 unless asked otherwise."""
    return book.ask(Penalties(**{"on": ON, **asked}), now=NOW)


def rows(book, **asked):
    """The rows by local name."""
    return {row["upn"].removeprefix("U-"): row for row in ask(book, **asked).rows()}


def shown(book, **asked):
    """Everything that a reader sees."""
    return "\n".join(text.as_text(ask(book, **asked).blocks))


def blockers(book, **asked):
    """The codes of what is to be cleared up first, for Ann."""
    return [b.partition(":")[0] for b in rows(book, **asked)["ann"]["blockers"]]


def absent(book, sessions=WEEK, code="O", pupil="ann", at=AT, **more):
    """Record a mark for each session in one transaction."""
    return book.add(at, *(marked(pupil, session, code, **more) for session in sessions))


@pytest.fixture
def away(school):
    """Ann away for a week: ten sessions, the last of them recorded at ``head``."""
    school.head = absent(school)
    return school


def considered(seen_at, peak=10):
    """A consideration by the head."""
    event = PenaltyConsidered(
        decision="not-now", reason="A plan has begun", by="s1", name="Hal Hope", job_title="Head",
        count=10, settled=10, peak=peak, entries=("2025-09-08/AM O",), seen_at=seen_at,
    )  # fmt: skip
    return Fact(streams.penalty("ann"), event)


def parent(parent_id, relationship="mother", address="1 High Street", **relation):
    """A parent, and what they are to Ann."""
    related = RelationRecorded(relationship=relationship, **relation)
    return [
        Fact(streams.parent(parent_id), ParentRecorded(surname="Able", address=address)),
        Fact(streams.relation(parent_id, "ann"), related),
    ]


def confirmed(day):
    """What the authority says of a parent's notices."""
    event = NoticesConfirmed(
        la_ref="X", confirmed_on=day, notices=0, by="s1", name="M", job_title="H"
    )
    return Fact(streams.notices("p1", "ann"), event)


def step(words, day=ON, outcome=None):
    """A step of casework."""
    event = CaseworkStepTaken(step=words, on=day, outcome=outcome)
    return Fact(streams.casework("ann"), event)


def support(book, **asked):
    """What is said of support, none where nothing is missing."""
    found = [b for b in rows(book, **asked)["ann"]["blockers"] if b.startswith("support")]
    return found[0] if found else None


# -- who is listed ------------------------------------------------------------------------------


def test_a_row_says_what_the_contract_says(away):
    """Ten sessions in a week, nothing else known."""
    (row,) = ask(away).rows()
    cells = [{"session": session, "code": "O"} for session in WEEK]
    weeks = {"first_week": "2025-06-02", "last_week": "2025-09-15"}
    assert ",".join(row) == KEYS
    assert row == {
        "upn": "U-ann", "count": 10, "settled": 10, "fresh": 10, "met": True, "peak": 10,
        "first_met_on": "2025-09-12", "first_recorded_met_at": iso(AT),
        "first_recorded_met_upn": None, "window": weeks,
        "sessions": cells, "peak_window": weeks, "peak_sessions": cells,
        "oldest_leaves_on": "2025-11-24", "considered": [], "parents": [],
        "blockers": row["blockers"], "support": [], "listed_by": "latest",
    }  # fmt: skip


def test_fewer_are_listed_on_request(school):
    """Nine are not listed; from seven on they are, as not met."""
    absent(school, WEEK[:9])
    assert not rows(school)
    row = rows(school, at_least=7)["ann"]
    assert (row["count"], row["met"], row["first_met_on"]) == (9, False, None)
    assert row["first_recorded_met_at"] is None
    assert not rows(school, at_least=11)


def test_the_latest_window_alone_lists_no_case_that_has_moved_on(away):
    """In December the window of September is over; the case still stands."""
    assert rows(away, on=DECEMBER)["ann"]["count"] == 0
    assert not rows(away, on=DECEMBER, window="current")
    assert rows(away, on=ON, window="current")


def test_the_first_date_counted_plays_no_part(away):
    """Windows reach back as far as entries count."""
    assert rows(away, from_=ON) == rows(away)


def test_a_selection_chooses_pupils_and_cuts_no_window(away):
    """A member at any of the sessions is listed with all of them."""
    absent(away, pupil="cy")
    assert set(rows(away)) == {"ann", "cy"}
    assert set(rows(away, group="9B")) == {"cy"}
    send = rows(away, cohort="SEND", membership="session")
    assert send["ann"]["count"] == 10
    assert set(rows(away, current=True, on=date(2025, 10, 20))) == {"ann"}


def test_rows_are_sorted_by_upn(school):
    """By the letters, whoever came first."""
    absent(school, pupil="bob")
    absent(school)
    assert list(rows(school)) == ["ann", "bob"]


def test_a_ledger_that_knew_nothing_says_so(empty):
    """An answer without rows is no zero."""
    answer = ask(empty)
    assert answer.document["knows_nothing"]
    assert answer.blocks[0].lines


def test_a_day_before_the_rule_is_refused(school):
    """The threshold was each authority's own."""
    with pytest.raises(Refused) as caught:
        ask(school, on=date(2024, 8, 18))
    assert caught.value.code == "date-outside-rule"
    assert caught.value.what == (
        "the national threshold for penalty notices began on 2024-08-19; on 2024-08-18 each local "
        "authority had a code of its own"
    )
    assert not rows(school, on=date(2024, 8, 19))


def test_a_pupil_who_is_not_of_age_is_not_listed(school):
    """Marks before compulsory school age are no relevant entries."""
    young = {"birth_cohort": 2020, "compulsory_from": date(2025, 12, 31)}
    school.add(AT, enrolled("dee", date(2025, 9, 3), **young))
    absent(school, pupil="dee")
    assert not rows(school)


# -- when it was recorded -----------------------------------------------------------------------


def test_the_tenth_recorded_is_the_moment_whatever_was_amended_since(school):
    """Recorded at three times, full at the third; an explanation later takes it away."""
    absent(school, WEEK[:5])
    absent(school, WEEK[5:9], at=AT + HOUR)
    absent(school, WEEK[9:], at=AT + 2 * HOUR)
    school.add(AT + 3 * HOUR, amended(WEEK[0]))
    row = rows(school, at_least=1)["ann"]
    assert (row["met"], row["first_recorded_met_at"]) == (False, iso(AT + 2 * HOUR))
    before = rows(school, known_at=iso(AT + 2 * HOUR))["ann"]
    assert (before["met"], before["count"]) == (True, 10)
    assert not rows(school, known_at=iso(AT + HOUR))


def test_what_one_transaction_takes_back_was_never_recorded(school):
    """Ten entries and the explanation of one arrive together."""
    marks = [marked("ann", session, "O") for session in WEEK]
    school.add(AT, *marks, amended(WEEK[0]))
    assert rows(school, at_least=1)["ann"]["first_recorded_met_at"] is None


@pytest.mark.parametrize("groups", [(), ("9A",)])
def test_the_moment_stands_whatever_is_closed_or_cancelled_since(school, groups):
    """A session cancelled, or a day closed, is no more than an amendment: ten were recorded."""
    absent(school)
    school.add(
        AT + HOUR, closed(date(2025, 9, 8), SessionCancelled, sessions=("AM",), groups=groups)
    )
    row = rows(school, at_least=1)["ann"]
    assert (row["peak"], row["first_recorded_met_at"]) == (9, iso(AT))
    school.add(AT + 2 * HOUR, closed(date(2025, 9, 9), groups=groups))
    row = rows(school, at_least=1)["ann"]
    assert (row["peak"], row["first_recorded_met_at"]) == (7, iso(AT))


def test_the_moment_stands_when_the_pupil_is_moved_or_leaves_or_was_older(school):
    """Into a group that was closed, off the roll, out of compulsory age: each recorded later."""
    school.add(AT - HOUR, closed(date(2025, 9, 8), groups=("9C",)))
    absent(school)
    moved = joined("ann", "registration", "9C", since=date(2025, 9, 8))
    school.add(AT + HOUR, moved)
    row = rows(school, at_least=1)["ann"]
    assert (row["peak"], row["first_recorded_met_at"]) == (8, iso(AT))
    left = PupilRemoved(starts_on=date(2025, 6, 2), leaves_on=date(2025, 9, 10))
    school.add(AT + 2 * HOUR, Fact(streams.pupil("ann"), left))
    row = rows(school, at_least=1)["ann"]
    assert (row["peak"], row["first_recorded_met_at"]) == (4, iso(AT))


def test_ten_that_count_only_when_the_school_is_said_to_have_met_are_recorded_then(school):
    """A closure withdrawn: what stood without counting counts from that moment on."""
    school.add(AT - HOUR, closed(date(2025, 9, 8)))
    absent(school)
    assert rows(school, at_least=1)["ann"]["first_recorded_met_at"] is None
    school.add(AT + HOUR, closed(date(2025, 9, 8), ClosureWithdrawn))
    row = rows(school)["ann"]
    assert (row["peak"], row["first_recorded_met_at"]) == (10, iso(AT + HOUR))


def test_by_the_source_the_moment_is_no_earlier_than_the_fact_it_follows_from(school):
    """A place on roll that its source states a day after the marks; a closure later still."""
    entered = enrolled("dee", date(2025, 9, 3), stated=AT + 24 * HOUR, row=2)
    marks = [marked("dee", session, "O", stated=AT, row=2) for session in WEEK]
    shut = closed(date(2025, 9, 8), stated=AT + 48 * HOUR, row=2)
    school.add(NOW - HOUR, entered, *marks, shut, imported=True)
    asked = {"clock": "source", "at_least": 1}
    row = rows(school, **asked)["dee"]
    assert (row["peak"], row["first_recorded_met_at"]) == (8, iso(AT + 24 * HOUR))
    assert rows(school, **asked, known_at=iso(AT + 25 * HOUR))["dee"]["peak"] == 10
    assert not rows(school, **asked, known_at=iso(AT + 23 * HOUR))


def test_a_source_that_states_no_time_leaves_the_moment_open(school):
    """Known from the start is no instant."""
    school.add(AT, *(marked("ann", s, "O", row=2) for s in WEEK), imported=True)
    row = rows(school, clock="source")["ann"]
    assert (row["met"], row["first_recorded_met_at"]) == (True, None)


def merged(duplicate, survivor):
    """One record withdrawn in favour of another."""
    event = EnrolmentWithdrawn(
        starts_on=date(2025, 6, 2), survivor=survivor, reason="entered twice", by="s1",
        name="Mrs Register", job_title="Officer",
    )  # fmt: skip
    return Fact(streams.pupil(duplicate), event)


def test_what_a_record_merged_away_showed_stands_with_its_name(school):
    """Ten stood in it first; the survivor holds six of them, and never had ten."""
    absent(school)
    school.add(AT + HOUR, merged("ann", "bob"))
    absent(school, WEEK[:6], pupil="bob", at=AT + HOUR)
    asked = {"at_least": 1, "explain": True}
    row = rows(school, **asked)["bob"]
    assert (row["peak"], row["first_recorded_met_at"]) == (6, iso(AT))
    assert row["first_recorded_met_upn"] == "U-ann"
    assert "at 10:00 (in the record U-ann, merged into this one since)" in shown(school, **asked)
    before = rows(school, at_least=1, known_at=iso(AT))["ann"]
    assert (before["first_recorded_met_at"], before["first_recorded_met_upn"]) == (iso(AT), None)


def test_of_two_records_the_earliest_counts_and_of_several_mergers_each(school):
    """The survivor showed it first itself; a record merged into the one merged counts too."""
    absent(school, pupil="bob")
    school.add(AT + HOUR, merged("ann", "bob"))
    row = rows(school)["bob"]
    assert (row["first_recorded_met_at"], row["first_recorded_met_upn"]) == (iso(AT), None)
    school.add(AT + HOUR, merged("bob", "cat"), merged("cat", "ann"))
    absent(school, WEEK[:3], pupil="cat", at=AT + HOUR)
    for again in ("cat", "ann"):
        school.add(AT + 2 * HOUR, enrolled(again, date(2025, 6, 2), birth_cohort=2012))
    assert rows(school, at_least=1)["cat"]["first_recorded_met_upn"] == "U-bob"


# -- considered ---------------------------------------------------------------------------------


def test_a_case_stands_until_it_has_been_considered(away):
    """On the list until then, though the window moves on; off it afterwards, for good."""
    assert rows(away, on=DECEMBER, not_considered=True)
    away.add(AT + HOUR, considered(away.head))
    assert not rows(away, not_considered=True)
    assert not rows(away, on=DECEMBER, not_considered=True)
    (found,) = rows(away)["ann"]["considered"]
    assert found == {
        "at": iso(AT + HOUR), "decision": "not-now", "count": 10, "seen_at": away.head,
        "by": {**OFFICER, "name": "Hal Hope", "job_title": "Head"},
    }  # fmt: skip


def test_an_entry_recorded_since_makes_the_case_a_new_one(away):
    """The eleventh has not been considered; once it has, the list is empty again."""
    away.add(AT + HOUR, considered(away.head))
    head = absent(away, NEXT[:1], at=AT + 2 * HOUR)
    assert rows(away, not_considered=True)
    assert rows(away, not_considered=True, window="current")
    away.add(AT + 3 * HOUR, considered(head, peak=11))
    assert not rows(away, not_considered=True)
    assert not rows(away, not_considered=True, window="current")


def test_an_entry_in_no_full_window_leaves_the_case_considered(away):
    """A single session in December does not bring September back."""
    away.add(AT + HOUR, considered(away.head))
    absent(away, ["2025-12-08/AM"], at=AT + 2 * HOUR)
    assert not rows(away, on=DECEMBER, not_considered=True)


def test_one_relevant_code_for_another_is_nothing_new(school):
    """N that became O was seen as N; a code in between would have ended it."""
    head = absent(school, code="N")
    school.add(AT + HOUR, considered(head))
    school.add(AT + 2 * HOUR, amended(WEEK[0], "O", "N"))
    assert not rows(school, not_considered=True)
    school.add(AT + 3 * HOUR, amended(WEEK[1], "I", "N"))
    school.add(AT + 4 * HOUR, amended(WEEK[1], "O", "I"))
    assert rows(school, not_considered=True)


def test_whoever_saw_fewer_has_not_considered_this_case(away):
    """A birth date or a closure corrected since may have made more of the same entries."""
    away.add(AT + HOUR, considered(away.head, peak=8))
    assert rows(away, not_considered=True)


# -- parents and notices ------------------------------------------------------------------------


def test_parents_are_those_on_record_or_not_ruled_out(away):
    """A mother; a neighbour of whom nothing is known; a grandparent ruled out; one in the past."""
    away.add(
        AT,
        *parent("p1"),
        *parent("p2", "neighbour"),
        *parent("p3", "grandparent", parental_responsibility="no", care="no"),
        *parent("p4", "father", until=date(2025, 9, 1)),
        *parent("p5", "father", since=date(2025, 9, 20)),
    )
    found = rows(away)["ann"]["parents"]
    who = [(p["parent_id"], p["liable"]) for p in found]
    assert who == [("p1", "yes"), ("p2", "undetermined")]
    assert found[0] == {
        "parent_id": "p1", "liable": "yes", "previous": 0, "outcome": "first",
        "amount_within_21_days": 80, "amount": 160, "la_confirmed_on": None,
        "fresh": 10, "to_ask": 0,
    }  # fmt: skip


def notice(parent_id="p1", sessions=WEEK[:5], **more):
    """A notice about five sessions of the week."""
    event = NoticeStated(
        kind="s444A", issued_on=ON, offence_first=date(2025, 9, 8), offence_last=date(2025, 9, 12),
        received_on=ON, sessions=tuple(sessions), row=2, **more,
    )  # fmt: skip
    return Fact(streams.notices(parent_id, "ann"), event)


def test_a_notice_uses_sessions_up_and_counts_for_its_parent_only(away):
    """Five are no longer fresh for her; the father would be at the first, over all ten."""
    away.add(AT, *parent("p1"), *parent("p2", "father"), notice())
    row = rows(away)["ann"]
    assert (row["count"], row["fresh"]) == (10, 5)
    found = [(p["outcome"], p["fresh"], p["to_ask"]) for p in row["parents"]]
    assert found == [("second", 5, 0), ("first", 10, 0)]
    assert row["blockers"][1:2] == [
        "relied-on: earlier notices to parent p1 used up 5 sessions of the window"
    ]
    said = shown(away, explain=True)
    assert "p1 5, p2 10" in said
    assert (
        "10 of them settled; 5 on which no notice that stands relied, to whichever parent" in said
    )
    assert "in the period; 5 of the 10 not used up by a notice to this parent" in said


@pytest.mark.parametrize(
    ("ground", "fresh", "to_ask", "said"),
    [
        ("8(1)(a)", 5, 0, None),
        ("8(1)(b)", 10, 0, None),
        ("9", 5, 5, "was withdrawn under reg 9: ask {} (counted as used up here)"),
        (None, 10, 5, "was withdrawn, and no ground is recorded: ask {} (counted as free here)"),
    ],
)
def test_the_ground_of_a_withdrawal_says_whether_its_sessions_are_used_up(
    away, ground, fresh, to_ask, said
):
    """SI 2007/1867 regs 8 and 9; any of them is disregarded as an earlier notice (reg 12A)."""
    away.add(AT, *parent("p1"), notice(withdrawn_on=ON, withdrawn_ground=ground))
    row = rows(away)["ann"]
    (found,) = row["parents"]
    assert (row["fresh"], found["previous"], found["outcome"]) == (10, 0, "first")
    assert (found["fresh"], found["to_ask"]) == (fresh, to_ask)
    assert ("relied-on" in blockers(away)) == (ground == "8(1)(a)")
    asked = [b for b in row["blockers"] if b.startswith("ask-authority")]
    ask = "the authority whether 5 sessions of the window may be used again"
    notice_words = "ask-authority: the notice of 2025-09-19 to parent p1"
    assert asked == ([f"{notice_words} {said.format(ask)}"] if said else [])


def test_another_notice_that_stands_leaves_nothing_to_ask(away):
    """Withdrawn without a ground, and issued anew over the same sessions."""
    again = {"offence_first": date(2025, 9, 9)}
    event = NoticeStated(
        kind="s444A", issued_on=ON, offence_last=date(2025, 9, 12), sessions=tuple(WEEK[:3]),
        row=3, **again,
    )  # fmt: skip
    second = Fact(streams.notices("p1", "ann"), event)
    away.add(AT, *parent("p1"), notice(withdrawn_on=ON), second)
    (found,) = rows(away)["ann"]["parents"]
    assert (found["fresh"], found["to_ask"]) == (7, 2)


def test_sessions_used_up_by_a_notice_to_nobody_on_the_list_of_parents_are_told(away):
    """A notice whose parent is on no relation to the child any more."""
    away.add(AT, *parent("p1"), notice("p9"))
    row = rows(away)["ann"]
    assert [p["fresh"] for p in row["parents"]] == [10]
    assert any("to parent p9 used up 5 sessions" in each for each in row["blockers"])


def test_the_last_confirmation_by_the_day_is_shown(away):
    """Not one that is still to come on that day."""
    days = (date(2025, 9, 10), date(2025, 9, 12), date(2025, 9, 25))
    away.add(AT, *parent("p1", None, care="yes"), *map(confirmed, days))
    assert rows(away)["ann"]["parents"][0]["la_confirmed_on"] == "2025-09-12"
    away.add(AT, *map(confirmed, (ON + timedelta(days=1), ON)))
    assert rows(away)["ann"]["parents"][0]["la_confirmed_on"] == str(ON)


# -- what is to be cleared up first -------------------------------------------------------------


def test_nothing_is_left_to_clear_up(away):
    """Ten settled entries, every mark made, a mother with an address, support on record."""
    window = both(date(2025, 6, 2), date(2025, 7, 18)) + both(date(2025, 9, 3), ON)
    absent(away, [session for session in window if session not in WEEK], code="/")
    away.add(AT, *parent("p1"), step("Support plan agreed"))
    assert blockers(away) == []


def test_each_obstacle_is_named_by_its_code(school):
    """N alone makes ten; marks are missing; nobody is a parent; no support."""
    absent(school, WEEK[:9])
    absent(school, WEEK[9:], code="N")
    found = ["provisional", "provisional-only", "missing", "parent", "support"]
    assert blockers(school) == found
    words = rows(school)["ann"]["blockers"]
    assert words[0] == "provisional: N still stands on 1 session of the window"
    assert words[4] == (
        "support: no support is recorded since 2025-06-02, nor that it would not be appropriate; "
        "on record: no step with the family"
    )


def test_a_parent_without_an_address_is_named(away):
    """Of those who are parents; whose part is open is not asked for one."""
    away.add(AT, *parent("p1", address=None), *parent("p2", "neighbour", address=None))
    words = [b for b in rows(away)["ann"]["blockers"] if b.startswith(("address", "parent"))]
    assert words == ["address: no address is recorded for parent p1"]


def test_an_open_conflict_in_the_window_is_an_obstacle(away):
    """Outside it, it is none."""
    event = SourceConflicted(stands="O", code="I", row=2)
    away.add(AT, on_mark("ann", "2025-10-06/AM", event), imported=True)
    assert "conflict" not in blockers(away)
    away.add(AT, on_mark("ann", WEEK[0], event), imported=True)
    assert "conflict" in blockers(away)


@pytest.mark.parametrize(
    ("words", "day", "there"),
    [
        ("Support offered", date(2025, 9, 3), True),
        ("support not appropriate: holiday", ON, True),
        ("Letter", ON, False),
        ("attendance contract", ON, True),
        ("unsupportive reply", ON, False),
        ("Support offered", date(2025, 9, 20), False),
        ("Support offered", date(2025, 6, 1), False),
        ("Support offered", date(2025, 6, 2), True),
    ],
)
def test_support_counts_from_the_window_or_the_school_year_on(away, words, day, there):
    """A step that speaks of support, also to say that it would not be appropriate."""
    away.add(AT, step(words, day))
    assert ("support" not in blockers(away)) == there


def test_what_is_on_record_is_listed_with_why_it_is_no_support(away):
    """Letters, a meeting without an outcome, words that nobody knows; not what lies outside."""
    away.add(
        AT,
        step("meeting", date(2025, 9, 17), "did not attend"),
        step("letter", date(2025, 9, 16)),
        step("gate duty", date(2025, 9, 18)),
        step("support plan", date(2025, 6, 1)),
        step("support plan", date(2025, 9, 20)),
    )
    assert support(away) == (
        "support: no support is recorded since 2025-06-02, nor that it would not be appropriate; "
        "on record: 2025-09-16 letter (telling, inviting or warning somebody is no support); "
        "2025-09-17 meeting, did not attend (nothing is recorded as agreed there); "
        "2025-09-18 gate duty (not known whether it is support)"
    )
    assert [(s["step"], s["support"]) for s in rows(away)["ann"]["support"]] == [
        ("letter", "no"), ("meeting", "no"), ("gate duty", "unknown"),
    ]  # fmt: skip
    assert support(away, on=date(2025, 9, 20)) is None


def test_a_contract_made_at_a_meeting_and_early_help_are_support(away):
    """By the step's own words or by its outcome, and the explanation names them."""
    steps = [step("Meeting", ON, "Attendance contract"), step("early help"), step("letter")]
    away.add(AT, *steps)
    assert support(away) is None
    said = shown(away, explain=True)
    assert "2025-09-19 letter" not in said
    assert "Support on record: 2025-09-19 Meeting, Attendance contract" in said
    assert "Support on record: 2025-09-19 early help" in said


def test_support_offered_and_declined_is_told_as_that(away):
    """Neither passed over nor taken for support given; support given besides settles it."""
    away.add(AT, step("support offered", ON, "declined by phone"), step("letter", ON))
    assert support(away) == (
        "support: offered on 2025-09-19 (support offered), parent said: declined by phone; "
        "whether that is enough is for a person to say"
    )
    away.add(AT, step("support plan", ON, "not engaged"))
    assert support(away) is None


def test_a_school_to_which_notices_do_not_apply_is_told(away):
    """An independent school."""
    away.add(AT, opened(type="independent"))
    assert blockers(away)[-1] == "school-type"


def test_obstacles_are_about_the_window_that_would_be_referred(school):
    """In December that is the full one of September, not the latest."""
    absent(school, code="N")
    assert rows(school, on=DECEMBER)["ann"]["count"] == 0
    assert "provisional" in blockers(school, on=DECEMBER)


# -- how it reads -------------------------------------------------------------------------------


def test_the_table_says_that_it_is_no_finding(away):
    """The contract's sentence, and none of the words that accuse."""
    away.add(AT, *parent("p1"))
    said = shown(away, explain=True)
    due = "a decision to consider is due; not a finding against a parent; so for 1 pupil"
    assert f"Ten recorded sessions: {due}" in said
    away.add(AT, considered(away.head))
    later = shown(away, explain=True)
    assert "not-now 2025-09-15" in later
    said += later
    assert not any(word in said.casefold() for word in ("guilty", "eligible", "liable"))


def test_an_early_warning_is_not_called_a_duty(school):
    """Ten sessions are spoken of only where somebody on the list has ten."""
    warning, due = "an early warning, and no duty to consider", "a decision to consider is due"
    absent(school, WEEK[:8])
    said = shown(school, at_least=7)
    assert (warning in said, due in said) == (True, False)
    absent(school, pupil="bob")
    said = shown(school, at_least=7)
    assert (warning in said, f"{due}; not a finding against a parent; so for 1 pupil" in said) == (
        True, True,
    )  # fmt: skip


def test_a_decision_is_due_until_the_case_is_considered_as_it_stands(away):
    """Not over a pupil whose case was; again where an entry came since; not where it fell."""

    def said(**asked):
        table = ask(away, **asked).blocks[0]
        (row,) = table.rows
        notes = "\n".join(table.notes)
        words = ("a decision to consider is due", "the case was considered as it stands")
        return row[table.headings.index("Considered")], *(each in notes for each in words)

    assert said() == ("due", True, False)
    away.add(AT + HOUR, considered(away.head))
    assert said() == ("not-now 2025-09-15", False, True)
    absent(away, NEXT[:1], at=AT + 2 * HOUR)
    assert said() == ("not-now 2025-09-15, due", True, False)
    away.add(AT + 3 * HOUR, *(amended(session) for session in WEEK[:2]))
    assert said(at_least=1) == ("not-now 2025-09-15", False, False)


def test_a_case_from_an_earlier_window_stands_in_a_table_of_its_own(away):
    """In December one has eight, the other had ten in September; each by its number."""
    absent(away, both(date(2025, 12, 8), date(2025, 12, 11)), pupil="bob")
    absent(away, ["2025-12-08/AM"], at=AT + HOUR)
    absent(away, both(date(2025, 12, 8), date(2025, 12, 9)), pupil="cy")
    asked = {"on": DECEMBER, "at_least": 7}
    latest, earlier = ask(away, **asked).blocks
    assert (
        latest.title == "Penalty notice threshold as at 2025-12-12, in the latest window: 1 pupil"
    )
    assert earlier.title.endswith("2025-12-12, from an earlier window only: 1 pupil")
    assert [row[:3] for row in latest.rows] == [("U-bob", "Bob Baker", "8")]
    assert [row[:3] for row in earlier.rows] == [("U-ann", "Ann Able", "1")]
    found = rows(away, **asked)
    assert {name: row["listed_by"] for name, row in found.items()} == {
        "ann": "earlier", "bob": "latest",
    }  # fmt: skip
    (alone,) = ask(away, **asked, window="current").blocks
    assert [row[0] for row in alone.rows] == ["U-bob"]


def test_what_is_to_be_cleared_up_names_a_window_that_is_not_the_latest(away):
    """Its entries are not those that the row counts."""
    absent(away, both(date(2025, 12, 8), date(2025, 12, 11)), pupil="bob")
    found = rows(away, on=DECEMBER, at_least=7)
    (of_ann,) = (each for each in found["ann"]["blockers"] if each.startswith("missing"))
    (of_bob,) = (each for each in found["bob"]["blockers"] if each.startswith("missing"))
    assert of_ann.endswith("sessions of the window from 2025-09-08")
    assert of_bob.endswith("sessions of the window")


def test_exact_numbers_can_be_asked_for(away):
    """Seven to nine, nine alone, one to one; the latest window first, else an earlier one."""
    absent(away, WEEK[:9], pupil="bob")
    assert set(rows(away, at_least=7, at_most=9)) == {"bob"}
    assert set(rows(away, at_least=9, at_most=10)) == {"ann", "bob"}
    absent(away, ["2025-12-08/AM"], at=AT + HOUR)
    assert set(rows(away, on=DECEMBER, at_least=1, at_most=1)) == {"ann"}
    assert set(rows(away, on=DECEMBER, at_least=7, at_most=9)) == {"bob"}
    assert ask(away, at_least=7, at_most=9).document["at_most"] == 9
    with pytest.raises(Refused) as caught:
        ask(away, at_most=9)
    assert str(caught.value.what) == "--at-most 9 is less than --at-least 10"


def test_the_table_begins_with_the_most(school):
    """Then by UPN; what the columns mean stands beneath."""
    absent(school, WEEK[:7])
    absent(school, WEEK[:9], pupil="bob")
    absent(school, WEEK[:7], pupil="cy")
    table = ask(school, at_least=7).blocks[0]
    assert [row[0] for row in table.rows] == ["U-bob", "U-ann", "U-cy"]
    notes = "\n".join(table.notes)
    assert "settled: those of them without N, which may still change" in notes
    assert "to clear up first: what a referral would meet" in notes


def test_members_at_a_session_are_chosen_by_an_entry_and_counts_stay_whole(away):
    """Said beneath, once, and only where a group was asked for."""
    words = "the counts are those of the whole register"
    said = shown(away, cohort="SEND", membership="session")
    assert words in said
    assert said.count("--membership") == 1
    assert "each session in the group of its day" not in said
    assert words not in shown(away, cohort="FSM")
    assert words not in shown(away, membership="session")


def test_the_early_warning_shows_when_the_oldest_session_leaves(school):
    """Below the threshold and in the latest window; elsewhere there is no such column."""
    absent(school, WEEK[:8])
    absent(school, both(date(2025, 12, 8), date(2025, 12, 11)), pupil="bob")
    early = ask(school, at_least=7, window="current").blocks[0]
    assert "Oldest leaves on" in early.headings
    assert any("2025-11-24" in row for row in early.rows)
    later = ask(school, on=date(2025, 12, 19), at_least=7, window="current").blocks[0]
    assert any("after the known terms" in row for row in later.rows)
    assert "Oldest leaves on" not in ask(school, at_least=7).blocks[0].headings


def test_the_explanation_names_sessions_windows_and_the_rule(away):
    """In words; the fullest window where it is another one; what was decided and why."""
    away.add(AT, *parent("p1"), confirmed(ON), considered(away.head))
    assert "not used up" not in shown(away, on=DECEMBER, explain=True)
    absent(away, ["2025-12-08/AM"], at=AT + HOUR)
    said = shown(away, on=date(2025, 12, 19), explain=True)
    for words in (
        "Reference: SI 2007/1867 reg 9A(1)",
        "Latest window, the school weeks from Monday 6 October 2025",
        ": 1 session\n    Monday 8 December 2025, morning: O,",
        "Fullest window so far",
        "The threshold was first reached with a session on 12 September 2025",
        "The register first held as many on 15 September 2025 at 10:00",
        "by Hal Hope, Head: not-now (A plan has begun)",
        "p1: 0 earlier in the period on our records (the authority last confirmed on 19 September",
        "To clear up first: no mark on",
    ):
        assert words in said
    assert "leaves the window" not in said
    nine = shown(away, on=date(2025, 9, 12), at_least=1, explain=True)
    assert "leaves the window on 24 November 2025" in nine


def test_what_was_imported_is_held_since_the_import_and_earlier_by_its_source(school):
    """The time of an import is no time of the register: that is asked by the source's clock."""
    with school.writing():
        for nth, session in enumerate(WEEK):
            at = instant(2025, 9, 8 + nth // 2, 9)
            school.commit(AT + nth, marked("ann", session, "O", stated=at, row=nth + 1),
                          imported=True)  # fmt: skip
    said = shown(school, explain=True)
    assert "This ledger first held as many on 15 September 2025 at 10:00" in said
    assert "--clock source" in said
    stated = shown(school, explain=True, clock="source")
    assert "The register first held as many on 12 September 2025 at 10:00" in stated
    assert "--clock source" not in stated


def test_the_explanation_leaves_out_what_never_happened(school):
    """No date of a threshold that was not reached."""
    absent(school, WEEK[:9])
    said = shown(school, at_least=1, explain=True)
    assert "first reached" not in said
    assert "first held" not in said


def test_as_csv_each_pupil_is_one_line(away):
    """Lists become texts."""
    away.add(AT, *parent("p1"), considered(away.head))
    heading, line = text.as_csv(ask(away)).splitlines()
    assert heading == KEYS
    for words in (
        "Mon 2025-06-02 to Sun 2025-09-21", "2025-09-08/AM O;", "p1: 0 previous, first, 10 fresh",
    ):  # fmt: skip
        assert words in line
    assert text.as_csv(ask(away, at_least=50)).splitlines() == [heading]


def test_a_considered_case_that_no_window_holds_any_more_is_named_beneath(away):
    """It has no row, as nothing counts; who reads the list is told of it all the same."""
    away.add(AT + HOUR, considered(away.head))
    assert "not listed, though" not in shown(away).lower()
    away.add(AT + 2 * HOUR, *(amended(s) for s in WEEK))
    assert rows(away, at_least=1) == {}
    note = "Not listed, though considered with 1 session or more: Ann Able (U-ann)"
    assert note in shown(away, at_least=1)
    assert "Not listed" not in shown(away, at_least=1, pupil="U-bob")
    assert "Not listed" not in shown(away, at_least=11)
    assert "Not listed" not in shown(away, window="current")
    assert "Not listed" not in shown(away, at_most=10)


@pytest.mark.parametrize(("stated", "saw"), [(99, True), (100, True), (101, False)])
def test_a_consideration_that_another_system_states_saw_what_it_states_by_then(stated, saw):
    """Its positions are another log's."""
    seen = SimpleNamespace(seen_at=0, sf=100)
    assert _saw(seen, [SimpleNamespace(since=5, stated=stated)]) is saw
