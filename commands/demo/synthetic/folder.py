"""The portable folder: which tables a build writes, and those of everything that is no mark."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from commands.demo.synthetic.marks import Registers, amendment_rows, mark_lines, registers
from commands.demo.synthetic.people import Parent, Pupil
from commands.demo.synthetic.plan import Row
from commands.demo.synthetic.roll import enrol
from commands.demo.synthetic.settings import Setting, letters, table, year_name
from commands.demo.synthetic.staff import Staff
from commands.demo.synthetic.terms import Closure, SchoolYear, school_years, working_days_after
from ledger.formats import portable
from ledger.values import HALVES

_BESIDES = {
    portable.PUPILS: ("name_used", "boarder", "address", "last_school", "next_school"),
    portable.PARENTS: ("address_confidential",),
    portable.RELATIONS: ("no_contact",),
    portable.AMENDMENTS: ("nature", "minutes_late"),
}
"""The optional columns that a table of ours has, after those that it must have."""
Rows = Iterator[tuple[object, ...]]
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)


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
    here = [p for p in everyone if p.spells[0].starts_on <= until]
    found = [registers(setting, year, everyone) for year in calendar]
    tables: dict[str, Iterable[Sequence[object]]] = {
        portable.STAFF: staff.rows(),
        portable.PUPILS: _pupils(here, setting),
        portable.GROUPS: _groups(here, until),
        portable.PARENTS: _parents(here),
        portable.RELATIONS: _relations(here),
        portable.AMENDMENTS: chain(*(amendment_rows(year, setting, staff) for year in found)),
        portable.NOTICES: _notices(found[-1], setting),
        portable.CASEWORK: _casework(found[-1], setting, staff),
    }
    folder.mkdir(parents=True, exist_ok=True)
    school = "".join(f"{line}\n" for line in _school_toml(setting, calendar))
    (folder / portable.SCHOOL).write_text(school, "utf-8", newline="\n")
    for name, rows in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_columns(name))
            writer.writerows(rows)
    with (folder / portable.MARKS).open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(_columns(portable.MARKS)) + "\n")
        for year in found:
            file.writelines(mark_lines(year, setting, staff))


def _columns(name: str) -> tuple[str, ...]:
    return (*portable.FILES[name].required, *_BESIDES.get(name, ()))


def _pupils(pupils: Iterable[Pupil], setting: Setting) -> Rows:
    """Yield a row for each spell on roll that began by ``until``.

    A leaving date later than that is stated once it is known, some weeks before.
    """
    known = setting.until + timedelta(days=table("phases")["movement"]["notice_days"])
    for pupil in pupils:
        for spell in pupil.spells:
            if spell.starts_on > setting.until:
                continue
            leaves = spell.leaves_on is not None and spell.leaves_on <= known
            ends = (spell.leaves_on, spell.ground) if leaves else ("", "")
            yield (
                pupil.upn, pupil.local_id, pupil.surname, pupil.forename, pupil.dob,
                pupil.sex, spell.starts_on, *ends, pupil.name_used, "no",
                pupil.parents[0].address, pupil.last_school, pupil.next_school if leaves else "",
            )  # fmt: skip


def _groups(pupils: Iterable[Pupil], until: date) -> Rows:
    """Yield the memberships that began by ``until``; an end after it is not known yet."""
    for pupil in pupils:
        for group in pupil.memberships:
            if group.first <= until:
                ends = group.last if group.last is not None and group.last <= until else None
                yield pupil.upn, group.kind, group.name, group.first, ends


def _parents(pupils: Iterable[Pupil]) -> Rows:
    """Yield the contacts of the pupils' families, each once."""
    parents = {each.parent_id: each for pupil in pupils for each in pupil.parents}
    for _, parent in sorted(parents.items()):
        yield (
            parent.parent_id, parent.title, parent.surname, parent.forename, parent.address,
            parent.phone, parent.email, _yes(said=parent.address_confidential),
        )  # fmt: skip


def _relations(pupils: Iterable[Pupil]) -> Rows:
    """Yield who is related to whom, and how."""
    for pupil in pupils:
        for parent in pupil.parents:
            yield (
                parent.parent_id, pupil.upn, parent.relationship, _yes(said=parent.lives_with),
                parent.responsibility, parent.contact_order, _yes(said=parent.no_contact),
            )  # fmt: skip


def _yes(*, said: bool) -> str:
    return "yes" if said else "no"


# A few notices and steps of casework, for pupils whose marks give reason for them.


@dataclass(frozen=True, slots=True)
class _Offence:
    """Ten unauthorised sessions of one pupil, close enough together for a notice."""

    row: Row
    first: date
    last: date


