"""The cells that a question is about, counted: what every answer on attendance begins with."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from projections.queries.question import Selection
from projections.queries.rectangle import Flags, rectangle
from projections.queries.selection import selected
from projections.queries.tally import Counter, Tally
from projections.queries.view import View


@dataclass(slots=True)
class Counted:
    """``counter`` over the register of a range; ``chosen``: the cells asked about that show."""

    counter: Counter
    chosen: Flags

    def pupils(self) -> dict[int, Tally]:
        """Return the tally of each pupil who met a session, by row number."""
        counts, undated = self.counter.by_pupil(self.chosen)
        found = np.nonzero(self.chosen.any(axis=1))[0]
        return {int(n): self.counter.tally(counts[n], undated[n]) for n in found}

    def total(self, sessions: Flags | None = None) -> Tally:
        """Return the tally of all together, by default in every session."""
        cells = self.chosen if sessions is None else self.chosen & sessions
        counts, undated = self.counter.by_pupil(cells)
        return self.counter.tally(counts.sum(axis=0), undated.sum())


def counted(
    question: Selection, view: View, first: date | None = None, last: date | None = None
) -> Counted:
    """Count the register of a view for a selection, by default in the range of the view."""
    whole = rectangle(view, first, last)
    counter = Counter(whole, view.rules.codes)
    return Counted(counter, counter.of_those_who_met(selected(view, question, whole)))
