"""Papers that rest on a pupil's register: notices, considerations, certificates and packs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from commands.core.command import Range, State, starting
from ledger.events import streams
from ledger.events.disclosure import Disclosed
from ledger.events.penalties import NoticeStated, PenaltyConsidered
from ledger.state.school import Pupil
from ledger.store.store import Fact, Recorded
from ledger.values import Session, parse_session
from policies.law.notices import Notice

# -- papers --------------------------------------------------------------------------------
# Papers that rest on a pupil's register: notices, considerations, certificates and packs.


PREFIXES = (streams.NOTICES, streams.PENALTY, streams.DISCLOSURE)
"""The streams on which papers are recorded."""

_FAILURE_TO_ATTEND = "s444A"
_CERTIFIED = ("certificate", "pack")
_CONSIDERED = {
    "refer": "decision to refer to the authority",
    "issue": "decision to issue a notice",
    "not-now": "decision not to act for now",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper and the sessions that it relied on.

    ``sessions``: those it names; without any, each from ``first`` to ``last`` (both included).
    ``kind`` and ``ref`` as in the event that an alert records; ``words``: for who reads of it.
    """

    kind: Literal["notice", "consideration", "certificate"]
    ref: str
    words: str
    first: date
    last: date
    sessions: frozenset[Session] = frozenset()

    def relied_on(self, session: Session) -> bool:
        """Tell whether the paper relied on a session."""
        if self.sessions:
            return session in self.sessions
        return self.first <= session.date <= self.last


def by_pupil(
    recorded: Iterable[Recorded], meanwhile: Iterable[Fact], today: date
) -> dict[str, list[Paper]]:
    """Return the papers that stand today, by pupil id; ``recorded``: streams of `PREFIXES`.

    ``meanwhile``: facts about to be recorded; a notice that they withdraw is left out, one that
    they bring is none yet.
    """
    notices: dict[tuple[object, ...], tuple[str, NoticeStated]] = {}
    others: list[tuple[str, Iterable[Paper]]] = []
    for r in recorded:
        match r.event:
            case NoticeStated():
                notices[_key(r.stream, r.event)] = (r.stream, r.event)
            case PenaltyConsidered():
                others.append((r.stream, _consideration(r.position, r.event)))
            case Disclosed():
                others.append((r.stream, _certificate(r.position, r.event)))
            case _:
                pass
    withdrawn = _withdrawn(meanwhile, today)
    standing = [
        (stream, _notice(stream, event))
        for key, (stream, event) in notices.items()
        if event.kind == _FAILURE_TO_ATTEND
        and key not in withdrawn
        and not _withdrawn_by(event, today)
    ]
    found: dict[str, list[Paper]] = {}
    for stream, papers in [*standing, *others]:
        found.setdefault(streams.parts(stream)[1], []).extend(papers)
    return {pupil: papers for pupil, papers in found.items() if papers}


def day(when: date) -> str:
    """Write a date in words: 2 November 2026."""
    return f"{when.day} {when:%B %Y}"


def _key(stream: str, event: NoticeStated) -> tuple[object, ...]:
    return stream, event.kind, event.issued_on, event.offence_first


def _withdrawn(meanwhile: Iterable[Fact], today: date) -> set[tuple[object, ...]]:
    return {
        _key(stream, event)
        for stream, event in meanwhile
        if isinstance(event, NoticeStated) and _withdrawn_by(event, today)
    }


def _withdrawn_by(event: NoticeStated, today: date) -> bool:
    return Notice(
        kind=event.kind,
        issued_on=event.issued_on,
        paid_on=event.paid_on,
        withdrawn_on=event.withdrawn_on,
        outcome=event.outcome,
        outcome_on=event.outcome_on,
    ).withdrawn(today)


def _notice(stream: str, event: NoticeStated) -> Iterator[Paper]:
    parent = streams.parts(stream)[2]
    sessions = frozenset(map(parse_session, event.sessions))
    days = [session.date for session in sessions]
    first = min(days, default=event.offence_first)
    if first is not None:
        last = max(days, default=event.offence_last or event.issued_on)
        words = f"penalty notice to parent {parent} issued {day(event.issued_on)}"
        yield Paper("notice", f"{parent} {event.issued_on}", words, first, last, sessions)


def _consideration(position: int, event: PenaltyConsidered) -> Iterator[Paper]:
    sessions = frozenset(parse_session(entry.split(" ")[0]) for entry in event.entries)
    if sessions and event.decision in _CONSIDERED:
        days = [session.date for session in sessions]
        words = f"{_CONSIDERED[event.decision]} (event {position})"
        yield Paper("consideration", str(position), words, min(days), max(days), sessions)


def _certificate(position: int, event: Disclosed) -> Iterator[Paper]:
    """Yield the paper, up to the day on which it was given: later sessions it cannot hold."""
    if event.kind in _CERTIFIED and event.first is not None and event.last is not None:
        words = (
            f"{event.kind} given on {day(event.on)} for {day(event.first)} to {day(event.last)}"
        )
        last = min(event.last, event.on)
        yield Paper("certificate", str(position), words, event.first, last)


# -- notices_stated ------------------------------------------------------------------------
# A pupil's penalty notices as they were stated last, as the rules on notices take them.


def needed(pupil: Pupil) -> Range:
    """Return the range of every notice about a pupil."""
    return starting(f"{streams.NOTICES}{pupil.id}:")


def notices_of(state: State, pupil: Pupil) -> list[Notice]:
    """Return a pupil's penalty notices as they were stated last; `needed` asks for them."""
    prefix = f"{streams.NOTICES}{pupil.id}:"
    found: dict[tuple[object, ...], Notice] = {}
    for stream, events in state.histories.items():
        if stream.startswith(prefix):
            for e in events:
                if isinstance(e, NoticeStated):
                    found[stream, e.kind, e.issued_on, e.offence_first] = _notices_stated_notice(e)
    return list(found.values())


def _notices_stated_notice(e: NoticeStated) -> Notice:
    return Notice(
        kind=e.kind,
        issued_on=e.issued_on,
        offence_first=e.offence_first,
        offence_last=e.offence_last,
        received_on=e.received_on,
        paid_on=e.paid_on,
        withdrawn_on=e.withdrawn_on,
        outcome=e.outcome,
        outcome_on=e.outcome_on,
        sessions=tuple(parse_session(text) for text in e.sessions),
    )
