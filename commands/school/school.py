"""The ledger of a school: created empty, and told which school it is the register of."""

import re
import shutil
from collections.abc import Iterable
from dataclasses import replace

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
from ledger.files import translated
from ledger.formats.fields import ROLES
from ledger.sealing.keys import KeyRing
from ledger.store.folder import LAYOUT
from ledger.store.store import Fact, Store, new_ledger_id
from ledger.tlog import signing
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
        """Make the files and record the ledger's birth; leave nothing behind when that fails."""
        first = (self.staff, self.name, self.job_title)
        if any((*first, self.role)) and not all(first):
            what = "the first member of staff needs an id, a name and a job title"
            raise Refused("first-staff", what, "give --staff, --name and --job-title together")
        folder = context.folder
        if folder.path.exists() and (folder.path.is_file() or any(folder.path.iterdir())):
            there = "a ledger" if folder.exists() else "something else"
            what = f"{there} is already at {folder.path}"
            raise Refused("already-there", what, "choose another --ledger")
        with translated(folder.path):
            folder.path.mkdir(parents=True, exist_ok=True)
        try:
            KeyRing.create(folder.keys)
            ledger_id = new_ledger_id()
            Store.create(folder.log, ledger_id).close()
            key = signing.load(folder.signing_key).verifier.vkey
            return execute(context, replace(self, ledger_id=ledger_id, key=key))
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise


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
