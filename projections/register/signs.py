"""How a cell of the register is written: its code, and signs for how it came to stand.

Signs are shapes, never colours, so that a page reads alike in black and white.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Protocol

from ledger.values import parse_session
from policies.packs.codes import Codes
from projections.queries.blocks import Cell
from projections.register.week import CellState

NO_MARK, NOT_MET, ARROW, UNCOUNTED = "-", "·", ">", "["
SIGNS: Mapping[str, str] = {
    "amended": "*",
    "late_entry": "+",
    "corrected": "^",
    "restated": "~",
    "pending": "?",
    "changed_since": "!",
    "unsure": "%",
}
"""A cell's property and its sign, in the order in which they are written."""
_MEANINGS: Mapping[str, str] = {
    "amended": "amended after the register was taken",
    "late_entry": "entered late, after the register had ended",
    "corrected": "corrected while the register was being taken",
    "restated": "restated by the system it came from",
    "pending": "an amendment was requested and waits for approval; it does not stand",
    "changed_since": "changed since: what stood differs now, or it was amended later",
    "unsure": "entered by a clock that was wrong: in time or late is not known",
}
_UNCOUNTED_MEANS = (
    "stands, but counts in no figure: session closed since or outside term, or pupil not on roll"
)
_NOT_MET_MEANS = "school closed, or pupil not on roll or not in the group at that session"


def drawn(cell: CellState) -> Cell:
    """Return a cell as it is shown: what it was and became, or what stands, with its signs."""
    late = cell.late_entry and not cell.unsure
    shown = cell._replace(late_entry=late)
    signs = "".join(sign for name, sign in SIGNS.items() if getattr(shown, name))
    if cell.diff is not None:
        was, became = ("none" if each is None else each for each in cell.diff)
        # What changed between the two times is what the arrow says.
        return Cell(f"{was}{ARROW}{became}", signs=signs.replace(SIGNS["changed_since"], ""))
    stands = code_text(cell)
    if stands == NO_MARK and cell.planned:
        return Cell(plan=cell.planned, signs=signs, notes=cell.notes)
    return Cell(stands, signs=signs, notes=cell.notes)


def code_text(cell: CellState) -> str:
    """Return what stands in a cell, without signs; in brackets what stands and does not count.

    The code of a cancelled session says itself that the session does not count.
    """
    if not cell.in_group:
        return NOT_MET
    if cell.code is not None:
        says_so = cell.cancelled and cell.member
        return cell.code if cell.met or says_so else f"{UNCOUNTED}{cell.code}]"
    return NO_MARK if cell.met else NOT_MET


def legend(rows: Iterable[tuple[str, Sequence[Cell]]]) -> list[str]:
    """Return what the signs in the rows of a register mean, those that occur."""
    cells = [cell for _, row in rows for cell in row]
    marks = {cell.mark for cell in cells}
    signs = set("".join(cell.signs for cell in cells))
    occurs = {
        "A>B  was A at the first time and is B at the second": any(ARROW in m for m in marks),
        **{f"{SIGNS[name]}  {means}": SIGNS[name] in signs for name, means in _MEANINGS.items()},
        "(..)  planned, not an entry until the register is taken": any(c.plan for c in cells),
        f"[..]  {_UNCOUNTED_MEANS}": any(UNCOUNTED in mark for mark in marks),
        f"{NO_MARK}  no mark": NO_MARK in marks,
        f"{NOT_MET}  {_NOT_MET_MEANS}": NOT_MET in marks,
    }
    return [line for line, here in occurs.items() if here]


class WithCodes(Protocol):
    """What shows codes of a session, which mean what they do on its day."""

    @property
    def session(self) -> str:
        """The session."""

    @property
    def codes(self) -> Iterable[str | None]:
        """The codes."""


def meanings(table: Codes, *shown: Iterable[WithCodes]) -> list[tuple[str, str]]:
    """Return what codes meant on their days, in the order of the table."""
    meant: dict[str, str] = {}
    for each in chain.from_iterable(shown):
        day = parse_session(each.session).date
        for code in filter(None, each.codes):
            rule = table.find(code.strip("[]"), day)
            if rule is not None:
                meant[rule.code] = rule.description
    order = {rule.code: n for n, rule in enumerate(table.rules)}
    return sorted(meant.items(), key=lambda found: order[found[0]])
