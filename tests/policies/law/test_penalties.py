"""The penalty threshold: readable cases, and an oracle written from the words of reg 9A."""

import tomllib
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.values import HALVES, Session, parse_session
from policies.law.calendar import school_weeks
from policies.law.penalties import (
    KnownWeeks,
    Measure,
    RelevantEntry,
    first_recorded,
    measure,
    standing,
)
from tests.policies.answers import answered

FILE = Path(__file__).parents[3] / "fixtures" / "cases" / "penalties" / "threshold.toml"
USUAL = tomllib.loads(FILE.read_text(encoding="utf-8"))
FIRST = date(2024, 9, 2)
WEEK = [f"2024-09-{day:02}" for day in range(9, 14)]
DAY = timedelta(days=1)


# -- Cases ----------------------------------------------------------------------------------


@pytest.mark.cases("penalties/threshold")
def test_the_threshold_is_as_the_law_says(case):
    shown = answered(lambda: counted(**case["given"]))
    assert {key: shown[key] for key in case["expect"]} == case["expect"]


def counted(on, absent=(), closed=()):
    weeks = school_weeks(s.date for s in met(closed))
    got = standing(weeks, sessions(absent), on, measure(on))
    assert (len(got.sessions), len(got.peak_sessions)) == (got.count, got.peak)
    return {
        "count": got.count,
        "peak": got.peak,
        "met": got.met,
        "window": list(got.window or []),
        "peak_window": list(got.peak_window or []),
        "first_met_on": got.first_met_on or "never",
        "leaves_on": got.leaves_on or "unknown",
    }


def met(closed=()):
    days = [
        first + n * DAY
        for first, last in USUAL["calendar"]
        for n in range((last - first).days + 1)
    ]
    school = {Session(day, half) for day in days if day.weekday() < 5 for half in HALVES}
    shut = [day.isoformat() for day in USUAL["holidays"]]
    return school - set(sessions([*shut, *closed]))


def sessions(written):
    return [parse_session(full) for text in written for full in whole(text)]


def whole(text):
    return [text] if "/" in text else [f"{text}/{half}" for half in HALVES]


def test_listing_by_any_window_or_by_the_latest():
    weeks, on = school_weeks(s.date for s in met()), date(2025, 2, 14)
    got = standing(weeks, sessions([*WEEK, "2025-01-07"]), on, measure(on))
    assert (got.at_least(10), got.at_least(11)) == (True, False)
    assert (got.at_least(2, current=True), got.at_least(3, current=True)) == (True, False)


def test_the_instant_is_that_of_the_tenth_recorded():
    """Recorded out of order: the window is full when the last of ten is there."""
    week, weeks = sessions(WEEK), known(met())
    stood = [RelevantEntry(session, 100 - n) for n, session in enumerate(week)]
    assert first_recorded(weeks, stood, Measure(10, 10)) == 100
    assert first_recorded(weeks, stood[1:], Measure(10, 10)) is None


def known(met):
    """School weeks that were never known otherwise."""
    return [KnownWeeks(0, school_weeks(s.date for s in met))]


def test_each_moment_is_judged_by_the_school_weeks_known_then():
    """Five and five, eleven weeks apart; from moment 7 to 9 one week between them is none."""
    weeks = [FIRST + 7 * n * DAY for n in range(12)]
    fewer = [*weeks[:5], *weeks[6:]]
    days = [weeks[0] + n * DAY for n in range(5)] + [weeks[10] + n * DAY for n in range(5)]
    stood = [RelevantEntry(Session(day, "AM"), 1) for day in days]
    size = Measure(10, 10)
    assert first_recorded([KnownWeeks(0, weeks)], stood, size) is None
    assert first_recorded([KnownWeeks(0, weeks), KnownWeeks(7, fewer)], stood, size) == 7
    known = [KnownWeeks(0, weeks), KnownWeeks(7, fewer), KnownWeeks(9, weeks)]
    last = stood.pop().session
    assert first_recorded(known, [*stood, RelevantEntry(last, 8)], size) == 8
    assert first_recorded(known, [*stood, RelevantEntry(last, 8, 9)], size) == 8
    assert first_recorded(known, [*stood, RelevantEntry(last, 9)], size) is None


def test_an_entry_replaced_by_another_is_one_all_along():
    """Not yet established, then without leave: no moment in between, and none twice."""
    week, weeks = sessions(WEEK), known(met())
    stood = [RelevantEntry(week[0], 1, 50), RelevantEntry(week[0], 50)]
    stood += [RelevantEntry(session, 2) for session in week[1:9]]
    assert first_recorded(weeks, stood, Measure(10, 10)) is None
    assert first_recorded(weeks, [*stood, RelevantEntry(week[9], 60)], Measure(10, 10)) == 60


# -- The oracle: reg 9A word by word, session by session, with nothing borrowed --------------


