"""What is said beneath a register on paper, for its files of words (`rendering.words`)."""

from dataclasses import dataclass
from typing import ClassVar

from projections.rendering.words import Words


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
