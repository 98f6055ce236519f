"""Which sessions leave plans, withdraws and amends, against a count session by session.

The oracle knows nothing of spans, calendars or folds: it walks every half day of the term and asks
of each what the rules of this page say.
"""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.core.command import State
from ledger.clock import parse_instant
from ledger.events import streams
from ledger.events.calendar import RegisterTimesSet, TermSet
from ledger.events.leave import LeaveDecided, LeaveRequested
from ledger.events.register import AbsencePlanned, RegisterTaken, SessionMarked
from ledger.state.calendar import Closure
from ledger.state.school import Pupil, School, Spell, StaffRow
from ledger.values import Operator, Session
from policies.packs.codes import rules
from tests.commands.conftest import refusal
from tests.commands.leave.steps import falsify, grant, withdraw

FIRST, LAST = date(2026, 10, 19), date(2026, 11, 6)
TERMS = [(FIRST, date(2026, 10, 23)), (date(2026, 11, 2), LAST)]
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
HALF_DAYS = [Session(day, half) for day in DAYS for half in ("AM", "PM")]
HELD = [s for s in HALF_DAYS if any(a <= s.date <= b for a, b in TERMS)]
CLOSES = {"AM": "08:55", "PM": "14:00"}
PUPIL, LEAVE = "pup", "lea"

some = st.sets(st.sampled_from(HELD), max_size=4)
worlds = st.fixed_dictionaries(
    {
        "ends": st.tuples(st.sampled_from(HALF_DAYS), st.sampled_from(HALF_DAYS)).map(sorted),
        "closed": some,
        "cancelled": some,
        "taken": some,
        "marks": st.dictionaries(st.sampled_from(HELD), st.sampled_from("C/IG"), max_size=8),
        "plans": st.dictionaries(st.sampled_from(HELD), st.sampled_from("CCCM"), max_size=4),
        "roll": st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted),
        "other": st.none() | st.tuples(st.sampled_from(HELD), st.sampled_from(HELD)).map(sorted),
        "now": st.sampled_from(HELD).flatmap(
            lambda s: st.sampled_from([f"{s.date}T08:50", f"{s.date}T09:30", f"{s.date}T14:30"])
        ),
    }
)


def state_of(world, *, decided):
    """Build the state that a use case would have read."""
    school = School()
    for n, (first, last) in enumerate(TERMS):
        school.terms[str(n), 2026] = TermSet(name=str(n), first=first, last=last)
    school.times[FIRST] = RegisterTimesSet(
        since=FIRST, am_opens="08:45", am_closes="08:55", pm_opens="13:50", pm_closes="14:00"
    )
    for name in ("closed", "cancelled"):
        for s in world[name]:
            key = (s.date, s.half, frozenset())
            closure = Closure(*key, cancelled=name == "cancelled", reason="x")
            school.closures[(*key[:2], frozenset({name}))] = closure
    school.staff["s1"] = {None: StaffRow("Mo", "Head", ("head",), None, None)}
    spell = Spell(world["roll"][0], world["roll"][1])
    details = dict.fromkeys(("name_used", "forename", "surname"), "Ada")
    pupil = Pupil(PUPIL, 2014, date(2019, 12, 31), details, {spell.starts_on: spell})
    pupil.memberships["registration", "7A", None] = None
    school.pupils[PUPIL] = pupil
    histories = {streams.leave(PUPIL, LEAVE): history(world["ends"], decided=decided)}
    if world["other"]:
        histories[streams.leave(PUPIL, "oth")] = history(world["other"], decided=True)
    for s, code in world["marks"].items():
        histories[streams.mark(PUPIL, s)] = [SessionMarked(code=code)]
    for s, code in world["plans"].items():
        histories[streams.plan(PUPIL, s)] = [AbsencePlanned(code=code)]
    for s in world["taken"]:
        histories[streams.register("7A", s)] = [RegisterTaken(by="s1", ended=1, marks=1)]
    operator = Operator("s1", "office")
    return State(school, {"P1": PUPIL}, operator, str, lambda: "batch", histories)


def history(ends, *, decided):
    first, last = map(str, ends)
    asked = LeaveRequested(
        first=first,
        last=last,
        purpose="holiday",
        asked_on=date(2026, 10, 1),
        asked_by="Una",
        by="s1",
    )
    decision = LeaveDecided(
        granted=True, paragraph="11(11)", code="C", first=first, last=last, reason="r", by="s1",
        name="Mo", job_title="Head",
    )  # fmt: skip
    return [asked, decision] if decided else [asked]


def met(world):
    first, last = world["ends"]
    return [
        s
        for s in HELD
        if s.date.isoweekday() <= 5
        and first <= s <= last
        and world["roll"][0] <= s.date <= world["roll"][1]
        and s not in world["closed"]
        and s not in world["cancelled"]
    ]


def over(world, session):
    if session in world["taken"]:
        return True
    return world["now"] > f"{session.date}T{CLOSES[session.half]}"


def recorded(command, world, *, decided):
    state = state_of(world, decided=decided)
    return command.decide(state, rules(), parse_instant(world["now"])).facts


def sessions(facts, kind):
    return sorted(fact.stream.split(":")[2] for fact in facts if fact.stream.startswith(kind))


@settings(max_examples=400, deadline=None)
@given(worlds)
def test_granting_plans_every_session_met_without_mark_plan_or_end(world):
    """Refused where nothing is met, or another absence is planned on what is still open."""
    here = met(world)
    open_ = [s for s in here if s not in world["marks"] and not over(world, s)]
    conflict = any(world["plans"].get(s) == "M" for s in open_)
    if conflict or not here:
        assert refusal(recorded, grant(LEAVE), world, decided=False).code == (
            "already-planned" if conflict else "nothing-to-grant"
        )
        return
    facts = recorded(grant(LEAVE), world, decided=False)
    assert sessions(facts, "plan:") == [str(s) for s in open_ if s not in world["plans"]]
    assert sessions(facts, "mark:") == []


def elsewhere(world, session):
    return bool(world["other"]) and world["other"][0] <= session <= world["other"][1]


def plans_left(world):
    first, last = world["ends"]
    return [
        str(s)
        for s, code in sorted(world["plans"].items())
        if code == "C" and first <= s <= last and not elsewhere(world, s)
        and s not in world["marks"]
    ]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(worlds)
def test_withdrawing_takes_back_what_rests_on_it_alone_and_has_no_mark(world):
    """Also where the session has begun or is past; never a mark."""
    facts = recorded(withdraw(LEAVE), world, decided=True)
    assert sessions(facts, "plan:") == plans_left(world)
    assert len(facts) == 1 + len(plans_left(world))


@settings(max_examples=400, deadline=None)
@given(worlds)
def test_falsified_leave_amends_every_mark_that_rests_on_it_alone(world):
    """On sessions met and on roll, with the leave's code; the plans go as when withdrawn."""
    facts = recorded(falsify(LEAVE), world, decided=True)
    expected = [
        str(s) for s in met(world) if world["marks"].get(s) == "C" and not elsewhere(world, s)
    ]
    assert sessions(facts, "mark:") == expected
    assert sessions(facts, "plan:") == plans_left(world)
    assert {fact.event.code for fact in facts if fact.stream.startswith("mark:")} <= {"G"}
