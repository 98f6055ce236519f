"""The passphrase of a back-up: from a file, the environment, or asked for on a terminal."""

import getpass
import os
import sys
from pathlib import Path

from ledger.errors import Refused
from ledger.files import translated

VARIABLE = "ATTENDANCE_PASSPHRASE"
SHORTEST = 12
"""Characters of a new passphrase: it guards names and birth dates for six years."""
_WAYS = f"give --passphrase-file FILE, set {VARIABLE}, or answer on a terminal"


def find(file: Path | None) -> str | None:
    """Return the passphrase from its file or the environment; none where neither gives one."""
    if file is None:
        return os.environ.get(VARIABLE) or None
    with translated(file):
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines or not lines[0]:
        raise Refused("passphrase-missing", f"the first line of {file} is empty", _WAYS)
    return lines[0]


def ask(file: Path | None) -> str | None:
    """Return the passphrase of a back-up that was made; none where nobody gives one."""
    return find(file) or (_typed("Passphrase of the back-up: ") or None)


def require(file: Path | None) -> str:
    """Return the passphrase of a back-up that was made, or refuse to go on without."""
    found = ask(file)
    if found is None:
        raise Refused("passphrase-missing", "the keys cannot be opened without it", _WAYS)
    return found


def choose(file: Path | None) -> str:
    """Return the passphrase for a new back-up; on a terminal it is asked for twice."""
    found = find(file)
    if found is None:
        found = _typed("A passphrase for the keys in the back-up: ")
        if found and found != _typed("The same again: "):
            raise Refused("passphrase-differs", "the two passphrases differ", "try again")
    if not found:
        what = "the ledger's keys are wrapped by a passphrase, and there is none"
        raise Refused("passphrase-missing", what, _WAYS)
    if len(found) < SHORTEST:
        what = f"the passphrase has {len(found)} characters; at least {SHORTEST} are needed"
        raise Refused("passphrase-short", what, "take four or five words that nobody says")
    return found


def _typed(prompt: str) -> str:
    """Return what is typed, unseen; nothing where nobody sits there."""
    if not sys.stdin.isatty():
        return ""
    try:
        return getpass.getpass(prompt)
    except EOFError:
        return ""
