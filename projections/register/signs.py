"""How a cell of the register is written: its code, and signs for how it came to stand.

Signs are shapes, never colours, so that a page reads alike in black and white.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ledger.values import parse_session
from projections.queries.view import View

NO_MARK = "-"
NOT_MET = "·"
NONE = "none"
SIGNS: tuple[tuple[str, str, str], ...] = (
    ("amended", "*", "amended after the register was taken"),
    ("late_entry", "+", "entered late, after the register had ended"),
    ("corrected", "^", "corrected while the register was being taken"),
    ("restated", "~", "restated by the system it came from"),
    ("pending", "?", "an amendment was requested and waits for approval; it does not stand"),
    ("changed_since", "!", "changed since: what stood differs now, or it was amended later"),
)
"""A cell's property, its sign, what the sign means; in the order in which they are written."""
_PLANNED = "(..)  planned, not an entry until the register is taken"
_DIFFERS = "A>B  was A at the first time and is B at the second"
_UNCOUNTED = (
    "[..]  stands, but counts in no figure: session closed since or outside term, "
    "or pupil not on roll"
)
_NO_MARK = f"{NO_MARK}  no mark"
_NOT_MET = f"{NOT_MET}  school closed, or pupil not on roll or not in the group at that session"

Cell = Mapping[str, Any]


def signed_text(cell: Cell) -> str:
    """Return how a cell is written: what it was and became, or the code with its signs."""
    difference = cell.get("diff")
    if difference:
        written = f"{_code_or_none(difference['was'])}>{_code_or_none(difference['became'])}"
        # What changed between the two times is what the arrow says.
        return written + signs(cell, without=("changed_since",))
    return code_text(cell) + signs(cell)


def code_text(cell: Cell) -> str:
    """Return what stands in a cell, without signs; in brackets what stands and does not count.

    The code of a cancelled session says itself that the session does not count.
    """
    if not cell.get("in_group", True):
        return NOT_MET
    if cell["code"] is not None:
        says_so = cell["cancelled"] and cell.get("member", True)
        return str(cell["code"]) if cell["met"] or says_so else f"[{cell['code']}]"
    if not cell["met"]:
        return NOT_MET
    return f"({cell['planned']})" if cell.get("planned") else NO_MARK


def signs(cell: Cell, *, without: Sequence[str] = ()) -> str:
    """Return the signs of a cell."""
    return "".join(sign for name, sign, _ in SIGNS if cell.get(name) and name not in without)


def _code_or_none(stood: str | None) -> str:
    return NONE if stood is None else stood


def legend(cells: Iterable[Cell]) -> list[str]:
    """Return what the signs mean, those that occur in some cells."""
    found = list(cells)
    written = [(code_text(cell), signs(cell), bool(cell.get("diff"))) for cell in found]
    plain = [stands for stands, _, differs in written if not differs]
    became = [each for cell in found for each in (cell.get("diff") or {}).values() if each]
    lines = [_DIFFERS] if any(differs for *_, differs in written) else []
    lines += [
        f"{sign}  {meaning}"
        for name, sign, meaning in SIGNS
        if any(sign in signed_text(cell) and cell.get(name) for cell in found)
    ]
    lines += [_PLANNED] if any(stands.startswith("(") for stands in plain) else []
    lines += [_UNCOUNTED] if any(each.startswith("[") for each in plain + became) else []
    lines += [_NO_MARK] if NO_MARK in plain else []
    lines += [_NOT_MET] if NOT_MET in plain else []
    return lines


def code_key(view: View, cells: Iterable[Cell], changes: Iterable[Cell] = ()) -> list[str]:
    """Return what codes meant on their days, in the order of the table.

    Those shown in some cells, and in the lists of changes beneath them: what was, what became
    and what was asked for.
    """
    table = view.rules.codes
    meant: dict[str, str] = {}
    for row in (*cells, *changes):
        day = parse_session(row["session"]).date
        for each in _codes(row):
            rule = table.find(each.strip("[]"), day) if each else None
            if rule is not None:
                meant[rule.code] = rule.description
    order = {rule.code: n for n, rule in enumerate(table.rules)}
    return [f"{each}  {meant[each]}" for each in sorted(meant, key=lambda c: order[c])]


def _codes(row: Cell) -> Iterable[str | None]:
    """Return the codes that a cell or a change shows."""
    if "became" in row:
        return row["was"], row["became"], row.get("asked")
    difference = row.get("diff") or {}
    shown_here = row["code"] if row.get("in_group", True) else None
    return (shown_here, row.get("planned"), *difference.values())
