"""attendance redact: one sealed text put beyond use, by whom and why; what the law keeps stays."""

import json
from contextlib import closing
from datetime import date
from unittest import mock

import pytest

from commands import redact
from commands.amend import AmendMarks
from commands.disclosures_record import RecordDisclosure
from commands.execute import look
from commands.mark import MarkSession
from commands.parent_record import RecordParent
from commands.pupil_correct import CorrectPupil
from commands.pupil_remove import RemovePupil
from commands.redact import RedactField, carry_out
from commands.relation_record import RecordRelation
from commands.staff_change import ChangeStaff
from ledger import streams
from ledger.errors import Refused
from ledger.events.base import sealed_fields
from ledger.events.disclosure import FieldRedacted
from ledger.events.people import CaseworkStepTaken
from ledger.keys import REDACTED, KeyRing
from ledger.punctured import Place
from ledger.sealing import seal_event
from ledger.store import Batch, Fact, Store
from ledger.values import Session
from tests.commands.conftest import Desk

THURSDAY = Session(date(2026, 11, 19), "AM")
WHY = "about another child"
WRONG = "Ben was seen at the clinic"


@pytest.fixture
def school(desk: Desk) -> Desk:
    """Ada has an entry with a comment, amended with a reason that is about Ben."""
    desk.at("2026-11-19T09:00")
    desk.do(MarkSession(pupil="P1", session=THURSDAY, code="N"))
    desk.at("2026-11-20T09:30")
    desk.do(AmendMarks(pupil="P1", session=THURSDAY, code="I", reason=WRONG))
    desk.staff_id = "head"
    return desk


def found(desk: Desk, kind: str, field: str = "") -> int:
    """The position of the newest event of a class (whose field is the one named, if any)."""
    return max(
        position
        for position, _, event in desk.log()
        if type(event).__name__ == kind and field in ("", getattr(event, "field", ""))
    )


def redacted(desk: Desk, position: int, field: str = "reason", reason: str = WHY):
    return carry_out(desk.context, RedactField(position=position, field=field, reason=reason))


def refused(desk: Desk, position: int, field: str = "reason", reason: str = WHY) -> Refused:
    """The refusal, which left log and keys as they were."""
    log, keys = desk.folder.head(), ring_of(desk)
    with pytest.raises(Refused) as caught:
        redacted(desk, position, field, reason)
    assert (desk.folder.head(), ring_of(desk)) == (log, keys)
    return caught.value


def ring_of(desk: Desk):
    with closing(KeyRing(desk.folder.keys)) as ring:
        return ring._everything()


def texts(desk: Desk, position: int) -> dict[str, str]:
    event = next(event for at, _, event in desk.log() if at == position)
    return {name: getattr(event, name) for name, _ in sealed_fields(type(event))}


def test_the_text_is_gone_and_who_did_it_is_recorded(school):
    """Name of the author and everything in clear stay; the reason of the redaction is sealed."""
    position = found(school, "MarkAmended")
    says = redacted(school, position).says
    assert texts(school, position) == {"nature": None, "reason": REDACTED, "name": "Mo Marsh"}
    [(_, stream, event)] = [r for r in school.log() if isinstance(r[2], FieldRedacted)]
    assert stream == streams.redaction()
    assert (event.position, event.field, event.reason) == (position, "reason", WHY)
    assert (event.by, event.name, event.job_title) == ("head", "Hal Hope", "Head Teacher")
    assert says[0] == f"the reason of event {position} is beyond use: its key is destroyed"
    assert any("one of the five" in line for line in says)


def test_no_byte_of_the_text_or_its_key_is_left(school):
    """In no file of the ledger; the stored event, and so the proof over it, is what it was."""
    position = found(school, "MarkAmended")
    with closing(Store(school.folder.log)) as store:
        before = store._recorder.scan(position - 1, limit=1)
    redacted(school, position)
    with closing(Store(school.folder.log)) as store:
        assert store._recorder.scan(position - 1, limit=1) == before
    stored = b"".join(p.read_bytes() for p in school.folder.path.rglob("*") if p.is_file())
    assert WRONG.encode() not in stored
    assert json.loads(before[0][4])["reason"].encode() in stored


