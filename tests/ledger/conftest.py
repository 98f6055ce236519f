"""A log to append to by hand, a clock to set, and a school with pupils to mark."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from commands.core.command import Context
from commands.core.execute import execute
from commands.school.staff import AddStaff
from ledger.events import calendar, log, roll, streams
from ledger.events.base import Event
from ledger.events.register import SessionMarked
from ledger.sealing.keys import KeyRing
from ledger.sealing.redaction import seal_event
from ledger.store.facts import Fact, Recorded
from ledger.store.folder import Folder
from ledger.store.store import Batch, Store
from tests.ledger.sealing.rings import new_ring

PUPILS = 8
NINE_O_CLOCK = 1_795_165_200_000_000
"""2026-11-20T09:00:00Z"""


@dataclass
class Clock:
    reading: int = NINE_O_CLOCK

    def __call__(self) -> int:
        return self.reading


def header(**more) -> log.Committed:
    shared = {"account": "tests", "authenticated": "no", "software": "0", "rules": "none"}
    return log.Committed(**{"at": 0, "command": "Test", "count": 0} | shared | more)


@dataclass
class Log:
    """A store, and the shortest way to append facts to it."""

    store: Store
    clock: Clock = field(default_factory=Clock)

    def append(self, *facts: Fact, before_commit=lambda: None, count=None, **more):
        relied = {"read_at": self.store.head()} | more
        batch = Batch(header(), facts, len(facts) if count is None else count, **relied)
        appended = self.store.append(batch, clock=self.clock, before_commit=before_commit)
        return appended.header

    def recorded(self) -> list[Recorded]:
        return [event for page in self.store.scan(0) for event in page]

    def positions(self) -> list[int]:
        return [r.position for r in self.recorded()]


def mark(pupil: str = "p", session: str = "2026-11-20/AM", code: str = "/", **more) -> Fact:
    return Fact(streams.mark(pupil, session), SessionMarked(code=code, **more))


def enrolled(**more) -> roll.PupilEnrolled:
    said = {"upn": "U", "surname": "S", "forename": "F", "dob": "2014-01-31"} | more
    days = {"starts_on": date(2025, 9, 1), "compulsory_from": date(2019, 1, 1)}
    return roll.PupilEnrolled(**days, birth_cohort=2013, **said)


def recorded(folder: Folder, stream: str, event: Event) -> None:
    """Append one event, sealed, to the log in a folder."""
    with closing(Store(folder.log)) as store, closing(KeyRing(folder.keys)) as ring:
        with ring.writing():
            sealed = seal_event(ring, stream, event, NINE_O_CLOCK)
            ring.commit()
        Log(store).append(Fact(stream, sealed))


@pytest.fixture
def new_mark():
    return mark


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger_log(db: Path) -> Iterator[Log]:
    with closing(Store.create(db)) as store:
        yield Log(store)


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[KeyRing]:
    """An empty key ring."""
    with new_ring(tmp_path / "keys.db") as made:
        yield made


@pytest.fixture
def grown(context: Context) -> Folder:
    """A ledger of three commands: nine entries, the last two of each a header and a fact."""
    for number in (2, 3):
        name = f"Ben {number}"
        execute(context, AddStaff(staff_id=f"S{number}", name=name, job_title="Teacher"))
    return context.folder


@pytest.fixture
def school(context: Context) -> Folder:
    """A ledger with a term and pupils L0, L1 ... in group 7B, whose surnames are Secret0 ..."""
    folder = context.folder
    term = calendar.TermSet(name="Autumn", first=date(2025, 9, 1), last=date(2025, 12, 19))
    facts = [Fact(streams.CALENDAR, term)]
    with (
        closing(Store(folder.log)) as store,
        closing(KeyRing(folder.keys)) as keys,
        keys.writing(),
    ):
        for number in range(PUPILS):
            facts += _pupil(keys, number)
        Log(store).append(*facts, before_commit=keys.commit)
    return folder


def _pupil(keys: KeyRing, number: int) -> list[Fact]:
    stream = streams.pupil(f"pupil{number}")
    keys.add_identity(f"L{number}", "local_id", f"pupil{number}")
    names = {"local_id": f"L{number}", "surname": f"Secret{number}", "forename": "Chidi"}
    event = enrolled(upn=f"UPN-OF-{number}", **names)
    joined = roll.GroupJoined(kind="registration", name="7B", since=date(2025, 9, 1))
    return [Fact(stream, seal_event(keys, stream, event, 0)), Fact(stream, joined)]
