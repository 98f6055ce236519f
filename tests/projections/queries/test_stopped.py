"""Marks that a change stopped from counting: `changes`, `alerts`, `audit`, `history`, a copy."""

from datetime import date

import pytest

from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionsClosed
from ledger.events.penalties import AlertSettled
from ledger.events.register import MarksUncounted
from ledger.events.roll import DetailsAmended, GroupJoined, GroupLeft
from ledger.store.facts import Fact
from projections.audit.audit import Audit
from projections.disclosure.subject_access import SubjectAccess
from projections.history.changes import Changes
from projections.penalties.alerts import Alerts
from projections.rendering.text import as_csv, as_text
from tests.projections.history.examples import CLERK, HEAD, amended, ask, text
from tests.projections.ledgers import enrolled, instant, joined, marked

MONDAY, TUESDAY = "2025-09-08/AM", "2025-09-09/AM"
AT, MOVED, LATER = instant(2025, 9, 9, 12), instant(2025, 9, 15, 9), instant(2025, 9, 20, 9)
ON = {"on": date(2025, 9, 30)}
WHY = "in 9C since the trip"


def closed(day, *groups):
    return Fact(streams.CALENDAR, SessionsClosed(date=date(2025, 9, day), groups=groups))


def on_pupil(event, pupil="ann"):
    return Fact(streams.pupil(pupil), event)


def uncounted(*sessions, pupil="ann", **more):
    said = {"peak_before": 10, "peak_after": 8, "reason": WHY, **CLERK}
    return Fact(streams.uncounted(pupil), MarksUncounted(sessions=sessions, **said | more))


def settled(alert, reason="class list seen"):
    event = AlertSettled(alert=alert, outcome="dismissed", reason=reason, **HEAD)
    return Fact(streams.uncounted("ann"), event)


@pytest.fixture
def moved(school):
    """Ann's Monday and Tuesday stop counting: she is moved into 9C, which was closed then."""
    school.add(AT, closed(8, "9C"), closed(9, "9C"))
    school.add(AT, marked("ann", MONDAY, "O"), marked("ann", TUESDAY, "U"), imported=True)
    move = GroupJoined(kind="registration", name="9C", since=date(2025, 9, 8))
    school.alert = school.add(
        MOVED, on_pupil(move), uncounted(f"{MONDAY} O", f"{TUESDAY} U"), by="s1"
    )
    return school


def reopen(school, day=8):
    """The closure of a day is taken back: its mark counts again."""
    event = ClosureWithdrawn(date=date(2025, 9, day), groups=("9C",), reason="slip")
    school.add(LATER, Fact(streams.CALENDAR, event))


def changes(book, **asked):
    """The rows of `changes`."""
    return list(book.ask(Changes(**ON | asked)).rows())


def test_changes_lists_each_mark_as_a_kind_of_its_own(moved):
    """Who, when and why; nothing became of the code, which stands."""
    first, second = changes(moved)
    assert (first["session"], first["kind"], first["step"]) == (MONDAY, "uncounted", "stopped")
    assert (first["replaced"], first["code"], first["version"]) == ("O", None, 1)
    assert (first["reason"], first["by"]["name"]) == (WHY, "Mrs Then")
    assert (first["late_by_school_days"], first["position"]) == (5, moved.alert)
    assert (second["session"], second["replaced"]) == (TUESDAY, "U")
    shown = "\n".join(as_text(moved.ask(Changes(**ON)).blocks))
    assert "stopped counting" in shown


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"kind": ("amendment",)}, 0),
        ({"kind": ("uncounted",)}, 2),
        ({"from_code": ("O",)}, 1),
        ({"from_code": ("unauthorised",)}, 2),
        ({"to_code": ("O",)}, 0),
        ({"was": ("U",)}, 1),
        ({"by_staff": "s1"}, 2),
        ({"by_staff": "s2"}, 0),
        ({"lag_over": 4}, 1),
        ({"on": date(2025, 9, 8)}, 1),
        ({"from_": date(2025, 9, 10)}, 0),
        ({"pupil": "U-bob"}, 0),
        ({"changed_from": date(2025, 9, 15)}, 2),
        ({"changed_to": date(2025, 9, 14)}, 0),
        ({"since": "2025-09-15T07:00"}, 2),
        ({"since": "2025-09-15T12:00"}, 0),
        ({"recorded_here": True}, 2),
        ({"stated": True}, 0),
        ({"known_at": "2025-09-14"}, 0),
        ({"clock": "source"}, 2),
    ],
)
def test_it_is_found_as_every_change_is(moved, asked, number):
    """By code, author, day, lag and point in time."""
    assert len(changes(moved, **asked)) == number


