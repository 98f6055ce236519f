"""Rewrites by whoever holds the key: seen by those who remember, and by nobody else.

Each is run without a memory outside the ledger, which says that nobody outside has seen it, and
with each that there is: a checkpoint kept, a witness, this computer's memory, a pinned key.
"""

import re
import shutil

import pytest

from ledger.clock import SECOND
from ledger.errors import Refused
from ledger.tlog.note import COSIGNATURE, read_checkpoint
from ledger.transparency import memory
from ledger.transparency.cosigning import Witness
from ledger.transparency.requests import Requests
from tests.adversary.conftest import PARTS, seeds, verified
from tests.adversary.false import tree_of
from tests.adversary.lives import FOUNDED, newest_note, notes
from tests.adversary.rewrites import FRESH, REWRITES, roll_the_folder_back, swap_the_history
from tests.cli.shell import run

UNSEEN = re.compile(r"by no one outside since entry [0-9]+")
REWRITTEN = "the history was rewritten|it was rolled back or cut short|is of another log"


@pytest.mark.parametrize("part", range(PARTS))
def test_rewrites_are_seen_by_those_who_remember(trial, campaign, part, tmp_path):
    for number in seeds(part, 2 * len(REWRITES), 1600 // 5, campaign=campaign):
        rewrite = REWRITES[number % len(REWRITES)]
        tried = trial(rewrite.__name__, number)
        first = rewrite(tried)
        the_views_tell_until_they_are_taken_away(tried, rewrite)
        without_a_memory(tried)
        with_a_kept_checkpoint(tried, first, tmp_path)
        with_this_computers_memory(tried, rewrite)
        with_a_witness(tried, tmp_path / f"witness{number}")
        with_a_pinned_key(tried, rewrite)
        shutil.rmtree(tried.folder.path)


def the_views_tell_until_they_are_taken_away(tried, rewrite):
    """Read models of the other history show it; without them the next question makes others.

    A folder rolled back as a whole has its own; a fresh key may leave all that they are made of.
    """
    _, problems = verified(tried.folder)
    seen = [what for _, what in problems if what.startswith("the read models ")]
    assert problems == [(None, what) for what in seen]
    if rewrite not in FRESH:
        assert len(seen) == (rewrite is not roll_the_folder_back)
    shutil.rmtree(tried.folder.views, ignore_errors=True)


def without_a_memory(tried):
    """Nothing is wrong; but it is said that nobody outside has seen it, and since when."""
    answer, problems = verified(tried.folder, all=True)
    assert (answer.differs, problems) == (False, [])
    shown = "\n".join(line for block in answer.blocks for line in block.lines)
    entries, witnessed = answer.document["entries"], answer.document["witnessed"]
    if witnessed is None or witnessed["position"] < entries:
        assert UNSEEN.search(shown), shown


def with_a_kept_checkpoint(tried, first, tmp_path):
    """Any that covers the first entry that is not what it was."""
    kept = {size: note for size, note in notes(tried.base.today).items() if size >= first}
    path = tmp_path / "kept"
    path.write_text(kept[tried.rng.choice(sorted(kept))].written, encoding="utf-8")
    answer, problems = verified(tried.folder, since=(path,))
    assert answer.differs
    [(_, what)] = problems
    assert re.search(f"kept.*({REWRITTEN})|{REWRITTEN}.*", what), what


def with_this_computers_memory(tried, rewrite):
    """By the ledger's id: another ledger in its place is another ledger."""
    note = newest_note(tried.base.today)
    memory.remember(tried.folder, note, lambda _: True)
    answer, problems = verified(tried.folder)
    memory._file(read_checkpoint(note.text).origin).unlink()
    assert answer.differs == (rewrite is not swap_the_history)
    assert all("this computer saw" in what for _, what in problems)


def with_a_witness(tried, path):
    """It signs nothing that does not continue what it saw; and its key tells of it."""
    logs = [signer.verifier for _, signer in tried.base.signers]
    witness = Witness(tried.base.witness, logs, path)
    assert asked(witness, tried.base.today, 0) == 200
    seen = read_checkpoint(newest_note(tried.base.today).text).size
    assert asked(witness, tried.folder, seen) in (403, 404, 409, 422, "since-beyond")
    tried.change(("DELETE FROM cosignatures",))
    key = tried.base.witness.verifier
    assert key.kind == COSIGNATURE
    answer, problems = verified(tried.folder, witness=(key.vkey,))
    assert answer.differs
    assert "the witness given has signed no checkpoint" in problems[0][1]


def asked(witness, folder, old):
    try:
        request = Requests(folder).since(old)
    except Refused as refused:
        return refused.code
    return witness.add(request.written.encode(), FOUNDED // SECOND).status


def with_a_pinned_key(tried, rewrite):
    """It shows a fresh key; not what its own holder does."""
    key = tried.base.signers[0][1].verifier
    answer, problems = verified(tried.folder, key=key.vkey)
    assert answer.differs == (rewrite in FRESH)
    assert all("was never signed by the key given" in what for _, what in problems)


def test_the_command_line_says_so(trial, tmp_path):
    """A roll-back: exit code 0 alone, 3 with a checkpoint that a governor kept."""
    tried = trial("roll")
    REWRITES[0](tried)
    alone = run("--ledger", tried.folder.path, "verify")
    assert (alone.code, bool(UNSEEN.search(alone.out))) == (0, True)
    (tmp_path / "kept").write_text(newest_note(tried.base.today).written, encoding="utf-8")
    for command in ("verify", "checkpoint"):
        said = run("--ledger", tried.folder.path, command, "--since", tmp_path / "kept")
        assert said.code == 3
        assert "it was rolled back or cut short" in said.out


@pytest.mark.parametrize("rewrite", REWRITES[2:6])
def test_two_histories_under_one_key_do_not_pass_for_one(trial, rewrite, tmp_path):
    """A split view: each whole in itself, shown to another reader. They need but compare."""
    tried = trial(rewrite.__name__)
    rewrite(tried)
    shutil.rmtree(tried.folder.views)
    one, two = tried.base.today, tried.folder
    for shown, other in ((one, two), (two, one)):
        note = newest_note(other)
        (tmp_path / "theirs").write_text(note.written, encoding="utf-8")
        assert verified(shown)[0].differs is False
        answer, [(_, what)] = verified(shown, since=(tmp_path / "theirs",))
        assert answer.differs
        assert re.search(REWRITTEN, what)
        assert "no key of this log" not in what
        said = run("--ledger", shown.path, "checkpoint", "--since", tmp_path / "theirs")
        assert said.code == 3
        assert "NOT continued" in said.out
    assert tree_of(one).root(2) == tree_of(two).root(2)
