"""Whatever is changed in a row of the law, its case notices: dates, numbers, words, one by one."""

import functools
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import PurePosixPath
from random import Random
from typing import Any

import pytest

import policies.law
import policies.packs
from policies.packs import files
from tests.mutation.mutants import Mutant, mutants
from tests.policies.answers import cases
from tests.policies.law import test_calendar, test_leave, test_roll
from tests.policies.packs import test_codes, test_values

SAMPLE = 60
_CASES = (
    ("packs/codes", test_codes.test_a_code_means_what_the_law_says, "codes"),
    ("packs/code_days", test_codes.test_a_meaning_has_its_days_and_its_words, "codes"),
    ("packs/parameters", test_values.test_a_rule_has_the_value_that_the_law_gives_it, None),
    ("packs/sources", test_values.test_a_row_says_where_it_is_from, None),
    ("roll/deletion_grounds", test_roll.test_a_ground_is_as_the_law_says, "deletion_grounds"),
    ("leave/leave", test_leave.test_leave_is_as_the_law_says, "leave"),
    ("calendar/bank_holidays", test_calendar.test_every_bank_holiday_is_as_published,
     "bank_holidays"),
)  # fmt: skip
"""Cases, the test that holds them, and the file that they are about; none: that of their rule."""
STATUTE = {name: text for name, text in files.every() if name.startswith("statutory")}


def _remembered() -> Iterator[Any]:
    """Yield every function of the policies that keeps what it has read."""
    for package in (policies.law, policies.packs):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(found.name)).values():
                if isinstance(value, functools._lru_cache_wrapper):
                    yield value


REMEMBERED = list(_remembered())
JUDGES = [
    (judge, case, file or case["given"]["rule"].partition(".")[0])
    for name, judge, file in _CASES
    for case in cases(name)
]


@pytest.fixture
def statute(monkeypatch):
    """Return a function that puts the statute with one file changed in place of what was read."""

    def put(name: str, text: bytes) -> None:
        listed = tuple(sorted((STATUTE | {name: text}).items()))
        monkeypatch.setattr(files, "_files", lambda: listed)
        _forget()

    yield put
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    for each in REMEMBERED:
        each.cache_clear()


def _is_noticed(name: str) -> bool:
    stem = PurePosixPath(name).stem
    for judge, case, about in JUDGES:
        if about == stem:
            try:
                judge(case)
            except BaseException:  # noqa: BLE001 - whatever makes a test fail
                return True
    return False


def _drawn(number: int | None) -> list[Mutant]:
    every = [each for name, text in STATUTE.items() for each in mutants(name, text)]
    return Random(7).sample(every, number) if number else every  # noqa: S311 - no secret


def test_whatever_is_changed_in_the_law_is_noticed(statute, pytestconfig):
    """60 changes; each of more than 2,000 with --campaign."""
    unnoticed = []
    for mutant in _drawn(None if pytestconfig.getoption("campaign") else SAMPLE):
        statute(mutant.path, mutant.applied(STATUTE[mutant.path]))
        if not _is_noticed(mutant.path):
            unnoticed.append((f"{mutant.path}:{mutant.line}", mutant.new))
    assert unnoticed == []


def test_what_is_not_changed_is_not_noticed(statute):
    for name, text in STATUTE.items():
        statute(name, text)
        assert not _is_noticed(name)
