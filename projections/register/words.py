"""What is said beneath a register, for its files of words (`rendering.words`).

Apart from the rest because what writes words is slow to import.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ledger.store.folder import Folder
from projections.queries.blocks import Cell
from projections.register.signs import ARROW, NO_MARK, NOT_MET, SIGNS, UNCOUNTED
from projections.rendering.words import Words


@dataclass(frozen=True, kw_only=True)
class SignWords(Words):
    """Which signs occur in a register; the file says what each is."""

    file: ClassVar = "register-signs.txt"

    differs: bool
    amended: bool
    late_entry: bool
    corrected: bool
    restated: bool
    pending: bool
    changed_since: bool
    planned: bool
    uncounted: bool
    no_mark: bool
    not_met: bool


@dataclass(frozen=True, kw_only=True)
class AmendedNotes(Words):
    """What the notes beneath a printed register are given."""

    file: ClassVar = "register-as-amended.txt"

    signs: tuple[str, ...]
    nothing: bool


@dataclass(frozen=True, kw_only=True)
class BlankNotes(Words):
    """What the notes beneath a form are given."""

    file: ClassVar = "register-blank.txt"

    planned: bool
    not_met: bool


def legend(rows: Iterable[tuple[str, Sequence[Cell]]], folder: Folder) -> list[str]:
    """Return what the signs in the rows of a register mean, those that occur."""
    cells = [cell for _, row in rows for cell in row]
    marks = {cell.mark for cell in cells}
    signs = set("".join(cell.signs for cell in cells))
    return SignWords(
        differs=any(ARROW in mark for mark in marks),
        planned=any(cell.plan for cell in cells),
        uncounted=any(UNCOUNTED in mark for mark in marks),
        no_mark=NO_MARK in marks,
        not_met=NOT_MET in marks,
        **{name: sign in signs for name, sign in SIGNS.items()},
    ).lines(folder)
