"""What this ledger cannot know, and what follows from it; of that, the gaps of the register."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.english import number_of
from projections.audit import gaps_log
from projections.audit.gaps_log import GAPS, Gap, Span
from projections.queries.blocks import Lines
from projections.queries.columns import Listing
from projections.queries.due import due_cells
from projections.queries.question import Answer, Question
from projections.queries.rectangle import rectangle
from projections.queries.view import View
from projections.readmodel.accessors.marks import imported_marks, late_entries
from projections.readmodel.records.log import SourceFile
from projections.register import due

_OF_MARKS = ("marks", "amendments")
"""How the files that hold marks begin, among those of a whole school."""


@dataclass(frozen=True, kw_only=True)
class Gaps(Question[list[Gap]]):
    """attendance gaps: what this ledger cannot know, and what follows from it.

    Gaps of the log, of the whole of it; gaps of the register, from --from to --on.

    What other systems told besides marks (roll, groups, parents, notices, casework) is of the log.
    """

    def find(self, view: View) -> list[Gap]:
        """Find the gaps, those of the log first; what has none is not listed."""
        del self
        return [*gaps_log.log_gaps(view), *gaps_log.fact_gaps(view), *register_gaps(view)]

    def present(self, found: list[Gap]) -> Answer:
        """Show one row a gap."""
        del self
        lines = [f"{number_of(len(found), 'thing')} that this ledger cannot know", ""]
        for gap in found:
            lines += [f"{gap.what}: {gap.count}{gap.when}{gap.where}", f"    {gap.told}", ""]
        return Answer({"rows": Listing(GAPS, found)}, blocks=[Lines(lines, suggests=True)])

    def unknown(self) -> Answer:
        """Return no gap."""
        return Answer({"rows": Listing(GAPS, [])})


# -- of the register: told by others, undated, late, or never marked -------------------------


def register_gaps(view: View) -> Iterator[Gap]:
    """Yield the gaps of the register in the view's range of sessions."""
    yield from _imported_marks(view)
    yield from _late_entries(view)
    yield from _unmarked_sessions(view)
    yield from _registers_not_recorded(view)


def _imported_marks(view: View) -> Iterator[Gap]:
    """Yield, for each system and its files, facts told with a time, without, without an author."""
    spans: dict[tuple[str, str], Span[str]] = {}
    origins = _origins(view)
    firsts = sorted(origins)
    for mark in imported_marks(view, view.first, view.on):
        origin = origins[firsts[bisect_right(firsts, mark.position) - 1]]
        kinds = ["undated" if mark.undated else "second-hand"]
        if mark.nameless:
            kinds.append("author-not-stated")
        for kind in kinds:
            spans.setdefault((origin, kind), Span()).add(mark.session, mark.position)
    for (origin, kind), span in sorted(spans.items()):
        what, means = _IMPORTED_FACTS[kind]
        ends = span.first, span.last
        yield Gap(kind, f"{what} {origin}", span.count, means, *ends, span.positions)


_IMPORTED_FACTS = {
    "second-hand": (
        "marks and changes stated, with their time, by",
        "who did it and when is what that system says; the ledger saw only the import",
    ),
    "undated": (
        "marks and changes stated without a time by",
        (
            "when they were made is not known: they count as known from the start under --clock "
            "source, and from the day of the import otherwise"
        ),
    ),
    "author-not-stated": (
        "marks and changes stated without an author by",
        "nobody is named for them; an amendment among them lacks one of the law's five",
    ),
}


def _origins(view: View) -> dict[int, str]:
    """Return the system and the names of its files, by the first position of each import."""
    found = {}
    for commit in view.commits.upto(view.position):
        if commit.source is not None:
            files = view.standing(SourceFile, position=commit.first)
            every = sorted(file.name for file in files)
            names = [name for name in every if name.startswith(_OF_MARKS)] or every
            listed = f" ({', '.join(names)})" if names else ""
            found[commit.first] = f"{commit.source}{listed}"
    return found


def _late_entries(view: View) -> Iterator[Gap]:
    late = late_entries(view, view.first, view.on)
    if late.number:
        yield Gap(
            "recorded-late",
            "first marks made after their register had ended",
            late.number,
            "what was known in the session itself is not recorded; attendance changes --kind "
            "late_entry shows how late each is",
            late.first,
            late.last,
            (late.low, late.high),
        )


def _unmarked_sessions(view: View) -> Iterator[Gap]:
    whole = rectangle(view)
    bare = due_cells(view, whole) & (whole.codes == 0)
    found = {
        str(session): int(bare[:, at].sum())
        for at, session in enumerate(whole.sessions)
        if bare[:, at].any()
    }
    if found:
        yield Gap(
            "without-a-mark",
            "sessions of pupils, met and past, without a mark",
            sum(found.values()),
            "whether the pupil was there is not recorded; they count in no percentage",
            min(found),
            max(found),
        )


def _registers_not_recorded(view: View) -> Iterator[Gap]:
    registers = due.due_registers(view, "registration", None)
    found = sorted(str(each.session) for each in registers if each.taking is None)
    if found:
        yield Gap(
            "registers-not-recorded",
            "registers of registration groups whose taking is not recorded",
            len(found),
            "who took the register, and when it was opened and ended, is not known; marks made "
            "by its closing time count as made at the register",
            found[0],
            found[-1],
        )
