"""Where a spell falls: one function for each pattern that habits.toml names under ``at``."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from random import Random

from commands.demo.synthetic.diary import Diary

Pattern = Callable[[Diary, range, int, Random], Iterable[int]]
"""From a diary, the session numbers on roll (not empty), a length and odds: session numbers."""


def _any(diary: Diary, within: range, length: int, random: Random) -> range:
    start = diary.draw(diary.anytime, within, random)
    return range(start, start + length)


def _days(diary: Diary, within: range, length: int, random: Random) -> range:
    start = diary.morning_of(diary.draw(diary.anytime, within, random))
    return range(start, start + length)


def _weeks(diary: Diary, _within: range, length: int, random: Random) -> range:
    start = random.choice(diary.weeks)
    return range(start, start + length)


def _exams(diary: Diary, _within: range, length: int, random: Random) -> range:
    start = random.choice(diary.exams)
    return range(start, start + length)


def _observances(diary: Diary, _within: range, length: int, random: Random) -> range:
    start = random.choice(diary.observances)
    return range(start, start + length)


def _term_edge(diary: Diary, _within: range, length: int, random: Random) -> range:
    """Holidays run into the school's: the last sessions of a half term or the first ones."""
    first, after = random.choice(diary.term_edges)
    last = min(first + length, after)
    return random.choice((range(max(first, after - length), after), range(first, last)))


def _mornings(diary: Diary, within: range, length: int, random: Random) -> Iterable[int]:
    return _halves(diary, "AM", diary.draw(diary.anytime, within, random), length)


def _afternoons(diary: Diary, within: range, length: int, random: Random) -> Iterable[int]:
    return _halves(diary, "PM", diary.draw(diary.anytime, within, random), length)


def _halves(diary: Diary, half: str, start: int, length: int) -> Iterable[int]:
    later = range(start, len(diary.sessions))
    return islice((n for n in later if diary.sessions[n].half == half), length)


def _weekly(diary: Diary, within: range, length: int, random: Random) -> Iterable[int]:
    """Return the same half of the same weekday, week after week."""
    start = diary.draw(diary.anytime, within, random)
    slot = diary.slot(start)
    later = range(start, len(diary.sessions))
    return islice((n for n in later if diary.slot(n) == slot), length)


PATTERNS: Mapping[str, Pattern] = {
    "any": _any,
    "days": _days,
    "weeks": _weeks,
    "exams": _exams,
    "observances": _observances,
    "term edge": _term_edge,
    "mornings": _mornings,
    "afternoons": _afternoons,
    "weekly": _weekly,
}
