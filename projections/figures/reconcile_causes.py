"""What may lie behind a difference between our totals and another system's: counts of facts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from policies.packs.codes import CodeRule
from projections.queries.cells import cells
from projections.queries.counted import Counted
from projections.queries.rectangle import Flags
from projections.queries.versions import Describer, versions
from projections.queries.view import View

WORDS = {
    "only_here": "not in the file: another school's roll there, or left out of it",
    "only_there": "not counted here: not on roll in these dates, not asked about, or another UPN",
    "amended": "marks changed or entered late{since}",
    "provisional": "sessions whose reason is not yet known here",
    "missing": "sessions without a mark here (outside possible sessions)",
    "cancelled": "sessions cancelled (not possible here)",
    "undated": "marks that state no time (it is not known whether the file saw them)",
    "legacy": "marks with a code that has ended or changed its meaning since",
    "joined": "joined in these dates",
    "left": "left in these dates",
}


@dataclass(slots=True)
class Causes:
    """Counts of what may explain a difference, for each pupil by row number."""

    here: Counted
    flags: dict[str, Flags]
    amended: dict[int, int]
    joined: set[int]
    left: set[int]

    def of(self, pupil: int) -> dict[str, int]:
        """Return the causes that there are for a pupil, with how many sessions each concerns."""
        found = {"amended": self.amended.get(pupil, 0)}
        found |= {name: int(flags[pupil].sum()) for name, flags in self.flags.items()}
        found |= {"joined": int(pupil in self.joined), "left": int(pupil in self.left)}
        return {name: number for name, number in found.items() if number}


def causes(view: View, here: Counted, since: date | None) -> Causes:
    """Return the causes in the range of a view; ``since``: only marks changed after that day."""
    whole, codes = here.counter.whole, view.rules.codes

    def of_sort(wanted: Callable[[CodeRule], bool]) -> Flags:
        return cells(whole, codes, wanted) & here.chosen

    flags = {
        "provisional": of_sort(lambda rule: rule.provisional),
        "missing": whole.counted & here.chosen & (whole.codes == 0),
        "cancelled": whole.cancelled & whole.on_roll & here.chosen,
        "undated": whole.undated & whole.counted & here.chosen,
        "legacy": of_sort(lambda rule: rule.until is not None),
    }
    inside = (view.first, view.on)
    joined = {s.pupil for s in view.spells if inside[0] < s.first <= inside[1]}
    left = {s.pupil for s in view.spells if s.last and inside[0] <= s.last < inside[1]}
    return Causes(here, flags, _amended(view, here, since), joined, left)


def _amended(view: View, here: Counted, since: date | None) -> dict[int, int]:
    """Count the sessions of each pupil with a version beyond the first entry on time."""
    kinds = "m.session >= :v0 AND m.session <= :v1"
    found = versions(view, kinds, view.first.isoformat(), f"{view.on.isoformat()}~")
    describer, touched = Describer(view), set()
    for version in found:
        if version.kind in ("entry", "plan", "taking"):
            continue
        changed = describer.changed_on(version)
        if since is None or changed is None or changed > since:
            touched.add((version.pupil, version.session))
    asked: Flags = np.any(here.chosen, axis=1)
    pupils = [pupil for pupil, _ in touched if asked[pupil]]
    numbers, counts = np.unique(np.array(pupils, np.int64), return_counts=True)
    return {int(pupil): int(count) for pupil, count in zip(numbers, counts, strict=True)}


def in_words(found: dict[str, int], since: date | None) -> str:
    """Return causes as a sentence, or that none is recorded here."""
    if not found:
        return "nothing recorded here explains it: compare session by session"
    after = f" after {since}" if since else ""
    return "; ".join(_said(name, number).format(since=after) for name, number in found.items())


def _said(name: str, number: int) -> str:
    alone = name in ("only_here", "only_there", "joined", "left")
    return WORDS[name] if alone else f"{WORDS[name]}: {number}"
