"""Ledgers to do harm to, and the program that does it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.store.folder import Folder
from tests.faults.injection import ROOT, Program, can_attach

pytest.register_assert_rewrite("tests.faults.soundness")
SOURCE = ROOT / "fixtures" / "portable"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with closing(Program(tmp_path_factory.mktemp("program"))) as ready:
        yield ready


@pytest.fixture(scope="module")
def strace(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where strace cannot watch, unless it must be able to."""
    if can_attach(tmp_path_factory.mktemp("strace")):
        return
    if os.environ.get("ATTENDANCE_CI"):
        pytest.fail("strace must be installed here, and allowed to watch processes")
    pytest.skip("strace is not installed, or may not watch processes")


@pytest.fixture(scope="module")
def born(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("born")
    named = ["--staff", "H01", "--name", "Hope Headworth", "--job-title", "Headteacher"]
    assert program.run(place, ["init", *named]).code == 0
    return place


@pytest.fixture(scope="module")
def taken(program: Program, born: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("taken")
    shutil.copytree(born, place, dirs_exist_ok=True)
    assert program.run(place, ["import", "portable", str(SOURCE)]).code == 0
    return place


@pytest.fixture(scope="module")
def used(program: Program, taken: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with a text that may be put beyond use, and a back-up of it."""
    place = tmp_path_factory.mktemp("used")
    shutil.copytree(taken, place, dirs_exist_ok=True)
    amend = "amend --pupil 1006 --session 2026-11-19/AM --code I --reason Telephoned"
    assert program.run(place, ["--as", "H01", *amend.split()]).code == 0
    (place / "text").write_text(str(Folder(place / "ledger").head()))
    (place / "phrase").write_text("correct horse battery staple\n")
    kept = ["backup", "create", "--to", str(place / "kept"), "--passphrase-file"]
    assert program.run(place, [*kept, str(place / "phrase")]).code == 0
    return place


@pytest.fixture(scope="module")
def asked(program: Program, used: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same ledger with a request to a witness, and that witness's key."""
    place = tmp_path_factory.mktemp("asked")
    shutil.copytree(used, place, dirs_exist_ok=True)
    (place / "school.pub").write_text(program.run(place, ["key", "show"]).out)
    for words in (
        ["new", "trust.example/w1", "--out", str(place / "w.key")],
        ["request", "--out", str(place / "request")],
    ):
        assert program.run(place, ["witness", *words]).code == 0
    return place


@pytest.fixture(scope="module")
def keyless(used: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same ledger with its keys lost."""
    place = tmp_path_factory.mktemp("keyless")
    shutil.copytree(used, place, dirs_exist_ok=True)
    for path in (place / "ledger").glob("keys.db*"):
        path.unlink()
    return place


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nothing")
