"""Undercut alerts raised: every decision is held against the papers that rest on the register.

`watch` is called for each decision, without knowing which command made it: so amendments,
approvals, closures, terms, deletions, groups and imports are all watched. What it reads is guarded
like every read of a decision; what it finds is recorded in the transaction of the change, once for
each pupil. Whether a case was undercut is judged in `undercut_case`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from commands.core.command import Decision, Read, State
from commands.core.papers import PREFIXES, by_pupil, paper_ranges, with_entries
from commands.core.ranges import CALENDAR, Range, one, starting
from commands.penalties import uncounted
from commands.penalties.change import ChangedMarks, Sides, relevant_change
from commands.penalties.uncounted import WatchedMarks
from commands.penalties.undercut_case import Undercut, compare, describe
from ledger.events import streams
from ledger.events.penalties import CaseUndercut, UndercutPaper
from ledger.store.facts import Fact, Recorded
from policies.packs.codes import Codes


@dataclass(frozen=True, slots=True)
class Alert:
    """What one change undercut of one pupil, and the event that says so."""

    pupil_id: str
    name: str
    undercut: Undercut

    @property
    def fact(self) -> Fact:
        """The event on the pupil's stream."""
        papers = tuple(
            UndercutPaper(kind=cited.paper.kind, ref=cited.ref, before=before, after=after)
            for cited, before, after, *_ in self.undercut.papers
        )
        event = CaseUndercut(papers=papers, sessions=self.undercut.session_texts())
        return Fact(streams.undercut(self.pupil_id), event)

    def says(self, number: int | None) -> Iterator[str]:
        """Yield it in words; ``number`` of the alert, none where it would be one (dry run)."""
        for cited, before, after, left, fell in self.undercut.papers:
            counts = ""
            if left is not None:
                own = f"{left[0]} -> {left[1]} of the sessions that it relied on count"
                counts = f": {own}; {before} -> {after} recorded sessions in the fullest window"
            if fell:
                does = "Undercut alert" if number is not None else "would undercut"
                yield f"{does}: {self.name}, {cited.words}{counts}"
            else:
                does = "Alert" if number is not None else "would raise an alert"
                relied = f"a session that the {cited.words} relied on"
                is_changed = "was changed" if number is not None else "would be changed"
                yield f"{does}: {self.name}, {relied} {is_changed}{counts}"
        changed = [describe(session, *pair) for session, pair in self.undercut.sessions.items()]
        if changed:
            yield f"  changed: {', '.join(changed)}"
        else:
            yield "  changed: the school weeks that are counted together"
        if number is not None:
            yield f"  next: attendance alerts draft {number}"


@dataclass(slots=True)
class WatchedDecision:
    """A decision with its alerts in it, and what was read to find them."""

    counted: WatchedMarks
    decision: Decision
    alerts: list[Alert] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)

    def says(self, last: int) -> Iterator[str]:
        """Yield what was recorded, last of all, with the positions as numbers."""
        first = last - len(self.alerts) + 1
        yield from self.counted.says(first - 1)
        for number, alert in enumerate(self.alerts, start=first):
            yield from alert.says(number)


def watch(
    decision: Decision, state: State, codes: Codes, today: date, read: Read
) -> WatchedDecision:
    """Return the decision with an alert for every pupil of whom it undercuts a paper.

    Marks that stop counting by it are recorded first, or refused (`uncounted`). ``read``: the
    events of a range, up to the position at which the decision was made.
    """
    counted = uncounted.watch(decision, state, codes, today, read)
    decision = counted.decision
    watched = WatchedDecision(counted, decision, ranges=counted.ranges)
    if not isinstance(decision.facts, Sequence):
        recorded = _read(watched, read, map(starting, PREFIXES))
        if not by_pupil(recorded, (), today):
            return watched
        decision = watched.decision = replace(decision, facts=list(decision.facts))
    change = relevant_change(decision.facts, state.school, today)
    if not change.facts:
        return watched
    recorded = _read(watched, read, paper_ranges(change.pupils))
    papers = by_pupil(recorded, decision.facts, today)
    known = papers.keys() & state.school.pupils.keys()
    concerned = sorted(known if change.pupils is None else known & change.pupils)
    if not concerned:
        return watched
    sides, changed = Sides(state.school, change, codes, today), ChangedMarks(change.facts)
    watched.ranges.append(CALENDAR)
    for pupil_id in concerned:
        watched.ranges.append(one(streams.pupil(pupil_id)))
        entries = _read(watched, read, [starting(streams.mark(pupil_id, ""))])
        marks = changed.of(pupil_id, entries)
        registers = sides.before(pupil_id, marks.before), sides.after(pupil_id, marks.after)
        cited = [with_entries(each, entries, codes) for each in papers[pupil_id]]
        found = compare(cited, *registers, sides.measure)
        if found is not None:
            name = state.name_of(state.school.pupils[pupil_id])
            watched.alerts.append(Alert(pupil_id, name, found))
    _append_alerts(watched)
    return watched


def _read(watched: WatchedDecision, read: Read, ranges: Iterable[Range]) -> list[Recorded]:
    """Read some ranges and remember that they were relied on."""
    found: list[Recorded] = []
    for each in ranges:
        watched.ranges.append(each)
        found += read(each)
    return found


def _append_alerts(watched: WatchedDecision) -> None:
    """Put the alerts after the decision's own facts; in a dry run, only say them."""
    decision = watched.decision
    if not watched.alerts:
        return
    if decision.dry_run:
        says = [line for alert in watched.alerts for line in alert.says(None)]
        watched.decision = replace(decision, says=(*decision.says, *says))
        return
    facts = [alert.fact for alert in watched.alerts]
    count = decision.count + len(facts)
    watched.decision = replace(decision, facts=[*decision.facts, *facts], count=count)
