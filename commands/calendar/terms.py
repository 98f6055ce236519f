"""When the school meets: the first and last day of its terms, and when registers open and close.

A term does not move away from marks that stand: they would no longer count.
"""

from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta

from commands.core import checks, sessions
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import CALENDAR, ROLL, Range
from ledger import names
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import RegisterTimesSet, TermSet
from ledger.state.marks import fold
from ledger.store.facts import Fact
from ledger.values import HALVES, Session, school_year_number
from policies.packs.codes import Rules

_DAY = timedelta(days=1)


class SetTerm(UseCase):
    """attendance terms set: record a term's first and last day.

    A term or half term; the same name in the same school year replaces it.
    """

    name: str = argument("name of the term", kept=names.name)
    first: date = option("first day")
    last: date = option("last day")
    dry_run: bool = option("show what would be recorded; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and the calendar; the marks on days that the term would no longer hold."""
        yield from (state.own_row, CALENDAR)
        for first, last in _stretches_left_out(self, state):
            yield ROLL
            span = sessions.Span(Session(first, HALVES[0]), Session(last, HALVES[-1]))
            for pupil in state.school.pupils.values():
                yield sessions.marks(pupil, span)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Set a term that overlaps no other and leaves out no day with marks."""
        state.author(now)
        term = TermSet(
            name=checks.required_text(self.name, "name"), first=self.first, last=self.last
        )
        if term.last < term.first:
            raise Refused(
                "dates-reversed",
                f"{term.name} ends ({term.last}) before it begins ({term.first})",
                "give the first day with --first, the last with --last",
            )
        key = (term.name, school_year_number(term.first))
        for other_key, other in state.school.terms.items():
            if other_key != key and other.first <= term.last and term.first <= other.last:
                raise Refused(
                    "terms-overlap",
                    f"{term.name} would overlap {other.name} ({other.first} to {other.last})",
                    "check the dates of both",
                )
        before = state.school.terms.get(key)
        if before is not None and (before.first, before.last) == (term.first, term.last):
            return decided([], f"{term.name} is set so already; nothing was recorded")
        _check_unmarked(term, state)
        says = f"{term.name}: {term.first} to {term.last}"
        return decided([Fact(streams.CALENDAR, term)], says, dry_run=self.dry_run)


class SetRegisterTimes(UseCase):
    """attendance register times: record when registers open and close, from a date.

    London wall time; in force from a date until the next times recorded.
    """

    from_: date = option("first day on which they apply")
    am_opens: str = option("morning register opens, 08:45")
    am_closes: str = option("morning register closes")
    pm_opens: str = option("afternoon register opens")
    pm_closes: str = option("afternoon register closes")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and the calendar."""
        return state.own_row, CALENDAR

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Set the times; they must follow each other through the day."""
        state.author(now)
        written = (self.am_opens, self.am_closes, self.pm_opens, self.pm_closes)
        times = [_time_of_day(text) for text in written]
        if times != sorted(set(times)):
            raise Refused(
                "times-order",
                f"these times do not follow each other: {', '.join(written)}",
                "the morning register opens and closes, then the afternoon register",
            )
        am_opens, am_closes, pm_opens, pm_closes = (t.isoformat() for t in times)
        event = RegisterTimesSet(
            since=self.from_,
            am_opens=am_opens,
            am_closes=am_closes,
            pm_opens=pm_opens,
            pm_closes=pm_closes,
        )
        before = state.school.times.get(event.since)
        if before is not None and checks.details_of(before) == checks.details_of(event):
            return decided([], "these times are recorded already; nothing was recorded")
        says = f"registers from {event.since}: {', '.join(written)}"
        return decided([Fact(streams.CALENDAR, event)], says)


def _stretches_left_out(command: SetTerm, state: State) -> Iterator[tuple[date, date]]:
    """Yield the first and last day of each stretch that the term held and would not hold."""
    before = state.school.terms.get((command.name.strip(), school_year_number(command.first)))
    if before is None or command.last < command.first:
        return
    if before.first < command.first:
        yield before.first, min(before.last, command.first - _DAY)
    if command.last < before.last:
        yield max(before.first, command.last + _DAY), before.last


def _check_unmarked(term: TermSet, state: State) -> None:
    """Refuse where marks stand on the days left out, which are what was asked for."""
    found = [
        streams.parts(stream)[1:]
        for stream, events in state.histories.items()
        if fold(events).code is not None
    ]
    if not found:
        return
    marks = number_of(len(found), "mark")
    pupils = number_of(len({pupil_id for pupil_id, _ in found}), "pupil")
    raise Refused(
        "marks-stand",
        f"{term.name} from {term.first} to {term.last} would leave {marks} of {pupils} outside "
        f"every term, the first for {min(session for _, session in found)}",
        "give days that hold them; a session that was not held after all is recorded with "
        "attendance session cancel",
    )


def _time_of_day(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Refused("time", f"{text!r} is not a time of day", "write it as 08:45") from None
