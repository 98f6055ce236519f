"""The Merkle tree over the log's events: RFC 6962 hashing, proofs of RFC 9162, and its leaves.

Sizes and indexes count leaves; the leaf of position P has the index P - 1. A hash is 32 bytes,
a proof a list of hashes, leaf-side first.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from struct import error, pack, unpack_from

EMPTY_ROOT = sha256(b"").digest()
HASH_BYTES = 32
TILE = 256
"""How many leaf hashes are kept together (C2SP tlog-tiles)."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an interior node."""
    return sha256(b"\x01" + left + right).digest()


class Edge:
    """The right edge of a tree: the roots of its complete subtrees, the largest first.

    It is all that is needed to grow a tree and to name its root.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size, self.hashes = size, list(hashes)
        if len(self.hashes) != size.bit_count():
            msg = f"a tree of {size} leaves has {size.bit_count()} complete subtrees at its edge"
            raise ValueError(msg)

    @classmethod
    def read(cls, size: int, written: bytes) -> "Edge":
        """Return an edge as `written` holds it."""
        parts = [written[n : n + HASH_BYTES] for n in range(0, len(written), HASH_BYTES)]
        return cls(size, parts)

    @property
    def written(self) -> bytes:
        """The hashes, one after the other."""
        return b"".join(self.hashes)

    def grow(self, leaf: bytes) -> None:
        """Add a leaf, by its hash."""
        hashes, size = self.hashes, self.size
        while size & 1:
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    def extend(self, rows: Iterable[tuple[int, str, int, str, bytes]]) -> bytes:
        """Add the leaves of stored events, as `leaf_bytes` takes them; return their hashes."""
        leaves = [leaf_hash(leaf_bytes(*row)) for row in rows]
        for leaf in leaves:
            self.grow(leaf)
        return b"".join(leaves)

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        found = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            found = node_hash(left, found)
        return found


class Tree:
    """Every complete node over a sequence of leaf hashes, from which proofs are made."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels = [list(leaves)]
        while len(below := self._levels[-1]) > 1:
            pairs = zip(below[::2], below[1::2], strict=False)
            self._levels.append([sha256(b"\x01" + a + b).digest() for a, b in pairs])

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self._levels[0])

    def root(self, size: int) -> bytes:
        """Return the root of the first ``size`` leaves."""
        return self._node(0, size) if size else EMPTY_ROOT

    def edge(self, size: int) -> Edge:
        """Return the right edge of the first ``size`` leaves."""
        bits = [n for n in reversed(range(size.bit_length())) if size >> n & 1]
        return Edge(size, [self._levels[n][(size >> n) - 1] for n in bits])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the proof that a leaf is in the tree of ``size`` leaves (RFC 9162 2.1.3.1)."""
        proof: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                proof.append(self._node(middle, high))
                high = middle
            else:
                proof.append(self._node(low, middle))
                low = middle
        return proof[::-1]

    def around(self, first: int, last: int, size: int) -> list[bytes]:
        """Return the nodes that, with the leaves from ``first`` to before ``last``, give a root.

        In the order in which RFC 6962 divides the tree of ``size`` leaves, left before right.
        """
        return list(self._around(0, size, first, last))

    def _around(self, low: int, high: int, first: int, last: int) -> Iterator[bytes]:
        if high <= first or low >= last:
            yield self._node(low, high)
        elif low < first or high > last:
            middle = low + _split(high - low)
            yield from self._around(low, middle, first, last)
            yield from self._around(middle, high, first, last)

    def consistency(self, old: int, size: int) -> list[bytes]:
        """Return the proof that a tree of ``old`` leaves begins one of ``size`` (2.1.4.1)."""
        proof: list[bytes] = []
        low, high, whole = 0, size, True
        if not 0 < old < size:
            return proof
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                proof.append(self._node(middle, high))
                high = middle
            else:
                proof.append(self._node(low, middle))
                low, whole = middle, False
        if not whole:
            proof.append(self._node(low, high))
        return proof[::-1]

    def _node(self, low: int, high: int) -> bytes:
        width = high - low
        if width & (width - 1) == 0:
            return self._levels[width.bit_length() - 1][low // width]
        middle = low + _split(width)
        return node_hash(self._node(low, middle), self._node(middle, high))


def _split(width: int) -> int:
    """Return the largest power of two below a width of at least two."""
    return 1 << ((width - 1).bit_length() - 1)


def root_from_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes]
) -> bytes | None:
    """Return the root that a proof of inclusion leads to; none where it has no right shape."""
    if not 0 <= index < size:
        return None
    found = leaf
    sides = _sides(index, size - 1)
    for sibling in proof:
        side = next(sides, None)
        if side is None:
            return None
        found = node_hash(sibling, found) if side == "left" else node_hash(found, sibling)
    return found if next(sides, None) is None else None


def is_consistent(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether a proof shows that the tree of ``old`` leaves begins the one of ``size``."""
    if old in (size, 0):
        return not proof and old_root == (root if old else EMPTY_ROOT)
    if not 0 < old < size:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _roots(old, size, path) == (old_root, root)


def _roots(old: int, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    low, high = old - 1, size - 1
    while low & 1:
        low, high = low >> 1, high >> 1
    before = after = path[0]
    sides = _sides(low, high)
    for sibling in path[1:]:
        side = next(sides, None)
        if side is None:
            return None
        if side == "left":
            before, after = node_hash(sibling, before), node_hash(sibling, after)
        else:
            after = node_hash(after, sibling)
    return (before, after) if next(sides, None) is None else None


def _sides(low: int, high: int) -> Iterator[str]:
    """Yield on which side each sibling stands, from a node up to the root.

    ``low``: the node's number among those of its level; ``high``: that of the last one. RFC 9162
    2.1.3.2: a node without a right sibling rises until it is one itself.
    """
    while high:
        if low & 1 or low == high:
            yield "left"
            while not low & 1 and low:
                low, high = low >> 1, high >> 1
        else:
            yield "right"
        low, high = low >> 1, high >> 1


# -- leaves ------------------------------------------------------------------------------------
#
# ``"attendance-ledger/leaf/v1\n"``, the position as eight bytes big-endian, then stream, version,
# name and stored bytes, each as a four-byte big-endian length and the bytes (the version as its
# decimal digits). The leaf hash is RFC 6962's: SHA-256 over 0x00 and these bytes.

_PREFIX = b"attendance-ledger/leaf/v1\n"


def leaf_bytes(position: int, stream: str, version: int, name: str, state: bytes) -> bytes:
    """Return the leaf of one stored event; ``position`` counts from 1."""
    s, v, n = stream.encode(), b"%d" % version, name.encode()
    # Without a loop: this is done for every event of the log.
    return b"".join(
        (
            _PREFIX,
            pack(">QI", position, len(s)),
            s,
            pack(">I", len(v)),
            v,
            pack(">I", len(n)),
            n,
            pack(">I", len(state)),
            state,
        )
    )


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
