"""A writer killed at any moment leaves a whole ledger: all of a transaction, or none of it."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from commands.core.execute import execute
from commands.demo import synthetic
from commands.school.staff import AddStaff
from ledger.store.folder import Folder
from projections.readmodel import catch_up
from tests.faults.soundness import (
    assert_keys_are_there,
    assert_views_agree,
    assert_whole,
    recorded,
)
from tests.ledger.conftest import school  # noqa: F401 - a fixture

WRITER = Path(__file__).parents[1] / "ledger" / "store" / "writer.py"
LONGEST = {"large": 0.45, "mark": 0.5, "take": 0.5, "import": 0.6}
"""For each kind of work the seconds within which the kill comes; some find it done."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    kills = 200 if metafunc.config.getoption("--campaign") else 4
    metafunc.parametrize("seed", range(kills))


@pytest.fixture(scope="module")
def portable(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("portable")
    asked = {"pupils": 120, "phase": "primary", "seed": 1, "years": 1}
    synthetic.build(folder, until=date(2025, 12, 19), **asked)
    return folder


def killed(kind: str, folder: Folder, portable: Path, seconds: float) -> int:
    more = [portable] if kind == "import" else []
    arguments = [sys.executable, WRITER, kind, folder.path, "0", *more]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "ready\n"
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
        said = Counter(writer.stdout.read().split())
    assert set(said) <= {"done"}
    return said["done"]


def test_a_killed_writer_leaves_a_whole_ledger(request, record_property, context, portable, seed):
    """All of a transaction or none; what was called done is there; the ledger goes on."""
    kind, folder = list(LONGEST)[seed % len(LONGEST)], context.folder
    seconds = random.Random(seed).uniform(0, LONGEST[kind])  # noqa: S311 - a moment, no secret
    if kind != "import":
        request.getfixturevalue("school")
    catch_up.catch_up(folder)
    before = assert_whole(recorded(folder))
    done = killed(kind, folder, portable, seconds)
    with closing(sqlite3.connect(folder.log)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    events = recorded(folder)
    found = assert_whole(events) - before
    assert done <= found <= done + 1
    record_property("kill", f"{kind} after {seconds:.3f} s: {found} recorded, {done} said so")
    assert_keys_are_there(folder, events)
    assert_views_agree(folder)
    assert execute(context, AddStaff(staff_id="S9", name="B", job_title="C")).header is not None
