"""attendance redact: one sealed text put beyond use, by whom and why; what the law keeps stays."""

import json
import sqlite3
from contextlib import closing
from datetime import date
from unittest import mock

import pytest

from commands.amending.amend import AmendMarks
from commands.core.execute import look
from commands.disclosure import redact
from commands.disclosure.disclosures import RecordDisclosure
from commands.disclosure.redact import RedactField
from commands.register.take import MarkSession
from commands.roll.correct import CorrectPupil
from commands.roll.families import RecordParent, RecordRelation
from commands.roll.remove import RemovePupil
from commands.school.staff import ChangeStaff
from ledger.errors import Incomplete, Refused
from ledger.events import streams
from ledger.events.base import replace, sealed_fields
from ledger.events.calendar import SessionsClosed
from ledger.events.casework import CaseworkStepTaken
from ledger.events.disclosure import Disclosed, FieldRedacted, NamesShown
from ledger.events.leave import LeaveFalsified
from ledger.events.log import ClockCorrected, ImportCompleted
from ledger.events.penalties import AlertSettled
from ledger.events.register import MarkAmended
from ledger.events.school import StaffChanged
from ledger.sealing import keys
from ledger.sealing.boxes import Where
from ledger.sealing.keys import REDACTED, KeyRing
from ledger.state.school import Spell
from ledger.store.store import Store
from ledger.values import Session
from tests.commands.conftest import HAL, MO, Desk, refusal
from tests.commands.meanwhile import tries
from tests.ledger.tampering import tampered

THURSDAY = Session(date(2026, 11, 19), "AM")
WHY = "about another child"
WRONG = "Ben was seen at the clinic"


@pytest.fixture
def school(desk: Desk) -> Desk:
    """Ada has an entry with a comment, amended with a reason that is about Ben."""
    desk.at("2026-11-19T09:00").mark("P1", THURSDAY, "N")
    desk.at("2026-11-20T09:30").do(
        AmendMarks(pupil="P1", session=THURSDAY, code="I", reason=WRONG)
    )
    return desk.by("head")


def found(desk: Desk, kind: str, **holding) -> int:
    """The position of the newest event of a class, which holds what is named."""
    return max(
        position
        for position, _, event in desk.log()
        if type(event).__name__ == kind
        and all(getattr(event, name) == value for name, value in holding.items())
    )


def redacted(desk: Desk, position: int, field: str = "reason", reason: str = WHY):
    return RedactField(position=position, field=field, reason=reason).carry_out(desk.context)


def told(desk: Desk, position: int, field: str = "reason") -> str:
    """Redact a text; return all that is said of it."""
    return "\n".join(redacted(desk, position, field).says)


def refused(desk: Desk, position: int, field: str = "reason", reason: str = WHY) -> Refused:
    """The refusal, which left log and keys as they were."""
    log, keys = desk.folder.head(), ring_of(desk)
    caught = refusal(redacted, desk, position, field, reason)
    assert (desk.folder.head(), ring_of(desk)) == (log, keys)
    return caught


def amend(desk: Desk, pupil: str, code: str, reason: str) -> int:
    """Amend a mark for a reason; return the position of the amendment."""
    desk.do(AmendMarks(pupil=pupil, session=THURSDAY, code=code, reason=reason))
    return found(desk, "MarkAmended")


def step(**fields) -> CaseworkStepTaken:
    """A step of casework, with the wrong text in its notes."""
    return CaseworkStepTaken(**{"step": "call", "on": THURSDAY.date, "notes": WRONG} | fields)


def correct(desk: Desk, **fields: str) -> int:
    """Correct a detail of Ada; return the position of the amendment."""
    [(field, to)] = fields.items()
    desk.do(CorrectPupil(pupil="P1", field=field, to=to, reason="typed wrong"))
    return found(desk, "DetailsAmended")


def ring_of(desk: Desk) -> list[str]:
    with closing(sqlite3.connect(desk.folder.keys)) as db:
        return [*db.iterdump()]


def stored(desk: Desk, position: int) -> tuple:
    """The row of an event as it is in the log."""
    with closing(Store(desk.folder.log)) as store, store.reading() as c:
        [row] = store._recorder.scan(c, position - 1, limit=1)
        return tuple(row)