def test_the_number_is_that_of_the_version_that_stood(moved):
    """An amendment that came before it has one of its own."""
    move = GroupJoined(kind="cohort", name="9C", since=date(2025, 9, 8))
    moved.add(AT, marked("bob", MONDAY, "N"), amended("bob", code="O"))
    moved.add(LATER, on_pupil(move, "bob"), uncounted(f"{MONDAY} O", pupil="bob"), by="s1")
    of_bob = [row for row in changes(moved) if row["upn"] == "U-bob"]
    assert [(row["kind"], row["version"]) for row in of_bob] == [
        ("amendment", 2),
        ("uncounted", 2),
    ]
    assert [r["kind"] for r in changes(moved, was=("N",))] == ["amendment", "uncounted"]


def test_what_an_import_did_is_undated_by_nobody_and_counted_late(school):
    """The source stated no time for it; it was known here when it was imported."""
    school.add(AT, marked("ann", MONDAY, "O"), imported=True)
    nobody = {"by": None, "name": None, "job_title": None}
    school.add(MOVED, closed(8), uncounted(f"{MONDAY} O", **nobody), imported=True)
    [row] = changes(school)
    assert (row["by"], row["source"], row["late_by_school_days"]) == (None, "other-system", 5)
    [alert] = school.ask(Alerts()).rows()
    assert (alert["cause"]["by"], alert["cause"]["source"]) == (None, "other-system")


def test_what_counts_again_is_shown_as_no_longer(moved):
    """Of two marks one does: wherever they are listed."""
    reopen(moved)
    assert [row["step"] for row in changes(moved)] == ["resumed", "stopped"]
    assert "counts again" in "\n".join(as_text(moved.ask(Changes(**ON)).blocks))
    [alert] = moved.ask(Alerts()).rows()
    assert alert["count_again"] == 1
    shown = "\n".join(as_text(moved.ask(Alerts()).blocks))
    assert "open; 1 of 2 count again" in shown
    [finding] = moved.ask(Audit(**ON, only=("stopped-counting",))).rows()
    assert finding["evidence"]["count_again"] == 1
    account = ask(moved)
    assert [row["counts_again"] for row in account.document["stopped"]] == [True, False]


def test_of_age_only_the_threshold_says_whether_it_counts_again(school):
    """The birth date is corrected back."""
    school.add(AT, marked("ann", MONDAY, "O"))
    said = {"field": "dob", "original": "a", "amended": "b", "reason": "r", "birth_cohort": 2012}
    too_young = DetailsAmended(**said, **CLERK, compulsory_from=date(2025, 12, 31))
    lost = uncounted(of_age=(f"{MONDAY} O",), peak_before=1, peak_after=0)
    school.add(MOVED, on_pupil(too_young), lost)
    [row] = ask(school).document["stopped"]
    assert (row["of_age"], row["counts_again"]) == (True, False)
    of_age = DetailsAmended(**said, **CLERK, compulsory_from=date(2017, 12, 31))
    school.add(LATER, on_pupil(of_age))
    [row] = ask(school).document["stopped"]
    assert row["counts_again"] is True


def test_changes_counts_them_by_kind_and_code(moved):
    """By the words for reading."""
    answer = moved.ask(Changes(**ON, summary=True))
    assert [(row["kind"], row["from"], row["to"], row["count"]) for row in answer.rows()] == [
        ("uncounted", "O", None, 1),
        ("uncounted", "U", None, 1),
    ]
    assert "stopped counting   O" in "\n".join(as_text(answer.blocks))


def test_the_alert_stays_open_until_somebody_has_looked(moved):
    """Then it is shown with --all, with what was found."""
    [row] = moved.ask(Alerts()).rows()
    assert (row["kind"], row["alert"], row["upn"]) == ("uncounted", moved.alert, "U-ann")
    assert row["sessions"] == [f"{MONDAY} O", f"{TUESDAY} U"]
    assert (row["peak_before"], row["peak_after"], row["reason"]) == (10, 8, WHY)
    assert (row["state"], row["settled"]) == ("open", None)
    assert row["cause"] == {
        "command": "Test",
        "by": {"name": "Mrs Then", "job_title": "Clerk",
               "authenticated": "operating-system account; name as stated"},
        "source": None,
        "at": "2025-09-15T09:00:00Z",
    }  # fmt: skip
    moved.add(LATER, settled(moved.alert))
    assert not moved.ask(Alerts()).rows()
    [row] = moved.ask(Alerts(all_=True)).rows()
    assert (row["state"], row["settled"]["reason"]) == ("dismissed", "class list seen")
    shown = "\n".join(as_text(moved.ask(Alerts(all_=True)).blocks))
    assert "dismissed: class list seen" in shown


