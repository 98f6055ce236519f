"""What made a figure differ between two times or dates, to the last session.

The way from one to the other is cut into stages that differ in one kind of fact (`stages`); the
register of each is laid over the one before (`cells`); what moved has its events (`causes`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ledger.english import number_of
from ledger.store.folder import Folder
from ledger.values import Session
from projections.penalties.case import counted_from
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.columns import Column, Listing
from projections.queries.people import Person
from projections.queries.question import Answer, Chosen, Question, argument, option
from projections.queries.selection import (
    POPULATIONS,
    Population,
    check_school,
    population_in_words,
)
from projections.queries.tally import COUNTED, LATE_APART, late_codes
from projections.queries.view import View
from projections.why.causes import KINDS, Finder
from projections.why.cells import Cause, Cells, MarkChange
from projections.why.flips import (
    ByPupil,
    Flags,
    Flip,
    by_cause,
    flags,
    flips,
)
from projections.why.stages import Pair, Way, way
from projections.why.thresholds import ThresholdCount, threshold_counts, threshold_flips

Counts = dict[str, int]


class CauseRow(NamedTuple):
    """What one kind of event did to the counts of one pupil, and the positions of the events.

    ``sessions``: those that it is about, in order; ``changes``: what became of their marks;
    ``share``: of a flag, by how much it moved the pupil's absent and possible sessions.
    """

    kind: str
    person: Person
    effect: Counts
    events: list[int]
    sessions: Sequence[Session]
    changes: Sequence[MarkChange]
    share: Counts

    @property
    def upn(self) -> str:
        """The unique pupil number."""
        return self.person.upn


def _end_of(row: CauseRow, at: int) -> str | None:
    return str(row.sessions[at]) if row.sessions else None


_CHANGES: tuple[Column[MarkChange], ...] = tuple(
    map(Column, ("session", "was", "became", "position"))
)
COLUMNS: tuple[Column[CauseRow], ...] = (
    *map(Column, ("kind", "upn", "effect", "events")),
    Column("sessions", value=lambda row: len(row.sessions)),
    Column("first", value=lambda row: _end_of(row, 0)),
    Column("last", value=lambda row: _end_of(row, -1)),
    Column("changes", value=lambda row: Listing(_CHANGES, row.changes), csv=False),
)
_SHARES: tuple[Column[CauseRow], ...] = (
    Column("absent", value=lambda row: row.share["absent"]),
    Column("possible", value=lambda row: row.share["possible"]),
)
"""Of `persistent` besides: what each cause moved of the pupil's own share."""


class End(NamedTuple):
    """One of the two points in time as an answer names it, and the counts there.

    ``ignorance``: what to say where nothing was known yet.
    """

    as_of: Mapping[str, Any]
    provenance: str
    ignorance: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Found:
    """The counts at the point in time asked about and at the other, and what lies between."""

    before: End
    after: End
    causes: Sequence[CauseRow]
    population: str
    folder: Folder

    @property
    def difference(self) -> Counts:
        """The counts after less those before."""
        before, after = self.before.counts, self.after.counts
        return {name: after[name] - before[name] for name in before}


@dataclass(frozen=True, kw_only=True)
class Why(Pair, Question[Found]):
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

    @property
    def chosen(self) -> Chosen:
        """What a group chooses: what it chooses in the figure that is asked about."""
        return "by entry" if self.what == "penalties" else "sessions"

    def find(self, view: View) -> Found:
        """Find the counts at both points in time and the causes of what lies between."""
        found = way(self, view)
        check_school(found.later, self)
        before, after, causes = _answers(self, found)
        if found.backwards:
            before, after = after, before
            causes = [_turned_round(cause) for cause in causes]
        other = found.earlier if found.backwards else found.later
        on, flagged = found.later.on, self.what == "persistent"
        population = population_in_words(self.population, on) if flagged else ""
        return Found(
            _end(view, before),
            _end(other, after),
            sorted(causes, key=lambda cause: (KINDS.index(cause.kind), cause.upn)),
            population,
            view.folder,
        )

    def present(self, found: Found) -> Answer:
        """Show the counts at both, and the causes summed up by kind."""
        ends = {"before": found.before, "after": found.after}
        fields: dict[str, Any] = {"and": found.after.as_of, "what": self.what}
        if self.what == "persistent":
            fields["population"] = self.population
        ignorant = [name for name, end in ends.items() if end.ignorance]
        if ignorant:
            fields["knows_nothing"] = ignorant
        fields |= {name: end.counts for name, end in ends.items()}
        listed = Listing(
            (*COLUMNS, *_SHARES) if self.what == "persistent" else COLUMNS, found.causes
        )
        fields |= {"difference": found.difference, "causes": listed}
        unknown = [Lines([end.ignorance]) for end in ends.values() if end.ignorance]
        return Answer(
            fields,
            blocks=[*unknown, _table(self, found), *_whose(found.causes)],
            listed=listed,
            sourced=True,
        )