def texts(desk: Desk, position: int) -> dict[str, str]:
    event = next(event for at, _, event in desk.log() if at == position)
    return {name: getattr(event, name) for name, _ in sealed_fields(type(event))}


def test_the_text_is_gone_and_who_did_it_is_recorded(school):
    """Name of the author and everything in clear stay; the reason of the redaction is sealed."""
    position = found(school, "MarkAmended")
    says = redacted(school, position).says
    assert texts(school, position) == {
        "nature": None, "reason": REDACTED, "name": "Mo Marsh", "job_title": "Attendance Officer"
    }  # fmt: skip
    [(_, stream, event)] = [r for r in school.log() if isinstance(r[2], FieldRedacted)]
    assert stream == streams.redaction()
    assert event == FieldRedacted(position=position, field="reason", reason=WHY, **HAL)
    assert says[0] == f"the reason of event {position} is beyond use: its key is destroyed"
    assert any("one of the five" in line for line in says)


def test_one_text_of_a_list_goes_and_the_others_stay(school):
    """The digest of one imported file, by its number among them."""
    done = ImportCompleted(format="portable", counts={}, digests=("ab" * 32, "cd" * 32))
    position = school.put(streams.IMPORTS, done)
    caught = refused(school, position, "digests")
    assert caught.remedy == "its sealed texts are: digests.1, digests.2"
    redacted(school, position, "digests.2")
    stands = next(event for at, _, event in school.log() if at == position)
    assert stands.digests == ("ab" * 32, REDACTED)


def test_why_the_school_was_closed_goes_and_the_closure_stays(school):
    """A reason that names a person is put beyond use; the half days stay closed."""
    closure = SessionsClosed(date=date(2026, 11, 27), reason=WRONG)
    position = school.put(streams.CALENDAR, closure)
    says = told(school, position)
    assert says.startswith(f"the reason of event {position} is beyond use")
    stands = next(event for at, _, event in school.log() if at == position)
    assert stands == replace(closure, reason=REDACTED)
    mark = MarkSession(pupil="P1", session=Session(date(2026, 11, 27), "AM"), code="/")
    caught = school.at("2026-11-27T09:30").refused(mark, "school-closed")
    assert f"closed on 2026-11-27/AM ({REDACTED})" in caught.what


def test_what_an_older_event_holds_in_clear_cannot_go(school):
    """It has no key; it is not taken for a sealed text."""
    old = StaffChanged(name="Mo Marsh", job_title="Attendance officer")
    position = school.put(streams.staff("officer"), old)
    said = json.loads(stored(school, position)[4]) | {"job_title": "Attendance officer"}
    written = json.dumps(said, separators=(",", ":")).encode()
    change = "UPDATE stored_events SET topic = 'StaffChanged.v1', state = ? WHERE position = ?"
    tampered(school.folder.log, (change, [written, position]))
    caught = refused(school, position, "job_title")
    assert (caught.code, caught.remedy) == ("field-not-sealed", "its sealed texts are: name")


def test_no_byte_of_the_text_or_its_key_is_left(school):
    """In no file of the ledger; the stored event, and so the proof over it, is what it was."""
    position = found(school, "MarkAmended")
    before = stored(school, position)
    redacted(school, position)
    assert stored(school, position) == before
    files = b"".join(p.read_bytes() for p in school.folder.path.rglob("*") if p.is_file())
    assert WRONG.encode() not in files
    sealed = json.loads(before[4])["reason"]
    assert json.dumps(sealed).encode() in files


def test_texts_sealed_later_open(school):
    """The same pupil's register goes on."""
    redacted(school, found(school, "MarkAmended"))
    assert texts(school, amend(school, "P1", "M", "dentist"))["reason"] == "dentist"


def test_a_redaction_whose_event_is_missing_is_recorded_by_repeating_it(school):
    """Keys first: a crash between the two leaves the text gone, and the command can go on."""
    position = found(school, "MarkAmended")
    with mock.patch.object(redact, "execute", side_effect=OSError), pytest.raises(OSError):  # noqa: PT011
        redacted(school, position)
    assert texts(school, position)["reason"] == REDACTED
    assert not any(isinstance(e, FieldRedacted) for _, _, e in school.log())
    assert "cannot be looked for now" in told(school, position)
    assert sum(isinstance(e, FieldRedacted) for _, _, e in school.log()) == 1
    assert refused(school, position).code == "already-redacted"
    redacted(school, found(school, "PupilEnrolled"), "local_id")
    assert refused(school, position).code == "already-redacted"


