"""Which key each personal field is sealed under, and that no name reaches the log in clear."""

import re
from contextlib import closing
from datetime import date
from typing import get_type_hints

import pytest

from commands.core.execute import execute
from commands.register.take import MarkSession
from ledger import clock
from ledger.events import calendar, casework, register, roll, streams
from ledger.events.base import Event, replace, sealed_fields
from ledger.events.log import ImportCompleted
from ledger.events.registry import EVENTS
from ledger.events.school import StaffJoined
from ledger.sealing.keys import KeyRing, parse_box
from ledger.sealing.redaction import seal_event
from ledger.store.store import Store
from ledger.values import Session
from tests.ledger.conftest import enrolled

JULY, AUGUST = Session(date(2026, 7, 31), "AM"), Session(date(2026, 8, 1), "AM")
NOW = clock.parse_instant("2027-08-01T00:30")
"""In UTC still the day before: the school year is London's."""


def places(ring, stream: str, event: Event) -> dict[str, tuple[str, str]]:
    with ring.writing():
        sealed = seal_event(ring, stream, event, NOW)
    names = [name for name, _ in sealed_fields(type(event)) if getattr(event, name) is not None]
    return {name: parse_box(getattr(sealed, name))[:2] for name in names}


AMENDED = register.MarkAmended(
    original="N", code="L", reason="R", nature="B", by="S1", name="Ada", job_title="Clerk"
)
WITHDRAWN = roll.EnrolmentWithdrawn(
    starts_on=date(2026, 9, 1), reason="R", by="S1", name="Ada", job_title="Clerk"
)
CALLED = casework.CaseworkStepTaken(step="call", on=date(2026, 9, 1), notes="N")
SCHOOL = ("school", "register-2027")
IDENTITY = dict.fromkeys(("upn", "surname", "forename", "dob"), ("p", "identity"))


def in_register(year: int, *fields: str) -> dict[str, tuple[str, str]]:
    """The pupil's fields and who the author is, under the register of one school year."""
    key = f"register-{year}"
    author = dict.fromkeys(("name", "job_title"), ("staff:S1", key))
    return {**dict.fromkeys(fields, ("p", key)), **author}


CASES = [
    (streams.pupil("p"), enrolled(), IDENTITY),
    (streams.mark("p", JULY), AMENDED, in_register(2025, "reason", "nature")),
    (streams.mark("p", AUGUST), AMENDED, in_register(2026, "reason", "nature")),
    (streams.pupil("p"), WITHDRAWN, in_register(2027, "reason")),
    (
        streams.plan("p", AUGUST),
        register.AbsencePlanned(code="M", reason="R"),
        {"reason": ("p", "register-2026")},
    ),
    (streams.casework("p"), CALLED, dict.fromkeys(("step", "notes"), ("p", "casework"))),
    *(
        (streams.CALENDAR, kind(date=AUGUST.date, reason="R"), {"reason": SCHOOL})
        for kind in (calendar.SessionsClosed, calendar.SessionCancelled, calendar.ClosureWithdrawn)
    ),
    (
        streams.staff("S1"),
        StaffJoined(name="Ada", job_title="Clerk"),
        {"name": ("staff:S1", "identity"), "job_title": ("staff:S1", "identity")},
    ),
    (
        streams.parent("A1"),
        roll.ParentRecorded(surname="S"),
        {"surname": ("parent:A1", "identity")},
    ),
    (
        streams.relation("A1", "p"),
        roll.RelationRecorded(relationship="mother"),
        {"relationship": ("p", "identity")},
    ),
]


@pytest.mark.parametrize(
    ("stream", "event", "expected"),
    CASES,
    ids=[f"{stream} {type(event).__name__}" for stream, event, _ in CASES],
)
def test_each_field_is_sealed_for_its_subject_purpose_and_school_year(
    ring, stream, event, expected
):
    """Identity, casework, or the register of the school year that holds the session."""
    assert places(ring, stream, event) == expected


