"""``penalties``: readable cases, and an oracle on generated schools."""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ledger.values import parse_session
from tests.projections.penalties import oracle, schools
from tests.projections.penalties.values import answered

FILE = Path(__file__).parents[3] / "fixtures" / "cases" / "penalties" / "penalties.toml"
CASES = tomllib.loads(FILE.read_text(encoding="utf-8"))
SAMPLE, CAMPAIGN = 500, 50_000
BATCHES = 20


@pytest.mark.parametrize("case", CASES["case"], ids=[case["name"] for case in CASES["case"]])
def test_the_answer_is_as_the_law_says(case):
    """Counts, windows and dates of the row are those of the case; the oracle agrees."""
    given, expect = case["given"], dict(case["expect"])
    school, pupil = asked(given)
    got = answered(school, pupil)
    assert got == {**got, **oracle.expected(school, pupil)}
    if "parent" in expect:
        assert list(got["parents"]["p1"][:2]) == expect.pop("parent")
    for key, at in (("fresh_by_parent", 4), ("to_ask_by_parent", 5)):
        if key in expect:
            assert [got["parents"][p][at] for p in ("p1", "p2")] == expect.pop(key)
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
        schools.Closed(s, frozenset({name}), False)
        for name in ("Y9", "Y8")
        for s in both(given.get(f"closed_for_{name}", []))
    ]
    pupil = schools.Pupil(
        [schools.Ever(given.get("born", date(2012, 5, 5)))],
        [schools.Ever((date(2024, 6, 3), given.get("left")))],
        [schools.Ever(("Y9", None, None))],
        {s: [(1, code)] for code, named in given["marks"].items() for s in both(named)},
        [notice(**stated) for stated in given.get("notices", [])],
    )
    terms = [schools.Ever((*term, str(term[0]))) for term in CASES["terms"]]
    closed = [schools.Ever(each) for each in everyone + year]
    for key, moments in (("closed_later", (2,)), ("reopened_later", (0, 2))):
        for session in both(given.get(key, [])):
            closure = schools.Closed(session, schools.EVERYONE, False)
            closed.append(schools.Ever(closure, *moments))
    if moved := given.get("moved_later_to_Y8"):
        pupil.groups = [
            schools.Ever(("Y9", None, None), 0, 2),
            schools.Ever(("Y9", None, moved - oracle.DAY), 2),
            schools.Ever(("Y8", moved, None), 2),
        ]
    return schools.School(terms, closed, [pupil], given["on"]), pupil


def notice(
    *, issued, first, last, to="p1", kind="s444A", withdrawn=None, ground=None, sessions=()
):
    """Return a notice, to p1 unless another parent is named."""
    named = tuple(both(sessions))
    return schools.Notice(
        to, kind, issued, first, last, withdrawn, None, None, None, named, ground
    )


def both(named):
    """Return the sessions that texts name; a date names both of its day."""
    found = [parse_session(f"{text}/{half}") for text in named if "/" not in text
             for half in ("AM", "PM")]  # fmt: skip
    found += [parse_session(text) for text in named if "/" in text]
    return sorted((s.date, s.half) for s in found)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_generated_schools_agree_with_the_oracle(batch, pytestconfig):
    """Nothing in a row differs from plain loops over the same values, on a seeded sample.

    500 schools; 50,000 with ``pytest tests/projections/penalties -n 4 -k oracle --campaign``.
    """
    size = (CAMPAIGN if pytestconfig.getoption("campaign") else SAMPLE) // BATCHES
    for seed in range(batch * size, (batch + 1) * size):
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
    # What was recorded since, besides marks, has made another moment of it.
    otherwise = [
        oracle.first_recorded(as_now(s), as_now(p)) != row["first_recorded"] for s, p, row in found
    ]
    assert sum(otherwise) > 20
    parents = [row["parents"][p] for row in rows for p in ("p1", "p2")]
    assert {parent[1] for parent in parents} == {"first", "second", "barred"}
    apart = [row["parents"]["p1"][4] != row["parents"]["p2"][4] for row in rows]
    assert sum(apart) > 10
    assert sum(parent[5] > 0 for parent in parents) > 5
    assert any(row["window"] is None for row in rows)


def as_now(owner):
    """Return a school or a pupil of which all that stands now stood from the first."""
    kept = {
        name: [each._replace(since=0) for each in value if each.until is None]
        for name, value in vars(owner).items()
        if name in ("terms", "closed", "born", "spells", "groups")
    }
    return replace(owner, **kept)
