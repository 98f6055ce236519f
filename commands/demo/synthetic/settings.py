"""What the generator is told: a build's arguments and the TOML files beside this module."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any


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


def year_label(year_group: int) -> str:
    """Return how a year group is written inside a group's name: R, 1, 2 ..."""
    return str(year_group) if year_group else "R"


def year_name(year_group: int) -> str:
    """Return the name of a year group in groups.csv: YR, Y1, Y2 ..."""
    return f"Y{year_label(year_group)}"
