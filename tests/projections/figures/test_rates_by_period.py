"""Rates cut by period and by code, the mean of pupil rates, and explanations."""

from collections import Counter
from datetime import date, timedelta

import pytest

from ledger.events import streams
from ledger.events.calendar import SessionCancelled
from ledger.state.calendar import Calendar, Term
from ledger.store.facts import Fact
from ledger.values import Session
from projections.figures.rates import Rates
from projections.queries.tally import COUNTED, PERIODS, Tally, mean_rate, periods
from projections.rendering import text
from tests.projections import cases
from tests.projections.ledgers import instant

CALENDAR = Calendar([
    Term(date(2025, 9, 3), date(2025, 10, 24), "Autumn 1"),
    Term(date(2025, 11, 3), date(2025, 12, 19), "Autumn 2"),
    Term(date(2026, 1, 5), date(2026, 2, 13), "Spring 1"),
    Term(date(2026, 9, 1), date(2026, 10, 23), "1"),
])  # fmt: skip
SESSIONS = [
    Session(day, half)
    for day in (date(2025, 9, 4), date(2025, 11, 3), date(2026, 1, 9), date(2026, 9, 1))
    for half in ("AM", "PM")
]


def document(book, **asked):
    """The document."""
    return book.ask(Rates(**asked)).document


def shown(book, **asked):
    """Everything that is shown, as text."""
    return "\n".join(text.as_text(book.ask(Rates(**asked)).blocks))


@pytest.mark.parametrize(("given", "expect"), cases.cases("figures/rates"))
def test_a_case_counts_as_the_methodology_says(school, given, expect):
    """Totals, and the mean of the pupils' own rates."""
    on = cases.write(school, given)
    asked = {"on": on} if len(given) > 1 else {"on": on, "pupil": "U-ann"}
    found = document(school, **asked)
    total = found["total"] | {"mean": found["mean_of_pupil_rates"]}
    got = {key: "" if total[key] is None else total[key] for key in expect}
    assert got == dict(expect)


@pytest.mark.parametrize(
    ("per", "names"),
    [
        ("half-term", ["2025/26 Autumn 1", "2025/26 Autumn 2", "2025/26 Spring 1", "2026/27 1"]),
        ("term", ["2025/26 Autumn", "2025/26 Spring", "2026/27 1"]),
        ("week", ["2025-09-01", "2025-11-03", "2026-01-05", "2026-08-31"]),
        ("weekday", ["Monday", "Tuesday", "Thursday", "Friday"]),
        ("session", ["AM", "PM"]),
    ],
)
def test_sessions_fall_into_periods_in_order_of_time(per, names):
    """Every session in exactly one; a term is its half terms without their number."""
    found = periods(per, SESSIONS, CALENDAR)
    assert [name for name, _ in found] == names
    assert sum(columns.sum() for _, columns in found) == len(SESSIONS)


@pytest.mark.parametrize("per", PERIODS)
def test_periods_add_up_to_the_whole(school, per):
    """Rows of a pupil and the totals of each period sum to the undivided row and total."""
    on = cases.write(school, {"ann": "3 I, 90 .", "bob": "5 ., 5 O, 20 D", "cy": "40 ."})
    whole = document(school, on=on)
    cut = document(school, on=on, per=per)
    assert cut["total"] == whole["total"]
    for name in COUNTED:
        assert sum(row[name] for row in cut["total_per"]) == whole["total"][name]
        for row in whole["rows"]:
            parts = [each[name] for each in cut["rows"] if each["upn"] == row["upn"]]
            assert sum(parts) == row[name]
    assert [row["upn"] for row in cut["rows"]] == sorted(row["upn"] for row in cut["rows"])


@pytest.mark.parametrize("per", PERIODS)
def test_a_cancelled_week_keeps_its_codes(school, per):
    """The cancelling code of a week in which nothing was met is in a row, as in the total."""
    on = cases.write(school, {"ann": "20 ."})
    monday = on - timedelta(days=on.weekday())
    events = [SessionCancelled(date=monday + timedelta(days=n)) for n in range(5)]
    school.add(instant(2026, 1, 5, 10), *(Fact(streams.CALENDAR, event) for event in events))
    found = document(school, on=on, per=per, by="school")
    codes = Counter()
    for row in found["rows"]:
        codes.update(row["codes"])
    assert codes["Y4"] > 0
    assert dict(codes) == found["total"]["codes"]


