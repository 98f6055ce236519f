"""When relevant entries were recorded, and what somebody considered since."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import iso
from ledger.values import Session, parse_session
from policies.law.penalties import RelevantEntry, first_recorded
from policies.packs.codes import Codes
from projections.penalties.case import Case, Register, in_full_windows, letters
from projections.queries.view import View
from projections.readmodel.mark_rows import row_ids

_COMMITTED = "(SELECT at FROM commits WHERE first <= {} ORDER BY first DESC LIMIT 1)"
_AUTHENTICATED = _COMMITTED.format("kf").replace("SELECT at", "SELECT authenticated")
_COLUMNS = f"session, code, kf, kt, sf, st, {_COMMITTED.format('kf')}, {_COMMITTED.format('kt')}"


class Stretch(NamedTuple):
    """A version with a relevant code: positions, and the times that go by the clock asked."""

    session: Session
    since: int
    until: int | None
    known_from: int
    known_to: int | None

    @property
    def entry(self) -> RelevantEntry:
        """What the policy needs to know of it."""
        return RelevantEntry(self.session, self.known_from, self.known_to)


@dataclass(frozen=True, slots=True)
class Consideration:
    """What a named person decided, and up to which position the register had been read."""

    at: int
    decision: str
    by: dict[str, Any]
    reason: str | None
    count: int
    peak: int
    seen_at: int

    def row(self) -> dict[str, Any]:
        """Return it as an answer has it."""
        return {
            "at": iso(self.at),
            "decision": self.decision,
            "by": self.by,
            "count": self.count,
            "seen_at": self.seen_at,
        }


def stretches(
    view: View, pupil: int, cells: Collection[Session], days: tuple[date, date]
) -> list[Stretch]:
    """Return every version with a relevant code that ever stood on these sessions, as known.

    ``days``: the first and the last that matter, which is where the table is read.
    """
    codes = view.rules.codes
    names = letters(codes)
    marks = ",".join("?" * len(names))
    sql = (
        f"SELECT {_COLUMNS} FROM marks WHERE id BETWEEN ? AND ? "  # noqa: S608 - our own names
        f"AND code IN ({marks}) AND kf <= ? AND sf <= ? ORDER BY id"
    )
    bound = [*row_ids(pupil, *days), *names, view.position, view.stated]
    rows = view.db.execute(sql, bound)
    found = ((parse_session(row[0]), row) for row in rows)
    return [
        _stretch(view, s, row) for s, row in found if s in cells and _is_relevant(codes, s, row[1])
    ]


def _is_relevant(codes: Codes, session: Session, code: str) -> bool:
    rule = codes.find(code, session.date)
    return rule is not None and rule.threshold


def _stretch(view: View, session: Session, row: tuple[Any, ...]) -> Stretch:
    _, _, kf, kt, sf, st, at, until = row
    if kt is None or kt > view.position:
        kt = st = until = None
    if view.question.clock == "source":
        return Stretch(session, kf, kt, sf, st)
    return Stretch(session, kf, kt, at, until)


def first_recorded_met_at(found: Iterable[Stretch], register: Register) -> str | None:
    """Return when a window first held as many recorded entries as the rule names.

    None where it never did, or where the source states no time for it.
    """
    stood = (stretch.entry for stretch in found)
    moment = first_recorded(register.weeks, stood, register.measure)
    return iso(moment) if moment else None


def considerations(view: View) -> dict[int, list[Consideration]]:
    """Return what was considered for each pupil, in the order of the log."""
    columns = (
        "pupil, kf, decision, name, job_title, reason, counted, peak, seen_at, "
        f"{_COMMITTED.format('kf')}, {_AUTHENTICATED}"
    )
    found: dict[int, list[Consideration]] = {}
    for row in sorted(view.stood(columns, "considerations"), key=lambda r: (r[0], r[1])):
        pupil, _, decision, name, title, reason, count, peak, seen_at, at, how = row
        author = {"name": view.open(name), "job_title": title, "authenticated": how}
        found.setdefault(pupil, []).append(
            Consideration(at, decision, author, view.open(reason), count, peak, seen_at)
        )
    return found


def is_considered(
    found: Iterable[Consideration],
    recorded: Mapping[Session, int],
    case: Case,
    sessions: list[Session],
) -> bool:
    """Tell whether somebody considered the case as it is now.

    One who had seen as many in a window as the fullest holds, and every entry that the case is
    about (``sessions``): read the register after the last of them was recorded.
    """
    newest = max(recorded[session] for session in sessions)
    return any(c.seen_at >= newest and c.peak >= case.standing.peak for c in found)


def recorded_since(found: Iterable[Stretch]) -> dict[Session, int]:
    """Return the position from which each session holds a relevant entry without a break.

    Where one relevant code replaces another nothing new is recorded against the pupil.
    """
    since: dict[Session, int] = {}
    ended: dict[Session, int | None] = {}
    for stretch in found:
        if ended.get(stretch.session) != stretch.since:
            since[stretch.session] = stretch.since
        ended[stretch.session] = stretch.until
    return since


def case_sessions(case: Case, register: Register, number: int, *, current: bool) -> list[Session]:
    """Return the entries of what is listed: those of the latest window, or of every full one."""
    if current:
        return list(case.standing.sessions)
    return in_full_windows(case, register, number)
