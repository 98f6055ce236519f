"""The people whom an export may name."""

from collections import Counter, defaultdict
from datetime import date

from ledger.sealing.keys import BEYOND_USE
from projections.queries.view import View
from projections.readmodel.records.roll import Details, Parent, Spell

NO_SPELL = "the pupil has no spell on roll"
_DETAILS = (
    "upn", "local_id", "surname", "forename", "dob", "sex", "name_used", "address", "last_school",
)  # fmt: skip


class People:
    """The pupils and parents that an export may name: their keys are still there.

    ``upns``: row number -> UPN, of those with a spell on roll, as an import asks; ``beyond_use``:
    how many pupils have no key any more; ``left_out``: how many rows of which file, and why.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.details: dict[int, dict[str, str]] = {}
        self.beyond_use = 0
        self.left_out: Counter[tuple[str, str]] = Counter()
        for each in view.standing(Details):
            details = {name: view.open(getattr(each, name)) or "" for name in _DETAILS}
            if details["upn"] == BEYOND_USE:
                self.beyond_use += 1
            else:
                self.details[each.pupil] = details
        self.spells: dict[int, list[Spell]] = defaultdict(list)
        for spell in view.standing(Spell):
            self.spells[spell.pupil].append(spell)
        self.upns = {index: d["upn"] for index, d in self.details.items() if index in self.spells}
        known = view.standing(Parent)
        self.parents = {each.parent for each in known if view.open(each.surname) != BEYOND_USE}

    def may_name(self, index: int, file: str) -> bool:
        """Tell whether rows of a file may name a pupil; count those that may not."""
        if index in self.details and index not in self.upns:
            self.left_out[file, NO_SPELL] += 1
        return index in self.upns

    def on_roll(self, index: int, day: date) -> bool:
        """Tell whether a pupil is on roll on a day, as known."""
        return any(spell.covers(day) for spell in self.spells.get(index, ()))
