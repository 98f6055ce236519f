"""Undercut alerts: what each change raises, by name; the generated ones are held to an oracle."""

from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.calendar.closures import CancelSessions, WithdrawClosure
from commands.core.command import Context
from commands.core.execute import execute
from commands.penalties import undercut
from commands.penalties.notices import RecordNotice
from commands.penalties.undercut import watch
from commands.register.entries import Row
from commands.register.take import TakeRegister
from ledger.events import streams
from ledger.events.calendar import SessionsClosed, TermSet
from ledger.events.penalties import CaseUndercut, NoticesConfirmed, UndercutPaper
from ledger.events.register import MarkAmended, SessionMarked, SourceConflicted
from ledger.events.roll import DetailsAmended, EnrolmentWithdrawn, GroupJoined, RelationRecorded
from ledger.ledger import Ledger
from ledger.store.facts import Fact
from ledger.values import Operator, Session, parse_session
from tests.commands.penalties.undercut_changes import (
    BY,
    FIRST_DAY,
    NOW,
    Facts,
    considered,
    disclosed,
    founded,
    notice,
)
from tests.projections import ledgers

WEEK = [f"2026-09-{day:02}/{half}" for day in range(7, 12) for half in ("AM", "PM")]
ELEVENTH = "2026-09-14/AM"
SUMMER = [f"2026-07-{day}/{half}" for day in range(13, 18) for half in ("AM", "PM")][:9]
NOTICE = "penalty notice to parent a1 issued 2 November 2026"
PAPER = ("notice", "a1 2026-11-02")
AMENDED = ledgers.on_mark("ann", WEEK[0], MarkAmended(original="O", code="I"))
"""The first absence of Ann's week, authorised: from ten to nine."""


def marks(sessions, code="O", pupil="ann"):
    """First marks."""
    return [ledgers.marked(pupil, session, code) for session in sessions]


@pytest.fixture
def school(tmp_path):
    """Return a function that founds the school with facts of its own."""
    return lambda *facts, **more: founded(tmp_path / "ledger", *facts, **more)


@pytest.fixture
def ten(school):
    """Ten absences in one week, and a notice for the half term."""
    return school(*marks(WEEK), notice())


def amend(session=WEEK[0], code="I", **more):
    return AmendMarks(pupil="U-ann", session=parse_session(session), code=code, reason="asked",
                      **more)  # fmt: skip


def stated(*facts, lazily=False):
    """Return a command that records facts as they are."""
    return Facts(facts=facts, lazily=lazily)


def shut(day, **more):
    """A session or day of September that was not held."""
    return Fact(streams.CALENDAR, SessionsClosed(date=date(2026, 9, day), **more))


def raised(desk, command):
    """Carry out a command; return the alerts recorded: papers with counts, and sessions."""
    return [
        ({(p.kind, p.ref): (p.before, p.after) for p in event.papers}, event.sessions)
        for _, event in desk.recorded(command)
        if isinstance(event, CaseUndercut)
    ]


def test_ten_become_nine(ten):
    """One event in the same transaction; the output says who, which paper, counts, what next."""
    outcome = ten.do(amend())
    position, stream, event = ten.log()[-1]
    paper = UndercutPaper(kind="notice", ref="a1 2026-11-02", before=10, after=9)
    assert stream == f"undercut:{ten.id('U-ann')}"
    assert event == CaseUndercut(papers=(paper,), sessions=("2026-09-07/AM O>I",))
    assert outcome.header.count == 3  # the rule packs, the amendment, the alert
    assert outcome.says[-3:] == (
        (
            f"Undercut alert: ann Quill, {NOTICE}: 10 -> 9 of the sessions that it relied on "
            "count; 10 -> 9 recorded sessions in the fullest window"
        ),
        "  changed: 2026-09-07/AM O -> I",
        f"  next: attendance alerts draft {position}",
    )
    assert "guilty" not in " ".join(outcome.says)


