"""`leave`: who asked, what was decided, what became of the sessions, and what followed."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.events.leave import LeaveDecided, LeaveFalsified, LeaveRequested, LeaveWithdrawn
from ledger.events.register import AbsencePlanned, MarkAmended, PlanWithdrawn
from ledger.events.roll import ParentRecorded, PupilRemoved, RelationRecorded
from ledger.store.facts import Fact
from projections.leave.leave import LeaveOfAbsence
from projections.leave.letter import LeaveLetter
from projections.rendering.text import as_csv, as_text
from tests.projections.ledgers import (
    Book,
    created,
    enrolled,
    instant,
    joined,
    marked,
    on_mark,
    opened,
    staff,
    term,
    times,
    weekdays,
)

FOUNDED, ASKED, DECIDED = instant(2026, 9, 1, 9), instant(2026, 11, 2, 9), instant(2026, 11, 3, 9)
LATER, NOW = instant(2026, 11, 20, 9), instant(2026, 12, 20, 9)
BY = {"by": "s1", "name": "Hal Hope", "job_title": "Head Teacher"}
WEEK = ("2026-11-09/AM", "2026-11-11/AM")
"""Monday to Wednesday morning: five sessions."""
SESSIONS = ["2026-11-09/AM", "2026-11-09/PM", "2026-11-10/AM", "2026-11-10/PM", "2026-11-11/AM"]


@pytest.fixture
def book(tmp_path):
    """A school with two pupils; half term from 26 to 30 October."""
    made = Book(tmp_path / "ledger")
    made.add(
        FOUNDED,
        created(),
        opened(type="maintained"),
        term("Autumn 1", date(2026, 9, 2), date(2026, 10, 23)),
        term("Autumn 2", date(2026, 11, 2), date(2026, 12, 18)),
        times(date(2026, 9, 2)),
        staff(),
        enrolled("ann", date(2026, 9, 2)),
        joined("ann", "registration", "9A", since=date(2026, 9, 2)),
        enrolled("bob", date(2026, 9, 2)),
        joined("bob", "registration", "9B", since=date(2026, 9, 2)),
    )
    return made


@pytest.fixture
def leave(book):
    """Leave that was asked for on one day, and granted on the next."""
    book.add(ASKED, asked())
    book.add(DECIDED, granted())
    return book


def asked(first=WEEK[0], last=WEEK[1], *, pupil="ann", leave_id="one", **more):
    stated = {"purpose": "holiday", "asked_on": date(2026, 11, 1), "asked_by": "Una", "by": "s1"}
    event = LeaveRequested(first=first, last=last, **(stated | more))
    return Fact(streams.leave(pupil, leave_id), event)


def granted(first=WEEK[0], last=WEEK[1], *, pupil="ann", leave_id="one", **more):
    stated = {"paragraph": "11(11)", "code": "C", "reason": "A wedding"} | BY | more
    event = LeaveDecided(granted=True, first=first, last=last, **stated)
    return Fact(streams.leave(pupil, leave_id), event)


def refused(leave_id="one", **more):
    event = LeaveDecided(granted=False, reason="Not exceptional", **BY, **more)
    return Fact(streams.leave("ann", leave_id), event)


def ended(kind, leave_id="one", **more):
    return Fact(streams.leave("ann", leave_id), kind(reason="Found out", **BY, **more))


def planned(*sessions, pupil="ann", code="C"):
    return [Fact(streams.plan(pupil, s), AbsencePlanned(code=code)) for s in sessions]


def days(code, first, last, pupil="ann"):
    """A mark for each session of some days of November."""
    found = weekdays(date(2026, 11, first), date(2026, 11, last))
    return [marked(pupil, f"{day}/{half}", code) for day in found for half in ("AM", "PM")]


def ask(book, **asked_of):
    return book.ask(LeaveOfAbsence(**asked_of), now=NOW)


def rows(book, **asked_of):
    return list(ask(book, **asked_of).rows())


def told(book, **asked_of):
    return "\n".join(as_text(ask(book, **asked_of).blocks))


def counts(row):
    return [row[name] for name in ("met", "planned", "as_planned", "otherwise", "unmarked")]


def after(row):
    names = ("returned", "overstayed", "overstayed_days", "days_away", "ground")
    return [row[name] for name in names]


def test_a_request_shows_who_asked_when_and_for_what(book):
    """Open: nothing is decided, nothing planned, nothing marked."""
    book.add(ASKED, asked(parent="PA1", reason="a wedding"))
    [row] = rows(book)
    assert list(row.values())[:6] == ["one", "U-ann", "asked", "Una", "PA1", "2026-11-01"]
    assert (row["asked_reason"], row["purpose"], row["code"]) == ("a wedding", "holiday", None)
    assert (row["first"], row["last"], row["granted_first"]) == (*WEEK, None)
    assert counts(row) == [5, 0, 0, 0, 5]
    assert all(session in told(book) for session in WEEK)
    assert (row["steps"], row["decided_by"], after(row)) == ([], None, [None] * 5)


def test_a_grant_shows_the_decision_and_what_was_entered(book):
    """Entered as planned, otherwise, not yet, and never planned."""
    book.add(ASKED, asked())
    book.add(DECIDED, granted(letter_on=date(2026, 11, 4)), *planned(*SESSIONS[:4]))
    book.add(LATER, marked("ann", SESSIONS[0], "C"), marked("ann", SESSIONS[1], "\\"))
    [row] = rows(book)
    assert counts(row) == [5, 2, 1, 1, 1]
    assert row["codes"] == {"C": 1, "\\": 1}
    assert row["decided_by"] == {"name": "Hal Hope", "job_title": "Head Teacher"}
    assert (row["state"], row["paragraph"], row["code"]) == ("granted", "11(11)", "C")
    assert (row["decided_on"], row["letter_on"]) == ("2026-11-03", "2026-11-04")
    assert (row["granted_first"], row["granted_last"], row["reason"]) == (*WEEK, "A wedding")
    assert [step["step"] for step in row["steps"]] == ["granted"]


def test_what_two_grants_plan_is_counted_with_the_first_that_stands(book):
    """Withdrawn leave has no plan any more, though the other's stand on the same sessions."""
    book.add(ASKED, asked(), asked(leave_id="two"))
    book.add(DECIDED, granted(leave_id="two"), *planned(*SESSIONS))
    book.add(DECIDED, granted())
    assert {row["id"]: row["planned"] for row in rows(book)} == {"one": 0, "two": 5}
    assert "with the first that stands" in " ".join(told(book).split())
    book.add(LATER, ended(LeaveWithdrawn, leave_id="two"))
    day = {"on": date(2026, 11, 8)}
    assert {row["id"]: row["planned"] for row in rows(book, **day)} == {"one": 5, "two": 0}
    assert {row["id"]: row["unmarked"] for row in rows(book, **day)} == {"one": 0, "two": 5}


