"""What the ledger holds of the marks that a folder is about."""

from collections.abc import Iterator, Sequence
from itertools import islice

from commands.core.command import Range, State, one, starting
from commands.exchange.portable import session_numbers
from commands.exchange.portable.content import Content
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.register import MarkAmended, MarkCorrected, SessionMarked
from ledger.state.marks import Mark, fold


def wanted(content: Content, state: State) -> Iterator[Range]:
    """Yield the streams to read: none where the ledger has no pupil yet.

    One range a pupil, of every mark for a whole folder, else for the time that the folder is
    about; and one stream each for changes outside it and for plans.
    """
    if not state.school.pupils:
        return
    shared = _Shared()
    for wanted_range in _ranges(content, state):
        yield wanted_range
        shared.take_in(state.histories)
    yield from map(one, sorted(_single(content, state)))


def _ranges(content: Content, state: State) -> Iterator[Range]:
    span = content.span()
    if content.whole:
        for pupil_id in sorted(state.school.pupils):
            yield starting(streams.mark(pupil_id, ""))
    elif span is not None:
        first, last = (session_numbers.session(number).date for number in span)
        for pupil_id in _concerned(content, state):
            yield Range(
                streams.mark(pupil_id, str(first)), streams.mark(pupil_id, f"{last}/\U0010ffff")
            )


def _single(content: Content, state: State) -> set[str]:
    span, found = content.span() or (0, 0), set()
    for change in () if content.whole else content.amendments.rows:
        pupil_id = state.identities.get(change.upn)
        outside = not span[0] <= session_numbers.number(change.date, change.half) <= span[1]
        if pupil_id and outside:
            found.add(streams.mark(pupil_id, change.session))
    for plan in content.plans.rows:
        if pupil_id := state.identities.get(plan.upn):
            found.add(streams.plan(pupil_id, plan.session))
    return found


def _concerned(content: Content, state: State) -> list[str]:
    """Return the pupils whose marks to read: only those that have a row, as a rule."""
    if any(closure.cancelled for closure in state.school.closures.values()):
        return sorted(state.school.pupils)
    named = {*content.marks.upns, *(row.upn for row in content.amendments.rows)}
    found = {state.identities.get(upn, "") for upn in named}
    return sorted(found & state.school.pupils.keys())


class _Shared:
    """Keeps one copy of equal histories: the marks of a register that nobody changed.

    It is called while the streams are being read, so that memory never holds all copies. Only
    nonce and row are lost, of which an import asks nothing.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], list[Event]] = {}
        self._done = 0

    def take_in(self, histories: dict[str, list[Event]]) -> None:
        """Share the histories that were read since the last time."""
        for stream in islice(reversed(histories), len(histories) - self._done):
            event = histories[stream][0]
            plain = isinstance(event, SessionMarked) and not (event.nature or event.comment)
            if plain and len(histories[stream]) == 1:
                histories[stream] = self._known.setdefault(_content(event), histories[stream])
        self._done = len(histories)


def _content(event: Event) -> tuple[object, ...]:
    content = [getattr(event, name) for name in _SHARED]
    return *content, getattr(event, "row", None) is None


_SHARED = ("code", "late", "minutes_late", "reason", "by", "stated")


class HeldMarks:
    """The marks that were read; false where there are none, as on a first import."""

    def __init__(self, state: State) -> None:
        self._histories = state.histories
        found = [events for s, events in state.histories.items() if s.startswith(streams.MARK)]
        self._any = bool(found)
        self._unseen = sum(map(_stated_first, found))
        self._unseen_changes = sum(_changes(events) for events in found if len(events) > 1)

    def __bool__(self) -> bool:
        return self._any

    def take(self, stream: str) -> Mark:
        """Return one mark, once."""
        events = self._histories.get(stream, ())
        mark = fold(events)
        self._unseen -= mark.source_entry is not None
        self._unseen_changes -= _changes(events) if mark.steps else 0
        return mark

    def unseen(self) -> int:
        """Return how many marks of a source were not asked for."""
        return self._unseen

    def unseen_changes(self) -> int:
        """Return how many changes of a source were on marks that were not asked for."""
        return self._unseen_changes


def _stated_first(events: Sequence[Event]) -> bool:
    entry = events[0]
    return isinstance(entry, SessionMarked) and entry.row is not None


def _changes(events: Sequence[Event]) -> int:
    kinds = MarkAmended | MarkCorrected
    return sum(isinstance(event, kinds) and event.row is not None for event in events)
