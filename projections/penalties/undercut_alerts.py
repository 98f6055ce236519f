"""Undercut alerts as known: what raised each, which papers and entries, what was done since.

An entry that stands as before, and counts no longer (or counts again), is shown as it stands,
with what the register says of its day and who said so.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import dated, iso, local_date
from ledger.english import day
from ledger.values import parse_session
from policies.law import papers
from policies.law.notices import FAILURE_TO_ATTEND
from policies.packs.values import parameters
from projections.penalties.rested import Resting
from projections.queries.authors import Authors, Authorship, author_in_words
from projections.queries.people import Person
from projections.queries.uncounted import Standing
from projections.queries.versions import Describer, Signatory
from projections.queries.view import View
from projections.readmodel.accessors.changes import newest_calendar_change
from projections.readmodel.accessors.marks import Version, versions
from projections.readmodel.known import Between
from projections.readmodel.records.amending import Request
from projections.readmodel.records.disclosure import Disclosure
from projections.readmodel.records.log import Commit
from projections.readmodel.records.penalties import (
    AlertSettlement,
    Consideration,
    Notice,
    Undercut,
    UndercutPaper,
)

"""Name, job title, and how it is known who it was."""
UNDERCUT = "case-undercut"
_NO_MARK = "-"
_UNCHANGED = "the entry stands as it did"


class Alert(NamedTuple):
    """One alert, the transaction that raised it, and what was done about it."""

    raised: Undercut
    cause: Commit
    settled: AlertSettlement | None

    @property
    def number(self) -> int:
        """By which it is asked for: the position of its event."""
        return self.raised.alert

    @property
    def on(self) -> date:
        """The day of the change."""
        return local_date(self.cause.at)


def alerts(view: View) -> list[Alert]:
    """Return every alert known, in the order of the log."""
    settled = {each.alert: each for each in view.standing(AlertSettlement)}
    return [
        Alert(each, view.commits.of(each.alert), settled.get(each.alert))
        for each in sorted(view.standing(Undercut), key=lambda each: each.alert)
    ]


def person(view: View, pupil: int) -> Person:
    """Return a pupil, known by now or not: a source may state marks before the pupil."""
    return view.people.get(pupil) or view.first_known_person(pupil)


class Paper(NamedTuple):
    """A paper in words, with its counts before and after; a certificate has none.

    ``before`` and ``after``: what the fullest window around it holds; ``relied_before`` and
    ``relied_after``: how many of the sessions that it relied on count, none where the paper itself
    is not on record. ``effect``: ``case-undercut`` where either fell below the number of the rule
    of that day, else ``session-changed``: a session that it relied on was changed.
    """

    kind: str
    ref: str
    before: int | None
    after: int | None
    what: str
    effect: str
    relied_before: int | None = None
    relied_after: int | None = None

    @property
    def counts(self) -> str:
        """Those of the fullest window, as they are read: ``10 -> 9``."""
        return "" if self.before is None else f"{self.before} -> {self.after}"

    @property
    def own(self) -> str:
        """Those of the sessions that it relied on, likewise."""
        if self.relied_before is None:
            return ""
        return f"{self.relied_before} -> {self.relied_after}"


def notices_of(view: View, alert: Alert, paper: "UndercutPaper | Paper") -> list[Notice]:
    """Return the notices that a paper of an alert names; none where they are not on record."""
    parent, _, issued = paper.ref.partition(" ")
    on, pupil = date.fromisoformat(issued), alert.raised.pupil
    known = view.standing(Notice, parent=parent, pupil=pupil, issued_on=on)
    return [each for each in known if each.kind == FAILURE_TO_ATTEND]


def _paper_words(view: View, paper: UndercutPaper) -> str:
    if paper.kind == "notice":
        parent, _, issued = paper.ref.partition(" ")
        return papers.notice_words(parent, date.fromisoformat(issued))
    position = int(paper.ref)
    if paper.kind == "consideration":
        [considered] = view.in_log(Consideration, line=position)
        on = day(local_date(view.commits.of(position).at))
        return f"{papers.CONSIDERED[considered.decision]} of {on}"
    [given] = view.in_log(Disclosure, line=position)
    return given.words


class Change(NamedTuple):
    """A session before and after (`-` without a mark), who changed it, when and why.

    ``effect``: none where the entry changed, else whether it counts: ``no longer counts``,
    ``counts again`` or ``is held`` (of a code that is no possible session, and of no mark).
    """

    session: str
    original: str
    amended: str
    effect: str | None
    date: str
    recorded_on: str
    by: Signatory | None
    source: str | None
    reason: str | None
    position: int | None

    @property
    def in_short(self) -> str:
        """``2026-11-20/AM O>I``, or ``2026-11-20/AM O no longer counts``."""
        if self.effect is None:
            return f"{self.session} {self.original}>{self.amended}"
        return f"{self.session} {self.amended} {self.effect}"


class UndercutCase(NamedTuple):
    """An alert with its papers and changes, who made these and who approved them.

    ``settled``: what was done about it, as the document has it.
    """

    alert: Alert
    person: Person
    papers: Sequence[Paper]
    changes: Sequence[Change]
    by: Signatory | None
    approved_by: Signatory | None
    settled: Mapping[str, Any] | None

    @property
    def state(self) -> str:
        """``open``, ``sent`` or ``dismissed``."""
        return self.alert.settled.outcome if self.alert.settled else "open"


class _Sides(NamedTuple):
    """The register of an alert's pupil right before its cause, and right after."""

    alert: Alert
    before: Standing
    after: Standing

    def counted(self, sessions: Sequence[str]) -> tuple[int, int]:
        """Return how many of some sessions counted, and count."""
        before, after = (sum(_counts(side, s) for s in sessions) for side in self[1:])
        return before, after

    def codes(self, session: str) -> tuple[str, str]:
        """Return what stood and what stands."""
        found = self.before.code(session), self.after.code(session)
        return found[0] or _NO_MARK, found[1] or _NO_MARK


