"""Write the register, with every change, to a portable folder.

Imported into an empty ledger it gives the same answers under the source clock: what was recorded
here is stated with the time at which it was recorded.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn

from ledger.english import noun
from ledger.errors import Refused
from ledger.files import new_folder, refuse_within_ledger
from ledger.formats.portable import AMENDMENTS, FILES, MARKS, SCHOOL
from projections.exports import portable_rows
from projections.exports.carried import Omission, omissions
from projections.exports.people import People
from projections.exports.portable_rows import Marks, Row
from projections.queries.columns import Column, Listing
from projections.queries.question import Answer, Question, argument
from projections.queries.view import View

_ALWAYS = {"staff.csv", "pupils.csv", MARKS}


class RowsOfFile(NamedTuple):
    """How many rows of a file were written, or left out, and why."""

    file: str
    rows: int
    why: str = ""


class Exported(NamedTuple):
    """What was written, and what was not; ``beyond_use``: pupils without a key any more.

    ``left_out``: rows that an import would refuse; ``omitted``: what no file carries.
    """

    files: Sequence[RowsOfFile]
    beyond_use: int
    left_out: Sequence[RowsOfFile]
    omitted: Sequence[Omission]


_FILES: tuple[Column[RowsOfFile], ...] = (
    Column("file", "File"),
    Column("rows", "Rows", text=lambda each: f"{each.rows:,}", number=True),
)
_OMITTED: tuple[Column[Omission], ...] = (Column("what"), Column("number"), Column("why"))


@dataclass(frozen=True, kw_only=True)
class ExportPortable(Question[Exported]):
    """attendance export portable: write the register, with every change, to a portable folder.

    The whole ledger as known; `--from` and `--on` bound the sessions only where given.
    """

    path: Path = argument("an empty folder, made where there is none")

    @property
    def leaves_school(self) -> bool:
        """Another school or system takes it over."""
        return True

    def find(self, view: View) -> Exported:
        """Write the folder, and find how many rows each of its files has."""
        if view.school is None:
            self.unknown()
        people = People(view)
        counts = _write(self.path, view, people, Marks(people, self.from_, self.on))
        return Exported(
            [RowsOfFile(*each) for each in counts.items()],
            people.beyond_use,
            [RowsOfFile(file, n, why) for (file, why), n in sorted(people.left_out.items())],
            [*omissions(view)],
        )

    def present(self, found: Exported) -> Answer:
        """Show one row a file, and what was left out."""
        listing = Listing(_FILES, found.files)
        fields = {
            "rows": listing,
            "left_out": found.beyond_use,
            "rows_left_out": Listing((*_FILES, Column("why")), found.left_out),
            "not_carried": Listing(_OMITTED, found.omitted),
        }
        table = listing.grid(f"Written to {self.path}", notes=list(_omissions(found)))
        return Answer(fields, blocks=[table])

    def unknown(self) -> NoReturn:
        """Refuse: without a school there is nothing to write."""
        raise Refused(
            "school-unknown",
            "there is nothing to export: the ledger does not know the school then",
            "import a folder, or ask for a later --known-at or --position",
        )


def _omissions(found: Exported) -> Iterator[str]:
    """Yield what was left out and why."""
    if count := found.beyond_use:
        yield f"Left out: {count:,} {noun(count, 'pupil')} beyond use"
    for file, rows, why in found.left_out:
        yield f"Left out: {rows:,} {noun(rows, 'row')} of {file}: {why}"
    if found.omitted:
        listed = ", ".join(f"{each.number:,} {each.what}" for each in found.omitted)
        yield f"Left out, for no file of the folder carries it: {listed}"


def _write(path: Path, view: View, people: People, marks: Marks) -> dict[str, int]:
    refuse_within_ledger(path)
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
    (path / SCHOOL).write_text("\n".join(lines), "utf-8", newline="\n")
    of_marks = {MARKS: marks.entries, AMENDMENTS: marks.changes}
    counts = {SCHOOL: lines.count("[[closed]]") + lines.count("[[term]]") + 1}
    for name in FILES:
        rows = of_marks[name]() if name in of_marks else portable_rows.rows_of(people, name)
        counts[name] = _write_table(path / name, FILES[name].all, rows)
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
