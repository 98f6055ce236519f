"""An event is valid once it is made: every wrong value is refused, and the field is named."""

from datetime import date, datetime

import msgspec
import pytest

from ledger.events.base import replace
from ledger.events.calendar import SessionsClosed
from ledger.events.log import Finding, ImportCompleted
from ledger.events.penalties import CaseUndercut
from ledger.events.register import RegisterTaken, SessionMarked
from ledger.events.roll import GroupJoined

DAY = date(2026, 11, 20)
MARK = SessionMarked(code="L", by="S1")
JOINED = GroupJoined(kind="year", name="Y7", since=DAY)
CLOSED = SessionsClosed(date=DAY)
IMPORTED = ImportCompleted(format="portable", counts={"marks": 1})


class Letter(str):
    """A text that is not quite one, such as a library's own."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("event", "field", "value"),
    [
        (MARK, "code", 1),
        (MARK, "code", None),
        (MARK, "code", b"L"),
        (MARK, "code", Letter("L")),
        (MARK, "late", 1),
        (MARK, "late", "yes"),
        (MARK, "minutes_late", True),
        (MARK, "minutes_late", 1.0),
        (MARK, "minutes_late", "1"),
        (JOINED, "kind", "house"),
        (JOINED, "since", "2026-11-20"),
        (JOINED, "since", datetime(2026, 11, 20)),  # noqa: DTZ001
        (CLOSED, "sessions", ["AM"]),
        (CLOSED, "sessions", ("noon",)),
        (CLOSED, "groups", "7B"),
        (CLOSED, "groups", ["7B"]),
        (CLOSED, "groups", (7,)),
        (IMPORTED, "counts", {"marks": "1"}),
        (IMPORTED, "counts", {"marks": True}),
        (IMPORTED, "findings", ({"file": "marks.csv", "line": 1, "code": "age"},)),
        (IMPORTED, "findings", (MARK,)),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(event, field, value):
    """No text for a date, no flag for a number, no list for a tuple; new or changed."""
    name = type(event).__name__
    stated = msgspec.structs.asdict(event) | {field: value}
    with pytest.raises(ValueError, match=rf"^{name}: {field}: "):
        type(event)(**stated)
    with pytest.raises(ValueError, match=rf"^{name}: {field}: "):
        replace(event, **{field: value})


def test_every_wrong_field_is_named_and_no_value():
    """All at once, for whoever wrote the code; a value may be about a person."""
    with pytest.raises(ValueError, match="SessionMarked") as caught:
        SessionMarked(code="L", comment=b"Jane", late=0, nature=["Jane"])
    assert "Jane" not in str(caught.value)
    assert [part.split(":")[0] for part in str(caught.value).split(": ", 1)[1].split("; ")] == [
        "late", "nature", "comment",
    ]  # fmt: skip


def test_an_unknown_or_missing_field_is_refused():
    """By name, as Python does; and fields go by name alone."""
    with pytest.raises(TypeError, match="planet"):
        SessionMarked(code="L", planet="Mars")
    with pytest.raises(TypeError, match="marks"):
        RegisterTaken(by="S1", ended=0)
    with pytest.raises(TypeError, match="planet"):
        replace(MARK, planet="Mars")
    with pytest.raises(TypeError, match="positional"):
        SessionMarked("L")


def test_parts_of_an_event_are_checked_as_it_is():
    """A finding or a paper is made by itself, before its event."""
    with pytest.raises(ValueError, match=r"^Finding: line: "):
        Finding(file="marks.csv", line="1", code="age")
    with pytest.raises(ValueError, match=r"^CaseUndercut: papers: "):
        CaseUndercut(papers=[], sessions=())


def test_a_text_that_is_none_is_refused_as_such():
    """Bytes of another encoding, as a terminal may hand them in; the command line says so."""
    with pytest.raises(UnicodeEncodeError):
        SessionMarked(code="L", comment="bad \udcff byte")


def test_an_event_never_changes():
    """Another is made in its place."""
    with pytest.raises(AttributeError):
        MARK.code = "U"
    assert replace(MARK, code="U") == SessionMarked(code="U", by="S1")
    assert SessionMarked(code="L", by="S1") == MARK
