"""`why`: which events made a figure differ, by kind and pupil, with nothing left over."""

from datetime import date

import pytest

from ledger.clock import iso
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import MarkAmended, MarkCorrected, SourceRestated
from ledger.events.roll import DetailsAmended, EnrolmentWithdrawn, PupilRemoved
from ledger.store.facts import Fact
from policies.law.absence import Share, Shares
from projections.queries.blocks import Lines
from projections.rendering import text
from projections.why import flips, why
from projections.why.why import Why
from tests.projections.ledgers import (
    URN,
    enrolled,
    instant,
    joined,
    marked,
    on_mark,
    term,
    weekdays,
)

MONDAY, TUESDAY = date(2025, 9, 8), date(2025, 9, 9)
DAY = {"on": MONDAY, "from_": MONDAY}
A, B = "2025-09-08T09:30:00Z", "2025-09-08T12:00:00Z"
BETWEEN = instant(2025, 9, 8, 10)
BEFORE = instant(2025, 9, 8, 9)
AMENDED = {"reason": "ill", "by": "s1", "name": "Mrs R", "job_title": "Officer"}


def on_calendar(event):
    """A closure, or its end."""
    return Fact(streams.CALENDAR, event)


def born(year):
    """Ann's birth date, corrected to an October."""
    corrected = DetailsAmended(
        field="dob", original="2012-10-01", amended=f"{year}-10-01", birth_cohort=year,
        compulsory_from=date(year + 5, 12, 31), **AMENDED | {"reason": "wrong"},
    )  # fmt: skip
    return Fact(streams.pupil("ann"), corrected)


def removed(pupil, starts_on, leaves_on=date(2025, 9, 5)):
    """A last day on roll."""
    event = PupilRemoved(starts_on=starts_on, leaves_on=leaves_on)
    return Fact(streams.pupil(pupil), event)


def document(book, what="rates", **asked):
    """The document, whose causes have to add up."""
    found = book.ask(Why(what=what, **asked)).document
    for name, value in found["difference"].items():
        assert value == found["after"][name] - found["before"][name]
        assert value == sum(cause["effect"][name] for cause in found["causes"])
    return found


def known(book, what="rates", **asked):
    """The difference between 09:30 and 12:00 on a Monday."""
    return document(book, what, **{**DAY, "known_at": A, "and_": B} | asked)


def causes(found):
    """Kind and pupil of every cause, with the effects that are not nothing."""
    return {
        (cause["kind"], cause["upn"]): {k: n for k, n in cause["effect"].items() if n}
        for cause in found["causes"]
    }


def test_a_new_mark_is_a_cause_with_its_event(school):
    """What was missing is possible and attended now."""
    school.add(BEFORE, marked("ann", "2025-09-08/AM", "/"))
    head = school.add(BETWEEN, marked("bob", "2025-09-08/AM", "/"))
    found = known(school)
    assert found["causes"] == [{
        "kind": "new mark", "upn": "U-bob", "events": [head], "sessions": 1,
        "first": "2025-09-08/AM", "last": "2025-09-08/AM", "changes": [
            {"session": "2025-09-08/AM", "was": None, "became": "/", "position": head},
        ],
        "effect": {"possible": 1, "attended": 1, "authorised": 0, "unauthorised": 0, "late": 0,
                   "late_before_close": 0, "late_after_close": 0, "missing": -1, "undated": 0},
    }]  # fmt: skip
    assert (found["before"]["attended"], found["after"]["attended"]) == (1, 2)
    assert found["as_of"]["known_at"] == "2025-09-08T09:30:00Z"
    assert found["and"]["known_at"] == "2025-09-08T12:00:00Z"


def on_ann(session, was, code):
    """An amendment of one of Ann's marks."""
    return on_mark("ann", session, MarkAmended(original=was, code=code, **AMENDED))


