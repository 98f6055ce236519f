"""What the ledger cannot know of the register: told by others, undated, late, or never marked."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from projections.audit.gaps_log import Gap
from projections.queries.rectangle import rectangle
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.register.due import due_registers, has_closed

_IMPORTED = """SELECT kf, session, stated IS NULL, "by" IS NULL FROM marks
    WHERE kf <= ? AND sf <= ? AND imported AND session BETWEEN ? AND ?"""
_LATE = """SELECT count(*), min(session), max(session), min(kf), max(kf) FROM marks
    WHERE kf <= ? AND sf <= ? AND kind = 'late_entry' AND session BETWEEN ? AND ?"""
_OF_MARKS = ("marks", "amendments")
"""How the files that hold marks begin, among those of a whole school."""
_FILES = "SELECT system, name FROM source_files WHERE position = ? ORDER BY name"
_IMPORTS = "SELECT first, source FROM commits WHERE first <= ? AND source IS NOT NULL"


@dataclass(slots=True)
class Span:
    """Facts counted, with the first and last session and position among them."""

    count: int
    first: str
    last: str
    low: int
    high: int

    def add(self, session: str, position: int) -> None:
        """Count one more."""
        self.count += 1
        self.first, self.last = min(self.first, session), max(self.last, session)
        self.low, self.high = min(self.low, position), max(self.high, position)


def gaps(view: View) -> Iterator[Gap]:
    """Yield the gaps of the register in the view's range of sessions."""
    yield from _second_hand(view)
    yield from _late(view)
    yield from _without(view)
    yield from _registers(view)


def _second_hand(view: View) -> Iterator[Gap]:
    """Yield, for each system and its files, facts told with a time, without, without an author."""
    told: dict[tuple[str, str], Span] = {}
    origins = _origins(view)
    firsts = sorted(origins)
    for position, session, undated, nameless in view.db.execute(_IMPORTED, _bounds(view)):
        origin = origins[firsts[bisect_right(firsts, position) - 1]]
        kinds = ("undated" if undated else "second-hand", *("author-not-stated",) * nameless)
        for key in ((origin, kind) for kind in kinds):
            span = told.setdefault(key, Span(0, session, session, position, position))
            span.add(session, position)
    for origin, kind in sorted(told):
        what, means = _TOLD[kind]
        yield _gap(kind, f"{what} {origin}", told[origin, kind], means)


_TOLD = {
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
    for first, system in view.db.execute(_IMPORTS, [view.position]).fetchall():
        every = [name for _, name in view.db.execute(_FILES, [first])]
        names = [name for name in every if name.startswith(_OF_MARKS)] or every
        found[first] = f"{system} ({', '.join(names)})" if names else system
    return found


def _late(view: View) -> Iterator[Gap]:
    count, first, last, low, high = view.db.execute(_LATE, _bounds(view)).fetchone()
    if count:
        yield Gap(
            "recorded-late",
            "first marks made after their register had ended",
            count,
            "what was known in the session itself is not recorded; attendance changes --kind "
            "late_entry shows how late each is",
            first,
            last,
            (low, high),
        )


def _without(view: View) -> Iterator[Gap]:
    whole = rectangle(view)
    bare = whole.counted & (whole.codes == 0)
    found = {
        str(session): int(bare[:, at].sum())
        for at, session in enumerate(whole.sessions)
        if bare[:, at].any() and has_closed(view, session)
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


def _registers(view: View) -> Iterator[Gap]:
    due = due_registers(view, Describer(view), "registration", None)
    found = sorted(str(each.session) for each in due if each.taking is None)
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


def _bounds(view: View) -> tuple[int, int, str, str]:
    return view.position, view.stated, f"{view.first}", f"{view.on}~"


def _gap(kind: str, what: str, span: Span, means: str) -> Gap:
    places = (span.low, span.high)
    return Gap(kind, what, span.count, means, span.first, span.last, places)
