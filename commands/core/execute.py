"""The only writer: read the streams, decide, seal, append; who is overtaken waits his turn."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import attrgetter
from typing import TypeVar

from msgspec import Struct

import ledger
from commands.core import authority
from commands.core.clocks import Guard
from commands.core.command import Context, Identities, Outcome, Read, State, UseCase, Watched
from commands.core.ranges import Streams, Wanted, one
from commands.core.standing import MAY_BE_TAKEN_BACK
from ledger.clock import local_date
from ledger.errors import Conflict, Refused, StorageRefused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.calendar import SessionCancelled
from ledger.events.log import Committed, RulesAdopted
from ledger.events.register import (
    AbsencePlanned,
    MarkChange,
    PlanChanged,
    PlanWithdrawn,
    SessionMarked,
)
from ledger.events.roll import NAMES_PUPIL, ids_stated
from ledger.sealing import attachments
from ledger.sealing.keys import KeyRing
from ledger.sealing.redaction import seal_event
from ledger.state.school import FOLDED
from ledger.store.facts import Fact, Recorded, Relied
from ledger.store.store import Appended, Batch, Store
from ledger.tlog import signing
from ledger.tlog.note import Note, read_checkpoint
from ledger.transparency import memory
from ledger.values import parse_session
from policies.packs import files as packs
from policies.packs.codes import Codes, Rules, rules

_REPORT_EVERY = 1000

Progress = Callable[[int, int], None]
"""Called now and then with how many of how many facts are in place."""
Found = TypeVar("Found")


def execute(context: Context, command: UseCase, *, progress: Progress | None = None) -> Outcome:
    """Carry out a command: all of it is recorded, or none.

    It is decided while others record. Who is overtaken in what the decision rests on waits his
    turn: he holds both writers' places, and decides again. Raises `Refused` when it cannot be
    done; nothing was written then.
    """
    with context.ledger.turn() as (store, ring):
        if not command.begins:
            _refuse_unborn(store)
        guard = Guard(store, context.clock, command.admits)
        attempt = _Attempt(context, store, ring, guard, progress)
        try:
            planned, recorded = _carried_out(attempt, command)
        except StorageRefused as refused:
            raise refused.and_nothing_was_recorded() from None
        if recorded is not None:
            context.ledger.recorded = recorded.header.position
        return attempt.outcome(planned, recorded)


def _carried_out(attempt: "_Attempt", command: UseCase) -> tuple["_Plan", Appended | None]:
    with attempt.store.reading():
        planned = attempt.plan(command)
    try:
        return planned, attempt.record(planned)
    except Conflict:
        with attempt.context.ledger.alone():
            attempt.refuse_if_marks_changed(planned)
            planned = attempt.plan(command)
            return planned, attempt.record(planned)


def check_first(context: Context, command: UseCase) -> None:
    """Refuse where nothing could be recorded, by this clock, this person or at all, before all."""

    def check(state: State) -> None:
        authority.check(state, command.act, context.clock())

    with context.ledger.turn() as (store, _):
        _refuse_unborn(store)
        Guard(store, context.clock).check()
    look(context, check)


def _refuse_unborn(store: Store) -> None:
    """Refuse a log that does not begin with its ledger's birth: nothing in it could be proved."""
    if store.stream(streams.LEDGER):
        return
    if store.head():
        what = "the ledger has entries, and no record of its own beginning"
        remedy = "restore the latest back-up that attendance backup verify finds good"
        raise Refused("ledger-unborn", what, remedy)
    what = "the ledger was never finished: its making was cut short"
    raise Refused("ledger-unborn", what, "attendance init makes it anew")


def look(
    context: Context,
    ask: Callable[[State], Found],
    reads: Callable[[State], Iterable[Wanted]] = lambda _: (),
) -> Found:
    """Return what ``ask`` finds in the state as it stands; records nothing."""
    with context.ledger.turn() as (store, ring), store.reading():
        guard = Guard(store, context.clock)
        attempt = _Attempt(context, store, ring, guard, None)
        state = attempt.state()
        attempt.read(state, reads(state))
        return ask(state)


_PLANS = (AbsencePlanned, PlanChanged, PlanWithdrawn)


