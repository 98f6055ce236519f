"""What is said beneath a history, for its file of words (`rendering.words`).

Apart from the rest because what writes words is slow to import.
"""

from dataclasses import dataclass
from typing import ClassVar

from projections.rendering.words import Words


@dataclass(frozen=True, kw_only=True)
class ReplayNotes(Words):
    """What the notes are given; the file says what each is."""

    file: ClassVar = "replay-notes.txt"

    weeks: str
    imported: bool
