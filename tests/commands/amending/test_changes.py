"""Who may amend, and what waits for a second person: the cases, and a plain count beside them."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from commands.amending.changes import Proposal, hold, policy_reads
from commands.core.command import Author, State
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import POLICIES, Range
from commands.core.sessions import Span
from ledger.clock import parse_instant
from ledger.events import streams
from ledger.events.amending import AmendmentDeclined, AmendmentRequested, PolicyAdopted
from ledger.events.calendar import TermSet
from ledger.events.penalties import NoticeStated
from ledger.events.register import MarkAmended, SessionMarked
from ledger.state.calendar import Closure
from ledger.state.school import Pupil, School, StaffRow
from ledger.values import HALVES, Operator, Session, parse_session
from policies.packs.codes import rules
from tests.commands.conftest import HAL, MO, policy, refusal

CASES = Path(__file__).parents[3] / "fixtures" / "cases" / "amending" / "policy.toml"
FOUND = tomllib.loads(CASES.read_text(encoding="utf-8"))["case"]
MM = Author("mm", "Mo Marsh", "Attendance Officer")
ADA = Pupil(
    "ada", 2014, date(2019, 12, 31), {"name_used": None, "forename": "Ada", "surname": "Quill"}
)
AUTUMN = ((date(2026, 9, 2), date(2026, 10, 23)), (date(2026, 11, 2), date(2026, 12, 18)))


def adopted(name, since, text):
    """Return the adoption of a policy."""
    return PolicyAdopted(policy=name, since=since, text=text, **HAL)


@dataclass
class Office:
    """What a case is decided over."""

    state: State
    now: int

    def split(self, changes):
        """Return what applies at once, and the grounds of what waits, by session."""
        judged = hold(self.state, rules(), self.now, [proposed(text) for text in changes])
        found = [(str(each.proposal.session), list(each.grounds)) for each in judged]
        assert [session for session, _ in found] == [text.split()[0] for text in changes]
        return {session: grounds for session, grounds in found if grounds}


def proposed(text):
    """Read ``2026-11-20/AM I>O``."""
    session, codes = text.split()
    before, after = codes.split(">")
    return Proposal(ADA, parse_session(session), StatedMark(before), StatedMark(after))


def told(state, stream, *events):
    """Let a state hold these events of a stream as well, each with a position."""
    held = state.histories.setdefault(stream, [])
    at = state.positions.setdefault(stream, [])
    held += events
    at += range(len(at) + 1, len(held) + 1)


def office(**asked):
    """Return the school of a case."""
    school = School()
    for number, (first, last) in enumerate(AUTUMN):
        term = TermSet(name=f"Autumn {number}", first=first, last=last)
        school.terms[term.name, 2026] = term
    for text in asked.get("closed", ()):
        for half in HALVES:
            key = (date.fromisoformat(text), half, frozenset())
            school.closures[key] = Closure(*key, cancelled=False, reason="snow")
    row = StaffRow(MM.name, MM.job_title, tuple(asked.get("roles", ())), None, None)
    school.staff["mm"] = {None: row}
    if "policy" in asked:
        since = asked.get("adopted", date(2026, 9, 1))
        school.policies.append(adopted("own", since, policy(**asked["policy"])))
    if "ended" in asked:
        school.policies.append(adopted("none", asked["ended"], ""))
    state = State(school, {}, Operator("mm", "office"), str, lambda: "batch")
    if "notice" in asked:
        notice = {**asked["notice"], "sessions": tuple(asked["notice"].get("sessions", ()))}
        stream = f"notices:{ADA.id}:F1"
        told(state, stream, NoticeStated(kind="s444A", **notice))
        state.positions[stream] = [1000]
    for session, code in asked.get("stood", {}).items():
        changed = MarkAmended(original=code, code="I", by="mm")
        stream = streams.mark(ADA.id, session)
        told(state, stream, SessionMarked(code=code), changed)
        state.positions[stream] = [1, 1001]
    today = asked.get("today", date(2026, 11, 20))
    return Office(state, parse_instant(f"{today}T16:00"))


@pytest.mark.parametrize("case", FOUND, ids=[case["name"] for case in FOUND])
def test_what_waits_and_why(case):
    """Each case of the table: what is not held applies at once."""
    given, expect = case["given"], case["expect"]
    here = office(**given)
    if "refused" not in expect:
        assert here.split(given["changes"]) == expect["held"]
        return
    found = refusal(here.split, given["changes"])
    assert found.code == "policy-role"
    number = 1 + [f"amending.{key}" for key in given["policy"]].index(expect["refused"])
    assert f"({expect['refused']}; our policy, {number})" in found.what
    assert "names head" in found.what


def test_a_refusal_says_who_may_not_what_and_how_late():
    """The refusal is about the author, and names the session and its age."""
    here = office(policy={"late_roles": ["head"], "late_after_school_days": 0}, roles=["teacher"])
    assert refusal(here.split, ["2026-11-19/AM I>M"]).what.startswith(
        "Mo Marsh may not amend 2026-11-19/AM, 1 school day ago: the school's policy own names"
    )


# -- beside a plain count ---------------------------------------------------------------------

_UNAUTHORISED = {"N", "O", "U", "G"}
_DAYS = [
    day
    for first, last in AUTUMN
    for day in (first + timedelta(n) for n in range((last - first).days + 1))
    if day.weekday() < 5 and day <= date(2026, 11, 20)
]
_SESSIONS = [Session(day, half) for day in _DAYS for half in HALVES]
_limit = st.none() | st.integers(0, 60)


@given(
    codes=st.dictionaries(
        st.sampled_from(_SESSIONS),
        st.tuples(*[st.sampled_from(["L", "I", "M", "N", "O", "U", "G", "B"])] * 2),
        max_size=12,
    ),
    days=_limit,
    more=st.none() | st.integers(0, 6),
    relied=st.none() | st.booleans(),
    listed=st.sets(st.sampled_from(_SESSIONS), max_size=4),
)
def test_the_split_is_that_of_a_plain_count(codes, days, more, relied, listed):
    """Worked out here from the words of the policy, with a list of days and nothing else."""
    limits = {
        "approval_after_school_days": days,
        "approval_more_than": more,
        "approval_when_relied_on": relied,
    }
    notice = {"issued_on": date(2026, 11, 16), "sessions": [str(s) for s in sorted(listed)]}
    asked = {"policy": {key: value for key, value in limits.items() if value is not None}}
    here = office(**asked, **({"notice": notice} if listed else {}))
    adding = {
        s for s, (one, two) in codes.items() if two in _UNAUTHORISED and one not in _UNAUTHORISED
    }
    expected = {}
    for session in adding:
        after = sum(day > session.date for day in _DAYS)
        grounds = ["late"] * (days is not None and after > days)
        grounds += ["relied-on"] * (bool(relied) and session in listed)
        grounds += ["many"] * (more is not None and len(adding) > more)
        if grounds:
            expected[str(session)] = grounds
    assert here.split([f"{s} {one}>{two}" for s, (one, two) in codes.items()]) == expected


# -- requests ---------------------------------------------------------------------------------


def test_a_request_states_what_the_amendment_would():
    """On the stream of approvals of the pupil and session, with its grounds."""
    here = office(policy={"approval_after_school_days": 0})
    [judged] = hold(here.state, rules(), here.now, [proposed("2026-11-19/AM I>O")])
    amending = Amendment(MM, "seen in town", "b1")
    stream, event = judged.fact(amending)
    assert stream == "approval:ada:2026-11-19/AM"
    assert event == AmendmentRequested(
        batch="b1", original="I", code="O", reason="seen in town", grounds=("late",), **MO
    )
    with pytest.raises(ValueError, match="by its batch"):
        judged.fact(replace(amending, batch=None))


def request(code):
    """Return a request of another day."""
    return AmendmentRequested(
        batch="b0", original="I", code=code, reason="seen", grounds=("late",), **MO
    )


def test_a_session_with_a_pending_request_refuses_a_second_one():
    """Naming the batch; once it is declined, another may be requested."""
    here = office(policy={"approval_after_school_days": 0})
    stream = streams.approval(ADA.id, "2026-11-19/AM")
    told(here.state, stream, request("O"))
    found = refusal(here.split, ["2026-11-19/AM I>G"])
    assert found.code == "approval-pending"
    assert "Ada Quill 2026-11-19/AM: a change from I to O waits" in found.what
    assert "attendance approvals withdraw b0 --reason WHY" in found.remedy
    assert "approvals give" not in found.remedy  # a second person's
    here.state.school.staff["hal"] = here.state.school.staff["mm"]
    here.state.operator = Operator("hal", "hal")
    assert "attendance approvals give b0" in refusal(here.split, ["2026-11-19/AM I>G"]).remedy
    here.state.operator = Operator("mm", "office")
    declined = AmendmentDeclined(batch="b0", **HAL)
    told(here.state, stream, declined)
    assert here.split(["2026-11-19/AM I>G"]) == {"2026-11-19/AM": ["late"]}


def test_what_is_in_the_familys_favour_passes_a_pending_request():
    """It applies at once; the request then is about a mark that has changed."""
    here = office(policy={"approval_after_school_days": 0})
    told(here.state, streams.approval(ADA.id, "2026-11-19/AM"), request("O"))
    assert here.split(["2026-11-19/AM I>L"]) == {}


def test_only_the_notice_stated_last_counts():
    """Another statement of the same notice says that it was withdrawn; others' are not asked."""
    notice = {"issued_on": date(2026, 11, 16), "sessions": ["2026-11-19/AM"]}
    here = office(policy={"approval_when_relied_on": True}, notice=notice)
    assert here.split(["2026-11-19/AM I>O"]) == {"2026-11-19/AM": ["relied-on"]}
    stream = f"notices:{ADA.id}:F1"
    stated = here.state.histories[stream][0]
    told(here.state, "notices:ben:F1", stated)
    withdrawn = NoticeStated(
        kind="s444A", issued_on=stated.issued_on, withdrawn_on=date(2026, 11, 18)
    )
    told(here.state, stream, request("O"), withdrawn)
    assert here.split(["2026-11-19/AM I>O"]) == {}


def test_what_has_to_be_read():
    """No more than that there is no policy; else requests, of a span if given, and notices."""
    assert list(policy_reads(office().state, [ADA])) == [POLICIES]
    here = office(policy={"approval_more_than": 1}).state
    everything = [
        POLICIES,
        Range("approval:ada:", "approval:ada:\U0010ffff"),
        Range("notices:ada:", "notices:ada:\U0010ffff", events=True),
    ]
    assert list(policy_reads(here, [ADA])) == everything
    day = parse_session("2026-11-19/AM")
    span = Range("approval:ada:2026-11-19/AM", "approval:ada:2026-11-19/AM\x00")
    assert list(policy_reads(here, [ADA], Span(day, day))) == [POLICIES, span, everything[2]]
