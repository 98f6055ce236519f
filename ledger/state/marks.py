"""The chain of one pupil's mark for one session: what stands, and what was planned."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ledger.events import register
from ledger.events.base import Event


class Step(NamedTuple):
    """A change that came from a source; ``restated``: by a new export, not by a person there.

    ``reason`` and ``nature`` as they are stored, which is sealed.
    """

    original: str
    code: str
    stated: int | None
    restated: bool
    by: str | None = None
    reason: str | None = None
    nature: str | None = None
    minutes_late: int | None = None


@dataclass(slots=True)
class Mark:
    """What stands for a session; ``code`` is none while there is no entry.

    ``source_entry``: the first mark that another system stated; ``steps``: the changes that came
    from it; ``source_code``: what it stated last; ``minutes_late`` and ``nature`` (sealed): of
    what stands. ``entry_stated``, ``entry_by`` and ``comment`` (sealed): of the first mark.
    ``amended_here``: whether a person changed the mark in this ledger; ``codes_here``: from which
    code to which. ``conflict``: whether a source stated another code than a person here; ``open``
    until a person here amends the mark again, or the source states what stands.
    """

    code: str | None = None
    source_entry: str | None = None
    source_code: str | None = None
    amended_here: bool = False
    codes_here: tuple[tuple[str, str], ...] = ()
    conflict: Literal["open", "settled"] | None = None
    entry_stated: int | None = None
    entry_by: str | None = None
    comment: str | None = None
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
            _take_entry(mark, event)
        case register.MarkCorrected() | register.MarkAmended() | register.SourceRestated():
            _take_change(mark, event)
        case register.SourceConflicted():
            mark.source_code = event.code
            mark.conflict = "settled" if event.stands == event.code else "open"
        case _:
            pass


def _take_entry(mark: Mark, event: register.SessionMarked) -> None:
    mark.code, mark.entry_stated = event.code, event.stated
    mark.entry_by, mark.comment = event.by, event.comment
    mark.minutes_late, mark.nature = event.minutes_late, event.nature
    if event.row is not None:
        mark.source_entry = mark.source_code = event.code


def _take_change(mark: Mark, event: _Change) -> None:
    mark.code = event.code
    mark.minutes_late, mark.nature = event.minutes_late, event.nature
    if event.row is None:
        _take_change_here(mark, event)
        return
    mark.source_code = event.code
    restated = isinstance(event, register.SourceRestated)
    texts = (event.by, event.reason, event.nature, event.minutes_late)
    mark.steps += (Step(event.original, event.code, event.stated, restated, *texts),)


def _take_change_here(mark: Mark, event: _Change) -> None:
    mark.amended_here = True
    mark.codes_here += ((event.original, event.code),)
    if mark.conflict is not None:
        mark.conflict = "settled"