MON_AM, MON_PM = "2025-09-08/AM", "2025-09-08/PM"
MISSING = {"missing": 2}
CASES = {
    "an entry and its amendment: each version moves from what stood before it": (
        [],
        [marked("ann", MON_AM, "N"), on_ann(MON_AM, "N", "I")],
        {},
        {
            ("new mark", "U-ann"): {"possible": 1, "unauthorised": 1, "missing": -1},
            ("amendment", "U-ann"): {"authorised": 1, "unauthorised": -1},
        },
    ),
    "an amendment that moves no count: N to O is unauthorised before and after": (
        [marked("ann", MON_AM, "N")], [on_ann(MON_AM, "N", "O")], {}, {},
    ),
    "a joiner, with the marks made since": (
        [],
        [enrolled("dee", date(2025, 9, 3)), marked("dee", MON_AM, "/")],
        {},
        {("joiner", "U-dee"): {"possible": 1, "attended": 1, "missing": 1}},
    ),
    "a leaver: a last day before the session": (
        [], [removed("bob", date(2025, 9, 3))], {}, {("leaver", "U-bob"): {"missing": -2}},
    ),
    "a group move, for a question about the group": (
        [], [joined("cy", "registration", "9A")], {"group": "9A"},
        {("group move", "U-cy"): MISSING},
    ),
    "a group that the earlier view did not know: everybody in it is a cause": (
        [], [joined("ann", "cohort", "LAC")], {"cohort": "LAC"},
        {("group move", "U-ann"): MISSING},
    ),
    "a closure that came and went: nothing of it is left": (
        [], [on_calendar(SessionsClosed(date=MONDAY)), on_calendar(ClosureWithdrawn(date=MONDAY))],
        {}, {},
    ),
    "a term moved forward: the start of the school year moves with its first term": (
        [marked("ann", "2025-09-03/AM", "/")],
        [term("Autumn 1", date(2025, 9, 4), date(2025, 10, 24))],
        {"from_": None, "pupil": "U-ann"},
        {("calendar change", "U-ann"): {"possible": -1, "attended": -1, "missing": -1}},
    ),
    "a new school year that begins earlier: sessions of the year before leave the range": (
        [marked("ann", "2025-06-02/AM", "/")],
        [term("Zero", date(2025, 8, 20), date(2025, 8, 21))],
        {"on": date(2025, 8, 25), "from_": None, "pupil": "U-ann"},
        {("calendar change", "U-ann"): {"possible": -1, "attended": -1, "missing": -65}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "between", "asked", "expect"), CASES.values(), ids=CASES)
def test_what_was_recorded_in_between_is_a_cause(school, before, between, asked, expect):
    """With its effects, and its events: all that was recorded in between."""
    school.add(BEFORE, *before)
    head = school.add(BETWEEN, *between)
    found = known(school, **asked)
    assert causes(found) == expect
    events = {event for cause in found["causes"] for event in cause["events"]}
    assert events == (set(range(head - len(between) + 1, head + 1)) if expect else set())


def test_each_kind_of_change_to_a_mark_has_its_name(school):
    """Entered late, corrected during taking, amended, restated: each its own effect."""
    school.add(BEFORE, *(marked(p, MON_AM, "N") for p in ("ann", "bob", "cy")))
    corrected = on_mark("bob", MON_AM, MarkCorrected(original="N", code="L"))
    late = marked("ann", MON_PM, "U", late=True)
    school.add(BETWEEN, late, on_ann(MON_AM, "N", "I"), corrected)
    restated = SourceRestated(original="N", code="D", row=2)
    school.add(BETWEEN, on_mark("cy", MON_AM, restated), imported=True)
    assert causes(known(school)) == {
        ("late entry", "U-ann"): {
            "possible": 1,
            "unauthorised": 1,
            "late": 1,
            "late_after_close": 1,
            "missing": -1,
        },
        ("amendment", "U-ann"): {"authorised": 1, "unauthorised": -1},
        ("corrected during taking", "U-bob"): {
            "attended": 1,
            "unauthorised": -1,
            "late": 1,
            "late_before_close": 1,
        },
        ("restated", "U-cy"): {"possible": -1, "unauthorised": -1},
    }


def test_an_enrolment_that_was_withdrawn_is_a_leaver(school):
    """As one whose last day was set back."""
    gone = EnrolmentWithdrawn(starts_on=date(2025, 6, 2), reason="twice", by="s1", name="M",
                              job_title="O")  # fmt: skip
    school.add(BETWEEN, Fact(streams.pupil("ann"), gone))
    assert causes(known(school)) == {("leaver", "U-ann"): {"missing": -2}}


def test_a_closure_is_a_calendar_change_for_every_pupil(school):
    """Recorded or withdrawn in between; the event is that of the closure."""
    later = instant(2025, 9, 8, 13)
    for at, kind, sign, asked in (
        (BETWEEN, SessionsClosed, -1, {}),
        (later, ClosureWithdrawn, 1, {"known_at": B, "and_": iso(later)}),
    ):
        head = school.add(at, on_calendar(kind(date=MONDAY, sessions=("PM",))))
        found = known(school, **asked)
        effect = {("calendar change", f"U-{p}"): {"missing": sign} for p in ("ann", "bob", "cy")}
        assert causes(found) == effect
        assert {tuple(cause["events"]) for cause in found["causes"]} == {(head,)}


def test_a_changed_term_is_a_cause_of_its_own_sessions_alone(school):
    """A closure in one term and a change of another: each is named where it did something."""
    school.add(BETWEEN, term("Spring 1", date(2026, 1, 5), date(2026, 2, 13)))
    closure = on_calendar(SessionsClosed(date=MONDAY, sessions=("PM",)))
    closed = school.add(BETWEEN + 1, closure)
    assert {tuple(cause["events"]) for cause in known(school)["causes"]} == {(closed,)}
    begins = school.add(BETWEEN + 2, term("Autumn 1", MONDAY, date(2025, 10, 24)))
    assert {tuple(cause["events"]) for cause in known(school)["causes"]} == {(closed, begins)}


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2025, 11, 3), date(2025, 11, 3), date(2025, 12, 18)),
        (date(2025, 12, 19), date(2025, 11, 4), date(2025, 12, 19)),
    ],
)
def test_a_term_has_its_first_day_and_its_last(school, day, first, last):
    """What moved its other end is a cause of a session that was closed on this one, too."""
    late = {"known_at": "2025-12-20T09:30:00Z", "and_": "2025-12-20T12:00:00Z"}
    at = instant(2025, 12, 20, 10)
    closed = school.add(at, on_calendar(SessionsClosed(date=day, sessions=("PM",))))
    moved = school.add(at + 1, term("Autumn 2", first, last))
    found = known(school, on=day, from_=day, **late)
    assert {tuple(cause["events"]) for cause in found["causes"]} == {(closed, moved)}


