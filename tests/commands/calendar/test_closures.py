"""Planned closures and cancelled sessions: what is recorded, and the marks that follow."""

from datetime import date

import pytest

from commands.calendar.closures import AddClosure, CancelSessions, WithdrawClosure
from commands.register.take import MarkSession
from commands.roll.enrol import MovePupil
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.register import MarkAmended, SessionMarked, SourceConflicted
from ledger.values import parse_session
from tests.commands.conftest import MO

TODAY, INSET = date(2026, 11, 20), date(2026, 11, 27)
TODAY_AM = "2026-11-20/AM"


def close(**fields):
    return AddClosure(**({"day": INSET, "reason": "INSET"} | fields))


def cancel(*sessions, **fields):
    given = {"sessions": sessions or (TODAY_AM,), "reason": "no heating"}
    return CancelSessions(**(given | fields))


def withdraw(**fields):
    return WithdrawClosure(**({"day": TODAY, "reason": "wrong day"} | fields))


def test_whole_day_is_closed_for_everyone(desk):
    """Both halves, no group named."""
    recorded = desk.recorded(close())
    assert recorded == [("calendar", SessionsClosed(date=INSET, reason="INSET"))]


def test_half_a_day_is_closed_for_some_groups(desk):
    """As it was asked."""
    [event] = desk.events(close(session=("PM",), group=("7B", "Y12", "12C", "7B")))
    assert (event.sessions, event.groups) == (("PM",), ("12C", "7B", "Y12"))
    refused = desk.refused(withdraw(day=INSET, group=("7A",)))
    assert "recorded on that day: PM for 12C, 7B, Y12" in f"{refused.what} {refused.remedy}"
    [event] = desk.events(withdraw(day=INSET, group=("Y12", "12C", "7B")))
    assert event.groups == ("12C", "7B", "Y12")


def test_groups_that_are_everybody_are_named_in_order(desk):
    """Each once."""
    desk.refused(
        close(group=("7B", "Y7", "12C", "7A", "Y12", "7B")), "closed-for-everyone",
        "everybody on roll on 2026-11-27 belongs to 12C, 7A, 7B, Y12, Y7",
    )  # fmt: skip


def test_repeated_closure_records_nothing(desk):
    """A half that is closed already is not closed again."""
    desk.do(close(session=("AM",)))
    told = desk.do(close(group=("7A",), session=("AM",))).says
    assert told == ("2026-11-27 AM closed for 7A: INSET",)
    says = desk.do(close()).says
    assert says == (
        "2026-11-27 PM closed: INSET",
        "1 session closed already left out: 2026-11-27/AM",
    )
    [event] = [e for _, _, e in desk.log() if isinstance(e, SessionsClosed)][2:]
    assert event.sessions == ("PM",)
    assert "nothing was recorded" in desk.do(close()).says[0]


def test_marks_that_stand_refuse_a_closure_naming_cancel(desk):
    """A session that was held was not planned to be closed."""
    desk.mark("P3", TODAY_AM)
    assert "attendance session cancel" in desk.refused(close(day=TODAY), "marks-stand").remedy
    assert desk.do(close(day=TODAY, group=("7A",))).header is not None


def test_cancelled_session_is_refused(desk):
    """It cannot be both planned and unplanned."""
    desk.do(cancel())
    desk.refused(close(day=TODAY, session=("AM",)), "session-cancelled")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"day": date(2026, 11, 28)}, "outside-term"),
        ({"day": date(2026, 10, 28)}, "outside-term"),
        ({"group": ("9Z",)}, "group-unknown"),
        ({"reason": ""}, "reason-missing"),
    ],
)
def test_closure_that_cannot_be_is_refused(desk, fields, code):
    """Where no session is due, for a group that nobody knows, or without a reason."""
    desk.refused(close(**fields), code)


