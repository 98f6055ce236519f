"""Gives a test marked ``cases("topic/name")`` each case of ``fixtures/cases/topic/name.toml``."""

import pytest

from tests.policies.answers import cases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("cases")
    if marker is None:
        return
    found = cases(marker.args[0])
    metafunc.parametrize("case", found, ids=[case["name"] for case in found])