def test_the_worst_comes_first(moved):
    """Who fell below the threshold, then whose window lost most; the rest as recorded."""
    for pupil, after in (("bob", 9), ("cy", 3)):
        moved.add(
            LATER,
            marked(pupil, MONDAY, "O"),
            uncounted(f"{MONDAY} O", pupil=pupil, peak_before=after + 1, peak_after=after),
        )
    asked = [row["upn"] for row in moved.ask(Alerts()).rows()]
    assert asked == ["U-ann", "U-bob", "U-cy"]
    answer = moved.ask(Audit(**ON, only=("stopped-counting",)))
    assert [row["what"] for row in answer.rows()] == [
        "taken below the penalty threshold",
        "taken below the penalty threshold",
        "stopped counting",
    ]
    title, *_ = "\n".join(as_text(moved.ask(Alerts()).blocks)).splitlines()
    assert title == "3 alerts about marks that stopped counting, 2 of a pupil below the threshold"


def test_the_csv_has_a_row_for_it(moved):
    """Its keys stand beside those of the other kinds."""
    _, row = as_csv(moved.ask(Alerts())).splitlines()
    assert row == (
        f"uncounted,U-ann,,,,{moved.alert},,{moved.alert},,{MONDAY} O;{TUESDAY} U,Test,"
        "Mrs Then,2025-09-15T09:00:00Z,open,,,,10,8,0"
    )


def test_an_audit_asks_about_it(moved):
    """By the change that did it; names with a reason only."""
    answer = moved.ask(Audit(**ON, only=("stopped-counting",)))
    [row] = answer.rows()
    assert (row["session"], row["changed_on"]) == (MONDAY, "2025-09-15")
    assert row["positions"] == [moved.alert]
    assert row["evidence"]["marks"] == [f"{MONDAY} O", f"{TUESDAY} U"]
    [check] = answer.document["checks"]
    assert (check["below_threshold"], check["marks"]) == (1, 2)
    shown = "\n".join(as_text(answer.blocks))
    assert f"1 O, {MONDAY}; 1 U, {TUESDAY}; fullest window 10 -> 8" in shown
    assert "U-ann" not in shown


@pytest.mark.parametrize(
    "asked", [{"on": date(2025, 9, 5)}, {"from_": date(2025, 9, 10)}, {"pupil": "U-bob"}]
)
def test_an_audit_of_other_days_or_pupils_finds_nothing(moved, asked):
    """It goes by the sessions."""
    assert not moved.ask(Audit(**ON | asked, only=("stopped-counting",))).rows()


@pytest.mark.parametrize(("group", "number"), [("9A", 0), ("9C", 1)])
def test_an_audit_by_session_goes_by_the_group_of_its_day(moved, group, number):
    """Ann was in 9A until the day before."""
    left = GroupLeft(kind="registration", name="9A", since=None, until=date(2025, 9, 7))
    moved.add(MOVED, on_pupil(left))
    asked = {"only": ("stopped-counting",), "group": group, "membership": "session"}
    assert len(moved.ask(Audit(**ON | asked)).rows()) == number


def test_one_session_says_who_did_it_and_why(moved):
    """Beside what keeps the mark from counting."""
    shown = text(ask(moved, MONDAY))
    assert "This mark stands but does not count" in shown
    assert (
        f"{MONDAY}   O      {WHY}   Mrs Then, Clerk   2025-09-15 10:00   does not count" in shown
    )
    assert TUESDAY not in shown


def test_a_mark_that_the_source_states_for_later_is_not_told_yet(school):
    """Under the source clock neither is the change of it."""
    school.add(LATER, marked("ann", MONDAY, "O", stated=AT), imported=True)
    school.add(LATER, closed(8), uncounted(f"{MONDAY} O"), imported=True)
    assert changes(school, clock="source", known_at="2025-09-08") == []
    assert len(changes(school, clock="source", known_at="2025-09-10")) == 1


def test_who_was_never_of_a_window_is_told_without_one(school):
    """A present mark counts in rates alone."""
    school.add(AT, marked("ann", MONDAY, "/"))
    school.add(MOVED, closed(8), uncounted(f"{MONDAY} /", peak_before=0, peak_after=0))
    [row] = school.ask(Audit(**ON, only=("stopped-counting",))).rows()
    assert row["what"] == "stopped counting"
    assert "fullest" not in "\n".join(as_text(school.ask(Audit(**ON)).blocks))


def test_a_copy_for_the_family_tells_it(moved):
    """The reason waits for review, as every free text does."""
    [told] = moved.ask(SubjectAccess(who="U-ann", **ON)).document["stopped_counting"]
    assert (told["on"], told["marks"]) == ("2025-09-15", f"{MONDAY} O, {TUESDAY} U")
    assert told["reason"] != WHY


def test_nobody_is_enrolled_by_it(moved):
    """A pupil of whom nothing stopped counting has no list."""
    moved.add(LATER, enrolled("dan", date(2025, 9, 3)), joined("dan", "registration", "9A"))
    assert ask(moved, who="U-dan").document["stopped"] == []