def test_group_is_understood_without_case_and_blanks(desk):
    """It is closed, cancelled and opened again for those who are in it."""
    [closed] = desk.events(close(group=(" 7a", "7\u00a0B")))
    assert closed.groups == ("7A", "7B")
    [withdrawn] = desk.events(withdraw(day=INSET, group=("7b", "7 A")))
    assert withdrawn.groups == ("7A", "7B")
    [cancelled, *_] = desk.events(cancel(group=("7a",)))
    assert cancelled.groups == ("7A",)


def test_group_that_nobody_was_in_is_refused_with_those_near_it(desk):
    """A closure for nobody would close nothing."""
    refused = desk.refused(close(group=("7D",)), "group-unknown", "no pupil ever belonged to '7D'")
    assert refused.remedy.startswith("did you mean 'Y7' or '7B' or '7A'? ")


# attendance closures withdraw: the session is met after all.


def test_withdrawn_closure_lets_marks_be_made(desk):
    """What was closed is met again."""
    mark = MarkSession(pupil="P1", session=parse_session("2026-11-20/AM"), code="/")
    desk.do(close(day=TODAY))
    desk.refused(mark, "school-closed")
    recorded = desk.recorded(withdraw())
    assert recorded == [("calendar", ClosureWithdrawn(date=TODAY, reason="wrong day"))]
    assert desk.do(mark).header is not None


def test_only_the_halves_recorded_are_withdrawn(desk):
    """Of a half-day closure one half."""
    desk.do(close(day=TODAY, session=("PM",), group=("Y7",)))
    [event] = desk.events(withdraw(group=("Y7",)))
    assert (event.sessions, event.groups) == (("PM",), ("Y7",))


def marked_and_cancelled(desk):
    """Two marks, then the whole session cancelled; return the number of its batch."""
    desk.mark("P1", TODAY_AM, "/")
    desk.mark("P2", TODAY_AM, "N")
    number = desk.folder.head() + 1
    desk.do(cancel())
    return number


def standing(desk):
    """Return what stands for each pupil on the session."""
    return {pupil: desk.marks(pupil)[TODAY_AM][-1].code for pupil in ("P1", "P2", "P3", "P4")}


def test_withdrawn_cancellation_says_how_many_marks_stand_and_what_puts_them_back(desk):
    """A mark can never be blanked: of those that were first marks nothing stood before."""
    number = marked_and_cancelled(desk)
    for dry_run in (True, False):
        said = desk.do(withdraw(dry_run=dry_run)).says
        assert said[1:4] == (
            "4 marks still stand as Y4",
            f"  2 had another code before: attendance put-back {number} --reason WHY",
            "  2 are first marks: attendance amend",
        )
    assert set(standing(desk).values()) == {"Y4"}


def test_what_a_source_states_otherwise_since_is_no_batch_that_changed_a_mark(desk):
    """It is told apart, and the cancellation is named still."""
    number = marked_and_cancelled(desk)
    other = SourceConflicted(stands="Y4", code="L", row=1)
    desk.put(streams.mark(desk.id("P1"), TODAY_AM), other)
    said = desk.do(withdraw(dry_run=True)).says
    assert f"  2 had another code before: attendance put-back {number} --reason WHY" in said


def test_the_marks_of_two_cancellations_are_put_back_by_two(desk):
    """Each command is a batch of its own, and both are named."""
    desk.mark("P1", TODAY_AM, "/")
    numbers = []
    for half in ("AM", "PM"):
        numbers.append(desk.folder.head() + 1)
        desk.at("2026-11-20T14:30").mark("P2", f"2026-11-20/{half}", "N")
        numbers[-1] = desk.folder.head() + 1
        desk.do(cancel(f"2026-11-20/{half}", group=("7A",)))
    said = desk.do(withdraw(group=("7A",))).says
    assert [line for line in said if "put-back" in line] == [
        f"  2 had another code before: attendance put-back {numbers[0]} --reason WHY",
        f"  1 had another code before: attendance put-back {numbers[1]} --reason WHY",
    ]


