"""Small values that every layer shares: sessions, UPNs, school-year numbers."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from ledger.errors import Refused

Half = Literal["AM", "PM"]
HALVES: tuple[Half, Half] = ("AM", "PM")

_UPN_ALPHABET = "ABCDEFGHJKLMNPQRTUVWXYZ"
_UPN = re.compile(r"[A-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]")
_AUGUST = 8


@dataclass(frozen=True, slots=True, order=True)
class Session:
    """Half a school day: a date and AM or PM, written ``2026-11-20/AM``."""

    date: date
    half: Half

    def __str__(self) -> str:
        return _written(self.date, self.half)


@lru_cache(4096)
def _written(day: date, half: Half) -> str:
    return f"{day.isoformat()}/{half}"


def parse_date(text: str) -> date:
    """Read an ISO date (``2026-11-20``) or refuse it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Refused("date", f"{text!r} is not a date", "write it as year-month-day, 2026-11-20")
    return day


@lru_cache(1 << 14)
def parse_session(text: str) -> Session:
    """Read ``2026-11-20/AM`` or refuse it."""
    day, _, half = text.partition("/")
    if half not in HALVES:
        raise Refused(
            "session", f"{text!r} is not a session", "write a date and AM or PM: 2026-11-20/AM"
        )
    return Session(parse_date(day), "AM" if half == "AM" else "PM")


def school_year_number(day: date) -> int:
    """Return the calendar year in which the August-to-July year that holds ``day`` began.

    Used where a year must be named without a calendar at hand (keys, grid partitions); the
    school year of an answer follows the terms (EA 1996 s.579).
    """
    return day.year if day.month >= _AUGUST else day.year - 1


def upn_check_letter(tail: str) -> str:
    """Return the check letter of a UPN from its twelve other characters.

    Source: DfE, unique pupil numbers guide: weights 2 to 13, modulo 23, an alphabet without
    I, O and S. A temporary UPN ends in a letter, which counts by its place in that alphabet.
    """
    values = [int(c) if c.isdigit() else _UPN_ALPHABET.index(c) for c in tail]
    weighted = sum(value * weight for weight, value in enumerate(values, start=2))
    return _UPN_ALPHABET[weighted % len(_UPN_ALPHABET)]


def check_upn(upn: str) -> str:
    """Return ``upn`` when its form and check letter are right, else refuse it."""
    if not _UPN.fullmatch(upn):
        raise Refused(
            "upn-form",
            f"{upn!r} is not a UPN",
            "a UPN is a letter and twelve digits (a temporary one ends in a letter)",
        )
    expected = upn_check_letter(upn[1:])
    if upn[0] != expected:
        raise Refused(
            "upn-check-letter",
            f"UPN {upn} has the check letter {upn[0]}, its digits give {expected}",
            "correct the UPN from the pupil's record",
        )
    return upn


@dataclass(frozen=True, slots=True)
class Operator:
    """Who gives the command: staff id if stated, account, and how far that can be relied on."""

    staff_id: str | None
    account: str
    authenticated: str = "operating-system account; name as stated"
