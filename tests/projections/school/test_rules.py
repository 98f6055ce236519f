"""`rules`: which codes and values of the law apply on a day, and what changed."""

from datetime import date

import pytest

from ledger.errors import Refused
from policies.packs.catalogue import entries
from projections.rendering.text import as_csv, as_lines
from projections.school.rules import RulesInForce

NEW, FORMER = date(2024, 8, 19), date(2024, 8, 18)


def ask(book, **asked):
    return book.ask(RulesInForce(**asked))


def text(answer):
    return "\n".join(as_lines(answer.blocks[0]))


def test_everything_in_force_on_a_day_is_listed_alike(school):
    """Codes and values, each once, in order, with reference and confidence."""
    found = ask(school, on=NEW).rows()
    assert len(found) == len(entries(NEW))
    assert {row["kind"] for row in found} == {"code", "parameter"}
    assert found == sorted(found, key=lambda row: (row["kind"], row["name"]))
    assert all(row["reference"] and row["confidence"] for row in found)
    assert all(row["from"] <= NEW.isoformat() for row in found)


def test_one_rule_may_be_asked_for_by_its_name(school):
    """A value or a code, as it was on the day."""
    [value] = ask(school, on=NEW, name="register.provisional_school_days").rows()
    assert {key: value[key] for key in ("kind", "value", "from", "until", "confidence")} == {
        "kind": "parameter", "value": "5", "from": "2024-08-19", "until": None,
        "confidence": "verified",
    }  # fmt: skip
    [code] = ask(school, on=FORMER, name="N").rows()
    assert (code["kind"], code["until"]) == ("code", "2024-08-18")


def test_rules_may_be_asked_for_by_what_they_are_about(school):
    """All whose names begin so; none where none was in force, or none changed."""
    found = ask(school, on=NEW, name="casework").rows()
    assert [row["name"] for row in found] == ["casework.support_first"]
    assert len(ask(school, on=NEW, name="leave").rows()) > 1
    assert not ask(school, on=FORMER, name="casework").rows()
    assert len(ask(school, on=NEW, diff=FORMER, name="casework").rows()) == 1
    assert not ask(school, on=date(2026, 9, 2), diff=NEW, name="casework").rows()


def test_the_law_applies_before_the_ledgers_first_event_too(school):
    """It is told then as at any other time; a list of no rule is never one of the law."""
    before = ask(school, on=NEW, known_at="2025-07-01")
    assert before.rows() == ask(school, on=NEW).rows()
    assert "knows_nothing" not in before.document


@pytest.mark.parametrize(
    ("name", "on", "code", "what"),
    [
        ("register.provisional_school_days", FORMER, "date-outside-rule", "register.provisional"),
        ("J1", FORMER, "code-not-in-force", "J1 is in force from"),
        ("register.nothing", NEW, "rule-unknown", "'register.nothing'"),
        ("ZZ", NEW, "rule-unknown", "'ZZ'"),
        (None, date(1800, 1, 1), "date-outside-rule", "no rule is known for 1800-01-01"),
    ],
)
def test_a_date_outside_a_rule_is_an_error_that_names_it(school, name, on, code, what):
    """Never a silent default."""
    with pytest.raises(Refused) as caught:
        ask(school, on=on, name=name)
    assert caught.value.code == code
    assert what in caught.value.what


def test_a_rule_that_nobody_read_in_its_source_says_so_in_the_text(school):
    """In its row and beneath the table: from memory, or inferred; one that was read does not."""
    answer = ask(school, on=FORMER, name="returns.new_pupil_days")
    assert answer.rows()[0]["confidence"] == "memory"
    assert "FROM MEMORY, not checked" in answer.blocks[0].rows[0]
    assert "FROM MEMORY, not checked: returns.new_pupil_days" in text(answer)
    assert "MEMORY" not in text(ask(school, on=NEW, name="returns.new_pupil_days"))
    assert "OUR INFERENCE: " in text(ask(school, on=NEW))


def test_what_changed_between_two_days_is_told(school):
    """Began, ended, changed; each with its value before and after."""
    answer = ask(school, diff=FORMER, other=NEW)
    by_name = {row["name"]: row for row in answer.rows()}
    assert by_name["J1"]["change"] == "began"
    assert (by_name["J1"]["before"], by_name["J1"]["value"]) == (None, by_name["J1"]["after"])
    assert by_name["J"]["change"] == "ended"
    assert (by_name["J"]["after"], by_name["J"]["value"]) == (None, by_name["J"]["before"])
    kept = by_name["register.preserved"]
    assert (kept["change"], kept["before"]) == ("changed", "years 3, days later 1")
    assert (answer.document["before"], answer.document["after"]) == ("2024-08-18", "2024-08-19")
    assert "rules differ between 2024-08-18 and 2024-08-19" in text(answer)

    # The two days may be given in either order, and the second left out for --on.
    assert ask(school, diff=NEW, other=FORMER).rows() == answer.rows()
    assert ask(school, diff=FORMER, on=NEW).rows() == answer.rows()


def test_one_rule_differs_in_the_singular(school):
    """How many sessions made a persistent absentee, from September 2010."""
    answer = ask(school, diff=date(2010, 8, 31), other=date(2010, 9, 1))
    assert len(answer.rows()) == 1
    assert text(answer).startswith("1 rule differs between 2010-08-31 and 2010-09-01")


def test_the_change_of_one_rule_may_be_asked_for(school):
    """None is an answer; a rule that there never was is not."""
    [row] = ask(school, diff=FORMER, other=NEW, name="register.preserved").rows()
    assert row["change"] == "changed"
    for name in ("register.backup_preserved", "N"):
        assert not ask(school, diff=NEW, other=date(2026, 1, 5), name=name).rows()
    with pytest.raises(Refused, match=r"there is no rule 'register\.nothing'"):
        ask(school, diff=FORMER, other=NEW, name="register.nothing")


@pytest.mark.parametrize(
    ("asked", "code", "what"),
    [
        ({"diff": date(1800, 1, 1), "other": NEW}, "date-outside-rule", "known for 1800-01-01"),
        ({"other": NEW}, "diff-missing", "is the second of two dates"),
    ],
    ids=["nothing can have begun before every rule", "the first day is missing"],
)
def test_a_comparison_begins_with_a_day_that_is_known(school, asked, code, what):
    """Neither a day before every rule, nor none."""
    with pytest.raises(Refused, match=what) as caught:
        ask(school, **asked)
    assert caught.value.code == code


def test_the_rows_can_be_had_as_csv(school):
    """Of a day, and of a comparison."""
    heading = as_csv(ask(school, on=NEW)).splitlines()[0]
    assert heading == "kind,name,value,from,until,reference,confidence"
    assert as_csv(ask(school, diff=FORMER, other=NEW)).startswith("change,kind,name,value")