def test_eleven_become_ten_where_the_notice_names_others(school):
    """Above the threshold a session that no paper relied on undercuts nothing."""
    desk = school(*marks([*WEEK, ELEVENTH]), notice(sessions=tuple(WEEK)))
    assert raised(desk, amend(ELEVENTH)) == []
    assert raised(desk, amend(WEEK[9])) == [({PAPER: (10, 9)}, (f"{WEEK[9]} O>I",))]


def test_nine_become_eight_only_where_it_was_relied_on(school):
    """Below the threshold already: a session of the notice is reported, another is not."""
    desk = school(*marks([*WEEK[:8], ELEVENTH]), notice(sessions=tuple(WEEK[:8])))
    assert raised(desk, amend(ELEVENTH)) == []
    assert raised(desk, amend()) == [({PAPER: (8, 7)}, ("2026-09-07/AM O>I",))]


@pytest.mark.parametrize(("last", "before"), [("2026-11-06/AM", 10), ("2026-11-09/AM", 9)])
def test_the_window_is_ten_school_weeks(school, last, before):
    """Holidays skipped, the week of 2 November is the tenth school week, the next the eleventh."""
    desk = school(*marks([*SUMMER, last]), notice(sessions=tuple(SUMMER)))
    found = raised(desk, amend(last))
    expected = [({PAPER: (10, 9)}, (f"{last} O>I",))]
    assert found == (expected if before == 10 else [])


def test_another_relevant_code_changes_a_session_but_not_the_count(ten):
    """N counts: O for N leaves ten, and is a change of what was relied on."""
    assert raised(ten, amend(code="N")) == [({PAPER: (10, 10)}, ("2026-09-07/AM O>N",))]


def test_what_did_not_fall_is_said_as_a_changed_session(school):
    """Added absence undercuts nothing: a session that a paper relied on was changed."""
    desk = school(*marks(WEEK[:8]), *marks(WEEK[8:], "/"), notice(sessions=tuple(WEEK)))
    dry = desk.do(amend(WEEK[8], "O", dry_run=True)).says
    relied = f"a session that the {NOTICE} relied on"
    counts = (
        "8 -> 9 of the sessions that it relied on count; "
        "8 -> 9 recorded sessions in the fullest window"
    )
    assert f"would raise an alert: ann Quill, {relied} would be changed: {counts}" in dry
    says = desk.do(amend(WEEK[8], "O")).says
    assert f"Alert: ann Quill, {relied} was changed: {counts}" in says
    assert not any("ndercut" in line for line in says)


def test_an_entry_that_stands_is_said_to_count_no_longer(ten):
    """It is nowhere said to have changed to another, nor to none."""
    says = ten.do(stated(shut(7, sessions=("AM",)))).says
    assert "  changed: 2026-09-07/AM O stands and no longer counts" in says
    again = ten.do(WithdrawClosure(day=date(2026, 9, 7), session=("AM",), reason="held")).says
    assert "  changed: 2026-09-07/AM O stands and counts again" in again


def test_on_a_certificate_a_blank_that_is_closed_or_held(school):
    """No mark was made, before or after."""
    desk = school(*marks(["2026-09-07/AM"], "/"), disclosed())
    says = desk.do(stated(shut(9, sessions=("AM",)))).says
    assert "  changed: 2026-09-09/AM no mark was made and no longer counts" in says
    says = desk.do(WithdrawClosure(day=date(2026, 9, 9), session=("AM",), reason="held")).says
    assert "  changed: 2026-09-09/AM no mark was made and is held" in says


def test_a_withdrawn_notice_raises_nothing(school):
    """Nor does one that the same transaction withdraws, one of the other scheme, no discretion."""
    desk = school(
        *marks(WEEK),
        notice(withdrawn_on=date(2026, 11, 3)),
        notice("a2", kind="s105"),
        considered([f"{s} O" for s in WEEK], decision="no-discretion"),
        considered([]),
        notice("a2", offence_first=None),
    )
    assert raised(desk, amend()) == []
    desk.do(stated(notice("a3")))
    ended = notice("a3", outcome="withdrawn", outcome_on=date(2026, 11, 19))
    mark = ledgers.on_mark("ann", WEEK[1], MarkAmended(original="O", code="I"))
    assert raised(desk, stated(ended, mark)) == []


