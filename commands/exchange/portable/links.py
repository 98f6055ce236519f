"""One mark's versions as its source states them: which the ledger does not hold, which differ."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import dropwhile, pairwise, takewhile
from typing import Literal, NamedTuple

from commands.exchange.portable.occasions import Cancellation
from commands.exchange.portable.rows import event_of
from commands.exchange.portable.work import Work
from ledger.clock import iso
from ledger.errors import Refused
from ledger.events.base import SourcedEvent
from ledger.events.register import (
    MarkAmended,
    MarkCorrected,
    SessionMarked,
    SourceConflicted,
    SourceRestated,
)
from ledger.formats.portable import AMENDMENTS, MARKS, ChangeKind, EntryKind
from ledger.names import alike
from ledger.state.marks import Mark, Step

Kind = EntryKind | ChangeKind | Literal["conflict"]


class Link(NamedTuple):
    """One version: an entry, a change to it, or a conflict with what a person did here.

    ``original``: what it replaces, empty for an entry; ``name`` and ``job_title``: of the author
    of an amendment; ``in_file``: whether it stands in a file, not only in the calendar.
    """

    kind: Kind
    code: str
    row: int
    stated: int | None = None
    original: str = ""
    by: str | None = None
    reason: str | None = None
    minutes_late: int | None = None
    nature: str | None = None
    comment: str | None = None
    name: str | None = None
    job_title: str | None = None
    batch: str | None = None
    in_file: bool = True

    @property
    def late(self) -> bool:
        """Whether an entry was made after the register had closed."""
        return self.kind == "late_entry"

    @property
    def stands(self) -> str:
        """What a conflict is with."""
        return self.original


_EVENTS: Mapping[Kind, type[SourcedEvent]] = {
    "entry": SessionMarked,
    "late_entry": SessionMarked,
    "taking": MarkCorrected,
    "amendment": MarkAmended,
    "restated": SourceRestated,
    "conflict": SourceConflicted,
}


def new_links(stated: Sequence[Link], held: Mark) -> Sequence[Link]:
    """Return what has to be recorded so that the ledger holds what a source states of a mark.

    ``stated``: the entry and its changes, in order. What was stated and is so no longer stays.
    """
    if not held.length:
        return stated
    last, known = stated[-1], _count_held(stated, held)
    if known == 1 + len(held.steps):
        found = stated[known:]
    elif following := _following(stated, held):
        found = following
    elif _same_row(stated, held) or last.code == held.source_code:
        found = ()
    else:
        found = _restatement(stated, held)
    if held.source_entry is None or held.amended_here:
        agrees = held.conflict == "open" and last.code == held.code
        return _conflict(last, held) if found or agrees else ()
    return found


def new_changes(changes: Sequence[Link], held: Mark) -> Sequence[Link]:
    """Return which changes to a mark are new, where the source does not repeat the mark itself."""
    unheld = [link for link in changes if not _is_held(link, held)]
    unheld = list(dropwhile(lambda link: _told_otherwise(link, held), unheld))
    if not unheld:
        return ()
    if held.source_entry is None or held.amended_here:
        return _conflict(unheld[-1], held)
    return unheld


def restated_details(stated: Sequence[Link], held: Mark, nature: str | None) -> Sequence[Link]:
    """Return the restatement of a mark whose minutes or nature are now stated otherwise.

    ``nature``: the one that is held, opened. An empty cell states nothing.
    """
    entry = stated[0]
    touched = len(stated) > 1 or held.steps or held.amended_here or held.source_entry is None
    if touched or entry.code != held.code:
        return ()
    says = (entry.minutes_late or held.minutes_late, entry.nature or nature)
    if says[0] == held.minutes_late and alike(says[1], nature):
        return ()
    return (entry._replace(kind="restated", original=entry.code),)


def go_on_from_held(stated: Sequence[Link], held: Mark) -> bool:
    """Tell whether the changes go on from what the ledger holds, earlier ones being left out."""
    if len(stated) == 1 or stated[0].code != last_row_code(held):
        return False
    first = stated[1]
    goes_on = first.original == held.code or _is_held(first, held)
    return goes_on and first.original != stated[0].code


def last_row_code(held: Mark) -> str | None:
    """Return the code that the source's own row last gave, before anybody there amended it."""
    restated = [step.code for step in held.steps if step.restated]
    return restated[-1] if restated else held.source_entry


