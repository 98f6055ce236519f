"""Who may give which command: the rows of ``roles.toml``, looked up by the command's words."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

_FILE = Path(__file__).parents[1] / "roles.toml"
WORDS = ("anyone", "unnamed", "empty", "staff", "first", "vacant")
"""What stands in a row beside roles; the file explains each."""
GIVING = "staff roles"
"""The act of giving or taking a role, whichever command does it."""
ADOPTING = "policy adopt"
"""The act of adopting a policy of the school, which a file may bring too."""


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Commands that the same people may give; the keys are explained in the file."""

    commands: tuple[str, ...]
    may: str
    who: tuple[str, ...]
    reference: str
    policy: str | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles whose holders may, in the order of the file."""
        return tuple(each for each in self.who if each not in WORDS)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    act: tuple[Act, ...]


class Acts(Struct, frozen=True):
    """The table by the words of each command; ``opening``: every role that a row names."""

    by_command: Mapping[str, Act]
    opening: frozenset[str]


@cache
def acts() -> Acts:
    """Return the table."""
    rows = msgspec.convert(tomllib.loads(_FILE.read_text(encoding="utf-8")), _File).act
    by_command = {command: act for act in rows for command in act.commands}
    return Acts(by_command, frozenset(role for act in rows for role in act.roles))
