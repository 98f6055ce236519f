"""The rules as bytes, statute and kinds of casework: what was read, and the digest of it."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from ledger.errors import Refused

_FOLDER = Path(__file__).parents[1]
_RULES = ("statutory", "casework")
"""The folders whose files change an answer."""
_LENGTH_BYTES = 8


@cache
def _files() -> tuple[tuple[str, bytes], ...]:
    found = {
        path.relative_to(_FOLDER).as_posix(): path.read_bytes()
        for folder in _RULES
        for path in (_FOLDER / folder).rglob("*.toml")
    }
    return tuple(sorted(found.items()))


def every() -> list[tuple[str, bytes]]:
    """Every file of rules as (path below this package, content), sorted by path."""
    return list(_files())


def content(name: str) -> bytes:
    """Return the bytes of one file: those that ``digest`` covers."""
    for path, data in _files():
        if path == name:
            return data
    raise Refused(
        code="pack-missing",
        what=f"there is no file of rules {name}",
        remedy="install the software again",
    )


@cache
def digest() -> str:
    """Return ``sha256:`` and the hex digest of all files, each name and content length-prefixed.

    The lengths (eight bytes, big-endian) keep bytes from moving unseen between a name and a
    content, or from one file to the next.
    """
    hashed = sha256()
    for name, data in _files():
        for part in (name.encode(), data):
            hashed.update(len(part).to_bytes(_LENGTH_BYTES, "big"))
            hashed.update(part)
    return f"sha256:{hashed.hexdigest()}"
