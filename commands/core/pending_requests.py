"""Requested amendments that nobody has decided yet, as decisions see them."""

from collections.abc import Iterable, Iterator

from commands.core.command import Range, State, starting
from commands.core.sessions import Span
from ledger.events import streams
from ledger.events.amending import AmendmentRequested, RequestDecided
from ledger.events.base import Event
from ledger.state.school import Pupil
from ledger.values import Session, parse_session


def needed(pupil: Pupil, span: Span | None = None) -> Range:
    """Return the range of a pupil's requests, of every session or of a span."""
    if span is None:
        return starting(streams.approval(pupil.id, ""))
    first, last = (streams.approval(pupil.id, session) for session in span[:2])
    return Range(first, last + "\x00")


def pending(state: State, pupil: Pupil) -> dict[Session, AmendmentRequested]:
    """Return what waits for a second person, by session, among what was asked for."""
    found = ((session, request) for of, session, request in every(state) if of == pupil.id)
    return dict(sorted(found, key=lambda each: each[0]))


def every(state: State) -> Iterator[tuple[str, Session, AmendmentRequested]]:
    """Yield what waits, by pupil id and session, among what was asked for."""
    for stream, events in state.histories.items():
        request = standing(events) if stream.startswith(streams.APPROVAL) else None
        if request is not None:
            _, pupil_id, session = streams.parts(stream)
            yield pupil_id, parse_session(session), request


def standing(events: Iterable[Event]) -> AmendmentRequested | None:
    """Return the request of one stream that is not decided yet."""
    request = None
    for event in events:
        match event:
            case AmendmentRequested():
                request = event
            case RequestDecided():
                request = None
            case _:
                pass
    return request