def test_only_part_may_be_granted_and_counts_are_of_that(book):
    """What was asked for stays beside it."""
    book.add(ASKED, asked())
    book.add(DECIDED, granted(SESSIONS[3], SESSIONS[4]))
    [row] = rows(book)
    assert (row["first"], row["granted_first"], row["met"]) == (SESSIONS[0], SESSIONS[3], 2)


def test_marks_count_up_to_the_day_of_the_question(leave):
    """Seen from Monday, Tuesday is still planned."""
    leave.add(DECIDED, *planned(*SESSIONS))
    leave.add(LATER, *(marked("ann", s, "C") for s in SESSIONS))
    assert counts(rows(leave, on=date(2026, 11, 9))[0]) == [5, 3, 2, 0, 0]
    assert counts(rows(leave)[0]) == [5, 0, 5, 0, 0]


def test_half_term_closures_cancellations_and_roll_are_left_out(book):
    """Only sessions met while on roll."""
    both = ("AM", "PM")
    closed = SessionsClosed(date=date(2026, 11, 3), sessions=both, groups=("9A",), reason="INSET")
    cancelled = SessionCancelled(date=date(2026, 11, 4), sessions=("PM",), reason="Flood")
    left = PupilRemoved(starts_on=date(2026, 9, 2), leaves_on=date(2026, 11, 5), ground="a")
    shut = [Fact(streams.CALENDAR, event) for event in (closed, cancelled)]
    away = asked("2026-10-23/PM", "2026-11-06/PM")
    book.add(ASKED, away, *shut, Fact(streams.pupil("ann"), left))
    # 23 October PM; 2 November; 4 November AM; 5 November
    assert rows(book)[0]["met"] == 1 + 2 + 0 + 1 + 2


