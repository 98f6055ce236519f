"""The ledger at a glance, and its read models made anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from ledger.clock import local, told
from ledger.english import noun, number_of
from ledger.errors import Refused
from ledger.sealing.redaction import half_done
from ledger.store.folder import Folder
from ledger.terminal import Progress
from ledger.times import refusal
from ledger.transparency import memory
from ledger.transparency.witnesses import Sighting, trusted_witnesses
from ledger.values import Session
from ledger.verification import keys
from ledger.verification.verify import origin_of
from projections.backup import backups
from projections.backup.backups import NewestBackup
from projections.queries import appointments, pending, sightings
from projections.queries.appointments import Appointment
from projections.queries.blocks import Lines, titled
from projections.queries.due import due_cells, not_due
from projections.queries.question import Answer, Inspection, Question
from projections.queries.rectangle import rectangle
from projections.queries.selection import groups_of
from projections.queries.view import View
from projections.queries.wording import command_in_words
from projections.readmodel import catch_up
from projections.readmodel.freshness import retry_without_views
from projections.readmodel.records.amending import Request
from projections.readmodel.records.log import Commit
from projections.school.opening import last_school_day, why_not_open


class State(NamedTuple):
    """A ledger at a glance; ``ignorance``: what to say where it knew nothing yet.

    ``clock``: why nothing can be recorded by this computer's clock, where nothing can;
    ``closed``: why the school is not open on the day; ``ahead``: whether the day is still to come;
    ``before``: the last day of school, with its unmarked registers, where the school is not open;
    ``half_done``: what is left to do of redactions that were cut short.
    ``warnings``: what is missing or wrong beside the log.
    """

    folder: Path
    school: str | None
    events: int
    on: date
    on_roll: int
    last: Commit | None
    seen: Sighting | None
    backup: NewestBackup
    unmarked: "Unmarked"
    closed: str
    ahead: bool
    before: "tuple[date, Unmarked] | None"
    waiting: Sequence[Request]
    appointed: Sequence[Appointment]
    clock: Refused | None
    ignorance: str | None
    half_done: Sequence[str]
    warnings: Sequence[str]

    @property
    def last_position(self) -> int:
        """The position of the last event known."""
        return min(self.last.last, self.events) if self.last else 0


@dataclass(frozen=True, kw_only=True)
class Status(Question[State]):
    """attendance status: where the ledger is, its last event, today's unmarked registers.

    The state of the ledger in a few lines.
    """

    # An empty ledger has a place and a state, too.

    def find(self, view: View) -> State:
        """Find the ledger's place and size, and what is due today or was on the last day."""
        closed = why_not_open(view.calendar, view.on)
        return State(
            view.folder.path.absolute(),
            view.school.name if view.school else None,
            view.position,
            view.on,
            len({spell.pupil for spell in view.spells if spell.covers(view.on)}),
            view.commits.of(view.position) if view.position else None,
            sightings.newest(view, trusted_witnesses(view.folder)),
            backups.newest(view),
            unmarked_registers(view, view.on),
            closed,
            view.on > view.today,
            _before(view) if closed else None,
            pending.pending_amendments(view),
            appointments.appointments(view),
            _clock(view),
            view.ignorance() if view.knows_nothing else None,
            list(half_done(view.folder.log, view.ring)),
            [*keys.warnings(view.folder), *_parted(view)],
        )

    def present(self, found: State) -> Answer:
        """Show it line by line."""
        last = found.last
        fields: dict[str, Any] = {
            "ledger": str(found.folder),
            "events": found.events,
            "pupils_on_roll": found.on_roll,
            "last_event": last
            and {"position": found.last_position, "command": command_in_words(last.command)},
            "last_witness": sightings.document(found.seen),
            "last_backup": found.backup.document(),
            "unmarked_registers": found.unmarked.registers,
            "not_open": found.closed or None,
            "last_school_day": found.before
            and {"on": found.before[0], "unmarked_registers": found.before[1].registers},
            **pending.field(found.waiting),
            **appointments.field(found.appointed),
        }
        if found.unmarked.not_due:
            fields["not_due_yet"] = [str(session) for session in found.unmarked.not_due]
        if found.clock:
            does = " ".join(found.clock.remedy.split())
            fields["clock"] = {"wrong": found.clock.code, "what": found.clock.what, "do": does}
        if found.half_done:
            fields["half_done"] = list(found.half_done)
        if found.warnings:
            fields["warnings"] = found.warnings
        if found.ignorance:
            fields["knows_nothing"] = True
        blocks = [
            Lines(_lines(found), suggests=True),
            Lines(_appointed(found.appointed)),
            Lines(_warnings(found), suggests=True),
        ]
        return Answer(fields, blocks=blocks, sourced=True)


