"""Texts that are better not typed on the command line, where other users and a history see them.

`-` asks for the text, or reads the next line of what is piped in; `@FILE` takes it from a file.
A text that begins with @, or is a single -, is written with @ before it: `@@home`, `@-`.
"""

from collections.abc import Callable
from pathlib import Path

from ledger.errors import Refused
from ledger.files import translated

HELP = (
    "asked for where it is given as - (the next line of what is piped in), read from a file where "
    "it is @FILE; a text that begins with @, or is only -, has @ before it: @@home, @-"
)
_MOST = 65_536
"""The longest file that is read for one text, in bytes."""


def text(given: str, ask: Callable[[], str]) -> str:
    """Return the text that is meant by what was given for an option. Raises `Refused`."""
    if given == "-":
        return ask()
    if not given.startswith("@"):
        return given
    rest = given[1:]
    return rest if rest.startswith("@") or rest == "-" else _from_file(Path(rest))


def _from_file(path: Path) -> str:
    if not path.is_file():
        raise Refused(
            "text-file",
            f"there is no file {str(path)!r} to read a text from",
            "name one after @; a text that begins with @ is written with another @ before it",
        )
    with translated(path), path.open("rb") as file:
        content = file.read(_MOST + 1)
    if len(content) > _MOST:
        raise Refused("text-long", f"{path} is longer than 64 kB", "name a file with one text")
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise Refused("text-encoding", f"{path} is not UTF-8", "save it as UTF-8") from None