def test_a_redaction_that_cannot_be_recorded_is_told_as_half_done(school):
    """The text is gone by then: nobody may think that nothing happened."""
    position = found(school, "MarkAmended")
    full = Refused("disk-full", "the disk is full", "free some space")
    with mock.patch.object(redact, "execute", side_effect=full):
        caught = refusal(redacted, school, position, "reason", WHY)
    assert isinstance(caught, Incomplete)
    assert "not recorded by whom and why: the disk is full" in caught.what
    assert "the same command again" in caught.remedy


def test_a_destruction_that_was_cut_short_is_finished_by_the_next_command(school):
    cut = mock.patch.object(KeyRing, "wipe", side_effect=KeyboardInterrupt)
    with cut, pytest.raises(KeyboardInterrupt):
        redacted(school, found(school, "MarkAmended"))
    with closing(KeyRing(school.folder.keys)) as ring:
        assert ring.owes_wiping
    school.mark("P2", THURSDAY, "N")
    with closing(KeyRing(school.folder.keys)) as ring:
        assert not ring.owes_wiping


def test_where_else_the_same_text_stands_is_said(school):
    """The address amended repeats the one before as its original."""
    first = correct(school, address="1 Elm Row")
    second = correct(school, address="2 Oak Row")
    says = redacted(school, first, "amended").says
    assert f"{second} original" in says[-2]
    assert says[-1] == "redact it there too where it is wrong"


def test_every_place_is_named_however_many(school):
    """About any pupil, in any kind of event, however it is spaced; a single word is not sought."""
    everywhere = []
    for pupil in ("P2", "P3", "P1"):
        if not school.marks(pupil):
            school.mark(pupil, THURSDAY, "O")
        for code, reason in (("N", WRONG), ("I", f"mother rang: {WRONG.upper()}  today")):
            everywhere.append((amend(school, pupil, code, reason), reason))
    noted = imported(school, "P2")
    says = told(school, everywhere[0][0])
    places = [f"{at} reason" for at, reason in everywhere[1:] if reason == WRONG]
    longer = [f"{at} reason (within a longer text)" for at, r in everywhere if r != WRONG]
    assert f"in {len(everywhere) + 1} places" in says
    for place in (*places, *longer, f"{noted} notes"):
        assert place in says
    short = amend(school, "P1", "O", "moved")
    amend(school, "P1", "N", "they moved house")
    assert not any("still stands" in line for line in redacted(school, short).says)


def test_what_the_product_copied_is_named_from_either_end(school):
    """The reason of leave found false stands again in that of each amendment."""
    leave = streams.leave(school.id("P1"), "l1")
    first = school.put(leave, LeaveFalsified(reason="the letter is made up", **MO))
    cited = "leave l1 was found to be falsified: the letter is made up"
    second = amend(school, "P1", "O", cited)
    school.mark("P2", THURSDAY, "O")
    amend(school, "P2", "I", "the letter")
    assert says_where(redacted(school, second)) == f"{first} reason (a part of it)"
    assert says_where(redacted(school, first)) is None


def test_a_copy_within_a_longer_text_is_named(school):
    """One place is one place."""
    leave = streams.leave(school.id("P1"), "l1")
    first = school.put(leave, LeaveFalsified(reason="the letter is made up", **MO))
    cited = "falsified: the letter is made up"
    amend(school, "P1", "O", cited)
    says = redacted(school, first)
    place = f"{found(school, 'MarkAmended')} reason (within a longer text)"
    assert says_where(says) == place
    assert any("in 1 place " in line for line in says.says)


def says_where(outcome):
    """The places that are told, none where nothing is."""
    lines = [line for line in outcome.says if "still stands in" in line]
    return lines[0].rpartition("(position and field): ")[2] if lines else None


def test_texts_that_do_not_open_are_passed_over(school):
    """Destroyed, redacted before, or damaged: whatever they were, nothing can be compared."""
    first, again = (
        school.put(streams.casework(school.id(pupil)), step()) for pupil in ("P2", "P3")
    )
    position, damaged = found(school, "MarkAmended"), step(notes="~p/casework.AAAA.AAAA")
    with closing(KeyRing(school.folder.keys)) as ring:
        ring.seal("x", "p", "casework", Where("notes", "casework:p"))
        ring.destroy(school.id("P3"), at=school.now)
    redacted(school, first, "notes")
    school.put(streams.casework(school.id("P4")), damaged, sealing=False)
    assert says_where(redacted(school, position)) is None
    assert again > first


