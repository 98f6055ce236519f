"""What the log itself cannot know: what came before it, who wrote, when, and who has seen it.

And what other systems told besides marks: notices, roll, groups, relations, parents, casework.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from ledger import names
from ledger.clock import iso, local_date
from ledger.sealing.keys import BEYOND_USE
from ledger.times import lasting
from ledger.transparency.witnesses import trusted_witnesses
from projections.queries import sightings
from projections.queries.columns import Column
from projections.queries.versions import Describer, moment
from projections.queries.view import View
from projections.readmodel.accessors.marks import extent
from projections.readmodel.record import Versioned
from projections.readmodel.records.disclosure import Redaction
from projections.readmodel.records.log import ClockCorrection, Commit, Import
from projections.readmodel.records.penalties import CaseworkStep, Notice
from projections.readmodel.records.roll import Details, Membership, Parent, Relation, Spell
from projections.readmodel.records.school import StaffSpell

_FACTS: Mapping[type[Versioned], str] = {
    Spell: "spells on roll",
    Membership: "group memberships",
    Parent: "parents",
    Relation: "relations of parents and pupils",
    Notice: "penalty notices",
    CaseworkStep: "steps of casework",
}
"""What other systems tell besides marks."""
_CHANGED: Mapping[type[Versioned], str] = {
    StaffSpell: "members of staff",
    Notice: "penalty notices",
    Details: "details of pupils",
    Parent: "parents",
    Relation: "relations of parents and pupils",
}
"""What an import may state otherwise than it was held; marks are in `attendance changes`."""
_MEANS = {
    "second-hand": "what that system says of them and of when it knew; the ledger saw the import",
    "undated": (
        "when they became known there is not known: they count as known from the start under "
        "--clock source, and from the day of the import otherwise"
    ),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """What cannot be known, how often, and what follows from it.

    ``first``, ``last``: instants in UTC, dates or sessions, as text; ``positions``: of the first
    and last event concerned; none of them where there is none. ``wrote``: what of ``means``
    somebody wrote.
    """

    kind: str
    what: str
    count: int
    means: str
    first: str | None = None
    last: str | None = None
    positions: tuple[int | None, int | None] = (None, None)
    wrote: str = ""

    @property
    def told(self) -> str:
        """What follows from it, for reading; what somebody wrote in it suggests no command."""
        return self.means.replace(self.wrote, names.as_written(self.wrote))

    @property
    def when(self) -> str:
        """From when to when, for reading."""
        if self.first is None:
            return f", until {self.last}" if self.last else ""
        on_one = self.first == self.last
        return f", on {self.first}" if on_one else f", {self.first} to {self.last}"

    @property
    def where(self) -> str:
        """At which entries, for reading."""
        first, last = self.positions
        if first is None:
            return ""
        return f" (entry {first})" if first == last else f" (entries {first} to {last})"


GAPS: tuple[Column[Gap], ...] = (
    Column("kind"),
    Column("what"),
    Column("count"),
    Column("first"),
    Column("last"),
    Column("positions", value=lambda gap: {"from": gap.positions[0], "to": gap.positions[1]},
           csv=False),
    Column("positions_from", value=lambda gap: gap.positions[0], json=False),
    Column("positions_to", value=lambda gap: gap.positions[1], json=False),
    Column("means"),
)  # fmt: skip


W = TypeVar("W", int, str)


@dataclass(slots=True)
class Span(Generic[W]):
    """Facts counted, with the first and last time (or session) and position among them."""

    count: int = 0
    first: W | None = None
    last: W | None = None
    positions: tuple[int | None, int | None] = (None, None)

    def add(self, when: W | None, position: int) -> None:
        """Count one more; ``when``: none where it states no time."""
        low, high = self.positions
        self.count += 1
        self.positions = (min(low or position, position), max(high or position, position))
        if when is not None:
            self.first = when if self.first is None else min(self.first, when)
            self.last = when if self.last is None else max(self.last, when)


def log_gaps(view: View) -> Iterator[Gap]:
    """Yield the gaps of the log up to the view's position."""
    known = view.commits.upto(view.position)
    yield _before_the_ledger(view, known[0])
    yield from _unseen_entries(view, known)
    yield from _authors(known)
    yield from _importers(view, known)
    yield from _stated_anew(view)
    yield from _wrong_clocks(view)
    yield from _clock_back(view, known)
    yield from _header_changes(known, "rules", "the rules that facts were decided under changed")
    yield from _header_changes(known, "software", "the software that recorded them changed")
    yield from _findings(view, known)
    yield from _destroyed_keys(view)
    yield from _redacted_fields(view)