def _end(view: View, counts: Counts) -> End:
    ignorance = view.ignorance() if view.knows_nothing else ""
    return End(view.as_of(), view.provenance(), ignorance, counts)


def _answers(question: Why, found: Way) -> tuple[Counts, Counts, list[CauseRow]]:
    if question.what == "penalties":
        found = found.since(counted_from(found.later.rules.codes))
    finder = Finder(Cells(question, found), current=question.current)
    match question.what:
        case "rates":
            return _rates(finder)
        case "persistent":
            standing = flags(finder, question.population)
            every = finder.causes()
            flipped = list(by_cause(flips(finder, every, standing, Flags()), every))
            return _from_flips(finder, standing, flipped, Flags._fields)
    stood = threshold_counts(finder)
    flipped = threshold_flips(finder, finder.causes(), stood)
    return _from_flips(finder, stood, flipped, ThresholdCount._fields)


def _rates(finder: Finder) -> tuple[Counts, Counts, list[CauseRow]]:
    merged: defaultdict[tuple[str, int], Cause] = defaultdict(Cause)
    for (_, kind, pupil), cause in finder.causes().items():
        if cause.moves:
            merged[kind, pupil].join(cause)
    causes = [
        _cause(finder, kind, pupil, _by_name(COUNTED, each.effect), each)
        for (kind, pupil), each in merged.items()
    ]
    before, after = ({name: getattr(t, name) for name in COUNTED} for t in finder.cells.totals)
    return before, after, causes


def _from_flips(
    finder: Finder, found: Sequence[ByPupil], flipped: Sequence[Flip], names: Sequence[str]
) -> tuple[Counts, Counts, list[CauseRow]]:
    causes = []
    for flip in flipped:
        effect = _by_name(names, flip.effect)
        causes.append(_cause(finder, flip.kind, flip.pupil, effect, flip))
    before, after = (
        {name: sum(each[at] for each in stage.values()) for at, name in enumerate(names)}
        for stage in (found[0], found[-1])
    )
    return before, after, causes


def _by_name(names: Iterable[str], numbers: Iterable[int]) -> Counts:
    return dict(zip(names, map(int, numbers), strict=True))


def _turned_round(cause: CauseRow) -> CauseRow:
    """Return a cause undone: the question named the later point in time first."""
    effect = {name: -n for name, n in cause.effect.items()}
    changes = [each._replace(was=each.became, became=each.was) for each in reversed(cause.changes)]
    share = {name: -n for name, n in cause.share.items()}
    return cause._replace(effect=effect, changes=changes, share=share)


def _cause(finder: Finder, kind: str, pupil: int, effect: Counts, found: Cause | Flip) -> CauseRow:
    view = finder.way.later
    person = view.people.get(pupil) or view.first_known_person(pupil)
    events, sessions = sorted(found.events), sorted(found.sessions)
    changes, share = sorted(found.changes), dict[str, int]()
    if isinstance(found, Flip):
        share = {"absent": found.absent, "possible": found.possible}
    return CauseRow(kind, person, effect, events, sessions, changes, share)


# -- for reading ---------------------------------------------------------------------------


class OfKind(NamedTuple):
    """The causes of one kind, or all of them."""

    words: str
    causes: Sequence[CauseRow]

    def effect(self, name: str) -> int:
        """Return what they did together to one count."""
        return sum(cause.effect[name] for cause in self.causes)


