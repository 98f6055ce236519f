"""Steps with a family: which of them are support, as has to come before a penalty notice.

"Working together to improve school attendance" (2024): a notice where support was provided and
has not worked, or would not be appropriate. Letters alone are no support. What a person wrote is
compared with words that are dated data; what stands nowhere there is said not to be known.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

from policies.packs.values import parameters

Verdict = Literal["support", "offered", "not-appropriate", "no", "unknown"]
"""Support given; offered and declined; recorded as not appropriate; no support; not known."""


Unknown = Literal["step", "outcome"]
"""What of a step no rule knows: its own words, or those of what came of it."""
_COUNTING: Mapping[Unknown, tuple[str, ...]] = {
    "step": ("support_steps", "agreeing_steps"),
    "outcome": ("agreed_outcomes",),
}
_OUTCOMES = ("agreed_outcomes", "declined_outcomes", "not_given_outcomes")


class Judgement(NamedTuple):
    """Whether a step is support, and in words why it is none."""

    verdict: Verdict
    why: str = ""


_LETTER = Judgement("no", "telling, inviting or warning somebody is no support")
_NOTHING_AGREED = Judgement("no", "nothing is recorded as agreed there")
_NOT_GIVEN = Judgement("no", "it was not given")
_UNKNOWN = Judgement("unknown", "not known whether it is support")


def judge(step: str, outcome: str | None, on: date) -> Judgement:
    """Tell whether a step is support, by its words and outcome, under the rules of a day.

    Refused as ``date-outside-rule`` before the first.
    """
    words = _plain(step)
    kinds = ("support_steps", "agreeing_steps", "other_steps", "not_appropriate_steps")
    begins = {kind: _longest(words, _words(kind, on)) for kind in kinds}
    kind = max(kinds, key=lambda each: len(begins[each]))
    if not begins[kind]:
        return _UNKNOWN
    if kind == "other_steps":
        return _LETTER
    if kind == "not_appropriate_steps":
        return Judgement("not-appropriate")
    became = f"{words[len(begins[kind]) :]} {_plain(outcome or '')}".strip()
    return _became(became, on, agreed=kind == "support_steps")


def unknown(step: str, outcome: str | None, on: date) -> Unknown | None:
    """Tell what of a step keeps it from counting only because no rule of the day knows it.

    None where all is known, nothing hangs on it, or no rule is in force yet.
    """
    if parameters().find("casework.support_steps", on) is None:
        return None
    found, came = judge(step, outcome, on), _plain(outcome or "")
    if found == _UNKNOWN:
        return "step"
    known = any(_says(came, name, on) for name in _OUTCOMES)
    return "outcome" if found == _NOTHING_AGREED and came and not known else None


def words_that_count(of: Unknown, on: date) -> list[str]:
    """Return the steps that are support or may be, or the outcomes that make one support."""
    return [word for name in _COUNTING[of] for word in _words(name, on)]


def _became(words: str, on: date, *, agreed: bool) -> Judgement:
    """Judge by what became of it; ``agreed``: support whatever else is said of it."""
    if _says(words, "not_given_outcomes", on):
        return _NOT_GIVEN
    named = bool(_longest(words, _words("support_steps", on)))
    if _says(words, "declined_outcomes", on):
        return Judgement("offered") if agreed or named else _NOTHING_AGREED
    if agreed or named or _says(words, "agreed_outcomes", on):
        return Judgement("support")
    return _NOTHING_AGREED


def _words(name: str, on: date) -> tuple[str, ...]:
    return parameters().value(f"casework.{name}", on).names


def _plain(text: str) -> str:
    """Return a text in small letters, its words apart by one space."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _longest(text: str, words: tuple[str, ...]) -> str:
    """Return the longest of some words that a text begins with, empty where none."""
    begins = (each for each in words if f"{text} ".startswith(f"{each} "))
    return max(begins, key=len, default="")


def _says(text: str, name: str, on: date) -> bool:
    """Tell whether a text has any of the words of a rule."""
    return any(f" {each} " in f" {text} " for each in _words(name, on))