def _following(stated: Sequence[Link], held: Mark) -> Sequence[Link]:
    """Return the changes at the end that go on from what the source stated last.

    What comes before them differs from what is held, in its time or by an inserted change.
    """
    if stated[0].code != held.source_entry:
        return ()
    if _codes(stated[1:])[: len(held.steps)] == _codes(held.steps):
        return stated[1 + len(held.steps) :]
    newest = max(latest(held), *(step.stated or 0 for step in held.steps))
    later = dropwhile(lambda link: (link.stated or 0) <= newest, stated[1:])
    found = list(later)
    return found if found and found[0].original == held.source_code else ()


def _told_otherwise(link: Link, held: Mark) -> bool:
    """Tell whether a change is one that is held, with another time."""
    return link.original != held.code and (link.original, link.code) in _codes(held.steps)


def _codes(versions: Iterable[Link | Step]) -> list[tuple[str, str]]:
    return [(version.original, version.code) for version in versions]


def latest(held: Mark) -> int:
    """Return the newest time that the ledger holds of a mark, re-statements aside."""
    times = [step.stated or 0 for step in held.steps if not step.restated]
    return max([held.entry_stated or 0, *times])


def _count_held(stated: Sequence[Link], held: Mark) -> int:
    """Return how many versions, from the entry on, are those that the ledger holds."""
    if stated[0].code != held.source_entry:
        return 0
    pairs = zip(stated[1:], held.steps, strict=False)
    return 1 + sum(1 for _ in takewhile(lambda pair: is_same(*pair), pairs))


def is_same(link: Link, step: Step) -> bool:
    """Tell whether a change is the one that is held: its codes and its time."""
    same_time = link.stated == step.stated or link.kind == "restated"
    return same_time and _codes([link]) == _codes([step])


def _is_held(link: Link, held: Mark) -> bool:
    return any(is_same(link, step) for step in held.steps)


def _same_row(stated: Sequence[Link], held: Mark) -> bool:
    """Tell whether the mark is as last stated, and its changes are among those held."""
    all_held = all(_is_held(link, held) for link in stated[1:])
    return all_held and stated[0].code == last_row_code(held)


def _conflict(last: Link, held: Mark) -> Sequence[Link]:
    """Return the conflict with what a person here did, or that there is none any more."""
    agrees = last.code == held.code and held.conflict != "open"
    if agrees or last.code == held.source_code:
        return ()
    return (last._replace(kind="conflict", original=held.code or ""),)


def _restatement(stated: Sequence[Link], held: Mark) -> Sequence[Link]:
    """Return the restatement to what the source says now, with its changes when all are new."""
    entry, changes, stands = stated[0], stated[1:], held.code or ""
    if any(_is_held(link, held) for link in changes):
        return (stated[-1]._replace(kind="restated", original=stands),)
    if entry.code == stands:
        return changes
    return (entry._replace(kind="restated", original=stands), *changes)


def with_cancellation(stated: Sequence[Link], cancelled: Cancellation) -> Sequence[Link]:
    """Add the code that a cancelled session gives to everyone, where another stands."""
    last = stated[-1]
    if last.code == cancelled.code:
        return stated
    at = cancelled.stated if cancelled.stated is not None else stated[0].stated
    change = Link(
        "restated", cancelled.code, last.row, stated=at, original=last.code, reason=cancelled.why
    )
    return [*stated, change]


def order_fault(stated: Sequence[Link]) -> tuple[Link, Refused] | None:
    """Return the first change that does not follow from what stood, or came before the mark."""
    entry = stated[0]
    for before, link in pairwise(stated):
        if link.original != before.code:
            return link, Refused(
                "original-differs",
                f"original is {link.original}, but {before.code} stood until then",
                "correct original, or amended_on, which sets the order",
            )
        at = None if link.kind == "restated" else link.stated
        if at is not None and at < (entry.stated or at):
            return link, Refused(
                "amended-before-mark",
                f"amended_on {iso(at)} is before the mark's own {iso(entry.stated or 0)}",
                "correct the one or the other",
            )
    return None