def _lines(found: State) -> list[str]:
    waiting = number_of(len(found.waiting), "amendment")
    return [
        f"Ledger       {found.folder}",
        f"School       {found.school or 'not recorded yet'}",
        f"Events       {found.events}",
        f"On roll      {number_of(found.on_roll, 'pupil')} on {found.on}",
        f"Last event   {_last_event(found)}",
        f"Witnessed    {sightings.in_words(found.seen, found.events)}",
        f"Back-up      {found.backup.in_words()}",
        f"Unmarked     {_unmarked(found)}",
        *([f"Pending      {waiting} to approve or decline"] if found.waiting else []),
    ]


def _warnings(found: State) -> list[str]:
    return [
        *(_of_clock(found.clock) if found.clock else []),
        *(line for each in found.half_done for line in titled("Half done", each)),
        *(line for each in found.warnings for line in titled("Warning", each)),
        *([found.ignorance] if found.ignorance else []),
    ]


def _parted(view: View) -> list[str]:
    origin = origin_of(view.folder)
    return memory.parted(view.folder, origin) if origin else []


def _clock(view: View) -> Refused | None:
    """Return why the clock may stamp nothing after the last entry that there is."""
    if not view.position or view.position < view.folder.head():
        return None
    return refusal(view.now, [commit.stamp for commit in view.commits.all])


def _of_clock(refused: Refused) -> list[str]:
    does, way, command = refused.remedy.partition(" with attendance ")
    said = titled("Clock", f"NOTHING CAN BE RECORDED: {refused.what}; {does} with")
    return [*said, f"{'':13}{way.removeprefix(' with ')}{command}"]


def _appointed(found: Sequence[Appointment]) -> list[str]:
    told = appointments.lines(found)
    return [line for each in told for line in titled("Appointed", each)]


def _last_event(found: State) -> str:
    if found.last is None:
        return "none"
    at = told(found.last.at, lambda each: f"{local(each):%Y-%m-%d %H:%M:%S} London")
    return f"{at}, {command_in_words(found.last.command)}, position {found.last_position}"


def _unmarked(found: State) -> str:
    """Say which registers that were due have no mark for a pupil, or why none is due."""
    if found.ahead and not found.closed:
        return f"{found.on} has not been yet"
    if not found.closed:
        later = "".join(f"; {session.half} is not due yet" for session in found.unmarked.not_due)
        return f"{_left(found.unmarked, found.on)}{later}"
    said = f"the school is not open on {found.on}: {found.closed}"
    if found.before is None:
        return said
    last, unmarked = found.before
    return f"{said}; {_left(unmarked, last)}, the last day of school"


def _left(found: "Unmarked", day: date) -> str:
    """Name the unmarked registers of a day; where there is none, say how many are complete."""
    if found.registers:
        return f"{', '.join(found.registers)} on {day}"
    if not found.due:
        return f"no register was due on {day}"
    every = "the one register" if found.due == 1 else f"all {found.due} registers"
    return f"none: {every} due on {day} {noun(found.due, 'is', 'are')} complete"


def _before(view: View) -> tuple[date, "Unmarked"] | None:
    """Return the last day of school before the day, by today, and its unmarked registers."""
    last = last_school_day(view.calendar, min(view.on, view.today))
    return None if last is None else (last, unmarked_registers(view, last))


class Unmarked(NamedTuple):
    """Registration groups and sessions of a day in which a pupil has no mark that was due.

    ``not_due``: the sessions whose registers have not all closed or been taken yet; ``due``: how
    many registers were due, marked or not.
    """

    registers: list[str]
    not_due: list[Session]
    due: int


def unmarked_registers(view: View, day: date) -> Unmarked:
    """Find the unmarked registers of a day."""
    whole = rectangle(view, day, day)
    due = due_cells(view, whole)
    found, every = [], 0
    for n, session in enumerate(whole.sessions):
        empty = due[:, n] & (whole.codes[:, n] == 0)
        for name, wanted in groups_of(view, "registration").items():
            members = [m.pupil for m in wanted if m.covers(day)]
            every += any(due[pupil, n] for pupil in members)
            if any(empty[pupil] for pupil in members):
                found.append(f"{name} {session.half}")
    return Unmarked(sorted(found), not_due(whole, due), every)


@dataclass(frozen=True, kw_only=True)
class Rebuild(Inspection):
    """attendance rebuild: drop the read models and replay the whole log into them.

    The read models are disposable: they are made anew from the log, equal to what they were.
    """

    doing: ClassVar[str] = "replaying"

    def inspect(self, folder: Folder, progress: Progress) -> Answer:
        """Rebuild, and say from how many events."""
        head = retry_without_views(
            folder, lambda: catch_up.rebuild(folder.required(), progress=progress)
        )
        says = f"the read models were rebuilt from {head} events"
        return Answer({"events": head}, blocks=[Lines([says])])
