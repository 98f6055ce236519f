"""Gives a test marked ``cases("topic/name")`` each case of ``fixtures/cases/topic/name.toml``."""

import tomllib
from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "fixtures" / "cases"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cases(name): run with each case of a readable file")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("cases")
    if marker is None:
        return
    text = (CASES / f"{marker.args[0]}.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)["case"]
    metafunc.parametrize("case", found, ids=[case["name"] for case in found])