def test_marks_are_put_back_with_the_withdrawal(desk):
    """In one transaction, with the reason of the withdrawal and the batch that is taken back."""
    number = marked_and_cancelled(desk)
    head = desk.folder.head()
    desk.do(withdraw(put_back=True, dry_run=True))
    assert desk.folder.head() == head
    withdrawn, *amended = desk.recorded(withdraw(put_back=True))
    assert withdrawn == (
        "calendar",
        ClosureWithdrawn(date=TODAY, sessions=("AM",), reason="wrong day"),
    )
    assert {(event.original, event.code) for _, event in amended} == {("Y4", "/"), ("Y4", "N")}
    [reason] = {event.reason for _, event in amended}
    assert reason == f"put back to what stood before batch {number}: wrong day"
    assert standing(desk) == {"P1": "/", "P2": "N", "P3": "Y4", "P4": "Y4"}


def test_who_was_in_the_group_when_it_was_cancelled_is_put_back_too(desk):
    """Moved back in time since, to a group that was taught."""
    desk.mark("P1", TODAY_AM, "/")
    desk.do(cancel(group=("7A",)))
    moved = {"kind": "registration", "from_": date(2026, 11, 2), "to": "7B"}
    desk.do(MovePupil(pupil="P1", reason="In 7B all along", **moved))
    desk.do(withdraw(group=("7A",), put_back=True))
    assert desk.marks("P1")[TODAY_AM][-1].code == "/"


def test_what_is_put_back_with_the_withdrawal_is_told(desk):
    """Codes, figures, and first marks by name; in a dry run each mark."""
    marked_and_cancelled(desk)
    said = desk.do(withdraw(put_back=True, dry_run=True)).says
    assert said == (
        "2026-11-20 AM: closure would be withdrawn",
        f"Ada Quill {TODAY_AM}: Y4 -> / (amendment)",
        f"Ben Reed {TODAY_AM}: Y4 -> N (amendment)",
        "2 amended: 1 of Y4 to /, 1 of Y4 to N",
        "the figures: attended +1, unauthorised absence +1, not counted -2",
        "2 left as they are, where nothing stood before: a mark is never blanked",
        f"  Cat Stone {TODAY_AM}",
        f"  Dan Upton {TODAY_AM}",
        "  do: say what the register said with attendance amend",
        "dry run: nothing was recorded",
    )


def test_marks_that_another_cancellation_bears_stay(desk):
    """Where the session stays cancelled for a group, its code stands for that group."""
    desk.mark("P1", TODAY_AM, "/")
    desk.mark("P3", TODAY_AM, "/")
    desk.do(cancel(group=("7A",)))
    desk.do(cancel())
    desk.do(withdraw(put_back=True))
    assert standing(desk) == {"P1": "Y4", "P2": "Y4", "P3": "/", "P4": "Y4"}


def test_what_closes_the_session_all_the_same_is_said(desk):
    """Of two cancellations one is withdrawn: for whom the other stands, and why."""
    desk.do(cancel(group=("7A",), reason="flood"))
    desk.do(cancel(reason="no heating"))
    said = desk.do(withdraw(group=("7A",), put_back=True, dry_run=True)).says
    assert said[:3] == (
        "2026-11-20 AM: closure for 7A would be withdrawn",
        "2026-11-20 AM is still cancelled for everyone: no heating",
        "no mark is to be put back",
    )
    assert "2026-11-20 AM is still cancelled for 7A: flood" in desk.do(withdraw()).says
    desk.do(close(group=("7A",)))
    desk.do(close(group=("Y7",), reason="Trip"))
    said = desk.do(withdraw(day=INSET, group=("7A",))).says
    assert said[1:] == ("2026-11-27 AM and PM are still closed for Y7: Trip",)


def test_withdrawing_a_planned_closure_puts_nothing_back(desk):
    """No mark stands on it."""
    desk.do(close(day=TODAY))
    assert desk.do(withdraw(put_back=True, dry_run=True)).says[1] == "no mark is to be put back"
    assert len(desk.events(withdraw(put_back=True))) == 1


