"""Who is a parent: readable cases."""

from datetime import date

import pytest

from policies.law.notices import liable


@pytest.mark.cases("penalties/parents")
def test_a_parent_is_one_or_is_not_ruled_out(case):
    """Yes, undetermined, or left out."""
    given = case["given"]
    got = liable(
        given.get("responsibility"),
        given.get("care"),
        given.get("relationship"),
        date(2026, 11, 20),
    )
    assert (got or "left out") == case["expect"]["liable"]
