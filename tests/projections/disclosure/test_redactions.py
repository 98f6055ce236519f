"""A redacted text in every view, and the list of what was redacted."""

from contextlib import closing
from datetime import date

import pytest

from ledger.events import streams
from ledger.events.casework import CaseworkStepTaken
from ledger.events.disclosure import FieldRedacted
from ledger.events.register import MarkAmended
from ledger.sealing.boxes import Redaction
from ledger.sealing.keys import KeyRing, parse_box
from ledger.sealing.redaction import places
from ledger.store.facts import Fact
from ledger.store.store import Store
from projections.disclosure.retention import Redactions
from projections.disclosure.subject_access import SubjectAccess
from projections.exports.portable import ExportPortable
from projections.history.changes import Changes
from projections.history.history import History
from projections.readmodel import catch_up
from projections.rendering import text
from tests.projections.ledgers import HOUR, instant, marked, on_mark

AT = instant(2025, 9, 12, 9)
AUTHOR = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
ON = {"from_": date(2025, 9, 8), "on": date(2025, 9, 12)}
WRONG = "Bob was seen at the clinic"
GONE = "[redacted]"


@pytest.fixture
def marks(school):
    """Ann's amendment and a step of her casework say what is about Bob."""
    school.add(AT, marked("ann", "2025-09-08/AM", "N", by="s1"))
    amended = MarkAmended(original="N", code="I", reason=WRONG, **AUTHOR)
    school.add(AT, on_mark("ann", "2025-09-08/AM", amended))
    step = CaseworkStepTaken(step="call", on=date(2025, 9, 9), by="s1", notes=WRONG)
    school.add(AT, Fact(streams.casework("ann"), step))
    return school


def redact(book, kind, field, *, record=True):
    """Put the field of the newest event of a class beyond use, as the command does."""
    with closing(Store(book.folder.log)) as store:
        found = [r for page in store.scan(0) for r in page if type(r.event).__name__ == kind]
    position, sealed = found[-1].position, getattr(found[-1].event, field)
    box = parse_box(sealed)
    with closing(KeyRing(book.folder.keys)) as ring:
        ring.redact(
            Redaction(*box[:3], position, field, AT),
            places(book.folder.log, box.subject, box.purpose),
        )
    if record:
        event = FieldRedacted(position=position, field=field, reason="about Bob", **AUTHOR)
        book.add(AT + HOUR, Fact(streams.redaction(), event))
    return position


def test_every_view_shows_that_it_is_redacted(marks, tmp_path):
    """History, changes, the export and the copy for the family; all else stands."""
    redact(marks, "MarkAmended", "reason")
    redact(marks, "CaseworkStepTaken", "notes")
    shown = marks.ask(History(who="U-ann", **ON)).rows()[-1]
    assert (shown["reason"], shown["code"], shown["by"]["name"]) == (GONE, "I", "Mrs Register")
    [change] = marks.ask(Changes(**ON)).rows()
    assert change["reason"] == GONE
    asked = SubjectAccess(who="U-ann", for_="Ann", include_free_text="read", **ON)
    copy = marks.ask(asked).document
    assert copy["changes"][-1]["reason"] == GONE
    assert copy["casework"][0]["notes"] == GONE
    marks.ask(ExportPortable(path=tmp_path / "out"))
    assert GONE in (tmp_path / "out" / "amendments.csv").read_text()
    assert GONE in (tmp_path / "out" / "casework.csv").read_text()


def test_no_byte_of_the_text_is_left(marks, tmp_path):
    """Neither in the ledger's files nor in what is exported."""
    redact(marks, "MarkAmended", "reason")
    redact(marks, "CaseworkStepTaken", "notes")
    catch_up.catch_up(marks.folder)
    marks.ask(ExportPortable(path=tmp_path / "out"))
    stored = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    kept = b"".join(p.read_bytes() for p in marks.folder.path.rglob("*") if p.is_file())
    assert WRONG.encode() not in stored + kept


def test_the_list_says_what_who_when_and_why(marks):
    """One row a text, by when it was redacted."""
    first = redact(marks, "MarkAmended", "reason")
    second = redact(marks, "CaseworkStepTaken", "notes")
    answer = marks.ask(Redactions())
    found = [(r["position"], r["field"]) for r in answer.rows()]
    assert found == [(first, "reason"), (second, "notes")]
    row = answer.rows()[0]
    assert (row["reason"], row["by"], row["title"]) == ("about Bob", "Mrs Register", "Officer")
    assert row["recorded_at"].startswith("2025-09-12T10:00:00")
    shown = "\n".join(text.as_text(answer.blocks))
    assert shown.startswith("2 texts put beyond use")
    assert "2025-09-12 11:00" in shown


def test_it_is_known_from_when_it_was_recorded(marks):
    """Before, the list is empty, and says nothing of proofs; before all, nothing is known."""
    before = marks.folder.head()
    redact(marks, "MarkAmended", "reason")
    answer = marks.ask(Redactions(position=before))
    assert not answer.rows()
    assert len(answer.blocks[0].notes) == 1
    assert marks.ask(Redactions(position=0)).document["knows_nothing"] is True


def test_a_text_that_is_gone_shows_so_before_its_event_is_recorded(marks):
    """Keys first: whoever repeats the command records it."""
    redact(marks, "MarkAmended", "reason", record=False)
    assert marks.ask(History(who="U-ann", **ON)).rows()[-1]["reason"] == GONE
    assert not marks.ask(Redactions()).rows()
