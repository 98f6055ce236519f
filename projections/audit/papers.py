"""Changes to sessions that a paper relied on, made after the paper."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.values import Session, parse_session
from policies.law.notices import Notice
from policies.law.papers import Paper
from projections.audit.scope import CheckResult, Scope, Step
from projections.penalties.rested import Resting
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.records import disclosure as disclosure_records
from projections.readmodel.records import penalties as penalties_records


@dataclass(frozen=True, slots=True)
class PaperBefore:
    """A paper that covers a session, as evidence."""

    paper: str
    on: date | None
    position: int

    @property
    def words(self) -> str:
        """Which paper it is."""
        # A consideration has no day of its own.
        return f"{self.paper} {f'of {self.on}' if self.on else f'at position {self.position}'}"


@dataclass(frozen=True, slots=True)
class RecordedPaper:
    """A paper about one pupil as it was put on record.

    ``said``: what it is, by which event; ``seen_at``: up to where the register was read for it,
    none for a notice, which has a day only, and where another system states the paper; ``stated``:
    when it was recorded, in microseconds, here or there; ``notice``: the notice that it is, which
    covers what it relied on from its issue until it is withdrawn.
    """

    said: PaperBefore
    paper: Paper
    seen_at: int | None = None
    stated: int = 0
    notice: Notice | None = None

    def covers(self, session: Session, changed_on: date) -> bool:
        """Tell whether it covers a session, by what stood of it on a day."""
        notice = self.notice
        stands = notice is None or notice.stands(changed_on)
        return stands and self.paper.relied_on(session)

    def before(self, step: Step) -> bool:
        """Tell whether a change came after it.

        After the position up to which the register was read; after the day of a notice's issue,
        or on that day and recorded after it. What another system states goes by its times.
        """
        if self.seen_at:
            return self.seen_at < step.position
        later = step.when is not None and 0 < self.stated < step.when
        on, changed_on = self.said.on, step.changed_on
        if self.notice is None or on is None or changed_on is None:
            return later
        if on == changed_on:
            return later if step.imported else self.said.position < step.position
        return on < changed_on


@dataclass(frozen=True, slots=True)
class _Papers:
    """The papers that a change came after."""

    papers: Sequence[PaperBefore]

    @property
    def words(self) -> str:
        return ", ".join(paper.words for paper in self.papers)


def find_after_paper(scope: Scope) -> CheckResult:
    """Find changes after a notice, a consideration, a certificate or a pack that covers them."""
    recorded, findings, counts = _papers(scope.view), [], Counter[str]()
    for chain, n in scope.changes:
        step = chain[n]
        session, changed_on = parse_session(step.session), step.changed_on or date.max
        found = [
            paper.said
            for paper in recorded.get(step.pupil, ())
            if paper.before(step) and paper.covers(session, changed_on)
        ]
        if found:
            kinds = sorted({paper.paper for paper in found})
            counts.update(kinds)
            what = f"changed after a {' and a '.join(kinds)}"
            findings.append(scope.finding(what, step, _Papers(found)))
    words = ", ".join(f"{kind}: {n}" for kind, n in sorted(counts.items())) or "none"
    return CheckResult(findings, {"by_paper": counts}, [f"Changes by kind of paper: {words}."])


def _papers(view: View) -> dict[int, list[RecordedPaper]]:
    found: dict[int, list[RecordedPaper]] = {}
    for pupil, paper in (*_notices(view), *_considerations(view), *_disclosures(view)):
        found.setdefault(pupil, []).append(paper)
    for recorded in found.values():
        recorded.sort(key=lambda paper: paper.said.position)
    return found


def _notices(view: View) -> Iterator[tuple[int, RecordedPaper]]:
    resting = Resting(view, Describer(view))
    for notice in view.standing(penalties_records.Notice):
        first, law = resting.first(notice), notice.law
        if (paper := law.paper) is None:
            continue
        if paper.by_period:
            paper = paper.resting_on(map(parse_session, resting.sessions(notice)))
        said = PaperBefore("notice", notice.issued_on, first.kf)
        yield notice.pupil, RecordedPaper(said, paper, stated=first.sf, notice=law)


def _considerations(view: View) -> Iterator[tuple[int, RecordedPaper]]:
    for each in view.standing(penalties_records.Consideration):
        if each.paper is not None:
            said = PaperBefore("consideration", None, each.kf)
            yield each.pupil, RecordedPaper(said, each.paper, each.seen_at, each.sf)


def _disclosures(view: View) -> Iterator[tuple[int, RecordedPaper]]:
    """Yield the certificates and packs about one pupil that left the school."""
    for each in view.standing(disclosure_records.Disclosure):
        paper = each.extract
        if paper is not None and each.pupil is not None:
            said = PaperBefore(each.kind, each.on_date, each.kf)
            yield each.pupil, RecordedPaper(said, paper, each.seen_at, each.sf)
