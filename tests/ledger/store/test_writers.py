"""Several processes write to one ledger at once."""

import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from ledger.events.log import Committed
from ledger.events.register import SessionMarked
from ledger.sealing.keys import KeyRing
from ledger.store.store import Store

WRITER = Path(__file__).with_name("writer.py")
WRITERS, COMMANDS = 4, 50


@pytest.fixture
def answers(school) -> list[Counter[str]]:
    """What four writers of fifty commands each were told."""
    arguments = [sys.executable, WRITER, "share", school.path]
    started = [
        subprocess.Popen([*arguments, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(WRITERS)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0] * WRITERS
    return [Counter(output.split()[1:]) for output in outputs]


def test_every_command_of_four_writers_is_recorded_or_refused_properly(school, answers):
    """Nobody fails on a lock; of four first marks for one session, one is the entry."""
    assert [sum(counter.values()) for counter in answers] == [COMMANDS] * WRITERS
    total = sum(answers, Counter())
    assert set(total) <= {"done", "stands", "already-marked", "changed-meanwhile"}
    assert total["done"] == (WRITERS + 1) * COMMANDS // 2
    with closing(Store(school.log)) as store, closing(KeyRing(school.keys)) as ring:
        recorded = [r for page in store.scan(0) for r in page]
        marks = [r for r in recorded if type(r.event) is SessionMarked]
        assert {ring.open(r.event.comment) for r in marks} == {"own", "shared"}
    assert len({r.stream for r in marks}) == len(marks) == total["done"]
    assert [r.position for r in recorded] == list(range(1, len(recorded) + 1))
    versions = Counter(r.stream for r in recorded)
    assert all(r.version < versions[r.stream] for r in recorded)
    assert len({(r.stream, r.version) for r in recorded}) == len(recorded)
    times = [r.event.at for r in recorded if type(r.event) is Committed]
    assert times == sorted(times)
