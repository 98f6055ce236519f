"""Which pupils a question is about, the group in which each counts, and the order of years."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import GroupLeft, PupilRemoved
from ledger.names import year_group_rank
from ledger.store.facts import Fact
from projections.figures.rates import Rates
from projections.queries import view
from projections.queries.question import PointInTime
from projections.queries.selection import (
    groups_of,
    members_on,
    reference_days,
    year_groups_in_order,
)
from projections.register.print import RegisterPrint
from projections.register.registers import Registers
from projections.register.show import RegisterShow
from projections.replay.replay import Replay
from tests.projections.ledgers import NOW, enrolled, instant, joined

AT = instant(2025, 10, 10, 9)


def look(book, ask, on):
    """What a view at a date says."""
    with view.open_view(book.folder, PointInTime(on=on), lambda: NOW) as opened:
        return ask(opened)


def test_groups_count_at_the_date_or_on_the_last_day_on_roll(school):
    """Ann and Bob at the date; Cy, who left, on 30 September; nobody who is yet to come."""
    school.add(AT, enrolled("dot", date(2025, 11, 3)))
    found = look(school, reference_days, date(2025, 10, 3))
    assert found == {0: date(2025, 10, 3), 1: date(2025, 10, 3), 2: date(2025, 9, 30)}
    before = look(school, reference_days, date(2025, 9, 8))
    assert set(before.values()) == {date(2025, 9, 8)}


def test_of_several_spells_the_last_one_begun_counts(school):
    """Whoever came back and left again counts on the last day of the later spell."""
    back = date(2025, 11, 3)
    left = PupilRemoved(starts_on=back, leaves_on=date(2025, 11, 7))
    earlier = PupilRemoved(starts_on=date(2025, 6, 2), leaves_on=date(2025, 6, 6))
    school.add(AT, enrolled("cy", back), Fact(streams.pupil("cy"), left))
    school.add(AT, enrolled("cy", earlier.starts_on), Fact(streams.pupil("cy"), earlier))
    for on, day in ((date(2025, 10, 3), date(2025, 9, 30)), (date(2025, 12, 1), left.leaves_on)):
        assert look(school, reference_days, on)[2] == day


def test_a_class_left_before_the_last_day_on_roll_is_the_last_one_held(school):
    """After leaving, the last class held on roll counts, even if it ended a day before."""
    parted = GroupLeft(kind="registration", name="9B", since=None, until=date(2025, 9, 29))
    school.add(AT, Fact(streams.pupil("cy"), parted))
    on = date(2025, 10, 3)
    assert look(school, lambda v: members_on(v, groups_of(v, "registration")["9B"]), on) == {2}


def test_a_class_held_for_one_day_is_the_last_one_held(school):
    """The last day on roll, or the only one: the class of that day is left with."""
    parted = GroupLeft(kind="registration", name="9B", since=None, until=date(2025, 9, 29))
    moved = joined("cy", "registration", "9C", since=date(2025, 9, 30))
    school.add(AT, Fact(streams.pupil("cy"), parted), moved)

    def members(v):
        return {n: members_on(v, groups_of(v, "registration")[n]) for n in ("9B", "9C")}

    assert look(school, members, date(2025, 10, 3)) == {"9B": set(), "9C": {2}}


def test_a_membership_without_a_first_day_reaches_back_to_the_first_on_roll(school):
    """And one of somebody not on roll at all is of nobody."""
    school.add(AT, joined("dot", "registration", "9B"))

    def members(v):
        return members_on(v, groups_of(v, "registration")["9B"])

    assert look(school, members, date(2025, 9, 3)) == {2}
    assert look(school, members, date(2025, 9, 2)) == set()


def test_groups_are_listed_by_name_and_kind(school):
    """Only those of the kind."""
    assert list(look(school, lambda v: groups_of(v, "registration"), date(2025, 9, 8))) == [
        "9A", "9B",
    ]  # fmt: skip


@pytest.mark.parametrize("asked", ["9A", "9a", " 9A", "9 a", "9\u00a0A", "\ufeff9A"])
def test_a_group_is_asked_for_without_case_blanks_and_form(school, asked):
    """Ann and Bob, and the answer calls their class as it is recorded."""
    answer = school.ask(Rates(group=asked, on=date(2025, 9, 8)))
    assert [row["upn"] for row in answer.rows()] == ["U-ann", "U-bob"]
    assert "remarks" not in answer.document


@pytest.mark.parametrize(
    ("asked", "what", "remedy"),
    [
        ({"year": "9"}, "no year is called '9'",
         "did you mean 'Y9'? If not: attendance rates --by year lists the years"),
        ({"year": "Year 9"}, "no year is called 'Year 9'",
         "did you mean 'Y9'? If not: attendance rates --by year lists the years"),
        ({"cohort": "FMS"}, "no cohort is called 'FMS'",
         "did you mean 'FSM'? If not: attendance rates --by cohort lists the cohorts"),
        ({"cohort": "Choir"}, "no cohort is called 'Choir'",
         "attendance rates --by cohort lists the cohorts"),
        ({"group": "Y7"}, "no group is called 'Y7'",
         "did you mean 'Y9'? If not: attendance rates --by registration lists the classes"),
    ],
)  # fmt: skip
def test_a_group_that_nobody_is_in_is_refused_with_those_near_it(school, asked, what, remedy):
    """And with the question that lists the groups of its kind."""
    with pytest.raises(Refused) as caught:
        school.ask(Rates(on=date(2025, 9, 8), **asked))
    assert (caught.value.code, caught.value.what, caught.value.remedy) == (
        "group-unknown", what, remedy,
    )  # fmt: skip


@pytest.fixture
def twins(school):
    """A ledger from before: Dot is in a class whose name has a blank after it."""
    school.add(AT, enrolled("dot", date(2025, 9, 3)), joined("dot", "registration", "9A "))
    return school


@pytest.mark.parametrize("asked", ["9A", "9A ", "9a"])
def test_groups_that_look_alike_are_taken_together_and_it_is_said(twins, asked):
    """Nobody is hidden: whoever asks for the class is told that it is written in two ways."""
    answer = twins.ask(Rates(group=asked, on=date(2025, 9, 8)))
    assert [row["upn"] for row in answer.rows()] == ["U-ann", "U-bob", "U-dot"]
    assert answer.document["remarks"] == ["Taken together: '9A', '9A '"]
    assert "Taken together: '9A', '9A '" in answer.blocks[-1].notes


def test_groups_that_look_alike_are_listed_apart_and_it_is_said(twins):
    """Two rows that read the same are two names."""
    answer = twins.ask(Rates(by="registration", on=date(2025, 9, 8)))
    assert [row["group"] for row in answer.rows()] == ["9A", "9A ", "9B"]
    assert answer.document["remarks"] == ["Groups that look alike: '9A', '9A '"]
    assert "remarks" not in twins.ask(Rates(by="year", on=date(2025, 9, 8))).document


def test_registers_of_groups_that_look_alike_show_everybody(twins):
    """On screen, on paper, and among those due."""
    shown = twins.ask(RegisterShow(group="9a", week=date(2025, 9, 8), on=date(2025, 9, 12)))
    assert [row["upn"] for row in shown.rows()] == ["U-ann", "U-bob", "U-dot"]
    assert shown.document["group"] == "9A"
    printed = twins.ask(RegisterPrint(group="9a", on=date(2025, 9, 12), blank=True))
    assert all(name in str(printed.document) for name in ("Able", "Baker", "Sur-dot"))
    due = twins.ask(Registers(group="9a", from_=date(2025, 9, 8), on=date(2025, 9, 8)))
    assert {row["group"] for row in due.rows()} == {"9A", "9A "}
    replayed = twins.ask(Replay(group="9a", from_=date(2025, 9, 8), on=date(2025, 9, 12)))
    assert replayed.document["remarks"] == ["Taken together: '9A', '9A '"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Y7", 7),
        ("Year 10", 10),
        ("yr 3", 3),
        ("12", 12),
        ("NCY 4", 4),
        ("R", 0),
        ("YR", 0),
        ("Year R", 0),
        ("Reception", 0),
        ("Nursery", -1),
        ("N2", -1),
        ("Herons", None),
        ("YX", None),
        ("", None),
    ],
)
def test_a_year_group_has_the_place_that_its_name_tells(name, place):
    """Numbers, reception and nursery; nothing is guessed from any other name."""
    assert year_group_rank(name) == place


def test_reception_comes_before_year_1():
    """By age and not by alphabet."""
    assert year_groups_in_order(["Year 1", "Year R", "Year 10", "Year 2"]) == [
        "Year R",
        "Year 1",
        "Year 2",
        "Year 10",
    ]


def test_an_order_that_is_not_known_is_not_made_up():
    """One name that tells nothing is enough."""
    assert year_groups_in_order(["Herons", "Year 1"]) is None
