"""Which sessions a command is about: one, or all from one to another."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from commands.core.command import UseCase, option
from commands.core.ranges import Range, between
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.state.school import Pupil
from ledger.values import HALVES, Half, Session, parse_date, parse_session

_FIRST_HALF, _LAST_HALF = HALVES


class Span(NamedTuple):
    """The sessions from ``first`` to ``last``; ``single`` when one session was named."""

    first: Session
    last: Session
    single: bool = False

    def holds(self, session: Session) -> bool:
        """Tell whether a session is in the span."""
        return self.first <= session <= self.last


class SpanCommand(UseCase):
    """A command about one session, or every session from one to another."""

    session: Session | None = option("the session, 2026-11-20/AM", default=None)
    from_: str | None = option("first session or date of a range", default=None)
    to_: str | None = option("last session or date of a range", default=None)


class PupilSpanCommand(SpanCommand):
    """A command about one pupil and one session, or every session from one to another."""

    pupil: str = option("UPN or local id")


def span(command: SpanCommand) -> Span:
    """Return the sessions that a command names; refuse none, both ways at once, or backwards."""
    ends = [end for end in (command.from_, command.to_) if end]
    if command.session is not None and not ends:
        return Span(command.session, command.session, single=True)
    if command.session is not None or command.from_ is None or command.to_ is None:
        raise Refused(
            "session-or-range",
            "the command is about one session, or about all from one to another",
            "give --session, or both --from and --to",
        )
    return span_between(command.from_, command.to_)


def span_between(first: str, last: str) -> Span:
    """Return the sessions from one to another, each a session or a date; refuse backwards."""
    ends = Span(_read(first, _FIRST_HALF), _read(last, _LAST_HALF))
    if ends.last < ends.first:
        raise Refused(
            "range-reversed",
            f"the range ends ({ends.last}) before it begins ({ends.first})",
            "give the earlier session with --from, the later with --to",
        )
    return ends


def parse_all(texts: tuple[str, ...]) -> list[Session]:
    """Return the sessions that texts name, in order; a date names both of its sessions."""
    sessions = {
        session
        for text in texts
        for session in ([parse_session(text)] if "/" in text else _both(text))
    }
    return sorted(sessions)


def left_out(which: Iterable[Session], why: str, note: str = "") -> Iterator[str]:
    """Yield what a command over a range did not touch, and why; nothing where that is none.

    ``1 session without a mark left out: 2026-11-27/PM (attendance mark)``: ``note`` goes in the
    brackets.
    """
    listed = sorted(which)
    if listed:
        more = f" ({note})" if note else ""
        yield f"{number_of(len(listed), 'session')} {why} left out: {_in_words(listed)}{more}"


_MOST_DAYS = 10


def _in_words(listed: list[Session]) -> str:
    """Write sessions day by day, as they are typed; of many days the first ones."""
    days: dict[date, list[Session]] = {}
    for session in listed:
        days.setdefault(session.date, []).append(session)
    texts = [str(s[0]) if len(s) < len(HALVES) else str(day) for day, s in days.items()]
    more = f" and {number_of(len(texts) - _MOST_DAYS, 'more day')}"
    return ", ".join(texts[:_MOST_DAYS]) + (more if len(texts) > _MOST_DAYS else "")


def marks(pupil: Pupil, covered: Span) -> Range:
    """Return the range of a pupil's mark streams in a span."""
    return between(*(streams.mark(pupil.id, session) for session in covered[:2]))


def plans(pupil: Pupil, covered: Span) -> Range:
    """Return the range of a pupil's plan streams in a span."""
    return between(*(streams.plan(pupil.id, session) for session in covered[:2]))


def _read(text: str, half: Half) -> Session:
    return parse_session(text) if "/" in text else Session(parse_date(text), half)


def _both(text: str) -> list[Session]:
    return [Session(parse_date(text), half) for half in HALVES]