def test_the_other_way_round_undoes_it(school):
    """The later time first: the same causes with their signs turned."""
    school.add(BETWEEN, marked("bob", "2025-09-08/AM", "/"))
    found = known(school, known_at=B, and_=A)
    assert causes(found) == {
        ("new mark", "U-bob"): {"possible": -1, "attended": -1, "missing": 1},
    }
    assert found["difference"]["attended"] == -1
    assert found["as_of"]["known_at"] == "2025-09-08T12:00:00Z"


def test_two_dates_differ_by_the_sessions_between(school):
    """A session enters the window with the event of its mark."""
    head = school.add(BEFORE, marked("ann", "2025-09-09/AM", "/"))
    found = document(school, pupil="U-ann", on=MONDAY, and_="2025-09-09")
    assert causes(found) == {
        ("session entering the window", "U-ann"): {"possible": 1, "attended": 1, "missing": 1},
    }
    assert head in found["causes"][0]["events"]
    back = document(school, pupil="U-ann", on=TUESDAY, and_="2025-09-08")
    assert back["difference"]["attended"] == -1


def test_a_new_school_year_lets_the_old_sessions_leave_the_window(school):
    """From summer to autumn: the summer's sessions leave, the autumn's enter."""
    school.add(
        BEFORE, marked("ann", "2025-06-02/AM", "/"), marked("ann", "2025-09-03/AM", "/"),
        marked("bob", "2025-09-03/AM", "/"),
    )  # fmt: skip
    found = causes(document(school, on=date(2025, 6, 2), and_="2025-09-03"))
    assert found["session leaving the window", "U-ann"] == {
        "possible": -1, "attended": -1, "missing": -1,
    }  # fmt: skip
    assert found["session entering the window", "U-ann"]["attended"] == 1
    assert found["joiner", "U-bob"]["attended"] == 1