@pytest.mark.parametrize(
    ("steps", "state", "first"),
    [
        ([], "asked", None),
        ([refused()], "refused", None),
        ([refused(), granted()], "granted", WEEK[0]),
        ([ended(LeaveWithdrawn)], "withdrawn", None),
        ([granted(), ended(LeaveWithdrawn)], "withdrawn", WEEK[0]),
        ([granted(), ended(LeaveFalsified, batch="b1")], "falsified", WEEK[0]),
    ],
)
def test_the_state_is_that_of_the_last_step_and_may_be_asked_for(book, steps, state, first):
    """Every step stays on record."""
    book.add(ASKED, asked(), *steps)
    [row] = rows(book)
    assert (row["state"], row["granted_first"], len(row["steps"])) == (state, first, len(steps))
    for name in ("open", "granted", "refused", "withdrawn", "falsified"):
        wanted = state == ("asked" if name == "open" else name)
        assert len(rows(book, **{name: True})) == wanted


def test_several_states_may_be_asked_for_at_once(book):
    """Either of them; by first session."""
    book.add(ASKED, asked("2026-12-01/AM", "2026-12-01/PM"), refused())
    book.add(ASKED, asked(leave_id="two"))
    book.add(ASKED, asked(leave_id="three", pupil="bob"), granted(leave_id="three", pupil="bob"))
    assert [row["id"] for row in rows(book, open=True, refused=True)] == ["two", "one"]
    assert [row["id"] for row in rows(book, group="9B")] == ["three"]
    assert [row["id"] for row in rows(book, pupil="U-ann")] == ["two", "one"]


def test_the_dates_bound_which_requests_are_listed(book):
    """Asked for by --on; sessions that reach --from."""
    book.add(ASKED, asked())
    assert rows(book, on=date(2026, 10, 31)) == []
    assert len(rows(book, on=date(2026, 11, 1))) == 1
    assert len(rows(book, from_=date(2026, 11, 11))) == 1
    assert rows(book, from_=date(2026, 11, 12)) == []
    assert len(rows(book, from_=date(2026, 11, 7), on=date(2026, 11, 8))) == 1


def test_it_is_told_as_it_was_known(book):
    """Before the decision, after it, after the finding."""
    book.add(ASKED, asked())
    decided_at = book.add(DECIDED, granted(), *planned(*SESSIONS))
    amended = MarkAmended(original="C", code="G", reason="leave one", batch="b1", **BY)
    withdrawn = PlanWithdrawn(original="C", reason="leave one")
    book.add(LATER, marked("ann", SESSIONS[0], "C"))
    book.add(
        LATER,
        ended(LeaveFalsified, batch="b1"),
        on_mark("ann", SESSIONS[0], amended),
        Fact(streams.plan("ann", SESSIONS[1]), withdrawn),
    )
    states = {
        at: (row["state"], counts(row))
        for at in ("2026-11-02", "2026-11-03", "2026-11-20")
        for row in rows(book, known_at=at)
    }
    assert states == {
        "2026-11-02": ("asked", [5, 0, 0, 0, 5]),
        "2026-11-03": ("granted", [5, 5, 0, 0, 0]),
        "2026-11-20": ("falsified", [5, 3, 0, 1, 1]),
    }
    assert rows(book, position=decided_at)[0]["state"] == "granted"
    assert rows(book)[0]["steps"][-1]["batch"] == "b1"


def test_before_its_first_event_the_ledger_knows_nothing(book):
    """Which is no empty list."""
    assert ask(book, known_at="2026-08-01").document["knows_nothing"] is True
    assert "knew nothing" in told(book, known_at="2026-08-01")