def _is_conflict(new: Sequence[Link]) -> bool:
    return bool(new) and new[0].kind == "conflict"


def event(link: Link) -> SourcedEvent:
    """Return the fact that records a version."""
    return event_of(_EVENTS[link.kind], link)


# What a source states otherwise than before, or no longer. Nothing of it is recorded: what was
# stated first is kept, and the difference is told.


def tell_entry(work: Work, entry: Link, held: Mark) -> None:
    """Tell of a row of marks.csv which is not recorded, where it differs."""
    if _entry_differs(work, entry, held):
        work.differ(MARKS, entry.row)


def tell_changes(work: Work, changes: Sequence[Link], new: Sequence[Link], held: Mark) -> None:
    """Tell of the changes that are not recorded, where they differ, and of those gone."""
    _tell_gone(work, changes, held)
    if changes and not _is_conflict(new):
        kept = [link for link in changes if link not in new]
        _tell_kept(work, kept, held, changes[-1].code)


def tell_chain(
    work: Work, stated: Sequence[Link], new: Sequence[Link], kept: int, held: Mark
) -> None:
    """Tell of a mark's versions; ``kept``: how many, from the entry on, are not new."""
    _tell_gone(work, stated[1:], held)
    if not held.length or _is_conflict(new):
        return
    if kept:
        tell_entry(work, stated[0], held)
    _tell_kept(work, stated[1:kept], held, stated[-1].code)


def _tell_gone(work: Work, changes: Sequence[Link], held: Mark) -> None:
    if work.content.whole and held.steps:
        work.gone["amendments"] += _gone(changes, held)


def _tell_kept(work: Work, kept: Iterable[Link], held: Mark, last: str) -> None:
    for link in kept:
        if _change_differs(work, link, held, last):
            work.differ(AMENDMENTS, link.row)


def _entry_differs(work: Work, entry: Link, held: Mark) -> bool:
    """Tell whether the row of a mark says something else than the ledger holds of it.

    A mark that a person here made, or a code that stands as a conflict, is no row of the source.
    """
    if held.source_entry is None or not entry.in_file:
        return False
    said = (entry.stated, entry.by)
    if entry.code == held.source_entry and _agree(
        (*said, entry.comment), (held.entry_stated, held.entry_by, work.text(held.comment))
    ):
        return False
    rows = [step for step in held.steps if step.restated and step.code == entry.code]
    if rows:
        return not any(_agree(said, (step.stated, step.by)) for step in rows)
    return entry.code == held.source_entry or not _heard(entry.code, held)


def _gone(changes: Sequence[Link], held: Mark) -> int:
    """Return how many changes are held that the source does not state any more."""
    left = list(changes)
    missing = [step for step in held.steps if not step.restated and not _take(left, step, is_same)]
    return sum(not _take(left, step, _alike) for step in missing)


def _take(left: list[Link], step: Step, fits: Callable[[Link, Step], bool]) -> bool:
    """Take the change that is a step out of those left; tell whether there was one."""
    for place, link in enumerate(left):
        if fits(link, step):
            del left[place]
            return True
    return False


def _alike(link: Link, step: Step) -> bool:
    return link.stated == step.stated or _codes([link]) == _codes([step])


def _change_differs(work: Work, link: Link, held: Mark, last: str) -> bool:
    found = [step for step in held.steps if is_same(link, step)]
    if not found:
        return (link.original, link.code) not in held.codes_here and not _heard(last, held)
    said = (link.by, link.minutes_late, link.reason, link.nature)
    return not any(
        _agree(said, (s.by, s.minutes_late, work.text(s.reason), work.text(s.nature)))
        for s in found
    )


def _heard(code: str, held: Mark) -> bool:
    """Tell whether a code was weighed against what a person here did."""
    return held.amended_here and code in (held.code, held.source_code)


def _agree(stated: Iterable[object], held: Iterable[object]) -> bool:
    """Tell whether cells state nothing else than is held; an empty one states nothing."""
    return all(new is None or alike(new, old) for new, old in zip(stated, held, strict=True))
