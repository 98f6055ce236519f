"""Make a synthetic school and show the main answers."""

import csv
import sys
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from commands.core.command import Context, Errand, FirstLook, Outcome, option
from commands.core.execute import execute
from commands.demo import synthetic
from commands.demo.synthetic.settings import Setting
from commands.demo.synthetic.terms import SchoolYear, school_years
from commands.exchange.importing import ImportPortable
from commands.school import school
from ledger.clock import local_date, parse_instant
from ledger.errors import Refused
from ledger.files import sync_folder, translated, workshop
from ledger.store.folder import Folder
from ledger.tlog import signing
from ledger.transparency import memory

FOLDER = Path("attendance-demo")
NEXT = (
    "Try next:",
    "  attendance --ledger attendance-demo rates --by registration --on {on}",
    "  attendance --ledger attendance-demo register show --group {group} --on {on}",
    "  attendance --ledger attendance-demo changes --lag-over 3 --on {on}",
    "  attendance --ledger attendance-demo persistent --on {on} --since {earlier}",
    "  attendance --ledger attendance-demo penalties --on {on} --explain",
    "  attendance --ledger attendance-demo unresolved --on {eve} --clock source --known-at {eve}",
    "  attendance --ledger attendance-demo pupil find {name}",
    "  attendance --ledger attendance-demo today --on {eve} --clock source --known-at {eve}T15:00",
)
_MARKER = "made-by-attendance-demo"
_DAY = timedelta(days=1)
_FORTNIGHT = timedelta(days=14)
_SETTLED = 15  # school days until a school year has enough behind it to be looked at
_PREFERRED = ("9B", "5A")


class Demo(Errand):
    """attendance demo: make a synthetic school and show the main answers.

    A school that does not exist, in attendance-demo/, made anew each time.
    """

    place = str(FOLDER)

    pupils: int = option("how many pupils", default=300, minimum=10, maximum=5000)
    phase: Literal["primary", "secondary", "all-through", "special"] = option(
        "which kind of school", default="secondary"
    )
    seed: int = option("another seed makes another school", default=1)
    until: date | None = option("the last day with marks [today]", default=None)
    years: int = option(
        "school years of register, the last one holding --until; one that has only just begun "
        "has the one before it, too",
        default=1,
        minimum=1,
    )

    def carry_out(self, context: Context) -> Outcome:
        """Build the school as a portable folder and import it, as any school would."""
        folder = Folder(FOLDER)
        now = context.clock()
        today = local_date(now)
        until = self.until or today
        if until > today:
            what = f"--until {until} has not come yet"
            raise Refused("until-future", what, "give a day until today")
        _check_ours(folder)
        with tempfile.TemporaryDirectory() as name:
            source = Path(name) / "school"
            days = _build(source, self, until, min(until, today - _DAY))
            if until == today:
                _leave_out_what_is_to_come(source, today, now)
            outcome = _record(context, folder, source)
            hints = {
                "group": _group(source),
                "name": _surname(source),
                "on": days[-1],
                "eve": days[-2],
                "earlier": days[-1] - _FORTNIGHT,
            }
        says = (
            f"{self.pupils} invented pupils in {FOLDER}/, with registers until {until};",
            f"shown as at {days[-1]}, the end of the last whole week of school",
            *(line.format(**hints) for line in NEXT),
        )
        return replace(outcome, says=says, look=FirstLook(folder, days[-1]))


def _check_ours(folder: Folder) -> None:
    path = folder.path
    if path.is_symlink() or (path.exists() and not (path / _MARKER).is_file()):
        what = f"{path}/ is there and was not made by attendance demo"
        raise Refused("demo-folder", what, "move it away, or run the demo in another folder")


def _build(source: Path, command: Demo, until: date, over: date) -> list[date]:
    """Write the school; return the days of school up to the one to look at."""
    try:
        years, days = _looked_at(command, until, over)
        with translated(source):
            synthetic.build(
                source,
                pupils=command.pupils,
                phase=command.phase,
                seed=command.seed,
                until=until,
                years=years,
            )
    except ValueError as error:
        raise Refused("demo", str(error), "see attendance demo --help") from None
    return days


def _looked_at(command: Demo, until: date, over: date) -> tuple[int, list[date]]:
    """Return how many school years to build, and the days of the last one worth a look.

    Whole weeks that are over: what a week's registers said on its Friday has moved since. Where
    nearly nothing of the school year is over, all of the one before.
    """
    this_year = _school_years(command, until, command.years)[-1]
    under_way = {_week(day) for day in this_year.days if day > over}
    days = [day for day in this_year.days if day <= over and _week(day) not in under_way]
    if len(days) >= _SETTLED:
        return command.years, days
    years = max(command.years, 2)
    return years, list(_school_years(command, until, years)[-2].days)


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def _school_years(command: Demo, until: date, years: int) -> tuple[SchoolYear, ...]:
    return school_years(Setting(command.phase, command.pupils, command.seed, until, years))


def _leave_out_what_is_to_come(source: Path, today: date, now: int) -> None:
    """Keep of today's marks those made by now: at noon nobody has taken the afternoon register."""
    for name, column in (("marks.csv", "recorded_on"), ("amendments.csv", "amended_on")):
        path = source / name
        whole = path.rename(source / f"{name}.whole")
        with (
            whole.open(encoding="utf-8", newline="") as before,
            path.open("w", encoding="utf-8", newline="") as after,
        ):
            rows, writer = csv.reader(before), csv.writer(after, lineterminator="\n")
            writer.writerow(header := next(rows))
            at = header.index(column)
            writer.writerows(
                row for row in rows if row[at] < today.isoformat() or parse_instant(row[at]) <= now
            )
        whole.unlink()


def _record(context: Context, folder: Folder, source: Path) -> Outcome:
    """Make the school's ledger aside, and put it whole in the place of the one before."""
    asked, place = ImportPortable(path=source).load(sys.stdin), folder.path
    with translated(place), workshop(place.parent) as aside:
        there = context.at(Folder(aside / place.name))
        made = there.folder.path
        school.CreateLedger().carry_out(there)
        (made / _MARKER).touch()
        outcome = execute(there, asked)
        if place.exists():
            place.rename(aside / "before")
        made.rename(place)
        sync_folder(place.parent)
        memory.move(signing.load(folder.signing_key).name, made, place)
    return outcome


def _group(source: Path) -> str:
    """Return a registration group to look at."""
    found = sorted(r["name"] for r in _rows(source / "groups.csv") if r["kind"] == "registration")
    return next((name for name in _PREFERRED if name in found), found[0])


def _surname(source: Path) -> str:
    """Return a name to look for."""
    return _rows(source / "pupils.csv")[0]["surname"].split("-")[0].lower()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
