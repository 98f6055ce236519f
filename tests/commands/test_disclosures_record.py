"""attendance disclosures record: an extract that left is recorded, to whom and as of when."""

import io
from contextlib import closing
from datetime import date
from hashlib import sha256

import pytest

from commands.disclosures_record import RecordDisclosure, load
from ledger import streams
from ledger.errors import Refused
from ledger.events.amending import AmendmentDeclined, AmendmentRequested
from ledger.events.disclosure import Disclosed
from ledger.keys import KeyRing
from ledger.sealing import seal_event
from ledger.store import Batch, Fact, Store
from tests.commands.conftest import Desk

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 13)
COVERING = {"first": FIRST, "last": LAST}


def left(**fields) -> RecordDisclosure:
    stated = {"kind": "pack", "to": "Mallow Council", "what": "evidence pack", "pupil": "P1"}
    return RecordDisclosure(**stated | COVERING | fields)


def test_what_left_is_recorded(desk):
    """To whom, what, when, for which days, and up to where the register was read."""
    position = desk.folder.head()
    [(stream, event)] = desk.recorded(left(sha256="ab" * 32))
    assert stream == streams.disclosure(desk.id("P1"))
    assert event == Disclosed(
        kind="pack",
        to="Mallow Council",
        what="evidence pack",
        on=date(2026, 11, 20),
        **COVERING,
        seen_at=position,
        sha256="ab" * 32,
        by="mm",
        name="Mo Marsh",
        job_title="Attendance Officer",
    )


def test_an_extract_about_many_names_no_pupil(desk):
    """What an inspector took along; the position printed on it counts."""
    inspection = left(kind="inspection", pupil=None, first=None, last=None, seen_at=3)
    [(stream, event)] = desk.recorded(inspection)
    assert stream == streams.disclosure(None)
    assert (event.first, event.seen_at) == (None, 3)


def test_the_same_again_is_no_news(desk):
    """Another day, text, recipient or file is another extract."""
    desk.do(left())
    assert "recorded before" in desk.do(left()).says[0]
    for other in (
        {"on": date(2026, 11, 19)},
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
    command = load(left(sha256_of=path), io.StringIO())
    [(_, event)] = desk.recorded(command)
    assert event.sha256 == sha256(b"pack").hexdigest()
    assert load(left(), io.StringIO()) == left()


def test_a_file_that_is_not_there_is_refused(tmp_path):
    """Before anything is recorded; a folder is no file."""
    for path in (tmp_path / "none.pdf", tmp_path):
        with pytest.raises(Refused) as refused:
            load(left(sha256_of=path), io.StringIO())
        assert refused.value.code == "file-missing"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"on": date(2026, 11, 21)}, "disclosure-future"),
        ({"pupil": None}, "pupil-missing"),
        ({"kind": "certificate", "pupil": None}, "pupil-missing"),
        ({"first": None, "last": None}, "period-missing"),
        ({"first": None}, "period"),
        ({"last": None}, "period"),
        ({"first": LAST, "last": FIRST}, "period"),
        ({"pupil": "P77"}, "pupil-unknown"),
        ({"seen_at": 999_999}, "position-unknown"),
        ({"to": " "}, "to-missing"),
        ({"what": ""}, "what-missing"),
    ],
)
def test_what_cannot_be_is_refused(desk, fields, code):
    """Tomorrow's, without pupil or period, of nobody, as of a position to come, blank."""
    assert desk.refused(left(**fields)).code == code


def test_whoever_gives_it_out_is_named(desk):
    """It is an act of the school."""
    desk.staff_id = None
    assert desk.refused(left()).code == "author-missing"


def request(desk: Desk, session: str, *events) -> None:
    """Put a request for an amendment, and what became of it, into the log."""
    author = {"by": "mm", "name": "Mo Marsh", "job_title": "Attendance Officer"}
    asked = AmendmentRequested(
        batch="b", original="I", code="O", reason="no note", grounds=("late",), **author
    )
    stream = streams.approval(desk.id("P1"), session)
    header = next(e for _, _, e in desk.log() if type(e).__name__ == "Committed")
    facts = [asked, *(each(batch="b", **author) for each in events)]
    with closing(Store(desk.folder.log)) as store, closing(KeyRing(desk.folder.keys)) as ring:  # noqa: SIM117
        with ring.writing():
            sealed = [Fact(stream, seal_event(ring, stream, e, desk.now)) for e in facts]
            batch = Batch(header, sealed, len(sealed), store.head())
            store.append(batch, clock=lambda: desk.now, before_commit=ring.commit)


def test_no_certificate_over_an_amendment_that_waits(desk):
    """Packs, letters, other pupils and other days may go; a decided one holds nothing back."""
    request(desk, "2026-11-06/AM")
    request(desk, "2026-11-09/AM", AmendmentDeclined)
    refusal = desk.refused(left(kind="certificate"))
    assert refusal.code == "amendment-pending"
    assert "2026-11-06/AM" in refusal.what
    assert "2026-11-09/AM" not in refusal.what
    for other in (
        {"kind": "pack"},
        {"pupil": "P2"},
        {"first": date(2026, 11, 9)},
        {"last": date(2026, 11, 5)},
    ):
        assert desk.do(left(**{"kind": "certificate"} | other)).header is not None
