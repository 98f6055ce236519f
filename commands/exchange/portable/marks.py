"""From the rows of ``marks.csv`` and ``amendments.csv`` to facts, a few bytes a row until then."""

from collections.abc import Iterator, Sequence
from itertools import compress, islice

from commands.core.command import State
from commands.core.ranges import Range, one, starting
from commands.exchange.portable import links
from commands.exchange.portable.content import Content
from commands.exchange.portable.entries import Changes, Entries, Key
from commands.exchange.portable.held_back import HeldBack
from commands.exchange.portable.hours import HoursOff
from commands.exchange.portable.links import Link
from commands.exchange.portable.occasions import Cancellation, Occasion, Occasions
from commands.exchange.portable.rows import NOT_STATED, PLAIN, session_numbered
from commands.exchange.portable.work import Work
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event, SourcedEvent, said_in
from ledger.events.register import MarkAmended, MarkCorrected, SessionMarked
from ledger.formats.portable import AMENDMENTS, MARKS, EntryKind
from ledger.state.marks import Mark, fold
from ledger.state.school import Pupil
from ledger.store.facts import Fact

# What the ledger holds of the marks that a folder is about.


def mark_reads(content: Content, state: State) -> Iterator[Range]:
    """Yield the streams to read: none where the ledger has no pupil yet.

    One range a pupil, of every mark for a whole folder, else for the time that the folder is
    about; and one stream each for changes outside it and for plans.
    """
    if not state.school.pupils:
        return
    known: dict[tuple[object, ...], list[Event]] = {}
    done = len(state.histories)
    for wanted_range in _ranges(content, state):
        yield wanted_range
        # While the streams are being read: memory never holds every copy of equal histories.
        for stream in islice(reversed(state.histories), len(state.histories) - done):
            _share(state.histories, stream, known)
        done = len(state.histories)
    yield from map(one, sorted(_single(content, state)))


def _ranges(content: Content, state: State) -> Iterator[Range]:
    span = content.span()
    if content.whole:
        for pupil_id in sorted(state.school.pupils):
            yield starting(streams.mark(pupil_id, ""))
    elif span is not None:
        first, last = (session_numbered(number).date for number in span)
        for pupil_id in _pupils_concerned(content, state):
            yield Range(
                streams.mark(pupil_id, str(first)), streams.mark(pupil_id, f"{last}/\U0010ffff")
            )


def _single(content: Content, state: State) -> set[str]:
    span, found = content.span() or (0, 0), set()
    for change in () if content.whole else content.amendments.rows:
        pupil_id = state.identities.get(change.upn)
        outside = not span[0] <= change.number <= span[1]
        if pupil_id and outside:
            found.add(streams.mark(pupil_id, change.session))
    for plan in content.plans.rows:
        if pupil_id := state.identities.get(plan.upn):
            found.add(streams.plan(pupil_id, plan.session))
    return found


def _pupils_concerned(content: Content, state: State) -> list[str]:
    """Return the pupils whose marks to read: only those that have a row, as a rule."""
    if any(closure.cancelled for closure in state.school.closures.values()):
        return sorted(state.school.pupils)
    named = {*content.marks.upns, *(row.upn for row in content.amendments.rows)}
    found = {state.identities.get(upn, "") for upn in named}
    return sorted(found & state.school.pupils.keys())


def _share(
    histories: dict[str, list[Event]], stream: str, known: dict[tuple[object, ...], list[Event]]
) -> None:
    """Keep one copy of equal histories: the marks of a register that nobody changed.

    Only nonce and row are lost, of which an import asks nothing but whether there is a row.
    """
    event, *later = histories[stream]
    if later or not isinstance(event, SessionMarked) or event.nature or event.comment:
        return
    said = (event.code, event.late, event.minutes_late, event.reason, event.by, event.stated)
    histories[stream] = known.setdefault((*said, event.row is None), histories[stream])


class HeldMarks:
    """The marks that were read; false where there are none, as on a first import.

    ``unseen``, ``unseen_changes``: how many of a source's marks and changes nobody asked for.
    """

    def __init__(self, state: State) -> None:
        self._histories = state.histories
        found = [events for s, events in state.histories.items() if s.startswith(streams.MARK)]
        self._any = bool(found)
        self.unseen = sum(map(_stated_first, found))
        self.unseen_changes = sum(_changes(events) for events in found if len(events) > 1)

    def __bool__(self) -> bool:
        return self._any

    def knows(self, stream: str) -> bool:
        """Tell whether a mark was read."""
        return stream in self._histories

    def take(self, stream: str) -> Mark:
        """Return one mark, once."""
        events = self._histories.get(stream, ())
        mark = fold(events)
        self.unseen -= mark.source_entry is not None
        self.unseen_changes -= _changes(events) if mark.steps else 0
        return mark


def _stated_first(events: Sequence[Event]) -> bool:
    entry = events[0]
    return isinstance(entry, SessionMarked) and entry.row is not None