def test_amendments_that_wait_for_approval_are_counted(book):
    """The mark stands as it is until then."""
    book.add(ASKED, asked(), granted())
    book.add(LATER, *(marked("ann", s, "C") for s in SESSIONS[:3]))
    requested = AmendmentRequested(
        batch="b1", original="C", code="G", reason="leave one", grounds=("many",), **BY
    )
    held = [Fact(streams.approval("ann", s), requested) for s in SESSIONS[:2]]
    book.add(LATER, ended(LeaveFalsified, batch="b1"), *held)
    [row] = rows(book)
    assert (row["pending"], row["as_planned"]) == (2, 3)
    assert "one: 2 amendments of its marks not approved yet." in told(book)


# -- what followed --------------------------------------------------------------------------------


@pytest.fixture
def two_days(book):
    """Leave on Monday and Tuesday."""
    book.add(ASKED, asked(SESSIONS[0], SESSIONS[3]))
    book.add(DECIDED, granted(SESSIONS[0], SESSIONS[3]))
    return book


RETURN = "2026-11-16/PM"
LATE = [
    *days("I", 11, 11),
    marked("ann", "2026-11-12/AM", "O"),
    *days("G", 13, 13),
    marked("ann", "2026-11-16/AM", "O"),
    marked("ann", RETURN, "\\"),
    *days("O", 17, 18),
]


@pytest.mark.parametrize(
    ("facts", "on", "followed"),
    [
        pytest.param(days("/", 11, 12), None, ["2026-11-11/AM", 0, 0, 0, None], id="back at once"),
        pytest.param(LATE, None, [RETURN, 4, 3, 3, None], id="illness is no overstaying"),
        pytest.param(days("O", 11, 11), date(2026, 11, 9), [None] * 5, id="not ended yet"),
        pytest.param([ended(LeaveFalsified)], None, [None] * 5, id="stands no more"),
    ],
)
def test_what_followed_counts_until_the_return(two_days, facts, on, followed):
    """The first mark of attendance after it; what comes after that is not of the leave."""
    two_days.add(LATER, *facts)
    assert after(rows(two_days, on=on)[0]) == followed


def test_what_was_overstayed_is_told(two_days):
    """How many sessions on how many days, and when the pupil came back."""
    two_days.add(LATER, *LATE)
    assert (
        "one: 4 sessions on 3 school days after the leave entered as unauthorised; came back on "
        "2026-11-16/PM."
    ) in told(two_days)


@pytest.mark.parametrize(("last", "ground"), [(23, None), (24, "9(1)(h)")])
def test_ten_school_days_without_attendance_name_the_ground(two_days, last, ground):
    """9(1)(h): 11 to 24 November are ten school days; what it needs besides is said."""
    two_days.add(LATER, *days("O", 11, last))
    number = 10 if ground else 9
    assert after(rows(two_days)[0]) == [None, 2 * number, number, number, ground]
    shown = told(two_days)
    assert "not back by 2026-12-20" in shown
    assert ("10 school days after the leave without a mark of attendance; 9(1)(h)" in shown) == (
        ground is not None
    )
    assert ("joint enquiries with the local authority" in shown) == (ground is not None)


def test_the_ground_is_for_pupils_of_compulsory_school_age(book):
    """Of others it is not named."""
    book.add(FOUNDED, enrolled("eve", date(2026, 9, 2), compulsory_from=date(2027, 3, 31)))
    book.add(ASKED, asked(SESSIONS[0], SESSIONS[3], pupil="eve"))
    book.add(DECIDED, granted(SESSIONS[0], SESSIONS[3], pupil="eve"))
    book.add(LATER, *days("O", 11, 30, "eve"))
    assert after(rows(book)[0]) == [None, 28, 14, 14, None]


def test_a_day_of_the_leave_itself_is_no_day_after_it(leave):
    """Leave until noon: the afternoon is overstayed, its day is not a whole one away."""
    leave.add(LATER, *(marked("ann", f"2026-11-11/{half}", "O") for half in ("AM", "PM")))
    assert after(rows(leave)[0]) == [None, 1, 1, 0, None]


# -- forms ----------------------------------------------------------------------------------------


