"""The chain of one pupil's mark for one session: what stands, and what was planned."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ledger.events import register
from ledger.events.base import Event


class Step(NamedTuple):
    """A change that came from a source; ``restated``: by a new export, not by a person there."""

    original: str
    code: str
    stated: int | None
    restated: bool


@dataclass(slots=True)
class Mark:
    """What stands for a session; ``code`` is none while there is no entry.

    ``source_entry``: the first mark that another system stated; ``steps``: the changes that came
    from it; ``source_code``: what it stated last; ``minutes_late`` and ``nature`` (sealed): of
    what stands. ``amended_here``: whether a person changed the mark in this ledger.
    """

    code: str | None = None
    source_entry: str | None = None
    source_code: str | None = None
    amended_here: bool = False
    entry_stated: int | None = None
    steps: tuple[Step, ...] = ()
    minutes_late: int | None = None
    nature: str | None = None
    length: int = 0


_Change = register.MarkCorrected | register.MarkAmended | register.SourceRestated


def fold(events: Iterable[Event]) -> Mark:
    """Return the mark that a stream of events builds."""
    mark = Mark()
    for event in events:
        evolve(mark, event)
    return mark


def evolve(mark: Mark, event: Event) -> None:
    """Take one event into the mark."""
    mark.length += 1
    match event:
        case register.SessionMarked():
            _entered(mark, event)
        case register.MarkCorrected() | register.MarkAmended() | register.SourceRestated():
            _changed(mark, event)
        case register.SourceConflicted():
            mark.source_code = event.code
        case _:
            pass


def _entered(mark: Mark, event: register.SessionMarked) -> None:
    mark.code, mark.entry_stated = event.code, event.stated
    mark.minutes_late, mark.nature = event.minutes_late, event.nature
    if event.row is not None:
        mark.source_entry = mark.source_code = event.code


def _changed(mark: Mark, event: _Change) -> None:
    mark.code = event.code
    mark.minutes_late, mark.nature = event.minutes_late, event.nature
    if event.row is None:
        mark.amended_here = True
        return
    mark.source_code = event.code
    restated = isinstance(event, register.SourceRestated)
    mark.steps += (Step(event.original, event.code, event.stated, restated),)


@dataclass(slots=True)
class Plan:
    """What is planned for a session, none when nothing is."""

    code: str | None = None
    length: int = 0


def fold_plan(events: Iterable[Event]) -> Plan:
    """Return the plan that a stream of events builds."""
    plan = Plan()
    for event in events:
        plan.length += 1
        match event:
            case register.AbsencePlanned() | register.PlanChanged():
                plan.code = event.code
            case register.PlanWithdrawn():
                plan.code = None
            case _:
                pass
    return plan
