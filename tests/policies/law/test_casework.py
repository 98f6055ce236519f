"""Which steps with a family are support before a penalty notice."""

from datetime import date

import pytest

from policies.law.casework import judge, unknown, words_that_count
from tests.policies.answers import answered

ON = date(2026, 11, 20)


@pytest.mark.cases("penalties/support")
def test_a_step_is_support_as_its_words_and_outcome_say(case):
    """A letter never, a meeting where something was agreed, an offer declined as an offer."""
    given = case["given"]
    found = answered(lambda: said(given["step"], given.get("outcome"), given.get("on", ON)))
    assert found == case["expect"]


def said(step, outcome, on):
    verdict, why = judge(step, outcome, on)
    return {"verdict": verdict} | ({"why": why} if why else {})


@pytest.mark.parametrize(
    ("step", "outcome", "on", "found"),
    [
        ("clinic", None, ON, "step"),
        ("clinic", "agreed", ON, "step"),
        ("meeting", "tbc", ON, "outcome"),
        ("meeting", "", ON, None),
        ("meeting", "refused", ON, None),
        ("meeting", "agreed", ON, None),
        ("support plan", "tbc", ON, None),
        ("letter", "tbc", ON, None),
        ("meeting", "Nothing agreed", ON, None),
        ("clinic", "tbc", date(2024, 8, 18), None),
        ("clinic", "tbc", date(2024, 8, 19), "step"),
    ],
)
def test_what_no_rule_knows_is_told_where_something_hangs_on_it(step, outcome, on, found):
    """The words of a step, or of what came of one that is support only if so agreed."""
    assert unknown(step, outcome, on) == found


def test_the_words_that_count_are_those_of_the_kinds():
    """Steps that are support or may be; outcomes that make a meeting one."""
    assert {"support-plan", "home-visit"} < set(words_that_count("step"))
    assert "letter" not in words_that_count("step")
    assert "agreed" in words_that_count("outcome")
    assert "refused" not in words_that_count("outcome")