def test_the_text_tells_each_step_of_one_pupil(book):
    """Who asked, who decided, why; of everyone the table only."""
    book.add(ASKED, asked(parent="PA1", reason="a wedding"), refused(letter_on=date(2026, 11, 4)))
    book.add(DECIDED, granted())
    book.add(LATER, ended(LeaveFalsified, batch="b1"), *days("O", 12, 12))
    shown = told(book, pupil="U-ann")
    assert "one: asked for on 2026-11-01 by Una (parent PA1), 2026-11-09/AM to" in shown
    assert ", holiday: a wedding" in shown
    assert "refused by Hal Hope (Head Teacher): Not exceptional; letter of 2026-11-04" in shown
    assert "granted under paragraph 11(11), 2026-11-09/AM to 2026-11-11/AM, code C by Hal" in shown
    assert (
        "found to be falsified, recorded by Hal Hope (Head Teacher): Found out; batch b1" in shown
    )
    assert "With --pupil" not in shown
    everyone = told(book)
    assert "With --pupil" in everyone
    assert "asked for on" not in everyone
    assert "With --pupil" not in told(book, open=True)


def test_who_asked_without_more_is_told_shortly(book):
    """No parent on record, no reason, not back."""
    book.add(ASKED, asked("2026-11-09/AM", "2026-11-09/PM"))
    book.add(DECIDED, granted("2026-11-09/AM", "2026-11-09/PM"))
    book.add(LATER, *days("O", 10, 10))
    shown = told(book, pupil="U-ann")
    assert "by Una, 2026-11-09/AM to 2026-11-09/PM, holiday\n" in shown
    assert "not yet" in shown


def test_the_csv_has_one_line_a_request(leave):
    """The author in two columns, the codes in one."""
    leave.add(LATER, *(marked("ann", s, "C") for s in SESSIONS))
    heads, line = as_csv(ask(leave)).splitlines()
    cells = dict(zip(heads.split(","), line.split(","), strict=True))
    assert (cells["id"], cells["state"], cells["codes"]) == ("one", "granted", "C=5")
    assert cells["decided_by"] == "name=Hal Hope job_title=Head Teacher"


def test_keys_destroyed_put_the_texts_beyond_use(book):
    """The dates, codes and counts stay."""
    book.add(ASKED, asked(reason="a wedding"), granted())
    book.destroy("ann")
    [row] = rows(book)
    assert (row["asked_by"], row["asked_reason"]) == ("[beyond use]", "[beyond use]")
    assert (row["met"], row["code"]) == (5, "C")


# -- letters --------------------------------------------------------------------------------------


MONDAY, LAST = "Monday 9 November 2026", "Wednesday 11 November 2026, morning"


def letter(book, leave_id="one", **more):
    return book.ask(LeaveLetter(leave_id=leave_id, **more), now=NOW)


def lines(book, leave_id="one", **more):
    return letter(book, leave_id, **more).document["lines"]


def decision_lines(book, leave_id="one"):
    starts = ("Leave ", "The school")
    return [line for line in lines(book, leave_id) if line.startswith(starts)]


def parent(**more):
    stated = {"surname": "Quill", "forename": "Cal", "address": "1 Mallow Lane"} | more
    return Fact(streams.parent("PA1"), ParentRecorded(**stated))


def related(pupil="ann", **more):
    return Fact(
        streams.relation("PA1", pupil), RelationRecorded(**{"relationship": "father", **more})
    )


def test_a_refusal_is_told_in_a_letter(book, tmp_path):
    """Pupil, dates, decision, reason; no signature."""
    book.add(ASKED, asked(parent="PA1"), parent(), related(), refused(letter_on=date(2026, 11, 4)))
    found = letter(book, html=tmp_path / "l.html")
    written = found.document["lines"]
    assert written[0].startswith("DRAFT: not signed")
    assert any("unauthorised (code G: " in line for line in written)
    assert {
        "Date: Wednesday 4 November 2026",
        "1 Mallow Lane",
        f"About: Fore-ann Sur-ann, leave of absence, {MONDAY}, morning to {LAST}",
        "Leave is refused.",
        "The reason: Not exceptional",
        "Hal Hope, Head Teacher",
    } <= set(written)
    [page] = found.pages
    assert page.path == tmp_path / "l.html"
    assert "<p>Leave is refused.</p>" in page.text
    assert "position" in page.text


