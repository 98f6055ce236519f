"""Marks that stop counting, from the law: ``fixtures/cases/penalties/uncounted.toml``."""

import pytest

from commands.roll.correct import CorrectPupil
from commands.roll.enrol import MovePupil
from ledger.events import streams
from ledger.events.calendar import SessionCancelled, SessionsClosed
from ledger.events.register import MarkAmended, MarksUncounted
from ledger.events.roll import PupilRemoved
from ledger.store.facts import Fact
from tests.commands.penalties.undercut_changes import FIRST_DAY, Facts, founded
from tests.policies.answers import cases
from tests.projections import ledgers

FILLED = [f"2026-09-{day}/{half}" for day in range(21, 26) for half in ("AM", "PM")]


def given_facts(given):
    """The marks and closures of a case."""
    filled = {session: [given["fill"]] for session in FILLED[: given.get("filled", 0)]}
    for session, (first, *then) in (filled | given.get("marks", {})).items():
        yield ledgers.marked("ann", session, first)
        for was, code in zip([first, *then], then, strict=False):
            event = MarkAmended(original=was, code=code, reason="r")
            yield ledgers.on_mark("ann", session, event)
    for closed in given.get("closed", ()):
        kind = SessionCancelled if closed.get("cancelled") else SessionsClosed
        event = kind(date=closed["date"], groups=tuple(closed["groups"]), reason="r")
        yield Fact(streams.CALENDAR, event)


def command(change):
    """The command that a case is about."""
    [(kind, said)] = change.items()
    match kind:
        case "move":
            return MovePupil(pupil="U-ann", kind="registration", from_=said["from"], to=said["to"],
                             reason="r")  # fmt: skip
        case "dob":
            return CorrectPupil(pupil="U-ann", field="dob", to=f"{said}", reason="r")
        case "closed":
            return Facts(facts=(Fact(streams.CALENDAR, SessionsClosed(date=said, reason="r")),))
        case "left":
            event = PupilRemoved(starts_on=FIRST_DAY, leaves_on=said)
            return Facts(facts=(Fact(streams.pupil("ann"), event),))


@pytest.mark.parametrize("case", cases("penalties/uncounted"), ids=lambda case: case["name"])
def test_cases(case, tmp_path):
    """What is recorded, and what is told of what begins to count."""
    given, expect = case["given"], case["expect"]
    desk = founded(tmp_path / "ledger", *given_facts(given))
    head = desk.folder.head()
    says = desk.do(command(given["change"])).says
    found = [e for position, _, e in desk.log() if position > head]
    events = [event for event in found if isinstance(event, MarksUncounted)]
    lost = [s for event in events for s in event.sessions]
    of_age = [s for event in events for s in event.of_age]
    assert (lost, of_age) == (expect.get("lost", []), expect.get("of_age", []))
    told = "\n".join(says)
    for gained in expect.get("gained", ()):
        session, code = gained.split()
        assert f"1 {code}, {session}" in told
    assert ("counting" in told) == bool(expect)
    if "peaks" in expect:
        before, after = expect["peaks"]
        assert [(e.peak_before, e.peak_after) for e in events] == [(before, after)] * len(events)
        assert (f"{before} -> {after} recorded" in told) == (before != after)
