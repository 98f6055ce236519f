"""Events of penalty notices considered and returns made to the local authority."""

from datetime import date
from typing import Literal

from pydantic.dataclasses import dataclass

from ledger.events.base import STRICT, AuthorName, CaseworkText, Event


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class PenaltyConsidered(Event):
    """What reg 9A demands: somebody considered, with what the register said at that moment.

    ``entries``: the relevant entries of the latest window, ``2026-11-20/AM U``; ``count`` and
    ``settled`` (without provisional ones) of it, ``peak`` of any window; ``seen_at``: the
    position up to which the register was read.
    """

    decision: Literal["refer", "issue", "not-now", "no-discretion"]
    reason: CaseworkText
    by: str
    name: AuthorName
    job_title: str
    count: int
    settled: int
    peak: int
    entries: tuple[str, ...]
    seen_at: int


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class NoticesConfirmed(Event):
    """The authority confirmed how many notices it holds for a parent and child (reg 20)."""

    la_ref: str
    confirmed_on: date
    notices: int
    by: str
    name: AuthorName
    job_title: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ReturnAgreed(Event):
    """The figure agreed with the authority for failing to attend regularly (reg 13(7)(a))."""

    sessions: int
    weeks: int
    since: date
    by: str


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ReturnMade(Event):
    """A return was made to the authority on a day, about these pupils (internal ids)."""

    on: date
    pupils: tuple[str, ...]
    by: str
    name: AuthorName
    job_title: str