def test_two_notices_and_a_consideration_are_one_alert(school):
    """Every paper concerned is named with its own counts; notices first."""
    entries = [f"{s} O" for s in WEEK]
    desk = school(*marks(WEEK), considered(entries), notice("a2"), notice())
    ((papers, sessions),) = raised(desk, amend())
    assert [kind for kind, _ in papers] == ["notice", "notice", "consideration"]
    assert set(papers.values()) == {(10, 9)}
    assert sessions == ("2026-09-07/AM O>I",)


def test_an_amendment_of_an_amendment_and_a_case_restored_and_fallen_again(ten):
    """Each change is a cause of its own; nothing is reported twice."""
    assert raised(ten, amend(code="I")) == [({PAPER: (10, 9)}, ("2026-09-07/AM O>I",))]
    assert raised(ten, amend(code="C", nature=None)) == [({PAPER: (9, 9)}, ("2026-09-07/AM I>C",))]
    assert raised(ten, amend(code="O")) == [({PAPER: (9, 10)}, ("2026-09-07/AM C>O",))]
    assert raised(ten, amend(code="I")) == [({PAPER: (10, 9)}, ("2026-09-07/AM O>I",))]
    assert len([e for _, _, e in ten.log() if isinstance(e, CaseUndercut)]) == 4


def test_a_pupil_beyond_compulsory_school_age(school):
    """Bob's sessions since September never counted; that one changed is said all the same."""
    desk = school(*marks(WEEK, pupil="bob"), notice(pupil="bob"))
    command = AmendMarks(pupil="U-bob", session=parse_session(WEEK[0]), code="I", reason="r")
    assert raised(desk, command) == [({PAPER: (0, 0)}, ("2026-09-07/AM O>I",))]


def test_a_corrected_birth_date_that_ends_the_school_age(ten):
    """The code stays, and counts no longer."""
    corrected = DetailsAmended(
        field="dob", original="a", amended="b", reason="r", birth_cohort=2009,
        compulsory_from=FIRST_DAY, **BY,
    )  # fmt: skip
    gone = tuple(f"{s} O>-" for s in WEEK)
    assert raised(ten, stated(Fact(streams.pupil("ann"), corrected))) == [({PAPER: (10, 0)}, gone)]


def test_a_record_withdrawn_and_a_session_cancelled(ten):
    """Deletion and closure are causes as amendments are."""
    cancelled = CancelSessions(sessions=(WEEK[0],), reason="flood")
    assert raised(ten, cancelled) == [({PAPER: (10, 9)}, ("2026-09-07/AM O>Y4",))]
    gone = EnrolmentWithdrawn(starts_on=FIRST_DAY, survivor="bob", reason="r", **BY)
    lost = tuple(f"{s} O>-" for s in WEEK[1:])
    assert raised(ten, stated(Fact(streams.pupil("ann"), gone))) == [({PAPER: (9, 0)}, lost)]


def test_a_week_that_becomes_a_school_week_parts_a_window(school):
    """No session changed: the weeks that are counted together did."""
    desk = school(
        *map(shut, range(14, 19)),
        *marks([*SUMMER, "2026-11-09/AM"]),
        notice(sessions=tuple(SUMMER)),
    )
    outcome = desk.do(WithdrawClosure(day=date(2026, 9, 14), reason="it was held"))
    (_, _, event) = desk.log()[-1]
    assert (event.sessions, event.papers[0].before, event.papers[0].after) == ((), 10, 9)
    assert "  changed: the school weeks that are counted together" in outcome.says