def test_two_dates_may_differ_in_who_is_asked_about(school):
    """Groups as at each date, and who is still on roll."""
    school.add(BEFORE, marked("ann", MON_AM, "/"), marked("cy", MON_AM, "/"))
    moved = document(school, cohort="SEND", on=date(2025, 9, 12), and_="2025-09-15")
    assert {cause["kind"] for cause in moved["causes"]} == {"group move"}
    assert moved["difference"]["attended"] == -1
    gone = document(school, current=True, on=date(2025, 9, 30), and_="2025-10-01", from_=MONDAY)
    assert causes(gone)["leaver", "U-cy"]["attended"] == -1
    stayed = document(school, current=True, cohort="SEND", on=MONDAY, and_="2025-09-15")
    assert ("group move", "U-ann") in causes(stayed)


def test_a_pupil_back_on_roll_is_a_joiner_among_current_pupils(school):
    """Whoever is on roll at the later date only."""
    school.add(BEFORE, enrolled("cy", date(2025, 11, 3)), marked("cy", MON_AM, "/"))
    found = document(school, current=True, on=date(2025, 10, 24), and_="2025-11-03")
    assert causes(found)["joiner", "U-cy"]["attended"] == 1


def test_under_the_source_clock_stated_times_decide(school):
    """What a source stated between the two times, whenever it was imported."""
    stated = instant(2025, 9, 8, 10)
    head = school.add(
        instant(2025, 9, 20, 9), marked("ann", MON_AM, "/", stated=stated, row=2),
        imported=True,
    )  # fmt: skip
    found = known(school, clock="source")
    assert [cause["events"] for cause in found["causes"]] == [[head]]
    assert known(school)["causes"] == []


def test_before_the_first_event_nothing_was_known(school):
    """Zeros that say so; everything since is a cause."""
    school.add(BEFORE, marked("ann", MON_AM, "/"))
    answer = school.ask(Why(what="rates", known_at="2025-07-01", and_=B, **DAY))
    assert answer.document["knows_nothing"] == ["before"]
    assert {cause["kind"] for cause in answer.document["causes"]} == {"joiner"}
    assert isinstance(answer.blocks[0], Lines)
    found = known(school, known_at=B, and_="2025-07-01")
    assert found["knows_nothing"] == ["after"]
    never = known(school, known_at="2025-07-01", and_="2025-07-02")
    assert never["knows_nothing"] == ["before", "after"]
    assert never["causes"] == []


# -- persistent -------------------------------------------------------------------------------