_MOST = 40
"""Rows read on a screen; the document has all."""
_MOST_SESSIONS = 4
_TITLES = {
    "rates": "Why rates differ",
    "persistent": "Why persistent absence differs",
    "penalties": "Why penalty notice cases differ",
}


def _whose(causes: Sequence[CauseRow]) -> list[Block]:
    """Return whose figures moved, by which sessions and codes."""
    if not causes:
        return []
    more = len(causes) - _MOST
    notes = [f"and {number_of(more, 'more row')}: --json lists them all"] if more > 0 else []
    return [Listing(_WHOSE, causes[:_MOST]).grid("Whose, and in which sessions", notes=notes)]


def _changed(row: CauseRow) -> str:
    """Write what became of a pupil's marks: ``N to I: 2026-11-17/AM, 2026-11-17/PM``."""
    if not row.changes:
        return _sessions([str(session) for session in row.sessions])
    pairs: defaultdict[tuple[str | None, str | None], list[str]] = defaultdict(list)
    for each in row.changes:
        pairs[each.was, each.became].append(each.session)
    told = ((*map(_code, pair), _sessions(sessions)) for pair, sessions in pairs.items())
    return "; ".join(f"{was} to {became}: {sessions}" for was, became, sessions in told)


def _code(code: str | None) -> str:
    return code or "no mark"


def _sessions(listed: Sequence[str]) -> str:
    if len(listed) <= _MOST_SESSIONS:
        return ", ".join(listed)
    return f"{number_of(len(listed), 'session')}, {listed[0]} to {listed[-1]}"


def _moved(row: CauseRow) -> str:
    """Say what a cause moved: of a flag also the share that it had in it."""
    effect = [
        f"{_words(name)} {row.effect[name]:+d}" for name in _told(row.effect) if row.effect[name]
    ]
    share = [f"{name} sessions {number:+d}" for name, number in row.share.items() if number]
    return "; ".join(filter(None, (", ".join(effect), ", ".join(share))))


_WHOSE: tuple[Column[CauseRow], ...] = (
    Column("", "Cause", text=lambda row: row.kind),
    Column("", "Pupil", text=lambda row: row.person.name),
    Column("", "UPN", text=lambda row: row.upn),
    Column("", "Sessions and codes", text=_changed, free=True),
    Column("", "Effect", text=_moved),
)


def _table(question: Why, found: Found) -> Grid:
    together: defaultdict[str, list[CauseRow]] = defaultdict(list)
    for cause in found.causes:
        together[cause.kind].append(cause)
    rows = [OfKind(kind, causes) for kind, causes in together.items()]
    return Listing(_kind_columns(found.difference), rows).grid(
        _TITLES[question.what] + (f", {found.population}" if found.population else ""),
        total=OfKind("All causes together", found.causes),
        notes=_notes(found),
    )


def _notes(found: Found) -> list[str]:
    ends = {"Before": found.before, "After": found.after}
    return [
        f"{when}: {_counts_in_words(end.counts)}; {end.provenance}" for when, end in ends.items()
    ]


def _kind_columns(names: Iterable[str]) -> tuple[Column[OfKind], ...]:
    def count(heading: str, number: Callable[[OfKind], int]) -> Column[OfKind]:
        return Column("", heading, text=lambda row: str(number(row)), number=True)

    def effect(name: str) -> Column[OfKind]:
        heading = _heading(name)
        return Column("", heading, text=lambda row: f"{row.effect(name):+d}", number=True)

    return (
        Column("", "Cause", text=lambda row: row.words),
        count("Pupils", lambda row: len({cause.upn for cause in row.causes})),
        count("Events", lambda row: len({n for cause in row.causes for n in cause.events})),
        *map(effect, _told(names)),
    )


def _counts_in_words(counts: Counts) -> str:
    return ", ".join(f"{counts[name]} {_words(name)}" for name in _told(counts))


def _told(names: Iterable[str]) -> list[str]:
    """Return the counts that are read: of being late its two kinds, not both together."""
    return [name for name in names if name != "late"]


def _heading(name: str) -> str:
    words = _words(name)
    return words[0].upper() + words[1:]


def _words(name: str) -> str:
    late = dict(zip(LATE_APART, late_codes(), strict=True))
    return f"late {late[name]}" if name in late else name.replace("_", " ")
