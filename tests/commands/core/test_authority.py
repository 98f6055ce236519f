"""Who may give which command: the table, held against the sources and against every command."""

from datetime import date
from pathlib import Path
from unittest.mock import Mock

import pytest

from commands.core import authority
from commands.core.command import Errand, State, UseCase
from ledger import form
from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.events.log import Committed, Source
from ledger.events.school import StaffJoined
from ledger.formats.fields import ROLES
from ledger.state.school import School, StaffRow
from ledger.store.facts import Recorded
from ledger.values import Operator
from policies.packs.roles import GIVING, WORDS, acts
from tests.commands.reliance import use_cases
from tests.policies.answers import cases

HOME = Path(__file__).parents[3]
BY_ITSELF = {GIVING, "audit --names", "subject-access", "import portable --accept-findings"}
"""What is no command of its own: a part of some, and what two questions put on record."""


def places():
    return form.places(HOME, ("commands",))


def test_the_table_holds_every_command_once_and_nothing_else():
    """A command that writes and that the table forgot could be given by nobody."""
    listed = [command for act in {*acts().by_command.values()} for command in act.commands]
    assert sorted(listed) == sorted({" ".join(each.words) for each in places()} | BY_ITSELF)


def test_every_use_case_is_asked_for_under_words_of_the_table():
    """Each class, with what it gives as roles."""
    for place in places():
        place.load()
    real = [each for each in use_cases() if each.__module__.startswith("commands.")]
    abstract = [each for each in real if getattr(each, "__abstractmethods__", None)]
    for each in set(real) - set(abstract):
        assert {each.act, each.giving} <= acts().by_command.keys(), each


def test_what_is_no_use_case_is_for_anyone():
    """Nobody asks the table about an errand that decides nothing."""
    for place in places():
        command = place.load()
        if issubclass(command, Errand) and not issubclass(command, UseCase):
            assert acts().by_command[command.act].who == ("anyone",), command


def test_the_table_names_roles_and_words_that_there_are():
    for act in acts().by_command.values():
        assert set(act.roles) <= set(ROLES)
        assert set(act.who) <= {*ROLES, *WORDS}


def test_whoever_gives_roles_may_do_all_that_a_role_opens():
    """So that nobody gives a right that they have not, and somebody can always be named."""
    for act in acts().by_command.values():
        assert not act.roles or set(authority.giving_roles()) <= set(act.roles)


FIRST = StaffJoined(name="First Person", job_title="Clerk")


def state(roles=(), *, since=None, until=None, others=(), first=False, imported=False):
    """Return a state with some members of staff; the first of all by hand, or by an import."""
    school = School()
    if first:
        school.staff["me"] = {None: StaffRow("Me", "Clerk", (), None, None)}
    school.staff["other"] = {None: StaffRow("Other", "Clerk", tuple(others), None, None)}
    if not first:
        school.staff["me"] = {since: StaffRow("Me", "Clerk", tuple(roles), since, until)}
        school.staff["me2"] = {None: StaffRow("Me", "Clerk", (), None, None)}
    source = Source(system="portable", files=()) if imported else None
    header = Committed(
        at=0,
        account="",
        authenticated="",
        software="",
        rules="",
        command="X",
        count=1,
        source=source,
    )
    return State(
        school,
        {},
        Operator("me", "office"),
        str,
        lambda: "id",
        position=2,
        header_of=lambda _: Recorded(1, "commits", 0, header),
        facts_of=lambda *_: [Recorded(2, f"staff:{next(iter(school.staff))}", 0, FIRST)],
    )


def may(found, words, on=date(2026, 11, 20)):
    try:
        authority.check(found, words, parse_instant(f"{on}T12:00"))
    except Refused:
        return False
    return True


CASES = cases("school/who_may")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case):
    given, expect = case["given"], case["expect"]
    if "commands" in given:
        for command in given["commands"]:
            able = {role for role in ROLES if may(state([role], others=["head"]), command)}
            assert able == set(expect.get("roles", ROLES)), command
            assert may(state(others=["head"]), command) is (not expect), command
        return
    found = state(
        given.get("roles", ()),
        since=given.get("from"),
        until=given.get("until"),
        others=given.get("others", ()),
        first=given.get("first", False),
        imported=given.get("imported", False),
    )
    assert may(found, given["act"], given["on"]) is expect["may"]


def test_every_row_has_its_case():
    """But what nobody is asked about."""
    named = {command for case in CASES for command in case["given"].get("commands", ())}
    free = {
        c for act in acts().by_command.values() if act.who == ("anyone",) for c in act.commands
    }
    assert named == acts().by_command.keys() - free


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (state(others=["head"]), "let somebody who does do it: Other (other)"),
        (state(first=True), "nobody does; Me (me), the first member of staff, may give it"),
        (state(imported=True), "attendance staff appoint STAFF_ID --role head --reason WHY"),
    ],
)
def test_a_refusal_says_who_may_or_how_somebody_may(found, words):
    """Who holds the role, else who may give it, else the way in."""
    with pytest.raises(Refused) as refused:
        authority.check(found, "leave grant", parse_instant("2026-11-20T12:00"))
    assert words in refused.value.remedy


def test_nobody_lacks_a_right_to_what_is_no_row_of_the_table():
    """A question, which a text may suggest too."""
    assert not authority.lacking(Mock(), "rates", 0)
