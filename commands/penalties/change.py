"""What of a decision could move a figure, and the register after it: shared by the watchers."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from ledger.events import streams
from ledger.events.base import Event, in_clear
from ledger.events.calendar import ClosureWithdrawn, SessionCancelled, SessionsClosed, TermSet
from ledger.events.register import MarkChange, SessionMarked
from ledger.state.school import School, evolve
from ledger.store.store import Fact
from ledger.values import Session, parse_session


class Change(NamedTuple):
    """The facts of a decision that could move a figure; ``pupils`` none: of anybody."""

    facts: list[Fact]
    pupils: set[str] | None


def relevant_change(facts: Iterable[Fact], school: School, today: date) -> Change:
    """Return the facts that could move what others rest on; taking a register cannot."""
    todays = (f"{today}/AM", f"{today}/PM")
    found, pupils, anybody, taken = list[Fact](), set[str](), False, 0
    for fact in facts:
        kind, _, rest = fact.stream.partition(":")
        match kind + ":":
            case streams.MARK:
                pupils.add(rest.partition(":")[0])
                taken += isinstance(fact.event, SessionMarked) and rest.endswith(todays)
            case streams.PUPIL:
                if rest not in school.pupils:
                    continue
                pupils.add(rest)
            case _:
                if not _moves_calendar(fact.event, today):
                    continue
                anybody = True
        found.append(fact)
    if taken == len(found):
        return Change([], set())
    return Change(found, None if anybody else pupils)


def school_after(school: School, facts: Iterable[Fact]) -> School:
    """Return the school with some facts taken in; the one given stays as it is."""
    concerned = {streams.subject(f.stream) for f in facts if f.stream.startswith(streams.PUPIL)}
    changed = {pupil: deepcopy(school.pupils[pupil]) for pupil in concerned}
    copied = replace(
        school,
        terms=dict(school.terms),
        closures=dict(school.closures),
        pupils={**school.pupils, **changed},
        groups={name: dict(joined) for name, joined in school.groups.items()},
    )
    for stream, event in facts:
        evolve(copied, stream, in_clear(event))
    return copied


def _moves_calendar(event: Event, today: date) -> bool:
    if isinstance(event, SessionsClosed | SessionCancelled | ClosureWithdrawn):
        return event.date <= today
    return isinstance(event, TermSet)


def codes_after(before: dict[Session, str], facts: Iterable[Fact]) -> dict[Session, str]:
    """Return the codes that stand once some facts about one pupil's marks are recorded."""
    found = dict(before)
    for stream, event in facts:
        if isinstance(event, SessionMarked | MarkChange):
            found[parse_session(streams.parts(stream)[2])] = event.code
    return found
