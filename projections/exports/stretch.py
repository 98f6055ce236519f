"""Write entries of the log so that anybody can check them alone.

The entries as they lie in the log, sealed texts sealed, with what proves them under the newest
checkpoint, or the newest that a witness signed. ``attendance-verify FILE --key KEY`` checks it
without the ledger and its software.
"""

from dataclasses import dataclass
from pathlib import Path

from ledger.store.folder import Folder
from ledger.tlog.note import read_checkpoint
from ledger.transparency.proof import stretch_of
from ledger.verification.verify import Progress
from projections.queries.blocks import Lines
from projections.queries.question import Answer, Inspection, Page, argument, option


@dataclass(frozen=True, kw_only=True)
class ExportStretch(Inspection):
    """attendance export stretch: write entries of the log so that anybody can check them alone.

    From the entry after a checkpoint kept earlier, it also proves that the log continues it.
    """

    out: Path = argument("the file to write")
    from_position: int = option("the first entry [1]", 1, minimum=1)
    to_position: int | None = option("the last entry [the newest]", minimum=1)
    witnessed: bool = option(
        "under the newest checkpoint that a witness signed, not the newest", default=False
    )

    def inspect(self, folder: Folder, _progress: Progress) -> Answer:
        """Answer with the file to write, and what it holds."""
        asked = (self.from_position, self.to_position)
        stretch = stretch_of(folder.required(), *asked, witnessed=self.witnessed)
        size = read_checkpoint(stretch.note.text).size
        document = {"path": str(self.out), "first": stretch.first, "last": stretch.last}
        says = [
            (
                f"entries {stretch.first} to {stretch.last}, "
                f"proven under a checkpoint of {size} entries"
            ),
            f"check them with: attendance-verify {self.out} --key KEY",
        ]
        pages = [Page(self.out, stretch.written)]
        return Answer(document, blocks=[Lines(says)], pages=pages)