def _changes(events: Sequence[Event]) -> int:
    kinds = MarkAmended | MarkCorrected
    return sum(isinstance(event, kinds) and event.row is not None for event in events)


_COUNTED = {
    "entry": "entries",
    "late_entry": "late entries",
    "taking": "corrections during taking",
    "amendment": "amendments",
    "restated": "marks restated",
    "conflict": "conflicts with what a person did here",
    "settled": "conflicts settled",
}


_Place = tuple[Pupil, Occasion]
"""Which mark: whose, and of which session."""


class Marks:
    """Every mark of an import; `facts` makes the facts one by one, once ``count`` is known.

    ``_plain``: the rows that are first marks with nothing after them, which is nearly all;
    ``_chains``: what has to be recorded for the others.
    """

    def __init__(self, work: Work) -> None:
        self.count = 0
        self._work = work
        self._rows = work.content.marks
        self._occasions = Occasions(work)
        self._held = HeldMarks(work.state)
        changes = Changes(work, self._occasions)
        self._changes, self._faulty = changes.found, changes.faulty
        self._entries = Entries(work, self._occasions, changes.found, anew=not self._held)
        self._plain = bytearray(len(self._rows))
        self._chains: list[tuple[str, Sequence[Link]]] = []
        self._settled: set[Key] = set()
        self._hours = HoursOff(self._rows)
        self._held_back = HeldBack(work)

    def plan(self) -> None:
        """Go through all rows: check each, and settle what has to be recorded for it."""
        self._work.gone["marks"] = 0  # told before what is gone of their changes
        for first, last, usual in self._entries.standing():
            if usual:
                self._plan_first_marks(first, last)
            else:
                self._plan_row(first)
        self._hours.ask(self._work.problems)
        self._faulty |= self._entries.faulty
        for key, changes in self._changes.items():
            if key not in self._settled and key not in self._faulty:
                self._plan_changes_alone(key, changes)
        for number in self._occasions.cancelled():
            self._plan_cancelled(number)
        for number in self._occasions.not_cancelled():
            self._see_withdrawn(self._occasions.at(number))
        self._held_back.find()
        self._work.gone["marks"] += self._held.unseen
        if self._work.content.whole:
            self._work.gone["amendments"] += self._held.unseen_changes

    def facts(self) -> Iterator[Fact]:
        """Yield every fact of the plan."""
        yield from self._first_marks()
        for stream, versions in self._chains:
            for link in versions:
                yield Fact(stream, links.event(link))

    def _first_marks(self) -> Iterator[Fact]:
        """Yield the facts of the plain rows.

        Those of one register say the same of each code but for whose they are, and in which row.
        """
        rows, begins = self._rows, self._entries.streams()
        for first, last in rows.registers():
            ends, made = self._entries.occasion(first).text, dict[int, SourcedEvent]()
            for index in compress(range(first, last), self._plain[first:last]):
                stream, code = begins[rows.upn[index]] + ends, rows.code[index]
                if index in rows.extras:
                    yield Fact(stream, links.event(self._entry(index)))
                    continue
                event = made.get(code)
                if event is None:
                    event = made[code] = links.event(self._entry(index))
                yield Fact(stream, said_in(event, rows.line[index]))

    def changes(self) -> Iterator[Fact]:
        """Yield the facts about marks that the ledger holds already."""
        for stream, versions in self._chains:
            if self._held.knows(stream):
                yield from (Fact(stream, links.event(link)) for link in versions)

    def _plan_first_marks(self, first: int, last: int) -> None:
        """Take rows of one register with nothing after them; ``last``: before which they end."""
        occasion, number = self._entries.occasion(first), last - first
        self._plain[first:last] = bytes([1]) * number
        self._hours.see(first, occasion, number)
        self._add_to_count(self._kind(first, occasion), number)

    def _plan_row(self, index: int) -> None:
        pupil, occasion = self._entries.pupil(index), self._entries.occasion(index)
        key = (pupil.id, occasion.number)
        changes = self._changes.get(key)
        if changes is None and occasion.open and not self._held:
            self._plan_first_marks(index, index + 1)
            return
        cancelled = self._occasions.cancellation(occasion, pupil)
        withdrawn = self._occasions.withdrawn(occasion, pupil)
        if cancelled is None and withdrawn is not None and self._entries.holds(index):
            cancelled = withdrawn
        if changes is not None or cancelled is not None:
            self._settled.add(key)
        if key not in self._faulty:
            stated, stream = [self._entry(index), *(changes or ())], self._stream(pupil, occasion)
            if self._entries.stopped.get((pupil.id, occasion.text)) == stated[-1].code:
                cancelled = None
            if not self._held.knows(stream):
                self._hours.see(index, occasion)
            self._settle((pupil, occasion), stated, cancelled)

    def _settle(self, of: _Place, stated: Sequence[Link], cancelled: Cancellation | None) -> None:
        """Record what is new of a mark's versions, when each follows from the one before."""
        held = self._held.take(self._stream(*of))
        if links.go_on_from_held(stated, held):
            self._settle_added(of, stated[1:], held)
            links.tell_entry(self._work, stated[0], held)
        elif self._in_order(stated):
            full = stated if cancelled is None else links.with_cancellation(stated, cancelled)
            nature = self._work.text(held.nature)
            new = links.new_links(full, held) or links.restated_details(full, held, nature)
            self._add(of, new, stated[1:])
            links.tell_chain(self._work, stated, new, len(full) - len(new), held)

    def _settle_added(self, of: _Place, changes: Sequence[Link], held: Mark) -> None:
        new = links.new_changes(changes, held)
        stands = Link("entry", held.code or "", 0, stated=links.latest(held) or None)
        if not new or new[0].kind == "conflict" or self._in_order([stands, *new]):
            self._add(of, new, changes)
            links.tell_changes(self._work, changes, new, held)

    def _in_order(self, stated: Sequence[Link]) -> bool:
        fault = links.order_fault(stated)
        if fault is not None:
            self._work.problems.refuse(AMENDMENTS, fault[0].row, fault[1])
        return fault is None

    def _plan_changes_alone(self, key: Key, changes: Sequence[Link]) -> None:
        """Settle the changes whose mark is not in the folder: the ledger's, or a cancelled one."""
        pupil, occasion = self._work.school.pupils[key[0]], self._occasions.at(key[1])
        of = (pupil, occasion)
        held = self._held.take(self._stream(*of))
        self._settled.add(key)
        if held.code is not None:
            self._settle_added(of, changes, held)
            return
        cancelled = self._occasions.cancellation(occasion, pupil)
        if cancelled is not None and pupil.on_roll(occasion.day):
            self._settle(of, [_cancelled_entry(cancelled), *changes], cancelled)
            return
        if self._is_unread(pupil):
            self._work.unsure.add((AMENDMENTS, MARKS))
            return
        why = Refused(
            "mark-missing",
            f"there is no mark for {occasion.text} that it could amend",
            "add the mark to marks.csv, or correct upn, date or session",
        )
        self._work.problems.refuse(AMENDMENTS, changes[0].row, why)

    def _is_unread(self, pupil: Pupil) -> bool:
        """Tell whether a mark of a pupil may be in a row of marks.csv that could not be read."""
        faulty = set(self._rows.faulty)
        if MARKS in self._work.problems.unread or None in faulty:
            return True
        return any(upn and self._work.pupil_id(upn) == pupil.id for upn in faulty)

    def _plan_cancelled(self, number: int) -> None:
        """Give the code of a cancelled session to everyone concerned who has no row."""
        occasion = self._occasions.at(number)
        for pupil in self._work.school.pupils.values():
            if (pupil.id, number) in self._settled or not pupil.on_roll(occasion.day):
                continue
            cancelled = self._occasions.cancellation(occasion, pupil)
            if cancelled is not None:
                entry = _cancelled_entry(cancelled)
                self._settle((pupil, occasion), [entry], cancelled)

    def _see_withdrawn(self, occasion: Occasion) -> None:
        """Take the marks of a cancellation withdrawn here: the folder still states them."""
        for pupil in self._work.school.pupils.values():
            settled = (pupil.id, occasion.number) in self._settled
            if not settled and self._occasions.withdrawn(occasion, pupil) is not None:
                self._held.take(self._stream(pupil, occasion))

    def _add(self, of: _Place, versions: Sequence[Link], changes: Sequence[Link]) -> None:
        if versions:
            self._chains.append((self._stream(*of), versions))
            self._held_back.see(*of, versions, changes)
        for link in versions:
            settled = link.kind == "conflict" and link.original == link.code
            self._add_to_count("settled" if settled else link.kind)

    def _add_to_count(self, kind: str, number: int = 1) -> None:
        self.count += number
        self._work.counts[_COUNTED[kind]] += number

    def _entry(self, index: int) -> Link:
        rows = self._rows
        stated, extras = rows.stated[index], rows.extras.get(index, PLAIN)
        return Link(
            self._kind(index, self._entries.occasion(index)),
            rows.codes[rows.code[index]],
            rows.line[index],
            stated=None if stated == NOT_STATED else stated,
            by=rows.staff[rows.by[index]] or None,
            reason=extras.reason,
            minutes_late=extras.minutes_late,
            nature=extras.nature,
            comment=extras.comment,
        )

    def _kind(self, index: int, occasion: Occasion) -> EntryKind:
        """Return whether a mark was made after the register had closed."""
        extras = self._rows.extras.get(index)
        if extras is not None and extras.kind is not None:
            return extras.kind
        closing = occasion.closing
        late = closing is not None and self._rows.stated[index] > closing
        return "late_entry" if late else "entry"

    @staticmethod
    def _stream(pupil: Pupil, occasion: Occasion) -> str:
        return f"{streams.MARK}{pupil.id}:{occasion.text}"


def _cancelled_entry(cancelled: Cancellation) -> Link:
    return Link(
        "entry", cancelled.code, cancelled.line,
        stated=cancelled.stated, reason=cancelled.why, in_file=False,
    )  # fmt: skip