def test_a_closure_for_the_group_joined(ten):
    """A move into a group whose session was closed takes the entry out of the count."""
    assert raised(ten, stated(shut(7, groups=("9Z",)))) == []
    joined = GroupJoined(kind="cohort", name="9Z", since=date(2026, 9, 1), until=None)
    assert raised(ten, stated(Fact(streams.pupil("ann"), joined))) == [
        ({PAPER: (10, 8)}, ("2026-09-07/AM O>-", "2026-09-07/PM O>-"))
    ]
    apart = GroupJoined(kind="cohort", name="9Z", since=date(2026, 9, 1), until=date(2026, 9, 2))
    assert raised(ten, stated(Fact(streams.pupil("ann"), apart))) == [
        ({PAPER: (8, 10)}, ("2026-09-07/AM ->O", "2026-09-07/PM ->O"))
    ]


def test_a_certificate_is_about_what_it_shows(school):
    """A code, a first entry or a session no longer held; not what came after it was given."""
    desk = school(*marks(["2026-09-07/AM", "2026-11-10/AM"], "/"), disclosed())
    ((papers, sessions),) = raised(desk, amend(code="L"))
    assert sessions == ("2026-09-07/AM />L",)
    (((kind, _), counts),) = papers.items()
    assert (kind, counts) == ("certificate", (0, 0))
    late = Fact(streams.mark("ann", "2026-09-07/PM"), SessionMarked(code="I", late=True))
    assert raised(desk, stated(late))[0][1] == ("2026-09-07/PM ->I",)
    assert raised(desk, amend("2026-11-10/AM", "L")) == []
    assert raised(desk, stated(shut(9, sessions=("AM",))))[0][1] == ("2026-09-09/AM ->-",)
    outcome = desk.do(amend(code="N"))
    assert any(
        "certificate given on 2 November 2026 for 2 September 2026 to 23 October 2026" in line
        and "->" not in line
        for line in outcome.says
    )


def test_a_certificate_says_nothing_of_age(school):
    """What counts towards a notice no more is shown on it as it was."""
    desk = school(*marks(WEEK), disclosed())
    corrected = DetailsAmended(
        field="dob", original="a", amended="b", reason="r", birth_cohort=2009,
        compulsory_from=FIRST_DAY, **BY,
    )  # fmt: skip
    assert raised(desk, stated(Fact(streams.pupil("ann"), corrected))) == []


def test_letters_and_papers_about_many_are_none(school):
    """A letter certifies nothing; what was given of the whole school is nobody's paper."""
    desk = school(
        *marks(WEEK), disclosed(kind="letter"), disclosed(first=None, last=None), disclosed(None)
    )
    assert raised(desk, amend()) == []
    assert raised(desk, stated(shut(9))) == []


def test_the_taking_of_a_register_reads_no_paper(school, monkeypatch):
    """First entries of the day change nothing, and cost nothing."""
    desk = school(disclosed(last=date(2026, 11, 20), on=date(2026, 11, 20)))
    monkeypatch.setattr(undercut, "paper_ranges", None)
    row = Row(0, "U-ann", "/", "", "")
    session = Session(date(2026, 11, 20), "AM")
    assert raised(desk, TakeRegister(group="9A", session=session, rows=(row,))) == []


def test_a_mark_of_the_day_beside_another_change_is_still_the_taking(school):
    """Entered with an older one, it is no change of the certificate of that day."""
    desk = school(disclosed(last=date(2026, 11, 20), on=date(2026, 11, 20)))
    both = tuple(marks(["2026-11-20/AM", "2026-11-19/AM"], "/"))
    assert [sessions for _, sessions in raised(desk, stated(*both))] == [("2026-11-19/AM ->/",)]


