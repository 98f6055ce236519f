"""The figures look like those of English schools, within what chance does to 400 pupils."""

from collections import Counter, defaultdict
from datetime import date
from itertools import groupby

import pytest

from commands.demo.synthetic.settings import table
from tests.policies.answers import cases

PRESENT = set("/\\LKVPWB")
OUTSIDE = {"X", "D", "Q", "Y", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7"}
PHASES = ("secondary", "primary", "special")


@pytest.fixture(params=PHASES)
def phase(request):
    return request.param


@pytest.fixture
def found(school, phase):
    return school(phase=phase, pupils=400)


def counted(found, of):
    """Possible and absent sessions by what ``of`` says of a UPN and a date."""
    counts = defaultdict(lambda: [0, 0])
    for (upn, on, _), code in found.standing().items():
        if code not in OUTSIDE:
            counts[of(upn, on)][0] += 1
            counts[of(upn, on)][1] += code not in PRESENT
    return counts


def by_pupil(found):
    return counted(found, lambda upn, _: upn).values()


def published(phase):
    """What the Department published of England, whatever the generator draws from."""
    (case,) = (each for each in cases("figures/code_shares") if each["name"] == phase)
    return case["expect"]


def test_the_generator_draws_from_the_published_figures(phase):
    """Each code's share of possible sessions, as a percentage with four decimals."""
    drawn = {
        c: s for part in table("code_shares")["share"][phase].values() for c, s in part.items()
    }
    assert {code: round(100 * share, 4) for code, share in drawn.items()} == published(phase)[
        "codes"
    ]


def percent(part, whole):
    return 100 * part / whole


def test_attendance_is_near_the_published_figure(found, phase):
    counts = by_pupil(found)
    absent = percent(sum(a for _, a in counts), sum(p for p, _ in counts))
    assert 100 - absent == pytest.approx(published(phase)["attendance"], abs=0.6)


def test_persistent_and_severe_absence_are_as_spread_as_published(found, phase):
    """Pupils differ: the share that misses a tenth is as published, and few miss half."""
    counts = by_pupil(found)
    persistent = percent(sum(10 * a >= p for p, a in counts), len(counts))
    severe = percent(sum(2 * a >= p for p, a in counts), len(counts))
    assert persistent == pytest.approx(published(phase)["persistent"], abs=2)
    low, high = {"secondary": (2, 3), "primary": (0.2, 1), "special": (4, 6)}[phase]
    assert low <= severe <= high


def test_code_shares_are_the_published_ones(found, phase):
    codes = Counter(found.standing().values())
    possible = sum(count for code, count in codes.items() if code not in OUTSIDE)
    for code, share in published(phase)["codes"].items():
        if code != "J1" or phase != "primary":  # interviews are of Year 11 here
            near = pytest.approx(share, abs=0.06 + share / 6)
            assert percent(codes[code], possible) == near, code


def test_three_to_six_amendments_for_a_hundred_marks(found):
    assert 3 <= percent(len(found.tables["amendments"]), len(found.tables["marks"])) <= 6


def test_most_unknown_reasons_are_settled_within_five_school_days(found):
    """Nine in ten N are amended within five school days; those left open are near the end."""
    days = sorted({row["date"] for row in found.tables["marks"]})
    number = {on: place for place, on in enumerate(days)}
    lags = [
        number[row["amended_on"][:10]] - number[row["date"]]
        for row in found.tables["amendments"]
        if row["original"] == "N"
    ]
    assert sum(lag <= 5 for lag in lags) > 0.9 * len(lags)
    still = [on for (_, on, _), code in found.standing().items() if code == "N"]
    assert still
    assert min(still) >= days[-10]


def test_unknown_reasons_turn_into_every_kind_of_answer(found):
    """N becomes illness, unauthorised, late, medical or present; some answers change again."""
    pairs = Counter((r["original"], r["amended"]) for r in found.tables["amendments"])
    for answer in "IOUM/\\":
        assert pairs["N", answer] > 10
    assert min(pairs["O", "I"], pairs["I", "G"], pairs["/", "L"], pairs["L", "/"]) > 0


def test_illness_comes_in_spells(found):
    lengths = [n for code, n in spells(found) if code == "I"]
    assert sum(n for n in lengths if n >= 2) > 0.8 * sum(lengths)
    assert sum(lengths) / len(lengths) > 2.5


def spells(found):
    """Runs of the same code in a pupil's sessions, one after the other: code and length."""
    by_upn = defaultdict(list)
    for (upn, on, half), code in found.standing().items():
        by_upn[upn].append((on, half, code))
    for marks in by_upn.values():
        for code, run in groupby(sorted(marks), key=lambda mark: mark[2]):
            yield code, len(list(run))


def test_holidays_lie_at_the_edges_of_half_terms(found):
    edges = [(t["first"], t["last"]) for t in found.toml["term"]]
    near = total = 0
    for (_, on, _), code in found.standing().items():
        if code == "G":
            day = date.fromisoformat(on)
            first, last = next(edge for edge in edges if edge[0] <= day <= edge[1])
            near += min((day - first).days, (last - day).days) < 14
            total += 1
    assert near > 0.9 * total > 0


def test_lateness_is_a_habit_of_few(found):
    late = Counter(upn for (upn, _, _), code in found.standing().items() if code in "LU")
    pupils = len({row["upn"] for row in found.tables["pupils"]})
    most = sum(count for _, count in late.most_common(pupils // 10))
    assert most > late.total() / 3


def test_mondays_and_fridays_are_worse(found):
    counts = counted(found, lambda _, on: date.fromisoformat(on).weekday())
    rate = {weekday: absent / possible for weekday, (possible, absent) in counts.items()}
    assert min(rate[0], rate[4]) > max(rate[2], rate[3])


def test_pupils_move_in_and_out_and_between_groups(school):
    """Joiners, leavers with a ground, one who returns, and a change of registration group."""
    found = school(pupils=150)
    spells_of = Counter(row["upn"] for row in found.tables["pupils"])
    assert list(spells_of.values()).count(2) == 1
    first = min(t["first"] for t in found.toml["term"])
    joined = [r for r in found.tables["pupils"] if r["starts_on"] > str(first)]
    left = [r for r in found.tables["pupils"] if "" < r["leaves_on"] < "2026-06-26"]
    assert min(len(joined), len(left)) >= 3
    groups = found.tables["groups"]
    registrations = Counter(row["upn"] for row in groups if row["kind"] == "registration")
    assert any(n > spells_of[upn] for upn, n in registrations.items())
    assert {"9B", "7A", "11B"} <= {row["name"] for row in found.tables["groups"]}


def test_school_years_have_about_190_days_for_pupils(school):
    """Terms less training days and bank holidays give 190 days before what was cancelled."""
    for until in (date(2024, 7, 1), date(2026, 7, 17), date(2027, 1, 8)):
        found = school(pupils=10, until=until)
        for_all = [c for c in found.toml["closed"] if "groups" not in c and c["kind"] == "planned"]
        closed = {c["date"] for c in for_all}
        days = sum(
            date.fromordinal(n).weekday() < 5 and date.fromordinal(n) not in closed
            for t in found.toml["term"]
            for n in range(t["first"].toordinal(), t["last"].toordinal() + 1)
        )
        assert days == 190
        assert len(found.toml["term"]) == 6
        assert any(c["date"].month == 5 and "bank holiday" in c["reason"] for c in for_all)


def test_one_closure_is_cancelled_and_one_is_for_a_year_group(school):
    for until in (date(2026, 7, 17), date(2026, 11, 20)):
        closed = school(pupils=10, until=until).toml["closed"]
        assert [c["kind"] for c in closed].count("cancelled") == 1
        assert [c["groups"] for c in closed if "groups" in c] == [["Y8"]]


def test_half_of_reception_is_part_time_in_the_autumn(school):
    found = school(phase="primary", pupils=400)
    reception = {r["upn"] for r in found.tables["groups"] if r["name"] == "YR"}
    part_time = [k for k, code in found.standing().items() if code == "X"]
    pupils = {upn for upn, _, _ in part_time}
    assert pupils <= reception
    assert 0.3 < len(pupils) / len(reception) < 0.7
    assert {half for _, _, half in part_time} == {"PM"}
    assert max(on for _, on, _ in part_time) < "2026-01-01"


def test_one_title_changes_within_the_year(school):
    rows = school(pupils=150).tables["staff"]
    posts = Counter(row["staff_id"] for row in rows)
    (changed,) = [staff_id for staff_id, n in posts.items() if n > 1]
    assert len({row["job_title"] for row in rows if row["staff_id"] == changed}) == 2


def test_cohorts_have_plausible_sizes(school):
    """Free school meals concern about a quarter, looked-after children about one in a hundred."""
    found = school(pupils=400)
    pupils = {row["upn"] for row in found.tables["pupils"]}
    cohorts = defaultdict(set)
    for row in found.tables["groups"]:
        cohorts[row["name"]].add(row["upn"])
    for name, share in (("FSM", 0.25), ("PP", 0.28), ("SEND", 0.17), ("LAC", 0.01)):
        assert len(cohorts[name]) / len(pupils) == pytest.approx(share, abs=0.06)