def _notices(found: Registers, setting: Setting) -> Rows:
    """Yield notices to the parents of a few pupils, one for each parent; up to ``until``."""
    told = table("habits")["notices"]
    most = max(told["fewest"], setting.pupils // told["one_in"])
    latest = setting.until - told["days_to_issue"] * _DAY
    offences = [o for row in found.rows if (o := _offence(row, found, latest)) is not None]
    spread = max(1, len(offences) // most)  # so that not all are of the oldest year group
    for number, offence in enumerate(offences[::spread][:most]):
        outcome = told["outcomes"][number % len(told["outcomes"])]
        for parent in offence.row.pupil.parents:
            if parent.lives_with and parent.responsibility == "yes":
                yield _notice(offence, parent, outcome, setting.until)


def _offence(row: Row, found: Registers, latest: date) -> _Offence | None:
    """Return the first ten unauthorised sessions within the weeks that the framework looks at."""
    told = table("habits")["notices"]
    known = letters()
    codes = (known.holiday, known.unauthorised, known.late_after_close)
    sessions = found.diary.sessions
    days = [
        sessions[n].date
        for n, code in enumerate(row.cells)
        if code in codes and sessions[n].date <= latest
    ]
    count: int = told["sessions"]
    for first, last in zip(days, days[count - 1 :], strict=False):
        if row.compulsory and last - first < told["weeks"] * _WEEK:
            return _Offence(row, first, last)
    return None


def _notice(
    offence: _Offence, parent: Parent, outcome: dict[str, Any], until: date
) -> tuple[object, ...]:
    told = table("habits")["notices"]
    issued = offence.last + told["days_to_issue"] * _DAY
    # A notice that was posted counts as served then (SI 2007/1867 reg 22).
    received = working_days_after(issued, told["working_days_in_post"])
    days = {"received": 0, **{k: v for k, v in outcome.items() if k != "outcome"}}
    on = {what: received + after * _DAY for what, after in days.items()}
    by_then = {what: day for what, day in on.items() if day <= until}
    ended = by_then.keys() - {"received"}
    return (
        parent.parent_id, offence.row.pupil.upn, told["kind"], issued, offence.first,
        offence.last, by_then.get("received"), by_then.get("paid"), by_then.get("withdrawn"),
        outcome["outcome"] if ended else "",
    )  # fmt: skip


def _casework(found: Registers, setting: Setting, staff: Staff) -> Rows:
    """Yield what was done for pupils who were away often, step by step, up to ``until``."""
    told = table("habits")["casework"]
    rows = sorted(found.rows, key=lambda r: -r.pupil.rank)
    days = [day for day in found.diary.year.days if day <= setting.until]
    wanted = max(told["fewest"], setting.pupils // told["one_in"])
    for case, row in enumerate(rows[:wanted]):
        met = [day for day in days if row.pupil.on_roll(day, day)]
        contact = row.pupil.parents[0].parent_id
        for step in told["steps"]:
            at = step["school_day"] + case % told["spread"]
            if at < len(met):
                by = staff.author(step["by"])
                what = (contact, step["outcome"], step["notes"])
                yield row.pupil.upn, step["step"], met[at], by, *what


def _school_toml(setting: Setting, years: Sequence[SchoolYear]) -> Iterator[str]:
    """Yield the lines of school.toml: the school, its registers, terms and closures."""
    school = setting.school | {"la_code": "999", "phase": setting.phase}
    yield "[school]"
    for key in ("urn", "name", "la_code", "estab", "type", "phase"):
        yield f'{key} = "{school[key]}"'
    yield from ("", "[[register]]", f"from = {years[0].first}")
    for half, (opens, closes) in table("calendar")["school"]["register"].items():
        yield f"{half} = {{ opens = {opens}, closes = {closes} }}"
    for year in years:
        for term in year.terms:
            yield from ("", "[[term]]", f'name = "{term.name}"')
            yield from (f"first = {term.first}", f"last = {term.last}")
    for year in years:
        for closure in year.closures:
            if not closure.cancelled or closure.day <= setting.until:
                yield from _closure_toml(closure)


def _closure_toml(closure: Closure) -> Iterator[str]:
    yield from ("", "[[closed]]", f"date = {closure.day}")
    if closure.halves != HALVES:
        quoted = ", ".join(f'"{half}"' for half in closure.halves)
        yield f"sessions = [{quoted}]"
    if closure.year_group is not None:
        yield f'groups = ["{year_name(closure.year_group)}"]'
    yield f'kind = "{"cancelled" if closure.cancelled else "planned"}"'
    yield f'reason = "{closure.reason}"'
