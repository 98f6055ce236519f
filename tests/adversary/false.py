"""False proofs, as a ledger or whoever stands between would serve them.

Each function returns the text of a proof that proves nothing: of an entry under the key of the
ledger that it is said to be of. None of them is only broken by chance.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from ledger.store.folder import Folder
from ledger.store.schema import Row
from ledger.tlog.note import Checkpoint, Note, Signer, new_signer, sign
from ledger.tlog.tree import Tree, leaf_bytes, leaf_hash, node_hash
from ledger.transparency.proof import Proof
from tests.adversary.hands import ROWS, opened


def rows_of(folder: Folder) -> list[Row]:
    db = opened(folder.log)
    found = db.execute(ROWS).fetchall()
    db.close()
    return found


def tree_over(rows: Sequence[Row]) -> Tree:
    """The tree over some entries."""
    return Tree([leaf_hash(leaf_bytes(*row)) for row in rows])


def tree_of(folder: Folder) -> Tree:
    return tree_over(rows_of(folder))


@dataclass(frozen=True)
class Liar:
    """A ledger's owner with its key, its entries, and a proof that would be true."""

    rows: list[Row]
    signer: Signer
    other: Note
    rng: Random

    @property
    def true(self) -> Proof:
        return self.proof(self.rows, self.rng.randrange(len(self.rows)), self.signer)

    @staticmethod
    def proof(rows: list[Row], index: int, signer: Signer) -> Proof:
        tree, size = tree_over(rows), len(rows)
        note = sign(Checkpoint(signer.name, size, tree.root(size)), [signer])
        leaf = leaf_bytes(*rows[index])
        return Proof(leaf, index, tuple(tree.inclusion(index, size)), note)

    def forged(self, at: int) -> list[Row]:
        row = self.rows[at]
        return [*self.rows[:at], (*row[:4], row[4] + b" "), *self.rows[at + 1 :]]

    def another(self, proof: Proof) -> int:
        """The index of another entry than the one that is proven."""
        return self.rng.choice([n for n in range(len(self.rows)) if n != proof.index])


False_ = Callable[[Liar], str]


def forged_entry(liar: Liar) -> str:
    true = liar.true
    leaf = leaf_bytes(*liar.forged(true.index)[true.index])
    return replace(true, leaf=leaf).written


def of_a_fork_that_was_not_signed(liar: Liar) -> str:
    """A whole tree of its own, with the root of the one that was signed."""
    true = liar.true
    fork = liar.proof(liar.forged(true.index), true.index, liar.signer)
    return replace(fork, note=true.note).written


def to_the_root_of_a_fork(liar: Liar) -> str:
    """The true way, under the checkpoint of another history that the same key signed."""
    true = liar.true
    fork = liar.proof(liar.forged(liar.another(true)), true.index, liar.signer)
    return replace(true, note=fork.note).written


def signed_by_a_fresh_key(liar: Liar) -> str:
    """Consistent in itself: a forged history under a forged key of the same name."""
    at = liar.rng.randrange(len(liar.rows))
    stranger = new_signer(liar.signer.name, liar.rng.randbytes(32))
    return liar.proof(liar.forged(at), at, stranger).written


def signed_under_the_right_key_id(liar: Liar) -> str:
    """The same, with the key id of the true key written beside the forged signature."""
    at = liar.rng.randrange(len(liar.rows))
    stranger = new_signer(liar.signer.name, liar.rng.randbytes(32))
    forged = liar.proof(liar.forged(at), at, stranger)
    [line] = forged.note.signatures
    line = line._replace(key_id=liar.signer.verifier.key_id)
    return replace(forged, note=Note(forged.note.text, (line,))).written


def with_another_entrys_leaf(liar: Liar) -> str:
    true = liar.true
    return replace(true, leaf=leaf_bytes(*liar.rows[liar.another(true)])).written


def with_another_entrys_proof(liar: Liar) -> str:
    """Leaf, index or hashes are another entry's."""
    one = liar.true
    two = liar.proof(liar.rows, liar.another(one), liar.signer)
    leaf = {"leaf": two.leaf}
    mixed = [leaf, {"index": two.index}, leaf | {"hashes": two.hashes}, leaf | {"index": 0}]
    changed = [replace(one, **each) for each in mixed]
    return liar.rng.choice([each for each in changed if each not in (one, two)]).written


