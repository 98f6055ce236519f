"""Record that an extract of the register left the school: to whom, and as of which position."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self, TextIO

from commands.core import checks, clocks, marks
from commands.core.command import Author, Decision, State, UseCase, decided, hidden, option
from commands.core.ranges import Range, one
from commands.core.sessions import Span
from commands.core.standing import standing_events
from ledger import names
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.disclosure import Disclosed
from ledger.files import translated
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from ledger.values import HALVES, Session
from policies.packs.codes import Rules

Kind = Literal["certificate", "pack", "letter", "return", "inspection", "other"]
_OF_A_PUPIL = ("certificate", "pack")
_SAYS = ("kind", "to", "what", "on", "first", "last", "sha256")


class RecordDisclosure(UseCase):
    """attendance disclosures record: record that an extract of the register left the school.

    To whom, what, when, and at which position of the register; a copy can be told by its hash.

    An officer who inspects reads only; what is handed over is recorded as inspection.
    """

    kind: Kind = option("what it was")
    to: str = option(
        "to whom it went: an authority, a court, a parent; kept sealed", kept=names.name
    )
    what: str = option("what it is; kept sealed")
    pupil: tuple[str, ...] = option(
        "whom it is about, by UPN or local id (may be given several times) [the whole school]",
        default=(),
    )
    first: date | None = option("the first day that it covers", default=None)
    last: date | None = option("the last day that it covers", default=None)
    on: date | None = option(
        "the day on which it left [today]; an earlier one needs --seen-at", default=None
    )
    seen_at: int | None = option(
        "the position that is printed on it [the newest]; 0: made before this ledger began",
        default=None,
        minimum=0,
    )
    sha256_of: Path | None = option("the file that left: its SHA-256 is kept", default=None)
    sha256: str | None = hidden(default=None)

    def load(self, _stdin: TextIO) -> Self:
        """Return the command with the hash of the file that it names."""
        path = self.sha256_of
        if path is None:
            return self
        if not path.is_file():
            raise Refused("file-missing", f"there is no file {path}", "name the file that left")
        with translated(path):
            return replace(self, sha256=sha256(path.read_bytes()).hexdigest())

    def reads(self, state: State) -> Iterable[Range]:
        """Name who records it and the pupils; ask for what left before and amendments that wait.

        Look up when positions were recorded, which never changes.
        """
        yield state.own_row
        for pupil in _subjects(self, state):
            yield one(streams.disclosure(pupil.id if pupil else None))
            if pupil is not None:
                yield one(streams.pupil(pupil.id))
            if pupil is not None and self.kind == "certificate":
                yield marks.request_range(pupil)
        if self.on is not None and self.seen_at:
            yield one(streams.COMMITS)._replace(rests=False)
            yield one(streams.clock())._replace(rests=False)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record what left, once for each pupil; the same again on the same day is no news."""
        author = state.author(now)
        event = _disclosure(self, state, author, local_date(now))
        about = _subjects(self, state)
        _check_whole(self, event.on, about)
        facts, says = [], []
        for pupil in about:
            if pupil is not None and self.kind == "certificate":
                _check_decided(self, state, pupil)
            stream = streams.disclosure(pupil.id if pupil else None)
            whom = state.name_of(pupil) if pupil else "the school"
            what = f"{self.kind} of {event.on} to {event.to}, about {whom}"
            earlier = standing_events(state, stream)
            if any(checks.repeats(state, before, event, _SAYS) for before in earlier):
                says.append(f"{what}: recorded before; nothing was recorded")
            else:
                facts.append(Fact(stream, event))
                says.append(f"{what}: recorded, as of position {event.seen_at}")
        return decided(facts, *says)


def _register_position(seen_at: int | None, state: State, on: date, today: date) -> int:
    """Return up to where the register had been read: what stood when the extract left.

    ``seen_at``: the position stated, if any; ``on``: the day on which it left. For an earlier day
    the transactions are needed, `streams.COMMITS`.
    """
    find = (
        f"attendance status --known-at {on}T23:59 shows it as Events, the newest of that day; "
        "0 is for a paper made before this ledger began"
    )
    if seen_at is None:
        if on < today:
            raise Refused(
                "seen-at-missing",
                f"it left on {on}, and what has been recorded since was not on it",
                f"give the position that is printed on it with --seen-at; {find}",
            )
        return state.position
    if seen_at > state.position:
        raise Refused(
            "position-unknown",
            f"the ledger has no event {seen_at}; its newest is {state.position}",
            "give the position that is printed on the extract",
        )
    recorded = _recorded_on(state, seen_at)
    if recorded is not None and recorded > on:
        raise Refused(
            "position-later",
            f"event {seen_at} was recorded on {recorded}, after the extract left on {on}",
            f"give the position that is printed on it; {find}",
        )
    return seen_at


def _subjects(command: RecordDisclosure, state: State) -> list[Pupil | None]:
    """Return each pupil named, once; none stands for the whole school."""
    found = {(pupil := state.pupil(named)).id: pupil for named in command.pupil}
    return [*found.values()] or [None]


def _disclosure(command: RecordDisclosure, state: State, author: Author, today: date) -> Disclosed:
    on = _left_on(command, today)
    return Disclosed(
        kind=command.kind,
        to=checks.required_text(command.to, "to"),
        what=checks.required_text(command.what, "what"),
        on=on,
        first=command.first,
        last=command.last,
        seen_at=_register_position(command.seen_at, state, on, today),
        sha256=command.sha256,
        **author.fields,
    )


def _left_on(command: RecordDisclosure, today: date) -> date:
    on = command.on or today
    if on > today:
        raise Refused(
            "disclosure-future", f"{on} has not come yet", "record it once the extract has left"
        )
    return on


def _check_whole(command: RecordDisclosure, on: date, about: list[Pupil | None]) -> None:
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
    if about == [None]:
        raise Refused("pupil-missing", f"a {command.kind} is about one pupil", "give --pupil")
    if len(about) > 1:
        raise Refused(
            "pupil-several", f"a {command.kind} is about one pupil", "record one for each pupil"
        )
    if last is None:
        raise Refused(
            "period-missing", f"a {command.kind} covers a period", "give --first and --last"
        )
    if last > on:
        raise Refused(
            "period-later",
            f"a {command.kind} that left on {on} cannot cover days up to {last}",
            "give the last day that it covers, or with --on the day on which it left",
        )


def _check_decided(command: RecordDisclosure, state: State, pupil: Pupil) -> None:
    assert command.first is not None  # noqa: S101 - a certificate covers a period
    assert command.last is not None  # noqa: S101 - as above
    span = Span(Session(command.first, HALVES[0]), Session(command.last, HALVES[-1]))
    waiting = [str(s) for s in marks.requests_of(state, pupil) if span.holds(s)]
    if waiting:
        raise Refused(
            "amendment-pending",
            f"an amendment waits for approval on {', '.join(waiting)}",
            "have it approved or declined, and issue the certificate over what stands then",
        )


def _recorded_on(state: State, position: int) -> date | None:
    """Return the earliest day on which a position was recorded; none: that was not asked for."""
    stamps = clocks.stamps_in(state) if position else []
    found = next((stamp for stamp in stamps if stamp.last >= position), None)
    return None if found is None else local_date(found.earliest)
