"""Shared by all tests: an empty ledger on disk, and how Hypothesis and freezegun behave."""

import signal
from pathlib import Path

import freezegun
import pytest
from hypothesis import settings

from commands.core.command import Context
from commands.penalties.undercut import watch
from commands.school.school import CreateLedger
from ledger import clock
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A shell's background job ignores Ctrl-C, and so would every program that a test starts."""
freezegun.configure(extend_ignore_list=["eventsourcing"])
settings.register_profile("ledger", deadline=None, derandomize=True)
settings.load_profile("ledger")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--campaign", action="store_true", help="every fault and trial, not a seeded sample"
    )


@pytest.fixture(autouse=True)
def _own_memory(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a computer remembers of ledgers is not this computer's during a test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """An empty ledger, and S1, its only member of staff, who gives the commands."""
    folder = Folder(tmp_path / "ledger")
    nobody = Context(Ledger(folder), clock.now, Operator(None, "tests"), watch)
    CreateLedger(staff="S1", name="Ada Marsh", job_title="Clerk", role=("head",)).carry_out(nobody)
    return Context(Ledger(folder), clock.now, Operator("S1", "tests"), watch)


@pytest.fixture
def folder(context: Context) -> Folder:
    """The folder of an empty ledger."""
    return context.folder
