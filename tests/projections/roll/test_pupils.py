"""`pupil find`: by part of a name, UPN or local id."""

from datetime import date

import pytest

from ledger.events import streams
from ledger.events.roll import DetailsAmended
from ledger.store.facts import Fact
from projections.roll.pupils import PupilFind
from tests.projections.ledgers import enrolled, instant


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


SEPTEMBER = instant(2025, 9, 10, 8)


def corrected(pupil, field, amended):
    """A detail amended."""
    event = DetailsAmended(field=field, original=f"U-{pupil}", amended=amended)
    return Fact(streams.pupil(pupil), event)


@pytest.mark.parametrize(
    ("text", "upns"),
    [
        ("O'Sullivan", ["U-edie"]),
        ("osullivan", ["U-edie"]),
        ("O\u2019SULL", ["U-edie"]),
        ("edie", ["U-edie"]),
        ("E\u0301die", ["U-edie"]),
        ("zoe", ["U-zoe"]),
        ("Zo\u00eb", ["U-zoe"]),
        ("smith jones", ["U-zoe"]),
        ("SMITH-JONES", ["U-zoe"]),
        ("edie  o'sullivan", ["U-edie"]),
        ("-", ["U-ann", "U-bob", "U-cy", "U-edie", "U-zoe"]),
    ],
)
def test_accents_apostrophes_and_hyphens_do_not_matter(school, text, upns):
    """Recorded composed or apart, with a curly or a straight apostrophe; what is typed as well."""
    school.add(
        SEPTEMBER,
        enrolled("edie", date(2025, 9, 3), forename="\u00c9die", surname="O\u2019Sullivan"),
        enrolled("zoe", date(2025, 9, 3), forename="Zoe\u0308", surname="Smith\u2010Jones"),
    )
    assert sorted(found(school, text)) == upns


def test_a_number_held_before_finds_the_pupil_and_says_so(school):
    """A temporary UPN that was replaced, and the school's own number."""
    school.add(SEPTEMBER, corrected("ann", "upn", "N-ann"), corrected("ann", "local_id", "777"))
    on = date(2025, 9, 30)
    [row] = school.ask(PupilFind(text="U-ANN", on=on)).blocks[0].rows
    assert tuple(row[:3]) == ("N-ann", "777", "Ann Able (formerly U-ann)")
    [own] = school.ask(PupilFind(text="l-ann", on=on)).blocks[0].rows
    assert own[2] == "Ann Able (formerly L-ann)"
    [now] = school.ask(PupilFind(text="N-ann", on=on)).blocks[0].rows
    assert now[2] == "Ann Able"
    rows = {row["upn"]: row for row in school.ask(PupilFind(text="a", on=on)).rows()}
    assert rows["N-ann"]["formerly"] == ["U-ann", "L-ann"]
    assert "formerly" not in rows["U-bob"]


def test_a_pupil_whom_several_former_numbers_name_is_found_once(school):
    """By the oldest of them."""
    for upn in ("OLD9A", "OLD9B", "N1"):
        school.add(SEPTEMBER, corrected("ann", "upn", upn))
    [row] = school.ask(PupilFind(text="old9", on=date(2025, 9, 30))).blocks[0].rows
    assert row[2] == "Ann Able (formerly OLD9A)"


def test_a_number_held_before_is_known_only_once_it_was_replaced(school):
    """And is beyond use with everything else about the pupil."""
    school.add(SEPTEMBER, corrected("ann", "upn", "N-ann"))
    assert found(school, "U-ann", on=date(2025, 9, 30), known_at="2025-09-09") == ["U-ann"]
    school.destroy("ann")
    assert found(school, "U-ann") == []
