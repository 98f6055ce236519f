"""Marks that stopped counting, as recorded with the change that did it.

They stand still, or the entry of a cancelled session took their place, and a pupil below the
threshold. Which marks, by whom and why is what the log holds; whether they count again is asked of
the register as it is known, by `uncounted`.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from ledger.clock import local_date
from policies.packs.values import parameters
from projections.queries.people import AS_STATED
from projections.queries.uncounted import Standing
from projections.queries.versions import Signatory, with_numbers
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, versions_of
from projections.readmodel.records.log import Commit
from projections.readmodel.records.register import Uncounted

KIND = "uncounted"


class Mark(NamedTuple):
    """A mark that stopped counting; ``of_age``: toward the threshold only."""

    session: str
    code: str
    of_age: bool
    counts_again: bool

    @property
    def day(self) -> date:
        """The date of its session."""
        return date.fromisoformat(self.session[:10])


class Stopped(NamedTuple):
    """Marks of one pupil that one change stopped from counting, by whom and why.

    ``at``: when that was recorded, here or by the system that states it.
    """

    stored: Uncounted
    cause: Commit
    at: int
    marks: Sequence[Mark]
    reason: str | None
    by: Signatory | None

    @property
    def on(self) -> date:
        """The day of the change."""
        return local_date(self.at)

    @property
    def fell(self) -> bool:
        """Whether it took the pupil below the threshold that was in force on that day."""
        rule = parameters().find("penalty_notices.threshold", self.on)
        peaks = self.stored.peak_after, self.stored.peak_before
        return rule is not None and peaks[0] < rule.table["sessions"] <= peaks[1]

    @property
    def counts(self) -> str:
        """The recorded sessions of the fullest window, ``10 -> 4``; empty where none counted."""
        peaks = self.stored.peak_before, self.stored.peak_after
        return "" if peaks == (0, 0) else f"{peaks[0]} -> {peaks[1]}"

    @property
    def in_words(self) -> str:
        """How many marks of which code, from the first session to the last."""
        by_code: dict[str, list[str]] = {}
        for mark in sorted(self.marks):
            by_code.setdefault(mark.code, []).append(mark.session)
        return "; ".join(f"{len(s)} {code}, {_from_to(s)}" for code, s in by_code.items())

    @property
    def again(self) -> str:
        """How many of them count again; empty where none does."""
        again = sum(mark.counts_again for mark in self.marks)
        return f"{again} of {len(self.marks)} count again" if again else ""


def _from_to(sessions: Sequence[str]) -> str:
    first, last = sessions[0], sessions[-1]
    return first if first == last else f"{first} to {last}"


def stopped(view: View, pupils: Collection[int] | None = None) -> list[Stopped]:
    """Return the marks that stopped counting, as known, of some pupils or of all.

    Whom it took below the threshold comes first, then by how many sessions.
    """
    whose = {} if pupils is None else {"pupil": set(pupils)}
    found = [_stopped(view, each) for each in view.standing(Uncounted, **whose)]
    return sorted(found, key=_worst_first)


def _worst_first(each: Stopped) -> tuple[bool, int, int]:
    stored = each.stored
    return not each.fell, stored.peak_after - stored.peak_before, stored.alert


def _stopped(view: View, stored: Uncounted) -> Stopped:
    cause = view.commits.of(stored.alert)
    by = None
    if stored.name is not None:
        known = AS_STATED if cause.source else cause.authenticated
        by = Signatory(*view.author(stored), known)
    marks = sorted(_marks(view, stored))
    at = view.done_at(stored.alert, stored.sf)
    return Stopped(stored, cause, at, marks, view.open(stored.reason), by)


def _marks(view: View, stored: Uncounted) -> Iterator[Mark]:
    """Yield the marks that are known by then: a source may state one later than the change."""
    for of_age, sessions in ((False, stored.sessions), (True, stored.of_age)):
        standing = Standing(view, stored.pupil, threshold=of_age)
        for session, _, code in (each.partition(" ") for each in sessions):
            for now in filter(None, [standing.code(session)]):
                cancelled = view.rules.codes.cancels(now, date.fromisoformat(session[:10]))
                again = standing.bar(session, now) is None and not (cancelled and now != code)
                yield Mark(session, code, of_age, counts_again=again)


def as_versions(
    view: View, pupils: Collection[int], first: date, last: date
) -> Iterator[tuple[int, Version]]:
    """Yield each such mark of some days as a change of it, with the number of its version.

    Where the entry of a cancelled session took a mark's place, that version says so itself.
    """
    for each in stopped(view, pupils):
        stored = each.stored
        marks = [mark for mark in each.marks if first <= mark.day <= last]
        theirs = versions_of(view, [stored.pupil], first, last) if marks else []
        numbered = list(with_numbers(view, theirs))
        for mark in marks:
            stood = [
                (number, version)
                for number, version in numbered
                if version.session == mark.session and _was_there(view, version, stored)
            ]
            entry = next(version.position for _, version in stood if version.kind != "plan")
            number, stands = stood[-1]
            if stands.code == mark.code:
                yield number, _as_version(each, mark, entry)


def _was_there(view: View, version: Version, stored: Uncounted) -> bool:
    """Tell whether a version of a mark had been made when the mark stopped counting.

    Where a source states that it did, by its times: an import may bring the mark after it.
    """
    if view.is_stated(stored.alert) and stored.sf:
        return version.known_by_source <= stored.sf
    return version.position < stored.alert


def _as_version(each: Stopped, mark: Mark, entry: int) -> Version:
    stored = each.stored
    return Version(
        pupil=stored.pupil,
        session=mark.session,
        kind=KIND,
        code=None,
        replaced=mark.code,
        minutes_late=None,
        nature=None,
        comment=None,
        reason=stored.reason,
        by=stored.by,
        name=stored.name,
        job_title=stored.job_title,
        stated=(stored.sf or None) if each.cause.source else None,
        imported=each.cause.source is not None,
        position=stored.alert,
        known_by_source=stored.sf,
        step="resumed" if mark.counts_again else "stopped",
        entered=entry,
    )
