"""What is said beside the list of back-ups."""

from datetime import date

import pytest

from projections.backup.backups import ListBackups, _to_be_kept


@pytest.mark.parametrize(
    ("made", "years"),
    [
        (date(2006, 8, 31), None),
        (date(2006, 9, 1), "three years"),
        (date(2024, 8, 18), "three years"),
        (date(2024, 8, 19), "six years"),
    ],
)
def test_for_how_long_a_back_up_is_kept_is_the_law_of_its_day(made, years):
    """SI 2006/1751 reg 15(5), then SI 2024/208 reg 7(b); no law asked for any before."""
    said = f"Each is to be kept for {years} after the end of the school year in which it was made."
    assert list(_to_be_kept(made)) == ([said] if years else [])


def test_before_the_first_event_no_back_up_is_known(school):
    """Nor whether one is due; the folder is not looked at."""
    found = school.ask(ListBackups(known_at="2025-07-01", folder="nowhere")).document
    assert (found["rows"], found["knows_nothing"], "state" in found) == ([], True, False)