def test_the_reason_does_not_say_again_what_goes(school):
    """It would stand for good."""
    caught = refused(school, found(school, "MarkAmended"), reason=f"it said: {WRONG}!")
    assert caught.code == "reason-repeats"
    short = amend(school, "P1", "O", "no")
    assert refused(school, short, reason=" NO ").code == "reason-repeats"
    redacted(school, short, reason="no such thing")


def test_why_a_clock_was_found_wrong_is_kept(school):
    """The dates of what it stamped rest on that."""
    who = {"reason": "its battery had run down", **MO}
    event = ClockCorrected(first=1, last=1, earliest=1, latest=2, **who)
    caught = refused(school, school.put("clock:school", event))
    assert caught.code == "kept-as-account"
    assert "why a clock was found to have been wrong" in caught.what


def test_why_texts_went_and_names_were_shown_is_kept(school):
    """Nobody could answer for either without it; who did it is kept as of any entry."""
    redacted(school, found(school, "MarkAmended"))
    redaction = found(school, "FieldRedacted")
    caught = refused(school, redaction)
    assert caught.code == "kept-as-account"
    assert "why a text was put beyond use" in caught.what
    assert refused(school, redaction, "name").code == "kept-by-law"
    shown = NamesShown(reason="a complaint", seen_at=1, **MO)
    school.put(streams.audit(), shown)
    caught = refused(school, found(school, "NamesShown"))
    assert "names were looked up" in caught.what


def test_to_whom_an_extract_went_may_go_with_a_note(school):
    """Whoever gives data away answers for it."""
    school.do(RecordDisclosure(kind="other", to="Ben's father", what="wrong letter"))
    position = found(school, "Disclosed")
    for field in ("to", "what"):
        assert "answers for what went" in told(school, position, field)
    [row] = [e for _, _, e in school.log() if isinstance(e, Disclosed)]
    assert (row.to, row.what) == (REDACTED, REDACTED)


def test_what_the_admission_register_must_hold_goes_with_a_note(school):
    """Original, amended, reason as of a mark; a parent's address; who amended stays."""
    school.do(RecordParent(parent_id="M1", surname="Quill", address="3 Ash Row"))
    recorded = found(school, "ParentRecorded")
    school.do(RecordParent(parent_id="M1", surname="Quill", address="4 Elm Row", reason="moved"))
    amended = found(school, "AdmissionAmended", field="address")
    for field, words in (
        ("original", "the original entry is one"),
        ("amended", "the amended entry is one"),
        ("reason", "the reason is one"),
    ):
        says = redacted(school, amended, field).says
        assert any(words in line and "on file" in line for line in says)
    assert refused(school, amended, "name").code == "kept-by-law"
    assert "wants the address on the admission register" in told(school, recorded, "address")


def test_a_nature_goes_with_a_note(school):
    """The law wants it of an activity."""
    school.mark("P2", THURSDAY, "B", nature="Ben's therapy")
    assert "nature of the activity" in told(school, found(school, "SessionMarked"), "nature")


def test_extracts_that_may_hold_it_are_listed(school):
    """What left after the event was recorded and covers its day, about the pupil or about many."""

    def left(what, **more):
        school.do(RecordDisclosure(kind="letter", to="Mallow Council", what=what, **more))

    left("too early", pupil=("P1",), seen_at=1)
    left("of that day", pupil=("P1",), first=THURSDAY.date, last=THURSDAY.date)
    left("of another day", pupil=("P1",), first=date(2026, 9, 2), last=date(2026, 9, 3))
    left("about everyone")
    left("about Ben", pupil=("P2",))
    says = told(school, found(school, "MarkAmended"))
    assert "letter to Mallow Council: of that day" in says
    assert "about everyone" in says
    for other in ("too early", "of another day", "about Ben"):
        assert other not in says


