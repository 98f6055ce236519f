"""Drop the read models and replay the whole log into them."""

from dataclasses import dataclass
from typing import ClassVar

from ledger.store.folder import Folder
from projections.queries.question import Answer, Inspection, Lines, Progress
from projections.readmodel import catch_up
from projections.readmodel.afresh import afresh


@dataclass(frozen=True, kw_only=True)
class Rebuild(Inspection):
    """attendance rebuild: drop the read models and replay the whole log into them.

    The read models are disposable: they are made anew from the log, equal to what they were.
    """

    doing: ClassVar[str] = "replaying"

    def inspect(self, folder: Folder, progress: Progress) -> Answer:
        """Rebuild, and say from how many events."""
        head = afresh(folder, lambda: catch_up.rebuild(folder.required(), progress=progress))
        says = f"the read models were rebuilt from {head} events"
        return Answer({"events": head}, (), [Lines([says])])
