"""A process that writes to a ledger and says each time that a command is done.

Run by the tests of several writers and of kill -9: ``writer.py KIND LEDGER NUMBER [FOLDER]``.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from itertools import product
from pathlib import Path

from commands.core.command import Command, Context
from commands.core.execute import execute
from commands.exchange.importing import ImportPortable
from commands.penalties.undercut import watch
from commands.register.take import MarkSession, TakeRegister
from ledger import clock
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.log import Committed
from ledger.events.register import SessionMarked
from ledger.ledger import Ledger
from ledger.sealing.keys import KeyRing
from ledger.sealing.redaction import seal_event
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Batch, Store
from ledger.values import HALVES, Operator, Session

PUPILS = 8
LARGE = 20_000
FIRST, LAST = date(2025, 9, 1), date(2025, 12, 19)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
SESSIONS = [Session(day, half) for day in DAYS if day.weekday() < 5 for half in HALVES]
PRESENT = dict(zip(HALVES, "/\\", strict=True))
HEADER = Committed(
    at=0, account="tests", authenticated="", software="", rules="", command="Large", count=0
)


def marks(_: int) -> Iterator[Command]:
    """Mark every pupil for every session, with comments, so that keys are needed."""
    for session, pupil in product(SESSIONS, range(PUPILS)):
        code = PRESENT[session.half]
        yield MarkSession(pupil=f"L{pupil}", session=session, code=code, comment=f"{session}")


def takes(_: int) -> Iterator[Command]:
    """Take the register of every session."""
    for session in SESSIONS:
        yield TakeRegister(group="7B", session=session, rest_present=True)


def shares(number: int) -> Iterator[Command]:
    """Mark a pupil of one's own, and one whom every other writer marks, half of them alike."""
    for session in SESSIONS[:25]:
        yield MarkSession(pupil=f"L{number}", session=session, code="N", comment="own")
        yield MarkSession(pupil="L7", session=session, code="NO"[number % 2], comment="shared")


def large(context: Context) -> None:
    """Append what an import would: many facts at once, some of them with sealed texts."""
    folder = context.folder
    with (
        closing(Store(folder.log)) as store,
        closing(KeyRing(folder.keys)) as ring,
        ring.writing(),
    ):
        batch = Batch(HEADER, _facts(ring), LARGE, store.head())
        store.append(batch, clock=clock.now, before_commit=ring.commit)


def _facts(ring: KeyRing) -> Iterator[Fact]:
    for number in range(LARGE):
        day = FIRST + timedelta(days=number // (2 * PUPILS))
        session = Session(day, HALVES[number // PUPILS % 2])
        stream = streams.mark(f"pupil{number % PUPILS}", session)
        comment = f"comment {number}" if number % 10 == 0 else None
        event = SessionMarked(code=PRESENT[session.half], comment=comment)
        yield Fact(stream, seal_event(ring, stream, event, 0))


KINDS = {"mark": marks, "take": takes, "share": shares}


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(kind: str, ledger: str, number: str, folder: str = "") -> None:
    context = Context(Ledger(Folder(Path(ledger))), clock.now, Operator("S1", "tests"), watch)
    imported = (
        [ImportPortable(path=Path(folder), accept_findings=True).load(io.StringIO())]
        if folder
        else []
    )
    KeyRing(context.folder.keys).close()
    say("ready")
    if kind == "large":
        large(context)
        say("done")
    for command in imported or KINDS.get(kind, lambda _: ())(int(number)):
        try:
            header = execute(context, command).header
        except Refused as refused:
            say(refused.code)
        else:
            say("stands" if header is None else "done")


if __name__ == "__main__":
    main(*sys.argv[1:])