def test_a_flag_that_flips_has_every_cause_with_its_share(school):
    """The amendment decides; the new mark beside it moved the share as well."""
    school.add(BEFORE, marked("ann", MON_AM, "N"))
    first = school.add(BETWEEN, on_ann(MON_AM, "N", "/"))
    second = school.add(BETWEEN, marked("ann", MON_PM, "\\"))
    found = known(school, "persistent")
    assert found["before"] == {"enrolments": 1, "persistent": 1, "severe": 1}
    nothing = {"enrolments": 0, "persistent": 0, "severe": 0}
    assert found["causes"] == [
        {
            "kind": "new mark", "upn": "U-ann", "events": [second], "effect": nothing,
            "sessions": 1, "first": MON_PM, "last": MON_PM, "absent": 0, "possible": 1,
            "changes": [{"session": MON_PM, "was": None, "became": "\\", "position": second}],
        },
        {
            "kind": "amendment", "upn": "U-ann", "events": [first],
            "effect": nothing | {"persistent": -1, "severe": -1},
            "sessions": 1, "first": MON_AM, "last": MON_AM, "absent": -1, "possible": 0,
            "changes": [{"session": MON_AM, "was": "N", "became": "/", "position": first}],
        },
    ]  # fmt: skip
    asked = Why(what="persistent", known_at=A, and_=B, **DAY)
    said = "\n".join(text.as_text(school.ask(asked).blocks))
    assert "persistent -1, severe -1; absent sessions -1" in said
    assert "possible sessions +1" in said
    assert found["population"] == "roll"


def test_a_corrected_birth_date_moves_a_pupil_into_the_statistics(school):
    """With --population dfe only; the event is the correction."""
    school.add(BEFORE, marked("ann", MON_AM, "O"))
    head = school.add(BETWEEN, born(2008))
    found = known(school, "persistent", population="dfe")
    assert causes(found) == {
        ("corrected birth date", "U-ann"): {"enrolments": -1, "persistent": -1, "severe": -1},
    }
    assert found["causes"][0]["events"] == [head]
    assert known(school, "persistent")["causes"] == []


def test_a_boarder_leaves_the_statistics(school):
    """The spell recorded again, as boarding."""
    school.add(BEFORE, marked("bob", MON_AM, "/"))
    school.add(BETWEEN, enrolled("bob", date(2025, 9, 3), boarder=True))
    found = known(school, "persistent", population="dfe")
    assert causes(found) == {("changed boarding", "U-bob"): {"enrolments": -1}}


def test_flags_between_two_dates(school):
    """Sessions entering the window; the mark is the event."""
    school.add(BEFORE, marked("ann", MON_AM, "/"))
    head = school.add(BEFORE, marked("ann", "2025-09-09/AM", "O"))
    found = document(school, "persistent", on=MONDAY, and_="2025-09-09")
    assert causes(found) == {
        ("session entering the window", "U-ann"): {"persistent": 1, "severe": 1},
    }
    assert head in found["causes"][0]["events"]


def test_another_school_year_may_count_a_pupil_without_a_session_moving(school):
    """Fifteen in one year, sixteen in the next, with a range that is given."""
    school.add(
        BEFORE, enrolled("dee", date(2025, 6, 2), birth_cohort=2008, upn="U-dee"),
        marked("dee", "2025-06-02/AM", "/"), term("Before", date(2024, 9, 2), date(2024, 9, 3)),
        term("Next", date(2025, 8, 28), date(2025, 8, 28)),
    )  # fmt: skip
    asked = {"population": "dfe", "on": date(2025, 7, 20), "and_": "2025-08-27"}
    assert document(school, "persistent", **asked)["causes"] == []
    asked = asked | {"and_": "2025-08-28", "from_": date(2025, 6, 2)}
    found = document(school, "persistent", **asked)
    assert ("session entering the window", "U-dee") in causes(found)


def test_another_rule_is_a_cause_of_its_own(school, monkeypatch):
    """The shares in force on each of the two dates."""

    def shares(on):
        return Shares(Share(1, 10), Share(1, 2 if on < TUESDAY else 1))

    monkeypatch.setattr(flips, "shares", shares)
    school.add(BEFORE, marked("ann", MON_AM, "O"), marked("ann", MON_PM, "\\"))
    found = document(school, "persistent", on=MONDAY, and_="2025-09-09", pupil="U-ann")
    assert causes(found) == {("rule change", "U-ann"): {"severe": -1}}


