"""Steps with a family: which of them are support, as has to come before a penalty notice.

"Working together to improve school attendance" (2024): a notice where support was provided and
has not worked, or would not be appropriate. Letters alone are no support. A step is judged by its
kind (`policies.packs.kinds`) and what came of it; words that no kind knows are said to be unknown.
"""

from datetime import date
from typing import Literal, NamedTuple

from policies.packs.kinds import Counts, Kind, kinds, plain
from policies.packs.values import parameters

Verdict = Counts | Literal["unknown"]
"""What a step counts as; not known where no kind has its words."""
Unknown = Literal["step", "outcome"]
"""What of a step no kind knows: its own words, or those of what came of it."""
_RULE = "casework.support_first"


class Judgement(NamedTuple):
    """Whether a step is support, and in words why it is none."""

    verdict: Verdict
    why: str = ""


_TELLING = Judgement("no", "telling, inviting or warning somebody is no support")
_NOTHING_AGREED = Judgement("no", "nothing is recorded as agreed there")
_NOT_GIVEN = Judgement("no", "it was not given")
_UNKNOWN = Judgement("unknown", "not known whether it is support")


def judge(step: str, outcome: str | None, on: date) -> Judgement:
    """Tell whether a step is support, by its words and outcome, under the rules of a day.

    Refused as ``date-outside-rule`` before the first.
    """
    parameters().value(_RULE, on)
    kind, rest = kinds().find(step)
    if kind is None:
        return _UNKNOWN
    said = plain(outcome or "")
    for name, counts in kind.outcomes.items():
        if said and said == plain(name):
            return _counted(kind, said, counts)
    if kind.counts == "not-appropriate":
        return Judgement(kind.counts)
    if kind.counts == "support" or kind.agreeing:
        return _became(kind, f"{rest} {said}".strip())
    return _TELLING


def unknown(step: str, outcome: str | None, on: date) -> Unknown | None:
    """Tell what of a step keeps it from counting only because no kind knows it.

    None where all is known, nothing hangs on it, or the rule is not in force yet.
    """
    if parameters().find(_RULE, on) is None:
        return None
    found, said = judge(step, outcome, on), plain(outcome or "")
    if found == _UNKNOWN:
        return "step"
    return "outcome" if found == _NOTHING_AGREED and said and not _known(step, said) else None


def words_that_count(of: Unknown) -> list[str]:
    """Return the steps that are support or may be, or the outcomes that make one support."""
    if of == "step":
        every = kinds().by_name.values()
        return [each.name for each in every if each.counts == "support" or each.agreeing]
    return [word for each in kinds().outcomes if each.counts == "support" for word in each.words]


def _known(step: str, said: str) -> bool:
    """Tell whether what came of a step of a known kind is known."""
    kind, _ = kinds().find(step)
    own = kind is not None and said in map(plain, kind.outcomes)
    return own or bool(_meanings(said))


def _counted(kind: Kind, said: str, counts: Counts) -> Judgement:
    """Judge a step by an outcome of its kind."""
    if counts != "no":
        return Judgement(counts)
    if kind.counts == "support" or (kind.agreeing and "no" in _meanings(said)):
        return _NOT_GIVEN
    return _NOTHING_AGREED if kind.agreeing else _TELLING


def _became(kind: Kind, words: str) -> Judgement:
    """Judge a step by the words for what became of it, first those that say that it did not."""
    found = _meanings(words)
    named, _ = kinds().find(words)
    given = kind.counts == "support" or (named is not None and named.counts == "support")
    if "no" in found:
        return _NOT_GIVEN
    if "offered" in found:
        return Judgement("offered") if given else _NOTHING_AGREED
    return Judgement("support") if given or "support" in found else _NOTHING_AGREED


def _meanings(text: str) -> set[Counts]:
    """Return what the words for outcomes in a text count as."""
    return {each.counts for each in kinds().outcomes if _says(text, each.words)}


def _says(text: str, words: tuple[str, ...]) -> bool:
    """Tell whether a text has any of some words."""
    return any(f" {each} " in f" {text} " for each in words)
