"""Cells of the register whose standing code has some property, under its meaning on the day."""

from collections.abc import Callable

import numpy as np

from policies.packs.codes import CodeRule, Codes
from projections.queries.rectangle import Flags, Rectangle


def cells(whole: Rectangle, codes: Codes, wanted: Callable[[CodeRule], bool]) -> Flags:
    """Return the cells that count and whose code's rule is wanted; [pupils, sessions]."""
    found = np.zeros(whole.codes.shape, np.bool_)
    days = [session.date for session in whole.sessions]
    for first, last in codes.eras(days[0], days[-1]) if days else ():
        here = np.array([first <= day <= last for day in days])
        rules = [codes.find(code, first) if code else None for code in whole.book]
        meant = np.array([rule is not None and wanted(rule) for rule in rules])
        found[:, here] = meant[whole.codes[:, here]]
    return found & whole.counted
