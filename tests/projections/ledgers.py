"""A ledger on disk that a test fills with facts at stated times, and questions asked of it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.clock import to_instant
from ledger.events import streams
from ledger.events.base import Event, replace
from ledger.events.calendar import RegisterTimesSet, TermSet
from ledger.events.log import ClockCorrected, Committed, LedgerCreated, Source
from ledger.events.register import SessionMarked
from ledger.events.roll import DetailsAmended, GroupJoined, PupilEnrolled
from ledger.events.school import SchoolOpened, StaffJoined
from ledger.sealing.keys import KeyRing
from ledger.sealing.redaction import seal_event
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Batch, Store
from projections.queries import view

SOURCE = Source(system="other-system", files=())
HOUR = 3_600_000_000
URN = "123456"
STAFF = "s1"


def instant(*when: int) -> int:
    """An instant from year, month, day, hour, minute in UTC."""
    return to_instant(datetime(*when, tzinfo=UTC))


NOW = instant(2026, 6, 30, 12)


class Book:
    """A ledger being written: `commit` is one transaction; `ask` is one question."""

    def __init__(self, path: Path):
        self.folder = Folder(path)
        path.mkdir()
        KeyRing.create(self.folder.keys)
        Store.create(self.folder.log).close()
        self.versions: dict[str, int] = {}

    @contextmanager
    def writing(self) -> Iterator["Book"]:
        """Keep log and keys open over several commits."""
        with (
            closing(Store(self.folder.log)) as self.store,
            closing(KeyRing(self.folder.keys)) as self.ring,
        ):
            yield self

    def commit(
        self,
        at: int,
        *facts: Fact,
        imported: bool = False,
        by: str | None = STAFF,
        command: str = "Test",
    ) -> int:
        """Record facts in one transaction at a time; return the log's head."""
        header = Committed(
            at=0,
            by=by,
            account="office",
            authenticated="operating-system account; name as stated",
            software="test",
            rules="test",
            command=command,
            count=0,
            source=SOURCE if imported else None,
        )
        with self.ring.writing():
            sealed = [Fact(f.stream, self._seal(f.stream, f.event, at)) for f in facts]
            head = self.store.head()
            batch = Batch(header, sealed, len(facts), head)
            self.store.append(batch, clock=lambda: at, before_commit=self.ring.commit)
        for fact in facts:
            self.versions[fact.stream] = self.versions.get(fact.stream, 0) + 1
        return head + 1 + len(facts)

    def add(self, at: int, *facts: Fact, **header: Any) -> int:
        """Record one transaction, opening and closing the files for it."""
        with self.writing():
            return self.commit(at, *facts, **header)

    def _seal(self, stream: str, event: Event, at: int) -> Event:
        match event:
            case PupilEnrolled(upn=upn, local_id=local_id):
                self.ring.add_identity(upn, "upn", streams.subject(stream))
                if local_id:
                    self.ring.add_identity(local_id, "local_id", streams.subject(stream))
            case DetailsAmended(field="upn", amended=str(upn)):
                self.ring.add_identity(upn, "upn", streams.subject(stream))
        return seal_event(self.ring, stream, event, at)

    def ask(self, question: Any, *, now: int = NOW):
        """Return the answer to a question."""
        with view.view_for(self.folder, question, lambda: now) as opened:
            return question.answer(opened)

    def destroy(self, subject: str) -> None:
        """Destroy every key of a subject."""
        with closing(KeyRing(self.folder.keys)) as ring:
            ring.destroy(subject, at=NOW)


# -- facts --------------------------------------------------------------------------------------


def created() -> Fact:
    """The ledger's birth."""
    return Fact(streams.LEDGER, LedgerCreated(ledger_id="0" * 32, layout=1))


def opened(**changed: str) -> Fact:
    """The school."""
    school = SchoolOpened(
        urn=URN, name="Test School", la_code="887", estab="4001", type="academy", phase="secondary"
    )
    return Fact(streams.CALENDAR, replace(school, **changed))


def term(name: str, first: date, last: date) -> Fact:
    """A term."""
    return Fact(streams.CALENDAR, TermSet(name=name, first=first, last=last))


def times(since: date) -> Fact:
    """Register times: 08:45 to 08:55 and 13:50 to 14:00."""
    event = RegisterTimesSet(
        since=since, am_opens="08:45:00", am_closes="08:55:00", pm_opens="13:50:00",
        pm_closes="14:00:00",
    )  # fmt: skip
    return Fact(streams.CALENDAR, event)


def corrected(first: int, last: int, earliest: int, latest: int) -> Fact:
    """Entries that a wrong clock stamped, and between which instants they were recorded."""
    event = ClockCorrected(
        first=first, last=last, earliest=earliest, latest=latest, reason="The battery ran down",
        by=STAFF, name="Mrs Register", job_title="Officer",
    )  # fmt: skip
    return Fact(streams.clock(), event)


def staff(staff_id: str = STAFF, name: str = "Mrs Register", **more: Any) -> Fact:
    """A member of staff."""
    event = StaffJoined(name=name, job_title=more.pop("job_title", "Officer"), **more)
    return Fact(streams.staff(staff_id), event)


def enrolled(pupil: str, starts_on: date, **more: Any) -> Fact:
    """A spell on roll: UPN ``U-pupil``, name ``Fore-pupil Sur-pupil``."""
    stated = {
        "birth_cohort": 2012,
        "compulsory_from": date(2017, 12, 31),
        "upn": f"U-{pupil}",
        "local_id": f"L-{pupil}",
        "surname": f"Sur-{pupil}",
        "forename": f"Fore-{pupil}",
        "dob": "2012-10-01",
    }
    return Fact(streams.pupil(pupil), PupilEnrolled(starts_on=starts_on, **stated | more))


def joined(pupil: str, kind: str, name: str, **more: Any) -> Fact:
    """A membership."""
    return Fact(streams.pupil(pupil), GroupJoined(kind=kind, name=name, **more))


def marked(pupil: str, session: str, code: str, **more: Any) -> Fact:
    """A first mark."""
    return Fact(streams.mark(pupil, session), SessionMarked(code=code, **more))


def on_mark(pupil: str, session: str, event: Event) -> Fact:
    """A change to a mark."""
    return Fact(streams.mark(pupil, session), event)


def weekdays(first: date, last: date) -> list[date]:
    """Monday to Friday between two dates."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]
