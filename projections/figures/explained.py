"""How figures come about, in words that a parent could follow.

Imported by a question that is asked to explain: the words come from files (`rendering.words`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from policies.packs.codes import CodeRule
from policies.packs.values import Rule, parameters
from projections.queries.columns import share_of
from projections.queries.selection import CountedCells, Enrolment
from projections.queries.tally import Tally, late_in_words
from projections.queries.view import View
from projections.rendering.words import Words


@dataclass(frozen=True, kw_only=True)
class CountWords:
    """What the counts of a pupil or group come to; ``sessions``: those of absence, in words.

    ``late``: how often before and after the register closed, empty where never.
    """

    name: str
    attended: str
    absent: int
    authorised: int
    unauthorised: int
    late: str
    missing: int
    sessions: str


@dataclass(frozen=True, kw_only=True)
class RowWords(CountWords):
    """The same of a row of rates; ``listed``: whether the sessions are told."""

    listed: bool


@dataclass(frozen=True, kw_only=True)
class CodeWords:
    """What a code means, how it counts and where that is written."""

    code: str
    description: str
    counts: str
    reference: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class RateWords(Words):
    """What the explanation of rates is given; its file says what each is."""

    file: ClassVar = "rates-explained.txt"

    rows: tuple[RowWords, ...] = ()
    by_code: bool = False
    codes: tuple[CodeWords, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ShareWords:
    """From which share of absence on a pupil is flagged, and where that is written."""

    name: str
    part: int
    of: int
    reference: str
    confidence: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class FlagWords:
    """The test of one flag in whole numbers: 10 x 4 = 40 is at least 1 x 38 = 38."""

    before: str
    of: int
    part: int
    possible: int
    left: int
    right: int
    reached: bool
    flag: str


@dataclass(frozen=True, kw_only=True)
class EnrolmentWords(CountWords):
    """What the counts of a pupil come to, and what they make of the flags."""

    flags: tuple[FlagWords, ...]


@dataclass(frozen=True, kw_only=True)
class PersistentWords(Words):
    """What the explanation of flags is given; its file says what each is."""

    file: ClassVar = "persistent-explained.txt"

    shares: tuple[ShareWords, ...] = ()
    pupils: tuple[EnrolmentWords, ...] = ()
    codes: tuple[CodeWords, ...] = ()


_FLAGS = ("persistent", "severe")


def explain_flags(view: View, here: CountedCells, listed: Sequence[Enrolment]) -> list[str]:
    """Return how the flags of some enrolments come about, as lines."""
    rules = {flag: parameters().value(f"absence.{flag}_share", view.on) for flag in _FLAGS}
    return PersistentWords(
        shares=tuple(
            ShareWords(
                name=f"{flag.capitalize()} share",
                part=rule.table["part"],
                of=rule.table["of"],
                reference=rule.reference,
                confidence=rule.confidence,
                basis=rule.basis,
            )
            for flag, rule in rules.items()
        ),
        pupils=tuple(_enrolment(view, here, each, rules) for each in listed),
        codes=glossary(view, {code for each in listed for code in each.tally.codes}),
    ).lines(view.folder)


def _enrolment(
    view: View, here: CountedCells, each: Enrolment, rules: Mapping[str, Rule]
) -> EnrolmentWords:
    name = f"{view.people[each.pupil].name} ({each.upn})"
    counts = _counts(name, each.tally, absences(view, here, each.pupil))
    flags = (_flag(flag, rule, each.tally) for flag, rule in rules.items())
    return EnrolmentWords(**counts, flags=tuple(flags))


def _flag(flag: str, rule: Rule, tally: Tally) -> FlagWords:
    part, of = rule.table["part"], rule.table["of"]
    left, right = of * tally.absent, part * tally.possible
    return FlagWords(
        before="" if flag == _FLAGS[0] else "; ",
        of=of,
        part=part,
        possible=tally.possible,
        left=left,
        right=right,
        reached=left >= right,
        flag=flag,
    )


def row_words(name: str, tally: Tally, sessions: str | None) -> RowWords:
    """Return what is said of a row; ``sessions``: those of absence, where they are told."""
    return RowWords(**_counts(name, tally, sessions or ""), listed=sessions is not None)


def _counts(name: str, tally: Tally, sessions: str) -> dict[str, Any]:
    return {
        "name": name,
        "attended": share_of(tally.attended, tally.possible),
        "absent": tally.absent,
        "authorised": tally.authorised,
        "unauthorised": tally.unauthorised,
        "late": late_in_words(tally) if tally.late else "",
        "missing": tally.missing,
        "sessions": sessions,
    }


def absences(view: View, here: CountedCells, pupil: int) -> str:
    """Return the sessions of absence of a pupil, each with its code."""
    return "; ".join(f"{session} {code}" for session, code in _absences(view, here, pupil))


def _absences(view: View, here: CountedCells, pupil: int) -> Iterator[tuple[str, str]]:
    whole = here.counter.whole
    for at in np.nonzero(here.chosen[pupil] & whole.counted[pupil])[0]:
        code, session = whole.book[whole.codes[pupil, at]], whole.sessions[at]
        rule = view.rules.codes.find(code, session.date)
        if rule is not None and rule.possible and not rule.attended:
            yield str(session), code


def glossary(view: View, codes: Iterable[str]) -> tuple[CodeWords, ...]:
    """Return what each code means, in order."""
    return tuple(_entry(view.meaning(code)) for code in sorted(codes))


def _entry(rule: CodeRule) -> CodeWords:
    if not rule.possible:
        counts = "not a possible session"
    elif rule.attended:
        counts = "attended"
    else:
        counts = "unauthorised absence" if rule.unauthorised else "authorised absence"
    return CodeWords(
        code=rule.code,
        description=rule.description,
        counts=counts,
        reference=rule.reference,
        confidence=rule.confidence,
    )
