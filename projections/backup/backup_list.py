"""The back-ups that were made, and until when each is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.backup.check import origin
from ledger.backup.file import SUFFIX, manifest_of
from ledger.clock import iso, local, parse_instant
from ledger.errors import Refused
from projections.backup import backups
from projections.backup.backups import Backup
from projections.queries.question import Answer, Grid, Lines, Question, argument
from projections.queries.view import View

_COLUMNS = ("at", "entries", "kept_until", "recorded", "file", "sha256", "problem")
_STATES = {
    "made": "This month has its back-up.",
    "due": "DUE: this month has no back-up yet; the law asks for one at least once a month.",
    "overdue": "OVERDUE: neither this month nor the one before has a back-up.",
    None: "No law asked for back-ups yet.",
}
_NOTES = (
    "A file is listed by what it says of itself; attendance backup verify proves it.",
    "Each is to be kept for six years after the end of the school year in which it was made.",
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
        known = backups.backups(view)
        made = [each for each in known if not each.restored]
        files = [] if self.folder is None else list(_files(self.folder, view))
        named = {each.size: each for each in made}
        rows = [_row(view, named.get(found["entries"]), found) for found in files]
        there = {row["entries"] for row in rows if row["recorded"]}
        rows += [_row(view, each, {}) for each in made if each.size not in there]
        rows.sort(key=lambda row: (row["at"] or "", row["file"] or ""))
        state = backups.state(view, known)
        document = {
            "as_of": view.as_of(),
            "state": state,
            "restored": [{"at": iso(r.at), "entries": r.size} for r in known if r.restored],
            "rows": rows,
        }
        headings = ("Made", "Entries", "Keep until", "Recorded", "File")
        notes = [*_NOTES, view.provenance()]
        grid = Grid("Back-ups", headings, [_shown(r) for r in rows], frozenset({1}), notes=notes)
        return Answer(document, _COLUMNS, [Lines([_STATES[state]]), grid])


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
        "kept_until": None if at is None else backups.kept_until(view, at).isoformat(),
        "recorded": made is not None,
        "file": found.get("file"),
        "sha256": made.sha256 if made else None,
        "problem": found.get("problem"),
    }


def _shown(row: dict[str, Any]) -> tuple[str, ...]:
    at = "" if row["at"] is None else f"{local(parse_instant(row['at'])):%Y-%m-%d %H:%M}"
    what = row["file"] or "not looked for"
    return (
        at,
        "" if row["entries"] is None else str(row["entries"]),
        row["kept_until"] or "not known",
        "yes" if row["recorded"] else "no",
        f"{what}: {row['problem']}" if row["problem"] else what,
    )