def test_repeated_withdrawal_is_refused_telling_what_is_recorded(desk):
    """Groups have to be named as they were recorded."""
    desk.do(close(day=TODAY, session=("PM",), group=("Y7",)))
    assert desk.refused(withdraw(), "no-closure").remedy == "recorded on that day: PM for Y7"
    desk.do(withdraw(group=("Y7",)))
    refused = desk.refused(withdraw(group=("Y7",)), "no-closure", "for Y7 on 2026-11-20")
    assert refused.remedy == "recorded on that day: none"


@pytest.mark.parametrize("put_back", [False, True])
def test_repeated_withdrawal_names_what_puts_back_the_marks_that_stand(desk, put_back):
    """Whoever withdrew a cancellation alone is led on, by the number of its batch."""
    number = marked_and_cancelled(desk)
    desk.do(withdraw())
    refused = desk.refused(withdraw(put_back=put_back), "no-closure", "for everyone")
    assert refused.remedy == (
        "recorded on that day: none; 4 marks still stand as Y4; "
        f"2 had another code before: attendance put-back {number} --reason WHY; "
        "2 are first marks: attendance amend"
    )


def test_repeated_withdrawal_understands_the_group_as_the_first(desk):
    """Although no closure calls it so any more."""
    desk.mark("P1", TODAY_AM, "N")
    number = desk.folder.head() + 1
    desk.do(cancel(group=("7A",)))
    desk.do(withdraw(group=("7a",)))
    refused = desk.refused(withdraw(group=(" 7a",), put_back=True), "no-closure", "for 7A on")
    assert f"1 had another code before: attendance put-back {number} --reason" in refused.remedy


def test_the_groups_are_named_wherever_one_closes_cancels_or_withdraws(desk):
    """As they are held, in a dry run and after it; what repeats them as well."""
    group = ("7b ", "7a")
    for dry_run, would in ((True, "would be "), (False, "")):
        closed = desk.do(close(group=group, dry_run=dry_run)).says[0]
        assert closed == f"2026-11-27 AM and PM {would}closed for 7A, 7B: INSET"
    assert desk.do(close(group=group)).says == (
        "2026-11-27 is closed for 7A, 7B already; nothing was recorded",
    )
    for dry_run, would in ((True, "would be "), (False, "")):
        opened = desk.do(withdraw(day=INSET, group=group, dry_run=dry_run)).says[0]
        assert opened == f"2026-11-27 AM and PM: closure for 7A, 7B {would}withdrawn"
    for dry_run, would in ((True, "would be "), (False, "")):
        cancelled = desk.do(cancel(group=group, dry_run=dry_run)).says[0]
        assert cancelled == f"{TODAY_AM} {would}cancelled for 7A, 7B: no heating"
    assert desk.do(cancel(group=group)).says == (
        "cancelled for 7A, 7B already; nothing was recorded",
    )


def test_a_closure_withdrawn_says_whose_sessions_have_no_mark(desk):
    """Of days past: today's register may be to come. Of many pupils the first five."""
    for number, name in ((5, "Eli"), (6, "Fay"), (7, "Gus")):
        desk.enrol(number, name, "Vale", dob=date(2015, 1, number))
    for day in (date(2026, 11, 19), TODAY):
        desk.do(close(day=day, session=("PM",)))
    said = desk.do(withdraw(day=date(2026, 11, 19))).says
    held = "1 session was held{} and has no mark: 2026-11-19/PM (attendance mark)"
    lines = {line.partition(": ")[0]: line.partition(": ")[2] for line in said[1:-1]}
    in_7a, in_none = held.format(" for 7A"), held.format("")
    assert len(lines) == 5
    assert lines.get("Ada Quill", in_7a) == in_7a
    assert lines.get("Fay Vale", in_none) == in_none
    assert said[-1] == "  and 2 more pupils without a mark"
    assert len(desk.do(withdraw()).says) == 1


def test_a_day_known_ahead_is_closed_not_cancelled(desk):
    """Which is about everyone, as a plan is not; a day outside every term is neither."""
    refused = desk.refused(cancel("2026-11-23/AM"), "future-session", "has not come yet")
    assert "attendance closures add" in refused.remedy
    assert "plan add" not in refused.remedy
    desk.refused(cancel("2026-12-25"), "outside-term")
    assert desk.do(cancel("2026-11-20/PM")).header is not None  # today is its day


