"""A ledger that lies: false proofs and forked histories, shown to each of their readers."""

from random import Random

import pytest

from ledger import attendance_verify
from ledger.errors import Refused
from ledger.tlog.note import Checkpoint, sign
from ledger.tlog.tree import is_consistent
from ledger.transparency.cosigning import Request, Witness
from ledger.transparency.proof import read_proof
from tests.adversary.conftest import PARTS, seeds
from tests.adversary.false import FALSE, Liar, rows_of, tree_over
from tests.adversary.lives import newest_note

SECONDS = 1_760_000_000


def liar(bases, *seed):
    """The owner of a ledger, with a key that signed all of it."""
    rng = Random(repr(seed))  # noqa: S311 - reproducible
    one, other = rng.sample(bases, 2)
    return Liar(rows_of(one.today), one.signers[-1][1], newest_note(other.today), rng)


def believed(written, key):
    try:
        return read_proof(written).wrong(key) is None
    except Refused:
        return False


def believed_by_a_stranger(path, written, key):
    outside = attendance_verify.Outside(key=attendance_verify.read_key(key.vkey))
    try:
        path.write_bytes(written.encode())
        return not attendance_verify.check(path, outside).problems
    except attendance_verify.Unreadable:
        return False


@pytest.mark.parametrize("part", range(PARTS))
def test_no_false_proof_is_believed(bases, campaign, tmp_path, part):
    """By neither reader; nor is a true one by whoever holds another ledger's key."""
    for number in seeds(part, 2 * len(FALSE), 2700, campaign=campaign):
        lie = FALSE[number % len(FALSE)]
        told = lie(liar(bases, lie.__name__, number))
        key = liar(bases, lie.__name__, number).signer.verifier
        seed = (lie.__name__, number, told)
        assert not believed(told, key), seed
        assert not believed_by_a_stranger(tmp_path / "proof", told, key), seed


@pytest.mark.parametrize("number", range(8))
def test_a_true_proof_is_believed(bases, tmp_path, number):
    """By both readers, under the key that signed it and no other."""
    one = liar(bases, number)
    told, key = one.true.written, one.signer.verifier
    assert believed(told, key)
    assert believed_by_a_stranger(tmp_path / "proof", told, key)
    others = [base.signers[0][1].verifier for base in bases]
    for other in [each for each in others if each.name != key.name]:
        assert not believed(told, other)
        assert not believed_by_a_stranger(tmp_path / "proof", told, other)


def fork(one, at):
    """Both histories from an entry on, as trees, and a checkpoint of each under the same key."""
    forged, size = one.forged(at), len(one.rows)
    trees = [tree_over(rows) for rows in (one.rows, forged)]
    roots = [Checkpoint(one.signer.name, size, tree.root(size)) for tree in trees]
    return trees, [sign(checkpoint, [one.signer]) for checkpoint in roots]


@pytest.mark.parametrize("part", range(PARTS))
def test_no_fork_is_consistent_with_what_was_seen(bases, campaign, tmp_path, part):
    """Whatever is served as a proof: an auditor refuses it, and a witness signs nothing."""
    for number in seeds(part, 16, 580, campaign=campaign):
        one = liar(bases, "fork", number)
        size = len(one.rows)
        at = one.rng.randrange(size - 1)
        seen = one.rng.randrange(at + 1, size)
        (true, forked), (_, note) = fork(one, at)
        good = true.consistency(seen, size)
        served = [
            forked.consistency(seen, size),
            good,
            good[:-1],
            [*good, forked.root(size)],
            [forked.root(size)],
            [],
            [one.rng.randbytes(32) for _ in good],
            forked.consistency(one.rng.randrange(1, size), size),
        ]
        for proof in served:
            assert not is_consistent(seen, true.root(seen), size, forked.root(size), proof)
        witness = Witness(bases[0].witness, [one.signer.verifier], tmp_path / str(number))
        first = sign(Checkpoint(one.signer.name, seen, true.root(seen)), [one.signer])
        assert ask(witness, 0, [], first) == 200
        for proof in served:
            assert ask(witness, seen, proof, note) == 422
            assert ask(witness, 0, proof, note) == 409
            assert ask(witness, size, proof, note) == 409
        assert ask(witness, size + 1, [], note) == 400
        honest = sign(Checkpoint(one.signer.name, size, true.root(size)), [one.signer])
        assert ask(witness, seen, good, honest) == 200
        assert ask(witness, size, [], note) == 409


def ask(witness, old, proof, note):
    """What a witness answers, by its status."""
    return witness.add(Request(old, tuple(proof), note).written.encode(), SECONDS).status


def test_a_witness_does_not_sign_for_strangers(bases, tmp_path):
    """A log that it does not look at; a key that it does not know; a checkpoint that lies."""
    one = liar(bases, "strangers")
    witness = Witness(bases[0].witness, [one.signer.verifier], tmp_path / "w")
    assert ask(witness, 0, [], one.other) == 404
    size, root = len(one.rows), tree_over(one.rows).root(len(one.rows))
    other = sign(Checkpoint(one.signer.name, size, root), [bases[0].witness])
    assert ask(witness, 0, [], other) == 403
