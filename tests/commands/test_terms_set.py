"""attendance terms set: when the school meets."""

from datetime import date

import pytest

from commands.terms_set import SetTerm
from ledger.events.calendar import TermSet


def term(**fields):
    given = {"name": "Spring 1", "first": date(2027, 1, 4), "last": date(2027, 2, 12)}
    return SetTerm(**(given | fields))


def test_term_is_recorded(desk):
    """Name, first and last day."""
    event = TermSet(name="Spring 1", first=date(2027, 1, 4), last=date(2027, 2, 12))
    assert desk.recorded(term()) == [("calendar", event)]


def test_name_set_again_in_the_year_replaces_the_term(desk):
    """A term may move, also over its own former days; next year it is another term."""
    desk.do(term())
    assert len(desk.recorded(term(first=date(2027, 1, 5)))) == 1
    next_year = term(first=date(2028, 1, 4), last=date(2028, 2, 11))
    assert len(desk.recorded(next_year)) == 1


def test_repeated_term_records_nothing(desk):
    """The same days again are no news."""
    desk.do(term())
    assert "nothing was recorded" in desk.do(term()).says[0]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"last": date(2027, 1, 3)}, "dates-reversed"),
        ({"first": date(2026, 12, 18)}, "terms-overlap"),
        ({"name": " "}, "name-missing"),
    ],
)
def test_term_that_cannot_be_is_refused(desk, fields, code):
    """Backwards, over another term, or without a name."""
    assert desk.refused(term(**fields)).code == code


def test_nobody_named_is_refused(desk):
    """Whoever writes is named."""
    desk.staff_id = None
    assert desk.refused(term()).code == "author-missing"
