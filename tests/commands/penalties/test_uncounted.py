"""Marks that stop counting, by name: what is refused, what is recorded, what is told.

The generated ones are held to an oracle. SI 2024/208 reg 6(1) keeps what was entered to be seen;
SI 2007/1867 reg 9A counts ten sessions in ten school weeks.
"""

from dataclasses import replace
from datetime import date

import pytest

from commands.calendar.closures import CancelSessions, WithdrawClosure
from commands.calendar.terms import SetTerm
from commands.penalties.alerts import DismissAlert, SendAlert
from commands.roll.correct import CorrectPupil
from commands.roll.enrol import MovePupil
from ledger.events import streams
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed
from ledger.events.log import Source
from ledger.events.penalties import AlertSettled, CaseUndercut
from ledger.events.register import MarksUncounted
from ledger.events.roll import DetailsAmended, GroupLeft
from ledger.store.facts import Fact
from tests.commands.penalties.undercut_changes import BY, FIRST_DAY, Facts, founded, notice
from tests.projections import ledgers

WEEK = [f"2026-09-{day}/{half}" for day in range(14, 19) for half in ("AM", "PM")]
CLOSED = (16, 17, 18)
AT = ledgers.instant(2026, 11, 19, 9)
MOVE = {"pupil": "U-ann", "kind": "registration", "from_": date(2026, 9, 16), "to": "9B"}


def shut(day, *, groups=("9B",), event=SessionsClosed):
    return Fact(streams.CALENDAR, event(date=date(2026, 9, day), groups=groups, reason="trip"))


@pytest.fixture
def desk(tmp_path):
    """Ann has O all week in 9A; three days of it are closed for 9B."""
    marks = [ledgers.marked("ann", session, "O") for session in WEEK]
    return founded(tmp_path / "ledger", *marks, *(shut(day) for day in CLOSED))


def move(**more):
    return MovePupil(**MOVE | more)


SIX = tuple(f"{session} O" for session in WEEK[4:])


def test_a_move_that_takes_marks_out_is_refused_figures_first(desk):
    """Which pupil, how many marks, of which codes and sessions, and the threshold."""
    refused = desk.refused(move(), "marks-uncounted")
    assert refused.what.splitlines() == [
        "6 marks of 1 pupil would stop counting",
        "  ann Quill: 6 O, 2026-09-16/AM to 2026-09-18/PM",
        "    the fullest 10 school weeks: 10 -> 4 recorded sessions",
        "    the threshold of 10 was met, and would not be",
        "    no notice or decision on record rests on it",
        "the figures: unauthorised absence -6",
    ]
    assert "--reason" in refused.remedy
    assert "--dry-run" in refused.remedy


def test_with_a_reason_it_is_recorded_with_the_marks(desk):
    """In the same transaction, on a stream of the pupil, by whoever gave the command."""
    facts = desk.recorded(move(reason="in 9B since the trip"))
    assert [stream for stream, _ in facts][:-1] == ["pupil:ann"] * (len(facts) - 1)
    assert facts[-1] == (
        "uncounted:ann",
        MarksUncounted(
            sessions=SIX, peak_before=10, peak_after=4, reason="in 9B since the trip", **BY
        ),
    )


def test_what_is_told_once_it_is_recorded(desk):
    """And that somebody has to look at it."""
    *_, fell, rests, figures, following = desk.do(move(reason="asked")).says
    assert fell == "    the threshold of 10 was met, and is no longer"
    assert rests == "    no notice or decision on record rests on it"
    assert figures == "the figures: unauthorised absence -6"
    assert following == f"  next: somebody looks at alert {desk.folder.head()} (attendance alerts)"


def test_an_empty_reason_is_none(desk):
    """What is recorded says something."""
    desk.refused(move(reason=" "), "reason-missing")


def test_a_dry_run_shows_it_and_records_nothing(desk):
    """With a reason or without."""
    head = desk.folder.head()
    for more in ({}, {"reason": "asked"}):
        said = desk.do(move(dry_run=True, **more)).says
        assert said[0] == "6 marks of 1 pupil would stop counting"
        assert said[-1] == "dry run: nothing was recorded"
    assert desk.folder.head() == head


def test_a_move_that_takes_nothing_out_needs_no_reason(desk):
    """From the day after the last that is closed."""
    assert desk.events(move(from_=date(2026, 9, 21)))
    assert not [e for _, _, e in desk.log() if isinstance(e, MarksUncounted)]