def test_a_notice_by_its_period_relied_on_no_blank(school):
    """A blank filled later is no change of it; where it names the session, it is."""
    late = Fact(streams.mark("ann", ELEVENTH), SessionMarked(code="I", late=True))
    desk = school(*marks(WEEK), notice())
    assert raised(desk, stated(late)) == []
    desk.do(stated(notice("a2", sessions=("2026-09-15/AM",))))
    late = Fact(streams.mark("ann", "2026-09-15/AM"), SessionMarked(code="I", late=True))
    ((papers, _),) = raised(desk, stated(late))
    assert list(papers) == [("notice", "a2 2026-11-02")]


def test_a_notice_by_its_period_relied_on_no_session_without_a_relevant_entry(school):
    """Present then, whatever it becomes; an entry that became relevant after the issue neither."""
    desk = school(*marks(WEEK), *marks([ELEVENTH, "2026-09-15/AM"], "/"), notice())
    assert raised(desk, amend(ELEVENTH, "M")) == []
    assert raised(desk, amend("2026-09-15/AM", "O")) == []
    assert raised(desk, amend("2026-09-15/AM", "/")) == []
    assert raised(desk, amend(WEEK[0], "N")) == [({PAPER: (10, 10)}, (f"{WEEK[0]} O>N",))]


def test_a_notice_recorded_before_the_register_rests_on_what_the_register_then_says(school):
    """Another system's papers may come before its marks."""
    desk = school(notice(), *marks(WEEK))
    assert raised(desk, amend()) == [({PAPER: (10, 9)}, (f"{WEEK[0]} O>I",))]


def test_a_session_it_relied_on_stays_one_whatever_became_of_it(school):
    """As it stood at the issue: a second change of the same session is told as well."""
    desk = school(*marks([*WEEK, ELEVENTH]), notice())
    assert raised(desk, amend(WEEK[0], "I")) == [({PAPER: (11, 10)}, (f"{WEEK[0]} O>I",))]
    assert raised(desk, amend(WEEK[0], "M")) == [({PAPER: (10, 10)}, (f"{WEEK[0]} I>M",))]


def test_a_cancellation_for_the_school_touches_no_notice_of_who_was_present(school):
    """The child was there: the notice rested on nothing of that session."""
    desk = school(*marks(WEEK[:9]), *marks(WEEK[9:], "/"), notice())
    assert raised(desk, stated(shut(11, sessions=("PM",)))) == []


def test_a_notice_of_which_fewer_than_ten_are_left_is_undercut_whatever_a_window_holds(school):
    """Ten others of the register do not make up for the ten that the notice is about."""
    others = [f"2026-09-{day}/{half}" for day in range(14, 19) for half in ("AM", "PM")]
    desk = school(*marks([*WEEK, *others]), notice(sessions=tuple(WEEK)))
    says = desk.do(amend()).says
    assert says[-3] == (
        f"Undercut alert: ann Quill, {NOTICE}: 10 -> 9 of the sessions that it relied on count; "
        "20 -> 19 recorded sessions in the fullest window"
    )
    again = desk.do(amend(WEEK[1])).says
    assert again[-3].startswith(f"Alert: ann Quill, a session that the {NOTICE} relied on was")
    assert ": 9 -> 8 of the sessions that it relied on count; 19 -> 18" in again[-3]


def test_a_dry_run_says_what_would_be_undercut(ten):
    """Nothing is recorded, and there is no number to draft from."""
    head = ten.folder.head()
    says = ten.do(amend(dry_run=True)).says
    assert ten.folder.head() == head
    assert any(line.startswith("would undercut: ann Quill, penalty notice") for line in says)
    assert not any("alerts draft" in line for line in says)


def test_papers_of_the_same_transaction_raise_nothing(school):
    """An import brings its history and its papers; a notice recorded later raises none either."""
    related = Fact(streams.relation("a2", "ann"), RelationRecorded())
    desk = school(*marks(WEEK), related)
    assert raised(desk, stated(notice(), AMENDED, lazily=True)) == []
    recorded = RecordNotice(
        parent_id="a2", pupil="U-ann", kind="s444A", issued_on=date(2026, 11, 3),
        offence_first=date(2026, 9, 7), offence_last=date(2026, 9, 11),
    )  # fmt: skip
    assert raised(desk, recorded) == []


