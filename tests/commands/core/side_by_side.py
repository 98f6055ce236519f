"""Writers side by side at one ledger, each stopped between deciding and recording at will.

Each writer is a thread with a `Ledger` of its own, and only one runs at any time: what happens in
which order is the caller's choice, never the machine's.
"""

import queue
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import date
from typing import Any, Literal, NamedTuple

from commands.core.command import Context, UseCase
from commands.core.execute import execute
from commands.penalties.notices import RecordNotice
from commands.penalties.undercut import watch
from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator, Session, parse_session
from tests.commands.conftest import Desk

Stop = Literal["reading", "decided"] | None
"""Where a writer is stopped, in its first try only: as it begins, or before it records."""

BEGINS = parse_instant("2026-11-20T08:46")
OLD, WEDNESDAY = parse_session("2026-11-09/AM"), parse_session("2026-11-18/AM")
THURSDAY = parse_session("2026-11-19/PM")
NOW, LATER = parse_session("2026-11-20/AM"), parse_session("2026-11-23/AM")
STAFF = {"mm": "Mo Marsh", "head": "Hal Hope", "tt": "Tess Teal"}
PATIENCE_SECONDS = 60
_ID = re.compile(r"\b[abcdefghijkmnpqrstuvwxyz23456789]{11}\b")


def notice(parent: str, pupil: str, sessions: tuple[Session, ...], **more: Any) -> RecordNotice:
    """Return a notice of a fortnight in November."""
    return RecordNotice(
        parent_id=parent,
        pupil=pupil,
        kind="s444A",
        issued_on=date(2026, 11, 16),
        offence_first=date(2026, 11, 2),
        offence_last=date(2026, 11, 13),
        session=sessions,
        **more,
    )


class Answer(NamedTuple):
    """What a writer was told: recorded, nothing, or the code of a refusal; and in which words."""

    code: str
    says: tuple[str, ...] = ()


def carried_out(context: Context, command: UseCase) -> Answer:
    """Carry out a command and return the answer; what the computer remembers is no part of it."""
    try:
        outcome = execute(context, command)
    except Refused as refused:
        return Answer(refused.code, (refused.what, refused.remedy))
    says = tuple(line for line in outcome.says if not line.startswith("WARNING"))
    return Answer("nothing" if outcome.header is None else "recorded", says)


def is_locked(folder: Folder) -> bool:
    """Tell whether somebody is writing to the ledger right now."""
    for path in (folder.keys, folder.log):
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            db.execute("ROLLBACK")
    return False


class Writer:
    """Somebody at a computer of their own; ``lives``: keeps the ledger open between commands."""

    def __init__(self, folder: Folder, staff_id: str, *, lives: bool) -> None:
        self.staff_id = staff_id
        self._folder, self._lives = folder, lives
        self._ledger = Ledger(folder)
        self._thread = ThreadPoolExecutor(1)
        self._reports = queue.Queue[str]()
        self._resume = queue.Queue[None]()
        self._working: Future[Answer] | None = None
        if lives:
            self._thread.submit(self._ledger.__enter__).result()

    @property
    def is_stopped(self) -> bool:
        """Whether a command of theirs has begun and not ended."""
        return self._working is not None

    def begin(self, command: UseCase, now: int, stop: Stop) -> Answer | None:
        """Let them begin a command; return the answer, or none where they were stopped."""
        context = self._context(now, stop)
        self._working = self._thread.submit(carried_out, context, command)
        self._working.add_done_callback(lambda _: self._reports.put("done"))
        return self._reported()

    def finish(self) -> Answer:
        """Let them go on to the end."""
        self._resume.put(None)
        answer = self._reported()
        assert answer is not None
        return answer

    def close(self) -> None:
        """Let them finish, and close their ledger."""
        if self.is_stopped:
            self.finish()
        if self._lives:
            self._thread.submit(self._ledger.__exit__).result()
        self._thread.shutdown()

    def _reported(self) -> Answer | None:
        if self._reports.get(timeout=PATIENCE_SECONDS) == "stopped":
            return None
        assert self._working is not None
        working, self._working = self._working, None
        return working.result()

    def _context(self, now: int, stop: Stop) -> Context:
        left = [] if stop is None else [stop]

        def stand() -> None:
            left.clear()
            self._reports.put("stopped")
            self._resume.get(timeout=PATIENCE_SECONDS)

        def clock() -> int:
            if left == ["reading"]:
                if is_locked(self._folder):  # the clock is read in their turn: too late to stop
                    left[:] = ["decided"]
                else:
                    stand()
            return now

        def watching(*decided):
            watched = watch(*decided)
            if left:
                stand()
            return watched

        return Context(self._ledger, clock, Operator(self.staff_id, "office"), watching)


class Entry(NamedTuple):
    """An event of the log with its sealed texts opened."""

    position: int
    stream: str
    event: object


def entries(folder: Folder, after: int) -> list[Entry]:
    """Return the log after a position."""
    return [Entry(*each) for each in Desk(folder, 0).log() if each[0] > after]


def without_ids(text: str) -> str:
    """Return a text without the random ids in it."""
    return _ID.sub("ID", text)


class Likeness:
    """Holds two ledgers' texts against each other: random ids differ, one for one."""

    def __init__(self) -> None:
        self._ours: dict[str, str] = {}
        self._theirs: dict[str, str] = {}

    def translated(self, ours: str) -> str:
        """Return a text of ours with the other ledger's ids in it."""
        return _ID.sub(lambda found: self._ours.get(found[0], found[0]), ours)

    def check(self, ours: list[str], theirs: list[str]) -> None:
        """Fail unless the texts are the same but for ids, which always stand for each other.

        In which order does not matter: that of a group's pupils is by their ids.
        """
        pairs = zip(
            sorted(ours, key=lambda text: self._known(self.translated(text))),
            sorted(theirs, key=self._known),
            strict=True,
        )
        for our, their in pairs:
            assert without_ids(our) == without_ids(their)
            for one, other in zip(_ID.findall(our), _ID.findall(their), strict=True):
                assert self._ours.setdefault(one, other) == other, (our, their)
                assert self._theirs.setdefault(other, one) == one, (our, their)

    def _known(self, theirs: str) -> str:
        """Return a text of the other ledger with only those ids that were met before."""
        return _ID.sub(lambda found: found[0] if found[0] in self._theirs else "ID", theirs)


def every_try(folder: Folder, meanwhile: Callable[[], object]) -> Callable[..., object]:
    """Return a watch in which something happens at each try that is made out of turn."""

    def watching(*decided):
        watched = watch(*decided)
        if not is_locked(folder):
            meanwhile()
        return watched

    return watching
