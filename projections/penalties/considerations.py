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
from projections.readmodel.accessors.marks import marks_with_codes
from projections.readmodel.records import penalties as penalties_records
from projections.readmodel.records.register import Mark


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
    found = marks_with_codes(view, pupil, days, letters(codes))
    return [
        _stretch(view, session, mark)
        for mark in found
        if (session := parse_session(mark.session)) in cells
        and _is_relevant(codes, session, mark.code)
    ]


def _is_relevant(codes: Codes, session: Session, code: str) -> bool:
    rule = codes.find(code, session.date)
    return rule is not None and rule.threshold


def _stretch(view: View, session: Session, mark: Mark) -> Stretch:
    ended = None if mark.kt is None or mark.kt > view.position else mark.kt
    if view.question.clock == "source":
        return Stretch(session, mark.kf, ended, mark.sf, None if ended is None else mark.st)
    until = None if ended is None else view.commits.of(ended).at
    return Stretch(session, mark.kf, ended, view.commits.of(mark.kf).at, until)


def first_recorded_met_at(found: Iterable[Stretch], register: Register) -> str | None:
    """Return when a window first held as many recorded entries as the rule names.

    None where it never did, or where the source states no time for it.
    """
    stood = (stretch.entry for stretch in found)
    moment = first_recorded(register.weeks, stood, register.measure)
    return iso(moment) if moment else None


def considerations(view: View) -> dict[int, list[Consideration]]:
    """Return what was considered for each pupil, in the order of the log."""
    found: dict[int, list[Consideration]] = {}
    known = view.standing(penalties_records.Consideration)
    for each in sorted(known, key=lambda c: (c.pupil, c.kf)):
        commit = view.commits.of(each.kf)
        author = {
            "name": view.open(each.name),
            "job_title": each.job_title,
            "authenticated": commit.authenticated,
        }
        reason, seen = view.open(each.reason), (each.counted, each.peak, each.seen_at)
        found.setdefault(each.pupil, []).append(
            Consideration(commit.at, each.decision, author, reason, *seen)
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
