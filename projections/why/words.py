"""What is said beneath the causes of a difference, for its file of words (`rendering.words`).

Apart from the rest because what writes words is slow to import.
"""

from dataclasses import dataclass
from typing import ClassVar

from projections.rendering.words import Words


@dataclass(frozen=True, kw_only=True)
class CountWords(Words):
    """The counts at both points in time; the file says what each is."""

    file: ClassVar = "why-counts.txt"

    before: str
    after: str
    known_before: str
    known_after: str