@dataclass(slots=True)
class _Changed:
    """How many marks and plans a command changed, counted as its facts are recorded.

    ``back``: how many of them could be put back. What was entered and changed at once was nothing
    before; plans follow from a decision on leave that comes with them; the marks of a cancelled
    session go back when its cancellation is withdrawn, and their code comes back with another.
    ``taken``: how many facts there were; ``single``: those that are taken back one by one.
    """

    codes: Codes
    number: int = 0
    back: int = 0
    entered: str = ""
    leave: bool = False
    cancels: bool = False
    taken: int = 0
    single: list[tuple[int, str]] = field(default_factory=list)

    def take(self, stream: str, event: Event) -> None:
        """Count one fact; the changes of a mark come after its entry, with nothing between."""
        self.taken += 1
        if isinstance(event, SessionMarked):
            self.entered = stream
        elif (name := MAY_BE_TAKEN_BACK.get(type(event))) is not None:
            self.single.append((self.taken, name))
        elif stream.startswith(streams.LEAVE):
            self.leave = True
        elif isinstance(event, SessionCancelled):
            self.cancels = True
        elif isinstance(event, MarkChange):
            if stream != self.entered:
                self.number += 1
                day = parse_session(streams.parts(stream)[2]).date
                self.back += not self.codes.cancels(event.original, day)
        elif isinstance(event, _PLANS) and not self.leave:
            self.number += 1
            self.back += 1

    def says(self, batch: int) -> Iterator[str]:
        """Yield by which number what one command changed is found, and put back."""
        if self.number > 1:
            hint = f": attendance put-back {batch} --reason WHY would put back what stood before"
            yield f"batch {batch}{hint if self.back and not self.cancels else ''}"
        if len(self.single) == 1:
            [(place, name)] = self.single
            entry = batch + place
            way = f"attendance take-back {entry} --reason WHY"
            yield f"the {name} is entry {entry}: {way} would take it back"


class _Plan(Struct, frozen=True):
    """What a command decided, over which state, and what it is written down as."""

    command: UseCase
    state: State
    now: int
    rules: Rules
    watched: Watched
    wanted: list[Wanted]
    keys_version: int
    changed: _Changed

    @property
    def is_recorded(self) -> bool:
        return bool(self.watched.decision.count) and not self.watched.decision.dry_run

    def relied_on(self) -> Iterator[Relied]:
        """Yield what must stand unchanged; asked for only where others recorded meanwhile."""
        for each in chain.from_iterable(wanted.ranges for wanted in self.wanted):
            if each.rests:
                yield each.relied_on

    def marks(self) -> dict[str, str]:
        """Return the marks that a person wants to enter or change: stream -> code."""
        decision = self.watched.decision
        if decision.source is not None or not isinstance(decision.facts, Sequence):
            return {}
        return {
            stream: event.code
            for stream, event in decision.facts
            if isinstance(event, SessionMarked | MarkChange)
        }


