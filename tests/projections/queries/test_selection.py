"""Which pupils a question is about, the group in which each counts, and the order of years."""

from datetime import date

import pytest

from ledger.events import streams
from ledger.events.roll import GroupLeft, PupilRemoved
from ledger.store.store import Fact
from projections.queries import view
from projections.queries.question import PointInTime
from projections.queries.selection import (
    groups_of,
    members_on,
    reference_days,
    year_group_rank,
    year_groups_in_order,
)
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
