"""Another Merkle tree, pymerkle's, gives the roots that the checkpoints name."""

import pytest
from pymerkle import InmemoryTree, InvalidProof, verify_consistency, verify_inclusion

from ledger.tlog.tree import leaf_hash
from tests.foreign.conftest import with_one_byte_changed


@pytest.fixture(scope="module")
def tree(made):
    other = InmemoryTree(algorithm="sha256")
    other.append_entries(made.leaves)
    return other


def test_every_checkpoint_has_its_root(tree, made):
    assert {size: tree.get_root(size) for size in made.notes} == made.roots


def test_its_proofs_lead_to_our_roots(tree, made):
    """And its own verification refuses a changed leaf or root."""
    size = max(made.notes)
    root = made.roots[size]
    for position in (1, 5, 100, size):
        leaf = made.leaves[position - 1]
        proof = tree.prove_inclusion(position, size)
        verify_inclusion(leaf_hash(leaf), root, proof)
        changed = with_one_byte_changed(leaf, position)
        with pytest.raises(InvalidProof):
            verify_inclusion(leaf_hash(changed), root, proof)
    for old, old_root in made.roots.items():
        proof = tree.prove_consistency(old, size)
        verify_consistency(old_root, root, proof)
        with pytest.raises(InvalidProof):
            verify_consistency(with_one_byte_changed(old_root, old), root, proof)


def test_our_proofs_hold_the_same_hashes(tree, made):
    size = max(made.notes)
    for position in range(1, size + 1):
        path = tree.prove_inclusion(position, size).path
        ours = made.proofs.tree.inclusion(position - 1, size)
        assert sorted(path) == sorted([leaf_hash(made.leaves[position - 1]), *ours])