REGULATION = "under regulation 11(11) of SI 2024/208"
USUAL = f"{REGULATION} (leave asked for in advance, in exceptional circumstances)"
WHOLE = f"{MONDAY}, morning to {LAST}, 5 sessions"
THAT_DAY = {"asked_on": date(2026, 11, 9)}
JUNE = ("2024-06-03/AM", "2024-06-03/PM")
GRANTS = {
    "a day": (
        [asked(last=SESSIONS[1]), granted(last=SESSIONS[1])],
        f"{MONDAY}, 2 sessions, {USUAL}",
    ),
    "half a day": (
        [asked(*[SESSIONS[1]] * 2), granted(*[SESSIONS[1]] * 2)],
        f"{MONDAY}, afternoon, 1 session, {USUAL}",
    ),
    "two days": (
        [asked(last=SESSIONS[3]), granted(last=SESSIONS[3])],
        f"{MONDAY} to Tuesday 10 November 2026, 4 sessions, {USUAL}",
    ),
    "a weekend asked for too is not refused": (
        [asked(last="2026-11-15/PM"), granted(last="2026-11-13/PM")],
        f"{MONDAY} to Friday 13 November 2026, 10 sessions, {USUAL}",
    ),
    "on the first day in advance is not said": (
        [asked(**THAT_DAY), granted()],
        f"{WHOLE}, {REGULATION}",
    ),
    "what needs no advance says what it is": (
        [asked(**THAT_DAY, purpose="medical"), granted(paragraph="11(3)", code="M")],
        f"{WHOLE}, under regulation 11(3) of SI 2024/208 (medical or dental appointment)",
    ),
    "law of the day not known": (
        [asked(*JUNE, asked_on=date(2024, 5, 1)), granted(*JUNE)],
        "Monday 3 June 2024, 0 sessions",
    ),
}


@pytest.mark.parametrize(("facts", "words"), GRANTS.values(), ids=GRANTS)
def test_a_grant_is_told_with_its_paragraph_in_words(book, facts, words):
    """As far as law and dates show it; and that it ends."""
    book.add(ASKED, *facts)
    assert letter(book).pages == []
    assert decision_lines(book) == [f"Leave is granted: {words}."]
    assert "Date: ____________" in lines(book)


NOT_PRINTED = "(address confidential: not printed)"


@pytest.fixture
def denied(book):
    """Leave that was refused to a parent whose address is on record."""
    book.add(ASKED, asked(parent="PA1"), parent(), refused())
    book.before = book.folder.head()
    return book


@pytest.mark.parametrize(
    ("stated", "confidential"),
    [({"address_confidential": "yes"}, True), ({"address": None}, False)],
)
def test_an_address_is_printed_only_where_it_may_be(book, stated, confidential):
    """Confidential: never; not on record: nothing."""
    book.add(ASKED, asked(parent="PA1"), parent(**stated), related(), refused())
    written = lines(book)
    assert not any("Mallow Lane" in line for line in written)
    assert (NOT_PRINTED in written) == confidential


NEIGHBOUR = {"relationship": "neighbour", "parental_responsibility": "no", "care": "no"}


@pytest.mark.parametrize(
    ("flags", "pupil", "words"),
    [
        ({"no_contact": "yes"}, "ann", "no_contact is yes"),
        ({"until": date(2026, 12, 19)}, "ann", "the relation ended on 2026-12-19"),
        ({}, "bob", "no relation to the pupil is recorded"),
        (NEIGHBOUR, "ann", "they are recorded as no parent of the pupil"),
    ],
)
def test_a_letter_goes_to_no_parent_who_may_not_have_it(denied, flags, pupil, words):
    """By the newest that is recorded, whenever the letter is as at; the flag is named."""
    denied.add(LATER, related(pupil, **flags))
    for more in ({}, {"position": denied.before}):
        with pytest.raises(Refused, match=words) as caught:
            letter(denied, **more)
        assert caught.value.code == "parent-barred"


def test_nor_is_a_letter_written_to_them_by_name(book):
    """Both names, however written; a surname alone, or nobody's name on record, is nobody's."""
    book.add(ASKED, asked(asked_by="Mr CAL Quill"), parent(), refused())
    book.add(LATER, asked(leave_id="two"), refused("two"))
    book.add(LATER, Fact(streams.relation("PA9", "ann"), RelationRecorded(no_contact="yes")))
    assert "To: Mr CAL Quill" in lines(book)
    book.add(LATER, related(no_contact="yes"))
    with pytest.raises(Refused, match="PA1: no_contact is yes"):
        letter(book)
    assert "To: Una" in lines(book, "two")


