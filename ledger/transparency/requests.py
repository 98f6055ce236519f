"""Requests to a witness, made from what is kept beside the log."""

from ledger.errors import Refused
from ledger.store.folder import Folder
from ledger.tlog.note import Note, read_checkpoint
from ledger.transparency.cosigning import Request
from ledger.transparency.proof import Proofs
from ledger.transparency.witnesses import newest_seen, trusted


class Requests:
    """Makes requests for the newest checkpoint of a ledger."""

    def __init__(self, folder: Folder) -> None:
        self._proofs = Proofs(folder)
        if self._proofs.note is None:
            raise Refused("no-checkpoint", "the log has no checkpoint yet", "record something")
        text, signatures = self._proofs.note
        origin = read_checkpoint(text).origin
        self.note = Note(text, tuple(each for each in signatures if each.name == origin))
        self.size = self._proofs.size

    def since(self, old: int) -> Request:
        """Return the request that continues a checkpoint of ``old`` entries, or refuse it."""
        if old > self.size:
            raise Refused(
                "since-beyond",
                f"the log holds {self.size} entries, and cannot continue {old}",
                "if a witness saw that many, the ledger was rolled back: keep its answer",
            )
        return Request(old, tuple(self._proofs.tree.consistency(old, self.size)), self.note)


def last_seen(folder: Folder) -> int:
    """Return how many entries a trusted witness saw last, as far as is kept here; 0: none."""
    newest = newest_seen(folder, [each for each in trusted(folder) if each.stands])
    return newest.position if newest else 0
