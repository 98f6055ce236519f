"""`pupil find`: by part of a name, UPN or local id."""

from datetime import date

import pytest

from projections.roll.pupils import PupilFind


def found(book, text, **asked):
    """The UPNs found."""
    rows = book.ask(PupilFind(text=text, on=date(2025, 9, 30)) if not asked else
                    PupilFind(text=text, **asked)).rows()  # fmt: skip
    return [row["upn"] for row in rows]


@pytest.mark.parametrize(
    ("text", "upns"),
    [
        ("able", ["U-ann"]),
        ("ANN", ["U-ann"]),
        ("robert b", ["U-bob"]),
        ("bob baker", ["U-bob"]),
        ("l-b", ["U-bob"]),
        ("U-", ["U-ann", "U-bob", "U-cy"]),
        ("nobody", []),
    ],
)
def test_a_part_of_any_name_or_id_finds_the_pupil(school, text, upns):
    """Without regard to case: names, the name used, UPN, local id; by surname."""
    assert found(school, text) == upns


def test_groups_and_roll_are_as_at_the_date(school):
    """Cy is on roll and in 9B until 30 September; the group is open past it."""
    on_roll = school.ask(PupilFind(text="cy", on=date(2025, 9, 30)))
    gone = school.ask(PupilFind(text="cy", on=date(2025, 10, 1)))
    assert (on_roll.rows()[0]["on_roll"], gone.rows()[0]["on_roll"]) == (True, False)
    assert on_roll.rows()[0]["groups"] == ["9B"]
    assert on_roll.rows()[0]["local_id"] is None
    assert [row[-1] for row in (*on_roll.blocks[0].rows, *gone.blocks[0].rows)] == ["yes", "no"]


def test_only_pupils_known_by_then_are_found(school):
    """The pupils were recorded on 1 September."""
    assert not found(school, "ann", known_at="2025-08-31")
