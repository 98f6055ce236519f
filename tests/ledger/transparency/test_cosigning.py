"""A witness: what it signs, and with which status it refuses (C2SP tlog-witness)."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.tlog.note import Checkpoint, Note, new_signer, read_signature, sign
from ledger.transparency.cosigning import EMPTY_ROOT, SIZE, read_request
from tests.ledger.outsiders import LOG, NOON, WITNESS, History, witness

TRUE = History()


@pytest.fixture
def one(tmp_path):
    """A witness that has seen nothing yet."""
    return witness(tmp_path / "state")


def status(one, old, size, history=TRUE):
    return one.add(history.body(old, size), NOON).status


def test_a_first_checkpoint_is_signed_with_the_time(one):
    """From the empty tree, without a proof."""
    request = TRUE.request(0, 5)
    reply = one.add(request.written.encode(), NOON)
    assert reply.status == 200
    cosignature = read_signature(reply.text)
    assert WITNESS.verifier.time_of(Note(request.note.text, (cosignature,))) == NOON


def test_a_checkpoint_that_continues_is_signed_also_after_a_restart(one, tmp_path):
    """The last one is remembered; the same one is signed again."""
    assert [status(one, 0, 5), status(one, 5, 33)] == [200, 200]
    again = witness(tmp_path / "state")
    assert [status(again, 33, 33), status(again, 33, 64)] == [200, 200]


def test_what_was_signed_has_reached_the_disk_with_its_folder(one):
    """A witness that forgot would sign another history: 3 is EXTRA."""
    with one._database() as db:
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 3


@pytest.mark.parametrize(("old", "size"), [(0, 40), (4, 40), (40, 40), (34, 40)])
def test_another_size_than_the_last_is_a_conflict_that_names_it(one, old, size):
    """409 with the size, as text/x.tlog.size."""
    status(one, 0, 33)
    assert one.add(TRUE.body(old, size), NOON) == (409, "33\n", SIZE)


def test_an_old_size_beyond_the_checkpoint_is_bad(one):
    """400."""
    status(one, 0, 33)
    assert status(one, 33, 20) == 400


def test_a_fork_is_never_signed(one):
    """Another history of the same size is 409, one that grew further 422."""
    status(one, 0, 33)
    fork = History("x", forks=30)
    assert [status(one, 33, 33, fork), status(one, 33, 40, fork)] == [409, 422]
    assert status(one, 33, 34) == 200


def test_a_roll_back_is_never_signed(one):
    """A tree that lost entries is smaller than the last one."""
    status(one, 0, 33)
    assert [status(one, 0, 20), status(one, 20, 20)] == [409, 409]


def test_a_proof_where_none_belongs_is_inconsistent(one):
    """From nothing, and for the same size, the proof is empty."""
    proof = (b"x" * 32,)
    first = TRUE.request(0, 5)._replace(proof=proof).written.encode()
    assert one.add(first, NOON).status == 422
    status(one, 0, 5)
    assert one.add(TRUE.request(5, 5)._replace(proof=proof).written.encode(), NOON).status == 422


def test_an_empty_tree_has_one_root(one):
    """A log that begins is of size 0, with the root of nothing."""
    good = sign(Checkpoint(LOG.name, 0, EMPTY_ROOT), [LOG])
    bad = sign(Checkpoint(LOG.name, 0, b"x" * 32), [LOG])
    assert one.add(b"old 0\n\n" + good.written.encode(), NOON).status == 200
    assert one.add(b"old 0\n\n" + bad.written.encode(), NOON).status == 409


def test_a_log_that_is_not_known_is_not_found(one):
    """404, whoever signed it."""
    stranger = History(signer=new_signer("attendance-ledger/two", b"\4" * 32))
    assert status(one, 0, 5, stranger) == 404


def test_a_key_that_is_not_known_is_forbidden(one):
    """403: the name of the log alone proves nothing."""
    thief = History(signer=new_signer(LOG.name, b"\4" * 32))
    assert status(one, 0, 5, thief) == 403


def test_a_bad_signature_beside_a_good_one_is_forbidden(one):
    """403: it makes the note nobody's, whichever comes first."""
    request = TRUE.request(0, 5)
    text, (good,) = request.note
    for pair in ((good, LOG.sign("x\n")), (LOG.sign("x\n"), good)):
        bad = request._replace(note=Note(text, pair))
        assert one.add(bad.written.encode(), NOON).status == 403