def test_facts_made_on_the_way_are_counted_with_their_alerts(ten):
    """As an import yields them: the header holds the number of all."""
    assert raised(ten, stated(AMENDED, lazily=True))[0][0] == {PAPER: (10, 9)}
    enrolled = ledgers.enrolled("eve", FIRST_DAY)
    assert raised(ten, stated(enrolled, lazily=True)) == []


def test_many_pupils_at_once(ten):
    """More than a few: the papers are read together, the alerts are the same."""
    others = [ledgers.enrolled(f"p{n}", FIRST_DAY) for n in range(6)]
    ten.do(stated(*others))
    change = [ledgers.marked(f"p{n}", WEEK[0], "/") for n in range(6)]
    assert raised(ten, stated(*change, AMENDED))[0][0] == {PAPER: (10, 9)}


def test_a_calendar_of_days_to_come_matters_to_no_paper(ten, monkeypatch):
    """A planned closure ahead is not held against anything; a term is."""
    ahead = Fact(streams.CALENDAR, SessionsClosed(date=date(2026, 12, 1)))
    with monkeypatch.context() as patched:
        patched.setattr(undercut, "paper_ranges", None)
        assert raised(ten, stated(ahead)) == []
    shorter = TermSet(name="Autumn 1", first=date(2026, 9, 9), last=date(2026, 10, 23))
    left = tuple(f"{s} O>-" for s in WEEK[:4])
    assert raised(ten, stated(Fact(streams.CALENDAR, shorter))) == [({PAPER: (10, 6)}, left)]


def test_before_the_threshold_was_law_only_sessions_can_change(school):
    """No window was counted then; the counts are nothing."""
    now = ledgers.instant(2024, 7, 8, 12)
    desk = school(*marks(["2024-06-03/AM"]), notice(issued_on=date(2024, 7, 1),
                  offence_first=date(2024, 6, 3), offence_last=date(2024, 6, 28)),
                  at=now)  # fmt: skip
    desk.now = now
    changed = ledgers.on_mark("ann", "2024-06-03/AM", MarkAmended(original="O", code="I"))
    ((papers, _),) = raised(desk, stated(changed))
    assert papers == {("notice", "a1 2024-07-01"): (0, 0)}


def test_before_the_first_school_week_nothing_is_counted(school):
    """No window has begun: none is full, before or after."""
    now = ledgers.instant(2026, 5, 5)
    desk = school(*marks(WEEK), considered([f"{s} O" for s in WEEK]), at=now)
    desk.now = now
    ((papers, _),) = raised(desk, stated(AMENDED))
    assert set(papers.values()) == {(0, 0)}


def test_an_alert_that_was_overtaken_is_recorded_once(ten):
    """A notice recorded meanwhile is seen by the second try."""
    left = [None]

    def clock():
        if left:
            left.pop()
            ten.do(stated(notice("a2")))
        return NOW

    execute(Context(Ledger(ten.folder), clock, Operator("s1", "office"), watch), amend())
    (event,) = [e for _, _, e in ten.log() if isinstance(e, CaseUndercut)]
    assert [paper.ref for paper in event.papers] == ["a1 2026-11-02", "a2 2026-11-02"]


def test_a_conflict_and_a_confirmation_change_nothing(school):
    """What a source states against a person stands nowhere; a confirmation is no paper."""
    confirmed = NoticesConfirmed(la_ref="1", confirmed_on=date(2026, 11, 3), notices=1, **BY)
    desk = school(
        *marks(WEEK), notice(), Fact(streams.notices("a1", "ann"), confirmed),
        Fact(streams.mark("ann", WEEK[1]), SourceConflicted(stands="O", code="I", row=1)),
    )  # fmt: skip
    other = Fact(streams.mark("ann", WEEK[0]), SourceConflicted(stands="O", code="I", row=1))
    assert raised(desk, stated(other)) == []
