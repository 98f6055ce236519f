"""Papers that rest on a pupil's register: notices, considerations, certificates and packs.

Which stand today, and which sessions each rested on: what an undercut alert is held against, and
what a school's policy holds for a second person.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from commands.core.command import State
from commands.core.ranges import Range, one, starting
from commands.core.standing import standing, standing_on
from ledger.events import streams
from ledger.events.disclosure import Disclosed
from ledger.events.penalties import NoticeStated, PenaltyConsidered
from ledger.events.register import MarkChange, SessionMarked
from ledger.state.school import Pupil
from ledger.store.facts import Fact, Recorded
from ledger.values import Session, parse_session
from policies.law import notices, papers
from policies.law.papers import Paper
from policies.packs.codes import Codes

PREFIXES = (streams.NOTICES, streams.PENALTY, streams.DISCLOSURE)
"""The streams on which papers are recorded."""
_FEW = 5
"""Up to so many pupils, the papers of each are read by themselves."""


@dataclass(frozen=True, slots=True)
class CitedPaper:
    """A paper as an alert cites it: ``ref`` in its event, ``words`` for who reads of it.

    ``position``: of the event that put it on record first.
    """

    ref: str
    words: str
    paper: Paper
    position: int


def paper_ranges(pupils: Collection[str] | None) -> Iterator[Range]:
    """Yield where the papers of some pupils are recorded, of all where none are named."""
    if pupils is None or len(pupils) > _FEW:
        yield from map(starting, PREFIXES)
        return
    for pupil in sorted(pupils):
        yield starting(streams.notices("", pupil))
        yield one(streams.penalty(pupil))
        yield one(streams.disclosure(pupil))


def by_pupil(
    recorded: Iterable[Recorded], meanwhile: Iterable[Fact], today: date
) -> dict[str, list[CitedPaper]]:
    """Return the papers that stand today, by pupil id; ``recorded``: streams of `PREFIXES`.

    ``meanwhile``: facts about to be recorded; a notice that they withdraw is left out, one that
    they bring is none yet.
    """
    notices: dict[tuple[object, ...], tuple[str, NoticeStated]] = {}
    first: dict[tuple[object, ...], int] = {}
    others: list[tuple[str, Iterable[CitedPaper]]] = []
    for r in standing(recorded):
        match r.event:
            case NoticeStated():
                notices[_key(r.stream, r.event)] = (r.stream, r.event)
                first.setdefault(_key(r.stream, r.event), r.position)
            case PenaltyConsidered():
                others.append((r.stream, _consideration_paper(r.position, r.event)))
            case Disclosed():
                others.append((r.stream, _extract_paper(r.position, r.event)))
            case _:
                pass
    withdrawn = _withdrawals(meanwhile, today)
    issued = [
        (stream, _notice_paper(stream, event, first[key]))
        for key, (stream, event) in notices.items()
        if key not in withdrawn and not _is_withdrawn(event, today)
    ]
    found: dict[str, list[CitedPaper]] = {}
    for stream, cited in [*issued, *others]:
        found.setdefault(streams.parts(stream)[1], []).extend(cited)
    return {pupil: cited for pupil, cited in found.items() if cited}


def notice_range(pupil: Pupil) -> Range:
    """Return the range of every notice about a pupil, for `notices_of`."""
    return starting(f"{streams.NOTICES}{pupil.id}:")._replace(events=True)


def notices_of(state: State, pupil: Pupil, today: date) -> list[CitedPaper]:
    """Return a pupil's penalty notices that stand today; `notice_range` asks for them."""
    prefix = f"{streams.NOTICES}{pupil.id}:"
    theirs = [stream for stream in state.histories if stream.startswith(prefix)]
    recorded = (each for stream in theirs for each in standing_on(state, stream))
    return by_pupil(recorded, (), today).get(pupil.id, [])


def with_entries(cited: CitedPaper, marks: Iterable[Recorded], codes: Codes) -> CitedPaper:
    """Return a notice that names no session with those that it rested on; others as they are.

    ``marks``: what was recorded of the pupil's marks for the sessions that are asked about.
    """
    if not cited.paper.by_period:
        return cited
    relevant = _relevant_when(marks, cited.position, codes)
    return replace(cited, paper=cited.paper.resting_on(relevant))


def _relevant_when(recorded: Iterable[Recorded], position: int, codes: Codes) -> Iterator[Session]:
    """Yield a pupil's sessions that held a relevant entry when a notice came on record.

    ``position``: of the notice. A first entry recorded after it, and not as a late one, is of
    before: a notice may come on record before the register does.
    """
    found: dict[Session, str] = {}
    for r in recorded:
        taken = isinstance(r.event, SessionMarked) and not r.event.late
        if isinstance(r.event, SessionMarked | MarkChange) and (r.position <= position or taken):
            found[parse_session(streams.parts(r.stream)[2])] = r.event.code
    yield from (each for each, code in found.items() if codes.notice_rests_on(code, each.date))


def _key(stream: str, event: NoticeStated) -> tuple[object, ...]:
    return stream, event.kind, event.issued_on, event.offence_first


def _withdrawals(meanwhile: Iterable[Fact], today: date) -> set[tuple[object, ...]]:
    return {
        _key(stream, event)
        for stream, event in meanwhile
        if isinstance(event, NoticeStated) and _is_withdrawn(event, today)
    }


def _is_withdrawn(event: NoticeStated, today: date) -> bool:
    return notices.stated(event).withdrawn(today)


def _notice_paper(stream: str, event: NoticeStated, position: int) -> Iterator[CitedPaper]:
    parent, paper = streams.parts(stream)[2], notices.stated(event).paper
    if paper is not None:
        ref = f"{parent} {event.issued_on}"
        yield CitedPaper(ref, papers.notice_words(parent, event.issued_on), paper, position)


def _consideration_paper(position: int, event: PenaltyConsidered) -> Iterator[CitedPaper]:
    paper = papers.consideration(event.entries)
    if paper is not None and event.decision in papers.CONSIDERED:
        words = f"{papers.CONSIDERED[event.decision]} (event {position})"
        yield CitedPaper(str(position), words, paper, position)


def _extract_paper(position: int, event: Disclosed) -> Iterator[CitedPaper]:
    if event.kind in papers.EXTRACTS and event.first is not None and event.last is not None:
        words = papers.extract_words(event.kind, event.on, event.first, event.last)
        paper = papers.extract(event.first, event.last, event.on)
        yield CitedPaper(str(position), words, paper, position)
