"""Record when registers open and close, from a date."""

from datetime import date, time

from commands.core import records
from commands.core.command import Decision, State, UseCase, decided, option
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import RegisterTimesSet
from ledger.store.store import Fact
from policies.packs.rules import Rules


class SetRegisterTimes(UseCase):
    """attendance register times: record when registers open and close, from a date.

    London wall time; in force from a date until the next times recorded.
    """

    from_: date = option("first day on which they apply")
    am_opens: str = option("morning register opens, 08:45")
    am_closes: str = option("morning register closes")
    pm_opens: str = option("afternoon register opens")
    pm_closes: str = option("afternoon register closes")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Set the times; they must follow each other through the day."""
        state.author(now)
        written = (self.am_opens, self.am_closes, self.pm_opens, self.pm_closes)
        times = [_read(text) for text in written]
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
        if before is not None and records.plain(before) == records.plain(event):
            return decided([], "these times are recorded already; nothing was recorded")
        says = f"registers from {event.since}: {', '.join(written)}"
        return decided([Fact(streams.CALENDAR, event)], says)


def _read(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Refused("time", f"{text!r} is not a time of day", "write it as 08:45") from None
