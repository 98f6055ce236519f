"""Sigstore's verifier for JavaScript accepts proofs, and refuses them after one changed byte.

The functions by which it checks the entry of a transparency log: its signed checkpoint, and the
proof of inclusion under it.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.foreign.conftest import needed, with_one_byte_changed

HERE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def node():
    there = shutil.which("node") is not None and (HERE / "node_modules/@sigstore/verify").is_dir()
    needed("@sigstore/verify (npm install in tests/foreign/node)", there=there)

    def run(path: Path, vkey: str) -> tuple[bool, str]:
        done = subprocess.run(
            ["node", HERE / "check.js", path, vkey], capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 0, done.stdout

    return run


@pytest.mark.parametrize("position", [1, 5, 128, 203])
def test_a_proof_is_accepted(node, made, tmp_path, position):
    path = tmp_path / "proof"
    path.write_text(made.proof(position), encoding="utf-8")
    assert node(path, made.vkeys[-1]) == (True, "accepted\n")
    assert not node(path, made.vkeys[0])[0], "the key that was replaced"


@pytest.mark.parametrize("seed", range(10))
def test_it_is_refused_after_one_changed_byte(node, made, tmp_path, seed):
    """Of the leaf, the hashes, or the checkpoint's text."""
    proof = made.proof(5).encode()
    text, _, signatures = proof.rpartition(b"\n\n")
    path = tmp_path / "proof"
    start = text.index(b"extra ") + 6
    path.write_bytes(with_one_byte_changed(text, seed, start) + b"\n\n" + signatures)
    assert not node(path, made.vkeys[-1])[0]
