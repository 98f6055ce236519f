"""Which steps with a family are support before a penalty notice."""

import re
from datetime import date

import pytest

from policies.law.casework import judge
from policies.packs.values import parameters
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


def test_every_word_is_written_as_it_is_compared_and_stands_in_one_list():
    """Small letters, one space between words; a step in two lists would be judged by luck."""
    lists = {rule.name: rule.names for rule in parameters().every() if "casework." in rule.name}
    words = [word for names in lists.values() for word in names]
    assert len(lists) == 7
    assert [word for word in words if " ".join(re.findall(r"\w+", word.casefold())) != word] == []
    steps = [w for name, names in lists.items() if name.endswith("steps") for w in names]
    outcomes = [w for name, names in lists.items() if name.endswith("outcomes") for w in names]
    assert len(steps) == len(set(steps))
    assert len(outcomes) == len(set(outcomes))