def test_a_parents_text_is_looked_for_in_extracts_about_the_children(school):
    """An address on a parent's record left with the children's papers."""
    school.do(RecordParent(parent_id="M1", surname="Quill", address="3 Ash Row"))
    school.do(RecordParent(parent_id="M2", surname="Reed"))
    position = found(school, "ParentRecorded", surname="Quill")
    school.do(RecordRelation(parent_id="M1", pupil="P1", relationship="mother"))
    school.do(RecordRelation(parent_id="M2", pupil="P2", relationship="mother"))
    school.do(RecordDisclosure(kind="other", to="court", what="family file", pupil=("P1",)))
    school.do(RecordDisclosure(kind="other", to="court", what="Ben's file", pupil=("P2",)))
    says = told(school, position, "address")
    assert "family file" in says
    assert "Ben's file" not in says
    assert texts(school, position)["address"] == REDACTED


def imported(desk: Desk, pupil: str) -> int:
    """A step of casework as a source stated it; return its position."""
    return desk.put(streams.casework(desk.id(pupil)), step(stated=1))


def test_a_text_from_a_source_may_come_back(school):
    """Whoever redacts is told to have it corrected there."""
    assert "import" in told(school, imported(school, "P1"), "notes")


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
    caught = refused(school, found(school, kind), field)
    assert (caught.code, words in f"{caught.what} {caught.remedy}") == (code, True)


def test_a_name_is_kept_while_it_stands(school):
    """What stood before may go with a note; another detail at once."""
    surname, address = correct(school, surname="Quilt"), correct(school, address="1 Elm Row")
    kept = refused(school, surname, "amended")
    assert (kept.code, "pupil correct" in kept.remedy) == ("kept-by-law", True)
    assert "the original entry is one of the five" in told(school, surname, "original")
    enrolled = found(school, "PupilEnrolled", forename="Ada")
    redacted(school, enrolled, "surname")
    assert texts(school, enrolled)["surname"] == texts(school, surname)["original"] == REDACTED
    redacted(school, address, "amended")
    assert texts(school, address)["amended"] == REDACTED
    assert look(school.context, lambda state: state.name_of(state.pupil("P1"))) == "Ada Quilt"


def test_a_name_that_stands_again_is_kept_wherever_it_is_stated(school):
    """There and back: its enrolment, and the original of the first change."""
    first, second = (correct(school, surname=to) for to in ("Quilt", "Quill"))
    assert refused(school, first, "original").code == "kept-by-law"
    assert refused(school, second, "amended").code == "kept-by-law"
    redacted(school, first, "amended")


def test_what_the_law_keeps_may_go_when_its_time_is_over(school):
    """Six years after a pupil left, and after the year in which an amendment was made."""
    school.do(RemovePupil(pupil="P4", last_day=date(2026, 11, 20), ground="9(3)(a)"))
    enrolled = found(school, "PupilEnrolled", forename="Dan")
    amended = found(school, "MarkAmended")
    assert "until 2033" in refused(school, enrolled, "surname").what
    school.long_after("2033-12-01T09:00")
    redacted(school, enrolled, "surname")
    redacted(school, amended, "name")
    assert texts(school, enrolled)["surname"] == texts(school, amended)["name"] == REDACTED


def test_an_enrolment_withdrawn_keeps_nobody_for_ever(school):
    """A pupil without any spell on roll: six years from now at the latest."""
    pupil = look(school.context, lambda state: state.pupil("P1"))
    pupil.spells.clear()
    assert redact._end_of_roll_entry(pupil, date(2026, 8, 1)) == date(2033, 8, 1)


@pytest.mark.parametrize(
    ("lasts", "may_go"),
    [
        ((date(2020, 7, 10), date(2026, 7, 31)), date(2032, 8, 1)),
        ((date(2020, 7, 10), date(2026, 8, 1)), date(2033, 8, 1)),
        ((date(2026, 7, 31), date(2020, 7, 10)), date(2032, 8, 1)),
        ((date(2020, 7, 10), None), date.max),
        ((None, date(2020, 7, 10)), date.max),
    ],
)
def test_a_name_is_kept_six_years_after_the_school_year_of_the_last_day_of_all(
    school, lasts, may_go
):
    """Of whoever came back, in whatever order it was recorded; never while on roll."""
    pupil = look(school.context, lambda state: state.pupil("P1"))
    pupil.spells.clear()
    pupil.spells.update({n: Spell(date(2019, 9, 1), last) for n, last in enumerate(lasts)})
    assert redact._end_of_roll_entry(pupil, date(2026, 11, 20)) == may_go