def test_a_relation_that_still_runs_is_no_obstacle(denied):
    """Until today, or a flag that says no."""
    denied.add(ASKED, related(until=date(2026, 12, 20), no_contact="no"))
    assert "1 Mallow Lane" in lines(denied)


def test_an_address_that_was_ever_confidential_is_not_printed(denied):
    """Also in a letter as it was before it was said, or after it was taken back."""
    denied.add(LATER, related(), parent(address_confidential="yes"))
    denied.add(LATER, parent(address_confidential="no"))
    for more in ({}, {"position": denied.before}):
        written = lines(denied, **more)
        assert NOT_PRINTED in written
        assert "1 Mallow Lane" not in written


POLICY = "The school decided this under its own policy, following the national guidance."


@pytest.mark.parametrize("kind", ["academy", "independent"])
def test_a_school_that_the_regulation_does_not_bind_decides_under_its_own_policy(book, kind):
    """No regulation is named, granted or refused."""
    book.add(ASKED, opened(type=kind), asked(), granted())
    first, policy = decision_lines(book)
    assert (policy, "regulation" in first, first.endswith("5 sessions.")) == (POLICY, False, True)
    book.add(LATER, refused())
    assert decision_lines(book) == ["Leave is refused.", POLICY]


@pytest.mark.parametrize(
    ("first", "last", "rest"),
    [
        (SESSIONS[1], SESSIONS[3], f"{MONDAY}, morning; {LAST}"),
        (SESSIONS[2], WEEK[1], MONDAY),
        (WEEK[0], SESSIONS[0], f"{MONDAY}, afternoon to {LAST}"),
    ],
)
def test_a_grant_of_part_says_that_the_rest_is_refused(book, first, last, rest):
    """Before it, after it, and what an absence there is."""
    book.add(ASKED, asked(), granted(first, last))
    _, line = decision_lines(book)
    assert line.startswith(
        f"Leave is refused for the rest of what was asked for: {rest}. On these sessions the "
        "absence is recorded as unauthorised (code G: "
    )


def test_a_letter_says_what_has_become_of_the_leave_since(book):
    """Withdrawn and then found to be falsified, each once; the leave is no longer stated."""
    book.add(ASKED, asked(), granted(SESSIONS[0], SESSIONS[1]))
    book.add(LATER, ended(LeaveWithdrawn), ended(LeaveFalsified), ended(LeaveFalsified))
    written = lines(book)
    since = [line for line in written if line.startswith("Since then")]
    day = "Since then, on Friday 20 November 2026, it was"
    assert since == [
        f"{day} withdrawn: it does not stand any more.",
        f"{day} found to have been obtained falsely: it does not stand any more.",
    ]
    assert [line[:26] for line in decision_lines(book)] == [
        "Leave was granted: Monday ",
        "Leave was refused for the ",
    ]
    assert not any("for these sessions only" in line for line in written)


@pytest.mark.parametrize(
    ("steps", "given", "code", "words"),
    [
        ([], {}, "leave-asked", "not decided yet"),
        ([ended(LeaveWithdrawn)], {}, "leave-withdrawn", "was withdrawn before it was decided"),
        ([], {"leave_id": "two"}, "leave-unknown", "'two'"),
        ([], {"position": 0}, "leave-unknown", "'one'"),
    ],
)
def test_no_letter_without_a_decision(book, steps, given, code, words):
    """It says so, rather than to decide it; nor of a request that is not there, or not known."""
    book.add(ASKED, asked(), *steps)
    with pytest.raises(Refused, match=words) as caught:
        letter(book, **given)
    assert caught.value.code == code


def test_a_letter_of_a_ledger_without_a_school_names_none(tmp_path):
    """An empty line stands where the name would."""
    made = Book(tmp_path / "bare")
    made.add(FOUNDED, created(), staff(), enrolled("ann", date(2026, 9, 2)))
    made.add(ASKED, asked(), refused())
    assert lines(made)[2] == ""
    assert rows(made, from_=date(2026, 9, 1))[0]["met"] == 0