def _counts(side: Standing, session: str) -> bool:
    code, on = side.code(session), parse_session(session).date
    if code is None or not side.view.rules.codes.relevant(code, on):
        return False
    return side.bar(session) is None


class Changes:
    """The changes of some alerts."""

    def __init__(self, view: View) -> None:
        self.view, self._describer = view, Describer(view)
        self._telling = Authors(view, self._describer)

    def case(self, alert: Alert) -> UndercutCase:
        """Return all that is known of an alert."""
        view, raised, sides = self.view, alert.raised, self._sides(alert)
        by, approved_by = self._asked_and_approved(alert) or (self._author(alert.cause), None)
        return UndercutCase(
            alert,
            person(view, raised.pupil),
            [self._paper(sides, paper) for paper in raised.about],
            list(self._changes(sides)),
            by,
            approved_by,
            settlement(view, alert.settled) if alert.settled else None,
        )

    def _sides(self, alert: Alert) -> _Sides:
        cause, pupil = alert.cause, alert.raised.pupil
        return _Sides(
            alert,
            Standing.at(self.view, pupil, cause.first - 1),
            Standing.at(self.view, pupil, cause.last),
        )

    def _paper(self, sides: _Sides, paper: UndercutPaper) -> Paper:
        what = _paper_words(self.view, paper)
        if paper.kind == "certificate":
            return Paper(paper.kind, paper.ref, None, None, what, "session-changed")
        counts = [(paper.before, paper.after)]
        rule = parameters().find("penalty_notices.threshold", sides.alert.on)
        relied = self._relied_on(sides, paper) if rule else ()
        if relied:
            counts.append(sides.counted(relied))
        needed = rule.table["sessions"] if rule else 0
        fell = any(after < needed <= before for before, after in counts)
        effect = UNDERCUT if fell else "session-changed"
        own = counts[1] if relied else (None, None)
        return Paper(paper.kind, paper.ref, *counts[0], what, effect, *own)

    def _relied_on(self, sides: _Sides, paper: UndercutPaper) -> Sequence[str]:
        """Return the sessions that a notice or a decision relied on, as known at the change."""
        view = sides.before.view
        if paper.kind == "consideration":
            [considered] = self.view.in_log(Consideration, line=int(paper.ref))
            return [entry.partition(" ")[0] for entry in considered.entries]
        resting = Resting(view, Describer(view))
        found = (resting.sessions(each) for each in notices_of(view, sides.alert, paper))
        return sorted({session for sessions in found for session in sessions})

    def _author(self, cause: Commit) -> Signatory | None:
        """Return who gave the command; an operating-system account is nobody's name."""
        if cause.by is None:
            return None
        author = self._describer.name_and_title(cause.by, local_date(cause.at))
        return Signatory(*author, cause.authenticated)

    def _asked_and_approved(self, alert: Alert) -> tuple[Signatory, Signatory] | None:
        """Return who asked for the change and who approved it, none without approval."""
        view, decided = self.view, Between(alert.cause.first, alert.cause.last)
        known = view.standing(
            Request, pupil=alert.raised.pupil, decision="approved", decided=decided
        )
        if not known:
            return None
        asked, approved = (
            Signatory(*view.author(step), view.commits.of(step.position).authenticated)
            for step in min(known, key=lambda each: each.position).steps
        )
        return asked, approved

    def people(self, case: UndercutCase) -> str:
        """Name who made the change, or the import that brought it, and who approved it."""
        cause = case.alert.cause
        if cause.source is not None:
            return f"import of {cause.source}"
        made = dict.fromkeys(author_in_words(row.by, None) for row in case.changes if row.by)
        people = "; ".join(made) or author_in_words(self._author(cause), None)
        approver = case.approved_by
        return people + (f"; approved by {author_in_words(approver, None)}" if approver else "")

    def _changes(self, sides: _Sides) -> Iterator[Change]:
        alert = sides.alert
        cause, pupil = alert.cause, alert.raised.pupil
        made = {
            v.session: v
            for v in versions(sides.after.view, pupil=pupil)
            if v.kind != "plan" and cause.first <= v.position <= cause.last
        }
        for each in alert.raised.sessions:
            session = each.partition(" ")[0]
            original, amended = sides.codes(session)
            if original != amended:
                yield self._amendment(sides, made[session])
            else:
                yield self._count_change(sides, session)

    def _amendment(self, sides: _Sides, version: Version) -> Change:
        """Say who amended an entry, as the register has to show it (SI 2024/208 reg 6).

        Without a reason of its own, what the same change says of the day is the reason.
        """
        describer, at = self._describer, self.view.commits.of(version.position).at
        bar, reason = sides.after.bar(version.session), self.view.open(version.reason)
        if reason is None and bar and bar.position and bar.position >= sides.alert.cause.first:
            reason = sentence(bar.words, self._telling.event(bar.position))
        made = describer.made_at(version) or at
        return Change(
            version.session,
            *sides.codes(version.session),
            effect=None,
            date=dated(made),
            recorded_on=dated(made) if made == at else local_date(at).isoformat(),
            by=describer.author(version),
            source=describer.source(version),
            reason=reason,
            position=version.position,
        )

    def _count_change(self, sides: _Sides, session: str) -> Change:
        """Say what the register now says of the day of an entry that stands as before."""
        now = sides.after.bar(session)
        if now is not None:
            effect, fact, position = "no longer counts", now.words, now.position
        elif sides.before.bar(session) is not None:
            _, fact, position = sides.after.last_bar(session)
            effect = self._effect_of_lifting(sides.after, session)
        else:
            effect, fact, position = _UNCHANGED, "", None
        told = self._telling.event(position or sides.alert.cause.first)
        return Change(
            session,
            *sides.codes(session),
            effect=effect,
            date=dated(told.at),
            recorded_on=dated(told.at),
            by=told.by,
            source=told.source,
            reason=f"{effect}: {sentence(fact, told)}" if fact else effect,
            position=position,
        )

    def _effect_of_lifting(self, after: Standing, session: str) -> str:
        code = after.code(session)
        on = parse_session(session).date
        rule = self.view.rules.codes.find(code, on) if code else None
        return "counts again" if rule is not None and rule.possible else "is held"

    def weeks(self, alert: Alert) -> str:
        """Say what moved the school weeks of an alert that names no session."""
        position = newest_calendar_change(self.view, alert.cause.first, alert.cause.last)
        fact = "no entry changed; the school weeks that are counted together did"
        return fact if position is None else sentence(fact, self._telling.event(position))


def settlement(view: View, each: AlertSettlement) -> dict[str, Any]:
    """Return what was done about an alert, as the document has it."""
    return {
        "outcome": each.outcome,
        "to": view.open(each.to_whom),
        "on": each.on_date,
        "reason": view.open(each.reason),
        **view.author(each)._asdict(),
        "at": iso(view.done_at(each.kf, each.sf)),
    }


def sentence(fact: str, told: Authorship) -> str:
    """Say what is so, with the reason given where it is not said yet, by whom and since when."""
    reason = "" if told.reason is None or told.reason in fact else f" ({told.reason})"
    return f"{fact}{reason}, {told.words()}"
