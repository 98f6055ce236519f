"""Whose changes are asked for: the pupils that a selection chooses, as row numbers."""

from dataclasses import replace

import numpy as np

from projections.queries.question import Selection
from projections.queries.rectangle import rectangle
from projections.queries.selection import selected
from projections.queries.view import View


def chosen(question: Selection, view: View) -> set[int]:
    """Return the pupils asked for; a filter by group is one by membership at `on`."""
    whole = rectangle(view)
    if not whole.sessions:  # who is meant needs a column, also where no session is in a term
        whole = replace(whole, codes=np.zeros((len(whole.codes), 1), np.uint8))
    cells = selected(view, question, whole)
    return {n for n in view.people if cells[n].any()}
