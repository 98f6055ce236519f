"""``penalties``: readable cases, and an oracle on generated schools."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from ledger.values import parse_session
from tests.projections.penalties import oracle, schools
from tests.projections.penalties.values import answered

FILE = Path(__file__).parents[3] / "fixtures" / "cases" / "penalties" / "penalties.toml"
CASES = tomllib.loads(FILE.read_text(encoding="utf-8"))
SAMPLE = 500
BATCHES = 5


@pytest.mark.parametrize("case", CASES["case"], ids=[case["name"] for case in CASES["case"]])
def test_the_answer_is_as_the_law_says(case):
    """Counts, windows and dates of the row are those of the case; the oracle agrees."""
    given, expect = case["given"], dict(case["expect"])
    school, pupil = asked(given)
    got = answered(school, pupil)
    assert got == {**got, **oracle.expected(school, pupil)}
    if "parent" in expect:
        assert list(got["parents"]["p1"][:2]) == expect.pop("parent")
    assert {key: shown(got[key], key) for key in expect} == expect


def shown(value, key):
    """Write a value of the row as the cases do."""
    if key in ("window", "peak_window"):
        return [date.fromisoformat(value["first_week"]), date.fromisoformat(value["last_week"])]
    if key.endswith("_on"):
        none = "never" if key == "first_met_on" else "unknown"
        return date.fromisoformat(value) if value else none
    return value


def asked(given):
    """Return the school and the pupil of a case."""
    everyone = [schools.Closed(s, schools.EVERYONE, False) for s in both(given.get("closed", []))]
    year = [
        schools.Closed(s, frozenset({"Y9"}), False) for s in both(given.get("closed_for_Y9", []))
    ]
    pupil = schools.Pupil(
        given.get("born", date(2012, 5, 5)),
        [(date(2024, 6, 3), given.get("left"))],
        [("Y9", None, None)],
        {s: [(1, code)] for code, named in given["marks"].items() for s in both(named)},
        [notice(**stated) for stated in given.get("notices", [])],
    )
    terms = [tuple(term) for term in CASES["terms"]]
    return schools.School(terms, everyone + year, [pupil], given["on"]), pupil


def notice(*, issued, first, last, kind="s444A", withdrawn=None, sessions=()):
    """Return a notice to p1."""
    named = tuple(both(sessions))
    return schools.Notice("p1", kind, issued, first, last, withdrawn, None, None, None, named)


def both(named):
    """Return the sessions that texts name; a date names both of its day."""
    found = [parse_session(f"{text}/{half}") for text in named if "/" not in text
             for half in ("AM", "PM")]  # fmt: skip
    found += [parse_session(text) for text in named if "/" in text]
    return sorted((s.date, s.half) for s in found)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_generated_schools_agree_with_the_oracle(batch):
    """Nothing in a row differs from plain loops over the same values, on a seeded sample."""
    for seed in range(batch * SAMPLE // BATCHES, (batch + 1) * SAMPLE // BATCHES):
        school = schools.generated(seed)
        for pupil in school.pupils:
            right, got = oracle.expected(school, pupil), answered(school, pupil)
            assert got == {**got, **right}, f"seed {seed}"


def test_the_sample_reaches_what_it_is_for():
    """Thresholds met and not, with N alone, sessions used up, every outcome, no window yet."""
    found = [
        (s, p, oracle.expected(s, p))
        for s in map(schools.generated, range(SAMPLE))
        for p in s.pupils
    ]
    rows = [row for _, _, row in found]
    assert 100 < sum(row["met"] for row in rows) < 400
    assert sum(row["met"] and not row["settled_met"] for row in rows) > 10
    assert sum(row["fresh"] < row["count"] for row in rows) > 10
    assert sum(row["peak"] > row["count"] for row in rows) > 50
    assert sum(row["first_recorded"] is not None and not row["met"] for row in rows) > 5
    outcomes = {row["parents"][p][1] for row in rows for p in ("p1", "p2")}
    assert outcomes == {"first", "second", "barred"}
    assert any(row["window"] is None for row in rows)
