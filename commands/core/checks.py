"""Checks that many use cases share.

What people type (texts that may not be blank, ids, choices, half days), and records that are
stated whole.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from unicodedata import category

import msgspec

from commands.core.command import State
from ledger import names
from ledger.errors import Refused
from ledger.events.base import Event, sealed_fields
from ledger.formats.fields import ROLES
from ledger.values import HALVES, Half

# What people type

_ID = re.compile(r"[^\s:]+")


PLACEHOLDER = "WHY"
"""What stands for a reason in a command that a text suggests: nobody's reason."""


def required_text(text: str | None, name: str) -> str:
    """Return a text without its margins; refuse a blank one. ``name``: the option it is for."""
    found, words = written(text), name.replace("-", " ")
    if not is_visible(found):
        raise Refused(f"{name}-missing", f"no {words} is given", f"give it with --{name}")
    if found == PLACEHOLDER:
        raise Refused(
            "placeholder",
            f"{PLACEHOLDER} stands where the {words} is to be written",
            f"write it in its place: --{name} '...'",
        )
    return found


def written(text: str | None) -> str:
    """Return a text as it is kept, empty where none is given."""
    return names.text(text or "")


def is_visible(text: str) -> bool:
    """Tell whether a text has a character that can be seen: letter, digit, mark, sign."""
    return any(category(character)[0] not in "CZ" for character in text)


def identifier(text: str) -> str:
    """Return an id of a parent or member of staff; a colon would split the name of its stream."""
    if not _ID.fullmatch(text):
        raise Refused(
            "id-form", f"{text!r} cannot be an id", "leave out blanks and colons: M.Marsh, 1042"
        )
    return text


def choice(text: str, choices: Sequence[str], name: str) -> str:
    """Return a text that is one of the choices, or refuse it naming them."""
    if text not in choices:
        what = f"{text!r} is not a {name.replace('-', ' ')}"
        raise Refused(f"{name}-unknown", what, f"use one of: {', '.join(choices)}")
    return text


def roles(named: Collection[str]) -> tuple[str, ...]:
    """Return the roles named, each once; refuse one that is not known."""
    return tuple(dict.fromkeys(choice(role, ROLES, "role") for role in named))


def yes_no(text: str | None, name: str) -> str | None:
    """Return yes, no, empty (no longer known) or none; refuse anything else."""
    if text and text not in ("yes", "no"):
        raise Refused(
            "yes-or-no", f"--{name} is {text!r}", "write yes or no, or '' for what is not known"
        )
    return text


def halves(named: Collection[Half]) -> tuple[Half, ...]:
    """Return the half days named, in order; both where none is."""
    return tuple(half for half in HALVES if half in named) or HALVES


# Records that are stated whole: what is not given again stays as it was

_OF_THE_LOG = ("stated", "row")


def details_of(event: Event, open_text: Callable[[str], str] = str) -> dict[str, Any]:
    """Return what an event states, without what the log adds, its sealed texts opened."""
    sealed = {name for name, _ in sealed_fields(type(event))}
    held = msgspec.structs.asdict(event)
    stated = {name: value for name, value in held.items() if name not in _OF_THE_LOG}
    return {
        name: open_text(value) if name in sealed and value is not None else value
        for name, value in stated.items()
    }


def renew(previous: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with what is given: none keeps what was there, an empty text clears it."""
    stated = {name: value for name, value in given.items() if value is not None}
    return {**previous, **{name: None if value == "" else value for name, value in stated.items()}}


def repeats(state: State, before: Event, event: Event, names: Sequence[str]) -> bool:
    """Tell whether an earlier event of the kind says the same in the fields that are named."""
    if type(before) is not type(event):
        return False
    said = details_of(before, state.open_text)
    return all(said[name] == getattr(event, name) for name in names)
