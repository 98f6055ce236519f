"""A small school, built through the real commands, and a desk from which to run it.

Example High has two registration groups and one pupil beyond compulsory school age:

====  ===========  ==========  =====  ==============
id    pupil        born        year   registration
====  ===========  ==========  =====  ==============
P1    Ada Quill    2014-10-01  Y7     7A
P2    Ben Reed     2014-11-02  Y7     7A
P3    Cat Stone    2014-12-03  Y7     7B
P4    Dan Upton    2009-01-04  Y12    12C
====  ===========  ==========  =====  ==============

It is Friday 20 November 2026, 09:30 in London, unless a test sets the clock.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands.amending.policy import AdoptPolicy
from commands.calendar.terms import SetRegisterTimes, SetTerm
from commands.core.command import Command, Context, Outcome
from commands.core.execute import _Attempt, execute, look
from commands.penalties.undercut import watch
from commands.register.take import MarkSession
from commands.roll.enrol import EnrolPupil
from commands.roll.families import RecordParent, RecordRelation
from commands.school.clock import ConfirmDay
from commands.school.school import CreateLedger, SetSchool
from commands.school.staff import AddStaff
from ledger.clock import local_date, parse_instant
from ledger.errors import Refused
from ledger.events.base import Event, each_sealed
from ledger.events.log import Committed
from ledger.ledger import Ledger
from ledger.sealing.keys import KeyRing
from ledger.sealing.redaction import seal_event
from ledger.state.school import FOLDED, fold
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Batch, Store
from ledger.values import Operator, parse_session, upn_check_letter
from tests.commands.reliance import Noting

BUILT_AT = "2026-09-28T12:00"
NOW = "2026-11-20T09:30"
MO = {"by": "mm", "name": "Mo Marsh", "job_title": "Attendance Officer"}
HAL = {"by": "head", "name": "Hal Hope", "job_title": "Head Teacher"}
_HEADER = Committed(
    at=0, account="", authenticated="", software="", rules="", command="Test", count=0
)
PUPILS = (
    ("Ada", "Quill", "2014-10-01", "Y7", "7A"),
    ("Ben", "Reed", "2014-11-02", "Y7", "7A"),
    ("Cat", "Stone", "2014-12-03", "Y7", "7B"),
    ("Dan", "Upton", "2009-01-04", "Y12", "12C"),
)


def upn(number: int) -> str:
    """Return a valid UPN with a serial number."""
    tail = f"887400126{number:03d}"
    return upn_check_letter(tail) + tail


def taken_back_by(name: str, entry: int) -> str:
    """Return how the number of an entry that may be taken back is said when it is recorded."""
    way = f"attendance take-back {entry} --reason WHY would take it back"
    return f"the {name} is entry {entry}: {way}"


@dataclass
class Desk:
    """A member of staff in front of one ledger, and a clock that stands still."""

    folder: Folder
    now: int
    staff_id: str | None = "mm"

    def at(self, instant: str) -> "Desk":
        """Set the clock."""
        self.now = parse_instant(instant)
        return self

    def long_after(self, instant: str) -> "Desk":
        """Set the clock sixty days or more ahead, and let who is there say that it is right."""
        self.at(instant).do(ConfirmDay(day=local_date(self.now)))
        return self

    @property
    def context(self) -> Context:
        """Return where, when and by whom."""
        return Context(
            Ledger(self.folder), lambda: self.now, Operator(self.staff_id, "office"), watch
        )

    def do(self, command: Command) -> Outcome:
        """Carry out a command; return its outcome."""
        return execute(self.context, command)

    def by(self, staff_id: str | None) -> "Desk":
        """Return the same with somebody else in front of it."""
        return replace(self, staff_id=staff_id)

    def mark(self, pupil: str, session: object, code: str = "/", **more: Any) -> Outcome:
        """Enter a mark."""
        at = parse_session(str(session))
        return self.do(MarkSession(pupil=pupil, session=at, code=code, **more))

    def enrol(self, number: int, forename: str, surname: str, **more: Any) -> Outcome:
        """Enter a pupil on roll, with the local id ``P`` and the number, since September."""
        given = {"local_id": f"P{number}", "starts_on": date(2026, 9, 2), "new_group": True}
        enrolled = EnrolPupil(upn=upn(number), forename=forename, surname=surname, **given | more)
        return self.do(enrolled)

    def adopt(self, **values: Any) -> None:
        """Let the head adopt a policy on amending that holds these values, from today."""
        today = local_date(self.now)
        adopted = AdoptPolicy(policy="own", text=policy(**values), from_=today)
        self.by("head").do(adopted)

    def put(self, stream: str, *events: Event, sealing: bool = True) -> int:
        """Record events that no command of today would; return the last one's position."""
        with closing(Store(self.folder.log)) as store, closing(KeyRing(self.folder.keys)) as ring:
            with ring.writing():
                facts = [
                    Fact(stream, seal_event(ring, stream, each, self.now) if sealing else each)
                    for each in events
                ]
                batch = Batch(_HEADER, facts, len(facts), store.head())
                store.append(batch, clock=lambda: self.now, before_commit=ring.commit)
            return store.head()

    def refused(self, command: Command, code: str = "", *words: str) -> Refused:
        """Return the refusal of a command, which must have recorded nothing.

        ``code`` and ``words``: its code, and what it says.
        """
        before = self.folder.head()
        found = refusal(self.do, command)
        assert self.folder.head() == before
        assert code in ("", found.code)
        assert [each for each in words if each not in found.what] == []
        return found

    def recorded(self, command: Command) -> list[tuple[str, Event]]:
        """Carry out a command; return each fact it recorded with its stream, texts opened.

        The bytes of the rule packs, which the first command of a ledger records, are left out.
        """
        before = self.folder.head()
        self.do(command)
        return [
            (stream, event)
            for position, stream, event in self.log()
            if position > before + 1 and not stream.startswith("rules:")
        ]

    def events(self, command: Command) -> list[Event]:
        """Carry out a command; return the events that it recorded."""
        return [event for _, event in self.recorded(command)]

    def log(self) -> list[tuple[int, str, Event]]:
        """Return the whole log, texts opened."""
        with closing(Store(self.folder.log)) as store, closing(KeyRing(self.folder.keys)) as ring:
            pages = list(store.scan(0))
            return [(r.position, r.stream, _opened(ring, r.event)) for page in pages for r in page]

    def marks(self, pupil: str) -> dict[str, list[Event]]:
        """Return a pupil's events of marks by session."""
        prefix = f"mark:{self.id(pupil)}:"
        found: dict[str, list[Event]] = {}
        for _, stream, event in self.log():
            if stream.startswith(prefix):
                found.setdefault(stream.removeprefix(prefix), []).append(event)
        return found

    def id(self, named: str) -> str:
        """Return the internal id of a pupil."""
        return look(self.context, lambda state: state.pupil(named).id)


