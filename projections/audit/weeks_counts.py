"""Versions of marks, counted by week: absences, and which of them became presence."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from policies.law.calendar import monday
from policies.packs.codes import Codes
from projections.audit.scope import Chain, Step, becomes_present, is_provisional

Kind = Literal["sessions", "changes", "old", "settled"]
KINDS: tuple[Kind, ...] = ("sessions", "changes", "old", "settled")
OLD = 5
"""School days after its session beyond which a change is an old one. Ours."""
BACK = 10
"""School weeks back that the exposure of old changes reaches. Ours."""
Place = Literal["first", "middle", "last"]
_WEEK = timedelta(days=7)


@dataclass(slots=True)
class Week:
    """One school week: changes from absence to presence and the absences that could change.

    ``place``: in its half term: after a holiday, before one, or neither. ``changed`` and
    ``absent``: by kind; ``beside``: changed absences that are not among ``absent``, being of other
    weeks or changed again; ``pairs``: of the codes, by kind.
    """

    monday: date
    place: Place
    changed: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    absent: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    beside: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    pairs: dict[Kind, Counter[str]] = field(
        default_factory=lambda: {kind: Counter() for kind in KINDS}
    )

    def stood(self, kind: Kind) -> int:
        """Return the absences that stood before the changes, those that were changed included.

        A changed one counts also where its session has been closed since.
        """
        return max(self.absent[kind] + self.beside[kind], self.changed[kind])


def count_weeks(
    weeks: Sequence[date],
    chains: Iterable[Chain],
    absences: Mapping[date, int],
    codes: Codes,
    on: date,
) -> list[Week]:
    """Count each school week.

    ``weeks``: Mondays in order; ``chains``: the marks that were changed; ``absences``: how many
    marks of absence were made on a day, changed since or not.

    - ``sessions``: marks of the week that became presence, each once, of its marks of absence;
    - ``changes``: changes made in the week, of the week's marks of absence too: most changes
      are made within days, and a longer look back would be short in the first weeks known;
    - ``old``: those of them more than `OLD` school days after the session, of the absences of
      the `BACK` school weeks before;
    - ``settled``: those of them from an absence with a reason, not a provisional entry, of the
      same absences as ``changes``.

    What was changed and is none of these absences is counted beside them.

    A change made in a holiday belongs to the school week before it; one made after ``on`` to
    none, and one whose time nobody states to that of its session alone.
    """
    found = [Week(day, _place(weeks, n)) for n, day in enumerate(weeks)]
    _expose(found, absences)
    for chain in chains:
        turned = [step for step in chain if becomes_present(codes, step)]
        at = _week_of(weeks, chain[0].day)
        if turned and at is not None:
            _add(found[at], "sessions", turned[0])
        seen: set[tuple[int, Kind]] = set()
        for step in turned:
            if step.changed_on is None or step.changed_on > on:
                continue
            made = _last_week_by(weeks, step.changed_on)
            if made is not None:
                for kind in _kinds_of(codes, step):
                    _add(found[made], kind, step)
                    among = at is not None and at in _weeks_exposed(made, kind)
                    found[made].beside[kind] += not among or (made, kind) in seen
                    seen.add((made, kind))
    return found


def _kinds_of(codes: Codes, step: Step) -> Iterator[Kind]:
    """Yield the ways in which a change counts in the week in which it was made."""
    yield "changes"
    if step.lag is not None and step.lag > OLD:
        yield "old"
    if not is_provisional(codes, step.replaced, step.day):
        yield "settled"


def _weeks_exposed(made: int, kind: Kind) -> range:
    """Return the weeks whose absences are those that changes made in a week are counted of."""
    return range(max(0, made - BACK), made) if kind == "old" else range(made, made + 1)


def _add(week: Week, kind: Kind, step: Step) -> None:
    week.changed[kind] += 1
    week.pairs[kind][f"{step.replaced}>{step.code}"] += 1


def _expose(found: list[Week], absences: Mapping[date, int]) -> None:
    each: Counter[date] = Counter()
    for day, number in absences.items():
        each[monday(day)] += number
    own = [each[week.monday] for week in found]
    for n, week in enumerate(found):
        week.absent["sessions"] = own[n]
        week.absent["changes"] = week.absent["settled"] = own[n]
        week.absent["old"] = sum(own[before] for before in _weeks_exposed(n, "old"))


def _place(weeks: Sequence[date], n: int) -> Place:
    if n == 0 or weeks[n] - weeks[n - 1] > _WEEK:
        return "first"
    if n + 1 < len(weeks) and weeks[n + 1] - weeks[n] > _WEEK:
        return "last"
    return "middle"


def _last_week_by(weeks: Sequence[date], day: date) -> int | None:
    at = bisect_right(weeks, day) - 1
    return at if at >= 0 else None


def _week_of(weeks: Sequence[date], day: date) -> int | None:
    at = _last_week_by(weeks, day)
    return at if at is not None and weeks[at] == monday(day) else None
