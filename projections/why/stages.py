"""The way from one point in time to another, one kind of fact at a time.

Each stage differs from the one before in one kind of fact alone, so that whatever moves between
two neighbours moved because of it; and since they are a chain, what moved adds up to the whole
with nothing left over. Between two times of knowledge: marks, then calendar, groups, details
and roll, so that a pupil who came has one cause, with the marks made since. Between two dates:
who is asked about at the date, then the sessions, then the rule.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from ledger.errors import Refused
from ledger.values import parse_date
from projections.queries.kept import Kept
from projections.queries.question import Selection, option
from projections.queries.selection import boarders
from projections.queries.view import View

Facts = Literal[
    "start", "marks", "calendar", "groups", "details", "roll", "selection", "window", "rule"
]
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

    ``facts``: the kind of fact in which it differs from the stage before.
    """

    facts: Facts
    view: View
    first: date
    last: date
    boarders: set[int]
    rules_on: date


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


def _by_knowledge(earlier: View, later: View) -> tuple[Stage, ...]:
    known: dict[str, Any] = {
        name: getattr(earlier, name)
        for name in ("calendar", "school_year", "first", "memberships", "people", "spells")
    }
    away = boarders(earlier)
    stages = [Stage("start", earlier, earlier.first, earlier.on, away, later.on)]
    steps: tuple[tuple[Facts, tuple[str, ...]], ...] = (
        ("marks", ()),
        ("calendar", ("calendar", "school_year", "first")),
        ("groups", ("memberships",)),
        ("details", ("people",)),
        ("roll", ("spells",)),
    )
    for facts, names in steps:
        known |= {name: getattr(later, name) for name in names}
        away = boarders(later) if facts == "details" else away
        view = _view_with(later, known)
        stages.append(Stage(facts, view, view.first, view.on, away, later.on))
    return tuple(stages)


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
