"""Weeks by how far absence turned presence departs from the usual.

One list of the school's weeks, the most unusual first: by the week of the sessions, by the week
of the changes, and by the week of old changes. WEEKS.md explains the model and its limits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from ledger.english import number_of
from policies.law.calendar import school_weeks
from projections.audit.audit import WORDING
from projections.audit.scope import Scope
from projections.audit.timing import BEFORE, Look, ReviewDay, review_calendar
from projections.audit.weeks_counts import KINDS, Kind, Week, count_weeks
from projections.audit.weeks_model import FEWEST, Departure, Q, departures, discoveries
from projections.queries.blocks import Lines
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Question, Selection, option
from projections.queries.rectangle import cells
from projections.queries.view import View

_ABOUT: Mapping[Kind, str] = {
    "sessions": "sessions of the week",
    "changes": "changes made in the week",
    "old": "old changes made in the week",
    "settled": "changes made in the week, of absences with a reason",
}
_SUNDAY = timedelta(days=6)
_SHOWN = 10


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


@dataclass(frozen=True, slots=True)
class KindRow:
    """What a document says of one kind of counting in a week."""

    kind: Kind
    changes: int
    absences: int
    expected: str
    p: str


@dataclass(frozen=True, slots=True)
class WeekRow:
    """A week by its rank, and the looks that it lies shortly before."""

    rank: int
    ranked: RankedWeek
    before: Sequence[Look]

    def of(self, kind: Kind) -> KindRow:
        """Return what is said of one kind of counting."""
        week, found = self.ranked.week, self.ranked.kinds[kind]
        counts = week.changed[kind], week.stood(kind)
        return KindRow(kind, *counts, f"{found.expected:.1f}", f"{found.p:.2g}")

    @property
    def pairs(self) -> dict[str, int]:
        """The pairs of codes of its kind, by name."""
        return dict(sorted(self.ranked.week.pairs[self.ranked.kind].items()))


def _of_its_kind(key: str, heading: str) -> Column[WeekRow]:
    return Column(key, heading, lambda row: getattr(row.of(row.ranked.kind), key), number=True)


WEEKS: tuple[Column[WeekRow], ...] = (
    Column("check", value=lambda _: "weeks"),
    Column("rank", "Rank", number=True),
    Column("week", "Week of", lambda row: row.ranked.week.monday),
    Column("kind", "In", lambda row: row.ranked.kind, lambda row: _ABOUT[row.ranked.kind]),
    _of_its_kind("changes", "Changes"),
    _of_its_kind("absences", "Of absences"),
    _of_its_kind("expected", "Expected"),
    Column("p", "p", lambda row: f"{row.ranked.p:.2g}"),
    Column("q", value=lambda row: f"{row.ranked.q:.2g}"),
    Column("flagged", "Flagged", lambda row: row.ranked.flagged,
           lambda row: "yes" if row.ranked.flagged else ""),
    Column("place", value=lambda row: row.ranked.week.place),
    Column("pairs", "Pairs", text=lambda row: ", ".join(f"{p} {n}" for p, n in row.pairs.items())),
    Column("before", "Before", lambda row: [asdict(look) for look in row.before],
           lambda row: ", ".join(look.words for look in row.before), csv=False),
    Column("kinds", value=lambda row: [asdict(row.of(kind)) for kind in KINDS], csv=False),
)  # fmt: skip
_READ = (
    "Rank", "Week of", "In", "Changes", "Expected", "Of absences", "p", "Flagged", "Pairs",
    "Before",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WeeksFound:
    """How many weeks there are, and these ranked; none where there are too few to rank."""

    weeks: int
    rows: Sequence[WeekRow]


_NOTES = (
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
)


@dataclass(frozen=True, kw_only=True)
class AuditWeeks(Selection, Question[WeeksFound]):
    """attendance audit weeks: weeks by how far absence turned presence departs from the usual.

    Weeks ranked by their rate of absence turned presence, against the school's own others.
    """

    census: tuple[date, ...] = option("a census day besides the usual ones (several)", ())
    inspection: tuple[date, ...] = option("a day of inspection (may be given several times)", ())
    before: int = option(
        "school days before a census or inspection that are named", BEFORE, minimum=1
    )

    def find(self, view: View) -> WeeksFound:
        """Find every week of the range, ranked."""
        scope = Scope(view, self)
        met = school_weeks([day for day in scope.days if view.first <= day <= view.on])
        weeks = count_weeks(met, scope.chains, _absences(scope), scope.codes, view.on)
        calendar = review_calendar(scope, self.before, self.census, self.inspection)
        rows = [
            WeekRow(n, each, [day.look for day in calendar if _overlaps(each.week.monday, day)])
            for n, each in enumerate(rank_weeks(weeks), 1)
        ]
        return WeeksFound(len(weeks), rows)

    def present(self, found: WeeksFound) -> Answer:
        """Show the most unusual weeks, and list them all."""
        rows, weeks = found.rows, number_of(found.weeks, "school week")
        flagged = sum(row.ranked.flagged for row in rows)
        total = {"weeks": found.weeks, "flagged": flagged, "false_discovery_rate": str(Q)}
        listing = Listing(WEEKS, rows)
        few = f"{weeks}: fewer than {FEWEST} are too few to say what is usual at this school."
        title = (
            "Weeks by how far absence turned presence departs from the school's own pattern: "
            f"{weeks}, {flagged} flagged ({WORDING})"
        )
        table = listing.grid(title, order=_READ, rows=lambda: rows[:_SHOWN], notes=_NOTES)
        block = table if rows else Lines([few])
        return Answer({"wording": WORDING, "total": total, "rows": listing}, blocks=[block])

    def unknown(self) -> Answer:
        """Return no week."""
        return Answer({"rows": Listing(WEEKS, [])})


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


def _absences(scope: Scope) -> dict[date, int]:
    """Return how many marks of absence were made on each day, changed since or not."""
    whole = scope.whole
    if not whole.sessions:
        return {}
    absent = cells(whole, scope.codes, lambda rule: rule.possible and not rule.attended)
    for chain in scope.chains:
        at = scope.columns.get(chain[0].session)
        if at is not None and any(scope.absent(step) for step in chain):
            absent[chain[0].pupil, at] = True
    found: dict[date, int] = {}
    for session, number in zip(
        whole.sessions, (absent & scope.chosen).sum(axis=0).tolist(), strict=True
    ):
        found[session.date] = found.get(session.date, 0) + number
    return found


def _overlaps(week: date, each: ReviewDay) -> bool:
    """Tell whether a week holds a day of the school days before a census or inspection."""
    return each.since <= week + _SUNDAY and week < each.look.on
