"""Both verifiers end in time and agree about whatever folder or text somebody hands over.

The whole of it: ``pytest tests/adversary/test_hostile.py --campaign``.
"""

import shutil
from time import monotonic

import pytest

from ledger import attendance_verify
from ledger.errors import Refused
from tests.adversary import hostile
from tests.adversary.conftest import PARTS, seeds, verified
from tests.adversary.lives import notes
from tests.cli.shell import run

ACCEPTED, DIFFERS, REFUSED = 0, 3, 1
PATIENCE = 30


def ours(folder, *since) -> int:
    """How the school's own verifier ends."""
    try:
        answer, _ = verified(folder, since=since)
    except Refused:
        return REFUSED
    return DIFFERS if answer.differs else ACCEPTED


def theirs(path, capsys, *since) -> int:
    """How the stranger's ends."""
    ended = attendance_verify.main([str(path), *[w for s in since for w in ("--since", str(s))]])
    capsys.readouterr()
    return ended


def ends(tried, capsys, *since) -> tuple[int, int]:
    """How both end, which they must in time."""
    begun = monotonic()
    found = ours(tried.folder, *since), theirs(tried.folder.path, capsys, *since)
    assert monotonic() - begun < PATIENCE
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_hostile_inside_is_told_by_both(trial, campaign, part, capsys):
    for number in seeds(part, 2 * len(hostile.INSIDE), 1600, campaign=campaign):
        change = hostile.INSIDE[number % len(hostile.INSIDE)]
        tried = trial(change.__name__, number)
        change(tried)
        one, other = ends(tried, capsys)
        # a schema that SQLite cannot read is unreadable to a stranger
        may = (DIFFERS, REFUSED) if change is hostile.something_changed else (DIFFERS,)
        assert (one, other in may) == (DIFFERS, True), (change.__name__, number, other)
        shutil.rmtree(tried.folder.path)


@pytest.mark.parametrize("part", range(PARTS))
def test_any_byte_is_told_by_both_or_read_by_nobody(trial, campaign, part, capsys):
    """One may call unreadable what the other calls a difference: a file that is no database."""
    for number in seeds(part, 12, 1200, campaign=campaign):
        tried = trial("any byte", number)
        hostile.any_byte(tried)
        one, other = ends(tried, capsys)
        assert (one == ACCEPTED) == (other == ACCEPTED), (number, one, other)
        shutil.rmtree(tried.folder.path)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_lies_elsewhere_is_not_followed(trial, campaign, part, capsys):
    """A stranger's verifier looks at the log alone."""
    for number in seeds(part, 12, 400, campaign=campaign):
        change = (hostile.log_elsewhere, hostile.rest_elsewhere)[number % 2]
        tried = trial(change.__name__, number)
        change(tried)
        expected = (REFUSED, REFUSED if change is hostile.log_elsewhere else ACCEPTED)
        assert ends(tried, capsys) == expected, (change.__name__, number)
        assert run("--ledger", tried.folder.path, "status").code == REFUSED
        shutil.rmtree(tried.folder.path)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_checkpoint_that_was_saved_anew_is_read_alike(trial, campaign, part, capsys, tmp_path):
    """It is continued, or was altered in transit; nobody is accused."""
    for number in seeds(part, 24, 1200, campaign=campaign):
        tried = trial("saved", number)
        kept = notes(tried.folder)
        written = kept[tried.rng.choice(sorted(kept))].written.encode()
        path = tmp_path / "kept"
        path.write_bytes(hostile.saved_anew(tried, written))
        one, other = ends(tried, capsys, path)
        assert one == other, (number, path.read_bytes())
        assert one in (ACCEPTED, REFUSED), (number, path.read_bytes())
        shutil.rmtree(tried.folder.path)
