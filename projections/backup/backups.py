"""The back-ups that a ledger tells of or a folder holds, whether one is due, and proof of one.

At least one a month is to be made (SI 2024/208 reg 5(3)), and kept for six years after the end of
its school year.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ledger
from ledger.backup import backup, check, file, passphrases
from ledger.backup.check import OpenedKeys, origin
from ledger.backup.file import SUFFIX, Archive, Progress, manifest_of
from ledger.clock import iso, local, local_date, parse_instant
from ledger.english import in_words, noun, number_of
from ledger.errors import Refused
from ledger.files import translated
from ledger.store.folder import Folder
from ledger.verification.verify import Fault
from policies.law import calendar
from policies.packs.codes import rules
from policies.packs.values import parameters
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Inspection, Question, argument, option
from projections.queries.view import View
from projections.readmodel.records.proof import Backup

_COLUMNS = ("at", "entries", "kept_until", "recorded", "file", "sha256", "problem")
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


@dataclass(frozen=True, kw_only=True)
class ListBackups(Question):
    """attendance backup list: the back-ups that were made, and until when each is kept.

    Those that the ledger tells of and, given a folder, those that are there.
    """

    folder: Path | None = argument("a folder that holds back-ups", required=False)

    def answer(self, view: View) -> Answer:
        """Answer with every back-up, oldest first, and whether this month has one."""
        if view.knows_nothing:
            ignorant = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(ignorant, _COLUMNS, [Lines([view.ignorance()])])
        known = backups(view)
        made = [each for each in known if not each.restored]
        files = [] if self.folder is None else list(_files(self.folder, view))
        named = {each.size: each for each in made}
        rows = [_row(view, named.get(found["entries"]), found) for found in files]
        there = {row["entries"] for row in rows if row["recorded"]}
        rows += [_row(view, each, {}) for each in made if each.size not in there]
        rows.sort(key=lambda row: (row["at"] or "", row["file"] or ""))
        state = state_of_month(view, known)
        document = {
            "as_of": view.as_of(),
            "state": state,
            "restored": [{"at": iso(r.at), "entries": r.size} for r in known if r.restored],
            "rows": rows,
        }
        headings = ("Made", "Entries", "Keep until", "Recorded", "File")
        notes = [_AS_IT_SAYS, *_to_be_kept(view.today), view.provenance()]
        grid = Grid("Back-ups", headings, [_cells(r) for r in rows], frozenset({1}), notes=notes)
        return Answer(document, _COLUMNS, [Lines([_STATES[state]]), grid])


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
                proven = check.prove(made, archive, progress)
        except Refused as refused:
            if refused.code != "backup-damaged":
                raise
            return _not_restorable(self.archive, refused.what)
        fit, fits = _compare(folder, archive)
        return _answer(archive, proven.opened, [*proven.faults, *fits], fit)


# -- what the ledger tells of ----------------------------------------------------------------


def backups(view: View) -> list[Backup]:
    """Return what is known of back-ups and restores, oldest first."""
    return sorted(view.standing(Backup), key=lambda each: each.line)


def state_of_month(view: View, made: Sequence[Backup]) -> calendar.BackupState | None:
    """Return whether the month of `on` has a back-up; none where no law asked for one."""
    days = [local_date(each.at) for each in made if not each.restored]
    known = view.commits.upto(view.position)
    return calendar.backup_state(days, local_date(known[0].at) if known else None, view.on)


def document(view: View) -> dict[str, Any] | None:
    """Return the newest back-up as data; none where none is recorded."""
    made = [each for each in backups(view) if not each.restored]
    if not made:
        return None
    last = made[-1]
    return {
        "position": last.line,
        "at": iso(last.at),
        "size": last.size,
        "sha256": last.sha256,
        "state": state_of_month(view, made),
    }


def newest_in_words(view: View) -> str:
    """Return the newest back-up in words, and whether one is due."""
    made = [each for each in backups(view) if not each.restored]
    last = f"{local(made[-1].at):%Y-%m-%d %H:%M} London" if made else "none recorded"
    return f"{last}{_IN_WORDS[state_of_month(view, made)]}"


def kept_until(view: View, at: int) -> date:
    """Return the last day on which a back-up made at an instant is still to be kept."""
    return calendar.backup_kept_until(
        local_date(at), [(t.first, t.last) for t in view.calendar.terms]
    )


# -- a folder of them ------------------------------------------------------------------------


def _files(folder: Path, view: View) -> Iterator[dict[str, Any]]:
    """Yield what each back-up in a folder says of itself, in order of their names."""
    if not folder.is_dir():
        raise Refused("backup-folder", f"there is no folder {folder}", "name another")
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            manifest = manifest_of(path)
        except Refused as refused:
            yield {"file": str(path), "entries": None, "problem": refused.what}
            continue
        other = manifest.ledger != origin(view.folder)
        yield {
            "file": str(path),
            "entries": None if other else manifest.size,
            "made_at": manifest.made_at,
            "problem": f"of another ledger: {manifest.ledger}" if other else None,
        }


def _row(view: View, made: Backup | None, found: dict[str, Any]) -> dict[str, Any]:
    at = made.at if made else found.get("made_at")
    return {
        "at": None if at is None else iso(at),
        "entries": made.size if made else found["entries"],
        "kept_until": None if at is None else kept_until(view, at).isoformat(),
        "recorded": made is not None,
        "file": found.get("file"),
        "sha256": made.sha256 if made else None,
        "problem": found.get("problem"),
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    at = "" if row["at"] is None else f"{local(parse_instant(row['at'])):%Y-%m-%d %H:%M}"
    what = row["file"] or "not looked for"
    return (
        at,
        "" if row["entries"] is None else str(row["entries"]),
        row["kept_until"] or "not known",
        "yes" if row["recorded"] else "no",
        f"{what}: {row['problem']}" if row["problem"] else what,
    )


# -- one of them, proven ---------------------------------------------------------------------


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
    problems = [{"position": None, "what": what}]
    document = {"file": str(path), "restorable": False, "problems": problems}
    lines = [what, "NOT restorable: take another copy of it, or an earlier back-up"]
    return Answer(document, ("position", "what"), [Lines(lines)], problems, differs=True)


def _answer(
    archive: Archive, opened: OpenedKeys | None, faults: Sequence[Fault], fit: list[str]
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
    archive: Archive, opened: OpenedKeys | None, faults: Sequence[Fault], fit: list[str]
) -> list[str]:
    manifest = archive.manifest
    keys = _KEYS_UNCHECKED
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
