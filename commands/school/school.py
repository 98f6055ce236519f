"""The ledger of a school: created empty, and told which school it is the register of."""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from commands.core import checks
from commands.core.command import (
    Context,
    Decision,
    Errand,
    Outcome,
    State,
    UseCase,
    decided,
    hidden,
    option,
)
from commands.core.execute import execute
from commands.core.ranges import CALENDAR, Range, one
from ledger import names
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.log import KeyAdopted, LedgerCreated
from ledger.events.school import SchoolOpened, StaffJoined
from ledger.files import clear_unfinished, new_folder, open_read_only, translated
from ledger.formats.fields import ROLES
from ledger.sealing.keys import KeyRing
from ledger.store.facts import Fact
from ledger.store.folder import LAYOUT, Folder
from ledger.store.store import Store
from ledger.tlog import signing
from ledger.transparency import memory
from policies.packs.codes import Rules

TYPES = (
    "maintained", "academy", "pru", "ap-academy", "special-maintained", "special-academy",
    "non-maintained-special", "independent",
)  # fmt: skip
PHASES = ("nursery", "primary", "secondary", "all-through", "special", "ap", "post-16")
_DIGITS = {"urn": 6, "la_code": 3, "estab": 4}


class CreateLedger(UseCase, Errand):
    """attendance init: create a new, empty ledger.

    A new ledger for one school's register, with its first member of staff if given.
    """

    staff: str | None = option("staff id of the first member of staff", default=None)
    name: str | None = option("their name", default=None, kept=names.name)
    job_title: str | None = option("their job title", default=None, kept=names.name)
    role: tuple[str, ...] = option(f"their role: {', '.join(ROLES)}", default=())
    ledger_id: str = hidden(default="")
    key: str = hidden(default="")

    begins = True

    def reads(self, _state: State) -> Iterable[Range]:
        """Name the ledger's own stream, which is begun once."""
        return (one(streams.LEDGER),)

    def decide(self, _state: State, _rules: Rules, _now: int) -> Decision:
        """Give the ledger its identity and its first member of staff."""
        facts = [
            Fact(streams.LEDGER, LedgerCreated(ledger_id=self.ledger_id, layout=LAYOUT)),
            Fact(streams.LEDGER, KeyAdopted(key=self.key)),
        ]
        says = ["a new, empty ledger was created"]
        if self.staff is not None:
            person = StaffJoined(
                name=self.name or "",
                job_title=self.job_title or "",
                roles=checks.roles(self.role),
            )
            facts.append(Fact(streams.staff(checks.identifier(self.staff)), person))
            says.append(f"{self.staff} is its first member of staff")
        return Decision(facts, len(facts), tuple(says))

    def carry_out(self, context: Context) -> Outcome:
        """Make the ledger aside and record its birth, and only then give it its name."""
        first = (self.staff, self.name, self.job_title)
        if any((*first, self.role)) and not all(first):
            what = "the first member of staff needs an id, a name and a job title"
            raise Refused("first-staff", what, "give --staff, --name and --job-title together")
        folder = context.folder
        with translated(folder.path):
            _clear_half_made(folder)
            _refuse_taken(folder)
            with _key_taken_back(folder), new_folder(folder.path) as place:
                made, ledger_id = Folder(place), place.stem[1:]
                KeyRing.create(made.keys)
                Store.create(made.log, ledger_id).close()
                signer = signing.load(made.signing_key)
                born = replace(self, ledger_id=ledger_id, key=signer.verifier.vkey)
                outcome = execute(context.at(made), born)
                memory.move(signer.name, place, folder.path)
        return outcome


@contextmanager
def _key_taken_back(folder: Folder) -> Iterator[None]:
    """Take the key that signs away again, which may be kept apart, where no ledger came to be."""
    there = folder.signing_key.exists()
    try:
        yield
    except BaseException:
        if not (there or folder.exists()):
            folder.signing_key.unlink(missing_ok=True)
        raise


def _refuse_taken(folder: Folder) -> None:
    if folder.path.exists() and (folder.path.is_file() or any(folder.path.iterdir())):
        there = "a ledger" if folder.exists() else "something else"
        what = f"{there} is already at {folder.path}"
        raise Refused("already-there", what, "choose another --ledger")


_MADE = re.compile(r"(?:ledger\.db|keys\.db)(?:-wal|-shm|-journal)?|signing\.key")


def _clear_half_made(folder: Folder) -> None:
    """Take away what an init that was cut short left, with its key where that is kept apart."""
    outside = folder.path if folder.path.is_dir() else folder.path.parent
    left = [signing.ORIGIN + path.stem[1:] for path in clear_unfinished(outside)]
    apart = folder.signing_key
    if left and apart.is_file() and signing.load(apart).name in left:
        apart.unlink()
    if folder.path.is_dir() and _is_half_made(folder):
        for path in folder.path.iterdir():
            path.unlink()


def _is_half_made(folder: Folder) -> bool:
    """Tell whether a ledger was begun in its place, as once was done: no event yet, and no key."""
    return (
        all(_MADE.fullmatch(path.name) for path in folder.path.iterdir())
        and _is_empty(folder.log, "stored_events")
        and _is_empty(folder.keys, "subject_keys")
    )


def _is_empty(path: Path, table: str) -> bool:
    if not path.is_file():
        return True
    with closing(open_read_only(path)) as db:
        sql = "SELECT count(*) FROM sqlite_schema WHERE name = ?"
        there = db.execute(sql, [table]).fetchone()[0]
        return not there or db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None  # noqa: S608


class SetSchool(UseCase):
    """attendance school set: record which school this ledger is the register of.

    The school's details; what is left out stays as it was.
    """

    urn: str | None = option("unique reference number, 6 digits", default=None)
    name: str | None = option("name", default=None, kept=names.name)
    la_code: str | None = option("local authority number, 3 digits", default=None)
    estab: str | None = option("establishment number, 4 digits", default=None)
    type: str | None = option(", ".join(TYPES), default=None)
    phase: str | None = option(", ".join(PHASES), default=None)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who asks and what is recorded of the school."""
        return state.own_row, CALENDAR

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """State the school whole; nothing where nothing changes."""
        state.author(now)
        before = state.school.opened
        known = {} if before is None else checks.details_of(before)
        details = checks.renew(known, self.stated())
        for name in self.stated():
            checks.required_text(details.get(name), name.replace("_", "-"))
        _check_details(details)
        if details == known:
            return decided([], "the school is recorded so already; nothing was recorded")
        event = SchoolOpened(**details)
        return decided([Fact(streams.CALENDAR, event)], f"{event.name} (URN {event.urn})")


def _check_details(details: dict[str, str]) -> None:
    checks.choice(details["type"], TYPES, "type")
    checks.choice(details["phase"], PHASES, "phase")
    for name, length in _DIGITS.items():
        found, called = details[name], name.replace("_", "-")
        if not re.fullmatch(rf"[0-9]{{{length}}}", found):
            what = f"--{called} is {found!r}"
            raise Refused(f"{called}-form", what, f"it has {length} digits")
