"""attendance disclosures record: an extract that left is recorded, to whom and as of when."""

import io
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest

from commands.disclosure.disclosures import RecordDisclosure
from ledger.events import streams
from ledger.events.amending import AmendmentDeclined, AmendmentRequested
from ledger.events.disclosure import Disclosed
from tests.commands.conftest import MO, Desk, refusal
from tests.commands.meanwhile import tries

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 13)
COVERING = {"first": FIRST, "last": LAST}


def left(**fields) -> RecordDisclosure:
    stated = {"kind": "pack", "to": "Mallow Council", "what": "evidence pack", "pupil": ("P1",)}
    return RecordDisclosure(**stated | COVERING | fields)


def test_what_left_is_recorded(desk):
    """To whom, what, when, for which days, and up to where the register was read."""
    position = desk.folder.head()
    [(stream, event)] = desk.recorded(left(sha256="ab" * 32))
    assert stream == streams.disclosure(desk.id("P1"))
    assert event == Disclosed(
        kind="pack", to="Mallow Council", what="evidence pack", on=date(2026, 11, 20), **COVERING,
        seen_at=position, sha256="ab" * 32, **MO,
    )  # fmt: skip


def test_a_letter_about_several_is_recorded_for_each_in_one_transaction(desk):
    """Somebody named twice once; one recorded before is no news, the other is."""
    before = desk.folder.head()
    letter = left(kind="letter", pupil=("P2",), what="list")
    desk.do(letter)
    both = replace(letter, pupil=("P1", "P2", "P1"))
    says = desk.do(both).says
    found = [(stream, e) for at, stream, e in desk.log() if at > before and type(e) is Disclosed]
    assert [stream for stream, _ in found] == [
        streams.disclosure(desk.id(pupil)) for pupil in ("P2", "P1")
    ]
    assert [e.what for _, e in found] == ["list", "list"]
    assert "about Ada Quill: recorded, as of" in says[0]
    assert "about Ben Reed: recorded before" in says[1]
    three = replace(letter, pupil=("P1", "P2", "P3"), what="another")
    assert [stream for stream, _ in desk.recorded(three)] == [
        streams.disclosure(desk.id(pupil)) for pupil in ("P1", "P2", "P3")
    ]


def test_what_left_earlier_has_the_position_of_then(desk):
    """One that existed by the end of that day; 0 for a paper from before the ledger began."""
    old = desk.folder.head()
    desk.at("2026-11-20T09:30").do(left(what="newer"))
    given = {"on": date(2026, 11, 19)}
    refusal = desk.refused(left(**given))
    assert "attendance status --known-at 2026-11-19T23:59" in refusal.remedy
    refusal = desk.refused(left(**given, seen_at=old + 1))
    assert refusal.what == (
        f"event {old + 1} was recorded on 2026-11-20, after the extract left on 2026-11-19"
    )
    for seen_at in (old, 0):
        [event] = desk.events(left(**given, seen_at=seen_at, what=f"as of {seen_at}"))
        assert (event.on, event.seen_at) == (date(2026, 11, 19), seen_at)
    [event] = desk.events(left(on=date(2026, 11, 20), seen_at=old + 1, what="today's"))
    assert event.seen_at == old + 1
    first = {"first": date(2025, 9, 1), "last": date(2025, 9, 2), "on": date(2026, 8, 30)}
    [event] = desk.events(left(**first, seen_at=0))
    assert event.on == date(2026, 8, 30)


def test_one_day_and_the_newest_position_are_enough(desk):
    newest = desk.folder.head()
    [event] = desk.events(left(first=LAST, last=LAST, seen_at=newest))
    assert (event.first, event.last, event.seen_at) == (LAST, LAST, newest)
    [event] = desk.events(left(last=date(2026, 11, 20)))  # the day on which it left
    assert event.last == event.on


def test_an_extract_about_many_names_no_pupil(desk):
    """What an inspector took along; the position printed on it counts."""
    inspection = left(kind="inspection", pupil=(), first=None, last=None, seen_at=3)
    [(stream, event)] = desk.recorded(inspection)
    assert stream == streams.disclosure(None)
    assert (event.first, event.seen_at) == (None, 3)