# attendance session cancel: sessions cancelled on the day, and the mark that follows.


def test_everyone_on_roll_gets_the_code(desk):
    """One entry a pupil, as if it were the mark (reg 10(10)).

    Cancelled once for everyone is cancelled for a group too.
    """
    cancelled, *entries = desk.recorded(cancel())
    event = SessionCancelled(date=TODAY, sessions=("AM",), reason="no heating")
    assert cancelled == ("calendar", event)
    entry = SessionMarked(code="Y4", reason="session cancelled: no heating", by="mm")
    assert [event for _, event in entries] == [entry] * 4
    marked = [stream.split(":")[1] for stream, _ in entries]
    assert marked == sorted(desk.id(f"P{n}") for n in range(1, 5))
    for again in (cancel(), cancel(group=("7A",))):
        assert "nothing was recorded" in desk.do(again).says[0]


def test_mark_that_stands_is_amended(desk):
    """One amendment for each pupil, tied by a batch, with the five and the title."""
    for pupil, code in (("P1", "N"), ("P2", "/")):
        desk.mark(pupil, TODAY_AM, code)
    outcome = desk.events(cancel(group=("Y7",)))
    amended = {e.original: e for e in outcome if isinstance(e, MarkAmended)}
    assert amended.keys() == {"N", "/"}
    assert amended["N"] == MarkAmended(
        original="N",
        code="Y4",
        reason="session cancelled: no heating",
        **MO,
        batch=amended["/"].batch,
    )
    assert amended["N"].batch
    assert len(outcome) == 4


def test_what_is_amended_and_entered_is_counted_by_code(desk):
    """Which codes it takes away, and how many; in a dry run by name, and nothing is recorded."""
    for pupil, code in (("P1", "N"), ("P2", "/"), ("P3", "/")):
        desk.mark(pupil, TODAY_AM, code)
    head = desk.folder.head()
    counted = (
        "3 amended: 2 of /, 1 of N to Y4; 1 entered: 1 Y4",
        "the figures: attended -2, unauthorised absence -1, not counted +4, no mark -1",
    )
    said = desk.do(cancel(dry_run=True)).says
    assert said == (
        f"{TODAY_AM} would be cancelled: no heating",
        f"Ada Quill {TODAY_AM}: N -> Y4 (amendment)",
        f"Ben Reed {TODAY_AM}: / -> Y4 (amendment)",
        f"Cat Stone {TODAY_AM}: / -> Y4 (amendment)",
        f"Dan Upton {TODAY_AM}: no mark -> Y4 (entry)",
        *counted,
        "if that is wrong:",
        "  attendance closures withdraw 2026-11-20 --session AM --put-back --reason WHY",
        "dry run: nothing was recorded",
    )
    assert desk.folder.head() == head
    said = desk.do(cancel()).says
    assert (said[1:3], said[-1]) == (counted, f"batch {head + 1}")


def test_the_way_back_names_each_day_and_the_groups(desk):
    """As the cancellation has to be withdrawn: a day at a time, for exactly these groups."""
    said = desk.do(cancel("2026-11-19", TODAY_AM, group=("Y7", "7A"), dry_run=True)).says
    groups = '--group "7A" --group "Y7"'
    assert said[said.index("if that is wrong:") + 1 : -1] == (
        f"  attendance closures withdraw 2026-11-19 {groups} --put-back --reason WHY",
        f"  attendance closures withdraw 2026-11-20 --session AM {groups} --put-back --reason WHY",
    )