def test_texts_sealed_later_open(school):
    """The same pupil's register goes on."""
    redacted(school, found(school, "MarkAmended"))
    school.do(AmendMarks(pupil="P1", session=THURSDAY, code="M", reason="dentist"))
    assert texts(school, found(school, "MarkAmended"))["reason"] == "dentist"


def test_a_redaction_whose_event_is_missing_is_recorded_by_repeating_it(school):
    """Keys first: a crash between the two leaves the text gone, and the command can go on."""
    position = found(school, "MarkAmended")
    with mock.patch.object(redact, "execute", side_effect=OSError), pytest.raises(OSError):  # noqa: PT011
        redacted(school, position)
    assert texts(school, position)["reason"] == REDACTED
    assert not any(isinstance(e, FieldRedacted) for _, _, e in school.log())
    redacted(school, position)
    assert sum(isinstance(e, FieldRedacted) for _, _, e in school.log()) == 1
    assert refused(school, position).code == "already-redacted"
    redacted(school, found(school, "PupilEnrolled"), "local_id")
    assert refused(school, position).code == "already-redacted"


def test_where_else_the_same_text_stands_is_said(school):
    """The address amended repeats the one before as its original."""
    school.do(CorrectPupil(pupil="P1", field="address", to="1 Elm Row", reason="moved"))
    first = found(school, "DetailsAmended")
    school.do(CorrectPupil(pupil="P1", field="address", to="2 Oak Row", reason="wrong child"))
    says = redacted(school, first, "amended").says
    assert f"{found(school, 'DetailsAmended')} original" in says[-2]
    assert says[-1] == "redact it there too where it is wrong"


def test_a_text_that_stands_everywhere_is_counted():
    """Twenty places are named, of the rest how many they are."""
    said, _ = redact._also([Place(n, "reason", "") for n in range(1, 24)])
    assert said.endswith("20 reason and 3 more (position and field)")


def test_extracts_that_may_hold_it_are_listed(school):
    """What left after the event was recorded and covers its day, about the pupil or about many."""

    def left(what, **more):
        school.do(RecordDisclosure(kind="letter", to="Mallow Council", what=what, **more))

    left("too early", pupil="P1", seen_at=1)
    left("of that day", pupil="P1", first=THURSDAY.date, last=THURSDAY.date)
    left("of another day", pupil="P1", first=date(2026, 9, 2), last=date(2026, 9, 3))
    left("about everyone")
    left("about Ben", pupil="P2")
    says = "\n".join(redacted(school, found(school, "MarkAmended")).says)
    assert "letter to Mallow Council: of that day" in says
    assert "about everyone" in says
    for other in ("too early", "of another day", "about Ben"):
        assert other not in says


def test_a_parents_text_is_looked_for_in_extracts_about_the_children(school):
    """An address on a parent's record left with the children's papers."""
    school.do(RecordParent(parent_id="M1", surname="Quill", address="3 Ash Row"))
    school.do(RecordParent(parent_id="M2", surname="Reed"))
    position = max(
        at for at, stream, event in school.log() if stream == streams.parent("M1")
        and type(event).__name__ == "ParentRecorded"
    )  # fmt: skip
    school.do(RecordRelation(parent_id="M1", pupil="P1", relationship="mother"))
    school.do(RecordRelation(parent_id="M2", pupil="P2", relationship="mother"))
    school.do(RecordDisclosure(kind="other", to="court", what="family file", pupil="P1"))
    school.do(RecordDisclosure(kind="other", to="court", what="Ben's file", pupil="P2"))
    says = "\n".join(redacted(school, position, "address").says)
    assert "family file" in says
    assert "Ben's file" not in says
    assert texts(school, position)["address"] == REDACTED


def imported(desk: Desk, pupil: str) -> int:
    """A step of casework as a source stated it; return its position."""
    stream = streams.casework(desk.id(pupil))
    step = CaseworkStepTaken(step="call", on=date(2026, 11, 19), notes=WRONG, stated=1)
    with closing(Store(desk.folder.log)) as store, closing(KeyRing(desk.folder.keys)) as ring:
        header = next(e for _, _, e in desk.log() if type(e).__name__ == "Committed")
        with ring.writing():
            fact = Fact(stream, seal_event(ring, stream, step, desk.now))
            batch = Batch(header, [fact], 1, store.head())
            store.append(batch, clock=lambda: desk.now, before_commit=ring.commit)
        return store.head()