def test_an_event_without_personal_data_is_left_as_it_is(ring):
    """No key is made for a bare mark."""
    bare = register.SessionMarked(code="/")
    assert seal_event(ring, streams.mark("p", JULY), bare, NOW) is bare


def test_what_is_not_personal_stays_in_clear(ring):
    """Codes, dates and numbers are sealed nowhere, so that every total outlives the keys."""
    with ring.writing():
        sealed = seal_event(ring, streams.mark("p", JULY), AMENDED, NOW)
    assert (sealed.original, sealed.code, sealed.by) == ("N", "L", "S1")


def test_each_text_of_a_list_is_sealed(ring):
    """Under the whole school's key, whatever the stream; an empty list stays one."""
    done = ImportCompleted(format="portable", counts={}, digests=("ab", "cd"))
    with ring.writing():
        sealed = seal_event(ring, streams.IMPORTS, done, NOW)
        assert [ring.open(text) for text in sealed.digests] == ["ab", "cd"]
        bare = replace(done, digests=())
        assert seal_event(ring, streams.IMPORTS, bare, NOW) is bare
    where = {(parse_box(text).subject, parse_box(text).where) for text in sealed.digests}
    assert where == {("school", ("digests", "imports"))}


def test_only_texts_are_sealed():
    """A sealed field is a text or none, in every event there is."""
    fields = {c: get_type_hints(c) for c in EVENTS.values()}
    sealed = [(c, name) for c in EVENTS.values() for name, _ in sealed_fields(c)]
    assert len(sealed) > 30
    assert all("str" in str(fields[c][name]) for c, name in sealed)


IN_CLEAR = {
    "ids, of people too": "by parent pupils survivor batch ledger_id notice papers id of reviews",
    "times of day, and the rule that a step answers": "at answers",
    "who gave a command, in its header": "account authenticated software rules command source",
    "codes, sessions and grounds": "code original stands sessions entries of_age first last "
    "ground grounds paragraph purpose outcome kind field roles given taken",
    "names of groups, terms and the school": "name groups urn la_code estab type phase",
    "register times": "am_opens am_closes pm_opens pm_closes",
    "the authority's reference": "la_ref",
    "what the school publishes": "policy text",
    "of software and files": "digest files format counts findings key signature sha256",
}
"""Texts that no event seals, by what they are; whatever people write as they like is sealed."""


def test_every_text_that_stays_in_clear_is_one_that_people_do_not_write():
    """A new text in an event is sealed, or it is said here why it is not."""
    clear = {
        name
        for event in EVENTS.values()
        for name, kind in get_type_hints(event).items()
        if name not in dict(sealed_fields(event)) and re.search("str|tuple|events", f"{kind}")
    }
    assert clear == {name for names in IN_CLEAR.values() for name in names.split()}


def test_no_personal_text_is_in_the_logs_bytes(context, school):
    """Surnames, UPNs, birth dates, comments and reasons occur nowhere in the log's files."""
    mark = MarkSession(
        pupil="L3",
        session=Session(date(2025, 9, 2), "AM"),
        code="/",
        comment="Seen-By-Nurse",
        reason="Wet-Paper",
    )
    says = execute(context, mark).says
    assert "Chidi Secret3" in says[0]
    log = b"".join(path.read_bytes() for path in school.path.glob("ledger.db*"))
    assert b"pupil3" in log
    for text in (
        "Secret3",
        "Chidi",
        "UPN-OF-3",
        "2014-01-31",
        "Seen-By",
        "Wet-Paper",
        "Ada Marsh",
    ):
        assert text.encode() not in log, text


def test_what_was_sealed_by_a_command_opens(context, school):
    """The comment on a mark is read back under the pupil's key of that school year."""
    mark = MarkSession(pupil="L3", session=Session(date(2025, 9, 2), "PM"), code="\\", comment="C")
    execute(context, mark)
    with closing(Store(school.log)) as store, closing(KeyRing(school.keys)) as ring:
        (event,) = store.stream(streams.mark("pupil3", mark.session))
        assert parse_box(event.comment)[:2] == ("pupil3", "register-2025")
        assert ring.open(event.comment) == "C"