def test_signatures_by_others_are_ignored(one):
    """A checkpoint may bear more than one."""
    note = TRUE.request(0, 5).note
    both = sign(Checkpoint(LOG.name, 5, TRUE.tree.root(5)), [new_signer("x", b"\5" * 32), LOG])
    assert both.text == note.text
    assert one.add(b"old 0\n\n" + both.written.encode(), NOON).status == 200


def test_two_keys_of_one_log_may_be_known(tmp_path):
    """While a ledger's key is rotated."""
    new = new_signer(LOG.name, b"\4" * 32)
    one = witness(tmp_path, LOG, new)
    assert one.origins == [LOG.name]
    assert [status(one, 0, 5), status(one, 5, 9, History(signer=new))] == [200, 200]


HASH = b64encode(b"x" * 32).decode()
NOTE = TRUE.request(0, 5).note.written


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 0\n",
        NOTE,
        f"old 0\n{NOTE}",
        f"old\n\n{NOTE}",
        f"old -1\n\n{NOTE}",
        f"old 00\n\n{NOTE}",
        f"old 1_0\n\n{NOTE}",
        f"old {2**63}\n\n{NOTE}",
        f"new 0\n\n{NOTE}",
        f"0\n\n{NOTE}",
        f"old 0\nnot base64\n\n{NOTE}",
        f"old 0\n{HASH[:8]}\n\n{NOTE}",
        f"old 0\n{HASH[:-2]}h=\n\n{NOTE}",
        "old 3\n" + f"{HASH}\n" * 64 + f"\n{NOTE}",
        f"old 0\n\n{NOTE[:-1]}",
        f"old 0\n\n{NOTE}\n",
        "old 0\n\n" + NOTE.replace("\n5\n", "\n05\n"),
        "old 0\n\n" + NOTE.replace("\n5\n", f"\n{2**63}\n"),
        "old 0\n\n" + NOTE.replace("attendance", "atten\0dance"),
        "old 0\n\n" + NOTE.replace("attendance", "atten\x7fdance"),
        "old 0\r\n\n" + NOTE,
        f"old 0\n\n{NOTE}" + "x" * 65_536,
    ],
)
def test_a_malformed_request_is_bad(one, body):
    """400, and nothing is remembered of it."""
    assert one.add(body.encode(), NOON).status == 400
    assert status(one, 0, 5) == 200


@pytest.mark.parametrize("number", [2**63 - 2, 2**63 - 1])
def test_the_largest_number_of_entries_is_none_too_many(one, number):
    """It is read, and is beyond the checkpoint, or not what was seen last."""
    assert one.add(f"old {number}\n\n{NOTE}".encode(), NOON).status == 400
    assert read_request(f"old {number}\n\n{NOTE}".encode()).old == number


def test_a_request_of_64_kib_is_not_too_long(one):
    """It is read: what is wrong with it is another thing."""
    body = f"old 0\n\n{NOTE}"
    line = "\u2014 other " + b64encode(bytes(60)).decode() + "\n"
    lines = line * ((65_536 - len(body.encode())) // len(line.encode()))
    short = 65_536 - len((body + lines).encode())
    name = "other" + "x" * short
    whole = body + line.replace("other", name) + lines[len(line) :]
    assert len(whole.encode()) == 65_536
    assert one.add(whole.encode(), NOON).status == 200
    assert one.add(whole.replace(name, f"{name}x").encode(), NOON).status == 400


def test_bytes_that_are_no_text_are_bad(one):
    assert one.add(b"\xff\xfe", NOON).status == 400


def test_sixty_three_hashes_are_not_too_many(one):
    """They are read, and do not prove anything."""
    status(one, 0, 3)
    body = "old 3\n" + f"{HASH}\n" * 63 + f"\n{NOTE}"
    assert one.add(body.encode(), NOON).status == 422


def test_a_request_is_read_as_it_was_written():
    request = TRUE.request(21, 60)
    assert read_request(request.written.encode()) == request
    assert request.checkpoint.size == 60


def test_of_two_at_once_one_is_signed(tmp_path):
    """Whatever their order, the state never goes back: both from 0, to different sizes."""
    for n in range(10):
        one = witness(tmp_path / str(n))
        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(lambda size: one.add(TRUE.body(0, size), NOON), (20, 50)))  # noqa: B023
        assert sorted(reply.status for reply in replies) == [200, 409]
        won = (20, 50)[[reply.status for reply in replies].index(200)]
        assert status(one, won, 60) == 200