class Words:
    """A school, its sessions met, and a pupil's relevant entries, judged as reg 9A reads."""

    def __init__(self, met, entries, on, number, length):
        self.entries = sorted((e for e in entries if e.date <= on), key=order)
        self.number, self.length, self.on = number, length, on
        day, self.periods = FIRST - 7 * DAY, []
        last = max((s.date for s in met), default=FIRST)
        while day <= last:
            # "any period of seven days, beginning with Monday, in which the school meets for at
            # least one session"
            seven = [day + n * DAY for n in range(7)]
            if any(s.date in seven for s in met):
                self.periods.append(seven)
            day += 7 * DAY

    def windows(self, until):
        """Every period of consecutive school weeks that ends with one begun by a day."""
        begun = [p for p in self.periods if p[0] <= until]
        return [begun[max(0, n - self.length) : n] for n in range(1, len(begun) + 1)]

    def inside(self, window, entries):
        return [e for e in entries if any(e.date in seven for seven in window)]

    def answer(self):
        windows = self.windows(self.on)
        if not windows:
            return (0, (), 0, None, None, None, None, None)
        counts = [len(self.inside(window, self.entries)) for window in windows]
        fullest = [w for w, c in zip(windows, counts, strict=True) if c == max(counts)][-1]
        latest = windows[-1]
        return (
            counts[-1],
            tuple(self.inside(latest, self.entries)),
            max(counts),
            tuple(self.inside(fullest, self.entries)),
            (latest[0][0], latest[-1][0]),
            (fullest[0][0], fullest[-1][0]),
            self.first_met(),
            self.leaves(latest),
        )

    def first_met(self):
        for entry in self.entries:
            so_far = [e for e in self.entries if order(e) <= order(entry)]
            own = next(w for w in self.windows(self.on) if entry.date in w[-1])
            if len(self.inside(own, so_far)) >= self.number:
                return entry.date
        return None

    def leaves(self, latest):
        inside = self.inside(latest, self.entries)
        if inside:
            for window in self.windows(date.max):
                without = window[-1][0] > latest[-1][0]
                if without and not self.inside(window, inside[:1]):
                    return window[-1][0]
        return None


def order(session):
    return session.date, HALVES.index(session.half)


def shown(got):
    if got.window is None:
        return (got.count, got.sessions, got.peak, None, None, None, None, None)
    return (
        got.count,
        got.sessions,
        got.peak,
        got.peak_sessions,
        tuple(got.window),
        tuple(got.peak_window),
        got.first_met_on,
        got.leaves_on,
    )


@st.composite
def schools(draw):
    """A stretch of weeks: full, half empty, one session, none; and a pupil often absent."""
    found = []
    for week in range(draw(st.integers(0, 34))):
        monday = FIRST + 7 * week * DAY
        full = [Session(monday + n * DAY, half) for n in range(5) for half in HALVES]
        kind = draw(st.sampled_from(["full", "full", "full", "some", "one", "none"]))
        if kind == "full":
            found += full
        elif kind == "some":
            found += draw(st.lists(st.sampled_from(full), min_size=1, unique=True))
        elif kind == "one":
            found.append(draw(st.sampled_from(full)))
    rare = draw(st.integers(1, 12))
    random = draw(st.randoms(use_true_random=False))
    absent = [session for session in found if random.randrange(rare) == 0]
    return found, absent


MEASURES = st.sampled_from([(10, 10), (10, 10), (3, 2), (1, 1), (5, 4)])


@settings(max_examples=200, deadline=None)
@given(schools(), st.integers(-10, 260), MEASURES)
def test_windows_are_those_that_the_words_of_the_law_give(school, after, size):
    """The same counts, windows, peaks and dates as reading reg 9A session by session."""
    met, absent = school
    on = FIRST + after * DAY
    got = standing(school_weeks(s.date for s in met), absent, on, Measure(*size))
    assert shown(got) == Words(met, absent, on, *size).answer()
    assert got.met == (got.peak >= size[0])


@settings(max_examples=200, deadline=None)
@given(schools(), st.data(), MEASURES)
def test_the_first_recorded_moment_is_found_by_looking_at_every_moment(school, data, size):
    """The first moment at which the entries that then stood fill any window."""
    met, absent = school
    moments = st.lists(st.integers(0, 12), min_size=1, max_size=4, unique=True).map(sorted)
    stood = []
    for session in absent[:60]:
        times = data.draw(moments)
        stood += [RelevantEntry(session, *pair) for pair in pairwise(times)]
        if data.draw(st.booleans()):
            stood.append(RelevantEntry(session, times[-1]))
    expected = next((m for m in range(13) if full(met, stood, m, size)), None)
    assert first_recorded(known(met), stood, Measure(*size)) == expected


def full(met, stood, moment, size):
    there = [
        s.session for s in stood if s.since <= moment and (s.until is None or moment < s.until)
    ]
    words = Words(met, there, date.max, *size)
    return any(len(words.inside(w, there)) >= size[0] for w in words.windows(date.max))
