"""The chain of one pupil's mark for one session: what stands, and what was planned."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.events import register
from ledger.events.base import Event


@dataclass(slots=True)
class Mark:
    """What stands for a session; ``code`` is none while there is no entry.

    ``source_code``: what another system last stated; ``amended_here``: whether a person changed
    it in this ledger; ``steps``: the changes that came from a source, (original, code, stated).
    """

    code: str | None = None
    source_code: str | None = None
    amended_here: bool = False
    entry_stated: int | None = None
    steps: tuple[tuple[str, str, int | None], ...] = ()
    length: int = 0


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
            mark.code, mark.entry_stated = event.code, event.stated
            if event.row is not None:
                mark.source_code = event.code
        case register.MarkCorrected() | register.MarkAmended() | register.SourceRestated():
            mark.code = event.code
            if event.row is not None:
                mark.source_code = event.code
                mark.steps += ((event.original, event.code, event.stated),)
            else:
                mark.amended_here = True
        case register.SourceConflicted():
            mark.source_code = event.code
        case _:
            pass


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
