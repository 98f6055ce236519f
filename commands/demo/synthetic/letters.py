"""Attendance codes by meaning, and how often each stands; the letters are in code_shares.toml."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from commands.demo.synthetic.settings import table
from ledger.values import Half


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters that the generator has to know by meaning."""

    present_am: str
    present_pm: str
    late: str
    late_after_close: str
    visit: str
    illness: str
    holiday: str
    unauthorised: str
    unknown: str
    below_age_part_time: str

    def present(self, half: Half) -> str:
        """Return the code of a pupil in school as a session's register starts."""
        return self.present_am if half == "AM" else self.present_pm


@dataclass(frozen=True, slots=True)
class Shares:
    """How often each code stands, as a share of possible sessions (``outside``: a ratio)."""

    attending: dict[str, float]
    absent: dict[str, float]
    outside: dict[str, float]


@cache
def letters() -> Letters:
    """Return the letters by meaning."""
    return Letters(**table("code_shares")["letters"])


@cache
def shares(profile: str) -> Shares:
    """Return the published shares that a kind of school follows."""
    return Shares(**table("code_shares")["share"][profile])


def only_of_compulsory_school_age(code: str) -> bool:
    """Tell whether only pupils of compulsory school age may have a code."""
    return code in table("code_shares")["only"]["of_compulsory_school_age"]


def letter_on(code: str, day: date) -> str:
    """Return the letter that was in force on a day for what ``code`` says today.

    Read from ``[until.*]``; a day later than every table there needs no translation.
    """
    for last, former in _former():
        if day <= last:
            return former.get(code, code)
    return code


@cache
def _former() -> tuple[tuple[date, dict[str, str]], ...]:
    until: dict[str, dict[str, str]] = table("code_shares")["until"]
    return tuple(sorted((date.fromisoformat(last), former) for last, former in until.items()))


def nature(letter: str, number: int) -> str:
    """Return the nature of the activity, provision or cause where the law asks for one.

    ``number`` picks among the texts, so that one spell keeps one text.
    """
    if letter not in table("code_shares")["only"]["needs_nature"]:
        return ""
    return _pick("natures", letter, number)


def comment(letter: str, number: int) -> str:
    """Return a free-text comment for a mark, mostly empty."""
    return _pick("comments", letter, number)


def _pick(name: str, letter: str, number: int) -> str:
    texts: dict[str, Any] = table("code_shares")[name]
    choice: list[str] = texts.get(letter, [""])
    return choice[number % len(choice)]
