"""Codes and parameters listed side by side, and what changed between two days."""

from datetime import date

import pytest

from policies.packs.catalogue import changes, entries, value_text
from policies.packs.codes import codes
from policies.packs.values import parameters
from tests.ledger.refusals import refused_with

IN_FORCE = date(2026, 11, 20)
LAST, FIRST = date(2024, 8, 18), date(2024, 8, 19)


def listed(on):
    return {(entry.kind, entry.name): entry for entry in entries(on)}


def test_a_day_lists_every_code_and_parameter_in_force():
    found = entries(IN_FORCE)
    expected = len(codes().in_force(IN_FORCE)) + len(parameters().in_force(IN_FORCE))
    assert len(found) == expected
    assert all(entry.reference and entry.confidence and entry.value_text for entry in found)


def test_without_a_day_every_rule_there_ever_was_is_listed():
    assert len(entries()) == len(codes().rules) + len(list(parameters().every()))


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("code", "N", "relevant entry"),
        ("code", "B", "needs the nature"),
        ("parameter", "register.provisional_school_days", "5"),
        ("parameter", "penalty_notices.amounts", "low 80, high 160"),
        ("parameter", "penalty_notices.disregarded_before", "2024-08-19"),
        ("parameter", "penalty_notices.disregarded_outcomes", "withdrawn, not_guilty"),
        ("parameter", "deletion_grounds.9(1)(k)", "has died"),
    ],
)
def test_a_value_is_listed_in_words(kind, name, text):
    """Numbers, dates, lists and tables are each readable in one line."""
    assert listed(IN_FORCE)[kind, name].value_text.endswith(text)


def test_keys_lose_their_underscores_and_values_keep_them():
    """A key of a table is words, a value is as it is written in files."""
    assert value_text({"days_later": 1, "kind": "not_guilty"}) == "days later 1, kind not_guilty"


def test_a_day_before_every_rule_is_refused():
    with refused_with("date-outside-rule", match="prosecution_months, from 1981-07-06"):
        entries(date(1981, 7, 5))


def test_what_the_law_of_2024_changed():
    """Over 18 and 19 August 2024 rules began, ended, changed and were written anew."""
    found = {(c.after or c.before).name: c for c in changes(LAST, FIRST)}
    assert found["penalty_notices.threshold"].what == "began"
    assert found["J"].what == "ended"
    assert found["deletion_grounds.8(1)(a)"].what == "ended"
    assert found["penalty_notices.amounts"].what == "changed"
    assert found["penalty_notices.amounts"].before.value_text == "low 60, high 120"
    assert found["penalty_notices.amounts"].after.value_text == "low 80, high 160"
    assert found["register.backup_months"].what == "restated"
    assert "penalty_notices.no_proceedings_days" not in found


def test_what_came_and_went_is_not_lost():
    """A code that began and ended between the two days is named as passed."""
    found = {(c.after or c.before).name: c for c in changes(date(2019, 1, 1), date(2023, 1, 1))}
    assert found["X02"].what == "passed"
    assert found["X02"].after is None


def test_of_what_came_changed_and_went_the_last_value_is_told():
    """Persistent absence by a number of sessions: of 20 %, from 2010 of 15 %, until 2015."""
    found = {(c.after or c.before).name: c for c in changes(date(2004, 1, 1), date(2020, 1, 1))}
    passed = found["absence.persistent_sessions"]
    assert (passed.what, passed.before.since) == ("passed", date(2010, 9, 1))
    assert passed.before.value_text.startswith("autumn 22, autumn and spring 38")


def test_nothing_changes_within_a_day():
    assert changes(IN_FORCE, IN_FORCE) == []


def test_backwards_what_began_ends():
    """The later day first: the change is told in the other direction."""
    forth = {(c.after or c.before).name: c.what for c in changes(LAST, FIRST)}
    back = {(c.after or c.before).name: c.what for c in changes(FIRST, LAST)}
    turned = {"began": "ended", "ended": "began"}
    assert back == {name: turned.get(what, what) for name, what in forth.items()}
