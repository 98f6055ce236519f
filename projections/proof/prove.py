"""Write the proof that one entry is in the log, checkable without it."""

from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Refused
from ledger.events import streams
from ledger.sealing.keys import KeyRing
from ledger.store.folder import Folder
from ledger.store.schema import Row
from ledger.transparency.proof import Proofs, row_at, rows_of
from ledger.values import parse_session
from ledger.verification.verify import Progress
from projections.queries.question import Answer, Inspection, Lines, Page, argument, option


@dataclass(frozen=True, kw_only=True)
class Prove(Inspection):
    """attendance prove: write the proof that one entry is in the log, checkable without it.

    A C2SP tlog-proof of a pupil's mark for a session, or of the entry with a number.
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
        row = _row(self, folder.required())
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
            "version": row[2],
            "proof": proof.written,
        }
        if self.out is None:
            return Answer(document, (), [Lines(proof.written.rstrip("\n").split("\n"))])
        says = f"entry {row[0]} ({row[3]}), proven under a checkpoint of {proofs.size} entries"
        return Answer(document, (), [Lines([says])], pages=[Page(self.out, proof.written)])


def _row(question: Prove, folder: Folder) -> Row:
    if question.position is not None and question.pupil is None and question.session is None:
        return row_at(folder, question.position)
    if question.position is not None or question.pupil is None or question.session is None:
        raise Refused(
            "what-to-prove",
            "a proof is of one mark, or of one entry of the log",
            "give --pupil and a session, or --position",
        )
    ring = KeyRing(folder.keys, to_write=False)
    try:
        pupil = ring.find_pupil(question.pupil)
    finally:
        ring.close()
    if pupil is None:
        raise Refused(
            "pupil-unknown",
            f"no pupil has the UPN or local id {question.pupil!r}",
            "look the pupil up with attendance pupil find NAME",
        )
    versions = rows_of(folder, streams.mark(pupil, parse_session(question.session)))
    number = question.version or len(versions)
    if number > len(versions):
        raise Refused(
            "no-version",
            f"the mark has {len(versions)} versions, not {number}",
            "look at attendance history for what there is",
        )
    return versions[number - 1]
