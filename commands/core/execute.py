"""The only writer: read the streams, decide, seal, append; read again when overtaken."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

import ledger
from commands.core.command import Context, Decision, Outcome, Range, Read, State, UseCase
from ledger.clock import local_date
from ledger.errors import Conflict, Refused
from ledger.events import streams
from ledger.events.log import Committed, RulesAdopted
from ledger.events.roll import DetailsAmended, PupilEnrolled
from ledger.files import translated
from ledger.sealing import attachments
from ledger.sealing.keys import KeyRing
from ledger.sealing.redaction import seal_event
from ledger.store.store import Batch, Fact, Store
from ledger.tlog import signing
from ledger.transparency import memory
from policies.packs.codes import Rules, rules
from policies.packs.files import statutory

_TRIES = 4
_SCHOOL = (streams.CALENDAR, streams.STAFF, streams.PUPIL, streams.RULES, streams.POLICY)
_REPORT_EVERY = 1000

Progress = Callable[[int, int], None]
"""Called now and then with how many of how many facts are in place."""
Found = TypeVar("Found")


def execute(context: Context, command: UseCase, *, progress: Progress | None = None) -> Outcome:
    """Carry out a command: all of it is recorded, or none.

    Raises `Refused` when it cannot be done; nothing was written then.
    """
    with context.ledger.turn() as (store, ring):
        attempt = _Attempt(context, store, ring, progress)
        for _ in range(_TRIES):
            try:
                return attempt.carry_out(command)
            except Conflict:
                continue
    raise Refused(
        "overtaken",
        "others kept changing what this command is about",
        "look at what stands now, then try again",
    )


def look(
    context: Context,
    ask: Callable[[State], Found],
    reads: Callable[[State], Iterable[Range]] = lambda _: (),
) -> Found:
    """Return what ``ask`` finds in the state as it stands; records nothing."""
    with context.ledger.turn() as (store, ring):
        attempt, head = _Attempt(context, store, ring, None), store.head()
        state = attempt.state(_SCHOOL, head)
        attempt.read_more(state, reads(state), head)
        return ask(state)


@dataclass(frozen=True, slots=True)
class _Attempt:
    context: Context
    store: Store
    ring: KeyRing
    progress: Progress | None

    def carry_out(self, command: UseCase) -> Outcome:
        read_at, now, in_force = self.store.head(), self.context.clock(), rules()
        relied_on = (*_SCHOOL, *command.relies_on)
        state = self.state(relied_on, read_at)
        ranges = self.read_more(state, command.reads(state), read_at)
        decision = command.decide(state, in_force, now)
        watched = self.context.watch(
            decision, state, in_force.codes, local_date(now), self._reader(read_at)
        )
        decision = watched.decision
        if decision.dry_run or not decision.count:
            return Outcome(None, decision.says)
        adopted = () if in_force.digest in state.school.rules else (_adopt(in_force),)
        batch = Batch(
            self._header(command, decision, in_force),
            chain(adopted, decision.facts),
            decision.count + len(adopted),
            read_at,
            (*relied_on, *ranges, *watched.ranges),
            state.versions,
        )
        header = self._append(batch, now, decision.attachments)
        alerts = watched.says(state, self._reader(self.store.head()))
        return Outcome(header, (*decision.says, *alerts, *self._warnings()))

    def state(self, prefixes: Sequence[str], upto: int) -> State:
        """Return the state that the streams with these prefixes build."""
        school = self.context.ledger.school(prefixes, upto)
        return State(
            school,
            self.ring.identities(),
            self.context.operator,
            self.ring.open,
            streams.new_id,
            versions=dict(school.versions),
            position=upto,
            event_at=self.store.at,
        )

    def _reader(self, upto: int) -> Read:
        return lambda wanted: self.store.read_range(*wanted, upto=upto)

    def read_more(self, state: State, asked: Iterable[Range], upto: int) -> list[Range]:
        """Add the histories of further streams to a state, and return what was asked for.

        One range is read before the next is asked for, so that a use case may look at each.
        """
        ranges = []
        for wanted in asked:
            ranges.append(wanted)
            for r in self.store.read_range(*wanted, upto=upto):
                state.histories.setdefault(r.stream, []).append(r.event)
                state.versions[r.stream] = r.version + 1
        return ranges

    def _header(self, command: UseCase, decision: Decision, in_force: Rules) -> Committed:
        operator = self.context.operator
        return Committed(
            at=0,
            by=operator.staff_id,
            account=operator.account,
            authenticated=operator.authenticated,
            software=ledger.__version__,
            rules=in_force.digest,
            command=type(command).__name__,
            count=0,
            source=decision.source,
        )

    def _append(self, batch: Batch, now: int, kept: Sequence[attachments.Attachment]) -> Committed:
        folder = self.context.folder

        def first() -> None:
            self.ring.commit()
            attachments.write(folder, kept)

        with translated(folder.keys), self.ring.writing():
            sealed = replace(batch, facts=self._sealed(batch, now))
            return self.store.append(sealed, clock=self.context.clock, before_commit=first)

    def _warnings(self) -> Iterator[str]:
        """Remember the newest checkpoint; say what does not fit, and who could sign others."""
        folder, note = self.context.folder, self.store.checkpoint()
        assert note is not None  # noqa: S101 - the transaction wrote one
        known = memory.remember(folder, note, self.store.holds)
        if known is not None:
            yield (
                f"WARNING: this computer has seen {known.size} entries of this ledger that are "
                "not all in it now: it was rolled back or rewritten; run attendance verify"
            )
        if signing.is_exposed(folder.signing_key):
            yield (
                f"WARNING: {folder.signing_key} can be read by others than its owner, who could "
                "sign another history: chmod 600"
            )

    def _sealed(self, batch: Batch, now: int) -> Iterator[Fact]:
        for done, (stream, event) in enumerate(batch.facts):
            _remember_identity(self.ring, stream, event)
            yield Fact(stream, seal_event(self.ring, stream, event, now))
            if self.progress is not None and done % _REPORT_EVERY == 0:
                self.progress(done, batch.count)


def _adopt(in_force: Rules) -> Fact:
    files = {name: content.decode() for name, content in statutory()}
    return Fact(streams.rules(in_force.digest), RulesAdopted(digest=in_force.digest, files=files))


def _remember_identity(ring: KeyRing, stream: str, event: object) -> None:
    """Keep which pupil a UPN or local id names, before the event that says so."""
    match event:
        case PupilEnrolled():
            named = {"upn": event.upn, "local_id": event.local_id}
        case DetailsAmended(field="upn" | "local_id"):
            named = {event.field: event.amended}
        case _:
            return
    for kind, value in named.items():
        if value:
            ring.add_identity(value, kind, streams.subject(stream))