def test_what_was_cancelled_already_is_told(desk):
    """Of several sessions only those that are new are recorded."""
    desk.do(cancel())
    says = desk.do(cancel(sessions=("2026-11-19", "2026-11-20/AM"))).says
    assert says == (
        "2026-11-19/AM cancelled: no heating",
        "2026-11-19/PM cancelled: no heating",
        "8 entered late: 8 Y4",
        "the figures: not counted +8, no mark -8",
        "1 session cancelled already left out: 2026-11-20/AM",
        "if that is wrong:",
        "  attendance closures withdraw 2026-11-19 --put-back --reason WHY",
    )


def test_one_amendment_has_no_batch(desk):
    """A batch ties amendments together; one alone needs none."""
    desk.mark("P1", TODAY_AM, "N")
    desk.do(cancel())
    assert desk.marks("P1")[TODAY_AM][-1].batch is None


@pytest.mark.parametrize(
    ("before", "command", "recorded"),
    [
        pytest.param([], cancel(group=("7A",)), 3, id="the-groups-named"),
        pytest.param([cancel(group=("7A",))], cancel(), 3, id="those-not-concerned-before"),
        pytest.param([cancel(), withdraw()], cancel(), 1, id="nobody-whose-mark-stands-still"),
        pytest.param([close(day=TODAY, group=("12C",))], cancel(), 5, id="closed-for-some"),
    ],
)
def test_nobody_gets_the_code_twice_or_without_need(desk, before, command, recorded):
    """One event of the day, and an entry for everyone concerned who has none.

    Cancelled goes before planned: the code stands for everyone, as the views count it.
    """
    for each in before:
        desk.do(each)
    assert len(desk.recorded(command)) == recorded


def test_date_means_both_halves(desk):
    """One event a day, one entry a pupil and half."""
    recorded = desk.recorded(cancel("2026-11-18", "2026-11-19/PM", group=("12C",)))
    days = [e for _, e in recorded if isinstance(e, SessionCancelled)]
    assert [(d.date.day, d.sessions) for d in days] == [(18, ("AM", "PM")), (19, ("PM",))]
    assert len(recorded) == 5


def test_entries_of_a_later_day_are_late(desk):
    """Yesterday's snow recorded today."""
    assert all(e.late for _, e in desk.recorded(cancel("2026-11-19"))[1:])


def test_planned_closure_is_refused(desk):
    """A session that was not to be held cannot be cancelled."""
    desk.do(close(day=TODAY))
    desk.refused(cancel(), "school-closed")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (cancel("2026-11-23/AM"), "future-session"),
        (cancel("2026-10-28"), "outside-term"),
        (cancel("Friday"), "date"),
        (cancel("2026-11-20/EVE"), "session"),
        (cancel(group=("9Z",)), "group-unknown"),
        (cancel(reason=" "), "reason-missing"),
    ],
)
def test_cancellation_that_cannot_be_is_refused(desk, command, code):
    """Not yet, not in term, no session, nobody's group, no reason."""
    desk.refused(command, code)


def test_groups_that_are_everybody_ask_for_the_whole_school(desk):
    """Only that makes it no school day: SI 2007/1867 reg 9A(6), the school meets."""
    everyone = ("7A", "7B", "12C")
    refused = desk.refused(close(group=everyone), "closed-for-everyone", "12C, 7A, 7B")
    assert "leave out --group" in refused.remedy
    desk.refused(cancel(group=everyone), "closed-for-everyone")
    assert desk.do(close(group=("7A", "7B"))).header is not None
    refused = desk.refused(close(group=("12C",)), "closed-for-everyone")
    assert "or to a group that is closed then" in refused.what
    assert desk.do(close()).header is not None
    assert desk.do(close(group=("12C",))).header is not None


def test_whoever_is_in_no_group_keeps_the_school_open(desk):
    """A day on which nobody is on roll is closed for nobody in particular."""
    desk.enrol(5, "Eli", "Vale", dob=date(2015, 1, 5))
    assert desk.do(close(group=("7A", "7B", "12C"))).header is not None


def test_a_dry_run_of_a_closure_records_nothing(desk):
    """It says what would be."""
    head = desk.folder.head()
    assert desk.do(close(dry_run=True)).says[-1] == "dry run: nothing was recorded"
    assert desk.folder.head() == head
