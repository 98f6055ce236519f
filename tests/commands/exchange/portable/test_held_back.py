"""Amendments in a file that the school's policy here would hold for a second person."""

from datetime import date

import pytest

from commands.amending.amend import AmendMarks
from commands.amending.policy import AdoptPolicy
from commands.exchange.portable import held_back
from ledger.values import Session
from tests.commands.exchange.portable.conftest import CLEO

MARK = f"{CLEO},2026-11-20,AM,/,,,,T01,2026-11-20T08:51:00Z\n"
AMENDED = f"{CLEO},2026-11-20,AM,/,O,Seen in town,H01,{{}}\n"
SAME_DAY = AMENDED.format("2026-11-20T09:00:00Z")
TODAY = AMENDED.format("2026-11-30T09:00:00Z")
FINDING = "amendment-unapproved"


@pytest.fixture
def governed(known):
    """Return the ledger ten days later, whose school has adopted the model policy."""
    later = known.by("H01").at("2026-11-30T12:00:00Z")
    later.do(AdoptPolicy(policy="second-person", from_=date(2026, 11, 30)).load(None))
    return later.by(None)


def test_whoever_imports_by_name_adds_absence_as_by_an_amendment_of_their_own(governed, top_up):
    """A file is no way around the second person; its place is named."""
    folder = top_up(MARK, amendments=SAME_DAY)
    refused = governed.by("T01").faults(folder)
    [problem] = refused.problems
    assert (problem.file, problem.line, problem.code) == ("amendments.csv", 2, FINDING)
    assert "policy second-person holds for a second person (later than" in problem.what
    governed.by("H01").bring(folder, accept_findings=True)
    [found] = governed.states("ImportCompleted")[-1]["findings"]
    assert (found["file"], found["line"], found["code"]) == ("amendments.csv", 2, FINDING)


def test_a_source_is_not_judged_by_it_and_the_finding_is_told(governed, top_up):
    """An import by nobody named is recorded as stated; what was held back elsewhere is listed."""
    brought = governed.brought(top_up(MARK, amendments=TODAY))
    assert brought.found == {"MarkAmended": 1}
    assert brought.told("amendments.csv:2: / -> O adds unauthorised absence")
    [found] = governed.states("ImportCompleted")[-1]["findings"]
    assert found["code"] == FINDING


@pytest.mark.parametrize("kind", ["taking", "restated"])
def test_another_kind_of_change_is_no_way_around_it(governed, top_up, kind):
    """What a file calls taking after the register had closed, or restated, is held as well."""
    folder = top_up(MARK, amendments=SAME_DAY)
    path = folder / "amendments.csv"
    header, row = path.read_text("utf-8").splitlines()
    path.write_text(f"{header},kind\n{row},{kind}\n", "utf-8")
    assert governed.by("T01").codes(folder) == [FINDING]


def test_what_a_source_states_of_the_time_before_the_policy_is_no_finding(governed, top_up):
    """Nobody here had said by then that a second person was needed."""
    governed.bring(top_up(MARK, amendments=SAME_DAY))
    assert not governed.states("ImportCompleted")[-1].get("findings")


def test_what_is_in_a_familys_favour_is_not_held(governed, top_up):
    """Only what adds unauthorised absence waits."""
    authorised = SAME_DAY.replace("/,O", "/,I")
    found = governed.by("T01").brought(top_up(MARK, amendments=authorised)).found
    assert found == {"MarkAmended": 1}


def test_a_conflict_is_nothing_that_would_stand(governed, top_up):
    """A person here amended the mark: what the source states of it is told as ever."""
    amended = AmendMarks(
        pupil=CLEO, session=Session(date(2026, 11, 20), "AM"), code="I", reason="ill"
    )
    governed.by("A01").do(amended)
    found = governed.by("T01").brought(top_up(MARK, amendments=SAME_DAY)).found
    assert found == {"SourceConflicted": 1}


def test_what_the_policy_does_not_hold_is_no_finding(governed, top_up, monkeypatch):
    monkeypatch.setattr(held_back.Limits, "grounds", lambda *_: ())
    assert governed.by("T01").brought(top_up(MARK, amendments=SAME_DAY)).found == {
        "MarkAmended": 1
    }


def test_what_is_held_already_is_no_finding_again(governed, top_up):
    """Nothing is recorded of it."""
    folder = top_up(MARK, amendments=SAME_DAY)
    governed.bring(folder)
    assert governed.by("T01").brought(folder).found == {}
