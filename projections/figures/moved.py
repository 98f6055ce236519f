"""Why a figure moved between two times of knowledge: causes that add up, nothing left over.

Both times are laid over each other cell by cell: a cell that changed is one change of code (or
of whether it counts at all), and each kind of change has its effect on the counts.
"""

from collections import Counter as Counts
from dataclasses import dataclass

from ledger.values import Session
from policies.packs.codes import Codes
from projections.queries.rectangle import Rectangle

Worth = tuple[int, ...]
NOT_COUNTED = "not counted"
NO_MARK = "no mark"


@dataclass(frozen=True, slots=True)
class Effect:
    """One kind of change: how many cells, and what they did to the counts of sessions."""

    before: str
    after: str
    cells: int
    attended: int
    authorised: int
    unauthorised: int
    possible: int


def effects(before: Rectangle, after: Rectangle, codes: Codes) -> list[Effect]:
    """Return the kinds of change from one rectangle to another, the most frequent first."""
    found: Counts[tuple[str, str, Worth]] = Counts()
    was, is_now = _cells(before), _cells(after)
    for place in was.keys() | is_now.keys():
        old, new = was.get(place, NOT_COUNTED), is_now.get(place, NOT_COUNTED)
        if old != new:
            before_after = zip(
                _worth(codes, old, place[1]), _worth(codes, new, place[1]), strict=True
            )
            found[old, new, tuple(b - a for a, b in before_after)] += 1
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [Effect(old, new, n, *(n * each for each in worth)) for (old, new, worth), n in ordered]


def _cells(whole: Rectangle) -> dict[tuple[int, Session], str]:
    rows, columns = whole.counted.nonzero()
    return {
        (int(row), whole.sessions[column]): whole.book[whole.codes[row, column]] or NO_MARK
        for row, column in zip(rows, columns, strict=True)
    }


def _worth(codes: Codes, code: str, session: Session) -> Worth:
    """Return what one mark adds to attended, authorised, unauthorised and possible."""
    rule = codes.find(code, session.date)
    if rule is None or not rule.possible:
        return (0, 0, 0, 0)
    authorised = not (rule.attended or rule.unauthorised)
    return (int(rule.attended), int(authorised), int(rule.unauthorised), 1)
