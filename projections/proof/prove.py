"""What somebody outside needs to check the log without it.

A proof of one entry, the newest checkpoint with the proof that it continues an earlier one, and
the public key.
"""

from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.register import SourceConflicted
from ledger.events.registry import NAMES
from ledger.files import translated
from ledger.sealing.keys import KeyRing
from ledger.store.folder import Folder
from ledger.store.schema import Row
from ledger.tlog import signing
from ledger.tlog.note import (
    Checkpoint,
    Note,
    read_checkpoint,
    read_note,
    read_verifier,
    received,
)
from ledger.tlog.tree import is_consistent
from ledger.transparency.proof import Proofs, keys_of, row_at, rows_of
from ledger.values import parse_session
from ledger.verification.verify import Progress
from projections.queries.blocks import Lines
from projections.queries.question import Answer, Inspection, Page, argument, option


@dataclass(frozen=True, kw_only=True)
class Prove(Inspection):
    """attendance prove: write the proof that one entry is in the log, checkable without it.

    A C2SP tlog-proof of a pupil's mark for a session, or of the entry with a number. Versions have
    the numbers that attendance history gives them.
    """

    session: str | None = argument("the session, 2026-11-20/AM", required=False)
    pupil: str | None = option("UPN or local id")
    version: int | None = option("which version of the mark [the one that stands]", minimum=1)
    position: int | None = option("the number of any entry of the log", minimum=1)
    witnessed: bool = option(
        "under the newest checkpoint that a witness signed, not the newest", default=False
    )
    out: Path | None = option("write the proof to this file (.tlog-proof)")

    def inspect(self, folder: Folder, _progress: Progress) -> Answer:
        """Prove one entry under the newest checkpoint, or the newest that a witness signed."""
        row = _entry_asked_for(self, folder.required())
        proofs = Proofs(folder, witnessed=self.witnessed)
        proof = proofs.of(row)
        if not proof.holds:
            raise Refused(
                "proof-fails",
                f"entry {row[0]} is not what was recorded "
                f"under a checkpoint of {proofs.size} entries",
                "run attendance verify",
            )
        document = {
            "position": row[0],
            "index": proof.index,
            "name": row[3],
            "stream": row[1],
            "version": row[2] + 1,
            "proof": proof.written,
        }
        says = f"entry {row[0]} ({row[3]}), proven under a checkpoint of {proofs.size} entries"
        return written(document, proof.written, self.out, says)


def written(document: dict[str, Any], text: str, out: Path | None, says: str) -> Answer:
    """Return an answer that is a text: shown, or written to a file, of which something is said."""
    lines = _lines(text) if out is None else [says]
    return Answer(document, blocks=[Lines(lines)], pages=[Page(out, text)] if out else [])


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n")


def _entry_asked_for(question: Prove, folder: Folder) -> Row:
    if question.position is not None and question.pupil is None and question.session is None:
        return row_at(folder, question.position)
    if question.position is not None or question.pupil is None or question.session is None:
        raise Refused(
            "what-to-prove",
            "a proof is of one mark, or of one entry of the log",
            "give --pupil and a session, or --position",
        )
    with closing(KeyRing(folder.keys, to_write=False)) as ring:
        pupil = ring.find_pupil(question.pupil)
    if pupil is None:
        raise Refused(
            "pupil-unknown",
            f"no pupil has the UPN or local id {question.pupil!r}",
            "look the pupil up with attendance pupil find NAME",
        )
    versions = rows_of(folder, streams.mark(pupil, parse_session(question.session)))
    number = question.version or _standing(versions)
    if number > len(versions):
        raise Refused(
            "no-version",
            f"the mark has {len(versions)} versions, not {number}",
            "look at attendance history for what there is",
        )
    return versions[number - 1]


def _standing(versions: list[Row]) -> int:
    """Return the number of the version that stands; what a source only stated never does."""
    conflict = NAMES[SourceConflicted]
    return max(row[2] + 1 for row in versions if row[3] != conflict)


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
        lines = _lines(proofs.note.written)
        if self.since is None:
            return Answer(document, blocks=[Lines(lines)], pages=pages)
        with translated(self.since):
            earlier = read_note(received(self.since.read_bytes()))
        compared, says = _comparison(proofs, newest, read_checkpoint(earlier.text))
        if not compared["consistent"] and not _signed_by(folder, earlier, newest.size):
            says.append(
                "No key of this log signed that checkpoint: it was made up, or changed since."
            )
        document["since"] = compared
        differs = not compared["consistent"]
        return Answer(document, blocks=[Lines([*says, "", *lines])], pages=pages, differs=differs)


def _signed_by(folder: Folder, note: Note, size: int) -> bool:
    """Tell whether a key that the log has had signed a checkpoint."""
    keys = (read_verifier(each.key) for each in keys_of(folder, size))
    return any(map(note.signed_by, keys))


def _comparison(
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


@dataclass(frozen=True, kw_only=True)
class ShowKey(Inspection):
    """attendance key show: print the ledger's public key, to be kept by somebody outside.

    A C2SP verifier key: with it anybody can check a checkpoint or a proof.
    """

    def inspect(self, folder: Folder, _progress: Progress) -> Answer:
        """Answer with the public half of the key that signs now."""
        key = signing.load(folder.required().signing_key).verifier
        return Answer({"key": key.vkey, "key_id": key.key_id.hex()}, blocks=[Lines([key.vkey])])
