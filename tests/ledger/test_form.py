"""A form holds each field to its type and bounds; what it asks for is read from its fields."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from ledger import form


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Every kind of field that the commands have."""

    name: str = field(metadata={"help": "a name", "argument": True, "required": True})
    on: date | None = field(default=None, metadata={"help": "a day"})
    many: tuple[str, ...] = field(default=(), metadata={"help": "names"})
    half: Literal["AM", "PM"] = field(default="AM", metadata={"help": "half a day"})
    rank: int | None = field(default=None, metadata={"help": "a rank", "minimum": 1, "maximum": 9})
    is_dry: bool = field(default=False, metadata={"help": "whether to record nothing"})
    out: Path | None = field(default=None, metadata={"hidden": True})


GOOD = {
    "name": "a",
    "on": date(2026, 11, 20),
    "many": ("a", "b"),
    "half": "PM",
    "rank": 9,
    "is_dry": True,
    "out": Path("x"),
}


def test_what_a_form_may_hold_passes():
    """Each field with a value, and each at its default."""
    form.check(Asked(**GOOD))
    form.check(Asked(name="a"))
    form.check(Asked(name="a", rank=1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", None),
        ("name", 1),
        ("on", "2026-11-20"),
        ("many", ["a"]),
        ("many", "a"),
        ("many", ("a", 1)),
        ("half", "noon"),
        ("rank", "1"),
        ("rank", True),
        ("rank", 1.0),
        ("rank", 0),
        ("rank", 10),
        ("is_dry", 1),
        ("is_dry", None),
        ("out", "x"),
    ],
)
def test_what_a_form_may_not_hold_is_named(name, value):
    """No value is made to fit; a hidden field is held to its type as the others are."""
    with pytest.raises(ValueError, match=f"^{name}: "):
        form.check(Asked(**GOOD | {name: value}))


def test_every_wrong_field_is_named_at_once():
    """Whoever filled the form in wrongly sees all of it."""
    with pytest.raises(ValueError, match=r"^on: [^;]*; rank: less than 1$"):
        form.check(Asked(name="a", on=1, rank=0))


def test_hidden_fields_are_not_for_people():
    """The others come in order, with their kind, bounds and words."""
    found = form.fields(Asked)
    assert [f.name for f in found] == ["name", "on", "many", "half", "rank", "is_dry"]
    assert (found[0].argument, found[0].required, found[0].metavar) == (True, True, "NAME")
    assert (found[1].kind, found[2].kind, found[2].many) == (date, str, True)
    assert (found[4].kind, found[4].minimum, found[4].maximum) == (int, 1, 9)
