"""What a process that lives keeps between answers: never another answer than a new one gives."""

from datetime import date

import pytest

from cli import Door
from ledger import clock
from ledger.ledger import Ledger
from ledger.values import Operator
from projections.figures.rates import Rates
from projections.queries.kept import Facts, Keeper, Kept
from projections.queries.view import Held, view_for
from tests.projections.ledgers import enrolled, instant, joined, marked, term

NOW = instant(2025, 11, 14, 12)
ANYBODY = Operator(None, "tester")


@pytest.fixture
def door(school, monkeypatch):
    """A door that stays open, over a school of which a little is recorded with each step."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    steps = (
        [marked("ann", "2025-11-10/AM", "/"), marked("bob", "2025-11-10/AM", "O")],
        [enrolled("dee", date(2025, 11, 10), surname="Dunn", forename="Dee")],
        [joined("dee", "registration", "9A"), marked("dee", "2025-11-10/PM", "L")],
        [term("Spring", date(2026, 1, 5), date(2026, 2, 13))],
        [marked("ann", "2025-11-10/PM", "I")],
    )
    for number, facts in enumerate(steps):
        school.add(instant(2025, 11, 10, 16) + number, *facts)
    with Ledger(school.folder) as ledger:
        yield Door(ledger)


def ask(door, **asked):
    """The rates as a document."""
    return door.ask(Rates(on=date(2025, 11, 10), **asked), ANYBODY).document


def anew(door, **asked):
    """The same, by somebody who keeps nothing."""
    with Ledger(door.ledger.folder) as ledger:
        return ask(Door(ledger), **asked)


def test_at_every_position_it_answers_as_somebody_who_keeps_nothing(door):
    """Whatever was asked before, by either clock."""
    head = door.ledger.folder.head()
    for position in (*range(head + 1), *range(head, -1, -3)):
        for more in ({}, {"clock": "source"}, {"by": "registration"}):
            assert ask(door, position=position, **more) == anew(door, position=position, **more)


def test_what_is_recorded_meanwhile_is_in_the_next_answer(door, school):
    """Marks, and facts besides."""
    before = ask(door)
    school.add(NOW - 2, enrolled("eve", date(2025, 11, 10), surname="Eames", forename="Eve"))
    school.add(NOW - 1, marked("eve", "2025-11-10/AM", "/"))
    after = ask(door)
    assert after == anew(door) != before


def test_names_whose_keys_are_destroyed_meanwhile_are_not_shown_any_more(door, school):
    """They were opened for the answer before."""
    assert "[beyond use]" not in {row["upn"] for row in ask(door)["rows"]}
    school.destroy("ann")
    assert "[beyond use]" in {row["upn"] for row in ask(door)["rows"]}


def test_points_in_time_between_two_changes_of_facts_share_what_is_known(door):
    """A mark changes nothing of calendar, roll and groups."""
    held, head = Keeper(), door.ledger.folder.head()

    def calendar(position):
        question = Rates(position=position)
        both = Held(door.ledger.reader(), held)
        with view_for(door.ledger.folder, question, lambda: NOW, both) as view:
            return view.calendar

    assert calendar(head - 5) is calendar(head - 3)
    assert calendar(head - 3) is not calendar(head - 2)
    assert calendar(head - 2) is calendar(head - 1)


def test_only_so_much_is_kept():
    """The oldest goes; of another state nothing is there."""
    facts = Facts()
    assert [facts.get(n, lambda n=n: -n) for n in (*range(33), 32, 0)] == [
        *(-n for n in range(33)), -32, 0,
    ]  # fmt: skip
    assert facts.get(32, lambda: "anew") == -32
    assert facts.get(1, lambda: "anew") == "anew"
    keeper = Keeper()
    assert isinstance(keeper.of(1), Kept)
    assert keeper.of(1) is keeper.of(1) is not keeper.of(2)
