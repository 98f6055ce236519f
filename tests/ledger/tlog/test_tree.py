"""The Merkle tree against RFC 6962's own recursion, and against proofs that are wrong."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.tlog.tree import EMPTY_ROOT, Edge, Tree, is_consistent, node_hash, root_from_inclusion

MOST = 70
LEAVES = [sha256(b"\x00" + number.to_bytes(2, "big")).digest() for number in range(MOST)]
TREE = Tree(LEAVES)
OTHER = b"\xff" * 32


def root_of(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return sha256(b"\x01" + root_of(leaves[:cut]) + root_of(leaves[cut:])).digest()


ROOTS = [root_of(LEAVES[:size]) for size in range(MOST + 1)]
sizes = st.integers(1, MOST)


def test_the_edge_names_the_root_of_every_size():
    """Also after it was written down and read again."""
    edge = Edge()
    assert edge.root() == EMPTY_ROOT == ROOTS[0]
    for size, leaf in enumerate(LEAVES, start=1):
        edge = Edge.read(edge.size, edge.written)
        edge.grow(leaf)
        assert (edge.size, edge.root(), TREE.root(size)) == (size, ROOTS[size], ROOTS[size])
    assert TREE.root(0) == EMPTY_ROOT


def test_an_edge_of_another_size_is_no_edge():
    with pytest.raises(ValueError, match="3 leaves has 2"):
        Edge(3, [OTHER])


def test_every_leaf_of_every_tree_is_proven():
    """2,485 proofs, each leading to the root, none of them with another leaf or place."""
    for size in range(1, MOST + 1):
        for index in range(size):
            proof = TREE.inclusion(index, size)
            assert root_from_inclusion(LEAVES[index], index, size, proof) == ROOTS[size]
            assert root_from_inclusion(OTHER, index, size, proof) != ROOTS[size]


@given(size=sizes, data=st.data())
def test_a_proof_that_was_changed_leads_elsewhere(size, data):
    """One hash changed, one more, one less, or another index of the same tree."""
    index = data.draw(st.integers(0, size - 1))
    proof = TREE.inclusion(index, size)
    wrong = [[*proof, OTHER], proof[:-1]] if proof else [[OTHER]]
    wrong += [[*proof[:n], OTHER, *proof[n + 1 :]] for n in range(len(proof))]
    for changed in wrong:
        assert root_from_inclusion(LEAVES[index], index, size, changed) != ROOTS[size]
    elsewhere = data.draw(st.integers(-1, size))
    found = root_from_inclusion(LEAVES[index], elsewhere, size, proof)
    assert (found == ROOTS[size]) == (elsewhere == index)


@given(size=sizes, old=st.integers(0, MOST))
def test_a_tree_is_consistent_with_every_tree_that_began_it(size, old):
    """And with no larger one; the proof is RFC 9162's, which says nothing where none is due."""
    proof = TREE.consistency(old, size)
    assert is_consistent(old, ROOTS[old], size, ROOTS[size], proof) == (old <= size)
    assert bool(proof) == (0 < old < size)


@given(size=sizes, data=st.data())
def test_no_other_root_is_consistent(size, data):
    """The roots before and after, each hash of the proof and its length all matter."""
    old = data.draw(st.integers(0, size))
    proof = TREE.consistency(old, size)
    wrong = [[*proof, OTHER]]
    wrong += [[*proof[:n], OTHER, *proof[n + 1 :]] for n in range(len(proof))]
    wrong += [proof[:-1]] if proof else []
    for changed in wrong:
        assert not is_consistent(old, ROOTS[old], size, ROOTS[size], changed)
    assert not is_consistent(old, OTHER, size, ROOTS[size], proof)
    if old:
        assert not is_consistent(old, ROOTS[old], size, OTHER, proof)


def test_two_trees_that_differ_early_are_not_consistent():
    """The proof of the one does not serve the other."""
    forged = Tree([OTHER, *LEAVES[1:]])
    for old in range(1, MOST):
        proof = forged.consistency(old, MOST)
        assert not is_consistent(old, ROOTS[old], MOST, forged.root(MOST), proof)


def test_an_interior_node_has_its_own_prefix():
    """So that no leaf can be passed off as a node (RFC 6962 section 2.1)."""
    assert node_hash(b"a", b"b") == sha256(b"\x01ab").digest()
