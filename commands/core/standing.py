"""What stands of the entries of a stream: those that nobody has taken back since."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from commands.core.command import State
from ledger.events import penalties
from ledger.events.amending import EntryTakenBack, EvidenceGiven
from ledger.events.base import Event
from ledger.events.casework import CaseworkStepTaken
from ledger.events.disclosure import Disclosed
from ledger.events.returns import ReturnMade
from ledger.state.school import is_notice
from ledger.store.facts import Recorded

MAY_BE_TAKEN_BACK: Mapping[type[Event], str] = MappingProxyType(
    {
        penalties.NoticeStated: "penalty notice",
        penalties.NoticesConfirmed: "confirmation by the authority",
        penalties.PenaltyConsidered: "consideration of a penalty notice",
        penalties.AlertSettled: "settlement of an alert",
        Disclosed: "disclosure",
        ReturnMade: "return",
        EvidenceGiven: "evidence",
        CaseworkStepTaken: "step with the family",
    }
)
"""What may be taken back, and what it is called."""


def standing(recorded: Iterable[Recorded]) -> list[Recorded]:
    """Return the entries that stand, in their order, without those that take others back."""
    found: list[Recorded] = []
    for each in recorded:
        if isinstance(each.event, EntryTakenBack):
            found = [earlier for earlier in found if not _takes_back(each, earlier)]
        else:
            found.append(each)
    return found


def _takes_back(taking: Recorded, earlier: Recorded) -> bool:
    event, said = taking.event, earlier.event
    assert isinstance(event, EntryTakenBack)  # noqa: S101 - the caller's own
    if event.notice is None or not isinstance(said, penalties.NoticeStated):
        return earlier.position == event.entry
    return earlier.stream == taking.stream and is_notice(said, event.notice)


def standing_on(state: State, stream: str) -> list[Recorded]:
    """Return the entries of a stream that stand; the use case asked for it."""
    places, events = state.positions.get(stream, ()), state.histories.get(stream, ())
    placed = enumerate(zip(places, events, strict=True))
    return standing(Recorded(at, stream, nth, event) for nth, (at, event) in placed)


def standing_events(state: State, stream: str) -> list[Event]:
    """Return the events of a stream that stand."""
    return [each.event for each in standing_on(state, stream)]
