"""Amendments of the admission register, with reason, date and name, for reading."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from ledger.clock import local_date
from ledger.english import number_of
from ledger.errors import Refused
from projections.queries.columns import Listing
from projections.queries.question import Answer, Chosen, Question, Selection, option
from projections.queries.selection import selected_pupils
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.roll.admission_rows import ADMISSION, Amendment, amended


@dataclass(frozen=True, kw_only=True)
class Admission(Selection, Question[list[Amendment]]):
    """attendance admission: amendments of the admission register, with reason, date and name.

    Details of pupils, of their parents, and of what these are to each other.

    Every change known is listed, whatever its date: --changed-from and --changed-to narrow them.
    A parent's confidential address is shown in --json and --csv only.
    """

    changed_from: date | None = option("changed on or after this date")
    changed_to: date | None = option("changed on or before this date")
    field: str | None = option("only this detail (address, dob, phone, ...)")
    kind: Literal["amendment", "restated", "stated_anew"] | None = option(
        "amended here, restated by another system, or stated anew with no reason recorded",
        choices=("amendment", "restated", "stated_anew"),
    )

    @property
    def chosen(self) -> Chosen:
        """What a group chooses: pupils, with all that is recorded of them."""
        return "pupils"

    def find(self, view: View) -> list[Amendment]:
        """Find the amendments asked for, in the order in which they were recorded."""
        if self.changed_from and self.changed_to and (self.changed_from > self.changed_to):
            raise Refused(
                "dates-reversed",
                f"--changed-from {self.changed_from} is later than {self.changed_to}",
                "give the earlier date first",
            )
        known = amended(view, Describer(view), selected_pupils(self, view))
        return [each for each in known if self._asks_for(each)]

    def present(self, found: list[Amendment]) -> Answer:
        """Show one row an amendment."""
        listing = Listing(ADMISSION, found)
        title = f"{number_of(len(found), 'change')} of the admission register"
        return Answer({"rows": listing}, blocks=[listing.grid(title)])

    def unknown(self) -> Answer:
        """Return no amendment."""
        return Answer({"rows": Listing(ADMISSION, [])})

    def _asks_for(self, each: Amendment) -> bool:
        if self.field not in (None, each.stored.field) or self.kind not in (None, each.kind):
            return False
        if self.changed_from is None and self.changed_to is None:
            return True
        at = each.made_at
        earliest, latest = self.changed_from or date.min, self.changed_to or date.max
        return at is not None and earliest <= local_date(at) <= latest