def test_no_such_event_is_refused(school):
    """The newest position is named."""
    assert refused(school, 999_999).code == "position-unknown"


def test_a_destroyed_pupils_text_is_beyond_use_already(school):
    """Nothing is left to take away."""
    position, pupil = found(school, "MarkAmended"), school.id("P1")
    with closing(KeyRing(school.folder.keys)) as ring:
        ring.destroy(pupil, at=school.now)
    assert refused(school, position).code == "beyond-use"


def test_only_those_who_may_redact(school):
    """Head, those the head authorises, safeguarding."""
    position = found(school, "MarkAmended")
    officer = school.by("mm")
    caught = refused(officer, position)
    assert caught.code == "not-authorised"
    assert "head, authoriser, safeguarding" in caught.what
    school.do(ChangeStaff(staff_id="mm", job_title="Safeguarding lead", role=("safeguarding",)))
    redacted(officer, position)
    assert texts(school, position)["reason"] == REDACTED


def test_a_name_and_a_reason_are_needed(school):
    """It is an act of a person; blank is none."""
    position = found(school, "MarkAmended")
    assert refused(school.by(None), position).code == "author-missing"
    assert refused(school, position, reason=" ").code == "reason-missing"


def test_a_redaction_meets_what_left_about_the_same_pupil_only(school):
    """The list of what left is whole when it is recorded."""
    command = RedactField(position=found(school, "MarkAmended"), field="reason", reason=WHY)
    extracts = [
        RecordDisclosure(kind="letter", to="Marsh Council", what="list", pupil=(pupil,))
        for pupil in ("P3", "P1")
    ]
    related = RecordRelation(parent_id="M1", pupil="P3", relationship="aunt")
    school.do(RecordParent(parent_id="M1", surname="Stone"))
    assert tries(school, command, extracts[0], related) == 1
    ada = found(school, "PupilEnrolled", surname="Quill")
    of_ada = RedactField(position=ada, field="local_id", reason=WHY)
    assert tries(school, of_ada, extracts[1]) == 2


def test_a_parents_text_meets_every_relation(school):
    """Whose parent it is may change meanwhile, and with it whose extracts may hold the text."""
    school.do(RecordParent(parent_id="M1", surname="Stone", address="1 Elm Row"))
    command = RedactField(position=found(school, "ParentRecorded"), field="address", reason=WHY)
    related = RecordRelation(parent_id="M1", pupil="P3", relationship="aunt")
    assert tries(school, command, related) == 2


def test_what_a_former_system_sent_shows_nothing_that_was_recorded_here():
    """Neither a change made here nor a decision that no system states, whenever it was."""
    left = Disclosed(
        kind="certificate", to="the court", what="an extract", on=date(2026, 11, 2), seen_at=0,
        stated=10**18, row=2, by="head", name="Hope", job_title="Head",
    )  # fmt: skip
    here = MarkAmended(
        original="N", code="I", reason="rang", by="head", name="Hope", job_title="Head"
    )
    settled = AlertSettled(
        alert=3, outcome="dismissed", reason="seen", by="head", name="Hope", job_title="Head"
    )
    assert not any(redact._came_after(left, 1, event) for event in (here, settled))
    assert redact._came_after(left, 1, replace(here, row=5, stated=10**18))
    assert not redact._came_after(left, 1, replace(here, row=5, stated=10**18 + 1))
    read_here = replace(left, seen_at=5)
    assert [redact._came_after(read_here, at, here) for at in (4, 5, 6)] == [True, True, False]


def test_what_is_recorded_and_not_yet_overwritten_is_told_and_finished_by_the_same_command(
    school, monkeypatch, capsys
):
    """The redaction is on record; a reader of keys.db keeps the old pages as long as it reads."""
    monkeypatch.setattr(keys, "_WAIT_SECONDS", 0.1)
    position = found(school, "MarkAmended")
    with closing(sqlite3.connect(school.folder.keys, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM subject_keys").fetchall()
        with pytest.raises(Incomplete, match="still: another program"):
            redacted(school, position)
        assert "back-ups made before still hold the key" in capsys.readouterr().out
        assert found(school, "FieldRedacted", position=position)
        with pytest.raises(Incomplete, match="still: another program"):
            redacted(school, position)
    said = str(refusal(lambda: redacted(school, position)))
    assert "was redacted before; its key is overwritten" in said
