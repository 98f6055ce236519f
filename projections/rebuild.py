"""attendance rebuild: drop the read models and replay the whole log into them."""

from dataclasses import dataclass

from ledger.folder import Folder
from projections import catch_up
from projections.query import Question


@dataclass(frozen=True, kw_only=True)
class Rebuild(Question):
    """The read models are disposable: they are made anew from the log, equal to what they were."""


def carry_out(folder: Folder, progress: catch_up.Progress) -> str:
    """Rebuild, and say up to which position."""
    head = catch_up.rebuild(folder.required(), progress=progress)
    return f"the read models were rebuilt from {head} events"
