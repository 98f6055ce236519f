"""The category of every code, against DfE's published totals for England and its regions."""

import csv
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from policies.packs.codes import codes
from projections.queries.columns import percent
from projections.queries.tally import Tally, _add

FIGURES = Path(__file__).parents[3] / "fixtures" / "national" / "2025_26.csv"
FIRST_DAY = date(2025, 9, 8)
NOT_CODES = {
    "area", "phase", "attended", "authorised", "unauthorised", "absent", "possible", "late",
    "attendance_percent", "absent_percent", "authorised_percent", "unauthorised_percent",
    "authorised_not_listed",
}  # fmt: skip
LEGACY = {"H", "J"}


def rows():
    """Every row, with its area and phase as its name."""
    with FIGURES.open(encoding="utf-8", newline="") as file:
        return [pytest.param(r, id=f"{r['area']} {r['phase']}") for r in csv.DictReader(file)]


def tallied(row):
    """The tally of a row's counts by code, as the product makes it."""
    tally = Tally()
    for code in row.keys() - NOT_CODES:
        # Letters that have ended still come in; they keep the meaning that they had.
        rule = codes().find(code, FIRST_DAY) or codes().by_code[code][-1]
        _add(tally, rule, int(row[code]))
    return tally


@pytest.mark.parametrize("row", rows())
def test_totals_follow_from_the_counts_by_code(row):
    """Attended and unauthorised to the session; authorised but for what is not listed."""
    tally, apart = tallied(row), int(row["authorised_not_listed"])
    assert tally.attended == int(row["attended"])
    assert tally.unauthorised == int(row["unauthorised"])
    assert tally.authorised + apart == int(row["authorised"])
    assert tally.absent + apart == int(row["absent"])
    assert tally.possible + apart == int(row["possible"])
    assert tally.late == int(row["late"])


@pytest.mark.parametrize("row", rows())
def test_percentages_follow_from_the_counts_by_code(row):
    """The published percentages, to the last of their digits; ours have one decimal, half up."""
    tally, apart = tallied(row), int(row["authorised_not_listed"])
    counts = {
        "attendance": tally.attended,
        "absent": tally.absent + apart,
        "authorised": tally.authorised + apart,
        "unauthorised": tally.unauthorised,
    }
    possible = tally.possible + apart
    for name, count in counts.items():
        published = Fraction(row[f"{name}_percent"])
        assert abs(Fraction(100 * count, possible) - published) < Fraction(1, 10**12)
        tenths = (published * 10 + Fraction(1, 2)).__floor__()
        assert percent(count, possible) == f"{tenths // 10}.{tenths % 10}"


def test_what_is_not_listed_is_106_sessions_nationally():
    """The documented difference, exactly; and the regions account for all of it."""
    found = {(r.values[0]["area"], r.values[0]["phase"]): r.values[0] for r in rows()}
    assert len(found) == 40
    apart = {place: int(row["authorised_not_listed"]) for place, row in found.items()}
    assert apart["England", "total"] == 106
    regions = sum(
        n for (area, phase), n in apart.items() if area != "England" and phase == "total"
    )
    assert regions == 106


def test_legacy_codes_have_ended_and_every_other_is_in_force():
    """H and J still arrive in small numbers, under the meaning that they had."""
    row = rows()[0].values[0]
    ended = {code for code in row.keys() - NOT_CODES if codes().find(code, FIRST_DAY) is None}
    assert ended == LEGACY
