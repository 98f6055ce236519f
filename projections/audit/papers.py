"""Changes to sessions that a paper covers, made after the paper."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.values import Session, parse_session
from policies.law import papers
from policies.law.notices import Notice, relied_on
from policies.law.papers import Paper
from projections.audit.scope import Chain, CheckResult, Finding, Scope, Step
from projections.queries.view import View

AFTER_PAPER = "after-paper"


@dataclass(frozen=True, slots=True)
class RecordedPaper:
    """A paper about one pupil as it was put on record.

    ``position``: of the event that did; ``seen_at``: up to where the register was read for it,
    none for a notice, which has a day only. A notice covers sessions from its issue until it is
    withdrawn, any other paper those that it relied on.
    """

    kind: str
    on: date | None
    position: int
    covering: Notice | Paper
    seen_at: int | None = None

    def covers(self, session: Session, changed_on: date) -> bool:
        """Tell whether it covers a session, by what stood of it on a day."""
        if isinstance(self.covering, Notice):
            return relied_on(session, [self.covering], changed_on)
        return self.covering.relied_on(session)

    def before(self, step: Step) -> bool:
        """Tell whether a change came after it.

        After the position up to which the register was read; after the day of a notice's issue,
        or on that day and recorded here after it (what was imported has a day only).
        """
        if self.seen_at is not None:
            return self.seen_at < step.position
        on, changed_on = self.on, step.changed_on
        if on is None or changed_on is None:
            return False
        same_day = on == changed_on and not step.imported
        return on < changed_on or (same_day and self.position < step.position)

    def row(self) -> dict[str, Any]:
        """Return it as evidence."""
        on = self.on.isoformat() if self.on else None
        return {"paper": self.kind, "on": on, "position": self.position}


def find_after_paper(scope: Scope) -> CheckResult:
    """Find changes after a notice, a consideration, a certificate or a pack that covers them."""
    recorded = _papers(scope.view)
    findings = [
        _finding(scope, chain, n, concerned)
        for chain, n in scope.changes
        if (concerned := list(_papers_before(recorded, chain[n])))
    ]
    counts: dict[str, int] = {}
    for found in findings:
        for kind in sorted({paper["paper"] for paper in found.evidence["papers"]}):
            counts[kind] = counts.get(kind, 0) + 1
    return CheckResult(findings, {"by_paper": counts})


def _papers_before(
    recorded: dict[int, list[RecordedPaper]], step: Step
) -> Iterator[RecordedPaper]:
    session, changed_on = parse_session(step.session), step.changed_on or date.max
    for paper in recorded.get(step.pupil, ()):
        if paper.before(step) and paper.covers(session, changed_on):
            yield paper


def _finding(scope: Scope, chain: Chain, n: int, concerned: list[RecordedPaper]) -> Finding:
    step = chain[n]
    kinds = sorted({paper.kind for paper in concerned})
    return Finding(
        check=AFTER_PAPER,
        what=f"changed after a {' and a '.join(kinds)}",
        session=step.session,
        upn=scope.upn(step.pupil),
        from_code=step.replaced,
        to_code=step.code,
        lag=step.lag,
        changed_on=step.changed_on,
        positions=(step.position,),
        evidence={"papers": [paper.row() for paper in concerned]},
        staff=((step.by, step.changed_on),),
    )


def _papers(view: View) -> dict[int, list[RecordedPaper]]:
    found: dict[int, list[RecordedPaper]] = {}
    for pupil, paper in (*_notices(view), *_considerations(view), *_disclosures(view)):
        found.setdefault(pupil, []).append(paper)
    for recorded in found.values():
        recorded.sort(key=lambda paper: paper.position)
    return found


def _notices(view: View) -> Iterator[tuple[int, RecordedPaper]]:
    columns = (
        "n.parent, n.pupil, n.kind, n.issued_on, n.offence_first, n.offence_last, n.sessions, "
        "n.withdrawn_on, n.outcome, n.outcome_on, n.paid_on, "
        "(SELECT min(o.kf) FROM notices o WHERE o.parent IS n.parent AND o.pupil IS n.pupil "
        "AND o.kind IS n.kind AND o.issued_on IS n.issued_on "
        "AND o.offence_first IS n.offence_first)"
    )
    for (
        _,
        pupil,
        kind,
        issued,
        first,
        last,
        sessions,
        withdrawn,
        outcome,
        on,
        paid,
        kf,
    ) in view.stood(columns, "notices n"):
        notice = Notice(
            kind=kind,
            issued_on=date.fromisoformat(issued),
            offence_first=_day(first),
            offence_last=_day(last),
            withdrawn_on=_day(withdrawn),
            paid_on=_day(paid),
            outcome=outcome,
            outcome_on=_day(on),
            sessions=tuple(parse_session(text) for text in sessions.split(";") if text),
        )
        yield pupil, RecordedPaper("notice", notice.issued_on, kf, notice)


def _considerations(view: View) -> Iterator[tuple[int, RecordedPaper]]:
    for pupil, entries, seen_at, position in view.stood(
        "pupil, entries, seen_at, kf", "considerations"
    ):
        paper = papers.consideration(filter(None, entries.split(";")))
        if paper is not None:
            yield pupil, RecordedPaper("consideration", None, position, paper, seen_at)


def _disclosures(view: View) -> Iterator[tuple[int, RecordedPaper]]:
    """Yield the certificates and packs about one pupil that left the school."""
    rows = view.stood(
        'pupil, kind, "on_date", first, last, seen_at, kf',
        "disclosures",
        "pupil IS NOT NULL AND first IS NOT NULL AND last IS NOT NULL",
    )
    for pupil, kind, on, first, last, seen_at, position in rows:
        if kind in papers.EXTRACTS:
            given = date.fromisoformat(on)
            paper = papers.extract(date.fromisoformat(first), date.fromisoformat(last), given)
            yield pupil, RecordedPaper(kind, given, position, paper, seen_at)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