def test_marks_that_begin_to_count_are_told_without_a_reason(desk):
    """Moved back, they count again."""
    desk.do(move(reason="asked"))
    said = desk.do(move(to="9A")).says
    assert said[1:] == (
        "6 marks of 1 pupil begin counting",
        "  ann Quill: 6 O, 2026-09-16/AM to 2026-09-18/PM",
        "    the fullest 10 school weeks: 4 -> 10 recorded sessions",
        "    the threshold of 10 was not met, and is now",
        "the figures: unauthorised absence +6",
    )
    assert "would begin counting" in "".join(
        desk.do(move(reason="again")) and desk.do(move(to="9A", dry_run=True)).says
    )


def test_a_move_into_a_group_that_was_cancelled_takes_the_entry_out(desk):
    """The O stands, and the session counts as cancelled for the pupil now."""
    desk.do(Facts(facts=(shut(14, groups=("9C",), event=SessionCancelled),)))
    [*_, event] = desk.events(move(to="9C", from_=date(2026, 9, 14), reason="asked"))
    assert event.sessions == ("2026-09-14/AM O", "2026-09-14/PM O")


def test_a_move_out_of_a_cancelled_group_names_the_entries_left(desk):
    """The session was held for the new group: only an amendment says what was so."""
    desk.do(CancelSessions(sessions=("2026-09-14/AM",), group=("9A",), reason="flood"))
    said = desk.do(move(to="11B", from_=date(2026, 9, 14))).says
    assert said[1:] == (
        "ann Quill: 1 entry says cancelled, of a session that was held for the group",
        "  2026-09-14/AM: amend what was not so",
    )


def test_a_birth_date_keeps_marks_from_the_threshold_only(desk):
    """Rates know no age: the figures stay, and nothing is said of them."""
    born = Fact(
        streams.pupil("ann"),
        DetailsAmended(field="dob", original="a", amended="b", reason="r", **BY,
                       compulsory_from=date(2026, 9, 16), birth_cohort=2012),
    )  # fmt: skip
    refused = desk.refused(Facts(facts=(born,), reason=None), "marks-uncounted")
    assert refused.what.splitlines()[1:] == [
        "  ann Quill: 4 O, 2026-09-14/AM to 2026-09-15/PM",
        "    only the penalty threshold, for the pupil's age; rates count them",
        "    the fullest 10 school weeks: 10 -> 6 recorded sessions",
        "    the threshold of 10 was met, and would not be",
        "    no notice or decision on record rests on it",
    ]
    [*_, event] = desk.events(Facts(facts=(born,)))
    assert (event.sessions, event.of_age) == ((), tuple(f"{s} O" for s in WEEK[:4]))


def test_a_corrected_birth_date_gives_its_own_reason(desk):
    """The command asks for one always."""
    [*_, event] = desk.events(
        CorrectPupil(pupil="U-ann", field="dob", to="2021-12-01", reason="certificate seen")
    )
    assert (event.reason, len(event.of_age)) == ("certificate seen", 10)


def test_marks_of_several_pupils_are_one_event_each_the_worst_first(desk):
    """Bob, beyond school age, loses a mark of no threshold; Ann falls below it."""
    desk.do(Facts(facts=(ledgers.marked("bob", "2026-09-16/AM", "I"),)))
    refused = desk.refused(Facts(facts=(shut(16, groups=()),), reason=None), "marks-uncounted")
    assert refused.what.splitlines() == [
        "3 marks of 2 pupils would stop counting",
        "  ann Quill: 2 O, 2026-09-16/AM to 2026-09-16/PM",
        "    the fullest 10 school weeks: 10 -> 8 recorded sessions",
        "    the threshold of 10 was met, and would not be",
        "    no notice or decision on record rests on it",
        "  bob Quill: 1 I, 2026-09-16/AM",
        "the figures: authorised absence -1, unauthorised absence -2",
    ]
    said = desk.do(Facts(facts=(shut(16, groups=()),))).says
    head = desk.folder.head()
    assert said[-1] == f"  next: somebody looks at alerts {head - 1} to {head} (attendance alerts)"


def test_more_than_five_pupils_are_counted(desk):
    """The first five are named."""
    pupils = [f"p{n}" for n in range(7)]
    enrolled = [ledgers.enrolled(p, FIRST_DAY, surname="Vale", forename=p) for p in pupils]
    marks = [ledgers.marked(p, "2026-09-16/AM", "/") for p in pupils]
    desk.do(Facts(facts=(*enrolled, *marks)))
    refused = desk.refused(Facts(facts=(shut(16, groups=()),), reason=None), "marks-uncounted")
    assert refused.what.splitlines()[-2] == "  and 3 more pupils"


