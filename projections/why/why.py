"""What made a figure differ between two times or dates, to the last session.

The way from one to the other is cut into stages that differ in one kind of fact (`stages`); the
register of each is laid over the one before (`cells`); what moved has its events (`causes`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from projections.penalties.case import counted_from
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.question import Answer, Question, argument, option
from projections.queries.selection import (
    POPULATIONS,
    Population,
    check_school,
    population_in_words,
)
from projections.queries.tally import COUNTED
from projections.queries.view import View
from projections.why.causes import KINDS, Finder
from projections.why.cells import Cells
from projections.why.flips import (
    ByPupil,
    Flags,
    Flip,
    ThresholdCount,
    flags,
    flips,
    threshold_counts,
    threshold_flips,
)
from projections.why.stages import Pair, Way, way

COLUMNS = ("kind", "upn", "effect", "events")
Counts = dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Why(Pair, Question):
    """attendance why: what made a figure differ between two times or dates, to the last session.

    The causes of a difference: their effects on the counts add up to it, nothing left over.
    """

    what: Literal["rates", "persistent", "penalties"] = argument(
        "rates, persistent or penalties", metavar="WHAT"
    )
    population: Population = option(
        "for persistent: everyone on roll, or as DfE's statistics count",
        "roll",
        choices=POPULATIONS,
    )

    def answer(self, view: View) -> Answer:
        """Answer with the counts at both points in time and the causes of what lies between."""
        found = way(self, view)
        check_school(found.later, self)
        before, after, causes = _answers(self, found)
        if found.backwards:
            before, after = after, before
            causes = [_turn_round(cause) for cause in causes]
        document = {
            **_header(self, view, found),
            "before": before,
            "after": after,
            "difference": {name: after[name] - before[name] for name in before},
            "causes": sorted(causes, key=_order),
        }
        blocks = _blocks(self, found, document)
        return Answer(document, COLUMNS, blocks, flat=document["causes"])


def _header(question: Why, view: View, found: Way) -> dict[str, Any]:
    other = found.earlier if found.backwards else found.later
    header: dict[str, Any] = {"as_of": view.as_of(), "and": other.as_of(), "what": question.what}
    if question.what == "persistent":
        header["population"] = question.population
    ignorant = [name for name, each in (("before", view), ("after", other)) if each.knows_nothing]
    return {**header, "knows_nothing": ignorant} if ignorant else header


def _answers(question: Why, found: Way) -> tuple[Counts, Counts, list[dict[str, Any]]]:
    if question.what == "penalties":
        found = found.since(counted_from(found.later.rules.codes))
    finder = Finder(Cells(question, found), current=question.current)
    match question.what:
        case "rates":
            return _rates(finder)
        case "persistent":
            standing = flags(finder, question.population)
            flipped = flips(finder, finder.causes(), standing, Flags())
            return _from_flips(finder, standing, flipped, Flags._fields)
    stood = threshold_counts(finder)
    return _from_flips(
        finder, stood, threshold_flips(finder, finder.causes(), stood), ThresholdCount._fields
    )


def _rates(finder: Finder) -> tuple[Counts, Counts, list[dict[str, Any]]]:
    before, after = finder.cells.totals
    merged: dict[tuple[str, int], tuple[Any, set[int]]] = {}
    for (_, kind, pupil), cause in finder.causes().items():
        if cause.moves:
            effect, events = merged.get((kind, pupil), (0, set()))
            merged[kind, pupil] = (effect + cause.effect, events | cause.events)
    causes = [
        _cause(finder, kind, pupil, dict(zip(COUNTED, map(int, effect), strict=True)), events)
        for (kind, pupil), (effect, events) in merged.items()
    ]
    return _counts(before), _counts(after), causes


def _counts(tally: Any) -> Counts:  # noqa: ANN401 - a tally or flags
    return {name: getattr(tally, name) for name in COUNTED}


def _from_flips(
    finder: Finder, found: Sequence[ByPupil], flipped: Sequence[Flip], names: tuple[str, ...]
) -> tuple[Counts, Counts, list[dict[str, Any]]]:
    causes = []
    for flip in flipped:
        pairs = zip(names, flip.after, flip.before, strict=True)
        effect = {name: after - before for name, after, before in pairs}
        causes.append(_cause(finder, flip.kind, flip.pupil, effect, flip.events))
    return _totals(found[0], names), _totals(found[-1], names), causes


def _totals(found: ByPupil, names: tuple[str, ...]) -> Counts:
    return {name: sum(each[at] for each in found.values()) for at, name in enumerate(names)}


def _cause(
    finder: Finder, kind: str, pupil: int, effect: Counts, events: set[int] | frozenset[int]
) -> dict[str, Any]:
    view = finder.way.later
    person = view.people.get(pupil) or view.first_known_person(pupil)
    return {"kind": kind, "upn": person.upn, "effect": effect, "events": sorted(events)}


def _turn_round(cause: dict[str, Any]) -> dict[str, Any]:
    """Return a cause undone: the question named the later point in time first."""
    return {**cause, "effect": {name: -n for name, n in cause["effect"].items()}}


def _order(cause: dict[str, Any]) -> tuple[int, str]:
    return KINDS.index(cause["kind"]), cause["upn"]


# -- for reading ---------------------------------------------------------------------------


def _blocks(question: Why, found: Way, document: dict[str, Any]) -> Sequence[Block]:
    names = list(document["difference"])
    together: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for cause in document["causes"]:
        together[cause["kind"]].append(cause)
    body = [_line(kind, causes, names) for kind, causes in together.items()]
    body.append(_line("All causes together", document["causes"], names))
    ends = [found.later, found.earlier] if found.backwards else [found.earlier, found.later]
    notes = [
        f"{word}: {_counts_in_words(document[word.lower()])}; {view.provenance()}"
        for word, view in zip(("Before", "After"), ends, strict=True)
    ]
    blocks: list[Block] = [Lines([view.ignorance()]) for view in ends if view.knows_nothing]
    headings = ("Cause", "Pupils", "Events", *(_words(name).capitalize() for name in names))
    title = f"Why {question.what} differ"
    if question.what == "persistent":
        title += f", {population_in_words(question.population, found.later.on)}"
    numeric = frozenset(range(1, len(headings)))
    return [*blocks, Grid(title, headings, body, numeric, total=True, notes=notes)]


def _line(word: str, causes: list[dict[str, Any]], names: Sequence[str]) -> tuple[str, ...]:
    events = {position for cause in causes for position in cause["events"]}
    effects = (f"{sum(cause['effect'][name] for cause in causes):+d}" for name in names)
    pupils = {cause["upn"] for cause in causes}
    return (word, str(len(pupils)), str(len(events)), *effects)


def _counts_in_words(counts: Counts) -> str:
    return ", ".join(f"{n} {_words(name)}" for name, n in counts.items())


def _words(name: str) -> str:
    return name.replace("_", " ")
