"""Synthetic schools as the tests read them: from the files, without the code that wrote them."""

import csv
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from commands.demo.synthetic import build

Key = tuple[str, str, str]
"""UPN, date, session."""


@dataclass
class School:
    """A portable folder read back."""

    folder: Path
    until: date
    toml: dict = field(init=False)
    tables: dict[str, list[dict[str, str]]] = field(init=False)

    def __post_init__(self):
        self.toml = tomllib.loads((self.folder / "school.toml").read_text("utf-8"))
        self.tables = {}
        for path in sorted(self.folder.glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                self.tables[path.stem] = list(csv.DictReader(file))

    @staticmethod
    def key(row: dict[str, str]) -> Key:
        """The mark that a row of marks.csv or amendments.csv is about."""
        return row["upn"], row["date"], row["session"]

    def entered(self) -> dict[Key, str]:
        """Codes as first entered."""
        return {self.key(row): row["code"] for row in self.tables["marks"]}

    def standing(self) -> dict[Key, str]:
        """Codes as they stand after all amendments."""
        codes = self.entered()
        for row in self.tables["amendments"]:
            codes[self.key(row)] = row["amended"]
        return codes


@pytest.fixture(scope="session")
def school(tmp_path_factory) -> Callable[..., School]:
    """Builds schools, each only once."""
    built: dict[tuple, School] = {}

    def make(phase="secondary", pupils=150, until=date(2026, 7, 17), years=1, seed=1) -> School:
        asked = (phase, pupils, until, years, seed)
        if asked not in built:
            folder = tmp_path_factory.mktemp("school")
            build(folder, pupils=pupils, phase=phase, seed=seed, until=until, years=years)
            built[asked] = School(folder, until)
        return built[asked]

    return make