@pytest.mark.parametrize(("others", "more"), [(4, []), (5, ["  and 1 more pupil"])])
def test_of_five_pupils_all_are_named_and_of_six_one_is_counted(desk, others, more):
    """Where marks stop counting, and where they begin to."""
    pupils = [f"p{n}" for n in range(others)]
    enrolled = [ledgers.enrolled(p, FIRST_DAY, surname="Vale", forename=p) for p in pupils]
    marks = [ledgers.marked(p, "2026-09-16/AM", "/") for p in pupils]
    desk.do(Facts(facts=(*enrolled, *marks)))
    everyone = {"groups": ()}
    stop = desk.do(Facts(facts=(shut(16, **everyone),))).says
    begin = desk.do(Facts(facts=(shut(16, event=ClosureWithdrawn, **everyone),))).says
    for said in (stop, begin):
        assert [line for line in said if "more pupil" in line and "without" not in line] == more
        assert len([line for line in said if ": 1 /" in line or ": 2 O" in line]) == 5


@pytest.mark.parametrize(("others", "more"), [(3, []), (4, ["  and 1 more pupil without a mark"])])
def test_of_five_pupils_without_a_mark_all_are_named_and_of_six_one_is_counted(
    tmp_path, others, more
):
    """Ann, Bob and who came beside them: the day was held after all."""
    pupils = [f"p{n}" for n in range(others)]
    enrolled = [ledgers.enrolled(p, FIRST_DAY, surname="Vale", forename=p) for p in pupils]
    desk = founded(tmp_path / "ledger", *enrolled, shut(16, groups=()))
    held = shut(16, groups=(), event=ClosureWithdrawn)
    named = unmarked(desk.do(Facts(facts=(held,))).says)
    assert [line for line in named if "more pupil" in line] == more
    assert len([line for line in named if "2 sessions were held" in line]) == 5


def test_a_paper_that_rested_on_them_is_told_besides(desk):
    """Both are in the transaction, the paper last."""
    desk.do(Facts(facts=(notice(),)))
    found = desk.events(move(reason="asked"))
    assert [type(event) for event in found[-2:]] == [MarksUncounted, CaseUndercut]
    said = "\n".join(desk.do(move(to="9A")).says)
    assert "begin counting" in said


def test_a_session_planned_for_some_counts_no_cancelled_entry(desk):
    """Withdrawn, the cancellation gives way to the closure under it: its reason is kept."""
    desk.do(CancelSessions(sessions=("2026-09-16/AM",), group=("9A",), reason="flood"))
    desk.do(Facts(facts=(shut(16, groups=("9A", "9C")),)))
    given = {"day": date(2026, 9, 16), "session": ("AM",), "group": ("9A",), "reason": "slip"}
    [*_, event] = desk.events(WithdrawClosure(**given))
    assert (event.sessions, event.reason) == (("2026-09-16/AM Y4",), "slip")


def test_a_term_that_grows_tells_what_begins_to_count(desk):
    """A dry run shows it first."""
    early = ledgers.marked("ann", "2026-08-31/AM", "O")
    desk.do(Facts(facts=(early,)))
    given = {"name": "Autumn 1", "first": date(2026, 8, 31), "last": date(2026, 10, 23)}
    assert desk.do(SetTerm(**given, dry_run=True)).says[:3] == (
        "1 mark of 1 pupil would begin counting",
        "  ann Quill: 1 O, 2026-08-31/AM",
        "    the fullest 10 school weeks: 10 -> 11 recorded sessions",
    )
    assert desk.do(SetTerm(**given)).says[1] == "1 mark of 1 pupil begins counting"


class Stated(Facts):
    """The same, as a source states it."""

    def decide(self, state, rules, now):
        """Record them as an import does."""
        return replace(super().decide(state, rules, now), source=Source(system="other", files=()))


def test_what_a_source_states_nobody_here_did(desk):
    """It is accepted, or the files are put right."""
    facts = (shut(16, groups=()),)
    refused = desk.refused(Stated(facts=facts, reason=None), "marks-uncounted")
    assert "--accept-findings" in refused.remedy
    [*_, event] = desk.events(Stated(facts=facts, reason="accepted", lazily=True))
    assert (event.by, event.name, event.job_title) == (None, None, None)