def test_a_period_without_a_session_of_a_pupil_is_no_row(school):
    """Cy left in September; there is no second half term."""
    on = cases.write(school, {"ann": "90 ."})
    rows = document(school, on=on, per="half-term")["rows"]
    assert [row["period"] for row in rows if row["upn"] == "U-cy"] == ["2025/26 Autumn 1"]
    only = document(school, on=on, per="half-term", pupil="U-cy")["total_per"]
    assert [row["period"] for row in only] == ["2025/26 Autumn 1"]


def test_a_period_is_a_column_of_its_own(school):
    """After the row's key, in CSV and in text."""
    on = cases.write(school, {"ann": "2 ."})
    answer = school.ask(Rates(on=on, per="session", by="year"))
    assert text.as_csv(answer).startswith("group,period,possible")
    assert "Attendance by year and session" in shown(school, on=on, per="session", by="year")
    assert "U-ann   Ann Able" in shown(school, on=on, per="session")


def test_rows_without_a_period_have_no_such_key(school):
    """What was there before --per stays as it was."""
    on = cases.write(school, {"ann": "2 ."})
    found = document(school, on=on)
    assert "period" not in found["rows"][0]
    assert not {"per", "total_per", "explain"} & found.keys()


def test_codes_come_with_their_share_of_the_possible_sessions(school):
    """A code outside possible has no share; the total is that of the pupils."""
    on = cases.write(school, {"ann": "2 ., 1 I, 1 D"})
    found = document(school, on=on, by="code", pupil="U-ann")
    assert found["rows"] == [
        {"code": "/", "sessions": 1, "percent": "33.3"},
        {"code": "D", "sessions": 1, "percent": None},
        {"code": "I", "sessions": 1, "percent": "33.3"},
        {"code": "\\", "sessions": 1, "percent": "33.3"},
    ]
    assert found["total"]["possible"] == 3
    cut = document(school, on=on, by="code", per="session")["rows"]
    assert cut[0] == {"code": "/", "period": "AM", "sessions": 1, "percent": "50.0"}
    words = shown(school, on=on, by="code", explain=True)
    assert "D: Expected at another school" in words
    assert "not a possible session" in words
    assert shown(school, on=on, by="code").startswith("Sessions by code")


def test_an_explanation_says_how_each_figure_comes_about(school):
    """Counts, sessions of absence, and what each code means, with its reference."""
    on = cases.write(school, {"ann": "3 ., 1 I, 1 U", "bob": "1 -, 3 ."})
    words = document(school, on=on, explain=True)["explain"]
    assert "U-ann: attended 60.0 % (3 of 5); absent for 2, 1 authorised and 1 unauthorised; " in (
        words[1] + " "
    )
    assert "1 without a mark" in words[1]
    assert words[2] == "  Absent: 2025-09-04/PM I; 2025-09-05/AM U"
    assert any("unauthorised absence" in line and "U: " in line for line in words)
    assert any("authorised absence" in line and "I: " in line for line in words)
    assert words[-1] in shown(school, on=on, explain=True)
    grouped = document(school, on=on, explain=True, by="year")["explain"]
    assert not any("Absent:" in line for line in grouped)


def test_the_mean_of_pupil_rates_weighs_every_pupil_alike():
    """Exact, half up; none without a possible session."""
    tallies = [Tally(possible=3, attended=1), Tally(possible=2, attended=2), Tally()]
    assert mean_rate(tallies) == "66.7"
    assert mean_rate([Tally(possible=2000, attended=1)]) == "0.1"
    assert mean_rate([Tally()]) is None


def test_the_mean_is_never_mixed_up_with_the_pooled_rate(school):
    """It stands beneath the table, in words of its own."""
    on = cases.write(school, {"ann": "20 .", "bob": "1 ., 1 O"})
    words = shown(school, on=on)
    assert "All" in words
    assert "95.5 % (21 of 22)" in words
    assert "The mean of the 2 pupils' own rates, each weighing alike: 75.0 %" in words
    assert "weighing alike" not in shown(school, on=on, pupil="U-bob")