def with_the_index_moved(liar: Liar) -> str:
    true = liar.true
    by = liar.rng.choice([-1, 1, len(liar.rows), 2**31, 2**64])
    return replace(true, index=true.index + by).written


def with_a_leaf_that_says_another_position(liar: Liar) -> str:
    """Signed by the ledger's own key: an entry that stands where it says it does not."""
    rows, at = list(liar.rows), liar.rng.randrange(len(liar.rows))
    rows[at] = (at + 1 + liar.rng.choice([-1, 1, 256]), *rows[at][1:])
    return liar.proof(rows, at, liar.signer).written


def with_a_node_as_leaf(liar: Liar) -> str:
    """Two leaf hashes passed off as the bytes of one leaf."""
    hashes = [leaf_hash(leaf_bytes(*row)) for row in liar.rows[:2]]
    true = liar.proof(liar.rows, 0, liar.signer)
    shorter = replace(true, leaf=b"".join(hashes), hashes=true.hashes[1:])
    assert node_hash(*hashes) != leaf_hash(shorter.leaf)
    return shorter.written


def with_changed_hashes(liar: Liar) -> str:
    true = liar.true
    hashes, at = list(true.hashes), liar.rng.randrange(len(true.hashes))
    kind = liar.rng.randrange(4)
    if kind == 0:
        hashes[at] = liar.rng.randbytes(32)
    elif kind == 1:
        del hashes[at]
    elif kind == 2:
        hashes.insert(at, liar.rng.randbytes(32))
    else:
        hashes.reverse()
    return replace(true, hashes=tuple(hashes)).written


def of_another_ledger(liar: Liar) -> str:
    return replace(liar.true, note=liar.other).written


def of_another_origin(liar: Liar) -> str:
    """The true root, signed by the ledger's key under another name."""
    true = liar.true
    size, tree = len(liar.rows), tree_over(liar.rows)
    checkpoint = Checkpoint("attendance-ledger/" + "0" * 32, size, tree.root(size))
    return replace(true, note=sign(checkpoint, [liar.signer])).written


def of_a_size_beyond(liar: Liar) -> str:
    """The size that was signed, raised or lowered."""
    true = liar.true
    size = len(liar.rows) + liar.rng.choice([-1, 1, 1000, 2**62])
    text = Checkpoint(liar.signer.name, size, tree_over(liar.rows).root(len(liar.rows))).text
    return replace(true, note=Note(text, true.note.signatures)).written


def without_a_signature(liar: Liar) -> str:
    """Nobody's, a signature cut short, or one of a stranger alone."""
    true = liar.true
    [line] = true.note.signatures
    stranger = new_signer("stranger.example", liar.rng.randbytes(32)).sign(true.note.text)
    cut = line._replace(signature=line.signature[:-1])
    either = liar.rng.choice([(), (cut,), (stranger,)])
    return replace(true, note=Note(true.note.text, either)).written


def with_a_second_bad_signature(liar: Liar) -> str:
    true = liar.true
    [line] = true.note.signatures
    bad = line._replace(signature=liar.rng.randbytes(64))
    both = liar.rng.choice([(bad, line), (line, bad)])
    return replace(true, note=Note(true.note.text, both)).written


def written_otherwise(liar: Liar) -> str:
    """A proof that would be true, in another form than the specification's."""
    text = liar.true.written
    index = f"\nindex {liar.true.index}"
    odd = [
        text.replace("\n", "\r\n"),
        text.replace("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        text.replace("\nindex ", "\nindex 0"),
        text.replace("\nindex ", "\nindex +"),
        text.replace("\nindex ", "\nindex -1"),
        text.replace("extra ", "extra  "),
        text.replace("\n\n", "\n" + b64encode(b"x" * 31).decode() + "\n\n", 1),
        text[: len(text) // 2],
        "",
    ]
    return liar.rng.choice([each for each in odd if index not in each or each != text])


FALSE: tuple[False_, ...] = (
    forged_entry, of_a_fork_that_was_not_signed, to_the_root_of_a_fork, signed_by_a_fresh_key,
    signed_under_the_right_key_id, with_another_entrys_leaf, with_another_entrys_proof,
    with_the_index_moved, with_a_leaf_that_says_another_position, with_a_node_as_leaf,
    with_changed_hashes, of_another_ledger, of_another_origin, of_a_size_beyond,
    without_a_signature, with_a_second_bad_signature, written_otherwise,
)  # fmt: skip
