"""Write the kept copy of a piece of evidence to a file, decrypted."""

from contextlib import closing
from pathlib import Path

from commands.core.command import Context, Errand, Outcome, argument, option
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import EvidenceGiven
from ledger.sealing import attachments
from ledger.sealing.keys import BEYOND_USE, REDACTED, KeyRing
from ledger.store.folder import Folder, translated
from ledger.store.store import Store


class CopyEvidence(Errand):
    """attendance evidence copy: write the kept copy of a piece of evidence to a file, decrypted.

    A copy that is not, byte for byte, what was recorded is refused; nothing is overwritten.
    """

    position: int = argument("its position, as attendance evidence shows it", ge=0)
    out: Path = option("the file to write")

    def carry_out(self, context: Context) -> Outcome:
        """Write the copy; records nothing."""
        folder = context.folder.required()
        stream, event = _found(folder, self.position)
        with closing(KeyRing(folder.keys, to_write=False)) as ring:
            name, content = _opened(folder, ring, attachments.name_of(stream), event)
        if self.out.exists():
            raise Refused("already-there", f"{self.out} exists already", "choose another --out")
        with translated(self.out), self.out.open("xb") as file:
            file.write(content)
        said = f"{name}, {len(content):,} bytes, SHA-256 {event.sha256} as recorded"
        return Outcome(None, (f"written to {self.out}: {said}",))


def _found(folder: Folder, position: int) -> tuple[str, EvidenceGiven]:
    with closing(Store(folder.log)) as store:
        for recorded in store.read([streams.EVIDENCE], upto=position):
            if recorded.position == position and isinstance(recorded.event, EvidenceGiven):
                return recorded.stream, recorded.event
    raise Refused(
        "evidence-unknown",
        f"no evidence stands at position {position}",
        "look the position up with attendance evidence",
    )


def _opened(folder: Folder, ring: KeyRing, at: str, event: EvidenceGiven) -> tuple[str, bytes]:
    """Return the name and the bytes of the evidence, or refuse."""
    if event.key is None or event.file is None:
        raise Refused(
            "evidence-not-kept",
            "no copy was kept of this evidence",
            "look for the file where the school keeps it, and compare its SHA-256",
        )
    key = ring.open(event.key)
    if key in (BEYOND_USE, REDACTED):
        raise Refused(
            "beyond-use", "the copy was put beyond use: its key was destroyed", "nothing opens it"
        )
    content = attachments.read(folder, at, key)
    if content is None:
        raise Refused(
            "attachment-missing",
            f"the copy {folder.attachments / at} is not there",
            "restore it from a back-up",
        )
    if attachments.digest(content) != event.sha256:
        raise Refused(
            "attachment-changed",
            f"the copy {folder.attachments / at} has not the SHA-256 that was recorded",
            "restore it from a back-up",
        )
    return ring.open(event.file), content
