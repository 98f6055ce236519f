"""Key rings of their own, and what a key file holds, read past the key ring."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.sealing.keys import KeyRing


@contextmanager
def new_ring(path: Path) -> Iterator[KeyRing]:
    """Make an empty key file, and open it."""
    KeyRing.create(path)
    with closing(KeyRing(path)) as made:
        yield made


def keys_of(ring) -> dict[tuple[str, str], bytes]:
    rows = ring._db.execute("SELECT subject, purpose, key FROM subject_keys")
    return {(subject, purpose): key for subject, purpose, key in rows}


def named_in(ring) -> dict[str, str]:
    """UPN or local id -> pupil id."""
    return dict(ring._db.execute("SELECT value, pupil FROM identities"))