# -- penalties --------------------------------------------------------------------------------


def unauthorised(pupil, first, n):
    """So many sessions of O, from a day on."""
    days = weekdays(first, date(2025, 10, 24))
    sessions = [f"{day}/{half}" for day in days for half in ("AM", "PM")]
    return [marked(pupil, session, "O") for session in sessions[:n]]


def test_an_amendment_may_undo_the_threshold(school):
    """Ten entries, then one of them amended: one cause, with its event."""
    school.add(BEFORE, *unauthorised("ann", MONDAY, 10))
    head = school.add(BETWEEN, on_ann(MON_AM, "O", "I"))
    found = known(school, "penalties", on=date(2025, 9, 12))
    assert found["before"] == {"met": 1, "met_in_latest_window": 1, "relevant_entries": 10}
    assert found["causes"] == [{
        "kind": "amendment", "upn": "U-ann", "events": [head],
        "effect": {"met": -1, "met_in_latest_window": -1, "relevant_entries": -1},
        "sessions": 1, "first": MON_AM, "last": MON_AM, "changes": [
            {"session": MON_AM, "was": "O", "became": "I", "position": head},
        ],
    }]  # fmt: skip


def test_late_entries_and_amendments_of_a_pupil_are_two_causes(school):
    """Each event under its own kind, with what it did to the entries, as for the rates."""
    school.add(BEFORE, *unauthorised("ann", MONDAY, 10))
    late = [marked("ann", f"2025-09-15/{half}", "O", late=True) for half in ("AM", "PM")]
    head = school.add(BETWEEN, *late)
    days = [f"2025-09-{day:02}/{half}" for day in (8, 9, 10) for half in ("AM", "PM")]
    last = school.add(BETWEEN + 1, *(on_ann(session, "O", "I") for session in days))
    asked = {"on": date(2025, 9, 19), "from_": None}
    found = known(school, "penalties", **asked)
    assert causes(found) == {
        ("late entry", "U-ann"): {"relevant_entries": 2},
        ("amendment", "U-ann"): {"met": -1, "met_in_latest_window": -1, "relevant_entries": -6},
    }
    entered, amended = found["causes"]
    assert entered["events"] == [head - 1, head]
    assert amended["events"] == list(range(last - 5, last + 1))
    assert {change["became"] for change in amended["changes"]} == {"I"}
    assert (entered["sessions"], amended["sessions"]) == (2, 6)
    rates = known(school, on=date(2025, 9, 19))["causes"]
    assert {(each["kind"], *each["events"]) for each in found["causes"]} == {
        (each["kind"], *each["events"]) for each in rates
    }
    back = known(school, "penalties", **asked, known_at=B, and_=A)
    assert causes(back)["amendment", "U-ann"]["relevant_entries"] == 6


def test_marks_and_a_closure_are_two_causes_of_one_case(school):
    """A session that is no longer held, beside an amendment; one out of the range did nothing."""
    school.add(BEFORE, *unauthorised("ann", MONDAY, 10))
    outside = marked("ann", "2025-09-06/AM", "O")  # a Saturday: no session
    amended = school.add(BETWEEN, outside, on_ann(MON_AM, "O", "I"))
    closed = school.add(BETWEEN + 1, on_calendar(SessionsClosed(date=MONDAY, sessions=("PM",))))
    found = known(school, "penalties", on=date(2025, 9, 12))
    assert [(each["kind"], each["events"], each["effect"]) for each in found["causes"]] == [
        ("amendment", [amended],
         {"met": -1, "met_in_latest_window": -1, "relevant_entries": -1}),
        ("calendar change", [closed],
         {"met": 0, "met_in_latest_window": 0, "relevant_entries": -1}),
    ]  # fmt: skip