def seen_outside(view: View) -> int:
    """Return the position up to which a trusted witness has seen the log; 0: nobody has."""
    seen = sightings.newest(view, trusted_witnesses(view.folder))
    return seen.position if seen else 0


def _before_the_ledger(view: View, birth: Commit) -> Gap:
    day = local_date(birth.at).isoformat()
    marks = extent(view, ["entry", "late_entry"], "", day)
    return Gap(
        "before-the-ledger",
        "first marks of sessions before its first event",
        marks.number,
        "the ledger recorded none of them as it happened: whatever it holds of that time it was "
        "told afterwards, and what was changed there before, nobody can see here",
        marks.first,
        iso(birth.at),
        (marks.low, marks.high),
    )


def _unseen_entries(view: View, known: list[Commit]) -> Iterator[Gap]:
    seen = seen_outside(view)
    if seen >= view.position:
        return
    later = [commit for commit in known if commit.last > seen]
    first = max(seen + 1, 1)
    yield Gap(
        "unseen",
        "entries seen by no one outside since entry " + str(first),
        view.position - seen,
        "nobody outside holds anything to compare them with: whoever holds the ledger and its "
        "keys could have written these entries anew",
        iso(later[0].at),
        iso(later[-1].at),
        (first, view.position),
    )


def _authors(known: list[Commit]) -> Iterator[Gap]:
    here: dict[str, list[Commit]] = {}
    for commit in known:
        if commit.source is None:
            here.setdefault(commit.authenticated, []).append(commit)
    for how in sorted(here):
        yield _gap_over(
            "authors-unauthenticated",
            f"transactions whose author is known by: {how}",
            here[how],
            "nobody signed in: the name is the one that was given at that account",
        )


def _importers(view: View, known: list[Commit]) -> Iterator[Gap]:
    """Yield, for each who imported by name or without one, what was stated to them."""
    describer = Describer(view)
    brought: dict[tuple[str, str], list[Commit]] = {}
    for commit in known:
        if commit.source is not None:
            who = describer.importer(commit).words
            brought.setdefault((commit.source, who), []).append(commit)
    for (source, who), commits in sorted(brought.items()):
        yield _gap_over(
            "imports",
            f"imports of {source} by {who}",
            commits,
            "whom and when the folder names is its own word; that this was imported so, by that "
            "account, is all that the ledger saw",
        )


def _stated_anew(view: View) -> Iterator[Gap]:
    """Yield the records that an import states otherwise than they were held, and whose it was."""
    describer = Describer(view)
    found: dict[tuple[str, str], Span[str]] = {}
    for record, what in _CHANGED.items():
        for before, after in _versions(view, record):
            commit = view.commits.of(after.kf)
            if commit.source is not None and commit.first > before.kf:
                who = f"import of {commit.source} by {describer.importer(commit).words}"
                span = found.setdefault((what, who), Span())
                span.add(iso(commit.at), after.kf)
    for (what, who), span in sorted(found.items()):
        yield Gap(
            "stated-anew",
            f"{what} that an import states otherwise than they were held, {who}",
            span.count,
            "what was held before is in the log; who changed it in the other system, and why, "
            "nobody can see here",
            span.first,
            span.last,
            span.positions,
        )


def _versions(view: View, record: type[Versioned]) -> Iterator[tuple[Versioned, Versioned]]:
    by_fact: dict[tuple[object, ...], list[Versioned]] = {}
    for version in view.ever(record):
        by_fact.setdefault(tuple(version.identity.values()), []).append(version)
    for versions in by_fact.values():
        yield from pairwise(sorted(versions, key=lambda version: version.kf))


def _wrong_clocks(view: View) -> Iterator[Gap]:
    """Yield the entries of which somebody recorded that a wrong clock stamped them."""
    for each in sorted(view.standing(ClockCorrection), key=lambda each: each.position):
        covered = [c for c in view.commits.upto(each.last) if c.stamp.wrong == each.wrong]
        if covered:
            said = sorted(commit.reading for commit in covered)
            reason = view.open(each.reason) or ""
            yield Gap(
                "clock-wrong",
                f"transactions that a wrong clock stamped, as entry {each.position} says",
                len(covered),
                f"the clock said {_from_to(said[0], said[-1])}; they were recorded between these "
                f"times, and when exactly is not known: {reason} ({view.author(each).words})",
                iso(each.earliest),
                iso(each.latest),
                (each.first, each.last),
                wrote=reason,
            )


