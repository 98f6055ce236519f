"""Papers that rest on a pupil's register, and which sessions each of them relied on.

A penalty notice, a decision on one (SI 2007/1867 reg 9A), a certificate or a pack. The alerts hold
every change against them, the audit looks for changes made after them, and the rules on notices
ask whether one was used already: what a paper relied on is said here, once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from ledger.english import day
from ledger.values import Session, parse_session

EXTRACTS = ("certificate", "pack")
"""What is given of one pupil's register for a period, and vouches for it."""
CONSIDERED = {
    "refer": "decision to refer to the authority",
    "issue": "decision to issue a notice",
    "not-now": "decision not to act for now",
}
"""The decisions that rest on the register; that there is no discretion to issue does not."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a paper relied on.

    ``sessions``: those it names; without any, each from ``first`` to ``last`` (both included). A
    pack is a ``certificate`` here. ``rested``: of a notice that names none, the relevant entries
    of its days as they stood when it was issued; none where nobody has read them.
    """

    kind: Literal["notice", "consideration", "certificate"]
    first: date
    last: date
    sessions: frozenset[Session] = frozenset()
    rested: frozenset[Session] | None = None

    @property
    def by_period(self) -> bool:
        """Whether it is a notice that names no session."""
        return self.kind == "notice" and not self.sessions

    def resting_on(self, relevant: Iterable[Session]) -> "Paper":
        """Return a notice that names no session with the relevant entries as it was issued."""
        inside = (each for each in relevant if self.first <= each.date <= self.last)
        return replace(self, rested=frozenset(inside))

    def relied_on(self, session: Session) -> bool:
        """Tell whether the paper relied on a session."""
        if self.sessions:
            return session in self.sessions
        if self.rested is not None:
            return session in self.rested
        return self.first <= session.date <= self.last


def notice(sessions: Iterable[Session], first: date | None, last: date) -> Paper | None:
    """Return what a notice relied on: the sessions it states, else the days of its offence.

    None where it states neither.
    """
    stated = frozenset(sessions)
    days = [session.date for session in stated]
    first = min(days, default=first)
    return None if first is None else Paper("notice", first, max(days, default=last), stated)


def consideration(entries: Iterable[str]) -> Paper | None:
    """Return what a decision relied on, none without entries; each is ``2026-11-20/AM O``."""
    sessions = frozenset(parse_session(entry.partition(" ")[0]) for entry in entries)
    days = [session.date for session in sessions]
    return Paper("consideration", min(days), max(days), sessions) if days else None


def extract(first: date, last: date, given: date) -> Paper:
    """Return what a certificate or a pack relied on; it holds no session after it was given."""
    return Paper("certificate", first, min(last, given))


def notice_words(parent: str, issued: date) -> str:
    """Say which notice it is, for somebody who reads of it."""
    return f"penalty notice to parent {parent} issued {day(issued)}"


def extract_words(kind: str, given: date, first: date, last: date) -> str:
    """Say which certificate or pack it is, for somebody who reads of it."""
    return f"{kind} given on {day(given)} for {day(first)} to {day(last)}"
