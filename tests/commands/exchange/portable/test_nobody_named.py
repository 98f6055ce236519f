"""What an import changes of whom a record names, where nobody answers for it; or whoever does."""

import pytest

TEACHER = "T01,Tariq Tutor,Teacher,teacher,2020-09-01"


def test_another_title_from_a_day_on_is_a_new_row(known, changed):
    """A promotion is no other name."""
    row = f"{TEACHER},2026-10-31\nT01,Tariq Tutor,Head of year,teacher,2026-11-01"
    assert known.brought(changed("staff.csv", (TEACHER, row))).found["StaffChanged"]


@pytest.mark.parametrize("who", [None, "A01"])
@pytest.mark.parametrize(
    "row",
    [
        "T01,hope  headworth,Teacher,teacher,2020-09-01",
        f"{TEACHER},\nT99,Hope Headworth,Teacher,teacher,2020-09-01",
    ],
)
def test_whoever_is_given_the_name_of_another_is_a_finding_always(known, changed, who, row):
    """Whichever way it is written."""
    folder = changed("staff.csv", (TEACHER, row))
    assert "staff-namesake" in known.by(who).codes(folder)
    known.by(who).bring(folder, accept_findings=True)


def test_a_confidential_address_is_uncovered_by_somebody_who_answers(known, changed):
    """Letters go by it."""
    folder = changed("parents.csv", ("carys@example.org,,yes", "carys@example.org,,no"))
    assert known.codes(folder) == ["address-confidential"]
    known.by("A01").bring(folder)
