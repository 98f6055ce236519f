"""The back-ups that a ledger tells of or a folder holds, whether one is due, and proof of one.

At least one a month is to be made (SI 2024/208 reg 5(3)), and kept for six years after the end of
its school year.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import ledger
from ledger.backup import backup, check, file, passphrases
from ledger.backup.check import Findings, origin
from ledger.backup.file import SUFFIX, Archive, manifest_of
from ledger.clock import iso, local, local_date
from ledger.english import in_words, noun, number_of
from ledger.errors import Refused
from ledger.files import translated
from ledger.store.folder import Folder
from ledger.terminal import Progress
from ledger.verification.keys import Fault
from policies.law import calendar
from policies.packs.codes import rules
from policies.packs.values import parameters
from projections.queries.blocks import Grid, Lines
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Inspection, Question, argument, option
from projections.queries.versions import moment
from projections.queries.view import View
from projections.readmodel.records.proof import Backup

_STATES = {
    "made": "This month has its back-up.",
    "due": "DUE: this month has no back-up yet; the law asks for one at least once a month.",
    "overdue": "OVERDUE: neither this month nor the one before has a back-up.",
    None: "No law asked for back-ups yet.",
}
_AS_IT_SAYS = "A file is listed by what it says of itself; attendance backup verify proves it."
_KEYS_UNCHECKED = "not checked: the keys, and so every name, as no passphrase was given"
_IN_WORDS: dict[calendar.BackupState | None, str] = {
    None: "",
    "made": "",
    "due": "; this month's is still to be made",
    "overdue": "; OVERDUE: one a month is to be made",
}


def _to_be_kept(today: date) -> Iterator[str]:
    """Say for how long a back-up that is made today is to be kept."""
    rule = parameters().find("register.backup_preserved", today)
    if rule is not None:
        years = rule.table["years"]
        yield (
            f"Each is to be kept for {in_words(years)} {noun(years, 'year')} after the end of the "
            "school year in which it was made."
        )


class MadeBackup(NamedTuple):
    """A back-up or a restore that the ledger tells of: at which entry, when and of how many."""

    stored: Backup
    at: int


class ListedBackup(NamedTuple):
    """A back-up as the ledger tells of it (``made``), as its file says, or both."""

    at: int | None = None
    entries: int | None = None
    kept_until: date | None = None
    made: MadeBackup | None = None
    file: Path | None = None
    problem: str | None = None


class BackupFindings(NamedTuple):
    """The back-ups and restores, and whether one is due; ``today``: by whose law they are kept."""

    today: date
    state: calendar.BackupState | None
    restored: Sequence[MadeBackup]
    rows: Sequence[ListedBackup]


def _file_in_words(row: ListedBackup) -> str:
    what = str(row.file or "not looked for")
    return f"{what}: {row.problem}" if row.problem else what


COLUMNS: tuple[Column[ListedBackup], ...] = (
    Column("at", "Made", lambda row: row.at and iso(row.at),
           text=lambda row: moment(row.at)),
    Column("entries", "Entries", number=True),
    Column("kept_until", "Keep until", text=lambda row: str(row.kept_until or "not known")),
    Column("recorded", "Recorded", lambda row: row.made is not None),
    Column("file", "File", lambda row: row.file and str(row.file), text=_file_in_words),
    Column("sha256", value=lambda row: row.made and row.made.stored.sha256),
    Column("problem"),
)  # fmt: skip
_RESTORES: tuple[Column[MadeBackup], ...] = (
    Column("at", value=lambda each: iso(each.at)),
    Column("entries", value=lambda each: each.stored.size),
)


@dataclass(frozen=True, kw_only=True)
class ListBackups(Question[BackupFindings]):
    """attendance backup list: the back-ups that were made, and until when each is kept.

    Those that the ledger tells of and, given a folder, those that are there.
    """

    folder: Path | None = argument("a folder that holds back-ups", required=False)

    def find(self, view: View) -> BackupFindings:
        """Find every back-up, oldest first, and whether this month has one."""
        known = backups(view)
        made = [each for each in known if not each.stored.restored]
        named: dict[int | None, MadeBackup] = {each.stored.size: each for each in made}
        files = () if self.folder is None else _files(self.folder, view)
        rows = [_as_recorded(named.get(file.entries), file) for file in files]
        there = {row.entries for row in rows if row.made}
        rows += [
            _as_recorded(each, ListedBackup()) for each in made if each.stored.size not in there
        ]
        rows = [row._replace(kept_until=_kept_until(view, row.at)) for row in rows]
        rows.sort(key=lambda row: (row.at or 0, str(row.file or "")))
        restored = [each for each in known if each.stored.restored]
        return BackupFindings(view.today, state_of_month(view, known), restored, rows)

    def present(self, found: BackupFindings) -> Answer:
        """Show one row a back-up, and what the law asks for."""
        listing, restored = Listing(COLUMNS, found.rows), Listing(_RESTORES, found.restored)
        table = listing.grid("Back-ups", notes=[_AS_IT_SAYS, *_to_be_kept(found.today)])
        fields = {"state": found.state, "restored": restored, "rows": listing}
        return Answer(fields, blocks=[Lines([_STATES[found.state]]), table])

    def unknown(self) -> Answer:
        """Return no back-up."""
        return Answer({"rows": Listing(COLUMNS, [])})


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
            archive = file.read(self.archive, progress)
            passphrase = passphrases.ask(self.passphrase_file)
            secrets = None if passphrase is None else backup.secrets_of(archive, passphrase)
            with translated(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory() as place:
                made = Folder(Path(place))
                backup.unpack(archive, made, secrets, progress)
                proven = check.prove(made, archive, secrets, progress)
        except Refused as refused:
            if refused.code != "backup-damaged":
                raise
            return _not_restorable(self.archive, refused.what)
        fit, fits = _compare(folder, archive)
        return _answer(archive, proven, fits, fit)


# -- what the ledger tells of ----------------------------------------------------------------


def backups(view: View) -> list[MadeBackup]:
    """Return what is known of back-ups and restores, oldest first."""
    known = sorted(view.standing(Backup), key=lambda each: each.line)
    return [MadeBackup(each, view.commits.of(each.line).at) for each in known]


def state_of_month(view: View, made: Sequence[MadeBackup]) -> calendar.BackupState | None:
    """Return whether the month of `on` has a back-up; none where no law asked for one."""
    days = [local_date(each.at) for each in made if not each.stored.restored]
    known = view.commits.upto(view.position)
    return calendar.backup_state(days, local_date(known[0].at) if known else None, view.on)


class NewestBackup(NamedTuple):
    """The newest back-up that is recorded, if any, and whether one is due."""

    made: MadeBackup | None
    state: calendar.BackupState | None

    def document(self) -> dict[str, Any] | None:
        """Return it as JSON has it."""
        if self.made is None:
            return None
        return {
            "position": self.made.stored.line,
            "at": iso(self.made.at),
            "size": self.made.stored.size,
            "sha256": self.made.stored.sha256,
            "state": self.state,
        }

    def in_words(self) -> str:
        """Return it in words."""
        last = f"{moment(self.made.at)} London" if self.made else "none recorded"
        return f"{last}{_IN_WORDS[self.state]}"


def newest(view: View) -> NewestBackup:
    """Return the newest back-up, and whether one is due."""
    made = [each for each in backups(view) if not each.stored.restored]
    return NewestBackup(made[-1] if made else None, state_of_month(view, made))


# -- a folder of them ------------------------------------------------------------------------


def _files(folder: Path, view: View) -> Iterator[ListedBackup]:
    """Yield what each back-up in a folder says of itself, in order of their names."""
    if not folder.is_dir():
        raise Refused("backup-folder", f"there is no folder {folder}", "name another")
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            manifest = manifest_of(path)
        except Refused as refused:
            yield ListedBackup(file=path, problem=refused.what)
            continue
        found = ListedBackup(at=manifest.made_at, file=path)
        if manifest.ledger == origin(view.folder):
            yield found._replace(entries=manifest.size)
        else:
            yield found._replace(problem=f"of another ledger: {manifest.ledger}")


def _as_recorded(made: MadeBackup | None, file: ListedBackup) -> ListedBackup:
    return file if made is None else file._replace(at=made.at, entries=made.stored.size, made=made)


def _kept_until(view: View, at: int | None) -> date | None:
    terms = [(term.first, term.last) for term in view.calendar.terms]
    return None if at is None else calendar.backup_kept_until(local_date(at), terms)


# -- one of them, proven ---------------------------------------------------------------------


FAULTS: tuple[Column[Fault], ...] = (
    Column("position", "Entry", number=True),
    Column("what", "What is wrong"),
)


def _compare(folder: Folder, archive: Archive) -> tuple[list[str], list[Fault]]:
    """Compare with the ledger that is there, if any; in words, and what is wrong."""
    if not folder.exists():
        return [f"not compared with a ledger: there is none at {folder.path}"], []
    try:
        found = check.fit(folder, archive.manifest)
        known = [made.sha256 for made in check.recorded_backups(folder)]
    except Refused as refused:
        return [f"not compared with the ledger at {folder.path}: {refused.what}"], []
    says = [found.says] if found.says else []
    if archive.sha256 in known:
        says.append("recorded there with the SHA-256 that this file has")
    return says, found.faults


def _not_restorable(path: Path, what: str) -> Answer:
    problems = Listing(FAULTS, [Fault(None, what)])
    document = {"file": str(path), "restorable": False, "problems": problems}
    lines = [what, "NOT restorable: take another copy of it, or an earlier back-up"]
    return Answer(document, blocks=[Lines(lines)], listed=problems, differs=True)


def _answer(archive: Archive, proven: Findings, fits: Sequence[Fault], fit: list[str]) -> Answer:
    manifest, opened = archive.manifest, proven.opened
    faults = [*proven.faults, *fits, *proven.copies]
    problems = Listing(FAULTS, faults)
    document: dict[str, Any] = {
        "file": str(archive.path),
        "restorable": not (proven.faults or fits),
        "made_at": iso(manifest.made_at),
        "ledger": manifest.ledger,
        "entries": manifest.size,
        "root": manifest.root,
        "sha256": archive.sha256,
        "software": manifest.software,
        "attachments": len(manifest.attachments),
        "words": manifest.names_of_words,
        "keys": None if opened is None else opened._asdict() | {"faults": len(opened.faults)},
        "compared": fit,
        "problems": problems,
        "verified_by": {"rules": rules().digest, "software": ledger.__version__},
    }
    blocks: list[Lines | Grid] = [Lines(_lines(archive, proven, fits, fit))]
    if faults:
        blocks.append(problems.grid(number_of(len(faults), "problem")))
    return Answer(document, blocks=blocks, listed=problems, differs=bool(faults))


def _lines(archive: Archive, proven: Findings, fits: Sequence[Fault], fit: list[str]) -> list[str]:
    manifest, opened = archive.manifest, proven.opened
    keys = _KEYS_UNCHECKED
    if opened is not None:
        keys = f"{opened.keys} in use, a text under each opened"
        if opened.destroyed:
            keys += f", but {opened.destroyed} that were destroyed on purpose"
    verdict = "the log is restorable" if opened is None else "restorable"
    if proven.faults or fits:
        verdict = "NOT restorable"
    elif proven.copies:
        verdict += ", but not every copy of evidence"
    unnamed = len(proven.unnamed)
    surplus = f", and {unnamed} that no entry names: a restore leaves it out" if unnamed else ""
    return [
        f"Back-up      {archive.path}: {verdict}",
        f"Made         {local(manifest.made_at):%Y-%m-%d %H:%M} London",
        f"Ledger       {manifest.ledger}",
        f"Entries      {manifest.size}",
        f"Root         {manifest.root}",
        f"Keys         {keys}",
        f"Attachments  {len(manifest.attachments) - unnamed}{surplus}",
        *(f"Words        {name}, the school's own" for name in manifest.names_of_words),
        *(f"Compared     {line}" for line in fit),
    ]
