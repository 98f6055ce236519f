"""Print the newest one, or prove that it continues one kept earlier."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.errors import Refused
from ledger.store.folder import Folder, translated
from ledger.tlog.note import Checkpoint, Note, read_checkpoint, read_note, read_verifier
from ledger.tlog.tree import is_consistent
from ledger.transparency.proof import Proofs
from ledger.transparency.stretch import keys_of
from ledger.verification.verify import Progress
from projections.queries.question import Answer, Inspection, Lines, Page, option


@dataclass(frozen=True, kw_only=True)
class LatestCheckpoint(Inspection):
    """attendance checkpoint: print the newest one, or prove that it continues one kept earlier.

    Keep it outside: whoever holds one can tell whether anything before it was changed.
    """

    since: Path | None = option("a checkpoint kept earlier: prove that the log continues it")
    out: Path | None = option("write the checkpoint to this file, to be kept outside")

    def inspect(self, folder: Folder, _progress: Progress) -> Answer:
        """Answer with the checkpoint; an earlier one that is not continued is a difference."""
        proofs = Proofs(folder.required())
        if proofs.note is None:
            raise Refused(
                "no-checkpoint", "the log has no checkpoint yet", "run attendance verify"
            )
        newest = read_checkpoint(proofs.note.text)
        document = {
            "origin": newest.origin,
            "size": newest.size,
            "root": b64encode(newest.root).decode(),
            "note": proofs.note.written,
        }
        pages = [] if self.out is None else [Page(self.out, proofs.note.written)]
        lines = proofs.note.written.rstrip("\n").split("\n")
        if self.since is None:
            return Answer(document, (), [Lines(lines)], pages=pages)
        given = _read(self.since)
        compared, says = _compared(proofs, newest, read_checkpoint(given.text))
        if not compared["consistent"] and not _signed_by(folder, given, newest.size):
            says.append(
                "No key of this log signed that checkpoint: it was made up, or changed since."
            )
        document["since"] = compared
        differs = not compared["consistent"]
        return Answer(document, (), [Lines([*says, "", *lines])], pages=pages, differs=differs)


def _read(path: Path) -> Note:
    with translated(path):
        return read_note(path.read_text(encoding="utf-8", errors="replace"))


def _signed_by(folder: Folder, given: Note, size: int) -> bool:
    """Tell whether a key that the log has had signed a checkpoint."""
    keys = (read_verifier(each.key) for each in keys_of(folder, size))
    return any(key.time_of(given) is not None for key in keys)


def _compared(
    proofs: Proofs, newest: Checkpoint, kept: Checkpoint
) -> tuple[dict[str, Any], list[str]]:
    """Return the consistency of two checkpoints with its proof, and the same in words."""
    hashes = proofs.tree.consistency(kept.size, newest.size)
    same = kept.origin == newest.origin
    good = same and is_consistent(kept.size, kept.root, newest.size, newest.root, hashes)
    found = {
        "size": kept.size,
        "consistent": good,
        "proof": [b64encode(each).decode() for each in hashes] if good else [],
    }
    if good:
        after = newest.size - kept.size
        what = f"Entries 1 to {kept.size} are those of the checkpoint kept"
        return found, [f"{what}; {after} came after."]
    if not same:
        return found, [f"NOT the same log: the checkpoint kept is of {kept.origin}"]
    if kept.size > newest.size:
        what = f"the checkpoint kept is of {kept.size} entries, the log holds {newest.size}"
        return found, [f"NOT continued: {what}; it was rolled back or cut short"]
    return found, [f"NOT continued: entries 1 to {kept.size} are not those of the checkpoint kept"]
