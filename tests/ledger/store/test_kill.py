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
from ledger.events.base import sealed_fields
from ledger.events.log import Committed
from ledger.sealing.keys import BEYOND_USE, KeyRing
from ledger.store.folder import Folder
from ledger.store.store import Recorded, Store
from projections.readmodel import catch_up

WRITER = Path(__file__).with_name("writer.py")
LONGEST = {"large": 0.45, "mark": 0.5, "take": 0.5, "import": 0.6}
"""For each kind of work the seconds within which the kill comes; some find it done."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    kills = 50 if metafunc.config.getoption("--campaign") else 5
    metafunc.parametrize("seed", range(kills))


@pytest.fixture(scope="module")
def portable(tmp_path_factory) -> Path:
    """A synthetic school's portable folder."""
    folder = tmp_path_factory.mktemp("portable")
    asked = {"pupils": 120, "phase": "primary", "seed": 1, "years": 1}
    synthetic.build(folder, until=date(2025, 12, 19), **asked)
    return folder


def killed(kind: str, folder: Folder, portable: Path, seconds: float) -> int:
    """Kill a writer some time after it has begun; return how many commands it called done."""
    more = [portable] if kind == "import" else []
    arguments = [sys.executable, WRITER, kind, folder.path, "0", *more]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "ready\n"
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
        said = Counter(writer.stdout.read().split())
    assert set(said) <= {"done"}
    return said["done"]


def recorded(folder: Folder) -> list[Recorded]:
    with closing(Store(folder.log)) as store:
        return [r for page in store.scan(0) for r in page]


def assert_whole(events: list[Recorded]) -> int:
    """Check that headers count their facts and nothing is missing; return how many there are."""
    assert [r.position for r in events] == list(range(1, len(events) + 1))
    versions: Counter[str] = Counter()
    headers = last = 0
    for r in events:
        assert r.version == versions[r.stream]
        versions[r.stream] += 1
        if type(r.event) is Committed:
            assert r.position == last + 1
            headers, last = headers + 1, r.position + r.event.count
    assert last == len(events)
    return headers


def assert_keys_are_there(folder: Folder, events: list[Recorded]) -> None:
    with closing(KeyRing(folder.keys)) as ring:
        for r in events:
            for name, _ in sealed_fields(type(r.event)):
                sealed = getattr(r.event, name)
                assert sealed is None or ring.open(sealed) != BEYOND_USE


def assert_views_agree(folder: Folder) -> None:
    catch_up.catch_up(folder)
    incremental = list(catch_up.content(folder))
    catch_up.rebuild(folder)
    assert list(catch_up.content(folder)) == incremental


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