def refusal(call: Callable[..., object], *given: Any, **more: Any) -> Refused:
    """Return the refusal in which a call ends."""
    with pytest.raises(Refused) as caught:
        call(*given, **more)
    return caught.value


def policy(**values: Any) -> str:
    """Return a school's policy on amending, in force since 2024, as TOML."""
    return "".join(
        f'[[rule]]\nname = "amending.{key}"\nvalue = {json.dumps(value)}\nfrom = 2024-08-19\n'
        f'reference = "our policy, {number}"\nconfidence = "verified"\n'
        for number, (key, value) in enumerate(values.items(), start=1)
    )


def _opened(ring: KeyRing, event: Event) -> Event:
    return each_sealed(event, ring.open)


@pytest.fixture
def office(desk):
    """A desk at a school that knows the parent F1 of P1 and P2."""
    desk.do(RecordParent(parent_id="F1", surname="Quill"))
    for pupil in ("P1", "P2"):
        desk.do(RecordRelation(parent_id="F1", pupil=pupil))
    return desk


@pytest.fixture(autouse=True)
def _folds_stay_as_they_were(monkeypatch):
    """No decision changes the school that is kept between commands: it equals one made anew."""
    close = Ledger._close

    def compared(self):
        kept = self._kept
        if kept is not None:
            anew = fold(self._opened.store.read(FOLDED, upto=kept.position))
            assert (kept.school, [*kept.school.pupils]) == (anew, [*anew.pupils])
        close(self)

    monkeypatch.setattr(Ledger, "_close", compared)


@pytest.fixture(autouse=True)
def _decisions_name_what_they_rest_on(monkeypatch):
    """What a recorded decision looked at of the school is among what its use case named."""
    noting, record = Noting(monkeypatch), _Attempt.record
    noting.begin()

    def checked(self, plan):
        if plan.is_recorded:
            named = [each for wanted in plan.wanted for each in wanted.ranges]
            noting.check(plan.state, named)
        return record(self, plan)

    monkeypatch.setattr(_Attempt, "record", checked)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the school once."""
    path = tmp_path_factory.mktemp("school") / "ledger"
    desk = Desk(Folder(path), parse_instant(BUILT_AT))
    officer = ("attendance_officer",)
    first = CreateLedger(staff="mm", name="Mo Marsh", job_title="Attendance Officer", role=officer)
    first.carry_out(desk.context)
    numbers = {"urn": "123456", "la_code": "887", "estab": "4001"}
    desk.do(SetSchool(name="Example High School", type="academy", phase="secondary", **numbers))
    desk.do(SetTerm(name="Autumn 1", first=date(2026, 9, 2), last=date(2026, 10, 23)))
    desk.do(SetTerm(name="Autumn 2", first=date(2026, 11, 2), last=date(2026, 12, 18)))
    times = {"am_opens": "08:45", "am_closes": "08:55", "pm_opens": "13:50", "pm_closes": "14:00"}
    desk.do(SetRegisterTimes(from_=date(2026, 9, 2), **times))
    desk.do(AddStaff(staff_id="head", name="Hal Hope", job_title="Head Teacher", role=("head",)))
    for number, (forename, surname, dob, year, registration) in enumerate(PUPILS, start=1):
        born = date.fromisoformat(dob)
        desk.enrol(number, forename, surname, dob=born, year=year, registration=registration)
    return path


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Desk:
    """Return a desk at a fresh copy of the school."""
    path = tmp_path / "ledger"
    shutil.copytree(built, path)
    return Desk(Folder(path), parse_instant(NOW))


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    """Return a desk at a new ledger that knows nothing but its own birth."""
    desk = Desk(Folder(tmp_path / "empty"), parse_instant(NOW), staff_id=None)
    CreateLedger().carry_out(desk.context)
    return desk
