"""attendance demo: make a synthetic school and show the main answers."""

import shutil
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from commands import import_portable, init, synthetic
from commands.base import Command, option
from commands.execute import Context, Outcome, Shown, execute
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.folder import Folder, translated

FOLDER = Path("attendance-demo")
NEXT = (
    "Try next:",
    "  attendance --ledger attendance-demo rates --by registration",
    "  attendance --ledger attendance-demo register show --group {group}",
    "  attendance --ledger attendance-demo changes --lag-over 3",
    "  attendance --ledger attendance-demo pupil find quill",
    "  attendance --ledger attendance-demo today --on {until}",
)
_MARKER = "made-by-attendance-demo"
_GROUPS = {"primary": "5A", "special": "9A"}


class Demo(Command):
    """A school that does not exist, in attendance-demo/, made anew each time."""

    pupils: int = option("how many pupils", default=300, ge=10, le=5000)
    phase: str = option("primary, secondary or special", default="secondary")
    seed: int = option("another seed makes another school", default=1)
    until: date | None = option("the last day with marks [today]", default=None)
    years: int = option("school years of register, the last one holding --until", default=1, ge=1)


def carry_out(context: Context, command: Demo) -> Outcome:
    """Build the school as a portable folder and import it, as any school would."""
    folder = Folder(FOLDER)
    until = command.until or local_date(context.clock())
    if until > local_date(context.clock()):
        raise Refused(
            "until-future", f"--until {until} has not come yet", "give a day until today"
        )
    _clear(folder)
    there = replace(context, folder=folder)
    init.carry_out(there, init.CreateLedger())
    (folder.path / _MARKER).touch()
    with tempfile.TemporaryDirectory() as name, translated(folder.path):
        source = Path(name) / "school"
        _build(source, command, until)
        asked = import_portable.load(import_portable.ImportPortable(path=source))
        outcome = execute(there, asked)
    group = _GROUPS.get(command.phase, "9B")
    says = (
        f"{command.pupils} invented pupils in {FOLDER}/",
        *(line.format(group=group, until=until) for line in NEXT),
    )
    shown = Shown("overview", folder, until)
    return replace(
        outcome, says=(f"{command.pupils} invented pupils in {FOLDER}/", *says), shows=shown
    )


def _build(source: Path, command: Demo, until: date) -> None:
    try:
        synthetic.build(
            source,
            pupils=command.pupils,
            phase=command.phase,
            seed=command.seed,
            until=until,
            years=command.years,
        )
    except ValueError as error:
        raise Refused("demo", str(error), "see attendance demo --help") from None


def _clear(folder: Folder) -> None:
    if not folder.path.exists():
        return
    if not (folder.path / _MARKER).is_file():
        raise Refused(
            "demo-folder",
            f"{folder.path}/ is there and was not made by attendance demo",
            "move it away, or run the demo in another folder",
        )
    shutil.rmtree(folder.path)
