"""A ledger made by the product, for verifiers that nobody here wrote.

A verifier that is not installed is skipped; where ``ATTENDANCE_CI`` is set it must be there.
"""

import io
import json
import os
import random
import sqlite3
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from commands.core.command import Context
from commands.core.execute import execute
from commands.exchange.importing import ImportPortable
from commands.penalties.undercut import watch
from commands.proof.keys import RotateKey
from commands.school.school import CreateLedger
from commands.school.staff import AddStaff
from ledger import clock
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.tlog.note import read_checkpoint, read_note
from ledger.tlog.tree import leaf_bytes
from ledger.transparency.proof import Proofs, rows_between, stretch_of
from ledger.values import Operator
from ledger.verification.verify import verify

SOURCE = Path(__file__).parents[2] / "fixtures" / "portable"


@dataclass(frozen=True)
class Made:
    """A ledger and everything that it gives away to be checked."""

    folder: Folder
    vkeys: list[str]
    leaves: list[bytes]
    notes: dict[int, str]
    proofs: Proofs

    @property
    def roots(self) -> dict[int, bytes]:
        return {n: read_checkpoint(read_note(note).text).root for n, note in self.notes.items()}

    def proof(self, position: int) -> str:
        [row] = rows_between(self.folder, position, position)
        return self.proofs.of(row).written

    def stretch(self, first: int, last: int) -> str:
        return stretch_of(self.folder, first, last).written

    def whole(self) -> dict:
        size, tree = len(self.leaves), self.proofs.tree
        records = [(n, tree.inclusion(n, size)) for n in range(size)]
        trees = [(n, tree.consistency(n, size)) for n in self.notes]
        return {
            "Leaves": _texts(self.leaves),
            "Checkpoints": [self.notes[n] for n in sorted(self.notes)],
            "Records": [{"Index": n, "Proof": _texts(proof)} for n, proof in records],
            "Trees": [{"Old": n, "Proof": _texts(proof)} for n, proof in trees],
        }


def _texts(many: list[bytes]) -> list[str]:
    return [b64encode(each).decode() for each in many]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        folder = Folder(tmp_path_factory.mktemp("made") / "ledger")
        context = Context(Ledger(folder), clock.now, Operator(None, "tests"), watch)
        CreateLedger().carry_out(context)
        execute(context, ImportPortable(path=SOURCE).load(io.StringIO()))
        clerk = Context(Ledger(folder), clock.now, Operator("H01", "tests"), watch)
        RotateKey().carry_out(clerk)
        for n in range(2):
            name = f"Ben Marsh {n}"
            execute(clerk, AddStaff(staff_id=f"S{n}", name=name, job_title="Teacher"))
    with closing(sqlite3.connect(folder.log)) as db:
        notes = dict(db.execute("SELECT size, note FROM checkpoints"))
    proofs = Proofs(folder)
    leaves = [leaf_bytes(*row) for row in rows_between(folder, 1, proofs.size)]
    vkeys = [key.vkey for _, key in verify(folder).keys]
    return Made(folder, vkeys, leaves, notes, proofs)


def needed(what: str, *, there: bool) -> None:
    if there:
        return
    if os.environ.get("ATTENDANCE_CI"):
        pytest.fail(f"{what} must be installed here")
    pytest.skip(f"{what} is not installed")


def with_one_byte_changed(data: bytes, seed: int, keep: int = 0) -> bytes:
    """Change one byte after the first ``keep``, to another letter or digit."""
    chosen = random.Random(seed)  # noqa: S311 - a seeded choice
    place = chosen.randrange(keep, len(data))
    other = chosen.choice(sorted(set(b"ABCDEFxyz0123456789") - {data[place]}))
    return data[:place] + bytes([other]) + data[place + 1 :]


def dumped(path: Path, whole: dict) -> Path:
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path
