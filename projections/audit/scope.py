"""What an audit looks at: every mark that was changed, entered late or stands provisional.

Each as a chain of its versions, in order of the log, with when each was made and how many school
days after the session; and what a check finds among them. An audit says what is unusual; it never
says that something is improper.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from ledger.clock import local_date
from policies.packs.codes import Codes
from projections.queries import lags
from projections.queries.people import Author
from projections.queries.question import Selection
from projections.queries.rectangle import Flags, Rectangle, rectangle
from projections.queries.selection import selected_cells, with_a_column
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.entries import Entries
from projections.readmodel.accessors.marks import questionable
from projections.readmodel.records.log import Commit
from projections.readmodel.records.register import Mark

CHANGES = ("amendment", "late_entry", "restated")
"""What is made to a mark after its register had ended."""
AMENDED = ("amendment", "restated")
LAGS = (0, 5, 20)
"""Bounds of the bands of lag, in school days: the same day, a school week, four of them. Ours."""
_PRESENT = "present"


class Step(NamedTuple):
    """One version of a mark: what it says, what it replaced, when it was made.

    ``transaction``: the position at which its transaction begins; ``when``: the instant at which
    it was made, an import's as its source states it; ``lag``: in school days after the session.
    Both none where no time is stated. ``unsure``: whether a first mark was in time is not known.
    """

    pupil: int
    session: str
    kind: str
    code: str
    replaced: str | None
    by: str | None
    batch: str | None
    imported: bool
    position: int
    transaction: int
    when: int | None
    changed_on: date | None
    lag: int | None
    unsure: bool = False

    @property
    def day(self) -> date:
        """The date of the session."""
        return date.fromisoformat(self.session[:10])


Chain = list[Step]


def is_provisional(codes: Codes, code: str | None, day: date) -> bool:
    """Tell whether a code says on a day that the reason is not yet known."""
    rule = codes.find(code, day) if code else None
    return rule is not None and rule.provisional


def is_absent(codes: Codes, code: str | None, day: date) -> bool:
    """Tell whether a code is one of absence on a day, authorised or not."""
    rule = codes.find(code, day) if code else None
    return rule is not None and rule.possible and not rule.attended


def becomes_present(codes: Codes, step: Step) -> bool:
    """Tell whether a version made an absence a presence, on time or late, after the taking."""
    if step.kind not in AMENDED:
        return False
    rule = codes.find(step.code, step.day)
    in_school = rule is not None and rule.category == _PRESENT
    return in_school and is_absent(codes, step.replaced, step.day)


class Evidence(Protocol):
    """What a finding rests on: a dataclass of what a document holds."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def words(self) -> str:
        """The same for reading."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that deserves a question: what, about whom, and the evidence.

    ``upn``, ``name``, ``staff`` (the ids of those who made the changes, each with the day) and
    ``by`` (these by name): shown only where names are asked for; ``check``: which one found it.
    """

    what: str
    positions: Sequence[int]
    evidence: Evidence
    session: str | None = None
    upn: str | None = None
    name: str | None = None
    from_code: str | None = None
    to_code: str | None = None
    lag: int | None = None
    changed_on: date | None = None
    staff: Sequence[tuple[str | None, date | None]] = ()
    by: Sequence[Author] = ()
    check: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, the figures that stand beside it, and these in words."""

    findings: Sequence[Finding]
    summary: Mapping[str, Any]
    notes: Sequence[str]


def lags_in_words(bands: Mapping[str, int]) -> str:
    """Write the counts of `by_lag`."""
    return "; ".join(f"{band}: {n}" for band, n in bands.items())


def by_lag(steps: Sequence[Step]) -> dict[str, int]:
    """Count changes by how many school days after the session they were made."""
    bands = dict.fromkeys(("same day", "1 to 5", "6 to 20", "over 20", "not stated"), 0)
    names = list(bands)
    for step in steps:
        over = len(LAGS) + 1 if step.lag is None else sum(step.lag > bound for bound in LAGS)
        bands[names[over]] += 1
    return bands


# -- the register and its chains -------------------------------------------------------------


@dataclass
class Scope:
    """The register of a view, and the chains of marks that a selection is about."""

    view: View
    question: Selection

    @property
    def codes(self) -> Codes:
        """What the codes meant, by day."""
        return self.view.rules.codes

    @cached_property
    def describer(self) -> Describer:
        """Who was who on the staff."""
        return Describer(self.view)

    @cached_property
    def whole(self) -> Rectangle:
        """The register as it stands, from the first date to ``on``."""
        return with_a_column(rectangle(self.view))

    @cached_property
    def chosen(self) -> Flags:
        """The cells [pupils, sessions] that are asked about."""
        return selected_cells(self.view, self.question, self.whole)

    @cached_property
    def columns(self) -> dict[str, int]:
        """The column of each session of the register."""
        return {str(session): n for n, session in enumerate(self.whole.sessions)}

    @cached_property
    def days(self) -> list[date]:
        """The school days of the calendar as known, in order."""
        return self.view.calendar.school_days()

    @cached_property
    def _entries(self) -> Entries:
        return Entries(self.view)

    @cached_property
    def known_on(self) -> date:
        """The day as at which something still stands: ``on``, or when it was known if earlier."""
        return min(self.view.on, local_date(self.view.known_at))

    @cached_property
    def chains(self) -> list[Chain]:
        """The marks asked about, by session and pupil."""
        found = [c for c in self._all_chains() if self.is_within(c[0].pupil, c[0].session)]
        return sorted(found, key=lambda c: (c[0].session, self.upn(c[0].pupil)))

    @cached_property
    def changes(self) -> list[tuple[Chain, int]]:
        """Every change after the end of taking: its chain, and its place in it."""
        return [(c, n) for c in self.chains for n, step in enumerate(c) if step.kind in CHANGES]

    def upn(self, pupil: int) -> str:
        """Return a pupil's UPN."""
        return self.view.people[pupil].upn

    def finding(self, what: str, step: Step, evidence: Evidence) -> Finding:
        """Return a finding about one version of a mark."""
        return Finding(
            what=what,
            positions=[step.position],
            evidence=evidence,
            session=step.session,
            upn=self.upn(step.pupil),
            from_code=step.replaced,
            to_code=step.code,
            lag=step.lag,
            changed_on=step.changed_on,
            staff=[(step.by, step.changed_on)],
        )

    def absent(self, step: Step) -> bool:
        """Tell whether a version is one of absence, authorised or not."""
        return is_absent(self.codes, step.code, step.day)

    def is_within(self, pupil: int, session: str) -> bool:
        """Tell whether a pupil's session is asked about; outside of terms: whether the pupil."""
        if pupil not in self.view.people or pupil >= len(self.chosen):
            return False
        at = self.columns.get(session)
        return bool(self._meant[pupil] if at is None else self.chosen[pupil, at])

    @cached_property
    def _meant(self) -> Flags:
        """Whether any session of a pupil is asked about, by row number."""
        return np.asarray(self.chosen.any(axis=1))

    def _all_chains(self) -> Iterator[Chain]:
        view = self.view
        provisional = [rule.code for rule in self.codes.rules if rule.provisional]
        for chain in questionable(view, view.first, view.on, provisional):
            entered = view.commits.of(chain[0].kf)
            yield [self._step(mark, view.commits.of(mark.kf), entered) for mark in chain]

    def _step(self, mark: Mark, commit: Commit, entered: Commit) -> Step:
        later = commit != entered and self.view.question.clock == "ledger"
        own = not mark.imported or (mark.kind == "restated" and later)
        when = commit.at if own else mark.stated
        changed_on = None if when is None else local_date(when)
        day = date.fromisoformat(mark.session[:10])
        lag = None if when is None else lags.school_days_after(self.days, day, when)
        kind, sure = self._entries.of(mark)
        return Step(
            pupil=mark.pupil,
            session=mark.session,
            kind=kind,
            code=mark.code,
            replaced=mark.replaced,
            by=mark.by,
            batch=mark.batch,
            imported=mark.imported,
            position=mark.kf,
            transaction=commit.first,
            when=when,
            changed_on=changed_on,
            lag=lag,
            unsure=not sure,
        )
