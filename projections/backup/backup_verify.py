"""Prove that a back-up can be restored, without restoring it."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ledger
from ledger.backup import backup, passphrases
from ledger.backup import check as backup_check
from ledger.backup import file as backup_file
from ledger.backup.check import Opened
from ledger.backup.file import Archive, Progress
from ledger.clock import iso, local
from ledger.errors import Refused
from ledger.store.folder import Folder, translated
from ledger.verification.verify import Fault
from policies.packs.rules import rules
from projections.queries.question import (
    Answer,
    Grid,
    Inspection,
    Lines,
    argument,
    number_of,
    option,
)

_UNOPENED = "not checked: the keys, and so every name, as no passphrase was given"


@dataclass(frozen=True, kw_only=True)
class VerifyBackup(Inspection):
    """attendance backup verify: prove that a back-up can be restored, without restoring it.

    Every byte, every entry, every key; compared with the ledger that --ledger names.
    """

    archive: Path = argument("the back-up")
    passphrase_file: Path | None = option(
        "a file with the passphrase for the keys [ATTENDANCE_PASSPHRASE, or asked for]"
    )

    def inspect(self, folder: Folder, progress: Progress) -> Answer:
        """Unpack the back-up aside and check it; what is wrong makes the answer a difference."""
        try:
            archive = backup_file.read(self.archive, progress)
            passphrase = passphrases.existing(self.passphrase_file)
            secrets = None if passphrase is None else backup.secrets_of(archive, passphrase)
            with translated(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory() as place:
                made = Folder(Path(place))
                backup.unpack(archive, made, secrets, progress)
                proven = backup_check.proven(made, archive, progress)
        except Refused as refused:
            if refused.code != "backup-damaged":
                raise
            return _different(self.archive, refused.what)
        fit, fits = _fit(folder, archive)
        return _answer(archive, proven.opened, [*proven.faults, *fits], fit)


def _fit(folder: Folder, archive: Archive) -> tuple[list[str], list[Fault]]:
    """Compare with the ledger that is there, if any; in words, and what is wrong."""
    if not folder.exists():
        return [f"not compared with a ledger: there is none at {folder.path}"], []
    try:
        found = backup_check.fit(folder, archive.manifest)
        known = [made.sha256 for made in backup_check.recorded(folder)]
    except Refused as refused:
        return [f"not compared with the ledger at {folder.path}: {refused.what}"], []
    says = [found.says] if found.says else []
    if archive.sha256 in known:
        says.append("recorded there with the SHA-256 that this file has")
    return says, found.faults


def _different(path: Path, what: str) -> Answer:
    problems = [{"position": None, "what": what}]
    document = {"file": str(path), "restorable": False, "problems": problems}
    lines = [what, "NOT restorable: take another copy of it, or an earlier back-up"]
    return Answer(document, ("position", "what"), [Lines(lines)], problems, differs=True)


def _answer(
    archive: Archive, opened: Opened | None, faults: Sequence[Fault], fit: list[str]
) -> Answer:
    manifest = archive.manifest
    problems = [{"position": position, "what": what} for position, what in faults]
    document: dict[str, Any] = {
        "file": str(archive.path),
        "restorable": not faults,
        "made_at": iso(manifest.made_at),
        "ledger": manifest.ledger,
        "entries": manifest.size,
        "root": manifest.root,
        "sha256": archive.sha256,
        "software": manifest.software,
        "attachments": len(manifest.attachments),
        "keys": None if opened is None else opened._asdict() | {"faults": len(opened.faults)},
        "compared": fit,
        "problems": problems,
        "verified_by": {"rules": rules().digest, "software": ledger.__version__},
    }
    blocks: list[Lines | Grid] = [Lines(_lines(archive, opened, faults, fit))]
    if faults:
        body = [("" if at is None else str(at), what) for at, what in faults]
        title = number_of(len(faults), "problem")
        blocks.append(Grid(title, ("Entry", "What is wrong"), body, frozenset({0})))
    return Answer(document, ("position", "what"), blocks, problems, differs=bool(faults))


def _lines(
    archive: Archive, opened: Opened | None, faults: Sequence[Fault], fit: list[str]
) -> list[str]:
    manifest = archive.manifest
    keys = _UNOPENED
    if opened is not None:
        keys = f"{opened.keys} in use, a text under each opened"
        if opened.destroyed:
            keys += f", but {opened.destroyed} that were destroyed on purpose"
    verdict = "NOT restorable" if faults else "restorable"
    if not faults and opened is None:
        verdict = "the log is restorable"
    return [
        f"Back-up      {archive.path}: {verdict}",
        f"Made         {local(manifest.made_at):%Y-%m-%d %H:%M} London",
        f"Ledger       {manifest.ledger}",
        f"Entries      {manifest.size}",
        f"Root         {manifest.root}",
        f"Keys         {keys}",
        f"Attachments  {len(manifest.attachments)}",
        *(f"Compared     {line}" for line in fit),
    ]