def _from_to(first: int, last: int) -> str:
    return moment(first) if moment(first) == moment(last) else f"{moment(first)} to {moment(last)}"


def _clock_back(view: View, known: list[Commit]) -> Iterator[Gap]:
    behind = {c.first: view.commits.known_at(c.first) - c.at for c in known}
    back = [commit for commit in known if behind[commit.first] > 0]
    if back:
        most = lasting(max(behind.values()))
        yield _gap_over(
            "clock-back",
            "transactions recorded while the machine's clock had gone back",
            back,
            "they are shown with what the clock read, and count as known from the time of the "
            f"entry before them; it was up to {most} behind that, so the order is certain and "
            "the time is not",
        )


def _header_changes(known: list[Commit], name: str, what: str) -> Iterator[Gap]:
    """Yield the changes of what a header says from one transaction to the next."""
    values = [getattr(commit, name) for commit in known]
    first = [c for c, was, is_ in zip(known[1:], values, values[1:], strict=False) if was != is_]
    if first:
        yield _gap_over(
            f"{name}-changed",
            f"times that {what}",
            first,
            "what was accepted before and after may differ: each transaction names its own",
        )


def _findings(view: View, known: list[Commit]) -> Iterator[Gap]:
    imports = [each for each in view.standing(Import) if each.findings]
    if not imports:
        return
    places = [each.position for each in imports]
    inside = [c for c in known if any(c.first <= place <= c.last for place in places)]
    yield Gap(
        "findings-accepted",
        "facts of imports that law or policy would not allow, recorded as their source states",
        sum(each.findings for each in imports),
        "somebody accepted them; that they stand here does not say that they are right",
        iso(inside[0].at),
        iso(inside[-1].at),
        (min(places), max(places)),
    )


def _destroyed_keys(view: View) -> Iterator[Gap]:
    gone = [person for person in view.people.values() if person.name == BEYOND_USE]
    if gone:
        yield Gap(
            "keys-destroyed",
            "pupils whose personal data are beyond use",
            len(gone),
            "their marks still count; names, reasons and notes can be read by nobody any more",
        )


def _redacted_fields(view: View) -> Iterator[Gap]:
    places = [each.kf for each in view.standing(Redaction)]
    if places:
        yield Gap(
            "fields-redacted",
            "single fields put beyond use",
            len(places),
            "who did it and why is recorded; what the field said can be read by nobody any more",
            positions=(min(places), max(places)),
        )


def _gap_over(kind: str, what: str, found: list[Commit], means: str) -> Gap:
    ends = (iso(found[0].at), iso(found[-1].at))
    return Gap(kind, what, len(found), means, *ends, (found[0].first, found[-1].last))


# -- facts of other systems ------------------------------------------------------------------


def fact_gaps(view: View) -> Iterator[Gap]:
    """Yield, for each kind of fact and system, those told with a time and those without.

    A fact stated more than once, with a time at least once, is one with a time.
    """
    for record, what in _FACTS.items():
        for (system, kind), facts in sorted(_facts_by_system(view, record).items()):
            when = "with a time" if kind == "second-hand" else "without a time"
            yield Gap(
                f"{kind}-facts",
                f"{what} stated, {when}, by {system}",
                facts.count,
                _MEANS[kind],
                None if facts.first is None else iso(facts.first),
                None if facts.last is None else iso(facts.last),
                facts.positions,
            )


def _facts_by_system(view: View, record: type[Versioned]) -> dict[tuple[str, str], Span[int]]:
    each: dict[tuple[object, ...], tuple[str, int, int]] = {}
    for version in view.ever(record):
        system = view.commits.of(version.kf).source
        if system is not None:
            fact = (system, *version.identity.values())
            _, first, latest = each.get(fact, (system, version.kf, 0))
            each[fact] = (system, min(first, version.kf), max(latest, version.sf))
    found: dict[tuple[str, str], Span[int]] = {}
    for system, position, stated in each.values():
        kind = "second-hand" if stated else "undated"
        found.setdefault((system, kind), Span()).add(stated or None, position)
    return found
