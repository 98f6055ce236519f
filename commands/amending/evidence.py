"""Evidence for amendments: a file by name and SHA-256, a note on it, and a copy if wanted."""

from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from commands.core.command import Context, Errand, Outcome, argument, option
from ledger import names
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import EvidenceGiven
from ledger.files import translated, write_output
from ledger.sealing import attachments
from ledger.sealing.attachments import Attachment
from ledger.sealing.keys import BEYOND_USE, REDACTED, KeyRing
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Store


class CopyEvidence(Errand):
    """attendance evidence copy: write the kept copy of a piece of evidence to a file, decrypted.

    A copy that is not, byte for byte, what was recorded is refused.
    """

    position: int = argument("its position, as attendance evidence shows it", minimum=0)
    out: Path = option("the file to write")
    replace: bool = option("write over the file that is there", default=False)

    def carry_out(self, context: Context) -> Outcome:
        """Write the copy; records nothing."""
        folder = context.folder.required()
        stream, event = _evidence_at(folder, self.position)
        with closing(KeyRing(folder.keys, to_write=False)) as ring:
            name, digest, content = _copy_of(folder, ring, attachments.name_of(stream), event)
        write_output(self.out, content, replace=self.replace)
        said = f"{name}, {len(content):,} bytes, SHA-256 {digest} as recorded"
        return Outcome(None, (f"written to {self.out}: {said}",))


LARGEST = 25 * 2**20
"""How many bytes of evidence are taken at most: a file is held in memory whole, and encrypted."""


class EvidenceFile(NamedTuple):
    """A file as it was read."""

    name: str
    content: bytes


class EvidenceRecord(NamedTuple):
    """What is to be recorded of evidence, and the copies to keep."""

    facts: tuple[Fact, ...] = ()
    attachments: tuple[Attachment, ...] = ()


class Evidence(NamedTuple):
    """A file, a note of what it is, or both; ``keep``: a copy of the file."""

    file: EvidenceFile | None
    note: str | None
    keep: bool

    def __str__(self) -> str:
        """Say what is given, and whether a copy is kept."""
        named = self.file and f"{self.file.name} (SHA-256 {attachments.digest(self.file.content)})"
        copied = "an encrypted copy is kept" if self.keep else None
        return "; ".join(filter(None, (named, self.note, copied)))

    def record(
        self, pupils: Iterable[str], batch: str, new_key: Callable[[], bytes]
    ) -> EvidenceRecord:
        """Return the fact for each pupil concerned, and each one's copy under a key of its own."""
        facts, copies = [], []
        for pupil in pupils:
            stream, key = streams.evidence(pupil, batch), None
            if self.file is not None and self.keep:
                name = attachments.name_of(stream)
                copies.append(Attachment(name, self.file.content, fresh := new_key()))
                key = attachments.key_text(fresh)
            stated = EvidenceGiven(
                file=self.file and self.file.name,
                sha256=self.file and attachments.digest(self.file.content),
                note=self.note,
                key=key,
            )
            facts.append(Fact(stream, stated))
        return EvidenceRecord(tuple(facts), tuple(copies))


def check_keep(file: Path | None, *, keep: bool) -> None:
    """Refuse to keep a copy of nothing."""
    if keep and file is None:
        raise Refused(
            "evidence-missing",
            "a copy of the evidence is to be kept, but no file is given",
            "name the file with --evidence",
        )


def read_evidence(path: Path) -> EvidenceFile:
    """Return a file's name and bytes; refuse one that is missing, empty, unreadable or huge."""
    if path.is_dir():
        raise Refused("evidence-file", f"{path} is a folder", "name one file in it")
    if not path.exists():
        raise Refused("evidence-file", f"there is no file {path}", "check the name")
    with translated(path):
        size = path.stat().st_size
        if size > LARGEST:
            raise Refused(
                "evidence-large",
                f"{path} has {size:,} bytes; evidence may have {LARGEST:,} (25 MB) at most",
                "give a smaller copy of it, or say where it is with --evidence-note",
            )
        content = path.read_bytes()
    if not content:
        raise Refused("evidence-empty", f"{path} is empty", "give the file that holds something")
    return EvidenceFile(path.name, content)


def evidence_of(file: EvidenceFile | None, note: str | None, *, keep: bool) -> Evidence | None:
    """Return the evidence that a file, a note or both make; none where there is neither."""
    noted = names.text(note or "") or None
    return None if file is None and noted is None else Evidence(file, noted, keep)


def _evidence_at(folder: Folder, position: int) -> tuple[str, EvidenceGiven]:
    with closing(Store(folder.log)) as store:
        for recorded in store.read([streams.EVIDENCE], upto=position):
            if recorded.position == position and isinstance(recorded.event, EvidenceGiven):
                return recorded.stream, recorded.event
    raise Refused(
        "evidence-unknown",
        f"no evidence stands at position {position}",
        "look the position up with attendance evidence",
    )


def _copy_of(
    folder: Folder, ring: KeyRing, at: str, event: EvidenceGiven
) -> tuple[str, str, bytes]:
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
    digest = attachments.digest(content)
    if event.sha256 is None or digest != ring.open(event.sha256):
        raise Refused(
            "attachment-changed",
            f"the copy {folder.attachments / at} has not the SHA-256 that was recorded",
            "restore it from a back-up",
        )
    return ring.open(event.file), digest, content
