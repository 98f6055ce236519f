"""What people type: texts that may not be blank, ids, choices and half days, read or refused."""

import re
from collections.abc import Collection, Sequence
from unicodedata import category

from ledger.errors import Refused
from ledger.values import HALVES, Half

_ID = re.compile(r"[^\s:]+")


def required(text: str | None, name: str) -> str:
    """Return a text without its margins; refuse a blank one. ``name``: the option it is for."""
    found = (text or "").strip()
    if not is_visible(found):
        words = name.replace("-", " ")
        raise Refused(f"{name}-missing", f"no {words} is given", f"give it with --{name}")
    return found


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
