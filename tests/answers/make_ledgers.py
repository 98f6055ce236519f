"""Make the ledgers that are asked: run once, by the program as it was on that day.

``uv run python -m tests.answers.make_ledgers PLACE`` makes them in a new folder and
packs them into ``ledgers/``. Keys and ids are random, so a second run makes other ledgers, and
then every answer is to be kept anew. It is not run by tests: it says how the ledgers came to be.
"""

import argparse
import json
import re
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from tests.answers import packed, program
from tests.answers.everything import ids, make_everything

FIXTURES = Path(__file__).parents[2] / "fixtures"
PORTABLE = FIXTURES / "portable"
PUPILS = (
    (1, "D887400126001", "Ada Quill", "2014-10-01", "Y7", "7A"),
    (2, "T887400126002", "Ben Reed", "2014-11-02", "Y7", "7A"),
    (3, "G887400126003", "Cat Stone", "2014-12-03", "Y7", "7B"),
    (4, "W887400126004", "Dan Upton", "2009-01-04", "Y12", "12C"),
)


def stop(why: str) -> NoReturn:
    """End, since what was to be made cannot be."""
    raise SystemExit(why)


class Desk:
    """Somebody at a ledger who gives commands, each of which must end as expected."""

    def __init__(self, ledger: str) -> None:
        self.ledger, self.now, self.staff = ledger, "", ""

    def at(self, now: str, staff: str = "") -> "Desk":
        """Set the clock, and who gives the next commands."""
        self.now, self.staff = f"{now}:00+00:00", staff
        return self

    def do(self, line: str, *more: str, stdin: bytes = b"", ends: int = 0) -> str:
        """Give a command; return what it said."""
        who = ["--as", self.staff] if self.staff else []
        arguments = ["--ledger", self.ledger, *who, *line.split(), *more]
        found = program.run(arguments, self.now, stdin)
        if found.code != ends:
            stop(f"{self.now} {arguments}: {found}")
        return found.out

    def finds(self, pattern: str, line: str, *more: str) -> str:
        """Give a command; return the part of its answer that a pattern names."""
        said = self.do(line, *more)
        match = re.search(pattern, said)
        if not match:
            stop(f"{pattern!r} is not in {said!r}")
        return match[1]


def make_demo() -> None:
    """A synthetic school of two school years."""
    desk = Desk("unused")
    desk.at("2026-11-27T18:00")
    desk.do("demo --pupils 40 --years 2 --seed 7 --until 2026-11-27")
    Path("attendance-demo").rename("demo")


def make_portable() -> None:
    """The example school as another system states it, and nothing else."""
    desk = Desk("portable")
    desk.at("2026-11-21T10:00")
    desk.do("init")
    desk.do("import portable", str(PORTABLE))


def make_small(desk: Desk) -> None:
    """The school that faulty batch files are about: Ada Quill has N on a Monday, Ben is there."""
    desk.at("2026-08-31T12:00")
    desk.do("init --staff mm --name", "Mo Marsh", "--job-title", "Attendance Officer")
    desk.at("2026-08-31T12:00", "mm")
    school = "--urn 123456 --la-code 887 --estab 4001 --type academy --phase secondary"
    desk.do(f"school set {school} --name", "Example High School")
    desk.do("terms set Autumn --first 2026-09-02 --last 2026-12-18")
    times = "--am-opens 08:45 --am-closes 08:55 --pm-opens 13:50 --pm-closes 14:00"
    desk.do(f"register times --from 2026-09-02 {times}")
    for number, upn, name, born, year, group in PUPILS:
        forename, surname = name.split()
        desk.do(
            f"pupil enrol --upn {upn} --local-id P{number} --forename {forename} "
            f"--surname {surname} --dob {born} --starts-on 2026-09-02 --year {year} "
            f"--registration {group} --new-group"
        )
    desk.at("2026-11-20T09:30", "mm")
    for pupil, session, code in (("P1", "AM", "N"), ("P1", "PM", "N"), ("P2", "AM", "/")):
        desk.do(f"mark {pupil} 2026-11-16/{session} {code}")


def check_kinds() -> None:
    """Stop where the third ledger holds not every kind of event, as the golden files name them."""
    with closing(sqlite3.connect("everything/ledger.db")) as log:
        held = {name for (name,) in log.execute("SELECT DISTINCT topic FROM stored_events")}
    kinds = {path.stem for path in (FIXTURES / "events").glob("*.json")}
    if held != kinds:
        stop(f"not of every kind: {sorted(kinds ^ held)}")


def main() -> None:
    """Make all of them in a folder, and pack them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("place", type=Path, help="a folder that is not there yet")
    place = parser.parse_args().place
    place.mkdir()
    list(program.commands())
    with tempfile.TemporaryDirectory() as state, program.surroundings(place, Path(state)):
        make_demo()
        make_portable()
        make_everything(Desk("everything"))
        check_kinds()
        make_small(Desk("small"))
        Desk("empty").at("2026-11-20T09:00").do("init")
        for name in ("demo", "portable", "small", "empty"):
            packed.pack(name, Path(name))
        packed.pack("everything", Path("everything"), Path("beside"))
        packed.IDS.write_text(json.dumps(ids(), indent=2) + "\n")


if __name__ == "__main__":
    main()
