"""What the generator is told: a build's arguments, the TOML files here, the codes by meaning."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from ledger.values import Half


@cache
def table(name: str) -> dict[str, Any]:
    """Return one TOML file of this package; callers must not change it."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Setting:
    """The arguments of a build: how many pupils, in which kind of school, until when."""

    phase: str
    pupils: int
    seed: int
    until: date
    years: int

    def __post_init__(self) -> None:
        known = list(table("phases")["school"])
        if self.phase not in known:
            msg = f"no synthetic school of phase {self.phase!r}; choose one of {', '.join(known)}"
            raise ValueError(msg)
        if self.pupils < 1 or self.years < 1:
            msg = f"a school needs pupils and years: got {self.pupils} and {self.years}"
            raise ValueError(msg)

    @property
    def school(self) -> dict[str, Any]:
        """The facts of the school, ``[school.*]`` of phases.toml."""
        found: dict[str, Any] = table("phases")["school"][self.phase]
        return found

    @property
    def year_groups(self) -> range:
        """The year groups as numbers; YR is 0."""
        first, last = self.school["years"]
        return range(first, last + 1)

    def profile(self, year_group: int) -> str:
        """Return the name of the published figures that a year group follows."""
        profiles: dict[str, tuple[int, int]] = self.school["profiles"]
        return next(
            name for name, (first, last) in profiles.items() if first <= year_group <= last
        )

    def random(self, purpose: str) -> Random:
        """Return a stream of random numbers of its own for each purpose.

        Separate streams, so that one more number drawn for names moves no mark.
        """
        return Random(f"{self.seed}/{self.phase}/{self.pupils}/{purpose}")  # noqa: S311 - invents, protects nothing


def year_name(year_group: int) -> str:
    """Return the name of a year group in groups.csv: YR, Y1, Y2 ..."""
    return f"Y{year_group or 'R'}"


# Attendance codes by meaning, and how often each stands; the letters are in code_shares.toml.


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


def text(kind: str, letter: str, number: int) -> str:
    """Return the nature that the law asks for with some letters, or a comment, mostly empty.

    ``kind``: ``natures`` or ``comments``; ``number`` picks, so that one pupil keeps one text.
    """
    texts: dict[str, list[str]] = table("code_shares")[kind]
    choice = texts.get(letter, [""])
    return choice[number % len(choice)]