def test_the_same_again_is_no_news(desk):
    """Another day, text, recipient or file is another extract."""
    desk.do(left())
    assert "recorded before" in desk.do(left()).says[0]
    for other in (
        {"on": date(2026, 11, 19), "seen_at": 1},
        {"what": "second pack"},
        {"to": "court"},
        {"sha256": "cd" * 32},
        {"kind": "letter"},
    ):
        assert desk.do(left(**other)).header is not None


def test_the_hash_of_the_file_is_kept(desk, tmp_path):
    """The file itself is not; without one there is no hash."""
    path = tmp_path / "pack.pdf"
    path.write_bytes(b"pack")
    command = left(sha256_of=path).load(io.StringIO())
    [event] = desk.events(command)
    assert event.sha256 == sha256(b"pack").hexdigest()
    assert left().load(io.StringIO()) == left()


def test_a_file_that_is_not_there_is_refused(tmp_path):
    """Before anything is recorded; a folder is no file."""
    for path in (tmp_path / "none.pdf", tmp_path):
        assert refusal(left(sha256_of=path).load, io.StringIO()).code == "file-missing"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"on": date(2026, 11, 21)}, "disclosure-future"),
        ({"pupil": ()}, "pupil-missing"),
        ({"kind": "certificate", "pupil": ()}, "pupil-missing"),
        ({"first": None, "last": None}, "period-missing"),
        ({"first": None}, "period"),
        ({"last": None}, "period"),
        ({"first": LAST, "last": FIRST}, "period"),
        ({"pupil": ("P77",)}, "pupil-unknown"),
        ({"kind": "letter", "pupil": ("P1", "P77")}, "pupil-unknown"),
        ({"seen_at": 999_999}, "position-unknown"),
        ({"to": " "}, "to-missing"),
        ({"pupil": ("P1", "P2")}, "pupil-several"),
        ({"kind": "certificate", "pupil": ("P1", "P2")}, "pupil-several"),
        ({"last": date(2026, 11, 21)}, "period-later"),
        ({"on": date(2026, 11, 12), "seen_at": 1}, "period-later"),
        ({"on": date(2026, 11, 19)}, "seen-at-missing"),
        ({"on": date(2026, 8, 30), "seen_at": 1}, "position-later"),
        ({"on": date(2026, 8, 30), "seen_at": 999_999}, "position-unknown"),
        ({"what": ""}, "what-missing"),
    ],
)
def test_what_cannot_be_is_refused(desk, fields, code):
    """Tomorrow's, without pupil or period, of nobody, as of a position to come, blank."""
    desk.refused(left(**fields), code)


def test_whoever_gives_it_out_is_named(desk):
    """It is an act of the school."""
    desk.by(None).refused(left(), "author-missing")


def request(desk: Desk, session: str, *events) -> None:
    """Put a request for an amendment, and what became of it, into the log."""
    asked = AmendmentRequested(
        batch="b", original="I", code="O", reason="no note", grounds=("late",), **MO
    )
    stream = streams.approval(desk.id("P1"), session)
    desk.put(stream, asked, *(each(batch="b", **MO) for each in events))


def test_no_certificate_over_an_amendment_that_waits(desk):
    """Packs, letters, other pupils and other days may go; a decided one holds nothing back."""
    request(desk, "2026-11-06/AM")
    request(desk, "2026-11-09/AM", AmendmentDeclined)
    refused = desk.refused(left(kind="certificate"), "amendment-pending", "2026-11-06/AM")
    assert "2026-11-09/AM" not in refused.what
    for other in (
        {"kind": "pack"},
        {"pupil": ("P2",)},
        {"first": date(2026, 11, 9)},
        {"last": date(2026, 11, 5)},
    ):
        assert desk.do(left(**{"kind": "certificate"} | other)).header is not None


@pytest.mark.parametrize("kind", ["certificate", "pack"])
def test_extracts_about_two_pupils_do_not_meet(desk, kind):
    """Two about one pupil do."""
    other = left(kind=kind, pupil=("P2",))
    assert tries(desk, left(kind=kind), other) == 1
    assert tries(desk, left(kind=kind, what="second"), left(kind="letter")) == 2


def test_when_a_position_was_recorded_is_looked_up_without_meeting_anybody(desk):
    """Every command is on the stream that says so, and what it said never changes."""
    earlier = left(on=date(2026, 11, 19), seen_at=3)
    assert tries(desk, earlier, left(pupil=("P2",)), left(pupil=("P3",))) == 1
