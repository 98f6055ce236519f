"""A stretch holds its entries and the fewest hashes that prove them."""

import pytest

from commands.proof.keys import RotateKey
from ledger import attendance_verify
from ledger.tlog.tree import Tree
from ledger.transparency.proof import stretch_of
from tests.ledger.cosigned import witnessed
from tests.ledger.outsiders import WITNESS
from tests.ledger.refusals import refused_with
from tests.ledger.tampering import tampered


def leaves(size: int) -> list[bytes]:
    return [bytes([n]) * 32 for n in range(size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_what_is_around_entries_is_the_tree_without_them(size):
    """One entry's surroundings are the hashes of its proof of inclusion."""
    tree = Tree(leaves(size))
    assert tree.around(0, size, size) == []
    for first in range(size):
        one = tree.around(first, first + 1, size)
        assert sorted(one) == sorted(tree.inclusion(first, size))
        for last in range(first + 1, size + 1):
            most = 2 * size.bit_length()
            assert len(tree.around(first, last, size)) <= most


def test_the_order_is_left_before_right():
    tree = Tree(leaves(5))
    a, b, c, _, e = leaves(5)
    assert tree.around(1, 2, 3) == [a, c]
    assert tree.around(3, 4, 5) == [tree.root(2), c, e]
    assert tree.around(2, 4, 5)[0] == Tree([a, b]).root(2)


@pytest.fixture
def rotated(context, grown):
    """Two commands and a change of key after the ledger's birth."""
    RotateKey().carry_out(context)
    return grown


def test_every_stretch_of_a_ledger_can_be_checked_without_it(rotated, tmp_path):
    """By whoever holds the key before the change, too."""
    end = stretch_of(rotated, 1, None).last
    first_key, second_key = stretch_of(rotated, end, end).keys
    assert (first_key.signature is None, second_key.signature is None) == (True, False)
    for first in range(1, end + 1):
        for last in range(first, end + 1):
            path = tmp_path / "stretch"
            path.write_text(stretch_of(rotated, first, last).written, encoding="utf-8")
            assert attendance_verify.main([str(path), "--key", first_key.key]) == 0


@pytest.mark.parametrize(("first", "last", "code"), [
    (1, 1000, "no-checkpoint"), (3, 2, "no-stretch"), (1000, None, "no-checkpoint"),
])  # fmt: skip
def test_entries_that_are_not_there_are_refused(rotated, first, last, code):
    with refused_with(code):
        stretch_of(rotated, first, last)


def test_under_what_a_witness_saw_it_names_the_keys_of_then(context, tmp_path):
    """And is refused beyond that, or where no witness that is trusted has signed."""
    with refused_with("not-witnessed"):
        stretch_of(context.folder, 1, None, witnessed=True)
    size = witnessed(context)
    RotateKey().carry_out(context)
    found = stretch_of(context.folder, 2, None, witnessed=True)
    assert (found.last, len(found.keys)) == (size, 1)
    assert len(stretch_of(context.folder, 2, size).keys) == 2
    path = tmp_path / "stretch"
    path.write_text(found.written, encoding="utf-8")
    given = [str(path), "--key", found.keys[0].key, "--witness", WITNESS.verifier.vkey]
    assert attendance_verify.main(given) == 0
    for first, last in [(1, size + 1), (size + 1, None)]:
        with refused_with("not-witnessed", match=f"a witness saw {size} entries"):
            stretch_of(context.folder, first, last, witnessed=True)


def test_a_log_that_lacks_an_entry_is_refused(rotated):
    tampered(rotated.log, "DELETE FROM stored_events WHERE position = 3")
    with refused_with("log-damaged"):
        stretch_of(rotated, 2, 4)
