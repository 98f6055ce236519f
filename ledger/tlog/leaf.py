r"""The bytes that stand for one event in the transparency log, settled before the tree is.

``"attendance-ledger/leaf/v1\n"``, the position as eight bytes big-endian, then stream, version,
name and stored bytes, each as a four-byte big-endian length and the bytes (the version as its
decimal digits). The leaf hash is RFC 6962's: SHA-256 over 0x00 and these bytes.
"""

from hashlib import sha256
from struct import error, pack, unpack_from

_PREFIX = b"attendance-ledger/leaf/v1\n"


def leaf_bytes(position: int, stream: str, version: int, name: str, state: bytes) -> bytes:
    """Return the leaf of one stored event; ``position`` counts from 1."""
    fields = (stream.encode(), str(version).encode(), name.encode(), state)
    body = b"".join(pack(">I", len(field)) + field for field in fields)
    return _PREFIX + pack(">Q", position) + body


def position_of(leaf: bytes) -> int | None:
    """Return the position that a leaf binds; none where it is no leaf of this form."""
    if not leaf.startswith(_PREFIX):
        return None
    try:
        return int(unpack_from(">Q", leaf, len(_PREFIX))[0])
    except error:
        return None


def leaf_hash(leaf: bytes) -> bytes:
    """Return the 32-byte RFC 6962 hash of a leaf."""
    return sha256(b"\x00" + leaf).digest()
