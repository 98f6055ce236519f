"""One part of a copy for the family: the same rows to be read and as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.queries.question import Grid, Lines

THIRD_PARTY = "[another person]"
CONFIDENTIAL = "[confidential address]"
FOR_REVIEW = "[held back for review: may name others]"


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table; ``columns``: key of a row -> its heading; ``notes`` stand beneath."""

    key: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = ()

    def block(self) -> Grid | Lines:
        """Return the part to be read; where nothing is held, a line says so."""
        if not self.rows:
            return Lines([f"{self.title}: none on record", *self.notes, ""])
        body = [tuple(_shown(row[key]) for key in self.columns) for row in self.rows]
        return Grid(self.title, tuple(self.columns.values()), body, notes=self.notes)


def _shown(value: Any) -> str:  # noqa: ANN401 - any value of a row
    return "" if value is None else str(value)
