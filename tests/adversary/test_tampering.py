"""Whatever is done to a ledger without its key shows, and is named; so does much done with it.

12,000 trials with those of the other modules here: ``pytest tests/adversary -n 4 --campaign``.
"""

import re
import shutil

import pytest

from tests.adversary.conftest import PARTS, seeds, verified
from tests.adversary.key_operators import TABLE as KEY_TABLE
from tests.adversary.operators import TABLE
from tests.adversary.view_operators import VIEW_OPERATORS
from tests.cli.shell import run

NAMES = sorted(TABLE)
KEY_NAMES = sorted(KEY_TABLE)
BESIDE = ("keys_of_another", "keys_of_nobody", "signing_key_of_another")
"""Those that leave the log as it was, and change a key file beside it."""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_tampering_is_caught_and_named(trial, campaign, part):
    """The words name what is wrong, and the first entry named is the first tampered with."""
    for number in seeds(part, 2 * len(NAMES), 6000, campaign=campaign):
        name = NAMES[number % len(NAMES)]
        operator, words = TABLE[name]
        tried = trial(name, number)
        first = operator(tried)
        answer, problems = verified(tried.folder, all=True)
        seed = (name, number, first, problems[:3])
        assert answer.differs, seed
        assert answer.document["unaltered"] is False, seed
        assert any(words.search(what) for _, what in problems), seed
        positions = [position for position, _ in problems if position is not None]
        assert first is None or positions[0] == first, seed
        shutil.rmtree(tried.folder.path)


@pytest.mark.parametrize("name", NAMES[::9])
def test_the_command_line_says_so(trial, name):
    """Exit code 3, and the words on the screen."""
    operator, words = TABLE[name]
    tried = trial(name)
    operator(tried)
    said = run("--ledger", tried.folder.path, "verify", "--all")
    assert (said.code, said.err) == (3, "")
    log = "unaltered since" if name in BESIDE else "NOT what was recorded"
    assert re.search(rf"Entries +[0-9]+: {log}", said.out)
    assert (name in BESIDE) == ("Keys         NOT as they should be" in said.out)
    assert re.search(words.pattern.replace("$", ""), said.out)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_tampering_with_the_keys_is_caught_and_named(trial, campaign, part):
    """The log is said to be unaltered, the keys not to be as they should be."""
    for number in seeds(part, 2 * len(KEY_NAMES), 2000, campaign=campaign):
        name = KEY_NAMES[number % len(KEY_NAMES)]
        operator, words = KEY_TABLE[name]
        tried = trial(name, number)
        operator(tried)
        answer, problems = verified(tried.folder, log_only=True)
        seed = (name, number, problems[:3])
        assert answer.differs, seed
        assert "unaltered" in answer.blocks[0].lines[1], seed
        assert any(words.search(what) for _, what in problems), seed
        shutil.rmtree(tried.folder.path)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_tampering_with_the_views_is_caught(trial, campaign, part):
    """And it is caught when it is asked for only: the log itself is unaltered."""
    for number in seeds(part, len(VIEW_OPERATORS), 400, campaign=campaign):
        operator = VIEW_OPERATORS[number % len(VIEW_OPERATORS)]
        tried = trial(operator.__name__, number)
        operator(tried)
        answer, problems = verified(tried.folder)
        [(position, what)] = problems
        assert answer.differs
        assert position is None
        assert re.match("the read models .*; attendance rebuild mends it", what), what
        assert verified(tried.folder, log_only=True)[1] == []
        shutil.rmtree(tried.folder.path)
