"""The school that is kept between commands: in memory, and stored beside the log.

It spares a command that starts and ends the reading of every event that the school is folded
from. It is disposable, and taken only where it is of this very log: it names the checkpoint at
which it was made, and the log must have had that one at that size. It is stored under a MAC with
a key derived from the ledger's signing key, so that only whoever could record events can change
what decisions are made over. A file that does not fit, other software's too, is passed over.
"""

import hmac
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledger.errors import Refused
from ledger.events import calendar
from ledger.files import write_new
from ledger.state import school
from ledger.state.school import FOLDED, School, advance, fold
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog import signing

STORED_EVERY = 2_000
"""A stored school is written anew once so many events of the log have come since."""
_MAC_BYTES = 32
_PURPOSE = b"attendance-ledger/kept-school/v1"


class Kept(NamedTuple):
    """A school at a position of the log.

    ``checkpoint``: the text of the log's checkpoint there, none before the first transaction;
    ``stored_at``: up to where the stored one goes.
    """

    position: int
    checkpoint: str | None
    school: School
    stored_at: int = 0


class _Stored(NamedTuple):
    """What the file holds under its MAC; ``code``: tells by which code it was folded."""

    code: bytes
    position: int
    checkpoint: str
    school: School


def bring_forward(log: Store, folder: Folder, known: Kept | None, upto: int) -> Kept:
    """Return the school up to a position: from what is kept or stored, else from the log alone.

    ``known`` is changed on the way.
    """
    found = next((each for each in _candidates(folder, known) if _is_of(log, each, upto)), None)
    checkpoint = log.checkpoint_of(upto)
    if found is None:
        return Kept(upto, checkpoint, fold(log.read(FOLDED, upto=upto)))
    advance(found.school, log.since(found.position, FOLDED, upto=upto))
    return found._replace(position=upto, checkpoint=checkpoint)


def _candidates(folder: Folder, known: Kept | None) -> Iterator[Kept]:
    if known is not None:
        yield known
    stored = read_stored(folder)
    if stored is not None:
        yield stored


def _is_of(log: Store, found: Kept, upto: int) -> bool:
    """Tell whether the log had this root at that size, so that it can go on from there."""
    return found.position <= upto and log.checkpoint_of(found.position) == found.checkpoint


def read_stored(folder: Folder) -> Kept | None:
    """Return the school that is stored; none where there is none that can be relied on."""
    try:
        content = folder.kept_school.read_bytes()
        mac, body = content[:_MAC_BYTES], content[_MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(folder, body)):
            return None
        stored = msgspec.msgpack.decode(body, type=_Stored)
    except (OSError, Refused, msgspec.MsgspecError):
        return None
    if stored.code != _code():
        return None
    return Kept(stored.position, stored.checkpoint, stored.school, stored.position)


def write_stored(folder: Folder, kept: Kept) -> None:
    """Store a school where that spares much; where it cannot be, the log has it all."""
    if kept.checkpoint is None or kept.position - kept.stored_at < STORED_EVERY:
        return
    stored = _Stored(_code(), kept.position, kept.checkpoint, kept.school)
    body = msgspec.msgpack.encode(stored)
    with suppress(OSError, Refused):
        write_new(folder.kept_school, _mac(folder, body) + body, replace=True)


def _mac(folder: Folder, body: bytes) -> bytes:
    key = hmac.digest(signing.load(folder.signing_key).seed, _PURPOSE, "sha256")
    return hmac.digest(key, body, "sha256")


@cache
def _code() -> bytes:
    """Return a digest of the code that folds: other code may make another school of a log."""
    folders = {Path(str(module.__file__)).parent for module in (school, calendar)}
    sources = sorted(source for folder in folders for source in folder.glob("*.py"))
    return sha256(b"".join(source.read_bytes() for source in sources)).digest()