def test_before_the_law_had_a_threshold_only_the_figures_are_told(tmp_path):
    """No window is counted then."""
    desk = founded(tmp_path / "early", at=ledgers.instant(2024, 8, 18)).at("2024-08-18T12:00")
    early = date(2024, 6, 3), date(2024, 6, 7)
    book = (
        ledgers.term("Summer 2", *early),
        ledgers.enrolled("ann", date(2024, 1, 1), birth_cohort=2012),
        ledgers.marked("ann", "2024-06-03/AM", "O"),
    )
    desk.do(Facts(facts=book))
    closed = Fact(streams.CALENDAR, SessionsClosed(date=early[0], reason="x"))
    refused = desk.refused(Facts(facts=(closed,), reason=None), "marks-uncounted")
    assert refused.what.splitlines()[2:] == ["the figures: unauthorised absence -1"]


def test_an_alert_is_settled_by_whoever_looked_and_not_sent(desk):
    """There is nothing to send about it; a number of no alert is refused as ever."""
    desk.do(move(reason="asked"))
    alert = desk.folder.head()
    desk.refused(SendAlert(alert=alert, to="the authority", on=date(2026, 11, 20)), "not-to-send")
    [(stream, event)] = desk.recorded(DismissAlert(alert=alert, reason="seen, it is so"))
    assert stream == "uncounted:ann"
    settled = AlertSettled(alert=alert, outcome="dismissed", reason="seen, it is so", **BY)
    assert event == settled
    desk.refused(DismissAlert(alert=alert, reason="again"), "alert-settled")


def test_an_alert_that_another_system_raised_and_settled_is_settled(desk):
    """It names the alert by when it was raised; a later one of the pupil is open."""
    raised = [AT, AT + 1]
    alerts = [
        desk.put("uncounted:ann", MarksUncounted(reason="asked", sessions=SIX[:1], stated=at))
        for at in raised
    ]
    settled = AlertSettled(
        alert=0, raised=AT, stated=AT + 2, outcome="dismissed", reason="seen, it is so", **BY
    )
    desk.put("uncounted:ann", settled)
    refused = desk.refused(DismissAlert(alert=alerts[0], reason="again"), "alert-settled")
    assert refused.what == f"alert {alerts[0]} is settled already: dismissed"
    assert desk.recorded(DismissAlert(alert=alerts[1], reason="seen, too"))


# Sessions that are due by a change, and have no mark.

NEXT_DAY = "2026-09-17"


def unmarked(said):
    """Return the lines about sessions without a mark."""
    return [line for line in said if "no mark" in line or "without a mark" in line]


@pytest.fixture
def returned(tmp_path):
    """Ann is in 9B, which was closed on the 16th; nobody marked her then."""
    marks = [ledgers.marked("ann", each, "O") for each in WEEK if "-16/" not in each]
    desk = founded(tmp_path / "ledger", *marks, shut(16))
    desk.do(move())
    return desk


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_move_says_which_sessions_have_no_mark_by_it(returned, dry_run):
    """They were held for the new group, and closed for the old."""
    back = move(to="9A", dry_run=dry_run)
    [line] = unmarked(returned.do(back).says)
    assert line == (
        "ann Quill: 2 sessions were held for 9A and have no mark: "
        "2026-09-16/AM to 2026-09-16/PM (attendance mark)"
    )


def test_one_session_without_a_mark_is_one(returned):
    """The other half has one."""
    returned.put("mark:ann:2026-09-16/AM", ledgers.marked("ann", WEEK[4], "O").event)
    said = returned.do(move(to="9A")).says
    assert unmarked(said) == [
        "ann Quill: 1 session was held for 9A and has no mark: 2026-09-16/PM (attendance mark)"
    ]


def test_sessions_without_a_mark_are_told_from_the_first_to_the_last(tmp_path):
    """By a change of the calendar and one of the group at once, as a source may state them."""
    marks = [ledgers.marked("ann", each, "O") for each in WEEK if each[8:10] not in ("16", "17")]
    desk = founded(tmp_path / "ledger", *marks, shut(16), shut(17), shut(17, groups=("9A",)))
    desk.do(move())
    back = GroupLeft(kind="registration", name="9B", since=MOVE["from_"], until=date(2026, 9, 15))
    facts = (
        shut(17, groups=("9A",), event=ClosureWithdrawn), Fact("pupil:ann", back),
        ledgers.joined("ann", "registration", "9A", since=MOVE["from_"]),
    )  # fmt: skip
    [line] = unmarked(desk.do(Facts(facts=facts)).says)
    assert line == (
        "ann Quill: 4 sessions were held for 9A and have no mark: "
        "2026-09-16/AM to 2026-09-17/PM (attendance mark)"
    )
