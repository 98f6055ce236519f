"""The clocks that stamp the log: entries that a wrong one stamped, and a day that is confirmed."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time

from commands.core import checks, clocks
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import Range, one
from ledger import times
from ledger.clock import at_london, local_date, parse_instant
from ledger.english import weekday
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.log import ClockCorrected, DayConfirmed
from ledger.store.facts import Fact
from ledger.times import Stamp, instant_in_words
from policies.packs.codes import Rules


class CorrectClock(UseCase):
    """attendance clock correct: record that a wrong clock stamped some entries.

    What was recorded stays; they are shown as recorded between two times, by default after the
    entry before them and before the entry after them. Nothing recorded before changes by it.
    """

    admits = ("behind",)

    first: int = argument("the first of the entries", minimum=1)
    last: int = argument("the last of them", minimum=1)
    reason: str = option("how it is known that the clock was wrong; kept sealed")
    earliest: str | None = option(
        "they were not recorded before this [when the entry before them was]", default=None
    )
    latest: str | None = option(
        "nor after this [when the entry after them was, or now]", default=None
    )

    def reads(self, state: State) -> Iterable[Range]:
        """Name who records it, and every transaction: the times of its neighbours bound it."""
        return state.own_row, one(streams.COMMITS), one(streams.clock())

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record between which times the entries were recorded; nothing where it is known so."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        aim = _aim(self, clocks.stamps_in(state), now)
        earliest, latest = _earliest(self.earliest, aim), _latest(self.latest, aim)
        if aim.is_known and (self.earliest, self.latest) == (None, None):
            return decided([], f"{aim.words} corrected so already; nothing was recorded")
        _check_times(aim, earliest, latest)
        event = ClockCorrected(
            first=aim.first,
            last=aim.last,
            earliest=earliest,
            latest=latest,
            reason=reason,
            **author.fields,
        )
        return decided(
            [Fact(streams.clock(), event)],
            f"{aim.words} recorded between {instant_in_words(earliest)} and "
            f"{instant_in_words(latest)}",
            "they are shown so from now on, with what the clock said; how late something was "
            "goes by both times, from one number to another where they differ, and counts by the "
            "later",
        )


class ConfirmDay(UseCase):
    """attendance clock confirm: say that it is this day, which the clock reached in one step.

    Asked for where nothing was recorded for a long time, as over a summer.
    """

    admits = ("ahead",)

    day: date = argument("today's date")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who says so; look for when the last entry was recorded."""
        yield state.own_row
        yield one(streams.COMMITS)._replace(rests=False)
        yield one(streams.clock())

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the day; it is the one that the clock reads."""
        today = local_date(now)
        if self.day != today:
            raise Refused(
                "day-other",
                f"{weekday(self.day)} is not what this computer's clock says: {weekday(today)}",
                "set the clock if it is wrong; else give the day that it says",
            )
        author = state.author(now)
        last = times.last_of(clocks.stamps_in(state))
        if times.off(now, last.at) is None:
            days = (today - local_date(last.at)).days
            return decided(
                [],
                f"the last entry is of {weekday(local_date(last.at))}, {days} days before: "
                "nothing has to be confirmed, and nothing was recorded",
            )
        event = DayConfirmed(day=today, **author.fields)
        return decided([Fact(streams.clock(), event)], f"it is {weekday(today)}; go on recording")


@dataclass(frozen=True, slots=True)
class _Aim:
    """Whole transactions, and the times of the entries right before (if any) and after them.

    ``is_known``: whether just these are recorded to have been stamped by a wrong clock.
    """

    first: int
    last: int
    after: int | None
    before: int
    is_known: bool

    @property
    def words(self) -> str:
        """Name the entries."""
        one_entry = self.first == self.last
        return f"entry {self.first}:" if one_entry else f"entries {self.first} to {self.last}:"


def _aim(command: CorrectClock, stamps: list[Stamp], now: int) -> _Aim:
    """Return the transactions that entries belong to, with their neighbours' times."""
    first, last = command.first, command.last
    if last < first:
        what = f"entry {last} is before entry {first}"
        raise Refused("entries-reversed", what, "give the earlier entry first")
    end = stamps[-1].last
    if last > end:
        what = f"the ledger has no entry {last}; its newest is {end}"
        raise Refused("position-unknown", what, "attendance gaps names the entries concerned")
    begin = next(n for n, stamp in enumerate(stamps) if stamp.last >= first)
    until = next(n for n, stamp in enumerate(stamps) if stamp.last >= last)
    inside, after = stamps[begin : until + 1], stamps[until + 1 : until + 2]
    known = {stamp.wrong and stamp.wrong[1:3] for stamp in inside}
    aimed = (inside[0].first, inside[-1].last)
    return _Aim(
        *aimed,
        stamps[begin - 1].earliest if begin else None,
        min([now, *(stamp.latest for stamp in after)]),
        known == {aimed},
    )


def _earliest(stated: str | None, aim: _Aim) -> int:
    """Return the earliest time: as stated, of a bare date its beginning, or the neighbour's."""
    if stated is None:
        if aim.after is None:
            raise Refused(
                "earliest-missing",
                "no entry comes before entry 1, so nothing says how early it can have been",
                "give that time with --earliest",
            )
        return aim.after
    with suppress(ValueError):
        return at_london(date.fromisoformat(stated), time())
    return parse_instant(stated)


def _latest(stated: str | None, aim: _Aim) -> int:
    return aim.before if stated is None else parse_instant(stated)


def _check_times(aim: _Aim, earliest: int, latest: int) -> None:
    """Refuse times that the entries around do not allow."""
    if latest < earliest:
        raise Refused(
            "times-reversed",
            f"{instant_in_words(latest)} is before {instant_in_words(earliest)}",
            "give the earlier time as --earliest; where the entry before them was stamped by a "
            "wrong clock too, correct it with them",
        )
    if aim.after is not None and earliest < aim.after:
        raise Refused(
            "time-before-neighbour",
            f"entry {aim.first - 1} was recorded on {instant_in_words(aim.after)}, so entry "
            f"{aim.first} was not recorded as early as {instant_in_words(earliest)}",
            f"give a time from then on as --earliest, or correct entry {aim.first - 1} too",
        )
    if latest > aim.before:
        raise Refused(
            "time-after-neighbour",
            f"what came after entry {aim.last} was recorded by {instant_in_words(aim.before)}, so "
            f"it was not recorded as late as {instant_in_words(latest)}",
            "give a time until then as --latest",
        )