def test_a_text_from_a_source_may_come_back(school):
    """Whoever redacts is told to have it corrected there."""
    says = redacted(school, imported(school, "P1"), "notes").says
    assert any("import" in line for line in says)


@pytest.mark.parametrize(
    ("kind", "field", "code", "words"),
    [
        ("MarkAmended", "code", "field-not-sealed", "reason, name"),
        ("MarkAmended", "nature", "field-not-sealed", "reason, name"),
        ("Committed", "by", "field-not-sealed", "holds none"),
        ("MarkAmended", "name", "kept-by-law", "2033"),
        ("PupilEnrolled", "surname", "kept-by-law", "always"),
        ("PupilEnrolled", "dob", "kept-by-law", "always"),
        ("StaffJoined", "name", "kept-by-law", "always"),
    ],
)
def test_what_cannot_be_redacted_is_refused(school, kind, field, code, words):
    """Fields in clear or empty; who amended, who is on roll, who is on the staff."""
    refusal = refused(school, found(school, kind), field)
    assert refusal.code == code
    assert words in f"{refusal.what} {refusal.remedy}"


def test_an_amended_name_is_kept_an_amended_address_is_not(school):
    """Reg 8's name and birth date with their amendments; other details may go."""
    school.do(CorrectPupil(pupil="P1", field="surname", to="Quilt", reason="typed wrong"))
    school.do(CorrectPupil(pupil="P1", field="address", to="1 Elm Row", reason="moved"))
    kept = refused(school, found(school, "DetailsAmended", "surname"), "original")
    assert (kept.code, "pupil correct" in kept.remedy) == ("kept-by-law", True)
    position = found(school, "DetailsAmended", "address")
    redacted(school, position, "amended")
    assert texts(school, position)["amended"] == REDACTED


def test_what_the_law_keeps_may_go_when_its_time_is_over(school):
    """Six years after a pupil left, and after the year in which an amendment was made."""
    school.do(RemovePupil(pupil="P4", last_day=date(2026, 11, 20), ground="9(3)(a)"))
    [enrolled] = [
        at for at, stream, event in school.log()
        if type(event).__name__ == "PupilEnrolled" and event.forename == "Dan"
    ]  # fmt: skip
    amended = found(school, "MarkAmended")
    assert "until 2033" in refused(school, enrolled, "surname").what
    school.at("2033-12-01T09:00")
    redacted(school, enrolled, "surname")
    redacted(school, amended, "name")
    assert texts(school, enrolled)["surname"] == texts(school, amended)["name"] == REDACTED


def test_an_enrolment_withdrawn_keeps_nobody_for_ever(school):
    """A pupil without any spell on roll: six years from now at the latest."""
    state = look(school.context, lambda state: state)
    pupil = state.pupil("P1")
    pupil.spells.clear()
    assert redact.redact_rules._off_roll(pupil, date(2026, 8, 1)) == date(2033, 8, 1)


@pytest.mark.parametrize("position", [999_999])
def test_no_such_event_is_refused(school, position):
    """The newest position is named."""
    assert refused(school, position).code == "position-unknown"


def test_a_destroyed_pupils_text_is_beyond_use_already(school):
    """Nothing is left to take away."""
    position, pupil = found(school, "MarkAmended"), school.id("P1")
    with closing(KeyRing(school.folder.keys)) as ring:
        ring.destroy(pupil, at=school.now)
    assert refused(school, position).code == "beyond-use"


def test_a_reason_is_needed(school):
    """Blank is none."""
    assert refused(school, found(school, "MarkAmended"), reason=" ").code == "reason-missing"


def test_only_those_who_may_redact(school):
    """Head, those the head authorises, safeguarding."""
    position = found(school, "MarkAmended")
    school.staff_id = "mm"
    refusal = refused(school, position)
    assert refusal.code == "not-authorised"
    assert "head, authoriser, safeguarding" in refusal.what
    school.do(ChangeStaff(staff_id="mm", job_title="Safeguarding lead", role=("safeguarding",)))
    redacted(school, position)
    assert texts(school, position)["reason"] == REDACTED


def test_nobody_named_cannot_redact(school):
    """It is an act of a person."""
    school.staff_id = None
    assert refused(school, found(school, "MarkAmended")).code == "author-missing"
