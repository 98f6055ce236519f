"""Record which school this ledger is the register of."""

import re

from commands.core import checks as given
from commands.core import records
from commands.core.command import Decision, State, UseCase, decided, option
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import SchoolOpened
from ledger.store.store import Fact
from policies.packs.rules import Rules

TYPES = (
    "maintained",
    "academy",
    "pru",
    "ap-academy",
    "special-maintained",
    "special-academy",
    "non-maintained-special",
    "independent",
)
PHASES = ("nursery", "primary", "secondary", "all-through", "special", "ap", "post-16")
_DIGITS = {"urn": 6, "la_code": 3, "estab": 4}


class SetSchool(UseCase):
    """attendance school set: record which school this ledger is the register of.

    The school's details; what is left out stays as it was.
    """

    urn: str | None = option("unique reference number, 6 digits", default=None)
    name: str | None = option("name", default=None)
    la_code: str | None = option("local authority number, 3 digits", default=None)
    estab: str | None = option("establishment number, 4 digits", default=None)
    type: str | None = option(", ".join(TYPES), default=None)
    phase: str | None = option(", ".join(PHASES), default=None)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """State the school whole; nothing where nothing changes."""
        state.author(now)
        before = state.school.opened
        known = {} if before is None else records.plain(before)
        details = records.renewed(known, self.model_dump())
        for name in SetSchool.model_fields:
            given.required(details.get(name), name.replace("_", "-"))
        _check(details)
        if details == known:
            return decided([], "the school is recorded so already; nothing was recorded")
        event = SchoolOpened(**details)
        return decided([Fact(streams.CALENDAR, event)], f"{event.name} (URN {event.urn})")


def _check(details: dict[str, str]) -> None:
    given.choice(details["type"], TYPES, "type")
    given.choice(details["phase"], PHASES, "phase")
    for name, length in _DIGITS.items():
        if not re.fullmatch(rf"[0-9]{{{length}}}", details[name]):
            option_name = name.replace("_", "-")
            raise Refused(
                f"{option_name}-form",
                f"--{option_name} is {details[name]!r}",
                f"it has {length} digits",
            )