def test_sessions_leave_the_latest_window_and_a_case_stands(school):
    """Ten entries in the first week; ten school weeks on the latest window holds none of them."""
    school.add(BEFORE, *unauthorised("ann", MONDAY, 10))
    found = document(school, "penalties", on=date(2025, 9, 12), and_="2025-12-05")
    assert causes(found) == {
        ("session leaving the window", "U-ann"): {
            "met_in_latest_window": -1, "relevant_entries": -10,
        },
    }  # fmt: skip
    assert len(found["causes"][0]["events"]) >= 10


def test_sessions_entering_the_window_reach_the_threshold(school):
    """From nine to ten; --from plays no part."""
    school.add(BEFORE, *unauthorised("ann", MONDAY, 10))
    found = document(
        school, "penalties", on=date(2025, 9, 11), and_="2025-09-12", from_=date(2025, 9, 11)
    )
    assert causes(found) == {
        ("session entering the window", "U-ann"): {
            "met": 1, "met_in_latest_window": 1, "relevant_entries": 2,
        },
    }  # fmt: skip


def test_a_corrected_birth_date_decides_which_entries_are_relevant(school):
    """Not of compulsory school age after all."""
    school.add(BEFORE, *unauthorised("ann", MONDAY, 10))
    school.add(BETWEEN, born(2021))
    found = known(school, "penalties", on=date(2025, 9, 12))
    assert ("corrected birth date", "U-ann") in causes(found)


