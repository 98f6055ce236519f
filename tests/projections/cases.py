"""Readable cases of a few pupils' marks: read from TOML, and written into the small school."""

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.store.facts import Fact
from tests.projections.ledgers import Book, enrolled, instant, marked

FOLDER = Path(__file__).parents[2] / "fixtures" / "cases"
PRESENT = {"AM": "/", "PM": "\\"}
FIRST_DAY = date(2025, 9, 3)
HOLIDAY = (date(2025, 10, 25), date(2025, 11, 2))


def cases(name: str) -> list[Any]:
    """Every case of a file, with its name."""
    found = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["case"]
    return [pytest.param(case["given"], case["expect"], id=case["name"]) for case in found]


def write(book: Book, marks: dict[str, str], **details: Any) -> date:
    """Write pupils' marks from the first day of school; return the day of the last one."""
    facts, last = [], FIRST_DAY
    for pupil, text in marks.items():
        if details:
            facts.append(enrolled(pupil, date(2025, 6, 2), **details))
        for (day, half), code in zip(_sessions(), _codes(text), strict=False):
            last = max(last, day)
            facts += [] if code == "-" else [_marked(pupil, day, half, code)]
    book.add(instant(2026, 1, 5, 9), *facts)
    return last


def _marked(pupil: str, day: date, half: str, code: str) -> Fact:
    return marked(pupil, f"{day}/{half}", PRESENT[half] if code == "." else code)


def _codes(text: str) -> list[str]:
    """``1 I, 9 .``: so many sessions of each code, one after the other."""
    parts = (part.split() for part in text.split(","))
    return [code for number, code in parts for _ in range(int(number))]


def _sessions() -> Iterator[tuple[date, str]]:
    day = FIRST_DAY
    while True:
        if day.weekday() < 5 and not HOLIDAY[0] <= day <= HOLIDAY[1]:
            yield day, "AM"
            yield day, "PM"
        day += timedelta(days=1)
