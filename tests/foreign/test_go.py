"""Go's own note and tlog packages accept what the product makes, and refuse it when changed."""

import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from tests.foreign.conftest import dumped, needed, with_one_byte_changed

PROGRAM = Path(__file__).parent / "go" / "main.go"
SOURCES = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev puts the packages."""


@pytest.fixture(scope="session")
def go(tmp_path_factory):
    there = shutil.which("go") is not None and (SOURCES / "src/golang.org/x/mod").is_dir()
    needed("Go with golang.org/x/mod (golang-go, golang-golang-x-mod-dev)", there=there)
    place = tmp_path_factory.mktemp("go")
    more = {"GO111MODULE": "off", "GOPATH": str(SOURCES), "GOFLAGS": "", "GOCACHE": str(place)}
    built = place / "check"
    subprocess.run(["go", "build", "-o", built, PROGRAM], env=os.environ | more, check=True)

    def run(path: Path, *vkeys: str) -> tuple[bool, str]:
        done = subprocess.run([built, path, *vkeys], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 0, done.stdout

    return run


@pytest.fixture
def accepts(go, made, tmp_path):
    def ask(data: bytes, *vkeys: str) -> bool:
        path = tmp_path / "given"
        path.write_bytes(data)
        return go(path, *(vkeys or made.vkeys))[0]

    return ask


def test_a_whole_ledger_is_accepted(go, made, tmp_path):
    """Every leaf, the root and signature of every checkpoint, every proof of ours."""
    whole = made.whole()
    assert len(whole["Records"]) == len(made.leaves) > 200
    assert len(made.vkeys) == 2
    assert go(dumped(tmp_path / "log", whole), *made.vkeys) == (True, "accepted\n")


@pytest.mark.parametrize("what", ["leaf", "record", "tree", "checkpoint"])
@pytest.mark.parametrize("seed", range(5))
def test_a_whole_ledger_is_refused_after_one_changed_byte(go, made, tmp_path, what, seed):
    whole = made.whole()
    old = min(made.notes)
    change = {
        "leaf": (whole["Leaves"], seed * 7),
        "record": (whole["Records"][seed * 11]["Proof"], seed),
        "tree": (next(t for t in whole["Trees"] if t["Old"] == old)["Proof"], seed % 3),
    }
    if what == "checkpoint":
        notes = whole["Checkpoints"]
        notes[seed % 3] = (
            with_one_byte_changed(notes[seed % 3].encode()[:80], seed).decode()
            + (notes[seed % 3][80:])
        )
    else:
        many, place = change[what]
        raw = with_one_byte_changed(b64decode(many[place]), seed)
        many[place] = b64encode(raw).decode()
    accepted, said = go(dumped(tmp_path / "log", whole), *made.vkeys)
    assert not accepted, said


@pytest.mark.parametrize("position", [1, 5, 100, 203])
def test_a_proof_is_accepted_and_refused_after_any_changed_byte(accepts, made, position):
    """Read from the text of the specification alone."""
    proof = made.proof(position).encode()
    assert accepts(proof)
    assert not accepts(proof, made.vkeys[0]), "the key that was replaced"
    for seed in range(20):
        assert not accepts(with_one_byte_changed(proof, seed))


@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 30), (17, 64), (100, 203), (203, 203)])
def test_a_stretch_is_accepted_and_refused_after_any_changed_byte(accepts, made, first, last):
    """The key before the change is enough: Go follows the hand-over to the newest."""
    stretch = made.stretch(first, last).encode()
    assert accepts(stretch, made.vkeys[0])
    assert accepts(stretch, made.vkeys[1])
    for seed in range(20):
        assert not accepts(with_one_byte_changed(stretch, seed), made.vkeys[0])
