"""What lies in a ledger's folder is in it: no link is followed, whoever reads."""

import shutil

import pytest

from ledger.store.folder import Folder
from tests.cli.shell import run
from tests.ledger.refusals import refused_with

PARTS = ("ledger.db", "keys.db", "signing.key", "views", "views/tables.db", "views/grid")
READERS = (["status"], ["verify"], ["rates"], ["backup", "create", "--to", "b"])


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_a_link_is_refused(grown, tmp_path, part):
    """It may lead to a file that whoever opens the ledger would read, or write over."""
    elsewhere = tmp_path / "elsewhere"
    path = grown.path / part
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with refused_with("ledger-link", match=f"{part} is a link or a pipe"):
        grown.required()


@pytest.mark.parametrize("words", READERS)
def test_whoever_reads_refuses_it(grown, tmp_path, words):
    """Nothing is written where the link leads."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "tables.db").write_text("mine")
    shutil.rmtree(grown.views, ignore_errors=True)
    grown.views.symlink_to(victim)
    said = run("--ledger", grown.path, *words)
    assert (said.code, said.out) == (1, "")
    assert "is a link or a pipe" in said.err
    assert [(each.name, each.read_text()) for each in victim.iterdir()] == [("tables.db", "mine")]


def test_an_array_that_is_a_link_is_refused(grown, tmp_path):
    (grown.views / "grid").mkdir(parents=True)
    (grown.views / "grid" / "codes.npy").symlink_to(tmp_path / "there")
    with refused_with("ledger-link", match="codes.npy is a link or a pipe"):
        grown.required()


def test_a_folder_may_be_a_link_itself(grown, tmp_path):
    (tmp_path / "shortcut").symlink_to(grown.path)
    assert Folder(tmp_path / "shortcut").required().head() == grown.head()
