"""The order of year groups."""

import pytest

from projections.queries.selection import year_group_rank, year_groups_in_order


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