class _Attempt(Struct, frozen=True):
    context: Context
    store: Store
    ring: KeyRing
    guard: Guard
    progress: Progress | None

    def plan(self, command: UseCase) -> _Plan:
        """Read what a command rests on, and decide."""
        version = self.ring.version
        state, now, in_force = self.state(), self.guard.read(), rules()
        allowed = authority.check(state, command.act, now)
        command = command.as_held(state)
        wanted = self.read(state, command.reads(state))
        decision = command.decide(state, in_force, now)
        decision, giving = authority.with_roles(state, command, decision, now)
        giving += authority.check_policies(state, command, decision, now)
        giving += authority.check_acts(state, decision, now)
        watched = self.context.watch(
            decision, state, in_force.codes, local_date(now), self._reader(state.position)
        )
        wanted += [*allowed, *giving, one(streams.rules(in_force.digest)), *watched.ranges]
        changed = _Changed(in_force.codes)
        return _Plan(command, state, now, in_force, watched, wanted, version, changed)

    def record(self, plan: _Plan) -> Appended | None:
        """Record what was decided, and return what was; none where there is nothing."""
        if not plan.is_recorded:
            return None
        decision = plan.watched.decision
        adopted = () if plan.rules.digest in plan.state.school.rules else (_adopt(plan.rules),)
        folder = self.context.folder

        def first() -> None:
            self.ring.commit()
            attachments.write(folder, decision.attachments)

        with self.ring.writing():
            self._refuse_if_renamed(plan)
            batch = Batch(
                self._header(plan),
                self._sealed(chain(adopted, decision.facts), plan),
                decision.count + len(adopted),
                plan.state.position,
                plan.relied_on(),
            )
            return self.store.append(batch, clock=self.guard.read, before_commit=first)

    def outcome(self, plan: _Plan, appended: Appended | None) -> Outcome:
        """Return what to tell the user."""
        decision = plan.watched.decision
        if appended is None:
            return Outcome(None, decision.says)
        position, header = appended.header.position, appended.header.event
        assert isinstance(header, Committed)  # noqa: S101 - what was appended begins with one
        alerts = plan.watched.says(position + header.count)
        warnings = self._warnings(appended.checkpoint)
        notes = filter(None, [self.guard.note()])
        batch = plan.changed.says(position)
        return Outcome(header, (*decision.says, *batch, *alerts, *notes, *warnings))

    def refuse_if_marks_changed(self, plan: _Plan) -> None:
        """Refuse where somebody else gave a mark that was to be recorded another code meanwhile.

        Whoever repeats the command has been told, and changes it knowingly; so does whoever
        changed it himself.
        """
        wanted, state = plan.marks(), plan.state
        newer = self.store.since(state.position, (streams.MARK,), upto=self.store.head())
        last = {r.stream: r.event for r in newer if r.stream in wanted}
        changed = [
            _changed_words(state, stream, event, plan.now)
            for stream, event in last.items()
            if isinstance(event, SessionMarked | MarkChange)
            and event.code != wanted[stream]
            and (event.by is None or event.by != state.operator.staff_id)
        ]
        if changed:
            raise Refused(
                "changed-meanwhile",
                f"changed meanwhile: {'; '.join(changed)}",
                "look at what stands now; repeat the command if yours is to stand all the same",
            )

    def state(self) -> State:
        """Return the state that decisions are made over, as the log is now."""
        position = self.store.head()
        return State(
            self.context.ledger.school(position),
            Identities(self.ring.find_pupil),
            self.context.operator,
            self.ring.open,
            streams.new_id,
            position=position,
            event_at=self.store.at,
            header_of=self.store.header_of,
            facts_of=lambda after, upto, kinds: self.store.since(after, kinds, upto=upto),
        )

    def _reader(self, upto: int) -> Read:
        return lambda wanted: self.store.read_range(*wanted[:2], upto=upto)

    def read(self, state: State, asked: Iterable[Wanted]) -> list[Wanted]:
        """Add the histories of further streams to a state, and return what was asked for.

        One is read before the next is asked for, so that a use case may look at each.
        """
        found, upto = list[Wanted](), state.position
        for wanted in asked:
            found.append(wanted)
            if isinstance(wanted, Streams):
                _take_in(state, self.store.read_streams(wanted.names, upto=upto))
            elif wanted.events or not wanted.first.startswith(FOLDED):
                _take_in(state, self.store.read_range(*wanted[:2], upto=upto))
        return found

    def _refuse_if_renamed(self, plan: _Plan) -> None:
        """Refuse where a UPN or local id that was looked up names another pupil by now."""
        if self.ring.version != plan.keys_version:
            for named, pupil in plan.state.identities.told.items():
                if self.ring.find_pupil(named) != pupil:
                    raise Conflict

    def _header(self, plan: _Plan) -> Committed:
        operator = self.context.operator
        return Committed(
            at=0,
            by=operator.staff_id,
            account=operator.account,
            authenticated=operator.authenticated,
            software=ledger.__version__,
            rules=plan.rules.digest,
            command=type(plan.command).__name__,
            count=0,
            source=plan.watched.decision.source,
        )

    def _warnings(self, checkpoint: Note) -> Iterator[str]:
        """Remember the newest checkpoint; say what does not fit, and who could sign others."""
        folder, known = self.context.folder, self.context.ledger.saw(checkpoint)
        if known is not None:
            yield (
                f"WARNING: this computer has seen {known.size} entries of this ledger that are "
                "not all in it now: it was rolled back or rewritten; run attendance verify"
            )
        for what in memory.parted(folder, read_checkpoint(checkpoint.text).origin):
            yield f"WARNING: {what}"
        if signing.is_exposed(folder.signing_key):
            yield (
                f"WARNING: {folder.signing_key} can be read by others than its owner, who could "
                "sign another history: chmod 600"
            )

    def _sealed(self, facts: Iterable[Fact], plan: _Plan) -> Iterator[Fact]:
        count = plan.watched.decision.count
        for done, (stream, event) in enumerate(facts):
            if isinstance(event, NAMES_PUPIL):
                _remember_identity(self.ring, stream, event)
            plan.changed.take(stream, event)
            yield Fact(stream, seal_event(self.ring, stream, event, plan.now))
            if self.progress is not None and done % _REPORT_EVERY == 0:
                self.progress(done, count)


def _take_in(state: State, recorded: Iterable[Recorded]) -> None:
    for stream, run in groupby(recorded, key=attrgetter("stream")):
        if stream not in state.histories:
            found = list(run)
            state.histories[stream] = [r.event for r in found]
            state.positions[stream] = [r.position for r in found]


def _changed_words(state: State, stream: str, change: SessionMarked | MarkChange, now: int) -> str:
    _, pupil_id, session = streams.parts(stream)
    who, row = change.by or "a source", state.school.staff_on(change.by or "", local_date(now))
    if row is not None:
        who = f"{state.open_text(row.name)} ({change.by})"
    name = state.name_of(state.school.pupils[pupil_id])
    return f"{name} {session} is {change.code} by {who}"


def _adopt(in_force: Rules) -> Fact:
    files = {name: content.decode() for name, content in packs.every()}
    return Fact(streams.rules(in_force.digest), RulesAdopted(digest=in_force.digest, files=files))


def _remember_identity(ring: KeyRing, stream: str, event: object) -> None:
    """Keep which pupil a UPN or local id names, before the event that says so."""
    for kind, value in ids_stated(event).items():
        if value:
            ring.add_identity(value, kind, streams.subject(stream))
