"""One gap: a kind of thing that a ledger cannot know, with its count and what follows."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Gap:
    """What cannot be known, how often, and what follows from it.

    ``first``, ``last``: instants in UTC, dates or sessions, as text; ``positions``: of the first
    and last event concerned; none of them where there is none.
    """

    kind: str
    what: str
    count: int
    means: str
    first: str | None = None
    last: str | None = None
    positions: tuple[int | None, int | None] = (None, None)

    def row(self) -> dict[str, Any]:
        """Return the row of the answer."""
        return {
            "kind": self.kind,
            "what": self.what,
            "count": self.count,
            "first": self.first,
            "last": self.last,
            "positions": {"from": self.positions[0], "to": self.positions[1]},
            "means": self.means,
        }
