"""A pupil's penalty notices as they were stated last, as the rules on notices take them."""

from commands.core.command import Range, State, starting
from ledger.events import streams
from ledger.events.families import NoticeStated
from ledger.state.school import Pupil
from ledger.values import parse_session
from policies.law.notices import Notice


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
                    found[stream, e.kind, e.issued_on, e.offence_first] = _notice(e)
    return list(found.values())


def _notice(e: NoticeStated) -> Notice:
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
