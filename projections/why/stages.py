"""The way from one point in time to another, one kind of fact at a time.

Each stage differs from the one before in one kind of fact alone, so that whatever moves between
two neighbours moved because of it; and since they are a chain, what moved adds up to the whole
with nothing left over. Between two times of knowledge: marks, then calendar, groups, details
and roll, so that a pupil who came has one cause, with the marks made since. Between two dates:
who is asked about at the date, then the sessions, then the rule.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, NamedTuple, TypeVar

from ledger.errors import Refused
from ledger.values import parse_date
from projections.queries.kept import Kept
from projections.queries.question import Selection, option
from projections.queries.selection import boarders
from projections.queries.view import View
from projections.readmodel.accessors.changes import turns
from projections.readmodel.record import Versioned
from projections.readmodel.records.roll import Details, Membership, Spell
from projections.readmodel.records.school import Closure, Term

Facts = Literal[
    "start", "marks", "calendar", "groups", "details", "roll", "selection", "window", "rule"
]
T = TypeVar("T")
_NOW = "now"
SAME_CELLS: tuple[Facts, ...] = ("details", "rule")
"""Stages that move no session into or out of the counts."""


@dataclass(frozen=True, kw_only=True)
class Pair(Selection):
    """A question about two points in time."""

    and_: str | None = option("the second time (with --known-at) or date (with --on) [now]")


@dataclass(frozen=True, slots=True)
class Stage:
    """A point in time between the two: what its facts are, and the range and rule that apply.

    ``facts``: the kind of fact in which it differs from the stage before; ``differs``: whether
    any of that kind is another one.
    """

    facts: Facts
    view: View
    first: date
    last: date
    boarders: set[int]
    rules_on: date
    differs: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """The stages from the earlier point in time to the later one.

    ``backwards``: the question named the later one first.
    """

    stages: tuple[Stage, ...]
    backwards: bool
    of_dates: bool

    def since(self, first: date) -> "Way":
        """Return the way with the sessions counted from another day on, at every stage."""
        stages = tuple(replace(stage, first=first) for stage in self.stages)
        return replace(self, stages=stages)

    def of_each(self, find: Callable[[int, Stage], T]) -> list[T]:
        """Return what is found at each stage, by its number; where none differs, once for both."""
        found: list[T] = []
        for number, stage in enumerate(self.stages):
            found.append(find(number, stage) if stage.differs else found[-1])
        return found

    @property
    def earlier(self) -> View:
        """The view that the way starts from."""
        return self.stages[0].view

    @property
    def later(self) -> View:
        """The view that it leads to."""
        return self.stages[-1].view


def way(question: Pair, view: View) -> Way:
    """Set the second point in time beside the view of the first, and lay out the way."""
    second, of_dates = view.at(_other(question)), question.known_at is None
    if of_dates:
        backwards = view.on > second.on
    else:
        backwards = (view.known_at, view.position) > (second.known_at, second.position)
    earlier, later = (second, view) if backwards else (view, second)
    stages = _by_date(earlier, later) if of_dates else _by_knowledge(earlier, later)
    return Way(stages, backwards, of_dates)


def _other(question: Pair) -> Pair:
    if question.known_at is None and question.on is None:
        raise Refused(
            "two-times",
            "a difference lies between two points in time",
            "give --known-at or --on, to compare with now, and --and for another time or date",
        )
    second = None if question.and_ == _NOW else question.and_
    if question.known_at is not None:
        return replace(question, known_at=second)
    return replace(question, on=None if second is None else parse_date(second))


class _Step(NamedTuple):
    """What of a view is of one kind of fact, and the records that it is made of."""

    facts: Facts
    names: tuple[str, ...]
    records: tuple[type[Versioned], ...]


_STEPS = (
    _Step("calendar", ("calendar", "school_year", "first"), (Term, Closure)),
    _Step("groups", ("memberships",), (Membership,)),
    # Whoever is on roll without details has those first recorded.
    _Step("details", ("people",), (Details, Spell)),
    _Step("roll", ("spells",), (Spell,)),
)


def _by_knowledge(earlier: View, later: View) -> tuple[Stage, ...]:
    moved = {step for step in _STEPS if _moved(earlier, later, step.records)}
    known: dict[str, Any] = {
        name: getattr(earlier if step in moved else later, name)
        for step in _STEPS
        for name in step.names
    }
    away, on = boarders(earlier), later.on
    first = _view_with(earlier, known)
    stages = [Stage("start", first, first.first, on, away, on)]
    view = _view_with(later, known)
    stages.append(Stage("marks", view, view.first, on, away, on))
    for step in _STEPS:
        if step in moved:
            known |= {name: getattr(later, name) for name in step.names}
            away = boarders(later) if step.facts == "details" else away
            view = _view_with(later, known)
        stage = Stage(step.facts, view, view.first, on, away, on, differs=step in moved)
        stages.append(stage)
    return tuple(stages)


def _moved(earlier: View, later: View, records: Iterable[type[Versioned]]) -> bool:
    """Tell whether some facts are other ones; of two logs, one corrected since, they may be."""
    others = (any(True for _ in turns(earlier, later, record)) for record in records)
    return earlier.db is not later.db or any(others)


def _by_date(earlier: View, later: View) -> tuple[Stage, ...]:
    away = boarders(earlier)
    asked = _view_with(later, {"school_year": earlier.school_year})
    return (
        Stage("start", earlier, earlier.first, earlier.on, away, earlier.on),
        Stage("selection", asked, earlier.first, earlier.on, away, earlier.on),
        Stage("window", later, later.first, later.on, boarders(later), earlier.on),
        Stage("rule", later, later.first, later.on, boarders(later), later.on),
    )


def _view_with(view: View, known: dict[str, Any]) -> View:
    """Return a view in which some kinds of fact are as given."""
    found = replace(view, kept=Kept())
    for name, facts in {"grid": view.grid, **known}.items():
        setattr(found, name, facts)
    return found
