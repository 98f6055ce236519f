"""attendance disclosures record: record that an extract of the register left the school."""

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Literal, TextIO

from commands import given, pending_requests
from commands.base import Command, Decision, Range, State, decided, hidden, one, option
from commands.sessions import Span
from ledger import streams
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events.disclosure import Disclosed
from ledger.folder import translated
from ledger.school import Pupil
from ledger.store import Fact
from ledger.values import HALVES, Session
from policies.rules import Rules

Kind = Literal["certificate", "pack", "letter", "return", "inspection", "other"]
_OF_A_PUPIL = ("certificate", "pack")
_SAYS = ("kind", "on", "first", "last", "sha256")


class RecordDisclosure(Command):
    """To whom, what, when, and at which position of the register; a copy can be told by its hash.

    An officer who inspects reads only; what is handed over is recorded as inspection.
    """

    kind: Kind = option("what it was")
    to: str = option("to whom it went: an authority, a court, a parent; kept sealed")
    what: str = option("what it is; kept sealed")
    pupil: str | None = option("whom it is about, by UPN or local id [many]", default=None)
    first: date | None = option("the first day that it covers", default=None)
    last: date | None = option("the last day that it covers", default=None)
    on: date | None = option("the day on which it left [today]", default=None)
    seen_at: int | None = option(
        "the position that is printed on it [the newest]", default=None, ge=0
    )
    sha256_of: Path | None = option("the file that left: its SHA-256 is kept", default=None)
    sha256: str | None = hidden(default=None)


def load(command: RecordDisclosure, _stdin: TextIO) -> RecordDisclosure:
    """Return the command with the hash of the file that it names."""
    path = command.sha256_of
    if path is None:
        return command
    if not path.is_file():
        raise Refused("file-missing", f"there is no file {path}", "name the file that left")
    with translated(path):
        return command.model_copy(update={"sha256": sha256(path.read_bytes()).hexdigest()})


def reads(command: RecordDisclosure, state: State) -> Iterable[Range]:
    """Ask for what left before, and for amendments of the pupil that wait for approval."""
    pupil = state.pupil(command.pupil) if command.pupil is not None else None
    yield one(streams.disclosure(pupil.id if pupil else None))
    if pupil is not None and command.kind == "certificate":
        yield pending_requests.needed(pupil)


def decide(command: RecordDisclosure, state: State, _rules: Rules, now: int) -> Decision:
    """Record what left; the same again on the same day is no news."""
    author = state.author(now)
    pupil = state.pupil(command.pupil) if command.pupil is not None else None
    event = Disclosed(
        kind=command.kind,
        to=given.required(command.to, "to"),
        what=given.required(command.what, "what"),
        on=_day(command, local_date(now)),
        first=command.first,
        last=command.last,
        seen_at=_position(command, state),
        sha256=command.sha256,
        by=author.staff_id,
        name=author.name,
        job_title=author.job_title,
    )
    _check_whole(command)
    if pupil is not None and command.kind == "certificate":
        _check_decided(command, state, pupil)
    stream = streams.disclosure(pupil.id if pupil else None)
    about = state.name_of(pupil) if pupil else "the school"
    what = f"{command.kind} of {event.on} to {event.to}, about {about}"
    if any(_says_the_same(state, before, event) for before in state.histories.get(stream, ())):
        return decided([], f"{what}: recorded before; nothing was recorded")
    return decided([Fact(stream, event)], f"{what}: recorded, as of position {event.seen_at}")


def _day(command: RecordDisclosure, today: date) -> date:
    on = command.on or today
    if on > today:
        raise Refused(
            "disclosure-future", f"{on} has not come yet", "record it once the extract has left"
        )
    return on


def _position(command: RecordDisclosure, state: State) -> int:
    seen_at = state.position if command.seen_at is None else command.seen_at
    if seen_at > state.position:
        raise Refused(
            "position-unknown",
            f"the ledger has no event {seen_at}; its newest is {state.position}",
            "give the position that is printed on the extract",
        )
    return seen_at


def _check_whole(command: RecordDisclosure) -> None:
    """Refuse dates that make no period, and papers of one pupil that do not say what of."""
    first, last = command.first, command.last
    if (first is None) != (last is None) or (first and last and last < first):
        raise Refused(
            "period",
            "a period has a first and a last day, in that order",
            "give --first and --last, or neither",
        )
    if command.kind not in _OF_A_PUPIL:
        return
    if command.pupil is None:
        raise Refused("pupil-missing", f"a {command.kind} is about one pupil", "give --pupil")
    if first is None:
        raise Refused(
            "period-missing", f"a {command.kind} covers a period", "give --first and --last"
        )


def _check_decided(command: RecordDisclosure, state: State, pupil: Pupil) -> None:
    """Refuse a certificate over amendments that wait for a second person."""
    assert command.first is not None  # noqa: S101 - a certificate covers a period
    assert command.last is not None  # noqa: S101 - as above
    span = Span(Session(command.first, HALVES[0]), Session(command.last, HALVES[-1]))
    waiting = [str(s) for s in pending_requests.pending(state, pupil) if span.holds(s)]
    if waiting:
        raise Refused(
            "amendment-pending",
            f"an amendment waits for approval on {', '.join(waiting)}",
            "have it approved or declined, and issue the certificate over what stands then",
        )


def _says_the_same(state: State, before: object, event: Disclosed) -> bool:
    return (
        isinstance(before, Disclosed)
        and all(getattr(before, name) == getattr(event, name) for name in _SAYS)
        and state.open_text(before.to) == event.to
        and state.open_text(before.what) == event.what
    )
