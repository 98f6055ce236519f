"""Write the register, with every change, to a portable folder.

Imported into an empty ledger it gives the same answers under the source clock: what was recorded
here is stated with the time at which it was recorded.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Refused
from ledger.files import new_folder
from ledger.formats.portable import AMENDMENTS, FILES, MARKS, SCHOOL
from projections.exports import portable_rows
from projections.exports.portable_rows import Marks, People, Row
from projections.queries.blocks import Grid
from projections.queries.question import Answer, Question, argument
from projections.queries.view import View

_ALWAYS = {"staff.csv", "pupils.csv", MARKS}


@dataclass(frozen=True, kw_only=True)
class ExportPortable(Question):
    """attendance export portable: write the register, with every change, to a portable folder.

    The whole ledger as known; `--from` and `--on` bound the sessions only where given.
    """

    path: Path = argument("an empty folder, made where there is none")

    def answer(self, view: View) -> Answer:
        """Write the folder and answer with its files and how many rows each has."""
        if view.school is None:
            raise Refused(
                "school-unknown",
                "there is nothing to export: the ledger does not know the school then",
                "import a folder, or ask for a later --known-at or --position",
            )
        people = People(view)
        marks = Marks(people, self.from_, self.on)
        counts = _write(self.path, view, people, marks)
        rows = [{"file": name, "rows": count} for name, count in counts.items()]
        left_out = [
            {"file": file, "rows": count, "why": why}
            for (file, why), count in sorted(people.left_out.items())
        ]
        document = {
            "as_of": view.as_of(),
            "rows": rows,
            "left_out": people.beyond_use,
            "rows_left_out": left_out,
        }
        notes = [view.provenance(), *_omissions(people)]
        body = [(name, f"{count:,}") for name, count in counts.items()]
        title = f"Written to {self.path}"
        grid = Grid(title, ("File", "Rows"), body, frozenset({1}), notes=notes)
        return Answer(document, ("file", "rows"), [grid])


def _omissions(people: People) -> Iterator[str]:
    """Yield what was left out and why: an import would not take it."""
    if count := people.beyond_use:
        yield f"Left out: {_count(count, 'pupil')} beyond use"
    for (file, why), count in sorted(people.left_out.items()):
        yield f"Left out: {_count(count, 'row')} of {file}: {why}"


def _count(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def _write(path: Path, view: View, people: People, marks: Marks) -> dict[str, int]:
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise Refused(
            "not-empty", f"something is already at {path}", "name a new or an empty folder"
        )
    try:
        with new_folder(path) as folder:
            return _write_files(folder, view, people, marks)
    except OSError as error:
        why = error.strerror or str(error)
        raise Refused(
            "not-writable",
            f"{path} cannot be written: {why}",
            "check the disk and its permissions",
        ) from error


def _write_files(path: Path, view: View, people: People, marks: Marks) -> dict[str, int]:
    lines = list(portable_rows.school_toml(view))
    (path / SCHOOL).write_text("\n".join([*lines, ""]), "utf-8", newline="\n")
    rows = {name: make(people) for name, make in portable_rows.FILES.items()}
    rows |= {MARKS: marks.entries(), AMENDMENTS: marks.changes()}
    counts = {SCHOOL: lines.count("[[closed]]") + lines.count("[[term]]") + 1}
    for name in FILES:
        counts[name] = _write_table(path / name, FILES[name].all, rows[name])
        if not counts[name] and name not in _ALWAYS:
            (path / name).unlink()
            del counts[name]
    return counts


def _write_table(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count
