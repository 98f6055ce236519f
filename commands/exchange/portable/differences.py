"""What a source states otherwise than before, or no longer, of a mark that the ledger holds.

Nothing of it is recorded: what was stated first is kept, and the difference is told.
"""

from collections.abc import Callable, Iterable, Sequence

from commands.exchange.portable.links import Link, same
from commands.exchange.portable.work import Work
from ledger.formats.portable import AMENDMENTS, MARKS
from ledger.state.marks import Mark, Step


class Differences:
    """Compares the rows of an import with what is held, and tells the import's work of both."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def entry(self, entry: Link, held: Mark) -> None:
        """Tell of a row of marks.csv which is not recorded, where it differs."""
        if _entry_differs(entry, held, self._work):
            self._work.differ(MARKS, entry.line)

    def changes(self, changes: Sequence[Link], new: Sequence[Link], held: Mark) -> None:
        """Tell of the changes that are not recorded, where they differ, and of those gone."""
        if self._work.content.whole and held.steps:
            self._work.gone["amendments"] += _gone(changes, held)
        if changes and not _conflict(new):
            kept = [link for link in changes if link not in new]
            self._tell(kept, held, changes[-1].code)

    def chain(self, stated: Sequence[Link], new: Sequence[Link], kept: int, held: Mark) -> None:
        """Tell of a mark's versions; ``kept``: how many, from the entry on, are not new."""
        if self._work.content.whole and held.steps:
            self._work.gone["amendments"] += _gone(stated[1:], held)
        if not held.length or _conflict(new):
            return
        if kept:
            self.entry(stated[0], held)
        self._tell(stated[1:kept], held, stated[-1].code)

    def _tell(self, kept: Iterable[Link], held: Mark, last: str) -> None:
        for link in kept:
            if _change_differs(link, held, last, self._work):
                self._work.differ(AMENDMENTS, link.line)


def _conflict(new: Sequence[Link]) -> bool:
    return bool(new) and new[0].kind == "conflict"


def _entry_differs(entry: Link, held: Mark, work: Work) -> bool:
    """Tell whether the row of a mark says something else than the ledger holds of it.

    A mark that a person here made, or a code that stands as a conflict, is no row of the source.
    """
    if held.source_entry is None or not entry.row:
        return False
    if entry.code == held.source_entry and _same_entry(entry, held, work):
        return False
    rows = [step for step in held.steps if step.restated and step.code == entry.code]
    if rows:
        return not any(_same_author(entry, step) for step in rows)
    return entry.code == held.source_entry or not _heard(entry.code, held)


def _gone(changes: Sequence[Link], held: Mark) -> int:
    """Return how many changes are held that the source does not state any more."""
    left = list(changes)
    missing = [step for step in held.steps if not step.restated and not _taken(left, step, same)]
    return sum(not _taken(left, step, _alike) for step in missing)


def _taken(left: list[Link], step: Step, fits: Callable[[Link, Step], bool]) -> bool:
    """Take the change that is a step out of those left; tell whether there was one."""
    for place, link in enumerate(left):
        if fits(link, step):
            del left[place]
            return True
    return False


def _alike(link: Link, step: Step) -> bool:
    return link.stated == step.stated or (link.original, link.code) == (step.original, step.code)


def _same_entry(entry: Link, held: Mark, work: Work) -> bool:
    times = ((entry.stated, held.entry_stated), (entry.by, held.entry_by))
    comment = entry.comment is None or entry.comment == work.text(held.comment)
    return comment and not any(_otherwise(*pair) for pair in times)


def _same_author(entry: Link, step: Step) -> bool:
    return not (_otherwise(entry.stated, step.stated) or _otherwise(entry.by, step.by))


def _change_differs(link: Link, held: Mark, last: str, work: Work) -> bool:
    found = [step for step in held.steps if same(link, step)]
    if found:
        return not any(_same_change(link, step, work) for step in found)
    return (link.original, link.code) not in held.codes_here and not _heard(last, held)


def _same_change(link: Link, step: Step, work: Work) -> bool:
    pairs = (
        (link.by, step.by),
        (link.minutes_late, step.minutes_late),
        (link.reason, work.text(step.reason)),
        (link.nature, work.text(step.nature)),
    )
    return not any(_otherwise(*pair) for pair in pairs)


def _heard(code: str, held: Mark) -> bool:
    """Tell whether a code was weighed against what a person here did."""
    return held.amended_here and code in (held.code, held.source_code)


def _otherwise(stated: object, held: object) -> bool:
    """Tell whether a cell states something else; an empty one states nothing."""
    return stated is not None and stated != held