# -- asking -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "two-times"),
        ({"and_": B}, "two-times"),
        ({"on": MONDAY, "and_": "tomorrow"}, "date"),
        ({"known_at": A, "and_": "2099-01-01"}, "known-at-future"),
        ({"known_at": A, "and_": B, "group": "9Z"}, "group-unknown"),
        ({"known_at": A, "and_": B, "pupil": "nobody"}, "pupil-unknown"),
        ({"known_at": A, "and_": B, "school": "1"}, "school-other"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(school, asked, code):
    """Two points in time, and a selection that is known at one of them."""
    with pytest.raises(Refused) as caught:
        document(school, **asked)
    assert caught.value.code == code


def test_without_a_second_time_it_is_compared_with_now(school):
    """Of times of knowledge and of dates alike."""
    school.add(BEFORE, marked("ann", MON_AM, "/"))
    for asked in ({"known_at": "2025-09-08"}, {"on": MONDAY}):
        assert document(school, **asked) == document(school, **asked, and_="now")


def test_what_is_put_back_is_an_amendment_and_no_change_of_the_calendar(school):
    """Between the cancellation and now it was withdrawn, and the mark says again what it said."""
    cancelled = SessionCancelled(date=MONDAY, sessions=("AM",), reason="flood")
    school.add(BEFORE, marked("ann", MON_AM, "O"), marked("bob", MON_AM, "Y4"))
    school.add(BEFORE + 1, on_calendar(cancelled), on_ann(MON_AM, "O", "Y4"))
    withdrawn = on_calendar(ClosureWithdrawn(date=MONDAY, sessions=("AM",)))
    head = school.add(BETWEEN, withdrawn, on_ann(MON_AM, "Y4", "O"))
    found = known(school)
    assert causes(found)["amendment", "U-ann"] == {"possible": 1, "unauthorised": 1}
    assert ("calendar change", "U-ann") not in causes(found)
    [cause] = [each for each in found["causes"] if each["upn"] == "U-ann"]
    assert cause["events"] == [head - 1, head]
    assert [(each["was"], each["became"]) for each in cause["changes"]] == [("Y4", "O")]
    school.add(BETWEEN + 1, on_ann(MON_AM, "O", "I"))
    assert causes(known(school))["amendment", "U-ann"] == {"possible": 1, "authorised": 1}


def test_the_school_may_be_named(school):
    """Also where the earlier view did not know it yet."""
    school.add(BEFORE, marked("ann", MON_AM, "/"))
    found = known(school, school=URN, known_at="2025-07-01")
    assert found["after"]["attended"] == 1


def test_text_sums_up_by_kind_and_shows_both_counts(school):
    """One line a kind, the total, the counts at both ends with their provenance."""
    school.add(BETWEEN, marked("bob", MON_AM, "/"), marked("ann", MON_AM, "/"))
    asked = {**DAY, "known_at": A, "and_": B}
    for question, first in (
        (asked, "Before: 0"),
        ({**asked, "known_at": B, "and_": A}, "After: 0"),
    ):
        answer = school.ask(Why(what="rates", **question))
        lines = text.as_lines(answer.blocks[-2])
        assert any(line.startswith("new mark") for line in lines)
        assert any(line.startswith("All causes together") for line in lines)
        assert any(line.startswith(first) for line in lines)
    csv = text.as_csv(answer).splitlines()
    assert csv[0] == "kind,upn,effect,events,sessions,first,last"
    assert len(csv) == 1 + len(answer.document["causes"])
    assert csv[1].startswith(f"{answer.document['causes'][0]['kind']},")
    flags = school.ask(Why(what="persistent", **asked))
    assert text.as_lines(flags.blocks[0])[0].startswith(
        "Why persistent absence differs, population roll"
    )
    cases = school.ask(Why(what="penalties", **asked))
    assert text.as_lines(cases.blocks[0])[0] == "Why penalty notice cases differ"
    assert len(cases.blocks) == 1


def test_text_names_pupils_sessions_and_codes(school):
    """Each step of a mark; the other way round, undone; many sessions by first and last."""
    school.add(BEFORE, *(marked(p, MON_AM, "N") for p in ("ann", "bob")))
    school.add(
        BETWEEN, on_ann(MON_AM, "N", "O"), on_ann(MON_AM, "O", "I"), marked("ann", MON_PM, "/")
    )
    asked = {**DAY, "known_at": A, "and_": B}
    whose = school.ask(Why(what="rates", **asked)).blocks[-1]
    assert list(whose.rows) == [
        ("new mark", "Ann Able", "U-ann", f"no mark to /: {MON_PM}",
         "possible +1, attended +1, missing -1"),
        ("amendment", "Ann Able", "U-ann", f"N to O: {MON_AM}; O to I: {MON_AM}",
         "authorised +1, unauthorised -1"),
    ]  # fmt: skip
    back = school.ask(Why(what="rates", **{**asked, "known_at": B, "and_": A})).blocks[-1]
    assert back.rows[1][3] == f"I to O: {MON_AM}; O to N: {MON_AM}"
    dates = {"on": MONDAY, "from_": MONDAY, "and_": "2025-09-12"}
    week = school.ask(Why(what="rates", **dates)).blocks[-1]
    assert week.rows[0][3] == "8 sessions, 2025-09-09/AM to 2025-09-12/PM"
    assert not whose.notes


def test_a_screen_shows_the_first_causes_and_says_how_many_more_there_are(school, monkeypatch):
    monkeypatch.setattr(why, "_MOST", 1)
    school.add(BETWEEN, *(marked(p, MON_AM, "/") for p in ("ann", "bob", "cy")))
    whose = school.ask(Why(what="rates", **DAY, known_at=A, and_=B)).blocks[-1]
    assert (len(whose.rows), whose.notes) == (1, ["and 2 more rows: --json lists them all"])


def test_now_is_what_is_known_now_or_today(school):
    """As elsewhere: of times of knowledge, and of dates."""
    school.add(BETWEEN, marked("bob", MON_AM, "/"))
    asked = {"what": "rates", "and_": "now"}
    known_now = school.ask(Why(**DAY, known_at=A, **asked), now=instant(2025, 9, 9, 9)).document
    assert known_now["and"]["known_at"] == "2025-09-09T09:00:00Z"
    assert known_now["difference"]["attended"] == 1
    today = school.ask(Why(on=MONDAY, **asked), now=instant(2025, 9, 9, 9)).document
    assert today["and"]["on"] == "2025-09-09"
