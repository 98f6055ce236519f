"""Weeks by how far absence turned presence departs from the usual.

One list of the school's weeks, the most unusual first: by the week of the sessions, by the week
of the changes, and by the week of old changes. WEEKS.md explains the model and its limits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ledger.english import number_of
from policies.law.calendar import school_weeks
from projections.audit.scope import Scope
from projections.audit.timing import BEFORE, ReviewDay, review_calendar
from projections.audit.weeks_counts import KINDS, Kind, Week, count_weeks
from projections.audit.weeks_model import FEWEST, Departure, Q, departures, discoveries
from projections.audit.words import WORDING
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.rectangle import cells
from projections.queries.view import View

_COLUMNS = (
    "check",
    "rank",
    "week",
    "kind",
    "changes",
    "absences",
    "expected",
    "p",
    "q",
    "flagged",
    "place",
    "pairs",
)
_ABOUT: Mapping[Kind, str] = {
    "sessions": "sessions of the week",
    "changes": "changes made in the week",
    "old": "old changes made in the week",
    "settled": "changes made in the week, of absences with a reason",
}
_SUNDAY = timedelta(days=6)
_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class AuditWeeks(Selection, Question):
    """attendance audit weeks: weeks by how far absence turned presence departs from the usual.

    Weeks ranked by their rate of absence turned presence, against the school's own others.
    """

    census: tuple[date, ...] = option("a census day besides the usual ones (several)", ())
    inspection: tuple[date, ...] = option("a day of inspection (may be given several times)", ())
    before: int = option(
        "school days before a census or inspection that are named", BEFORE, minimum=1
    )

    def answer(self, view: View) -> Answer:
        """Answer with every week of the range, ranked."""
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, _COLUMNS, [Lines([view.ignorance()])])
        scope = Scope(view, self)
        weeks = weeks_of(scope)
        calendar = review_calendar(scope, self.before, self.census, self.inspection)
        rows = [_row(n, each, calendar) for n, each in enumerate(rank_weeks(weeks), 1)]
        total = {
            "weeks": len(weeks),
            "flagged": sum(row["flagged"] for row in rows),
            "false_discovery_rate": str(Q),
        }
        document = {"as_of": view.as_of(), "wording": WORDING, "total": total, "rows": rows}
        flat = [{name: row[name] for name in _COLUMNS} for row in rows]
        return Answer(document, _COLUMNS, [_block(rows, total, view)], flat=flat)


@dataclass(frozen=True, slots=True)
class RankedWeek:
    """A week in the ranking: the kind in which it departs most, how far, and each kind's part.

    ``p``: the least of the kinds' times their number (Bonferroni); ``q``: the share of false
    discoveries at which it would be flagged (Benjamini and Hochberg, over the weeks).
    """

    week: Week
    kind: Kind
    p: float
    q: float
    kinds: Mapping[Kind, Departure]

    @property
    def flagged(self) -> bool:
        """Whether it is unusual enough to be named by itself."""
        return self.q <= Q

    @property
    def expected(self) -> float:
        """The changes to be expected of the kind."""
        return self.kinds[self.kind].expected


def rank_weeks(weeks: Sequence[Week]) -> list[RankedWeek]:
    """Return the weeks, the most unusual first; none where there are fewer than `FEWEST`."""
    if len(weeks) < FEWEST:
        return []
    places = [week.place for week in weeks]
    by_kind = {
        kind: departures(
            [week.changed[kind] for week in weeks], [week.absent[kind] for week in weeks], places
        )
        for kind in KINDS
    }
    most = [min(KINDS, key=lambda kind: by_kind[kind][n].p) for n in range(len(weeks))]
    tails = [min(1.0, len(KINDS) * by_kind[kind][n].p) for n, kind in enumerate(most)]
    found = [
        RankedWeek(week, most[n], tails[n], q, {kind: by_kind[kind][n] for kind in KINDS})
        for n, (week, q) in enumerate(zip(weeks, discoveries(tails), strict=True))
    ]
    return sorted(found, key=lambda each: (each.kinds[each.kind].p, each.week.monday))


def weeks_of(scope: Scope) -> list[Week]:
    """Return the counts of each school week of a range, from the register and its versions."""
    view = scope.view
    met = [day for day in scope.days if view.first <= day <= view.on]
    return count_weeks(
        school_weeks(met), scope.chains, _absences(scope), view.rules.codes, view.on
    )


def _absences(scope: Scope) -> dict[date, int]:
    """Return how many marks of absence were made on each day, changed since or not."""
    whole = scope.whole
    if not whole.sessions:
        return {}
    absent = cells(whole, scope.view.rules.codes, lambda rule: rule.possible and not rule.attended)
    for chain in scope.chains:
        at = scope.columns.get(chain[0].session)
        if at is not None and any(scope.absent(step.code, step.day) for step in chain):
            absent[chain[0].pupil, at] = True
    found: dict[date, int] = {}
    for session, number in zip(
        whole.sessions, (absent & scope.chosen).sum(axis=0).tolist(), strict=True
    ):
        found[session.date] = found.get(session.date, 0) + number
    return found


def _row(rank: int, ranked_week: RankedWeek, calendar: Sequence[ReviewDay]) -> dict[str, Any]:
    week, kind = ranked_week.week, ranked_week.kind
    return {
        "check": "weeks",
        "rank": rank,
        "week": week.monday.isoformat(),
        "kind": kind,
        "changes": week.changed[kind],
        "absences": week.stood(kind),
        "expected": f"{ranked_week.expected:.1f}",
        "p": f"{ranked_week.p:.2g}",
        "q": f"{ranked_week.q:.2g}",
        "flagged": ranked_week.flagged,
        "place": week.place,
        "pairs": dict(sorted(week.pairs[kind].items())),
        "before": [each.row() for each in calendar if _overlaps(week.monday, each)],
        "kinds": [
            {
                "kind": each,
                "changes": week.changed[each],
                "absences": week.stood(each),
                "expected": f"{ranked_week.kinds[each].expected:.1f}",
                "p": f"{ranked_week.kinds[each].p:.2g}",
            }
            for each in KINDS
        ],
    }


def _overlaps(week: date, each: ReviewDay) -> bool:
    """Tell whether a week holds a day of the school days before a census or inspection."""
    return each.since <= week + _SUNDAY and week < each.day


# -- for reading ------------------------------------------------------------------------------


def _block(rows: Sequence[Mapping[str, Any]], total: Mapping[str, Any], view: View) -> Block:
    weeks = number_of(total["weeks"], "school week")
    if not rows:
        few = f"{weeks}: fewer than {FEWEST} are too few to say what is usual at this school."
        return Lines([few, view.provenance()])
    title = (
        "Weeks by how far absence turned presence departs from the school's own pattern: "
        f"{weeks}, {total['flagged']} flagged ({WORDING})"
    )
    headings = (
        "Rank", "Week of", "In", "Changes", "Expected", "Of absences", "p", "Flagged", "Pairs",
        "Before",
    )  # fmt: skip
    body = [_cells(row) for row in rows[:_SHOWN]]
    notes = [
        (
            "Asks: in which weeks did more absences become presence than the other weeks of this "
            "school make likely?"
        ),
        (
            "Often: a trainee who takes registers badly and has them put right; a tidy-up after a "
            "holiday; a list of a club found late."
        ),
        (
            "p: how likely so many or more are by chance, given the other weeks; some week is "
            f"always first. Flagged: false-discovery rate {Q}."
        ),
        (
            "Of absences: those that stood before the changes: of the week (of the weeks before, "
            "for old changes), and every other one that was changed."
        ),
        view.provenance(),
    ]
    return Grid(title, headings, body, frozenset({0, 3, 4, 5}), notes=notes)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    pairs = ", ".join(f"{pair} {n}" for pair, n in row["pairs"].items())
    before = ", ".join(f"{each['before']} {each['on']}" for each in row["before"])
    return (
        str(row["rank"]),
        row["week"],
        _ABOUT[row["kind"]],
        str(row["changes"]),
        row["expected"],
        str(row["absences"]),
        row["p"],
        "yes" if row["flagged"] else "",
        pairs,
        before,
    )
