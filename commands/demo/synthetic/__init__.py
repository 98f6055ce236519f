"""A synthetic school: a portable folder of invented people with realistic attendance.

The same arguments give the same bytes. A longer build of the same school agrees with a shorter
one: its marks begin with the other's.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from commands.demo.synthetic import write
from commands.demo.synthetic.casework import (
    CASEWORK_COLUMNS,
    NOTICE_COLUMNS,
    casework_rows,
    notice_rows,
)
from commands.demo.synthetic.marks import (
    AMENDMENT_COLUMNS,
    MARK_COLUMNS,
    Registers,
    amendment_rows,
    mark_lines,
    registers,
)
from commands.demo.synthetic.people import Pupil
from commands.demo.synthetic.roll import enrol
from commands.demo.synthetic.settings import Setting
from commands.demo.synthetic.staff import Staff
from commands.demo.synthetic.terms import school_years

__all__ = ["build"]


def build(  # noqa: PLR0913  (each is a plain choice of the caller's)
    folder: Path,
    *,
    pupils: int = 300,
    phase: str = "secondary",
    seed: int = 1,
    until: date,
    years: int = 1,
) -> None:
    """Write a portable folder with the registers of a school up to and including ``until``.

    ``pupils``: places that each school year starts with; a few more join later. ``phase``: a
    school of phases.toml, else ValueError. ``years``: school years, the last one holding
    ``until``. Existing files of the folder are replaced.
    """
    setting = Setting(phase, pupils, seed, until, years)
    calendar = school_years(setting)
    everyone = enrol(setting, calendar)
    staff = Staff(setting, calendar)
    folder.mkdir(parents=True, exist_ok=True)
    school = "\n".join(write.school_toml(setting, calendar))
    (folder / "school.toml").write_text(school + "\n", "utf-8", newline="\n")
    write.write_table(folder / "staff.csv", write.STAFF_COLUMNS, write.staff_rows(staff.posts()))
    _write_people(folder, everyone, setting)
    found = [registers(setting, year, everyone) for year in calendar]
    _write_registers(folder, found, setting, staff)


def _write_people(folder: Path, everyone: Sequence[Pupil], setting: Setting) -> None:
    here = [p for p in everyone if p.spells[0].starts_on <= setting.until]
    tables: dict[str, tuple[Sequence[str], write.Rows]] = {
        "pupils": (write.PUPIL_COLUMNS, write.pupil_rows(here, setting)),
        "groups": (write.GROUP_COLUMNS, write.group_rows(here, setting.until)),
        "parents": (write.PARENT_COLUMNS, write.parent_rows(here)),
        "relations": (write.RELATION_COLUMNS, write.relation_rows(here)),
    }
    for name, (columns, rows) in tables.items():
        write.write_table(folder / f"{name}.csv", columns, rows)


def _write_registers(
    folder: Path, found: Sequence[Registers], setting: Setting, staff: Staff
) -> None:
    marks = (line for year in found for line in mark_lines(year, setting, staff))
    write.write_lines(folder / "marks.csv", MARK_COLUMNS, marks)
    last = found[-1]
    tables: dict[str, tuple[Sequence[str], Iterator[tuple[str, ...]]]] = {
        "amendments": (AMENDMENT_COLUMNS, _amendments(found, setting, staff)),
        "notices": (NOTICE_COLUMNS, notice_rows(last, setting)),
        "casework": (CASEWORK_COLUMNS, casework_rows(last, setting, staff)),
    }
    for name, (columns, rows) in tables.items():
        write.write_table(folder / f"{name}.csv", columns, rows)


def _amendments(
    found: Sequence[Registers], setting: Setting, staff: Staff
) -> Iterator[tuple[str, ...]]:
    for year in found:
        yield from amendment_rows(year, setting, staff)
